"""Forecasts that add up: identities, MinT against another program, counts, joint draws."""

import numpy as np
import pytest
from scipy import stats

from qonys.core.errors import DataError
from qonys.forecast.models import PROBS
from qonys.forecast.reconciling import (
    check_history,
    parse_identity,
    reconcile,
    shrunk,
    structure_of,
)
from qonys.forecast.running import RECONCILED, forecast
from qonys.forecast.series import Series, step_on

NAMES = ["total", "A", "B", "A1", "A2", "B1", "B2", "B3"]
IDENTITIES = [
    parse_identity(one) for one in ("total = A + B", "A = A1 + A2", "B = B1 + B2 + B3")
]
BASE = dict(
    zip(NAMES, np.array([100.0, 55, 50, 20, 30, 15, 20, 22])[:, None, None], strict=True)
)
SCALE = np.array([10.0, 6, 6, 3, 4, 3, 3, 4])[:, None]
ERRORS = SCALE * (
    np.random.default_rng(7).normal(size=(8, 24))
    + 0.5 * np.random.default_rng(8).normal(size=24)
)


def values(found):
    return [float(found[name][0, 0]) for name in NAMES]


@pytest.mark.oracle
def test_mint_is_that_of_hierarchicalforecast():
    """hierarchicalforecast 1.5.3, `MinTrace("mint_shrink")`, on the same errors."""
    errors = (
        np.random.default_rng(7).normal(size=(8, 24)) * SCALE
        + 0.5 * np.random.default_rng(8).normal(size=24) * SCALE
    )
    structure = structure_of(NAMES, IDENTITIES)
    expected = [
        102.8569225713, 50.5750227793, 52.2818997920, 20.2086945300,
        30.3663282493, 13.6056356193, 18.8754257433, 19.8008384294,
    ]  # fmt: skip
    assert values(reconcile(BASE, structure, errors=errors)) == pytest.approx(
        expected, abs=1e-8
    )
    below = [107, 50, 57, 20, 30, 15, 20, 22]
    assert values(reconcile(BASE, structure, method="bottom-up")) == pytest.approx(below)


def test_shrinkage_is_schaefers_and_strimmers():
    """Written from the paper's table 2: standardised data, unbiased correlations, target D."""
    count = ERRORS.shape[1]
    x = (ERRORS - ERRORS.mean(1, keepdims=True)) / ERRORS.std(1, ddof=1, keepdims=True)
    top = bottom = 0.0
    for i in range(8):
        for j in range(8):
            if i != j:
                w = x[i] * x[j]
                top += count / (count - 1) ** 3 * ((w - w.mean()) ** 2).sum()
                bottom += (count / (count - 1) * w.mean()) ** 2
    share = min(1.0, top / bottom)
    expected = np.cov(ERRORS) * (1 - share)
    np.fill_diagonal(expected, np.cov(ERRORS).diagonal())
    assert shrunk(ERRORS) == pytest.approx(expected, rel=1e-6)


def test_draws_add_up_and_no_count_falls_below_nought():
    rng = np.random.default_rng(1)
    draws = {
        name: rng.normal(base, SCALE[at], size=(3, 500))
        for at, (name, base) in enumerate(
            zip(NAMES, [100, 55, 50, 2, 30, 15, 20, 22], strict=True)
        )
    }
    found = reconcile(
        draws, structure_of(NAMES, IDENTITIES), errors=ERRORS, floors=dict.fromkeys(NAMES, 0.0)
    )
    assert found["total"] == pytest.approx(found["A"] + found["B"])
    assert found["B"] == pytest.approx(found["B1"] + found["B2"] + found["B3"])
    assert min(one.min() for one in found.values()) == 0


def test_conditioning_is_bayes_rule():
    """Two Poisson parts and a Poisson forecast of their sum: exact by enumeration."""
    rng = np.random.default_rng(2)
    draws = {
        "s": np.zeros((1, 200_000)),
        "a": rng.poisson(8, (1, 200_000)).astype(float),
        "b": rng.poisson(12, (1, 200_000)).astype(float),
    }
    upper = stats.norm.ppf(PROBS, 26, 3)[None]
    found = reconcile(
        draws,
        structure_of(["s", "a", "b"], [parse_identity("s = a + b")]),
        method="conditioning",
        quantiles={"s": upper},
    )
    a, b = np.meshgrid(np.arange(60), np.arange(60), indexing="ij")
    weight = stats.poisson.pmf(a, 8) * stats.poisson.pmf(b, 12) * stats.norm.pdf(a + b, 26, 3)
    weight /= weight.sum()
    assert found["a"].mean() == pytest.approx((weight * a).sum(), rel=0.02)
    assert found["s"].mean() == pytest.approx((weight * (a + b)).sum(), rel=0.02)
    assert found["s"].std() < 3
    assert (found["s"] == found["a"] + found["b"]).all()
    assert set(np.unique(found["a"] % 1)) == {0.0}
    with pytest.raises(DataError, match="contradict"):
        reconcile(
            draws,
            structure_of(["s", "a", "b"], [parse_identity("s = a + b")]),
            method="conditioning",
            quantiles={"s": upper + 500},
        )


def panel(months=72):
    rng = np.random.default_rng(3)
    common = rng.normal(size=months)
    season = 20 * np.sin(np.arange(months) * np.pi / 6)
    came = np.round(200 + season + 10 * common + 3 * rng.normal(size=months))
    left = np.round(150 + season + 9 * common + 3 * rng.normal(size=months))
    periods = tuple(step_on("2018-01", at) for at in range(months))
    return [
        Series(name, "month", periods, one) for name, one in (("came", came), ("left", left))
    ]


def test_a_balance_is_made_of_joint_draws():
    found = forecast(panel(), 6, identities=[parse_identity("net = came - left")], draws=4000)
    assert found.draws["net"] == pytest.approx(found.draws["came"] - found.draws["left"])
    apart = np.sqrt(found.draws["came"].var() + found.draws["left"].var())
    assert found.draws["net"].std() < 0.8 * apart  # they rise and fall together
    told = [one for one in found.ahead if one.series == "net"]
    assert [one.model for one in told] == [RECONCILED] * 6
    assert told[0].period == "2024-01"


def test_a_nation_and_its_regions_agree():
    rng = np.random.default_rng(4)
    periods = tuple(step_on("2018-01", at) for at in range(60))
    north, south = (np.round(100 + rng.normal(size=60).cumsum()) for _ in range(2))
    series = [
        Series(name, "month", periods, one)
        for name, one in (("nation", north + south), ("north", north), ("south", south))
    ]
    for method in ("mint", "bottom-up", "conditioning"):
        found = forecast(
            series, 3, identities=[parse_identity("nation = north + south")], method=method
        )
        parts = found.draws["north"] + found.draws["south"]
        assert found.draws["nation"] == pytest.approx(parts)
    assert [one.period for one in found.years] == []


def test_wrong_identities_are_faults():
    for text in ("net", "net = ", "= a + b", "net=a+b"):
        with pytest.raises(DataError, match="no identity"):
            parse_identity(text)
    with pytest.raises(DataError, match="no such series"):
        structure_of(["a"], [parse_identity("s = a + b")])
    with pytest.raises(DataError, match="circle"):
        structure_of(["a"], [parse_identity("s = t + a"), parse_identity("t = s + a")])
    with pytest.raises(DataError, match="twice"):
        structure_of(["a", "b"], [parse_identity("s = a + b"), parse_identity("s = a - b")])
    came, left = panel()
    wrong = Series("net", "month", came.periods, came.values)
    with pytest.raises(DataError, match="does not add up in 2018-01"):
        check_history([came, left, wrong], [parse_identity("net = came - left")])
    short = Series("left", "month", left.periods[:-2], left.values[:-2])
    with pytest.raises(DataError, match="end together"):
        check_history([came, short], [parse_identity("net = came - left")])
