"""What figures become once late reports are in: nowcasts from what releases printed twice.

For the command line. Main types: `Law`, `Nowcast`; main functions: `learn`, `nowcast`. The law
is one of reporting delay (Höhle and an der Heiden 2014): a figure of an age is short of its
final value by a share of the age, times a severity that a release of a series has in common.
The people added are a negative binomial count: Poisson over a gamma severity. Severities change
between regimes: their logs walk from release to release (a local level; Durbin and Koopman
2012, section 2.2), and how far they walk is learnt too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, polygamma

from qonys.core.errors import DataError, Fault
from qonys.forecast.running import DRAWS, POINTS
from qonys.forecast.series import SEASONS, Series, release_day, same_kind, steps_between

STILL = 0.0005  #: Revisions from some age on that all stay below this share: it is final.
UNSEEN = 1.5  #: Size of the gamma law, with mean 1, of a severity never seen: an assumption.
WALK = 0.25  #: Variance of a step of a log severity before any was seen: an assumption.
SEEN_AS = 4  #: Steps that the assumption counts as.
_KERNEL = np.array([1.0, 2.0, 1.0])
_SEVERITIES = np.geomspace(0.05, 20, 241)


@dataclass(frozen=True)
class Law:
    """How figures grow (or shrink) with age.

    Parameters
    ----------
    growth : ndarray, shape (age,)
        Mean log of final over printed value, by age in periods; final figures come after.
    spread : ndarray, shape (age,)
        Standard deviation of that log between neighbours.
    printed : ndarray, shape (age,)
        How many figures of the age were printed again.
    severity : Mapping of str to tuple of float
        By series, the severities of its releases, the oldest first; 1 is the mean.
    ahead : Mapping of str to tuple of float
        By series, mean and variance of the log of its next severity.
    """

    growth: np.ndarray
    spread: np.ndarray
    printed: np.ndarray
    severity: Mapping[str, tuple[float, ...]]
    ahead: Mapping[str, tuple[float, float]]

    def gamma(self, name: str) -> tuple[float, float]:
        """Size and mean of the gamma law of a series' next severity.

        Parameters
        ----------
        name : str
            The series; of one never seen the mean is 1.
        """
        if name not in self.ahead:
            return UNSEEN, 1.0
        mean, variance = self.ahead[name]
        low, high = 0.5, 1e6
        for _ in range(60):
            size = (low * high) ** 0.5
            low, high = (size, high) if polygamma(1, size) > variance else (low, size)
        return float(size), float(np.exp(mean - digamma(size)) * size)


@dataclass(frozen=True)
class Nowcast:
    """What one printed figure will become.

    Parameters
    ----------
    series, period : str
        Which; a year is a sum of its periods.
    age : int
        Periods since; of a year, that of its newest period.
    told : float
        As it was printed.
    median, low_80, high_80, low_95, high_95 : float
        Of the final value.
    """

    series: str
    period: str
    age: int
    told: float
    median: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


@dataclass(frozen=True)
class _Growth:
    """One figure printed twice."""

    series: str
    release: str
    age: int
    later: int
    log: float


@dataclass(frozen=True)
class _Curve:
    """Growth by age while it is learnt."""

    growth: np.ndarray
    spread: np.ndarray
    printed: np.ndarray


def learn(series: Sequence[Series]) -> Law:
    """The law of revisions from all figures that were printed more than once.

    Parameters
    ----------
    series : Sequence of Series
        With releases.

    Raises
    ------
    DataError
        Where nothing was printed twice.
    """
    grown = _grown(series)
    if not grown:
        way_out = "Add a later release of some of the same periods, of this or another series."
        raise DataError(Fault("no figure was printed twice", way_out=way_out))
    curve = _curve(grown)
    groups: dict[tuple[str, str], list[_Growth]] = {}
    for one in grown:
        groups.setdefault((one.series, one.release), []).append(one)
    seen: dict[str, list[tuple[float, float]]] = {}
    for (name, _), rows in groups.items():  # in the order of releases
        found = _severity(rows, curve)
        if found is not None:
            seen.setdefault(name, []).append(found)
    walk = WALK
    for _ in range(5):
        steps = [step for rows in seen.values() for step in _walk(rows, walk)[1]]
        walk = (SEEN_AS * WALK + sum(steps)) / (SEEN_AS + len(steps))
    levels = {name: _walk(rows, walk)[0] for name, rows in seen.items()}
    return Law(
        curve.growth,
        curve.spread,
        curve.printed,
        {name: tuple(float(np.exp(mean)) for mean, _ in told) for name, told in levels.items()},
        {name: (told[-1][0], told[-1][1] + walk) for name, told in levels.items()},
    )


def _walk(
    seen: Sequence[tuple[float, float]], walk: float
) -> tuple[list[tuple[float, float]], list[float]]:
    """Means and variances of log severities given those so far, and squares of their steps."""
    mean, variance = float(digamma(UNSEEN) - np.log(UNSEEN)), float(polygamma(1, UNSEEN))
    levels, steps = [], []
    for number, (log, noise) in enumerate(seen):
        step = 0.0 if number == 0 else walk
        gain = (variance + step) / (variance + step + noise)
        if number:
            # What a step is expected to be, given what was seen on both its sides.
            part = step / (variance + step + noise)
            steps.append((part * (log - mean)) ** 2 + step * (1 - part))
        mean, variance = mean + gain * (log - mean), (1 - gain) * (variance + step)
        levels.append((mean, variance))
    return levels, steps


def _grown(series: Sequence[Series]) -> list[_Growth]:
    """Every printed figure with its newest, and the ages of both."""
    days = _days(series)
    found = []
    for one in series:
        last = _printed_last(one)
        for release, values in one.releases.items():
            for period, value in values.items():
                later, now = last[period]
                if later == release or value <= 0 or now < 0:
                    continue  # growth from nothing is no ratio
                age, after = (steps_between(period, days[which]) for which in (release, later))
                grown = float(np.log((now + 0.5) / (value + 0.5)))
                if after > age >= 0:
                    found.append(_Growth(one.name, release, age, after, grown))
    return found


def _printed_last(one: Series) -> dict[str, tuple[str, float]]:
    """By period, the newest release that printed it, and the value."""
    return {
        period: (release, value)
        for release, values in one.releases.items()
        for period, value in values.items()
    }


def _days(series: Sequence[Series]) -> dict[str, str]:
    """What figures of a release have their age from: its date, else its newest period."""
    newest: dict[str, str] = {}
    for one in series:
        for release, values in one.releases.items():
            newest[release] = max(newest.get(release, ""), *values)
    return {
        release: release if release_day(release) else day for release, day in newest.items()
    }


def _curve(grown: Sequence[_Growth]) -> _Curve:
    """Mean growth to the final value, from the oldest age to the youngest."""
    moved = [one.age for one in grown if abs(one.log) > STILL]
    final = max(moved, default=-1) + 1
    by_age: list[list[_Growth]] = [[] for _ in range(final)]
    for one in grown:
        if one.age < final:
            by_age[one.age].append(one)
    raw = np.zeros(final + 1)
    printed = np.array([len(rows) for rows in by_age], dtype=np.int64)
    for age in range(final - 1, -1, -1):
        logs = [one.log + raw[min(one.later, final)] for one in by_age[age]]
        raw[age] = float(np.mean(logs)) if logs else raw[age + 1]
    # A lone figure of an age leans on its neighbours, many figures stand for themselves.
    lean = 1 / np.maximum(printed, 1)
    growth = (1 - lean) * raw[:final] + lean * _smoothed(raw[:final])
    # What a figure leaves beside the curve, half of which a lone figure has drawn to itself.
    left = np.zeros(final)
    for age, rows in enumerate(by_age):
        gaps = [(one.log + raw[min(one.later, final)] - growth[age]) ** 2 for one in rows]
        left[age] = float(np.mean(gaps)) / (1 - 0.5 / len(gaps)) if gaps else 0.0
    return _Curve(growth, np.sqrt(_smoothed(left)), printed)


def _smoothed(values: np.ndarray) -> np.ndarray:
    """Means over neighbours, weighing 1, 2, 1."""
    padded = np.r_[0.0, values, 0.0]
    weight = np.convolve(np.r_[0.0, np.ones(len(values)), 0.0], _KERNEL, mode="same")[1:-1]
    return np.asarray(np.convolve(padded, _KERNEL, mode="same")[1:-1] / np.maximum(weight, 1))


def _severity(rows: Sequence[_Growth], curve: _Curve) -> tuple[float, float] | None:
    """Mean and variance of the log of the severity that a release shows by itself."""
    final = len(curve.growth)
    growth, spread = np.r_[curve.growth, 0.0], np.r_[curve.spread, 0.0]
    told = [one for one in rows if one.age < final and abs(growth[one.age]) > 2 * STILL]
    if not told:
        return None
    age = np.array([one.age for one in told])
    later = np.minimum([one.later for one in told], final)
    logs = np.array([one.log for one in told])
    noise = np.maximum(np.hypot(spread[age], spread[later]), 0.01)
    before = np.log(_factor(growth[age], _SEVERITIES))
    after = np.log(_factor(growth[later], _SEVERITIES))
    # Figures of one release err together, so all of them count as one.
    misses = (((logs[:, None] - (before - after)) / noise[:, None]) ** 2).mean(axis=0)
    weight = np.exp(-(misses - misses.min()) / 2)
    weight /= weight.sum()
    log = np.log(_SEVERITIES)
    mean = float((weight * log).sum())
    return mean, max(float((weight * (log - mean) ** 2).sum()), 1e-4)


def _factor(growth: np.ndarray, severity: np.ndarray) -> np.ndarray:
    """Final over printed value, by age and severity."""
    return np.asarray(np.maximum(1 + np.expm1(growth)[:, None] * severity, 1e-3))


def nowcast(
    series: Sequence[Series], law: Law, *, draws: int = DRAWS, seed: int = 1
) -> list[Nowcast]:
    """Final values of the figures of the newest release that are not final yet, and of years.

    Parameters
    ----------
    series : Sequence of Series
        With at least one release each, or with newest values only.
    law : Law
        Of `learn`.
    draws : int
        Paths.
    seed : int
        The same gives the same.
    """
    if any(one.floor < 0 for one in series):
        way_out = "Nowcast arrivals and departures, and take the difference of their draws."
        raise DataError(Fault("figures below 0 have no share still to come", way_out=way_out))
    found = []
    season = SEASONS[same_kind(series)]
    days = _days(series)
    for one in series:
        printed = _printed_last(one)
        ages = {p: steps_between(p, days[release]) for p, (release, _) in printed.items()}
        young = {
            period: (age, printed[period][1])
            for period, age in ages.items()
            if 0 <= age < len(law.growth)
        }
        drawn = _final(one.name, young, law, draws, seed)
        for period, (age, value) in sorted(young.items()):
            found.append(_told(one.name, period, age, value, drawn[period]))
        for year in sorted({period[:4] for period in young}) if season > 1 else ():
            inside = sorted(period for period in printed if period[:4] == year)
            if len(inside) == season:
                parts = [drawn.get(p, np.full(draws, printed[p][1])) for p in inside]
                value = sum(printed[p][1] for p in inside)
                total = np.sum(parts, axis=0)
                found.append(_told(one.name, year, ages[inside[-1]], value, total))
    return found


def _final(
    name: str, young: Mapping[str, tuple[int, float]], law: Law, draws: int, seed: int
) -> dict[str, np.ndarray]:
    """Draws of final values; a severity is shared by all periods of a path."""
    rng = np.random.default_rng([abs(seed), *name.encode()])
    size, mean = law.gamma(name)
    severity = rng.gamma(size, mean / size, draws)
    found = {}
    for period, (age, value) in young.items():
        growth = law.growth[age] + law.spread[age] * rng.standard_normal(draws)
        added = (value + 0.5) * np.expm1(growth) * severity
        count = np.sign(added) * rng.poisson(np.minimum(np.abs(added), 1e15))
        found[period] = np.maximum(value + count, 0)
    return found


def _told(name: str, period: str, age: int, told: float, drawn: np.ndarray) -> Nowcast:
    points = map(float, np.quantile(drawn, POINTS))
    return Nowcast(name, period, age, told, *points)
