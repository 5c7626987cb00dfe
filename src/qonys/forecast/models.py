"""Baselines that every forecast stands beside: naive, seasonal naive, ETS, Theta, log ensemble.

For `selecting`, `backtests` and the command line. Main types: `Marginals`; main function:
`baselines`. Sources: Hyndman, Koehler, Ord and Snyder (2008) for ETS; Assimakopoulos and
Nikolopoulos (2000), Hyndman and Billah (2003) for Theta. Counts never fall below 0, and over
years, where they change by ratios, every model of counts works on logarithms.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import t as student

from qonys.forecast._kernels import ADDITIVE, DAMPED, NONE, fit_smoothing, psi_weights

#: Probabilities at which every forecast is held; outer ones for a 99 % interval.
PROBS = np.array(
    [0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.995]
)
BASELINES = ("naive", "seasonal_naive", "ets", "theta", "ensemble_log")


@dataclass(frozen=True)
class Marginals:
    """What one model says of the next periods, each by itself.

    Parameters
    ----------
    quantiles : ndarray, shape (horizon, probability)
        At `PROBS`, in the unit of the series, not below its floor.
    psi : ndarray, shape (horizon,)
        How long an error lasts; it ties the periods of a path together.
    """

    quantiles: np.ndarray
    psi: np.ndarray


@dataclass(frozen=True)
class _Linear:
    """A point path with errors that last, on the scale it was fitted on.

    The spread of the errors is known from `free` of them, so they follow Student's t.
    """

    point: np.ndarray
    psi: np.ndarray
    sigma: float
    free: int

    def marginals(self, *, log: bool, floor: float) -> Marginals:
        spread = self.sigma * np.sqrt(np.cumsum(self.psi**2))
        quantiles = self.point[:, None] + spread[:, None] * _law(max(self.free, 3))
        if log:
            quantiles = np.expm1(np.minimum(quantiles, 700))
        return Marginals(np.maximum(quantiles, floor), self.psi)


@lru_cache
def _law(free: int) -> np.ndarray:
    return np.asarray(student.ppf(PROBS, free))


def baselines(y: np.ndarray, m: int, horizon: int, floor: float = 0.0) -> dict[str, Marginals]:
    """Every baseline of one series.

    Parameters
    ----------
    y : ndarray, shape (n,)
        The series, without gaps, at least three values.
    m : int
        Length of the season: 12 of months, 4 of quarters, 1 of years.
    horizon : int
        Periods ahead.
    floor : float
        0 of counts; minus infinity where negative values are possible, and then no model works
        on logarithms.
    """
    y = np.asarray(y, dtype=np.float64)
    counts = math.isfinite(floor)
    log = counts and m == 1
    x = np.log1p(y - floor) if counts else y
    plain = _members(x if log else y, m, horizon, flat=log)
    found = {
        name: _shifted(one.marginals(log=log, floor=0.0 if log else floor), floor if log else 0)
        for name, one in plain.items()
    }
    if counts:
        logs = plain if log else _members(x, m, horizon, flat=True)
        members = [logs[name].marginals(log=True, floor=0.0) for name in _POOLED]
        mean = np.mean([one.quantiles for one in members], axis=0)
        found["ensemble_log"] = _shifted(Marginals(mean, members[0].psi), floor)
    return found


_POOLED = ("ets", "theta", "seasonal_naive")


def _members(y: np.ndarray, m: int, horizon: int, *, flat: bool) -> dict[str, _Linear]:
    return {
        "naive": _naive(y, m, 1, horizon),
        "seasonal_naive": _naive(y, m, m if len(y) > m else 1, horizon),
        "ets": _ets(y, m, horizon, flat=flat),
        "theta": _theta(y, m, horizon),
    }


def _shifted(one: Marginals, floor: float) -> Marginals:
    return Marginals(one.quantiles + floor, one.psi) if floor else one


def _recent(m: int) -> int:
    """Errors that still tell how far the next ones reach: those of five years, at least 10."""
    return max(5 * m, 10)


def _naive(y: np.ndarray, m: int, lag: int, horizon: int) -> _Linear:
    """The value of one lag ago; errors are those of the past."""
    steps = np.arange(horizon)
    point = y[len(y) - lag + steps % lag]
    psi = (steps % lag == 0).astype(np.float64)
    errors = (y[lag:] - y[:-lag])[-_recent(m) :]
    return _Linear(point, psi, _rms(errors), len(errors))


def _rms(errors: np.ndarray) -> float:
    return float(np.sqrt((errors**2).mean())) if len(errors) else 0.0


def _ets(y: np.ndarray, m: int, horizon: int, *, flat: bool) -> _Linear:
    """The best of additive ETS models by AICc; flat on logarithms, where slopes run away."""
    trends = (NONE,) if flat else (NONE, ADDITIVE, DAMPED)
    seasons = [False, True] if m > 1 and len(y) >= 2 * m + 2 else [False]
    best, chosen = math.inf, None
    for seasonal in seasons:
        for trend in trends if len(y) > 5 else (NONE,):
            fitted = fit_smoothing(y, m, trend, seasonal)
            if fitted[3] < best or chosen is None:
                best, chosen = fitted[3], (trend, seasonal, fitted)
    assert chosen is not None
    trend, seasonal, (smoothing, errors, state, _) = chosen
    psi = psi_weights(smoothing, m, trend, seasonal, horizon)
    steps = np.arange(1, horizon + 1)
    point = np.full(horizon, state[0])
    if trend != NONE:
        point = point + state[1] * np.cumsum(smoothing[3] ** steps)
    if seasonal:
        point = point + state[2 + (len(y) + steps - 1) % m]
    k = 1 + (trend != NONE) + seasonal
    errors = errors[-_recent(m) :]
    free = max(len(errors) - k - 1, 1)
    return _Linear(point, psi, math.sqrt((errors**2).sum() / free), free)


def _theta(y: np.ndarray, m: int, horizon: int) -> _Linear:
    """Simple exponential smoothing with half the slope of a line, the season taken out."""
    seasons = _seasons(y, m) if _is_seasonal(y, m) else np.zeros(m)
    n = len(y)
    adjusted = y - seasons[np.arange(n) % m]
    slope = float(np.polyfit(np.arange(n), adjusted, 1)[0])
    smoothing, errors, state, _ = fit_smoothing(adjusted, 1, NONE, False)
    alpha = smoothing[0]
    steps = np.arange(horizon)
    drift = slope / 2 * (steps + (1 - (1 - alpha) ** n) / alpha)
    point = state[0] + drift + seasons[(n + steps) % m]
    psi = psi_weights(smoothing, 1, NONE, False, horizon)
    errors = errors[-_recent(m) :]
    return _Linear(point, psi, _rms(errors), len(errors))


def _is_seasonal(y: np.ndarray, m: int) -> bool:
    """Whether the correlation at the season exceeds what chance gives at 90 %."""
    if m < 2 or len(y) < 3 * m:
        return False
    x = y - y.mean()
    total = float((x**2).sum())
    if total == 0:
        return False
    r = np.array([(x[lag:] * x[:-lag]).sum() / total for lag in range(1, m + 1)])
    return bool(abs(r[-1]) > 1.645 * math.sqrt((1 + 2 * (r[:-1] ** 2).sum()) / len(y)))


def _seasons(y: np.ndarray, m: int) -> np.ndarray:
    """Classical additive seasons: means of what a centred moving average leaves."""
    kernel = np.ones(m) / m if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5] / m
    half = len(kernel) // 2
    left = y[half : len(y) - half] - np.convolve(y, kernel, mode="valid")
    at = np.arange(half, len(y) - half) % m
    found = np.array([left[at == j].mean() for j in range(m)])
    return np.asarray(found - found.mean())


def seasonal_scale(y: np.ndarray, m: int) -> float:
    """Mean absolute error of the seasonal naive within the series: what scores are divided by.

    Parameters
    ----------
    y : ndarray, shape (n,)
        The series.
    m : int
        Length of the season.
    """
    lag = m if len(y) > m else 1
    return float(np.abs(y[lag:] - y[:-lag]).mean())
