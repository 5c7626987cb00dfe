import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qonys.core.country import Country
from qonys.core.errors import DataError
from qonys.rules.checks import check_law, read_cases
from qonys.rules.deciding import Engine
from qonys.rules.reading import builder_on, load_law, read_law

FAULTY = """\
parameters:
  least:
    type: number
    says: Least
    values:
      - {from: 2030-01-01, value: 12.5, cite: {act: akt}}
      - {from: 2030-02-30, value: 7, cite: {act: act}}
  income:
    says: A fact has this name
    values: []
rules:
  - rule: R
    kind: path
    title: Rule
    titel: Rule
    says: A rule
    before: none
    after: maybe
    versions:
      - {from: 2030-05-01, to: 2030-04-01, state: off, says: In force, cite: {act: act}}
    conditions:
      - {id: one, must: incom >= 100, says: Enough, cite: {act: act}}
      - id: two
        must: income >= 100
        refused_if: married
        says: Two roles
        cite: []
      - id: three
        must: married and income
        says: Not true or false
        confidence: certain
        cite: {act: act, words: a b c d e f g h i j k l m}
    info:
      - {about: fee, says: No source}
      - {about: price, says: Not known, cite: {act: act}}
"""


def told(faults):
    return [(fault.file, fault.row, fault.column, fault.problem) for fault in faults]


# The invented law.


def test_the_law_of_borovia_is_read_and_good(law, law_folder):
    assert law.country == "XBO"
    assert set(law.rules) == {
        "W1",
        "GUILD",
        "S",
        "S.loss",
        "LN@office",
        "LN@ferry",
        "LN.number",
    }
    assert check_law(law, read_cases(law_folder / "cases.jsonl")) == []


def test_what_stands_in_the_files_is_in_the_law(law):
    rule = law.rule("W1")
    assert [version.state for version in rule.versions] == [
        "in force",
        "none",
        "suspended",
        "unknown",
        "in force",
    ]
    wage = rule.conditions[0]
    assert (wage.id, wage.name, wage.role, wage.text) == (
        "wage",
        "W1.wage",
        "requirement",
        "every(wage[1..3] >= wage_min)",
    )
    assert (wage.place.file, wage.place.row) == ("work.yaml", 31)
    saver, islander = wage.exemptions
    assert (saver.name, saver.start, saver.end) == (
        "W1.saver",
        date(2031, 9, 1),
        date(2033, 12, 31),
    )
    assert islander.name == "W1.islander"
    assert wage.cites[0].plain() == {
        "act": "lamps",
        "title": "Act on lamps and lamplighters",
        "number": "7",
        "kind": "law",
        "article": "4",
        "words": "in each month",
        "date": "2030-01-20",
        "seen": "",
        "url": "https://law.example/7",
    }
    assert law.say("W1.title", "kk", "x") == "Шамшы рұқсаты"
    assert law.say("S.title", "kk", "Settlement") == "Settlement"
    assert law.parameters["wage_min"].on(date(2031, 12, 31)) == 1_200
    assert law.parameters["wage_min"].on(date(2031, 1, 1)) is None
    assert law.parameters["great_fire"].on(date(2031, 1, 1)) == date(2029, 6, 30).toordinal()


@pytest.mark.parametrize(
    ("day", "state", "shown"),
    [
        ("2030-02-28", "none", "none"),
        ("2030-03-01", "in force", "in force"),
        ("2031-06-30", "none", "none"),
        ("2031-07-31", "suspended", "suspended"),
        ("2031-08-31", "unknown", "unknown"),
        ("2034-12-31", "in force", "in force"),
        ("2035-01-01", "unknown", "unknown"),
    ],
)
def test_states_of_days(law, day, state, shown):
    rule = law.rule("W1")
    assert rule.state(date.fromisoformat(day)) == state
    assert rule.shown_state(date.fromisoformat(day)) == shown


def test_a_rule_that_lets_nobody_through_is_shown_as_closed(law):
    rule = law.rule("LN@ferry")
    assert rule.state(date(2032, 5, 15)) == "in force"
    assert rule.shown_state(date(2032, 5, 15)) == "closed"
    assert rule.shown_state(date(2032, 6, 1)) == "in force"


def test_words_that_yaml_takes_for_truth_stay_texts(law, small_law):
    assert law.facts["speaks"].codes == ("no", "on", "yes")
    assert law.rule("GUILD").facts["trade"].codes == ("lamplighter", "no", "none")
    made = small_law(
        "{id: no, must: \"land in ['NO', 'yes', 'null', '2030-01-01', '1_000']\", says: on, "
        "cite: {act: act}}",
        facts="land: {type: code, codes: [NO, yes, null, 2030-01-01, 1_000, 0x1F], says: no}\n",
    )
    assert made.facts["land"].codes == ("NO", "yes", "null", "2030-01-01", "1_000", "0x1F")
    condition = made.rules["R"].conditions[0]
    assert (condition.id, condition.says) == ("no", "on")
    engine = Engine(made)
    for code, expected in [("NO", "eligible"), ("1_000", "eligible"), ("0x1F", "ineligible")]:
        assert engine.decision("R", date(2031, 1, 1), {"land": code}).decision == expected


def test_a_builder_on_a_law_knows_its_names(law):
    builder = builder_on(law)
    assert builder.rules == law.rules
    assert builder.facts is not law.facts


# Faults.


def test_all_faults_of_a_file_are_told_with_their_places(small, faults_of):
    found = faults_of(small(rule=FAULTY))
    rows = {(fault.row, fault.problem) for fault in found}
    assert rows >= {
        (3, "type: not known"),
        (6, "value: not a whole number"),
        (6, "act: no such act"),
        (7, "from: no day"),
        (9, "income: a fact or parameter of this name stands elsewhere"),
        (13, "kind: not known"),
        (15, "unknown name"),
        (18, "after: not known"),
        (20, "state: not known"),
        (20, "versions: ends 2030-04-01 before it starts 2030-05-01"),
        (22, "'incom' is neither a fact nor a parameter"),
        (23, "conditions: give one of must, refused_if, consent"),
        (23, "conditions: cite is empty: every rule carries its source"),
        (29, "a number, day or code is neither true nor false"),
        (31, "confidence: not known"),
        (32, "words: a quotation is at most twelve words"),
        (34, "info: cite is missing"),
        (35, "about: not known"),
    }
    assert all(fault.file == "rule.yaml" and fault.column for fault in found)
    by_row = {fault.row: fault for fault in found}
    assert by_row[22].way_out == "Near: income."
    assert by_row[22].column == "25"
    assert by_row[15].value == "titel"
    assert by_row[15].way_out.startswith("Known here: rule, kind, title")
    assert [fault.row for fault in found] == sorted(fault.row for fault in found)


def test_syntax_faults_of_several_entries_hide_nothing(small, faults_of):
    text = """\
rules:
  - rule: R
    kind: pathway
    title: Rule
    says: A rule
    before: none
    after: unknown
    versions:
      - {from: 2030-01-01, says: In force, cite: {act: act}}
    conditions:
      - {id: one, must: income >= 100, says: Enough: more, cite: {act: act}}
      - {id: two, must: incom >= 100, says: Enough, cite: {act: act}}
      - {id: three, must: "income, says: Enough, cite: {act: act}}
      - {id: four, must: incomes >= 100, says: Enough, cite: {act: act}}
"""
    found = faults_of(small(rule=text))
    problems = {fault.row: fault.problem for fault in found}
    assert problems[11].startswith("not YAML: ")
    assert problems[12] == "'incom' is neither a fact nor a parameter"
    assert any(row in problems and problems[row].startswith("not YAML") for row in (13, 14, 15))
    assert {fault.file for fault in found} == {"rule.yaml"}


def test_faults_of_all_files_come_together(small, faults_of):
    found = faults_of(
        small(
            {"texts/ru.toml": "a = ", "texts/kk.toml": b"\xff", "latin.yaml": b"\xe9: 1"},
            acts="act: {title: An act, kind: law, born: 1}\n",
            facts="income: {type: integer, says: income}\nmonths: {type: list, says: m}\n"
            "x: {type: int, says: x, low: '1.5', effort: 9}\n",
        )
    )
    told_ = {(fault.file, fault.problem.partition(" (")[0][:30]) for fault in found}
    assert {file for file, _ in told_} >= {
        "acts.yaml",
        "facts.yaml",
        "latin.yaml",
        "texts/ru.toml",
        "texts/kk.toml",
    }
    problems = [fault.problem for fault in found]
    assert "unknown name" in problems
    assert "type: not known" in problems
    assert "months: length is missing" in problems
    assert "low: not a whole number" in problems
    assert "effort: outside 1 to 3" in problems


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rule": "x: &a 1\nrules: [*a]\n"}, "references"),
        ({"rule": "rules:\n  - &r {rule: R}\n  - *r\n"}, "references"),
        ({"rule": "rules: *nothing\n"}, "not YAML: found undefined alias"),
        ({"rule": ""}, "empty"),
        ({"rule": "# only a remark\n"}, "empty"),
        ({"rule": "- 1\n- 2\n"}, "expected 'name: value' lines"),
        ({"rule": "rules: [1, [2]]\n"}, "expected 'name: value' lines"),
        ({"rule": "rules: []\nrules: []\n"}, "stands twice"),
        ({"rule": "rules: !!python/object:os.system {}\n"}, ""),
        ({"rule": "[[[" * 500}, "not YAML"),
        ({"rule": "a: 1\n---\nb: 2\n"}, "not YAML"),
        ({"rule": "x" * 4_000_001}, "larger than 4 million characters"),
        ({"rule": "rules:\n\t- rule: R\n"}, "not YAML"),
        ({"rule": "rules: [{? [a] : 1}]\n"}, "a name is no plain text"),
        ({"calendar": "known: [2030]\ndays_off: []\n"}, "expected the first and the last year"),
        ({"calendar": "known: [2030, 2031]\ndays_off: [2030-13-01]\n"}, "no day"),
    ],
)
def test_files_that_are_no_law(small, faults_of, changes, problem):
    found = faults_of(small(**changes))
    assert any(problem in fault.problem for fault in found), found


def test_a_bomb_of_references_is_refused(small, faults_of):
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    (fault,) = [
        item for item in faults_of(small(rule="\n".join(lines))) if "refer" in item.problem
    ]
    assert fault.file == "rule.yaml"


def test_two_rules_two_parameters_and_links(small, faults_of):
    rule = """\
rules:
  - rule: R
    kind: pathway
    title: Rule
    says: A rule
    before: none
    after: unknown
    versions: []
    conditions: []
"""
    found = faults_of(
        small(
            {"other.yaml": rule},
            rule=rule,
            parameters="parameters:\n  p:\n    says: P\n    values:\n"
            "      - {from: 2030-01-01, value: 1, cite: {act: act}}\n"
            "      - {from: 2031-01-01, to: 2030-12-31, value: 2, cite: {act: act}}\n",
            facts="card: {type: bool, says: card, obtained_by: [X], needs: [ghost]}\n",
        )
    )
    problems = [(fault.file, fault.problem) for fault in found]
    assert ("rule.yaml", "rules: a rule of this code stands elsewhere") in problems
    assert ("facts.yaml", "no such rule") in problems
    assert ("facts.yaml", "no such fact") in problems
    assert ("parameters.yaml", "p: p: two values hold on 2031-01-01") in problems
    assert ("parameters.yaml", "p: p: ends 2030-12-31 before it starts 2031-01-01") in problems


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("{fact: n, digits: 1, modulus: 11, weights: [[1]]}", "digits: outside 2 to 30"),
        ("{fact: n, digits: 4, modulus: 1, weights: [[1, 2, 3]]}", "modulus: outside 2 to"),
        ("{fact: n, digits: 4, modulus: 11, weights: [[1, 2]]}", "2 weights for 3 digits"),
        ("{fact: n, digits: 4, modulus: 11}", "weights is missing"),
        ("{fact: n, digits: 4, modulus: 11, weights: [[1, 2, -3]]}", "outside 0 to 1,000"),
        ("{fact: n, digits: 4, modulus: 11, weights: []}", "weights"),
        ("{fact: n, digits: 4, modulus: 11, weights: [[1, 2, 3]], birth: mmdd}", "birth"),
        (
            "{fact: n, digits: 4, modulus: 11, weights: [[1, 2, 3]], birth: yymmdd+century}",
            "birth",
        ),
    ],
)
def test_schemes_of_numbers_that_cannot_be(small, faults_of, number, problem):
    rule = (
        (small() / "rule.yaml")
        .read_text()
        .replace("    before:", f"    number: {number}\n    before:")
    )
    found = faults_of(small(rule=rule))
    assert any(problem in fault.problem for fault in found), found


def test_more_than_63_conditions(small, faults_of):
    rule = (small() / "rule.yaml").read_text()
    line = "      - {id: c%d, must: income >= 100, says: Enough, cite: {act: act}}\n"
    found = faults_of(small(rule=rule + "".join(line % i for i in range(63))))
    assert [fault.problem for fault in found] == ["rules: more than 63 conditions"]


def test_a_country_without_law(fictional, tmp_path):
    with pytest.raises(DataError, match="no folder of law files"):
        read_law(tmp_path / "law", "XBO")
    (tmp_path / "country.toml").write_text('code = "XBP"\n')
    with pytest.raises(DataError, match="no folder of law files"):
        load_law(Country(tmp_path))
    assert load_law(str(fictional.folder)).country == "XBO"
    assert load_law("KAZ") is load_law("KAZ")


# One threshold in one file.


@pytest.fixture(scope="module")
def both(engine, borovia):
    """The law, and the law with another least wage from 2032: one text in one file differs."""
    folder = borovia("parameters.yaml", ("value: 1_250", "value: 1_300"))
    return engine, Engine(read_law(folder, "XBO"))


@settings(max_examples=150)
@given(
    st.dates(date(2029, 1, 1), date(2036, 1, 1)),
    st.lists(st.sampled_from([899, 900, 1_200, 1_249, 1_250, 1_299, 1_300, 2_000]), max_size=4),
    st.booleans(),
    st.integers(0, 1_000),
)
def test_one_threshold_changes_its_days_and_nothing_else(both, day, wage, islander, age):
    old, new = both
    facts = {
        "wage": wage,
        "islander": islander,
        "trade": "ferryman",
        "age": 30,
        "course_ended": (day - timedelta(age)).isoformat(),
        "arrived": (day - timedelta(age)).isoformat(),
        "lamp_key": True,
        "in_person": True,
        "savings": 5_000,
        "debts": 0,
    }
    for name in old.law.rules:
        if name in {"GUILD", "LN.number"}:
            continue
        first, second = (engine.decision(name, day, facts) for engine in (old, new))
        told = [(item.decision, item.failed, item.missing) for item in (first, second)]
        if name != "W1" or day < date(2032, 1, 1) or day > date(2034, 12, 31):
            assert told[0] == told[1]
            continue
        assert {*first.failed, "wage", "sum"} >= set(second.failed) >= set(first.failed)
        last = wage[-3:]
        full = len(last) == 3
        expected = full and min(last) < 1_300 and not islander
        assert ("wage" in second.failed) == expected or not full


def test_a_changed_threshold_changes_the_decision_from_its_day(both):
    old, new = both
    facts = {
        "wage": [1_299, 1_299, 1_600],
        "trade": "ferryman",
        "age": 30,
        "course_ended": "2031-06-01",
        "arrived": "2031-06-01",
        "lamp_key": True,
    }
    for day, before, after in [
        (date(2031, 12, 31), "eligible", "eligible"),
        (date(2032, 1, 2), "eligible", "ineligible"),
        (date(2032, 11, 30), "eligible", "ineligible"),
    ]:
        assert old.decision("W1", day, facts).decision == before
        assert new.decision("W1", day, facts).decision == after


def test_no_file_of_the_law_names_a_clock(law_folder):
    for path in law_folder.glob("*.yaml"):
        assert not re.search(r"\btoday\b|\bnow\b", path.read_text(encoding="utf-8"))
