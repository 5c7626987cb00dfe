"""From an intention to moves: the formula, what is learnt, and what the settings must say."""

import math
from dataclasses import replace

import numpy as np
import pytest

from qonys.core.country import Country
from qonys.core.errors import DataError
from qonys.observations.reading import View
from qonys.survey.potential import (
    Flows,
    built_in_answer,
    estimate_potential,
    read_flows,
    read_settings,
)
from qonys.survey.published import Answer

DRAWS = 4000
INTEND = Answer("Intend to move", 6.9, 1)


@pytest.fixture(scope="session")
def settings(kaz):
    return read_settings(kaz)


@pytest.fixture(scope="session")
def flows(kaz, store, settings):
    return read_flows(View(store, kaz), settings)


def summary(found, name):
    return next(one for one in found.summaries if one.name == name)


def test_the_survey_of_2024_realised_about_three_to_four_percent(kaz, settings, flows):
    told, _, answer = built_in_answer(kaz, settings)
    assert (answer.share, told.n) == (6.9, 1100)
    found = estimate_potential(settings, answer, told.n, flows, asked_in=2024, draws=DRAWS)
    at_2024 = next(one for one in found.realised if one.year == 2024)
    assert at_2024.registered == 12732
    assert 0.03 < at_2024.middle < 0.04
    assert (round(at_2024.low, 2), round(at_2024.high, 2)) == (0.02, 0.05)


def test_partners_count_some_three_times_as_many(flows):
    ours, theirs = flows.mirrored[2023]
    assert 11737 <= ours < theirs
    assert theirs >= 48465
    assert 0.2 < ours / theirs < 0.3


def test_moves_follow_the_formula_draw_by_draw(settings, flows):
    d = estimate_potential(settings, INTEND, 1100, flows, draws=DRAWS).draws
    leaving = d["share"] * d["realisation"] + (1 - d["share"]) * d["others"]
    assert d["moves"] == pytest.approx(d["adults"] * leaving)
    assert d["registered"] == pytest.approx(d["moves"] * d["coverage"])
    assert d["registered_a_year"] == pytest.approx(d["registered"] / d["years"])
    for name in ("share", "realisation", "others", "coverage", "from_intention"):
        assert ((d[name] > 0) & (d[name] < 1)).all()


def test_what_was_registered_is_learnt_and_never_the_share(settings, flows):
    found = estimate_potential(settings, INTEND, 1100, flows, asked_in=2024, draws=DRAWS)
    prior, learnt = (
        getattr(summary(found, "registered_a_year"), x) for x in ("prior", "learnt")
    )
    assert learnt[2] / learnt[0] < prior[2] / prior[0] / 10
    assert 7608 < learnt[1] < 14000
    share = summary(found, "share").learnt[1] * summary(found, "adults").learnt[1]
    assert summary(found, "moves").learnt[1] < share / 3
    assert found.effective > DRAWS / 2


def test_without_flows_only_the_priors_speak(settings):
    found = estimate_potential(settings, INTEND, 1100, Flows({}), draws=DRAWS)
    for one in found.summaries:
        assert one.learnt == pytest.approx(one.prior, rel=0.25)
    assert found.realised == []
    for name in ("realisation", "others", "coverage", "adults"):
        prior = settings.priors[name]
        low, _, high = summary(found, name).prior
        assert (low, high) == pytest.approx((prior.low, prior.high), rel=0.05)


def test_the_same_seed_gives_the_same_draws_and_another_does_not(settings, flows):
    one, two, three = (
        estimate_potential(settings, INTEND, 1100, flows, draws=500, seed=seed).draws["moves"]
        for seed in (1, 1, 2)
    )
    assert (one == two).all()
    assert (one != three).any()


def test_a_larger_share_later_means_more_moves_by_those_who_intend(settings, flows):
    same, more = (
        estimate_potential(settings, INTEND, 1100, flows, then=then, draws=DRAWS).draws
        for then in (6.9, 10.0)
    )
    assert same["then_moves"] == pytest.approx(same["moves"])
    gained = more["then_moves"] / more["moves"]
    assert (gained[more["realisation"] > more["others"]] > 1).all()
    assert gained.max() < 10 / 6.9 * 93.1 / 90


def test_the_rounding_of_the_share_is_in_its_draws(settings):
    wide, narrow = (
        estimate_potential(
            settings, Answer("x", 7.0, places), 10_000_000, Flows({}), draws=DRAWS
        ).draws["stated"]
        for places in (0, 3)
    )
    assert np.ptp(wide) == pytest.approx(0.01, rel=0.1)
    assert np.ptp(narrow) < 0.001


def test_the_spread_of_the_flows_is_that_of_their_yearly_changes(settings):
    counts = {2020: 1e4, 2021: 2e4, 2022: 1e4, 2023: 2e4}
    found = estimate_potential(settings, INTEND, 1100, Flows(counts), draws=500)
    steps = np.array([1, -1, 1]) * math.log(2)
    assert found.spread == pytest.approx(steps.std(ddof=1))


def test_a_share_of_nobody_or_too_few_draws_are_faults(settings):
    for given, problem in (
        ({"answer": Answer("x", 0.0, 1)}, "a share between 0 and 100"),
        ({"n": 1}, "of some people"),
        ({"draws": 5}, "100 to 100,000 draws"),
        ({"then": 100.0}, "a share between 0 and 100"),
    ):
        asked = {"answer": INTEND, "n": 1100, **given}
        with pytest.raises(DataError, match=problem):
            estimate_potential(
                settings, asked.pop("answer"), asked.pop("n"), Flows({}), **asked
            )


def test_all_faults_of_the_settings_are_told(kaz, tmp_path, fictional):
    with pytest.raises(DataError, match="this country has no settings"):
        read_settings(fictional)
    folder = tmp_path / "kaz"
    (folder / "models").mkdir(parents=True)
    (folder / "country.toml").write_text(
        (kaz.folder / "country.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    text = (kaz.folder / "models" / "potential.toml").read_text(encoding="utf-8")
    text = text.replace("low = 0.02\n", "low = 0.9\n").replace('mirror = "', 'miror = "')
    text = text.replace('source = "Assumption, wide."', 'source = ""')
    (folder / "models" / "potential.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_settings(Country(folder))
    found = "\n".join(str(fault) for fault in caught.value.faults)
    assert "column miror: unknown field" in found
    assert "column mirror: expected a text" in found
    assert "column realisation: expected 0 < low < high below 1" in found
    assert "column coverage: needs says and source" in found


@pytest.mark.statistical
def test_truths_drawn_from_the_priors_lie_in_their_intervals_as_often_as_they_say(settings):
    """Simulation-based calibration (Talts et al. 2018): 300 truths, 80 % intervals."""
    proposed = estimate_potential(settings, INTEND, 1100, Flows({}), draws=300, seed=7).draws
    rng = np.random.default_rng(8)
    past = {year: 10_000.0 * math.exp(0.3 * (-1) ** year) for year in range(2010, 2024)}
    inside = 0
    for at in range(300):
        seen = proposed["registered_a_year"][at] * math.exp(_spread_of(past) * rng.normal())
        # The years before are scaled with the truth, so that only the last one is news.
        scaled = {year: count / past[2023] * seen for year, count in past.items()}
        found = estimate_potential(
            settings, INTEND, 1100, Flows(scaled), asked_in=2023, draws=1000, seed=100 + at
        )
        low, high = np.quantile(found.draws["moves"], [0.1, 0.9])
        inside += low <= proposed["moves"][at] <= high
    assert 240 - 3 * 7 < inside < 240 + 3 * 7


def _spread_of(counts):
    years = sorted(counts)[-11:]
    steps = [math.log(counts[year] / counts[year - 1]) for year in years]
    return float(np.std(steps, ddof=1))


def test_a_prior_can_be_changed_without_changing_the_rest(settings, flows):
    narrow = replace(settings.priors["others"], low=1e-6, high=2e-6)
    changed = replace(settings, priors={**settings.priors, "others": narrow})
    found = estimate_potential(changed, INTEND, 1100, flows, draws=DRAWS)
    assert summary(found, "from_intention").learnt[0] > 0.99
