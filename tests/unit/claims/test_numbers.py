"""Numbers as the press prints them."""

import pytest

from qonys.claims.lexicon import lexicon
from qonys.claims.numbers import find_numbers, printed_interval


@pytest.mark.parametrize(
    ("lang", "text", "value", "precision", "unit"),
    [
        ("en", "12,732 people", 12732, 1, ""),
        ("en", "1.7 thousand", 1700, 100, ""),
        ("en", "155.7K", 155700, 100, ""),
        ("en", "12.732 people", 12732, 1, ""),
        ("en", "2,000 people", 2000, 100, ""),
        ("en", "$300,000", 300000, 10000, "USD"),
        ("en", "half a million", 500000, 500000, ""),
        ("en", "75.5%", 75.5, 0.1, "percent"),
        ("ru", "12 732 человека", 12732, 1, ""),
        ("ru", "12\u00a0732 человека", 12732, 1, ""),
        ("ru", "12,7 тыс. человек", 12700, 100, ""),
        ("ru", "12,732 человека", 12732, 1, ""),
        ("ru", "0,0127 млн", 12700, 100, ""),
        ("ru", "20.283.399", 20283399, 1, ""),
        ("ru", "300 тыс. долларов", 300000, 10000, "USD"),
        ("kk", "12,7 мың адам", 12700, 100, ""),
        ("kk", "20,9 пайызға", 20.9, 0.1, "percent"),
    ],
)
def test_a_number_is_read_with_its_last_place(lang, text, value, precision, unit):
    (number,) = find_numbers(text, lexicon(lang))
    assert number.value == pytest.approx(value)
    assert number.precision == pytest.approx(precision)
    assert number.unit == unit


@pytest.mark.parametrize(
    ("text", "qualifier", "bound"),
    [
        ("about 2,000", "about", False),
        ("more than 12,000", "over", True),
        ("nearly 13,000", "under", False),
        ("up to 13,000", "under", True),
        ("only 12,700", "", False),
        ("at least $300,000", "over", True),
    ],
)
def test_words_around_a_number(text, qualifier, bound):
    (number,) = find_numbers(text, lexicon("en"))
    assert (number.qualifier, number.bound) == (qualifier, bound)
    assert number.start == 0


def test_a_dash_with_a_blank_is_perhaps_no_minus():
    (dash,) = find_numbers("сальдо – 16 550", lexicon("ru"))
    (minus,) = find_numbers("сальдо −6 722", lexicon("ru"))
    assert (dash.sign, minus.sign) == ("dash", "-")


def test_a_year_and_a_count_side_by_side():
    values = [n.value for n in find_numbers("в 2024 732 человека", lexicon("ru"))]
    assert values == [2024, 732]


def test_codes_are_no_numbers():
    assert list(find_numbers("the visa B12-1, № 1242", lexicon("en"))) == []


def test_rounding_and_cutting_off_are_both_accepted():
    for printed in (32200, 32300):
        strict, _ = printed_interval(printed, 100)
        assert 32256 in strict
    assert 32256 not in printed_interval(32400, 100)[0]
    assert 1800 not in printed_interval(1700, 100)[0]
    assert 2900 not in printed_interval(2000, 1000)[0]


@pytest.mark.parametrize(
    ("value", "precision", "qualifier", "true"),
    [(23500, 100, "over", 23761), (7500, 100, "about", 7608), (7600, 100, "under", 7599)],
)
def test_words_have_their_own_tolerance(value, precision, qualifier, true):
    assert true in printed_interval(value, precision, qualifier)[0]


def test_a_far_bound_is_true_but_confirms_nothing():
    strict, wide = printed_interval(5000, 100, "over", bound=True)
    assert 12732 not in strict
    assert 12732 in wide
