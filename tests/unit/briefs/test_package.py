"""The package of data, read back by other people's programs."""

import csv
import hashlib
import json
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from qonys.briefs.package import plain_number, write_package
from qonys.core.errors import DataError
from qonys.core.observations import SCHEMA

FILES = [{"name": "observations/bns.csv", "sha256": "ab" * 32}]
COUNTRY = SimpleNamespace(code="KAZ")


@pytest.fixture
def folder(sample, sources, tmp_path: Path) -> Path:
    write_package(tmp_path, **given(sample, sources))
    return tmp_path


def given(sample, sources) -> dict:
    made = [sample(lang) for lang in ("en", "ru")]
    return {
        "documents": [one.document for one in made],
        "observations": made[0].rows,
        "sources": sources,
        "country": COUNTRY,
        "vintage_files": FILES,
    }


def test_files_are_whole_and_the_same_on_every_run(sample, sources, folder: Path):
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert names == [
        "data/datapackage.json",
        "data/observations.csv",
        "figures.json",
        "provenance.json",
    ]
    before = {name: (folder / name).read_bytes() for name in names}
    write_package(folder, **given(sample, sources))
    assert {name: (folder / name).read_bytes() for name in names} == before


def test_figures_are_sorted_and_complete(sample, folder: Path):
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    assert [f["id"] for f in figures] == sorted(sample("en").figures)
    assert figures == [sample("en").figures[f["id"]].to_json() for f in figures]


def test_csv_has_the_columns_of_the_data_model(sample, folder: Path):
    with (folder / "data/observations.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == SCHEMA.names
    assert len(rows) == len(sample("en").rows)
    (row,) = [
        r
        for r in rows
        if (r["measure"], r["time_period"], r["ref_area"]) == ("emigrants", "2025", "KAZ")
    ]
    assert (row["obs_value"], row["freq"], row["sex"], row["obs_status"]) == (
        "7608",
        "A",
        "_T",
        "P",
    )


def check(path: Path):
    frictionless = pytest.importorskip("frictionless")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of frictionless and what it imports
        return frictionless.validate(str(path))


def test_frictionless_finds_it_valid(folder: Path):
    report = check(folder / "data/datapackage.json")
    assert report.valid, report.flatten(["type", "note"])
    descriptor = json.loads((folder / "data/datapackage.json").read_text(encoding="utf-8"))
    (resource,) = descriptor["resources"]
    table = (folder / "data/observations.csv").read_bytes()
    assert resource["bytes"] == len(table)
    assert resource["hash"] == "sha256:" + hashlib.sha256(table).hexdigest()


def test_frictionless_finds_a_word_in_place_of_a_number(folder: Path):
    path = folder / "data/observations.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",7608,", ",12 732,"), "utf-8")
    descriptor = json.loads((folder / "data/datapackage.json").read_text(encoding="utf-8"))
    for key in ("bytes", "hash"):
        del descriptor["resources"][0][key]
    (folder / "data/datapackage.json").write_text(json.dumps(descriptor), "utf-8")
    report = check(folder / "data/datapackage.json")
    assert not report.valid
    assert {"type-error"} == {row[0] for row in report.flatten(["type"])}


def test_prov_reads_the_provenance_and_the_chain_is_whole(folder: Path):
    pytest.importorskip("prov")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of prov and what it imports
        from prov.model import ProvDerivation, ProvDocument, ProvEntity

        text = (folder / "provenance.json").read_text(encoding="utf-8")
        document = ProvDocument.deserialize(content=text, format="json")
    entities = {str(entity.identifier) for entity in document.get_records(ProvEntity)}
    ends = [
        tuple(str(value) for _, value in record.formal_attributes[:2])
        for record in document.get_records(ProvDerivation)
    ]
    assert {end for pair in ends for end in pair} <= entities
    older: dict[str, set[str]] = {}
    for new, old in ends:
        older.setdefault(new, set()).add(old)
    texts = sorted(entity for entity in entities if entity.startswith("text:"))
    assert {text[:7] for text in texts} == {"text:en", "text:ru"}
    for start in texts:
        reached, level = set(), {start}
        while level:
            reached |= level
            level = set().union(*(older.get(one, set()) for one in level)) - reached
        assert {kind.partition(":")[0] for kind in reached} >= {
            "text",
            "fig",
            "obs",
            "row",
            "file",
        }


def test_prov_carries_hashes_agents_and_no_clock(folder: Path):
    graph = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    files = [e for e in graph["entity"].values() if e["prov:type"] == "qonys:file"]
    assert [file["qonys:sha256"] for file in files] == ["ab" * 32]
    assert {a["prov:label"] for a in graph["agent"].values()} == {
        "Bureau of National Statistics",
        "stat.gov.kz",
        "DEMOSCOPE",
        "demos.kz",
    }
    kinds = {a["prov:type"] for a in graph["activity"].values()}
    assert kinds == {"qonys:read", "qonys:derive", "qonys:write"}
    times = {v for a in graph["activity"].values() for k, v in a.items() if "Time" in k}
    assert times == {"2026-02-15T00:00:00"}


def test_one_id_for_two_figures_is_refused_and_nothing_is_written(sample, sources, tmp_path):
    parts = given(sample, sources)
    english, russian = parts["documents"]
    key, figure = next(iter(russian.figures.items()))
    other = {**russian.figures, key: replace(figure, value=figure.value + 1)}
    parts["documents"] = [english, replace(russian, figures=other)]
    with pytest.raises(DataError, match="two figures"):
        write_package(tmp_path, **parts)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(sample, sources, folder: Path, monkeypatch):
    before = (folder / "figures.json").read_bytes()

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_package(folder, **given(sample, sources))
    assert (folder / "figures.json").read_bytes() == before
    assert not list(folder.rglob("*.part"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7608.0, "7608"),
        (0.1 + 0.2, "0.3"),
        (1e15, "1000000000000000"),
        (-0.0, "0"),
        (1e-5, "0.00001"),
    ],
)
def test_numbers_without_dust(value: float, text: str):
    assert plain_number(value) == text
