"""Cases on disk: each change and its entry on the trail are one transaction.

For the command line and the pages. Main type: `CaseStore`; main function: `open_cases`. The
newest entry is locked before anything else, so writers follow one another and the chain does
not fork. A call with a key of its own can be repeated: it is done once. What is stored of a
case is what its last entry says, by its hash.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from qonys.core.errors import DataError, Fault, StoreError
from qonys.oversight.audit import (
    GENESIS,
    Chain,
    Entry,
    Verdict,
    canonical,
    follow,
    moment_text,
)
from qonys.oversight.case_clocks import Clocks, load_clocks
from qonys.oversight.case_databases import Connections, Database, database_at
from qonys.oversight.case_operations import (
    Opening,
    Operation,
    Step,
    act,
    open_case,
    require_unit,
)
from qonys.oversight.case_reading import client_notice, view
from qonys.oversight.case_roles import Actor, ConflictError, RefusedError, require_may
from qonys.oversight.cases import Case, case_from, to_plain

FORMAT = 1
_PAGE = 1000  #: Entries read at once.


@dataclass(frozen=True)
class Receipt:
    """What stands written after an operation.

    Parameters
    ----------
    case : str
        Number of the case.
    version : int
        Its version after the operation.
    seq : int
        Number of the entry on the trail.
    head : str
        Hash of that entry; noted elsewhere, it tells later whether the trail was rewritten.
    repeated : bool
        Whether the key was known: the operation had been done before, and was not done again.
    """

    case: str
    version: int
    seq: int
    head: str
    repeated: bool = False


class CaseStore:
    """Cases and their trail.

    Parameters
    ----------
    database : Database
        Where they are kept.
    clocks : Clocks
        Of the country.
    now : Callable
        The moment, with its zone.
    create : bool
        Whether a missing file is made.
    """

    def __init__(
        self,
        database: Database,
        clocks: Clocks,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        create: bool = True,
    ) -> None:
        self._database, self._clocks, self._now = database, clocks, now
        self._connections = Connections(database)
        self._run, self._transaction = database.execute, self._connections.transaction
        self._prepare(create=create)

    def __enter__(self) -> "CaseStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._connections.close()

    def open(self, opening: Opening, actor: Actor, key: str = "") -> Receipt:
        """Open a case on an alert.

        Parameters
        ----------
        opening : Opening
            The alert; one alert opens one case of a unit.
        actor : Actor
            Who.
        key : str
            Of this call; a second call with it does nothing twice.
        """
        request = {"action": "open", **to_plain(opening)}

        def begin(con: Any, step: Step, cases: int) -> tuple[Case, Mapping[str, object]]:
            """The case of the alert, if it is the first of that alert and account."""
            self._require_new(con, opening, actor)
            number = f"C{cases + 1:06d}"
            resting = self._resting_on(con, opening.account, self._local(step.at))
            case = open_case(opening, step, number, secrets.token_hex(16), resting)
            left_out = len(opening.reasons) - len(case.reasons)
            return case, {"signs": [one.sign for one in case.reasons], "resting": left_out}

        return self._change("open", "", request, actor, key, begin)

    def perform(
        self,
        number: str,
        operation: Operation,
        actor: Actor,
        *,
        key: str = "",
        expected: int | None = None,
    ) -> Receipt:
        """Do something to a case.

        Parameters
        ----------
        number : str
            Of the case.
        operation : Operation
            What.
        actor : Actor
            Who.
        key : str
            Of this call; a second call with it does nothing twice.
        expected : int or None
            The version that the actor has seen; none where any will do.

        Raises
        ------
        RefusedError
            When they may not; the refusal is on the trail.
        ConflictError
            When the case has another version by now.
        DataError
            When the case does not allow it, or with the faults of what was given.
        """
        request = {"case": number, "expected": expected, **operation.request()}

        def go_on(con: Any, step: Step, _: int) -> tuple[Case, Mapping[str, object]]:
            """The case after the operation."""
            case = require_unit(self._load(con, number), actor, number)
            if expected is not None and expected != case.version:
                problem = f"was changed meanwhile: version {case.version}, not {expected}"
                way_out = "Look at it again, then decide whether this is still right."
                raise ConflictError(Fault(problem, f"case {number}", way_out=way_out))
            after = act(case, operation, step)
            return after, operation.shown(after)

        return self._change(operation.action, number, request, actor, key, go_on)

    def show(self, number: str, actor: Actor) -> dict[str, Any]:
        """The part of a case that a role reads; the reading is on the trail.

        Parameters
        ----------
        number : str
            Of the case.
        actor : Actor
            Who reads.
        """
        case = self._read_one("show", number, actor)
        return view(case, actor.role, self._moment())

    def notice(self, number: str, lang: str, actor: Actor) -> str:
        """What the client of a case is told, in plain words; the reading is on the trail.

        Parameters
        ----------
        number : str
            Of the case.
        lang : str
            ``en``, ``ru`` or ``kk``.
        actor : Actor
            Who reads it.
        """
        case = self._read_one("notice", number, actor)
        return client_notice(case, lang, self._moment(), self._clocks)

    def cases(self, actor: Actor, status: str = "") -> list[dict[str, Any]]:
        """Cases of the actor's unit, each as the role reads it; the reading is on the trail.

        Parameters
        ----------
        actor : Actor
            Who reads.
        status : str
            Only cases of this status.
        """
        condition, values = ("status = ?", [status]) if status else ("", [])
        return self._read_many("list", actor, condition, values)

    def overdue(self, actor: Actor, now: datetime | None = None) -> list[dict[str, Any]]:
        """Cases of the actor's unit whose clock has run out, the oldest first.

        Parameters
        ----------
        actor : Actor
            Who reads.
        now : datetime or None
            The moment; now unless given.
        """
        at = now if now is not None else self._moment()
        condition = "due <> '' AND due <= ?"
        return self._read_many("overdue", actor, condition, [moment_text(at)], at)

    def resting(self, account: str, day: date | None = None) -> frozenset[str]:
        """Signs that raise no alert on an account, by what was found out in earlier cases.

        Parameters
        ----------
        account : str
            Its pseudonym.
        day : date or None
            The day; today unless given.
        """
        with self._transaction(write=False) as con:
            return self._resting_on(con, account, day or self._local(self._moment()))

    def export(self, actor: Actor) -> Iterator[str]:
        """The trail as lines that are checked without the store; the export is on the trail.

        Parameters
        ----------
        actor : Actor
            Who takes it.
        """
        self._require(actor, "export")
        with self._transaction(write=True) as con:
            self._append(con, self._head(con), actor, "export", "", {"unit": actor.unit})
        with self._transaction(write=False) as con:
            yield from self._lines(con)

    def verify(self, head: str = "") -> Verdict:
        """Whether the trail holds, and every case is what its last entry says.

        Parameters
        ----------
        head : str
            Hash of an entry that was noted earlier.
        """
        states: dict[str, tuple[int, str]] = {}
        chain = Chain()
        with self._transaction(write=False) as con:
            seq, hashed, _ = self._head(con, lock=False)
            for entry in chain.walk(self._lines(con), head):
                if "state" in entry.what:
                    states[entry.case] = (int(entry.what["version"]), str(entry.what["state"]))
            chain.ends(head, (seq, hashed))
            faults = () if chain.broken is not None else tuple(self._unlike(con, states))
        return Verdict(chain.place, chain.head, chain.broken, faults)

    def _prepare(self, *, create: bool) -> None:
        """Make the tables where they may be made, and look at their format."""
        if not self._there():
            if not create:
                way_out = "Name the store with --store, or open a case."
                raise StoreError(f"no cases at {self._database.place}. {way_out}")
            with self._transaction(write=True, create=True) as con:
                for statement in self._database.schema():
                    self._run(con, statement)
                self._run(
                    con,
                    "INSERT INTO qonys_head (one, format, seq, hash, cases) "
                    "VALUES (1, ?, 0, ?, 0) ON CONFLICT (one) DO NOTHING",
                    (FORMAT, GENESIS),
                )
        with self._transaction(write=False) as con:
            (found,) = self._run(con, "SELECT format FROM qonys_head WHERE one = 1").fetchone()
        if found != FORMAT:
            raise StoreError(f"these cases have format {found}; this Qonys reads {FORMAT}")

    def _there(self) -> bool:
        """Whether the tables are there."""
        if not self._database.reachable():
            return False
        with self._transaction(write=False) as con:
            return bool(self._run(con, self._database.made).fetchone()[0])

    def _moment(self) -> datetime:
        """Now, to the second."""
        return self._now().astimezone(UTC).replace(microsecond=0)

    def _local(self, moment: datetime) -> date:
        return moment.astimezone(self._clocks.zone).date()

    def _head(self, con: Any, *, lock: bool = True) -> tuple[int, str, int]:
        """Number and hash of the newest entry, and how many cases there are."""
        for_update = self._database.for_update if lock else ""
        seq, hashed, cases = self._run(
            con, f"SELECT seq, hash, cases FROM qonys_head WHERE one = 1{for_update}"
        ).fetchone()
        return int(seq), str(hashed), int(cases)

    def _append(
        self,
        con: Any,
        head: tuple[int, str, int],
        actor: Actor,
        action: str,
        case: str,
        what: Mapping[str, object],
        *,
        opened: bool = False,
    ) -> Entry:
        """Write the next entry."""
        seq, hashed, cases = head
        entry = follow(
            seq,
            hashed,
            at=moment_text(self._moment()),
            actor=actor.name,
            role=actor.role,
            action=action,
            case=case,
            what=what,
        )
        self._run(
            con,
            "INSERT INTO qonys_trail (seq, at, actor, role, action, case_id, what, previous, "
            "hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(entry.seq, entry.at, entry.actor, entry.role, entry.action, entry.case),
                *(canonical(entry.what), entry.previous, entry.hash),
            ),
        )
        self._run(
            con,
            "UPDATE qonys_head SET seq = ?, hash = ?, cases = ? WHERE one = 1",
            (entry.seq, entry.hash, cases + opened),
        )
        return entry

    def _change(
        self,
        action: str,
        number: str,
        request: Mapping[str, object],
        actor: Actor,
        key: str,
        change: Callable[[Any, Step, int], tuple[Case, Mapping[str, object]]],
    ) -> Receipt:
        """Change a case and write the entry, in one transaction; refusals are written too."""
        asked = hashlib.sha256(
            canonical([actor.role, actor.unit, request]).encode()
        ).hexdigest()
        key = _require_key(key) if key else secrets.token_hex(16)
        try:
            require_may(actor, action)
            with self._transaction(write=True) as con:
                head = self._head(con)
                done = self._done(con, actor, key, asked)
                if done is not None:
                    return done
                step = Step(actor, self._moment(), self._clocks)
                case, shown = change(con, step, head[2])
                body = self._keep(con, case, opened=not number)
                what = {
                    "unit": case.unit,
                    "status": case.status,
                    "version": case.version,
                    "state": hashlib.sha256(body.encode()).hexdigest(),
                    **shown,
                }
                entry = self._append(con, head, actor, action, case.id, what, opened=not number)
                self._run(
                    con,
                    "INSERT INTO qonys_done (actor, key, request, seq, case_id, version) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (actor.name, key, asked, entry.seq, case.id, case.version),
                )
                return Receipt(case.id, case.version, entry.seq, entry.hash)
        except RefusedError as error:
            self._write_refusal(actor, action, number, error.why)
            raise

    def _done(self, con: Any, actor: Actor, key: str, asked: str) -> Receipt | None:
        """What a call with this key wrote, if there was one."""
        row = self._run(
            con,
            "SELECT d.request, d.case_id, d.version, d.seq, t.hash FROM qonys_done d "
            "JOIN qonys_trail t ON t.seq = d.seq WHERE d.actor = ? AND d.key = ?",
            (actor.name, key),
        ).fetchone()
        if row is None:
            return None
        if row[0] != asked:
            way_out = "A key belongs to one call; take a new one."
            problem = "the key was used for something else"
            raise DataError(Fault(problem, "--key", value=key, way_out=way_out))
        return Receipt(str(row[1]), int(row[2]), int(row[3]), str(row[4]), repeated=True)

    def _keep(self, con: Any, case: Case, *, opened: bool) -> str:
        """Store a case, and give the text that was stored."""
        body = canonical(to_plain(case))
        due = moment_text(case.clock.until) if case.clock is not None else ""
        row = (case.unit, case.account, case.alert, case.status, case.version, due, body)
        statement = (
            "INSERT INTO qonys_cases (unit, account, alert, status, version, due, body, id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            if opened
            else "UPDATE qonys_cases SET unit = ?, account = ?, alert = ?, status = ?, "
            "version = ?, due = ?, body = ? WHERE id = ?"
        )
        self._run(con, statement, (*row, case.id))
        return body

    def _load(self, con: Any, number: str) -> Case | None:
        row = self._run(con, "SELECT body FROM qonys_cases WHERE id = ?", (number,)).fetchone()
        return _parsed(row[0], number) if row is not None else None

    def _require_new(self, con: Any, opening: Opening, actor: Actor) -> None:
        """One alert opens one case, and an account has one open case of a unit."""
        row = self._run(
            con,
            "SELECT id, alert FROM qonys_cases WHERE unit = ? AND "
            "(alert = ? OR (account = ? AND status <> 'closed')) ORDER BY id",
            (actor.unit, opening.alert.strip(), opening.account.strip()),
        ).fetchone()
        if row is not None:
            same = row[1] == opening.alert.strip()
            problem = "this alert has a case" if same else "this account has an open case"
            way_out = "Go on with that one: add what is new as evidence or a note."
            raise DataError(Fault(problem, "case", value=str(row[0]), way_out=way_out))

    def _resting_on(self, con: Any, account: str, day: date) -> frozenset[str]:
        rows = self._run(
            con, "SELECT id, body FROM qonys_cases WHERE account = ?", (account.strip(),)
        ).fetchall()
        cases = [_parsed(body, number) for number, body in rows]
        return frozenset(one.sign for case in cases for one in case.feedback if day < one.until)

    def _read_one(self, action: str, number: str, actor: Actor) -> Case:
        """A case that somebody reads."""
        self._require(actor, action, number)
        try:
            with self._transaction(write=True) as con:
                head = self._head(con)
                case = require_unit(self._load(con, number), actor, number)
                self._append(con, head, actor, action, case.id, {"unit": actor.unit})
        except RefusedError as error:
            self._write_refusal(actor, action, number, error.why)
            raise
        return case

    def _read_many(
        self,
        action: str,
        actor: Actor,
        condition: str,
        values: Sequence[object],
        at: datetime | None = None,
    ) -> list[dict[str, Any]]:
        """Cases of a unit that somebody reads."""
        self._require(actor, action)
        more = f" AND {condition}" if condition else ""
        with self._transaction(write=True) as con:
            head = self._head(con)
            rows = self._run(
                con,
                f"SELECT id, body FROM qonys_cases WHERE unit = ?{more} ORDER BY due, id",
                (actor.unit, *values),
            ).fetchall()
            what = {"unit": actor.unit, "cases": len(rows)}
            self._append(con, head, actor, action, "", what)
        now = at if at is not None else self._moment()
        return [view(_parsed(body, number), actor.role, now) for number, body in rows]

    def _require(self, actor: Actor, action: str, number: str = "") -> None:
        """Raise where a role may not, and write that down."""
        try:
            require_may(actor, action)
        except RefusedError as error:
            self._write_refusal(actor, action, number, error.why)
            raise

    def _write_refusal(self, actor: Actor, action: str, number: str, why: str) -> None:
        what = {"unit": actor.unit, "action": action, "why": why}
        with self._transaction(write=True) as con:
            known = self._load(con, number) is not None if number else False
            case = number if known else ""
            self._append(con, self._head(con), actor, "refused", case, what)

    def _lines(self, con: Any) -> Iterator[str]:
        """The trail as it is stored, page by page, in the form of an export."""
        after = 0
        while True:
            rows = self._run(
                con,
                "SELECT action, actor, at, case_id, hash, previous, role, seq, what "
                "FROM qonys_trail WHERE seq > ? ORDER BY seq LIMIT ?",
                (after, _PAGE),
            ).fetchall()
            if not rows:
                return
            for row in rows:
                yield _line(row)
            after = int(rows[-1][7])

    def _unlike(self, con: Any, states: Mapping[str, tuple[int, str]]) -> Iterator[Fault]:
        """Cases that are not what their last entry says, are missing, or were slipped in."""
        left = dict(states)
        rows = self._run(
            con,
            "SELECT id, unit, account, alert, status, version, due, body FROM qonys_cases "
            "ORDER BY id",
        ).fetchall()
        for number, *columns, body in rows:
            version, state = left.pop(number, (0, ""))
            if not state:
                yield Fault("stands in the store but not on the trail", f"case {number}")
            elif hashlib.sha256(body.encode()).hexdigest() != state:
                yield Fault("is not what its last entry says", f"case {number}")
            elif columns != _columns(_parsed(body, number)) or columns[4] != version:
                yield Fault("is listed as something that it is not", f"case {number}")
        for number in left:
            yield Fault("stands on the trail but not in the store", f"case {number}")


def open_cases(
    where: str | Path,
    country: str = "KAZ",
    now: Callable[[], datetime] | None = None,
    *,
    create: bool = True,
) -> CaseStore:
    """Cases of a file or at an address.

    Parameters
    ----------
    where : str or Path
        A file of SQLite, or ``postgresql://...``.
    country : str
        Whose clocks and working days count.
    now : Callable or None
        The moment, with its zone; the machine's unless given.
    create : bool
        Whether a missing file is made.

    Raises
    ------
    StoreError
        When it cannot be opened, or has another format.
    """
    clock = now if now is not None else lambda: datetime.now(UTC)
    return CaseStore(database_at(where), load_clocks(country), clock, create=create)


def _require_key(key: str) -> str:
    if len(key) > 200 or not key.isprintable():
        way_out = "One line of at most 200 characters."
        raise DataError(Fault("not a key", "--key", value=key[:40], way_out=way_out))
    return key


def _parsed(body: str, number: str) -> Case:
    """A stored case."""
    try:
        return case_from(json.loads(body))
    except (ValueError, TypeError, KeyError) as error:
        way_out = "Check the trail with `qonys oversight audit verify`."
        raise StoreError(
            f"case {number} cannot be read: {type(error).__name__}. {way_out}"
        ) from None


def _columns(case: Case) -> list[object]:
    """What the store lists of a case beside its text."""
    due = moment_text(case.clock.until) if case.clock is not None else ""
    return [case.unit, case.account, case.alert, case.status, case.version, due]


def _line(row: Sequence[Any]) -> str:
    """A stored entry in the form of an export; what it says stands as it is stored."""
    names = ("action", "actor", "at", "case", "hash", "previous", "role", "seq")
    return f'{canonical(dict(zip(names, row, strict=False)))[:-1]},"what":{row[8]}}}'
