from collections import Counter
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from qonys.core.errors import DataError
from qonys.rules.deciding import Engine
from qonys.rules.people import open_people
from qonys.rules.reading import load_law
from qonys.rules.reforms import EFFECTS, compare, read_reform

WORKER = {
    "wage": [950, 950, 950],
    "trade": "clockmaker",
    "age": 30,
    "course_ended": "2030-01-01",
    "lamp_key": True,
}


@pytest.fixture
def reform(law, tmp_path):
    """The law with changes, each a line of YAML."""

    def make(*changes: str):
        path = tmp_path / "reform.yaml"
        path.write_text("title: A reform\nchanges:\n" + "".join(f"  - {c}\n" for c in changes))
        return read_reform(law, path)

    return make


def decided(law, rule, day, facts):
    return Engine(law).decision(rule, date.fromisoformat(day), facts)


def spells(law, name):
    return [
        (spell.value, str(spell.start), str(spell.end))
        for spell in law.parameters[name].values.spells
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # Before all that is known, inside one, over two, from a day on, after all.
        ("from: 2029-01-01, to: 2029-12-31", [(1, "2029-01-01", "2029-12-31")]),
        ("from: 2030-05-01, to: 2030-05-31", [
            (900, "2030-03-01", "2030-04-30"),
            (1, "2030-05-01", "2030-05-31"),
            (900, "2030-06-01", "2030-12-31"),
        ]),
        ("from: 2030-03-01, to: 2030-12-31", [(1, "2030-03-01", "2030-12-31")]),
        ("from: 2030-12-01, to: 2031-09-30", [
            (900, "2030-03-01", "2030-11-30"),
            (1, "2030-12-01", "2031-09-30"),
            (1200, "2031-10-01", "2031-12-31"),
        ]),
        ("from: 2032-06-01", [(1250, "2032-01-01", "2032-05-31"), (1, "2032-06-01", "None")]),
        ("from: 2020-01-01", [(1, "2020-01-01", "None")]),
    ],
)  # fmt: skip
def test_a_parameter_is_cut_where_it_changes(law, reform, change, expected):
    found = reform(f"{{parameter: wage_min, {change}, value: 1}}")
    changed = spells(found.law, "wage_min")
    assert set(expected) <= set(changed)
    assert changed == sorted(changed, key=lambda item: item[1])
    kept = [item for item in spells(law, "wage_min") if item in changed]
    assert set(changed) == {*expected, *kept}
    assert found.rules == ("W1",)
    assert found.law.title == "A reform"


def test_a_parameter_of_days_and_of_codes(reform):
    found = reform(
        "{parameter: great_fire, from: 2030-01-01, value: 2029-12-31}",
        "{parameter: open_trades, from: 2030-03-01, value: [poet]}",
    )
    assert (
        found.law.parameters["great_fire"].on(date(2030, 1, 1))
        == date(2029, 12, 31).toordinal()
    )
    assert (
        decided(found.law, "W1", "2030-03-02", {**WORKER, "trade": "poet"}).decision
        == "eligible"
    )
    assert found.rules == ("S", "W1")
    assert found.start == date(2030, 1, 1)


def test_a_condition_is_changed_from_its_day_to_its_day(law, reform):
    found = reform(
        "{condition: W1.age, from: 2030-05-01, to: 2030-05-31, must: age >= 40, says: Forty}"
    )
    for day, decision in [
        ("2030-04-30", "eligible"),
        ("2030-05-01", "ineligible"),
        ("2030-05-31", "ineligible"),
        ("2030-06-01", "eligible"),
    ]:
        assert decided(found.law, "W1", day, WORKER).decision == decision
        assert decided(law, "W1", day, WORKER).decision == "eligible"
    assert decided(found.law, "W1", "2030-05-05", WORKER).deciding_rule == "W1.full_age"
    poor = {**WORKER, "wage": [1, 1, 1], "islander": True}
    kept = reform("{condition: W1.wage, from: 2030-05-01, must: 'sum(wage[1..3]) > 9_000'}")
    assert decided(kept.law, "W1", "2030-05-02", poor).deciding_rule == "W1.islander"


def test_a_condition_is_removed_and_one_is_added(reform):
    gone = reform("{condition: W1.key, from: 2030-05-01, to: 2030-05-31, remove: true}").law
    facts = {**WORKER, "lamp_key": False}
    days = ("2030-04-30", "2030-05-01", "2030-05-31", "2030-06-01")
    told = [decided(gone, "W1", day, facts).decision for day in days]
    assert told == ["ineligible", "eligible", "eligible", "ineligible"]
    added = reform("{add: S.loss.owes, from: 2031-01-01, refused_if: owes_tax, says: Owes}").law
    owes = {"owes_tax": True, "days_away": 0}
    assert decided(added, "S.loss", "2030-12-31", owes).decision == "no_ground"
    found = decided(added, "S.loss", "2031-01-01", owes)
    assert (found.decision, found.deciding_rule) == ("annulment_ground", "S.loss.owes")


def test_a_rule_gets_another_state(law, reform):
    found = reform("{rule: W1, from: 2030-06-01, to: 2031-09-30, state: suspended}").law
    facts = {**WORKER, "wage": [1_500] * 3, "trade": "lamplighter", "arrived": "2030-02-01"}
    told = {
        day: decided(found, "W1", day, facts).decision
        for day in ("2030-05-31", "2030-06-01", "2031-08-15", "2031-09-30", "2031-10-01")
    }
    assert list(told.values()) == ["eligible", *["not_in_force"] * 3, "eligible"]
    longer = reform("{rule: LN@office, from: 2034-01-01, state: in force}").law
    assert (
        decided(longer, "LN@office", "2040-01-01", {"in_person": True}).decision == "eligible"
    )
    assert (
        decided(law, "LN@office", "2040-01-01", {"in_person": True}).decision == "not_in_force"
    )


def test_the_law_itself_is_unchanged(fictional, law, reform):
    reform(
        "{parameter: wage_min, from: 2030-05-01, value: 1}",
        "{condition: W1.age, from: 2030-05-01, remove: true}",
        "{add: W1.tall, from: 2030-05-01, must: age > 99}",
        "{rule: S, from: 2030-05-01, state: none}",
    )
    again = load_law(fictional)
    assert (law.rules, law.title) == (again.rules, "")
    for name in law.parameters:
        assert spells(law, name) == spells(again, name)


@pytest.mark.parametrize(
    ("change", "problem", "column"),
    [
        ("{parameter: wage_mn, from: 2030-05-01, value: 1}", "no such parameter", 17),
        ("{parameter: wage_min, from: 2030-05-01}", "value is missing", 5),
        ("{parameter: wage_min, from: 2030-05-01, value: much}", "not a whole number", 52),
        ("{parameter: great_fire, from: 2030-05-01, value: 7}", "no day", 54),
        ("{parameter: wage_min, from: 1 May, value: 1}", "no day", 33),
        ("{parameter: wage_min, value: 1}", "from is missing", 5),
        ("{parameter: wage_min, rule: W1, from: 2030-05-01}", "give one of parameter", 5),
        ("{from: 2030-05-01}", "give one of parameter", 5),
        ("{condition: W1.agee, from: 2030-05-01, remove: true}", "no such condition", 17),
        ("{condition: X.age, from: 2030-05-01, remove: true}", "no such rule", 17),
        ("{condition: W1.age, from: 2030-05-01}", "give must, refused_if, consent, or", 5),
        ("{condition: W1.age, from: 2030-05-01, must: agee > 5}", "'agee' is neither", 49),
        ("{add: W1.age, from: 2030-05-01, must: age > 5}", "stands already", 11),
        ("{add: W1.new, from: 2030-05-01}", "give must, refused_if or consent", 5),
        ("{rule: X, from: 2030-05-01, state: none}", "no such rule", 5),
        ("{rule: W1, from: 2030-05-01}", "state is missing", 5),
        ("{rule: W1, from: 2030-05-01, state: off}", "not known", 41),
        ("{rule: W1, from: 2030-05-02, to: 2030-05-01, state: none}", "ends 2030-05-01", 5),
        ("{rule: W1, from: 2030-05-02, state: none, value: 1}", "has no meaning with rule", 54),
        ("{parameter: wage_min, from: 2030-05-02, value: 1, must: age > 1}", "no meaning", 61),
        ("{condition: W1.age, from: 2030-05-02, must: age > 1, remove: true}", "beside", 66),
        ("{rule: W1, from: 2030-05-02, until: 2031-01-01, state: none}", "unknown name", 34),
    ],
)  # fmt: skip
def test_faults_of_a_reform_have_a_place(reform, change, problem, column):
    with pytest.raises(DataError) as caught:
        reform("{rule: S, from: 2030-01-01, state: none}", change)
    fault = caught.value.faults[0]
    assert problem in fault.problem
    assert (fault.file, fault.row, fault.column) == ("reform.yaml", 4, str(column))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "empty"),
        (b"title: x\n", "changes is missing"),
        (b"changes: []\ntitle: x\n", "no change"),
        (b"\xff", "not UTF-8"),
        (b"title: [\n", "not YAML"),
        (b"- 1\n", "expected 'name: value' lines"),
    ],
)
def test_files_that_are_no_reform(law, tmp_path, text, problem):
    path = tmp_path / "reform.yaml"
    path.write_bytes(text)
    with pytest.raises(DataError, match=problem):
        read_reform(law, path)
    with pytest.raises(DataError, match="no such file"):
        read_reform(law, tmp_path / "none.yaml")


# Who gains, who loses.


def test_a_comparison_counts_everybody_once(law, reform, tmp_path):
    day = date(2030, 5, 1)
    changed = reform(
        "{parameter: wage_min, from: 2030-05-01, value: 950}",
        "{condition: W1.trade, from: 2030-05-01, remove: true}",
    )
    people = [
        {**WORKER, "wage": [wage] * 3, "trade": trade, "islander": islander, "place": place}
        for wage in (899, 900, 949, 950)
        for trade in ("clockmaker", "poet", None)
        for islander in (True, False)
        for place in ("north", None)
    ]
    for row in people:
        row["course_ended"] = date(2030, 1, 1)
    path = tmp_path / "people.parquet"
    pa_parquet.write_table(pa.Table.from_pylist(people), path)
    table = open_people(law, path, day, [law.rule("W1")])
    found = compare(law, changed.law, table, "W1", day, ["place"])
    plain = found.plain()
    assert plain["people"] == len(people) == 48
    assert plain["gains"] + plain["loses"] + plain["same"] == 48
    counted: Counter = Counter()
    engines = Engine(law), Engine(changed.law)
    for row in people:
        facts = {key: value for key, value in row.items() if key != "place"}
        told = [engine.decision("W1", day, facts).decision for engine in engines]
        counted[row["place"] or "", *told] += 1
    grouped: Counter = Counter()
    for group in found.groups:
        grouped[group.group["place"], group.before, group.after] += group.people
        better = (group.before, group.after)
        if group.before == group.after:
            assert (group.effect, group.reasons) == ("same", ())
        elif better == ("eligible", "ineligible"):
            assert (group.effect, group.reasons) == ("loses", ("+wage",))
        elif group.after == "eligible":
            assert (group.effect, group.reasons) == ("gains", ("-trade",))
        else:
            assert group.reasons == ("-trade", "+wage")
    assert grouped == counted
    order = [(EFFECTS.index(group.effect), -group.people) for group in found.groups]
    assert order == sorted(order)
    with pytest.raises(DataError, match=r"no such column \('village'\)"):
        compare(law, changed.law, table, "W1", day, ["village"])


def test_a_comparison_of_states(law, reform, tmp_path):
    changed = reform("{rule: LN@office, from: 2030-05-01, state: none}").law
    path = tmp_path / "people.csv"
    path.write_text("in_person\ntrue\nfalse\n\n")
    day = date(2030, 5, 1)
    table = open_people(law, path, day, [law.rule("LN@office")])
    found = compare(law, changed, table, "LN@office", day)
    assert found.count("gains") == 0
    assert found.count("loses") == sum(group.people for group in found.groups)
    assert {group.reasons for group in found.groups} == {("in force -> none",)}
