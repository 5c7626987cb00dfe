"""Published figures of Kazakhstan, as facts with their source, through the public functions.

Sources in short: BNS = Bureau of National Statistics; CIS Stat = Interstate Statistical
Committee; the article = International Investment, May 2025, after a Ranking.kz release. Numbers
marked (c) are arithmetic on published ones.
"""

from datetime import date

import pytest

from qonys.core.errors import AlignmentError
from qonys.core.intervals import round_half_up
from qonys.core.observations import Cell, Observation, parse_cell
from qonys.observations.indicators import (
    balance,
    of_cumulated,
    percent_change,
    record,
    rises,
    share,
    times,
    turning_points,
)
from qonys.observations.reading import Query, View, read

CIS = ("ARM", "AZE", "BLR", "KGZ", "MDA", "RUS", "TJK", "TKM", "UKR", "UZB")


@pytest.fixture(scope="module")
def view(store, kaz) -> View:
    return View(store, kaz)


def on(store, kaz, day: str) -> View:
    return View(store, kaz, date.fromisoformat(day))


def value(view: View, cell: str) -> float:
    row = view.row(parse_cell(cell))
    assert row is not None, cell
    return row.value


def by_source(view: View, cell: str, source: str) -> Observation:
    (row,) = [row for row in view.rows(parse_cell(cell)) if row.source == source]
    return row


def test_emigration_fell_2_8_times(view):
    # The article: 1,700 left in January-April 2025 and 4,800 a year before, "2.8 times less".
    now = view.figure(parse_cell("emigrants:KAZ:WORLD:2025-01/2025-04"))
    before = view.figure(parse_cell("emigrants:KAZ:WORLD:2024-01/2024-04"))
    assert (now.value, before.value) == (1700, 4800)
    ratio = times(before, now)
    assert round_half_up(ratio.value, 1) == 2.8
    # (c) 4,750/1,750 to 4,850/1,650
    assert (round(ratio.low, 2), round(ratio.high, 2)) == (2.71, 2.94)


def test_immigration_fell_by_18_percent_in_the_same_months(view):
    # The article: 8,100 after 9,900, "decreased". (c) -18.2 %, -19.1 to -17.3
    now = view.figure(parse_cell("immigrants:KAZ:WORLD:2025-01/2025-04"))
    before = view.figure(parse_cell("immigrants:KAZ:WORLD:2024-01/2024-04"))
    change = percent_change(now, before)
    assert round(change.value, 1) == -18.2
    assert (round(change.low, 1), round(change.high, 1)) == (-19.1, -17.3)


def test_four_months_stand_against_four_months_only(view):
    four = view.figure(parse_cell("emigrants:KAZ:WORLD:2024-01/2024-04"))
    quarter = view.figure(parse_cell("emigrants:KAZ:WORLD:2025-Q1"))
    with pytest.raises(AlignmentError, match="periods differ"):
        share(quarter, four)
    with pytest.raises(AlignmentError, match="not cumulated from one January"):
        of_cumulated(four, quarter)


def test_2025_is_the_lowest_of_35_years(view):
    # BNS, taldau 2929753, 1991-2025: 7,608 in 2025, before that 12,732 in 2024.
    years = view.years(parse_cell("emigrants:KAZ:WORLD:2024"))
    found = record(years, "2025", "lowest")
    assert (found.figure.value, found.first, found.last) == (7608, "1991", "2025")
    assert found.length == 35
    assert found.sure
    highest = record(years, "1994", "highest")
    assert highest.figure.value == 477068
    assert record(years, "2024", "lowest") is None


def test_2024_was_the_lowest_before(store, kaz):
    years = on(store, kaz, "2025-05-20").years(parse_cell("emigrants:KAZ:WORLD:2024"))
    found = record(years, "2024", "lowest")
    assert (found.figure.value, found.length) == (12732, 34)


def test_two_thirds_went_to_russia(view):
    # CIS Stat fact 44245: 8,784 to Russia in 2024; BNS final: 12,732. (c) 68.99 %
    part = view.figure(parse_cell("emigrants:KAZ:RUS:2024"))
    whole = view.figure(parse_cell("emigrants:KAZ:WORLD:2024"))
    assert (part.value, whole.value) == (8784, 12732)
    assert round_half_up(share(part, whole).value, 2) == 68.99


@pytest.mark.parametrize(
    ("day", "arrived", "left", "net", "status"),
    [
        # BNS, February 2025, as The Tenge prints it
        ("2025-03-01", 29948, 12784, 17164, "P"),
        # BNS, final, March or April 2025
        ("2025-05-20", 29282, 12732, 16550, "A"),
    ],
)
def test_2024_was_revised(store, kaz, day, arrived, left, net, status):
    view = on(store, kaz, day)
    for measure, number in (
        ("immigrants", arrived),
        ("emigrants", left),
        ("net_migration", net),
    ):
        row = view.row(parse_cell(f"{measure}:KAZ:WORLD:2024"))
        assert (row.value, row.obs_status) == (number, status), measure


def test_what_was_known_on_1_march_2025(store, kaz):
    view = on(store, kaz, "2025-03-01")
    assert value(view, "emigrants:KAZ:WORLD:2024") == 12784
    assert view.row(parse_cell("emigrants:KAZ:WORLD:2024")).certainty == "known"
    for measure in ("emigrants", "immigrants", "net_migration"):
        of_2025 = [str(c) for c in view.cells(measure) if c.time_period.startswith("2025")]
        assert not of_2025
    later = on(store, kaz, "2025-05-20")
    assert any(c.time_period.startswith("2025") for c in later.cells("emigrants"))


def test_the_third_quarter_of_2023_was_negative(view):
    # BNS provisional: 6M 2023 13,652/6,996 (Kazinform), 9M 19,136/12,732 (Kyzylorda vesti).
    # (c) Q3: 5,484 arrived, 5,736 left, -252
    parts = []
    for measure in ("immigrants", "emigrants"):
        nine = view.figure(parse_cell(f"{measure}:KAZ:WORLD:2023-01/2023-09"))
        six = view.figure(parse_cell(f"{measure}:KAZ:WORLD:2023-01/2023-06"))
        parts.append(of_cumulated(nine, six))
    arrived, left = (part.figure for part in parts)
    assert (arrived.value, left.value) == (5484, 5736)
    net = balance(arrived, left)
    assert (net.value, net.time_period, net.status) == (-252, "2023-Q3", "P")
    assert not any(part.mixed_vintages for part in parts)


def test_years_of_rise(view):
    # BNS 1991-2025. The article says 2006-2008 and 2013-2019 only.
    years = view.years(parse_cell("emigrants:KAZ:WORLD:2024"))
    found = [int(figure.time_period) for figure in rises(years)]
    assert [year for year in found if year <= 2000] == [1992, 1993, 1994, 1997]
    later = [2007, 2008, 2011, *range(2014, 2020), 2021]
    assert [year for year in found if year > 2000] == later


def test_peaks_and_troughs(view):
    turns = turning_points(view.years(parse_cell("emigrants:KAZ:WORLD:2024")))
    by_kind = {"peak": [], "trough": []}
    for turn in turns:
        by_kind[turn.kind].append(int(turn.figure.time_period))
    assert by_kind["peak"] == [1994, 1997, 2008, 2011, 2019, 2021]
    assert by_kind["trough"] == [1996, 2006, 2010, 2013, 2020]


def test_population_is_684_cells_of_36_years(store, kaz):
    # BNS, population at 1 January 1991-2026: the nation and 16 units to 2008, 20 from 2009.
    rows = list(read(store, kaz, Query(measure="population", preferred=False)))
    own = [row for row in rows if row.source == "bns-population"]
    assert len(own) == 684
    assert len({row.cell for row in own}) == 684
    assert {row.cell.time_period for row in own} == {f"{y}-01-01" for y in range(1991, 2027)}
    for year in range(1991, 2027):
        of_year = {r.cell.ref_area: r.value for r in own if r.cell.time_period[:4] == str(year)}
        nation = of_year.pop("KAZ")
        assert set(of_year) == set(kaz.partition("16" if year <= 2008 else "20")), year
        assert sum(of_year.values()) == nation, year


def test_the_other_population_rows_are_kept_apart(store, kaz):
    # Provisional editions of other pages, and yearly averages: never in the series.
    rows = [
        row
        for measure in ("population", "population_average")
        for row in read(store, kaz, Query(measure=measure, preferred=False))
        if row.source != "bns-population"
    ]
    assert len(rows) == 12
    averages = [row for row in rows if row.cell.measure == "population_average"]
    assert all(row.cell.period.kind == "year" for row in averages)
    assert averages
    rivals = {row.value for row in rows if row.cell.measure == "population"}
    # 1 January 2023 and 2025: provisional 19,765,004 and 20,286,084
    assert {19765004, 20286084} <= rivals


def test_final_population_is_preferred_to_provisional(view):
    assert value(view, "population:KAZ:WORLD:2023-01-01") == 19766807
    assert value(view, "population:KAZ:WORLD:2025-01-01") == 20283399


@pytest.mark.parametrize(
    ("base", "arrivals", "departures"),
    [
        # Release of 9 February 2026, against provisional 2024
        ("tenge-2025-02", -20.7, -40.5),
        # Release of 13 March 2026, against final 2024
        ("asb-media-2025", -18.9, -40.2),
    ],
)
def test_two_sets_of_growth_rates_on_two_bases(view, base, arrivals, departures):
    for measure, printed in (("immigrants", arrivals), ("emigrants", departures)):
        now = view.figure(parse_cell(f"{measure}:KAZ:WORLD:2025"))
        before = view.print(by_source(view, f"{measure}:KAZ:WORLD:2024", base))
        assert round_half_up(percent_change(now, before).value, 1) == printed


@pytest.mark.parametrize("measure", ["emigrants", "immigrants"])
@pytest.mark.parametrize("year", range(2016, 2026))
def test_partners_close(view, measure, year):
    # CIS Stat facts 44243 and 44245: ten partners are the CIS, with the others the world.
    group = value(view, f"{measure}:KAZ:CIS:{year}")
    assert sum(value(view, f"{measure}:KAZ:{code}:{year}") for code in CIS) == group
    others = value(view, f"{measure}:KAZ:NON_CIS:{year}")
    assert group + others == value(view, f"{measure}:KAZ:WORLD:{year}")


@pytest.mark.parametrize("year", range(2000, 2025))
def test_arrivals_less_departures_are_the_balance(view, year):
    sides = [
        view.figure(parse_cell(f"{m}:KAZ:WORLD:{year}")) for m in ("immigrants", "emigrants")
    ]
    printed = value(view, f"net_migration:KAZ:WORLD:{year}")
    assert balance(*sides).value == printed
    assert balance(*sides).low == balance(*sides).high


def test_a_source_that_cuts_digits_off_still_holds_the_exact_figure(view):
    # Sputnik prints 32.2 thousand for 32,256 (2021).
    row = by_source(view, "emigrants:KAZ:WORLD:2021", "sputnik-2022-02")
    assert row.value == 32200
    assert 32256 in row.interval
    assert value(view, "emigrants:KAZ:WORLD:2021") == 32256


def test_equal_numbers_in_different_cells_stay_apart(view):
    # 12,732 left in January-September 2023 (provisional), and in the whole of 2024 (final).
    one = view.row(parse_cell("emigrants:KAZ:WORLD:2023-01/2023-09"))
    two = view.row(parse_cell("emigrants:KAZ:WORLD:2024"))
    assert one.value == two.value == 12732
    assert one.id != two.id
    assert (one.obs_status, two.obs_status) == ("P", "A")


def test_almaty_city_and_almaty_region_never_share_a_row(store, kaz):
    rows = list(read(store, kaz, Query(preferred=False)))
    of = {
        code: {(row.file, row.row): row for row in rows if row.cell.ref_area == code}
        for code in ("KZ-75", "KZ-19", "KZ-ALM")
    }
    assert all(of.values())
    # Q1 2025: asb-media prints "Almaty (1,649)" for the region and 687 for the city.
    quarter = [row for row in rows if row.cell.time_period == "2025-Q1"]
    assert {row.cell.ref_area for row in quarter if row.value == 1649} == {"KZ-19"}
    assert {row.cell.ref_area for row in quarter if row.value == 687} == {"KZ-75"}
    # The region in its old borders has another code than in those of June 2022.
    years = {
        code: {
            row.cell.time_period[:4]
            for row in of[code].values()
            if row.source == "bns-population"
        }
        for code in of
    }
    assert not years["KZ-19"] & years["KZ-ALM"]
    assert years["KZ-75"] == {str(year) for year in range(1991, 2027)}


def test_karaganda_of_2021_has_its_old_borders(view):
    # Ranking.kz, February 2022: 4,603 left Karaganda Region, 4,078 East Kazakhstan.
    assert value(view, "emigrants:KZ-KAR:WORLD:2021") == 4603
    assert value(view, "emigrants:KZ-VOS:WORLD:2021") == 4078
    assert view.row(parse_cell("emigrants:KZ-35:WORLD:2021")) is None
    # 2024: Karaganda 1,588, North Kazakhstan 2,133, East Kazakhstan 1,195, in today's borders.
    top = {"KZ-59": 2133, "KZ-35": 1588, "KZ-63": 1195}
    assert {code: value(view, f"emigrants:{code}:WORLD:2024") for code in top} == top


def test_no_area_has_a_flow_outside_its_life(store, kaz):
    """A unit formed in 2022 has no flow of 2021; one that ended in 2022 has none of 2023."""
    wrong = []
    for row in read(store, kaz, Query(preferred=False)):
        area = kaz.areas.get(row.cell.ref_area) if row.cell.ref_area in kaz.areas else None
        if area is None or row.source.startswith("bns-population"):
            continue  # the office recast population back to 2009 in the borders of 2022
        year = row.cell.period.year
        born, died = area.fields["valid_from"][:4], area.fields["valid_to"][:4]
        if year and ((born and year < int(born)) or (died and year > int(died))):
            wrong.append(str(row.cell))
    assert not wrong


def test_kyrgyzstan(view):
    # CIS Stat 2016-2025; the article says "about 300 a year", which holds for 2024 alone.
    series = view.years(Cell("emigrants", "KAZ", "KGZ", "2024"))
    assert [int(figure.value) for figure in series.values()] == [
        144, 195, 204, 177, 85, 122, 175, 232, 317, 400,
    ]  # fmt: skip


def test_mirror_counts_never_meet_the_own(view):
    # Russia counted 48,465 arrivals from Kazakhstan in 2023, Kazakhstan 11,737 departures.
    own = value(view, "emigrants:KAZ:RUS:2023")
    theirs = value(view, "mirror_immigrants:RUS:KAZ:2023")
    assert (own, theirs) == (11737, 48465)
    assert len(view.rows(parse_cell("emigrants:KAZ:RUS:2023"))) == len(
        [r for r in view.rows(parse_cell("emigrants:KAZ:RUS:2023")) if r.value < 20000]
    )
