import json
from dataclasses import replace

import pytest

from qonys.core.intervals import Interval
from qonys.core.provenance import Figure, derived, observed, slug
from qonys.observations.reading import Query, read


@pytest.fixture(scope="module")
def row(store, kaz):
    query = Query("emigrants", "KAZ", "WORLD", "2025-01/2025-04")
    (found,) = [row for row in read(store, kaz, query) if not row.cell.dims]
    return found


def figure(**changes) -> Figure:
    plain = Figure(
        id="a", measure="emigrants", ref_area="XBO", counterpart_area="WORLD",
        time_period="2024", value=1.0, unit="person", low=1.0, high=1.0,
        formula="as published", inputs=("o1",), sources=("xbo-office",), vintage="2025",
    )  # fmt: skip
    return replace(plain, **changes)


def test_an_observed_figure_carries_its_row(row):
    found = observed(row)
    assert found.value == 1700
    assert found.interval == Interval(1650, 1750)
    assert found.inputs == (row.id,)
    assert found.sources == (row.source,)
    assert found.certainty == row.certainty
    assert found.formula == "as published"


def test_a_figure_is_plain_data(row):
    data = observed(row).to_json()
    assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize(
    ("statuses", "weakest"),
    [("AA", "A"), ("AP", "P"), ("PU", "U"), ("EB", "E"), ("AF", "F"), ("AB", "B")],
)
def test_a_derived_figure_is_as_weak_as_its_weakest_input(statuses, weakest):
    inputs = tuple(figure(id=str(n), status=s) for n, s in enumerate(statuses))
    for order in (inputs, inputs[::-1]):
        made = derived(
            "d", inputs[0], order, value=2, unit="person", interval=Interval(2, 2), formula="+"
        )
        assert made.status == weakest


def test_a_derived_figure_collects_sources_vintages_and_the_least_certainty():
    one = figure(id="1", sources=("b", "a"), vintage="2025", certainty="perhaps")
    two = figure(id="2", sources=("a", "c"), vintage="2024", certainty="undated")
    same = figure(id="3", sources=("c",), vintage="2025")
    made = derived(
        "d", one, (one, two, same), value=2, unit="ratio", interval=Interval(1, 3), formula="x"
    )
    assert made.inputs == ("1", "2", "3")
    assert made.sources == ("b", "a", "c")
    assert made.vintage == "2025; 2024"
    assert made.certainty == "undated"
    assert (made.unit, made.low, made.high) == ("ratio", 1, 3)


def test_slugs_fit_links():
    text = slug("share", "", "emigrants:KAZ:WORLD:2024-01/2024-04:sex=F,age=Y0T15", "a@b c")
    assert not set(text) & set(":/=,@ ")
    assert text.startswith("share.emigrants.KAZ.WORLD.2024-01_2024-04")
