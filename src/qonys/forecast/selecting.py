"""Which baseline to trust, and how wide: decided inside the rolling loop, from the past alone.

For `backtests` and `running`. Main type: `Selector`. Weights are a power of past scores (Bates
and Granger 1969; Pawlikowski and Chorowska 2020); widths are repaired by errors whose target
was already known, pooled over the series of a panel (conformal; Xu and Xie 2021).
"""

from collections.abc import Sequence

import numpy as np

from qonys.forecast.models import PROBS, Marginals, baselines, seasonal_scale
from qonys.forecast.scoring import crps

POWER = 2.0  #: Of the past score, inverted, in the weights.
JUDGED = 4  #: Past origins that weights are learnt from.
RECENT = 3  #: Years whose steps widths are measured in.
WIDTHS = 36  #: Past origins that widths are learnt from.
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
        self._mixed: dict[tuple[int, int], Marginals] = {}
        self._outside: dict[int, list[list[np.ndarray]]] = {}

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

    def selected(self, number: int, origin: int, repair: bool = True) -> Marginals:
        """The combined forecast, its widths repaired.

        Parameters
        ----------
        number : int
            Of the series in the panel.
        origin : int
            How many of its values are known.
        repair : bool
            Whether widths are repaired.
        """
        mixed = self._mixture(number, origin)
        if not repair:
            return mixed
        scale = self._recent(number, origin)
        return Marginals(self._repaired(mixed.quantiles, origin, scale), mixed.psi)

    def weights(self, number: int, origin: int) -> dict[str, float]:
        """Weight of each baseline, by its past scores in this series.

        Parameters
        ----------
        number : int
            Of the series in the panel.
        origin : int
            How many of its values are known.
        """
        names = list(self.at(number, origin))
        past = self._past(origin, JUDGED)
        if len(past) < 3:
            return {name: 1 / len(names) for name in names}
        scores = np.array(
            [
                np.mean([self._score(number, start, origin, name) for start in past])
                for name in names
            ]
        )
        power = np.maximum(scores, 1e-12 + 1e-6 * scores.max()) ** -POWER
        return dict(zip(names, (power / power.sum()).tolist(), strict=True))

    def against_naive(self, number: int, origin: int) -> tuple[float, float, int]:
        """Mean score of the combined forecast less that of the last value, with its error.

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
            scale = seasonal_scale(y[:start], self.m)
            mixed = self._mixture(number, start).quantiles[: len(came)]
            naive = self.at(number, start)["naive"].quantiles[: len(came)]
            gaps.append((crps(mixed, came) - crps(naive, came)).mean() / (scale or 1.0))
        if len(gaps) < 3:
            return 0.0, 0.0, len(gaps)
        error = float(np.std(gaps, ddof=1)) / len(gaps) ** 0.5
        return float(np.mean(gaps)), error, len(gaps)

    def _past(self, origin: int, count: int) -> list[int]:
        """Earlier origins, the newest last, from which something has come since."""
        return list(range(origin - 1, self.fewest - 1, -1))[:count][::-1]

    def _score(self, number: int, start: int, origin: int, name: str) -> float:
        """Mean score of a model from an earlier origin over what was known by now."""
        y = self.series[number]
        came = y[start : min(start + self.horizon, origin)]
        found = self.at(number, start)[name].quantiles[: len(came)]
        scale = seasonal_scale(y[:start], self.m)
        return float(crps(found, came).mean()) / (scale if scale > 0 else 1.0)

    def _mixture(self, number: int, origin: int) -> Marginals:
        key = (number, origin)
        if key not in self._mixed:
            models = self.at(number, origin)
            weights = self.weights(number, origin)
            mean = sum(weights[name] * one.quantiles for name, one in models.items())
            best = max(weights, key=lambda name: weights[name])
            self._mixed[key] = Marginals(np.asarray(mean), models[best].psi)
        return self._mixed[key]

    def _repaired(self, quantiles: np.ndarray, origin: int, scale: float) -> np.ndarray:
        """Pairs of quantiles moved out (or half as far in) by the errors of the past."""
        fixed = quantiles.copy()
        errors = self._errors(origin)
        for low in range(len(PROBS) // 2):
            high = len(PROBS) - 1 - low
            level = PROBS[high] - PROBS[low]
            for step in range(self.horizon):
                near = np.concatenate(
                    [
                        errors[h][low]
                        for h in range(max(step - 1, 0), min(step + 2, self.horizon))
                    ]
                )
                if len(near) < _FEWEST:
                    continue
                move = float(np.quantile(near, min(1.0, (1 + 1 / len(near)) * level))) * scale
                move = move if move > 0 else move / 2
                fixed[step, low] -= move
                fixed[step, high] += move
        fixed = np.maximum(fixed, self.floor)
        return np.asarray(np.maximum.accumulate(fixed, axis=1))

    def _recent(self, number: int, origin: int) -> float:
        """Mean step of the last years: what widths are measured in."""
        y = self.series[number][:origin]
        return float(np.abs(np.diff(y[-max(RECENT * self.m, 8) :])).mean())

    def _errors(self, origin: int) -> list[list[np.ndarray]]:
        """By step ahead and pair: how far outside the pair what came lay, over the scale."""
        if origin in self._outside:
            return self._outside[origin]
        half = len(PROBS) // 2
        found: list[list[np.ndarray]] = [[np.empty((half, 0))] for _ in range(self.horizon)]
        for number, y in enumerate(self.series):
            for start in self._past(min(origin, len(y)), WIDTHS):
                came = y[start : min(start + self.horizon, origin)]
                scale = self._recent(number, start)
                if scale <= 0:
                    continue
                quantiles = self._mixture(number, start).quantiles[: len(came)]
                below = quantiles[:, :half] - came[:, None]
                above = came[:, None] - quantiles[:, : -half - 1 : -1]
                outside = np.maximum(below, above) / scale
                for step, row in enumerate(outside):
                    found[step].append(row[:, None])
        self._outside[origin] = [list(np.concatenate(step, axis=1)) for step in found]
        return self._outside[origin]
