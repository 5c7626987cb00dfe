"""All countries at once: a hierarchical AR(1) of net migration rates, balanced over the world.

For the command line. Main types: `Rates`, `Posterior`; main functions: `read_rates`,
`fit_world`, `project_world`, `hold_out`. Model: Azose and Raftery (2015), Demography 52, eqs. 1
to 3, that of R's bayesMig; balance: Azose, Ševčíková and Raftery (2016), PNAS 113.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from qonys.core.errors import DataError, Fault
from qonys.forecast._world_kernels import sample
from qonys.forecast.running import POINTS
from qonys.forecast.series import number_of, read_rows

FEWEST = 3  #: Periods, and countries, under which nothing is fitted.
_COLUMNS = ("country", "period", "rate", "population")


@dataclass(frozen=True)
class Rates:
    """Net migration rates of countries over equal periods.

    Parameters
    ----------
    countries : tuple of str
        Their codes or names.
    periods : tuple of int
        Years, equally far apart.
    values : ndarray, shape (country, period)
        Migrants a person and period: 0.002 is two of a thousand.
    population : ndarray or None, shape (country,)
        People at the end; none where the file does not tell.
    """

    countries: tuple[str, ...]
    periods: tuple[int, ...]
    values: np.ndarray
    population: np.ndarray | None = None

    @property
    def step(self) -> int:
        """Years from a period to the next."""
        return self.periods[1] - self.periods[0]


@dataclass(frozen=True)
class Posterior:
    """Draws of the model.

    Parameters
    ----------
    world : ndarray, shape (draw, 4)
        Mean and variance of the countries' means, shape and scale of their variances.
    country : ndarray, shape (draw, country, 3)
        Mean, autoregression and standard deviation of each.
    effective : float
        Independent draws that the slowest of all quantities is worth.
    r_hat : float
        Largest split R-hat (Gelman and others 2013, section 11.4): near 1 where chains agree.
    """

    world: np.ndarray
    country: np.ndarray
    effective: float
    r_hat: float


def read_rates(path: Path) -> Rates:
    """Rates of a CSV file: ``country``, ``period``, ``rate``, and ``population`` or not.

    Parameters
    ----------
    path : Path
        The file, UTF-8; periods are years, the population that of a country's last row counts.

    Raises
    ------
    DataError
        With all faults.
    """
    faults: list[Fault] = []
    told: dict[str, dict[int, tuple[float, float]]] = {}
    for line, row in read_rows(path, _COLUMNS[:3]):
        year, rate = (
            number_of(row, name, path.name, line, faults) for name in ("period", "rate")
        )
        people = _population(row, path.name, line, faults)
        if not (row["country"] or "").strip():
            faults.append(Fault("no country", path.name, line, "country"))
        if year is not None and year != int(year):
            faults.append(
                Fault("expected a whole year", path.name, line, "period", f"{year:g}")
            )
        years = told.setdefault(row["country"] or "", {})
        if year in years:
            faults.append(
                Fault("a period stands twice", path.name, line, "period", f"{year:g}")
            )
        if year is not None and rate is not None:
            years[int(year)] = (rate, people)
    faults += _uneven(told, path.name)
    if faults:
        raise DataError(faults)
    names = tuple(told)
    periods = tuple(sorted(told[names[0]]))
    values = np.array([[told[name][year][0] for year in periods] for name in names])
    last = np.array([told[name][periods[-1]][1] for name in names])
    return Rates(names, periods, values, None if np.isnan(last).any() else last)


def _population(
    row: Mapping[str, str | None], file: str, line: int, faults: list[Fault]
) -> float:
    """People of a row; not a number where they are not told."""
    if not (row.get("population") or "").strip():
        return math.nan
    people = number_of(row, "population", file, line, faults)
    if people is not None and people <= 0:
        faults.append(
            Fault("expected a number above 0", file, line, "population", f"{people:g}")
        )
    return math.nan if people is None else people


def _uneven(told: Mapping[str, Mapping[int, object]], file: str) -> list[Fault]:
    """Too few countries or periods, or not the same for all."""
    longest = max((sorted(years) for years in told.values()), key=len, default=[])
    if len(told) < FEWEST or len(longest) < FEWEST:
        problem = f"{len(told)} countries of {len(longest)} periods: needs {FEWEST} of each"
        return [Fault(problem, file)]
    steps = {b - a for a, b in pairwise(longest)}
    if len(steps) > 1:
        return [Fault("periods are not equally far apart", file, value=str(sorted(steps)))]
    way_out = "A missing rate is no zero: fill it in, or leave the country out."
    return [
        Fault(f"not the periods of the others ({name})", file, way_out=way_out)
        for name, years in told.items()
        if sorted(years) != longest
    ]


def fit_world(
    rates: Rates, *, iterations: int = 20_000, chains: int = 2, seed: int = 1
) -> Posterior:
    """Draw from the posterior.

    Parameters
    ----------
    rates : Rates
        The past.
    iterations : int
        Sweeps a chain; a tenth is dropped and every second kept.
    chains : int
        Chains from different random numbers.
    seed : int
        The same gives the same draws.
    """
    if iterations < 200 or chains < 1:
        raise DataError(Fault("expected at least 200 sweeps of a chain", value=str(iterations)))
    flat = [
        name for name, row in zip(rates.countries, rates.values, strict=True) if not np.ptp(row)
    ]
    if flat:
        raise DataError([Fault("a rate that never changes", value=name) for name in flat])
    scaler = 5.0 if rates.step >= 5 else 1.0
    drawn = [
        sample(rng, rates.values, iterations, iterations // 10, 2, scaler)
        for rng in np.random.default_rng(seed).spawn(chains)
    ]
    worlds = np.stack([world for world, _ in drawn])
    countries = np.stack([country for _, country in drawn])
    flattened = np.concatenate([worlds, countries.reshape(*countries.shape[:2], -1)], axis=2)
    return Posterior(
        np.concatenate(worlds),
        np.concatenate(countries),
        min(
            sum(effective_draws(chain[:, at]) for chain in flattened)
            for at in range(flattened.shape[2])
        ),
        max(_r_hat(flattened[:, :, at]) for at in range(flattened.shape[2])),
    )


def effective_draws(chain: np.ndarray) -> float:
    """Independent draws that a chain is worth (Geyer 1992, initial positive sequence).

    Parameters
    ----------
    chain : ndarray, shape (draw,)
        Of one quantity.
    """
    x = chain - chain.mean()
    n = len(x)
    spectrum = np.fft.rfft(x, 2 * n)
    lagged = np.fft.irfft(spectrum * np.conj(spectrum))[:n]
    if lagged[0] <= 0:
        return float(n)
    pairs = lagged[: n - n % 2].reshape(-1, 2).sum(axis=1) / lagged[0]
    negative = np.flatnonzero(pairs < 0)
    total = float(pairs[: negative[0]].sum() if len(negative) else pairs.sum())
    return n / max(2 * total - 1, 1 / n)


def _r_hat(chains: np.ndarray) -> float:
    """Split R-hat of chains of shape (chain, draw)."""
    half = chains.shape[1] // 2
    split = np.concatenate([chains[:, :half], chains[:, half : 2 * half]])
    within = split.var(axis=1, ddof=1).mean()
    between = split.mean(axis=1).var(ddof=1)
    return float(math.sqrt((half - 1) / half + between / within)) if within > 0 else 1.0


def project_world(
    rates: Rates, posterior: Posterior, horizon: int, *, draws: int = 2000, seed: int = 1
) -> np.ndarray:
    """Paths of every country's rate; where populations are known the world's net is nought.

    Parameters
    ----------
    rates : Rates
        The past.
    posterior : Posterior
        Of `fit_world`.
    horizon : int
        Periods ahead.
    draws : int
        Paths.
    seed : int
        The same gives the same paths.

    Returns
    -------
    ndarray, shape (country, horizon, draw)
        Rates. The excess of each path is shared out by population, which is held as it is.
    """
    if not 1 <= horizon <= 200:
        raise DataError(Fault("expected 1 to 200 periods ahead", value=str(horizon)))
    rng = np.random.default_rng(seed)
    at = rng.integers(0, len(posterior.country), draws)
    mean, lasting, sd = (posterior.country[at, :, column].T for column in range(3))
    found = np.empty((len(rates.countries), horizon, draws))
    now = np.repeat(rates.values[:, -1:], draws, axis=1)
    for step in range(horizon):
        now = mean + lasting * (now - mean) + sd * rng.standard_normal(now.shape)
        if rates.population is not None:
            people = rates.population[:, None]
            now = now - (now * people).sum(axis=0) / people.sum()
        found[:, step] = now
    return found


@dataclass(frozen=True)
class Outlook:
    """The rate of one country in one period to come.

    Parameters
    ----------
    country : str
        Its code or name.
    period : int
        Year.
    median, low_80, high_80, low_95, high_95 : float
        Of the paths, a person and period.
    """

    country: str
    period: int
    median: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


def outlooks(rates: Rates, paths: np.ndarray) -> list[Outlook]:
    """Paths in figures, by country and period.

    Parameters
    ----------
    rates : Rates
        The past.
    paths : ndarray, shape (country, horizon, draw)
        Of `project_world`.
    """
    points = np.quantile(paths, POINTS, axis=2)
    return [
        Outlook(country, rates.periods[-1] + rates.step * (t + 1), *points[:, c, t].tolist())
        for c, country in enumerate(rates.countries)
        for t in range(paths.shape[1])
    ]


@dataclass(frozen=True)
class HeldOut:
    """How well periods were forecast that the model had not seen.

    Parameters
    ----------
    horizon : int or None
        Periods ahead; none for the mean over all.
    mean_error : float
        Mean absolute error of the median, a person and period.
    last_value, past_mean, nought : float
        The same of the last rate, of the country's mean so far, and of no migration at all.
    crps : float
        Continuous ranked probability score of the paths.
    coverage_80, coverage_95 : float
        Part of the rates inside the intervals.
    rates : int
        How many were forecast.
    """

    horizon: int | None
    mean_error: float
    last_value: float
    past_mean: float
    nought: float
    crps: float
    coverage_80: float
    coverage_95: float
    rates: int


def hold_out(
    rates: Rates, periods: int, *, iterations: int = 20_000, draws: int = 2000, seed: int = 1
) -> list[HeldOut]:
    """Fit without the last periods and forecast them; the mean over all of them comes last.

    The world is not balanced then: populations are told of the last period only.

    Parameters
    ----------
    rates : Rates
        The past.
    periods : int
        How many at the end are kept from the model.
    iterations, draws, seed : int
        As of `fit_world` and `project_world`.
    """
    if not 1 <= periods <= len(rates.periods) - FEWEST:
        problem = f"expected to hold out 1 to {len(rates.periods) - FEWEST} periods"
        raise DataError(Fault(problem, value=str(periods)))
    seen, came = rates.values[:, :-periods], rates.values[:, -periods:]
    past = Rates(rates.countries, rates.periods[:-periods], seen)
    posterior = fit_world(past, iterations=iterations, seed=seed)
    paths = project_world(past, posterior, periods, draws=draws, seed=seed)
    ordered = np.sort(paths, axis=2)
    ranks = 2 * np.arange(1, draws + 1) - draws - 1
    between = (ordered * ranks).sum(axis=2) / draws**2  # half the mean distance of two paths
    scores = np.abs(paths - came[:, :, None]).mean(axis=2) - between
    low_80, high_80, low_95, high_95 = np.quantile(paths, POINTS[1:], axis=2)
    table = np.stack(
        [
            np.abs(np.median(paths, axis=2) - came),
            np.abs(seen[:, -1:] - came),
            np.abs(seen.mean(axis=1, keepdims=True) - came),
            np.abs(came),
            scores,
            (low_80 <= came) & (came <= high_80),
            (low_95 <= came) & (came <= high_95),
        ]
    )
    found = []
    for horizon in (*range(1, periods + 1), None):
        told = table if horizon is None else table[:, :, horizon - 1 : horizon]
        error, last, mean, nought, score, in_80, in_95 = told.mean(axis=(1, 2)).tolist()
        count = told[0].size
        found.append(HeldOut(horizon, error, last, mean, nought, score, in_80, in_95, count))
    return found
