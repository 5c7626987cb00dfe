"""The law of revisions: what triangles teach, regimes, and what can't be told."""

import numpy as np
import pytest

from qonys.core.errors import DataError
from qonys.forecast.revisions import UNSEEN, learn, nowcast
from qonys.forecast.series import Series, step_on, steps_between

AGES = 8
ODDS = 0.6 * np.exp(-np.arange(AGES) / 2)  # of what is still to come, by age


def triangle(rng, months=48, regime=1.0, name="x", level=2000):
    """Releases of every month; how severe the delay is wanders, and jumps half way."""
    periods = [step_on("2019-01", at) for at in range(months)]
    final = rng.negative_binomial(20, 20 / (20 + level), months).astype(float)
    severity = np.exp(np.cumsum(rng.normal(size=months) * 0.1))
    severity[months // 2 :] *= regime
    releases = {}
    for last in range(12, months):
        printed = {}
        for at in range(last + 1):
            age = last - at
            short = 1 + severity[at] * ODDS[age] if age < AGES else 1.0
            printed[periods[at]] = float(round(final[at] / short))
        releases[periods[last]] = printed
    values = np.array(list(releases[periods[-1]].values()))
    return Series(name, "month", tuple(periods), values, releases), final


@pytest.mark.parametrize("regime", [1.0, 2.5])
def test_intervals_hold_what_comes_whatever_the_regime(regime):
    rng = np.random.default_rng(5)
    held = []
    for _ in range(12):
        series, final = triangle(rng, regime=regime)
        for one in nowcast([series], learn([series]), draws=500):
            if "-" in one.period and one.age < 5:
                came = final[series.periods.index(one.period)]
                held.append(
                    (one.low_80 <= came <= one.high_80, one.low_95 <= came <= one.high_95)
                )
    in_80, in_95 = np.mean(held, axis=0)
    assert in_80 >= 0.7
    assert in_95 >= 0.9


def test_growth_falls_with_age_and_ends_where_figures_stay():
    series, _ = triangle(np.random.default_rng(1))
    law = learn([series])
    assert (np.diff(law.growth) < 0).all()
    assert AGES - 3 <= len(law.growth) <= AGES
    assert max(steps_between(one, series.periods[-1]) for one in ("2022-10", "2022-12")) == 2
    asked = [one for one in nowcast([series], law) if "-" in one.period]
    assert {one.age for one in asked} == set(range(len(law.growth)))
    assert all(one.median >= one.told for one in asked[-3:])


def test_a_worse_regime_is_seen_in_the_next_severity():
    calm, _ = triangle(np.random.default_rng(2), regime=1.0)
    rough, _ = triangle(np.random.default_rng(2), regime=3.0)
    medians = [
        next(one for one in nowcast([series], learn([series])) if one.age == 0)
        for series in (calm, rough)
    ]
    grown = [one.median / one.told for one in medians]
    assert grown[1] > grown[0]


def test_a_series_never_printed_again_takes_the_law_of_others_with_more_doubt():
    taught, _ = triangle(np.random.default_rng(3))
    law = learn([taught])
    size, mean = law.gamma("another")
    assert (size, mean) == (UNSEEN, 1.0)
    assert law.gamma("x")[0] > UNSEEN


def test_years_are_joint_draws_of_their_months():
    series, _ = triangle(np.random.default_rng(4))
    found = nowcast([series], learn([series]))
    months = [one for one in found if one.period.startswith("2022-")]
    (year,) = [one for one in found if one.period == "2022"]
    apart = np.sqrt(sum((one.high_95 - one.low_95) ** 2 for one in months))
    assert year.high_95 - year.low_95 > 1.3 * apart  # one severity moves all months together
    assert year.told == sum(series.values[-12:])


def test_what_nothing_was_learnt_of_is_not_told():
    single = Series("x", "month", ("2024-01",), np.array([5.0]), {"2024-02": {"2024-01": 5.0}})
    with pytest.raises(DataError, match="printed twice"):
        learn([single])
    taught, _ = triangle(np.random.default_rng(6))
    below = Series(
        "net", "month", ("2024-01",), np.array([-5.0]), {"2024-02": {"2024-01": -5.0}}
    )
    with pytest.raises(DataError, match="below 0"):
        nowcast([below], learn([taught]))
    still = Series(
        "x",
        "month",
        ("2024-01",),
        np.array([5.0]),
        {"2024-02": {"2024-01": 5.0}, "2024-03": {"2024-01": 5.0}},
    )
    assert nowcast([still], learn([still])) == []


def test_releases_may_be_days_or_names():
    periods = ("2024-01", "2024-02")
    for labels in (("2024-03-15", "2024-05-20"), ("first", "second")):
        releases = {
            labels[0]: dict(zip(periods, (100.0, 50.0), strict=True)),
            labels[1]: {"2024-01": 101.0, "2024-02": 80.0, "2024-04": 10.0},
        }
        series = Series("x", "month", periods, np.array([101.0, 80.0]), releases)
        law = learn([series])
        assert law.growth[0 if labels[0] == "first" else 1] > 0.1


def test_regular_revisions_are_learnt_as_they_are():
    periods = [step_on("2019-01", at) for at in range(24)]
    releases = {
        periods[last]: {
            periods[at]: round(
                1000 / (1.3 * 1.1 if last == at else 1.1 if last == at + 1 else 1), 3
            )
            for at in range(last + 1)
        }
        for last in range(4, 24)
    }
    series = Series(
        "x", "month", tuple(periods), np.array(list(releases[periods[-1]].values())), releases
    )
    newest = next(one for one in nowcast([series], learn([series])) if one.age == 0)
    assert newest.median == pytest.approx(1000, rel=0.02)


def test_growth_from_nothing_is_no_ratio():
    series, _ = triangle(np.random.default_rng(7))
    releases = {name: dict(values) for name, values in series.releases.items()}
    first = next(iter(releases))
    releases[first][max(releases[first])] = 0.0
    told = Series("x", "month", series.periods, series.values, releases)
    assert learn([told]).growth[0] < 1


def test_names_of_releases_do_not_change_their_order():
    dated, _ = triangle(np.random.default_rng(8), regime=2.0)
    named = {f"v{at}": values for at, values in enumerate(dated.releases.values(), 1)}
    series = Series("x", "month", dated.periods, dated.values, named)
    assert learn([series]).severity == learn([dated]).severity
    assert nowcast([series], learn([series])) == nowcast([dated], learn([dated]))
