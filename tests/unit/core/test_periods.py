from datetime import date

import pytest

from qonys.core.errors import DataError
from qonys.core.periods import FREQ, parse_day, parse_period, parse_release


@pytest.mark.parametrize(
    ("text", "canonical", "kind", "freq", "start", "end"),
    [
        ("2024", "2024", "year", "A", "2024-01-01", "2024-12-31"),
        ("2024-01/2024-12", "2024", "year", "A", "2024-01-01", "2024-12-31"),
        ("2024-Q1/2024-Q4", "2024", "year", "A", "2024-01-01", "2024-12-31"),
        ("2024-Q1", "2024-Q1", "quarter", "Q", "2024-01-01", "2024-03-31"),
        ("2024-Q4", "2024-Q4", "quarter", "Q", "2024-10-01", "2024-12-31"),
        ("2023-01/2023-03", "2023-Q1", "quarter", "Q", "2023-01-01", "2023-03-31"),
        ("2023-07/2023-09", "2023-Q3", "quarter", "Q", "2023-07-01", "2023-09-30"),
        ("2024-02", "2024-02", "month", "M", "2024-02-01", "2024-02-29"),
        ("2023-02/2023-02", "2023-02", "month", "M", "2023-02-01", "2023-02-28"),
        ("2024-01-01", "2024-01-01", "instant", "D", "2024-01-01", "2024-01-01"),
        ("2025-01/2025-04", "2025-01/2025-04", "cumulated", "C", "2025-01-01", "2025-04-30"),
        ("2025-Q1/2025-Q2", "2025-01/2025-06", "cumulated", "C", "2025-01-01", "2025-06-30"),
        ("2025-01/2025-02", "2025-01/2025-02", "cumulated", "C", "2025-01-01", "2025-02-28"),
        ("2025-02/2025-04", "2025-02/2025-04", "range", "R", "2025-02-01", "2025-04-30"),
        ("2022/2024", "2022/2024", "range", "R", "2022-01-01", "2024-12-31"),
        ("2022-01/2024-12", "2022/2024", "range", "R", "2022-01-01", "2024-12-31"),
        ("1991/2022-06", "1991/2022-06", "range", "R", "1991-01-01", "2022-06-30"),
        ("1991-01/2022-06", "1991/2022-06", "range", "R", "1991-01-01", "2022-06-30"),
        (
            "2024-11-13/2024-11-24",
            "2024-11-13/2024-11-24",
            "range",
            "R",
            "2024-11-13",
            "2024-11-24",
        ),
        ("2023-01/..", "2023-01/..", "open", "O", "2023-01-01", None),
        ("unspecified", "unspecified", "unspecified", "U", None, None),
        ("  2024 ", "2024", "year", "A", "2024-01-01", "2024-12-31"),
    ],
)
def test_every_spelling(text, canonical, kind, freq, start, end):
    period = parse_period(text)
    assert (period.text, period.kind, period.freq) == (canonical, kind, freq)
    assert str(period) == canonical
    assert period.start == (date.fromisoformat(start) if start else None)
    assert period.end == (date.fromisoformat(end) if end else None)
    assert parse_period(canonical) == period


@pytest.mark.parametrize(
    ("days", "shorter"),
    [
        ("2024-01-01/2024-03-31", "2024-Q1"),
        ("2024-01-01/2024-12-31", "2024"),
        ("2024-02-01/2024-02-29", "2024-02"),
        ("2025-01-01/2025-04-30", "2025-01/2025-04"),
    ],
)
def test_whole_months_written_in_days_get_the_shorter_spelling(days, shorter):
    """Else one figure has two cells, and the year before has another spelling."""
    assert parse_period(days).text == shorter


def test_january_to_april_is_never_a_quarter_nor_a_year():
    four = parse_period("2025-01/2025-04")
    assert four.freq not in {FREQ["quarter"], FREQ["year"], FREQ["month"]}
    assert four.months == 4


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("2024", "2023"),
        ("2024-Q1", "2023-Q1"),
        ("2025-01/2025-04", "2024-01/2024-04"),
        ("2022/2024", "2021/2023"),
        ("2024-02", "2023-02"),
        ("2025-02", "2024-02"),
        ("2025-01/2025-02", "2024-01/2024-02"),
        ("2024-01-01", "2023-01-01"),
        ("2024-02-29", "2023-02-28"),
        ("2024-02-28", "2023-02-28"),
        ("2025-02-28", "2024-02-28"),
        ("2024-11-13/2024-11-24", "2023-11-13/2023-11-24"),
        ("2024-01-15/2024-02-29", "2023-01-15/2023-02-28"),
        ("2025-01-15/2025-02-28", "2024-01-15/2024-02-28"),
    ],
)
def test_a_year_before(text, before):
    assert parse_period(text).a_year_before() == parse_period(before)


def test_a_february_of_a_leap_year_ends_on_the_29th_a_year_before():
    assert parse_period("2025-02").a_year_before().end == date(2024, 2, 29)


@pytest.mark.parametrize("text", ["2023-01/..", "unspecified"])
def test_no_year_before_a_period_without_an_end(text):
    with pytest.raises(DataError, match="without an end"):
        parse_period(text).a_year_before()


def test_year_and_months():
    assert parse_period("2022/2024").year == 2024
    assert parse_period("2022/2024").months == 36
    assert parse_period("2023-01/..").year == 2023
    assert parse_period("2023-01/..").months is None
    assert parse_period("2024-11-13/2024-11-24").months is None
    assert parse_period("2024-01-01").months is None
    assert parse_period("unspecified").year is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "24",
        "2024-13",
        "2024-00",
        "2024-Q5",
        "2024-Q0",
        "2023-02-29",
        "2024-1",
        "2024/",
        "/2024",
        "2024/..x",
        "../2024",
        "2024-01/2023-01",
        "2024 год",
        "٢٠٢٤",
        "0000",
        "9999",
        "9999-12",
        "2024-W01",
    ],
)
def test_what_is_no_period_says_how_periods_are_written(text):
    with pytest.raises(DataError) as caught:
        parse_period(text)
    (fault,) = caught.value.faults
    assert "2025-01/2025-04" in fault.way_out
    assert fault.value == text


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025-05-20", "2025-05-20", "2025-05-20"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2025", "2025-01-01", "2025-12-31"),
    ],
)
def test_release_spans(text, first, last):
    assert parse_release(text) == (date.fromisoformat(first), date.fromisoformat(last))


def test_an_undated_release_has_no_bounds():
    assert parse_release("undated") == (None, None)
    with pytest.raises(DataError):
        parse_release("last spring")


def test_days():
    assert parse_day(" 2025-05-20 ") == date(2025, 5, 20)


@pytest.mark.parametrize(
    "text",
    ["20.05.2025", "2025-W20-2", "20250520", "2025-05", "2025-02-30", "２０２５-05-20", ""],
)
def test_a_day_is_written_in_one_way(text):
    with pytest.raises(DataError, match="Write it as 2025-05-20"):
        parse_day(text)
