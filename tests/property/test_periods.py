"""Periods read back as they are written, whatever they are."""

from calendar import monthrange
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from qonys.core.periods import Period, parse_period, parse_release

YEARS = st.integers(1002, 9998)
DAYS = st.dates(date(1002, 1, 1), date(9998, 12, 31))
MONTHS = st.tuples(YEARS, st.integers(1, 12)).map(lambda ym: f"{ym[0]}-{ym[1]:02d}")
QUARTERS = st.tuples(YEARS, st.integers(1, 4)).map(lambda yq: f"{yq[0]}-Q{yq[1]}")
POINTS = st.one_of(YEARS.map(str), MONTHS, QUARTERS, DAYS.map(date.isoformat))
CUMULATED = st.tuples(YEARS, st.integers(1, 12)).map(
    lambda ym: f"{ym[0]}-01/{ym[0]}-{ym[1]:02d}"
)


@st.composite
def ranges(draw: st.DrawFn) -> str:
    one, two = draw(POINTS), draw(POINTS)
    first, last = parse_period(one), parse_period(two)
    if last.end < first.start:
        one, two = two, one
    return f"{one}/{two}"


CLOSED = st.one_of(POINTS, CUMULATED, ranges())
ALL = st.one_of(
    CLOSED, POINTS.map(lambda p: f"{p}/.."), st.just("unspecified"), st.just(" unspecified ")
)


@given(ALL)
def test_a_period_reads_back_as_it_is_written(text: str):
    period = parse_period(text)
    assert parse_period(str(period)) == period
    assert parse_period(f"  {period} ") == period


@given(CLOSED, CLOSED)
def test_one_span_has_one_spelling(one: str, two: str):
    """Stocks at a day apart: a day is not the flow over that day."""
    first, second = parse_period(one), parse_period(two)
    same_span = (first.start, first.end) == (second.start, second.end)
    stocks = (first.kind == "instant", second.kind == "instant")
    assert (first.text == second.text) == (same_span and stocks[0] == stocks[1])


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 40), st.booleans())
def test_every_way_to_write_a_span_of_months_is_one_period(
    start: date, months: int, days: bool
):
    first = start.replace(day=1)
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    last = date(year, month + 1, monthrange(year, month + 1)[1])
    in_months = parse_period(f"{first:%Y-%m}/{last:%Y-%m}")
    in_days = parse_period(f"{first}/{last}")
    assert in_months == in_days
    assert in_months.months == months + 1
    assert in_months.kind != "instant"
    if days and in_months.kind in {"year", "quarter", "month"}:
        assert "/" not in in_months.text


def whole_months(period: Period) -> bool:
    return period.start.day == 1 and (period.end + timedelta(days=1)).day == 1


@given(CLOSED)
def test_a_year_before_keeps_the_kind_and_the_length_in_months(text: str):
    period = parse_period(text)
    before = period.a_year_before()
    assert before.kind == period.kind or not whole_months(period)
    assert before.months == period.months or not whole_months(period)
    assert before.start.year == period.start.year - 1
    assert before.end.year == period.end.year - 1
    assert timedelta(364) <= period.start - before.start <= timedelta(366)
    assert timedelta(364) <= period.end - before.end <= timedelta(367)


@given(st.one_of(YEARS.map(str), MONTHS, DAYS.map(date.isoformat)))
def test_a_release_lies_in_its_span(text: str):
    first, last = parse_release(text)
    assert first <= last
    assert last.isoformat().startswith(text)
    assert first.isoformat().startswith(text)
