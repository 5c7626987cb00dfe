"""The press article of May 2025: the verdicts that the list of its statements allows."""

import pytest

from qonys.claims.checking import check_file
from qonys.core.country import load_country
from qonys.observations.reading import View
from qonys.observations.store import open_store

# Words of the article's statements, and the verdicts that the list of its figures allows.
EXPECTED = [
    ("1,700 people", "value", {"compatible"}),
    ("the lowest level", "record", {"compatible"}),
    ("2.8", "ratio", {"holds"}),
    ("4,800 people", "value", {"compatible"}),
    ("has remained positive", "streak", {"holds"}),
    ("also decreased", "trend", {"holds"}),
    ("8,100 people", "value", {"compatible"}),
    ("9,900", "value", {"compatible"}),
    ("consistently recorded", "streak", {"contradicted"}),
    ("steady decline", "trend", {"holds", "contradicted"}),
    ("155,700 people", "value", {"holds"}),
    ("12,700", "value", {"holds"}),
    ("increases only", "turning_points", {"contradicted"}),
    ("47.9%", "share", {"cannot_check"}),
    ("69%", "share", {"holds"}),
    ("only 644", "value", {"compatible"}),
    ("75.5%", "percent_change", {"cannot_check"}),
    ("about 2,000 Kazakhs", "value", {"cannot_check"}),
    ("67.9%", "percent_change", {"cannot_check"}),
    ("300 migrants", "value", {"contradicted"}),
    ("78.5%", "survey_share", {"holds"}),
    ("6.9%", "survey_share", {"holds"}),
    ("5.6%", "survey_share", {"contradicted"}),
    ("8.4%", "survey_share", {"contradicted"}),
    ("11.7%", "survey_share", {"cannot_check"}),
    ("$300,000", "legal_threshold", {"holds"}),
    ("about 2,000", "count", {"cannot_check"}),
    ("6,200", "count", {"holds"}),
]


@pytest.fixture(scope="module")
def report(shared, tmp_path_factory):
    country = load_country("KAZ")
    view = View(open_store(tmp_path_factory.mktemp("store"), country), country)
    return check_file(shared / "data/claims/article_2025_05.txt", view)


@pytest.mark.parametrize(("words", "kind", "allowed"), EXPECTED)
def test_a_statement_of_the_article(report, words, kind, allowed):
    found = [c for c in report.claims if words in c.claim.text and c.claim.kind == kind]
    assert found, "not located"
    assert found[0].verdict in allowed


def test_what_follows_from_the_article_and_where_it_clashes(report):
    implied = {str(found.cell): found.interval for found in report.implied}
    before = implied["emigrants:KAZ:RUS:2024-Q1"]
    assert 2622 < before.low < before.high < 2640
    assert any("99.4" in finding.arithmetic for finding in report.consistency)


def test_the_article_is_no_evidence_for_itself(report):
    assert "intinv-2025-05" in report.origin
    used = {row.source for checked in report.claims for row in checked.rows}
    assert not used & set(report.origin)
