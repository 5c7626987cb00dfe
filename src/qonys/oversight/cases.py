"""Cases about accounts: what one is, who may do and read what, and what stays payable.

For analysts, approvers, reviewers and the client's desk. Main types: `Case`, `Hold`, `Actor`;
main functions: `payable`, `require_may`. What may be done to a case is in `case_operations`,
where it is kept in `case_store`. A case is a suspicion until it is decided. It knows no
passwords: whoever calls has made sure who the actor is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from qonys.core.errors import DataError, Fault
from qonys.oversight.audit import moment_text

Status = Literal[
    "suspicion", "examining", "decided", "appealed", "granted", "reversed", "closed"
]
#: Holds from the lightest to the heaviest.
GRADES = ("note", "question", "transaction", "limit", "channel", "account")
#: Holds that two people must want.
FOUR_EYES = frozenset({"account"})
#: Grades that stop nothing.
FREE = frozenset({"note", "question"})
#: Grades that must say what they reach: a transaction, an amount, a channel.
SCOPED = frozenset({"transaction", "limit", "channel"})
#: What no hold touches. The law names wages, pensions, benefits and stipends; rent is ours.
ALWAYS_PAYABLE = frozenset({"wage", "pension", "benefit", "stipend", "rent"})
OUTCOMES = ("confirmed", "inconclusive", "unfounded")
#: The clock under which a case stands in each status; a closed one needs none.
STATUS_CLOCKS: Mapping[str, str] = {
    "suspicion": "triage",
    "examining": "examination",
    "decided": "closing",
    "appealed": "appeal",
    "granted": "reversal",
    "reversed": "closing",
}
#: Words that judge a person; no text of a case uses them before a decision.
_JUDGING = re.compile(r"dropp?er|дропп?ер", re.IGNORECASE)
_OPEN_NUMBER = re.compile(r"\d{12}|KZ\d{2}[0-9A-Z]{16}", re.IGNORECASE)
_LONGEST = 10_000  #: Characters of a text.


@dataclass(frozen=True)
class Reason:
    """Why an account is suspected: a sign of an alert.

    Parameters
    ----------
    sign : str
        Its code.
    says : str
        What was observed against which threshold, for the staff.
    client : Mapping of str to str
        What the client may be told of it, by language; empty where nothing.
    """

    sign: str
    says: str
    client: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """A file that speaks for or against.

    Parameters
    ----------
    name : str
        Its name.
    sha256 : str
        Hash of its bytes.
    about : str
        ``client``, or ``others`` where it names other people.
    by : str
        Who added it.
    at : datetime
        When.
    """

    name: str
    sha256: str
    about: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Note:
    """A text of the staff.

    Parameters
    ----------
    text, by : str
        The text, and whose it is.
    at : datetime
        When.
    """

    text: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Hold:
    """A measure on an account that ends by itself.

    Parameters
    ----------
    number : int
        Counted from 1 in its case.
    grade : str
        One of `GRADES`.
    scope : str
        What it reaches: a transaction, an amount, a channel; shown to the client.
    reason : str
        Why, for the staff.
    clock : str
        The clock that ends it.
    lists : tuple of str
        Lists and systems on which it puts the account.
    by : str
        Who proposed it.
    proposed : datetime
        When.
    lapses : datetime or None
        When the proposal lapses unless approved; none where no approval is needed.
    approved_by : str
        Who approved it.
    start, until : datetime or None
        From when to when (not included) it holds; none while only proposed.
    exact : bool
        Whether all days off up to its end were known.
    ended : datetime or None
        When it was ended early.
    ended_by, ended_why : str
        By whom and why.
    """

    number: int
    grade: str
    scope: str
    reason: str
    clock: str
    lists: tuple[str, ...]
    by: str
    proposed: datetime
    lapses: datetime | None = None
    approved_by: str = ""
    start: datetime | None = None
    until: datetime | None = None
    exact: bool = True
    ended: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""

    def state(self, now: datetime) -> str:
        """What it is at a moment: ``proposed``, ``in force``, ``over``, ``lifted``, ``lapsed``.

        Parameters
        ----------
        now : datetime
            The moment.
        """
        if self.ended is not None:
            return "lifted"
        if self.until is not None:
            return "in force" if now < self.until else "over"
        return "proposed" if self.lapses is not None and now < self.lapses else "lapsed"


@dataclass(frozen=True)
class Running:
    """The clock under which a case stands.

    Parameters
    ----------
    name : str
        The clock.
    since, until : datetime
        From when it runs, and the first moment after its end.
    exact : bool
        Whether all days off on the way were known.
    """

    name: str
    since: datetime
    until: datetime
    exact: bool


@dataclass(frozen=True)
class Decision:
    """How a case was decided.

    Parameters
    ----------
    outcome : str
        One of `OUTCOMES`.
    reason, by : str
        Why, and by whom.
    at : datetime
        When.
    lists : tuple of str
        Lists and systems on which the account was put.
    """

    outcome: str
    reason: str
    by: str
    at: datetime
    lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Appeal:
    """What a client says against it, and the answer.

    Parameters
    ----------
    text : str
        In the client's words.
    by : str
        Who took it in.
    at : datetime
        When.
    before : str
        Status of the case then.
    clock : Running or None
        Its clock then, which goes on where the appeal is refused.
    result : str
        ``granted`` or ``refused``; empty while it is not answered.
    answer, reviewer : str
        Why, and by whom.
    answered : datetime or None
        When.
    """

    text: str
    by: str
    at: datetime
    before: str
    clock: Running | None = None
    result: str = ""
    answer: str = ""
    reviewer: str = ""
    answered: datetime | None = None


@dataclass(frozen=True)
class Told:
    """What a client was shown.

    Parameters
    ----------
    channel, lang : str
        Where, and in which language.
    text : str
        The notice, as it was shown.
    said : str
        What was said beside it.
    by : str
        Who told it.
    at : datetime
        When.
    """

    channel: str
    lang: str
    text: str
    said: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Cleared:
    """A list or system that was told to take the account off.

    Parameters
    ----------
    name, by : str
        Its name, and who told it.
    at : datetime
        When.
    """

    name: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Feedback:
    """A sign that raises no alert on this account for a while.

    Parameters
    ----------
    sign : str
        Its code.
    until : date
        The first day on which it counts again.
    by : str
        Who said so.
    at : datetime
        When.
    """

    sign: str
    until: date
    by: str
    at: datetime


@dataclass(frozen=True)
class Case:
    """A suspicion about an account, and everything that was done about it.

    Parameters
    ----------
    id, unit, account, alert : str
        Its number, whose it is, pseudonym of the account, the alert that it began with.
    salt : str
        Random, so that nobody guesses what the trail's hash of the case stands for.
    status : Status
        Where it stands.
    version : int
        Counts its changes.
    opened, changed : datetime
        When.
    opener : str
        Who opened it.
    clock : Running or None
        Under which it stands; none once it is closed.
    silent : bool
        Whether the law forbids to tell the client why.
    assignee : str
        Who examines it.
    reasons, evidence, notes, holds, told, appeals, cleared, feedback, decisions : tuple
        What was gathered and done, in order; the last decision stands.
    acted : tuple of str
        Everybody who did something to it.
    """

    id: str
    unit: str
    account: str
    alert: str
    salt: str
    status: Status
    version: int
    opened: datetime
    changed: datetime
    opener: str
    clock: Running | None
    silent: bool = False
    assignee: str = ""
    reasons: tuple[Reason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[Note, ...] = ()
    holds: tuple[Hold, ...] = ()
    told: tuple[Told, ...] = ()
    appeals: tuple[Appeal, ...] = ()
    cleared: tuple[Cleared, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    decisions: tuple[Decision, ...] = ()
    acted: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """How it was decided; empty where it was not."""
        return self.decisions[-1].outcome if self.decisions else ""

    @property
    def listed(self) -> tuple[str, ...]:
        """Lists and systems on which the account still is because of this case."""
        on: dict[str, None] = {}
        events: list[tuple[datetime, int, tuple[str, ...]]] = [
            (hold.start, 0, hold.lists) for hold in self.holds if hold.start is not None
        ]
        events += [(one.at, 0, one.lists) for one in self.decisions]
        events += [(one.at, 1, (one.name,)) for one in self.cleared]
        for _, off, names in sorted(events):
            for name in names:
                if off:
                    on.pop(name, None)
                else:
                    on[name] = None
        return tuple(on)

    @property
    def against(self) -> bool:
        """Whether something was done that a client can appeal."""
        started = any(hold.start and hold.grade not in FREE for hold in self.holds)
        return started or self.outcome == "confirmed" or bool(self.listed)

    def live_holds(self, now: datetime) -> tuple[Hold, ...]:
        """Holds in force at a moment.

        Parameters
        ----------
        now : datetime
            The moment.
        """
        return tuple(hold for hold in self.holds if hold.state(now) == "in force")

    def overdue(self, now: datetime) -> bool:
        """Whether its clock has run out.

        Parameters
        ----------
        now : datetime
            The moment.
        """
        return self.clock is not None and now >= self.clock.until


def payable(hold: Hold, kind: str) -> bool:
    """Whether a payment in reach of a hold, while it is in force, goes through.

    Wages, pensions, benefits, stipends and rent do under every hold.

    Parameters
    ----------
    hold : Hold
        The hold. In reach of one of a transaction is that transaction alone.
    kind : str
        One of `tables.KINDS`, or ``pension``, ``stipend``, ``rent``.

    Raises
    ------
    DataError
        When there is no such kind.
    """
    if kind in ALWAYS_PAYABLE:
        return True
    from qonys.oversight.tables import KINDS

    if kind not in KINDS:
        known = ", ".join(sorted({*KINDS, *ALWAYS_PAYABLE}))
        raise DataError(Fault("no kind of payment", "kind", value=kind, way_out=f"{known}."))
    return hold.grade in FREE


def require_text(value: str, column: str, case: "Case | None", *, judging: bool = False) -> str:
    """A text without spaces around it.

    Parameters
    ----------
    value : str
        The text.
    column : str
        Its name, for the fault.
    case : Case or None
        The case it stands in.
    judging : bool
        Whether words may judge a person: in the client's own words, or after a decision.

    Raises
    ------
    DataError
        When it is empty, too long, holds control characters, or judges before a decision.
    """
    text, file = value.strip(), f"case {case.id}" if case is not None else "case"
    if not text:
        raise DataError(Fault("empty", file, column=column, way_out="Say it in words."))
    if len(text) > _LONGEST or any(not one.isprintable() and one not in "\n\t" for one in text):
        problem = f"longer than {_LONGEST:,} characters, or with control characters"
        raise DataError(Fault(problem, file, column=column, value=text[:40]))
    decided = case is not None and case.outcome == "confirmed"
    found = _JUDGING.search(text)
    if found and not judging and not decided:
        way_out = "Until it is decided this is a suspicion: say what was seen."
        raise DataError(Fault("judges a person", file, None, column, found[0], way_out))
    return text


def require_code(value: str, column: str) -> str:
    """A short code or pseudonym: one line, no number of a person or account in the clear.

    Parameters
    ----------
    value : str
        The code.
    column : str
        Its name, for the fault.

    Raises
    ------
    DataError
        When it is none.
    """
    if not value.strip() or len(value) > 200 or not value.isprintable():
        way_out = "One line of at most 200 characters."
        raise DataError(Fault("not a code", "case", None, column, value[:40], way_out))
    if _OPEN_NUMBER.fullmatch(value.strip()):
        way_out = "Replace numbers of people and accounts by pseudonyms first."
        raise DataError(
            Fault("looks like a number in the clear", "case", None, column, "", way_out)
        )
    return require_text(value, column, None)


def to_plain(value: object) -> Any:
    """A case, or a part of it, as plain data.

    Parameters
    ----------
    value : object
        The case or part.
    """
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: to_plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [to_plain(part) for part in value]
    return value


def case_from(data: Mapping[str, Any]) -> Case:
    """The case of plain data.

    Parameters
    ----------
    data : Mapping of str to object
        As `to_plain` gave it.
    """
    case = _read(Case, data)
    assert isinstance(case, Case)
    return case


@lru_cache(maxsize=32)
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any) -> Any:
    """A value of a type, from plain data."""
    if isinstance(kind, UnionType):
        return None if value is None else _read(get_args(kind)[0], value)
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], part) for part in value)
    if kind is datetime:
        return datetime.fromisoformat(value).astimezone(UTC)
    if kind is date:
        return date.fromisoformat(value)
    if is_dataclass(kind):
        assert isinstance(kind, type)
        return kind(**{name: _read(_hints(kind)[name], part) for name, part in value.items()})
    return value
