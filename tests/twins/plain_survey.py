"""Estimates of a survey and their variances a second time, in plain NumPy from the textbooks.

Main types: `Sample`, `Found`; main functions: `taylor`, `replicate_variance`, `residuals`.

Every estimate comes with its linearised variable u: the variance of the estimate is that of the
total of u (Särndal, Swensson & Wretman 1992, Model Assisted Survey Sampling, 5.5 to 5.7). A
domain is a mask: the others stay in the design and score zero (ibid., 5.8). The variance of a
total by stages is ibid., result 4.3.1, in the form of Lumley 2010, Complex Surveys, 3.2; that
of calibrated weights is Deville & Särndal 1992, JASA 87, 376-382, equation 3.4.
"""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


def taylor(
    scores: Array,
    strata: Array | None,
    clusters: Array | None,
    sizes: Array | None,
    second_clusters: Array | None = None,
    second_sizes: Array | None = None,
) -> float:
    """Variance of the sum of the scores, which hold the weights already.

    Clusters are numbered within their stratum, second clusters within their cluster; none mean
    that respondents were drawn. Sizes count the clusters of the stratum in the population; none
    mean drawing with replacement, under which the first stage holds the variance of the second.
    Without second sizes every second cluster was drawn, as R's manual of `svydesign` has it.
    """
    strata = np.zeros(len(scores), int) if strata is None else strata
    clusters = np.arange(len(scores)) if clusters is None else clusters
    variance = 0.0
    for stratum in np.unique(strata):
        inside = strata == stratum
        members = [inside & (clusters == name) for name in np.unique(clusters[inside])]
        size = np.inf if sizes is None else sizes[inside][0]
        fraction = len(members) / size
        if fraction < 1:
            sums = np.array([scores[one].sum() for one in members])
            squares = ((sums - sums.mean()) ** 2).sum()
            variance += len(sums) / (len(sums) - 1) * (1 - fraction) * squares
        if sizes is None or second_clusters is None or second_sizes is None:
            continue
        for one in members:
            inner = taylor(scores[one], None, second_clusters[one], second_sizes[one])
            variance += fraction * inner
    return float(variance)


def replicate_variance(estimates: Array, centre: float, scales: Array | float) -> float:
    """Sum of the scaled squared deviations of replicated estimates from the centre."""
    return float((scales * (np.asarray(estimates) - centre) ** 2).sum())


def residuals(u: Array, X: Array, before: Array) -> Array:
    """What is left of u after a regression on X, weighted by the weights before calibration.

    X may hold dependent columns, as the indicators of two variables do: the fit is the same.
    """
    root = np.sqrt(before)
    slopes = np.linalg.lstsq(X * root[:, None], u * root, rcond=None)[0]
    return u - X @ slopes


@dataclass(frozen=True)
class Sample:
    """Respondents' weights and how they were drawn; with X and `before` where calibrated."""

    weights: Array
    strata: Array | None = None
    clusters: Array | None = None
    sizes: Array | None = None
    second_clusters: Array | None = None
    second_sizes: Array | None = None
    X: Array | None = None
    before: Array | None = None

    def variance(self, u: Array) -> float:
        """Variance of the weighted total of u."""
        if self.X is not None and self.before is not None:
            u = residuals(u, self.X, self.before)
        return taylor(
            self.weights * u, self.strata, self.clusters, self.sizes,
            self.second_clusters, self.second_sizes,
        )  # fmt: skip

    def degrees(self, mask: Array) -> int:
        """Clusters that hold a member of the domain, less strata that do."""
        count = len(self.weights)
        strata = np.zeros(count, int) if self.strata is None else self.strata
        clusters = np.arange(count) if self.clusters is None else self.clusters
        held = set(zip(strata[mask].tolist(), clusters[mask].tolist(), strict=True))
        return len(held) - len({stratum for stratum, _ in held})


@dataclass(frozen=True)
class Found:
    """An estimate, its linearised variable u, and the variance of a simple random sample."""

    value: float
    u: Array
    simple: float

    def __sub__(self, other: "Found") -> "Found":
        """Difference of two estimates from the same respondents, who may be in both."""
        return Found(self.value - other.value, self.u - other.u, np.nan)


def total(weights: Array, y: Array, mask: Array) -> Found:
    """Weighted total of y in a domain; y outside the mask may be anything, also NaN."""
    y = np.where(mask, y, 0.0)
    size = (weights * mask).sum()
    return Found((weights * y).sum(), y, size**2 * simple_variance(weights, y, mask))


def ratio(weights: Array, y: Array, x: Array, mask: Array) -> Found:
    """Weighted total of y over that of x in a domain."""
    y, x = np.where(mask, y, 0.0), np.where(mask, x, 0.0)
    below = (weights * x).sum()
    value = (weights * y).sum() / below
    u = (y - value * x) / below
    size = (weights * mask).sum()
    return Found(value, u, size**2 * simple_variance(weights, u, mask))


def mean(weights: Array, y: Array, mask: Array) -> Found:
    """Weighted mean of y in a domain."""
    return ratio(weights, y, np.ones(len(weights)), mask)


def proportion(weights: Array, holds: Array, mask: Array) -> Found:
    """Weighted share of a domain of whom something holds."""
    return mean(weights, holds.astype(float), mask)


def simple_variance(weights: Array, y: Array, mask: Array) -> float:
    """Variance of the mean of y, had the domain been a simple random sample of its size.

    S2 (1/n - 1/N), with S2 of the population as weighted and N the sum of the weights, as R's
    package `survey` does it; NaN where that is none or nothing varies.
    """
    w, y, n = weights[mask], y[mask], int(mask.sum())
    if n < 2 or n >= w.sum() or np.ptp(y) == 0:
        return float("nan")
    spread = (w * (y - np.average(y, weights=w)) ** 2).sum() / w.sum() * n / (n - 1)
    return float(spread * (1 / n - 1 / w.sum()))
