"""The press article of May 2025: the verdicts that the list of its statements allows."""

import pytest

from qonys.claims.checking import check_file
from qonys.core.country import load_country
from qonys.observations.reading import View
from qonys.observations.store import open_store

HOLDS, CHECKED, OPEN, WRONG = "holds", "compatible", "cannot_check", "contradicted"
# Id in the list, words of the article, kind, verdicts that the list allows (H holds, H~
# compatible, ? cannot_check, X contradicted; where the list gives two, or a remark, either).
STATEMENTS = [
    ("C01", "1,700 people", "value", {CHECKED}),
    ("C02", "2.8", "ratio", {HOLDS}),
    ("C03", "4,800 people", "value", {CHECKED}),
    ("C04", "the lowest level", "record", {CHECKED}),
    ("C05", "has remained positive", "streak", {HOLDS}),
    ("C06", "consistently recorded", "streak", {WRONG}),
    ("C07", "8,100 people", "value", {CHECKED}),
    ("C08", "9,900", "value", {CHECKED}),
    ("C09", "also decreased", "trend", {HOLDS}),
    ("C10", "155,700 people", "value", {HOLDS}),
    ("C11", "12,700", "value", {HOLDS}),
    ("C12", "steady decline", "trend", {HOLDS, WRONG}),
    ("C13", "increases only", "turning_points", {WRONG}),
    ("C14", "47.9%", "share", {OPEN}),
    ("C15", "primary sources", "rank", {WRONG}),
    ("C16", "69%", "share", {HOLDS}),
    ("C17", "only 644", "value", {CHECKED}),
    ("C18", "75.5%", "percent_change", {OPEN}),
    ("C19", "about 2,000 Kazakhs", "value", {OPEN}),
    ("C20", "67.9%", "percent_change", {OPEN}),
    ("C21", "Germany ranks second", "rank", {HOLDS}),
    ("C22", "other popular emigration", "trend", {HOLDS}),
    ("C23", "only exception", "trend", {HOLDS, WRONG}),
    ("C24", "300 migrants", "value", {WRONG}),
    ("C25", "gradually growing", "trend", {HOLDS}),
    ("C26", "1,100", "count", {CHECKED}),
    ("C27", "78.5%", "survey_share", {HOLDS}),
    ("C27", "6.9%", "survey_share", {HOLDS}),
    ("C28", "5.6%", "survey_share", {WRONG}),
    ("C28", "8.4%", "survey_share", {WRONG}),
    ("C30", "24.5%", "survey_share", {OPEN}),
    ("C30", "23.9%", "survey_share", {OPEN}),
    ("C30", "14%", "survey_share", {OPEN}),
    ("C30", "11.7%", "survey_share", {OPEN}),
    ("C30", "2.6%", "survey_share", {OPEN}),
    ("C30", "0.6%", "survey_share", {OPEN}),
    ("C31", "several new visa categories", "legal_threshold", {WRONG}),
    ("C32", "Digital Nomad Residency (B9", "legal_threshold", {CHECKED}),  # "partly"
    ("C33", "10", "legal_threshold", {HOLDS}),
    ("C33", "$300,000", "legal_threshold", {HOLDS}),
    ("C34", "about 2,000", "count", {OPEN}),
    ("C35", "largest share of account freezes", "rank", {OPEN}),
    ("C36", "6,200", "count", {HOLDS}),
    ("C37", "about 90%", "share", {CHECKED}),
    ("C38", "banned issuing", "legal_threshold", {HOLDS}),
    ("C39", "pilot project lifted", "legal_threshold", {HOLDS}),
    ("C40", "growing immigration", "trend", {WRONG}),
    ("C41", "numerous cases", "count", {OPEN}),
]


@pytest.fixture(scope="module")
def report(shared, tmp_path_factory):
    country = load_country("KAZ")
    view = View(open_store(tmp_path_factory.mktemp("store"), country), country)
    return check_file(shared / "data/claims/article_2025_05.txt", view)


@pytest.mark.parametrize(("key", "words", "kind", "allowed"), STATEMENTS)
def test_a_statement_of_the_article(report, key, words, kind, allowed):
    found = [c for c in report.claims if words in c.claim.text and c.claim.kind == kind]
    assert found, "not located"
    assert found[0].verdict in allowed


def test_every_statement_of_the_list_is_tried():
    tried = {key for key, *_ in STATEMENTS} | {"C29"}  # C29 is a sum: the next test
    assert tried == {f"C{number:02d}" for number in range(1, 42)}


def test_nothing_holds_that_should_not(report):
    """What holds is a statement of the list that may hold, or Russia's first place: 69 %."""
    words = [text for _, text, _, allowed in STATEMENTS if HOLDS in allowed]
    words.append("Russia remains the primary destination")
    held = [c.claim.text for c in report.claims if c.verdict == HOLDS]
    assert not [text for text in held if not any(w in text for w in words)]


def test_what_follows_from_the_article_and_where_it_clashes(report):
    implied = {str(found.cell): found.interval for found in report.implied}
    before = implied["emigrants:KAZ:RUS:2024-Q1"]
    assert 2622 < before.low < before.high < 2640
    assert any("99.4" in finding.arithmetic for finding in report.consistency)


def test_the_article_is_no_evidence_for_itself(report):
    assert "intinv-2025-05" in report.origin
    used = {row.source for checked in report.claims for row in checked.rows}
    assert not used & set(report.origin)
