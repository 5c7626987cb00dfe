"""Estimates of a survey and their errors against a blind second version, on random designs.

`plain_survey` was written from the textbooks that it cites. Estimate, standard error, degrees
of freedom and design effect must agree: in domains, with missing answers, by replicate weights
and after calibration. The twin itself is held against all samples of a small population and
against derivatives taken by numbers.
"""

from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import polars as pl
import pytest

from qonys.core.errors import DataError
from qonys.survey.calibrating import Margins, calibrate
from qonys.survey.checking import check
from qonys.survey.comparing import compare, multiple
from qonys.survey.design import Calibration, Design
from qonys.survey.estimates import Estimate, estimate
from qonys.survey.microdata import Microdata
from tests.twins.plain_survey import (
    Found,
    Sample,
    mean,
    proportion,
    ratio,
    replicate_variance,
    residuals,
    taylor,
    total,
)

SEEDS = range(30)
SOME = (*range(0, 30, 5), 7, 23)
ASKED = (("mean", "y"), ("total", "y"), ("ratio", "y/x"), ("proportion", "word"))
REPLICATES = 12
#: The factor of the squared deviations that each kind has of its own (Lumley 2010, 2.3).
OWN_SCALE = {"JK1": 11 / 12, "BRR": 1 / 12, "Fay": 1 / (12 * 0.7**2), "SDR": 4 / 12}


@dataclass(frozen=True)
class Drawn:
    """The same respondents for the product and for the twin."""

    data: Microdata
    sample: Sample

    def column(self, name: str) -> np.ndarray:
        """Numbers, a missing one NaN."""
        return self.data.frame[name].cast(pl.Float64).to_numpy()

    def holds(self, name: str, value: str) -> np.ndarray:
        return np.array([one == value for one in self.data.frame[name]])

    def answered(self, *names: str) -> np.ndarray:
        frame = self.data.frame
        return np.logical_and.reduce([~frame[name].is_null().to_numpy() for name in names])


def answers(rng: np.random.Generator, count: int) -> dict:
    """What so many respondents answered, with gaps."""

    def gaps(values: np.ndarray, share: float) -> list:
        lost = rng.random(count) < share
        return [None if gone else one for one, gone in zip(values.tolist(), lost, strict=True)]

    a = rng.integers(0, 2, count)
    b = np.where(rng.random(count) < 0.6, a, rng.integers(0, 2, count))
    return {
        "y": gaps(rng.normal(50, 12, count), 0.15),
        "x": gaps(rng.uniform(5, 40, count), 0.1),
        "z": rng.uniform(10, 30, count),
        "word": gaps(rng.choice(["no", "perhaps", "yes"], count, p=[0.3, 0.1, 0.6]), 0.1),
        "g": gaps(rng.choice(["east", "north", "west"], count, p=[0.5, 0.4, 0.1]), 0.08),
        "cat": rng.choice(["A", "B", "C"], count),
        "dog": rng.choice(["P", "Q"], count),
        "a": gaps(a, 0.1),
        "b": b,
        "c": gaps(rng.integers(0, 2, count), 0.05),
    }


def written(rng: np.random.Generator, drawn: np.ndarray, size: np.ndarray) -> np.ndarray:
    """A column of population sizes, in some designs as the fraction that was drawn."""
    return drawn / size if (drawn < size).any() and rng.random() < 0.3 else size


def elements(rng: np.random.Generator) -> tuple[dict, Design, Sample]:
    """Respondents drawn one by one: in strata or not, from a finite population or not."""
    count = rng.integers(5, 16, rng.integers(1, 5))
    stratum = np.repeat(np.arange(len(count)), count)
    size = (count * rng.choice([1, 2, 5, 40], len(count)) + rng.integers(0, 4))[stratum]
    finite, strata = rng.random() < 0.7, stratum if len(count) > 1 else None
    weights = size / count[stratum] if finite else rng.uniform(0.5, 9, len(stratum))
    fpc = written(rng, count[stratum], size)
    design = Design("w", ("stratum",) if len(count) > 1 else (), fpc=("fpc",) if finite else ())
    sample = Sample(weights, strata, sizes=size if finite else None)
    return {"w": weights, "stratum": stratum, "fpc": fpc}, design, sample


def clusters(rng: np.random.Generator) -> tuple[dict, Design, Sample]:
    """Clusters of unequal size in strata or not, in some designs with a second stage."""
    stages, rows = int(rng.integers(0, 3)), []  # of which the size of the population is known
    for stratum in range(rng.integers(1, 5)):
        alone = stages > 0 and stratum > 0 and rng.random() < 0.3
        count = 1 if alone else int(rng.integers(2, 7))
        size = count + (0 if alone else int(rng.choice([0, 3, 30])))
        for cluster in range(count):
            seconds = 1 if rng.random() < 0.1 else int(rng.integers(2, 5))
            second_size = seconds + (int(rng.choice([0, 2, 25])) if seconds > 1 else 0)
            for second in range(seconds):
                row = (stratum, cluster, second, count, size, seconds, second_size)
                rows += [row] * int(rng.integers(1, 4))
    stratum, cluster, second, count, size, seconds, second_size = np.array(rows).T
    weights = rng.uniform(0.5, 9, len(rows)) * rng.choice([0.2, 1, 5, 30])
    columns = {
        "w": weights,
        "stratum": np.array([f"stratum {one}" for one in stratum]),
        "cluster": cluster,
        "second": second,
        "fpc": written(rng, count, size),
        "fpc2": written(rng, seconds, second_size),
    }
    strata = ("stratum",) if stratum.any() else ()
    inner = ("second",) if stages == 2 or rng.random() < 0.3 else ()
    design = Design("w", strata, ("cluster", *inner), ("fpc", "fpc2")[:stages])
    sample = Sample(
        weights,
        stratum if strata else None,
        cluster,
        size if stages else None,
        second if inner else None,
        second_size if stages == 2 else None,
    )
    return columns, design, sample


def drawn(seed: int) -> Drawn:
    rng = np.random.default_rng(seed)
    columns, design, sample = (elements if seed % 4 == 3 else clusters)(rng)
    frame = pl.DataFrame({**columns, **answers(rng, len(sample.weights))})
    data = Microdata(frame, design)
    check(data)
    return Drawn(data, sample)


def found(
    one: Drawn, statistic: str, variable: str, level: str | None, within: np.ndarray
) -> tuple[Found, np.ndarray]:
    """What the twin finds in a domain, and who of it answered."""
    w, names = one.sample.weights, variable.split("/")
    mask = within & one.answered(*names)
    if statistic == "proportion":
        return proportion(w, one.holds(variable, level or ""), mask), mask
    numbers = [one.column(name) for name in names]
    return {"mean": mean, "total": total, "ratio": ratio}[statistic](w, *numbers, mask), mask


def same(given: Estimate, twin: Found, variance: float, mask: np.ndarray) -> None:
    """The product's estimate says what the twin does."""
    assert given.estimate == pytest.approx(twin.value, rel=1e-9, abs=1e-12), given
    assert given.n == mask.sum(), given
    if given.df < 1:
        assert given.se is None, given
        assert given.deff is None, given
        return
    assert given.se == pytest.approx(variance**0.5, rel=1e-9, abs=1e-10), given
    if np.isnan(twin.simple):
        assert given.deff is None, given
    elif variance == 0:  # everybody was asked: an effect of nothing may be told or not
        assert given.deff in (None, 0), given
    else:
        assert given.deff == pytest.approx(variance / twin.simple, rel=1e-9, abs=1e-12), given


def domains(frame: pl.DataFrame, by: list[str]) -> set[tuple]:
    return set(frame.drop_nulls(by).select(by).iter_rows()) if by else {()}


def all_agree(one: Drawn, statistic: str, variable: str, by: list[str]) -> int:
    """How many agree: all, and none is left out; a domain without an answer is refused."""
    frame, names = one.data.frame, variable.split("/")
    if domains(frame, by) != domains(frame.drop_nulls(names), by):
        with pytest.raises(DataError, match="every answer is missing"):
            estimate(one.data, statistic, variable, by=by)
        return 0
    given = estimate(one.data, statistic, variable, by=by)
    for item in given:
        within = np.ones(len(one.sample.weights), bool)
        for name, value in item.by.items():
            within &= one.holds(name, value)
        twin, mask = found(one, statistic, variable, item.level, within)
        same(item, twin, one.sample.variance(twin.u), mask)
        assert item.df == one.sample.degrees(mask), item
    assert {tuple(item.by.values()) for item in given} == domains(frame, by)
    return len(given)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_statistic_agrees_in_the_whole_sample_and_in_domains(seed: int) -> None:
    one = drawn(seed)
    for (statistic, variable), by in product(ASKED, ([], ["g"])):
        all_agree(one, statistic, variable, by)


@pytest.mark.parametrize("seed", SOME)
def test_domains_of_two_variables_agree(seed: int) -> None:
    for statistic, variable in ASKED:
        all_agree(drawn(seed), statistic, variable, ["g", "dog"])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_difference_of_two_domains_agrees(seed: int) -> None:
    one = drawn(seed)
    given = compare(one.data, "mean", "y", "g")
    assert given
    for item in given:
        first, second = (
            found(one, "mean", "y", None, one.holds("g", name))[0]
            for name in (item.first, item.second)
        )
        gap = first - second
        assert item.difference == pytest.approx(gap.value, rel=1e-9, abs=1e-11), item
        masks = [one.holds("g", name) & one.answered("y") for name in (item.first, item.second)]
        if min(one.sample.degrees(mask) for mask in masks) < 1:
            assert (item.se, item.p, item.df) == (None, None, 0)
            continue
        error = one.sample.variance(gap.u) ** 0.5
        assert item.se == pytest.approx(error, rel=1e-9, abs=1e-10), item
        assert item.df == one.sample.degrees(masks[0] | masks[1]) - 1


@pytest.mark.parametrize("seed", SEEDS[::2])
def test_shares_of_which_a_respondent_may_hold_several_agree(seed: int) -> None:
    one, names = drawn(seed), ("a", "b", "c")
    w, mask = one.sample.weights, one.answered("a", "b", "c")
    y = {name: one.column(name) == 1 for name in names}
    answers = sum(y[name].astype(float) for name in names)
    given = multiple(one.data, list(names))
    for item in given.shares:
        held = y[item.variable]
        twin = (
            proportion(w, held, mask)
            if item.statistic == "share of respondents"
            else ratio(w, held.astype(float), answers, mask)
        )
        same(item, twin, one.sample.variance(twin.u), mask)
    for item in given.overlaps:
        twin = proportion(w, y[item.variable] & y[item.level or ""], mask)
        same(item, twin, one.sample.variance(twin.u), mask)
    for item in given.differences:
        gap = proportion(w, y[item.first], mask) - proportion(w, y[item.second], mask)
        assert item.difference == pytest.approx(gap.value, rel=1e-9, abs=1e-12), item
        error = one.sample.variance(gap.u) ** 0.5
        assert item.se == pytest.approx(error, rel=1e-9, abs=1e-10), item
        assert item.df == one.sample.degrees(mask)
    pairs = set(combinations(names, 2))
    assert len(given.shares) == 6
    assert {(item.variable, item.level) for item in given.overlaps} == pairs
    assert {(item.first, item.second) for item in given.differences} == pairs


@pytest.mark.parametrize("centre", ["mean", "estimate"])
@pytest.mark.parametrize("kind", ["bootstrap", "BRR", "Fay", "JK1", "JKn", "SDR"])
def test_replicate_weights_agree_with_scales_given_or_of_their_kind(
    kind: str, centre: str
) -> None:
    rng = np.random.default_rng([*kind.encode()])
    one = drawn(9)
    w = one.sample.weights
    copies = {f"r{i}": w * rng.uniform(0.4, 1.6, len(w)) for i in range(REPLICATES)}
    own = OWN_SCALE.get(kind)
    scales = np.full(REPLICATES, own) if own else rng.uniform(0.05, 0.2, REPLICATES)
    design = Design(
        "w",
        replicate_weights=tuple(copies),
        replicate_kind=kind,
        replicate_scale=() if own else tuple(scales.tolist()),
        replicate_centre=centre,
        fay_rho=0.3 if kind == "Fay" else 0.0,
    )
    one = Drawn(Microdata(one.data.frame.with_columns(**copies), design), Sample(w))
    check(one.data)
    for (statistic, variable), by in product(ASKED, ([], ["dog"])):
        for item in estimate(one.data, statistic, variable, by=by):
            within = np.ones(len(w), bool)
            for name, value in item.by.items():
                within &= one.holds(name, value)
            asked = (statistic, variable, item.level, within)
            twin, mask = found(one, *asked)
            estimates = np.array(
                [
                    found(replace(one, sample=Sample(c)), *asked)[0].value
                    for c in copies.values()
                ]
            )
            middle = twin.value if centre == "estimate" else estimates.mean()
            same(item, twin, replicate_variance(estimates, middle, scales), mask)


def margins(one: Drawn, factors: np.ndarray) -> tuple[Margins, np.ndarray]:
    """Totals that the weights times the factors have, and the columns that must meet them."""
    columns = {
        (name, value): one.holds(name, value).astype(float)
        for name in ("cat", "dog")
        for value in sorted(set(one.data.frame[name]))
    }
    X = np.column_stack([*columns.values(), one.column("z")])
    sums = (one.sample.weights * factors) @ X
    categories: dict[str, dict[str, float]] = {"cat": {}, "dog": {}}
    for (name, value), number in zip(columns, sums, strict=False):
        categories[name][value] = float(number)
    return Margins(categories, {"z": float(sums[-1])}), X


def solves(ratios: np.ndarray, X: np.ndarray, method: str, low: float, high: float) -> bool:
    """Whether w/d = F(X times some vector), which with the totals tells the weights.

    Deville & Särndal 1992, their cases 1 (linear), 6 (logit) and 7 (truncated linear).
    """
    inside = (ratios > low + 1e-9) & (ratios < high - 1e-9)
    if method == "logit":
        up, down = (ratios - low) / (1 - low), (high - ratios) / (high - 1)
        wanted = np.log(up / down)
    else:
        wanted = ratios - 1
    vector = np.linalg.lstsq(X[inside], wanted[inside], rcond=None)[0]
    fitted = X @ vector
    if method == "truncated":
        fitted = np.clip(fitted, low - 1, high - 1)
    return np.allclose(fitted, wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [("linear", -9.0, 9.0), ("logit", 0.8, 1.2), ("truncated", 0.9, 1.1)],
)
@pytest.mark.parametrize("seed", SOME)
def test_calibrated_weights_and_what_they_estimate_agree(
    seed: int, method: str, low: float, high: float
) -> None:
    one = drawn(seed)
    before = one.sample.weights
    factors = np.where(one.column("z") < 20, 0.91, 1.09)  # which drives many to the bounds
    wanted, X = margins(one, factors)
    bounds = {} if method == "linear" else {"bounds": (low, high)}
    data = calibrate(one.data, wanted, method, **bounds).data
    weights = data.frame["calibrated"].to_numpy()
    np.testing.assert_allclose(weights @ X, (before * factors) @ X, rtol=1e-8)
    assert solves(weights / before, X, method, low, high)
    after = Drawn(data, replace(one.sample, weights=weights, X=X, before=before))
    for (statistic, variable), by in product(ASKED, ([], ["g"])):
        all_agree(after, statistic, variable, by)


def test_raked_weights_have_the_error_of_the_weighted_residuals() -> None:
    one = drawn(0)
    before = one.sample.weights
    factors = np.random.default_rng(0).uniform(0.7, 1.4, len(before))
    X = margins(one, factors)[1][:, :-1]
    weights = before.copy()
    for _ in range(300):
        for inside in X.T == 1:
            weights[inside] *= (before * factors)[inside].sum() / weights[inside].sum()
    calibration = Calibration("w", "rake", ("cat", "dog"))
    design = replace(one.data.design, weights="raked", calibration=calibration)
    data = Microdata(one.data.frame.with_columns(raked=weights), design)
    after = Drawn(data, replace(one.sample, weights=weights, X=X, before=before))
    all_agree(after, "mean", "y", [])


def test_the_twin_is_right_on_average_over_all_samples_of_two_stages() -> None:
    population = {0: [[3, 1], [8], [4]], 1: [[7], [2, 2], [9, 1, 5]], 2: [[1], [6], [20, 3]]}
    samples = []
    for chosen in combinations(population, 2):
        for inner in product(combinations(range(3), 2), repeat=2):
            rows = [
                (cluster, second, y * (3 / 2) * (3 / 2))
                for cluster, seconds in zip(chosen, inner, strict=True)
                for second in seconds
                for y in population[cluster][second]
            ]
            cluster, second, scores = np.array(rows).T
            three = np.full(len(rows), 3)
            variance = taylor(scores, None, cluster, three, second, three)
            samples.append((scores.sum(), variance))
    totals, variances = np.array(samples).T
    assert totals.mean() == pytest.approx(sum(sum(map(sum, c)) for c in population.values()))
    assert variances.mean() == pytest.approx(totals.var())


@pytest.mark.parametrize("statistic", [mean, total, ratio])
def test_the_linearised_variable_of_the_twin_is_the_derivative_by_a_weight(statistic) -> None:
    rng = np.random.default_rng(5)
    w, y, x = rng.uniform(1, 5, 12), rng.normal(9, 2, 12), rng.uniform(2, 4, 12)
    numbers, mask = (y, x) if statistic is ratio else (y,), rng.random(12) < 0.6
    moved = [
        statistic(w + step * one, *numbers, mask).value
        for one in np.eye(12)
        for step in (1e-5, -1e-5)
    ]
    slopes = (np.array(moved[::2]) - moved[1::2]) / 2e-5
    np.testing.assert_allclose(statistic(w, *numbers, mask).u, slopes, atol=1e-8)


def test_the_residual_of_the_twin_is_the_derivative_of_a_calibrated_total() -> None:
    rng = np.random.default_rng(6)
    d, y = rng.uniform(1, 5, 15), rng.normal(9, 2, 15)
    X = np.column_stack([np.ones(15), rng.uniform(2, 4, 15)])
    wanted = d @ X * [1.1, 1.15]

    def calibrated(d: np.ndarray) -> np.ndarray:
        return d * (1 + X @ np.linalg.solve(X.T * d @ X, wanted - d @ X))

    moved = [calibrated(d + step * one) @ y for one in np.eye(15) for step in (1e-5, -1e-5)]
    slopes = (np.array(moved[::2]) - moved[1::2]) / 2e-5
    np.testing.assert_allclose(calibrated(d) * residuals(y, X, d), d * slopes, atol=1e-6)
