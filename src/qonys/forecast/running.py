"""Forecasts of a panel from its last values: every baseline, the selected one, and whole years.

For the command line. Main types: `Forecast`, `Ahead`; main functions: `forecast`, `paths`. A
year is made of what is known and of paths, so that its periods go together; paths of a panel
are joint, by how its series erred together in the past.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from qonys.core.draws import uniform
from qonys.core.errors import DataError, Fault
from qonys.forecast.models import PROBS, Marginals
from qonys.forecast.reconciling import (
    Identity,
    Structure,
    check_history,
    reconcile,
    shrunk,
    structure_of,
)
from qonys.forecast.scoring import TOLD
from qonys.forecast.selecting import SELECTED, Selector
from qonys.forecast.series import SEASONS, Series, offsets, same_kind, step_on

RECONCILED = "reconciled"
FEWEST_ERRORS = 8  #: Past errors under which series are taken to err each by itself.
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
        By series, paths of shape (horizon, draw); with identities they add up.
    """

    ahead: list[Ahead]
    years: list[Ahead]
    weights: dict[str, dict[str, float]]
    notes: dict[str, str] = field(default_factory=dict)
    draws: dict[str, np.ndarray] = field(default_factory=dict)


def forecast(
    series: Sequence[Series],
    horizon: int,
    *,
    identities: Sequence[Identity] = (),
    method: str = "mint",
    draws: int = DRAWS,
    seed: int = 1,
) -> Forecast:
    """Forecast every series of a panel.

    Parameters
    ----------
    series : Sequence of Series
        At least one, all of months, quarters or years.
    horizon : int
        Periods ahead, 1 to `LONGEST`.
    identities : Sequence of Identity
        Sums that the forecasts must keep; a sum that is no series of the panel is made.
    method : str
        Of `qonys.forecast.reconciling.METHODS`.
    draws : int
        Paths.
    seed : int
        The same gives the same paths.
    """
    if not 1 <= horizon <= LONGEST:
        raise DataError(Fault(f"expected 1 to {LONGEST} periods ahead", value=str(horizon)))
    season = SEASONS[same_kind(series)]
    structure = structure_of([one.name for one in series], identities) if identities else None
    check_history(series, identities)
    selector = Selector([one.values for one in series], season, horizon, offsets(series))
    errors = selector.errors_ahead()
    noise = _joint_noise(series, errors, horizon, draws, seed)
    found = Forecast([], [], {})
    chosen: dict[str, np.ndarray] = {}
    for number, one in enumerate(series):
        origin = len(one.values)
        models = selector.every(number, origin)
        chosen[one.name] = models[SELECTED].quantiles
        for name, marginals in models.items():
            found.ahead.extend(
                ahead_of(one.name, name, _after(one, horizon), marginals.quantiles)
            )
        found.draws[one.name] = paths(models[SELECTED], noise[number])
        found.weights[one.name] = selector.weights(number, origin)
        found.notes[one.name] = _note(selector, number, origin)
    model = SELECTED
    known = {one.name: one for one in series}
    if structure is not None:
        model = RECONCILED
        sums = [one.name for one in identities if one.name in known]
        added = reconcile(
            found.draws,
            structure,
            method=method,
            errors=errors if errors.shape[1] >= FEWEST_ERRORS else None,
            floors={one.name: one.floor for one in series},
            quantiles={name: chosen[name] for name in sums},
            seed=seed,
        )
        known |= _made(structure, known)
        if method == "mint" and errors.shape[1] < FEWEST_ERRORS:
            found.notes[RECONCILED] = "Added from the parts: too few past errors for MinT."
        if method == "conditioning" and not sums:
            found.notes[RECONCILED] = "Added from the parts: no sum has a forecast of its own."
        for name, drawn in added.items():
            found.draws[name] = drawn
            quantiles = np.quantile(drawn, PROBS, axis=1).T
            found.ahead.extend(ahead_of(name, model, _after(known[name], horizon), quantiles))
    for name, drawn in found.draws.items():
        found.years.extend(_years(known[name], model, drawn))
    return found


def _after(one: Series, horizon: int) -> list[str]:
    return [step_on(one.periods[-1], step) for step in range(1, horizon + 1)]


def _made(structure: Structure, known: Mapping[str, Series]) -> dict[str, Series]:
    """Past values of sums that are no series of the panel."""
    made = {}
    for name, row in zip(structure.names, structure.sums, strict=True):
        if name not in known:
            parts = [
                (weight, known[part])
                for weight, part in zip(row.tolist(), structure.bottom, strict=True)
                if weight
            ]
            length = min(len(part.values) for _, part in parts)
            values = np.sum([weight * part.values[-length:] for weight, part in parts], axis=0)
            first = parts[0][1]
            made[name] = Series(name, first.kind, first.periods[-length:], values)
    return made


def _joint_noise(
    series: Sequence[Series], errors: np.ndarray, horizon: int, draws: int, seed: int
) -> np.ndarray:
    """Normal draws of shape (series, horizon, draw), as the series erred together."""
    ids = np.arange(horizon * draws)
    ranks = np.stack([uniform(seed, f"path {one.name}", "", ids) for one in series])
    noise = stats.norm.ppf(np.clip(ranks, 1e-12, 1 - 1e-12))
    together = len({one.periods[-1] for one in series}) == 1
    if len(series) > 1 and together and errors.shape[1] >= FEWEST_ERRORS:
        covariance = shrunk(errors)
        spread = np.sqrt(np.diag(covariance))
        noise = np.linalg.cholesky(covariance / np.outer(spread, spread)) @ noise
    return np.asarray(noise.reshape(len(series), horizon, draws))


def ahead_of(
    series: str, model: str, periods: Sequence[str], quantiles: np.ndarray
) -> list[Ahead]:
    """Quantiles in figures, by period.

    Parameters
    ----------
    series, model : str
        Which.
    periods : Sequence of str
        Labels.
    quantiles : ndarray, shape (period, probability)
        At `PROBS`.
    """
    return [
        Ahead(series, model, period, step, *(float(row[column]) for column in TOLD))
        for step, (period, row) in enumerate(zip(periods, quantiles, strict=True), 1)
    ]


def paths(marginals: Marginals, noise: np.ndarray) -> np.ndarray:
    """Paths whose periods have the marginals, tied together as errors last.

    Parameters
    ----------
    marginals : Marginals
        Of a model.
    noise : ndarray, shape (horizon, draw)
        Normal draws, one for the error of each period.

    Returns
    -------
    ndarray, shape (horizon, draw)
        In the unit of the series; beyond the outer quantiles a path stays at them.
    """
    horizon = len(marginals.psi)
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


def _years(one: Series, model: str, drawn: np.ndarray) -> list[Ahead]:
    """Sums of the calendar years that known values and paths fill together."""
    if one.season == 1:
        return []
    periods = _after(one, len(drawn))
    known = dict(zip(one.periods, one.values.tolist(), strict=True))
    found = []
    for year in sorted({period[:4] for period in periods}):
        inside = [at for at, period in enumerate(periods) if period[:4] == year]
        told = [value for period, value in known.items() if period[:4] == year]
        if len(inside) + len(told) == one.season:
            total = sum(told) + drawn[inside].sum(axis=0)
            points = np.quantile(total, POINTS)
            found.append(Ahead(one.name, model, year, len(inside), *map(float, points)))
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
        return f"It beat the last value at {count} past origins by more than a standard error."
    return f"It did not beat the last value at {count} past origins by a standard error."
