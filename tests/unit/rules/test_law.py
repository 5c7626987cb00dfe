from datetime import date

import pytest

from qonys.rules.deciding import Engine
from qonys.rules.law import as_known
from qonys.rules.reforms import read_reform

ACTS = """\
act: {title: Early, kind: law, adopted: 2029-01-01}
late: {title: Late, kind: law, adopted: 2029-02-01, published: 2030-05-01}
"""
LEAST = """\
parameters:
  least:
    unit: USD
    says: Least
    values:
      - {from: 2030-01-01, to: 2030-12-31, value: 5, cite: {act: act}}
      - {from: 2031-01-01, value: 6, cite: {act: late}}
"""
VERSION = (
    "{from: 2030-01-01, to: 2031-12-31, says: One, cite: {act: act}, disputes: "
    "[{id: later, says: Later, from: 2030-02-01, cite: {act: late}}]}\n"
    "      - {from: 2032-01-01, says: Two, cite: {act: late}}"
)
CONDITIONS = (
    "{id: income, must: income >= least, says: Enough, cite: {act: act}, disputes: "
    "[{id: more, says: More, must: income > least, cite: {act: late}}]}",
    "{id: wed, must: married, from: 2031-06-01, says: Wed, cite: {act: late}}",
)
FACTS = {"income": 7, "married": True}


@pytest.fixture(scope="module")
def dated(small_law):
    """A law of which a half could be known from May 2030 on only."""
    return small_law(*CONDITIONS, version=VERSION, acts=ACTS, parameters=LEAST)


@pytest.mark.parametrize(
    ("day", "before", "since"),
    [
        ("2030-06-01", "eligible", "eligible"),
        ("2031-01-01", "law_unknown", "eligible"),  # the amount of 2031 came later
        ("2031-06-01", "law_unknown", "eligible"),  # and so did the second condition
        ("2032-01-01", "law_unknown", "eligible"),  # and the second version
    ],
)
def test_law_of_later_acts_is_not_known_before(dated, day, before, since):
    on = date.fromisoformat(day)
    for known_on, decision in [("2030-04-30", before), ("2030-05-01", since)]:
        known = as_known(dated, date.fromisoformat(known_on))
        assert Engine(known).decision("R", on, FACTS).decision == decision


def test_readings_of_later_acts_are_not_known_before(dated):
    for day, count in [(date(2030, 4, 30), 0), (date(2030, 5, 1), 1)]:
        rule = as_known(dated, day).rule("R")
        assert len(rule.versions[0].readings) == count
        assert len(rule.conditions[0].readings) == count


def test_a_reform_stands_whatever_is_known(dated, tmp_path):
    path = tmp_path / "reform.yaml"
    change = "{parameter: least, from: 2030-03-01, to: 2030-06-30, value: 9}"
    path.write_text(f"title: T\nchanges:\n  - {change}\n")
    known = as_known(read_reform(dated, path).law, date(2030, 4, 30))
    assert Engine(known).decision("R", date(2030, 6, 1), FACTS).decision == "ineligible"
    assert Engine(known).decision("R", date(2031, 1, 1), FACTS).decision == "law_unknown"


def test_a_rule_changes_where_its_parameters_do(dated):
    days = ["2030-01-01", "2031-01-01", "2031-06-01", "2032-01-01"]
    assert [str(day) for day in dated.breaks(dated.rule("R"))] == days
    assert [str(day) for day in dated.rule("R").breaks()] == [days[0], *days[2:]]


def test_between_two_versions_the_law_is_not_known(small_law):
    version = (
        "{from: 2030-01-01, to: 2030-05-31, says: One, cite: {act: act}}\n"
        "      - {from: 2030-07-01, to: 2030-08-31, says: Two, cite: {act: act}}"
    )
    rule = small_law(version=version).rule("R")
    days = [date(2029, 12, 31), date(2030, 6, 1), date(2030, 9, 1)]
    assert [rule.state(day) for day in days] == ["none", "unknown", "unknown"]
