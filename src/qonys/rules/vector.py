"""The vector engine: one rule on one day for millions of people in memory.

For policy analysts and simulations. Main function: `decide_many`; main types: `Decisions`,
`VectorEngine`. It compiles the formulas of `programs` for Numba: one pass over the columns
gives the decision and the bit masks of failed and unknown conditions. Tables that do not fit in
memory go through `tables`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from qonys.core.errors import DataError, Fault
from qonys.rules.deciding import DECISIONS, called
from qonys.rules.expressions import (
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
)
from qonys.rules.facts import checked
from qonys.rules.law import FactType, Law, Rule
from qonys.rules.numbers import VERDICTS
from qonys.rules.programs import Part, Program, Programs, Snapshot

#: An unknown int or day; unknown bools and codes are -1.
UNKNOWN = np.iinfo(np.int64).min
#: Ordinal number of 1 January 1970, the origin of NumPy's days.
EPOCH = date(1970, 1, 1).toordinal()
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
Column = npt.NDArray[Any]


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
        self._kernels: dict[int, tuple[Program, Callable[..., None]]] = {}

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
        return self.run(snapshot, encoded(self.law, snapshot, people), _rows(people))

    def run(self, snapshot: Snapshot, columns: Sequence[Column], rows: int) -> Decisions:
        """Run on columns that are encoded already.

        Parameters
        ----------
        snapshot : Snapshot
            The rule on the day.
        columns : Sequence of ndarray
            As `encoded` makes them.
        rows : int
            Their length.
        """
        program = snapshot.program
        kind = _mask_type(len(program.parts))
        failed, unknown = np.zeros(rows, kind), np.zeros(rows, kind)
        codes = np.zeros(rows, np.int8)
        if snapshot.state != "in force":
            codes[:] = 5 if snapshot.state == "unknown" else 4
            return Decisions(snapshot, codes, failed, unknown)
        numbers, tables = _constants(snapshot)
        kernel = self._kernel(program, snapshot.rule)
        kernel(*columns, numbers, *tables, failed, unknown, codes)
        return Decisions(snapshot, codes, failed, unknown)

    def _kernel(self, program: Program, rule: Rule) -> Callable[..., None]:
        found = self._kernels.get(id(program))
        if found is None:
            import numba

            space: dict[str, Any] = {}
            source = kernel_source(program, rule)
            exec(compile(source, "<kernel>", "exec"), {"NA": UNKNOWN, "range": range}, space)
            compiled = numba.njit(nogil=True, error_model="numpy")(space["kernel"])
            found = self._kernels[id(program)] = (program, compiled)
        return found[1]


# --- columns --------------------------------------------------------------------------------


def encoded(law: Law, snapshot: Snapshot, people: Mapping[str, object]) -> list[Column]:
    """Columns as the kernel reads them.

    Parameters
    ----------
    law : Law
        The law.
    snapshot : Snapshot
        The rule on the day.
    people : Mapping of str to array
        A column a fact.

    Returns
    -------
    list of ndarray
        A column a slot: int8 for bools (1, 0, -1 unknown), int16 for codes (-1 unknown), int64
        for numbers and ordinals of days (`UNKNOWN` unknown).

    Raises
    ------
    DataError
        With the faults of all columns.
    """
    rows = _rows(people)
    columns: list[Column] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    codes = universes(snapshot.program)
    for slot in snapshot.program.slots:
        kind = law.fact(slot.name, snapshot.rule)
        assert kind is not None
        try:
            columns.append(_column(slot, kind, people.get(slot.name), codes, snapshot, rows))
        except DataError as error:
            if slot.name not in seen:
                faults += error.faults
            seen.add(slot.name)
    if faults:
        raise DataError(faults)
    return columns


def _rows(people: Mapping[str, object]) -> int:
    lengths = {name: len(column) for name, column in people.items()}  # type: ignore[arg-type]
    if len(set(lengths.values())) > 1:
        name = min(lengths, key=lambda key: lengths[key])
        text = f"columns differ in length: {sorted(set(lengths.values()))}"
        raise DataError(Fault(text, "people", column=name))
    return next(iter(lengths.values()), 0)


def universes(program: Program) -> dict[Slot, dict[str, int]]:
    """Numbers of the codes that a program tells apart, by slot; all others share the next one.

    Parameters
    ----------
    program : Program
        The program.
    """
    found: dict[Slot, dict[str, int]] = {}
    for formula in _formulas(program):
        for leaf in leaves(formula):
            if isinstance(leaf, Member):
                found.setdefault(leaf.slot, {})
                for code in _written(leaf.constant):
                    found[leaf.slot].setdefault(code, len(found[leaf.slot]))
    return found


def _formulas(program: Program) -> list[Formula]:
    return [
        formula
        for part in program.parts
        for formula in (part.formula, *(item.formula for item in part.exemptions))
    ]


def _written(constant: Constant) -> list[str]:
    items = constant.items[0] if constant.operator == "value" else ()
    return sorted(items) if isinstance(items, frozenset) else []


def _column(
    slot: Slot,
    kind: FactType,
    given: object,
    codes: dict[Slot, dict[str, int]],
    snapshot: Snapshot,
    rows: int,
) -> Column:
    if given is None:
        plain = slot.kind in {"int", "date"}
        return (
            np.full(rows, UNKNOWN, np.int64)
            if plain
            else np.full(rows, -1, np.int8 if slot.kind == "bool" else np.int16)
        )
    if slot.index:
        return _elements(slot, kind, given, snapshot.day)
    known = _all_codes(codes.get(slot, {}), snapshot)
    if slot.kind == "code":
        return _coded(kind, given, known, snapshot.day)
    values, missing = _values(given)
    if slot.kind == "bool":
        return _bools(kind, values, missing)
    if slot.kind == "number":
        return _numbers(kind, values, missing, known, snapshot)
    return _whole(kind, values, missing, snapshot.day)


def _all_codes(written: dict[str, int], snapshot: Snapshot) -> dict[str, int]:
    """Codes written in the formulas, then those of the day's lists."""
    known = dict(written)
    for constant, value in zip(snapshot.program.constants, snapshot.constants, strict=True):
        if constant.operator == "parameter" and isinstance(value, frozenset):
            for code in sorted(value):
                known.setdefault(code, len(known))
    return known


def _values(given: Any) -> tuple[Column, Column | None]:
    """A column as a NumPy array, and where it is unknown."""
    if isinstance(given, np.ma.MaskedArray):
        return np.asarray(given.data), np.ma.getmaskarray(given)
    if isinstance(given, np.ndarray):
        return given, None
    import pyarrow as pa

    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    if not isinstance(given, pa.Array):
        given = pa.array(given)
    if pa.types.is_null(given.type):
        return np.zeros(len(given), np.int64), np.ones(len(given), bool)
    if pa.types.is_temporal(given.type):
        given = given.cast(pa.date32())
    missing = given.is_null().to_numpy(zero_copy_only=False) if given.null_count else None
    if pa.types.is_dictionary(given.type):
        given = given.dictionary_decode()
    if missing is not None:
        given = given.fill_null(_anything(given.type))
    return given.to_numpy(zero_copy_only=False), missing


def _anything(kind: Any) -> Any:
    """Some value of an Arrow type, to stand where a value is unknown."""
    import pyarrow as pa

    fill: object = 0
    if pa.types.is_boolean(kind):
        fill = False
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        fill = ""
    elif pa.types.is_date(kind):
        fill = date(1970, 1, 1)
    return pa.scalar(fill, kind)


def _bools(kind: FactType, values: Column, missing: Column | None) -> Column:
    if values.dtype != np.bool_ and not (missing is not None and missing.all()):
        raise _wrong(kind, values, "a column of true and false")
    column = values.view(np.int8) if values.dtype == np.bool_ else values.astype(np.int8)
    if missing is not None:
        column = np.where(missing, np.int8(-1), column)
    return column


def _whole(kind: FactType, values: Column, missing: Column | None, day: date) -> Column:
    if values.dtype.kind == "M":
        days = values.astype("datetime64[D]")
        absent = np.isnat(days)
        column = days.astype(np.int64) + EPOCH
        missing = absent if missing is None else missing | absent
    elif values.dtype.kind not in "iu" or kind.kind == "date":
        if not (missing is not None and missing.all()):
            wanted = "a column of days" if kind.kind == "date" else "a column of whole numbers"
            raise _wrong(kind, values, wanted)
        column = np.zeros(len(values), np.int64)
    else:
        column = values.astype(np.int64, copy=False)
    low, high = kind.low, kind.high
    if kind.kind == "date":
        low, high = date(1850, 1, 1).toordinal(), day.toordinal()
    _require_between(kind, column, missing, low, high)
    if missing is not None:
        column = np.where(missing, UNKNOWN, column)
    return column


def _require_between(
    kind: FactType, column: Column, missing: Column | None, low: int, high: int
) -> None:
    """Refuse values that cannot be, as the scalar engine does."""
    known = column if missing is None else column[~missing]
    if not known.size or (known.min() >= low and known.max() <= high):
        return
    wrong = (column < low) | (column > high)
    if missing is not None:
        wrong &= ~missing
    row = int(np.argmax(wrong))
    text = f"outside what can be, {int(wrong.sum()):,} times"
    shown, ends = str(column[row]), (f"{low:,}", f"{high:,}")
    if kind.kind == "date":
        shown = date.fromordinal(int(column[row])).isoformat()
        ends = (date.fromordinal(low).isoformat(), date.fromordinal(high).isoformat())
    way_out = f"It must lie between {ends[0]} and {ends[1]} {kind.unit}".rstrip() + "."
    raise DataError(Fault(text, "people", row + 1, kind.name, shown, way_out))


def _elements(slot: Slot, kind: FactType, given: Any, day: date) -> Column:
    """One element of a list column."""
    import pyarrow as pa

    if isinstance(given, np.ndarray):
        if given.ndim != 2:
            raise _wrong(kind, given, "a column of lists, or an array of two dimensions")
        place = slot.index - 1 + max(0, given.shape[1] - slot.of)
        if place >= given.shape[1]:
            return np.full(len(given), UNKNOWN, np.int64)
        missing = np.ma.getmaskarray(given)[:, place] if np.ma.isMA(given) else None
        return _whole(kind, np.ascontiguousarray(np.asarray(given)[:, place]), missing, day)
    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    if not isinstance(given, pa.Array):
        given = pa.array(given)
    if not (pa.types.is_list(given.type) or pa.types.is_large_list(given.type)):
        raise _wrong(kind, np.empty(0), f"a column of lists, not {given.type}")
    offsets = given.offsets.to_numpy()
    lengths = np.diff(offsets)
    place = slot.index - 1 + np.maximum(0, lengths - slot.of)
    absent = (place >= lengths) | given.is_null().to_numpy(zero_copy_only=False)
    at = np.where(absent, 0, offsets[:-1] + place)
    values, missing = _values(given.values)
    if not len(values):
        return np.full(len(given), UNKNOWN, np.int64)
    gone = absent if missing is None else absent | missing[at]
    return _whole(kind, values[at], gone, day)


def _coded(kind: FactType, given: Any, known: dict[str, int], day: date) -> Column:
    """Codes as numbers; a code that no condition names is 'other'."""
    import pyarrow as pa

    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    if not isinstance(given, pa.Array):
        missing = np.ma.getmaskarray(given) if np.ma.isMA(given) else None
        values = np.asarray(given)
        if values.dtype.kind not in "UOT":
            raise _wrong(kind, values, "a column of codes")
        given = pa.array(values.astype(object), pa.string(), mask=missing)
    if pa.types.is_null(given.type):
        return np.full(len(given), -1, np.int16)
    if not pa.types.is_dictionary(given.type):
        given = given.dictionary_encode()
    table = np.full(len(given.dictionary) + 1, -1, np.int16)
    faults: list[Fault] = []
    for place, code in enumerate(given.dictionary.to_pylist()):
        found = checked(kind, code, day)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            table[place] = known.get(str(found), len(known))
    if faults:
        raise DataError(faults)
    places = given.indices
    if places.null_count:
        places = places.fill_null(len(given.dictionary))
    return np.asarray(table.take(places.to_numpy(zero_copy_only=False)))


def _numbers(
    kind: FactType,
    values: Column,
    missing: Column | None,
    known: dict[str, int],
    snapshot: Snapshot,
) -> Column:
    scheme = snapshot.rule.scheme
    if scheme is None or values.dtype.kind not in "UOT":
        raise _wrong(kind, values, "a column of texts")
    verdicts = scheme.verdicts(scheme.digit_rows(values.astype(str)))
    table = np.asarray([known.get(name, len(known)) for name in VERDICTS], np.int16)
    column = table[verdicts]
    return column if missing is None else np.where(missing, np.int16(-1), column)


def _wrong(kind: FactType, values: Column, wanted: str) -> DataError:
    return DataError(
        Fault(
            f"expected {wanted}",
            "people",
            column=kind.name,
            value=str(values.dtype),
            way_out="Mask what is unknown; do not fill it.",
        )
    )


# --- the kernel -----------------------------------------------------------------------------


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
        known = _all_codes(codes[slot], snapshot)
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
    for formula in _formulas(program):
        for leaf in leaves(formula):
            if isinstance(leaf, Member) and len(_written(leaf.constant)) != 1:
                found[leaf.slot, leaf.constant] = None
    return list(found)


def kernel_source(program: Program, rule: Rule) -> str:
    """Python text of the loop that Numba compiles.

    Parameters
    ----------
    program : Program
        The conditions.
    rule : Rule
        The rule, for its kind.
    """
    columns = [f"c{place}" for place in range(len(program.slots))]
    listed = _listed(program)
    tables = [f"t{place}" for place in range(len(listed))]
    writer = _Writer(program, universes(program), {key: i for i, key in enumerate(listed)})
    lines = [
        f"def kernel({', '.join([*columns, 'k', *tables, 'failed', 'unknown', 'codes'])}):",
        *(f"    k{place} = k[{place}]" for place in range(len(program.constants))),
        "    for i in range(codes.shape[0]):",
        *(f"        v{place} = c{place}[i]" for place in range(len(program.slots))),
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
    ]
    return "\n".join(lines)


class _Writer:
    """Formulas as Python text on sentinel columns, free of branches."""

    def __init__(
        self,
        program: Program,
        codes: dict[Slot, dict[str, int]],
        tables: dict[tuple[Slot, Constant], int],
    ) -> None:
        self.program, self.codes, self.tables = program, codes, tables

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
        return [*lines, f"f |= {bit} * x", f"u |= {bit} * (not (m | x))"]

    def sure(self, formula: Formula, *, want: bool) -> str:
        """Text that is true when a formula surely has a value."""
        if isinstance(formula, Not):
            return self.sure(formula.item, want=not want)
        if isinstance(formula, (And, Or)):
            sign = " & " if isinstance(formula, And) == want else " | "
            return f"({sign.join(self.sure(item, want=want) for item in formula.items)})"
        if isinstance(formula, Fixed):
            return str(formula.value == want)
        if isinstance(formula, Truth):
            return f"(v{self.program.places[formula.slot]} == {int(want)})"
        if isinstance(formula, Member):
            return self.member(formula, want=want)
        return self.compare(formula, want=want)

    def member(self, formula: Member, *, want: bool) -> str:
        """Membership in a list of codes."""
        name = f"v{self.program.places[formula.slot]}"
        written = _written(formula.constant)
        if len(written) == 1:
            number = self.codes[formula.slot][written[0]]
            return (
                f"({name} == {number})" if want else f"(({name} >= 0) & ({name} != {number}))"
            )
        table = f"t{self.tables[formula.slot, formula.constant]}"
        inside = f"({table}[{name} + 1] == {int(want)})"
        return inside if want else f"(({name} >= 0) & {inside})"

    def compare(self, formula: Compare, *, want: bool) -> str:
        """A comparison of numbers or days."""
        program = self.program
        names = [f"v{program.places[slot]}" for _, slot in formula.terms]
        known = " & ".join(f"({name} != NA)" for name in names)
        total = " + ".join(
            name if times == 1 else f"{times} * {name}"
            for (times, _), name in zip(formula.terms, names, strict=True)
        )
        op = formula.op if want else _OPPOSITE[formula.op]
        return f"({known} & (({total}) {op} k{program.constant_places[formula.constant]}))"
