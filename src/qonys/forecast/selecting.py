"""Which baseline to trust, and how wide: decided inside the rolling loop, from the past alone.

For `backtests` and `running`. Main type: `Selector`. The baselines are pooled (a mixture of
their distributions: Stone 1961; Hall and Mitchell 2007) with weights that are powers of past
scores (Bates and Granger 1969). Widths are repaired by errors whose target was already known,
pooled over a panel (conformal; Xu and Xie 2021), where past interval scores say that it helps.
"""

from collections.abc import Sequence

import numpy as np

from qonys.forecast.models import PROBS, Marginals, baselines, seasonal_scale
from qonys.forecast.scoring import crps, interval_score

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
    floor : float
        0 of counts, else minus infinity.
    """

    def __init__(
        self, series: Sequence[np.ndarray], m: int, horizon: int, floor: float = 0.0
    ) -> None:
        self.series = [np.asarray(y, dtype=np.float64) for y in series]
        self.m, self.horizon, self.floor = m, horizon, floor
        self._known: dict[tuple[int, int], dict[str, Marginals]] = {}
        self._scored: dict[tuple[int, int], np.ndarray] = {}
        self._mixed: dict[tuple[int, int], Marginals] = {}
        self._left: dict[tuple[int, int], np.ndarray] = {}
        self._fixed: dict[tuple[int, int], np.ndarray] = {}
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
        key = (number, origin)
        if key not in self._known:
            y = self.series[number][:origin]
            self._known[key] = baselines(y, self.m, self.horizon, self.floor)
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
        if not self._repair_pays(origin):
            return mixed
        return Marginals(self._repaired(number, origin), mixed.psi)

    def weights(self, number: int, origin: int) -> dict[str, float]:
        """Weight of each baseline, a mean over the periods ahead.

        Parameters
        ----------
        number : int
            Of the series in the panel.
        origin : int
            How many of its values are known.
        """
        mean = self._weights(number, origin).mean(axis=0).tolist()
        return dict(zip(self.at(number, origin), mean, strict=True))

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
            naive = self.at(number, start)["naive"].quantiles[: len(came)]
            gap = (crps(mixed, came) - crps(naive, came)).mean()
            gaps.append(gap / self._scale(number, start))
        if len(gaps) < 3:
            return 0.0, 0.0, len(gaps)
        error = float(np.std(gaps, ddof=1)) / len(gaps) ** 0.5
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
            came = self.series[number][start : start + self.horizon]
            models = self.at(number, start).values()
            found = np.full((self.horizon, len(models)), np.nan)
            for column, one in enumerate(models):
                found[: len(came), column] = crps(one.quantiles[: len(came)], came)
            self._scored[key] = found / self._scale(number, start)
        return _known(self._scored[key], origin - start)

    def _weights(self, number: int, origin: int) -> np.ndarray:
        """Weights of shape (horizon, model), each row summing to 1."""
        count = len(self.at(number, origin))
        past = self._past(origin, TARGETS + self.horizon)
        if len(past) < 3:
            return np.full((self.horizon, count), 1 / count)
        scores = np.stack([self._scores(number, start, origin) for start in past])
        newest = np.mean([np.nanmean(one, axis=0) for one in scores[-NEWEST:]], axis=0)
        by_step = _of_near_steps(scores)
        power = _floored(newest) ** -POWER / _floored(by_step)
        if self.m == 1:  # the seasonal naive of years is the naive and would count twice
            power[:, list(self.at(number, origin)).index("seasonal_naive")] = 0
        return np.asarray(power / power.sum(axis=1, keepdims=True))

    def _mixture(self, number: int, origin: int) -> Marginals:
        key = (number, origin)
        if key not in self._mixed:
            models = list(self.at(number, origin).values())
            weights = self._weights(number, origin)
            quantiles = pool(np.stack([one.quantiles for one in models], axis=1), weights)
            best = int(weights.mean(axis=0).argmax())
            self._mixed[key] = Marginals(quantiles, models[best].psi)
        return self._mixed[key]

    def _repair_pays(self, origin: int) -> bool:
        """Whether repaired widths had the better 95 % interval scores at the last origins."""
        if len(self.series) < POOLED:
            return False
        if origin not in self._paid:
            plain, fixed = [], []
            for number, y in enumerate(self.series):
                for start in self._past(min(origin, len(y)), TRIED):
                    came = y[start : min(start + self.horizon, origin)]
                    scale = self._scale(number, start)
                    mixed = self._mixture(number, start).quantiles[: len(came)]
                    repaired = self._repaired(number, start)[: len(came)]
                    plain.append(interval_score(mixed, came).mean() / scale)
                    fixed.append(interval_score(repaired, came).mean() / scale)
            self._paid[origin] = bool(plain) and float(np.mean(fixed)) < float(np.mean(plain))
        return self._paid[origin]

    def _repaired(self, number: int, origin: int) -> np.ndarray:
        """Pairs of quantiles moved out or in by the errors of the past."""
        key = (number, origin)
        if key not in self._fixed:
            fixed = self._mixture(number, origin).quantiles.copy()
            scale = self._recent(number, origin)
            errors = self._errors(origin)
            for step in range(self.horizon):
                near = errors[:, max(step - 1, 0) : step + 2].reshape(-1, errors.shape[2])
                near = near[~np.isnan(near[:, 0])]
                if len(near) < _FEWEST:
                    continue
                for low in range(len(PROBS) // 2):
                    high = len(PROBS) - 1 - low
                    level = (1 + 1 / len(near)) * (PROBS[high] - PROBS[low])
                    move = float(np.quantile(near[:, low], min(1.0, level))) * scale
                    fixed[step, low] -= move
                    fixed[step, high] += move
            fixed = np.maximum(fixed, self.floor)
            self._fixed[key] = np.asarray(np.maximum.accumulate(fixed, axis=1))
        return self._fixed[key]

    def _recent(self, number: int, origin: int) -> float:
        """Mean step of the last years: what widths are measured in."""
        y = self.series[number][:origin]
        return float(np.abs(np.diff(y[-max(RECENT * self.m, 8) :])).mean())

    def _errors(self, origin: int) -> np.ndarray:
        """How far outside each pair what came lay, over the scale: (origin, step, pair)."""
        found = [
            _known(self._outside(number, start), origin - start)
            for number, y in enumerate(self.series)
            for start in self._past(min(origin, len(y)), WIDTHS)
        ]
        return np.stack(found) if found else np.empty((0, self.horizon, len(PROBS) // 2))

    def _outside(self, number: int, start: int) -> np.ndarray:
        key = (number, start)
        if key not in self._left:
            half = len(PROBS) // 2
            came = self.series[number][start : start + self.horizon, None]
            quantiles = self._mixture(number, start).quantiles[: len(came)]
            found = np.full((self.horizon, half), np.nan)
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
    """Scores never so small that one model takes all by chance."""
    return np.asarray(np.maximum(scores, 1e-12 + 1e-6 * scores.max()))
