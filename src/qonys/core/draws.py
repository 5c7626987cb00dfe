"""Random draws that are functions of their key, never of the order of calls.

For simulation and forecasts: the same person gets the same draw in two runs that differ in a
policy only (common random numbers). Main function: `uniform`. Mixing after Steele, Lea and
Flood (2014), "Fast splittable pseudorandom number generators", OOPSLA, figure 15
(SplitMix64).
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


def uniform(
    seed: int, purpose: str, date: str, ids: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """Uniform draws in [0, 1), one an id.

    Parameters
    ----------
    seed : int
        Seed of the run.
    purpose : str
        The decision that is drawn, e.g. ``emigrate``.
    date : str
        The day or period of the decision.
    ids : NDArray, shape (n,)
        Whole numbers that name persons or things.

    Returns
    -------
    NDArray, shape (n,), in [0, 1)
        The draw of an id does not depend on the other ids.

    Examples
    --------
    >>> a = uniform(1, "leave", "2025", np.array([7, 8]))
    >>> b = uniform(1, "leave", "2025", np.array([8]))
    >>> bool(a[1] == b[0])
    True
    """
    text = f"{seed}\x1f{purpose}\x1f{date}".encode()
    stream = np.uint64(int.from_bytes(hashlib.sha256(text).digest()[:8], "little"))
    with np.errstate(over="ignore"):
        word = (np.asarray(ids).astype(np.uint64) + np.uint64(1)) * _GOLDEN ^ stream
        for _ in range(2):
            word = (word ^ (word >> np.uint64(30))) * _MIX1
            word = (word ^ (word >> np.uint64(27))) * _MIX2
            word = word ^ (word >> np.uint64(31))
    return (word >> np.uint64(11)).astype(np.float64) * 2.0**-53
