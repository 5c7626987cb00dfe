"""From staged rows to a checked table: known codes, unique keys, intervals, release days.

For the store. Main functions: `prepare`, `stage_pack`. Works inside DuckDB, so that ten
million rows cost about what hand-written SQL costs; nothing is looped over in Python but
distinct codes.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date, timedelta
from importlib.resources.abc import Traversable

import duckdb
import pyarrow as pa

from qonys.core.codes import DIMENSIONS, TOTAL, CodeList
from qonys.core.country import Correction, Country
from qonys.core.errors import DataError, Fault
from qonys.core.intervals import MEASURED, QUALIFIERS
from qonys.core.observations import CELL_COLUMNS, KEY, RAW_SCHEMA, SCHEMA, STATUSES
from qonys.core.periods import parse_period, parse_release

MAX_FAULTS = 1000
#: What is counted is not public before its period ends; what is planned or ruled, not more than
#: a year before it begins.
_COUNTED_KINDS = ("flow", "stock", "share", "change", "rate", "survey", "count", "amount")
_RULED_KINDS = ("plan", "legal")
# Mirrors core.intervals.rounding_interval; held to it by a property test.
_COUNTED = f"(unit NOT IN {MEASURED} AND precision = 1 AND obs_value = floor(obs_value))"
_HALF = f"CASE WHEN {_COUNTED} THEN 0 ELSE precision / 2 END"
_BELOW = f"""CASE WHEN {_COUNTED} AND qualifier = '' THEN 0 ELSE greatest(
    CASE WHEN cuts AND obs_value <= 0 THEN precision ELSE {_HALF} END,
    CASE WHEN qualifier IN ('about', 'under') THEN precision ELSE 0 END) END"""
_ABOVE = f"""CASE WHEN {_COUNTED} AND qualifier = '' THEN 0 ELSE greatest(
    CASE WHEN cuts AND obs_value >= 0 THEN precision ELSE {_HALF} END,
    CASE WHEN qualifier IN ('about', 'over') THEN precision ELSE 0 END) END"""


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
        found = con.execute(f"SELECT DISTINCT {column} FROM staged").fetchall()
        unknown = [code for (code,) in found if code not in set(known)]
        if not unknown:
            continue
        rows = con.execute(
            f"SELECT {column}, any_value(file), min(row), count(*) FROM staged "
            f"WHERE {column} IN (SELECT unnest(?)) OR {column} IS NULL GROUP BY 1 ORDER BY 3",
            [[code for code in unknown if code is not None]],
        ).fetchall()
        for code, file, row, count in rows:
            faults.append(_unknown_code(column, code, known, file, row, count))
    return faults


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
    rows, faults = [], []
    for (text,) in con.execute("SELECT DISTINCT time_period FROM staged").fetchall():
        try:
            period = parse_period(text or "")
        except DataError as error:
            file, row = _first_place(con, "time_period", text)
            problem = error.faults[0]
            faults.append(
                Fault(problem.problem, file, row, "time_period", text or "", problem.way_out)
            )
            continue
        closed = (period.end or period.start) + timedelta(days=1) if period.start else None
        if period.kind == "instant":
            closed = period.start
        begins = period.start - timedelta(days=366) if period.start else None
        rows.append((text, period.text, period.freq, closed, begins))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE periods(text VARCHAR, canonical VARCHAR, freq VARCHAR, "
        "closed DATE, begins DATE)"
    )
    if rows:
        con.executemany("INSERT INTO periods VALUES (?, ?, ?, ?, ?)", rows)
    if any(row[0] != row[1] for row in rows):
        con.execute(
            "UPDATE staged SET time_period = canonical FROM periods "
            "WHERE time_period = text AND text <> canonical"
        )
        con.execute("DELETE FROM periods WHERE text <> canonical")
        con.execute(
            "INSERT INTO periods SELECT DISTINCT ON (canonical) canonical, canonical, freq, "
            "closed, begins FROM (SELECT unnest($t) AS text, unnest($c) AS canonical, "
            "unnest($f) AS freq, unnest($d) AS closed, unnest($b) AS begins) "
            "WHERE canonical NOT IN (SELECT text FROM periods)",
            dict(zip("tcfdb", map(list, zip(*rows, strict=True)), strict=True)),
        )
    return faults


def _first_place(
    con: duckdb.DuckDBPyConnection, column: str, text: str | None
) -> tuple[str, int | None]:
    """File and row where a text stands first."""
    found = con.execute(
        f"SELECT file, row FROM staged WHERE {column} IS NOT DISTINCT FROM ? "
        "ORDER BY row LIMIT 1",
        [text],
    ).fetchone()
    return (str(found[0]), int(found[1])) if found else ("", None)


def _vintage_table(con: duckdb.DuckDBPyConnection) -> list[Fault]:
    rows: list[tuple[str, date | None, date | None]] = []
    faults = []
    for (text,) in con.execute("SELECT DISTINCT vintage FROM staged").fetchall():
        try:
            first, last = parse_release(text)
        except (DataError, TypeError):
            file, row = _first_place(con, "vintage", text)
            way_out = "Write a day, a month, a year, or undated."
            faults.append(
                Fault("not a release", file, row, "vintage", str(text or ""), way_out)
            )
            continue
        rows.append((text, first, last))
    con.execute("CREATE OR REPLACE TEMP TABLE releases(text VARCHAR, first DATE, last DATE)")
    if rows:
        con.executemany("INSERT INTO releases VALUES (?, ?, ?)", rows)
    return faults


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
    pairs = con.execute("SELECT DISTINCT source, measure FROM staged").fetchall()
    present = [c for c in country.corrections if _may_match(c, pairs)]
    value = {
        column: _corrected(column, cast, present)
        for column, cast in (
            ("obs_value", "DOUBLE"),
            ("precision", "DOUBLE"),
            ("obs_status", "VARCHAR"),
            ("qualifier", "VARCHAR"),
        )
    }
    released_from, released_to = _released(present)
    inner = f"""
        SELECT s.* EXCLUDE (time_period, obs_value, precision, obs_status, qualifier),
            p.canonical AS time_period, p.freq AS freq,
            {value["obs_value"]} AS obs_value, {value["precision"]} AS precision,
            {value["obs_status"]} AS obs_status, {value["qualifier"]} AS qualifier,
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


def _may_match(correction: Correction, pairs: list[tuple[str, str]]) -> bool:
    return any(
        _matches(correction.source, source) and _matches(correction.measure, measure)
        for source, measure in pairs
    )


def _matches(pattern: str, text: str) -> bool:
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return pattern in {"", text}


def _condition(correction: Correction, old_column: str | None) -> str:
    parts = []
    for column in ("source", "measure", "ref_area", "time_period"):
        pattern = getattr(correction, column)
        field = "p.canonical" if column == "time_period" else f"s.{column}"
        if pattern.endswith("*"):
            parts.append(f"starts_with({field}, {_quoted(pattern[:-1])})")
        elif pattern:
            parts.append(f"{field} = {_quoted(pattern)}")
    if correction.old and old_column:
        parts.append(f"CAST(s.{old_column} AS VARCHAR) = {_quoted(correction.old)}")
    return " AND ".join(parts) or "true"


def _corrected(column: str, cast: str, corrections: list[Correction]) -> str:
    cases = "".join(
        f" WHEN {_condition(c, column)} THEN CAST({_quoted(c.new)} AS {cast})"
        for c in corrections
        if c.column == column
    )
    return f"CASE{cases} ELSE s.{column} END" if cases else f"s.{column}"


def _released(corrections: list[Correction]) -> tuple[str, str]:
    """Expressions for the first and last day a row may have become public."""
    starts: list[str] = []
    ends: list[str] = []
    for correction in corrections:
        if correction.column != "released":
            continue
        first, _, last = correction.new.partition("/")
        condition = _condition(correction, "vintage")
        for text, cases in ((first, starts), (last or first, ends)):
            cases.append(f" WHEN {condition} THEN {_day_expression(text)}")
    if not starts:
        return "r.first", "r.last"
    return (
        f"CASE{''.join(starts)} ELSE r.first END",
        f"CASE{''.join(ends)} ELSE r.last END",
    )


def _day_expression(text: str) -> str:
    """``2025-03-01`` or ``Y+1-04-30``, where Y is the year of the period."""
    if not text.startswith("Y"):
        return f"DATE {_quoted(date.fromisoformat(text).isoformat())}"
    year, month, day = text.rsplit("-", 2)
    shift = int(year[1:] or 0)
    base = "TRY_CAST(left(p.canonical, 4) AS INTEGER)"
    return f"make_date({base} + {shift}, {int(month)}, {int(day)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def unmatched_corrections(con: duckdb.DuckDBPyConnection, country: Country) -> list[Correction]:
    """Corrections that no staged row answers to.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds `staged` and `periods`, after `prepare`.
    country : Country
        Its corrections.
    """
    unmatched = []
    for correction in country.corrections:
        column = "vintage" if correction.column == "released" else correction.column
        found = con.execute(
            "SELECT 1 FROM staged s JOIN periods p ON s.time_period = p.text WHERE "
            f"{_condition(correction, column)} LIMIT 1"
        ).fetchone()
        if found is None:
            unmatched.append(correction)
    return unmatched
