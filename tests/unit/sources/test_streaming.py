"""Two million rows do not stand in memory at once: DuckDB gets 256 MB, Python little more."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from qonys.core.country import Country

pytestmark = pytest.mark.slow
ROWS = 2_000_000
YEARS = 20
DUCKDB_MB = 256
REST_MB = 256  # buffers of Arrow and of the parsers, and what the allocator keeps

RUN = """
import json, resource, sys
from pathlib import Path
import duckdb
from qonys.core.country import Country
from qonys.sources import registry
from qonys.sources.staging import Context
name, path, folder, options = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
country = Country(Path(sys.argv[5]))
country.aliases
con = duckdb.connect(str(folder / "store.duckdb"))
con.execute(f"SET memory_limit = '{sys.argv[6]}MB'")
con.execute(f"SET temp_directory = '{folder / 'spill'}'")
con.execute("SET threads = 2")
con.execute("SET enable_progress_bar = false")
import importlib; importlib.import_module(f"qonys.sources.{name}.read")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = registry.stage(name, con, path, Context(country, "s", "2026", json.loads(options)))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
last = con.execute("SELECT min(row), max(row), sum(obs_value) FROM staged").fetchall()[0]
print(json.dumps([report.rows, *last, (after - before) / 1024]))
"""


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> Country:
    """A country of so many places that no key stands twice."""
    folder = tmp_path_factory.mktemp("wide")
    (folder / "country.toml").write_text('code = "KAZ"\n', "utf-8")
    with (folder / "areas.csv").open("w", encoding="utf-8") as out:
        out.write("code,name_en,name_ru,name_kk,kind,partitions\n")
        out.write("KAZ,Kazakhstan,Казахстан,Қазақстан,nation,\n")
        for n in range(ROWS // YEARS):
            out.write(f"P-{n},Place {n},Место {n},Орын {n},region,all\n")
    return Country(folder)


def staged(name: str, path: Path, country, tmp_path: Path, **options: str) -> list[float]:
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(RUN), name, str(path)]
    command += [str(tmp_path), json.dumps(options), str(country.folder), str(DUCKDB_MB)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    result: list[float] = json.loads(answer.stdout)
    print(f"{name}: peak grew by {result[-1]:.0f} MB")
    return result


def check(result: list[float], first: int, last: int) -> None:
    rows, low, high, total, grown = result
    assert (rows, low, high) == (ROWS, first, last)
    assert total == ROWS * (ROWS - 1) / 2
    assert grown < DUCKDB_MB + REST_MB


def test_csv(country, tmp_path):
    path = tmp_path / "two.csv"
    with path.open("w", encoding="utf-8") as out:
        out.write("measure,ref_area,time_period,category,obs_value,unit,note\n")
        for n in range(ROWS):
            text = (
                f"emigrants,г. Алматы,{1950 + n % 75},C{n},{n},person,some words of a remark\n"
            )
            out.write(text)
    check(staged("table", path, country, tmp_path), 2, ROWS + 1)


def test_opendata(country, tmp_path):
    head = (Path(__file__).parents[2] / "specimens/opendata/empty.csv").read_text("utf-8")
    name = "Сальдо миграции по всем потокам(Человек)"
    rest = '"Г.АЛМАТЫ"\t"0"\t"Всего"\t"0"\t"Всего"\t"0"\t"Всего"\t"0"'
    path = tmp_path / "two.csv"
    with path.open("w", encoding="utf-8") as out:
        out.write(head)
        for n in range(ROWS):
            year = 1950 + n % 75
            out.write(
                f'"{name}"\t"{year} год"\t"{year}12"\t{rest}\t"{n:,}"\n'.replace(",", " ")
            )
    check(staged("opendata", path, country, tmp_path), 2, ROWS + 1)


@pytest.mark.parametrize("nested", [False, True])
def test_taldau_tree(wide, tmp_path, nested: bool):
    path = tmp_path / "taldau-2929753-7-two.json"
    nodes = ROWS // YEARS
    with path.open("w", encoding="utf-8") as out:
        out.write('[{"id": 741880, "text": "Казахстан", "children": [' if nested else "[")
        for n in range(nodes):
            cells = ", ".join(f'"y12{2000 + k}": "{n * YEARS + k}"' for k in range(YEARS))
            out.write(f'{", " if n else ""}{{"id": {n}, "text": "Место {n}", {cells}}}')
        out.write("]}]" if nested else "]")
    check(staged("taldau", path, wide, tmp_path), 1 + nested, nodes + nested)


def test_taldau_flat(wide, tmp_path):
    path = tmp_path / "taldau-2929753-7-two.json"
    entries = ROWS // YEARS
    with path.open("w", encoding="utf-8") as out:
        out.write("[")
        for n in range(entries):
            periods = ", ".join(
                f'{{"name": "{2000 + k} год", "date": "31.12.{2000 + k}",'
                f' "value": "{n * YEARS + k}"}}'
                for k in range(YEARS)
            )
            entry = f'{{"terms": [{n}], "termNames": ["МЕСТО {n}"], "periods": [{periods}]}}'
            out.write((", " if n else "") + entry)
        out.write("]")
    check(staged("taldau", path, wide, tmp_path), 1, entries)
