"""Loading and reading ten million observations, against SQL written by hand in DuckDB.

The hand-written SQL makes the same checks (unique key, known codes, numbers, periods that
parse) and stores the same columns. Both run in this process, in turn; the ratio of the
medians is printed.
Usage: python benchmarks/load_and_read.py [rows] [repeats]
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from qonys.core.codes import DIMENSIONS
from qonys.core.country import load_country
from qonys.core.observations import KEY, SCHEMA
from qonys.observations.adding import add_file
from qonys.observations.reading import Query, read
from qonys.observations.store import open_store

BAR = 1.5
DIMS = ", ".join(f"'_T' AS {dim}" for dim in DIMENSIONS if dim not in ("sex", "locality"))
AS_OF = date(2015, 5, 20)


def make_input(path: Path, rows: int) -> None:
    """Rows with unique keys over places, partners, years, sexes, localities and releases."""
    country = load_country("KAZ")
    con = duckdb.connect()
    codes = [code for code in country.places if len(code) == 3][:200]
    con.execute("CREATE TABLE places AS SELECT unnest(?) AS code, 0 AS i", [codes])
    con.execute("UPDATE places SET i = rowid")
    con.execute(
        f"""COPY (SELECT CASE WHEN n % 2 = 0 THEN 'emigrants' ELSE 'immigrants' END AS measure,
            a.code AS ref_area, b.code AS counterpart_area,
            CAST(1991 + (n // 80000) % 35 AS VARCHAR) AS time_period,
            CASE (n // 2800000) % 3 WHEN 0 THEN '_T' WHEN 1 THEN 'F' ELSE 'M' END AS sex,
            CASE (n // 8400000) % 2 WHEN 0 THEN '_T' ELSE 'URBAN' END AS locality, {DIMS},
            CAST(n % 99991 AS DOUBLE) AS obs_value, 'person' AS unit, 'A' AS obs_status,
            CASE WHEN n % 7 = 0 THEN 100.0 ELSE 1.0 END AS precision, '' AS qualifier,
            'bns-arrivals' AS source,
            CAST(1992 + (n // 80000) % 35 AS VARCHAR) || '-03-1' || (n // 16800000) AS vintage,
            '' AS note
            FROM range({rows}) t(n)
            JOIN places a ON a.i = (n // 2) % 200 JOIN places b ON b.i = (n // 400) % 200)
            TO '{path}' (FORMAT parquet)"""
    )


def ours(source: Path, home: Path) -> dict[str, float]:
    """Add the file, then ask an as-of query and a series query."""
    country = load_country("KAZ")
    store = open_store(home)
    times = {}
    started = time.perf_counter()
    add_file(store, country, source, reader="table")
    times["load"] = time.perf_counter() - started
    started = time.perf_counter()
    found = read(
        store, country, Query("emigrants", ref_area="KAZ", as_of=AS_OF, preferred=True)
    )
    times["as of"] = time.perf_counter() - started
    started = time.perf_counter()
    series = read(
        store, country, Query("emigrants", "KAZ", "RUS", dims={"sex": "_T", "locality": "_T"})
    )
    times["series"] = time.perf_counter() - started
    times["rows"] = len(found) + len(series)
    return times


def by_hand(source: Path, home: Path) -> dict[str, float]:
    """The same by SQL as one would write it for this file."""
    country = load_country("KAZ")
    home.mkdir(parents=True)
    stored = home / "rows.parquet"
    con = duckdb.connect()
    times = {}
    started = time.perf_counter()
    lists = {
        "measure": country.measures,
        "ref_area": country.places,
        "counterpart_area": country.places,
        **country.dimensions,
        "unit": country.units,
        "obs_status": ["A", "P", "B", "E", "F", "U"],
        "qualifier": ["", "about", "over", "under"],
        "source": country.sources,
    }
    con.execute(
        f"CREATE TEMP TABLE t AS SELECT *, '{source.name}' AS file, "
        f"row_number() OVER () AS row FROM read_parquet('{source}')"
    )
    for column, known in lists.items():
        con.execute(
            "CREATE OR REPLACE TEMP TABLE known AS SELECT unnest(?) AS code", [list(known)]
        )
        bad = con.execute(
            f"SELECT count(*) FROM t ANTI JOIN known ON t.{column} = known.code"
        ).fetchone()
        assert bad == (0,), column
    twice = con.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM t GROUP BY {', '.join(KEY)} HAVING count(*) > 1)"
    ).fetchone()
    assert twice == (0,)
    wrong = con.execute(
        "SELECT count(*) FROM t WHERE obs_value IS NULL OR NOT isfinite(obs_value) "
        "OR NOT precision > 0 OR NOT regexp_full_match(time_period, '\\d{4}') "
        "OR try_cast(vintage AS DATE) IS NULL"
    ).fetchone()
    assert wrong == (0,)
    derived = {
        "freq": "'A'",
        "low": "CASE WHEN precision = 1 THEN obs_value ELSE obs_value - precision / 2 END",
        "high": "CASE WHEN precision = 1 THEN obs_value ELSE obs_value + precision / 2 END",
        "released_from": "CAST(vintage AS DATE)",
        "released_to": "CAST(vintage AS DATE)",
    }
    columns = ", ".join(
        f"{derived[name]} AS {name}" if name in derived else name for name in SCHEMA.names
    )
    con.execute(f"COPY (SELECT {columns} FROM t) TO '{stored}' (FORMAT parquet)")
    con.close()
    times["load"] = time.perf_counter() - started
    cell = ", ".join(KEY[:-2])
    started = time.perf_counter()
    found = (
        duckdb.connect()
        .execute(
            f"SELECT * FROM read_parquet('{stored}') WHERE measure = 'emigrants' AND "
            "ref_area = 'KAZ' AND released_to <= ? QUALIFY row_number() OVER (PARTITION BY "
            f"{cell} ORDER BY released_to DESC, source) = 1 ORDER BY {cell}",
            [AS_OF],
        )
        .to_arrow_table()
    )
    times["as of"] = time.perf_counter() - started
    started = time.perf_counter()
    series = (
        duckdb.connect()
        .execute(
            f"SELECT * FROM read_parquet('{stored}') WHERE measure = 'emigrants' AND "
            "ref_area = 'KAZ' AND counterpart_area = 'RUS' AND sex = '_T' AND locality = '_T' "
            f"QUALIFY row_number() OVER (PARTITION BY {cell} ORDER BY released_to DESC) = 1 "
            "ORDER BY time_period"
        )
        .to_arrow_table()
    )
    times["series"] = time.perf_counter() - started
    times["rows"] = found.num_rows + series.num_rows
    return times


def main() -> int:
    """Run both in turn and print medians and their ratio."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "by hand": []}
    work: dict[str, Callable[[Path, Path], dict[str, float]]] = {
        "ours": ours,
        "by hand": by_hand,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_input(folder / "input.parquet", rows)
        for number in range(repeats):
            for who, run in work.items():
                home = folder / f"{who.replace(' ', '')}{number}"
                runs[who].append(run(folder / "input.parquet", home))
                shutil.rmtree(home)
    print(f"{rows:,} rows, median of {repeats} runs in turn, seconds")
    worst = 0.0
    for part in ("load", "as of", "series", "all"):
        a, b = (
            statistics.median(
                sum(r[k] for k in ("load", "as of", "series")) if part == "all" else r[part]
                for r in runs[who]
            )
            for who in ("ours", "by hand")
        )
        worst = a / b if part == "all" else worst
        print(f"  {part:8} ours {a:8.3f}   by hand {b:8.3f}   ratio {a / b:5.2f}")
    same = runs["ours"][0]["rows"] == runs["by hand"][0]["rows"]
    print(f"  same answers: {same}; bar {BAR}: {'reached' if worst <= BAR else 'NOT reached'}")
    return 0 if same and (rows < 1_000_000 or worst <= BAR) else 1


if __name__ == "__main__":
    sys.exit(main())
