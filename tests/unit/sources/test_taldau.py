import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qonys.core.errors import SourceError

COLUMNS = "ref_area, time_period, locality, obs_value, precision, row"
SPECIMEN = Path(__file__).parents[2] / "specimens/taldau/taldau-2929753-7-tree.json"


@pytest.fixture
def answer(tmp_path: Path):
    def write(data: Any, name: str = "taldau-2929753-7-x.json") -> Path:
        path = tmp_path / name
        text = data if isinstance(data, bytes) else json.dumps(data).encode()
        path.write_bytes(text)
        return path

    return write


def test_a_tree(stage, cells):
    report = stage("taldau/taldau-2929753-7-tree.json")
    assert cells(COLUMNS) == {
        ("KAZ", "2009", "_T", 33983, 1, 1),
        ("KAZ", "2024", "_T", 12732, 1, 1),
        ("KZ-59", "2024", "_T", 2133, 1, 2),
        ("KZ-75", "2024", "_T", 687, 1, 4),
        ("KZ-75", "2009", "_T", 1204, 1, 4),
    }
    assert cells("measure, unit, counterpart_area") == {("emigrants", "person", "WORLD")}
    assert (report.missing, report.skipped) == (2, {"АККАЙЫНСКИЙ РАЙОН": 1})


def test_a_flat_list(stage, cells):
    report = stage("taldau/taldau-2929753-7-flat.json")
    assert cells(COLUMNS) == {
        ("KAZ", "2004", "_T", 65530, 1, 1),
        ("KAZ", "2005", "_T", 52139, 1, 1),
        ("KAZ", "2004", "URBAN", 115.5, 0.1, 2),
    }
    assert (report.missing, report.skipped) == (1, {"АККАЙЫНСКИЙ РАЙОН": 1})


def test_cumulated_periods(stage, cells):
    stage("taldau/taldau-2929753-9-flat.json")
    assert cells("time_period, obs_value") == {
        ("2024-Q1", 3021),
        ("2024-01/2024-06", 6967),
        ("2025-01/2025-06", 3518),
        ("2025-01/2025-09", 5608),
    }


@pytest.mark.parametrize(
    ("period_id", "key", "period"),
    [
        ("7", "y122024", "2024"),
        ("5", "y062024", "2024-Q2"),
        ("9", "y062024", "2024-01/2024-06"),
    ],
)
def test_period_ids(stage, cells, answer, period_id: str, key: str, period: str):
    stage(answer([{"id": 741880, "text": "РК", key: "5"}]), period_id=period_id)
    assert cells("time_period") == {(period,)}


def test_every_fault_with_row_and_column(faults_of):
    assert [
        fault.split(". ")[0] for fault in faults_of("taldau/taldau-2929753-7-faulty.json")
    ] == [
        "row 1, column y1224: not a period key",
        "row 1, column y122024: not a number ('12 732 чел')",
        "row 1, column y132024: no year ends with month 13 of 2024",
        "row 2, column text: unknown area ('НЕВЕДОМАЯ ОБЛАСТЬ')",
        "row 3, column text: term 268020 is KZ-75 but its name is KZ-59"
        " ('СЕВЕРО-КАЗАХСТАНСКАЯ ОБЛАСТЬ')",
        "row 3, column y122024: not a number ('0x10')",
    ]


def test_flat_faults(faults_of, answer):
    def entry(*names: str, **part: Any) -> dict[str, Any]:
        whole = {"name": "2004 год", "date": "31.12.2004", "value": "1", **part}
        return {"terms": [0] * len(names), "termNames": names, "periods": [whole]}

    country = "Республика Казахстан"
    data = [
        entry(country, name="давно"),
        entry(country, date="31.12.2005"),
        entry(country, date="2004"),
        entry(country, value="много"),
        entry(country, value=[1]),
        entry(country, "Казахи"),
        entry("Всего"),
        {"termNames": [country]},
        entry(country, "Город Алматы"),
        "text",
        {"terms": [1, 2], "termNames": [country], "periods": []},
    ]
    assert [fault.split(". ")[0] for fault in faults_of(answer(data))] == [
        "row 1, column name: not a period ('давно')",
        "row 2, column name: its name is 2004 but its day says 2005 ('2004 год')",
        "row 3, column date of 2004 год: not a day ('2004')",
        "row 4, column value of 2004 год: not a number ('много')",
        "row 5, column value of 2004 год: not a number ('[1]')",
        "row 6, column termNames: unknown breakdown ('Казахи')",
        "row 7, column termNames: no place among the terms ('Всего')",
        "row 8, column periods: no list of periods",
        "row 9, column termNames: a second place among the terms ('Город Алматы')",
        "row 10: not an entry ('text')",
        "row 11, column termNames: terms and termNames do not fit ('Республика Казахстан')",
    ]


def test_a_key_that_stands_twice_in_a_tree_names_node_and_period(faults_of, cells, answer):
    whole = {"id": 741880, "text": "РК", "y122023": "4", "y122024": "5"}
    first, second, text = faults_of(
        answer([whole, {"id": 7, "text": "г. Алматы", "y122024": "x1"}, whole])
    )
    assert first.startswith(
        "row 1, column y122023: a key stands 2 times, again in record 3 ('KAZ:2023')"
    )
    assert second.startswith("row 1, column y122024: a key stands 2 times, again in record 3")
    assert text.startswith("row 2, column y122024: not a number ('x1')")
    assert cells("ref_area, time_period, row") == {("KAZ", "2023", 1), ("KAZ", "2024", 1)}


def test_a_key_that_stands_twice_in_a_node(faults_of, answer):
    text = '[{"id": 741880, "text": "РК", "y122024": "5", "y122024": "6"}]'
    (fault,) = faults_of(answer(text.encode()))
    assert fault == "row 1, column y122024: a key stands twice in one node ('6')"


@pytest.mark.parametrize("name", ["taldau-2929753-7-x.json", "opendata-6567.json"])
def test_a_key_that_stands_twice_in_a_flat_list_names_record_and_period(
    faults_of, cells, answer, name: str
):
    part = {"name": "2004 год", "date": "31.12.2004", "value": "1"}
    entry = {"terms": [741880], "termNames": ["РК"], "periods": [part]}
    (fault,) = faults_of(answer([{**entry, "periods": [part, part]}, entry], name))
    assert fault.startswith(
        "row 1, column value of 2004: a key stands 3 times, again in record 1, 2 ('KAZ:2004')"
    )
    assert cells("row") == {(1,)}


def test_index_and_period_must_be_known(faults_of, answer):
    tree = [{"id": 741880, "text": "РК", "y122024": "5"}]
    faults = faults_of(answer(tree, "tree.json"), period_id="8")
    assert [fault.split(". ")[0] for fault in faults] == [
        "column index: the measure is not known",
        "column index: the unit is not known",
        "column period_id: unknown period id ('8')",
    ]
    assert "Say index, one of 2929752 (immigrants), 2929753 (emigrants)" in faults[0]


def test_index_measure_and_breakdown_by_option(stage, cells, answer):
    tree = answer([{"id": 741880, "text": "РК", "y122024": "5"}], "tree.json")
    stage(tree, index=2929752, sex="M", locality="URBAN")
    assert cells("measure, sex, locality") == {("immigrants", "M", "URBAN")}
    stage(tree, measure="population_average", unit="person")
    assert cells("measure, sex") == {("population_average", "_T")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "empty"),
        (b"[]", "the list is empty"),
        (b"[", "not JSON"),
        (b"[{}]", "neither a tree nor a flat list"),
        (b'{"error": 500}', "neither a tree nor a flat list"),
        (b'[{"id": 1, "text": "x", "y122024": "1"', "not JSON"),
        (b'[{"id": 741880, "text": "\xcf\xf0", "y122024": "1"}]', "cp1251"),
        (b"[[[[1]]]]", "neither"),
        (b'[1, 2, {"id": 741880}]', "not a node|no rows"),
        (b"[" * 100_000, "not JSON|neither"),
        (b'[{"id": 1, "children": ' * 200, "not JSON|levels"),
        (b"\xef\xbb\xbf[]", "the list is empty"),
        (b"\x00\x01\x02", "not JSON|no reader"),
        (b'[{"id": 741880, "text": "x", "y122024": 1e999}]', "not a number"),
    ],
)
def test_garbage_is_a_source_error(stage, answer, text: bytes, words: str):
    with pytest.raises(SourceError, match=words):
        stage(answer(text), "taldau")


def test_cp1251_has_no_way_out_by_a_mapping(faults_of, answer):
    (fault,) = faults_of(answer(b'[{"id": 741880, "text": "\xcf\xf0", "y122024": "1"}]'))
    assert fault.endswith("save it as UTF-8 (`iconv -f cp1251 -t utf-8`).")


def test_a_web_page_in_place_of_json(stage):
    with pytest.raises(SourceError, match="a web page, not JSON"):
        stage("taldau/taldau-2929753-7-page.json", "taldau")
    with pytest.raises(SourceError, match="a web page"):
        stage("taldau/taldau-2929753-7-page.json")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(st.data())
def test_a_damaged_answer_never_ends_in_a_traceback(stage, answer, data):
    whole = bytearray(SPECIMEN.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(SourceError):
        stage(answer(bytes(whole[: data.draw(st.integers(0, len(whole)))])), "taldau")
