"""Which row is preferred: each criterion decides against all that come after it."""

from datetime import date

import pytest

from qonys.core.observations import parse_cell
from qonys.observations.reading import Query, View, read
from qonys.observations.store import open_store

DAY = date(2026, 6, 30)
# In the order of docs/data-model.md, section 4: the worse row of a pair wins on the rest.
PAIRS = {
    "known before perhaps": (
        {"source": "herald", "vintage": "2026-02-01", "obs_status": "U", "precision": 100.0},
        {"source": "xbo-office", "vintage": "2026"},
    ),
    "known before undated": (
        {"source": "herald", "vintage": "2026-02-01", "obs_status": "U", "precision": 100.0},
        {"source": "xbo-office", "vintage": "undated"},
    ),
    "perhaps before undated": (
        {"source": "herald", "vintage": "2026", "obs_status": "U", "precision": 100.0},
        {"source": "xbo-office", "vintage": "undated"},
    ),
    "reliable before unreliable": (
        {"source": "herald", "vintage": "2026-02-01", "obs_status": "P", "precision": 100.0},
        {"source": "xbo-office", "vintage": "2026-03-01", "obs_status": "U"},
    ),
    "the better source": (
        {
            "source": "xbo-office",
            "vintage": "2026-02-01",
            "obs_status": "P",
            "precision": 100.0,
        },
        {"source": "herald", "vintage": "2026-03-01"},
    ),
    "final before provisional": (
        {"source": "xbo-office", "vintage": "2026-02-01", "precision": 100.0},
        {"source": "xbo-office", "vintage": "2026-03-01", "obs_status": "P"},
    ),
    "the finer precision": (
        {"source": "herald", "vintage": "2026-02-01"},
        {"source": "courier", "vintage": "2026-03-01", "precision": 100.0},
    ),
    "the newer release": (
        {"source": "herald", "vintage": "2026-03-01"},
        {"source": "courier", "vintage": "2026-02-01"},
    ),
    "the source id": (
        {"source": "courier", "vintage": "2026-03-01"},
        {"source": "herald", "vintage": "2026-03-01"},
    ),
}


@pytest.mark.parametrize("rule", PAIRS)
@pytest.mark.parametrize("first", [0, 1])
def test_the_preferred_row(rule, first, fresh_store, fictional, raw_row, add_rows):
    pair = [{"obs_value": float(n), "row": n} | row for n, row in enumerate(PAIRS[rule])]
    rows = [raw_row(**row) for row in (pair if first == 0 else pair[::-1])]
    add_rows(fresh_store, fictional, rows)
    found = View(fresh_store, fictional, DAY).rows(parse_cell("emigrants:XBO:WORLD:2025"))
    assert [row.value for row in found] == [0, 1]
    (preferred,) = read(fresh_store, fictional, Query(as_of=DAY))
    assert preferred.value == 0


@pytest.mark.parametrize(
    ("day", "certainty"),
    [
        ("2025-12-31", None),  # the year is not over, so nobody can have counted it
        ("2026-01-01", "perhaps"),
        ("2026-12-30", "perhaps"),
        ("2026-12-31", "known"),
    ],
)
def test_a_release_known_by_its_year(day, certainty, fresh_store, fictional, raw_row, add_rows):
    add_rows(fresh_store, fictional, [raw_row(vintage="2026", source="herald")])
    rows = list(read(fresh_store, fictional, Query(as_of=date.fromisoformat(day))))
    assert [row.certainty for row in rows] == ([certainty] if certainty else [])


@pytest.mark.parametrize(("day", "seen"), [("2025-12-31", False), ("2026-01-01", True)])
def test_an_undated_row_is_not_older_than_its_period(
    day, seen, fresh_store, fictional, raw_row, add_rows
):
    add_rows(fresh_store, fictional, [raw_row(vintage="undated", source="herald")])
    rows = list(read(fresh_store, fictional, Query(as_of=date.fromisoformat(day))))
    assert [row.certainty for row in rows] == (["undated"] if seen else [])


def test_a_view_without_a_day_takes_the_newest_release(tmp_path, fictional):
    view = View(open_store(tmp_path / "bor", fictional), fictional)
    assert view.as_of == date(2025, 5, 31)


def test_a_view_remembers_the_rows_it_printed(tmp_path, fictional):
    view = View(open_store(tmp_path / "bor", fictional), fictional)
    cell = parse_cell("emigrants:XBO:WORLD:2024")
    assert view.row(cell).value == 4718
    assert not view.used
    figure = view.figure(cell)
    assert figure.inputs == tuple(view.used)
    assert view.figure(cell.at(time_period="1950")) is None


def test_years_hold_no_part_of_a_year(tmp_path, fictional):
    view = View(open_store(tmp_path / "bor", fictional), fictional)
    cell = parse_cell("emigrants:XBO:WORLD:2024")
    assert list(view.years(cell)) == [str(year) for year in range(2010, 2025)]
    parts = view.periods(cell, ("cumulated",))
    assert list(parts) == ["2024-01/2024-04", "2025-01/2025-04"]
    days = view.years(parse_cell("population:XBO:WORLD:2024-01-01"), ("instant",))
    assert list(days) == ["2018-01-01", "2024-01-01"]


def test_a_query_by_release(tmp_path, fictional):
    home = open_store(tmp_path / "bor", fictional)
    assert len(read(home, fictional, Query(vintage="2025-02-10"))) == 3
    assert len(read(home, fictional, Query(vintage="xbo-office@2025-02-10"))) == 3
    assert len(read(home, fictional, Query(vintage="herald@2025-02-10"))) == 0
    breakdown = Query(measure="emigrants", dims={"sex": "F"})
    assert len(read(home, fictional, breakdown)) == 0
