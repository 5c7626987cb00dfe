"""The built-in country as seen by the tests of claims."""

import pytest

from qonys.core.country import load_country
from qonys.observations.reading import View
from qonys.observations.store import open_store


@pytest.fixture(scope="package")
def view(tmp_path_factory):
    country = load_country("KAZ")
    return View(open_store(tmp_path_factory.mktemp("store"), country), country)
