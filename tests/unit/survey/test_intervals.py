"""Intervals of a proportion from its standard error alone; numbers of R's survey 4.1-1."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonys.survey.files import INTERVALS
from qonys.survey.intervals import interval

R = {  # share, standard error, degrees of freedom, respondents
    (0.1720519885842, 0.0243447801131, 197, 200): {
        "logit": (0.1291851450564, 0.2254603452532),
        "beta": (0.1265684073793, 0.2258286714027),
        "asin": (0.1268211658501, 0.2225820917657),
        "mean": (0.1240421581412, 0.2200618190271),
    },
    (0.2487084870849, 0.0663949884343, 39, 126): {
        "logit": (0.1389256200877, 0.4044921291991),
        "beta": (0.1267077203426, 0.4092288738869),
        "asin": (0.1285924552650, 0.3928854420312),
        "mean": (0.1144119468429, 0.3830050273269),
    },
}


@pytest.mark.parametrize("given_", R)
@pytest.mark.parametrize("method", ["logit", "beta", "asin", "mean"])
def test_intervals_are_rs(given_, method):
    assert interval(*given_, method) == pytest.approx(R[given_][method], rel=1e-10)


def test_a_simple_sample_gives_the_textbook():
    p, n = 76 / 1100, 1100
    se = math.sqrt(p * (1 - p) / (n - 1))
    printed = (0.05550808155, 0.08569588609)
    assert interval(p, se, n - 1, n, "logit") == pytest.approx(printed, rel=1e-9)
    # Clopper and Pearson, were the effective sample size the sample itself.
    exact = interval(p, math.sqrt(p * (1 - p) / n), n - 1, n, "beta")
    assert exact == pytest.approx((0.05481859767, 0.08571729799), rel=1e-9)


def test_nobody_has_the_upper_limit_of_clopper_and_pearson():
    low, high = interval(0.0, 0.0, 99, 100)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 100))
    assert interval(1.0, 0.0, 99, 100) == pytest.approx((1 - high, 1))


def test_without_degrees_of_freedom_there_is_no_interval():
    assert interval(0.5, 0.1, 0, 10) is None
    assert interval(0.5, math.nan, 5, 10) is None


@given(
    share=st.floats(0.001, 0.999),
    deff=st.floats(0.2, 20),
    df=st.integers(1, 500),
    n=st.integers(5, 5000),
    method=st.sampled_from(INTERVALS),
)
def test_an_interval_holds_its_share_and_stays_between_nobody_and_everybody(
    share, deff, df, n, method
):
    se = math.sqrt(deff * share * (1 - share) / n)
    low, high = interval(share, se, df, n, method)
    assert 0 <= low <= share <= high <= 1
