"""Cases of the law of Kazakhstan by day: facts, and the decision that sources support.

The cases of the country's folder are checked wholly: decision, what must fail, every condition
met in both senses, every threshold from both sides. Their expectations were read from the acts
and reports named with them, not from the program.
"""

import json
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from qonys.rules.answers import answer, pathways
from qonys.rules.checks import Case, check_law, read_cases
from qonys.rules.deciding import Engine
from qonys.rules.reading import load_law

LAW = load_law("KAZ")
ENGINE = Engine(LAW)
CASES = read_cases(files("qonys") / "countries" / "kaz" / "law" / "cases.jsonl")


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_case(case: Case) -> None:
    found = answer(ENGINE, case.rule, case.on, case.facts).plain()
    assert found["decision"] in {case.decision, case.alternative}
    if case.failed is not None and found["decision"] == case.decision:
        assert tuple(found["failed"]) == case.failed
    if case.alternative:
        assert found["disputes"], "a contested case names its dispute"


def test_every_condition_is_tried_in_both_senses_and_every_threshold_from_both_sides() -> None:
    assert check_law(LAW, CASES) == []


def test_the_shared_cases(shared: Path) -> None:
    told = json.loads((shared / "data/rules/cases.json").read_text(encoding="utf-8"))
    cases = [case for case in told["cases"] if case["pathway"] != "investor"]
    assert len(cases) == 66
    assert [case["id"] for case in cases if not _as_told(case)] == []


def _as_told(case: dict) -> bool:
    expect = case["expect"]
    day = date.fromisoformat(case["as_of"])
    found = answer(ENGINE, case["pathway"], day, case["facts"]).plain()
    same = found["decision"] in {expect["decision"], expect.get("alternative")}
    same &= found["deciding_rule"] == expect["deciding_rule"]
    for key in ("failed", "missing"):
        same &= key not in expect or found[key] == expect[key]
    return same and (not case.get("contested") or bool(found["disputes"]))


def test_an_investor_of_60_000_dollars_has_one_pathway() -> None:
    facts = {
        "investment_usd": 60_000,
        "investment_form": "aix_securities",
        "age": 40,
        "kz_citizen_last_20y": False,
        "kz_tax_resident_last_20y": False,
    }
    found = [item.plain() for item in pathways(ENGINE, date(2025, 6, 15), facts)]
    decided = {item["rule"]: item for item in found}
    assert found[0]["rule"] == "AIFC-ITRP"
    assert found[0]["decision"] == "eligible"
    assert decided["A6"]["decision"] == "ineligible"
    assert decided["A6"]["smallest_change"] == [
        {"fact": "investment_usd", "from": 60_000, "to": 300_000, "by": 240_000}
    ]


def test_without_a_number_nobody_far_away_reached_residency_before_18_april_2025() -> None:
    facts = {"iin": False, "location": "abroad", "can_travel": False, "group": "dnr_candidate"}
    found = answer(ENGINE, "DNR", date(2025, 3, 1), facts).plain()
    steps = {step["fact"]: step for step in found["chain"]}
    assert steps["iin"]["dead_end"]
    assert steps["iin"]["until"] == "2025-04-18"
    assert steps["eds"]["dead_end"]
    later = answer(ENGINE, "DNR", date(2025, 4, 18), facts).plain()
    assert not any(step["dead_end"] for step in later["chain"])


def test_a_citation_tells_its_conditions_and_how_sure_they_are() -> None:
    facts = {"investment_usd": 1, "investment_form": "charter_capital"}
    found = answer(ENGINE, "A6", date(2025, 6, 15), facts).plain()
    assert [cite["act"] for cite in found["citations"]] == ["citx", "exussr"]
    assert found["citations"][0]["conditions"] == ["amount"]
    assert found["citations"][0]["confidence"] == "medium"
