from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonys.core.errors import RuleError
from qonys.rules.calendar import WorkingCalendar, move


def test_the_working_days_of_borovia(law):
    working = law.calendar
    assert working.works(date(2031, 9, 1))
    assert not working.works(date(2031, 9, 2))  # the Day of Lamps
    assert working.works(date(2031, 8, 30))  # a Saturday that is worked
    assert not working.works(date(2031, 8, 31))
    assert working.after(date(2031, 8, 29), 1) == date(2031, 8, 30)
    assert working.after(date(2031, 8, 30), 2) == date(2031, 9, 3)
    assert working.after(date(2031, 9, 3), -2) == date(2031, 8, 30)
    assert working.after(date(2031, 9, 2), 0) == date(2031, 9, 2)


@pytest.mark.parametrize(
    ("calendar", "day", "count", "message"),
    [
        (WorkingCalendar(), date(2031, 1, 1), 1, "the working days of 2031 are not known."),
        (
            WorkingCalendar(known=(2030, 2031)),
            date(2031, 12, 31),
            1,
            "the working days of 2032 are not known. Known: 2030 to 2031.",
        ),
        (
            WorkingCalendar(known=(2030, 2031)),
            date(2030, 1, 1),
            -1,
            "the working days of 2029 are not known. Known: 2030 to 2031.",
        ),
    ],
)
def test_a_year_that_is_not_known_has_no_working_days(calendar, day, count, message):
    with pytest.raises(RuleError) as caught:
        calendar.after(day, count)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("day", "count", "unit", "expected"),
    [
        ("2024-02-29", 1, "year", "2025-02-28"),
        ("2024-02-29", 4, "year", "2028-02-29"),
        ("2024-02-29", -1, "year", "2023-02-28"),
        ("2031-01-31", 1, "month", "2031-02-28"),
        ("2031-03-31", -1, "month", "2031-02-28"),
        ("2031-12-31", 2, "month", "2032-02-29"),
        ("2031-01-15", -1, "month", "2030-12-15"),
        ("2031-01-15", -25, "month", "2028-12-15"),
        ("2031-12-31", 1, "day", "2032-01-01"),
        ("2031-01-01", 0, "month", "2031-01-01"),
        ("9999-12-31", 0, "year", "9999-12-31"),
        ("0001-01-01", 0, "year", "0001-01-01"),
    ],
)
def test_a_day_is_moved(day, count, unit, expected):
    assert move(date.fromisoformat(day), count, unit) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("day", "count", "unit"),
    [
        (date(9999, 12, 31), 1, "day"),
        (date(9999, 12, 31), 1, "month"),
        (date(9999, 12, 31), 1, "year"),
        (date(1, 1, 1), -1, "day"),
        (date(1, 1, 1), -1, "month"),
        (date(1, 1, 1), -1, "year"),
        (date(2031, 1, 1), 10**12, "day"),
        (date(2031, 1, 1), 10**12, "year"),
        (date(2031, 1, 1), -(10**12), "month"),
    ],
)
def test_a_day_that_leaves_the_calendar(day, count, unit):
    with pytest.raises(RuleError, match=f"^{count} {unit}s from {day} leave the calendar$"):
        move(day, count, unit)


@given(st.dates(date(2031, 2, 1), date(2032, 11, 1)), st.integers(-15, 15))
def test_working_days_are_counted_one_by_one(day, count):
    working = WorkingCalendar([date(2031, 9, 2)], [date(2031, 8, 30)], (2031, 2032))
    end = working.after(day, count)
    step = timedelta(1 if count > 0 else -1)
    between = [day + i * step for i in range(1, abs((end - day).days) + 1)]
    assert sum(working.works(item) for item in between) == abs(count)
    assert count == 0 or working.works(end)


@given(st.dates(date(1, 2, 1), date(9998, 1, 1)), st.integers(-1, 1))
def test_a_month_is_the_next_one(day, count):
    moved = move(day, count, "month")
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == count
    assert moved.day == day.day or (moved.day < day.day and (moved + timedelta(1)).day == 1)
