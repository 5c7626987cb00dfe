"""Numbers and periods as a reader of English, Russian or Kazakh expects them.

For the composers and renderers of `briefs`. Main functions: `format_number`, `format_percent`,
`format_interval`, `format_period`. Rounds halves away from zero; knows nothing of the texts.
"""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from qonys.core.intervals import round_half_up
from qonys.core.periods import Period, parse_period

MINUS = "\u2212"
DASH = "\u2013"
NARROW = "\u202f"  # space between thousands in Russian and Kazakh
NO_BREAK = "\u00a0"
PERCENT_UNITS = frozenset({"percent", "percent_of_labour_force"})
_PLACES = {
    **dict.fromkeys(PERCENT_UNITS, 1),
    "ratio": 2,
    "per_1000": 2,
    "KZT": 0,
    "USD": 0,
    "USD_per_month": 0,
    "year": 1,
}
# Kazakh ablative endings of the months, January first: "from January" is "қаңтардан".
_KK_FROM = ("дан", "нан", "дан", "ден", "дан", "нан", "ден", "дан", "тен", "нан", "дан", "нан")
_ROMAN = ("I", "II", "III", "IV")
_ORDINAL = ("first", "second", "third", "fourth")
_UNSPECIFIED = {
    "en": "period not specified",
    "ru": "период не указан",
    "kk": "кезеңі көрсетілмеген",
}
_OPEN_END = {"en": "end not printed", "ru": "конец не указан", "kk": "соңы көрсетілмеген"}


def default_places(value: float, unit: str) -> int:
    """Decimal places that a value of this unit is printed with.

    Parameters
    ----------
    value : float, in `unit`
        The number; a whole number gets none.
    unit : str
        Code of the unit; counts get none but for fractions below ten, which get one.
    """
    if value == int(value):
        return 0
    return _PLACES.get(unit, 1 if abs(value) < 10 else 0)


@lru_cache(maxsize=16384)
def format_number(
    value: float, unit: str, lang: str, places: int | None = None, *, signed: bool = False
) -> str:
    """A number with its thousands apart and a true minus, without the unit.

    Parameters
    ----------
    value : float, in `unit`
        The number.
    unit : str
        Code of the unit: fixes the places when `places` is none.
    lang : str
        ``en``, ``ru`` or ``kk``.
    places : int or None
        Decimal places; negative rounds to tens, hundreds.
    signed : bool
        Whether a plus is written before what is above zero.

    Examples
    --------
    >>> format_number(-12732, "person", "en")
    '−12,732'
    >>> format_number(12.345, "percent", "ru")
    '12,3'
    """
    from babel.numbers import format_decimal

    kept = default_places(value, unit) if places is None else places
    rounded = Decimal(repr(round_half_up(value, kept)))
    pattern = "#,##0" + ("." + "0" * kept if kept > 0 else "")
    text = format_decimal(abs(rounded), format=pattern, locale=lang)
    text = text.replace(NO_BREAK, NARROW)
    if rounded < 0:
        return MINUS + text
    return "+" + text if signed and rounded > 0 else text


def format_percent(
    value: float, lang: str, places: int | None = None, *, signed: bool = False
) -> str:
    """A share or change in percent, with its sign.

    Parameters
    ----------
    value : float, percent
        The number, 0-100.
    lang : str
        ``en`` (12.3%), ``ru`` or ``kk`` (12,3 %).
    places : int or None
        Decimal places.
    signed : bool
        Whether a plus is written before what is above zero.

    Examples
    --------
    >>> format_percent(-40.25, "en")
    '−40.3%'
    """
    text = format_number(value, "percent", lang, places, signed=signed)
    return text + ("%" if lang == "en" else NO_BREAK + "%")


def format_value(
    value: float, unit: str, lang: str, places: int | None = None, *, signed: bool = False
) -> str:
    """A number with a percent sign where its unit is percent, otherwise bare.

    Parameters
    ----------
    value : float, in `unit`
        The number.
    unit : str
        Code of the unit.
    lang : str
        ``en``, ``ru`` or ``kk``.
    places : int or None
        Decimal places.
    signed : bool
        Whether a plus is written before what is above zero.
    """
    if unit in PERCENT_UNITS:
        return format_percent(value, lang, places, signed=signed)
    return format_number(value, unit, lang, places, signed=signed)


def format_interval(
    low: float, high: float, unit: str, lang: str, places: int | None = None
) -> str:
    r"""An interval; one number when both ends print alike.

    Parameters
    ----------
    low, high : float, in `unit`
        Its ends.
    unit : str
        Code of the unit.
    lang : str
        ``en``, ``ru`` or ``kk``.
    places : int or None
        Decimal places of both ends.

    Examples
    --------
    >>> format_interval(1650, 1750, "person", "en")
    '1,650–1,750'
    >>> format_interval(-12.5, -3, "percent", "ru")
    'от −12,5\xa0% до −3,0\xa0%'
    """
    if places is None:
        places = max(default_places(low, unit), default_places(high, unit))
    first, last = (format_value(end, unit, lang, places) for end in (low, high))
    if first == last:
        return first
    if low < 0:
        join = {"en": "{} to {}", "ru": "от {} до {}", "kk": "{} … {}"}
        return join[lang].format(first, last)
    if unit in PERCENT_UNITS:
        first = format_number(low, unit, lang, places)
    return f"{first}{DASH}{last}"


def format_day(day: date, lang: str) -> str:
    """A calendar day in words.

    Parameters
    ----------
    day : date
        The day.
    lang : str
        ``en``, ``ru`` or ``kk``.

    Examples
    --------
    >>> format_day(date(2024, 1, 1), "kk")
    '2024 жылғы 1 қаңтар'
    """
    return _days(day, day, lang)


def format_period(period: str | Period, lang: str) -> str:
    """A period in words.

    Parameters
    ----------
    period : str or Period
        See docs/data-model.md, section 2.
    lang : str
        ``en``, ``ru`` or ``kk``.

    Examples
    --------
    >>> format_period("2025-01/2025-04", "ru")
    'январь–апрель 2025 года'
    >>> format_period("2025-Q1", "en")
    'first quarter of 2025'
    """
    if isinstance(period, str):
        period = parse_period(period)
    start, end = period.start, period.end
    if start is None:
        return _UNSPECIFIED[lang]
    if end is None:
        return _since(period, start, lang)
    if period.kind == "year":
        return str(start.year)
    if period.kind == "quarter":
        return _quarter(start, lang)
    if period.months is None or period.kind == "instant":
        return _days(start, end, lang)
    return _months(start, end, lang)


def _quarter(start: date, lang: str, *, since: bool = False) -> str:
    number = start.month // 3
    if lang == "ru":
        return f"{_ROMAN[number]} квартал{'а' if since else ''} {start.year} года"
    if lang == "kk":
        return f"{start.year} жылғы {_ROMAN[number]} тоқсан{'нан' if since else ''}"
    return f"{'the ' if since else ''}{_ORDINAL[number]} quarter of {start.year}"


def _month(
    day: date, lang: str, context: Literal["format", "stand-alone"] | None = None
) -> str:
    from babel.dates import get_month_names

    if context is None:  # Russian has "январь", and "января" after a day
        context = "stand-alone" if lang == "ru" else "format"
    return str(get_month_names("wide", context, lang)[day.month])


def _months(start: date, end: date, lang: str) -> str:
    """Whole months, and whole years, from start to end."""
    if start.year == end.year:
        names = list(dict.fromkeys(_month(day, lang) for day in (start, end)))
        return _year_around(DASH.join(names), start.year, lang)
    if (start.month, end.month) == (1, 12):
        tail = {"en": "", "ru": " годы", "kk": " жылдар"}[lang]
        return f"{start.year}{DASH}{end.year}{tail}"
    ends = [_year_around(_month(day, lang), day.year, lang) for day in (start, end)]
    return f" {DASH} ".join(ends)


def _year_around(text: str, year: int, lang: str) -> str:
    pattern = {"en": "{0} {1}", "ru": "{0} {1} года", "kk": "{1} жылғы {0}"}
    return pattern[lang].format(text, year)


def _days(start: date, end: date, lang: str) -> str:
    """Days from start to end, saying month and year once where they are the same."""
    if start.year != end.year:
        return f" {DASH} ".join(_days(day, day, lang) for day in (start, end))
    days = [f"{day.day} {_month(day, lang, 'format')}" for day in (start, end)]
    if start == end:
        text = days[0]
    elif start.month == end.month:
        text = f"{start.day}{DASH}{days[1]}"
    else:
        text = f" {DASH} ".join(days)
    return _year_around(text, start.year, lang)


def _since(period: Period, start: date, lang: str) -> str:
    """A period whose end was not printed."""
    left = period.text.partition("/")[0]
    if "Q" in left:
        point = _quarter(start, lang, since=True)
    elif len(left) == 4:
        point = {"en": "{}", "ru": "{} года", "kk": "{} жылдан"}[lang].format(left)
    else:
        point = _since_month(start, lang, with_day=len(left) == 10)
    pattern = {"en": "from {}, {}", "ru": "с {}, {}", "kk": "{} бастап, {}"}
    return pattern[lang].format(point, _OPEN_END[lang])


def _since_month(start: date, lang: str, *, with_day: bool) -> str:
    name = _month(start, lang, "format") + (_KK_FROM[start.month - 1] if lang == "kk" else "")
    return _year_around(f"{start.day} {name}" if with_day else name, start.year, lang)
