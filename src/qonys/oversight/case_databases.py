"""The two databases that keep cases: SQLite in a file, PostgreSQL at an address.

For `case_store` alone. Main function: `database_at`. What differs between them is here: the
way in, how a transaction begins, how a row is locked, how the trail is kept from being
rewritten. Every other statement is the same, with ``?`` for its values.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from qonys.core.errors import DataError, StoreError

_TABLES = (
    "CREATE TABLE IF NOT EXISTS qonys_head (one INTEGER PRIMARY KEY CHECK (one = 1), "
    "format INTEGER NOT NULL, seq BIGINT NOT NULL, hash TEXT NOT NULL, cases BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS qonys_trail (seq BIGINT PRIMARY KEY, at TEXT NOT NULL, "
    "actor TEXT NOT NULL, role TEXT NOT NULL, action TEXT NOT NULL, case_id TEXT NOT NULL, "
    "what TEXT NOT NULL, previous TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE)",
    "CREATE TABLE IF NOT EXISTS qonys_cases (id TEXT PRIMARY KEY, unit TEXT NOT NULL, "
    "account TEXT NOT NULL, alert TEXT NOT NULL, status TEXT NOT NULL, "
    "version BIGINT NOT NULL, due TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (unit, alert))",
    "CREATE INDEX IF NOT EXISTS qonys_cases_account ON qonys_cases (account)",
    "CREATE INDEX IF NOT EXISTS qonys_cases_due ON qonys_cases (unit, due)",
    "CREATE TABLE IF NOT EXISTS qonys_done (actor TEXT NOT NULL, key TEXT NOT NULL, "
    "request TEXT NOT NULL, seq BIGINT NOT NULL REFERENCES qonys_trail (seq), "
    "case_id TEXT NOT NULL REFERENCES qonys_cases (id), version BIGINT NOT NULL, "
    "PRIMARY KEY (actor, key))",
)
_REFUSAL = "the trail only grows"
_PATIENCE = 60  #: Seconds to wait for another writer.


class Database(Protocol):
    """One way to keep cases."""

    place: str
    for_update: str
    made: str

    def reachable(self) -> bool:
        """Whether there is something to connect to."""

    def connect(self, *, create: bool) -> Any:
        """A connection without a transaction; makes a missing file only where told."""

    def schema(self) -> Sequence[str]:
        """Statements that make the tables, once; they may be run again."""

    def begin(self, *, write: bool) -> Sequence[str]:
        """Statements that begin a transaction."""

    def execute(self, con: Any, statement: str, values: Sequence[object] = ()) -> Any:
        """Run a statement with its values."""

    def told(self, error: BaseException) -> str:
        """What went wrong, in one sentence; empty where it is no error of the database."""


class Sqlite:
    """A file: one writer at a time, readers never wait.

    Parameters
    ----------
    path : Path
        The file.
    """

    for_update = ""
    made = "SELECT count(*) FROM sqlite_master WHERE name = 'qonys_head'"

    def __init__(self, path: Path) -> None:
        self.path, self.place = path, str(path)

    def reachable(self) -> bool:
        """As in `Database`."""
        return self.path.is_file()

    def connect(self, *, create: bool) -> sqlite3.Connection:
        """As in `Database`; the file is the owner's alone."""
        if create and not self.path.is_file():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        con = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            con.execute(f"PRAGMA {setting}").fetchall()
        return con

    def schema(self) -> Sequence[str]:
        """As in `Database`."""
        guards = [
            f"CREATE TRIGGER IF NOT EXISTS qonys_trail_{verb} BEFORE {verb} ON qonys_trail "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            for verb in ("UPDATE", "DELETE")
        ]
        return (*_TABLES, *guards)

    def begin(self, *, write: bool) -> Sequence[str]:
        """As in `Database`."""
        return ("BEGIN IMMEDIATE" if write else "BEGIN",)

    def execute(
        self, con: Any, statement: str, values: Sequence[object] = ()
    ) -> sqlite3.Cursor:
        """As in `Database`."""
        cursor: sqlite3.Cursor = con.execute(statement, tuple(values))
        return cursor

    def told(self, error: BaseException) -> str:
        """As in `Database`."""
        if not isinstance(error, sqlite3.Error):
            return ""
        if "locked" in str(error):
            return f"{self.path} is being written by another program. Try again."
        return f"{self.path}: {error}"


class Postgres:
    """A server.

    Parameters
    ----------
    url : str
        Its address, ``postgresql://...``.
    """

    for_update = " FOR UPDATE"
    made = "SELECT to_regclass('qonys_head') IS NOT NULL"

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        #: Without user and password: texts of errors show it.
        self.place = f"PostgreSQL at {parts.hostname or 'localhost'}{parts.path}"

    def reachable(self) -> bool:
        """As in `Database`: told by connecting."""
        return True

    def connect(self, *, create: bool) -> Any:
        """As in `Database`; the database itself must be there."""
        try:
            import psycopg
        except ImportError:
            way_out = "Install it: pip install 'qonys[oversight]'."
            raise StoreError(
                f"PostgreSQL needs psycopg, which is not here. {way_out}"
            ) from None
        con = psycopg.connect(self.url, autocommit=True, connect_timeout=10)
        con.execute("SET synchronous_commit = on")
        con.execute("SET client_min_messages = warning")
        return con

    def schema(self) -> Sequence[str]:
        """As in `Database`."""
        refuse = (
            "CREATE OR REPLACE FUNCTION qonys_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        guard = (
            "CREATE OR REPLACE TRIGGER qonys_trail_grows BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON qonys_trail FOR EACH STATEMENT EXECUTE FUNCTION qonys_refuse()"
        )
        # Two programs that make the tables at once would fall over each other.
        return ("SELECT pg_advisory_xact_lock(1365208691)", *_TABLES, refuse, guard)

    def begin(self, *, write: bool) -> Sequence[str]:
        """As in `Database`."""
        if write:
            return ("BEGIN ISOLATION LEVEL READ COMMITTED",)
        return ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)

    def execute(self, con: Any, statement: str, values: Sequence[object] = ()) -> Any:
        """As in `Database`."""
        return con.execute(statement.replace("?", "%s"), tuple(values) or None)

    def told(self, error: BaseException) -> str:
        """As in `Database`."""
        if not any(kind.__module__.startswith("psycopg") for kind in type(error).__mro__):
            return ""
        lines = str(error).splitlines()
        return f"{self.place}: {lines[0] if lines else type(error).__name__}"


class Connections:
    """Connections of one process to a database, kept for the next transaction.

    Parameters
    ----------
    database : Database
        The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[tuple[int, Any]] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close those that nobody uses."""
        con = self._taken()
        while con is not None:
            con.close()
            con = self._taken()

    @contextmanager
    def transaction(self, *, write: bool, create: bool = False) -> Iterator[Any]:
        """A connection in a transaction: all of it is kept, or nothing.

        Parameters
        ----------
        write : bool
            Whether it writes.
        create : bool
            Whether a missing file is made.

        Raises
        ------
        StoreError
            With what the database says.
        """
        con = None
        try:
            con = self._begun(write=write, create=create)
            try:
                yield con
            except DataError:
                self._database.execute(con, "ROLLBACK")
                raise
            self._database.execute(con, "COMMIT")
        except BaseException as error:
            if con is not None and not isinstance(error, DataError):
                con.close()  # which takes everything back
                con = None
            told = self._database.told(error)
            if told:
                raise StoreError(told) from error
            raise
        finally:
            if con is not None:
                with self._lock:
                    self._idle.append((os.getpid(), con))

    def _begun(self, *, write: bool, create: bool) -> Any:
        """A connection in a new transaction; one that its server left is replaced."""
        kept = self._taken()
        for con in (kept, None):
            con = con if con is not None else self._database.connect(create=create)
            try:
                for statement in self._database.begin(write=write):
                    self._database.execute(con, statement)
            except BaseException as error:
                con.close()
                if con is not kept or not self._database.told(error):
                    raise
            else:
                return con
        raise AssertionError("a new connection begins or raises")

    def _taken(self) -> Any:
        """An idle connection of this process, if there is one."""
        with self._lock:
            for place, (process, con) in enumerate(self._idle):
                if process == os.getpid():  # one of a process that forked is left alone
                    del self._idle[place]
                    return con
        return None


def database_at(where: str | Path) -> Database:
    """The database of an address or a file.

    Parameters
    ----------
    where : str or Path
        ``postgresql://...``, or the path of a file.

    Raises
    ------
    StoreError
        When it is an address of another kind.
    """
    text = str(where)
    if text.startswith(("postgresql://", "postgres://")):
        return Postgres(text)
    if "://" in text:
        kind = text.partition("://")[0]
        raise StoreError(f"no store of cases at {kind}://. Give a file or postgresql://...")
    return Sqlite(Path(where))
