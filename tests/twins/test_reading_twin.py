"""As-of reading and preference, a second time: slowly, from the files of the pack alone.

The rule is docs/data-model.md, section 4. Nothing here uses DuckDB, the store or `load`.
"""

import csv
from collections import defaultdict
from datetime import date, timedelta
from functools import cmp_to_key

import pytest

from qonys.core.codes import DIMENSIONS, TOTAL
from qonys.core.country import Country
from qonys.core.periods import parse_period, parse_release
from qonys.observations.corrections import declared
from qonys.observations.reading import Query, read

DAYS = ["2013-10-01", "2023-03-01", "2024-12-31", "2025-03-01", "2025-05-20", None]
COUNTED = {"flow", "stock", "share", "change", "rate", "survey", "count", "amount"}
RULED = {"plan", "legal"}
CERTAINTY = ["known", "perhaps", "undated"]


def fits(pattern: str, text: str) -> bool:
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return not pattern or pattern == text


def correct(row: dict, country: Country) -> None:
    """The first correction of each column that fits; conditions look at what the file says."""
    said = dict(row)
    done = set()
    for c in declared(country):
        place = all(
            fits(getattr(c, key), said[key])
            for key in ("source", "measure", "ref_area", "time_period")
        )
        old = said["vintage"] if c.column == "released" else said[c.column]
        if not place or (c.old and c.old != old) or c.column in done:
            continue
        done.add(c.column)
        if c.column == "released":
            first, _, last = c.new.partition("/")
            row["first"] = day_of(first, said["time_period"])
            row["last"] = day_of(last or first, said["time_period"])
        else:
            row[c.column] = c.new


def day_of(text: str, period: str) -> date:
    """`Y+1-04-30` is 30 April of the year after the period's year."""
    if not text.startswith("Y"):
        return date.fromisoformat(text)
    shift, month, day = text[1:].rsplit("-", 2)
    return date(int(period[:4]) + int(shift or 0), int(month), int(day))


def bound(row: dict, country: Country) -> None:
    """Not before what is counted is over, nor over a year before what is ruled begins."""
    period = parse_period(row["time_period"])
    kind = country.measures[row["measure"]].fields["kind"]
    if period.start is None or kind not in COUNTED | RULED:
        return
    earliest = period.start
    if kind in RULED:
        earliest -= timedelta(days=366)
    elif period.kind != "instant":
        earliest = (period.end or period.start) + timedelta(days=1)
    if row["last"] is not None and earliest > row["last"]:
        earliest = row["last"]
    row["first"] = earliest if row["first"] is None else max(row["first"], earliest)


@pytest.fixture(scope="module")
def pack(kaz: Country) -> list[dict]:
    rows = []
    for path in (kaz.folder / "observations").iterdir():
        with path.open(encoding="utf-8", newline="") as stream:
            for number, fields in enumerate(csv.DictReader(stream), 2):
                row = {**fields, "id": (path.name, number)}
                row["time_period"] = parse_period(row["time_period"]).text
                row["first"], row["last"] = parse_release(row["vintage"])
                correct(row, kaz)
                bound(row, kaz)
                rows.append(row)
    return rows


def certainty(row: dict, day: date | None) -> str | None:
    if day is None:
        return "undated" if row["last"] is None else "known"
    if row["first"] is not None and row["first"] > day:
        return None
    if row["last"] is None:
        return "undated"
    return "known" if row["last"] <= day else "perhaps"


def better(country: Country, a: dict, b: dict) -> int:
    """Negative when a goes before b: one criterion after the other."""

    def newest_first(x, y) -> int:
        if x == y:
            return 0
        if x is None or y is None:
            return 1 if x is None else -1
        return -1 if x > y else 1

    def smallest_first(x, y) -> int:
        return (x > y) - (x < y)

    steps = [
        smallest_first(CERTAINTY.index(a["certainty"]), CERTAINTY.index(b["certainty"])),
        smallest_first(a["obs_status"] == "U", b["obs_status"] == "U"),
        smallest_first(country.sources[a["source"]].rank, country.sources[b["source"]].rank),
        smallest_first(a["obs_status"] == "P", b["obs_status"] == "P"),
        smallest_first(float(a["precision"]), float(b["precision"])),
        newest_first(a["last"], b["last"]),
        newest_first(a["first"], b["first"]),
        newest_first(a["vintage"], b["vintage"]),
        smallest_first(a["source"], b["source"]),
    ]
    return next((step for step in steps if step), 0)


def slow_read(country: Country, pack: list[dict], day: date | None) -> dict[tuple, list[dict]]:
    cells = defaultdict(list)
    for row in pack:
        word = certainty(row, day)
        if word is not None:
            dims = tuple(row.get(dim) or TOTAL for dim in DIMENSIONS)
            where = (row["ref_area"], row["counterpart_area"], row["time_period"])
            cells[row["measure"], *where, *dims].append({**row, "certainty": word})
    order = cmp_to_key(lambda a, b: better(country, a, b))
    return {cell: sorted(rows, key=order) for cell, rows in cells.items()}


@pytest.mark.parametrize("day", DAYS)
def test_the_store_prefers_the_same_rows(store, kaz, pack, day):
    as_of = date.fromisoformat(day) if day else None
    slow = slow_read(kaz, pack, as_of)
    fast = defaultdict(list)
    for row in read(store, kaz, Query(as_of=as_of, preferred=False)).table.to_pylist():
        cell = row["measure"], row["ref_area"], row["counterpart_area"], row["time_period"]
        fast[(*cell, *(row[dim] for dim in DIMENSIONS))].append(row)
    assert fast.keys() == slow.keys()
    for cell, rows in slow.items():
        expected = [(row["id"], row["certainty"], row["first"], row["last"]) for row in rows]
        found = [
            ((r["file"], r["row"]), r["certainty"], r["released_from"], r["released_to"])
            for r in fast[cell]
        ]
        assert found == expected, cell
    preferred = read(store, kaz, Query(as_of=as_of)).table.to_pylist()
    firsts = {rows[0]["id"] for rows in slow.values()}
    assert {(row["file"], row["row"]) for row in preferred} == firsts
    assert len(preferred) == len(slow)


def test_the_days_differ(kaz, pack):
    """Else the comparison above would compare little."""
    counts = [len(slow_read(kaz, pack, date.fromisoformat(day))) for day in DAYS[:-1]]
    assert counts == sorted(set(counts))
