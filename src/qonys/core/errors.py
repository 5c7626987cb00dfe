"""Errors, split by what the caller does next.

    QonysError
    └── DataError            the input has faults: mend it and try again (carries all of them)
        ├── CodeError        a code is not in its list (suggests near ones)
        ├── AlignmentError   labels, units, periods or borders do not fit together
        ├── RuleError        a dated value or rule does not cover the day asked for
        └── SourceError      a provider's answer is not what its format promises
    StoreError               the store cannot be opened or written

For everybody. Main types: `Fault`, `DataError`; main function: `listed`. The command line
prints one line a fault.
"""

from collections.abc import Iterable
from dataclasses import dataclass

#: How many faults of a file are listed; the others are counted.
FAULT_LIMIT = 1000


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input, and what to do about it.

    Parameters
    ----------
    problem : str
        What is wrong, in one clause.
    file : str
        Name of the file or argument.
    row : int or None
        Line of the file, counted from 1 with its header.
    column : str
        Name of the column.
    value : str
        The offending text.
    way_out : str
        What the user can do.
    """

    problem: str
    file: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    way_out: str = ""

    def __str__(self) -> str:
        where = [self.file] if self.file else []
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column:
            where.append(f"column {self.column}")
        text = ", ".join(where) + ": " if where else ""
        text += self.problem
        if self.value:
            text += f" ({self.value!r})"
        return text + (f". {self.way_out}" if self.way_out else "")


@dataclass(frozen=True)
class Rest(Fault):
    """How many more faults there are than are listed.

    Parameters
    ----------
    count : int
        Their number.
    """

    count: int = 0


def listed(faults: Iterable[Fault], limit: int = FAULT_LIMIT) -> tuple[Fault, ...]:
    """Faults in the order of the file; beyond the limit they are counted in a last one.

    Parameters
    ----------
    faults : Iterable of Fault
        Faults, in any order; a `Rest` among them is counted, not listed.
    limit : int
        How many are listed.
    """
    faults = list(faults)
    rests = [fault for fault in faults if isinstance(fault, Rest)]
    kept = [fault for fault in faults if not isinstance(fault, Rest)]
    kept.sort(key=lambda fault: (fault.file, fault.row or 0))
    more = sum(rest.count for rest in rests) + max(len(kept) - limit, 0)
    if not more:
        return tuple(kept)
    text = f"and {more:,} more faults that are not listed"
    file = next((rest.file for rest in rests if rest.file), "")
    way_out = "Mend these first, then read it again."
    return (*kept[:limit], Rest(text, file, way_out=way_out, count=more))


class QonysError(Exception):
    """Anything that Qonys reports to a user without a traceback."""


class DataError(QonysError):
    """An input has faults; carries all of them.

    Parameters
    ----------
    faults : str or Iterable of Fault
        The faults, or one sentence.
    """

    def __init__(self, faults: str | Fault | Iterable[Fault]) -> None:
        if isinstance(faults, str):
            faults = [Fault(faults)]
        elif isinstance(faults, Fault):
            faults = [faults]
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class CodeError(DataError):
    """A code is not in its list."""


class AlignmentError(DataError):
    """Labels, units, periods or borders do not fit together."""


class RuleError(DataError):
    """A dated value or rule does not cover the day asked for."""


class SourceError(DataError):
    """A provider's file or answer is not what its format promises."""


class StoreError(QonysError):
    """The store cannot be opened or written."""
