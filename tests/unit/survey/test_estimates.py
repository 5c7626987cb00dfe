"""Estimates of a small invented sample: domains, missing answers, several answers."""

import math

import polars as pl
import pytest

from qonys.core.errors import DataError
from qonys.survey.comparing import associate, compare, multiple
from qonys.survey.design import Design
from qonys.survey.estimates import estimate
from qonys.survey.microdata import Microdata


def problem(call, *arguments, **named):
    with pytest.raises(DataError) as caught:
        call(*arguments, **named)
    return str(caught.value.faults[0])


def test_a_missing_answer_stays_in_the_design(sample):
    (found,) = estimate(sample(), "mean", "income")
    # By hand: weighted mean of the 11 answers; df from all six villages and both regions.
    assert found.estimate == pytest.approx(540 / 168)
    assert (found.n, found.df) == (11, 4)


def test_the_domain_has_the_degrees_of_freedom_of_its_own_clusters(sample):
    found = estimate(sample(), "mean", "income", ["region", "village"])
    assert len(found) == 6
    assert {one.df for one in found} == {0.0}
    assert all(one.se is None and one.low is None and one.high is None for one in found)
    assert found[0].by == {"region": "north", "village": "1"}


def test_a_domain_whose_answers_are_all_missing_is_a_fault_not_a_missing_row(sample):
    income = [None] * 6 + [1.0] * 6
    text = problem(estimate, sample(income=income), "mean", "income", ["region"])
    assert "every answer is missing in a domain ('region north')" in text
    everyone = problem(estimate, sample(income=[None] * 12), "mean", "income")
    assert "column income: every value is missing" in everyone


def test_nobody_and_everybody_have_an_interval_of_one_side(sample):
    one, two = estimate(
        sample(plans=["stay"] * 11 + ["leave"]), "proportion", "plans", ["sex"]
    )[:2]
    assert (one.by, one.level, one.estimate) == ({"sex": "f"}, "leave", 0.0)
    assert one.low == 0.0 < one.high < 1
    assert two.estimate == two.high == 1.0 > two.low > 0


def test_shares_of_all_categories_add_up_to_one(sample):
    for by in ([], ["sex"]):
        found = estimate(sample(), "proportion", "plans", by)
        for domain in {tuple(one.by.items()) for one in found}:
            total = sum(one.estimate for one in found if tuple(one.by.items()) == domain)
            assert total == pytest.approx(1)


@pytest.mark.parametrize(
    ("statistic", "variable", "text"),
    [
        ("mean", "plans", "expected numbers"),
        ("mean", "nothing", "no such column"),
        ("ratio", "income", "expected A/B"),
        ("ratio", "income/zero", "divides by zero"),
        ("quantile", "income:2", "expected VAR:Q"),
        ("quantile", "income", "expected VAR:Q"),
        ("mode", "income", "unknown statistic"),
    ],
)
def test_what_cannot_be_estimated_is_a_fault(sample, statistic, variable, text):
    assert text in problem(estimate, sample(zero=[0] * 12), statistic, variable)


def test_a_total_needs_weights_of_a_population(sample):
    weights = [0.5, 1.5] * 6
    assert "no population's total" in problem(estimate, sample(weight=weights), "total", "work")
    (found,) = estimate(sample(), "total", "work")
    assert found.estimate == 114.0


def test_two_answers_of_the_same_people_are_compared_with_their_overlap(sample):
    found = multiple(sample(), ["work", "study"])
    work, study = (one for one in found.shares if one.statistic == "share of respondents")
    (both,) = found.overlaps
    (gap,) = found.differences
    assert gap.difference == pytest.approx(work.estimate - study.estimate)
    assert both.estimate <= min(work.estimate, study.estimate)
    answers = [one.estimate for one in found.shares if one.statistic == "share of answers"]
    assert sum(answers) == pytest.approx(1)
    assert gap.se != pytest.approx(math.hypot(work.se, study.se))


def test_items_must_be_zero_and_one_and_two(sample):
    assert "expected 0 and 1" in problem(multiple, sample(), ["work", "income"])
    assert "at least two" in problem(multiple, sample(), ["work"])


def test_a_respondent_who_was_not_asked_one_item_counts_in_none(sample):
    found = multiple(sample(study=[None, *[0, 1] * 5, 0]), ["work", "study"])
    assert {one.n for one in found.shares} == {11}


def test_pairs_of_domains_are_adjusted_for_their_number(sample):
    group = ["a", "b", "c"] * 4
    found = compare(sample(group=group), "mean", "work", "group")
    assert [(one.first, one.second) for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    smallest = min(found, key=lambda one: one.p)
    assert smallest.p_holm == pytest.approx(min(3 * smallest.p, 1))
    assert all(one.p_holm >= one.p for one in found)


def test_categories_compare_level_by_level_and_together(sample):
    levels = [one.level for one in compare(sample(), "proportion", "plans", "sex")]
    assert levels == ["leave", "stay"]
    assert associate(sample(), "plans", "sex").df2 == pytest.approx(4)
    assert "needs two categories" in problem(
        associate, sample(plans=["x"] * 12), "plans", "sex"
    )
    text = problem(compare, sample(sex=["f"] * 12), "mean", "work", "sex")
    assert "needs 2 to 50 domains" in text


def test_names_of_columns_that_the_room_uses_itself_do_no_harm(sample):
    frame = sample().frame.rename({"income": "value0", "sex": "_in", "region": "_weight"})
    design = Design("weight", strata=("_weight",), cluster=("village",))
    data = Microdata(frame, design)
    assert estimate(data, "mean", "value0", ["_in"])[0].estimate == pytest.approx(
        estimate(sample(), "mean", "income", ["sex"])[0].estimate
    )


def test_whole_numbers_and_truth_values_are_categories_too(sample):
    data = sample(flag=[True, False] * 6)
    assert [one.level for one in estimate(data, "proportion", "work")] == ["0", "1"]
    assert [one.level for one in estimate(data, "proportion", "flag")] == ["false", "true"]
    assert estimate(data, "mean", "flag")[0].estimate == pytest.approx(0.5)


def test_bare_replicates_have_their_rank_less_one_as_degrees_of_freedom(sample):
    weights = pl.Series(sample().frame["weight"])
    columns = {f"r{n}": (weights * (1 + 0.1 * n * (-1) ** n)).to_list() for n in range(3)}
    # Three multiples of one column: rank one, so no degree of freedom.
    design = Design("weight", replicate_weights=tuple(columns), replicate_kind="bootstrap")
    (found,) = estimate(sample(design, **columns), "mean", "work")
    assert (found.df, found.se, found.low) == (0.0, None, None)
