"""From staged rows to a checked table: known codes, unique keys, intervals, release days.

For the store. Main functions: `prepare`, `stage_pack`; `checks` says what can be wrong. Works
inside DuckDB, so that ten million rows cost about what hand-written SQL costs; nothing is
looped over in Python but distinct codes.
"""

import csv
import io
from importlib.resources.abc import Traversable

import duckdb
import pyarrow as pa

from qonys.core.codes import DIMENSIONS, TOTAL
from qonys.core.country import Country
from qonys.core.errors import DataError, Fault
from qonys.core.intervals import ABOUT_PLACES, MEASURED, OVER_PLACES
from qonys.core.observations import RAW_SCHEMA, SCHEMA
from qonys.observations.checks import (
    COUNTED_KINDS,
    RULED_KINDS,
    faults,
    with_checks,
)
from qonys.observations.corrections import (
    COLUMNS,
    Correction,
    condition,
    corrected,
    declared,
    matches,
    released,
    require_sound,
)
from qonys.sources.staging import HALF_READ, STAGED, staged_rows

# Mirrors core.intervals.rounding_interval; held to it by a property test.
_COUNTED = f"(unit NOT IN {MEASURED} AND precision = 1 AND obs_value = floor(obs_value))"
_HALF = f"CASE WHEN {_COUNTED} THEN 0 ELSE precision / 2 END"
_AWAY = f"{OVER_PLACES} * precision"
_BELOW = f"""CASE
    WHEN qualifier = 'about' THEN {ABOUT_PLACES} * precision
    WHEN qualifier = 'over' THEN CASE WHEN obs_value < 0 THEN {_AWAY} ELSE 0 END
    WHEN qualifier = 'under' THEN CASE WHEN obs_value < 0 THEN 0 ELSE {_AWAY} END
    WHEN {_COUNTED} THEN 0 WHEN cuts AND obs_value <= 0 THEN precision ELSE {_HALF} END"""
_ABOVE = f"""CASE
    WHEN qualifier = 'about' THEN {ABOUT_PLACES} * precision
    WHEN qualifier = 'over' THEN CASE WHEN obs_value < 0 THEN 0 ELSE {_AWAY} END
    WHEN qualifier = 'under' THEN CASE WHEN obs_value < 0 THEN {_AWAY} ELSE 0 END
    WHEN {_COUNTED} THEN 0 WHEN cuts AND obs_value >= 0 THEN precision ELSE {_HALF} END"""


def stage_pack(con: duckdb.DuckDBPyConnection, country: Country) -> None:
    """Stage the observations of a country's folder as the temp table `staged`.

    Parameters
    ----------
    con : DuckDBPyConnection
        Where to stage.
    country : Country
        The country.

    Raises
    ------
    DataError
        All faults of all files at once.
    """
    folder = country.folder / "observations"
    if not folder.is_dir():
        raise DataError(Fault("no folder observations", str(country.folder)))
    found: list[Fault] = []
    columns: dict[str, list[object]] = {name: [] for name in RAW_SCHEMA.names}
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if path.name.endswith(".csv"):
            _read_pack_file(path, columns, found)
    if not columns["row"] and not found:
        found.append(Fault("no rows", str(folder), way_out="Add observations/*.csv."))
    table = pa.table(columns, schema=RAW_SCHEMA)
    con.register("pack_rows", table)
    whole = "obs_value IS NOT NULL AND precision IS NOT NULL"
    for name, rows in ((STAGED, whole), (HALF_READ, f"NOT ({whole})")):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM pack_rows WHERE {rows}")
    con.unregister("pack_rows")
    if found:
        raise DataError(with_checks(con, country, found))


def _read_pack_file(
    path: Traversable, columns: dict[str, list[object]], found: list[Fault]
) -> None:
    text = path.read_text(encoding="utf-8")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    unknown = set(reader.fieldnames or ()) - set(RAW_SCHEMA.names)
    if unknown:
        found.append(Fault(f"unknown columns {sorted(unknown)}", path.name, 1))
        return
    for number, row in enumerate(reader, 2):
        if None in row or None in row.values():
            found.append(Fault("wrong number of fields", path.name, number))
            continue
        _append_pack_row(path.name, number, row, columns, found)


def _append_pack_row(
    file: str,
    number: int,
    row: dict[str, str],
    columns: dict[str, list[object]],
    found: list[Fault],
) -> None:
    for name in RAW_SCHEMA.names:
        value: object = row.get(name, "")
        if name in ("obs_value", "precision"):
            try:
                value = float(str(value))
            except ValueError:
                found.append(Fault("not a number", file, number, name, str(value)))
                value = None
        elif name in DIMENSIONS:
            value = value or TOTAL
        elif name == "file":
            value = file
        elif name == "row":
            value = number
        columns[name].append(value)


def prepare(con: duckdb.DuckDBPyConnection, country: Country) -> str:
    """Check the temp table `staged` and return the query that gives the rows to store.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds `staged` with the columns of `RAW_SCHEMA`.
    country : Country
        Its lists and corrections.

    Returns
    -------
    str
        A SELECT with the columns of `SCHEMA`.

    Raises
    ------
    DataError
        Every fault found, with file, row and column.
    """
    if not staged_rows(con):
        raise DataError(Fault("no rows", way_out="Nothing was added."))
    found = faults(con, country)
    if found:
        raise DataError(found)
    _small_tables(con, country)
    return _final_query(con, country)


def _small_tables(con: duckdb.DuckDBPyConnection, country: Country) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE cutters(id VARCHAR)")
    cutters = [(source.id,) for source in country.sources.values() if source.truncates]
    if cutters:
        con.executemany("INSERT INTO cutters VALUES (?)", cutters)
    con.execute("CREATE OR REPLACE TEMP TABLE kinds(code VARCHAR, kind VARCHAR)")
    kinds = [(code, entry.fields.get("kind")) for code, entry in country.measures.items()]
    con.executemany("INSERT INTO kinds VALUES (?, ?)", kinds)


def _final_query(con: duckdb.DuckDBPyConnection, country: Country) -> str:
    """The SELECT that adds what is derived; corrections become CASE expressions."""
    require_sound(country)
    pairs = con.execute("SELECT DISTINCT source, measure FROM staged").fetchall()
    present = [
        correction
        for correction in declared(country)
        if any(
            matches(correction.source, source) and matches(correction.measure, measure)
            for source, measure in pairs
        )
    ]
    values = ", ".join(f"{corrected(column, present)} AS {column}" for column in COLUMNS)
    released_from, released_to = released(present)
    inner = f"""
        SELECT s.* EXCLUDE (time_period, {", ".join(COLUMNS)}),
            p.canonical AS time_period, p.freq AS freq, {values},
            {released_from} AS said_from, {released_to} AS released_to,
            CASE WHEN k.kind IN {COUNTED_KINDS} THEN p.closed
                WHEN k.kind IN {RULED_KINDS} THEN p.begins END AS closed,
            s.source IN (SELECT id FROM cutters) AS cuts
        FROM staged s JOIN periods p ON s.time_period = p.text
        JOIN releases r ON s.vintage = r.text
        JOIN kinds k ON s.measure = k.code"""
    derived = {
        "low": _tidy(f"(obs_value - {_BELOW})"),
        "high": _tidy(f"(obs_value + {_ABOVE})"),
        "released_from": "CASE WHEN closed IS NULL THEN said_from WHEN said_from IS NULL THEN "
        "least(closed, coalesce(released_to, closed)) "
        "ELSE greatest(said_from, least(closed, coalesce(released_to, closed))) END",
    }
    columns = ", ".join(
        f"{derived[name]} AS {name}" if name in derived else name for name in SCHEMA.names
    )
    return f"SELECT {columns} FROM ({inner})"


def _tidy(number: str) -> str:
    """Without dust; from 2^23 a double has no ninth place, and rounding would add some."""
    return f"CASE WHEN abs{number} < 8388608 THEN round{number[:-1]}, 9) ELSE {number} END"


def unmatched_corrections(con: duckdb.DuckDBPyConnection, country: Country) -> list[Correction]:
    """Corrections that no staged row answers to.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds `staged` and `periods`, after `prepare`.
    country : Country
        Its corrections.
    """
    return [
        correction
        for correction in declared(country)
        if not con.execute(
            "SELECT 1 FROM staged s JOIN periods p ON s.time_period = p.text WHERE "
            f"{condition(correction)} LIMIT 1"
        ).fetchone()
    ]
