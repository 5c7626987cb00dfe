"""The whole answer to "may this person, on this day?".

For the command line, the pages and whoever asks one person's case. Main functions: `answer`,
`pathways`; main type: `Answer`. It adds to a decision what can still change it, what to ask
next and why, the smallest change to a yes, the disputes with every reading run, and the chain
of papers that a missing one hangs on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

from qonys.rules.changes import GOOD, Change, day_of_change, smallest_change
from qonys.rules.deciding import Decision, Engine, called
from qonys.rules.expressions import Formula, Slot
from qonys.rules.facts import Facts, read_facts, slot_name
from qonys.rules.law import Citation, Law, Reading, Rule, within
from qonys.rules.programs import Part, unknown_slots
from qonys.rules.wording import condition_text, day_words, question_text, say, version_text

#: How many combinations of readings are run.
READINGS = 32
_BEST = (
    "eligible",
    "discretion",
    "undetermined",
    "ineligible",
    "law_unknown",
    "not_in_force",
)


@dataclass(frozen=True)
class Question:
    """What to ask next, and why.

    Parameters
    ----------
    fact : str
        The fact.
    text : str
        The question.
    why : str
        The reason for asking.
    """

    fact: str
    text: str
    why: str


@dataclass(frozen=True)
class Dispute:
    """A point on which sources disagree, and whether it matters here.

    Parameters
    ----------
    id : str
        Name of the reading: ``condition.reading``, or ``version.reading``.
    condition : str
        The condition it concerns; ``version`` for the days of the rule.
    says : str
        What the sources disagree on.
    decision : str
        The decision under the other reading.
    differs : bool
        Whether that differs from the first reading.
    citations : tuple of Mapping
        Who reads it so.
    """

    id: str
    condition: str
    says: str
    decision: str
    differs: bool
    citations: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Step:
    """A paper that is missing, and the ways to it on the day.

    Parameters
    ----------
    fact : str
        The fact that is missing.
    needs : tuple of str
        Facts that must be true before.
    ways : tuple of Mapping
        Rules through which it can be had: ``rule``, ``decision``, ``failed``, ``opens``.
    dead_end : bool
        Whether no way is open on the day.
    until : str
        The first later day on which a way opens, as far as the law is known; may be empty.
    """

    fact: str
    needs: tuple[str, ...]
    ways: tuple[Mapping[str, object], ...]
    dead_end: bool
    until: str


@dataclass(frozen=True)
class Answer:
    """A decision and everything that helps.

    Parameters
    ----------
    decision : Decision
        The decision.
    relevant_missing : tuple of str
        Facts that are not given and could still change it, unclaimed exemptions among them.
    next_question : Question or None
        What to ask next; none when nothing would help.
    smallest_change : tuple of Change or None
        What would have to be different; None when no change of facts helps.
    eligible_from : date or None
        The next day on which the same facts lead to a yes.
    disputes : tuple of Dispute
        Points on which sources disagree.
    readings : tuple of (tuple of str, str)
        Combinations of readings and their decisions, the first reading first.
    chain : tuple of Step
        Papers that hang on one another.
    notes : tuple of str
        What else must be known.
    """

    decision: Decision
    relevant_missing: tuple[str, ...]
    next_question: Question | None
    smallest_change: tuple[Change, ...] | None
    eligible_from: date | None
    disputes: tuple[Dispute, ...]
    readings: tuple[tuple[tuple[str, ...], str], ...]
    chain: tuple[Step, ...]
    notes: tuple[str, ...]

    def plain(self) -> dict[str, object]:
        """The answer as plain data for JSON."""
        found, question, changes = self.decision, self.next_question, self.smallest_change
        told = None if changes is None else [change.plain() for change in changes]
        if changes is None and self.eligible_from is not None:
            day = found.snapshot.day.isoformat()
            told = [Change("on", day, self.eligible_from.isoformat()).plain()]
        return {
            "rule": found.snapshot.rule.id,
            "on": found.snapshot.day.isoformat(),
            "decision": found.decision,
            "deciding_rule": found.deciding_rule,
            "failed": list(found.failed),
            "missing": list(found.missing),
            "relevant_missing": list(self.relevant_missing),
            "not_examined": list(found.not_examined),
            "next_question": question
            and {"fact": question.fact, "question": question.text, "why": question.why},
            "smallest_change": told,
            "citations": [_cited(found, cite) for cite in found.citations],
            "disputes": [
                {
                    "id": item.id,
                    "condition": item.condition,
                    "says": item.says,
                    "decision": item.decision,
                    "differs": item.differs,
                    "citations": list(item.citations),
                }
                for item in self.disputes
            ],
            "readings": [
                {"reading": list(names), "decision": decision}
                for names, decision in self.readings
            ],
            "chain": [
                {
                    "fact": step.fact,
                    "needs": list(step.needs),
                    "ways": [dict(way) for way in step.ways],
                    "dead_end": step.dead_end,
                    "until": step.until or None,
                }
                for step in self.chain
            ],
            "notes": list(self.notes),
        }


def _cited(found: Decision, cite: Citation) -> dict[str, object]:
    """A citation with the conditions that rest on it; as sure as the least sure of them."""
    parts = found.snapshot.program.parts
    on_it = [part.condition for part in parts if cite in part.condition.cites]
    sure = ["high", "medium", "low"]
    least = max((sure.index(item.confidence) for item in on_it), default=None)
    if least is None:
        version = found.snapshot.version
        least = sure.index(version.confidence) if version is not None else 0
    return {
        **cite.plain(),
        "conditions": [item.id for item in on_it],
        "confidence": sure[least],
    }


def answer(engine: Engine, rule: str, day: date, facts: object, lang: str = "en") -> Answer:
    """Answer a person's question in full.

    Parameters
    ----------
    engine : Engine
        Decides by a law.
    rule : str
        Code of the rule.
    day : date
        The day asked for.
    facts : Mapping
        Facts by name, as read from JSON.
    lang : str
        ``en``, ``ru`` or ``kk``, for the texts.

    Returns
    -------
    Answer
        The answer.

    Raises
    ------
    DataError
        When there is no such rule, or with all faults of the facts.
    """
    found = engine.law.rule(rule)
    read = read_facts(engine.law, facts, day, found)
    return answered(engine, engine.decided(found, day, read), lang)


def answered(engine: Engine, decision: Decision, lang: str = "en") -> Answer:
    """The answer to a decision.

    Parameters
    ----------
    engine : Engine
        The engine that decided.
    decision : Decision
        The decision.
    lang : str
        Language of the texts.
    """
    relevant = _relevant(decision)
    changes = smallest_change(engine, decision)
    disputes, readings = _readings(engine, decision, lang)
    return Answer(
        decision,
        tuple(relevant),
        _question(engine.law, decision, relevant, lang),
        None if changes is None else tuple(changes),
        day_of_change(engine, decision) if changes is None else None,
        disputes,
        readings,
        _chain(engine, decision),
        _notes(engine.law, decision, lang),
    )


def pathways(engine: Engine, day: date, facts: object, lang: str = "en") -> list[Answer]:
    """All pathways at once, best first.

    Parameters
    ----------
    engine : Engine
        Decides by a law.
    day : date
        The day asked for.
    facts : Mapping
        Facts by name.
    lang : str
        Language of the texts.
    """
    read = read_facts(engine.law, facts, day)
    found = [
        answered(engine, engine.decided(rule, day, read), lang)
        for rule in engine.law.rules.values()
        if rule.kind == "pathway"
    ]
    return sorted(found, key=_goodness)


def _goodness(item: Answer) -> tuple[int, ...]:
    """Better decisions first, then fewer open facts, then less to change."""
    decision = item.decision
    changes = item.smallest_change
    known = sum(value is not None for value in decision.values)
    share = 1000 * known // max(1, len(decision.values))
    return (
        _BEST.index(decision.decision),
        -share if decision.decision == "undetermined" else 0,
        len(decision.failed),
        99 if changes is None else len(changes),
        len(decision.missing),
    )


# --- what can still change it ---------------------------------------------------------------


def _relevant(decision: Decision) -> dict[str, list[tuple[Part, bool]]]:
    """Facts that are not given and could change the decision, with the conditions they touch.

    Each condition comes with whether the fact alone keeps it open.
    """
    snapshot = decision.snapshot
    program = snapshot.program
    failed, unknown, blocking = decision.masks
    if snapshot.state != "in force":
        return {}
    found: dict[str, list[tuple[Part, bool]]] = {}
    for place, part in enumerate(program.parts):
        bit = 1 << place
        open_exemptions = _open_slots(decision, [item.formula for item in part.exemptions])
        if failed & bit:
            if not open_exemptions:
                return {}
            _note(found, decision, part, open_exemptions)
        elif blocking & bit:
            _note(found, decision, part, open_exemptions)
        elif unknown & bit and part.condition.role != "ground":
            if part.law_known:  # else no fact could settle it
                _note(found, decision, part, _open_slots(decision, [part.formula]))
            _note(found, decision, part, open_exemptions)
    if snapshot.rule.kind == "grounds" and decision.decision == "undetermined":
        for part in program.parts:
            _note(found, decision, part, _open_slots(decision, [part.formula]))
    return found


def _open_slots(decision: Decision, formulas: Iterable[Formula]) -> list[Slot]:
    program, fixed = decision.snapshot.program, decision.snapshot.constants
    found: dict[Slot, None] = {}
    for formula in formulas:
        found.update(unknown_slots(formula, program, decision.values, fixed))
    return list(found)


def _note(
    found: dict[str, list[tuple[Part, bool]]],
    decision: Decision,
    part: Part,
    slots: list[Slot],
) -> None:
    names = dict.fromkeys(slot_name(slot, decision.facts) for slot in slots)
    for name in names:
        found.setdefault(name, []).append((part, len(names) == 1))


def next_question(
    law: Law, decision: Decision, lang: str = "en", skipped: frozenset[str] = frozenset()
) -> Question | None:
    """What to ask next; none when nothing more can change the answer.

    Parameters
    ----------
    law : Law
        The law.
    decision : Decision
        What is decided so far.
    lang : str
        Language of the question.
    skipped : frozenset of str
        Facts that the person does not know.
    """
    relevant = {
        name: parts
        for name, parts in _relevant(decision).items()
        if name.partition("[")[0] not in skipped
    }
    return _question(law, decision, relevant, lang)


def _question(
    law: Law, decision: Decision, relevant: dict[str, list[tuple[Part, bool]]], lang: str
) -> Question | None:
    """The open fact that settles most with least effort."""
    if not relevant:
        return None
    order = {name: place for place, name in enumerate(relevant)}

    def rank(name: str) -> tuple[int, ...]:
        """Smaller is asked first."""
        parts = relevant[name]
        kind = law.fact(name.partition("[")[0], decision.snapshot.rule)
        alone = sum(sole for _, sole in parts)
        return -min(alone, 1), kind.effort if kind else 2, -len(parts), order[name]

    name = min(relevant, key=rank)
    base = name.partition("[")[0]
    rule = decision.snapshot.rule
    kind = law.fact(base, rule)
    text = question_text(law, rule, base, lang) or f"{kind.says if kind else base}?"
    return Question(name, text, _why(law, decision, relevant[name], lang))


def _why(law: Law, decision: Decision, parts: list[tuple[Part, bool]], lang: str) -> str:
    """The reason for asking."""
    rule = decision.snapshot.rule
    part, alone = parts[0]
    condition = part.condition
    text = condition_text(law, rule, condition, lang)
    key = "why_alone" if alone else "why_with_others"
    if decision.decision == called(rule.kind, "ineligible"):
        key = "why_exemption"
    if condition.role == "consent":
        key = "why_consent"
    reason = say(key, lang, condition=text)
    if len(parts) > 1:
        reason += " " + say("why_more", lang, count=str(len(parts) - 1))
    return reason


# --- disputes -------------------------------------------------------------------------------


def _readings(
    engine: Engine, decision: Decision, lang: str
) -> tuple[tuple[Dispute, ...], tuple[tuple[tuple[str, ...], str], ...]]:
    """Every reading run by itself, and all combinations of them."""
    snapshot = decision.snapshot
    rule, day = snapshot.rule, snapshot.day
    owners = list(_owners(decision))
    run: dict[tuple[str, ...], str] = {(): decision.decision}
    for _, choices in owners:
        for name, _ in choices:
            run[(name,)] = engine.decided(rule, day, decision.facts, (name,)).decision
    combos = product(*([(), *((name,) for name, _ in choices)] for _, choices in owners))
    for combo in combos:
        names = tuple(name for chosen in combo for name in chosen)
        if names not in run and len(run) < READINGS:
            run[names] = engine.decided(rule, day, decision.facts, names).decision
    disputes = []
    for owner, choices in owners:
        for name, reading in choices:
            english = reading.says
            disputes.append(
                Dispute(
                    name,
                    owner,
                    engine.law.say(f"{rule.id}.{name}", lang, english),
                    run[(name,)],
                    run[(name,)] != decision.decision,
                    tuple(cite.plain() for cite in reading.cites),
                )
            )
    return tuple(disputes), tuple(run.items())


def _owners(decision: Decision) -> Iterable[tuple[str, list[tuple[str, Reading]]]]:
    """Disputed things of a day: the days of the rule, and conditions, with their readings."""
    snapshot = decision.snapshot
    rule, day = snapshot.rule, snapshot.day
    for version in rule.versions:
        choices = []
        for reading in version.readings:
            start = reading.start or version.start
            end = reading.end if reading.end is not None else version.end
            if within(day, version.start, version.end) != within(day, start, end):
                choices.append((f"version.{reading.id}", reading))
        if choices:
            yield "version", choices
    if snapshot.state != "in force":
        return
    for part in snapshot.program.parts:
        condition = part.condition
        choices = [
            (f"{condition.id}.{reading.id}", reading)
            for reading in condition.readings
            if within(day, reading.start, reading.end)
        ]
        if choices:
            yield condition.id, choices


# --- chains and dead ends -------------------------------------------------------------------


def _chain(engine: Engine, decision: Decision) -> tuple[Step, ...]:
    """Papers that are missing and can be had through other rules, followed to their start."""
    if decision.decision in GOOD:
        return ()
    law, snapshot = engine.law, decision.snapshot
    steps: dict[str, Step] = {}
    todo = [
        slot.name
        for slot, value in zip(snapshot.program.slots, decision.values, strict=True)
        if slot.kind == "bool" and value is not True
    ]
    while todo:
        name = todo.pop(0)
        kind = law.fact(name, snapshot.rule)
        if kind is None or name in steps or not (kind.obtained_by or kind.needs):
            continue
        if decision.facts.get(name) is True:
            continue
        steps[name] = _step(engine, decision, name)
        todo += kind.needs
    for _ in steps:  # a chain is at most as long as there are papers
        steps = {name: _blocked(step, steps) for name, step in steps.items()}
    return tuple(steps.values())


def _blocked(step: Step, steps: Mapping[str, Step]) -> Step:
    """A paper that hangs on one nobody can have today is out of reach as well."""
    ends = [steps[name] for name in step.needs if name in steps and steps[name].dead_end]
    if step.dead_end or not ends:
        return step
    until = [end.until for end in ends]
    return replace(step, dead_end=True, until=max(until) if all(until) else "")


def _step(engine: Engine, decision: Decision, name: str) -> Step:
    law, day = engine.law, decision.snapshot.day
    kind = law.fact(name, decision.snapshot.rule)
    assert kind is not None
    facts = decision.facts
    ways, opens = [], []
    for code in kind.obtained_by:
        rule = law.rules[code]
        if rule is decision.snapshot.rule:
            continue
        found = engine.decided(rule, day, facts)
        later = None
        if found.decision not in GOOD and found.decision != "undetermined":
            later = _opens(engine, rule, day, facts)
            if later is not None:
                opens.append(later)
        ways.append(
            {
                "rule": code,
                "decision": found.decision,
                "failed": list(found.failed),
                "opens": later.isoformat() if later else None,
            }
        )
    closed = {"ineligible", "not_in_force"}
    needed = tuple(need for need in kind.needs if decision.facts.get(need) is not True)
    dead = bool(ways) and all(way["decision"] in closed for way in ways)
    until = min(opens).isoformat() if dead and opens else ""
    return Step(name, needed, tuple(ways), dead, until)


def _opens(engine: Engine, rule: Rule, day: date, facts: Facts) -> date | None:
    """The next day on which a rule no longer says no to the same facts."""
    for later in engine.law.breaks(rule):
        if later > day:
            decision = engine.decided(rule, later, facts).decision
            if decision in GOOD or decision == "undetermined":
                return later
    return None


# --- words ----------------------------------------------------------------------------------


def _notes(law: Law, decision: Decision, lang: str) -> tuple[str, ...]:
    """Cautions of the day, older meanings of the code, what a number can tell."""
    snapshot = decision.snapshot
    rule, day = snapshot.rule, snapshot.day
    notes = [
        law.say(item.key, lang, item.says)
        for item in rule.meanings
        if item.end is None or day <= item.end
    ]
    notes += [
        law.say(item.key, lang, item.says)
        for item in rule.info
        if item.about in {"caution", "unknown"} and within(day, item.start, item.end)
    ]
    if snapshot.version is not None and snapshot.state != "in force":
        notes.insert(0, version_text(law, rule, snapshot.version, lang))
    for slot, value in zip(snapshot.program.slots, decision.values, strict=True):
        kind = law.fact(slot.name, rule)
        if kind is not None and isinstance(value, str) and kind.strange(value):
            notes.append(say("unknown_code", lang, fact=slot.name, code=value))
    if law.last_read is not None and day > law.last_read:
        notes.append(say("after_last_read", lang, day=day_words(law.last_read, lang)))
    if rule.scheme is not None:
        number = decision.facts.get(rule.scheme.fact)
        born = decision.facts.get("declared_birth_date")
        declared = date.fromordinal(born) if isinstance(born, int) else None
        if isinstance(number, str):
            told = rule.scheme.notes(number, declared)
            notes += [say(key, lang, **parts) for key, parts in told]
    return tuple(notes)
