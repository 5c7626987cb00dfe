from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonys.rules.documents import read_document


def item_of(text):
    item, faults = read_document(text, "law.yaml")
    assert faults.found == []
    return item, faults


def places(faults):
    return [(fault.row, fault.column, fault.problem) for fault in faults.found]


def test_every_value_knows_its_place():
    item, _ = item_of("a: 1\nb:\n  - x\n  - {c: y}\n")
    fields = item.fields("a b", "a b")
    assert (fields["a"].place.row, fields["a"].place.column) == (1, 4)
    first, second = fields["b"].items()
    assert (first.place.row, first.place.column) == (3, 5)
    inner = second.fields("c")["c"]
    assert (inner.place.row, inner.place.column) == (4, 9)
    assert inner.inside(2).column == 11


def test_the_place_within_a_quoted_text():
    item, _ = item_of("a: 'income'\nb: |\n  income\n  more\n")
    fields = item.fields("")
    assert fields["a"].inside(3).column == 8
    assert fields["b"].inside(3).row == 3 or fields["b"].inside(3).row == 2


@pytest.mark.parametrize(
    "text", ["no", "yes", "on", "off", "null", "~", "1_000", "0x1F", "1e3"]
)
def test_texts_stay_what_was_written(text):
    item, faults = item_of(f"a: {text}\n")
    assert item.fields("a")["a"].text() == text
    assert faults.found == []


def test_a_list_of_one_and_of_none():
    item, _ = item_of("a: x\nb: [x, y]\nc:\nd: []\ne: null\nf: 'null'\n")
    fields = item.fields("")
    assert [fields[key].texts() for key in "abcdef"] == [
        ("x",), ("x", "y"), (), (), (), ("null",)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "day", "problem"),
    [
        ("2030-01-31", date(2030, 1, 31), None),
        ("'2030-01-31'", date(2030, 1, 31), None),
        ("", None, None),
        ("2030-02-30", None, "a: no day"),
        ("30.01.2030", None, "a: no day"),
        ("20300131", None, "a: no day"),
        ("2030-01-31T00:00:00", None, "a: no day"),
        ("[2030-01-31]", None, "a: expected a text"),
    ],
)
def test_days(text, day, problem):
    item, faults = item_of(f"a: {text}\n")
    assert item.fields("a")["a"].day() == day
    assert (faults.found[0].problem if faults.found else None) == problem


@pytest.mark.parametrize(
    ("text", "number", "problem"),
    [
        ("5", 5, None),
        ("-5", -5, None),
        ("1_000", 1_000, None),
        ("'7'", 7, None),
        ("5.0", 0, "a: not a whole number"),
        ("5 USD", 0, "a: not a whole number"),
        ("٥", 0, "a: not a whole number"),
        ("true", 0, "a: not a whole number"),
        ("9" * 16, 0, "a: not a whole number"),
        ("9" * 15, 10**12, "a: outside -1,000,000,000,000 to 1,000,000,000,000"),
    ],
)
def test_whole_numbers(text, number, problem):
    item, faults = item_of(f"a: {text}\n")
    assert item.fields("a")["a"].integer() == number
    assert (faults.found[0].problem if faults.found else None) == problem


def test_choices_and_truth():
    item, faults = item_of("a: maybe\nb: true\nc: yes\n")
    fields = item.fields("")
    assert fields["a"].choice("none|unknown") == "none"
    assert fields["b"].truth()
    assert not fields["c"].truth()
    assert places(faults) == [(1, "4", "a: not known"), (3, "4", "c: not known")]
    assert faults.found[0].way_out == "One of: none, unknown."


def test_names_that_are_unknown_missing_twice_or_no_text():
    item, faults = item_of("a: 1\nb: 2\na: 3\n? [x]\n: 4\n")
    found = item.fields("a c", "a c")
    assert list(found) == ["a"]
    assert [problem for _, _, problem in places(faults)] == [
        "unknown name",
        "stands twice",
        "a name is no plain text",
        "the file: c is missing",
    ]


def test_syntax_faults_of_several_entries_are_all_told():
    text = """\
rules:
  - id: one
    says: a: b
  - id: two
    says: fine
  - id: three
    says: "open
  - id: four
    says: fine
"""
    item, faults = read_document(text, "law.yaml")
    assert faults.found[0].row == 3
    assert any(fault.row >= 7 for fault in faults.found)
    assert all(fault.problem.startswith("not YAML: ") for fault in faults.found)
    assert all(fault.way_out for fault in faults.found)
    names = [entry.fields("")["id"].text() for entry in item.fields("")["rules"].items()]
    assert "two" in names
    assert "one" not in names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# remark",
        "a: &x 1\nb: *x",
        "a: *x",
        "\x00",
        "a: \x07",
        "[" * 100_000,
        "\ufeff",
        "{a: " * 5_000,
        "- " * 100_000,
        "%YAML 9\n---\na: 1",
        "&a [*a]",
        "a: 1\n...\nb: 2\n---\nc",
        "\t",
        "{" * 3_000,
        "? " * 3_000,
    ],
)
def test_what_is_no_document_has_a_fault(text):
    item, faults = read_document(text, "law.yaml")
    assert faults.found
    assert all(fault.file == "law.yaml" and fault.row for fault in faults.found)
    del item


@given(st.text("ab:-[]{}&*!|>'\"#%@, \n\t0?", max_size=60))
def test_any_text_is_read_or_has_faults(text):
    item, faults = read_document(text, "law.yaml")
    assert item is not None or faults.found
