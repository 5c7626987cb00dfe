"""Errors, split by what the caller does next.

    QonysError
    └── DataError            the input has faults: mend it and try again (carries all of them)
        ├── CodeError        a code is not in its list (suggests near ones)
        ├── AlignmentError   labels, units, periods or borders do not fit together
        ├── RuleError        a dated value or rule does not cover the day asked for
        └── SourceError      a provider's answer is not what its format promises
    StoreError               the store cannot be opened or written

For everybody. Main types: `Fault`, `DataError`. The command line prints one line a fault.
"""

from collections.abc import Iterable
from dataclasses import dataclass


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
