"""Every model at origins of the past, scored against what came.

For the command line. Main types: `Score`; main function: `backtest`. With releases a model sees
what was known at each of them and is scored against the newest; without, against itself, and
the answer says so (real-time errors are larger).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from qonys.core.errors import DataError, Fault
from qonys.core.periods import parse_period
from qonys.forecast.models import Marginals, seasonal_scale
from qonys.forecast.scoring import MEDIAN, covered, crps, interval_score
from qonys.forecast.selecting import Selector
from qonys.forecast.series import SEASONS, Series, in_order, offsets, same_kind


@dataclass(frozen=True)
class Score:
    """How good a model was.

    Parameters
    ----------
    series : str or None
        None for the mean over all.
    model : str
        Its name.
    horizon : int or None
        Periods ahead; none for the mean over all.
    crps, mase, interval_score_95 : float
        Divided by the in-sample error of the seasonal naive at each origin; origins before
        which a series never changed are left out.
    coverage_80, coverage_95 : float
        Part of the targets inside the intervals.
    origins : int
        From how many origins.
    regime : str or None
        ``inside`` or ``outside`` the breaks that were named; none for all origins.
    """

    series: str | None
    model: str
    horizon: int | None
    crps: float
    mase: float
    interval_score_95: float
    coverage_80: float
    coverage_95: float
    origins: int
    regime: str | None = None


@dataclass(frozen=True)
class _Origin:
    """One origin of one series: the forecasts and what came."""

    series: str
    period: str
    scale: float
    models: dict[str, Marginals]
    came: np.ndarray


def backtest(
    series: Sequence[Series],
    origins: int,
    horizon: int,
    breaks: Sequence[tuple[str, str]] = (),
) -> list[Score]:
    """Score every model, refitted at each origin.

    Parameters
    ----------
    series : Sequence of Series
        At least one, all of months, quarters or years.
    origins : int
        How many, evenly over the last third; with releases the last ones.
    horizon : int
        Periods ahead.
    breaks : Sequence of (str, str)
        First and last period of known breaks; scores are told besides for origins whose last
        known period lies within one, and for the others.
    """
    if origins < 1 or horizon < 1:
        raise DataError(Fault("expected at least one origin and one period ahead"))
    season = SEASONS[same_kind(series)]
    rows: dict[str | None, dict[tuple[str, str, int], list[tuple[float, ...]]]] = {None: {}}
    for one in _origins(series, origins, horizon, season):
        broken = any(_within(one.period, first, last) for first, last in breaks)
        regimes = [None, "inside" if broken else "outside"] if breaks else [None]
        for model, found in one.models.items():
            quantiles = found.quantiles[: len(one.came)]
            scores = zip(
                crps(quantiles, one.came) / one.scale,
                np.abs(one.came - quantiles[:, MEDIAN]) / one.scale,
                interval_score(quantiles, one.came) / one.scale,
                covered(quantiles, one.came, 0.8),
                covered(quantiles, one.came, 0.95),
                strict=True,
            )
            for step, score in enumerate(scores, 1):
                for regime in regimes:
                    told = rows.setdefault(regime, {})
                    key = (one.series, model, step)
                    told.setdefault(key, []).append(tuple(map(float, score)))
    if not rows[None]:
        way_out = "A series that never changed before an origin gives its scores no scale."
        problem = "no origin has values enough before it, a change among them, and one after it"
        raise DataError(Fault(problem, way_out=way_out))
    return [
        replace(one, regime=regime) for regime, told in rows.items() for one in _summed(told)
    ]


def _within(period: str, first: str, last: str) -> bool:
    """Whether a period begins within two others, ends included."""
    begin, ends = parse_period(period).start, (parse_period(first), parse_period(last))
    low, high = ends[0].start, ends[1].end
    return bool(begin and low and high and low <= begin <= high)


def _origins(
    series: Sequence[Series], count: int, horizon: int, season: int
) -> Iterator[_Origin]:
    if any(len(one.releases) > 1 for one in series):
        yield from _by_release(series, count, horizon, season)
        return
    selector = Selector([one.values for one in series], season, horizon, offsets(series))
    for number, one in enumerate(series):
        n = len(one.values)
        first = max(int(n * 2 / 3), selector.fewest)
        # A whole horizon after each origin, where that leaves origins enough.
        last = min(max(n - horizon, first + count - 1), n - 1)
        spread = np.linspace(first, last, count) if first <= last else np.empty(0)
        for origin in sorted({round(at) for at in spread.tolist()}):
            scale = seasonal_scale(one.values[:origin], season)
            if not scale:
                continue
            models = selector.every(number, origin)
            came = one.values[origin : origin + horizon]
            yield _Origin(one.name, one.periods[origin - 1], scale, models, came)


def _by_release(
    series: Sequence[Series], count: int, horizon: int, season: int
) -> Iterator[_Origin]:
    """What was known at each release, scored against the newest."""
    releases = in_order(release for one in series for release in one.releases)[:-1]
    for at in range(max(len(releases) - count, 0), len(releases)):
        out = set(releases[: at + 1])
        pairs = [
            (one.known([name for name in one.releases if name in out][-1]), one)
            for one in series
            if out & set(one.releases)
        ]
        known = [then for then, _ in pairs]
        selector = Selector([one.values for one in known], season, horizon, offsets(known))
        for number, (then, now) in enumerate(pairs):
            origin = len(then.values)
            if origin < selector.fewest:
                continue
            came = now.values[now.periods.index(then.periods[-1]) + 1 :][:horizon]
            scale = seasonal_scale(then.values, season)
            if len(came) and scale:
                models = selector.every(number, origin)
                yield _Origin(now.name, then.periods[-1], scale, models, came)


def _summed(rows: dict[tuple[str, str, int], list[tuple[float, ...]]]) -> list[Score]:
    """By series and step, and means over either and both; one pass over the rows."""
    models = list(dict.fromkeys(model for _, model, _ in rows))
    names: list[str | None] = [None, *dict.fromkeys(name for name, _, _ in rows)]
    steps: list[int | None] = [None, *sorted({step for *_, step in rows})]
    kept: dict[tuple[str | None, str, int | None], list[tuple[float, ...]]] = {}
    origins: dict[tuple[str | None, str], int] = {}
    for (name, model, step), scores in rows.items():
        for whose in (None, name):
            counted = max(origins.get((whose, model), 0), len(scores))
            origins[whose, model] = counted
            for ahead in (None, step):
                kept.setdefault((whose, model, ahead), []).extend(scores)
    found = []
    for key in product(names, models, steps):
        if key in kept:
            score, mase, width, inside_80, inside_95 = np.mean(kept[key], axis=0).tolist()
            count = origins[key[:2]]
            found.append(Score(*key, score, mase, width, inside_80, inside_95, count))
    return found
