import json
import os
import shutil
import sys
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from qonys.core.country import Country
from qonys.core.errors import DataError, StoreError
from qonys.core.observations import parse_cell
from qonys.observations.reading import Query, View, newest_release, read
from qonys.observations.store import (
    FORMAT,
    default_home,
    open_store,
    pack_sha256,
    write_atomically,
)


@pytest.fixture
def bor(fictional: Country, tmp_path: Path):
    """A store of one's own with the invented country."""
    return open_store(tmp_path / "bor", fictional)


def rows_of(store, country, **query) -> list:
    return list(read(store, country, Query(preferred=False, **query)))


def files_on_disk(store) -> dict[str, str]:
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in store.folder.glob("*.parquet")
    }


def test_the_pack_of_a_country_is_there_at_once(bor, fictional):
    assert len(rows_of(bor, fictional)) == 67
    assert sum(bor.releases("XBO").values()) == 67
    assert newest_release(bor, fictional) == date(2025, 5, 31)


def test_files_are_named_after_their_hash(bor):
    (entry,) = bor.manifest.files
    assert files_on_disk(bor) == {entry.file: entry.sha256}
    assert entry.file == f"{entry.sha256}.parquet"


def test_opening_again_adds_nothing(bor, fictional):
    before = (bor.home / "manifest.json").read_bytes()
    again = open_store(bor.home, fictional)
    assert again.manifest == bor.manifest
    assert (bor.home / "manifest.json").read_bytes() == before


def test_an_empty_store_holds_nothing(fresh_store, fictional):
    assert len(read(fresh_store, fictional)) == 0
    assert not fresh_store.home.exists()
    with pytest.raises(DataError, match="holds nothing for XBO"):
        newest_release(fresh_store, fictional)


def test_adding_appends_and_overwrites_nothing(bor, fictional, raw_row, add_rows):
    old_files, old_rows = files_on_disk(bor), {row.id for row in rows_of(bor, fictional)}
    entry = add_rows(bor, fictional, [raw_row(), raw_row(measure="immigrants", row=3)])
    assert entry.rows == 2
    assert entry.releases == {"xbo-office@2026-03-20": 2}
    new_files = files_on_disk(bor)
    assert old_files.items() < new_files.items()
    assert old_rows < {row.id for row in rows_of(bor, fictional)}
    assert open_store(bor.home).manifest == bor.manifest


def test_the_same_file_again_changes_nothing(bor, fictional, raw_row, add_rows):
    first = add_rows(bor, fictional, [raw_row()])
    before = (bor.home / "manifest.json").read_bytes()
    again = add_rows(bor, fictional, [raw_row()])
    assert again == first
    assert (bor.home / "manifest.json").read_bytes() == before
    assert len(rows_of(bor, fictional, measure="emigrants", time_period="2025")) == 1


def test_the_same_release_from_another_file_is_refused_row_by_row(
    bor, fictional, raw_row, add_rows
):
    first = [raw_row(), raw_row(counterpart_area="RUS", row=3)]
    add_rows(bor, fictional, first)
    before = (bor.home / "manifest.json").read_bytes()
    second = [
        raw_row(obs_value=1.0, file="again.csv", row=7),
        raw_row(counterpart_area="DEU", file="again.csv", row=8),
        raw_row(counterpart_area="RUS", file="again.csv", row=9),
    ]
    with pytest.raises(DataError) as caught:
        add_rows(bor, fictional, second)
    # Row 9 says what the store holds already: that is no fault.
    assert [(f.file, f.row, f.column) for f in caught.value.faults] == [
        ("again.csv", 7, "obs_value")
    ]
    text = str(caught.value)
    assert "the store has" in text
    assert "xbo-office@2026-03-20" in text
    assert "release day" in text
    assert (bor.home / "manifest.json").read_bytes() == before


def test_a_release_of_the_pack_cannot_be_added_again(bor, fictional, raw_row, add_rows):
    with pytest.raises(DataError, match="the store has"):
        add_rows(bor, fictional, [raw_row(time_period="2024-01/2024-12", vintage="2025-02-10")])


def test_other_cells_of_a_known_release_are_welcome(bor, fictional, raw_row, add_rows):
    add_rows(bor, fictional, [raw_row()])
    add_rows(bor, fictional, [raw_row(counterpart_area="RUS")])
    assert bor.releases("XBO")["xbo-office@2026-03-20"] == 2


def test_a_new_release_stands_beside_the_old_one(bor, fictional, raw_row, add_rows):
    cell = parse_cell("emigrants:XBO:WORLD:2024")
    add_rows(bor, fictional, [raw_row(time_period="2024", obs_value=4700.0)])
    view = View(bor, fictional, date(2026, 4, 1))
    assert [row.value for row in view.rows(cell)] == [4700, 4718, 4760]
    assert View(bor, fictional, date(2026, 3, 19)).row(cell).value == 4718


def test_a_retraction_hides_and_deletes_nothing(bor, fictional):
    cell = parse_cell("emigrants:XBO:WORLD:2024")
    before = files_on_disk(bor)
    hidden = bor.retract("XBO", "xbo-office@2025-03-20", "wrong file")
    assert hidden == bor.releases("XBO")["xbo-office@2025-03-20"]
    assert View(bor, fictional).row(cell).value == 4760
    assert len(rows_of(bor, fictional)) == 67 - hidden
    assert files_on_disk(bor) == before
    (kept,) = open_store(bor.home).manifest.retractions
    assert (kept.vintage, kept.reason) == ("xbo-office@2025-03-20", "wrong file")
    assert len(rows_of(open_store(bor.home, fictional), fictional)) == 67 - hidden


def test_a_day_alone_hides_that_release_of_every_source(bor, fictional):
    bor.retract("XBO", "2025-05-14", "withdrawn")
    assert not [row for row in rows_of(bor, fictional) if row.vintage == "2025-05-14"]
    assert [row for row in rows_of(bor, fictional) if row.vintage == "2025-05"]


@pytest.mark.parametrize("vintage", ["2031-01-01", "herald@2025-02-10", "", "xbo-office", "%"])
def test_what_is_not_there_cannot_be_retracted(bor, vintage):
    before = (bor.home / "manifest.json").read_bytes()
    with pytest.raises(DataError, match="no such release"):
        bor.retract("XBO", vintage, "why not")
    assert (bor.home / "manifest.json").read_bytes() == before


def test_a_retraction_needs_a_reason(bor):
    with pytest.raises(DataError, match="needs a reason"):
        bor.retract("XBO", "2025-02-10", "  ")


def test_a_retracted_release_can_be_added_in_its_right_form(bor, fictional, raw_row, add_rows):
    """The way out that the fault of a second adding names: retract the old one."""
    add_rows(bor, fictional, [raw_row(obs_value=40.0)])
    bor.retract("XBO", "xbo-office@2026-03-20", "a slip")
    add_rows(bor, fictional, [raw_row(obs_value=4000.0)])
    cell = parse_cell("emigrants:XBO:WORLD:2025")
    assert [row.value for row in View(bor, fictional).rows(cell)] == [4000]


def test_a_store_of_format_1_is_upgraded(bor, fictional):
    old = asdict(bor.manifest)
    old["format"] = 1
    for entry in old["files"]:
        del entry["releases"]
    path = bor.home / "manifest.json"
    path.write_text(json.dumps(old), encoding="utf-8")
    upgraded = open_store(bor.home)
    assert upgraded.manifest.format == FORMAT
    assert upgraded.releases("XBO") == bor.releases("XBO")
    assert json.loads(path.read_text("utf-8"))["format"] == FORMAT
    assert len(rows_of(upgraded, fictional)) == 67


def test_a_store_of_a_newer_format_is_refused_with_the_way_out(bor):
    path = bor.home / "manifest.json"
    newer = json.loads(path.read_text("utf-8")) | {"format": FORMAT + 1}
    path.write_text(json.dumps(newer), encoding="utf-8")
    with pytest.raises(StoreError, match=rf"newer Qonys.*{FORMAT + 1}.*--store"):
        open_store(bor.home)
    assert json.loads(path.read_text("utf-8")) == newer


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[]", b"3", b"{}", b'{"format": 2}',
     b'{"format": "two", "files": [], "retractions": []}',
     b'{"format": 2, "files": [{"file": "x"}], "retractions": []}'],
)  # fmt: skip
def test_a_broken_manifest_is_a_message_with_a_way_out(bor, content):
    (bor.home / "manifest.json").write_bytes(content)
    with pytest.raises(StoreError, match=r"manifest.*--store DIR"):
        open_store(bor.home)


def test_a_vintage_file_that_is_gone_is_a_message(bor, fictional):
    (entry,) = bor.manifest.files
    (bor.folder / entry.file).unlink()
    with pytest.raises(StoreError, match=entry.file):
        read(bor, fictional)


@pytest.fixture
def read_only(tmp_path: Path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    yield folder
    folder.chmod(0o700)


@pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="the system lets this user write to read-only folders",
)
def test_a_read_only_folder_is_a_message_with_a_way_out(read_only, fictional):
    with pytest.raises(StoreError, match=r"cannot write to the store.*QONYS_HOME"):
        open_store(read_only / "store", fictional)


def test_a_refused_write_is_a_message_with_a_way_out(bor, fictional, monkeypatch):
    """The same for everybody, root included: the system says no when the lock is opened."""

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreError, match=r"cannot write to the store.*--store DIR"):
        bor.retract("XBO", "2025-02-10", "reason")


def test_a_file_in_the_place_of_the_folder_is_a_message(tmp_path, fictional):
    (tmp_path / "store").write_text("no folder", encoding="utf-8")
    with pytest.raises(StoreError, match="store"):
        open_store(tmp_path / "store", fictional)


def test_a_country_folder_without_observations_is_a_fault(fresh_store, tmp_path):
    (tmp_path / "country.toml").write_text('code = "XBQ"\n', encoding="utf-8")
    with pytest.raises(DataError, match="no folder observations"):
        open_store(fresh_store.home, Country(tmp_path))


def test_an_unreadable_country_leaves_the_store_alone(bor, tmp_path, fictional):
    folder = Path(shutil.copytree(str(fictional.folder), tmp_path / "broken"))
    path = folder / "observations/flows.csv"
    text = path.read_text("utf-8").replace("emigrants,XBO,WORLD,2010", "emigrats,XBO,WRLD,20l0")
    path.write_text(text, encoding="utf-8")
    before = (bor.home / "manifest.json").read_bytes()
    with pytest.raises(DataError) as caught:
        open_store(bor.home, Country(folder))
    columns = {fault.column for fault in caught.value.faults}
    assert columns == {"measure", "counterpart_area", "time_period"}
    assert {(fault.file, fault.row) for fault in caught.value.faults} == {("flows.csv", 3)}
    assert (bor.home / "manifest.json").read_bytes() == before
    assert len(files_on_disk(bor)) == 1


def test_a_new_edition_of_a_pack_takes_the_place_of_the_old_one(bor, tmp_path, fictional):
    folder = Path(shutil.copytree(str(fictional.folder), tmp_path / "edition"))
    path = folder / "observations/partners.csv"
    path.write_text(path.read_text("utf-8").replace("2512", "2513"), encoding="utf-8")
    edition = Country(folder)
    assert pack_sha256(edition) != pack_sha256(fictional)
    newer = open_store(bor.home, edition)
    assert len(rows_of(newer, edition)) == 67
    assert View(newer, edition).row(parse_cell("emigrants:XBO:RUS:2024")).value == 2513
    assert [entry.superseded for entry in newer.manifest.files] == [True, False]
    assert len(files_on_disk(newer)) == 2


def test_an_older_reader_is_not_disturbed_by_a_later_writer(bor, fictional, raw_row, add_rows):
    reader = open_store(bor.home)
    add_rows(bor, fictional, [raw_row()])
    bor.retract("XBO", "2025-02-10", "later")
    assert len(rows_of(reader, fictional)) == 67


def test_two_countries_share_a_store(bor, fictional, kaz):
    both = open_store(bor.home, kaz)
    assert len(rows_of(both, fictional)) == 67
    assert len(rows_of(both, kaz)) > 1857
    both.retract("XBO", "undated", "not dated")
    assert any(row.vintage == "undated" for row in rows_of(both, kaz))


def test_what_a_crash_left_is_swept_at_the_next_writing(bor, fictional, raw_row, add_rows):
    left = bor.folder / ".new-crashed"
    left.mkdir()
    (left / "new.parquet").write_bytes(b"half")
    add_rows(bor, fictional, [raw_row()])
    assert not left.exists()
    assert not list(bor.folder.glob(".new-*"))


def test_home_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("QONYS_HOME", str(tmp_path / "x"))
    assert default_home() == tmp_path / "x"
    monkeypatch.delenv("QONYS_HOME")
    assert default_home().name == "qonys"


def test_writing_a_file_leaves_the_old_one_when_it_fails(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \udcff")
    assert path.read_text("utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]
