"""What holds for every command: endings, interruption, help, JSON, empty values."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import duckdb
import pytest
from click.testing import CliRunner, Result

import qonys.observations.reading as reading_room
from qonys.cli import main
from qonys.cli.terminal import Verb, counted


def invoke(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


VERBS = [(path, verb) for path, verb in commands(main) if not isinstance(verb, click.Group)]
NAMES = [" ".join(path) for path, _ in VERBS]


@pytest.fixture
def where(fictional, tmp_path) -> tuple[str, ...]:
    return ("--country", str(fictional.folder), "--store", str(tmp_path / "store"))


# Interruption and exhaustion.


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        duckdb.InterruptException("INTERRUPT Error: Interrupted!"),
        click.Abort(),
    ],
)
def test_an_interruption_is_exit_code_130(where, monkeypatch, error):
    def stop(*args, **kwargs):
        raise error

    monkeypatch.setattr(reading_room, "read", stop)
    result = invoke("data", "list", *where)
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.strip() == "stopped: nothing half-written was left behind"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_during_a_query_is_no_fault(where):
    """DuckDB makes of it a RuntimeError, which only names the interruption as its cause."""
    code = (
        "import os, signal, sys, threading, duckdb, qonys.observations.reading as room\n"
        "from qonys.cli import main\n"
        "def slow(*args, **kwargs):\n"
        "    con = duckdb.connect()\n"
        "    con.execute('SET threads = 1')\n"
        "    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    try:\n"
        "        con.execute('SELECT sum(hash(range)) FROM range(1000000000000)')\n"
        "    finally:\n"
        "        con.interrupt()  # else closing waits for the query\n"
        "room.read = slow\n"
        "main(sys.argv[1:], prog_name='qonys')\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, "data", "list", *where],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert (answer.returncode, answer.stdout) == (130, "")
    assert answer.stderr.strip() == "stopped: nothing half-written was left behind"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (duckdb.IOException("IO Error: Could not write file: No space left\nmore"), "No space"),
        (duckdb.HTTPException("HTTP Error: gone"), "gone"),
        (duckdb.OutOfMemoryException("Out of Memory Error: 16.0 MiB\nSET ..."), "16.0 MiB"),
        (MemoryError(), "memory"),
    ],
)
def test_a_full_disk_or_memory_is_one_plain_line(where, monkeypatch, error, says):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(reading_room, "read", fail)
    result = invoke("data", "list", *where)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1
    assert says in result.stderr
    for text in ("report", "unforeseen", "Exception"):
        assert text not in result.stderr


# Empty values.


@pytest.mark.parametrize(("path", "verb"), VERBS, ids=NAMES)
def test_no_value_may_be_empty(path, verb):
    assert isinstance(verb, Verb)
    for param in verb.params:
        if isinstance(param, click.Option) and not param.is_flag:
            others = ["x"] * sum(isinstance(other, click.Argument) for other in verb.params)
            result = invoke(*path, *others, param.opts[-1], "")
            assert (result.exit_code, result.stdout) == (2, ""), (path, param.opts)
            assert result.stderr.startswith(f"error: {param.opts[-1]}: empty")


def test_an_empty_store_before_the_noun_is_a_fault():
    result = invoke("--store", "", "data", "vintages")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --store: empty")


# Help.


def test_version():
    result = invoke("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("qonys 0.")


def test_a_noun_without_a_verb_shows_its_help():
    result = invoke("data")
    assert result.exit_code == 2
    assert "\n  list " in result.stderr
    assert "..." not in result.stderr.partition("Commands:")[2]


@pytest.mark.parametrize(("path", "verb"), VERBS, ids=NAMES)
def test_every_option_has_a_sentence(path, verb):
    text = invoke(*path, "--help").stdout
    assert "else QONYS_HOME" not in text
    for param in verb.params:
        if isinstance(param, click.Option):
            assert param.help, (path, param.name)
            assert param.help[0].isupper(), (path, param.help)
            assert param.help.endswith("."), (path, param.help)
    assert verb.help.strip().endswith(".")


def test_help_says_what_to_write():
    text = invoke("data", "list", "--help").stdout
    assert text.count("code or name") >= 2
    assert "KAZ unless you name another" in " ".join(invoke("brief", "--help").stdout.split())


def test_a_wrong_option_gets_a_suggestion():
    result = invoke("data", "list", "--mesure", "emigrants")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--measure" in result.stderr


# JSON.


@pytest.mark.parametrize(("path", "verb"), VERBS, ids=NAMES)
def test_every_verb_prints_json(path, verb):
    assert "--json" in {name for param in verb.params for name in param.opts}


@pytest.mark.parametrize(
    "args",
    [
        ("data", "list", "--period", "1950"),
        ("data", "show", "emigrants:XBO:WORLD:1950"),
        ("data", "check", "--kind", "balance"),
        ("data", "diff", "2025-02-10", "2025-02-10"),
    ],
)
def test_nothing_is_an_empty_list(where, args):
    result = invoke(*args, "--json", *where)
    assert json.loads(result.stdout) == []
    assert result.stderr == ""


@pytest.mark.parametrize(
    "args",
    [
        ("data", "list", "--measure", "x"),
        ("data", "show", "x"),
        ("data", "check", "--kind", "x"),
        ("data", "diff", "1900-01-01", "1900-01-02"),
        ("data", "retract", "1900-01-01", "--reason", "x"),
        ("data", "add", "nowhere.csv"),
        ("data", "pull", "nowhere"),
        ("data", "export", "-o", "x.json"),
    ],
)
def test_faults_never_go_to_standard_output(where, args):
    result = invoke(*args, "--json", *where)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


# Doctor.


def test_doctor_when_every_row_is_hidden(where):
    rows = json.loads(invoke("data", "vintages", "--json", *where).stdout)
    for day in {row["release"] for row in rows}:
        assert invoke("data", "retract", day, "--reason", "x", *where).exit_code == 0
    result = invoke("doctor", "--json", *where)
    report = json.loads(result.stdout)
    assert result.exit_code == (1 if report["missing"] else 0)
    assert report["newest_release"] is None
    assert "newest release unknown" in invoke("doctor", *where).stdout


def test_doctor_of_a_country_without_figures(fictional, tmp_path):
    folder = Path(shutil.copytree(str(fictional.folder), tmp_path / "bare"))
    shutil.rmtree(folder / "observations")
    where = ("--country", str(folder), "--store", str(tmp_path / "store"))
    result = invoke("doctor", "--json", *where)
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (report["rows"], report["newest_release"]) == (0, None)
    assert "no folder observations" in report["faults"][0]
    text = invoke("doctor", *where).stdout
    assert "0 rows in use" in text
    assert "no folder observations" in text


def test_counted():
    assert [counted(n, "row") for n in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]
