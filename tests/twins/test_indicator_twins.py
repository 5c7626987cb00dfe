"""Turning points, rises and records a second time, over plain lists of numbers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonys.core.errors import AlignmentError
from qonys.core.observations import parse_cell
from qonys.core.provenance import Figure
from qonys.observations.indicators import record, rises, streak, turning_points
from qonys.observations.reading import View


def figure(period: str, value: float, half: float = 0) -> Figure:
    return Figure(
        f"f{period}", "emigrants", "XBO", "WORLD", period, value, "person", value - half,
        value + half, "as published", (f"o{period}",), ("xbo-office",), "2025",
    )  # fmt: skip


def series(pairs: list[tuple[int, int]]) -> dict[str, Figure]:
    return {str(y): figure(str(y), v, half) for y, (v, half) in enumerate(pairs, 1991)}


Pairs = st.lists(
    st.tuples(st.integers(-9, 9), st.sampled_from([0, 0, 1, 2])), min_size=1, max_size=12
)


def slow_turns(numbers: list[tuple[str, float, float]]) -> list[tuple[str, str]]:
    found = []
    for i in range(1, len(numbers) - 1):
        (_, low1, high1), (name, low, high), (_, low2, high2) = numbers[i - 1 : i + 2]
        if low > high1 and low > high2:
            found.append(("peak", name))
        if high < low1 and high < low2:
            found.append(("trough", name))
    return found


def slow_record(numbers: list[tuple[str, float]], name: str, kind: str) -> bool:
    best = sorted(value for _, value in numbers)[0 if kind == "lowest" else -1]
    return dict(numbers)[name] == best


@given(Pairs)
def test_turning_points(pairs):
    given_series = series(pairs)
    numbers = [(name, f.low, f.high) for name, f in given_series.items()]
    found = [(turn.kind, turn.figure.time_period) for turn in turning_points(given_series)]
    assert found == slow_turns(numbers)


@given(Pairs)
def test_rises(pairs):
    given_series = series(pairs)
    slow = [
        b.time_period for a, b in pairwise(given_series.values()) if min(b.low - a.high, 1) > 0
    ]
    found = rises(given_series)
    assert [f.time_period for f in found] == slow
    for rise in found:
        year = int(rise.time_period)
        before, after = given_series[str(year - 1)], given_series[str(year)]
        assert rise.value == after.value - before.value
        assert rise.low > 0


@given(Pairs, st.data())
def test_records(pairs, data):
    given_series = series(pairs)
    name = data.draw(st.sampled_from(list(given_series)))
    for kind in ("lowest", "highest"):
        found = record(given_series, name, kind)
        slow = slow_record([(n, f.value) for n, f in given_series.items()], name, kind)
        assert (found is not None) == slow
        if found is None:
            continue
        assert (found.first, found.last, found.length) == (
            "1991", str(1990 + len(pairs)), len(pairs),
        )  # fmt: skip
        rivals = [
            n
            for n, f in given_series.items()
            if n != name and f.interval.overlaps(given_series[name].interval)
        ]
        assert found.sure == (not rivals)


@given(Pairs)
def test_streaks(pairs):
    for positive in (True, False):
        length = 0
        for value, half in reversed(pairs):
            if not (value - half > 0 if positive else value + half < 0):
                break
            length += 1
        found = streak(series(pairs), positive=positive)
        assert (int(found.figure.value) if found else 0) == length


@pytest.mark.parametrize("function", [turning_points, rises, streak])
def test_a_series_with_a_gap_is_refused_and_the_gap_named(function):
    holed = {"2019": figure("2019", 1), "2020": figure("2020", 2), "2022": figure("2022", 3)}
    with pytest.raises(AlignmentError, match="gap between 2020 and 2022"):
        function(holed)
    with pytest.raises(AlignmentError, match="gap"):
        record(holed, "2019", "lowest")


def test_a_year_never_stands_beside_its_first_months():
    mixed = {"2024": figure("2024", 12732), "2025-01/2025-04": figure("2025-01/2025-04", 1700)}
    with pytest.raises(AlignmentError, match="gap"):
        rises(mixed)


def test_the_whole_series_of_kazakhstan(store, kaz):
    years = View(store, kaz).years(parse_cell("emigrants:KAZ:WORLD:2024"))
    numbers = [(name, f.low, f.high) for name, f in years.items()]
    assert [(t.kind, t.figure.time_period) for t in turning_points(years)] == slow_turns(
        numbers
    )
    up = [b[0] for a, b in pairwise(numbers) if b[1] > a[2]]
    assert [f.time_period for f in rises(years)] == up
    lowest = min(years, key=lambda name: years[name].value)
    for name in years:
        assert (record(years, name, "lowest") is not None) == (name == lowest)
