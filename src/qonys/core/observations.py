"""The table of published figures and its row and cell.

For every room that reads or writes figures. Main types: `Observations`, `Observation`, `Cell`.
The columns are defined in docs/data-model.md, section 1. Not a data frame: take `table` and use
Arrow, DuckDB or pandas on it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from qonys.core.codes import DIMENSIONS, TOTAL
from qonys.core.errors import AlignmentError, DataError, Fault
from qonys.core.intervals import Interval
from qonys.core.periods import Period, parse_period

CELL_COLUMNS = ("measure", "ref_area", "counterpart_area", "time_period", *DIMENSIONS)
KEY = (*CELL_COLUMNS, "source", "vintage")
_CODE = pa.string()
RAW_SCHEMA = pa.schema(
    [
        *((name, _CODE) for name in CELL_COLUMNS),
        ("obs_value", pa.float64()),
        ("unit", _CODE),
        ("obs_status", _CODE),
        ("precision", pa.float64()),
        ("qualifier", _CODE),
        ("source", _CODE),
        ("vintage", _CODE),
        ("note", pa.string()),
        ("file", _CODE),
        ("row", pa.int64()),
    ]
)
SCHEMA = pa.schema(
    [
        ("measure", _CODE),
        ("freq", _CODE),
        *((name, _CODE) for name in CELL_COLUMNS[1:]),
        ("obs_value", pa.float64()),
        ("unit", _CODE),
        ("obs_status", _CODE),
        ("precision", pa.float64()),
        ("qualifier", _CODE),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("source", _CODE),
        ("vintage", _CODE),
        ("released_from", pa.date32()),
        ("released_to", pa.date32()),
        ("note", pa.string()),
        ("file", _CODE),
        ("row", pa.int64()),
    ]
)
_SAME = (*SCHEMA.names[-9:], "unit", "obs_status", "precision", "qualifier")
STATUSES = {
    "A": "normal",
    "P": "provisional",
    "B": "break in level",
    "E": "estimated",
    "F": "forecast",
    "U": "unreliable",
}


@dataclass(frozen=True)
class Cell:
    """What a figure is about, without who printed it and when.

    Parameters
    ----------
    measure, ref_area, counterpart_area : str
        Codes.
    time_period : str
        Canonical period.
    dims : Mapping of str to str
        Breakdowns that are not the total.
    """

    measure: str
    ref_area: str
    counterpart_area: str
    time_period: str
    dims: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = {dim: self.dims[dim] for dim in DIMENSIONS if self.dims.get(dim, TOTAL) != TOTAL}
        unknown = set(self.dims) - set(DIMENSIONS)
        if unknown:
            raise DataError(
                Fault(
                    f"no such dimension: {', '.join(sorted(unknown))}",
                    way_out=f"Dimensions: {', '.join(DIMENSIONS)}.",
                )
            )
        object.__setattr__(self, "dims", kept)

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        text = ":".join((self.measure, self.ref_area, self.counterpart_area, self.time_period))
        if self.dims:
            text += ":" + ",".join(f"{dim}={code}" for dim, code in self.dims.items())
        return text

    def at(self, **changes: Any) -> "Cell":
        """The same cell with some parts changed, e.g. another `time_period`."""
        parts = {
            "measure": self.measure,
            "ref_area": self.ref_area,
            "counterpart_area": self.counterpart_area,
            "time_period": self.time_period,
            "dims": self.dims,
        }
        return Cell(**{**parts, **changes})

    @property
    def period(self) -> Period:
        """The parsed period."""
        return parse_period(self.time_period)


def parse_cell(text: str) -> Cell:
    """Read a cell from ``measure:ref_area:counterpart_area:time_period[:dim=code,...]``.

    Parameters
    ----------
    text : str
        The cell; the period may be in any of its spellings.

    Raises
    ------
    DataError
        When parts are missing or a dimension is unknown.

    Examples
    --------
    >>> str(parse_cell("emigrants:KAZ:WORLD:2024-01/2024-03"))
    'emigrants:KAZ:WORLD:2024-Q1'
    """
    parts = text.split(":")
    if len(parts) not in {4, 5} or not all(parts[:4]):
        raise DataError(
            Fault(
                "not a cell",
                value=text,
                way_out="Write measure:area:counterpart:period[:dim=code,...], "
                "e.g. emigrants:KAZ:WORLD:2024.",
            )
        )
    dims: dict[str, str] = {}
    for pair in filter(None, parts[4].split(",") if len(parts) == 5 else []):
        dim, equals, code = pair.partition("=")
        if not equals or dim in dims:
            raise DataError(Fault("a dimension is written dim=code, once", value=pair))
        dims[dim.strip()] = code.strip()
    return Cell(parts[0], parts[1], parts[2], parse_period(parts[3]).text, dims)


@dataclass(frozen=True)
class Observation:
    """One published figure.

    Parameters
    ----------
    cell : Cell
        What it is about.
    value, low, high : float, in `unit`
        As printed, and the interval it can stand for.
    unit, obs_status, qualifier : str
        Codes.
    precision : float
        Size of the last printed place.
    source, vintage : str
        Who printed it, and in which release.
    released_from, released_to : date or None
        Bounds of the day it became public.
    note, file : str
        Remark; file it was read from.
    row : int
        Line of that file.
    certainty : str
        ``known``, ``perhaps`` or ``undated`` as of the day it was read.
    """

    cell: Cell
    value: float
    low: float
    high: float
    unit: str
    obs_status: str
    qualifier: str
    precision: float
    source: str
    vintage: str
    released_from: date | None
    released_to: date | None
    note: str
    file: str
    row: int
    certainty: str = "known"

    @property
    def id(self) -> str:
        """Stable id: a hash of the key."""
        key = f"{self.cell}|{self.source}|{self.vintage}"
        return "obs-" + hashlib.sha256(key.encode()).hexdigest()[:12]

    @property
    def interval(self) -> Interval:
        """What the printed figure can stand for."""
        return Interval(self.low, self.high)


class Observations:
    """A frozen table of published figures.

    Parameters
    ----------
    table : pa.Table
        With the columns of `SCHEMA`; further columns (`certainty`) are kept at the end.

    Raises
    ------
    AlignmentError
        When a column is missing or has another type.
    """

    __slots__ = ("table",)
    table: pa.Table

    def __init__(self, table: pa.Table) -> None:
        missing = [name for name in SCHEMA.names if name not in table.column_names]
        if missing:
            raise AlignmentError(f"observations lack the columns {', '.join(missing)}")
        extra = [name for name in table.column_names if name not in SCHEMA.names]
        ordered = table.select([*SCHEMA.names, *extra])
        fields = [*SCHEMA, *(ordered.schema.field(name) for name in extra)]
        try:
            ordered = ordered.cast(pa.schema(fields))
        except pa.ArrowInvalid as error:
            raise AlignmentError(f"observations: {error}") from None
        object.__setattr__(self, "table", ordered)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Observations are frozen")

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        return f"Observations({len(self)} rows)"

    def __iter__(self) -> Iterator[Observation]:
        for row in self.table.to_pylist():
            yield _observation(row)

    def where(self, **codes: str) -> Self:
        """Rows with these codes in these columns.

        Parameters
        ----------
        **codes : str
            Column and the code it must have.
        """
        mask = None
        for name, code in codes.items():
            part = pc.equal(self.table[name], code)
            mask = part if mask is None else pc.and_(mask, part)
        return self if mask is None else type(self)(self.table.filter(mask))


def _observation(row: Mapping[str, Any]) -> Observation:
    dims = {dim: row[dim] for dim in DIMENSIONS if row[dim] != TOTAL}
    cell = Cell(
        row["measure"], row["ref_area"], row["counterpart_area"], row["time_period"], dims
    )
    named = {name: row[name] for name in _SAME}
    certainty = row.get("certainty", "known")
    return Observation(cell=cell, value=row["obs_value"], certainty=certainty, **named)
