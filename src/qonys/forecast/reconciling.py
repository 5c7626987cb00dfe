"""Forecasts that add up: regions to the nation, arrivals less departures to the balance.

For `running`. Main types: `Identity`, `Structure`; main functions: `parse_identity`,
`structure_of`, `reconcile`. Draws are projected one by one (Panagiotelis et al. 2023) by MinT
(Wickramasuriya, Athanasopoulos and Hyndman 2019) with shrunk errors (Schäfer and Strimmer
2005), summed from below, or drawn again by how well they go with the sums' own forecasts
(conditioning: Zambon, Azzimonti and Corani 2024).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qonys.core.errors import DataError, Fault
from qonys.forecast.models import PROBS
from qonys.forecast.series import Series

METHODS = ("mint", "bottom-up", "conditioning")
FEWEST_LEFT = 100  #: Draws that must be left in effect by a conditioning.
_WAY_OUT = "Write name = name + name - name, with spaces about the signs."
_TINY = 2e-8


@dataclass(frozen=True)
class Identity:
    """A series that is a sum of others.

    Parameters
    ----------
    name : str
        The sum.
    terms : tuple of (int, str)
        Sign and name of each term.
    """

    name: str
    terms: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Structure:
    """Which series are sums of which.

    Parameters
    ----------
    names : tuple of str
        Every series, sums first.
    bottom : tuple of str
        Series that are no sums.
    sums : ndarray, shape (names, bottom)
        How often each bottom series counts in each series.
    """

    names: tuple[str, ...]
    bottom: tuple[str, ...]
    sums: np.ndarray


def parse_identity(text: str) -> Identity:
    """Read an identity.

    Parameters
    ----------
    text : str
        Such as ``net = arrivals - departures``.

    Raises
    ------
    DataError
        Where it is none.

    Examples
    --------
    >>> parse_identity("net = arrivals - departures").terms
    ((1, 'arrivals'), (-1, 'departures'))
    """
    name, equals, right = (part.strip() for part in text.partition(" = "))
    parts = re.split(r"\s+([+-])\s+", f" + {right}" if right else "")[1:]
    terms = tuple(
        (1 if sign == "+" else -1, term.strip())
        for sign, term in zip(parts[::2], parts[1::2], strict=True)
    )
    if not (name and equals and terms and all(term for _, term in terms)):
        raise DataError(Fault("no identity", value=text, way_out=_WAY_OUT))
    return Identity(name, terms)


def structure_of(names: Sequence[str], identities: Sequence[Identity]) -> Structure:
    """The sums of a panel.

    Parameters
    ----------
    names : Sequence of str
        Series that have forecasts.
    identities : Sequence of Identity
        Whose terms are such series or other sums.

    Raises
    ------
    DataError
        With all faults: unknown terms, a name defined twice, a circle.
    """
    told = {one.name: one for one in identities}
    _check_names(names, identities)
    bottom = tuple(name for name in names if name not in told)
    rows = dict(zip(bottom, np.eye(len(bottom)), strict=True))
    for name in told:
        _fill(name, told, rows, ())
    order = (*told, *bottom)
    return Structure(order, bottom, np.stack([rows[name] for name in order]))


def _fill(
    name: str, told: Mapping[str, Identity], rows: dict[str, np.ndarray], above: tuple[str, ...]
) -> np.ndarray:
    """How often each bottom series counts in a series; fills in the rows of its terms first."""
    if name in above:
        raise DataError(Fault("a circle of sums", value=" = ".join((*above, name))))
    if name not in rows:
        parts = [
            sign * _fill(term, told, rows, (*above, name)) for sign, term in told[name].terms
        ]
        rows[name] = np.sum(parts, axis=0)
    return rows[name]


def _check_names(names: Sequence[str], identities: Sequence[Identity]) -> None:
    told = [one.name for one in identities]
    way_out = f"Series: {', '.join(list(names)[:12])}."
    faults = [
        Fault("defined twice", value=name) for name in sorted(set(told)) if told.count(name) > 1
    ]
    faults += [
        Fault("no such series", column=one.name, value=term, way_out=way_out)
        for one in identities
        for _, term in one.terms
        if term not in told and term not in names
    ]
    if faults:
        raise DataError(faults)


def check_history(series: Sequence[Series], identities: Sequence[Identity]) -> None:
    """Known values add up, but for rounding.

    Parameters
    ----------
    series : Sequence of Series
        The panel.
    identities : Sequence of Identity
        The sums.

    Raises
    ------
    DataError
        Where series end in different periods, or values do not add up.
    """
    known = {one.name: dict(zip(one.periods, one.values, strict=True)) for one in series}
    faults = []
    used = {term for one in identities for _, term in one.terms} | {
        one.name for one in identities
    }
    ends = {one.periods[-1] for one in series if one.name in used}
    if len(ends) > 1:
        way_out = "Cut the longer series, or nowcast the shorter."
        faults.append(
            Fault(
                "series that add up end together",
                value=", ".join(sorted(ends)),
                way_out=way_out,
            )
        )
    for one in identities:
        parts = [(sign, known[term]) for sign, term in one.terms if term in known]
        whole = known.get(one.name)
        if whole is None or len(parts) < len(one.terms):
            continue
        shared = set(whole).intersection(*(told for _, told in parts))
        wrong = [
            period
            for period in sorted(shared)
            if abs(whole[period] - sum(sign * told[period] for sign, told in parts))
            > len(parts) + 0.001 * abs(whole[period])
        ]
        if wrong:
            shown = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if wrong[5:] else "")
            way_out = "Leave the identity out, or add a series of the rest."
            faults.append(Fault(f"does not add up in {shown}", value=one.name, way_out=way_out))
    if faults:
        raise DataError(faults)


def shrunk(errors: np.ndarray) -> np.ndarray:
    """Covariance of errors, its correlations drawn to 0 as far as their own errors ask.

    Schäfer and Strimmer (2005), table 2, target D; errors about their mean.

    Parameters
    ----------
    errors : ndarray, shape (series, origin)
        One step ahead.
    """
    count = errors.shape[1]
    centred = errors - errors.mean(axis=1, keepdims=True)
    covariance = centred @ centred.T / (count - 1)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True)) + _TINY
    scaled = centred / spread
    mean = scaled @ scaled.T / count
    squares = (scaled**2) @ (scaled**2).T - count * mean**2
    away = ~np.eye(len(errors), dtype=bool)
    doubt = squares[away].sum() / (count * (count - 1))
    share = min(max(doubt / ((mean[away] ** 2).sum() + 2 * _TINY), 0.0), 1.0)
    found = (1 - share) * covariance
    np.fill_diagonal(found, np.maximum(np.diag(covariance), _TINY))
    return np.asarray(found)


def reconcile(
    draws: Mapping[str, np.ndarray],
    structure: Structure,
    *,
    method: str = "mint",
    errors: np.ndarray | None = None,
    floors: Mapping[str, float] | None = None,
    quantiles: Mapping[str, np.ndarray] | None = None,
    seed: int = 1,
) -> dict[str, np.ndarray]:
    """Draws of every series that add up in each draw.

    Parameters
    ----------
    draws : Mapping of str to ndarray, each of shape (horizon, draw)
        Joint draws of the forecasts; sums that have no forecast are left out.
    structure : Structure
        Of `structure_of`.
    method : str
        ``mint``, ``bottom-up`` or ``conditioning``.
    errors : ndarray, shape (series in draws, origin), optional
        Past errors one step ahead, in the order of `draws`, for ``mint``.
    floors : Mapping of str to float, optional
        Below which a bottom series can't fall.
    quantiles : Mapping of str to ndarray, each of shape (horizon, probability), optional
        Forecasts of the sums, for ``conditioning``.
    seed : int
        For ``conditioning``: the same gives the same.

    Returns
    -------
    dict of str to ndarray, each of shape (horizon, draw)
        By every name of the structure.
    """
    below = np.stack([draws[name] for name in structure.bottom])
    if method == "mint" and errors is not None:
        names = [name for name in draws if name in structure.names]
        rows = np.stack([structure.sums[structure.names.index(name)] for name in names])
        kept = [list(draws).index(name) for name in names]
        inverse = np.linalg.inv(shrunk(errors[kept]))
        to_bottom = np.linalg.solve(rows.T @ inverse @ rows, rows.T @ inverse)
        below = np.einsum("bs,shd->bhd", to_bottom, np.stack([draws[name] for name in names]))
    elif method == "conditioning" and quantiles:
        below = _conditioned(below, structure, quantiles, seed)
    for at, name in enumerate(structure.bottom):
        below[at] = np.maximum(below[at], (floors or {}).get(name, -np.inf))
    found = np.einsum("nb,bhd->nhd", structure.sums, below)
    return dict(zip(structure.names, found, strict=True))


def _conditioned(
    below: np.ndarray, structure: Structure, quantiles: Mapping[str, np.ndarray], seed: int
) -> np.ndarray:
    """Bottom draws, drawn again in the measure of how likely the sums' forecasts find them."""
    rng = np.random.default_rng(seed)
    uppers = [name for name in structure.names if name in quantiles]
    uppers.sort(key=lambda name: np.abs(structure.sums[structure.names.index(name)]).sum())
    found = below.copy()
    count = below.shape[2]
    for step in range(below.shape[1]):
        for name in uppers:
            total = structure.sums[structure.names.index(name)] @ found[:, step]
            weight = _density(quantiles[name][step], total)
            weight = weight / max(weight.sum(), 1e-300)
            left = 1 / max(float((weight**2).sum()), 1e-300)
            if not weight.sum() > 0.5 or left < FEWEST_LEFT:
                problem = f"the parts of {name} contradict its own forecast at step {step + 1}"
                raise DataError(Fault(problem, way_out="Reconcile by mint or bottom-up."))
            points = (rng.random() + np.arange(count)) / count
            kept = np.minimum(np.searchsorted(np.cumsum(weight), points), count - 1)
            own = np.flatnonzero(structure.sums[structure.names.index(name)])
            found[own, step] = found[own[:, None], step, kept]
    return found


def _density(quantiles: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Density of a forecast at values, even between quantiles."""
    low, middle, high = quantiles[[0, len(PROBS) // 2, -1]]
    knots = np.r_[low - (middle - low) / 2, quantiles, high + (high - middle) / 2]
    knots = np.maximum.accumulate(knots) + 1e-9 * np.arange(len(knots))
    heights = np.diff(np.r_[0.0, PROBS, 1.0]) / np.diff(knots)
    at = np.searchsorted(knots, values) - 1
    inside = (at >= 0) & (at < len(heights))
    return np.where(inside, heights[np.clip(at, 0, len(heights) - 1)], 0.0)
