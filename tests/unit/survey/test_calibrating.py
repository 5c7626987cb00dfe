"""Weights fitted to totals: reached, bounded, trimmed, or refused."""

from dataclasses import replace

import numpy as np
import pytest

from qonys.core.errors import DataError
from qonys.survey.calibrating import Margins, calibrate, kish, outcomes, read_margins, trim
from qonys.survey.design import Design
from qonys.survey.estimates import estimate

SEX = {"f": 100.0, "m": 80.0}
FAR = Margins({}, {"work": 9e9})
MARGINS = Margins({"sex": SEX, "region": {"north": 70.0, "south": 110.0}}, {})


def problem(call, *arguments, **named):
    with pytest.raises(DataError) as caught:
        call(*arguments, **named)
    return "\n".join(str(fault) for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("method", "bounds"),
    [("rake", None), ("linear", None), ("truncated", (0.5, 2.0)), ("logit", (0.5, 2.0))],
)
def test_every_method_reaches_every_margin(sample, method, bounds):
    found = calibrate(sample(), MARGINS, method, bounds=bounds)
    weights = found.data.weights
    sex = found.data.frame["sex"].to_numpy()
    assert weights[sex == "f"].sum() == pytest.approx(100, rel=1e-12)
    assert [one.after for one in found.margins] == pytest.approx([100, 80, 70, 110], rel=1e-10)
    assert found.data.design.weights == "calibrated"
    assert found.data.design.calibration.weights == "weight"
    if bounds:
        assert bounds[0] <= found.ratios[0] < found.ratios[1] <= bounds[1]


def test_raking_by_sweeps_and_by_newton_agree(sample):
    with_number = Margins(MARGINS.categories, {"one": 180.0})
    one = calibrate(sample(one=[1.0] * 12), with_number, "rake").data.weights
    other = calibrate(sample(), MARGINS, "rake").data.weights
    assert one == pytest.approx(other, rel=1e-9)


def test_shares_are_scaled_to_the_sum_of_the_weights(sample):
    found = calibrate(sample(), Margins({"sex": {"f": 60.0, "m": 40.0}}, {}), shares=True)
    assert [one.after for one in found.margins] == pytest.approx([108, 72])


@pytest.mark.parametrize(
    ("margins", "named", "text"),
    [
        (Margins({"sex": {"f": 100.0}}, {}), {}, "no total for the category m of sex"),
        (Margins({"sex": {**SEX, "x": 3.0}}, {}), {}, "no respondent in the category x of sex"),
        (Margins({"age": SEX}, {}), {}, "no such column ('age')"),
        (Margins({}, {"income": 5.0}), {}, "1 respondents have no value"),
        (FAR, {"method": "logit", "bounds": (0.5, 2)}, "cannot be reached"),
        (MARGINS, {"method": "logit", "bounds": (0.99, 1.01)}, "cannot be reached"),
        (MARGINS, {"method": "logit"}, "logit needs bounds"),
        (MARGINS, {"method": "rake", "bounds": (0.5, 2)}, "rake knows no bounds"),
        (MARGINS, {"method": "logit", "bounds": (1.2, 2)}, "impossible bounds"),
        (MARGINS, {"method": "magic"}, "unknown method"),
        (MARGINS, {"name": "sex"}, "the file has this column already"),
        (MARGINS, {"tolerance": 0}, "expected a tolerance"),
        (MARGINS, {"method": "logit", "bounds": (0.5, float("inf"))}, "impossible bounds"),
        (Margins({"sex": {"f": 0.5, "m": 0.5}}, {}), {}, "Give --shares, or totals"),
        (MARGINS, {"shares": True}, "not to 1 or 100"),
        (FAR, {"shares": True}, "a number has a total, no share"),
        (MARGINS, {"limits": (5, 2)}, "impossible limits"),
        (MARGINS, {"limits": (14.9, 15.1)}, "cannot take what is cut"),
    ],
)  # fmt: skip
def test_what_cannot_be_reached_is_a_fault(sample, margins, named, text):
    assert text in problem(calibrate, sample(), margins, **named)


def test_margins_that_cross_without_a_solution_are_refused(sample):
    nested = ["f"] * 6 + ["m"] * 6  # sex is region here, so its margins cannot differ
    assert "cannot be reached" in problem(calibrate, sample(sex=nested), MARGINS, "rake")
    assert "cannot be reached" in problem(calibrate, sample(sex=nested), MARGINS, "linear")


def test_replicates_are_fitted_too(sample):
    weights = np.array(sample().frame["weight"])
    columns = {
        f"r{n}": (weights * np.where(np.arange(12) % 3 == n, 0, 1.5)).tolist() for n in range(3)
    }
    design = Design("weight", replicate_weights=tuple(columns), replicate_kind="JK1")
    data = calibrate(sample(design, **columns), MARGINS, "rake").data
    assert data.design.replicate_weights == ("calibrated1", "calibrated2", "calibrated3")
    sex = data.frame["sex"].to_numpy()
    for name in data.design.replicate_weights:
        assert data.frame[name].to_numpy()[sex == "f"].sum() == pytest.approx(100)


def test_calibrated_weights_are_not_calibrated_again(sample):
    data = calibrate(sample(), MARGINS).data
    assert "calibrated already" in problem(calibrate, data, MARGINS, name="again")


def test_trimming_keeps_the_sum_and_the_limits(sample):
    weights = np.array([1.0, 5, 6, 7, 30])
    cut = trim(weights, 3, 20)
    assert cut.sum() == weights.sum()
    assert (cut.min(), cut.max()) == (3, 20)
    found = calibrate(sample(), MARGINS, limits=(9.0, 30.0))
    assert found.trimmed > 0
    assert found.data.design.calibration is None  # no margin holds, so none is certain
    assert max(abs(one.error) for one in found.margins) > 1e-3


def test_the_cost_is_told_for_weights_and_for_each_outcome(sample):
    assert kish(np.full(5, 3.0)) == 1
    found = calibrate(sample(), MARGINS)
    assert found.kish == (kish(sample().weights), kish(found.data.weights))
    (income,) = outcomes(sample(), found.data, ["income"])
    assert income.estimate[0] != income.estimate[1]
    assert None not in income.deff


def test_margins_are_read_with_all_their_faults(tmp_path):
    path = tmp_path / "margins.toml"
    path.write_text('income = 5\n[sex]\nf = 1\nm = 2\n["sch.wide"]\nNo = 3\n', encoding="utf-8")
    found = read_margins(path)
    assert found.categories == {"sex": {"f": 1.0, "m": 2.0}, "sch.wide": {"No": 3.0}}
    assert found.numbers == {"income": 5.0}
    path.write_text("[margins.sex]\nf = 1\nm = 2\n", encoding="utf-8")
    assert read_margins(path).categories == {"sex": {"f": 1.0, "m": 2.0}}
    path.write_text("[sex]\nf = -1\nm = 'x'\n[sch.wide]\nNo = 3\n", encoding="utf-8")
    text = problem(read_margins, path)
    assert text.count("expected a total above 0") == 3
    assert '["sch.wide"]' in text
    path.write_text("[sex]\nf = 1\nm = 2\n[age]\nold = 9\n", encoding="utf-8")
    assert "different populations" in problem(read_margins, path)
    path.write_text("", encoding="utf-8")
    assert "no margin" in problem(read_margins, path)


def test_the_variance_knows_the_calibration(sample):
    north = [1.0] * 6 + [0.0] * 6
    found = calibrate(sample(flag=north), MARGINS, "linear").data
    (known,) = estimate(found, "total", "flag")
    assert (known.estimate, known.se) == (pytest.approx(70), pytest.approx(0, abs=1e-9))
    forgetful = replace(found, design=replace(found.design, calibration=None))
    assert estimate(forgetful, "mean", "work")[0].se != estimate(found, "mean", "work")[0].se
