"""Killed writers, several writers, readers beside a writer: the store is always whole."""

import json
import random
import subprocess
import sys
import textwrap
import threading
import time
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from qonys.observations.reading import Query, read
from qonys.observations.store import open_store

# 250 x 250 places x 5 years: over 300,000 keys, made by DuckDB in a moment.
WRITER = textwrap.dedent(
    """
    import os, signal, sys, time
    from pathlib import Path
    from qonys.core.codes import DIMENSIONS
    from qonys.core.country import Country
    from qonys.observations import store as room

    home, folder, kill_at = sys.argv[1:4]
    country = Country(Path(folder))
    places = list(country.places)[:250]

    def stage(con):
        con.execute("CREATE TEMP TABLE p AS SELECT unnest($1) AS code", [places])
        dims = ", ".join(f"'_T' AS {dim}" for dim in DIMENSIONS)
        con.execute(
            "CREATE TEMP TABLE staged AS SELECT 'emigrants' AS measure, a.code AS ref_area, "
            "b.code AS counterpart_area, CAST(y AS VARCHAR) AS time_period, " + dims + ", "
            "hash(a.code, b.code, y) % 100000 + 0.0 AS obs_value, 'person' AS unit, "
            "'A' AS obs_status, 1.0 AS precision, '' AS qualifier, 'xbo-office' AS source, "
            "'2026-05-05' AS vintage, '' AS note, 'big.csv' AS file, "
            "CAST(row_number() OVER () AS BIGINT) AS row "
            "FROM p a, p b, range(2001, 2006) t(y)"
        )

    def die(*args, **kwargs):
        os.kill(os.getpid(), signal.SIGKILL)

    if kill_at == "manifest":
        room.Store._replace_manifest = die
    if kill_at == "rename":
        whole = os.replace
        room.write_atomically = lambda path, text: (
            Path(str(path) + ".part").write_text(text[: len(text) // 2]), die())
    if kill_at == "parquet":
        room._sync = die
    opened = room.open_store(home)
    print("go", flush=True)
    start = time.monotonic()
    opened.add(country, stage, {"kind": "file", "name": "big.csv", "sha256": "b" * 64})
    print(time.monotonic() - start, flush=True)
    """
)
BIG = 250 * 250 * 5

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def start(code: str, *args: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def home(tmp_path: Path, fictional) -> Path:
    return open_store(tmp_path / "bor", fictional).home


def require_whole(home: Path, fictional) -> int:
    """Opens, names only whole files, and holds either before or after: gives the rows."""
    opened = open_store(home, fictional)
    for entry in opened.manifest.files:
        path = opened.folder / entry.file
        assert sha256(path.read_bytes()).hexdigest() == entry.sha256
        counted = duckdb.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone()
        assert counted == (entry.rows,)
    rows = len(read(opened, fictional, Query(preferred=False)))
    assert rows in {67, 67 + BIG}
    assert rows == sum(entry.rows for entry in opened.manifest.files)
    return rows


@pytest.fixture(scope="module")
def seconds(tmp_path_factory, fictional) -> float:
    """How long the writer takes here, undisturbed."""
    home = open_store(tmp_path_factory.mktemp("timing"), fictional).home
    writer = start(WRITER, home, fictional.folder, "never")
    out, err = writer.communicate()
    assert writer.returncode == 0, err
    assert require_whole(home, fictional) == 67 + BIG
    return float(out.split()[1])


@pytest.mark.parametrize("moment", range(5))
def test_a_writer_killed_at_any_moment_leaves_before_or_after(home, fictional, seconds, moment):
    part = (moment + random.Random(moment).random()) / 5
    writer = start(WRITER, home, fictional.folder, "never")
    assert writer.stdout.readline() == "go\n"
    time.sleep(seconds * part)
    writer.kill()
    writer.communicate()
    require_whole(home, fictional)
    # The lock died with its holder: the next writer needs no help, and sweeps up.
    again = start(WRITER, home, fictional.folder, "never")
    _, err = again.communicate()
    assert again.returncode == 0, err
    assert require_whole(home, fictional) == 67 + BIG
    assert not list((home / "vintages").glob(".new-*"))


@pytest.mark.parametrize("moment", ["parquet", "manifest", "rename"])
def test_a_writer_killed_just_before_the_end_leaves_before(home, fictional, moment):
    before = (home / "manifest.json").read_bytes()
    writer = start(WRITER, home, fictional.folder, moment)
    writer.communicate()
    assert writer.returncode == -9
    assert (home / "manifest.json").read_bytes() == before
    assert require_whole(home, fictional) == 67


SMALL = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    import pyarrow as pa
    from qonys.core.codes import DIMENSIONS
    from qonys.core.country import Country
    from qonys.core.observations import RAW_SCHEMA
    from qonys.observations.store import open_store

    home, folder, name, count, gate = sys.argv[1:6]
    country = Country(Path(folder))
    opened = open_store(home)
    print("ready", flush=True)
    while gate and not Path(gate).exists():
        time.sleep(0.005)
    for number in range(int(count)):
        row = dict(measure="emigrants", ref_area="XBO", counterpart_area=name,
                   time_period=str(2030 + number), **dict.fromkeys(DIMENSIONS, "_T"),
                   obs_value=1.0, unit="person", obs_status="A", precision=1.0, qualifier="",
                   source="xbo-office", vintage="2060-01-01", note="", file="f", row=number)

        def stage(con):
            con.register("given", pa.Table.from_pylist([row], schema=RAW_SCHEMA))
            con.execute("CREATE TEMP TABLE staged AS SELECT * FROM given")

        opened.add(country, stage, {"kind": "file", "name": name, "sha256": f"{name}{number}"})
    """
)


def test_two_writers_at_once_both_land(home, fictional, tmp_path):
    gate = tmp_path / "gate"
    writers = [start(SMALL, home, fictional.folder, name, 6, gate) for name in ("RUS", "DEU")]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    gate.touch()
    for writer in writers:
        _, err = writer.communicate()
        assert writer.returncode == 0, err
    opened = open_store(home)
    assert len(opened.manifest.files) == 1 + 12
    assert len(read(opened, fictional, Query(preferred=False))) == 67 + 12


def test_readers_beside_a_writer_see_no_error_and_no_step_back(home, fictional):
    errors: list[BaseException] = []
    seen: list[list[int]] = [[], []]
    done = threading.Event()

    def look(counts: list[int]) -> None:
        try:
            while not done.is_set():
                opened = open_store(home, fictional)
                rows = len(read(opened, fictional, Query(preferred=False)))
                assert rows == sum(entry.rows for entry in opened.manifest.files)
                json.loads((home / "manifest.json").read_text("utf-8"))
                counts.append(rows)
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=look, args=(counts,)) for counts in seen]
    for reader in readers:
        reader.start()
    writer = start(SMALL, home, fictional.folder, "RUS", 12, "")
    _, err = writer.communicate()
    done.set()
    for reader in readers:
        reader.join()
    assert writer.returncode == 0, err
    assert not errors
    for counts in seen:
        assert counts == sorted(counts)
        assert set(counts) <= set(range(67, 80))
    assert len(set(seen[0])) > 1
    assert len(read(open_store(home), fictional, Query(preferred=False))) == 67 + 12
