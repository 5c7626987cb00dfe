import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonys.core.errors import DataError
from qonys.rules.expressions import Slot
from qonys.rules.facts import element, read_facts, slot_name, slot_values

DAY = date(2031, 5, 1)


def faults(law, facts, rule=None, day=DAY):
    with pytest.raises(DataError) as caught:
        read_facts(law, facts, day, rule)
    return caught.value.faults


@pytest.mark.parametrize(
    ("name", "given_", "read"),
    [
        ("islander", True, True),
        ("islander", None, None),
        ("savings", 0, 0),
        ("savings", 5_000.0, 5_000),
        ("savings", 1_000_000, 1_000_000),
        ("trade", "clockmaker", "clockmaker"),
        ("trade", "boatman", "ferryman"),
        ("trade", "poet", "poet"),
        ("certificate", "none", "none"),
        ("arrived", "2031-05-01", DAY.toordinal()),
        ("arrived", date(2031, 5, 1), DAY.toordinal()),
        ("wage", [], ()),
        ("wage", [1, None, 2.0], (1, None, 2)),
        ("wage", [1] * 1_200, (1,) * 1_200),
    ],
)
def test_facts_are_read(law, name, given_, read):
    assert read_facts(law, {name: given_}, DAY) == {name: read}
    assert type(read_facts(law, {name: given_}, DAY)[name]) is type(read)


WHOLE = "not a whole number"
OUTSIDE = "outside what can be"


@pytest.mark.parametrize(
    ("name", "given_", "problem", "way_out"),
    [
        ("islander", "true", "neither true nor false", "Give true, false or null."),
        ("islander", 1, "neither true nor false", "Give true, false or null."),
        ("islander", 0, "neither true nor false", "Give true, false or null."),
        ("islander", "", "neither true nor false", "Give true, false or null."),
        ("islander", [], "neither true nor false", "Give true, false or null."),
        ("savings", "300000 USD", WHOLE, "USD"),
        ("savings", "5000", WHOLE, "USD"),
        ("savings", "5 000", WHOLE, "USD"),
        ("savings", 0.5, WHOLE, "USD"),
        ("savings", True, WHOLE, "USD"),
        ("savings", False, WHOLE, "USD"),
        ("savings", math.nan, WHOLE, "USD"),
        ("savings", math.inf, WHOLE, "USD"),
        ("savings", -math.inf, WHOLE, "USD"),
        ("savings", 1e300, WHOLE, "USD"),
        ("savings", [5_000], WHOLE, "USD"),
        ("savings", {"usd": 5}, WHOLE, "USD"),
        ("savings", -1, OUTSIDE, "It must lie between 0 and 1,000,000"),
        ("savings", 1_000_001, OUTSIDE, "It must lie between 0 and 1,000,000"),
        ("savings", 10**400, OUTSIDE, "It must lie between"),
        ("age", 131, OUTSIDE, "It must lie between 0 and 130"),
        ("trade", 5, "not a text", "Known codes: lamplighter, ferryman, clockmaker, none."),
        ("trade", True, "not a text", "Known codes: "),
        ("trade", "lampligter", "no such code", "Did you mean lamplighter?"),
        ("trade", "Lamplighter", "no such code", "Did you mean lamplighter?"),
        ("trade", "NONE", "no such code", "Did you mean none?"),
        ("trade", "", "no code", "Known codes: "),
        ("trade", "  ", "no code", "Known codes: "),
        ("trade", "x" * 81, "no code", "Known codes: "),
        ("certificate", "dirty", "no such code", "One of: clean, record, none."),
        ("speaks", False, "not a text", "One of: no, on, yes."),
        ("arrived", "1 May 2031", "no day", "Write it as 2025-01-15."),
        ("arrived", "2031-02-30", "no day", "Write it as 2025-01-15."),
        ("arrived", "٢٠٣١-٠٥-٠١", "no day", "Write it as 2025-01-15."),
        ("arrived", "20310501", "no day", "Write it as 2025-01-15."),
        ("arrived", "2031-05-01T00:00", "no day", "Write it as 2025-01-15."),
        ("arrived", 20310501, "no day", "Write it as 2025-01-15."),
        (
            "arrived",
            "2031-05-02",
            "lies after the day asked for",
            "Give a day up to 2031-05-01, or ",
        ),
        ("arrived", "1849-12-31", "before 1850", "Check the year."),
        ("wage", 900, "not a list", "Give a list, e.g. [3500, 3500, 3500]."),
        ("wage", "900;900", "not a list", "Give a list"),
        ("wage", {"a": 1}, "not a list", "Give a list"),
        ("wage", [1] * 1_201, "more elements than can be", ""),
        ("wage", [1, "2"], WHOLE, "USD"),
        ("wage", [1, -2], OUTSIDE, "It must lie between"),
        ("wage", [True], WHOLE, "USD"),
        ("wage", [[1]], WHOLE, "USD"),
    ],
)
def test_wrong_facts_are_refused(law, name, given_, problem, way_out):
    (fault,) = faults(law, {name: given_})
    assert (fault.problem, fault.file, fault.column) == (problem, "facts", name)
    assert way_out in fault.way_out
    assert len(fault.value) <= 60


def test_all_faults_come_at_once(law):
    found = faults(law, {"savings": "x", "agee": 1, "trade": 7, "islander": True, "wage": 1})
    assert [fault.column for fault in found] == ["savings", "agee", "trade", "wage"]


def test_an_unknown_name_gets_a_suggestion(law):
    (fault,) = faults(law, {"saving": 5})
    assert fault.problem == "no such fact"
    assert "savings" in fault.way_out
    assert "Did you mean" in fault.way_out
    (far,) = faults(law, {"shoe_size_of_the_cat": 5})
    assert far.way_out == "qonys rules show RULE lists the facts of a rule."
    (long,) = faults(law, {"x" * 10_000: 5})
    assert len(long.column) == 60
    assert len(faults(law, {7: 5})) == 1


@pytest.mark.parametrize("given_", [None, [], "x", 5, [["age", 5]], True])
def test_facts_are_an_object(law, given_):
    (fault,) = faults(law, given_)
    assert fault.problem == "facts are an object of names and values"


def test_a_number_is_a_text(law):
    rule = law.rule("LN.number")
    assert read_facts(law, {"lamp_number": "0012"}, DAY, rule) == {"lamp_number": "0012"}
    (fault,) = faults(law, {"lamp_number": 2000004}, rule)
    assert fault.way_out == "Give it as text in quotes, so that leading zeros stay."
    (long,) = faults(law, {"lamp_number": "9" * 65}, rule)
    assert long.problem == "far too long for a number"
    (elsewhere,) = faults(law, {"lamp_number": "2000004"})
    assert elsewhere.problem == "neither true nor false"


def test_what_is_not_given_is_unknown(engine):
    assert engine.decision("S", DAY, {}).decision == "undetermined"
    missing = engine.decision("S", DAY, {"debts": None}).missing
    assert {"savings", "debts", "certificate", "arrived", "lamp_number"} <= set(missing)
    given_ = engine.decision("S", DAY, {"smuggler": None}).missing
    assert "smuggler" in given_


@given(st.lists(st.integers(0, 99) | st.none(), max_size=6))
def test_the_last_elements_of_a_list_count(wage):
    slots = tuple(Slot("wage", "int", place, 3) for place in (1, 2, 3))
    values = slot_values(slots, {"wage": tuple(wage)})
    last = wage[-3:]
    assert values == [*last, *[None] * (3 - len(last))]
    assert element(tuple(wage), slots[0]) == (last[0] if last else None)


def test_the_name_of_a_missing_element():
    slot = Slot("wage", "int", 2, 3)
    assert slot_name(slot, {}) == "wage"
    assert slot_name(slot, {"wage": None}) == "wage"
    assert slot_name(slot, {"wage": (1, None)}) == "wage[2]"
    assert slot_name(Slot("age", "int"), {}) == "age"


@given(
    st.dictionaries(
        st.sampled_from(
            ["savings", "trade", "islander", "arrived", "wage", "certificate", "x"]
        ),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=12)
        | st.lists(st.integers() | st.text(max_size=3), max_size=3)
        | st.dictionaries(st.text(max_size=3), st.integers(), max_size=1),
        max_size=4,
    )
)
def test_anything_given_is_read_or_refused(engine, facts):
    try:
        found = [engine.decision("S", DAY, facts)]
    except DataError as error:
        found = list(error.faults)
        wrong = {fault.column for fault in found}
        told = wrong <= set(facts) and len(found) == len(wrong)
    else:
        told = bool(found[0].decision)
    assert found
    assert told
