"""A design that would give a wrong standard error is refused, with every fault."""

import gzip

import polars as pl
import pytest

from qonys.core.errors import DataError
from qonys.survey.checking import check
from qonys.survey.design import Calibration, Design, read_design, write_design
from qonys.survey.reading import read_microdata

WEIGHTS = [10.0, 10.0, 12.0, 12.0, 8.0, 8.0, 20.0, 20.0, 25.0, 25.0, 15.0, 15.0]
DESIGN = Design("weight", strata=("region",), cluster=("village",))


def faults(call, *arguments):
    with pytest.raises(DataError) as caught:
        call(*arguments)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("value", [-1.0, 0.0, None, float("nan"), float("inf")])
def test_a_weight_that_is_none_or_not_above_zero_is_named_with_its_row(sample, value):
    weights = [*WEIGHTS[:3], value, *WEIGHTS[4:]]
    (fault,) = faults(check, sample(weight=weights))
    assert "row 5, column weight: expected a weight above 0" in fault


def test_many_faults_are_counted_after_a_few(sample):
    found = faults(check, sample(weight=[-1.0] * 12))
    assert len(found) == 6
    assert "in 7 more rows" in found[-1]


def test_weights_that_do_not_sum_to_the_stated_population_are_refused(sample):
    design = Design("weight", population=1800.0)
    (fault,) = faults(check, sample(design))
    assert "the weights sum to 180, the population is 1,800" in fault
    check(sample(Design("weight", population=181.0)))


def test_weights_that_do_not_sum_to_the_fpc_are_refused(sample):
    design = Design("weight", strata=("region",), fpc=("size",))
    check(sample(design, size=[60] * 6 + [120] * 6))
    found = faults(check, sample(design, size=[60] * 6 + [1200] * 6))
    assert found == [
        "sample.csv, column weight: the weights sum to 120, the population is 1,200 "
        "(region south). They may differ by 5%: mend the weights or the column size."
    ]


def test_a_stratum_with_one_cluster_is_refused_unless_there_is_no_other(sample):
    lone = [1, 1, 2, 2, 3, 3, 7, 7, 7, 7, 7, 7]
    (fault,) = faults(check, sample(village=lone))
    assert "one village only in the stratum south: no variance can be told" in fault
    certain = Design("weight", strata=("region",), cluster=("village",), fpc=("size",))
    check(sample(certain, village=lone, size=[30] * 6 + [1] * 6))


def test_a_second_stage_with_one_of_several_units_is_refused(sample):
    design = Design("weight", cluster=("village", "house"), fpc=("size", "houses"))
    houses = [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]
    sizes = {"size": [30] * 12, "houses": [40] * 12}
    check(sample(design, house=houses, **sizes))
    found = faults(
        check, sample(design, house=[1, 1, *houses[2:6], 1, 1, *houses[8:]], **sizes)
    )
    assert "one house of several drawn in the cluster 1" in found[0]


def test_a_population_smaller_than_its_sample_or_with_two_sizes_is_refused(sample):
    design = Design("weight", strata=("region",), cluster=("village",), fpc=("size",))
    assert "3 drawn of fewer" in faults(check, sample(design, size=[2] * 12))[0]
    assert "two population sizes" in faults(check, sample(design, size=[9, *[8] * 11]))[0]


def test_a_missing_cluster_is_refused(sample):
    assert (
        "missing value in the design"
        in faults(check, sample(village=[None] + [1, 2] * 5 + [2]))[0]
    )


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"r1": [1.0] * 12}, "sums to 12, the weights to 180"),
        ({"r1": [-1.0, *WEIGHTS[1:]]}, "expected a replicate weight of 0 or more"),
        ({"r1": ["a"] * 12}, "expected a number ('a')"),
    ],
)
def test_replicate_weights_that_are_none_are_refused(sample, columns, problem):
    design = Design("weight", replicate_weights=("r1", "r2"), replicate_kind="bootstrap")
    found = faults(check, sample(design, **{"r2": WEIGHTS, **columns}))
    assert problem in found[0]


def test_a_file_is_read_with_its_replicates_in_the_order_of_their_numbers(sample, tmp_path):
    names = [f"w{number}" for number in range(1, 12)]
    frame = sample().frame.with_columns(
        pl.col("weight").alias(name) for name in reversed(names)
    )
    path = tmp_path / "people.csv.gz"
    path.write_bytes(gzip.compress(frame.write_csv().encode()))
    design = Design("weight", replicate_weights=("w*",), replicate_kind="bootstrap")
    data = read_microdata(path, design, ["income"])
    assert data.design.replicate_weights == tuple(names)
    assert data.frame.columns == ["income", "weight", *names]
    assert data.frame["income"].null_count() == 1
    parquet = tmp_path / "people.parquet"
    frame.write_parquet(parquet)
    assert read_microdata(parquet, design, ["income"]).frame.equals(data.frame)


def test_every_unknown_column_is_named_with_those_near_it(sample, tmp_path):
    path = tmp_path / "people.csv"
    sample().frame.write_csv(path)
    design = Design("weigth", strata=("region",), cluster=("town",), file="d.toml")
    found = faults(read_microdata, path, design, ["incom"])
    assert found[0] == "d.toml: the design names a column that the file has not ('weigth')"
    assert found[1] == "d.toml: the design names a column that the file has not ('town')"
    assert found[2] == "people.csv: no such column ('incom'). Near: income."


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.csv", "", "no respondents"),
        ("a.csv", "weight,income\n", "no respondents"),
        ("a.csv", "weight,income\n1\n2,3,4\n", "cannot be read"),
        ("a.csv", "weight,weight\n1,2\n", "two columns of one name"),
        ("a.sav", "x", "unknown kind of file"),
        ("a.parquet", "x", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault(tmp_path, name, text, problem):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert problem in faults(read_microdata, path, Design("weight"), ["income"])[0]


def test_a_design_is_written_as_it_was_read(sample, tmp_path):
    path = tmp_path / "design.toml"
    calibration = Calibration("before", "rake", ("sex", 'age "group"'), ("income",))
    design = Design(
        "weight",
        replicate_weights=("r*",),
        replicate_kind="Fay",
        fay_rho=0.3,
        population=1e6,
        calibration=calibration,
    )
    path.write_text(write_design(design), encoding="utf-8")
    assert read_design(path) == design
    path.write_text(write_design(DESIGN), encoding="utf-8")
    assert read_design(path) == DESIGN


def test_all_faults_of_a_design_are_told_at_once(tmp_path):
    path = tmp_path / "design.toml"
    path.write_text(
        'weight = "w"\nstrata = ["a", "b"]\ncluster = ["a", "b", "c"]\nfpc = 3\n'
        'replicate_kind = "jk9"\nfay_rho = 1.5\npopulation = "many"\n'
        '[calibration]\nmethod = "magic"\n',
        encoding="utf-8",
    )
    found = "\n".join(faults(read_design, path))
    for part in (
        "column weight: unknown field",
        "column weights: no weights",
        "column strata: strata of a later stage",
        "column cluster: more than 2 stages",
        "column fpc: expected a column",
        "column replicate_kind: unknown value ('jk9')",
        "column fay_rho: expected 0 up to",
        "column population: expected a number",
        "column method: unknown value ('magic')",
    ):
        assert part in found, part


def test_without_strata_clusters_or_replicates_only_the_weights_speak(sample):
    assert Design("w").inference == "weights only"
    assert DESIGN.inference == "full design"
    assert (
        Design("w", replicate_weights=("r*",), replicate_kind="SDR").inference == "full design"
    )
