"""Every row of the input file is in the built-in pack, once, and nothing came from nowhere."""

import csv
from collections import Counter

import pytest

from qonys.core.periods import parse_period
from qonys.observations.reading import Query, read

UNITS = {
    "persons": "person",
    "permits": "permit",
    "percent of labour force": "percent_of_labour_force",
    "percent vs 2024-Q1": "percent",
    "cards": "card",
    "cases": "case",
    "events": "event",
    "years": "year",
    "respondents": "respondent",
    "accounts": "account",
    "missions": "mission",
    "USD/month": "USD_per_month",
    "visas": "visa",
    "countries": "country",
}
# Added to the pack later from internal_migration_*.csv, which lie beside the file.
LATER = "bns-internal-regions"
# Changes in percent that stand in the notes of the input's rows, e.g. "1.9 times fewer".
FROM_NOTES = {"VS_2024_S1", "VS_2024_9M"}


@pytest.fixture(scope="module")
def given(shared) -> list[dict[str, str]]:
    with (shared / "data/kz/observations.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def packed(store, kaz):
    rows = read(store, kaz, Query(preferred=False))
    return [
        row
        for row in rows
        if row.source != LATER and row.cell.dims.get("category") not in FROM_NOTES
    ]


def given_key(row: dict[str, str]) -> tuple:
    return (
        parse_period(row["period"]).text,
        float(row["value"]),
        UNITS.get(row["unit"], row["unit"]),
        row["published"] or "undated",
        row["source_url"],
    )


def packed_key(row, kaz) -> tuple:
    url = kaz.sources[row.source].url
    return (row.cell.time_period, row.value, row.unit, row.vintage, url)


def test_there_are_1857_rows(given, packed):
    assert len(given) == len(packed) == 1857


def test_period_value_unit_release_and_address_are_those_of_the_input(given, packed, kaz):
    before = Counter(map(given_key, given))
    after = Counter(packed_key(row, kaz) for row in packed)
    assert before - after == Counter()
    assert after - before == Counter()


def test_a_measure_changes_its_name_only_for_models_and_means(given, packed, kaz):
    before = Counter((row["measure"], *given_key(row)) for row in given)
    after = Counter((row.cell.measure, *packed_key(row, kaz)) for row in packed)
    renamed = Counter(key[0] for key in (before - after).elements())
    now = Counter(key[0] for key in (after - before).elements())
    # 68 balances of the UN and the World Bank, and 5 yearly means among the population rows
    assert renamed == {"net_migration": 68, "population": 5}
    assert now == {"net_migration_estimate": 68, "population_average": 5}


def test_exact_figures_stay_exact_and_rounded_ones_rounded(given, packed, kaz):
    before = Counter(
        (given_key(row), row["precision"]) for row in given if row["unit"] == "persons"
    )
    exact = {key for key, word in before if word == "exact"}
    rounded = {key for key, word in before if word == "rounded"} - exact
    wrong = []
    for row in packed:
        key = packed_key(row, kaz)
        if key in rounded and row.low == row.high:
            wrong.append((key, "rounded in the input, exact in the pack"))
        if key in exact and key not in rounded and row.precision > 1:
            wrong.append((key, "exact in the input, rounded in the pack"))
    assert not wrong


def test_what_the_input_calls_provisional_is_provisional(given, packed, kaz):
    """Looked up by value and address, which the text of a note cannot change."""
    starts = [row for row in given if row["note"].startswith("provisional")]
    assert len(starts) > 50
    status = {}
    for row in packed:
        key = (row.value, row.cell.time_period, kaz.sources[row.source].url, row.vintage)
        status.setdefault(key, set()).add(row.obs_status)
    wrong = [
        row
        for row in starts
        if not status[
            float(row["value"]), parse_period(row["period"]).text, row["source_url"],
            row["published"] or "undated",
        ]
        & {"P", "U"}
    ]  # fmt: skip
    assert not wrong
