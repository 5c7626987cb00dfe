"""Changes taken apart: printed examples, a second version, what must hold, and bad files."""

from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonys.core.errors import DataError
from qonys.forecast.decomposing import Leavers, decompose, effects, read_leavers

# Das Gupta (1993), Standardization and Decomposition of Rates: A User's Manual, Census P23-186,
# as R's DasGuptR 2.1.0 prints its examples (README, same numbers of examples and digits).
# Example 2.1, earnings of black and white men: those who earned, and what they earned.
EARNINGS = ([10930, 0.717892], [16591, 0.825974]), [4369.913, 1487.262]
# Example 2.2, birth rates of Austria and Chile 1981, three factors.
BIRTHS = (
    ([51.78746, 0.45919, 0.52638], [84.90502, 0.75756, 0.51065]),
    [10.4340333, 10.5608476, -0.6670084],
)
# Example 2.3, births outside marriage, United States 1971 and 1979, four factors.
OUTSIDE = (
    ([25.3, 0.214, 0.279, 0.949], [32.7, 0.290, 0.473, 0.986]),
    [0.6889411, 0.8125381, 1.3829055, 0.1047547],
)
# Example 2.4, total fertility of South Korea, five factors.
FERTILITY = (
    ([0.58, 0.76, 0.84, 0.66, 16.573], [0.72, 0.97, 0.97, 0.56, 16.158]),
    [1.0909785, 1.2298438, 0.7278399, -0.8398707, -0.1290187],
)


@pytest.mark.parametrize("example", [EARNINGS, BIRTHS, OUTSIDE, FERTILITY])
def test_products_of_two_to_five_factors_are_those_in_print(example):
    (before, after), printed = example
    found = effects(
        lambda *factors: np.prod(np.array(factors), axis=0),
        [np.array(one) for one in before],
        [np.array(one) for one in after],
    )
    digits = 1e-3 if example is EARNINGS else 6e-8
    assert found == pytest.approx(printed, abs=digits)


def test_factors_by_age_are_those_in_print():
    # Example 4.3, birth rates of Taiwan 1960 and 1970: births of the married, the married of
    # women, and women of the population, at seven ages.
    before = np.array(
        [
            [393, 407, 369, 274, 184, 90, 16],
            [0.122, 0.622, 0.903, 0.930, 0.916, 0.873, 0.800],
            [0.043, 0.041, 0.036, 0.032, 0.026, 0.020, 0.018],
        ]
    )
    after = np.array(
        [
            [488, 452, 338, 156, 63, 22, 3],
            [0.082, 0.527, 0.866, 0.941, 0.942, 0.923, 0.876],
            [0.058, 0.038, 0.032, 0.030, 0.026, 0.023, 0.019],
        ]
    )
    found = effects(lambda b, m, w: (b * m * w).sum(axis=1), before, after)
    assert found == pytest.approx([-7.285632, -2.720633, -1.565181], abs=6e-7)
    by_age = effects(lambda b, m, w: b * m * w, before, after)
    assert by_age.sum(axis=1) == pytest.approx(found)


def test_a_function_that_is_no_product_is_as_in_print():
    # Example 4.4, births outside marriage of all births, United States 1963 and 1983.
    before = np.array(
        [
            [0.200, 0.163, 0.146, 0.154, 0.168, 0.169],
            [0.866, 0.325, 0.119, 0.099, 0.099, 0.121],
            [0.007, 0.021, 0.023, 0.015, 0.008, 0.002],
            [0.454, 0.326, 0.195, 0.107, 0.051, 0.015],
        ]
    )
    after = np.array(
        [
            [0.169, 0.195, 0.190, 0.174, 0.150, 0.122],
            [0.931, 0.563, 0.311, 0.216, 0.199, 0.191],
            [0.018, 0.026, 0.023, 0.016, 0.008, 0.002],
            [0.380, 0.201, 0.149, 0.079, 0.025, 0.006],
        ]
    )

    def ratio(a, b, c, d):
        outside = (a * b * c).sum(axis=1)
        return outside / (outside + (a * (1 - b) * d).sum(axis=1))

    found = effects(ratio, before, after)
    printed = [-0.00620498, 0.04866154, 0.02705922, 0.02470928]
    assert found == pytest.approx(printed, abs=6e-9)


def table(population, emigrants, years=(1970, 1985)) -> Leavers:
    """Leavers of two years, from arrays by year and age, and by year, age and destination."""
    population, emigrants = np.array(population), np.array(emigrants)
    where = np.indices(emigrants.shape).reshape(emigrants.ndim, -1)
    ages = np.array([f"a{at}" for at in where[1]])
    places = (
        np.array([f"d{at}" for at in where[2]])
        if emigrants.ndim == 3
        else np.full(len(ages), "")
    )
    people = population[where[0], where[1]]
    return Leavers(np.array(years)[where[0]], ages, places, people, emigrants.ravel(), "t.csv")


def test_two_factors_by_age_are_kitagawas():
    # Example 5.1 (chapter 5 is Kitagawa 1955 where one factor crosses the rates): heads of
    # households per 100, United States 1970 and 1985, by 13 ages.
    size = np.array(
        [
            [12.9, 10.9, 9.5, 8.0, 7.8, 8.4, 8.6, 7.8, 7.0, 5.9, 4.7, 3.6, 4.9],
            [10.1, 11.2, 11.6, 10.9, 9.4, 7.7, 6.3, 6.0, 6.3, 5.9, 5.1, 4.0, 5.5],
        ]
    )
    rate = np.array(
        [
            [1.9, 25.8, 45.7, 49.6, 51.2, 51.6, 51.8, 54.9, 58.7, 60.4, 62.8, 66.6, 66.8],
            [2.2, 24.3, 45.8, 52.5, 56.1, 55.6, 56.0, 57.4, 57.2, 61.2, 63.9, 68.6, 72.2],
        ]
    )
    found = effects(
        lambda s, r: (s * r).sum(axis=1) / 100, (size[0], rate[0]), (size[1], rate[1])
    )
    assert found == pytest.approx([1.2269, 1.7403], abs=6e-5)
    kitagawa = [
        ((size[1] - size[0]) * rate.mean(axis=0)).sum() / 100,
        ((rate[1] - rate[0]) * size.mean(axis=0)).sum() / 100,
    ]
    assert found == pytest.approx(kitagawa)
    # The same through the table: both populations sum to 100 people, so size has no effect.
    parts = decompose(table(size, size * rate / 100), 1970, 1985)
    assert (parts.total.age, parts.total.rate) == pytest.approx((1.2269, 1.7403), abs=6e-5)
    assert parts.total.size == pytest.approx(0, abs=1e-12)
    assert parts.destinations == ()


def one_by_one(function, before, after):
    """Effects a second time: every order of the factors, one change after another."""
    count = len(before)
    found = [0.0] * count
    for order in permutations(range(count)):
        now = list(before)
        told = function(*now)
        for factor in order:
            now[factor] = after[factor]
            found[factor] = found[factor] + (function(*now) - told) / factorial(count)
            told = function(*now)
    return np.array(found)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_effects_are_means_over_all_orders(count):
    rng = np.random.default_rng(count)
    before, after = rng.normal(1, 1, (count, 3)), rng.normal(1, 1, (count, 3))

    def odd(*factors):
        return np.exp(sum(factors)) + np.prod(np.array(factors), axis=0) ** 2

    found = effects(odd, before, after)
    np.testing.assert_allclose(found, one_by_one(odd, before, after), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=0), odd(*after) - odd(*before), rtol=1e-9)
    turned = effects(lambda *f: odd(*f[::-1]), before[::-1], after[::-1])
    np.testing.assert_allclose(turned[::-1], found, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (9, 9), (2, 1)])
def test_too_few_or_many_factors_are_a_fault(before, after):
    with pytest.raises(DataError, match="expected 1 to 8 factors"):
        effects(lambda *f: f[0], [np.array(1.0)] * before, [np.array(1.0)] * after)


@st.composite
def tables(draw):
    ages, places = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    seed = draw(st.integers(0, 2**32 - 1))
    empty = draw(st.sampled_from([0.0, 0.3, 0.7]))
    rng = np.random.default_rng(seed)
    population = rng.integers(1, 1000, (2, ages)) * (rng.random((2, ages)) >= empty)
    population[:, 0] += 50
    leaving = rng.random((2, ages, 1)) * (rng.random((2, ages, 1)) >= empty)
    going = rng.dirichlet(np.ones(places), (2, ages))
    return table(population, population[:, :, None] * leaving * going * 0.9)


@given(tables())
def test_effects_of_every_part_add_up_and_turn_round_with_the_years(leavers):
    found = decompose(leavers, 1970, 1985)
    for part in (found.total, *found.ages, *found.destinations):
        together = part.size + part.age + part.rate + part.destination
        assert together == pytest.approx(part.after - part.before, abs=1e-8)
        assert part.change == part.after - part.before
    assert found.total.destination == 0
    for name in ("size", "age", "rate", "change"):
        whole = getattr(found.total, name)
        for parts in (found.ages, found.destinations):
            assert sum(getattr(one, name) for one in parts) == pytest.approx(whole, abs=1e-8)
    assert sum(one.destination for one in found.destinations) == pytest.approx(0, abs=1e-8)
    back = decompose(leavers, 1985, 1970)
    assert back.total.rate == pytest.approx(-found.total.rate, abs=1e-8)
    turned = {one.name: one.destination for one in back.destinations}
    for one in found.destinations:
        assert turned[one.name] == pytest.approx(-one.destination, abs=1e-8)


def test_each_effect_is_what_its_name_says():
    # Twice the people: size alone.
    twice = decompose(table([[10, 10], [20, 20]], [[1, 2], [2, 4]]), 1970, 1985)
    assert (twice.total.size, twice.total.age, twice.total.rate) == pytest.approx((3, 0, 0))
    # The same people, of whom more are at the age that leaves.
    older = decompose(table([[10, 10], [5, 15]], [[0, 2], [0, 3]]), 1970, 1985)
    assert (older.total.size, older.total.age, older.total.rate) == pytest.approx((0, 1, 0))
    # The same leavers, elsewhere.
    moved = decompose(table([[10], [10]], [[[1, 3]], [[3, 1]]]), 1970, 1985)
    assert [one.destination for one in moved.destinations] == pytest.approx([2, -2])
    assert moved.total.change == 0
    assert [one.name for one in moved.destinations] == ["d0", "d1"]


def test_an_age_in_which_nobody_lived_has_no_rate_to_change():
    found = decompose(table([[10, 0], [10, 10]], [[1, 0], [1, 5]]), 1970, 1985)
    assert found.ages[1].rate == 0
    assert found.ages[1].change == 5
    # Nobody left for d1 at first because nobody left at all: no change of destinations.
    first = decompose(table([[10], [10]], [[[0, 0]], [[1, 2]]]), 1970, 1985)
    assert [one.destination for one in first.destinations] == [0, 0]
    assert first.total.rate == pytest.approx(3)


BAD = """\
year,age,population,emigrants,destination
2019,20,100,5,DEU
2019,20,101,5,RUS
2019,30,0,1,DEU
2019,30,0,0,RUS
2025,20,100,5,DEU
2025,20,100,5,DEU
2025,20,100,-5,RUS
2025,,1,x,
2025.5,30,100,NA,RUS
2025,Total,100,5,World
"""


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(BAD, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_leavers(path)
    told = [(one.row, one.column, one.problem) for one in caught.value.faults]
    assert told == [
        (3, "population", "disagrees"),
        (4, "emigrants", "1 left in 2019 at 30, where 0 lived"),
        (7, "", "stands twice"),
        (8, "emigrants", "expected at least 0"),
        (9, "emigrants", "expected a number"),
        (9, "age", "missing"),
        (9, "destination", "missing"),
        (10, "emigrants", "expected a number"),
        (10, "year", "expected a year"),
        (11, "age", "a sum among its parts"),
        (11, "destination", "a sum among its parts"),
    ]


def test_a_file_without_rows_or_columns_is_a_fault(tmp_path):
    path = tmp_path / "leavers.csv"
    path.write_text("year,age,population,emigrants\n", encoding="utf-8")
    with pytest.raises(DataError, match="no rows"):
        read_leavers(path)
    path.write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="no such column"):
        read_leavers(path)


def test_a_missing_row_is_no_zero(tmp_path):
    path = tmp_path / "leavers.csv"
    rows = ["2019,20,DEU,100,5", "2019,20,RUS,100,5", "2025,20,DEU,100,5", "2025,30,RUS,9,1"]
    head = "year,age,destination,population,emigrants"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        decompose(read_leavers(path), 2019, 2025)
    told = [one.value for one in caught.value.faults]
    assert told == ["2019 30 DEU", "2019 30 RUS", "2025 20 RUS", "2025 30 DEU"]
    assert "A missing row is no zero" in caught.value.faults[0].way_out


def test_years_that_cannot_be_compared_are_a_fault():
    leavers = table([[10], [0]], [[1], [0]])
    with pytest.raises(DataError, match="There are: 1970, 1985"):
        decompose(leavers, 1970, 1984)
    with pytest.raises(DataError, match="the same year twice"):
        decompose(leavers, 1970, 1970)
    with pytest.raises(DataError, match="nobody lived"):
        decompose(leavers, 1970, 1985)


def test_what_lacks_in_millions_is_counted_and_not_listed():
    many = 2000
    names = np.array([f"x{at}" for at in range(many)])
    years = np.where(np.arange(many) % 2, 1970, 1985)
    sparse = Leavers(years, names, names, np.ones(many), np.ones(many))
    with pytest.raises(DataError) as caught:
        decompose(sparse, 1970, 1985)
    assert len(caught.value.faults) == 1001
    assert "and 7,997,000 more" in str(caught.value.faults[-1])
