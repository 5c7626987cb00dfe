"""A rule on a day, made ready to run: which conditions apply, with which constants.

For the engines. Main types: `Programs`, `Snapshot`, `Program`; main function: `truth`. One
program serves every day on which the same conditions apply; what changes from day to day is the
row of constants. The generated code holds places of facts and constants only, never a name or a
text of a law file.

Three values after Kleene (1952), *Introduction to Metamathematics*, section 64: each formula is
turned into two, one for "surely true" and one for "surely false"; what is neither is unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from operator import eq, ge, gt, le, lt, ne

from qonys.core.errors import CodeError, Fault, RuleError
from qonys.rules.calendar import move
from qonys.rules.expressions import (
    OPPOSITE,
    And,
    Compare,
    Constant,
    Fixed,
    Formula,
    Member,
    Not,
    Or,
    Slot,
    Truth,
    constant_value,
    constants,
    slots,
)
from qonys.rules.law import Citation, Condition, Exemption, Law, Rule, State, Version, within

Values = Sequence[object]
Masks = tuple[int, int, int]
_TESTS: Mapping[str, Callable[[int, int], bool]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "==": eq,
    "!=": ne,
}


@dataclass(frozen=True)
class Part:
    """A condition as it applies on a day.

    Parameters
    ----------
    condition : Condition
        The condition.
    formula : Formula
        Its formula, in the reading chosen.
    exemptions : tuple of Exemption
        The exemptions that hold on the day.
    law_known : bool
        Whether every constant of the formula is known.
    """

    condition: Condition
    formula: Formula
    exemptions: tuple[Exemption, ...]
    law_known: bool

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Its formula, then those of its exemptions."""
        return self.formula, *(item.formula for item in self.exemptions)


@dataclass(frozen=True)
class Program:
    """Conditions, compiled.

    Parameters
    ----------
    parts : tuple of Part
        The conditions that apply.
    slots : tuple of Slot
        Facts they look at.
    constants : tuple of Constant
        Constants they compare with.
    requirements, consents, grounds, unknown_law : int
        Bit masks over `parts`.
    """

    parts: tuple[Part, ...]
    slots: tuple[Slot, ...]
    constants: tuple[Constant, ...]
    requirements: int
    consents: int
    grounds: int
    unknown_law: int

    @cached_property
    def places(self) -> dict[Slot, int]:
        """Place of each fact."""
        return {slot: place for place, slot in enumerate(self.slots)}

    @cached_property
    def formulas(self) -> tuple[Formula, ...]:
        """Formulas of its conditions and their exemptions."""
        return tuple(formula for part in self.parts for formula in part.formulas)

    def picked(self, mask: int) -> list[Part]:
        """Conditions whose bits are set, in their order."""
        if not mask:
            return []
        return [part for place, part in enumerate(self.parts) if mask >> place & 1]

    @cached_property
    def constant_places(self) -> dict[Constant, int]:
        """Place of each constant."""
        return {constant: place for place, constant in enumerate(self.constants)}

    @cached_property
    def run(self) -> Callable[[Values, Values], Masks]:
        """The scalar engine: values and constants to masks of failed, unknown, blocking."""
        lines = ["def run(v, k):"]
        if self.slots:
            lines.append(f"    {' '.join(f'v{i},' for i in range(len(self.slots)))} = v")
        if self.constants:
            lines.append(f"    {' '.join(f'k{i},' for i in range(len(self.constants)))} = k")
        lines.append("    f = u = b = 0")
        for place, part in enumerate(self.parts):
            lines += self._scalar_lines(part, 1 << place)
        lines.append("    return f, u, b")
        space: dict[str, Callable[[Values, Values], Masks]] = {}
        exec(compile("\n".join(lines), "<rule>", "exec"), {"__builtins__": {}}, space)
        return space["run"]

    def _scalar_lines(self, part: Part, bit: int) -> list[str]:
        """Statements that set the bits of one condition."""
        ground = part.condition.role == "ground"
        met = self.sure(part.formula, want=not ground)
        broken = self.sure(part.formula, want=ground)
        if not part.law_known:
            met = broken = "False"
        lines = [f"    if not ({met}):"]
        indent = "        "
        if part.exemptions:
            freed = " or ".join(self.sure(item.formula, want=True) for item in part.exemptions)
            lines.append(f"{indent}if not ({freed}):")
            indent += "    "
        lines.append(f"{indent}if {broken}:")
        if part.exemptions and part.condition.state_shows:
            bound = " and ".join(
                self.sure(item.formula, want=False) for item in part.exemptions
            )
            lines += [
                f"{indent}    if {bound}: f |= {bit}",
                f"{indent}    else:",
                f"{indent}        u |= {bit}; b |= {bit}",
            ]
        else:
            lines.append(f"{indent}    f |= {bit}")
        lines.append(f"{indent}else: u |= {bit}")
        return lines

    def sure(self, formula: Formula, *, want: bool) -> str:
        """Python text that is true when a formula surely has a value.

        Parameters
        ----------
        formula : Formula
            The formula.
        want : bool
            The value.
        """
        if isinstance(formula, Not):
            return self.sure(formula.item, want=not want)
        if isinstance(formula, (And, Or)):
            word = " and " if isinstance(formula, And) == want else " or "
            return f"({word.join(self.sure(item, want=want) for item in formula.items)})"
        if isinstance(formula, Fixed):
            return str(formula.value == want)
        if isinstance(formula, Truth):
            return f"v{self.places[formula.slot]} is {want}"
        place = self.constant_places[formula.constant]
        if isinstance(formula, Member):
            name = f"v{self.places[formula.slot]}"
            word = "in" if want else "not in"
            return f"({name} is not None and {name} {word} k{place})"
        names = [f"v{self.places[slot]}" for _, slot in formula.terms]
        known = " and ".join(f"{name} is not None" for name in names)
        total = " + ".join(
            name if times == 1 else f"{times} * {name}"
            for (times, _), name in zip(formula.terms, names, strict=True)
        )
        op = formula.op if want else OPPOSITE[formula.op]
        return f"({known} and {total} {op} k{place})"


@dataclass(frozen=True)
class Snapshot:
    """A rule on a day.

    Parameters
    ----------
    rule : Rule
        The rule.
    day : date
        The day.
    state : str
        State of the rule.
    version : Version or None
        Its version, where one covers the day.
    program : Program
        What to run.
    constants : tuple
        Values of the program's constants on the day.
    reading : tuple of str
        Ids of the alternative readings taken; empty for the first ones.
    cited : dict of int to tuple of Citation
        Citations of sets of conditions, once asked for.
    """

    rule: Rule
    day: date
    state: State
    version: Version | None
    program: Program
    constants: tuple[object, ...]
    reading: tuple[str, ...] = ()
    cited: dict[int, tuple[Citation, ...]] = field(default_factory=dict, compare=False)


class Programs:
    """Snapshots of a law, made once each.

    Parameters
    ----------
    law : Law
        The law.
    """

    #: Snapshots kept; a snapshot is a few kilobytes.
    KEPT = 20_000

    def __init__(self, law: Law) -> None:
        self.law = law
        self._snapshots: dict[tuple[str, date, tuple[str, ...]], Snapshot] = {}
        self._programs: dict[object, Program] = {}
        self._values: dict[date, dict[str, object]] = {}

    def snapshot(self, rule: Rule, day: date, reading: tuple[str, ...] = ()) -> Snapshot:
        """A rule on a day under a reading.

        Parameters
        ----------
        rule : Rule
            The rule.
        day : date
            The day.
        reading : tuple of str
            Alternative readings to take: ``condition.reading``, or ``version.reading``.

        Raises
        ------
        CodeError
            When the rule has no such reading.
        """
        key = (rule.id, day, reading)
        found = self._snapshots.get(key)
        if found is None:
            if len(self._snapshots) >= self.KEPT:
                self._snapshots.clear()
                self._values.clear()
            found = self._snapshots[key] = self._made(rule, day, reading)
        return found

    def _made(self, rule: Rule, day: date, reading: tuple[str, ...]) -> Snapshot:
        _require_readings(rule, reading)
        version, state = _version(rule, day, reading)
        parts = [self._part(item, day, reading) for item in rule.applied(day).conditions]
        named = version.named if version is not None else ()
        key = (
            tuple((id(part.formula), part.law_known, part.exemptions) for part in parts),
            named,
        )
        program = self._programs.get(key)
        if program is None:
            program = _program(tuple(parts), tuple(entry.formula for entry in named))
            self._programs[key] = program
        values = tuple(self.constant(constant, day) for constant in program.constants)
        return Snapshot(rule, day, state, version, program, values, reading)

    def _part(self, condition: Condition, day: date, reading: tuple[str, ...]) -> Part:
        formula = condition.formula
        for other in condition.readings:
            if f"{condition.id}.{other.id}" in reading and other.formula is not None:
                formula = other.formula
        known = condition.known and all(
            self.constant(item, day) is not None for item in constants(formula)
        )
        exemptions = tuple(
            exemption
            for exemption in condition.exemptions
            if within(day, exemption.start, exemption.end)
            and all(
                self.constant(item, day) is not None for item in constants(exemption.formula)
            )
        )
        return Part(condition, formula, exemptions, known)

    def constant(self, constant: Constant, day: date) -> object:
        """Value of a constant on a day; None when the law is not known."""
        values = self._values.get(day)
        if values is None:
            values = self._values[day] = {
                name: parameter.on(day) for name, parameter in self.law.parameters.items()
            }

        def moved(start: date, count: int, unit: str) -> date:
            """Move by the country's calendar."""
            return move(start, count, unit, self.law.calendar)

        try:
            return constant_value(constant, day, values, moved)
        except RuleError:
            return None


def _require_readings(rule: Rule, reading: tuple[str, ...]) -> None:
    """A reading that the rule does not have must not pass for the first one."""
    if not reading:
        return
    known = [f"version.{item.id}" for version in rule.versions for item in version.readings]
    known += [f"{one.id}.{item.id}" for one in rule.conditions for item in one.readings]
    way_out = f"There are: {', '.join(dict.fromkeys(known)) or 'none'}."
    faults = [
        Fault("no such reading", rule.id, value=name, way_out=way_out)
        for name in reading
        if name not in known
    ]
    if faults:
        raise CodeError(faults)


def _version(rule: Rule, day: date, reading: tuple[str, ...]) -> tuple[Version | None, State]:
    """The version of a day; under another reading its days may be others."""
    for version in rule.versions:
        for other in version.readings:
            if f"version.{other.id}" in reading:
                start = other.start or version.start
                end = other.end if other.end is not None else version.end
                if within(day, start, end):
                    return version, version.state
                if within(day, version.start, version.end):
                    return version, rule.after if end is not None and day > end else "none"
    return rule.version(day), rule.state(day)


def _program(parts: tuple[Part, ...], named: tuple[Formula, ...]) -> Program:
    seen: dict[Slot, None] = {}
    needed: dict[Constant, None] = {}
    masks = {"requirement": 0, "consent": 0, "ground": 0}
    unknown = 0
    for place, part in enumerate(parts):
        masks[part.condition.role] |= 1 << place
        unknown |= (not part.law_known) << place
    for formula in (*(one for part in parts for one in part.formulas), *named):
        seen.update(slots(formula))
        needed.update(dict.fromkeys(constants(formula)))
    return Program(
        parts,
        tuple(seen),
        tuple(needed),
        masks["requirement"],
        masks["consent"],
        masks["ground"],
        unknown,
    )


def truth(formula: Formula, program: Program, values: Values, fixed: Values) -> bool | None:
    """Value of a formula, worked out term by term: the obvious way.

    Parameters
    ----------
    formula : Formula
        The formula.
    program : Program
        Where facts and constants stand.
    values, fixed : Sequence
        Facts (None is unknown) and constants.

    Returns
    -------
    bool or None
        None when unknown.
    """
    if isinstance(formula, Fixed):
        return formula.value
    if isinstance(formula, Not):
        inner = truth(formula.item, program, values, fixed)
        return None if inner is None else not inner
    if isinstance(formula, (And, Or)):
        stop = isinstance(formula, Or)
        found = [truth(item, program, values, fixed) for item in formula.items]
        if stop in found:
            return stop
        return None if None in found else not stop
    if isinstance(formula, Truth):
        value = values[program.places[formula.slot]]
        return value if isinstance(value, bool) else None
    constant = fixed[program.constant_places[formula.constant]]
    if constant is None:
        return None
    if isinstance(formula, Member):
        value = values[program.places[formula.slot]]
        return None if value is None else value in constant  # type: ignore[operator]
    return _compared(formula, constant, program, values)


def _compared(
    formula: Compare, constant: object, program: Program, values: Values
) -> bool | None:
    total = 0
    for times, slot in formula.terms:
        value = values[program.places[slot]]
        if value is None:
            return None
        assert isinstance(value, int)
        total += times * value
    assert isinstance(constant, int)
    return _TESTS[formula.op](total, constant)


def unknown_slots(
    formula: Formula, program: Program, values: Values, fixed: Values
) -> dict[Slot, None]:
    """Facts whose absence leaves a formula unknown, without those that no longer matter."""
    if truth(formula, program, values, fixed) is not None:
        return {}
    if isinstance(formula, Not):
        return unknown_slots(formula.item, program, values, fixed)
    if isinstance(formula, (And, Or)):
        found: dict[Slot, None] = {}
        for item in formula.items:
            found.update(unknown_slots(item, program, values, fixed))
        return found
    return {slot: None for slot in slots(formula) if values[program.places[slot]] is None}
