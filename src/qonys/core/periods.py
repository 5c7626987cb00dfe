"""Periods of time as statistics use them, cumulated ones as their own kind.

For every room. Main functions: `parse_period`, `Period.a_year_before`, `parse_release`.
Definitions: docs/data-model.md, section 2. Does no calendar arithmetic beyond that.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from qonys.core.errors import DataError, Fault

Kind = Literal[
    "year", "quarter", "month", "instant", "cumulated", "range", "open", "unspecified"
]
FREQ: dict[str, str] = {
    "year": "A",
    "quarter": "Q",
    "month": "M",
    "instant": "D",
    "cumulated": "C",
    "range": "R",
    "open": "O",
    "unspecified": "U",
}
UNSPECIFIED = "unspecified"
_WAY_OUT = (
    "Write 2024, 2024-Q1, 2024-01, 2025-01/2025-04, 2024-01-01, 2023-01/.. or unspecified."
)
# Outside these a day before or after, or a year of four digits, does not exist.
_FIRST_YEAR, _LAST_YEAR = 1000, 9999
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_POINT = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(\d{2})(?:-(\d{2}))?))?", re.ASCII)


@dataclass(frozen=True)
class Period:
    """A span of time with its kind and canonical spelling.

    Parameters
    ----------
    kind : str
        One of the kinds of docs/data-model.md, section 2.
    start : date or None
        First day; none only for `unspecified`.
    end : date or None
        Last day; none for `open` and `unspecified`.
    text : str
        Canonical spelling, e.g. ``2025-01/2025-04``.
    """

    kind: Kind
    start: date | None
    end: date | None
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def freq(self) -> str:
        """Code of the frequency, e.g. ``A``."""
        return FREQ[self.kind]

    @property
    def year(self) -> int | None:
        """Year in which the period ends, or starts when its end is open."""
        day = self.end or self.start
        return day.year if day else None

    @property
    def months(self) -> int | None:
        """Number of whole months, none for days, open and unspecified periods."""
        if self.start is None or self.end is None or self.kind == "instant":
            return None
        if self.start.day != 1 or (self.end + timedelta(days=1)).day != 1:
            return None
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + 1

    def a_year_before(self) -> "Period":
        """The same period one year earlier.

        Raises
        ------
        DataError
            For a period without an end.
        """
        if self.start is None or self.end is None:
            raise DataError(f"{self.text}: no year before a period without an end")
        whole = self.months is not None
        end = _shift(self.end, month_end=whole)
        return _between(_shift(self.start), end, instant=self.kind == "instant")


@lru_cache(maxsize=65536)
def parse_period(text: str) -> Period:
    """Read a period from its spelling.

    Parameters
    ----------
    text : str
        See docs/data-model.md, section 2.

    Raises
    ------
    DataError
        When the text is no period; the message lists the spellings.

    Examples
    --------
    >>> parse_period("2023-01/2023-03").text
    '2023-Q1'
    >>> parse_period("2025-01/2025-04").kind
    'cumulated'
    """
    raw = text.strip()
    if raw == UNSPECIFIED:
        return Period("unspecified", None, None, UNSPECIFIED)
    left, slash, right = raw.partition("/")
    first = _point(left, raw)
    if not slash:
        return _between(*first, instant=len(left) == 10)
    if right == "..":
        start = first[0]
        text = f"{start:%Y-%m}" if start.day == 1 else start.isoformat()
        return Period("open", start, None, f"{text}/..")
    last = _point(right, raw)
    if last[1] < first[0]:
        raise DataError(Fault("a period ends before it starts", value=raw, way_out=_WAY_OUT))
    return _between(first[0], last[1])


def parse_release(text: str) -> tuple[date | None, date | None]:
    """First and last possible day of a release given as day, month, year or ``undated``.

    Parameters
    ----------
    text : str
        A vintage as published, e.g. ``2025-02``.

    Examples
    --------
    >>> parse_release("2025-02")
    (datetime.date(2025, 2, 1), datetime.date(2025, 2, 28))
    """
    if text in {"undated", ""}:
        return None, None
    return _point(text, text)


def parse_day(text: str) -> date:
    """Read a calendar day, ``2025-05-20``.

    Parameters
    ----------
    text : str
        The day.

    Raises
    ------
    DataError
        When it is no day, or written in another way.
    """
    fault = Fault("not a day", value=text, way_out="Write it as 2025-05-20.")
    if not _DAY.fullmatch(text.strip()):
        raise DataError(fault)
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise DataError(fault) from None


def _point(text: str, whole: str) -> tuple[date, date]:
    match = _POINT.fullmatch(text)
    if match is None:
        raise DataError(Fault("not a period", value=whole, way_out=_WAY_OUT))
    year, quarter, month, day = match.groups()
    if not _FIRST_YEAR < int(year) < _LAST_YEAR:
        raise DataError(Fault("no such year", value=whole, way_out=_WAY_OUT))
    try:
        if day:
            only = date(int(year), int(month), int(day))
            return only, only
        if quarter:
            last = int(quarter) * 3
            return date(int(year), last - 2, 1), _month_end(int(year), last)
        if month:
            return date(int(year), int(month), 1), _month_end(int(year), int(month))
        return date(int(year), 1, 1), date(int(year), 12, 31)
    except (ValueError, calendar.IllegalMonthError):
        raise DataError(Fault("no such day or month", value=whole, way_out=_WAY_OUT)) from None


def _between(start: date, end: date, *, instant: bool = False) -> Period:
    """The period from start to end in its shortest spelling."""
    if instant:
        return Period("instant", start, end, start.isoformat())
    whole_months = start.day == 1 and (end + timedelta(days=1)).day == 1
    if not whole_months:
        return Period("range", start, end, f"{start.isoformat()}/{end.isoformat()}")
    first, last = f"{start:%Y-%m}", f"{end:%Y-%m}"
    if start.year != end.year:
        full = start.month == 1 and end.month == 12
        text = f"{start.year}/{end.year}" if full else f"{_edge(start, 1)}/{_edge(end, 12)}"
        return Period("range", start, end, text)
    if (start.month, end.month) == (1, 12):
        return Period("year", start, end, str(start.year))
    if start.month == end.month:
        return Period("month", start, end, first)
    if end.month - start.month == 2 and start.month % 3 == 1:
        return Period("quarter", start, end, f"{start.year}-Q{end.month // 3}")
    kind: Kind = "cumulated" if start.month == 1 else "range"
    return Period(kind, start, end, f"{first}/{last}")


def _edge(day: date, whole: int) -> str:
    return str(day.year) if day.month == whole else f"{day:%Y-%m}"


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _shift(day: date, *, month_end: bool = False) -> date:
    """The day a year before; the last of February stays the last where a month ends there."""
    last = _month_end(day.year - 1, day.month)
    return last if month_end else last.replace(day=min(day.day, last.day))
