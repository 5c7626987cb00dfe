from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from qonys.core.errors import DataError
from qonys.rules.deciding import Engine
from qonys.rules.reading import load_law, read_law
from qonys.rules.vector import VectorEngine

DAY = date(2030, 3, 1)
ROWS = 6
WAGES = [[900, 900, 900], [899, 900, 900], [1, 900, 900, 900], None, [900, None, 900], []]
PEOPLE = {
    "wage": WAGES,
    "trade": ["clockmaker", "boatman", "poet", None, "none", "lamplighter"],
    "age": [18, 17, None, 64, 65, 30],
    "course_ended": [
        "2030-01-01",
        "2028-03-01",
        "2028-02-29",
        None,
        "2029-01-01",
        "2030-03-01",
    ],
    "lamp_key": [True, False, None, True, True, True],
    "islander": [None, True, False, None, False, True],
}


@pytest.fixture(scope="module")
def vector(law) -> VectorEngine:
    """One engine for all tests: its kernel is compiled once."""
    return VectorEngine(law)


def rows_of(columns):
    return [{name: column[row] for name, column in columns.items()} for row in range(ROWS)]


def expected(law, rule="W1", day=DAY, people=PEOPLE):
    engine = Engine(law)
    return [engine.decision(rule, day, facts) for facts in rows_of(people)]


def masked(values, fill, kind):
    mask = [value is None for value in values]
    return np.ma.MaskedArray([fill if value is None else value for value in values], mask, kind)


def as_numpy():
    ends = [value or "NaT" for value in PEOPLE["course_ended"]]
    return {
        "wage": pa.array(WAGES, pa.list_(pa.int64())),
        "trade": np.array(PEOPLE["trade"], dtype=object),
        "age": masked(PEOPLE["age"], 0, np.int32),
        "course_ended": np.array(ends, "datetime64[D]"),
        "lamp_key": masked(PEOPLE["lamp_key"], False, bool),
        "islander": masked(PEOPLE["islander"], False, bool),
    }


def as_arrow():
    days = [value and date.fromisoformat(value) for value in PEOPLE["course_ended"]]
    return {
        "wage": pa.array(WAGES, pa.large_list(pa.int32())),
        "trade": pa.array(PEOPLE["trade"]),
        "age": pa.array(PEOPLE["age"], pa.int8()),
        "course_ended": pa.array(days, pa.date32()),
        "lamp_key": pa.array(PEOPLE["lamp_key"]),
        "islander": pa.chunked_array([PEOPLE["islander"][:2], PEOPLE["islander"][2:]]),
    }


def as_dictionary():
    columns = as_arrow()
    columns["trade"] = columns["trade"].dictionary_encode()
    columns["wage"] = pa.chunked_array([WAGES[:4], WAGES[4:]], pa.list_(pa.int64()))
    return columns


@pytest.mark.parametrize("made", [as_numpy, as_arrow, as_dictionary])
def test_every_kind_of_column_decides_as_the_scalar_engine(vector, law, made):
    found = vector.decide_many("W1", DAY, made())
    wanted = expected(law)
    assert found.decisions.tolist() == [item.decision for item in wanted]
    assert found.failed.tolist() == [item.masks[0] for item in wanted]
    assert found.unknown.tolist() == [item.masks[1] for item in wanted]
    assert found.conditions == ("wage", "trade", "age", "course", "key")
    assert sum(found.counts().values()) == ROWS


def test_lists_of_two_dimensions(vector, law):
    columns = as_numpy()
    columns["wage"] = np.array([[1, 900, 900, 900], [900, 899, 900, 900]] * 3)
    people = {**PEOPLE, "wage": columns["wage"].tolist()}
    found = vector.decide_many("W1", DAY, columns)
    assert found.decisions.tolist() == [item.decision for item in expected(law, people=people)]
    columns["wage"] = np.ma.masked_equal(columns["wage"], 899)
    columns["islander"] = np.zeros(ROWS, bool)
    found = vector.decide_many("W1", DAY, columns)
    assert not found.failed[1] & 1
    assert found.unknown[1] & 1
    columns["wage"] = np.full((ROWS, 2), 900)
    assert (vector.decide_many("W1", DAY, columns).unknown & 1).all()


def test_no_column_no_rows_and_days_without_a_rule(vector):
    nobody = vector.decide_many("W1", DAY, {"age": np.array([], np.int64)})
    assert nobody.decisions.tolist() == []
    assert nobody.counts() == {}
    assert vector.decide_many("W1", DAY, {}).codes.size == 0
    alone = vector.decide_many("W1", DAY, {"age": np.array([30, 3])})
    assert alone.decisions.tolist() == ["undetermined", "ineligible"]
    for day, decision in [
        (date(2031, 2, 1), "not_in_force"),
        (date(2031, 7, 1), "not_in_force"),
        (date(2031, 8, 1), "law_unknown"),
        (date(2040, 1, 1), "law_unknown"),
    ]:
        found = vector.decide_many("W1", day, {"age": np.array([30, 3])})
        assert found.decisions.tolist() == [decision] * 2


def test_numbers_by_their_digits(vector, engine):
    numbers = ["2000004", "2000005", "٢000004", "", "200000", "1002090", "2000004\x00", None]
    columns = [
        pa.array(numbers),
        np.array(numbers, dtype=object),
        pa.array(numbers).dictionary_encode(),
    ]
    day = date(2030, 5, 1)
    wanted = [
        engine.decision("LN.number", day, {"lamp_number": number}).decision
        for number in numbers
    ]
    for column in columns:
        found = vector.decide_many("LN.number", day, {"lamp_number": column})
        assert found.decisions.tolist() == wanted


@pytest.mark.parametrize(
    ("name", "column", "problem"),
    [
        ("age", np.array([30.5, 20.0]), "expected a column of whole numbers"),
        ("age", np.array(["30", "20"]), "expected a column of whole numbers"),
        ("age", np.array([True, False]), "expected a column of whole numbers"),
        ("age", np.array([30, 131]), "outside what can be, 1 times"),
        ("age", np.array([-1, -5]), "outside what can be, 2 times"),
        ("lamp_key", np.array([1, 0]), "expected a column of true and false"),
        ("lamp_key", np.array(["true", "false"]), "expected a column of true and false"),
        ("islander", pa.array([1.0, None]), "expected a column of true and false"),
        ("trade", np.array([1, 2]), "expected a column of codes"),
        ("course_ended", np.array([20300101, 20300102]), "expected a column of days"),
        ("course_ended", np.array(["2030-01-01", "2030-01-02"]), "expected a column of days"),
        ("wage", np.array([900, 900]), "expected a column of lists, or an array of two dim"),
        ("wage", pa.array([900, 900]), "expected a column of lists, not int64"),
        ("wage", pa.array([[0.5], [1.5]]), "expected a column of whole numbers"),
        ("wage", pa.array([["9"], ["8"]]), "expected a column of whole numbers"),
        ("wage", pa.array([[1], [-1]]), "outside what can be"),
    ],
)
def test_wrong_columns_are_refused(vector, name, column, problem):
    with pytest.raises(DataError) as caught:
        vector.decide_many("W1", DAY, {name: column})
    (fault,) = caught.value.faults
    assert fault.column == name
    assert fault.problem.startswith(problem)
    assert fault.way_out


def test_columns_that_arrow_refuses_are_faults(vector):
    mixed = np.array(["clockmaker", float("nan")], object)
    with pytest.raises(DataError, match="column trade: cannot be read"):
        vector.decide_many("W1", DAY, {"trade": mixed})


def test_numbers_that_would_wrap_round_are_refused(vector):
    with pytest.raises(DataError, match="outside what can be"):
        vector.decide_many("W1", DAY, {"age": np.array([2**64 - 18], np.uint64)})


def test_two_rules_without_conditions_are_told_apart(small):
    text = (small() / "rule.yaml").read_text().partition("    conditions:")[0]
    text += "    conditions: []\n"
    other = text.replace("rule: R", "rule: Q").replace("kind: pathway", "kind: grounds")
    law = read_law(small({"other.yaml": other}, rule=text), "XBO")
    vector, people = VectorEngine(law), {"income": np.array([1])}
    for rule in ("R", "Q"):
        expected = Engine(law).decision(rule, date(2030, 1, 1), {}).decision
        found = vector.decide_many(rule, date(2030, 1, 1), people)
        assert found.decisions.tolist() == [expected]


def test_days_that_cannot_be_are_refused(vector):
    for day in ("2030-03-02", "1849-12-31"):
        with pytest.raises(DataError):
            vector.decide_many("W1", DAY, {"course_ended": np.array([day], "datetime64[D]")})


def test_a_closed_list_of_codes_and_columns_of_two_lengths(vector):
    with pytest.raises(DataError, match="no such code") as caught:
        vector.decide_many("S", DAY, {"certificate": np.array(["clean", "dirty"])})
    assert "One of: clean, record, none." in str(caught.value)
    with pytest.raises(DataError, match=r"columns differ in length: \[1, 2\]"):
        vector.decide_many("W1", DAY, {"age": np.array([1]), "lamp_key": np.array([True] * 2)})


def test_faults_of_several_columns_come_together(vector):
    with pytest.raises(DataError) as caught:
        vector.decide_many("W1", DAY, {"age": np.array([0.5]), "lamp_key": np.array([3])})
    assert sorted(fault.column for fault in caught.value.faults) == ["age", "lamp_key"]


def test_columns_that_are_unknown_throughout(vector):
    columns = {
        "age": pa.nulls(2),
        "lamp_key": pa.nulls(2, pa.bool_()),
        "trade": pa.nulls(2),
        "wage": pa.array([None, None], pa.list_(pa.int64())),
        "course_ended": pa.nulls(2, pa.date32()),
        "islander": pa.nulls(2),
    }
    found = vector.decide_many("W1", DAY, columns)
    assert found.decisions.tolist() == ["undetermined"] * 2
    assert found.unknown.tolist() == [31, 31]


def test_texts_of_numpy_few_or_many_masked_or_not() -> None:
    engine = VectorEngine(load_law("KAZ"))
    amount = np.full(100, 400_000)
    many = np.array([f"form {place}" for place in range(100)], "U20")
    many[7] = "charter_capital"
    few = np.where(np.arange(100) % 2 == 0, "charter_capital", "real_estate")
    masked = np.ma.masked_array(few, np.arange(100) < 10)
    dictionary = pa.DictionaryArray.from_arrays(
        pa.array([0, 1] * 50), pa.array(["charter_capital", None])
    )
    day = date(2025, 6, 15)
    counts = [
        engine.decide_many(
            "A6", day, {"investment_usd": amount, "investment_form": form}
        ).counts()
        for form in (many, few, masked, dictionary)
    ]
    assert counts == [
        {"eligible": 1, "ineligible": 99},
        {"eligible": 50, "ineligible": 50},
        {"eligible": 45, "ineligible": 45, "undetermined": 10},
        {"eligible": 50, "undetermined": 50},
    ]
