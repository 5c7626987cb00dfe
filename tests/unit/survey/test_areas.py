"""Regions with few answers: modelled when the model fits, suppressed when it does not."""

import numpy as np
import polars as pl
import pytest

from qonys.core.errors import DataError
from qonys.survey.areas import fay_herriot, small_areas
from qonys.survey.design import Design
from qonys.survey.microdata import Microdata

REGIONS = 16


def country(seed, spread=0.5, odd=0.0, sizes=(12, 200)):
    """Answers of regions whose true means lie about a line; one region may lie far off it."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-1, 1, REGIONS)
    truth = 5 + 2 * x + spread * rng.normal(size=REGIONS)
    truth[3] += odd
    n = rng.integers(*sizes, REGIONS)
    region = np.repeat([f"R{at:02d}" for at in range(REGIONS)], n)
    income = np.repeat(truth, n) + 2 * rng.normal(size=n.sum())
    frame = pl.DataFrame(
        {
            "w": rng.uniform(50, 60, n.sum()),
            "region": region,
            "income": income,
            "rich": np.where(income > 6, "yes", "no"),
        }
    )
    covariates = pl.DataFrame({"region": [f"R{at:02d}" for at in range(REGIONS)], "x": x})
    return Microdata(frame, Design("w", strata=("region",))), covariates, truth


def test_few_answers_are_modelled_and_many_speak_for_themselves():
    data, covariates, _ = country(1)
    found = small_areas(data, "mean", "income", "region", covariates=covariates)
    assert found.check.fits, found.check.says
    for one in found.areas:
        if one.n >= 30:
            assert (one.shown, one.estimate, one.se) == ("direct", one.direct, one.direct_se)
        else:
            assert (one.shown, one.estimate, one.direct) == ("modelled", one.model, None)
            assert one.low < one.estimate < one.high
            assert 0 < one.weight < 1
    assert {one.shown for one in found.areas} == {"direct", "modelled"}


def test_where_the_model_does_not_fit_few_answers_are_suppressed():
    data, covariates, _ = country(1, spread=0.05, odd=9.0)
    found = small_areas(data, "mean", "income", "region", covariates=covariates)
    assert not found.check.fits
    assert any("left out lies" in reason for reason in found.check.says)
    assert {one.shown for one in found.areas} == {"direct", "suppressed"}
    for one in found.areas:
        assert one.model is None
        if one.shown == "suppressed":
            assert (one.estimate, one.se, one.low, one.high, one.direct) == (None,) * 5


def test_a_region_that_nobody_answered_in_is_modelled_with_the_widest_error():
    data, covariates, _ = country(2)
    fewer = Microdata(data.frame.filter(pl.col("region") != "R07"), data.design)
    found = small_areas(fewer, "mean", "income", "region", covariates=covariates)
    (alone,) = (one for one in found.areas if one.area == "R07")
    assert (alone.n, alone.shown, alone.weight) == (0, "modelled", 0.0)
    assert alone.se > max(one.model_se for one in found.areas if one.area != "R07")


def test_shares_stay_between_nobody_and_everybody():
    data, covariates, _ = country(6, spread=0.2)
    found = small_areas(
        data, "proportion", "rich", "region", level="yes", covariates=covariates, minimum=500
    )
    assert {one.shown for one in found.areas} == {"modelled"}
    assert all(0 <= one.low <= one.estimate <= one.high <= 1 for one in found.areas)


def test_too_few_regions_are_not_modelled():
    data, _, _ = country(4)
    some = Microdata(data.frame.filter(pl.col("region") < "R04"), data.design)
    found = small_areas(some, "mean", "income", "region")
    assert found.check.says == [
        "4 regions are too few, or a covariate speaks of one of them alone"
    ]
    assert "modelled" not in {one.shown for one in found.areas}


def test_all_faults_of_the_covariates_are_told():
    data, covariates, _ = country(5)

    def told(frame):
        with pytest.raises(DataError) as caught:
            small_areas(data, "mean", "income", "region", covariates=frame)
        return "\n".join(str(fault) for fault in caught.value.faults)

    assert "lack the column of the region" in told(covariates.rename({"region": "place"}))
    bad = pl.concat([covariates[:-1], covariates[:1]]).with_columns(name=pl.lit("a"))
    text = told(bad)
    assert "stands twice in the covariates ('R00')" in text
    assert "lack a region ('R15')" in text
    assert "column name: expected a number" in text
    assert "the same everywhere" in told(covariates.with_columns(x=pl.lit(1.0)))
    with pytest.raises(DataError, match="no such category"):
        small_areas(data, "proportion", "rich", "region", level="maybe")


def test_without_variation_between_areas_the_model_is_the_regression():
    direct = np.array([1.0, 1.1, 0.9, 1.05, 0.95, 1.0])
    fit = fay_herriot(direct, np.full(6, 4.0), np.ones((6, 1)))
    assert fit.spread == 0
    assert fit.estimates == pytest.approx(np.full(6, direct.mean()))
    assert (fit.mse > 0).all()


@pytest.mark.statistical
def test_the_model_is_nearer_the_truth_and_its_error_is_right():
    """Two hundred countries: mean squared error as stated, and below the region's own."""
    own, model, stated, covered = [], [], [], []
    for seed in range(200):
        data, covariates, truth = country(seed, sizes=(8, 40))
        found = small_areas(data, "mean", "income", "region", covariates=covariates, minimum=2)
        for one, true in zip(found.areas, truth, strict=True):
            if one.model is not None:
                own.append((one.direct - true) ** 2)
                model.append((one.model - true) ** 2)
                stated.append(one.model_se**2)
                covered.append(abs(one.model - true) < 1.96 * one.model_se)
    assert np.mean(model) < 0.9 * np.mean(own)
    assert np.mean(stated) == pytest.approx(np.mean(model), rel=0.1)
    assert 0.93 < np.mean(covered) < 0.97
