"""Scores, the combination inside the rolling loop, and backtests that know what was known."""

import numpy as np
import pytest
from scipy import stats

from qonys.core.errors import DataError
from qonys.forecast.backtests import backtest
from qonys.forecast.models import PROBS
from qonys.forecast.running import forecast
from qonys.forecast.scoring import covered, crps, interval_score
from qonys.forecast.selecting import Selector, pool
from qonys.forecast.series import Series, step_on


def monthly(values, name="x", first="2010-01", releases=None):
    periods = tuple(step_on(first, at) for at in range(len(values)))
    return Series(name, "month", periods, np.asarray(values, dtype=float), releases or {})


def seasonal(count, seed=0):
    rng = np.random.default_rng(seed)
    return 500 + 100 * np.sin(np.arange(count) * np.pi / 6) + 10 * rng.normal(size=count)


def test_the_score_of_quantiles_is_that_of_the_normal_law():
    """Gneiting and Raftery 2007, eq. 21, within what fifteen quantiles allow."""
    quantiles = stats.norm.ppf(PROBS)[None, :]
    for came in (-1.0, 0.0, 0.5, 2.0):
        exact = came * (2 * stats.norm.cdf(came) - 1) + 2 * stats.norm.pdf(came) - np.pi**-0.5
        assert crps(quantiles, np.array([came]))[0] == pytest.approx(exact, abs=0.03)


def test_an_interval_pays_for_its_width_and_for_what_it_misses():
    quantiles = np.tile(np.linspace(0, 14, len(PROBS)), (2, 1))
    came = np.array([7.0, 20.0])
    assert interval_score(quantiles, came) == pytest.approx([12.0, 12 + 40 * 7])
    assert covered(quantiles, came, 0.95).tolist() == [True, False]


def test_an_origin_knows_nothing_of_what_comes_after():
    y = seasonal(90)
    later = np.r_[y[:60], y[60:] * 50]
    one, other = (Selector([series], 12, 6).selected(0, 60) for series in (y, later))
    assert (one.quantiles == other.quantiles).all()
    weights = [Selector([series], 12, 6).weights(0, 60) for series in (y, later)]
    assert weights[0] == weights[1]


def test_the_combination_leans_on_what_was_best():
    weights = Selector([seasonal(120)], 12, 6).weights(0, 120)
    assert sum(weights.values()) == pytest.approx(1)
    assert weights["naive"] == min(weights.values())
    walk = Selector([500 + np.random.default_rng(1).normal(size=120).cumsum()], 12, 6)
    assert walk.weights(0, 120)["naive"] > weights["naive"]


def test_a_pool_is_the_mixture_of_its_members():
    """Quantiles of half N(0, 1) and half N(6, 1), found by solving for its distribution."""
    members = np.stack([stats.norm.ppf(PROBS), 6 + stats.norm.ppf(PROBS)])[None]
    found = pool(members, np.array([[0.5, 0.5]]))[0]
    below = 0.5 * stats.norm.cdf(found) + 0.5 * stats.norm.cdf(found - 6)
    assert below == pytest.approx(PROBS, abs=0.01)
    assert pool(members, np.array([[1.0, 0.0]]))[0] == pytest.approx(members[0, 0])


def test_widths_are_repaired_in_a_panel_and_only_where_that_paid():
    rng = np.random.default_rng(2)
    calm = [1000 + 20 * rng.normal(size=110) for _ in range(4)]
    # Every model takes the noise of five years for that of today, which is a tenth of it.
    shrunk = [np.r_[y[:65], 1000 + (y[65:] - 1000) / 10] for y in calm]
    panel = Selector(shrunk, 12, 6)
    alone = Selector(shrunk[:1], 12, 6)

    def width(quantiles):
        return float((quantiles[:, -2] - quantiles[:, 1]).mean())

    assert width(panel.selected(0, 110).quantiles) < 0.8 * width(
        alone.selected(0, 110).quantiles
    )


def test_a_backtest_has_every_model_step_and_mean():
    series = [monthly(seasonal(72), "a"), monthly(seasonal(72, 1), "b")]
    found = backtest(series, 4, 3)
    assert {one.model for one in found} >= {"naive", "seasonal_naive", "ets", "selected"}
    whole = [one for one in found if one.series is None and one.horizon is None]
    assert len(whole) == 6
    for one in whole:
        steps = [
            x.crps for x in found if (x.series, x.model) == (None, one.model) and x.horizon
        ]
        assert one.crps == pytest.approx(np.mean(steps))
        assert 0 <= one.coverage_95 <= 1
        assert one.origins == 4
    best = min(whole, key=lambda one: one.crps)
    assert best.model != "naive"


def test_with_releases_a_model_sees_what_was_known_then():
    y = seasonal(60)
    periods = [step_on("2010-01", at) for at in range(60)]
    # Each release prints all months so far; the newest month is printed too low at first.
    releases = {}
    for count in range(40, 61):
        told = dict(zip(periods[:count], y[:count].tolist(), strict=True))
        told[periods[count - 1]] *= 0.3 if count < 60 else 1.0
        releases[f"{count}"] = told
    real = backtest([monthly(y, releases=releases)], 6, 3)
    final = backtest([monthly(y)], 6, 3)

    def naive(scores):
        return next(
            one
            for one in scores
            if (one.series, one.model, one.horizon) == (None, "naive", None)
        )

    assert naive(real).crps > 2 * naive(final).crps
    assert naive(real).origins == 6


def test_years_are_made_of_what_is_known_and_of_paths():
    series = monthly(seasonal(65))  # ends in May 2015
    found = forecast([series], 19, draws=500)
    assert [one.period for one in found.years] == ["2015", "2016"]
    this = found.years[0]
    known = series.values[60:].sum()
    assert this.horizon == 7
    assert this.low_95 > known
    assert this.low_95 < this.low_80 < this.median < this.high_80 < this.high_95
    expected = known + np.median(found.draws["x"][:7].sum(axis=0))
    assert this.median == pytest.approx(expected)


def test_short_constant_and_zero_heavy_series_get_an_answer():
    short = forecast([Series("s", "year", ("2020", "2021", "2022"), np.array([5.0, 6, 7]))], 2)
    assert "Too short" in short.notes["s"]
    assert set(short.weights["s"].values()) == {0.2}
    constant = forecast([monthly([7.0] * 40)], 3)
    assert "never changed" in constant.notes["x"]
    zeros = forecast([monthly([0.0, 0, 0, 4] * 12)], 6)
    assert all(one.low_95 >= 0 for one in zeros.ahead)
    walk = np.random.default_rng(5).normal(size=100).cumsum() + 100
    told = forecast([monthly(walk)], 6).notes["x"]
    assert "the last value at" in told


def test_impossible_questions_are_faults():
    series = [monthly(seasonal(40))]
    with pytest.raises(DataError, match="1 to 120 periods"):
        forecast(series, 0)
    with pytest.raises(DataError, match="no origin has values enough"):
        backtest([monthly(seasonal(20))], 3, 6)
    with pytest.raises(DataError, match="at least one origin"):
        backtest(series, 0, 6)


def test_origins_inside_breaks_are_told_apart():
    y = seasonal(96)
    y[78:84] *= 0.1
    found = backtest([monthly(y)], 8, 3, breaks=[("2016-06", "2016-12")])

    def origins(regime):
        return next(
            one.origins
            for one in found
            if (one.series, one.model, one.horizon, one.regime)
            == (None, "selected", None, regime)
        )

    assert origins("inside") + origins("outside") == origins(None)
    assert origins("inside") > 0
    assert {one.regime for one in backtest([monthly(y)], 8, 3)} == {None}


def test_a_shorter_series_shows_no_future_to_a_longer_one():
    long, short = seasonal(144), [seasonal(72, seed) for seed in (1, 2)]
    changed = [np.r_[y[:40], y[40:] * 9] for y in short]
    offsets = [0, 72, 72]
    # The first 100 values of the long one end when 28 of the short ones are known.
    told = [Selector([long, *others], 12, 6, offsets) for others in (short, changed)]
    for origin in (60, 100, 111):
        one, other = (selector.selected(0, origin) for selector in told)
        assert (one.quantiles == other.quantiles).all()
    days = [selector._errors(144) for selector in told]  # the day when all is known
    assert (np.nan_to_num(days[0]) != np.nan_to_num(days[1])).any()


def test_every_series_has_its_own_floor_and_none_from_its_future():
    counts = monthly(np.round(np.abs(seasonal(60)) / 40), "counts")
    net = monthly(seasonal(60) - 500, "net")
    told = forecast([counts, net], 6).ahead
    assert min(one.low_95 for one in told if one.series == "counts") >= 0
    assert min(one.low_95 for one in told if one.series == "net") < 0
    assert {one.model for one in told if one.series == "counts"} > {"ensemble_log"}
    y = np.abs(seasonal(60))
    turned = Selector([np.r_[y[:59], -1.0]], 12, 3)
    assert "ensemble_log" in turned.at(0, 50)
    assert "ensemble_log" not in turned.at(0, 60)


def test_the_first_month_does_not_depend_on_how_many_are_asked_for():
    y = np.random.default_rng(8).poisson(1.5, 80).astype(float)
    first = [Selector([y], 12, horizon).selected(0, 80).quantiles[0] for horizon in (3, 12, 24)]
    assert first[0] == pytest.approx(first[1])
    assert first[1] == pytest.approx(first[2])


def test_short_series_have_the_origins_that_they_can():
    for months in (27, 30, 38):
        found = backtest([monthly(seasonal(months))], 8, 12)
        whole = next(one for one in found if one.series is None and one.horizon is None)
        assert whole.origins == min(8, months - 26)


def test_a_series_that_never_changed_has_no_scale():
    with pytest.raises(DataError, match="a change among them"):
        backtest([monthly([7.0] * 60)], 4, 3)
    found = backtest([monthly([7.0] * 60, "flat"), monthly(seasonal(60), "x")], 4, 3)
    assert {one.series for one in found} == {None, "x"}


def test_breaks_may_be_named_by_any_period():
    y = seasonal(96)
    counts = {
        name: next(
            one.origins
            for one in backtest([monthly(y)], 8, 3, breaks=[name])
            if (one.series, one.horizon, one.model, one.regime) == (None, None, "ets", "inside")
        )
        for name in (("2016", "2016"), ("2016-Q1", "2016-Q4"), ("2016-01", "2016-12"))
    }
    assert len(set(counts.values())) == 1


def test_what_was_known_begins_after_its_last_gap():
    releases = {
        "2020-04": {"2020-01": 1.0, "2020-03": 3.0},
        "2020-05": {"2020-02": 2.0, "2020-04": 4.0},
    }
    series = Series(
        "x",
        "month",
        ("2020-01", "2020-02", "2020-03", "2020-04"),
        np.array([1.0, 2, 3, 4]),
        releases,
    )
    assert series.known("2020-04").periods == ("2020-03",)
    assert series.known("2020-05").periods == series.periods
