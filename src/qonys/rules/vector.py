"""The vector engine: one rule on one day for millions of people in memory.

For policy analysts and simulations. Main function: `decide_many`; main types: `Decisions`,
`VectorEngine`. It compiles the formulas of `programs` for Numba: one pass over the columns
gives the decision and the bit masks of failed and unknown conditions. Tables that do not fit in
memory go through `tables`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from qonys.rules.columns import (
    UNKNOWN,
    Column,
    Encoded,
    bounds_of,
    day_codes,
    encoded,
    require_sensible,
    rows_of,
    universes,
    written_codes,
)
from qonys.rules.deciding import DECISIONS, called, decision_of
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
    leaves,
    slots,
)
from qonys.rules.law import Law, Rule
from qonys.rules.programs import Part, Program, Programs, Snapshot


@dataclass(frozen=True)
class Decisions:
    """Decisions on many people.

    Parameters
    ----------
    snapshot : Snapshot
        The rule on the day.
    codes : ndarray, shape (n,), int8
        Places in `qonys.rules.deciding.DECISIONS`.
    failed, unknown : ndarray, shape (n,), unsigned
        Bit masks over `conditions`.
    """

    snapshot: Snapshot
    codes: npt.NDArray[np.int8]
    failed: Column
    unknown: Column

    @property
    def conditions(self) -> tuple[str, ...]:
        """Ids of the conditions, in the order of the bits."""
        return tuple(part.condition.id for part in self.snapshot.program.parts)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the codes for this kind of rule."""
        return tuple(called(self.snapshot.rule.kind, name) for name in DECISIONS)

    @property
    def decisions(self) -> Column:
        """Decisions in words."""
        return np.asarray(self.names)[self.codes]

    def counts(self) -> dict[str, int]:
        """How many people got which decision; decisions that nobody got are left out."""
        numbers = np.bincount(self.codes, minlength=len(DECISIONS))
        return {
            name: int(number)
            for name, number in zip(self.names, numbers, strict=True)
            if number
        }


class VectorEngine:
    """Decides for many people by a law.

    Parameters
    ----------
    law : Law
        The law.

    Examples
    --------
    >>> from datetime import date
    >>> import numpy as np
    >>> from qonys.rules.reading import load_law
    >>> engine = VectorEngine(load_law("KAZ"))
    >>> people = {"investment_usd": np.array([299_999, 500_000]),
    ...           "investment_form": np.array(["charter_capital", "real_estate"])}
    >>> found = engine.decide_many("A6", date(2025, 6, 15), people)
    >>> found.decisions.tolist(), found.failed.tolist()
    (['ineligible', 'ineligible'], [1, 2])
    """

    def __init__(self, law: Law) -> None:
        self.law = law
        self.programs = Programs(law)
        self._kernels: dict[tuple[int, str, str], tuple[Program, Callable[..., bool]]] = {}

    def decide_many(
        self,
        rule: str,
        day: date,
        people: Mapping[str, object],
        reading: tuple[str, ...] = (),
    ) -> Decisions:
        """Decide for every row of a table.

        Parameters
        ----------
        rule : str
            Code of the rule.
        day : date
            The day asked for.
        people : Mapping of str to array
            A column a fact: NumPy arrays (masked where unknown; lists as two dimensions) or
            Arrow arrays, all of one length. A fact without a column is unknown for everybody.
        reading : tuple of str
            Alternative readings to take.

        Returns
        -------
        Decisions
            In the order of the rows.

        Raises
        ------
        DataError
            When a column has the wrong type, or columns differ in length.
        """
        found = self.law.rule(rule)
        snapshot = self.programs.snapshot(found, day, reading)
        return self.run(snapshot, encoded(self.law, snapshot, people), rows_of(people))

    def run(self, snapshot: Snapshot, columns: Encoded, rows: int) -> Decisions:
        """Run on columns that are encoded already.

        Parameters
        ----------
        snapshot : Snapshot
            The rule on the day.
        columns : Encoded
            As `encoded` makes them.
        rows : int
            Their length.

        Raises
        ------
        DataError
            When a number or day cannot be.
        """
        program = snapshot.program
        kind = _mask_type(len(program.parts))
        failed, unknown = np.empty(rows, kind), np.empty(rows, kind)
        codes = np.empty(rows, np.int8)
        if snapshot.state != "in force":
            failed[:] = unknown[:] = 0
            codes[:] = DECISIONS.index(decision_of(snapshot, (0, 0, 0)))
            return Decisions(snapshot, codes, failed, unknown)
        numbers, tables = _constants(snapshot)
        bounds = bounds_of(self.law, snapshot)
        kernel = self._kernel(program, snapshot.rule, columns.states)
        if kernel(*columns.arrays, numbers, *tables, bounds, failed, unknown, codes):
            require_sensible(self.law, snapshot, columns.arrays, bounds)
        return Decisions(snapshot, codes, failed, unknown)

    def _kernel(self, program: Program, rule: Rule, states: str) -> Callable[..., bool]:
        key = (id(program), rule.kind, states)
        found = self._kernels.get(key)
        if found is None:
            import numba

            space: dict[str, Any] = {}
            source = kernel_source(program, rule, states)
            exec(compile(source, "<kernel>", "exec"), {"NA": UNKNOWN, "range": range}, space)
            compiled = numba.njit(nogil=True, error_model="numpy")(space["kernel"])
            found = self._kernels[key] = (program, compiled)
        return found[1]


def _mask_type(count: int) -> type[np.unsignedinteger[Any]]:
    if count <= 8:
        return np.uint8
    if count <= 16:
        return np.uint16
    return np.uint32 if count <= 32 else np.uint64


def _constants(snapshot: Snapshot) -> tuple[Column, list[Column]]:
    """Numbers, and for lists of codes a table of who is in."""
    program = snapshot.program
    numbers = np.zeros(max(1, len(program.constants)), np.int64)
    tables = []
    listed = _listed(program)
    codes = universes(program)
    for place, value in enumerate(snapshot.constants):
        if isinstance(value, int):
            numbers[place] = value
    for slot, constant in listed:
        known = day_codes(codes[slot], snapshot)
        value = snapshot.constants[program.constant_places[constant]]
        members = value if isinstance(value, frozenset) else frozenset()
        table = np.zeros(len(known) + 2, np.uint8)
        for code, number in known.items():
            table[number + 1] = code in members
        tables.append(table)
    return numbers, tables


def _listed(program: Program) -> list[tuple[Slot, Constant]]:
    """Memberships that are looked up in a table: all but comparisons with one written code."""
    found: dict[tuple[Slot, Constant], None] = {}
    for formula in program.formulas:
        for leaf in leaves(formula):
            if isinstance(leaf, Member) and len(written_codes(leaf.constant)) != 1:
                found[leaf.slot, leaf.constant] = None
    return list(found)


#: What a kernel writes to, and the bounds it checks.
OUT = ("bounds", "failed", "unknown", "codes")


def _ranged(program: Program) -> list[int]:
    """Places of the numbers and days, whose values have bounds."""
    return [place for place, slot in enumerate(program.slots) if slot.kind in {"int", "date"}]


def kernel_source(program: Program, rule: Rule, states: str = "") -> str:
    """Python text of the loop that Numba compiles.

    Parameters
    ----------
    program : Program
        The conditions.
    rule : Rule
        The rule, for its kind.
    states : str
        States of the columns, see `Encoded`; empty when each may have gaps.
    """
    states = states or "g" * len(program.slots)
    columns = [f"c{place}" for place in range(len(program.slots))]
    ranged = [place for place in _ranged(program) if states[place] != "a"]
    listed = _listed(program)
    tables = [f"t{place}" for place in range(len(listed))]
    writer = _Writer(
        program, universes(program), {key: i for i, key in enumerate(listed)}, states
    )
    lines = [
        f"def kernel({', '.join([*columns, 'k', *tables, *OUT])}):",
        "    wrong = False",
        *(f"    l{i}, h{i} = bounds[{i}, 0], bounds[{i}, 1]" for i in ranged),
        *(f"    k{place} = k[{place}]" for place in range(len(program.constants))),
        "    for i in range(codes.shape[0]):",
        *(
            f"        v{place} = c{place}[i]"
            for place in range(len(program.slots))
            if states[place] != "a"
        ),
        *(f"        wrong |= {writer.known(i)}((v{i} < l{i}) | (v{i} > h{i}))" for i in ranged),
        "        f = 0",
        "        u = 0",
        "        b = 0",
    ]
    for place, part in enumerate(program.parts):
        lines += [f"        {line}" for line in writer.part(part, 1 << place)]
    lines += [
        "        failed[i] = f",
        "        unknown[i] = u",
        "        d = 0",
        f"        if u & {program.consents}: d = 3",
    ]
    if rule.kind == "grounds":
        lines.append(f"        if u == {program.grounds}: d = 2")
    lines += [
        f"        if (u & {program.requirements}) | b: d = 2",
        f"        if u & {program.unknown_law & ~program.grounds}: d = 5",
        "        if f: d = 1",
        "        codes[i] = d",
        "    return wrong",
    ]
    return "\n".join(lines)


class _Writer:
    """Formulas as Python text on sentinel columns, free of branches."""

    def __init__(
        self,
        program: Program,
        codes: dict[Slot, dict[str, int]],
        tables: dict[tuple[Slot, Constant], int],
        states: str,
    ) -> None:
        self.program, self.codes, self.tables = program, codes, tables
        self.states = states

    def part(self, part: Part, bit: int) -> list[str]:
        """Lines that set the bits of a condition."""
        good = part.condition.role != "ground"
        met, broken = self.sure(part.formula, want=good), self.sure(part.formula, want=not good)
        if not part.law_known:
            met = broken = "False"
        freed = " | ".join(self.sure(item.formula, want=True) for item in part.exemptions)
        lines = [f"m = {met}", f"x = {broken}"]
        if freed:
            lines += [f"e = {freed}", "m = m | e", "x = x & (not e)"]
        if freed and part.condition.state_shows:
            bound = " & ".join(self.sure(item.formula, want=False) for item in part.exemptions)
            lines += [f"o = {bound}", f"b |= {bit} * (x & (not o))", "x = x & o"]
        lines.append(f"f |= {bit} * x")
        used = {self.states[self.program.places[slot]] for slot in slots(part.formula)}
        if used == {"f"} and part.law_known and not freed:
            return lines  # nothing is unknown here
        return [*lines, f"u |= {bit} * (not (m | x))"]

    def known(self, place: int) -> str:
        """Text that goes before a test of a number or day, where it may be unknown."""
        return f"(v{place} != NA) & " if self.states[place] == "g" else ""

    def sure(self, formula: Formula, *, want: bool) -> str:
        """Text that is true when a formula surely has a value."""
        if isinstance(formula, Not):
            return self.sure(formula.item, want=not want)
        if isinstance(formula, (And, Or)):
            sign = " & " if isinstance(formula, And) == want else " | "
            return f"({sign.join(self.sure(item, want=want) for item in formula.items)})"
        if isinstance(formula, Fixed):
            return str(formula.value == want)
        places = [self.program.places[slot] for slot in slots(formula)]
        if "a" in {self.states[place] for place in places}:
            return "False"
        if isinstance(formula, Truth):
            return f"(v{places[0]} == {int(want)})"
        if isinstance(formula, Member):
            return self.member(formula, places[0], want=want)
        return self.compare(formula, want=want)

    def member(self, formula: Member, place: int, *, want: bool) -> str:
        """Membership in a list of codes."""
        name = f"v{place}"
        known = f"({name} >= 0) & " if self.states[place] == "g" else ""
        written = written_codes(formula.constant)
        if len(written) == 1:
            number = self.codes[formula.slot][written[0]]
            return f"({name} == {number})" if want else f"({known}({name} != {number}))"
        table = f"t{self.tables[formula.slot, formula.constant]}"
        inside = f"({table}[{name} + 1] == {int(want)})"
        return inside if want else f"({known}{inside})"

    def compare(self, formula: Compare, *, want: bool) -> str:
        """A comparison of numbers or days."""
        program = self.program
        places = [program.places[slot] for _, slot in formula.terms]
        total = " + ".join(
            f"v{place}" if times == 1 else f"{times} * v{place}"
            for (times, _), place in zip(formula.terms, places, strict=True)
        )
        op = formula.op if want else OPPOSITE[formula.op]
        known = "".join(self.known(place) for place in places)
        return f"({known}(({total}) {op} k{program.constant_places[formula.constant]}))"
