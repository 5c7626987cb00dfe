"""A bad file reports all its faults at once, with file, row and column, and adds nothing."""

import pytest

from qonys.core.errors import DataError
from qonys.observations.store import open_store


@pytest.fixture
def bor(fictional, tmp_path):
    return open_store(tmp_path / "bor", fictional)


def faults_of(bor, country, add_rows, rows):
    before = (bor.home / "manifest.json").read_bytes()
    files = sorted(path.name for path in bor.folder.iterdir())
    with pytest.raises(DataError) as caught:
        add_rows(bor, country, rows)
    assert (bor.home / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in bor.folder.iterdir()) == files
    return caught.value.faults


ONE = [
    ({"measure": "emigrans"}, "measure", "emigrants"),
    ({"ref_area": "XB-Z"}, "ref_area", "XB-"),
    ({"counterpart_area": "RU"}, "counterpart_area", "RUS"),
    ({"time_period": "2025-13"}, "time_period", "2025-01/2025-04"),
    ({"time_period": ""}, "time_period", "2024-Q1"),
    ({"time_period": None}, "time_period", "2024-Q1"),
    ({"sex": "FEMALE"}, "sex", ""),
    ({"obs_value": None}, "obs_value", "missing row"),
    ({"obs_value": float("nan")}, "obs_value", "missing row"),
    ({"obs_value": float("inf")}, "obs_value", "missing row"),
    ({"unit": ""}, "unit", "Every row needs one"),
    ({"unit": None}, "unit", "Every row needs one"),
    ({"unit": "people"}, "unit", ""),
    ({"obs_status": "Z"}, "obs_status", "Known: A, P"),
    ({"precision": 0.0}, "precision", ""),
    ({"precision": -1.0}, "precision", ""),
    ({"precision": None}, "precision", ""),
    ({"qualifier": "roughly"}, "qualifier", "about"),
    ({"source": "herold"}, "source", "sources.csv"),
    ({"vintage": "last spring"}, "vintage", "undated"),
    ({"vintage": None}, "vintage", "undated"),
    ({"vintage": "2025-02-30"}, "vintage", "undated"),
]


@pytest.mark.parametrize(("change", "column", "says"), ONE)
def test_one_fault_names_file_row_column_and_way_out(
    bor, fictional, raw_row, add_rows, change, column, says
):
    rows = [raw_row(row=2), raw_row(**({"counterpart_area": "DEU", "row": 3} | change))]
    (fault,) = faults_of(bor, fictional, add_rows, rows)
    assert (fault.file, fault.row, fault.column) == ("new.csv", 3, column)
    assert says in str(fault)


def test_all_faults_come_at_once(bor, fictional, raw_row, add_rows):
    rows = [raw_row(time_period="2001", row=1)] + [
        raw_row(**({"time_period": str(2000 + number)} | change | {"row": number}))
        for number, (change, _, _) in enumerate(ONE, 2)
    ]
    rows.append(raw_row(time_period="2001", row=99))
    faults = faults_of(bor, fictional, add_rows, rows)
    found = {(fault.column, fault.row) for fault in faults if fault.column}
    assert found == {(column, number) for number, (_, column, _) in enumerate(ONE, 2)}
    (twice,) = [fault for fault in faults if not fault.column]
    assert "a key stands 2 times, again in row 99" in str(twice)
    assert twice.row == 1


def test_a_duplicate_key_names_both_rows(bor, fictional, raw_row, add_rows):
    rows = [raw_row(row=5), raw_row(row=9, obs_value=1.0)]
    (fault,) = faults_of(bor, fictional, add_rows, rows)
    assert (fault.file, fault.row) == ("new.csv", 5)
    assert "again in row 9" in str(fault)
    assert "emigrants:XBO:WORLD:2025 xbo-office@2026-03-20" in str(fault)


def test_two_spellings_of_one_period_are_one_key(bor, fictional, raw_row, add_rows):
    rows = [raw_row(row=5), raw_row(row=9, time_period="2025-01/2025-12")]
    (fault,) = faults_of(bor, fictional, add_rows, rows)
    assert "a key stands 2 times" in str(fault)


def test_a_file_without_rows_is_a_fault(bor, fictional, add_rows):
    (fault,) = faults_of(bor, fictional, add_rows, [])
    assert "no rows" in str(fault)


def test_a_code_that_is_wrong_a_thousand_times_is_one_fault(bor, fictional, raw_row, add_rows):
    rows = [
        raw_row(measure="emigrans", time_period=f"{1900 + n % 100}-{1 + n // 100:02d}", row=n)
        for n in range(2, 1000)
    ]
    (fault,) = faults_of(bor, fictional, add_rows, rows)
    assert fault.row == 2
    assert "and 997 more rows" in str(fault)


def test_a_lower_case_code_is_not_taken_for_the_right_one(bor, fictional, raw_row, add_rows):
    (fault,) = faults_of(bor, fictional, add_rows, [raw_row(ref_area="xbo")])
    assert "Did you mean" in str(fault)
    assert "XBO" in str(fault)
