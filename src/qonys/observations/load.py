"""From staged rows to a checked table: known codes, unique keys, intervals, release days.

For the store. Main functions: `prepare`, `stage_pack`. Works inside DuckDB, so that ten
million rows cost about what hand-written SQL costs; nothing is looped over in Python but
distinct codes.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from importlib.resources.abc import Traversable

import duckdb
import pyarrow as pa

from qonys.core.codes import DIMENSIONS, TOTAL, CodeList
from qonys.core.country import Correction, Country
from qonys.core.errors import DataError, Fault
from qonys.core.intervals import ABOUT_PLACES, MEASURED, OVER_PLACES, QUALIFIERS
from qonys.core.observations import CELL_COLUMNS, KEY, RAW_SCHEMA, SCHEMA, STATUSES
from qonys.core.periods import Period, parse_period, parse_release
from qonys.observations.corrections import (
    COLUMNS,
    condition,
    corrected,
    matches,
    released,
    require_sound,
)

MAX_FAULTS = 1000
_PERIODS = pa.schema(
    [
        ("text", pa.string()),
        ("canonical", pa.string()),
        ("freq", pa.string()),
        ("closed", pa.date32()),
        ("begins", pa.date32()),
    ]
)
_RELEASES = pa.schema([("text", pa.string()), ("first", pa.date32()), ("last", pa.date32())])
#: What is counted is not public before its period ends; what is planned or ruled, not more than
#: a year before it begins.
_COUNTED_KINDS = ("flow", "stock", "share", "change", "rate", "survey", "count", "amount")
_RULED_KINDS = ("plan", "legal")
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
    faults: list[Fault] = []
    columns: dict[str, list[object]] = {name: [] for name in RAW_SCHEMA.names}
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if path.name.endswith(".csv"):
            _read_pack_file(path, columns, faults)
    if not columns["row"] and not faults:
        faults.append(Fault("no rows", str(folder), way_out="Add observations/*.csv."))
    if faults:
        raise DataError(faults[:MAX_FAULTS])
    table = pa.table(columns, schema=RAW_SCHEMA)
    con.register("pack_rows", table)
    con.execute("CREATE OR REPLACE TEMP TABLE staged AS SELECT * FROM pack_rows")
    con.unregister("pack_rows")


def _read_pack_file(
    path: Traversable, columns: dict[str, list[object]], faults: list[Fault]
) -> None:
    text = path.read_text(encoding="utf-8")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    unknown = set(reader.fieldnames or ()) - set(RAW_SCHEMA.names)
    if unknown:
        faults.append(Fault(f"unknown columns {sorted(unknown)}", path.name, 1))
        return
    for number, row in enumerate(reader, 2):
        if None in row or None in row.values():
            faults.append(Fault("wrong number of fields", path.name, number))
            continue
        _append_pack_row(path.name, number, row, columns, faults)


def _append_pack_row(
    file: str,
    number: int,
    row: dict[str, str],
    columns: dict[str, list[object]],
    faults: list[Fault],
) -> None:
    for name in RAW_SCHEMA.names:
        value: object = row.get(name, "")
        if name in ("obs_value", "precision"):
            try:
                value = float(str(value))
            except ValueError:
                faults.append(Fault("not a number", file, number, name, str(value)))
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
    empty = con.execute("SELECT count(*) FROM staged").fetchone()
    if empty is None or empty[0] == 0:
        raise DataError(Fault("no rows", way_out="Nothing was added."))
    faults = [
        *_unknown_codes(con, country),
        *_bad_values(con),
        *_period_table(con),
        *_vintage_table(con),
        *_duplicates(con),
    ]
    if faults:
        raise DataError(_capped(faults))
    _small_tables(con, country)
    return _final_query(con, country)


def _capped(faults: list[Fault]) -> list[Fault]:
    if len(faults) <= MAX_FAULTS:
        return faults
    rest = len(faults) - MAX_FAULTS
    return [*faults[:MAX_FAULTS], Fault(f"and {rest} more faults of the same kinds")]


def _unknown_codes(con: duckdb.DuckDBPyConnection, country: Country) -> list[Fault]:
    lists: dict[str, Iterable[str]] = {
        "measure": country.measures,
        "ref_area": country.places,
        "counterpart_area": country.places,
        **country.dimensions,
        "unit": country.units,
        "obs_status": STATUSES,
        "qualifier": QUALIFIERS,
        "source": country.sources,
    }
    faults = []
    for column, known in lists.items():
        codes = set(known)
        unknown = [code for code in _distinct(con, column) if code not in codes]
        for code, file, row, count in _first_places(con, column, unknown):
            faults.append(_unknown_code(column, code, known, file, row, count))
    return faults


def _distinct(con: duckdb.DuckDBPyConnection, column: str) -> list[str | None]:
    return [text for (text,) in con.execute(f"SELECT DISTINCT {column} FROM staged").fetchall()]


def _first_places(
    con: duckdb.DuckDBPyConnection, column: str, texts: list[str | None]
) -> list[tuple[str | None, str, int, int]]:
    """Text, file, first row and number of rows of some texts, at most a thousand."""
    if not texts:
        return []
    named = pa.table(
        {"text": pa.array([text for text in texts if text is not None], pa.string())}
    )
    con.register("named", named)
    found = con.execute(
        f"SELECT {column}, arg_min(file, row), min(row), count(*) FROM staged WHERE {column} "
        f"IN (SELECT text FROM named) OR ({column} IS NULL AND $empty) GROUP BY 1 ORDER BY 3 "
        f"LIMIT {MAX_FAULTS + 1}",
        {"empty": None in texts},
    ).fetchall()
    con.unregister("named")
    return found


def _unknown_code(
    column: str, code: str | None, known: Iterable[str], file: str, row: int, count: int
) -> Fault:
    also = f" and {count - 1} more rows" if count > 1 else ""
    if not code:
        return Fault(f"empty{also}", file, row, column, way_out="Every row needs one.")
    way_out = f"Known: {', '.join(list(known)[:8])}."
    if isinstance(known, CodeList):
        way_out = known.fault(code).way_out
    elif column == "source":
        way_out = "Add it to the country's sources.csv, or name a known one."
    return Fault(f"unknown {column}{also}", file, row, column, code, way_out)


def _bad_values(con: duckdb.DuckDBPyConnection) -> list[Fault]:
    rows = con.execute(
        "SELECT file, row, obs_value, precision FROM staged WHERE obs_value IS NULL "
        "OR NOT isfinite(obs_value) OR precision IS NULL OR NOT precision > 0 "
        f"OR NOT isfinite(precision) ORDER BY row LIMIT {MAX_FAULTS}"
    ).fetchall()
    faults = []
    for file, row, value, precision in rows:
        if value is None or value - value != 0:
            way_out = "A missing figure is a missing row, never 0."
            faults.append(Fault("no number", file, row, "obs_value", way_out=way_out))
        if precision is None or not 0 < precision < float("inf"):
            faults.append(Fault("must be above 0", file, row, "precision", str(precision)))
    return faults


def _period_table(con: duckdb.DuckDBPyConnection) -> list[Fault]:
    """Fill `periods`, one row a spelling, and give every row the canonical one."""
    rows: list[dict[str, object]] = []
    problems: dict[str | None, Fault] = {}
    for text in _distinct(con, "time_period"):
        try:
            period = parse_period(text or "")
        except DataError as error:
            problems[text] = error.faults[0]
            continue
        rows.append({"text": text, "canonical": period.text, **_bounds(period)})
    _fill(con, "periods", rows, _PERIODS)
    if any(row["text"] != row["canonical"] for row in rows):
        con.execute(
            "UPDATE staged SET time_period = canonical FROM periods "
            "WHERE time_period = text AND text <> canonical"
        )
        unique = {row["canonical"]: {**row, "text": row["canonical"]} for row in rows}
        _fill(con, "periods", list(unique.values()), _PERIODS)
    return [
        replace(problems[text], file=file, row=row, column="time_period", value=text or "")
        for text, file, row, _ in _first_places(con, "time_period", list(problems))
    ]


def _bounds(period: Period) -> dict[str, object]:
    """When the count of a period can be public, and a plan or rule for it, at the earliest."""
    start, end = period.start, period.end
    if start is None:
        return {"freq": period.freq, "closed": None, "begins": None}
    closed = start if period.kind == "instant" else (end or start) + timedelta(days=1)
    return {"freq": period.freq, "closed": closed, "begins": start - timedelta(days=366)}


def _vintage_table(con: duckdb.DuckDBPyConnection) -> list[Fault]:
    """Fill `releases`, one row a vintage."""
    rows: list[dict[str, object]] = []
    wrong: list[str | None] = []
    for text in _distinct(con, "vintage"):
        try:
            first, last = parse_release(text or "?")
        except DataError:
            wrong.append(text)
            continue
        rows.append({"text": text, "first": first, "last": last})
    _fill(con, "releases", rows, _RELEASES)
    way_out = "Write a day, a month, a year, or undated."
    return [
        Fault("not a release", file, row, "vintage", text or "", way_out)
        for text, file, row, _ in _first_places(con, "vintage", wrong)
    ]


def _fill(
    con: duckdb.DuckDBPyConnection,
    name: str,
    rows: list[dict[str, object]],
    schema: pa.Schema,
) -> None:
    con.register("filling", pa.Table.from_pylist(rows, schema=schema))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM filling")
    con.unregister("filling")


def _duplicates(con: duckdb.DuckDBPyConnection) -> list[Fault]:
    """Keys that stand twice; found by hash first, then looked at in full."""
    key = ", ".join(KEY)
    twice = con.execute(
        f"SELECT h FROM (SELECT hash({key}) AS h FROM staged) GROUP BY h HAVING count(*) > 1 "
        f"LIMIT {MAX_FAULTS}"
    ).fetchall()
    if not twice:
        return []
    rows = con.execute(
        f"SELECT any_value(file), list(row ORDER BY row), {key} FROM staged "
        f"WHERE hash({key}) IN (SELECT unnest(?)) GROUP BY {key} HAVING count(*) > 1 "
        "ORDER BY 2",
        [[h for (h,) in twice]],
    ).fetchall()
    faults = []
    for file, numbers, *parts in rows:
        cell = ":".join(part for part in parts[: len(CELL_COLUMNS)] if part != TOTAL)
        also = ", ".join(str(number) for number in numbers[1:6])
        faults.append(
            Fault(
                f"a key stands {len(numbers)} times, again in row {also}",
                file,
                numbers[0],
                value=f"{cell} {parts[-2]}@{parts[-1]}",
                way_out="One row per cell, source and vintage.",
            )
        )
    return faults


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
        for correction in country.corrections
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
            CASE WHEN k.kind IN {_COUNTED_KINDS} THEN p.closed
                WHEN k.kind IN {_RULED_KINDS} THEN p.begins END AS closed,
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
        for correction in country.corrections
        if not con.execute(
            "SELECT 1 FROM staged s JOIN periods p ON s.time_period = p.text WHERE "
            f"{condition(correction)} LIMIT 1"
        ).fetchone()
    ]
