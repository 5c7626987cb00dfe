"""Sentences true and false, in three languages, against the built-in figures."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from qonys.claims.checking import check_text
from qonys.claims.reading import to_source
from qonys.claims.typed import VERDICTS, Checked
from qonys.core.country import load_country
from qonys.observations.reading import View
from qonys.observations.store import open_store

FOLDER = Path(__file__).parent / "claims"
#: Sentences that the words were mended on first, and those written later by people who saw only
#: the data: adversarial ones, press pieces and whole articles.
SETS = {
    name: [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text().splitlines()]
    for name in ("sentences", "blind")
}


@dataclass
class Scored:
    case: dict
    label: dict
    checked: Checked | None


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    country = load_country("KAZ")
    return View(open_store(tmp_path_factory.mktemp("store"), country), country)


@pytest.fixture(scope="module", params=SETS)
def scored(request, view):
    found = []
    for case in SETS[request.param]:
        report = check_text(to_source(case["text"]), view)
        for label in case["claims"]:
            start = case["text"].index(label["quote"])
            end = start + len(label["quote"])
            near = [c for c in report.claims if c.claim.start < end and start < c.claim.end]
            same = [c for c in near if c.claim.kind == label["kind"]]
            found.append(Scored(case, label, ([*same, *near] or [None])[0]))
    return found


@pytest.mark.parametrize("name", SETS)
def test_the_set_is_as_large_and_as_mixed_as_promised(name):
    cases = SETS[name]
    languages = Counter(case["lang"] for case in cases)
    truths = Counter(label["truth"] for case in cases for label in case["claims"])
    assert len(cases) >= 120
    assert min(languages["en"], languages["ru"]) >= 60
    assert truths["true"] >= 100
    assert truths["false"] >= 60
    for case in cases:
        for label in case["claims"]:
            assert label["quote"] in case["text"]
            assert set(label["accept"]) <= set(VERDICTS)


def test_claims_are_located(scored):
    located = sum(one.checked is not None for one in scored)
    assert located / len(scored) >= 0.95


def test_nothing_holds_that_should_not(scored):
    wrong = [
        (one.case["id"], one.label["quote"], one.checked.arithmetic)
        for one in scored
        if one.checked and one.checked.verdict == "holds" and "holds" not in one.label["accept"]
    ]
    assert wrong == []


def test_hardly_anything_is_refuted_that_should_not(scored):
    wrong = [
        (one.case["id"], one.label["quote"], one.checked.arithmetic)
        for one in scored
        if one.checked
        and one.checked.verdict == "contradicted"
        and "contradicted" not in one.label["accept"]
    ]
    assert len(wrong) <= len(scored) * 0.01, wrong


def test_many_are_decided(scored):
    decided = Counter(
        one.checked.verdict for one in scored if one.checked and one.label["truth"] == "true"
    )
    assert decided["holds"] >= 0.4 * sum(decided.values())
    refuted = [
        one.checked.verdict
        for one in scored
        if one.checked and one.label["accept"] == ["contradicted"]
    ]
    assert refuted.count("contradicted") >= 0.35 * len(refuted)
