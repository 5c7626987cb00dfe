import subprocess
import sys
from pathlib import Path

import pytest

from qonys.core.errors import SourceError
from qonys.sources import detect, read_source_card, readers

SPECIMENS = Path(__file__).parents[2] / "specimens"


def test_readers_and_their_cards():
    assert list(readers()) == ["excel", "opendata", "table", "taldau"]
    for name in readers():
        card = read_source_card(name)
        assert card.id == name
        assert card.producer
        assert card.licence
    with pytest.raises(SourceError, match="Did you mean taldau"):
        read_source_card("taldua")


def test_every_index_and_measure_names_its_source():
    indices = read_source_card("taldau").settings["indices"]
    measures = read_source_card("opendata").settings["measures"]
    assert all(entry["source"] for entry in (*indices.values(), *measures.values()))


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(SPECIMENS.glob("*/*.*")) if p.suffix in {".csv", ".json", ".xlsx"}],
    ids=lambda path: path.name,
)
def test_specimens_are_detected(path):
    if path.name.endswith("-page.json"):
        pytest.skip("a web page is no reader's")
    assert detect(path) == path.parent.name


def test_the_registry_loads_nothing_heavy():
    ask = "import sys, qonys.sources, qonys.sources.pull; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True
    )
    heavy = {"duckdb", "pyarrow", "urllib3", "ijson", "python_calamine"}
    assert not heavy & set(answer.stdout.split())
