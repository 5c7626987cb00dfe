"""One person, one rule, one day: the decision, what failed, what is missing, and why.

For `answers` and for whoever asks many single cases. Main types: `Engine`, `Decision`. It
explains no alternatives: the full answer is made by `answers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from qonys.rules.facts import Facts, read_facts, slot_name, slot_values
from qonys.rules.law import Citation, Law, Rule
from qonys.rules.programs import Masks, Part, Programs, Snapshot, truth, unknown_slots

#: Decisions and what each kind of rule calls them.
DECISIONS = (
    "eligible",
    "ineligible",
    "undetermined",
    "discretion",
    "not_in_force",
    "law_unknown",
)
_CALLED: Mapping[str, Mapping[str, str]] = {
    "grounds": {"eligible": "no_ground", "ineligible": "annulment_ground"},
    "number": {"eligible": "valid", "ineligible": "invalid"},
}


def called(kind: str, decision: str) -> str:
    """What a kind of rule calls a decision.

    Parameters
    ----------
    kind : str
        Kind of the rule.
    decision : str
        One of `DECISIONS`.
    """
    return _CALLED.get(kind, {}).get(decision, decision)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the law says of a person on a day.

    Parameters
    ----------
    snapshot : Snapshot
        The rule on the day.
    facts : Facts
        What is known.
    values : list of object
        The facts in the order of the program.
    masks : tuple of int
        Bits of the conditions failed, unknown, and unknown in a way that blocks.
    decision : str
        The decision, as this kind of rule calls it.
    deciding_rule : str
        Name of the rule that decides.
    failed, not_examined : tuple of str
        Ids of conditions.
    missing : tuple of str
        Facts that had to be shown and are not known.
    citations : tuple of Citation
        Where the deciding conditions stand.
    """

    snapshot: Snapshot
    facts: Facts
    values: list[object]
    masks: Masks
    decision: str
    deciding_rule: str
    failed: tuple[str, ...]
    missing: tuple[str, ...]
    not_examined: tuple[str, ...]
    citations: tuple[Citation, ...]


class Engine:
    """Decides by a law.

    Parameters
    ----------
    law : Law
        The law.

    Examples
    --------
    >>> from datetime import date
    >>> from qonys.rules.reading import load_law
    >>> engine = Engine(load_law("KAZ"))
    >>> facts = {"investment_usd": 299_999, "investment_form": "charter_capital"}
    >>> found = engine.decision("A6", date(2025, 6, 15), facts)
    >>> found.decision, found.failed
    ('ineligible', ('amount',))
    """

    def __init__(self, law: Law) -> None:
        self.law = law
        self.programs = Programs(law)

    def decision(
        self, rule: str, day: date, facts: object, reading: tuple[str, ...] = ()
    ) -> Decision:
        """Decide, with what failed, what is missing and where it stands.

        Parameters
        ----------
        rule : str
            Code of the rule.
        day : date
            The day asked for.
        facts : Mapping
            Facts by name, as read from JSON.
        reading : tuple of str
            Alternative readings to take in place of the first.

        Returns
        -------
        Decision
            The decision.

        Raises
        ------
        CodeError
            When there is no such rule.
        DataError
            With all faults of the facts.
        """
        found = self.law.rules.get(rule) or self.law.rule(rule)
        return self.decided(found, day, read_facts(self.law, facts, day, found), reading)

    def decided(
        self, rule: Rule, day: date, facts: Facts, reading: tuple[str, ...] = ()
    ) -> Decision:
        """Decide on facts that were checked before.

        Parameters
        ----------
        rule : Rule
            The rule.
        day : date
            The day asked for.
        facts : Facts
            Facts as `read_facts` gives them.
        reading : tuple of str
            Alternative readings to take.
        """
        snapshot = self.programs.snapshot(rule, day, reading)
        program = snapshot.program
        values = slot_values(program.slots, facts, rule.scheme)
        if snapshot.state != "in force":
            return _without_rule(snapshot, facts, values)
        masks = program.run(values, snapshot.constants)
        failed, unknown, blocking = masks
        decision = decision_of(snapshot, masks)
        asked = (unknown & ~program.grounds) | blocking
        return Decision(
            snapshot,
            facts,
            values,
            masks,
            called(rule.kind, decision),
            _deciding(snapshot, masks, values, decision),
            tuple([part.condition.id for part in program.picked(failed)]),
            _missing(snapshot, facts, values, asked),
            tuple(
                [
                    part.condition.id
                    for part in program.picked(unknown & program.grounds & ~blocking)
                ]
            ),
            _citations(snapshot, failed or asked),
        )


def decision_of(snapshot: Snapshot, masks: Masks) -> str:
    """The decision from the bits; the vector engines repeat it.

    Parameters
    ----------
    snapshot : Snapshot
        The rule on the day.
    masks : tuple of int
        Bits of the conditions failed, unknown, and unknown in a way that blocks.

    Returns
    -------
    str
        One of `DECISIONS`; 'not_in_force' and 'law_unknown' where the rule does not hold.
    """
    if snapshot.state != "in force":
        return "law_unknown" if snapshot.state == "unknown" else "not_in_force"
    program = snapshot.program
    failed, unknown, blocking = masks
    if failed:
        return "ineligible"
    if unknown & program.unknown_law & ~program.grounds:
        return "law_unknown"
    if unknown & program.requirements or blocking:
        return "undetermined"
    if snapshot.rule.kind == "grounds" and unknown == program.grounds:
        return "undetermined"
    return "discretion" if unknown & program.consents else "eligible"


def _without_rule(snapshot: Snapshot, facts: Facts, values: list[object]) -> Decision:
    """The answer of a day without a rule."""
    rule, version = snapshot.rule, snapshot.version
    if version is not None:
        name, cites = version.name, version.cites
    else:
        before = bool(rule.versions) and snapshot.day < rule.versions[0].start
        edge = rule.versions[0 if before else -1] if rule.versions else None
        name = rule.id if edge is None else (edge.first if before else edge.last)
        cites = edge.cites if edge is not None else ()
    masks = (0, 0, 0)
    decision = decision_of(snapshot, masks)
    return Decision(snapshot, facts, values, masks, decision, name, (), (), (), cites)


def _deciding(snapshot: Snapshot, masks: Masks, values: list[object], decision: str) -> str:
    """Name of the rule that decides: the first that failed, else the first that is open."""
    program, version = snapshot.program, snapshot.version
    failed, unknown, blocking = masks
    open_ = (unknown & ~program.grounds) | blocking
    if decision == "law_unknown":
        open_ &= program.unknown_law
    elif decision == "undetermined":
        open_ = (unknown & program.requirements) | blocking
    first = failed or open_
    if first:
        return program.parts[(first & -first).bit_length() - 1].condition.name
    assert version is not None
    for part in program.parts:
        name = _used(snapshot, part, values) if part.exemptions else ""
        if name:
            return name
    for named in version.named:
        if truth(named.formula, program, values, snapshot.constants):
            return named.name
    if decision == "undetermined":
        return version.name
    if snapshot.day == version.start:
        return version.first
    return version.last if snapshot.day == version.end else version.name


def _used(snapshot: Snapshot, part: Part, values: list[object]) -> str:
    """Name of the exemption without which a condition would not be met; empty if none."""
    program, fixed = snapshot.program, snapshot.constants
    wanted = part.condition.role != "ground"
    if truth(part.formula, program, values, fixed) is wanted:
        return ""
    if part.condition.role == "ground" and truth(part.formula, program, values, fixed) is None:
        return ""
    for exemption in part.exemptions:
        if truth(exemption.formula, program, values, fixed):
            return exemption.name
    return ""


def _missing(
    snapshot: Snapshot, facts: Facts, values: list[object], asked: int
) -> tuple[str, ...]:
    """Facts that had to be shown and are not known, and those given as null."""
    program = snapshot.program
    names: dict[str, None] = {}
    for part in program.picked(asked):
        formulas = [part.formula]
        if part.condition.state_shows:
            formulas += [item.formula for item in part.exemptions]
        for formula in formulas:
            for slot in unknown_slots(formula, program, values, snapshot.constants):
                names[slot_name(slot, facts)] = None
    if None in facts.values():
        for slot in program.slots:
            if slot.name in facts and facts[slot.name] is None:
                names[slot.name] = None
    return tuple(names)


def _citations(snapshot: Snapshot, mask: int) -> tuple[Citation, ...]:
    """Where the conditions stand that decide; where none does alone, all that were met."""
    found = snapshot.cited.get(mask)
    if found is None:
        program = snapshot.program
        parts = program.picked(mask or (program.requirements | program.consents))
        cites = [cite for part in parts for cite in part.condition.cites]
        if snapshot.version is not None and not mask:
            cites = [*snapshot.version.cites, *cites]
        found = snapshot.cited[mask] = tuple(dict.fromkeys(cites))
    return found
