from datetime import date

import pyarrow as pa
import pytest

from qonys.core.codes import DIMENSIONS, TOTAL
from qonys.core.errors import AlignmentError, DataError
from qonys.core.observations import SCHEMA, Cell, Observations, parse_cell


def one_row(**changes: object) -> pa.Table:
    row: dict[str, object] = {
        "measure": "emigrants",
        "freq": "A",
        "ref_area": "XBO",
        "counterpart_area": "WORLD",
        "time_period": "2024",
        **dict.fromkeys(DIMENSIONS, TOTAL),
        "obs_value": 4718.0,
        "unit": "person",
        "obs_status": "A",
        "precision": 1.0,
        "qualifier": "",
        "low": 4718.0,
        "high": 4718.0,
        "source": "xbo-office",
        "vintage": "2025-03-20",
        "released_from": date(2025, 3, 1),
        "released_to": date(2025, 3, 31),
        "note": "",
        "file": "flows.csv",
        "row": 31,
        **changes,
    }
    fields = [field for field in SCHEMA if field.name in row]
    return pa.Table.from_pylist([row], schema=pa.schema(fields))


@pytest.mark.parametrize(
    "text",
    [
        "emigrants:KAZ:WORLD:2024",
        "emigrants:KAZ:WORLD:2024-01/2024-04",
        "emigrants:KAZ:WORLD:2025-01/2025-04:sex=F,age=Y0T15",
        "survey_share:KAZ:WORLD:2024-11-13/2024-11-24:category=STAY,question=INTENTION",
        "iin:KAZ:WORLD:unspecified",
        "visa:KAZ:WORLD:2023-01/..",
    ],
)
def test_a_cell_reads_back_as_it_is_written(text):
    cell = parse_cell(text)
    assert str(cell) == text
    assert parse_cell(str(cell)) == cell
    assert hash(parse_cell(str(cell))) == hash(cell)


def test_the_order_of_breakdowns_and_totals_do_not_matter():
    one = parse_cell("emigrants:KAZ:WORLD:2024:age=Y0T15,sex=F")
    other = Cell("emigrants", "KAZ", "WORLD", "2024", {"sex": "F", "age": "Y0T15"})
    assert one == other
    assert str(one) == str(other)
    assert parse_cell("emigrants:KAZ:WORLD:2024:sex=_T") == parse_cell(
        "emigrants:KAZ:WORLD:2024"
    )


def test_a_period_is_read_in_any_spelling():
    assert str(parse_cell("emigrants:KAZ:WORLD:2024-01/2024-12")) == "emigrants:KAZ:WORLD:2024"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("emigrants:KAZ:WORLD", "not a cell"),
        ("emigrants:KAZ::2024", "not a cell"),
        ("", "not a cell"),
        ("emigrants:KAZ:WORLD:2024:sex=F:age=Y0T15", "not a cell"),
        ("emigrants:KAZ:WORLD:2024:sex", "dim=code"),
        ("emigrants:KAZ:WORLD:2024:sex=F,sex=M", "dim=code, once"),
        ("emigrants:KAZ:WORLD:2024:shoe=41", "no such dimension: shoe"),
        ("emigrants:KAZ:WORLD:someday", "not a period"),
    ],
)
def test_what_is_no_cell_says_how_one_is_written(text, says):
    with pytest.raises(DataError, match=says):
        parse_cell(text)


def test_at_changes_only_what_is_named():
    cell = parse_cell("emigrants:KAZ:RUS:2024:sex=F")
    assert str(cell.at(time_period="2023")) == "emigrants:KAZ:RUS:2023:sex=F"
    assert str(cell.at(dims={})) == "emigrants:KAZ:RUS:2024"
    assert cell.period.freq == "A"


def test_observations_are_frozen():
    rows = Observations(one_row())
    with pytest.raises(AttributeError, match="frozen"):
        rows.table = one_row()
    with pytest.raises(AttributeError):
        rows.other = 1
    with pytest.raises(AttributeError):
        next(iter(rows)).value = 0


def test_a_missing_column_is_named():
    with pytest.raises(AlignmentError, match="lack the columns unit, source"):
        Observations(one_row().drop_columns(["unit", "source"]))


def test_a_column_of_another_type_is_refused():
    table = one_row().drop_columns(["obs_value"]).append_column("obs_value", pa.array(["many"]))
    with pytest.raises(AlignmentError, match="observations"):
        Observations(table)


def test_columns_are_put_in_order_and_further_ones_kept():
    table = one_row()
    shuffled = table.select(list(reversed(table.column_names)))
    rows = Observations(shuffled.append_column("certainty", pa.array(["perhaps"])))
    assert rows.table.column_names == [*SCHEMA.names, "certainty"]
    assert next(iter(rows)).certainty == "perhaps"


def test_a_row_and_its_interval():
    (row,) = Observations(one_row(obs_value=4700.0, low=4650.0, high=4750.0))
    assert str(row.cell) == "emigrants:XBO:WORLD:2024"
    assert (row.value, row.interval.low, row.interval.high) == (4700, 4650, 4750)
    assert (row.file, row.row) == ("flows.csv", 31)


def test_ids_tell_rows_of_one_cell_apart():
    (one,) = Observations(one_row())
    (later,) = Observations(one_row(vintage="2025-04-20"))
    (rival,) = Observations(one_row(source="herald"))
    assert len({one.id, later.id, rival.id}) == 3


def test_where():
    rows = Observations(pa.concat_tables([one_row(), one_row(ref_area="XB-C", row=32)]))
    assert [row.row for row in rows.where(ref_area="XB-C")] == [32]
    assert len(rows.where(ref_area="XB-C", measure="immigrants")) == 0
    assert len(rows.where()) == 2
