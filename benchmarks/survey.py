"""A million respondents, 200 replicate weights, 20 domains: against svy and against NumPy.

Three ways to the same means, in turns in one run: ours (degrees of freedom, design
effects), svy called by hand, plain NumPy domain by domain. The lower bound is one product of
the answers with the replicate weights, which reads each of them once and knows no domain.
Usage: python benchmarks/survey.py [repeats] [respondents]
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl
from svy import Design as SvyDesign
from svy import Sample
from svy.core.repwgts import BootstrapWgts

from qonys.survey.checking import check
from qonys.survey.design import Design
from qonys.survey.estimates import estimate
from qonys.survey.microdata import Microdata

REPLICATES, DOMAINS = 200, 20
BAR = 3.0  # times svy: what the checks, degrees of freedom and design effects may cost


def main() -> int:
    """Print the ratios; 1 where ours is over the bar or where the three disagree."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    rng = np.random.default_rng(6)
    weights = rng.uniform(1, 3, n)
    matrix = np.asfortranarray(weights[:, None] * rng.poisson(1, (n, REPLICATES)))
    y, domain = rng.normal(size=n), rng.integers(0, DOMAINS, n)
    names = [f"r{number}" for number in range(1, REPLICATES + 1)]
    columns = {name: matrix[:, at] for at, name in enumerate(names)}
    frame = pl.DataFrame({"w": weights, "y": y, "domain": domain.astype(str), **columns})
    design = Design("w", replicate_weights=tuple(names), replicate_kind="bootstrap")
    data = Microdata(frame, design)
    begin = time.perf_counter()
    check(data)
    print(f"check: {time.perf_counter() - begin:.2f} s, once a file")

    def ours() -> np.ndarray:
        found = estimate(data, "mean", "y", ["domain"])
        return np.array(
            [one.se for one in sorted(found, key=lambda one: int(one.by["domain"]))]
        )

    def by_svy() -> np.ndarray:
        replicates = BootstrapWgts(
            prefix="r", n_reps=REPLICATES, df=REPLICATES - 1, scale=1 / (REPLICATES - 1)
        )
        sample = Sample(frame, SvyDesign(wgt="w", rep_wgts=replicates))
        found = sample.estimation.mean("y", by="domain", method="replication").to_dicts()
        return np.array(
            [row["se"] for row in sorted(found, key=lambda r: int(r["by_level"][0]))]
        )

    def by_numpy() -> np.ndarray:
        errors = []
        for at in range(DOMAINS):
            inside = np.flatnonzero(domain == at)
            part = matrix[inside]
            means = (y[inside] @ part) / part.sum(0)
            errors.append(means.std(ddof=1))
        return np.array(errors)

    ways: dict[str, Callable[[], np.ndarray]] = {
        "ours": ours,
        "svy": by_svy,
        "NumPy by domain": by_numpy,
        "lower bound": lambda: y @ matrix,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    found = {}
    for _ in range(repeats):
        for name, way in ways.items():
            begin = time.perf_counter()
            found[name] = way()
            times[name].append(time.perf_counter() - begin)
    same = all(
        np.allclose(found["ours"], found[name], rtol=1e-9)
        for name in ("svy", "NumPy by domain")
    )
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, seconds in medians.items():
        print(f"{name}: {seconds:.3f} s; ours takes {medians['ours'] / seconds:.2f} times that")
    print("the same standard errors" if same else "THE STANDARD ERRORS DIFFER")
    return int(not same or medians["ours"] > BAR * medians["svy"])


if __name__ == "__main__":
    sys.exit(main())
