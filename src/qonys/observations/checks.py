"""What can be wrong with staged rows: codes, periods, releases, numbers, keys.

For `load` and `adding`. Main functions: `faults`, `with_checks`. Looks at distinct texts in
Python and at rows in DuckDB; fills the temp tables `periods` and `releases` on the way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import duckdb
import pyarrow as pa

from qonys.core.codes import TOTAL, CodeList
from qonys.core.country import Country
from qonys.core.errors import FAULT_LIMIT, DataError, Fault, Rest, listed
from qonys.core.intervals import QUALIFIERS
from qonys.core.observations import CELL_COLUMNS, KEY, STATUSES
from qonys.core.periods import Period, parse_period, parse_release
from qonys.observations.corrections import condition, declared
from qonys.sources.staging import HALF_READ, STAGED, staged_rows

#: How many unknown codes get near ones beside them: looking for them takes time.
_EXPLAINED = 200
_PERIODS = pa.schema(
    [
        ("text", pa.string()),
        ("canonical", pa.string()),
        ("freq", pa.string()),
        ("closed", pa.date32()),
        ("begins", pa.date32()),
        ("starts", pa.date32()),
    ]
)
_RELEASES = pa.schema([("text", pa.string()), ("first", pa.date32()), ("last", pa.date32())])
#: What is counted is not public before its period ends; what is planned or ruled, not more than
#: a year before it begins.
COUNTED_KINDS = ("flow", "stock", "share", "change", "rate", "survey", "count", "amount")
RULED_KINDS = ("plan", "legal")
#: Not below zero, unless the list of measures says that they are signed.
_UNSIGNED_KINDS = ("flow", "stock", "count", "amount", "share", "survey")


def faults(con: duckdb.DuckDBPyConnection, country: Country) -> list[Fault]:
    """Everything that is wrong with the rows of `staged`, by row; the first thousand.

    Where a reader left `half_read`, its rows are checked too: what is NULL there has its fault
    already, and a row without its whole key is no duplicate.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds `staged`; gets the temp tables `periods` and `releases`.
    country : Country
        Its lists and corrections.
    """
    rows = _Rows(con, half_read=staged_rows(con, HALF_READ) > 0)
    found = [
        *_period_table(rows),
        *_vintage_table(rows),
        *_unknown_codes(rows, country),
        *_bad_values(rows),
        *_duplicates(rows),
        *_below_zero(rows, country),
        *_impossible(rows, country),
        *_too_early(rows, country),
    ]
    return _explained(listed(found), country)


def with_checks(
    con: duckdb.DuckDBPyConnection, country: Country, found: Iterable[Fault]
) -> tuple[Fault, ...]:
    """A reader's faults together with those of the rows that it could read.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds `staged` unless the file as a whole could not be read.
    country : Country
        Its lists and corrections.
    found : Iterable of Fault
        What the reader found; a cell that it names is not named again.
    """
    found = list(found)
    if staged_rows(con) + staged_rows(con, HALF_READ) == 0:
        return listed(found)
    named = {(fault.file, fault.row, fault.column) for fault in found if fault.column}
    checked = [
        fault
        for fault in faults(con, country)
        if (fault.file, fault.row, fault.column) not in named
    ]
    return listed([*found, *checked])


@dataclass(frozen=True)
class _Rows:
    """The rows that are checked."""

    con: duckdb.DuckDBPyConnection
    half_read: bool

    @property
    def relation(self) -> str:
        """For FROM."""
        if not self.half_read:
            return STAGED
        return f"(SELECT * FROM {STAGED} UNION ALL BY NAME SELECT * FROM {HALF_READ})"

    def fetch(self, query: str, values: object = None) -> list[tuple[Any, ...]]:
        """Answer of a query about `{rows}`."""
        return self.con.execute(query.replace("{rows}", self.relation), values).fetchall()

    def distinct(self, column: str) -> list[str | None]:
        """Texts of a column; none stands for a text that is lacking."""
        texts = [text for (text,) in self.fetch(f"SELECT DISTINCT {column} FROM {{rows}}")]
        return [text for text in texts if text is not None or not self.half_read]

    def update(self, change: str) -> None:
        """Change the rows, ``SET ... WHERE ...``."""
        for table in (STAGED, HALF_READ) if self.half_read else (STAGED,):
            self.con.execute(f"UPDATE {table} {change}")

    def each(
        self, condition: str, fault: Fault, values: dict[str, object] | None = None
    ) -> list[Fault]:
        """The fault for each row that answers to a condition.

        Parameters
        ----------
        condition : str
            On rows `s` and their periods `p`.
        fault : Fault
            Says the problem and the column; gets the place and the value.
        values : dict or None
            Parameters of the condition.
        """
        found = self.fetch(
            f"SELECT s.file, s.row, s.{fault.column}, count(*) OVER () FROM {{rows}} s "
            f"LEFT JOIN periods p ON s.time_period = p.text WHERE {condition} "
            f"ORDER BY 1, 2 LIMIT {FAULT_LIMIT}",
            values,
        )
        return _limited(
            [
                replace(fault, file=file, row=row, value="" if value is None else str(value))
                for file, row, value, _ in found
            ],
            found,
        )

    def at_first(self, column: str, texts: Iterable[str | None], problem: str) -> list[Fault]:
        """A fault for each of some texts, at the first row of each.

        Parameters
        ----------
        column : str
            Column of the texts.
        texts : Iterable of str or None
            The texts.
        problem : str
            What is wrong with them.
        """
        texts = list(texts)
        if not texts:
            return []
        named = pa.array([text for text in texts if text is not None], pa.string())
        self.con.register("named", pa.table({"text": named}))
        found = self.fetch(
            f"SELECT arg_min(file, row), min(row), {column}, count(*), count(*) OVER () "
            f"FROM {{rows}} WHERE {column} IN (SELECT text FROM named) "
            f"OR ({column} IS NULL AND $empty) GROUP BY {column} ORDER BY 2 "
            f"LIMIT {FAULT_LIMIT}",
            {"empty": None in texts},
        )
        self.con.unregister("named")
        return _limited(
            [_fault(problem, file, row, column, text, n) for file, row, text, n, _ in found],
            found,
        )


def _fault(
    problem: str, file: str, row: int, column: str, value: object, rows: int = 1
) -> Fault:
    also = f" and {rows - 1} more rows" if rows > 1 else ""
    return Fault(f"{problem}{also}", file, row, column, "" if value is None else str(value))


def _limited(found: list[Fault], rows: list[tuple[Any, ...]]) -> list[Fault]:
    """Faults, and a last one that counts the rest: all are counted in the rows' last column."""
    more = rows[0][-1] - len(rows) if rows else 0
    return [*found, Rest("", count=more)] if more else found


def _code_lists(country: Country) -> dict[str, Iterable[str]]:
    return {
        "measure": country.measures,
        "ref_area": country.places,
        "counterpart_area": country.places,
        **country.dimensions,
        "unit": country.units,
        "obs_status": STATUSES,
        "qualifier": QUALIFIERS,
        "source": country.sources,
    }


def _unknown_codes(rows: _Rows, country: Country) -> list[Fault]:
    found = []
    for column, known in _code_lists(country).items():
        codes = set(known)
        unknown = [code for code in rows.distinct(column) if code not in codes]
        named = [code for code in unknown if code]
        lacking = [code for code in unknown if not code]
        found += rows.at_first(column, named, f"unknown {column}")
        found += [
            replace(fault, way_out="Every row needs one.")
            for fault in rows.at_first(column, lacking, "empty")
        ]
    return found


def _explained(found: Iterable[Fault], country: Country) -> list[Fault]:
    """Faults with the near codes of those that are unknown."""
    lists = _code_lists(country)
    told: dict[tuple[str, str], str] = {}
    explained = []
    for fault in found:
        key = (fault.column, fault.value)
        if fault.problem.startswith(f"unknown {fault.column}") and not fault.way_out:
            if key not in told:
                near = len(told) < _EXPLAINED
                told[key] = _way_out(fault.column, fault.value, lists[fault.column], near=near)
            fault = replace(fault, way_out=told[key])
        explained.append(fault)
    return explained


def _way_out(column: str, code: str, known: Iterable[str], *, near: bool) -> str:
    if column == "source":
        return "Name a known one with --source, or add it to sources.csv."
    if not isinstance(known, CodeList):
        return f"Known: {', '.join(list(known)[:8])}."
    return known.fault(code).way_out if near else "See `qonys data codes`."


def _bad_values(rows: _Rows) -> list[Fault]:
    lacks = "false" if rows.half_read else "{} IS NULL"
    return [
        *rows.each(
            f"{lacks.format('obs_value')} OR NOT isfinite(obs_value)",
            Fault(
                "no number",
                column="obs_value",
                way_out="A missing figure is a missing row, never 0.",
            ),
        ),
        *rows.each(
            f"{lacks.format('precision')} OR NOT precision > 0 OR NOT isfinite(precision)",
            Fault("must be above 0", column="precision"),
        ),
    ]


def _period_table(rows: _Rows) -> list[Fault]:
    """Fill `periods`, one row a spelling, and give every row the canonical one."""
    table: list[dict[str, object]] = []
    problems: dict[str, Fault] = {}
    texts = rows.distinct("time_period")
    for text in texts:
        try:
            period = parse_period(text or "")
        except DataError as error:
            problems[text or ""] = error.faults[0]
            continue
        table.append({"text": text, "canonical": period.text, **_bounds(period)})
    _fill(rows.con, "periods", table, _PERIODS)
    if any(row["text"] != row["canonical"] for row in table):
        rows.update(
            "SET time_period = canonical FROM periods "
            "WHERE time_period = text AND text <> canonical"
        )
        unique = {row["canonical"]: {**row, "text": row["canonical"]} for row in table}
        _fill(rows.con, "periods", list(unique.values()), _PERIODS)
    wrong = [text for text in texts if (text or "") in problems]
    return [
        fault
        if isinstance(fault, Rest)
        else replace(
            fault,
            problem=problems[fault.value].problem,
            way_out=problems[fault.value].way_out,
        )
        for fault in rows.at_first("time_period", wrong, "")
    ]


def _bounds(period: Period) -> dict[str, object]:
    """When a period begins, and when its count, and a plan or rule for it, can be public."""
    start, end = period.start, period.end
    if start is None:
        return {"freq": period.freq, "closed": None, "begins": None, "starts": None}
    closed = start if period.kind == "instant" else (end or start) + timedelta(days=1)
    begins = start - timedelta(days=366)
    return {"freq": period.freq, "closed": closed, "begins": begins, "starts": start}


def _vintage_table(rows: _Rows) -> list[Fault]:
    """Fill `releases`, one row a vintage."""
    table: list[dict[str, object]] = []
    wrong: list[str | None] = []
    for text in rows.distinct("vintage"):
        try:
            first, last = parse_release(text or "?")
        except DataError:
            wrong.append(text)
            continue
        table.append({"text": text, "first": first, "last": last})
    _fill(rows.con, "releases", table, _RELEASES)
    way_out = "Write a day, a month, a year, or undated."
    return [
        fault if isinstance(fault, Rest) else replace(fault, way_out=way_out)
        for fault in rows.at_first("vintage", wrong, "not a release")
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


def _duplicates(rows: _Rows) -> list[Fault]:
    """Keys that stand twice; found by hash first, then looked at in full."""
    key = ", ".join(KEY)
    whole = " AND ".join(f"{column} IS NOT NULL" for column in KEY)
    where = f"WHERE {whole}" if rows.half_read else ""
    hashes = f"SELECT hash({key}) AS h, row FROM {{rows}} {where}"
    twice = f"FROM ({hashes}) GROUP BY h HAVING count(*) > 1"
    if not rows.fetch(f"SELECT h {twice} LIMIT 1"):
        return []
    first = rows.fetch(
        f"SELECT h, count(*) OVER () {twice} ORDER BY min(row) LIMIT {FAULT_LIMIT}"
    )
    found = rows.fetch(
        f"SELECT arg_min(file, row), list(row ORDER BY row), {key} FROM {{rows}} "
        f"WHERE hash({key}) IN (SELECT unnest($hashes)) GROUP BY {key} HAVING count(*) > 1 "
        "ORDER BY 2",
        {"hashes": [h for h, _ in first]},
    )
    return _limited([_twice(*row) for row in found], first)


def _twice(file: str, numbers: list[int], *parts: str) -> Fault:
    cell = ":".join(part for part in parts[: len(CELL_COLUMNS)] if part != TOTAL)
    also = ", ".join(str(number) for number in numbers[1:6])
    return Fault(
        f"a key stands {len(numbers)} times, again in row {also}",
        file,
        numbers[0],
        value=f"{cell} {parts[-2]}@{parts[-1]}",
        way_out="One row per cell, source and vintage.",
    )


def _below_zero(rows: _Rows, country: Country) -> list[Fault]:
    """Counts below zero that no correction mends."""
    if not rows.fetch("SELECT 1 FROM {rows} WHERE obs_value < 0 LIMIT 1"):
        return []
    unsigned = [
        code
        for code, entry in country.measures.items()
        if entry.fields.get("kind") in _UNSIGNED_KINDS and entry.fields.get("signed") == "no"
    ]
    return rows.each(
        f"obs_value < 0 AND isfinite(obs_value) AND measure IN (SELECT unnest($codes))"
        f" AND NOT {_mended(country, 'obs_value')}",
        Fault("a count cannot be below zero", column="obs_value"),
        {"codes": unsigned},
    )


def _impossible(rows: _Rows, country: Country) -> list[Fault]:
    """Shares above a hundred percent, and parts of a person in an exact count."""
    shares = [
        code
        for code, entry in country.measures.items()
        if entry.fields.get("kind") in {"share", "survey"}
    ]
    return [
        *rows.each(
            "obs_value > 100 AND unit = 'percent' AND measure IN (SELECT unnest($codes)) "
            f"AND NOT {_mended(country, 'obs_value')}",
            Fault("a share cannot be above 100 percent", column="obs_value"),
            {"codes": shares},
        ),
        *rows.each(
            "unit = 'person' AND precision >= 1 AND obs_value <> floor(obs_value) "
            f"AND isfinite(obs_value) AND NOT {_mended(country, 'obs_value')}",
            Fault(
                "a count of persons has no fraction",
                column="obs_value",
                way_out="Write the count in persons, or the precision of a mean.",
            ),
        ),
    ]


def _too_early(rows: _Rows, country: Country) -> list[Fault]:
    """Counts that were released before their period ended.

    A forecast or a model's estimate is none, and what has a category may be none: a quota is
    known in advance.
    """
    counted = [
        code
        for code, entry in country.measures.items()
        if entry.fields.get("kind") in COUNTED_KINDS
    ]
    found = rows.fetch(
        "SELECT arg_min(s.file, s.row), min(s.row), s.vintage, p.text, count(*), "
        "count(*) OVER () FROM {rows} s JOIN periods p ON s.time_period = p.text "
        "JOIN releases r ON s.vintage = r.text WHERE r.last < CASE WHEN p.freq IN "
        "('A', 'Q', 'M', 'C') THEN p.closed - 1 ELSE p.starts END "
        f"AND s.category = '{TOTAL}' AND coalesce(s.obs_status, '') NOT IN ('F', 'E') "
        "AND s.measure IN (SELECT unnest($codes)) "
        f"AND NOT {_mended(country, 'released')} GROUP BY s.vintage, p.text "
        f"ORDER BY 2 LIMIT {FAULT_LIMIT}",
        {"codes": counted},
    )
    problem = "released before its period ends"
    return _limited(
        [
            replace(
                _fault(problem, file, row, "vintage", vintage, n),
                way_out=f"The period is {period}. A forecast has the status F, an estimate E.",
            )
            for file, row, vintage, period, n, _ in found
        ],
        found,
    )


def _mended(country: Country, column: str) -> str:
    """Condition on rows `s` and periods `p`: a correction of a column is declared."""
    found = [correction for correction in declared(country) if correction.column == column]
    fits = " OR ".join(f"({condition(correction)})" for correction in found)
    return f"coalesce({fits}, false)" if found else "false"
