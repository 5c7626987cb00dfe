"""The control chart: its limit against published tables, false alarms, shifts, counts at 0."""

import numpy as np
import pytest
from scipy import stats

from qonys.core.errors import DataError
from qonys.forecast.alarms import FALL, FARTHEST, RISE, SINGLE, surprise, threshold, watch
from qonys.forecast.models import PROBS
from qonys.forecast.series import Series, step_on


def monthly(values, name="x"):
    periods = tuple(step_on("2010-01", at) for at in range(len(values)))
    return Series(name, "month", periods, np.asarray(values, dtype=float))


@pytest.mark.parametrize(("runs", "limit"), [(168, 4.0), (370, 4.77), (465, 5.0)])
def test_the_limit_is_that_of_published_tables(runs, limit):
    """Montgomery, Introduction to Statistical Quality Control, tables 9.3 and 9.4 (k = 0.5)."""
    with_singles = 1 / (1 / runs + 2 * stats.norm.sf(SINGLE))
    assert threshold(with_singles) == pytest.approx(limit, abs=0.02)


def test_false_alarms_come_as_seldom_as_asked():
    rng = np.random.default_rng(1)
    limit, count = threshold(100), 0
    for _ in range(200):
        up = down = 0.0
        for deviate in rng.normal(size=500):
            up, down = max(0, up + deviate - 0.5), max(0, down - deviate - 0.5)
            if max(up, down) > limit or abs(deviate) > SINGLE:
                count += 1
                up = down = 0.0
    assert 200 * 500 / count == pytest.approx(100, rel=0.1)


def test_a_shift_is_found_and_a_steady_series_left_alone():
    rng = np.random.default_rng(2)
    steady = 1000 + 20 * rng.normal(size=96)
    assert sum(bool(one.alarm) for one in watch([monthly(steady)], 500)) <= 1
    for sign, kind in ((1, RISE), (-1, FALL)):
        moved = np.r_[steady[:72], steady[72:] + sign * 80]
        first = next(one for one in watch([monthly(moved)]) if one.alarm)
        assert first.alarm == kind
        assert "2016-01" <= first.period <= "2016-03"


def test_the_sums_start_again_after_an_alarm():
    found = watch([monthly(np.r_[np.full(40, 100.0) + np.arange(40) % 3, np.full(10, 400.0)])])
    at = next(number for number, one in enumerate(found) if one.alarm)
    assert found[at].surprise > SINGLE
    assert found[at + 1].up < found[at].up


def test_a_surprise_is_a_normal_deviate_of_the_forecast():
    quantiles = 50 + 10 * stats.norm.ppf(PROBS)
    assert surprise(quantiles, 50) == pytest.approx(0, abs=1e-9)
    assert surprise(quantiles, 60) == pytest.approx(1, abs=0.02)
    assert surprise(quantiles, 20) == pytest.approx(-3, abs=0.01)
    assert surprise(quantiles, 1e9) == FARTHEST
    assert surprise(np.full(15, 7.0), 7) == pytest.approx(0)
    assert surprise(np.full(15, 7.0), 8) == FARTHEST
    half_at_0 = np.maximum(stats.norm.ppf(PROBS), 0)
    assert -2 < surprise(half_at_0, 0) < 0


def test_short_series_and_impossible_charts_are_faults():
    with pytest.raises(DataError, match="too short"):
        watch([monthly(range(20))])
    with pytest.raises(DataError, match="10 to 2000 periods"):
        watch([monthly(range(40))], 3)
