import pytest

from qonys.core.errors import DataError
from qonys.rules.checks import Case, check_law, read_cases
from qonys.rules.reading import read_law

INCOME = "{id: income, must: income >= 100, says: Enough, cite: {act: act}}"
MARRIED = "{id: married, must: married, says: Married, cite: {act: act}}"
VERSIONS = """\
{from: 2030-01-01, to: 2030-06-30, says: First, cite: {act: act}}
      - {from: SECOND, says: Second, cite: {act: act}}"""


def told(law, cases=None):
    return [
        (item.check, item.rule, item.condition, item.problem, item.place.row)
        for item in check_law(law, cases)
    ]


def test_nothing_is_found_in_a_good_law(law, law_folder, small_law):
    assert check_law(law) == []
    assert check_law(law, read_cases(law_folder / "cases.jsonl")) == []
    assert check_law(small_law()) == []


@pytest.mark.parametrize(
    ("second", "check", "problem"),
    [
        ("2030-07-02", "gap", "nothing is said of 2030-07-01 to 2030-07-01"),
        ("2031-07-01", "gap", "nothing is said of 2030-07-01 to 2031-06-30"),
        ("2030-06-30", "overlap", "two versions hold on 2030-06-30"),
    ],
)
def test_versions_with_a_gap_or_an_overlap(small_law, second, check, problem):
    law = small_law(version=VERSIONS.replace("SECOND", second))
    assert told(law) == [(check, "R", "", problem, 10)]
    assert told(small_law(version=VERSIONS.replace("SECOND", "2030-07-01"))) == []


@pytest.mark.parametrize(
    ("end", "start", "check", "problem"),
    [
        ("2030-05-31", "2030-06-02", "gap", "nothing is said of 2030-06-01 to 2030-06-01"),
        ("2030-06-01", "2030-06-01", "overlap", "two texts hold on 2030-06-01"),
    ],
)
def test_texts_of_a_condition_with_a_gap_or_an_overlap(small_law, end, start, check, problem):
    law = small_law(
        f"{{id: it, must: income >= 1, to: {end}, says: It, cite: {{act: act}}}}",
        f"{{id: it, must: income >= 2, from: {start}, says: It, cite: {{act: act}}}}",
    )
    assert told(law) == [(check, "R", "it", problem, 12)]


def test_a_rule_without_versions(small):
    text = (small() / "rule.yaml").read_text().partition("    versions:")[0]
    law = read_law(small(rule=text + "    versions: []\n    conditions: []\n"), "XBO")
    assert told(law) == [("gap", "R", "", "no version: the rule never holds", 0)]


def test_a_parameter_with_a_gap(small_law):
    parameters = """\
parameters:
  least:
    unit: USD
    says: Least
    values:
      - {from: 2030-01-01, to: 2030-05-31, value: 5, cite: {act: act}}
      - {from: 2030-07-01, value: 6, cite: {act: act}}
"""
    it = "{id: it, must: income >= least, says: It, cite: {act: act}}"
    problem = "parameter least has no value from 2030-06-01 to 2030-06-30"
    law = small_law(it, parameters=parameters)
    assert told(law) == [("gap", "R", "it", problem, 11)]
    # No fault where the rule did not hold in the gap.
    later = "{from: 2030-07-01, says: In force, cite: {act: act}}"
    assert told(small_law(it, version=later, parameters=parameters)) == []


@pytest.mark.parametrize(
    ("must", "check", "problem"),
    [
        ("income > 5 and income < 5", "never", "can never be true on 2030-01-01"),
        ("income > 10_000", "never", "can never be true on 2030-01-01"),
        ("income >= 0", "always", "can never be false on 2030-01-01"),
        ("married or not married", "always", "can never be false on 2030-01-01"),
        ("colour == 'red' and colour == 'green'", "never", "can never be true"),
        ("every(months[1..3] > 9) and sum(months[1..3]) < 27", "never", "can never be true"),
    ],
)
def test_conditions_that_are_never_or_always_true(small_law, must, check, problem):
    law = small_law(f'{{id: it, must: "{must}", says: It, cite: {{act: act}}}}')
    first = told(law)[0]
    assert first[:3] == (check, "R", "it")
    assert first[3] == (problem if must in problem else f"{problem[:17]}{first[3][17:]}")
    assert problem in first[3]
    assert must in first[3]
    assert first[4] == 11


def test_a_condition_with_too_many_facts_is_not_called_good(small_law):
    facts = "".join(f"f{i}: {{type: bool, says: f}}\n" for i in range(17))
    must = " or ".join(f"f{i}" for i in range(17))
    law = small_law(f"{{id: it, must: {must}, says: It, cite: {{act: act}}}}", facts=facts)
    assert told(law) == [("never", "R", "it", "too many facts together: not checked", 11)]


def test_conditions_that_nobody_can_meet_together(small_law):
    law = small_law(
        "{id: low, must: income < 5, says: Low, cite: {act: act}}",
        "{id: high, must: income > 5, says: High, cite: {act: act}}",
    )
    problem = "on 2030-01-01 no facts were found that meet all conditions"
    assert told(law) == [("impossible", "R", "", problem, 9)]


def two_rules(small, second, code="", states=("", "")):
    text = (small() / "rule.yaml").read_text()
    body = text.partition("rules:\n")[2].replace("says: In force", "says: In force" + states[0])
    other = body.replace("rule: R", "rule: Q").replace(INCOME, second)
    if code:
        body, other = (
            item.replace("    kind:", f"    code: {code}\n    kind:") for item in (body, other)
        )
    return read_law(small({"other.yaml": f"rules:\n{other}"}, rule=f"rules:\n{body}"), "XBO")


def test_one_code_of_two_rules(small):
    problem = "on 2030-01-01 the code K belongs to R as well"
    assert told(two_rules(small, INCOME, "K")) == [("conflict", "Q", "", problem, 10)]
    assert told(two_rules(small, INCOME)) == []


def test_one_point_that_two_rules_decide_differently(small):
    first = "{id: income, must: income >= 100, point: pay, says: Enough, cite: {act: act}}"
    for second, differs in [
        ("refused_if: income < 100", False),
        ("must: not (income < 100)", False),
        ("must: income > 100", True),
        ("refused_if: income >= 100", True),
    ]:
        other = f"{{id: other, {second}, point: pay, says: Enough, cite: {{act: act}}}}"
        text = (small() / "rule.yaml").read_text().replace(INCOME, first)
        more = text.replace("rule: R", "rule: Q").replace(first, other)
        found = told(read_law(small({"other.yaml": more}, rule=text), "XBO"))
        assert [item[:3] for item in found] == [("conflict", "Q", "other")] * differs
        if differs:
            assert "decides the point 'pay' differently, e.g. for income = " in found[0][3]


def test_points_with_too_many_facts_are_not_called_good(small):
    first = "{id: income, must: income >= 100, point: pay, says: Enough, cite: {act: act}}"
    facts = "".join(f"f{i}: {{type: bool, says: f}}\n" for i in range(20))
    facts += "income: {type: int, low: 0, high: 10_000, says: income}\n"
    many = " and ".join(f"f{i}" for i in range(20))
    other = f"{{id: other, must: {many}, point: pay, says: Many, cite: {{act: act}}}}"
    text = (small() / "rule.yaml").read_text().replace(INCOME, first)
    more = text.replace("rule: R", "rule: Q").replace(first, other)
    law = read_law(small({"other.yaml": more}, rule=text, facts=facts), "XBO")
    problem = "too many facts together with R.income: not checked"
    assert ("conflict", "Q", "other", problem) in [item[:4] for item in told(law)]


# Cases.


def case(decision, on="2030-01-01", failed=None, alternative="", **facts):
    from datetime import date

    return Case("c1", "R", date.fromisoformat(on), facts, decision, alternative, failed)


GOOD_CASES = [
    case("eligible", income=100),
    case("ineligible", income=99),
    case("not_in_force", "2029-12-31"),
]


def test_cases_that_try_everything(small_law):
    assert told(small_law(), GOOD_CASES) == []


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        (
            GOOD_CASES[1:],
            [
                ("untried", "income", "no case in which it is met"),
                ("boundary", "income", "no case at the threshold +0 of >=: income >= 100"),
            ],
        ),
        (
            GOOD_CASES[:1] + GOOD_CASES[2:],
            [
                ("untried", "income", "no case in which it is failed"),
                ("boundary", "income", "no case at the threshold -1 of >=: income >= 100"),
            ],
        ),
        (
            GOOD_CASES[:2],
            [
                ("boundary", "", "no case on the day before of a version, 2029-12-31"),
            ],
        ),
        (
            [*GOOD_CASES, case("ineligible", income=500)],
            [
                ("case", "", "case c1: expected ineligible, decided eligible"),
            ],
        ),
        (
            [*GOOD_CASES, case("ineligible", failed=("other",), income=5)],
            [
                ("case", "", "case c1: expected to fail ('other',), failed ('income',)"),
            ],
        ),
        ([*GOOD_CASES, case("ineligible", alternative="eligible", income=500)], []),
        (
            [*GOOD_CASES, case("eligible", income="much")],
            [
                (
                    "case",
                    "",
                    "case c1: facts, column income: not a whole number ('much'). Give a "
                    "whole number (USD), without unit or separators.",
                ),
            ],
        ),
    ],
)
def test_cases_that_fail_or_lack(small_law, cases, expected):
    found = told(small_law(), cases)
    assert [(item[0], item[2], item[3]) for item in found] == expected


def test_a_case_of_no_rule(small_law):
    wrong = Case("c9", "X", GOOD_CASES[0].on, {}, "eligible")
    (found,) = told(small_law(), [*GOOD_CASES, wrong])
    assert found[:2] == ("case", "X")
    assert "no such rule" in found[3]


def test_a_finding_as_data(small_law):
    (finding,) = check_law(small_law(version=VERSIONS.replace("SECOND", "2030-07-02")))
    assert finding.plain() == {
        "check": "gap",
        "rule": "R",
        "condition": "",
        "problem": "nothing is said of 2030-07-01 to 2030-07-01",
        "file": "rule.yaml",
        "row": 10,
        "column": 9,
    }


def test_faulty_lines_of_cases_are_all_told(tmp_path):
    path = tmp_path / "cases.jsonl"
    good = (
        '{"id": 1, "rule": "R", "on": "2030-01-01", "facts": {}, "expect": {"decision": "x"}}'
    )
    lines = [good, "", "{", "[]", '{"id": 1}', good.replace("2030-01-01", "1 May"), "null"]
    lines += [
        good.replace('{"decision": "x"}', "7"),
        good.replace('"on": "2030-01-01"', '"on": 5'),
    ]
    path.write_text("\n".join(lines))
    with pytest.raises(DataError) as caught:
        read_cases(path)
    faults = caught.value.faults
    assert [fault.row for fault in faults] == [3, 4, 5, 6, 7, 8, 9]
    assert all(fault.problem.startswith("no case: ") for fault in faults)
    assert faults[0].way_out == "A case is a line: id, rule, on, facts, expect."
    path.write_bytes(b"\xff\n")
    with pytest.raises(DataError, match="not UTF-8"):
        read_cases(path)
