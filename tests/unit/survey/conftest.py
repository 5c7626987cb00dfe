"""A small invented sample: two strata of three clusters, a gap among the answers."""

import polars as pl
import pytest

from qonys.survey.design import Design
from qonys.survey.microdata import Microdata

ROWS = {
    "weight": [10.0, 10.0, 12.0, 12.0, 8.0, 8.0, 20.0, 20.0, 25.0, 25.0, 15.0, 15.0],
    "region": ["north"] * 6 + ["south"] * 6,
    "village": [1, 1, 2, 2, 3, 3] * 2,
    "income": [3.0, 5.0, None, 4.0, 8.0, 6.0, 1.0, 2.0, 2.0, 4.0, 3.0, 3.0],
    "plans": ["stay", "leave", "stay", "stay", "leave", "stay"] * 2,
    "work": [1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 1],
    "study": [0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0],
    "sex": ["f", "m"] * 6,
}
DESIGN = Design("weight", strata=("region",), cluster=("village",))


@pytest.fixture
def sample():
    """The sample, with another design, other columns or other values."""

    def make(design=DESIGN, **columns):
        return Microdata(pl.DataFrame({**ROWS, **columns}), design, "sample.csv")

    return make
