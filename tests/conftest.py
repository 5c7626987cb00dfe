"""What every test may use: the built-in country, an invented one, stores, the shared folder."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from qonys.core.country import Country, load_country
from qonys.observations.store import Store, open_store

ROOT = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures"

# The only function-scoped fixture that every example shares is the empty QONYS_HOME below.
settings.register_profile(
    "qonys", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("qonys")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
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
