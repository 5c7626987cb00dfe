"""What was known on a day: as-of reading, preferred rows, series.

For everybody who asks the store. Main functions: `read`, `View`, `newest_release`.
Rules of certainty and preference: docs/data-model.md, section 4. Changes nothing in the store.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from qonys.core.codes import DIMENSIONS, TOTAL
from qonys.core.country import Country
from qonys.core.errors import DataError, Fault, StoreError
from qonys.core.observations import (
    CELL_COLUMNS,
    SCHEMA,
    Cell,
    Observation,
    Observations,
)
from qonys.core.provenance import Figure, observed
from qonys.observations.store import Store, visible

_ROWS = "read_parquet($files, filename = true) o"
_CERTAINTY = """CASE
    WHEN $day IS NULL OR released_to <= $day THEN CASE WHEN released_to IS NULL
        THEN 'undated' ELSE 'known' END
    WHEN released_to IS NULL THEN 'undated' ELSE 'perhaps' END"""
_VISIBLE = "($day IS NULL OR released_from IS NULL OR released_from <= $day)"
_PREFERENCE = """CASE certainty WHEN 'known' THEN 0 WHEN 'perhaps' THEN 1 ELSE 2 END,
    CASE WHEN obs_status = 'U' THEN 1 ELSE 0 END, rank,
    CASE WHEN obs_status = 'P' THEN 1 ELSE 0 END, precision,
    released_to DESC NULLS LAST, released_from DESC NULLS LAST, vintage DESC, source"""


@dataclass(frozen=True)
class Query:
    """Which rows are asked for; empty parts ask for all.

    Parameters
    ----------
    measure, ref_area, counterpart_area, time_period : str
        Codes and a period.
    dims : Mapping of str to str or None
        Breakdowns that must have these codes.
    as_of : date or None
        The day; none for all that is in the store.
    preferred : bool
        Only the preferred row of each cell.
    vintage : str
        A release, as a day or ``SOURCE@DAY``.
    """

    measure: str = ""
    ref_area: str = ""
    counterpart_area: str = ""
    time_period: str = ""
    dims: Mapping[str, str] | None = None
    as_of: date | None = None
    preferred: bool = True
    vintage: str = ""


def read(store: Store, country: Country, query: Query = Query()) -> Observations:
    """Rows of the store, the preferred of each cell unless all are asked for.

    Parameters
    ----------
    store : Store
        The store.
    country : Country
        Whose rows; its sources give the ranks.
    query : Query
        Which rows, as of which day.

    Returns
    -------
    Observations
        With the column `certainty`, ordered by cell, the preferred row first.
    """
    files = [str(store.folder / entry.file) for entry in store.files(country.code)]
    if not files:
        return _empty()
    where, values = _conditions(store, country, query)
    chosen = (
        f"QUALIFY row_number() OVER (PARTITION BY {', '.join(CELL_COLUMNS)} "
        f"ORDER BY {_PREFERENCE}) = 1"
        if query.preferred
        else ""
    )
    ranks = pa.table(
        {
            "id": pa.array(country.sources, pa.string()),
            "rank": pa.array([s.rank for s in country.sources.values()], pa.int64()),
        }
    )
    sql = (
        f"SELECT {', '.join(SCHEMA.names)}, certainty FROM (SELECT o.*, "
        f"coalesce(ranks.rank, 99) AS rank, {_CERTAINTY} AS certainty "
        f"FROM {_ROWS} LEFT JOIN ranks ON o.source = ranks.id "
        f"WHERE {where}) {chosen} ORDER BY {', '.join(CELL_COLUMNS)}, {_PREFERENCE}"
    )
    return Observations(_asked(store, sql, {"files": files, **values}, ranks=ranks))


def _asked(store: Store, sql: str, values: dict[str, Any], **tables: pa.Table) -> pa.Table:
    """The answer to a query over the store's files.

    Raises
    ------
    StoreError
        When a file is gone or broken.
    """
    con = duckdb.connect()
    try:
        con.execute("SET enable_progress_bar = false")
        for name, table in tables.items():
            con.register(name, table)
        return con.execute(sql, values).to_arrow_table()
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        gone = [path for path in values["files"] if not Path(path).is_file()]
        what = "a file of the store is gone" if gone else "the store cannot be read"
        raise StoreError(
            f"{store.home}: {what} ({str(error).splitlines()[0]}). Restore it from a backup, "
            "or name another store with --store DIR."
        ) from None
    finally:
        con.interrupt()  # else a stopped query holds the connection until it ends
        con.close()


def _conditions(store: Store, country: Country, query: Query) -> tuple[str, dict[str, object]]:
    parts = [_VISIBLE]
    values: dict[str, object] = {"day": query.as_of}
    wanted = {
        "measure": query.measure,
        "ref_area": query.ref_area,
        "counterpart_area": query.counterpart_area,
        "time_period": query.time_period,
        **(query.dims or {}),
    }
    for column, code in wanted.items():
        if code:
            parts.append(f"o.{column} = ${column}")
            values[column] = code
    if query.vintage:
        source, at, day = query.vintage.rpartition("@")
        parts.append("o.vintage = $vintage")
        values["vintage"] = day if at else query.vintage
        if at:
            parts.append("o.source = $source")
            values["source"] = source
    conditions, hidden = visible(store.hidden(country.code))
    return " AND ".join([*parts, *conditions]), {**values, **hidden}


def _empty() -> Observations:
    schema = SCHEMA.append(pa.field("certainty", pa.string()))
    return Observations(schema.empty_table())


def newest_release(store: Store, country: Country) -> date:
    """The newest day on which something in the store was certainly public.

    Parameters
    ----------
    store : Store
        The store.
    country : Country
        Whose rows.

    Raises
    ------
    DataError
        When the store holds no dated row.
    """
    files = [str(store.folder / entry.file) for entry in store.files(country.code)]
    if not files:
        raise DataError(Fault(f"the store holds nothing for {country.code}"))
    where, values = _conditions(store, country, Query())
    sql = f"SELECT max(released_to) AS day FROM {_ROWS} WHERE {where}"
    day: date | None = _asked(store, sql, {"files": files, **values})["day"][0].as_py()
    if day is None:
        raise DataError(
            Fault(f"no row of {country.code} is dated", way_out="Name a day with --as-of.")
        )
    return day


class View:
    """What was known of a country on a day, cell by cell.

    Parameters
    ----------
    store : Store
        The store.
    country : Country
        The country.
    as_of : date or None
        The day; none takes the newest release in the store.
    """

    def __init__(self, store: Store, country: Country, as_of: date | None = None) -> None:
        self.store = store
        self.country = country
        self.as_of = as_of or newest_release(store, country)
        self._measures: dict[str, dict[Cell, tuple[Observation, ...]]] = {}
        self.used: dict[str, Observation] = {}

    def cells(self, measure: str) -> Mapping[Cell, tuple[Observation, ...]]:
        """All rows of a measure by cell, the preferred row first."""
        if measure not in self._measures:
            query = Query(measure=measure, as_of=self.as_of, preferred=False)
            cells: dict[Cell, list[Observation]] = {}
            for row in read(self.store, self.country, query):
                cells.setdefault(row.cell, []).append(row)
            self._measures[measure] = {cell: tuple(rows) for cell, rows in cells.items()}
        return self._measures[measure]

    def rows(self, cell: Cell) -> tuple[Observation, ...]:
        """Every row of a cell, the preferred first; empty when nothing is known."""
        return self.cells(cell.measure).get(cell, ())

    def row(self, cell: Cell) -> Observation | None:
        """The preferred row of a cell."""
        rows = self.rows(cell)
        return rows[0] if rows else None

    def figure(self, cell: Cell) -> Figure | None:
        """The preferred value of a cell as a figure."""
        row = self.row(cell)
        return self.print(row) if row else None

    def print(self, row: Observation) -> Figure:
        """The figure of one row; remembers the row for the provenance."""
        self.used[row.id] = row
        return observed(row)

    def years(self, cell: Cell, kinds: Iterable[str] = ("year",)) -> dict[str, Figure]:
        """Figures of a cell at every period of the given kinds, in order.

        Parameters
        ----------
        cell : Cell
            The cell; its own period does not matter.
        kinds : Iterable of str
            Kinds of periods, e.g. ``year``, ``instant``.
        """
        return {text: self.print(row) for text, row in self.periods(cell, kinds).items()}

    def periods(self, cell: Cell, kinds: Iterable[str] = ("year",)) -> dict[str, Observation]:
        """The preferred row of a cell at every period of the given kinds, in order.

        Parameters
        ----------
        cell : Cell
            The cell; its own period does not matter.
        kinds : Iterable of str
            Kinds of periods, e.g. ``year``, ``instant``.
        """
        found = {
            other.time_period: rows[0]
            for other, rows in self.cells(cell.measure).items()
            if other.at(time_period=cell.time_period) == cell and other.period.kind in kinds
        }
        return {text: found[text] for text in sorted(found)}


def breakdown(cell: Cell) -> dict[str, str]:
    """Every dimension of a cell, totals included.

    Parameters
    ----------
    cell : Cell
        The cell.
    """
    return {dim: cell.dims.get(dim, TOTAL) for dim in DIMENSIONS}
