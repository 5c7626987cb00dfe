"""Cases on disk: one transaction a step, keys, versions, killed writers, many writers at once.

The same tests run on SQLite and, among the slow ones, on a real PostgreSQL: the server of
QONYS_TEST_POSTGRES, or one that is started for the test where its programs are installed.
"""

import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from qonys.core.errors import DataError, StoreError
from qonys.oversight.audit import verify
from qonys.oversight.case_clocks import load_clocks
from qonys.oversight.case_databases import database_at
from qonys.oversight.case_decisions import Decide, FileAppeal, Reverse, ReviewAppeal
from qonys.oversight.case_holds import ApproveHold, ProposeHold
from qonys.oversight.case_operations import AddNote, Assign, Opening
from qonys.oversight.case_roles import Actor, ConflictError, RefusedError
from qonys.oversight.case_store import CaseStore, open_cases
from qonys.oversight.cases import Reason

CLOCKS = load_clocks("KAZ")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA = Actor("anna", "analyst", "north")
BORIS = Actor("boris", "approver", "north")
CLEO = Actor("cleo", "reviewer", "north")
DESK = Actor("desk", "client_desk", "north")
RITA = Actor("rita", "auditor", "north")
ALERT = Opening("A1", "acc-7", (Reason("shared_device", "3 strangers"),))
ONE = "C000001"

#: A program that writes notes, one a key, and says which ones stand written.
WRITER = """
import sys
from datetime import UTC, datetime
from qonys.core.dated import Dated, Spell
from qonys.oversight.case_clocks import Clocks
from qonys.oversight.case_databases import database_at
from qonys.oversight.case_operations import AddNote
from qonys.oversight.case_roles import Actor, ConflictError
from qonys.oversight.case_store import CaseStore
from qonys.rules.calendar import WorkingCalendar

where, name, first, count, racing = sys.argv[1:]
now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
store = CaseStore(database_at(where), Clocks({}, {}, WorkingCalendar()), lambda: now)
actor, seen = Actor(name, "analyst", "north"), 1
print("ready", flush=True)
sys.stdin.readline()
for at in range(int(first), int(first) + int(count)):
    expected = seen if racing == "racing" else None
    try:
        done = store.perform(
            "C000001", AddNote(f"{name}-{at}"), actor, key=f"key {at}", expected=expected
        )
    except ConflictError as error:
        seen = int(str(error).split("version ")[1].split(",")[0])
        print("conflict", expected, seen, flush=True)
    else:
        seen = done.version
        print("done", at, done.version, done.seq, flush=True)
"""


def program(*names):
    """A program of PostgreSQL, wherever the system keeps it."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for name in names:
        found = [folder / name for folder in folders if (folder / name).is_file()]
        found += [Path(one) for one in [shutil.which(name)] if one]
        if found:
            return str(found[0])
    return None


@pytest.fixture(scope="session")
def server():
    """Address of a PostgreSQL: the one that is given, else one of our own."""
    given = os.environ.get("QONYS_TEST_POSTGRES")
    if given:
        yield given
        return
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("no PostgreSQL here: install it, or set QONYS_TEST_POSTGRES to its address")
    # It refuses to run as root, so root lends it to the user whom its package made.
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="qonys-pg-"))
    if user:
        shutil.chown(folder, "postgres")
    try:
        asked = [initdb, "-D", str(folder / "data"), "-A", "trust", "-U", "qonys", "-E", "UTF8"]
        subprocess.run([*asked, "--no-locale"], check=True, capture_output=True, **user)
        settings = ["-c", "listen_addresses=", "-k", str(folder), "-c", "max_connections=40"]
        process = subprocess.Popen(
            [postgres, "-D", str(folder / "data"), *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **user,
        )
        try:
            yield wait_for(f"postgresql://qonys@/postgres?host={folder}", process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(url, process):
    """The address, once somebody answers there."""
    import psycopg

    for _ in range(300):
        assert process.poll() is None, "PostgreSQL did not start"
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return url
    raise AssertionError("PostgreSQL did not answer")


@pytest.fixture
def postgres(server):
    """A new, empty database of the server."""
    import psycopg

    name = f"qonys_test_{os.getpid()}_{random.SystemRandom().getrandbits(40):x}"
    with psycopg.connect(server, autocommit=True) as con:
        con.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        con.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def where(request, tmp_path):
    """A new, empty place for cases."""
    if request.param == "sqlite":
        return str(tmp_path / "cases.sqlite")
    return request.getfixturevalue("postgres")


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(where, clock):
    with CaseStore(database_at(where), CLOCKS, clock) as opened:
        yield opened


def entries(store):
    """Entries by action, as the trail has them."""
    from qonys.oversight.audit import read_line

    return [read_line(line) for line in store.export(RITA)]


def begun(store):
    """A store with a case that is being examined."""
    store.open(ALERT, ANNA)
    store.perform(ONE, Assign("anna"), ANNA)
    return store


def test_a_case_goes_its_way_and_every_step_is_on_the_trail(store):
    begun(store)
    store.perform(ONE, ProposeHold("account", "goes on", lists=("gray",)), ANNA)
    store.perform(ONE, ApproveHold(1), BORIS)
    store.perform(ONE, Decide("confirmed", "papers", lists=("black",)), BORIS)
    store.perform(ONE, FileAppeal("It was rent."), DESK)
    store.perform(ONE, ReviewAppeal(True, "It was rent."), CLEO)
    done = Reverse("It was rent.", ("black", "gray"), date(2026, 9, 1))
    receipt = store.perform(ONE, done, CLEO)
    actions = ["open", "assign", "propose", "approve", "decide", "appeal", "review", "reverse"]
    told = entries(store)
    assert [one.action for one in told] == [*actions, "export"]
    assert told[7].hash == receipt.head
    assert told[7].what["lists_cleared"] == ["black", "gray"]
    assert told[3].what["until"] == "2026-03-10T19:00:00Z"
    assert [one.what["version"] for one in told[:8]] == list(range(1, 9))
    verdict = store.verify()
    assert verdict.holds
    assert verdict.entries == 9


def test_the_trail_names_no_account_and_quotes_nobody(store):
    begun(store)
    store.perform(ONE, AddNote("SECRET"), ANNA)
    store.perform(ONE, ProposeHold("limit", "REASON", "SCOPE"), ANNA)
    store.perform(ONE, FileAppeal("PERSONAL"), DESK)
    text = "\n".join(store.export(RITA))
    for personal in ("acc-7", "A1", "SECRET", "REASON", "SCOPE", "PERSONAL", "strangers"):
        assert personal not in text


def test_a_call_with_a_key_is_done_once(store):
    first = store.open(ALERT, ANNA, "monday")
    again = store.open(ALERT, ANNA, "monday")
    assert again == replace(first, repeated=True)
    note = store.perform(ONE, AddNote("x"), ANNA, key="k", expected=1)
    # The version has moved on, and the repeated call still hears what it did.
    assert store.perform(ONE, AddNote("x"), ANNA, key="k", expected=1) == replace(
        note, repeated=True
    )
    with pytest.raises(DataError, match="the key was used for something else"):
        store.perform(ONE, AddNote("y"), ANNA, key="k", expected=1)
    other = replace(ANNA, name="vera")
    assert not store.perform(ONE, AddNote("x"), other, key="k").repeated
    assert len(store.show(ONE, ANNA)["notes"]) == 2
    assert Counter(one.action for one in entries(store))["note"] == 2


def test_a_stale_version_is_a_conflict_and_changes_nothing(store):
    begun(store)
    with pytest.raises(ConflictError, match=r"version 2, not 1\. Look at it again"):
        store.perform(ONE, AddNote("x"), ANNA, expected=1)
    assert store.perform(ONE, AddNote("x"), ANNA, expected=2).version == 3


def test_refusals_are_on_the_trail(store):
    begun(store)
    south = replace(ANNA, unit="south")
    with pytest.raises(RefusedError, match="may not approve"):
        store.perform(ONE, ApproveHold(1), ANNA)
    with pytest.raises(RefusedError, match="no such case in your unit"):
        store.show(ONE, south)
    with pytest.raises(RefusedError, match="no such case in your unit"):
        store.perform(ONE, AddNote("x"), south)
    with pytest.raises(RefusedError, match="no such case in your unit"):
        store.show("C000009", ANNA)
    with pytest.raises(RefusedError, match="may not notice"):
        store.notice(ONE, "en", RITA)
    with pytest.raises(RefusedError, match="may not export"):
        list(store.export(ANNA))
    store.perform(ONE, ProposeHold("account", "x"), ANNA)
    with pytest.raises(RefusedError):
        store.perform(ONE, ApproveHold(1), replace(ANNA, role="approver"))
    refused = [one for one in entries(store) if one.action == "refused"]
    assert [(one.what["action"], one.what["why"]) for one in refused] == [
        ("approve", "role"),
        ("show", "unit"),
        ("note", "unit"),
        ("show", "unit"),
        ("notice", "role"),
        ("export", "role"),
        ("approve", "four_eyes"),
    ]
    assert refused[3].case == ""  # what somebody typed is no case
    assert store.show(ONE, ANNA)["version"] == 3


def test_readings_are_on_the_trail(store):
    begun(store)
    store.show(ONE, DESK)
    store.notice(ONE, "kk", DESK)
    store.cases(ANNA)
    store.overdue(BORIS)
    told = [(one.actor, one.action, one.case) for one in entries(store)[2:]]
    assert told == [
        ("desk", "show", ONE),
        ("desk", "notice", ONE),
        ("anna", "list", ""),
        ("boris", "overdue", ""),
        ("rita", "export", ""),
    ]


def test_only_cases_of_the_own_unit_are_listed(store):
    store.open(ALERT, ANNA)
    south = replace(ANNA, unit="south")
    assert store.open(ALERT, south).case == "C000002"
    assert [one["id"] for one in store.cases(ANNA)] == [ONE]
    assert [one["id"] for one in store.cases(south, "suspicion")] == ["C000002"]
    assert store.cases(south, "closed") == []
    assert "account" not in store.cases(RITA)[0]


def test_overdue_lists_cases_whose_clock_ran_out(store, clock):
    begun(store)
    store.open(replace(ALERT, alert="A2", account="acc-8"), ANNA)
    assert store.overdue(ANNA) == []
    clock.now = START + timedelta(days=2)
    assert [one["id"] for one in store.overdue(ANNA)] == ["C000002"]
    found = store.overdue(ANNA, START + timedelta(days=20))
    assert [one["id"] for one in found] == ["C000002", ONE]
    assert all(one["overdue"] for one in store.cases(ANNA)) is False


def test_an_alert_opens_one_case_and_an_account_has_one_open(store, clock):
    store.open(ALERT, ANNA)
    with pytest.raises(DataError, match=r"this alert has a case \('C000001'\)"):
        store.open(ALERT, ANNA)
    with pytest.raises(DataError, match="this account has an open case"):
        store.open(replace(ALERT, alert="A2"), ANNA)


def test_a_reversed_case_lets_its_signs_rest_until_their_day(store, clock):
    begun(store)
    store.perform(ONE, ProposeHold("limit", "x", "10"), ANNA)
    store.perform(ONE, FileAppeal("no"), DESK)
    store.perform(ONE, ReviewAppeal(True, "right"), CLEO)
    store.perform(ONE, Reverse("right", (), date(2026, 9, 1)), CLEO)
    from qonys.oversight.case_decisions import CloseCase

    store.perform(ONE, CloseCase(), ANNA)
    assert store.resting("acc-7") == {"shared_device"}
    assert store.resting("acc-7", date(2026, 9, 1)) == frozenset()
    assert store.resting("acc-8") == frozenset()
    with pytest.raises(DataError, match="every sign of this alert rests"):
        store.open(replace(ALERT, alert="A2"), ANNA)
    clock.now = START + timedelta(days=200)
    assert store.open(replace(ALERT, alert="A2"), ANNA).case == "C000002"


def test_an_export_is_checked_without_the_store(store):
    begun(store)
    lines = list(store.export(RITA))
    verdict = verify(lines)
    assert verdict.holds
    assert verdict.head == store.verify().head
    changed = [*lines]
    changed[1] = changed[1].replace('"anna"', '"vera"')
    broken = verify(changed).broken
    assert broken is not None
    assert broken.place == 2


def test_a_store_is_opened_again_as_it_was(where, store):
    begun(store)
    with CaseStore(database_at(where), CLOCKS, lambda: START, create=False) as other:
        assert other.show(ONE, ANNA)["status"] == "examining"
        assert other.verify().holds


def tampered(where, *statements):
    """Change a store behind its back, as its owner can."""
    if where.startswith("postgresql"):
        import psycopg

        with psycopg.connect(where) as con:
            con.execute("ALTER TABLE qonys_trail DISABLE TRIGGER ALL")
            for statement in statements:
                con.execute(statement)
    else:
        with closing(sqlite3.connect(where)) as con:
            con.execute("PRAGMA foreign_keys = OFF")
            for verb in ("UPDATE", "DELETE"):
                con.execute(f"DROP TRIGGER IF EXISTS qonys_trail_{verb}")
            for statement in statements:
                con.execute(statement)
            con.commit()


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE qonys_trail SET actor = 'vera' WHERE seq = 3", 3),
        ("UPDATE qonys_trail SET what = replace(what, ',', ', ') WHERE seq = 4", 4),
        ("UPDATE qonys_trail SET at = '2026-03-02T09:00:01Z' WHERE seq = 1", 1),
        ("UPDATE qonys_trail SET seq = 99 WHERE seq = 5", 5),
    ],
)
def test_a_changed_entry_is_found(where, store, statement, place):
    begun(store)
    for text in "abcd":
        store.perform(ONE, AddNote(text), ANNA)
    tampered(where, "DELETE FROM qonys_done", statement)
    broken = store.verify().broken
    assert broken is not None
    assert broken.place == place


def test_a_cut_end_is_found(where, store):
    begun(store)
    noted = store.perform(ONE, AddNote("x"), ANNA).head
    assert store.verify(noted).holds
    tampered(where, "DELETE FROM qonys_done", "DELETE FROM qonys_trail WHERE seq = 3")
    broken = store.verify().broken
    assert broken is not None
    assert (broken.place, broken.kind) == (3, "cut")
    # Whoever also sets back what the store remembers is found by a head noted elsewhere.
    tampered(
        where,
        "UPDATE qonys_head SET seq = 2, hash = (SELECT hash FROM qonys_trail WHERE seq = 2)",
    )
    assert store.verify().broken is None
    assert [str(fault) for fault in store.verify().cases] == [
        "case C000001: is not what its last entry says"
    ]
    broken = store.verify(noted).broken
    assert broken is not None
    assert broken.kind == "cut"


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE qonys_cases SET body = replace(body, 'shared', 'stolen')",
            "is not what its last entry says",
        ),
        ("UPDATE qonys_cases SET due = ''", "is listed as something that it is not"),
        ("UPDATE qonys_cases SET unit = 'south'", "is listed as something that it is not"),
        ("UPDATE qonys_cases SET id = 'C000005'", "stands in the store but not on the trail"),
        ("DELETE FROM qonys_cases", "stands on the trail but not in the store"),
    ],
)
def test_a_case_changed_behind_the_trail_is_found(where, store, statement, problem):
    begun(store)
    tampered(where, "DELETE FROM qonys_done", statement)
    verdict = store.verify()
    assert verdict.broken is None
    assert not verdict.holds
    assert problem in str(verdict.cases[0])


def test_the_database_itself_refuses_to_rewrite_the_trail(where, store):
    begun(store)
    database = database_at(where)
    with closing(database.connect(create=False)) as con:
        for statement in (
            "UPDATE qonys_trail SET actor = 'vera'",
            "DELETE FROM qonys_trail WHERE seq = 2",
        ):
            with pytest.raises(Exception, match="the trail only grows"):
                database.execute(con, statement)
    assert store.verify().holds


def test_many_threads_change_one_case_and_each_version_has_one_winner(store):
    begun(store)
    results, gate = [], threading.Barrier(12)

    def race(name):
        """Try to be the one who makes version 3."""
        gate.wait()
        try:
            results.append(
                store.perform(ONE, AddNote("x"), Actor(name, "analyst", "north"), expected=2)
            )
        except ConflictError as error:
            results.append(str(error))

    threads = [threading.Thread(target=race, args=(f"a{n}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [one for one in results if not isinstance(one, str)]
    assert [one.version for one in won] == [3]
    assert [one for one in results if isinstance(one, str)] == [
        "case C000001: was changed meanwhile: version 3, not 2. Look at it again, then decide "
        "whether this is still right."
    ] * 11
    assert store.verify().holds


def writer(where, name, first, count, mode):
    """A program of its own that writes notes; it waits for a line before it begins."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, where, name, str(first), str(count), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def raced(where, store, programs, attempts):
    """Let programs race for the versions of one case; how many won and lost."""
    store.open(ALERT, ANNA)
    running = [writer(where, f"w{n}", 0, attempts, "racing") for n in range(programs)]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [
        line.split() for process in running for line in process.communicate()[0].splitlines()
    ]
    assert all(process.returncode == 0 for process in running)
    won = [int(words[2]) for words in said if words[0] == "done"]
    lost = [words for words in said if words[0] == "conflict"]
    assert len(won) + len(lost) == programs * attempts
    assert sorted(won) == list(range(2, len(won) + 2))  # one winner a version, and no gap
    assert all(int(words[2]) > int(words[1]) for words in lost)
    data = store.show(ONE, ANNA)
    assert data["version"] == len(won) + 1
    assert len(data["notes"]) == len(won)
    assert store.verify().entries == 1 + len(won) + 1
    assert store.verify().holds
    return len(won), len(lost)


def test_programs_race_for_versions_and_the_chain_does_not_fork(where, store):
    raced(where, store, 3, 40)


@pytest.mark.slow
def test_a_thousand_edits_race_for_versions_and_the_chain_does_not_fork(where, store):
    won, lost = raced(where, store, 4, 250)
    assert won >= 250
    assert won + lost == 1000


def killed(where, store, kills, seed):
    """Kill a writer again and again; what it said is there, and nothing is there twice."""
    store.open(ALERT, ANNA)
    rng, said, first = random.Random(seed), {}, 0
    for _ in range(kills):
        process = writer(where, "anna", first, 10_000, "quiet")
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        time.sleep(rng.uniform(0.0, 0.08))
        process.send_signal(signal.SIGKILL)
        told = [line.split() for line in process.communicate()[0].splitlines()]
        assert process.returncode == -signal.SIGKILL
        for words in told:
            if len(words) == 4:  # the last line may be cut off
                said[int(words[1])] = (int(words[2]), int(words[3]))
        # Begin again two keys back: calls that were done, or were not answered, are repeated.
        first = max([*said, 1]) - 1
        assert store.verify().holds
    notes = Counter(one["text"] for one in store.show(ONE, ANNA)["notes"])
    assert set(notes.values()) <= {1}
    assert {f"anna-{at}" for at in said} <= set(notes)
    assert len(notes) - len(said) <= 1  # the one whose answer was cut off
    trail = entries(store)
    written = {entry.seq: entry.what["version"] for entry in trail if entry.action == "note"}
    assert len(written) == len(notes)
    assert all(written[seq] == version for version, seq in said.values())
    assert store.verify().holds
    return len(notes)


def test_a_killed_writer_loses_nothing_and_doubles_nothing(where, store):
    assert killed(where, store, 5, seed=1) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_a_writer_killed_fifty_times_loses_nothing_and_doubles_nothing(where, store, seed):
    assert killed(where, store, 50, seed) > 50


def test_a_step_that_fails_in_the_middle_leaves_nothing(store, monkeypatch):
    begun(store)
    before = store.verify()

    def fail(*_arguments, **_named):
        raise OSError("the disk is gone")

    monkeypatch.setattr(store, "_append", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        store.perform(ONE, AddNote("x"), ANNA, key="k")
    monkeypatch.undo()
    assert store.verify() == before
    assert not store.perform(ONE, AddNote("x"), ANNA, key="k").repeated


@pytest.mark.slow
def test_a_server_that_went_away_is_asked_again(postgres):
    import psycopg

    with CaseStore(database_at(postgres), CLOCKS, lambda: START) as store:
        store.cases(ANNA)
        with psycopg.connect(postgres, autocommit=True) as con:
            con.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        assert store.cases(ANNA) == []


# Files and addresses


def test_a_file_of_cases_is_its_owners_alone_and_is_made_safe(tmp_path):
    path = tmp_path / "folder" / "cases.sqlite"
    with open_cases(path, now=lambda: START):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with closing(database_at(path).connect(create=False)) as con:
            settings = [
                con.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
    assert settings == ["wal", 2, 1]


def test_a_store_that_is_not_there_is_not_made_by_reading(tmp_path):
    path = tmp_path / "cases.sqlite"
    with pytest.raises(StoreError, match="no cases at"):
        open_cases(path, create=False)
    assert not path.exists()


def test_a_file_that_is_something_else_is_told(tmp_path):
    path = tmp_path / "cases.sqlite"
    path.write_text("a letter " * 200, encoding="utf-8")
    with pytest.raises(StoreError, match="file is not a database"):
        open_cases(path)
    other = tmp_path / "new.sqlite"
    with open_cases(other):
        pass
    with closing(sqlite3.connect(other)) as con:
        con.execute("UPDATE qonys_head SET format = 9")
        con.commit()
    with pytest.raises(StoreError, match="have format 9; this Qonys reads 1"):
        open_cases(other)


def test_a_writer_that_waits_too_long_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("qonys.oversight.case_databases._PATIENCE", 0.05)
    path = tmp_path / "cases.sqlite"
    with open_cases(path, now=lambda: START) as store, closing(sqlite3.connect(path)) as con:
        con.isolation_level = None
        con.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is being written by another program"):
            store.open(ALERT, ANNA)
        con.execute("ROLLBACK")
        assert store.open(ALERT, ANNA).case == ONE


def test_an_address_shows_no_password():
    with pytest.raises(StoreError) as caught:
        open_cases("postgresql://anna:hush@127.0.0.1:1/cases?connect_timeout=2")
    assert "hush" not in str(caught.value)
    assert "PostgreSQL at 127.0.0.1/cases" in str(caught.value)
    with pytest.raises(StoreError, match="no store of cases at mysql://"):
        open_cases("mysql://anna:hush@host/cases")
