import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qonys.core.errors import CodeError, DataError
from qonys.rules.answers import answer, answered, next_question, pathways
from qonys.rules.changes import GOOD, day_of_change, smallest_change
from qonys.rules.deciding import Engine
from qonys.rules.facts import read_facts

FACTS = """\
income: {type: int, low: 0, high: 10_000, says: income}
savings: {type: int, low: 0, high: 10_000, says: savings}
married: {type: bool, says: married}
colour: {type: code, codes: [red, green], says: colour}
born: {type: date, fixed: true, says: born}
months: {type: list, length: 3, low: 0, high: 10_000, says: months}
"""
MARCH = date(2030, 3, 1)
SECOND = date(2031, 9, 15)

WORKER = {
    "wage": [900, 900, 900],
    "trade": "clockmaker",
    "age": 30,
    "course_ended": "2030-01-01",
    "lamp_key": True,
}
LATER = {
    "wage": [1_300, 1_300, 1_500],
    "trade": "ferryman",
    "age": 30,
    "course_ended": "2031-06-01",
    "arrived": "2031-08-20",
    "lamp_key": True,
}
SETTLER = {
    "savings": 5_000,
    "debts": 1_000,
    "certificate": "clean",
    "arrived": "2029-07-01",
    "lamp_number": True,
    "council_yes": True,
}
# Values at and beside everything that the law of these days compares with.
WORK_FACTS = {
    "wage[1]": [899, 900],
    "wage[2]": [899, 900],
    "wage[3]": [899, 900],
    "trade": ["clockmaker", "whaler"],
    "age": [17, 18, 65],
    "course_ended": ["2028-02-29", "2028-03-01"],
    "lamp_key": [True, False],
    "islander": [True, False],
}
SETTLE_FACTS = {
    "savings": [2_999, 3_000, 4_999, 5_000, 5_002],
    "debts": [0, 1_000, 1_001, 1_002],
    "certificate": ["clean", "record"],
    "arrived": ["2029-06-30", "2029-12-02", "2029-12-03"],
    "lamp_number": [True, False],
    "council_yes": [True, False],
    "islander": [True, False],
}
GROUND_FACTS = {
    "smuggler": [True, False],
    "banished": ["2029-07-01", "2029-07-02"],
    "owes_tax": [True, False],
}
NEW_YEAR = date(2030, 1, 1)


def as_given(flat):
    """Facts as a person gives them: elements of a list put together."""
    plain = {name: value for name, value in flat.items() if "[" not in name}
    parts = [flat.get(f"wage[{place}]") for place in (1, 2, 3)]
    if any(part is not None for part in parts):
        plain["wage"] = parts
    return plain


def decided(engine, rule, day, flat):
    return engine.decision(rule, day, as_given(flat)).decision


def some_facts(domain):
    """A part of the facts, each at a value that matters."""
    return st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in domain.items()}
    )


# What to ask next.


def test_the_next_question_settles_most_with_least_effort(engine):
    found = answer(engine, "W1", MARCH, {})
    question = found.next_question
    assert question.fact == "islander"
    assert question.text == "Were you born on the islands?"
    assert question.why == "This alone is open in: The least wage in each of three months."
    question = answer(engine, "W1", MARCH, {"islander": True}).next_question
    assert question.text == "What is your trade?"
    assert question.why == "This alone is open in: The trade is open."
    facts = {"age": 30, "trade": "lamplighter", "lamp_key": True, "course_ended": "2030-01-01"}
    found = answer(engine, "W1", MARCH, facts)
    assert found.next_question.fact == "islander"
    assert found.relevant_missing == ("wage", "islander")


def test_a_question_says_why_in_the_language_asked_for(engine):
    question = answer(engine, "W1", MARCH, {**WORKER, "trade": None}, "ru").next_question
    assert question.text == "Какое у Вас ремесло?"
    assert "Ремесло открыто." in question.why
    own = answer(engine, "GUILD", date(2031, 1, 1), {"age": 20}, "ru").next_question
    assert own.text == "Каким было ремесло Вашего отца?"


def test_an_exemption_that_was_not_claimed_is_asked_for(engine):
    found = answer(engine, "W1", MARCH, {**WORKER, "wage": [1, 1, 1]})
    assert found.decision.decision == "ineligible"
    assert found.relevant_missing == ("islander",)
    assert found.next_question.fact == "islander"
    assert found.next_question.why.startswith("It could free from: The least wage")


def test_a_question_with_others_and_one_of_a_body(engine):
    facts = {**SETTLER, "savings": None, "debts": None}
    question = answer(engine, "S", NEW_YEAR, facts).next_question
    assert question.fact == "savings"
    assert question.why.startswith("This is open, with other facts, in: Savings")
    body = answer(engine, "S", NEW_YEAR, {**SETTLER, "council_yes": None}).next_question
    assert body.fact == "council_yes"
    assert body.why == "All else is met; a body still decides: The council consents."


def test_skipped_facts_are_not_asked_again(engine, law):
    skipped: set[str] = set()
    asked = []
    decision = engine.decision("W1", MARCH, {"wage": [900, None, 900]})
    while question := next_question(law, decision, "en", frozenset(skipped)):
        asked.append(question.fact)
        skipped.add(question.fact.partition("[")[0])
    assert sorted(asked) == [
        "age",
        "course_ended",
        "islander",
        "lamp_key",
        "trade",
        "wage[2]",
    ]


def test_nothing_is_asked_where_nothing_can_change(engine):
    for day, facts in [
        (MARCH, {**WORKER, "trade": "whaler"}),
        (date(2031, 2, 1), {}),
        (date(2031, 8, 1), {}),
        (date(2040, 1, 1), {}),
    ]:
        found = answer(engine, "W1", day, facts)
        assert found.relevant_missing == ()
        assert found.next_question is None


@settings(max_examples=60)
@given(some_facts(WORK_FACTS))
def test_relevant_facts_of_work_are_those_that_can_still_change_it(engine, flat):
    relevant_is_pivotal(engine, "W1", MARCH, flat, WORK_FACTS)


@settings(max_examples=60)
@given(
    # The bounds of a fact are no reason not to ask: here both values of each can still matter.
    some_facts({**SETTLE_FACTS, "savings": [3_000, 5_000], "debts": [0, 1_000]}),
    some_facts(GROUND_FACTS),
)
def test_relevant_facts_of_settling_are_those_that_can_still_change_it(engine, flat, grounds):
    relevant_is_pivotal(engine, "S", NEW_YEAR, flat, SETTLE_FACTS, grounds)


def relevant_is_pivotal(engine, rule, day, flat, domain, fixed=None):
    """Brute force: a fact matters if two of its values differ under some of the others."""
    fixed = fixed or {}
    open_ = [name for name in domain if name not in flat]
    pivotal = set()
    table = {
        values: decided(
            engine, rule, day, {**fixed, **flat, **dict(zip(open_, values, strict=True))}
        )
        for values in itertools.product(*(domain[name] for name in open_))
    }
    for place, name in enumerate(open_):
        others: dict[tuple, set] = {}
        for values, decision in table.items():
            others.setdefault((*values[:place], *values[place + 1 :]), set()).add(decision)
        if any(len(decisions) > 1 for decisions in others.values()):
            pivotal.add(name)
    if not any(name.startswith("wage") for name in flat):
        pivotal = {name.partition("[")[0] for name in pivotal}
    found = answer(engine, rule, day, as_given({**fixed, **flat}))
    assert set(found.relevant_missing) == pivotal


# The smallest change.


def possible_changes(law, domain, flat):
    """Values of facts that a person may change, or has not said."""
    for name, values in domain.items():
        kind = law.fact(name.partition("[")[0])
        if name not in flat or not kind.fixed:
            yield name, [value for value in values if value != flat.get(name)]


@settings(max_examples=80)
@given(some_facts(WORK_FACTS))
def test_smallest_change_of_work_against_brute_force(engine, flat):
    smallest_by_force(engine, "W1", MARCH, flat, WORK_FACTS)


@settings(max_examples=25)
@given(some_facts({**SETTLE_FACTS, "savings": [2_999, 5_000]}), some_facts(GROUND_FACTS))
def test_smallest_change_of_settling_against_brute_force(engine, flat, grounds):
    fewer = {"savings": [2_999, 3_000, 5_000], "debts": [0, 1_000]}
    domain = {**SETTLE_FACTS, **GROUND_FACTS, **fewer}
    smallest_by_force(engine, "S", NEW_YEAR, {**flat, **grounds}, domain)


def smallest_by_force(engine, rule, day, flat, domain):
    law = engine.law
    decision = engine.decision(rule, day, as_given(flat))
    found = smallest_change(engine, decision)
    if decision.decision in GOOD:
        assert found == []
        return
    choices = dict(possible_changes(law, domain, flat))
    single = [
        (name, value)
        for name, values in choices.items()
        for value in values
        if decided(engine, rule, day, {**flat, name: value}) in GOOD
    ]
    if found is None:
        every = [[flat.get(name), *values] for name, values in choices.items()]
        for values in itertools.product(*every):
            changed = {**flat, **dict(zip(choices, values, strict=True))}
            assert decided(engine, rule, day, changed) not in GOOD
        return
    changed = {**flat, **{change.fact: change.after for change in found}}
    assert decided(engine, rule, day, changed) in GOOD
    for change in found:
        assert change.before == flat.get(change.fact)
        kind = law.fact(change.fact.partition("[")[0])
        assert change.before is None or not kind.fixed
        without = {**changed, change.fact: flat.get(change.fact)}
        assert decided(engine, rule, day, without) not in GOOD, "a needless change"
    # What a person is and has not said is guessed last, even where it would be one fact.
    if any(not law.fact(name.partition("[")[0]).fixed for name, _ in single):
        assert len(found) == 1
        assert found[0].before is None or not any(
            name == found[0].fact
            and isinstance(value, int)
            and abs(value - found[0].before) < abs(found[0].after - found[0].before)
            for name, value in single
        )


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_change_is_told_with_from_to_and_by(engine, missing):
    wage = [900] * 3
    wage[missing - 1] = 650
    found = answer(engine, "W1", MARCH, {**WORKER, "wage": wage, "islander": False})
    assert found.plain()["smallest_change"] == [
        {"fact": f"wage[{missing}]", "from": 650, "to": 900, "by": 250}
    ]


def test_a_day_is_told_as_a_day(engine):
    found = answer(engine, "W1", MARCH, {**WORKER, "course_ended": "2020-01-01"})
    assert found.plain()["smallest_change"] == [
        {"fact": "course_ended", "from": "2020-01-01", "to": "2028-03-01"}
    ]


def test_what_a_person_cannot_change_is_never_proposed(engine):
    found = answer(engine, "W1", MARCH, {**WORKER, "age": 17})
    assert found.smallest_change is None
    assert found.plain()["smallest_change"] is None
    open_ = answer(engine, "W1", MARCH, {**WORKER, "age": None})
    assert [change.fact for change in open_.smallest_change] == ["age"]


def test_every_change_of_the_cases_leads_to_a_yes(engine, cases):
    told = 0
    for case in cases:
        day = date.fromisoformat(case["on"])
        found = answer(engine, case["rule"], day, case["facts"])
        if not found.smallest_change:
            continue
        told += 1
        facts = {key: value for key, value in case["facts"].items() if value is not None}
        for change in found.smallest_change:
            name, _, place = change.fact.partition("[")
            if place:
                facts[name] = list(facts.get(name, [None] * 3))
                facts[name][int(place[:-1]) - 1] = change.after
            else:
                facts[name] = change.after
        assert engine.decision(case["rule"], day, facts).decision in GOOD, case["id"]
    assert told > 20


@pytest.mark.parametrize(
    ("must", "facts", "expected"),
    [
        ("income - 2 * savings >= 100", {}, {"income": 100, "savings": 0}),
        ("income - 2 * savings >= 100", {"income": 99}, {"income": 100, "savings": 0}),
        ("income - savings == 7", {"savings": 3}, {"income": 10}),
        ("income != 0", {"income": 0}, {"income": 1}),
        ("income + savings <= 10", {"income": 11, "savings": 0}, {"income": 10}),
        ("2 * income > 7", {}, {"income": 4}),
        ("income > 10_000", {}, None),
        ("left - born >= 30 days", {}, {"left": "2031-01-01", "born": "2030-12-02"}),
        ("left - born >= 30 days", {"born": "2030-12-20"}, None),
        ("not (colour == 'red') and married", {}, {"colour": "green", "married": True}),
        ("colour in ['blue', 'red']", {}, {"colour": "blue"}),
        (
            "every(months[1..3] >= 5) and sum(months[1..3]) > 17",
            {"months": [5, None, 5]},
            {"months[2]": 8},
        ),
    ],
)
def test_smallest_changes_of_single_conditions(small_law, must, facts, expected):
    left = "left: {type: date, says: left}\n"
    law = small_law(
        f'{{id: it, must: "{must}", says: It, cite: {{act: act}}}}', facts=FACTS + left
    )
    found = answer(Engine(law), "R", date(2031, 1, 1), facts).plain()["smallest_change"]
    assert (found and {change["fact"]: change["to"] for change in found}) == expected


# Waiting.


@settings(max_examples=25)
@given(st.dates(NEW_YEAR, date(2032, 6, 30)), st.integers(0, 45), st.integers(0, 200))
def test_the_day_from_which_it_is_a_yes_is_the_first_one(engine, day, since, banished):
    law = engine.law
    facts = {
        **SETTLER,
        "arrived": (day - timedelta(since)).isoformat(),
        "banished": (day - timedelta(banished)).isoformat(),
    }
    decision = engine.decision("S", day, facts)
    read = read_facts(law, facts, day)
    rule = law.rule("S")
    later = (day + timedelta(days) for days in range(1, 250))
    first = next(d for d in later if engine.decided(rule, d, read).decision in GOOD)
    if decision.decision not in GOOD:
        assert day_of_change(engine, decision) == first


def test_waiting_is_told_where_no_fact_can_be_changed(engine):
    facts = {**SETTLER, "arrived": "2029-12-12"}
    found = answer(engine, "S", NEW_YEAR, facts)
    assert found.smallest_change is None
    assert found.eligible_from == date(2030, 1, 11)
    assert found.plain()["smallest_change"] == [
        {"fact": "on", "from": "2030-01-01", "to": "2030-01-11"}
    ]
    working = answer(engine, "W1", date(2031, 9, 1), {**LATER, "arrived": "2031-09-01"})
    assert working.eligible_from == date(2031, 9, 9)
    before = answer(engine, "W1", date(2030, 1, 1), {**WORKER, "course_ended": "2029-01-01"})
    assert before.decision.decision == "not_in_force"
    assert before.eligible_from == MARCH


# Disputes.


def test_a_dispute_is_told_with_what_it_would_change(engine):
    found = answer(engine, "S", NEW_YEAR, {**SETTLER, "savings": 5_000, "debts": 1_000})
    (dispute,) = found.disputes
    assert (dispute.id, dispute.condition) == ("house.more", "house")
    assert (dispute.decision, dispute.differs) == ("ineligible", True)
    assert dispute.citations[0]["act"] == "gazette"
    assert found.readings == (((), "eligible"), (("house.more",), "ineligible"))
    richer = answer(engine, "S", NEW_YEAR, {**SETTLER, "savings": 5_001}, "ru")
    assert not richer.disputes[0].differs
    assert richer.disputes[0].says.startswith("Не меньше цены дома")


def test_all_combinations_of_readings_are_run(engine):
    day = date(2031, 5, 1)
    facts = {**SETTLER, "savings": 0, "banished": "2030-09-01"}
    found = answer(engine, "S", day, facts)
    decisions = dict(found.readings)
    assert decisions[()] == "ineligible"
    assert decisions["house.free",] == "eligible"
    assert decisions["banished.year",] == "ineligible"
    assert decisions["house.free", "banished.year"] == "ineligible"
    assert len(decisions) == 6
    assert [item.id for item in found.disputes] == ["house.more", "house.free", "banished.year"]


def test_a_dispute_on_days(engine):
    found = answer(engine, "W1", date(2031, 9, 14), LATER)
    assert found.decision.decision == "eligible"
    assert [(item.id, item.decision) for item in found.disputes] == [
        ("version.mid_month", "not_in_force")
    ]
    assert answer(engine, "W1", SECOND, LATER).disputes == ()
    assert answer(engine, "W1", date(2031, 8, 31), LATER).disputes == ()


# Papers that hang on one another.


def test_a_chain_is_followed_to_its_start(engine):
    facts = {**WORKER, "lamp_key": False, "trade": "none"}
    chain = {step.fact: step for step in answer(engine, "W1", MARCH, facts).chain}
    assert list(chain) == ["lamp_key", "lamp_number"]
    assert chain["lamp_key"].needs == ("lamp_number",)
    assert not chain["lamp_key"].dead_end
    ways = {way["rule"]: way["decision"] for way in chain["lamp_number"].ways}
    assert ways == {"LN@office": "undetermined", "LN@ferry": "undetermined"}


def test_a_dead_end_names_the_first_day_on_which_a_way_opens(engine):
    facts = {**WORKER, "lamp_key": False, "in_person": False, "trade": "ferryman"}
    day = date(2030, 8, 1)
    found = answer(engine, "W1", day, facts)
    key, number = found.chain
    assert number.dead_end
    assert key.dead_end
    assert key.until == number.until == "2031-10-01"
    assert [way["failed"] for way in number.ways] == [["in_person"], []]
    assert [way["opens"] for way in number.ways] == [None, "2031-10-01"]
    never = answer(engine, "S", date(2034, 5, 1), {**SETTLER, "lamp_number": False})
    assert never.chain[0].dead_end
    assert never.chain[0].until == ""
    assert never.plain()["chain"][0]["until"] is None


def test_a_chain_of_three_papers_is_out_of_reach_with_its_start(small_law):
    facts = (
        "a: {type: bool, says: a, needs: [b]}\n"
        "b: {type: bool, says: b, needs: [c, d]}\n"
        "c: {type: bool, says: c, obtained_by: [Q]}\n"
        "d: {type: bool, says: d, obtained_by: [L]}\n"
    )
    version = (
        "versions: [{from: 2030-01-01, TO says: Holds, cite: {act: act}}]\n"
        "    conditions: [{id: no, must: false, END says: Closed, cite: {act: act}}]\n"
    )
    head = (
        "kind: permission\n    title: T\n    says: T\n    before: none\n    after: none\n    "
    )
    shut = version.replace("TO ", "").replace("END ", "")
    opens = version.replace("TO ", "").replace("END ", "to: 2030-12-31, ")
    rules = f"rules:\n  - rule: Q\n    {head}{shut}  - rule: L\n    {head}{opens}"
    law = small_law("{id: a, must: a, says: A, cite: {act: act}}", facts=facts, other=rules)
    chain = {step.fact: step for step in answer(Engine(law), "R", date(2030, 6, 1), {}).chain}
    assert [(name, step.dead_end) for name, step in chain.items()] == [
        (name, True) for name in "abcd"
    ]
    # d opens in 2031, c never: so does nothing that hangs on both.
    assert [step.until for step in chain.values()] == ["", "", "", "2031-01-01"]


def test_a_paper_that_one_rule_alone_knows_has_its_chain(small_law):
    own = "facts:\n      slip: {type: bool, says: slip, obtained_by: [R]}\n    "
    law = small_law(
        "{id: slip, must: slip, says: A slip, cite: {act: act}}",
        version="{from: 2030-01-01, says: Holds, cite: {act: act}}\n    " + own.rstrip(),
    )
    (step,) = answer(Engine(law), "R", date(2030, 6, 1), {}).chain
    assert (step.fact, step.ways, step.dead_end) == ("slip", (), False)


def test_the_day_is_found_where_a_term_is_only_part_of_a_condition(small_law):
    law = small_law(
        "{id: b, must: born <= on_day - 2 years and not married, says: B, cite: {act: act}}"
    )
    facts = {"born": "2029-03-01", "married": False}
    found = answer(Engine(law), "R", date(2030, 6, 1), facts)
    assert (found.smallest_change, found.eligible_from) == (None, date(2031, 3, 1))


def test_law_that_is_not_known_is_named_and_nothing_is_asked_for_it(small_law):
    parameters = (
        "parameters: {least: {unit: USD, says: Least, values: "
        "[{from: 2040-01-01, value: 5, cite: {act: act}}]}}\n"
    )
    law = small_law(
        "{id: red, must: colour == 'red', says: Red, cite: {act: act}}",
        "{id: enough, must: income >= least, says: Enough, cite: {act: act}}",
        parameters=parameters,
    )
    found = answer(Engine(law), "R", date(2030, 6, 1), {})
    assert found.decision.decision == "law_unknown"
    assert found.decision.deciding_rule == "R.enough"
    assert found.relevant_missing == ("colour",)  # no income could settle it


def test_a_consent_does_not_decide_while_something_must_be_shown(small_law):
    law = small_law(
        "{id: body, consent: married, says: A body, cite: {act: act}}",
        "{id: income, must: income >= 100, says: Enough, cite: {act: act}}",
    )
    found = Engine(law).decision("R", date(2030, 6, 1), {})
    assert (found.decision, found.deciding_rule) == ("undetermined", "R.income")


def test_a_reading_that_a_rule_does_not_have_is_refused(engine):
    with pytest.raises(CodeError, match=r"no such reading.*There are: version.mid_month"):
        engine.decision("W1", MARCH, WORKER, ("version.midmonth",))


def test_days_that_leave_the_calendar_leave_the_law_unknown(small_law):
    law = small_law(
        "{id: b, must: born > on_day - 900_000 days - 5 years, says: B, cite: {act: act}}"
    )
    found = Engine(law).decision("R", date(2030, 6, 1), {"born": "2000-01-01"})
    assert found.decision == "law_unknown"


def test_no_chain_where_the_answer_is_yes_or_the_paper_is_there(engine):
    assert answer(engine, "W1", MARCH, WORKER).chain == ()
    facts = {**WORKER, "lamp_key": False, "lamp_number": True}
    (step,) = answer(engine, "W1", MARCH, facts).chain
    assert (step.fact, step.needs, step.dead_end) == ("lamp_key", (), False)


# The decision itself.


def test_consent_grounds_and_law_that_is_not_known(engine):
    discretion = answer(engine, "S", NEW_YEAR, {**SETTLER, "council_yes": None})
    assert discretion.decision.decision == "discretion"
    assert discretion.smallest_change == ()
    assert discretion.decision.missing == ("council_yes",)
    assert discretion.decision.not_examined == ("smuggler", "banished", "tax")
    for rule, day in [
        ("W1", date(2031, 8, 5)),
        ("W1", date(2035, 1, 1)),
        ("S", date(1990, 1, 1)),
    ]:
        found = answer(engine, rule, day, {})
        assert found.decision.decision == "law_unknown"
        assert found.smallest_change is None
        assert found.decision.missing == ()
    # A rule that is in force, and leans on working days that are not known.
    facts = {**LATER, "wage": [1_300] * 3, "course_ended": "2032-06-01"}
    known = engine.decision("W1", date(2032, 7, 1), {**facts, "islander": True})
    assert known.decision == "eligible"


def test_a_ground_counts_only_when_the_state_shows_it(engine):
    for facts, expected in [
        ({"days_away": 184}, "undetermined"),
        ({"days_away": 184, "islander": True}, "no_ground"),
        ({"days_away": 184, "islander": False}, "annulment_ground"),
        ({"smuggler": False}, "no_ground"),
        ({}, "undetermined"),
    ]:
        assert answer(engine, "S.loss", NEW_YEAR, facts).decision.decision == expected
    asked = answer(engine, "S.loss", NEW_YEAR, {"days_away": 184})
    assert asked.relevant_missing == ("islander", "smuggler")
    assert asked.decision.missing == ("islander",)


@pytest.mark.parametrize(
    ("rule", "day", "facts", "expected"),
    [
        ("W1", "2030-03-01", WORKER, "W1.clockmaker"),
        ("W1", "2030-03-01", {**WORKER, "trade": "lamplighter"}, "W1.in_force_from"),
        ("W1", "2030-03-02", {**WORKER, "trade": "lamplighter"}, "W1.all"),
        ("W1", "2030-12-31", {**WORKER, "trade": "lamplighter"}, "W1.last_day"),
        ("W1", "2030-03-02", {**WORKER, "wage": [1, 1, 1], "islander": True}, "W1.islander"),
        ("W1", "2030-03-02", {**WORKER, "age": 3}, "W1.full_age"),
        ("W1", "2030-03-02", {**WORKER, "age": 3, "wage": [1, 1, 1]}, "W1.wage"),
        ("W1", "2030-03-02", {**WORKER, "age": None}, "W1.full_age"),
        ("W1", "2030-02-28", {}, "W1.in_force_from"),
        ("W1", "2031-02-01", {}, "W1.between"),
        ("W1", "2031-07-01", {}, "W1.stopped"),
        ("W1", "2031-08-01", {}, "W1.unread"),
        ("W1", "2035-01-01", {}, "W1.to"),
        ("S", "2030-01-02", {**SETTLER, "council_yes": None}, "S.council"),
        ("S", "2030-01-02", {**SETTLER, "owes_tax": True, "islander": True}, "S.tax_islander"),
        ("S.loss", "2030-01-01", {}, "S.loss.none"),
    ],
)
def test_the_deciding_rule_is_named(engine, rule, day, facts, expected):
    read = {**facts}
    if day < "2030-03-01":
        read.pop("course_ended", None)
    assert engine.decision(rule, date.fromisoformat(day), read).deciding_rule == expected


def test_notes_tell_cautions_meanings_and_what_a_stretch_is(engine):
    first = answer(engine, "W1", MARCH, {}).notes
    assert first == (
        "Before 2030 the code W1 meant a whaler's permit.",
        "Who pays for the oil.",
    )
    second = answer(engine, "W1", SECOND, {}).notes
    assert second == ("Mind the tide.", "Who pays for the oil.")
    between = answer(engine, "W1", date(2031, 2, 1), {}).notes
    assert between[0] == "Between the pilots: no rule"
    number = answer(engine, "LN.number", NEW_YEAR, {"lamp_number": "2000004"}).notes
    assert number[0].startswith("Well formed only")
    assert number[1].startswith("Position 3 does not enter")
    assert len(number) == 2


def test_a_rule_may_understand_a_fact_in_its_own_way(engine):
    day = date(2031, 1, 1)
    facts = {"age": 30, "guild_letter": True, "speaks": "yes"}
    assert engine.decision("GUILD", day, {**facts, "trade": "no"}).failed == ("trade",)
    with pytest.raises(DataError, match="no such code"):
        engine.decision("GUILD", day, {**facts, "trade": "ferryman"})


# All pathways at once.


def test_pathways_come_best_first(engine):
    facts = {**SETTLER, "trade": "whaler", "in_person": False}
    found = pathways(engine, NEW_YEAR, {**facts, "arrived": "2029-07-01"})
    told = [(item.decision.snapshot.rule.id, item.decision.decision) for item in found]
    assert told == [
        ("S", "eligible"),
        ("LN@ferry", "undetermined"),
        ("LN@office", "ineligible"),
        ("W1", "not_in_force"),
    ]


def test_an_answer_as_data_has_exactly_these_keys(engine):
    plain = answer(engine, "W1", MARCH, {}).plain()
    assert list(plain) == [
        "rule",
        "on",
        "decision",
        "deciding_rule",
        "failed",
        "missing",
        "relevant_missing",
        "not_examined",
        "next_question",
        "smallest_change",
        "citations",
        "disputes",
        "readings",
        "chain",
        "notes",
    ]


def test_an_unknown_rule_names_near_ones(engine):
    with pytest.raises(CodeError, match=r"no such rule \('GILD'\)\. Near: GUILD\."):
        answer(engine, "GILD", MARCH, {})
    assert answer(engine, "guild", MARCH, {}).decision.snapshot.rule.id == "GUILD"


def test_an_answer_to_a_decision_under_another_reading(engine, law):
    rule = law.rule("S")
    facts = read_facts(law, SETTLER, NEW_YEAR)
    decision = engine.decided(rule, NEW_YEAR, facts, ("house.more",))
    assert decision.decision == "ineligible"
    found = answered(engine, decision)
    assert found.decision is decision
