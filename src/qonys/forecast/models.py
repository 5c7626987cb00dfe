"""Baselines that every forecast stands beside: naive, seasonal naive, ETS, Theta, log ensemble.

For `selecting`, `backtests` and the command line. Main types: `Marginals`; main function:
`baselines`. Sources: Hyndman, Koehler, Ord and Snyder (2008) for ETS; Assimakopoulos and
Nikolopoulos (2000), Hyndman and Billah (2003) for Theta. Counts never fall below 0.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from qonys.forecast._kernels import ADDITIVE, DAMPED, NONE, fit_smoothing, psi_weights

#: Probabilities at which every forecast is held; outer ones for a 99 % interval.
PROBS = np.array(
    [0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.995]
)
_Z = np.array([NormalDist().inv_cdf(p) for p in PROBS])
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
    """A point path with normal errors that last, on the scale it was fitted on."""

    point: np.ndarray
    psi: np.ndarray
    sigma: float

    def marginals(self, *, log: bool, floor: float) -> Marginals:
        spread = self.sigma * np.sqrt(np.cumsum(self.psi**2))
        quantiles = self.point[:, None] + spread[:, None] * _Z
        if log:
            quantiles = np.expm1(np.minimum(quantiles, 700))
        return Marginals(np.maximum(quantiles, floor), self.psi)


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
    plain = {
        "naive": _naive(y, m, 1, horizon),
        "seasonal_naive": _naive(y, m, m if len(y) > m else 1, horizon),
        "ets": _ets(y, m, horizon),
        "theta": _theta(y, m, horizon),
    }
    found = {name: one.marginals(log=False, floor=floor) for name, one in plain.items()}
    if math.isfinite(floor):
        x = np.log1p(y - floor)
        members = [
            _ets(x, m, horizon),
            _theta(x, m, horizon),
            _naive(x, m, m if len(y) > m else 1, horizon),
        ]
        logs = [one.marginals(log=True, floor=0.0) for one in members]
        mean = np.mean([one.quantiles for one in logs], axis=0) + floor
        found["ensemble_log"] = Marginals(mean, logs[0].psi)
    return found


def _recent(m: int) -> int:
    """Errors that still tell how far the next ones reach: those of five years, at least 20."""
    return max(5 * m, 20)


def _naive(y: np.ndarray, m: int, lag: int, horizon: int) -> _Linear:
    """The value of one lag ago; errors are those of the past."""
    steps = np.arange(horizon)
    point = y[len(y) - lag + steps % lag]
    psi = (steps % lag == 0).astype(np.float64)
    return _Linear(point, psi, _rms((y[lag:] - y[:-lag])[-_recent(m) :]))


def _rms(errors: np.ndarray) -> float:
    return float(np.sqrt((errors**2).mean())) if len(errors) else 0.0


def _ets(y: np.ndarray, m: int, horizon: int) -> _Linear:
    """The best of additive ETS models by AICc."""
    seasons = [False, True] if m > 1 and len(y) >= 2 * m + 2 else [False]
    best, chosen = math.inf, None
    for seasonal in seasons:
        for trend in (NONE, ADDITIVE, DAMPED) if len(y) > 5 else (NONE,):
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
    sigma = math.sqrt((errors**2).sum() / max(len(errors) - k - 1, 1))
    return _Linear(point, psi, sigma)


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
    return _Linear(point, psi, _rms(errors[-_recent(m) :]))


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
