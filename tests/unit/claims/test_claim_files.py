"""Typed claims of a file."""

import json
from datetime import date

import pytest

from qonys.claims.checking import check_file, check_text
from qonys.claims.reading import to_source
from qonys.claims.telling import as_json, claim_review
from qonys.core.country import load_country
from qonys.core.errors import DataError
from qonys.observations.reading import View
from qonys.observations.store import open_store


def checked(tmp_path, view, text):
    path = tmp_path / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    return {c.claim.id: c.verdict for c in check_file(path, view).claims}


def test_each_kind_is_judged_from_its_fields(tmp_path, view):
    verdicts = checked(
        tmp_path,
        view,
        """
- {id: a, kind: value, measure: emigrants, area: KAZ, period: 2024, value: 12732}
- {id: b, kind: value, measure: emigrants, period: 2023, value: 12732}
- {id: c, kind: percent_change, measure: emigrants, period: 2024, value: -20.9, unit: percent}
- {id: d, kind: share, measure: emigrants, counterpart: RUS, period: 2024, value: 69}
- {id: e, kind: record, measure: emigrants, period: 2025, value: lowest}
- {id: f, kind: trend, measure: immigrants, period: 2025, value: up}
- {id: g, kind: balance, measure: net_migration, period: 2022, value: positive}
- {id: h, kind: rank, measure: emigrants, counterpart: DEU, period: 2024, value: 2, unit: rank}
- {id: i, kind: value, measure: emigrants, period: 2025-Q1, value: 1700, interval: [1650, 1750]}
- {id: j, kind: ratio, measure: emigrants, period: 2024, value: 1.3, unit: ratio, sense: down}
- {id: k, kind: streak, measure: net_migration, period: 2025, value: 3, sense: positive}
- {id: l, kind: value, measure: emigrants, period: 2031, value: 5}
""",
    )
    assert verdicts == {
        "a": "holds",
        "b": "contradicted",
        "c": "holds",
        "d": "holds",
        "e": "holds",
        "f": "contradicted",
        "g": "contradicted",
        "h": "holds",
        "i": "contradicted",
        "j": "holds",
        "k": "holds",
        "l": "cannot_check",
    }


def test_all_faults_are_told_at_once_with_their_lines(tmp_path, view):
    with pytest.raises(DataError) as caught:
        checked(
            tmp_path,
            view,
            "- {kind: valu, measure: emigrants}\n"
            "- {kind: value, measure: emigrant, value: many}\n"
            "- {kind: value, period: 2024-13, colour: red}\n",
        )
    text = str(caught.value)
    for part in ("row 1", "row 2", "row 3", "valu", "emigrants", "many", "2024-13", "colour"):
        assert part in text


@pytest.mark.parametrize(
    "text", ["", "5", "claims: 5", "- [1, 2]", "a: b", "- {kind: [x]}", "{"]
)
def test_a_file_of_something_else_is_a_fault(tmp_path, view, text):
    with pytest.raises(DataError):
        checked(tmp_path, view, text)


def test_json_of_a_text_can_be_read_back_as_typed_claims(tmp_path, view):
    text = (
        "In 2024, 12,732 people left Kazakhstan, 20.9% fewer than a year earlier. "
        "Of the emigrants of 2024, 69% moved to Russia. "
        "In 2023 some 12,732 people left the country."
    )
    first = as_json(check_text(to_source(text), view), view.country)
    path = tmp_path / "again.yaml"
    path.write_text(json.dumps(first), encoding="utf-8")
    again = as_json(check_file(path, view), view.country)
    assert [c["verdict"] for c in again["claims"]] == [c["verdict"] for c in first["claims"]]
    assert {"holds", "contradicted"} <= {c["verdict"] for c in first["claims"]}


def test_figures_of_an_older_release_are_told_apart(view):
    report = check_text(to_source("In 2024, 29,948 people arrived in Kazakhstan."), view)
    (one,) = [c for c in report.claims if c.claim.kind == "value"]
    assert one.verdict == "compatible"
    assert {"holds", "contradicted"} <= {r.verdict for r in one.releases}


def test_as_of_a_day_a_later_release_is_no_evidence(tmp_path_factory):
    country = load_country("KAZ")
    store = open_store(tmp_path_factory.mktemp("store"), country)
    view = View(store, country, date(2025, 3, 1))
    report = check_text(to_source("In 2024, 12,784 people left Kazakhstan."), view)
    (one,) = [c for c in report.claims if c.claim.kind == "value"]
    assert one.verdict == "holds"
    assert all(row.vintage.startswith("2025-02") for row in one.rows)


def test_the_text_is_no_evidence_for_itself(view):
    sentence = "In January-April 2025, 1,700 people emigrated from Kazakhstan, says Ranking.kz."
    (one,) = check_text(to_source(sentence), view).claims
    assert one.verdict == "compatible"
    assert all(not row.source.startswith("intinv") for row in one.rows)


def test_what_follows_from_the_text(view):
    text = "In Q1 2025, only 644 people left Kazakhstan for Russia, a drop of 75.5% on Q1 2024."
    report = check_text(to_source(text), view)
    (found,) = report.implied
    assert str(found.cell) == "emigrants:KAZ:RUS:2024-Q1"
    assert 2622 < found.interval.low < found.interval.high < 2640


def test_the_text_against_itself(view):
    text = "In 2030, 900 people left Kazakhstan, 50% fewer than the 1,000 in 2029."
    report = check_text(to_source(text), view)
    assert [f.kind for f in report.consistency] == ["contradiction"]
    assert report.contradicted


def test_claim_review_names_verdicts(view):
    report = check_text(to_source("In 2024, 12,732 people left Kazakhstan."), view)
    graph = json.loads(claim_review(report, view.country))["@graph"]
    assert [entry["reviewRating"]["alternateName"] for entry in graph] == ["holds"]
    (reviewed,) = [entry["claimReviewed"] for entry in graph]
    assert reviewed == "\u201c12,732 people\u201d: In 2024, 12,732 people left Kazakhstan."
