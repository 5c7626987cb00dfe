"""Answers and rules as lines of plain text in en, ru and kk.

For the command line. Main functions: `told_answer`, `told_rule`, `value_words`. It arranges
words; it decides nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from qonys.rules.answers import Answer, Step
from qonys.rules.changes import Change
from qonys.rules.law import Citation, Condition, FactType, Law, Rule, Version, within
from qonys.rules.wording import (
    act_number,
    condition_text,
    day_words,
    doubt,
    question_text,
    say,
    state_words,
    version_text,
)


def fact_name(law: Law, rule: Rule, name: str, lang: str) -> str:
    """What a fact is called, with its name in the files.

    Parameters
    ----------
    law : Law
        The law.
    rule : Rule
        The rule that asks for it.
    name : str
        Its name, perhaps with the place in a list.
    lang : str
        Language.
    """
    base = name.partition("[")[0]
    kind = law.fact(base, rule)
    return name if kind is None else f"{name} ({law.say(f'fact.{base}', lang, kind.says)})"


def value_words(kind: FactType | None, value: object, lang: str) -> str:
    """A value as people write it.

    Parameters
    ----------
    kind : FactType or None
        What the fact is.
    value : object
        The value.
    lang : str
        Language.
    """
    if value is None:
        return say("unknown", lang)
    if isinstance(value, bool):
        return say("yes" if value else "no", lang)
    if isinstance(value, int):
        unit = kind.unit if kind else ""
        text = _grouped(value, lang)
        return f"{text} {unit}".strip() if unit in {"USD", "KZT"} else text
    return str(value)


def _grouped(value: int, lang: str) -> str:
    return f"{value:,}" if lang == "en" else f"{value:,}".replace(",", "\u202f")


def told_answer(law: Law, answer: Answer, lang: str) -> Iterator[str]:
    """An answer as lines.

    Parameters
    ----------
    law : Law
        The law.
    answer : Answer
        The answer.
    lang : str
        Language.

    Yields
    ------
    str
        A line.
    """
    found = answer.decision
    rule, day = found.snapshot.rule, found.snapshot.day
    title = law.say(f"{rule.id}.title", lang, rule.title)
    yield f"{rule.id}  {title}, {say('on_day', lang, day=day_words(day, lang))}"
    yield say(f"decision_{found.decision}", lang)
    yield say("decided_by", lang, name=found.deciding_rule)
    parts = {part.condition.id: part.condition for part in found.snapshot.program.parts}
    yield from _failed(law, rule, parts, found.failed, lang)
    missing = [fact_name(law, rule, name, lang) for name in found.missing]
    yield from _listed("head_missing", lang, missing)
    others = [name for name in answer.relevant_missing if name not in found.missing]
    relevant = [fact_name(law, rule, name, lang) for name in others]
    yield from _listed("head_relevant", lang, relevant)
    question = answer.next_question
    if question is not None:
        yield from _listed(
            "head_question", lang, [f"{question.text}  [{question.fact}]", question.why]
        )
    change = "head_remove" if rule.kind == "grounds" else "head_change"
    yield from _listed(change, lang, _changes(law, answer, lang))
    yield from _listed(
        "head_chain", lang, [_step(law, rule, step, lang) for step in answer.chain]
    )
    yield from _listed("head_disputes", lang, _disputes(answer, lang))
    unseen = _conditions(law, rule, parts, found.not_examined, lang)
    yield from _listed("head_not_examined", lang, unseen)
    yield from _listed("head_notes", lang, list(answer.notes))
    sources = dict.fromkeys(sourced(law, item, lang) for item in found.citations)
    yield from _listed("head_sources", lang, list(sources))
    yield ""
    yield say("unofficial", lang)


def _listed(key: str, lang: str, items: list[str]) -> Iterator[str]:
    if items:
        yield ""
        yield say(key, lang)
        yield from (f"  {item}" for item in items)


def _conditions(
    law: Law, rule: Rule, parts: dict[str, Condition], names: tuple[str, ...], lang: str
) -> list[str]:
    return [f"{name}: {condition_text(law, rule, parts[name], lang)}" for name in names]


def _failed(
    law: Law, rule: Rule, parts: dict[str, Condition], names: tuple[str, ...], lang: str
) -> Iterator[str]:
    """What was not met, and apart from it what stands in the way."""
    unmet = tuple(name for name in names if parts[name].role != "ground")
    grounds = tuple(name for name in names if parts[name].role == "ground")
    yield from _listed("head_failed", lang, _conditions(law, rule, parts, unmet, lang))
    key = "head_ground_found" if rule.kind == "grounds" else "head_grounds"
    yield from _listed(key, lang, _conditions(law, rule, parts, grounds, lang))


def _changes(law: Law, answer: Answer, lang: str) -> list[str]:
    rule = answer.decision.snapshot.rule
    if answer.smallest_change is None:
        if answer.eligible_from is not None:
            return [say("change_day", lang, day=day_words(answer.eligible_from, lang))]
        return [say("change_none", lang)]
    changes: dict[tuple[str, object], list[Change]] = {}
    for change in answer.smallest_change:  # elements of a list that need one value are one line
        base = change.fact.partition("[")[0] if change.before is None else change.fact
        changes.setdefault((base, change.after), []).append(change)
    lines = []
    for (base, _), group in changes.items():
        shown = replace(group[0], fact=base) if len(group) > 1 else group[0]
        lines.append(_change(law, rule, shown, lang))
    return lines


def _change(law: Law, rule: Rule, change: Change, lang: str) -> str:
    kind = law.fact(change.fact.partition("[")[0], rule)
    parts = {
        "fact": change.fact,
        "before": value_words(kind, change.before, lang),
        "after": value_words(kind, change.after, lang),
    }
    key = "change_show" if change.before is None else "change_from_to"
    return say(key, lang, **parts)


def _step(law: Law, rule: Rule, step: Step, lang: str) -> str:
    fact = fact_name(law, rule, step.fact, lang)
    if step.dead_end:
        key = "dead_end_until" if step.until else "dead_end"
        day = day_words(date.fromisoformat(step.until), lang) if step.until else ""
        return say(key, lang, fact=fact, day=day)
    if step.needs:
        return say("step_needs", lang, fact=fact, needs=", ".join(step.needs))
    ways = [f"{way['rule']} ({way['decision']})" for way in step.ways]
    return say("step_open", lang, fact=fact, rules=", ".join(ways))


def _disputes(answer: Answer, lang: str) -> list[str]:
    lines = []
    for item in answer.disputes:
        effect = say("same_decision", lang)
        if item.differs:
            effect = say("other_decision", lang, decision=item.decision)
        lines.append(f"{item.says} [{item.id}]: {effect}")
    return lines


def cited(law: Law, item: Citation, lang: str) -> str:
    """A citation in one line.

    Parameters
    ----------
    law : Law
        The law.
    item : Citation
        The citation.
    lang : str
        Language.
    """
    act = item.act
    parts = [law.say(f"act.{act.id}", lang, act.title)]
    if act.number:
        parts.append(act_number(act, lang))
    parts.append(str(act.adopted or act.published or act.seen))
    if item.article:
        parts.append(item.article)
    text = ", ".join(part for part in parts if part)
    return f"{text}: «{item.words}»" if item.words else text


def sourced(law: Law, item: Citation, lang: str) -> str:
    """A citation in one line, with its address.

    Parameters
    ----------
    law : Law
        The law.
    item : Citation
        The citation.
    lang : str
        Language.
    """
    text = cited(law, item, lang)
    return f"{text}  {item.act.url}" if item.act.url else text


def told_rule(law: Law, rule: Rule, day: date, lang: str) -> Iterator[str]:
    """A rule as it stands on a day, as lines.

    Parameters
    ----------
    law : Law
        The law.
    rule : Rule
        The rule.
    day : date
        The day.
    lang : str
        Language.

    Yields
    ------
    str
        A line.
    """
    yield f"{rule.id}  {law.say(f'{rule.id}.title', lang, rule.title)}"
    yield law.say(f"{rule.id}.says", lang, rule.says)
    yield f"{day_words(day, lang)}: {state_words(rule.shown_state(day), lang)}"
    yield from _listed(
        "h_since", lang, [version_line(law, rule, item, lang) for item in rule.versions]
    )
    meanings = [
        law.say(item.key, lang, item.says)
        for item in rule.meanings
        if item.end is None or day <= item.end
    ]
    yield from _listed("old_meaning", lang, meanings)
    applied = rule.applied(day)
    active = applied.conditions
    if rule.state(day) == "in force":
        yield from _listed(
            "h_qualifies", lang, [_condition(law, rule, item, day, lang) for item in active]
        )
    info = [
        f"{say(f'about_{item.about}', lang)}: {law.say(item.key, lang, item.says)}"
        for item in rule.info
        if within(day, item.start, item.end)
    ]
    yield from _listed("head_thresholds", lang, _thresholds(law, applied, day, lang))
    yield from _listed("head_disputes", lang, disputed(law, rule, active, day, lang))
    yield from _listed("head_info", lang, info)
    yield from _listed("head_facts", lang, _facts(law, applied, lang))
    version = rule.version(day)
    cites = [*(version.cites if version else ()), *(c for item in active for c in item.cites)]
    sources = dict.fromkeys(sourced(law, replace(item, words=""), lang) for item in cites)
    yield from _listed("head_sources", lang, list(sources))
    yield ""
    yield say("unofficial", lang)


def version_line(law: Law, rule: Rule, version: Version, lang: str) -> str:
    """A stretch of days in one line.

    Parameters
    ----------
    law : Law
        The law.
    rule : Rule
        The rule.
    version : Version
        The stretch.
    lang : str
        Language.
    """
    end = day_words(version.end, lang) if version.end else say("open_end", lang)
    return say(
        "since_line",
        lang,
        state=state_words(rule.shown_state(version.start), lang),
        start=day_words(version.start, lang),
        end=end,
        says=version_text(law, rule, version, lang),
    )


def _condition(law: Law, rule: Rule, item: Condition, day: date, lang: str) -> str:
    text = condition_text(law, rule, item, lang)
    role = say(f"role_{item.role}", lang)
    line = f"{item.id} ({role}): {text}  [{item.text}]"
    line = " ".join([line, *exemptions(law, rule, item, day, lang)])
    return line + doubt(item.confidence, lang)


def exemptions(law: Law, rule: Rule, item: Condition, day: date, lang: str) -> list[str]:
    """What frees from a condition on a day, in words.

    Parameters
    ----------
    law : Law
        The law.
    rule : Rule
        The rule.
    item : Condition
        The condition.
    day : date
        The day.
    lang : str
        Language.
    """
    return [
        law.say(f"{rule.id}.{item.id}.{other.id}", lang, other.says)
        for other in item.exemptions
        if within(day, other.start, other.end)
    ]


def _thresholds(law: Law, rule: Rule, day: date, lang: str) -> list[str]:
    """Values on a day of the parameters that the conditions of a rule read."""
    lines = []
    for name in rule.parameters():
        parameter = law.parameters[name]
        value = parameter.on(day)
        says = law.say(f"parameter.{name}", lang, parameter.says)
        shown = say("unknown", lang)
        if isinstance(value, frozenset):
            shown = ", ".join(sorted(value))
        elif isinstance(value, int):
            shown = f"{_grouped(value, lang)} {parameter.unit}".strip()
            if parameter.kind == "date":
                shown = day_words(date.fromordinal(value), lang)
        lines.append(f"{name} = {shown}: {says}")
    return lines


def disputed(
    law: Law, rule: Rule, active: Sequence[Condition], day: date, lang: str
) -> list[str]:
    """Points on which sources disagree on a day, in words.

    Parameters
    ----------
    law : Law
        The law.
    rule : Rule
        The rule.
    active : Sequence of Condition
        Its conditions on the day.
    day : date
        The day.
    lang : str
        Language.
    """
    found = [
        law.say(f"{rule.id}.version.{item.id}", lang, item.says)
        for version in rule.versions
        for item in version.readings
    ]
    for condition in active:
        found += [
            law.say(f"{rule.id}.{condition.id}.{item.id}", lang, item.says)
            for item in condition.readings
            if within(day, item.start, item.end)
        ]
    return list(dict.fromkeys(found))


def _facts(law: Law, rule: Rule, lang: str) -> list[str]:
    """Facts that the conditions of a rule look at, with their questions."""
    lines = []
    for name in dict.fromkeys(slot.name for slot in rule.slots()):
        kind = law.fact(name, rule)
        assert kind is not None
        what = kind.kind + (f", {kind.unit}" if kind.unit else "")
        if kind.codes:
            what += f": {', '.join(kind.codes)}"
        lines.append(f"{name} ({what}): {question_text(law, rule, name, lang)}")
    return lines
