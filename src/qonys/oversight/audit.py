"""The trail: entries that only grow, each chained to the one before by its hash.

For auditors, and for `case_store`, which writes an entry with every change. Main type: `Entry`;
main functions: `follow`, `verify`. An entry names no person and quotes no text: it carries the
hash of the case it led to. A chain proves what stands before its newest known head and nothing
about what was never written; keep heads somewhere else.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qonys.core.errors import DataError, Fault

#: What the first entry follows.
GENESIS = "0" * 64
_FIELDS = ("action", "actor", "at", "case", "hash", "previous", "role", "seq", "what")


@dataclass(frozen=True)
class Entry:
    """One thing that was done, or refused.

    Parameters
    ----------
    seq : int
        Its place, counted from 1 without gaps.
    at : str
        When, UTC, ISO 8601.
    actor, role : str
        Pseudonym, and the role in which it acted.
    action : str
        What was done.
    case : str
        The case, empty where none.
    what : Mapping of str to object
        More of it: plain data without names, texts or numbers of people.
    previous, hash : str
        SHA-256 of the entry before and of this one.
    """

    seq: int
    at: str
    actor: str
    role: str
    action: str
    case: str
    what: Mapping[str, Any]
    previous: str
    hash: str

    @property
    def line(self) -> str:
        """The entry as a line of an export: canonical JSON, the same bytes each time."""
        return canonical({name: getattr(self, name) for name in _FIELDS})


@dataclass(frozen=True)
class Broken:
    """The first place at which a trail does not hold.

    Parameters
    ----------
    place : int
        Place at which the entry stands or should stand, counted from 1.
    kind : str
        ``changed``, ``gap``, ``order``, ``link`` or ``cut``.
    problem : str
        What is wrong, in one clause.
    """

    place: int
    kind: str
    problem: str


@dataclass(frozen=True)
class Verdict:
    """What a check of a trail found.

    Parameters
    ----------
    entries : int
        Entries that hold, from the first on.
    head : str
        Hash of the last of them.
    broken : Broken or None
        The first that does not.
    cases : tuple of Fault
        Cases that are not what their last entry says; only where a store was checked.
    """

    entries: int
    head: str
    broken: Broken | None = None
    cases: tuple[Fault, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether everything is as it was written."""
        return self.broken is None and not self.cases


@dataclass
class Chain:
    """Walks a trail line by line, and stops where it does not hold.

    Parameters
    ----------
    place : int
        Entries that held.
    head : str
        Hash of the last of them.
    broken : Broken or None
        The first that does not hold.
    seen : set of str
        Of the heads looked for, those that were met.
    """

    place: int = 0
    head: str = GENESIS
    broken: Broken | None = None
    seen: set[str] = field(default_factory=set)

    def walk(self, lines: Iterable[str], sought: str = "") -> Iterator[Entry]:
        """Entries that hold, one after another.

        Parameters
        ----------
        lines : Iterable of str
            Lines of an export.
        sought : str
            A head noted earlier.
        """
        for line in lines:
            entry = read_line(line)
            self.broken = _fault_of(entry, line, self.place + 1, self.head)
            if self.broken is not None or entry is None:
                return
            self.place, self.head = entry.seq, entry.hash
            if entry.hash == sought:
                self.seen.add(sought)
            yield entry

    def ends(self, sought: str, last: tuple[int, str] | None) -> None:
        """Look whether the end was cut off.

        Parameters
        ----------
        sought : str
            A head noted earlier, or nothing.
        last : tuple of (int, str) or None
            Number and hash of the newest entry, as the store remembers them.
        """
        if self.broken is None and sought and sought != GENESIS and sought not in self.seen:
            problem = (
                f"the head {sought[:12]} that was noted earlier is not there: cut or rewritten"
            )
            self.broken = Broken(self.place + 1, "cut", problem)
        if self.broken is None and last is not None and last != (self.place, self.head):
            problem = f"the store remembers {last[0]:,} entries, and {self.place:,} are there"
            self.broken = Broken(self.place + 1, "cut", problem)


def canonical(data: object) -> str:
    r"""Plain data as JSON in its one form: sorted keys, no spaces, ASCII.

    Parameters
    ----------
    data : object
        Plain data, without NaN.

    Examples
    --------
    >>> canonical({"b": 1, "a": ["ә"]})
    '{"a":["\\u04d9"],"b":1}'
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(previous: str, fields: Mapping[str, object]) -> str:
    """SHA-256 of the hash before and an entry's canonical JSON.

    Parameters
    ----------
    previous : str
        Hash of the entry before.
    fields : Mapping of str to object
        The entry without its two hashes.
    """
    return hashlib.sha256(f"{previous}\n{canonical(fields)}".encode()).hexdigest()


def follow(
    seq: int,
    previous: str,
    *,
    at: str,
    actor: str,
    role: str,
    action: str,
    case: str = "",
    what: Mapping[str, Any] | None = None,
) -> Entry:
    """The entry that follows another.

    Parameters
    ----------
    seq : int
        Number of the entry before; 0 for the first.
    previous : str
        Its hash; `GENESIS` for the first.
    at, actor, role, action, case : str
        As in `Entry`.
    what : Mapping of str to object or None
        As in `Entry`.
    """
    fields: dict[str, Any] = {
        "seq": seq + 1,
        "at": at,
        "actor": actor,
        "role": role,
        "action": action,
        "case": case,
        "what": dict(what or {}),
    }
    return Entry(**fields, previous=previous, hash=digest(previous, fields))


def read_line(line: str) -> Entry | None:
    """The entry of a line; none where it is none.

    Parameters
    ----------
    line : str
        A line of an export.
    """
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or tuple(sorted(told)) != _FIELDS:
        return None
    texts = [told[name] for name in _FIELDS if name not in ("seq", "what")]
    if type(told["seq"]) is not int or not isinstance(told["what"], dict):
        return None
    return Entry(**told) if all(isinstance(text, str) for text in texts) else None


def verify(
    lines: Iterable[str], head: str = "", last: tuple[int, str] | None = None
) -> Verdict:
    """Whether a trail holds, and which entry is the first that does not.

    Parameters
    ----------
    lines : Iterable of str
        Its lines: of an export, or of a store.
    head : str
        Hash of an entry that was noted earlier; tells whether the end was cut off.
    last : tuple of (int, str) or None
        Number and hash of the newest entry, as the store remembers them.
    """
    chain = Chain()
    for _ in chain.walk(lines, head):
        pass
    chain.ends(head, last)
    return Verdict(chain.place, chain.head, chain.broken)


def read_trail(path: Path) -> Iterator[str]:
    """Lines of an exported trail.

    Parameters
    ----------
    path : Path
        The file.
    """
    with path.open(encoding="ascii", errors="surrogateescape", newline="\n") as file:
        for line in file:
            yield line.removesuffix("\n")


def require_head(text: str) -> str:
    """A hash as it was noted; empty stays empty.

    Parameters
    ----------
    text : str
        64 digits and letters a to f.

    Raises
    ------
    DataError
        When it is none.
    """
    plain = text.strip().lower()
    if plain and (len(plain) != 64 or set(plain) - set("0123456789abcdef")):
        way_out = "A head is 64 digits and letters a to f, as an earlier check printed it."
        raise DataError(Fault("not a head", "--head", value=text[:70], way_out=way_out))
    return plain


def moment_text(moment: datetime) -> str:
    """A moment as the trail writes it, to the second.

    Parameters
    ----------
    moment : datetime
        With its zone.

    Examples
    --------
    >>> moment_text(datetime(2026, 3, 2, 9, 5, tzinfo=UTC))
    '2026-03-02T09:05:00Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fault_of(entry: Entry | None, line: str, place: int, head: str) -> Broken | None:
    """What is wrong with the entry that stands at a place."""
    if entry is None or _unlike(entry, line):
        return Broken(place, "changed", "the line is not an entry as it was written")
    if entry.seq > place:
        return Broken(place, "gap", f"entry {place} is missing: entry {entry.seq} follows")
    if entry.seq < place:
        return Broken(place, "order", f"entry {entry.seq} stands again or out of order")
    fields = {
        name: getattr(entry, name) for name in _FIELDS if name not in ("hash", "previous")
    }
    if digest(entry.previous, fields) != entry.hash:
        return Broken(place, "changed", "what it says does not give its hash")
    if entry.previous != head:
        return Broken(
            place, "link", f"it does not follow entry {place - 1}, or that was rewritten"
        )
    return None


def _unlike(entry: Entry, line: str) -> bool:
    """Whether a line differs from the one form of its entry, in spaces say."""
    try:
        return entry.line != line
    except (ValueError, RecursionError):
        return True
