"""Intervals of a proportion whose standard error comes from a design.

For `estimates`. Main function: `interval`. Sources: the survey package of R (`svyciprop`), Korn
and Graubard (1998) for `beta`, Rao and Scott (1984) for `likelihood`, Wilson (1927) with an
effective sample size for `wilson`.
"""

import math
from collections.abc import Callable

from scipy import optimize, special, stats

from qonys.survey.tables import wilson

_UPPER = 0.975


def interval(
    share: float, se: float, df: float, n: int, method: str = "logit"
) -> tuple[float, float] | None:
    """Interval of 95 % of a proportion; none where it cannot be told.

    Parameters
    ----------
    share : float
        The estimate, 0 to 1.
    se : float
        Its standard error by the design.
    df : float
        Degrees of freedom of the design; under 1 there is no interval.
    n : int
        Respondents.
    method : str
        One of `INTERVALS`. Of nobody and of everybody each gives what `beta` gives with n as
        the effective sample size: the standard error says nothing there.

    Examples
    --------
    >>> low, high = interval(0.1720519885842, 0.0243447801131, 197, 200, "beta")
    >>> round(low, 8), round(high, 8)
    (0.12656841, 0.22582867)
    """
    if df < 1 or math.isnan(se):
        return None
    t = float(stats.t.ppf(_UPPER, df))
    # Fewer degrees of freedom than respondents count as fewer answers (Korn and Graubard, 2.2).
    shrink = (stats.t.ppf(_UPPER, n - 1) / t) ** 2 if n > 1 else 1.0
    if share <= 0 or share >= 1:
        return _beta(round(share), n * float(shrink))
    if se == 0:
        return share, share
    plain = share * (1 - share) / se**2
    if method == "beta":
        return _beta(share, plain * float(shrink))
    if method == "wilson":
        return wilson(share, plain, t)
    if method == "likelihood":
        return _likelihood(share, plain * (n - 1) / n, t)
    return _transformed(share, se, t, method)


def _beta(share: float, n: float) -> tuple[float, float]:
    """Clopper and Pearson's limits of n answers, a number that need not be whole."""
    low = (
        float(stats.beta.ppf(1 - _UPPER, n * share, n * (1 - share) + 1)) if share > 0 else 0.0
    )
    high = float(stats.beta.ppf(_UPPER, n * share + 1, n * (1 - share))) if share < 1 else 1.0
    return low, high


def _likelihood(share: float, n: float, t: float) -> tuple[float, float]:
    """Where twice the loss of log likelihood, over the design effect, reaches t squared."""

    def excess(at: float) -> float:
        loss = share * math.log(share / at) + (1 - share) * math.log((1 - share) / (1 - at))
        return 2 * n * loss - t * t

    def root(limit: float, near: float) -> float:
        if excess(near) < 0:  # so few answers that even the limit cannot be refuted
            return limit
        return float(optimize.brentq(excess, *sorted((share, near)), xtol=1e-15, rtol=1e-14))

    return root(0.0, 1e-300), root(1.0, 1 - 2.0**-53)


def _transformed(share: float, se: float, t: float, method: str) -> tuple[float, float]:
    there: dict[str, tuple[Callable[[float], float], Callable[[float], float], float]] = {
        "logit": (
            lambda p: math.log(p / (1 - p)),
            lambda x: float(special.expit(x)),
            1 / (share * (1 - share)),
        ),
        "asin": (
            lambda p: math.asin(math.sqrt(p)),
            lambda x: math.sin(min(max(x, 0.0), math.pi / 2)) ** 2,
            0.5 / math.sqrt(share * (1 - share)),
        ),
        "mean": (lambda p: p, lambda x: min(max(x, 0.0), 1.0), 1.0),
    }
    to, back, slope = there[method]
    half = t * se * slope
    return back(to(share) - half), back(to(share) + half)
