"""Designs and files that once gave a wrong number without a word: now a fault, or right."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from qonys.core.errors import DataError
from qonys.survey.areas import small_areas
from qonys.survey.calibrating import Margins, calibrate
from qonys.survey.checking import check
from qonys.survey.comparing import compare, multiple
from qonys.survey.design import Design, read_design
from qonys.survey.estimates import estimate
from qonys.survey.microdata import Microdata
from qonys.survey.reading import read_frame, read_microdata, read_untouched

SEX = Margins({"sex": {"f": 100.0, "m": 80.0}}, {})


def problem(call, *arguments, **named):
    with pytest.raises(DataError) as caught:
        call(*arguments, **named)
    return "\n".join(str(fault) for fault in caught.value.faults)


def test_a_calibrated_file_that_lost_rows_or_values_is_refused(sample):
    data = calibrate(sample(), SEX).data
    check(data)
    lost = replace(data, frame=data.frame[1:])
    assert "do not give the totals that they were fitted to" in problem(check, lost)
    gap = pl.when(pl.arange(12) > 0).then(pl.col("weight")).alias("weight")
    empty = replace(data, frame=data.frame.with_columns(gap))
    assert "column weight: expected a weight above 0" in problem(check, empty)
    none = pl.lit(None, dtype=pl.String).alias("sex")
    assert "missing value in the calibration" in problem(
        check, replace(data, frame=data.frame.with_columns(none))
    )


def test_weights_that_come_out_negative_are_refused(sample):
    far = Margins({"region": {"north": 70.0, "south": 110.0}}, {"income2": 900.0})
    data = sample(income2=[3.0, 5, 1, 4, 8, 6, 1, 2, 2, 4, 3, 3])
    assert "weights come out at 0 or below" in problem(calibrate, data, far, "linear")


def test_comparing_a_variable_that_is_a_stratum_leaves_the_design_alone(sample):
    by_region = compare(sample(), "proportion", "region", "sex")
    copied = compare(
        sample(copy=sample().frame["region"].to_list()), "proportion", "copy", "sex"
    )
    for one, other in zip(by_region, copied, strict=True):
        assert (one.se, one.df) == (pytest.approx(other.se, abs=1e-12), other.df)
    assert "not compared by itself" in problem(compare, sample(), "proportion", "sex", "sex")


def test_holms_p_allows_for_all_levels(sample):
    found = compare(sample(kind=["a", "b", "c", "d"] * 3), "proportion", "kind", "sex")
    least = min((one for one in found if one.p is not None), key=lambda one: one.p)
    told = sum(one.p is not None for one in found)
    assert least.p_holm == pytest.approx(min(len(found) * least.p, 1.0))
    assert told <= len(found) == 4


def test_items_with_odd_names_or_in_the_design_are_counted(sample):
    frame = sample().frame.rename({"work": "a/b", "study": "a and b"})
    data = Microdata(frame, sample().design)
    plain = multiple(sample(), ["work", "study"])
    odd = multiple(data, ["a/b", "a and b"])
    assert [one.se for one in odd.shares] == [one.se for one in plain.shares]
    strata = Design("weight", strata=("work",))
    twice = multiple(sample(strata, other=sample().frame["work"].to_list()), ["work", "study"])
    other = multiple(sample(strata, other=sample().frame["work"].to_list()), ["other", "study"])
    assert twice.shares[0].se == pytest.approx(other.shares[0].se, abs=1e-12)


def jackknife(sample, kept):
    weights = np.array(sample().frame["weight"])
    village = np.array(sample().frame["village"])
    columns = {f"r{n}": np.where(village == n, 0, weights * 1.5).tolist() for n in (1, 2, 3)}
    names = tuple(columns)[:kept]
    design = Design(
        "weight", cluster=("village",), replicate_weights=names, replicate_kind="JK1"
    )
    return sample(design, **columns)


def test_a_jackknife_that_is_not_whole_is_refused(sample):
    check(jackknife(sample, 3))
    assert "2 replicates of 3 clusters" in problem(check, jackknife(sample, 2))


def test_a_jackknife_of_strata_must_know_them(sample):
    whole = jackknife(sample, 3)
    unknown = replace(whole, design=replace(whole.design, replicate_kind="JKn"))
    assert "JKn needs to know its strata" in problem(check, unknown)


def test_a_domain_of_replicates_has_the_degrees_of_freedom_of_its_own_clusters(sample):
    some = ["yes"] * 4 + ["no"] * 8
    data = jackknife(sample, 3)
    data = replace(data, frame=data.frame.with_columns(pl.Series("some", some)))
    found = {one.by["some"]: one for one in estimate(data, "mean", "work", ["some"])}
    assert (found["yes"].df, found["no"].df) == (1, 2)


def test_replicates_that_were_not_multiplied_are_refused_whatever_they_sum_to():
    rng = np.random.default_rng(1)
    weights = rng.uniform(0.2, 1.8, 600)
    weights *= 600 / weights.sum()
    names = tuple(f"r{n}" for n in range(40))
    factors = {n: rng.multinomial(600, np.ones(600) / 600).astype(float) for n in names}
    design = Design("w", replicate_weights=names, replicate_kind="bootstrap")
    bare = Microdata(pl.DataFrame({"w": weights, **factors}), design)
    assert "the replicates do not follow the weights" in problem(check, bare)
    scaled = {name: column * weights for name, column in factors.items()}
    check(Microdata(pl.DataFrame({"w": weights, **scaled}), design))


def test_a_design_whose_parts_would_be_ignored_is_refused(tmp_path):
    path = tmp_path / "d.toml"
    path.write_text(
        'weights = "w"\nfpc = "n"\nreplicate_weights = ["r1", "r1"]\n'
        'replicate_kind = "BRR"\nfay_rho = 0.3\npopulation = nan\nreplicate_scale = inf\n',
        encoding="utf-8",
    )
    text = problem(read_design, path)
    for part in (
        "column fay_rho: goes with Fay's method, and only with it",
        "column fpc: counts with the jackknife alone",
        "column population: expected a number",
        "column replicate_scale: expected a number",
        "column replicate_weights: a column is named twice",
    ):
        assert part in text, part
    design = Design("w", replicate_weights=("r*", "r1"), replicate_kind="SDR")
    assert "a replicate is named twice" in problem(design.columns, ["w", "r1", "r2"])


def test_parquet_and_csv_have_the_same_missing_values(tmp_path):
    frame = pl.DataFrame({"a": ["x", "NA", ""], "b": [1.0, float("nan"), 3.0]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.csv")
    for name in ("a.parquet", "a.csv"):
        found = read_frame(tmp_path / name)
        assert found["a"].null_count() == 2
        assert found["b"].null_count() == 1


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("w;доход\n1;2\n3;4\n".encode(), "fields are not separated by commas"),
        ("w,доход\n1,2\n3,4\n".encode("cp1251"), "the text is not in UTF-8"),
        ("w,a\n1,доход\n3,4\n".encode("cp1251"), "the text is not in UTF-8"),
    ],
)
def test_files_of_another_office_programme_are_named_for_what_they_are(tmp_path, content, text):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert text in problem(read_microdata, path, Design("w"))


def test_covariates_that_speak_of_one_region_alone_give_no_model():
    rng = np.random.default_rng(2)
    region = np.repeat([f"R{at}" for at in range(9)], 12)
    frame = pl.DataFrame({"w": np.ones(108) * 9, "region": region, "y": rng.normal(size=108)})
    data = Microdata(frame, Design("w", strata=("region",)))
    capital = pl.DataFrame(
        {"region": [f"R{at}" for at in range(9)], "capital": [1.0] + [0.0] * 8}
    )
    found = small_areas(data, "mean", "y", "region", covariates=capital)
    assert "a covariate speaks of one of them alone" in found.check.says[0]
    empty = capital.select("region")
    assert "no covariates" in problem(
        small_areas, data, "mean", "y", "region", covariates=empty
    )
    infinite = capital.with_columns(capital=pl.lit(float("inf")))
    assert "expected a number in every row" in problem(
        small_areas, data, "mean", "y", "region", covariates=infinite
    )


def test_codes_stay_codes_and_other_columns_stay_as_they_were(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(
        "w,code,iin,when\n10,01,010000000000,2024-11-13 10:00\n12,02,020000000000,NA\n",
        encoding="utf-8",
    )
    design = Design("w")
    data = read_microdata(path, design, ["code"], ["code"])
    found = [one.level for one in estimate(data, "proportion", "code")]
    assert found == ["01", "02"]
    untouched = read_untouched(path)
    assert untouched["iin"].to_list() == ["010000000000", "020000000000"]
    assert untouched["when"].to_list() == ["2024-11-13 10:00", "NA"]


def test_whole_numbers_that_a_table_holds_as_fractions_are_the_categories(sample):
    margins = Margins({"kind": {"1": 100.0, "2": 80.0}}, {})
    found = calibrate(sample(kind=[1.0, 2.0] * 6), margins)
    assert [one.after for one in found.margins] == pytest.approx([100, 80])


def test_the_value_that_is_no_number_is_shown_with_its_row(sample):
    mixed = [str(at) for at in range(11)] + ["refused"]
    text = problem(estimate, sample(mixed=mixed), "mean", "mixed")
    assert "row 13, column mixed: expected numbers ('refused')" in text
    infinite = [1.0] * 11 + [float("inf")]
    assert "('inf')" in problem(estimate, sample(mixed=infinite), "mean", "mixed")


def test_weights_that_sum_to_the_respondents_exhaust_no_population(sample):
    weights = np.array(sample().frame["weight"])
    people = estimate(sample(), "mean", "work", ["sex"])
    normal = estimate(sample(weight=weights / weights.mean()), "mean", "work", ["sex"])
    for one, other in zip(people, normal, strict=True):
        assert other.deff == pytest.approx(one.deff, rel=0.1)


def test_the_solver_reaches_what_can_be_reached(sample):
    data = sample()
    truth = np.where(data.frame["sex"].to_numpy() == "f", 1.55, 0.97) * data.weights
    sex = {one: float(truth[data.frame["sex"].to_numpy() == one].sum()) for one in "fm"}
    for bounds in ((0.95, 1.6), (0.95, 1.7), (0.96, 1.56)):
        found = calibrate(data, Margins({"sex": sex}, {}), "logit", bounds=bounds)
        assert bounds[0] <= found.ratios[0] < found.ratios[1] <= bounds[1]
