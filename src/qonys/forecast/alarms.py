"""Alarms: when figures leave what was to be expected of them.

For the command line. Main type: `Watched`; main function: `watch`. A two-sided cumulative sum
(Page 1954) of how surprising each period was one step ahead, with a limit for single periods
(Lucas 1982); forecasts go on past a break, an alarm says that there may be one (as Napierala et
al. 2022 do for asylum). How often it cries wolf is set by the reader.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from qonys.core.errors import DataError, Fault
from qonys.forecast.models import PROBS
from qonys.forecast.scoring import ENDS, MEDIAN
from qonys.forecast.selecting import Selector
from qonys.forecast.series import SEASONS, Series, offsets, same_kind

SHIFT = 1.0  #: Lasting shift, in standard deviations, that the chart is quickest to find.
SINGLE = 3.5  #: Standard deviations by which a single period is an alarm by itself.
FARTHEST = 5.0  #: No period counts more in the sums.
LONGEST = 2000  #: Periods between false alarms; single ones alone come every 2,149.
RISE, FALL = "rise", "fall"


@dataclass(frozen=True)
class Watched:
    """One period of one series against what was expected of it.

    Parameters
    ----------
    series, period : str
        Which.
    value : float
        What came.
    median, low_95, high_95 : float
        What was expected one period before.
    surprise : float
        The value as a standard normal deviate of that forecast.
    up, down : float
        The cumulative sums, from 0 after each alarm.
    alarm : str
        ``rise``, ``fall`` or empty.
    """

    series: str
    period: str
    value: float
    median: float
    low_95: float
    high_95: float
    surprise: float
    up: float
    down: float
    alarm: str


def watch(series: Sequence[Series], false_every: float = 120) -> list[Watched]:
    """Walk through every series and say where it left its path.

    Parameters
    ----------
    series : Sequence of Series
        At least one, all of months, quarters or years.
    false_every : float
        Periods, on average, from one false alarm to the next where nothing ever changes.
    """
    if not 10 <= false_every <= LONGEST:
        problem = f"expected 10 to {LONGEST} periods from one false alarm to the next"
        raise DataError(Fault(problem, value=str(false_every)))
    season = SEASONS[same_kind(series)]
    limit = threshold(false_every)
    selector = Selector([one.values for one in series], season, 1, offsets(series))
    found = []
    for number, one in enumerate(series):
        up = down = 0.0
        for origin in range(selector.fewest, len(one.values)):
            quantiles = selector.selected(number, origin).quantiles[0]
            value = float(one.values[origin])
            deviate = surprise(quantiles, value)
            up = max(0.0, up + deviate - SHIFT / 2)
            down = max(0.0, down - deviate - SHIFT / 2)
            rise, fall = up > limit or deviate > SINGLE, down > limit or deviate < -SINGLE
            alarm = RISE if rise else FALL if fall else ""
            median, low, high = map(float, quantiles[[MEDIAN, *ENDS[0.95]]])
            expected = (median, low, high, deviate)
            found.append(
                Watched(one.name, one.periods[origin], value, *expected, up, down, alarm)
            )
            if alarm:
                up = down = 0.0
    if not found:
        way_out = f"At least {selector.fewest + 1} values of a series are needed."
        raise DataError(Fault("too short to expect anything", way_out=way_out))
    return found


def threshold(false_every: float) -> float:
    """Limit of the sums of a two-sided chart that cries wolf so often.

    Siegmund's approximation (1985, section II.6): with k = `SHIFT` / 2 and b = h + 1.166, one
    side runs (exp(2kb) - 2kb - 1) / (2 k^2) periods, both half as many.

    Parameters
    ----------
    false_every : float
        Average periods between false alarms.
    """
    by_sums = 1 / (1 / false_every - 2 * stats.norm.sf(SINGLE))
    if _run_length(0.0) >= by_sums:
        return 0.0
    return float(optimize.brentq(lambda h: _run_length(h) - by_sums, 0.0, 60.0))


def _run_length(limit: float) -> float:
    """Periods that both sums run on average until a false alarm."""
    k = SHIFT / 2
    b = 2 * k * (limit + 1.166)
    return float((np.expm1(b) - b) / (2 * k**2) / 2)


def surprise(quantiles: np.ndarray, value: float) -> float:
    """A value as a standard normal deviate of a forecast, at most `FARTHEST` from 0.

    Parameters
    ----------
    quantiles : ndarray, shape (probability,)
        At `PROBS`; beyond the outer ones a deviate grows with the distance from the median.
    value : float
        What came.
    """
    middle, deviates = quantiles[MEDIAN], stats.norm.ppf(PROBS)
    slack = 1e-9 * abs(middle)  # of rounding
    for side, end in ((-1, 0), (1, -1)):
        beyond = side * (value - quantiles[end])
        if beyond > slack:
            width = side * (quantiles[end] - middle)
            grown = 1 + beyond / width if width > slack else np.inf
            return float(side * min(abs(deviates[end]) * grown, FARTHEST))
    low = int(np.searchsorted(quantiles, value - slack, "left"))
    high = int(np.searchsorted(quantiles, value + slack, "right"))
    if high > low + 1:  # many quantiles lie at the value itself, as at 0
        return float(deviates[low:high].mean())
    return float(np.interp(value, quantiles, deviates))
