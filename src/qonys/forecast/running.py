"""Forecasts of a panel from its last values: every baseline, the selected one, and whole years.

For the command line. Main types: `Forecast`, `Ahead`; main functions: `forecast`, `paths`. A
year is made of what is known and of paths, so that its periods go together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from qonys.core.draws import uniform
from qonys.core.errors import DataError, Fault
from qonys.forecast.models import PROBS, Marginals
from qonys.forecast.scoring import ENDS, MEDIAN
from qonys.forecast.selecting import Selector
from qonys.forecast.series import SEASONS, Series, same_kind, step_on

SELECTED = "selected"
LONGEST = 120  #: Periods ahead.
DRAWS = 2000
POINTS = (0.5, 0.1, 0.9, 0.025, 0.975)  #: Median and ends that are told of draws.


@dataclass(frozen=True)
class Ahead:
    """One period ahead by one model.

    Parameters
    ----------
    series, model, period : str
        Which.
    horizon : int
        Periods ahead, from 1.
    median, low_80, high_80, low_95, high_95 : float
        Quantiles, in the unit of the series.
    """

    series: str
    model: str
    period: str
    horizon: int
    median: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


@dataclass(frozen=True)
class Forecast:
    """What comes next of every series.

    Parameters
    ----------
    ahead : list of Ahead
        By series, model and period; the model ``selected`` last.
    years : list of Ahead
        Calendar years of which not all is known, by the selected model; `horizon` counts the
        periods that are forecast.
    weights : dict
        By series, the weight of each baseline in the selected forecast.
    notes : dict of str to str
        By series, what a reader must know.
    draws : dict of str to ndarray
        By series, paths of shape (horizon, draw).
    """

    ahead: list[Ahead]
    years: list[Ahead]
    weights: dict[str, dict[str, float]]
    notes: dict[str, str] = field(default_factory=dict)
    draws: dict[str, np.ndarray] = field(default_factory=dict)


def forecast(
    series: Sequence[Series], horizon: int, *, draws: int = DRAWS, seed: int = 1
) -> Forecast:
    """Forecast every series of a panel.

    Parameters
    ----------
    series : Sequence of Series
        At least one, all of months, quarters or years.
    horizon : int
        Periods ahead, 1 to `LONGEST`.
    draws : int
        Paths.
    seed : int
        The same gives the same paths.
    """
    if not 1 <= horizon <= LONGEST:
        raise DataError(Fault(f"expected 1 to {LONGEST} periods ahead", value=str(horizon)))
    season = SEASONS[same_kind(series)]
    floor = min(one.floor for one in series)
    selector = Selector([one.values for one in series], season, horizon, floor)
    found = Forecast([], [], {})
    for number, one in enumerate(series):
        origin = len(one.values)
        models = dict(selector.at(number, origin))
        models[SELECTED] = selector.selected(number, origin)
        periods = [step_on(one.periods[-1], step) for step in range(1, horizon + 1)]
        for name, marginals in models.items():
            found.ahead.extend(_ahead(one.name, name, periods, marginals.quantiles))
        drawn = paths(models[SELECTED], draws, seed, one.name)
        found.draws[one.name] = drawn
        found.years.extend(_years(one, periods, drawn))
        found.weights[one.name] = selector.weights(number, origin)
        found.notes[one.name] = _note(selector, number, origin)
    return found


def _ahead(
    series: str, model: str, periods: Sequence[str], quantiles: np.ndarray
) -> list[Ahead]:
    at = (MEDIAN, *ENDS[0.8], *ENDS[0.95])
    return [
        Ahead(series, model, period, step, *(float(row[column]) for column in at))
        for step, (period, row) in enumerate(zip(periods, quantiles, strict=True), 1)
    ]


def paths(marginals: Marginals, draws: int, seed: int, name: str = "") -> np.ndarray:
    """Paths whose periods have the marginals, tied together as errors last.

    Parameters
    ----------
    marginals : Marginals
        Of a model.
    draws : int
        How many.
    seed : int
        The same gives the same.
    name : str
        Of the series: another gets other draws.

    Returns
    -------
    ndarray, shape (horizon, draw)
        In the unit of the series; beyond the outer quantiles a path stays at them.
    """
    horizon = len(marginals.psi)
    ids = np.arange(horizon * draws)
    noise = stats.norm.ppf(np.clip(uniform(seed, f"path {name}", "", ids), 1e-12, 1 - 1e-12))
    noise = noise.reshape(horizon, draws)
    steps = np.arange(horizon)
    lasting = np.where(
        steps[:, None] >= steps, marginals.psi[np.maximum(steps[:, None] - steps, 0)], 0.0
    )
    summed = lasting @ noise
    spread = np.sqrt((lasting**2).sum(axis=1))[:, None]
    ranks = stats.norm.cdf(summed / spread)
    return np.stack(
        [
            np.interp(row, PROBS, values)
            for row, values in zip(ranks, marginals.quantiles, strict=True)
        ]
    )


def _years(one: Series, periods: Sequence[str], drawn: np.ndarray) -> list[Ahead]:
    """Sums of the calendar years that known values and paths fill together."""
    if one.season == 1:
        return []
    known = dict(zip(one.periods, one.values.tolist(), strict=True))
    found = []
    for year in sorted({period[:4] for period in periods}):
        inside = [at for at, period in enumerate(periods) if period[:4] == year]
        told = [value for period, value in known.items() if period[:4] == year]
        if len(inside) + len(told) == one.season:
            total = sum(told) + drawn[inside].sum(axis=0)
            points = np.quantile(total, POINTS)
            found.append(Ahead(one.name, SELECTED, year, len(inside), *map(float, points)))
    return found


def _note(selector: Selector, number: int, origin: int) -> str:
    """What the past says of the selected model."""
    y = selector.series[number][:origin]
    if np.ptp(y) == 0:
        return "The series never changed, so how far it may move is not known."
    ahead, error, count = selector.against_naive(number, origin)
    if count < 3:
        return "Too short to try any model on its own past: all weigh the same."
    if ahead + error < 0:
        return (
            f"Better than the last value at {count} past origins by more than a standard error."
        )
    return f"Nothing beat the last value at {count} past origins by more than a standard error."
