"""Gibbs sampling of a hierarchical AR(1) in Numba: arrays in and out, no labels, no files.

For `world`. Main function: `sample`. Model and priors after Azose and Raftery (2015),
Demography 52, eqs. 1 to 3, with the bounds of R's bayesMig; the shape `a` is drawn with the
scale `b` integrated out, by slices (Neal 2003), for its chain is slow otherwise.
"""

import math

import numpy as np
from numba import njit

LEAST = 1e-8  #: The smallest variance, bayesMig's ``sigma.c.min`` squared.


@njit(cache=True)
def _gamma_part(shape: float, x: float) -> float:
    """Regularised lower incomplete gamma function, by series or continued fraction."""
    if x <= 0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1.0 / shape
        n = shape
        for _ in range(10_000):
            n += 1
            term *= x / n
            total += term
            if term < total * 1e-15:
                break
        return min(total * front, 1.0)
    b = x + 1 - shape
    c = 1e300
    d = 1 / b
    h = d
    for i in range(1, 10_000):
        an = -i * (i - shape)
        b += 2
        d = an * d + b
        d = 1 / (d if abs(d) > 1e-300 else 1e-300)
        c = b + an / c
        if abs(c) < 1e-300:
            c = 1e-300
        h *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return max(1 - front * h, 0.0)


@njit(cache=True)
def _between(
    rng: np.random.Generator, mean: float, sd: float, low: float, high: float
) -> float:
    """A normal draw between two ends: by rejection, else by halving its distribution."""
    for _ in range(50):
        value = mean + sd * rng.normal()
        if low < value < high:
            return value
    root = math.sqrt(2.0) * sd
    first = 0.5 * math.erfc((mean - low) / root)
    last = 0.5 * math.erfc((mean - high) / root)
    if last - first < 1e-300:  # so far away that one end has it all
        return low + 1e-9 * (high - low) if mean < low else high - 1e-9 * (high - low)
    wanted = first + rng.random() * (last - first)
    left, right = low, high
    for _ in range(60):
        middle = 0.5 * (left + right)
        if 0.5 * math.erfc((mean - middle) / root) < wanted:
            left = middle
        else:
            right = middle
    return 0.5 * (left + right)


@njit(cache=True)
def _log_shape(a: float, logs: float, inverses: float, count: int, scaler: float) -> float:
    """Log density of the shape given the variances, the scale integrated out."""
    if a <= 1 or a >= 10:
        return -1e300
    shape = count * a + 1
    part = _gamma_part(shape, inverses * (a - 1) / 10 * scaler)
    if part <= 0:
        return -1e300
    value = -count * math.lgamma(a) - (a + 1) * logs + math.lgamma(shape)
    return value - shape * math.log(inverses) + math.log(part) - math.log(a - 1)


@njit(cache=True)
def _slice(
    rng: np.random.Generator,
    at: float,
    logs: float,
    inverses: float,
    count: int,
    scaler: float,
) -> float:
    """One slice of the shape on the scale of log(a - 1)."""
    x = math.log(at - 1)
    level = _log_shape(at, logs, inverses, count, scaler) + x + math.log(rng.random())
    left = x - rng.random()
    right = left + 1.0
    for _ in range(100):
        if _log_shape(1 + math.exp(left), logs, inverses, count, scaler) + left < level:
            break
        left -= 1.0
    for _ in range(100):
        if _log_shape(1 + math.exp(right), logs, inverses, count, scaler) + right < level:
            break
        right += 1.0
    for _ in range(200):
        new = left + rng.random() * (right - left)
        if _log_shape(1 + math.exp(new), logs, inverses, count, scaler) + new >= level:
            return 1 + math.exp(new)
        if new < x:
            left = new
        else:
            right = new
    return at


@njit(cache=True)
def _sweep_country(
    rng: np.random.Generator, r: np.ndarray, now: np.ndarray, world: np.ndarray
) -> None:
    """Mean, autoregression and variance of one country, in turn."""
    steps = len(r) - 1
    centre, spread, a, b = world
    phi, variance = now[1], now[2]
    left = 0.0
    for t in range(steps):
        left += r[t + 1] - phi * r[t]
    weight = (1 - phi) / variance
    precision = steps * (1 - phi) * weight + 1 / spread
    mu = (weight * left + centre / spread) / precision + rng.normal() / math.sqrt(precision)
    crossed, squares = 0.0, 0.0
    for t in range(steps):
        before = r[t] - mu
        crossed += before * (r[t + 1] - mu)
        squares += before * before
    phi = _between(rng, crossed / squares, math.sqrt(variance / squares), 0.0, 1.0)
    total = 0.0
    for t in range(steps):
        error = r[t + 1] - mu - phi * (r[t] - mu)
        total += error * error
    drawn = 0.0
    for _ in range(1000):
        drawn = (b + total / 2) / rng.standard_gamma(a + steps / 2)
        if drawn > LEAST:
            break
    now[0], now[1], now[2] = mu, phi, max(drawn, LEAST)


@njit(cache=True)
def _sweep_world(
    rng: np.random.Generator, now: np.ndarray, world: np.ndarray, scaler: float
) -> None:
    """Mean and spread of the countries' means, shape and scale of their variances."""
    count = len(now)
    logs = np.log(now[:, 2]).sum()
    inverses = (1 / now[:, 2]).sum()
    bound = 0.1 * scaler
    world[0] = _between(rng, now[:, 0].mean(), math.sqrt(world[1] / count), -bound, bound)
    total = ((now[:, 0] - world[0]) ** 2).sum()
    for _ in range(1000):
        world[1] = total / 2 / rng.standard_gamma((count - 1) / 2)
        if world[1] < bound * bound:
            break
    world[2] = _slice(rng, world[2], logs, inverses, count, scaler)
    limit = (world[2] - 1) / 10 * scaler
    for _ in range(100_000):
        world[3] = rng.standard_gamma(count * world[2] + 1) / inverses
        if world[3] < limit:
            break


@njit(cache=True)
def sample(
    rng: np.random.Generator,
    rates: np.ndarray,
    iterations: int,
    burn: int,
    thin: int,
    scaler: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the posterior.

    Parameters
    ----------
    rng : Generator
        Where randomness comes from.
    rates : ndarray, shape (country, period)
        Net migration rates, without gaps.
    iterations, burn, thin : int
        Sweeps in all, those dropped first, and every which is kept.
    scaler : float
        1 of yearly rates, 5 of five-year rates: widens the bounds of the priors.

    Returns
    -------
    ndarray, ndarray
        Of the world, shape (draw, 4): mean and variance of the countries' means, shape and
        scale of their variances; of the countries, shape (draw, country, 3): mean,
        autoregression, standard deviation.
    """
    count = rates.shape[0]
    kept = (iterations - burn) // thin
    worlds = np.empty((kept, 4))
    countries = np.empty((kept, count, 3))
    now = np.empty((count, 3))
    for c in range(count):
        now[c, 0], now[c, 1] = rates[c].mean(), 0.5
        now[c, 2] = max(np.var(rates[c]), LEAST)
    world = np.array([now[:, 0].mean(), max(np.var(now[:, 0]), 1e-10), 1.5, 1e-4])
    at = 0
    for iteration in range(iterations):
        for c in range(count):
            _sweep_country(rng, rates[c], now[c], world)
        _sweep_world(rng, now, world, scaler)
        if iteration >= burn and (iteration - burn) % thin == 0 and at < kept:
            worlds[at] = world
            countries[at] = now
            countries[at, :, 2] = np.sqrt(now[:, 2])
            at += 1
    return worlds, countries
