import pytest

from qonys.core.errors import DataError
from qonys.core.intervals import Interval, round_half_up, rounding_interval


@pytest.mark.parametrize(
    ("value", "precision", "options", "low", "high"),
    [
        (1700, 100, {}, 1650, 1750),
        (1122, 1, {}, 1122, 1122),
        (0, 1, {}, 0, 0),
        (-252, 1, {}, -252, -252),
        # Percentages are measured: precision 1 is not exact.
        (7, 1, {"unit": "percent"}, 6.5, 7.5),
        (16, 1, {"unit": "percent_of_labour_force"}, 15.5, 16.5),
        (2, 1, {"unit": "ratio"}, 1.5, 2.5),
        (68.99, 0.01, {"unit": "percent"}, 68.985, 68.995),
        (83.4, 0.1, {"unit": "percent"}, 83.35, 83.45),
        # A count with decimals cannot be exact, whatever its precision says.
        (7.5, 1, {}, 7, 8),
        # Cut off, not rounded: the far side of zero is a whole place.
        (32200, 100, {"truncates": True}, 32150, 32300),
        (-32900, 100, {"truncates": True}, -33000, -32850),
        (1122, 1, {"truncates": True}, 1122, 1122),
        # The source's own words.
        (23500, 100, {"qualifier": "over"}, 23500, 23800),
        (11700, 100, {"qualifier": "under"}, 11400, 11700),
        (7500, 100, {"qualifier": "about"}, 7350, 7650),
        (90, 1, {"unit": "percent", "qualifier": "over"}, 90, 93),
        (96, 1, {"qualifier": "over"}, 96, 99),
        (96, 1, {"qualifier": "under"}, 93, 96),
        (96, 1, {"qualifier": "about"}, 94.5, 97.5),
        # The words speak of the size: almost 11,700 below zero is nearer to zero.
        (-11700, 100, {"qualifier": "under"}, -11700, -11400),
        (7500, 100, {"qualifier": "about", "truncates": True}, 7350, 7650),
        (7500, 100, {"qualifier": "under", "truncates": True}, 7200, 7500),
    ],
)
def test_what_a_printed_figure_can_stand_for(value, precision, options, low, high):
    assert rounding_interval(value, precision, **options) == Interval(low, high)


def test_the_words_hold_the_two_figures_that_are_known():
    assert 23761 in rounding_interval(23500, 100, qualifier="over")
    assert 7608 in rounding_interval(7500, 100, qualifier="about")


def test_a_truncating_source_that_prints_32200_can_mean_32256():
    assert 32256 in rounding_interval(32200, 100, truncates=True)
    assert 32256 not in rounding_interval(32200, 100)


@pytest.mark.parametrize("precision", [0, -1])
def test_precision_is_above_zero(precision):
    with pytest.raises(DataError, match="precision must be above 0"):
        rounding_interval(1, precision)


def test_an_unknown_qualifier_is_refused():
    with pytest.raises(DataError, match="qualifier must be one of"):
        rounding_interval(1, 1, qualifier="roughly")


@pytest.mark.parametrize(("low", "high"), [(2, 1), (float("nan"), 1), (1, float("nan"))])
def test_an_interval_runs_from_low_to_high(low, high):
    with pytest.raises(DataError, match="runs from low to high"):
        Interval(low, high)


def test_arithmetic():
    a, b = Interval(1650, 1750), Interval(4750, 4850)
    assert a + b == Interval(6400, 6600)
    assert b - a == Interval(3000, 3200)
    assert a - a == Interval(-100, 100)  # the two need not be the same number
    assert (b / a).low == pytest.approx(4750 / 1750)
    assert (b / a).high == pytest.approx(4850 / 1650)
    assert Interval(-2, 3) * Interval(-5, 4) == Interval(-15, 12)
    assert Interval(-4, -2) / Interval(1, 2) == Interval(-4, -1)


@pytest.mark.parametrize("divisor", [Interval(-1, 1), Interval(0, 1), Interval(-1, 0)])
def test_no_division_by_what_may_be_zero(divisor):
    with pytest.raises(DataError, match="holds zero"):
        Interval(1, 2) / divisor


def test_overlap_counts_the_ends():
    assert Interval(1, 2).overlaps(Interval(2, 3))
    assert Interval(2, 3).overlaps(Interval(1, 2))
    assert Interval(1, 10).overlaps(Interval(4, 5))
    assert not Interval(1, 2).overlaps(Interval(2.001, 3))


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        (0.25, 1, 0.3),
        (-0.25, 1, -0.3),
        (2.675, 2, 2.68),  # what the digits say, not what the binary fraction is
        (12732, -2, 12700),
        (12750, -2, 12800),
        (68.99151, 2, 68.99),
        (0.0, 1, 0.0),
        (1e-9, 1, 0.0),
    ],
)
def test_halves_go_away_from_zero(value, places, rounded):
    assert round_half_up(value, places) == rounded
