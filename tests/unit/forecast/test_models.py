"""Baselines: the arithmetic of each, counts, and what an error leaves behind."""

import numpy as np
import pytest
from scipy import stats

from qonys.forecast._kernels import ADDITIVE, DAMPED, NONE, fit_smoothing, psi_weights, smooth
from qonys.forecast.models import BASELINES, PROBS, baselines, seasonal_scale
from qonys.forecast.running import paths

MEDIAN = int(np.searchsorted(PROBS, 0.5))


def plain(y, m, trend, seasonal, alpha, beta, gamma, phi, start):
    """Exponential smoothing written from the book, value by value."""
    level, slope, seasons = start[0], start[1], list(start[2:])
    errors = []
    for t, value in enumerate(y):
        step = phi * slope if trend else 0.0
        season = seasons[t % m] if seasonal else 0.0
        error = value - (level + step + season)
        errors.append(error)
        level = level + step + alpha * error
        slope = step + beta * error if trend else slope
        if seasonal:
            seasons[t % m] = season + gamma * error
    return errors, [level, slope, *seasons]


@pytest.mark.parametrize("trend", [NONE, ADDITIVE, DAMPED])
@pytest.mark.parametrize("seasonal", [False, True])
def test_smoothing_is_that_of_the_book(trend, seasonal):
    rng = np.random.default_rng(1)
    y, start = rng.normal(size=30), rng.normal(size=6)
    given = (y, 4, trend, seasonal, 0.4, 0.1, 0.2, 0.9 if trend == DAMPED else 1.0, start)
    errors, state = smooth(*given)
    own_errors, own_state = plain(*given)
    assert errors == pytest.approx(own_errors, rel=1e-12)
    assert state == pytest.approx(own_state, rel=1e-12)


@pytest.mark.parametrize(
    ("trend", "seasonal"), [(NONE, False), (ADDITIVE, True), (DAMPED, True)]
)
def test_psi_is_what_is_left_of_an_error(trend, seasonal):
    smoothing = np.array([0.4, 0.1, 0.2, 0.9 if trend == DAMPED else 1.0])
    start, m, ahead = np.zeros(6), 4, 9
    shocked = np.r_[1.0, np.zeros(0)]
    _, state = plain(shocked, m, trend, seasonal, *smoothing, start)
    left = [1.0]
    level, slope, seasons = state[0], state[1], state[2:]
    damp = 0.0
    for step in range(1, ahead):
        damp += smoothing[3] ** step
        left.append(level + slope * damp * bool(trend) + seasonal * seasons[step % m])
    assert psi_weights(smoothing, m, trend, seasonal, ahead) == pytest.approx(left)


def test_fitting_finds_the_smoothing_that_made_the_series():
    rng = np.random.default_rng(2)
    errors = rng.normal(size=600)
    level, y = 100.0, []
    for error in errors:
        y.append(level + error)
        level += 0.3 * error
    smoothing, _, _, _ = fit_smoothing(np.array(y), 1, NONE, False)
    assert smoothing[0] == pytest.approx(0.3, abs=0.08)


def test_every_baseline_is_there_and_its_quantiles_rise():
    rng = np.random.default_rng(3)
    y = 100 + 20 * np.sin(np.arange(72) * np.pi / 6) + rng.normal(size=72)
    found = baselines(y, 12, 12)
    assert list(found) == list(BASELINES)
    for one in found.values():
        assert one.quantiles.shape == (12, len(PROBS))
        assert (np.diff(one.quantiles, axis=1) >= 0).all()
        assert (one.quantiles >= 0).all()
    for name in ("seasonal_naive", "ets", "theta", "ensemble_log"):
        assert found[name].quantiles[:, MEDIAN] == pytest.approx(y[-12:], abs=6)


def test_the_naive_forecasts_are_past_values_with_errors_that_add_up():
    y = np.array([3.0, 5, 4, 8, 6, 9])
    found = baselines(y, 1, 4)["naive"]
    assert found.quantiles[:, MEDIAN] == pytest.approx([9] * 4)
    # Years change by ratios: widths add up on logarithms, and no interval reaches 0.
    width = np.log1p(found.quantiles[:, MEDIAN + 1]) - np.log1p(found.quantiles[:, MEDIAN])
    assert width / width[0] == pytest.approx(np.sqrt([1, 2, 3, 4]))
    months = baselines(np.r_[y, y, y, y, y], 12, 4)["naive"].quantiles
    width = months[:, MEDIAN + 1] - months[:, MEDIAN]
    assert width / width[0] == pytest.approx(np.sqrt([1, 2, 3, 4]))


def test_few_errors_make_wide_laws():
    """Student's t with as many degrees of freedom as errors (ten years, five of months)."""
    y = 100 + np.random.default_rng(3).normal(size=200)
    high, middle, upper = len(PROBS) - 2, MEDIAN, MEDIAN + 1

    def tail(m):
        x = (
            np.log1p(baselines(y, m, 1)["naive"].quantiles[0])
            if m == 1
            else (baselines(y, m, 1)["naive"].quantiles[0])
        )
        return (x[high] - x[middle]) / (x[upper] - x[middle])

    assert tail(1) == pytest.approx(stats.t.ppf(0.975, 10) / stats.t.ppf(0.6, 10))
    assert tail(12) == pytest.approx(stats.t.ppf(0.975, 60) / stats.t.ppf(0.6, 60))
    seasonal = baselines(np.tile([1.0, 2, 3, 4], 5) + 1, 4, 8)["seasonal_naive"]
    assert seasonal.quantiles[:, MEDIAN] == pytest.approx([2, 3, 4, 5] * 2)


def test_counts_near_zero_stay_counts_and_negative_series_have_no_logarithm():
    zeros = np.array([0.0, 0, 3, 0, 0, 1, 0, 0, 0, 5, 0, 0])
    for one in baselines(zeros, 1, 6).values():
        assert (one.quantiles >= 0).all()
        assert np.isfinite(one.quantiles).all()
    below = baselines(zeros - 2, 1, 3, floor=-np.inf)
    assert "ensemble_log" not in below
    assert below["naive"].quantiles.min() < -2


def test_the_scale_is_the_seasonal_naives_own_error():
    y = np.r_[np.arange(12.0), np.arange(12.0) + 3]
    assert seasonal_scale(y, 12) == 3
    assert seasonal_scale(y[:5], 12) == 1


def noise_of(horizon, draws, seed=1):
    return np.random.default_rng(seed).normal(size=(horizon, draws))


def test_paths_have_the_marginals_and_hang_together():
    rng = np.random.default_rng(4)
    found = baselines(rng.normal(size=60).cumsum() + 100, 12, 6)["naive"]
    drawn = paths(found, noise_of(6, 20_000))
    assert drawn.shape == (6, 20_000)
    for step in range(6):
        ours = np.quantile(drawn[step], [0.1, 0.5, 0.9])
        at = [int(np.searchsorted(PROBS, p - 1e-9)) for p in (0.1, 0.5, 0.9)]
        assert ours == pytest.approx(found.quantiles[step, at], rel=0.02)
    # A random walk: the correlation of steps 1 and 4 is the root of a quarter.
    assert np.corrcoef(drawn[0], drawn[3])[0, 1] == pytest.approx(0.5, abs=0.03)
    assert (paths(found, noise_of(6, 9)) == paths(found, noise_of(6, 9))).all()
