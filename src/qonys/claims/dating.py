"""Periods in a sentence: years, quarters, cumulated months, "a year earlier", spans.

For `mentions`. Main functions: `find_times`, `Time.resolved`. A period that words leave open
("the first months", "last year") stays open: it is never guessed from the calendar.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from qonys.claims.lexicon import Lexicon, expression
from qonys.core.errors import DataError
from qonys.core.periods import Period, parse_period

LAST_YEAR = 2100
_YEAR = r"(?:19|20)\d\d"
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4}


@dataclass(frozen=True)
class Time:
    """A mention of time.

    Parameters
    ----------
    start, end : int
        Where it stands.
    kind : str
        ``period``, ``months`` (a part of a year not named), ``same`` (of another year),
        ``again`` (the one spoken of), ``before`` (years earlier), ``since``, ``span`` (years
        back), ``history``, ``vague``, ``today``, ``end`` or ``start`` (of a year), ``report``
        (the day of a report, not of what it says).
    period : str
        The period, for `period` and, open at its end, `since`.
    months : (int, int) or None
        First and last month.
    year : int or None
        The year named.
    years : int
        How many years, for `before` and `span`.
    loose : bool
        Whether the words may mean something else: a month or year without a preposition.
    """

    start: int
    end: int
    kind: str
    period: str = ""
    months: tuple[int, int] | None = None
    year: int | None = None
    years: int = 1
    loose: bool = False

    def resolved(self, year: int | None = None, main: str = "") -> str:
        """The period, when the sentence's year and main period are known.

        Parameters
        ----------
        year : int or None
            The year spoken of.
        main : str
            The period that "the same" and "earlier" refer to.

        Returns
        -------
        str
            A period, or empty.
        """
        if self.kind in {"period", "since"}:
            return self.period
        if self.kind == "months" and self.months and year:
            return of_months(year, *self.months)
        if self.kind == "same" and main and self.year:
            return in_year(main, self.year)
        if self.kind == "again":
            return main
        if self.kind == "before" and main:
            return earlier(main, self.years)
        return ""


def of_months(year: int, first: int, last: int) -> str:
    """A period of whole months of a year."""
    return parse_period(f"{year}-{first:02d}/{year}-{last:02d}").text


def in_year(period: str, year: int) -> str:
    """The same months of another year; empty for a period that has none."""
    parsed = parse_period(period)
    if parsed.start is None or parsed.end is None or parsed.start.year != parsed.end.year:
        return ""
    if parsed.kind == "instant":
        return period.replace(str(parsed.start.year), str(year), 1)
    return of_months(year, parsed.start.month, parsed.end.month)


def earlier(period: str, years: int = 1) -> str:
    """The same period some years earlier; empty where that has no meaning."""
    parsed = parse_period(period)
    try:
        for _ in range(years):
            parsed = parsed.a_year_before()
    except DataError:
        return ""
    return parsed.text


_EDITION = re.compile(r"\s(?:edition|revision|version|редакци|издани)")
#: Two years: the second in full, or cut to two digits behind a dash.
_WRITTEN = re.compile(r"\d{4}\D+\d{4}|\d{4}(?:-го)?\s?[-–—−‑/]\s?\d\d(?!\d)")


@dataclass(frozen=True)
class _Pattern:
    means: str
    regex: re.Pattern[str]


@lru_cache(maxsize=3)
def _patterns(lexicon: Lexicon) -> tuple[_Pattern, ...]:
    periods = lexicon.data["periods"]
    months = [
        f"(?:{full}" + (f"|{short})" if short else ")")
        for full, short in zip(
            periods["months"], [*periods["abbreviations"], *[""] * 12], strict=False
        )
    ]
    any_month = "(?:" + "|".join(months) + ")"
    ordinals = sorted((word for row in periods["ordinals"] for word in row), key=len)[::-1]
    counts = sorted(lexicon.data["numbers"]["words"], key=len, reverse=True)
    slots = {
        "{year}": f"(?P<year>{_YEAR})",
        "{year2}": rf"(?P<year2>{_YEAR}|\d\d(?!\d))",
        "{month}": f"(?P<month>{any_month})",
        "{month2}": f"(?P<month2>{any_month})",
        "{day}": r"(?P<day>[0-3]?\d)",
        "{digits}": r"(?P<digits>\d{1,2})",
        "{ordinal}": "(?P<ordinal>" + "|".join(ordinals) + ")",
        "{count}": "(?P<count>" + "|".join([*map(expression, counts), r"\d{1,3}"]) + ")",
    }
    found = []
    for entry in periods["patterns"]:
        text = expression(entry["pattern"])
        for slot, regex in slots.items():
            text = _filled(text, slot, regex)
        before = r"(?<![\w])"
        found.append(
            _Pattern(entry["means"], re.compile(f"{before}(?:{text})(?!\\w)", re.IGNORECASE))
        )
    return tuple(found)


def _filled(text: str, slot: str, regex: str) -> str:
    """A slot filled; from its second place on its group gets a number, for names are unique."""
    pieces = text.split(slot)
    joined = pieces[0]
    for index, piece in enumerate(pieces[1:]):
        name = slot.strip("{}")
        joined += regex.replace(
            f"(?P<{name}>", f"(?P<{name}_{index}>" if index else f"(?P<{name}>"
        )
        joined += piece
    return joined


def find_times(text: str, lexicon: Lexicon) -> tuple[Time, ...]:
    """Mentions of time in a sentence, the longest at each place.

    Parameters
    ----------
    text : str
        The sentence.
    lexicon : Lexicon
        Words of its language.
    """
    found = [
        time for pattern in _patterns(lexicon) for time in _matches(text, pattern, lexicon)
    ]
    found.sort(key=lambda time: (time.start - time.end, time.start))
    taken: list[Time] = []
    for time in found:
        if all(time.end <= other.start or time.start >= other.end for other in taken):
            taken.append(time)
    return tuple(sorted(taken, key=lambda time: time.start))


def _matches(text: str, pattern: _Pattern, lexicon: Lexicon) -> Iterator[Time]:
    for match in pattern.regex.finditer(text):
        groups: dict[str, str] = {}
        for name, value in match.groupdict().items():
            if value:
                groups.setdefault(re.sub(r"_\d+$", "", name), value)
        try:
            time = _READ[pattern.means](groups, lexicon)
        except (DataError, KeyError):
            continue
        if time is None:
            continue
        if pattern.means == "years" and not _WRITTEN.search(match.group()):
            continue
        if _EDITION.match(text, match.end()):
            continue
        lead = len(match.group()) - len(match.group().lstrip())
        yield Time(
            **{
                **time,
                "start": match.start() + lead,
                "end": match.end(),
                "loose": match.group().strip().isdigit(),
            }
        )


Groups = Mapping[str, str]
Parts = dict[str, Any] | None


def _year(groups: Groups) -> int | None:
    return int(groups["year"]) if "year" in groups else None


def _month(text: str, lexicon: Lexicon) -> int:
    periods = lexicon.data["periods"]
    for names in (periods["months"], periods["abbreviations"]):
        for number, word in enumerate(names, 1):
            if re.fullmatch(word, text, re.IGNORECASE):
                return number
    raise DataError(f"no month: {text}")


def _count(groups: Groups, lexicon: Lexicon) -> int:
    text = groups.get("count") or groups.get("digits") or ""
    value = float(text) if text.isdigit() else lexicon.worded_of(text)[0]
    return int(value) if value >= 1 else 0


def _ordinal(groups: Groups, lexicon: Lexicon) -> int:
    if "digits" in groups:
        return int(groups["digits"])
    for number, names in enumerate(lexicon.data["periods"]["ordinals"], 1):
        for word in names:
            same = re.fullmatch(word, groups["ordinal"], re.IGNORECASE)
            if same and (groups["ordinal"] not in _ROMAN or word in _ROMAN):
                return number
    raise DataError("no ordinal")


def _part(groups: Groups, first: int, last: int) -> Parts:
    if not 1 <= first <= last <= 12:
        return None
    year = _year(groups)
    if year is None:
        return {"kind": "months", "months": (first, last)}
    period = of_months(year, first, last)
    return {"kind": "period", "period": period, "months": (first, last), "year": year}


def _read_months(groups: Groups, lexicon: Lexicon) -> Parts:
    if "month2" in groups:
        first, last = (_month(groups[key], lexicon) for key in ("month", "month2"))
        return _part(groups, first, last)
    return _part(groups, 1, _count(groups, lexicon))


def _read_half(groups: Groups, lexicon: Lexicon) -> Parts:
    half = _ordinal(groups, lexicon) if {"ordinal", "digits"} & set(groups) else 1
    return _part(groups, 6 * half - 5, 6 * half)


def _read_quarter(groups: Groups, lexicon: Lexicon) -> Parts:
    quarter = _ordinal(groups, lexicon)
    return _part(groups, 3 * quarter - 2, 3 * quarter)


def _read_month(groups: Groups, lexicon: Lexicon) -> Parts:
    month = _month(groups["month"], lexicon)
    return _part(groups, month, month)


def _read_day(groups: Groups, lexicon: Lexicon) -> Parts:
    month = _month(groups["month"], lexicon) if "month" in groups else 1
    day, year = int(groups.get("day", "1")), _year(groups)
    if year is None:
        return {"kind": "day", "months": (month, day)}
    text = parse_period(f"{year}-{month:02d}-{day:02d}").text
    return {"kind": "period", "period": text, "year": year}


def _read_since(groups: Groups, lexicon: Lexicon) -> Parts:
    month = _month(groups["month"], lexicon) if "month" in groups else 1
    year = _year(groups)
    text = parse_period(f"{year}-{month:02d}/..").text
    return {"kind": "since", "period": text, "year": year, "months": (month, month)}


def _read_years(groups: Groups, lexicon: Lexicon) -> Parts:
    first = int(groups["year"])
    last = int(groups["year2"])
    last = last if last > 100 else first // 100 * 100 + last
    if not first < last <= LAST_YEAR:
        return None
    return {"kind": "period", "period": parse_period(f"{first}/{last}").text, "year": last}


def _read_year(groups: Groups, lexicon: Lexicon) -> Parts:
    return {"kind": "period", "period": groups["year"], "year": int(groups["year"])}


def _read_same(groups: Groups, lexicon: Lexicon) -> Parts:
    return {"kind": "same", "year": int(groups["year"])}


def _read_before(groups: Groups, lexicon: Lexicon) -> Parts:
    count = _count(groups, lexicon) if "count" in groups else 1
    return {"kind": "before", "years": count if 1 <= count <= 100 else 1}


def _read_span(groups: Groups, lexicon: Lexicon) -> Parts:
    count = _count(groups, lexicon) if "count" in groups else 0
    return {"kind": "span", "years": count if 1 <= count <= 100 else 25}


def _plain_kind(kind: str) -> Any:
    def read(groups: Groups, lexicon: Lexicon) -> Parts:
        """Nothing but the kind and the year."""
        return {"kind": kind, "year": _year(groups)}

    return read


_READ: dict[str, Any] = {
    "months": _read_months,
    "quarters": lambda groups, _: _part(groups, 1, 9),
    "half": _read_half,
    "quarter": _read_quarter,
    "month": _read_month,
    "day": _read_day,
    "since": _read_since,
    "years": _read_years,
    "year": _read_year,
    "same": _read_same,
    "before": _read_before,
    "span": _read_span,
    **{kind: _plain_kind(kind) for kind in ("history", "vague", "end", "start", "today")},
    "again": _plain_kind("again"),
}


def parsed(period: str) -> Period | None:
    """A period, or none when there is no text."""
    return parse_period(period) if period else None
