"""Intervals: what a printed, rounded figure can stand for.

For every room that compares published figures. Main functions: `rounding_interval`,
arithmetic on `Interval`. Not a confidence interval: it says nothing of error, only of digits.
Arithmetic after Moore (1966), *Interval Analysis*, chapter 2, equations 2.1-2.4.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from qonys.core.errors import DataError

MEASURED = ("percent", "percent_of_labour_force", "ratio", "per_1000")
#: How far a word may stretch a printed figure, in last places. Assumed; the two cases known are
#: 23,761 printed as "more than 23.5" thousand and 7,608 printed as "about 7.5".
ABOUT_PLACES = 1.5
OVER_PLACES = 3.0
QUALIFIERS = ("", "about", "over", "under")


@dataclass(frozen=True)
class Interval:
    """A closed interval of numbers.

    Parameters
    ----------
    low, high : float
        Ends, ``low <= high``.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise DataError(f"an interval runs from low to high, not {self.low} to {self.high}")

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(_clean(self.low + other.low), _clean(self.high + other.high))

    def __sub__(self, other: "Interval") -> "Interval":
        return Interval(_clean(self.low - other.high), _clean(self.high - other.low))

    def __mul__(self, other: "Interval") -> "Interval":
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(_clean(min(ends)), _clean(max(ends)))

    def __truediv__(self, other: "Interval") -> "Interval":
        if other.low <= 0 <= other.high:
            raise DataError(
                f"division by an interval that holds zero: {other.low}, {other.high}"
            )
        ends = [a / b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def overlaps(self, other: "Interval") -> bool:
        """Whether one true value could lie behind both."""
        return self.low <= other.high and other.low <= self.high


def rounding_interval(
    value: float,
    precision: float,
    *,
    unit: str = "person",
    qualifier: str = "",
    truncates: bool = False,
) -> Interval:
    """Interval of the true values that may stand behind a printed one.

    Parameters
    ----------
    value : float, in the figure's unit
        The printed value.
    precision : float, same unit
        Size of the last printed place; a count printed to the unit is exact.
    unit : str
        Code of the unit: percentages, ratios and rates are measured, not counted.
    qualifier : str
        The source's word: ``about``, ``over`` (further from zero), ``under`` or empty.
    truncates : bool
        Whether the source is known to cut off digits; widens away from zero, a zero both ways.

    Examples
    --------
    >>> rounding_interval(1700, 100)
    Interval(low=1650.0, high=1750.0)
    >>> rounding_interval(1122, 1)
    Interval(low=1122, high=1122)
    >>> rounding_interval(7, 1, unit="percent")
    Interval(low=6.5, high=7.5)
    """
    if precision <= 0:
        raise DataError(f"precision must be above 0, not {precision}")
    if qualifier not in QUALIFIERS:
        raise DataError(f"qualifier must be one of {QUALIFIERS}, not {qualifier!r}")
    counted = unit not in MEASURED and precision == 1 and value == int(value)
    if counted and not qualifier:
        return Interval(value, value)
    half = 0.0 if counted else precision / 2
    below = above = half
    if truncates:
        below = half if value > 0 else precision
        above = half if value < 0 else precision
    if qualifier == "about":
        below = above = ABOUT_PLACES * precision
    elif qualifier and (qualifier == "over") == (value >= 0):
        below, above = 0.0, OVER_PLACES * precision
    elif qualifier:
        below, above = OVER_PLACES * precision, 0.0
    return Interval(_clean(value - below), _clean(value + above))


def round_half_up(value: float, places: int) -> float:
    """Round as people do on paper: halves go away from zero.

    Parameters
    ----------
    value : float
        A number.
    places : int
        Decimal places; negative for tens, hundreds.

    Examples
    --------
    >>> round_half_up(-0.25, 1)
    -0.3
    """
    step = Decimal(1).scaleb(-places)
    return float(Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP))


def _clean(value: float) -> float:
    """Remove the dust of binary fractions (83.4 - 0.05 is 83.35)."""
    return round(value, 9)
