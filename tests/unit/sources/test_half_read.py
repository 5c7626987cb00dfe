"""A reader with faults still stages what it could read, for the checks that follow."""

import pytest

from qonys.core.errors import SourceError

HEAD = "measure,ref_area,time_period,obs_value,unit,precision\n"
PERSONS = {"measure": "emigrants", "unit": "person"}


@pytest.mark.parametrize(
    ("path", "options", "rows"),
    [
        ("table/faulty.csv", {}, 0),
        ("table/ragged.csv", {}, 0),
        ("taldau/taldau-2929753-7-faulty.json", {}, 0),
        ("excel/faulty.xlsx", PERSONS, 2),
        ("opendata/faulty.csv", {}, 0),
    ],
)
def test_what_could_be_read_is_staged_beside_the_faults(stage, con, path, options, rows):
    with pytest.raises(SourceError):
        stage(path, **options)
    staged = con.execute("SELECT count(*), count(obs_value) FROM staged").fetchone()
    assert staged == (rows, rows)


def test_an_unreadable_cell_is_empty_and_its_row_is_apart(stage, cells, con, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        HEAD
        + "emigrants,KAZ,2024,5,person,\n"
        + "emigrants,Narnia,2024,5,person,10\n"
        + "emigrants,KAZ,in May,5,person,\n"
        + "emigrants,KAZ,2023,many,person,0\n"
        + "emigrants,KAZ,2022,many,person,\n"
        + "emigrants,Narnia,2022,…,person,\n"
        + ",KAZ,2022,0.5,person,coarse\n"
    )
    with pytest.raises(SourceError) as caught:
        stage(path)
    assert {(fault.row, fault.column) for fault in caught.value.faults} == {
        (3, "ref_area"),
        (4, "time_period"),
        (5, "obs_value"),
        (6, "obs_value"),
        (7, "ref_area"),
        (8, "measure"),
        (8, "precision"),
    }
    assert len(caught.value.faults) == 7
    assert cells("row") == {(2,)}
    columns = "row, measure, ref_area, time_period, obs_value, precision"
    half_read = con.execute(f"SELECT {columns} FROM half_read ORDER BY row").fetchall()
    assert half_read == [
        (3, "emigrants", None, "2024", 5, 10),
        (4, "emigrants", "KAZ", None, 5, 1),
        (5, "emigrants", "KAZ", "2023", None, 0),
        (6, "emigrants", "KAZ", "2022", None, None),
        (8, None, "KAZ", "2022", 0.5, 0.1),
    ]


def test_the_next_file_finds_nothing_of_the_last(stage, con):
    with pytest.raises(SourceError):
        stage("table/faulty.csv")
    stage("table/own.csv")
    assert con.execute("FROM duckdb_tables() SELECT table_name").fetchall() == [("staged",)]


def test_the_first_rows_are_listed_whatever_their_column(faults_of, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(HEAD + "emigrants,Narnia,in May,many,person,\n" * 3000)
    *faults, rest = faults_of(path)
    rows = [int(fault.removeprefix("row ").split(",")[0]) for fault in faults]
    assert rows == [2 + n // 3 for n in range(1000)]
    assert "and 8,000 more faults" in rest


def test_near_places_are_named_for_what_is_listed(faults_of, tmp_path):
    path = tmp_path / "t.csv"
    names = [f"Place {n}" for n in range(5000)]
    path.write_text(
        HEAD
        + "emigrants,North Kazakstan,2024,1,person,\n"
        + "".join(f"emigrants,{name},2024,1,person,\n" for name in names)
    )
    first, second, *_ = faults_of(path)
    assert "Did you mean KZ-59 (north kazakhstan" in first
    assert "See `qonys data codes area`, or add it to aliases.csv." in second
