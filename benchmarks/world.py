"""The hierarchical AR(1): independent draws a second of processor time, over R's bayesMig.

52 countries of 17 years. R's figures (bayesMig 1.0, R 4.2.2, the same size, measured in
November 2026): 4.8 ms a sweep; in 2 chains of 12,000 sweeps the shape is worth 519 draws, the
world's mean 1,555, the slowest country's mean 2,900.
Usage: python benchmarks/world.py [sweeps]
"""

import sys
import time

import numpy as np

from qonys.forecast._world_kernels import sample
from qonys.forecast.world import effective_draws

R_SECONDS = 2 * 12_000 * 0.0048
R_DRAWS = {"shape": 519.0, "world's mean": 1555.0, "slowest country's mean": 2900.0}
BAR = 20.0


def main() -> int:
    """Print the ratios; 1 where one is under the bar."""
    sweeps = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rng = np.random.default_rng(1)
    mean = 0.002 + 0.003 * rng.normal(size=52)
    rates = np.empty((52, 17))
    rates[:, 0] = mean
    for t in range(1, 17):
        noise = 0.002 * rng.normal(size=52)
        rates[:, t] = mean + 0.7 * (rates[:, t - 1] - mean) + noise
    sample(rng, rates, 20, 0, 1, 1.0)
    begin = time.process_time()
    world, country = sample(rng, rates, sweeps, sweeps // 10, 1, 1.0)
    seconds = time.process_time() - begin
    ours = {
        "shape": effective_draws(world[:, 2]),
        "world's mean": effective_draws(world[:, 0]),
        "slowest country's mean": min(effective_draws(country[:, c, 0]) for c in range(52)),
    }
    print(f"{1e6 * seconds / sweeps:.1f} microseconds a sweep, R 4,800")
    ratios = []
    for name, draws in ours.items():
        ratio = draws / seconds / (R_DRAWS[name] / R_SECONDS)
        ratios.append(ratio)
        print(
            f"{name}: {draws / seconds:,.0f} draws a second, {ratio:,.0f} times R (bar {BAR:g})"
        )
    return int(min(ratios) < BAR)


if __name__ == "__main__":
    sys.exit(main())
