"""Which baseline to trust, and how wide: decided inside the rolling loop, from the past alone.

For `backtests` and `running`. Main type: `Selector`. The baselines are pooled (a mixture of
their distributions: Stone 1961; Hall and Mitchell 2007) with weights that are powers of past
scores (Bates and Granger 1969). Widths are repaired by errors whose target was already known,
pooled over a panel (conformal; Xu and Xie 2021), where past interval scores say that it helps.
"""

from collections.abc import Sequence

import numpy as np

from qonys.forecast.models import BASELINES, PROBS, Marginals, baselines, seasonal_scale
from qonys.forecast.scoring import crps, interval_score

SELECTED = "selected"  #: The name of the pooled forecast beside the baselines.
NEWEST = 2  #: Past origins whose mean score weighs, inverted, to the power of `POWER`.
POWER = 2.0
TARGETS = 12  #: Known targets of each step ahead whose mean score weighs, inverted.
RECENT = 3  #: Years whose steps widths are measured in.
WIDTHS = 36  #: Past origins that widths are learnt from.
TRIED = 12  #: Past origins at which a repair of widths must have paid.
POOLED = 3  #: Series under which widths are left as they are: one series' errors are too few.
_FEWEST = 10  #: Past errors under which a width is left as it is.


class Selector:
    """Forecasts of the series of one panel, each origin from what lies before it.

    Parameters
    ----------
    series : Sequence of ndarray
        The series, each of shape (n,), without gaps; all with one season.
    m : int
        Length of the season.
    horizon : int
        Periods ahead.
    offsets : Sequence of int, optional
        Periods from a common day to the first value of each series; 0 if not given. Only what
        lies before the same day is known of the others.
    """

    def __init__(
        self,
        series: Sequence[np.ndarray],
        m: int,
        horizon: int,
        offsets: Sequence[int] | None = None,
    ) -> None:
        self.series = [np.asarray(y, dtype=np.float64) for y in series]
        self.offsets = list(offsets or [0] * len(self.series))
        self.m, self.horizon = m, horizon
        self._ahead = horizon + 2  # steps beside the last, so that no step depends on how many
        self._known: dict[tuple[int, int], dict[str, Marginals]] = {}
        self._scored: dict[tuple[int, int], np.ndarray] = {}
        self._mixed: dict[tuple[int, int], Marginals] = {}
        self._left: dict[tuple[int, int], np.ndarray] = {}
        self._moved: dict[int, np.ndarray] = {}
        self._paid: dict[int, bool] = {}

    @property
    def fewest(self) -> int:
        """Values that an origin needs before it."""
        return max(2 * self.m + 2, 6)

    def at(self, number: int, origin: int) -> dict[str, Marginals]:
        """Every baseline of a series from an origin.

        Parameters
        ----------
        number : int
            Of the series in the panel.
        origin : int
            How many of its values are known.
        """
        return {name: self._cut(one) for name, one in self._all(number, origin).items()}

    def every(self, number: int, origin: int) -> dict[str, Marginals]:
        """Every baseline of a series from an origin, and the selected forecast last.

        Parameters
        ----------
        number : int
            Of the series in the panel.
        origin : int
            How many of its values are known.
        """
        return {**self.at(number, origin), SELECTED: self.selected(number, origin)}

    def floor(self, number: int, origin: int) -> float:
        """0 where nothing known of a series lies below it, else minus infinity.

        Parameters
        ----------
        number : int
            Of the series in the panel.
        origin : int
            How many of its values are known.
        """
        return 0.0 if (self.series[number][:origin] >= 0).all() else -np.inf

    def _cut(self, one: Marginals) -> Marginals:
        return Marginals(one.quantiles[: self.horizon], one.psi[: self.horizon])

    def _all(self, number: int, origin: int) -> dict[str, Marginals]:
        key = (number, origin)
        if key not in self._known:
            y = self.series[number][:origin]
            floor = self.floor(number, origin)
            self._known[key] = baselines(y, self.m, self._ahead, floor)
        return self._known[key]

    def selected(self, number: int, origin: int) -> Marginals:
        """The pooled forecast, its widths repaired where that paid in the past.

        Parameters
        ----------
        number : int
            Of the series in the panel.
        origin : int
            How many of its values are known.
        """
        mixed = self._mixture(number, origin)
        if not self._repair_pays(self.offsets[number] + origin):
            return self._cut(mixed)
        return self._cut(Marginals(self._repaired(number, origin), mixed.psi))

    def weights(self, number: int, origin: int) -> dict[str, float]:
        """Weight of each baseline, a mean over the periods ahead.

        Parameters
        ----------
        number : int
            Of the series in the panel.
        origin : int
            How many of its values are known.
        """
        mean = self._weights(number, origin)[: self.horizon].mean(axis=0).tolist()
        told = dict(zip(BASELINES, mean, strict=True))
        return {name: told[name] for name in self._all(number, origin)}

    def against_naive(self, number: int, origin: int) -> tuple[float, float, int]:
        """Mean score of the pooled forecast less that of the last value, with its error.

        Parameters
        ----------
        number : int
            Of the series in the panel.
        origin : int
            How many of its values are known.

        Returns
        -------
        float, float, int
            Difference and standard error, over the scale, and how many past origins.
        """
        y = self.series[number]
        gaps = []
        for start in self._past(origin, WIDTHS):
            came = y[start : min(start + self.horizon, origin)]
            mixed = self._mixture(number, start).quantiles[: len(came)]
            naive = self._all(number, start)["naive"].quantiles[: len(came)]
            gap = (crps(mixed, came) - crps(naive, came)).mean()
            gaps.append(gap / self._scale(number, start))
        if len(gaps) < 3:
            return 0.0, 0.0, len(gaps)
        # Neighbouring origins look at the same targets: so many are as good as independent.
        apart = max(len(gaps) / self.horizon, 2.0)
        error = float(np.std(gaps, ddof=1)) / apart**0.5
        return float(np.mean(gaps)), error, len(gaps)

    def errors_ahead(self) -> np.ndarray:
        """What came less the pooled median one step before, at the last origins of all series.

        Returns
        -------
        ndarray, shape (series, origin)
            At most `WIDTHS` origins, counted from each end; the newest last.
        """
        count = min(min(len(y) for y in self.series) - self.fewest, WIDTHS)
        middle = len(PROBS) // 2
        return np.array(
            [
                [
                    y[start] - self._mixture(number, start).quantiles[0, middle]
                    for start in range(len(y) - count, len(y))
                ]
                for number, y in enumerate(self.series)
            ]
        ).reshape(len(self.series), max(count, 0))

    def _past(self, origin: int, count: int) -> range:
        """Earlier origins, the newest last, from which something has come since."""
        return range(max(origin - count, self.fewest), origin)

    def _scale(self, number: int, start: int) -> float:
        return seasonal_scale(self.series[number][:start], self.m) or 1.0

    def _scores(self, number: int, start: int, origin: int) -> np.ndarray:
        """Scores by step and model from an earlier origin; NaN of what was not known yet."""
        key = (number, start)
        if key not in self._scored:
            came = self.series[number][start : start + self._ahead]
            found = np.full((self._ahead, len(BASELINES)), np.nan)
            found[: len(came)] = np.inf  # of a model that could not be fitted
            for name, one in self._all(number, start).items():
                column = BASELINES.index(name)
                found[: len(came), column] = crps(one.quantiles[: len(came)], came)
            self._scored[key] = found / self._scale(number, start)
        return _known(self._scored[key], origin - start)

    def _weights(self, number: int, origin: int) -> np.ndarray:
        """Weights of shape (horizon, model), each row summing to 1."""
        there = [name in self._all(number, origin) for name in BASELINES]
        usable = np.array(there, dtype=np.float64)
        past = self._past(origin, TARGETS + self._ahead)
        if len(past) < 3:
            return np.tile(usable / usable.sum(), (self._ahead, 1))
        scores = np.stack([self._scores(number, start, origin) for start in past])
        newest = np.mean([np.nanmean(one, axis=0) for one in scores[-NEWEST:]], axis=0)
        by_step = _of_near_steps(scores)
        power = _floored(newest) ** -POWER / _floored(by_step)
        power *= usable
        if self.m == 1:  # the seasonal naive of years is the naive and would count twice
            power[:, BASELINES.index("seasonal_naive")] = 0
        return np.asarray(power / power.sum(axis=1, keepdims=True))

    def _mixture(self, number: int, origin: int) -> Marginals:
        key = (number, origin)
        if key not in self._mixed:
            models = self._all(number, origin)
            weights = self._weights(number, origin)
            members = [models.get(name, models["naive"]).quantiles for name in BASELINES]
            best = BASELINES[int(weights.mean(axis=0).argmax())]
            mixed = pool(np.stack(members, axis=1), weights)
            self._mixed[key] = Marginals(mixed, models[best].psi)
        return self._mixed[key]

    def _until(self, day: int) -> list[tuple[int, int]]:
        """Every series with how many of its values lie before a day."""
        found = []
        for number, y in enumerate(self.series):
            known = min(day - self.offsets[number], len(y))
            if known > self.fewest:
                found.append((number, known))
        return found

    def _repair_pays(self, day: int) -> bool:
        """Whether repaired widths had the better 95 % interval scores at the last origins."""
        if len(self.series) < POOLED:
            return False
        if day not in self._paid:
            plain, fixed = [], []
            for number, known in self._until(day):
                for start in self._past(known, TRIED):
                    came = self.series[number][start : min(start + self.horizon, known)]
                    scale = self._scale(number, start)
                    mixed = self._mixture(number, start).quantiles[: len(came)]
                    repaired = self._repaired(number, start)[: len(came)]
                    plain.append(interval_score(mixed, came).mean() / scale)
                    fixed.append(interval_score(repaired, came).mean() / scale)
            self._paid[day] = bool(plain) and float(np.mean(fixed)) < float(np.mean(plain))
        return self._paid[day]

    def _repaired(self, number: int, origin: int) -> np.ndarray:
        """Pairs of quantiles moved out or in by the errors of the past."""
        fixed = self._mixture(number, origin).quantiles.copy()
        moves = self._moves(self.offsets[number] + origin) * self._recent(number, origin)
        half = moves.shape[1]
        fixed[:, :half] -= moves
        fixed[:, : -half - 1 : -1] += moves
        fixed = np.maximum(fixed, self.floor(number, origin))
        return np.asarray(np.maximum.accumulate(fixed, axis=1))

    def _moves(self, day: int) -> np.ndarray:
        """How far each step's pairs of quantiles move out, over the scale: (step, pair)."""
        if day not in self._moved:
            errors = self._errors(day)
            half = len(PROBS) // 2
            levels = PROBS[: -half - 1 : -1] - PROBS[:half]
            found = np.zeros((self._ahead, half))
            for step in range(self._ahead):
                near = errors[:, max(step - 1, 0) : step + 2].reshape(-1, half)
                near = near[~np.isnan(near[:, 0])]
                if len(near) >= _FEWEST:
                    share = np.minimum(1.0, (1 + 1 / len(near)) * levels)
                    found[step] = [np.quantile(near[:, low], share[low]) for low in range(half)]
            self._moved[day] = found
        return self._moved[day]

    def _recent(self, number: int, origin: int) -> float:
        """Mean step of the last years: what widths are measured in."""
        y = self.series[number][:origin]
        return float(np.abs(np.diff(y[-max(RECENT * self.m, 8) :])).mean())

    def _errors(self, day: int) -> np.ndarray:
        """How far outside each pair what came lay, over the scale: (origin, step, pair)."""
        found = [
            _known(self._outside(number, start), known - start)
            for number, known in self._until(day)
            for start in self._past(known, WIDTHS)
        ]
        return np.stack(found) if found else np.empty((0, self._ahead, len(PROBS) // 2))

    def _outside(self, number: int, start: int) -> np.ndarray:
        key = (number, start)
        if key not in self._left:
            half = len(PROBS) // 2
            came = self.series[number][start : start + self._ahead, None]
            quantiles = self._mixture(number, start).quantiles[: len(came)]
            found = np.full((self._ahead, half), np.nan)
            scale = self._recent(number, start)
            if scale > 0:
                below = quantiles[:, :half] - came
                above = came - quantiles[:, : -half - 1 : -1]
                found[: len(came)] = np.maximum(below, above) / scale
            self._left[key] = found
        return self._left[key]


def pool(quantiles: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Quantiles of the mixture of distributions.

    Parameters
    ----------
    quantiles : ndarray, shape (horizon, model, probability)
        At `PROBS`.
    weights : ndarray, shape (horizon, model)
        Rows sum to 1.

    Returns
    -------
    ndarray, shape (horizon, probability)
        At `PROBS`.
    """
    found = np.empty((len(quantiles), len(PROBS)))
    for step, (members, shares) in enumerate(zip(quantiles, weights, strict=True)):
        values = np.unique(members)
        below = [np.interp(values, member, PROBS, left=0.0, right=1.0) for member in members]
        found[step] = np.interp(PROBS, shares @ np.stack(below), values)
    return found


def _known(rows: np.ndarray, count: int) -> np.ndarray:
    """Rows of the steps known by now, the later ones NaN."""
    if count >= len(rows):
        return rows
    kept = rows.copy()
    kept[count:] = np.nan
    return kept


def _of_near_steps(scores: np.ndarray) -> np.ndarray:
    """Mean score of the last known targets of a step and of two steps about it.

    Steps of which nothing is known yet take those of the last that is.
    """
    horizon = scores.shape[1]
    means = np.full(scores.shape[1:], np.nan)
    for step in range(horizon):
        told = scores[:, step]
        told = told[~np.isnan(told[:, 0])][-TARGETS:]
        if len(told):
            means[step] = told.mean(axis=0)
    means = means[~np.isnan(means[:, 0])]
    last = len(means) - 1
    near = [means[max(min(step, last) - 2, 0) : min(step, last) + 3] for step in range(horizon)]
    return np.stack([one.mean(axis=0) for one in near])


def _floored(scores: np.ndarray) -> np.ndarray:
    """Scores never so small, beside the others of their step, that one model takes all."""
    finite = np.where(np.isfinite(scores), scores, np.nan)
    return np.asarray(
        np.maximum(scores, 1e-12 + 1e-6 * np.nanmedian(finite, axis=-1)[..., None])
    )
