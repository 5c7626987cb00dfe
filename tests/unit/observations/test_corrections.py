"""Corrections are data: each must find its rows, change what it says, and nothing else."""

import csv
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from qonys.core.country import Country
from qonys.core.errors import DataError
from qonys.core.observations import parse_cell
from qonys.observations.load import prepare, stage_pack, unmatched_corrections
from qonys.observations.reading import Query, View, read
from qonys.observations.store import open_store

FIELDS = ["id", "source", "measure", "ref_area", "time_period", "column"]
FIELDS += ["old", "new", "reason", "added"]


@pytest.fixture
def corrected(fictional, tmp_path):
    """The invented country with other corrections, in a store."""

    def build(*rows: dict[str, str]) -> View:
        folder = Path(shutil.copytree(str(fictional.folder), tmp_path / "corrected"))
        with (folder / "corrections.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, FIELDS)
            writer.writeheader()
            for number, row in enumerate(rows):
                plain = dict.fromkeys(FIELDS, "") | {"id": f"t-{number}", "reason": "a test"}
                writer.writerow(plain | row)
        country = Country(folder)
        return View(open_store(tmp_path / "store", country), country, date(2030, 1, 1))

    return build


@pytest.mark.parametrize("name", ["kaz", "fictional"])
def test_every_correction_of_a_country_finds_a_row(name, request):
    country = request.getfixturevalue(name)
    con = duckdb.connect()
    stage_pack(con, country)
    prepare(con, country)
    assert unmatched_corrections(con, country) == []
    con.close()


def test_a_correction_that_finds_no_row_is_named(corrected):
    with pytest.raises(DataError, match="t-0: corrects no row"):
        corrected({"source": "herald", "measure": "visa", "column": "obs_status", "new": "U"})


def test_a_release_by_the_year_of_the_period(corrected):
    view = corrected(
        {"source": "xbo-office", "column": "released", "old": "2025-03-20",
         "new": "Y+1-03-01/Y+1-03-31"}
    )  # fmt: skip
    row = view.row(parse_cell("emigrants:XBO:WORLD:2010"))
    assert (row.released_from, row.released_to) == (date(2011, 3, 1), date(2011, 3, 31))
    other = view.rows(parse_cell("emigrants:XBO:WORLD:2024"))[1]
    assert (other.vintage, other.released_to) == ("2025-02-10", date(2025, 2, 10))


@pytest.mark.parametrize("old", ["", "8600", "8600.0"])
def test_a_value_is_corrected_and_its_interval_with_it(corrected, old):
    view = corrected(
        {"source": "courier", "time_period": "2019", "column": "obs_value", "old": old,
         "new": "8650"}
    )  # fmt: skip
    (row,) = [
        r for r in view.rows(parse_cell("emigrants:XBO:WORLD:2019")) if r.source == "courier"
    ]
    assert (row.value, row.low, row.high) == (8650, 8600, 8700)


@pytest.mark.parametrize(
    ("column", "new", "low", "high"),
    [("precision", "10", 8195, 8210), ("qualifier", "about", 8050, 8350)],
)
def test_precision_and_qualifier_change_the_interval(corrected, column, new, low, high):
    view = corrected({"source": "herald", "time_period": "2019", "column": column, "new": new})
    (row,) = [
        r for r in view.rows(parse_cell("emigrants:XBO:WORLD:2019")) if r.source == "herald"
    ]
    assert (row.low, row.high) == (low, high)


def test_another_old_value_means_that_the_correction_does_not_apply(corrected):
    with pytest.raises(DataError, match="t-0: corrects no row"):
        corrected(
            {"source": "courier", "time_period": "2019", "column": "obs_status", "old": "P",
             "new": "U"}
        )  # fmt: skip


def test_quotes_are_only_text(corrected):
    with pytest.raises(DataError, match="corrects no row"):
        corrected({"source": "o'clock", "column": "obs_status", "new": "U"})


def test_a_star_stands_for_any_ending(corrected):
    view = corrected(
        {"measure": "emigr*", "time_period": "2025-*", "column": "obs_status", "new": "U"},
    )
    every = list(read(view.store, view.country, Query(preferred=False)))
    changed = {str(row.cell) for row in every if row.obs_status == "U"}
    assert changed == {"emigrants:XBO:WORLD:2025-01/2025-04"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"column": "relased", "new": "2025-01-01"},
        {"column": "unit", "new": "percent"},
        {"column": "released", "new": "soon"},
        {"column": "released", "new": "Y+1"},
        {"column": "obs_value", "new": "many"},
        {"column": "precision", "new": "0"},
        {"column": "obs_status", "new": "Z"},
        {"column": "qualifier", "new": "roughly"},
        {"column": "obs_status", "new": "U", "reason": ""},
    ],
)
def test_a_correction_that_makes_no_sense_is_a_fault_that_names_it(corrected, wrong):
    with pytest.raises(DataError, match=r"t-0|corrections\.csv, row 2"):
        corrected({"source": "herald"} | wrong)
