"""What as-of reading must keep, whatever the rows and the day."""

import csv
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from qonys.core.observations import Observations
from qonys.core.periods import parse_period, parse_release
from qonys.observations.reading import Query, read
from qonys.observations.store import open_store

FIXTURES = Path(__file__).parents[1] / "fixtures"
# An example costs two stores, so a failing one is shown as it was found.
QUICK = [Phase.explicit, Phase.generate]
DAYS = st.dates(date(1991, 1, 1), date(2026, 12, 31))
VINTAGES = st.one_of(
    st.dates(date(2012, 1, 1), date(2026, 11, 1)).map(date.isoformat),
    st.dates(date(2012, 1, 1), date(2026, 11, 1)).map(lambda day: f"{day:%Y-%m}"),
    st.integers(2012, 2026).map(str),
)
PERIODS = st.sampled_from(
    ["2010", "2011", "2024", "2024-Q1", "2024-01/2024-04", "2025-01/2025-04", "2024-01-01"]
)


OWN = FIXTURES / "countries/bor/observations"
#: Cells and releases that the invented country comes with; a row of the same key is a conflict.
TAKEN = {
    (row["measure"], parse_period(row["time_period"]).text, row["source"], row["vintage"])
    for path in OWN.glob("*.csv")
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
}


def too_early(period: str, vintage: str) -> bool:
    """Whether a count would be refused: it cannot be released before its period ends."""
    read, last = parse_period(period), parse_release(vintage)[1]
    whole = read.freq in {"A", "Q", "M", "C"}
    first = read.end if whole else read.start
    return bool(first and last and last < first)


@st.composite
def row_lists(draw: st.DrawFn, vintages: st.SearchStrategy[str], most: int = 25) -> list[dict]:
    keys = st.tuples(
        st.sampled_from(["emigrants", "immigrants", "population", "visa"]),
        PERIODS,
        st.sampled_from(["xbo-office", "herald", "courier"]),
        vintages,
    ).filter(lambda key: key[0] == "visa" or not too_early(key[1], key[3]))
    keys = keys.filter(lambda key: (key[0], parse_period(key[1]).text, *key[2:]) not in TAKEN)
    return [
        {
            "measure": measure,
            "time_period": period,
            "source": source,
            "vintage": vintage,
            "row": number,
            "obs_value": float(draw(st.integers(0, 9999))),
            "obs_status": draw(st.sampled_from("AAPU")),
            "precision": draw(st.sampled_from([1.0, 100.0])),
        }
        for number, (measure, period, source, vintage) in enumerate(
            draw(st.lists(keys, min_size=1, max_size=most, unique=True)), 2
        )
    ]


def lines(rows: Observations, *, less: tuple[str, ...] = ()) -> list[dict]:
    return rows.table.drop_columns(list(less)).to_pylist() if less else rows.table.to_pylist()


@given(day=DAYS, later=st.integers(0, 3000))
@settings(max_examples=20, phases=QUICK)
def test_what_is_known_stays_known(store, kaz, day: date, later: int):
    """And what is visible at all stays visible; a day later it is no less certain."""
    order = {"known": 0, "perhaps": 1, "undated": 1}

    def all_rows(on: date) -> dict:
        rows = read(store, kaz, Query(as_of=on, preferred=False))
        return {row.id: row.certainty for row in rows}

    before, after = all_rows(day), all_rows(day + timedelta(days=later))
    assert before.keys() <= after.keys()
    assert all(order[after[key]] <= order[before[key]] for key in before)


@given(rows=row_lists(st.one_of(VINTAGES, st.just("undated"))), random=st.randoms(), day=DAYS)
@settings(max_examples=12, phases=QUICK)
def test_the_order_of_rows_and_the_name_of_the_file_change_no_preferred_row(
    fictional, raw_row, add_rows, tmp_path_factory, rows, random, day
):
    rows = [raw_row(**row) for row in rows]
    shuffled = [{**row, "file": "other.csv"} for row in rows]
    random.shuffle(shuffled)
    one, two = (open_store(tmp_path_factory.mktemp("order")) for _ in range(2))
    add_rows(one, fictional, rows)
    add_rows(two, fictional, shuffled)
    for as_of in (day, None):
        found = [read(home, fictional, Query(as_of=as_of)) for home in (one, two)]
        assert lines(found[0], less=("file",)) == lines(found[1], less=("file",))


SPELLINGS = {
    "2024": "2024-01/2024-12",
    "2024-Q1": "2024-01/2024-03",
    "2024-01/2024-04": "2024-01-01/2024-04-30",
}


@given(rows=row_lists(VINTAGES), day=DAYS)
@settings(max_examples=8, phases=QUICK)
def test_another_spelling_of_a_period_changes_no_preferred_row(
    fictional, raw_row, add_rows, tmp_path_factory, rows, day
):
    respelt = [
        {**row, "time_period": SPELLINGS.get(row["time_period"], row["time_period"])}
        for row in rows
    ]
    found = []
    for version in (rows, respelt):
        home = open_store(tmp_path_factory.mktemp("spelling"))
        add_rows(home, fictional, [raw_row(**row) for row in version])
        found.append(lines(read(home, fictional, Query(as_of=day))))
    assert found[0] == found[1]


@given(rows=row_lists(VINTAGES, most=8), day=DAYS)
@settings(
    max_examples=15,
    phases=QUICK,
    # Rows that are all known on the day are passed over; an unlucky run has many of them.
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
def test_a_new_vintage_never_changes_an_earlier_day(
    fictional, raw_row, add_rows, tmp_path_factory, rows, day
):
    home = open_store(tmp_path_factory.mktemp("later"), fictional)
    before = {
        preferred: lines(read(home, fictional, Query(as_of=day, preferred=preferred)))
        for preferred in (True, False)
    }
    later = [row for row in rows if parse_release(row["vintage"])[0] > day]
    assume(later)
    add_rows(home, fictional, [raw_row(**row) for row in later])
    for preferred, old in before.items():
        assert lines(read(home, fictional, Query(as_of=day, preferred=preferred))) == old
