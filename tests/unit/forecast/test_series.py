"""Reading series: a clear answer to gaps, doubles, texts, mixtures, and several releases."""

import numpy as np
import pytest

from qonys.core.errors import DataError
from qonys.forecast.series import read_series, release_day, same_kind, step_on, yearly


def write(tmp_path, text):
    path = tmp_path / "series.csv"
    path.write_text(text, encoding="utf-8")
    return path


def problem(path):
    with pytest.raises(DataError) as caught:
        read_series(path)
    return "\n".join(str(fault) for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("", "no values"),
        ("2024-01,1\n2024-02,x\n2024-03,3\n", "row 3, column value: expected a number ('x')"),
        ("2024-01,1\n2024-01,2\n2024-02,3\n2024-03,3\n", "a period stands twice ('2024-01')"),
        ("2024-01,1\n2024-02,2\n2024-05,3\n2024-06,3\n", "gaps in value: 2024-03, 2024-04"),
        ("2024-01,1\n2024-02,\n2024-03,3\n2024-04,3\n", "gaps in value: 2024-02"),
        ("2024-01,1\n2024-02,2\n", "2 values of value: at least 3 are needed"),
        ("2024-01,1\n2024-Q2,2\n2025,3\n", "months, quarters and years in one series"),
        ("2024-01/2024-04,1\n2024-05,2\n", "no period of a series ('2024-01/2024-04')"),
        ("2024-01,inf\n2024-02,2\n2024-03,3\n", "expected a number ('inf')"),
    ],
)
def test_what_is_no_series_is_a_fault(tmp_path, rows, text):
    assert text in problem(write(tmp_path, "period,value\n" + rows))


def test_columns_are_asked_for_by_name(tmp_path):
    assert "column value: no such column" in problem(write(tmp_path, "period,count\n2024,1\n"))
    path = tmp_path / "series.csv"
    path.write_bytes("period,value\n2024,один\n".encode("cp1251"))
    assert "not in UTF-8" in problem(path)


def test_several_series_and_releases_are_kept_apart(tmp_path):
    rows = "period,series,release,value\n"
    rows += "2024-01,a,2024-02-10,5\n2024-02,a,2024-03-10,6\n2024-01,a,2024-03-10,7\n"
    rows += "2024-03,a,2024-04-10,8\n2024-01,b,2024-04-10,1\n2024-02,b,2024-04-10,1\n"
    rows += "2024-03,b,2024-04-10,1\n"
    a, b = read_series(write(tmp_path, rows))
    assert (a.name, a.kind, a.season) == ("a", "month", 12)
    assert a.values.tolist() == [7, 6, 8]
    known = a.known("2024-03-10")
    assert known.periods == ("2024-01", "2024-02")
    assert known.values.tolist() == [7, 6]
    assert a.known("2024-02-10").values.tolist() == [5]
    assert (list(b.releases), same_kind([a, b])) == (["2024-04-10"], "month")


def test_labels_step_on():
    assert step_on("2024-12") == "2025-01"
    assert step_on("2024-Q3", 6) == "2026-Q1"


def test_years_of_the_store_begin_after_their_last_gap():
    told = {"1991": 5.0, "1999": 1.0, "2000": 2.0, "2001": 3.0}
    series = yearly("x", told)
    assert series.periods == ("1999", "2000", "2001")
    assert np.isneginf(yearly("x", {"1999": -1.0, "2000": 2.0, "2001": 3.0}).floor)
    with pytest.raises(DataError, match="2 years without a gap"):
        yearly("x", {"1990": 1.0, "2000": 2.0, "2001": 3.0})


def test_releases_go_by_their_day_or_as_they_stand(tmp_path):
    rows = "period,release,value\n2024-01,2024-Q1,1\n2024-02,2024-Q1,2\n2024-03,2024-Q1,3\n"
    rows += "2024-03,2024-05-15,4\n2024-03,2024-04,5\n"
    (quarters,) = read_series(write(tmp_path, rows))
    assert list(quarters.releases) == ["2024-Q1", "2024-04", "2024-05-15"]
    assert quarters.values[-1] == 4
    rows = "period,release,value\n" + "".join(
        f"2024-{month:02d},v{number},{number}\n" for number in (8, 9, 10) for month in (1, 2, 3)
    )
    (named,) = read_series(write(tmp_path, rows))
    assert list(named.releases) == ["v8", "v9", "v10"]
    assert named.values.tolist() == [10, 10, 10]
    assert release_day("2024-Q1").isoformat() == "2024-03-31"
    with pytest.raises(DataError, match="row 4, column release: no release"):
        read_series(
            write(tmp_path, "period,release,value\n2024-01,a,1\n2024-02,a,2\n2024-03,,3\n")
        )


def test_periods_are_read_in_any_spelling_and_rows_counted_with_blanks(tmp_path):
    (one,) = read_series(write(tmp_path, "period,value\n 2024-01,1\n2024-02 ,2\n2024-03,3\n"))
    assert one.periods == ("2024-01", "2024-02", "2024-03")
    with pytest.raises(DataError, match="row 6"):
        read_series(write(tmp_path, "period,value\n2024-01,1\n\n\n2024-02,2\n2024-03,x\n"))
    with pytest.raises(DataError, match="expected a number"):
        read_series(write(tmp_path, "period,value\n2024-01,1_000\n2024-02,2\n2024-03,3\n"))
    with pytest.raises(DataError, match="parted by commas"):
        read_series(write(tmp_path, "period;value\n2024-01;1\n"))
