"""What every test may use: the built-in country, an invented one, stores, the shared folder."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings

from qonys.core.codes import DIMENSIONS, TOTAL
from qonys.core.country import Country, load_country
from qonys.core.observations import RAW_SCHEMA
from qonys.observations.store import Store, VintageFile, open_store

Row = dict[str, Any]

ROOT = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures"

# The only function-scoped fixture that every example shares is the empty QONYS_HOME below.
settings.register_profile(
    "qonys", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("qonys")


@pytest.fixture(autouse=True)
def _own_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test reads or writes the store of the person who runs it."""
    monkeypatch.setenv("QONYS_HOME", str(tmp_path_factory.mktemp("home") / "qonys"))


@pytest.fixture(scope="session")
def kaz() -> Country:
    """The built-in Kazakhstan."""
    return load_country("KAZ")


@pytest.fixture(scope="session")
def store(kaz: Country, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with the figures of Kazakhstan, for reading only."""
    return open_store(tmp_path_factory.mktemp("kaz-store"), kaz)


@pytest.fixture
def fresh_store(tmp_path: Path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store")


@pytest.fixture(scope="session")
def fictional() -> Country:
    """Borovia, an invented country with invented figures: see fixtures/countries/bor."""
    return Country(FIXTURES / "countries" / "bor")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of material that is too large, or not ours, to keep beside the tests."""
    folder = Path(os.environ.get("QONYS_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{folder} is missing, and CI must have it")
        pytest.skip(f"{folder} is not here: only the tests that read large files need it")
    return folder


@pytest.fixture(scope="session")
def raw_row() -> Callable[..., Row]:
    """One row as a reader stages it; name what differs."""

    def make(**changes: object) -> Row:
        return {
            "measure": "emigrants",
            "ref_area": "XBO",
            "counterpart_area": "WORLD",
            "time_period": "2025",
            **dict.fromkeys(DIMENSIONS, TOTAL),
            "obs_value": 4000.0,
            "unit": "person",
            "obs_status": "A",
            "precision": 1.0,
            "qualifier": "",
            "source": "xbo-office",
            "vintage": "2026-03-20",
            "note": "",
            "file": "new.csv",
            "row": 2,
            **changes,
        }

    return make


@pytest.fixture(scope="session")
def add_rows() -> Callable[..., VintageFile]:
    """Add rows to a store as if a file had held them."""

    def add(store: Store, country: Country, rows: Sequence[Row], name: str = "") -> VintageFile:
        def stage(con: duckdb.DuckDBPyConnection) -> None:
            con.register("given", pa.Table.from_pylist(list(rows), schema=RAW_SCHEMA))
            con.execute("CREATE OR REPLACE TEMP TABLE staged AS SELECT * FROM given")
            con.unregister("given")

        digest = hashlib.sha256(json.dumps([name, *rows]).encode()).hexdigest()
        return store.add(country, stage, {"kind": "file", "name": name, "sha256": digest})

    return add
