import contextlib
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qonys.core.errors import SourceError
from qonys.sources.excel import workbook

PERSONS = {"measure": "emigrants", "unit": "person"}
SPECIMEN = Path(__file__).parents[2] / "specimens/excel/periods_across.xlsx"
COUNTRY = "Республика Казахстан"


def test_periods_across(stage, cells):
    report = stage("excel/periods_across.xlsx", **PERSONS)
    assert cells("ref_area, time_period, obs_value, obs_status, file, row") == {
        ("KAZ", "2022", 24147, "A", "periods_across.xlsx#Выбыло", 5),
        ("KAZ", "2023", 18377, "A", "periods_across.xlsx#Выбыло", 5),
        ("KAZ", "2024", 12732, "P", "periods_across.xlsx#Выбыло", 5),
        ("KZ-59", "2022", 3011, "A", "periods_across.xlsx#Выбыло", 6),
        ("KZ-59", "2024", 2133, "P", "periods_across.xlsx#Выбыло", 6),
        ("KZ-75", "2023", 1012, "A", "periods_across.xlsx#Выбыло", 7),
        ("KZ-75", "2024", 687, "P", "periods_across.xlsx#Выбыло", 7),
    }
    assert (report.missing, report.skipped) == (2, {"Аккайынский район": 3})


def test_group_blocks(stage, cells):
    stage("excel/group_blocks.xlsx", **PERSONS)
    assert cells("ref_area, time_period, locality, obs_value, row") == {
        ("KAZ", "2023", "_T", 10, 3),
        ("KAZ", "2024", "_T", 20, 3),
        ("KZ-75", "2023", "_T", 3, 4),
        ("KZ-75", "2024", "_T", 4, 4),
        ("KAZ", "2023", "URBAN", 7, 6),
        ("KAZ", "2024", "URBAN", 8, 6),
        ("KAZ", "2023", "RURAL", 3, 8),
        ("KAZ", "2024", "RURAL", 12, 8),
    }


def test_region_blocks_with_a_measure_in_each_column(stage, cells):
    headings = {"Прибыло": "immigrants", "выбыло": "emigrants"}
    stage("excel/region_blocks.xlsx", unit="person", headings=headings)
    assert cells("measure, ref_area, time_period, obs_value") >= {
        ("immigrants", "KAZ", "2024", 29282),
        ("emigrants", "KAZ", "2024", 12732),
        ("emigrants", "KZ-75", "2023", 1012),
    }


def test_one_sheet_a_year(stage, cells):
    assert stage("excel/sheet_per_year.xlsx", **PERSONS).rows == 9
    assert cells("ref_area, time_period, sex, obs_value, file") >= {
        ("KAZ", "2023", "M", 14, "sheet_per_year.xlsx#2023"),
        ("KAZ", "2024", "_T", 40, "sheet_per_year.xlsx#2024 год"),
        ("KZ-75", "2023", "F", 2, "sheet_per_year.xlsx#2023"),
    }


def test_years_above_columns(stage, cells):
    report = stage("excel/year_subcolumns.xlsx", unit="person")
    assert cells("measure, ref_area, time_period, obs_value, obs_status, row") == {
        ("immigrants", "KAZ", "2024", 29282, "A", 4),
        ("emigrants", "KAZ", "2024", 12732, "A", 4),
        ("net_migration", "KAZ", "2024", 16550, "A", 4),
        ("immigrants", "KAZ", "2025", 30100, "P", 4),
        ("emigrants", "KAZ", "2025", 11000, "P", 4),
        ("net_migration", "KAZ", "2025", 19100, "P", 4),
        ("immigrants", "KZ-59", "2024", 812, "A", 5),
        ("emigrants", "KZ-59", "2024", 2133, "A", 5),
        ("net_migration", "KZ-59", "2024", -1321, "A", 5),
        ("emigrants", "KZ-59", "2025", 1900, "P", 5),
    }
    assert (report.missing, report.skipped) == (2, {"Аккайынский район": 6})


YEARS = ["Регионы", "2024 год", "", "2025 год", ""]


@pytest.mark.parametrize(
    ("words", "column", "codes"),
    [
        (["Мужчины", "Женщины"], "sex", ["M", "F"]),
        (["город", "село"], "locality", ["URBAN", "RURAL"]),
        (["Всего", "женщины"], "sex", ["_T", "F"]),
    ],
)
def test_years_above_breakdowns(stage, cells, book, words, column: str, codes: list[str]):
    stage(book(S=[YEARS, ["", *words, *words], [COUNTRY, 1, 2, 3, 4]]), **PERSONS)
    assert cells(f"measure, time_period, {column}, obs_value") == {
        ("emigrants", "2024", codes[0], 1),
        ("emigrants", "2024", codes[1], 2),
        ("emigrants", "2025", codes[0], 3),
        ("emigrants", "2025", codes[1], 4),
    }


def test_years_above_columns_of_which_none_is_known_are_not_read_otherwise(faults_of, book):
    words = ["Приехало", "Уехало"]
    rows = [YEARS, ["", *words, *words], [COUNTRY, 1, 2, 3, 4]]
    faults = faults_of(book(S=rows), **PERSONS)
    assert [fault.split(": ")[0][-2:] for fault in faults] == ["B2", "C2", "D2", "E2"]


def test_figures_beside_the_years_are_not_passed_over(faults_of, book):
    path = book(S=[YEARS, [COUNTRY, 1, 2, 3, 4]])
    (fault,) = faults_of(path, **PERSONS)
    assert "row 2, column C2: figures without a period above them ('2')" in fault


def test_years_above_columns_in_blocks_and_with_headings_of_the_user(stage, cells, book):
    words = ["", "Прибыло", "въехало", "Прибыло", "въехало"]
    years = ["Регионы", 2024, 2024, 2025, 2025]
    rows = [years, words, ["Городское население"], [COUNTRY, 1, 2, 3, 4], years, words]
    rows += [["Сельское население"], [COUNTRY, 5, 6, 7, 8]]
    headings = {"въехало": "net_migration", "Прибыло": "emigrants"}
    stage(book(S=rows), unit="person", headings=headings)
    assert cells("measure, locality, time_period, obs_value") == {
        ("emigrants", "URBAN", "2024", 1),
        ("net_migration", "URBAN", "2024", 2),
        ("emigrants", "URBAN", "2025", 3),
        ("net_migration", "URBAN", "2025", 4),
        ("emigrants", "RURAL", "2024", 5),
        ("net_migration", "RURAL", "2024", 6),
        ("emigrants", "RURAL", "2025", 7),
        ("net_migration", "RURAL", "2025", 8),
    }


def test_years_above_columns_with_faults(faults_of):
    faults = faults_of("excel/year_subcolumns_faulty.xlsx", unit="person")
    start = "year_subcolumns_faulty.xlsx#Итоги, "
    assert [fault.split(". ")[0].removeprefix(start) for fault in faults] == [
        "row 2, column C2: a heading that is not known; say headings ('Уехало')",
        "row 2, column F2: no heading",
        "row 3, column D3: a key stands 2 times, again in D5 ('immigrants:KAZ:2025')",
        "row 3, column E3: a key stands 2 times, again in E5 ('emigrants:KAZ:2025')",
        "row 4, column D4: not a number ('мало')",
    ]


def test_years_above_breakdowns_need_a_measure(faults_of, book):
    words = ["Мужчины", "Женщины"]
    path = book(S=[YEARS, ["", *words, *words], [COUNTRY, 1, 2, 3, 4]])
    assert faults_of(path, unit="person") == [
        "column measure: the measure is not said. Say it as option."
    ]


def test_a_key_that_stands_twice_names_its_cells(faults_of, cells, book):
    rows = [["", 2023, 2024], [COUNTRY, 5, 6], ["г. Алматы", "x y", 1], [COUNTRY, 5, 6]]
    faults = faults_of(book(S=rows, T=rows[:2]), **PERSONS)
    assert [fault.removeprefix("book.xlsx#S, ").split(" (")[0] for fault in faults] == [
        "row 2, column B2: a key stands 3 times, again in B4, B2 of T",
        "row 2, column C2: a key stands 3 times, again in C4, C2 of T",
        "row 3, column B3: not a number",
    ]
    assert cells("ref_area, row") == {("KAZ", 2), ("KZ-75", 3)}


def test_a_place_near_to_a_known_one_is_a_slip(faults_of, stage, book):
    head = ["", 2023, 2024]
    path = book(S=[head, [COUNTRY, 5, 6], ["г. Алмата", 1, 2], ["Норт", 1, 2]])
    (fault,) = faults_of(path, **PERSONS)
    assert "row 3, column B3: unknown area ('г. Алмата'). Did you mean KZ-75" in fault
    path = book(S=[head, [COUNTRY, 5, 6], ["North Kazakstan", 1, 2]])
    assert "Did you mean KZ-59" in faults_of(path, **PERSONS)[0]
    path = book(S=[head, [COUNTRY, 5, 6], ["г. Алматы район", 1, 2]])
    assert stage(path, **PERSONS).skipped == {"г. Алматы район": 2}


def test_a_text_among_figures_that_are_left_out_is_a_fault(faults_of, stage, book):
    head = ["", 2023, 2024]
    path = book(S=[head, [COUNTRY, 5, 6], ["Аккайынский район", "много", "…"]])
    (fault,) = faults_of(path, **PERSONS)
    assert "row 3, column B3: not a number ('много')" in fault
    path = book(S=[head, [COUNTRY, 5, 6], ["Аккайынский район", "…", 1]])
    assert stage(path, **PERSONS).missing == 0


def test_every_fault_with_row_and_cell(faults_of):
    faults = faults_of("excel/faulty.xlsx", **PERSONS)
    assert [fault.split(". ")[0].removeprefix("faulty.xlsx#Выбыло, ") for fault in faults] == [
        "row 2, column B2: not a number ('много')",
        "row 3, column B3: unknown area ('Область Нарния')",
        "row 4, column B4: not a number ('12_000')",
        "row 5, column A5: figures without a place beside them",
    ]


def test_no_layout_says_which_were_tried_and_why(faults_of):
    (fault,) = faults_of("excel/no_layout.xlsx", **PERSONS)
    for name in (
        "year_subcolumns",
        "group_blocks",
        "periods_across",
        "sheet_per_year",
        "region_blocks",
    ):
        assert f"{name}: " in fault
    (fault,) = faults_of("excel/no_layout.xlsx", **PERSONS, layout="sheet_per_year")
    assert "periods_across" not in fault


def test_options_are_needed(faults_of):
    assert len(faults_of("excel/periods_across.xlsx", layout="sideways")) == 3


def test_a_breakdown_row_with_figures_is_not_guessed(faults_of, book):
    path = book(S=[["", 2023, 2024], [COUNTRY, 5, 6], ["Городское население", 3, 4]])
    assert "figures of a breakdown whose place is not said" in faults_of(path, **PERSONS)[0]


def test_figures_that_look_like_years_are_figures(stage, cells, book):
    stage(
        book(S=[["", 2023, 2024], [COUNTRY, 1999, 2021], ["г. Алматы", 2001, 2002]]), **PERSONS
    )
    assert cells("ref_area, obs_value") == {
        ("KAZ", 1999),
        ("KAZ", 2021),
        ("KZ-75", 2001),
        ("KZ-75", 2002),
    }


def test_an_unknown_heading_among_several_is_a_fault(faults_of, book):
    rows = [["", "Всего", "Казахи"], [COUNTRY, 5, 3]]
    path = book(**{"2024": rows})
    assert "a heading that is not known" in faults_of(path, **PERSONS)[0]


def test_stocks_stand_for_a_day(stage, cells, book):
    path = book(S=[["", 2024, 2025], [COUNTRY, 20033842, 20283399]])
    stage(path, measure="population", unit="person", instant="01-01")
    assert cells("time_period") == {("2024-01-01",), ("2025-01-01",)}


def test_nothing_but_description_sheets(faults_of, book):
    assert "no rows" in faults_of(book(Метаданные=[["x"]]), **PERSONS)[0]


def test_fractions_have_the_precision_of_what_is_shown(stage, cells, book):
    stage(book(S=[["", 2023, 2024], [COUNTRY, 0.1 + 0.2, "1,25"]]), **PERSONS)
    assert cells("obs_value, precision") == {(0.1 + 0.2, 0.1), (1.25, 0.01)}


def with_part(path: Path, name: str, content: bytes) -> Path:
    new = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as out:
        for part in old.infolist():
            out.writestr(part.filename, content if part.filename == name else old.read(part))
    return new


def test_an_archive_that_unpacks_to_too_much(stage, book, monkeypatch):
    path = with_part(book(S=[[1]]), "xl/workbook.xml", b"0" * 60_000_000)
    with pytest.raises(SourceError, match="unpacks to 60,"):
        stage(path, **PERSONS)
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 100)
    with pytest.raises(SourceError, match="more than is read"):
        stage(book(S=[[1]]), **PERSONS)


def test_an_archive_that_lies_about_its_size(stage, book):
    path = book(S=[["", 2023, 2024], [COUNTRY, 5, 6]])
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    at = data.rfind(size.to_bytes(4, "little"))
    data[at : at + 4] = (7).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(SourceError, match="not an xlsx"):
        stage(path, **PERSONS)


def test_two_cells_far_apart_are_not_a_sheet_of_billions(stage, book):
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c>'
        b"</row></sheetData></worksheet>"
    )
    with pytest.raises(SourceError, match="1,048,576 rows and 16,384 columns"):
        stage(with_part(book(S=[[1]]), "xl/worksheets/sheet1.xml", sheet), **PERSONS)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04",
        b"PK\x03\x04" + b"\xff" * 500,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 99,
        b"",
        b"hello",
    ],
)
def test_garbage_is_a_source_error(stage, tmp_path, data: bytes):
    path = tmp_path / "bad.xlsx"
    path.write_bytes(data)
    with pytest.raises(SourceError):
        stage(path, "excel", **PERSONS)


@pytest.mark.parametrize(
    "name",
    [
        "xl/workbook.xml",
        "xl/worksheets/sheet1.xml",
        "_rels/.rels",
        "xl/_rels/workbook.xml.rels",
        "[Content_Types].xml",
    ],
)
@pytest.mark.parametrize("content", [b"", b"<", b"\x00\xff", b"<a><b></a>"])
def test_broken_parts_give_no_traceback(stage, book, name: str, content: bytes):
    path = with_part(book(S=[["", 2023, 2024], [COUNTRY, 5, 6]]), name, content)
    with contextlib.suppress(SourceError):
        stage(path, **PERSONS)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80
)
@given(st.data())
def test_a_damaged_workbook_never_ends_in_a_traceback(stage, tmp_path, data):
    whole = bytearray(SPECIMEN.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(bytes(whole))
    with contextlib.suppress(SourceError):
        stage(path, "excel", **PERSONS)
