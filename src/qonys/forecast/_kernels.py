"""Exponential smoothing in Numba: arrays in and out, no labels, no files.

For `models`. Main functions: `smooth`, `fit_smoothing`, `psi_weights`. Additive errors
throughout: every model here is linear, so a forecast is a point path and the weights by which
each future error lasts (Hyndman, Koehler, Ord and Snyder 2008, chapters 2, 5 and 6).
"""

import math

import numpy as np
from numba import njit

NONE, ADDITIVE, DAMPED = 0, 1, 2
_STEPS = 300


@njit(cache=True)
def _initial(y: np.ndarray, m: int, trend: int, seasonal: bool) -> np.ndarray:
    """Level, slope and seasons at the start, from the first years (ibid., section 2.6.1)."""
    n = len(y)
    state = np.zeros(2 + m)
    first = min(n, 4 * m if seasonal else 10)
    adjusted = y[:first].copy()
    if seasonal:
        # Centred moving averages over a season, then the mean of what they leave.
        sums, counts = np.zeros(m), np.zeros(m)
        half = m // 2
        for t in range(half, first - half):
            mean = 0.0
            if m % 2:
                for j in range(-half, half + 1):
                    mean += y[t + j] / m
            else:
                for j in range(-half + 1, half):
                    mean += y[t + j] / m
                mean += (y[t - half] + y[t + half]) / (2 * m)
            sums[t % m] += y[t] - mean
            counts[t % m] += 1
        for j in range(m):
            state[2 + j] = sums[j] / counts[j] if counts[j] > 0 else 0.0
        state[2:] -= state[2:].mean()
        for t in range(first):
            adjusted[t] -= state[2 + t % m]
    # A line through the adjusted start.
    x = np.arange(1, first + 1).astype(np.float64)
    mean_x, mean_y = x.mean(), adjusted.mean()
    spread = ((x - mean_x) ** 2).sum()
    slope = ((x - mean_x) * (adjusted - mean_y)).sum() / spread if spread > 0 else 0.0
    if trend == NONE:
        state[0] = mean_y
    else:
        state[0] = mean_y - slope * mean_x
        state[1] = slope
    return state


@njit(cache=True)
def smooth(
    y: np.ndarray,
    m: int,
    trend: int,
    seasonal: bool,
    alpha: float,
    beta: float,
    gamma: float,
    phi: float,
    start: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """One-step errors and the last state.

    Parameters
    ----------
    y : ndarray, shape (n,)
        The series.
    m : int
        Length of the season.
    trend : int
        `NONE`, `ADDITIVE` or `DAMPED`.
    seasonal : bool
        Whether there is a season.
    alpha, beta, gamma, phi : float
        Smoothing of level, slope and season; damping.
    start : ndarray, shape (2 + m,)
        Level, slope and seasons before the first value.

    Returns
    -------
    ndarray, ndarray
        Errors of shape (n,) and the state of shape (2 + m,), seasons by time modulo m.
    """
    state = start.copy()
    errors = np.empty(len(y))
    for t in range(len(y)):
        slope = phi * state[1] if trend != NONE else 0.0
        season = state[2 + t % m] if seasonal else 0.0
        error = y[t] - state[0] - slope - season
        errors[t] = error
        state[0] += slope + alpha * error
        if trend != NONE:
            state[1] = slope + beta * error
        if seasonal:
            state[2 + t % m] = season + gamma * error
    return errors, state


@njit(cache=True)
def _unpack(free: np.ndarray, trend: int, seasonal: bool) -> tuple[float, float, float, float]:
    """Smoothing within the usual region (ibid., section 2.6.2) from free numbers."""
    alpha = 1e-4 + 0.9998 / (1 + math.exp(-free[0]))
    beta, gamma, phi = 0.0, 0.0, 1.0
    at = 1
    if trend != NONE:
        beta = alpha * (1e-4 + 0.9998 / (1 + math.exp(-free[at])))
        at += 1
    if seasonal:
        gamma = (1 - alpha) * (1e-4 + 0.9998 / (1 + math.exp(-free[at])))
        at += 1
    if trend == DAMPED:
        phi = 0.8 + 0.18 / (1 + math.exp(-free[at]))
    return alpha, beta, gamma, phi


@njit(cache=True)
def _loss(
    free: np.ndarray, y: np.ndarray, m: int, trend: int, seasonal: bool, start: np.ndarray
) -> float:
    alpha, beta, gamma, phi = _unpack(free, trend, seasonal)
    errors, _ = smooth(y, m, trend, seasonal, alpha, beta, gamma, phi, start)
    total = (errors * errors).sum()
    return total if math.isfinite(total) else 1e300


@njit(cache=True)
def _nelder_mead(
    first: np.ndarray, y: np.ndarray, m: int, trend: int, seasonal: bool, start: np.ndarray
) -> np.ndarray:
    """Nelder and Mead (1965), to a relative spread of 1e-8 or `_STEPS` steps."""
    k = len(first)
    points = np.empty((k + 1, k))
    values = np.empty(k + 1)
    for i in range(k + 1):
        points[i] = first
        if i:
            points[i, i - 1] += 1.0
        values[i] = _loss(points[i], y, m, trend, seasonal, start)
    for _ in range(_STEPS):
        order = np.argsort(values)
        points, values = points[order], values[order]
        if values[k] - values[0] <= 1e-8 * (abs(values[0]) + 1e-300):
            break
        point, value = _next_point(points, values, y, m, trend, seasonal, start)
        if value < values[k]:
            points[k], values[k] = point, value
            continue
        for i in range(1, k + 1):
            points[i] = points[0] + 0.5 * (points[i] - points[0])
            values[i] = _loss(points[i], y, m, trend, seasonal, start)
    return np.asarray(points[np.argmin(values)])


@njit(cache=True)
def _next_point(
    points: np.ndarray,
    values: np.ndarray,
    y: np.ndarray,
    m: int,
    trend: int,
    seasonal: bool,
    start: np.ndarray,
) -> tuple[np.ndarray, float]:
    """The worst point reflected, stretched or drawn in; its old value if none is better."""
    k = len(values) - 1
    centre = np.zeros(k)
    for i in range(k):
        centre += points[i] / k
    away = centre - points[k]
    far = centre + away
    value = _loss(far, y, m, trend, seasonal, start)
    if value < values[0]:
        farther = centre + 2 * away
        other = _loss(farther, y, m, trend, seasonal, start)
        return (farther, other) if other < value else (far, value)
    if value < values[k - 1]:
        return far, value
    near = centre + 0.5 * away if value < values[k] else centre - 0.5 * away
    other = _loss(near, y, m, trend, seasonal, start)
    return (near, other) if other < min(value, values[k]) else (far, values[k])


@njit(cache=True)
def fit_smoothing(
    y: np.ndarray, m: int, trend: int, seasonal: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Smoothing that leaves the least squares of one-step errors.

    Parameters
    ----------
    y : ndarray, shape (n,)
        The series.
    m : int
        Length of the season.
    trend : int
        `NONE`, `ADDITIVE` or `DAMPED`.
    seasonal : bool
        Whether there is a season.

    Returns
    -------
    ndarray, ndarray, ndarray, float
        Smoothing (alpha, beta, gamma, phi), errors, last state, and AICc.
    """
    start = _initial(y, m, trend, seasonal)
    free = np.zeros(1 + (trend != NONE) + seasonal + (trend == DAMPED))
    if trend != NONE:
        free[1] = -3.0
    if seasonal:
        free[1 + (trend != NONE)] = -2.0
    free = _nelder_mead(free, y, m, trend, seasonal, start)
    alpha, beta, gamma, phi = _unpack(free, trend, seasonal)
    errors, state = smooth(y, m, trend, seasonal, alpha, beta, gamma, phi, start)
    n = len(y)
    # Smoothing, states at the start, and the variance of the errors.
    k = len(free) + 2 + (trend != NONE) + seasonal * (m - 1)
    squares = max((errors * errors).sum(), 1e-300)
    aicc = n * math.log(squares / n) + 2 * k
    aicc += 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else 1e300
    return np.array([alpha, beta, gamma, phi]), errors, state, aicc


@njit(cache=True)
def psi_weights(
    smoothing: np.ndarray, m: int, trend: int, seasonal: bool, horizon: int
) -> np.ndarray:
    """What is left after j steps of an error of one (ibid., table 6.1, with the error itself).

    Parameters
    ----------
    smoothing : ndarray, shape (4,)
        Alpha, beta, gamma, phi.
    m : int
        Length of the season.
    trend : int
        `NONE`, `ADDITIVE` or `DAMPED`.
    seasonal : bool
        Whether there is a season.
    horizon : int
        Steps.

    Returns
    -------
    ndarray, shape (horizon,)
        The first is 1.
    """
    alpha, beta, gamma, phi = smoothing
    psi = np.ones(horizon)
    growth, damp = 0.0, 1.0
    for j in range(1, horizon):
        if trend != NONE:
            damp *= phi
            growth += damp
        psi[j] = alpha + beta * growth + (gamma if seasonal and j % m == 0 else 0.0)
    return psi
