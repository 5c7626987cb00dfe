import csv
import json
from datetime import date

import ibis
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from qonys.core.errors import DataError
from qonys.rules.deciding import Engine
from qonys.rules.people import check_people, open_people
from qonys.rules.reading import load_law
from qonys.rules.tables import with_decisions, write_decisions

DAY = date(2030, 3, 1)
HEADER = "id,wage,trade,age,course_ended,lamp_key,islander"
GOOD = [
    "1,900;900;900,clockmaker,18,2030-01-01,true,",
    "2,899;900;900,boatman,17,2028-03-01,FALSE,1",
    "3,1;900;900;900,poet,,2028-02-29,,0",
    "4,,,64,,1,",
    "5,900;;900,none,65,2029-01-01,true,false",
    "6, 900 ; 900 ; 900 , lamplighter , 30 , 2030-03-01 , True ,true",
    "7,900;900,ferryman,30,2030-01-01,true,",
]


@pytest.fixture
def people(law, tmp_path):
    """A table of people from lines of CSV, or from rows as Parquet."""

    def make(*lines, rule="W1", day=DAY, header=HEADER, form="csv"):
        path = tmp_path / f"people.{form}"
        if form == "csv":
            text = "\n".join([header, *lines])
            path.write_text(text + "\n" if header else text, encoding="utf-8")
        else:
            pa_parquet.write_table(lines[0], path)
        return open_people(law, path, day, [law.rule(rule)])

    return make


def faults(make, *args, **kwargs):
    with pytest.raises(DataError) as caught:
        make(*args, **kwargs)
    return caught.value.faults


def facts_of(line):
    """A line of CSV as facts of the scalar engine."""
    facts = {}
    for name, cell in zip(HEADER.split(","), line.split(","), strict=True):
        text = cell.strip()
        if name == "id" or not text:
            continue
        if name == "wage":
            facts[name] = [int(part) if part.strip() else None for part in text.split(";")]
        elif name in {"lamp_key", "islander"}:
            facts[name] = text.lower() in {"true", "1"}
        else:
            facts[name] = int(text) if name == "age" else text
    return facts


def test_rows_come_out_in_order_with_their_decisions(law, people, tmp_path):
    out = tmp_path / "out.csv"
    table = people(*GOOD)
    assert table.facts == ("wage", "trade", "age", "course_ended", "lamp_key", "islander")
    assert table.others == ("id",)
    rule = law.rule("W1")
    counts = write_decisions(law, table, rule, DAY, out, "csv", print)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == list("1234567")
    assert list(rows[0]) == [*HEADER.split(","), "decision", "failed", "unknown"]
    engine = Engine(law)
    for row, line in zip(rows, GOOD, strict=True):
        found = engine.decision("W1", DAY, facts_of(line))
        assert row["decision"] == found.decision, line
        assert row["failed"] == ";".join(found.failed)
    assert sum(counts.values()) == 7


def test_lists_in_parquet_and_types_of_their_own(law, people, tmp_path):
    table = pa.table(
        {
            "wage": pa.array(
                [[1, 900, 900, 900], [900, None, 900], None], pa.list_(pa.int32())
            ),
            "age": pa.array([18.0, float("nan"), None]),
            "trade": pa.array(["poet", "boatman", ""]).dictionary_encode(),
            "course_ended": pa.array([date(2030, 1, 1)] * 3),
            "lamp_key": pa.array([True, None, False]),
            "village": pa.array(["a", "b", "c"]),
        }
    )
    opened = people(table, form="parquet")
    out = tmp_path / "out.parquet"
    write_decisions(law, opened, law.rule("W1"), DAY, out, "parquet", print)
    rows = pa_parquet.read_table(out)
    assert rows.column_names == [*table.column_names, "decision", "failed", "unknown"]
    assert rows["decision"].to_pylist() == ["ineligible", "undetermined", "ineligible"]
    assert rows["failed"].to_pylist() == [["trade"], [], ["key"]]
    assert rows["unknown"].to_pylist()[1] == ["wage", "age", "key"]
    assert rows["village"].to_pylist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("line", "column", "value", "way_out"),
    [
        ("1,,,abc,,,", "age", "abc", "Write whole number of year between 0 and 130."),
        ("1,,,1.5,,,", "age", "1.5", "Write whole number"),
        ("1,,,131,,,", "age", "131", "between 0 and 130"),
        ("1,,,-1,,,", "age", "-1", "between 0 and 130"),
        ("1,,,٣٠,,,", "age", "٣٠", "Write whole number"),
        ("1,,,,2030-13-01,,", "course_ended", "2030-13-01", "Write a day as 2025-01-15"),
        ("1,,,,2030-03-02,,", "course_ended", "2030-03-02", "not after the day asked for"),
        ("1,,,,1849-12-31,,", "course_ended", "1849-12-31", "Write a day"),
        ("1,,,,1.3.2030,,", "course_ended", "1.3.2030", "Write a day"),
        ("1,,,,,maybe,", "lamp_key", "maybe", "Write true, false, or leave it empty."),
        ("1,,,,,yes,", "lamp_key", "yes", "Write true, false"),
        ("1,900;x;900,,,,,", "wage", "900;x;900", "as a;b;c"),
        ("1,900;-5,,,,,", "wage", "900;-5", "as a;b;c"),
        ("1,900 USD,,,,,", "wage", "900 USD", "as a;b;c"),
        ('1,"900,900",,,,,', "wage", "900,900", "as a;b;c"),
    ],
)
def test_bad_cells_have_row_and_column(people, line, column, value, way_out):
    (fault,) = faults(people, GOOD[0], line, GOOD[1])
    assert (fault.file, fault.row, fault.column, fault.value) == (
        "people.csv",
        3,
        column,
        value,
    )
    assert way_out in fault.way_out


def test_all_bad_cells_come_together_and_the_rest_are_counted(people):
    found = faults(people, "1,x,,x,x,x,", "2,,,,,x,")
    assert sorted((fault.row, fault.column) for fault in found) == [
        (2, "age"),
        (2, "course_ended"),
        (2, "lamp_key"),
        (2, "wage"),
        (3, "lamp_key"),
    ]
    many = faults(people, *["1,,,x,,,"] * 250)
    assert len(many) == 201
    assert any(fault.problem == "and 50 more cells of this column" for fault in many)


def test_a_closed_list_of_codes(people):
    (fault,) = faults(people, "clean", "dirty", rule="S", header="certificate")
    assert (fault.row, fault.value) == (3, "dirty")
    assert fault.way_out == "One of: clean, record, none."


def test_an_empty_file_a_header_and_columns_that_are_no_facts(law, people, tmp_path):
    empty = people(header=HEADER)
    out = tmp_path / "out.csv"
    assert write_decisions(law, empty, law.rule("W1"), DAY, out, "csv", print) == {}
    assert out.read_text().splitlines()[0].replace('"', "").endswith("decision,failed,unknown")
    write_decisions(law, empty, law.rule("W1"), DAY, tmp_path / "o.parquet", "parquet", print)
    assert pa_parquet.read_table(tmp_path / "o.parquet").num_rows == 0
    assert faults(people, "1,2", header="shoe,hat")[0].problem == "no column is a fact"
    assert faults(people, header="")[0].file == "people.csv"
    for name in ("decision", "failed", "unknown"):
        (fault,) = faults(people, "1,2", header=f"age,{name}")
        assert fault.problem == "the table has a column of this name"
        assert (fault.column, fault.way_out) == (
            name,
            "Rename it: this name is for the answer.",
        )


def test_files_that_are_no_tables(law, tmp_path):
    rules = [law.rule("W1")]
    for name, data, problem in [
        ("people.xlsx", b"x", "no table has this ending"),
        ("none.csv", None, "no such file"),
        ("people.parquet", b"not parquet", "not Parquet"),
        ("latin.csv", b"age,trade\n3,\xe9\n", "latin.csv"),
    ]:
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(DataError, match=problem):
            open_people(law, path, DAY, rules)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("age", pa.array([[1]])),
        ("age", pa.array([date(2030, 1, 1)])),
        ("age", pa.array([18.5])),
        ("age", pa.array([float("inf")])),
        ("age", pa.array([True])),
        ("age", pa.array([131])),
        ("lamp_key", pa.array([7])),
        ("lamp_key", pa.array([date(2030, 1, 1)])),
        ("course_ended", pa.array([20300101])),
        ("course_ended", pa.array([date(2031, 1, 1)])),
        ("wage", pa.array([900])),
        ("wage", pa.array([["a"]])),
        ("wage", pa.array([[-1]])),
        ("wage", pa.array([[0.5]])),
        ("trade", pa.array([[1]])),
        ("trade", pa.array([{"a": 1}])),
    ],
)
def test_wrong_types_in_parquet(people, column, values):
    found = faults(people, pa.table({column: values}), form="parquet")
    assert [fault.column for fault in found] == [column]
    assert found[0].way_out


def test_a_rule_that_does_not_hold(law, people, tmp_path):
    for day, name in [(date(2031, 2, 1), "not_in_force"), (date(2031, 8, 1), "law_unknown")]:
        table = people(*GOOD, day=day)
        counts = write_decisions(
            law, table, law.rule("W1"), day, tmp_path / "o.csv", "csv", print
        )
        assert counts == {name: 7}


def test_digits_are_no_question_of_a_table(law, people):
    table = people("1", header="age")
    with pytest.raises(DataError, match="asks for digits, not for facts"):
        with_decisions(law, table.typed, law.rule("LN.number"), DAY)


@pytest.mark.parametrize("name", ["W1", "S", "S.loss", "GUILD", "LN@office"])
def test_a_rule_compiles_for_spark(law, name):
    """The same expression is SQL of another engine."""
    schema = {
        "wage": "array<int64>",
        "trade": "string",
        "age": "int64",
        "savings": "int64",
        "debts": "int64",
        "course_ended": "date",
        "arrived": "date",
        "lamp_key": "boolean",
        "islander": "boolean",
        "days_away": "int64",
        "in_person": "boolean",
    }
    day = law.rule(name).versions[-1].start
    table = ibis.table(schema, name="people")
    rule = law.rule(name)
    kinds = {column: law.fact(column, rule) for column in schema}
    assert all(kinds.values())
    typed = table.mutate(**{f"_fact_{column}": table[column] for column in schema})
    typed = typed.mutate(_fact_course_ended=ibis.literal(1), _fact_arrived=ibis.literal(1))
    found, _ = with_decisions(law, typed, rule, day)
    sql = str(ibis.to_sql(found, dialect="pyspark"))
    assert "SELECT" in sql
    assert "decision" in sql


def test_a_table_of_another_engine_is_checked(law):
    table = ibis.memtable(pa.table({"age": [17, 18], "wage": [[900] * 3] * 2}))
    checked = check_people(law, table, DAY, [law.rule("W1")], name="mine")
    found, snapshot = with_decisions(law, checked.typed, law.rule("W1"), DAY, prefix="x_")
    assert found.x_failed.to_pyarrow().to_pylist() == [4, 0]
    assert snapshot.program.parts[2].condition.id == "age"
    bad = ibis.memtable(pa.table({"age": [17, 500]}))
    with pytest.raises(DataError, match="mine, row 2, column age"):
        check_people(law, bad, DAY, [law.rule("W1")], name="mine")


def test_names_and_codes_of_the_law_are_quoted_in_sql(small_law, tmp_path):
    law = small_law(
        """{id: it, must: 'colour in ["o''x", "); DROP TABLE x; --"]', """
        "says: x, cite: {act: act}}",
        facts="colour: {type: code, codes: [a], says: colour}\n",
    )
    path = tmp_path / "people.csv"
    path.write_text("colour\no'x\n); DROP TABLE x; --\nred\n")
    day = date(2031, 1, 1)
    table = open_people(law, path, day, [law.rule("R")])
    found, _ = with_decisions(law, table.typed, law.rule("R"), day)
    assert found.decision.to_pyarrow().to_pylist() == [0, 0, 1]
    assert json.dumps(table.facts) == '["colour"]'


def test_a_population_of_numbers(tmp_path):
    law = load_law("KAZ")
    rule, day = law.rule("IIN.number"), date(2025, 6, 1)
    path, out = tmp_path / "numbers.csv", tmp_path / "out.csv"
    path.write_text("id,iin\n1,991331000008\n2,991331000009\n3,\n4,99133100000\n5,abc\n")
    people = open_people(law, path, day, [rule])
    counts = write_decisions(law, people, rule, day, out, "csv", print)
    assert counts == {"valid": 1, "invalid": 3, "undetermined": 1}
    failed = [line.split(",")[3].strip('"') for line in out.read_text().splitlines()[1:]]
    assert failed == ["", "check_digit", "", "length", "digits"]
    early = write_decisions(law, people, rule, date(1990, 1, 1), out, "csv", print)
    assert early == {"law_unknown": 5}
