"""The pathways of a day as a document: what each is, who qualifies, papers, days, fees, doubts.

For the command line and the briefing. Main functions: `pathways_document`, `overview`. It
arranges what the law files say; only `briefs` renders it.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from qonys.core.document import (
    Block,
    Bullets,
    Chart,
    Document,
    Heading,
    Inline,
    Link,
    Paragraph,
    Point,
    Series,
    Table,
    Text,
)
from qonys.rules.law import Citation, Condition, Info, Law, Rule, within
from qonys.rules.telling import disputed, exemptions, version_line
from qonys.rules.wording import (
    act_number,
    condition_text,
    day_words,
    doubt,
    say,
    state_words,
)

#: States in the order of the key of the time line.
_STATES = ("in force", "suspended", "closed", "none", "unknown")


def pathways_document(law: Law, day: date, lang: str, country: str) -> Document:
    """The pathways of a day as a document of its own.

    Parameters
    ----------
    law : Law
        The law.
    day : date
        The day.
    lang : str
        ``en``, ``ru`` or ``kk``.
    country : str
        Name of the country in that language.

    Returns
    -------
    Document
        For `briefs` to render.
    """
    blocks: list[Block] = [
        Paragraph((_lead(law, day, lang),), "lead"),
        Paragraph((say("unofficial", lang),), "caution"),
        Heading(say("h_overview", lang), 2, "overview"),
        *overview(law, day, lang, linked=True),
    ]
    for rule in law.rules.values():
        if rule.kind == "pathway":
            blocks += _section(law, rule, day, lang, 2)
    related = [rule for rule in law.rules.values() if rule.kind != "pathway"]
    if related:
        blocks.append(Heading(say("h_related", lang), 2, "related"))
    for rule in related:
        blocks += _section(law, rule, day, lang, 3)
    return Document(
        title=say("title", lang, country=country),
        lang=lang,
        as_of=day.isoformat(),
        subtitle=say("subtitle", lang),
        blocks=tuple(blocks),
        figures={},
        labels={"as_of": say("as_of", lang, day="{}")},
    )


def _lead(law: Law, day: date, lang: str) -> str:
    states = [rule.shown_state(day) for rule in law.rules.values() if rule.kind == "pathway"]
    return say(
        "lead",
        lang,
        day=day_words(day, lang),
        open=str(states.count("in force")),
        all=str(len(states)),
        unknown=str(states.count("unknown")),
    )


def overview(law: Law, day: date, lang: str, *, linked: bool = False) -> list[Block]:
    """All pathways of a day in a table, and the time line of the law.

    Parameters
    ----------
    law : Law
        The law.
    day : date
        The day.
    lang : str
        Language.
    linked : bool
        Whether each pathway has a section in the same document to link to.
    """
    pathways = [rule for rule in law.rules.values() if rule.kind == "pathway" and rule.versions]
    if not pathways:
        return []
    keys = ("col_pathway", "col_state", "col_since", "col_until")
    table = Table(
        say("t_overview", lang, day=day_words(day, lang)),
        tuple(say(key, lang) for key in keys),
        tuple(_overview_row(law, rule, day, lang, linked=linked) for rule in pathways),
        (),
        "pathways-overview",
    )
    return [table, _time_line(law, pathways, day, lang)]


def overview_sentence(day: date, lang: str) -> str:
    """What the overview is, for the briefing.

    Parameters
    ----------
    day : date
        The day.
    lang : str
        Language.
    """
    return say("brief_lead", lang, day=day_words(day, lang))


def _title(law: Law, rule: Rule, lang: str) -> str:
    return law.say(f"{rule.id}.title", lang, rule.title)


def anchor(rule: Rule) -> str:
    """Id of a rule's section.

    Parameters
    ----------
    rule : Rule
        The rule.
    """
    return "rule-" + rule.id.lower().replace("@", "-at-").replace(".", "-")


def _state(rule: Rule, day: date, lang: str) -> str:
    return state_words(rule.shown_state(day), lang).replace(" ", "\u00a0")


def _overview_row(
    law: Law, rule: Rule, day: date, lang: str, *, linked: bool
) -> tuple[Text, ...]:
    title = _title(law, rule, lang)
    name: Inline = Link(f"#{anchor(rule)}", title) if linked else title
    version = rule.version(day)
    since = until = say("since_unknown", lang)
    if version is not None:
        since = day_words(version.start, lang)
        until = day_words(version.end, lang) if version.end else say("open_end", lang)
    elif rule.versions and day > (rule.versions[-1].end or day):
        since = day_words(
            date.fromordinal((rule.versions[-1].end or day).toordinal() + 1), lang
        )
    elif rule.versions and rule.before == "none":
        until = day_words(date.fromordinal(rule.versions[0].start.toordinal() - 1), lang)
    return (name,), (_state(rule, day, lang),), (since,), (until,)


# --- one pathway ----------------------------------------------------------------------------


def _section(law: Law, rule: Rule, day: date, lang: str, level: int) -> Iterator[Block]:
    state = rule.state(day)
    yield Heading(_title(law, rule, lang), level, anchor(rule))
    yield Paragraph((law.say(f"{rule.id}.says", lang, rule.says),))
    if state != "in force":
        key = "law_not_known" if state == "unknown" else "law_not_in_force"
        yield Paragraph((say(key, lang, day=day_words(day, lang)),), "caution")
    yield Bullets(tuple((version_line(law, rule, item, lang),) for item in rule.versions))
    active = rule.applied(day).conditions
    if state == "in force":
        yield from _conditions(law, rule, active, day, lang)
    yield from _info(law, rule, day, lang)
    yield from _doubts(law, rule, active, day, lang, level)
    if rule.versions:
        cites = (rule.version(day) or rule.versions[-1]).cites
        yield Paragraph((say("sources_line", lang), *_cited(law, cites, lang)), "note")


def _conditions(
    law: Law, rule: Rule, active: Sequence[Condition], day: date, lang: str
) -> Iterator[Block]:
    """Tables of what must be shown, who decides, and what the state may hold against one."""
    heads = {"requirement": "h_qualifies", "consent": "h_consent", "ground": "h_refused"}
    for role, key in heads.items():
        chosen = [item for item in active if item.role == role]
        if chosen:
            yield Table(
                f"{say(key, lang)}: {_title(law, rule, lang)}",
                tuple(
                    say(name, lang)
                    for name in ("col_condition", "col_source", "col_confidence")
                ),
                tuple(
                    (
                        (_condition(law, rule, item, day, lang),),
                        _cited(law, item.cites, lang),
                        (say(f"confidence_{item.confidence}", lang),),
                    )
                    for item in chosen
                ),
                (),
                f"{anchor(rule)}-{role}",
            )


def _condition(law: Law, rule: Rule, item: Condition, day: date, lang: str) -> str:
    """A condition with its exemptions."""
    text = condition_text(law, rule, item, lang)
    return " ".join([text, *exemptions(law, rule, item, day, lang)])


def _info(law: Law, rule: Rule, day: date, lang: str) -> Iterator[Block]:
    told = [
        item
        for item in rule.info
        if within(day, item.start, item.end) and item.about not in {"caution", "unknown"}
    ]
    if told:
        yield Table(
            say("t_info", lang, title=_title(law, rule, lang)),
            (say("col_about", lang), say("col_answer", lang), say("col_source", lang)),
            tuple(_info_row(law, item, lang) for item in told),
            (),
            f"{anchor(rule)}-info",
        )


def _info_row(law: Law, item: Info, lang: str) -> tuple[Text, ...]:
    return (
        (say(f"about_{item.about}", lang),),
        (law.say(item.key, lang, item.says) + doubt(item.confidence, lang),),
        _cited(law, item.cites, lang),
    )


def _doubts(
    law: Law, rule: Rule, active: Sequence[Condition], day: date, lang: str, level: int
) -> Iterator[Block]:
    """Older meanings, disputes, cautions and what is not known."""
    found = [law.say(item.key, lang, item.says) for item in rule.meanings]
    found += disputed(law, rule, active, day, lang)
    if found:
        yield Heading(say("h_disputed", lang), level + 1, f"{anchor(rule)}-disputed")
        yield Bullets(tuple((text,) for text in dict.fromkeys(found)))
    for item in rule.info:
        if item.about in {"caution", "unknown"} and within(day, item.start, item.end):
            label = say(f"about_{item.about}", lang)
            text = law.say(item.key, lang, item.says)
            yield Paragraph((f"{label}: {text}",), "caution")


def _cited(law: Law, cites: tuple[Citation, ...], lang: str) -> Text:
    """Acts, each once, with a link where there is one."""
    parts: list[Inline] = []
    for act in {cite.act.id: cite.act for cite in cites}.values():
        text = law.say(f"act.{act.id}", lang, act.title)
        if act.number:
            text += f" ({act_number(act, lang)})"
        parts += ["; "] if parts else []
        parts.append(Link(act.url, text) if act.url else text)
    return tuple(parts)


# --- the time line --------------------------------------------------------------------------


def _time_line(law: Law, rules: Sequence[Rule], day: date, lang: str) -> Chart:
    """Stretches of the pathways, since the first act."""
    first = date(min(item.start.year for rule in rules for item in rule.versions), 1, 1)
    spans: dict[str, list[Point]] = {state: [] for state in _STATES}
    told = []
    for rule in rules:
        name = _title(law, rule, lang)
        for state, start, end in _stretches(rule):
            text = f"{_first_day(start, lang)} – {_last_day(end, lang)}"
            low = _year(start or first)
            high = None if end is None else _year(end)
            spans[state].append(Point(name, low, low=low, high=high, text=text))
            told.append(f"{name}, {state_words(state, lang)}: {text}")
    series = [
        Series(state.replace(" ", "_"), state_words(state, lang), tuple(points))
        for state, points in spans.items()
        if points
    ]
    mark = Point("", _year(day), low=_year(day), high=_year(day), note=day_words(day, lang))
    return Chart(
        "spans",
        "law-timeline",
        say("c_timeline", lang),
        say("c_timeline_sub", lang),
        say("c_timeline_alt", lang, items="; ".join(told)),
        (*series, Series("today", say("today", lang), (mark,))),
        say("row_name", lang),
    )


def _stretches(rule: Rule) -> Iterator[tuple[str, date | None, date | None]]:
    """States of a rule with their first day and the day after the last, where known."""
    if rule.versions and rule.before == "unknown":
        yield "unknown", None, rule.versions[0].start
    end: date | None = None
    for item in rule.versions:
        end = None if item.end is None else date.fromordinal(item.end.toordinal() + 1)
        yield rule.shown_state(item.start), item.start, end
    if end is not None and rule.after == "unknown":
        yield "unknown", end, None


def _first_day(start: date | None, lang: str) -> str:
    return say("since_unknown", lang) if start is None else day_words(start, lang)


def _last_day(end: date | None, lang: str) -> str:
    if end is None:
        return say("open_end", lang)
    return day_words(date.fromordinal(end.toordinal() - 1), lang)


def _year(day: date) -> float:
    """A day as a decimal year."""
    start = date(day.year, 1, 1)
    return round(day.year + (day - start).days / (date(day.year + 1, 1, 1) - start).days, 4)
