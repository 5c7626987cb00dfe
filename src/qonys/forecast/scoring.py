"""How good a forecast was: scores of quantiles against what came.

For `backtests` and `selecting`. Main functions: `crps`, `interval_score`, `covered`. Sources:
Gneiting and Raftery (2007), sections 4.2 and 6.2; Laio and Tamea (2007), eq. 21, for the score
from quantiles. All are in the unit of the series; the caller divides.
"""

import numpy as np

from qonys.forecast.models import PROBS

#: Part of the probability that each quantile stands for.
_PARTS = np.diff(np.r_[0.0, (PROBS[1:] + PROBS[:-1]) / 2, 1.0])
#: Ends of the central intervals by their probability.
ENDS = {
    level: tuple(int(np.searchsorted(PROBS, (1 + side * level) / 2 - 1e-9)) for side in (-1, 1))
    for level in (0.8, 0.95)
}
MEDIAN = int(np.searchsorted(PROBS, 0.5))
TOLD = (MEDIAN, *ENDS[0.8], *ENDS[0.95])  #: Columns of the quantiles that are told.


def crps(quantiles: np.ndarray, came: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score, twice the mean loss of the quantiles.

    Parameters
    ----------
    quantiles : ndarray, shape (horizon, probability)
        At `PROBS`.
    came : ndarray, shape (horizon,)
        What came.
    """
    gap = came[:, None] - quantiles
    return np.asarray((2 * np.where(gap > 0, PROBS * gap, (PROBS - 1) * gap) * _PARTS).sum(1))


def interval_score(quantiles: np.ndarray, came: np.ndarray, level: float = 0.95) -> np.ndarray:
    """Width of the central interval and what lies outside it, times 2 / (1 - level).

    Parameters
    ----------
    quantiles : ndarray, shape (horizon, probability)
        At `PROBS`.
    came : ndarray, shape (horizon,)
        What came.
    level : float
        0.8 or 0.95.
    """
    low, high = (quantiles[:, at] for at in ENDS[level])
    outside = np.maximum(low - came, 0) + np.maximum(came - high, 0)
    return np.asarray(high - low + 2 / (1 - level) * outside)


def covered(quantiles: np.ndarray, came: np.ndarray, level: float) -> np.ndarray:
    """Whether the central interval held what came.

    Parameters
    ----------
    quantiles : ndarray, shape (horizon, probability)
        At `PROBS`.
    came : ndarray, shape (horizon,)
        What came.
    level : float
        0.8 or 0.95.
    """
    low, high = (quantiles[:, at] for at in ENDS[level])
    slack = 1e-9 * np.abs(came)  # of rounding
    return np.asarray((low <= came + slack) & (came - slack <= high))
