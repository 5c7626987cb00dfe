"""Columns of facts as the vector engine reads them: checked, encoded, unknown marked.

For `vector`. Main functions: `encoded`, `bounds_of`, `require_sensible`. Unknown is a value of
its own in each type; it is never 0, false or an empty text.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qonys.core.errors import DataError, Fault
from qonys.rules.expressions import Constant, Member, Slot, leaves
from qonys.rules.facts import EARLIEST, checked
from qonys.rules.law import FactType, Law
from qonys.rules.numbers import VERDICTS
from qonys.rules.programs import Program, Snapshot

#: An unknown int or day; unknown bools and codes are -1.
UNKNOWN = np.iinfo(np.int64).min
#: Ordinal number of 1 January 1970, the origin of NumPy's days.
EPOCH = date(1970, 1, 1).toordinal()
Column = npt.NDArray[Any]


class Encoded(NamedTuple):
    """Columns as a kernel reads them.

    Parameters
    ----------
    arrays : list of ndarray
        A column a slot: int8 for bools (1, 0, -1 unknown), int8 or int16 for codes (-1
        unknown), int64 for numbers and ordinals of days (`UNKNOWN` unknown).
    states : str
        A letter a slot: ``f`` nothing is unknown, ``g`` it has gaps, ``a`` all is unknown.
    """

    arrays: list[Column]
    states: str


def encoded(law: Law, snapshot: Snapshot, people: Mapping[str, object]) -> Encoded:
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
    Encoded
        In the order of the program's slots.

    Raises
    ------
    DataError
        With the faults of all columns.
    """
    import pyarrow as pa

    columns: list[Column] = []
    states = ""
    faults: list[Fault] = []
    seen: set[str] = set()
    codes = universes(snapshot.program)
    for slot in snapshot.program.slots:
        kind = law.fact(slot.name, snapshot.rule)
        assert kind is not None
        try:
            column, state = _column(slot, kind, people.get(slot.name), codes, snapshot)
            columns.append(column)
            states += state
        except DataError as error:
            if slot.name not in seen:
                faults += error.faults
            seen.add(slot.name)
        except pa.ArrowException as error:
            why = str(error).partition("\n")[0]
            faults.append(Fault("cannot be read", "people", column=slot.name, value=why[:80]))
    if faults:
        raise DataError(faults)
    return Encoded(columns, states)


def rows_of(people: Mapping[str, object]) -> int:
    """Number of rows of a table.

    Parameters
    ----------
    people : Mapping of str to array
        Its columns.

    Raises
    ------
    DataError
        When they differ in length.
    """
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
    for formula in program.formulas:
        for leaf in leaves(formula):
            if isinstance(leaf, Member):
                found.setdefault(leaf.slot, {})
                for code in written_codes(leaf.constant):
                    found[leaf.slot].setdefault(code, len(found[leaf.slot]))
    return found


def written_codes(constant: Constant) -> list[str]:
    """Codes that are written in a condition itself.

    Parameters
    ----------
    constant : Constant
        A list of codes, or a parameter, which has none.
    """
    items = constant.items[0] if constant.operator == "value" else ()
    return sorted(items) if isinstance(items, frozenset) else []


def _column(
    slot: Slot,
    kind: FactType,
    given: object,
    codes: dict[Slot, dict[str, int]],
    snapshot: Snapshot,
) -> tuple[Column, str]:
    """A column and its state; one that is not there takes no memory."""
    if given is None:
        plain = slot.kind in {"int", "date"}
        return np.empty(0, np.int64 if plain else np.int8), "a"
    if slot.index:
        return _elements(slot, kind, given), "g"
    known = day_codes(codes.get(slot, {}), snapshot)
    if slot.kind == "code":
        return _coded(kind, given, known, snapshot.day)
    values, missing = _values(given)
    state = "f" if missing is None and values.dtype.kind in "biu" else "g"
    if slot.kind == "bool":
        return _bools(kind, values, missing), state
    if slot.kind == "number":
        return _numbers(kind, values, missing, known, snapshot), "g"
    return _whole(kind, values, missing), state


def day_codes(written: dict[str, int], snapshot: Snapshot) -> dict[str, int]:
    """Numbers of the codes written in the formulas, then of those in the day's lists.

    Parameters
    ----------
    written : dict of str to int
        Numbers of the written ones.
    snapshot : Snapshot
        The rule on the day.
    """
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


def _whole(kind: FactType, values: Column, missing: Column | None) -> Column:
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
        if values.dtype == np.uint64:  # what would wrap round stays out of bounds
            values = np.minimum(values, np.uint64(2**62))
        column = values.astype(np.int64, copy=False)
    if missing is not None:
        column = np.where(missing, UNKNOWN, column)
    return column


def bounds_of(law: Law, snapshot: Snapshot) -> Column:
    """Least and greatest value that each fact can have.

    Parameters
    ----------
    law : Law
        The law.
    snapshot : Snapshot
        The rule on the day.

    Returns
    -------
    ndarray, shape (slots, 2), int64
        In the order of the program's slots; days as ordinals.
    """
    bounds = np.zeros((max(1, len(snapshot.program.slots)), 2), np.int64)
    for place, slot in enumerate(snapshot.program.slots):
        kind = law.fact(slot.name, snapshot.rule)
        assert kind is not None
        bounds[place] = kind.low, kind.high
        if slot.kind == "date":
            bounds[place] = EARLIEST.toordinal(), snapshot.day.toordinal()
    return bounds


def require_sensible(
    law: Law, snapshot: Snapshot, columns: Sequence[Column], bounds: Column
) -> None:
    """Refuse values that cannot be, as the scalar engine does.

    Parameters
    ----------
    law : Law
        The law.
    snapshot : Snapshot
        The rule on the day.
    columns : Sequence of ndarray
        Encoded columns.
    bounds : ndarray
        As `bounds_of` gives them.

    Raises
    ------
    DataError
        With a fault for each column that holds such values.
    """
    faults: dict[str, Fault] = {}
    for slot, column, (low, high) in zip(
        snapshot.program.slots, columns, bounds.tolist(), strict=True
    ):
        if slot.kind not in {"int", "date"} or not len(column):
            continue
        wrong = (column != UNKNOWN) & ((column < low) | (column > high))
        if wrong.any():
            kind = law.fact(slot.name, snapshot.rule)
            assert kind is not None
            faults.setdefault(slot.name, _outside(kind, column, wrong, (low, high)))
    raise DataError(faults.values())


def _outside(kind: FactType, column: Column, wrong: Column, ends: tuple[int, int]) -> Fault:
    row = int(np.argmax(wrong))
    shown, between = str(column[row]), " and ".join(f"{end:,}" for end in ends)
    if kind.kind == "date":
        shown = date.fromordinal(int(np.clip(column[row], 1, 3_652_059))).isoformat()
        between = " and ".join(date.fromordinal(end).isoformat() for end in ends)
    text = f"outside what can be, {int(wrong.sum()):,} times"
    way_out = f"It must lie between {between} {kind.unit}".rstrip() + "."
    return Fault(text, "people", row + 1, kind.name, shown, way_out)


def _elements(slot: Slot, kind: FactType, given: Any) -> Column:
    """One element of a list column."""
    import pyarrow as pa

    if isinstance(given, np.ndarray):
        if given.ndim != 2:
            raise _wrong(kind, given, "a column of lists, or an array of two dimensions")
        place = slot.index - 1 + max(0, given.shape[1] - slot.of)
        if place >= given.shape[1]:
            return np.full(len(given), UNKNOWN, np.int64)
        missing = np.ma.getmaskarray(given)[:, place] if np.ma.isMA(given) else None
        return _whole(kind, np.ascontiguousarray(np.asarray(given)[:, place]), missing)
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
    return _whole(kind, values[at], gone)


def _texts(kind: FactType, given: Any) -> Any:
    """A column of codes as an Arrow array."""
    import pyarrow as pa

    if isinstance(given, pa.ChunkedArray):
        return given.combine_chunks()
    if isinstance(given, pa.Array):
        return given
    missing = np.ma.getmaskarray(given) if np.ma.isMA(given) else None
    values = np.asarray(given)
    if values.dtype.kind not in "UOT":
        raise _wrong(kind, values, "a column of codes")
    few = _few_texts(values, missing) if values.dtype.kind == "U" else None
    return pa.array(values.astype(object), pa.string(), mask=missing) if few is None else few


def _coded(kind: FactType, given: Any, known: dict[str, int], day: date) -> tuple[Column, str]:
    """Codes as numbers; a code that no condition names is 'other'."""
    import pyarrow as pa

    given = _texts(kind, given)
    if pa.types.is_null(given.type):
        return np.empty(0, np.int8), "a"
    if not pa.types.is_dictionary(given.type):
        given = given.dictionary_encode()
    table = np.full(len(given.dictionary) + 1, -1, np.int16)
    faults: list[Fault] = []
    for place, code in enumerate(given.dictionary.to_pylist()):
        found = None if code is None else checked(kind, code, day)
        if found is None:
            continue
        if isinstance(found, Fault):
            faults.append(found)
        else:
            table[place] = known.get(str(found), len(known))
    if faults:
        raise DataError(faults)
    places = given.indices
    if places.null_count:
        places = places.fill_null(len(given.dictionary))
    state = "g" if given.null_count or given.dictionary.null_count else "f"
    return _gathered(table, places.to_numpy(zero_copy_only=False)), state


#: A column of codes has few different ones; with more, Arrow finds them.
FEW = 64


@lru_cache(maxsize=1)
def _tell_apart() -> Callable[[Column, Column, Column], int]:
    import numba

    def tell_apart(points: Column, found: Column, places: Column) -> int:
        count = 0
        for row in range(points.shape[0]):
            place = 0
            while place < count:
                same = True
                for letter in range(points.shape[1]):
                    if points[row, letter] != found[place, letter]:
                        same = False
                        break
                if same:
                    break
                place += 1
            if place == count:
                if count == found.shape[0]:
                    return -1
                found[count] = points[row]
                count += 1
            places[row] = place
        return count

    compiled: Callable[[Column, Column, Column], int] = numba.njit(nogil=True)(tell_apart)
    return compiled


def _few_texts(values: Column, missing: Column | None) -> Any:
    """NumPy texts as an Arrow dictionary; None when there are many different ones."""
    import pyarrow as pa

    width = values.dtype.itemsize // 4
    if not width or not len(values):
        return None
    points = np.ascontiguousarray(values).view(np.uint32).reshape(len(values), width)
    found, places = np.zeros((FEW, width), np.uint32), np.empty(len(values), np.int8)
    count = _tell_apart()(points, found, places)
    if count < 0:
        return None
    texts = found[:count].view(f"<U{width}").ravel().tolist()
    return pa.DictionaryArray.from_arrays(pa.array(places, mask=missing), pa.array(texts))


@lru_cache(maxsize=1)
def _gather() -> Callable[[Column, Column, Column], None]:
    import numba

    def gather(table: Column, places: Column, out: Column) -> None:
        for row in range(out.shape[0]):
            out[row] = table[places[row]]

    compiled: Callable[[Column, Column, Column], None] = numba.njit(nogil=True)(gather)
    return compiled


def _gathered(table: Column, places: Column) -> Column:
    """``table[places]`` in the smallest type that holds it."""
    kind = np.int8 if int(table.max(initial=0)) < 120 else np.int16
    out = np.empty(len(places), kind)
    _gather()(table.astype(kind), places, out)
    return out


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
    if values.dtype.kind == "O":
        absent = np.asarray([value is None for value in values], bool)
        missing = absent if missing is None else missing | absent
    verdicts = scheme.verdicts(scheme.digit_rows(values))
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
