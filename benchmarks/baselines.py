"""All baselines of 500 monthly series from one origin, over statsforecast on the same models.

Naive, seasonal naive, the best of six additive ETS by AICc, Theta, and on logarithms seasonal
naive, Theta and the ETS without slope, for the ensemble; one process, one thread, after a
warm-up. Bar: 5 times.
Usage: python benchmarks/baselines.py [series]
"""

import sys
import time

import numpy as np

from qonys.forecast.models import baselines

BAR = 5.0
LENGTH, SEASON, AHEAD = 180, 12, 12


def panel(count: int) -> list[np.ndarray]:
    """Series that wander, a fifth of them small counts with zeros."""
    rng = np.random.default_rng(1)
    found = []
    for number in range(count):
        level = 5.0 if number % 5 == 0 else 1000.0
        path = level * np.exp(0.05 * rng.normal(size=LENGTH).cumsum())
        season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(LENGTH) / SEASON)
        found.append(rng.negative_binomial(20, 20 / (20 + path * season)).astype(float))
    return found


def ours(series: list[np.ndarray]) -> float:
    begin = time.perf_counter()
    for y in series:
        baselines(y, SEASON, AHEAD)
    return time.perf_counter() - begin


def peer(series: list[np.ndarray]) -> float:
    from statsforecast.models import AutoETS, Naive, SeasonalNaive, Theta

    def ets(trend: str = "Z"):
        return AutoETS(season_length=SEASON, model=f"A{trend}Z")

    def theta():
        return Theta(season_length=SEASON, decomposition_type="additive")

    def last():
        return SeasonalNaive(season_length=SEASON)

    begin = time.perf_counter()
    for y in series:
        for model in (Naive(), last(), ets(), theta()):
            model.forecast(y=y, h=AHEAD, level=[80, 95])
        for model in (last(), ets("N"), theta()):
            model.forecast(y=np.log1p(y), h=AHEAD, level=[80, 95])
    return time.perf_counter() - begin


def main() -> int:
    """Print the ratio; 1 where it is under the bar."""
    series = panel(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
    ours(series[:2])
    mine = ours(series)
    print(f"qonys {mine:.2f} s for {len(series)} series")
    try:
        theirs = peer(series)
    except ImportError:
        print("statsforecast is not installed: pip install '.[bench]'")
        return 0
    print(f"statsforecast {theirs:.2f} s, {theirs / mine:.1f} times (bar {BAR:.0f})")
    return int(theirs / mine < BAR)


if __name__ == "__main__":
    sys.exit(main())
