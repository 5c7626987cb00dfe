"""Interval arithmetic encloses what it must, and the store computes the same intervals."""

import math

from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from qonys.core.intervals import MEASURED, QUALIFIERS, Interval, rounding_interval
from qonys.observations.reading import Query, read
from qonys.observations.store import open_store

ENDS = st.decimals(-(10**9), 10**9, places=3).map(float)
INTERVALS = st.tuples(ENDS, ENDS).map(lambda ends: Interval(min(ends), max(ends)))
PARTS = st.floats(0, 1)


def point(interval: Interval, part: float) -> float:
    inside = interval.low + part * (interval.high - interval.low)
    return min(max(inside, interval.low), interval.high)


def holds(interval: Interval, value: float, scale: float) -> bool:
    """Within the interval, but for the dust that nine places and binary fractions leave."""
    dust = 1e-9 + abs(scale) * 1e-14
    return interval.low - dust <= value <= interval.high + dust


@given(INTERVALS, INTERVALS, PARTS, PARTS)
def test_arithmetic_encloses_every_pair_of_points(
    a: Interval, b: Interval, part_a: float, part_b: float
):
    x, y = point(a, part_a), point(b, part_b)
    size = max(map(abs, (a.low, a.high, b.low, b.high)))
    assert holds(a + b, x + y, size)
    assert holds(a - b, x - y, size)
    assert holds(a * b, x * y, size**2)
    if not b.low <= 0 <= b.high:
        assert holds(a / b, x / y, size / min(abs(b.low), abs(b.high)))


@given(INTERVALS, INTERVALS)
def test_overlap_is_symmetric_and_means_that_a_difference_can_be_zero(a: Interval, b: Interval):
    assert a.overlaps(b) == b.overlaps(a) == (0 in a - b)


PLACES = st.sampled_from([0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10.0**6])
FIGURES = st.fixed_dictionaries(
    {
        "steps": st.integers(-(10**7), 10**7),
        "precision": PLACES,
        "qualifier": st.sampled_from(QUALIFIERS),
        "unit": st.sampled_from(["person", "KZT", *MEASURED]),
        "source": st.sampled_from(["xbo-office", "herald"]),
        "between": st.sampled_from([0.0, 0.0, 0.5, 0.25]),
    }
)


@given(FIGURES)
def test_a_rounding_interval_holds_the_printed_value(figure):
    value = round((figure["steps"] + figure["between"]) * figure["precision"], 9)
    options = {"unit": figure["unit"], "qualifier": figure["qualifier"]}
    plain = rounding_interval(value, figure["precision"], **options)
    cut = rounding_interval(value, figure["precision"], truncates=True, **options)
    assert value in plain
    assert cut.low <= plain.low <= plain.high <= cut.high
    bare = rounding_interval(value, figure["precision"], unit=figure["unit"])
    if figure["qualifier"] in {"", "about"}:  # "over" and "under" take one side only
        assert plain.low <= bare.low <= bare.high <= plain.high


@given(
    st.decimals(-(10**6), 10**6, places=2).map(float),
    st.sampled_from([1, 10, 100, 1000]),
    st.booleans(),
)
def test_what_was_rounded_or_cut_off_lies_in_the_interval(true: float, place: int, cuts: bool):
    assume(place != 1)  # a count printed to the unit is exact by definition
    keep = math.trunc if cuts else round
    printed = keep(true / place) * place
    assert true in rounding_interval(printed, place, truncates=cuts)


@settings(max_examples=15, phases=[Phase.explicit, Phase.generate])
@given(figures=st.lists(FIGURES, min_size=20, max_size=80))
def test_the_store_computes_the_intervals_of_the_core(
    figures, fictional, raw_row, add_rows, tmp_path_factory
):
    store = open_store(tmp_path_factory.mktemp("intervals"))
    rows = [
        raw_row(
            measure="net_migration",  # may lie below zero
            obs_value=round((f["steps"] + f["between"]) * f["precision"], 9),
            precision=f["precision"],
            qualifier=f["qualifier"],
            unit=f["unit"] if f["precision"] < 1 else f["unit"].replace("person", "KZT"),
            source=f["source"],
            time_period=str(1900 + number),
            row=number,
        )
        for number, f in enumerate(figures)
    ]
    add_rows(store, fictional, rows)
    stored = {row.row: row for row in read(store, fictional, Query(preferred=False))}
    assert len(stored) == len(rows)
    for row in rows:
        expected = rounding_interval(
            row["obs_value"],
            row["precision"],
            unit=row["unit"],
            qualifier=row["qualifier"],
            truncates=fictional.sources[row["source"]].truncates,
        )
        assert stored[row["row"]].interval == expected, row
