import json
from pathlib import Path

import pytest

from qonys.core.errors import SourceError

ROWS = {
    ("net_migration", "KAZ", "WORLD", "2022", "_T", -6722, 2),
    ("net_migration_all_flows", "KZ-75", "WORLD_INTERNAL", "2024", "URBAN", 41184, 3),
    ("net_migration", "KAZ", "WORLD", "2024", "_T", 16550, 4),
    ("net_migration_all_flows", "KZ-59", "WORLD_INTERNAL", "2023", "_T", -4021, 6),
    ("net_migration_all_flows", "KAZ", "WORLD_INTERNAL", "2024", "URBAN", 62731, 7),
    ("net_migration_all_flows", "KAZ", "WORLD_INTERNAL", "2024", "RURAL", -46181, 8),
    ("net_migration_all_flows", "KZ-75", "WORLD_INTERNAL", "2024", "_T", 41184, 9),
}
COLUMNS = "measure, ref_area, counterpart_area, time_period, locality, obs_value, row"


@pytest.mark.parametrize("name", ["migration_balance.csv", "migration_balance_bom.csv"])
def test_the_balance_of_all_flows_is_external_only_for_the_country(stage, cells, name: str):
    report = stage(f"opendata/{name}")
    assert cells(COLUMNS) == ROWS
    assert cells("unit, source, vintage, obs_status, file") == {
        ("person", "bns", "2026-09", "A", name)
    }
    assert (report.rows, report.missing) == (7, 1)


def test_places_below_the_areas_are_counted_never_dropped_in_silence(stage):
    report = stage("opendata/migration_balance.csv")
    assert report.skipped == {"АККАЙЫНСКИЙ РАЙОН": 1, "ТЕМИРТАУ Г.А.": 1}
    assert "АККАЙЫНСКИЙ РАЙОН (1), ТЕМИРТАУ Г.А. (1)" in report.findings[0].problem
    assert report.findings[1].problem == "no total for KAZ in 2023"


def test_a_place_can_be_settled_by_the_user(stage, cells):
    codes = {"Темиртау г.а.": "KZ-59"}
    assert stage("opendata/migration_balance.csv", codes=codes).skipped == {
        "АККАЙЫНСКИЙ РАЙОН": 1
    }


def test_every_fault_with_row_and_column(faults_of):
    assert [fault.split(". ")[0] for fault in faults_of("opendata/faulty.csv")] == [
        "row 2, column VAL: not a number ('-6 722 человека')",
        "row 3, column КАТО(по каталогу): unknown area ('ОБЛАСТЬ НАРНИЯ')",
        "row 4, column СПТМ (по каталогу): unknown locality ('пригород')",
        "row 5, column КН: a breakdown that is not read ('Казахи')",
        "row 6, column NAM: not a known name of a measure ('Число браков(Единица)')",
        "row 7, column PERIOD: its name says 2022 but it ends with 2022-03 ('202203')",
        "row 8, column DAT: not a period ('в прошлом году')",
        "row 9, column КАТО(по каталогу): a row without a place",
    ]


def test_a_table_of_prices_is_told_apart_by_its_header(faults_of):
    faults = faults_of("opendata/prices.csv")
    assert faults[0].startswith("row 1, column СПТМ: no such column. There are: NAM, DAT,")
    assert faults[-1].startswith("row 1, column ЗНАЧЕНИЕ: unknown column, perhaps a breakdown")


def test_cp1251_and_empty(faults_of):
    (fault,) = faults_of("opendata/migration_balance_cp1251.csv")
    assert fault.startswith("row 1: not UTF-8. It decodes as cp1251")
    assert "mapping" not in fault
    (fault,) = faults_of("opendata/empty.csv")
    assert fault.startswith("empty.csv: no rows")


def test_an_ambiguous_name_is_a_fault(faults_of, tmp_path: Path):
    text = (Path(__file__).parents[2] / "specimens/opendata/migration_balance.csv").read_text(
        "utf-8"
    )
    path = tmp_path / "balance.csv"
    path.write_text(text.replace("Г.АЛМАТЫ", "АЛМАТЫ"), "utf-8")
    faults = faults_of(path)
    assert [fault.split(". ")[0] for fault in faults] == [
        f"row {row}, column КАТО(по каталогу): area is ambiguous ('АЛМАТЫ')" for row in (3, 9)
    ]
    assert "city or region" in faults[0]


def test_the_cube_has_the_same_rule(stage, cells):
    assert stage("opendata/opendata-6567.json").rows == 3
    assert cells("measure, ref_area, counterpart_area, locality, obs_value, row") == {
        ("net_migration", "KAZ", "WORLD", "_T", -6722, 1),
        ("net_migration_all_flows", "KAZ", "WORLD_INTERNAL", "URBAN", 5000, 2),
        ("net_migration_all_flows", "KZ-75", "WORLD_INTERNAL", "_T", 33100, 3),
    }


def test_a_cube_must_be_told(faults_of, tmp_path: Path):
    path = tmp_path / "cube.json"
    path.write_text("[]")
    assert "the element is not known" in faults_of(path, "opendata")[0]


def test_a_cube_by_sex_is_not_read(faults_of, tmp_path: Path):
    periods = [{"name": "2022 год", "date": "31.12.2022", "value": "1"}]
    names = ["Республика Казахстан", "Мужчины"]
    path = tmp_path / "opendata-6567.json"
    path.write_text(
        json.dumps([{"terms": [741880, 9], "termNames": names, "periods": periods}])
    )
    assert faults_of(path) == ["row 1, column termNames: a breakdown that is not read ('M')"]


@pytest.mark.parametrize("cut", [1, 40, 300, 1500])
def test_a_file_cut_off_is_a_source_error_or_shorter(stage, tmp_path: Path, cut: int):
    whole = (
        Path(__file__).parents[2] / "specimens/opendata/migration_balance.csv"
    ).read_bytes()
    path = tmp_path / "cut.csv"
    path.write_bytes(whole[:cut])
    with pytest.raises(SourceError):
        stage(path, "opendata")
