from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qonys.core.errors import SourceError
from qonys.core.observations import RAW_SCHEMA
from qonys.sources.table.read import read_mapping

HEAD = "measure,ref_area,time_period,obs_value,unit\n"


@pytest.fixture
def file(tmp_path: Path):
    def write(text: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_own_columns(stage, cells, con):
    report = stage("table/own.csv")
    assert (report.rows, report.missing) == (4, 1)
    assert con.execute("SELECT * FROM staged").to_arrow_table().schema.names == RAW_SCHEMA.names
    assert cells("ref_area, time_period, sex, obs_value, precision, qualifier, row") == {
        ("KAZ", "2024", "_T", 12732, 1, "", 2),
        ("KAZ", "2024", "_T", 8784, 1, "", 3),
        ("KZ-75", "2025-Q1", "F", 1.7, 0.1, "about", 5),
        ("KZ-59", "2024", "_T", 2133, 1, "", 8),
    }
    assert cells("source, vintage, file, note") >= {
        ("bns-departures", "2025-04", "own.csv", "two\nlines")
    }


def test_sdmx_names(stage, cells):
    assert stage("table/sdmx.csv").rows == 1
    assert cells("measure, unit, source, vintage") == {
        ("emigrants", "person", "bns", "2026-09")
    }


def test_a_mapping(stage, cells):
    mapping = Path(__file__).parents[2] / "specimens/table/foreign.toml"
    assert stage("table/foreign.csv", mapping=mapping).rows == 3
    assert cells("ref_area, sex, obs_value, precision") == {
        ("KZ-59", "M", 2133, 0.1),
        ("KZ-75", "F", 687, 1),
        ("KAZ", "_T", 12732, 1),
    }


def test_every_fault_with_row_and_column(faults_of):
    faults = faults_of("table/faulty.csv")
    assert [fault.split(". ")[0] for fault in faults] == [
        "row 2, column obs_value: not a number ('12 732 people')",
        "row 3, column ref_area: unknown area ('Narnia')",
        "row 4, column time_period: not a period ('in May')",
        "row 5, column ref_area: empty",
        "row 5, column obs_value: not a number ('nan')",
        "row 6, column measure: empty",
        "row 6, column obs_value: not a number ('1_000')",
        "row 7, column obs_value: not a number ('12,5')",
    ]
    assert 'say decimal = ","' in faults[-1]


def test_ragged_lines_and_values_are_reported_together(faults_of):
    assert [fault.split(" (")[0] for fault in faults_of("table/ragged.csv")] == [
        "row 2: too few fields",
        "row 3, column obs_value: not a number",
        "row 5: too many fields",
        "row 6, column obs_value: not a number",
    ]


def test_header(faults_of):
    assert faults_of("table/header.csv")[:2] == [
        "row 1, column ref_aera: unknown column. Did you mean ref_area?",
        "row 1, column sexx: unknown column. Did you mean sex?",
    ]


def test_cp1251_is_named_and_can_be_said(faults_of, stage, cells):
    (fault,) = faults_of("table/cp1251.csv")
    assert fault.startswith("row 3: not UTF-8. It decodes as cp1251")
    assert fault.endswith(', or say encoding = "cp1251" in a mapping.')
    assert stage("table/cp1251.csv", mapping={"encoding": "cp1251"}).rows == 2
    assert cells("ref_area, time_period, file") == {
        ("KAZ", "2024", "cp1251.csv"),
        ("KAZ", "2023", "cp1251.csv"),
    }


def test_duplicates_are_staged(stage):
    assert stage("table/duplicates.csv").rows == 3


def test_a_missing_total_is_a_finding(stage):
    (finding,) = stage("table/no_total.csv").findings
    assert finding.problem == "no total for KAZ of emigrants in 2024"


def test_a_thousand_faults_and_the_rest_is_counted(file, faults_of):
    faults = faults_of(file(HEAD + "emigrants,KAZ,2024,abc,person\n" * 1234))
    assert len(faults) == 1001
    assert "and 234 more faults that are not listed" in faults[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no rows"),
        (b"\n", "no rows"),
        (HEAD.encode(), "no rows"),
        (HEAD.encode() + b"emigrants,KAZ,2024,-,person\n", "no rows; 1 cells are missing"),
        (b"\x00\x01\x02\x03" * 50, "no reader knows"),
        (b"PAR1" + b"\x07" * 400, "cannot be read"),
        (b"PAR1", "cannot be read"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b'measure,"ref_area\nx,y', "no CSV header|unknown column"),
        ("measure,ref_area\n".encode("utf-16"), "UTF-16"),
        (b"a,a\n1,2\n", "a column stands twice"),
        (b"\x1f\x8b\x08\x00abc", "compressed|no reader"),
    ],
)
def test_garbage_is_a_source_error(file, stage, text: bytes, words: str):
    with pytest.raises(SourceError, match=words):
        stage(file(text))


def test_no_such_file(stage, tmp_path):
    with pytest.raises(SourceError, match="cannot be opened"):
        stage(tmp_path / "nothing.csv")
    with pytest.raises(SourceError, match="no such file"):
        stage(tmp_path / "nothing.csv", "table")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_counted_with_blank_ones_and_quoted_line_ends(file, stage, cells, end: str):
    lines = [
        "measure,ref_area,time_period,obs_value,unit,note",
        "emigrants,KAZ,2024,1,person,",
        "",
        'emigrants,KAZ,2023,2,person,"two',
        '""lines"""',
        "emigrants,KAZ,2022,3,person,",
    ]
    stage(file(end.join(lines) + end * 3))
    assert cells("obs_value, row") == {(1, 2), (2, 4), (3, 6)}


def test_a_name_with_a_star_is_one_file(file, stage, cells):
    file(HEAD + "emigrants,KAZ,2023,2,person\n", "data1.csv")
    stage(file(HEAD + "emigrants,KAZ,2024,1,person\n", "data[1]*'.csv"))
    assert cells("time_period, file") == {("2024", "data[1]*'.csv")}


def test_blank_cells_and_blanks_around_codes(file, stage, cells):
    stage(
        file(
            "measure,ref_area,time_period,obs_value,unit,sex,counterpart_area\n"
            "emigrants, KAZ ,2024 , 1 ,person,  ,RUS \n"
        )
    )
    assert cells("ref_area, time_period, obs_value, sex, counterpart_area") == {
        ("KAZ", "2024", 1, "_T", "RUS")
    }


def test_option_and_column_at_once(file, faults_of):
    (fault,) = faults_of(file(HEAD + "emigrants,KAZ,2024,1,person\n"), measure="immigrants")
    assert fault.startswith("row 1, column measure: measure is a column and a constant at once")


def test_constants_are_checked(file, faults_of):
    text = "time_period,obs_value\n2024,1\n"
    constants = {"measure": "emigrants", "ref_area": "Narnia", "unit": "person"}
    assert (
        "unknown area ('Narnia')" in faults_of(file(text), mapping={"constants": constants})[0]
    )


def test_unread_columns_of_a_mapped_file_are_found(file, stage):
    text = "place,year,n,age group\nKAZ,2024,1,old\n"
    mapping = {
        "columns": {"ref_area": "place", "time_period": "year", "obs_value": "n"},
        "constants": {"measure": "emigrants", "unit": "person"},
    }
    (finding,) = stage(file(text), mapping=mapping).findings
    assert (finding.column, finding.row) == ("age group", 1)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"column": {}}, "unknown setting"),
        ({"columns": {"ref_aera": "x"}}, "Did you mean ref_area"),
        ({"decimal": ";"}, "decimal is a point or comma"),
        ({"thousands": "."}, "decimal is a point or comma"),
        ({"delimiter": ""}, "one character"),
        ({"codes": {"sex": "M"}}, "not a table"),
        ({"columns": []}, "wrong kind"),
    ],
)
def test_faulty_mappings(mapping, words: str):
    with pytest.raises(SourceError, match=words):
        read_mapping(mapping)


def test_mapping_files(tmp_path):
    with pytest.raises(SourceError, match="no such mapping"):
        read_mapping(tmp_path / "m.toml")
    (tmp_path / "m.toml").write_text("= 5")
    with pytest.raises(SourceError, match="not TOML"):
        read_mapping(tmp_path / "m.toml")


def test_unknown_encoding(file, faults_of):
    text = HEAD + "emigrants,KAZ,2024,1,person\n"
    assert "no such encoding" in faults_of(file(text), mapping={"encoding": "klingon"})[0]


def parquet(path: Path, **columns) -> Path:
    base = {
        "measure": ["emigrants"] * 3,
        "ref_area": ["KAZ", "KZ-75", "North Kazakhstan"],
        "time_period": [2024, 2024, 2023],
        "obs_value": [12732.0, 1.75, None],
        "unit": ["person"] * 3,
    }
    pq.write_table(pa.table({**base, **columns}), path)
    return path


def test_parquet(stage, cells, tmp_path):
    report = stage(parquet(tmp_path / "t.parquet"))
    assert (report.rows, report.missing) == (2, 1)
    assert cells("ref_area, time_period, obs_value, precision, row") == {
        ("KAZ", "2024", 12732, 1, 1),
        ("KZ-75", "2024", 1.75, 0.01, 2),
    }


def test_parquet_of_texts_and_dictionaries(stage, cells, tmp_path):
    places = pa.array(["KAZ", "KZ-75", "KAZ"]).dictionary_encode()
    values = ["12 732", "−5", "0.50"]
    stage(parquet(tmp_path / "t.parquet", ref_area=places, obs_value=values))
    assert cells("obs_value, precision") == {(12732, 1), (-5, 1), (0.5, 0.01)}


def test_parquet_faults(faults_of, tmp_path):
    path = parquet(
        tmp_path / "t.parquet",
        obs_value=[float("nan"), float("inf"), 1.0],
        time_period=["2024", "24", "2023"],
    )
    assert [fault.split(" (")[0] for fault in faults_of(path)] == [
        "row 1, column obs_value: not a number",
        "row 2, column time_period: not a period",
        "row 2, column obs_value: not a number",
    ]


def test_parquet_with_lists(faults_of, tmp_path):
    path = parquet(tmp_path / "t.parquet", note=[["a"], [], ["b"]])
    assert faults_of(path) == ["column note: a column of lists or structures"]


def test_parquet_with_our_inner_names(stage, tmp_path, cells):
    path = parquet(tmp_path / "t.parquet", k0=["a", "b", "c"], ref_area_code=["x", "y", "z"])
    columns = {n: n for n in ("measure", "ref_area", "time_period", "obs_value", "unit")}
    stage(path, mapping={"columns": columns})
    assert cells("ref_area") == {("KAZ",), ("KZ-75",)}


def test_nothing_but_staged_is_left_behind(stage, con: duckdb.DuckDBPyConnection):
    stage("table/own.csv")
    names = {
        name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    }
    views = con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    assert names == {"staged"}
    assert not views
