"""A year from its first months: shares, rounding, and what the past must give."""

import numpy as np
import pytest

from qonys.core.errors import DataError
from qonys.forecast.part_years import Part, has_parts, nowcast_year, parts_of, read_parts

CUMULATED = np.cumsum([5, 6, 8, 9, 10, 10, 11, 12, 10, 8, 6, 5]) / 100


def history(rng, years=15, noise=0.0, months=(3, 6, 9)):
    totals, parts = {}, []
    for year in range(2010, 2010 + years):
        total = float(round(10_000 * np.exp(rng.normal() * 0.15)))
        totals[str(year)] = total
        for month in months:
            share = CUMULATED[month - 1] + noise * rng.normal()
            parts.append(Part(str(year), month, float(round(total * share))))
    return totals, parts


def by_basis(found):
    return {one.basis: one for one in found}


def test_steady_shares_tell_the_year_from_its_first_quarter():
    totals, parts = history(np.random.default_rng(1))
    now = [Part("2025", 3, 2400.0)]
    told = by_basis(nowcast_year("x", totals, [*parts, *now]))
    expected = 2400 / CUMULATED[2]
    assert told["parts"].median == pytest.approx(expected, rel=0.03)
    assert told["nowcast"].low_95 < expected < told["nowcast"].high_95
    width = {key: one.high_95 - one.low_95 for key, one in told.items()}
    assert width["nowcast"] < width["forecast"] / 2


def test_more_months_leave_less_open():
    totals, parts = history(np.random.default_rng(2), noise=0.03)
    widths = []
    for months in (3, 6, 9):
        now = [Part("2025", at, 11_000 * CUMULATED[at - 1]) for at in (3, 6, 9) if at <= months]
        one = by_basis(nowcast_year("x", totals, [*parts, *now]))["nowcast"]
        assert one.low_95 > now[-1].value
        widths.append(one.high_95 - one.low_95)
    assert widths[0] > widths[1] > widths[2]


def test_intervals_hold_the_year():
    rng = np.random.default_rng(3)
    held = []
    for _ in range(40):
        totals, parts = history(rng, years=9, noise=0.02)
        came = totals.pop("2018")
        known = [one for one in parts if one.year < "2018" or one.months <= 6]
        one = by_basis(nowcast_year("x", totals, known, "2018"))["nowcast"]
        held.append(one.low_95 <= came <= one.high_95)
    assert np.mean(held) >= 0.9


def test_a_rounded_part_says_less():
    totals, parts = history(np.random.default_rng(4), months=(9,))
    exact, rough = (
        by_basis(nowcast_year("x", totals, [*parts, Part("2025", 9, 8000.0, precision)]))[
            "parts"
        ]
        for precision in (1.0, 1000.0)
    )
    assert rough.high_95 - rough.low_95 > exact.high_95 - exact.low_95


def test_parts_begin_in_january_and_what_follows_is_added():
    assert parts_of({"2025-Q1": (5.0, 1.0)}) == [Part("2025", 3, 5.0)]
    assert parts_of({"2025-01/2025-04": (5.0, 100.0)}) == [Part("2025", 4, 5.0, 100.0)]
    quarters = {"2025-Q1": (5.0, 1.0), "2025-Q2": (7.0, 1.0), "2025-Q4": (9.0, 1.0)}
    assert parts_of(quarters) == [Part("2025", 3, 5.0), Part("2025", 6, 12.0, 2.0)]
    told_twice = {"2025-Q1": (5.0, 1.0), "2025-Q2": (7.0, 1.0), "2025-01/2025-06": (12.5, 0.5)}
    assert parts_of(told_twice)[-1] == Part("2025", 6, 12.5, 0.5)
    for period in ("2025", "2025-Q2", "2025-02/2025-05", "2025-01/..", "2025-11/2026-02"):
        assert parts_of({period: (5.0, 1.0)}) == []


def test_files_of_years_and_parts_are_told_from_series(tmp_path):
    file = tmp_path / "parts.csv"
    rows = ["period,series,value,precision", "2023,a,100,", "2023-Q1,a,20,", "2024,a,110,"]
    file.write_text("\n".join([*rows, "2024-01/2024-04,a,30,10"]), encoding="utf-8")
    assert has_parts(file)
    totals, parts = read_parts(file)["a"]
    assert totals == {"2023": 100.0, "2024": 110.0}
    assert parts == [Part("2023", 3, 20.0), Part("2024", 4, 30.0, 10.0)]
    file.write_text("period,value\n2024-01,5\n2024-02,6\n", encoding="utf-8")
    assert not has_parts(file)
    file.write_text("period,value\n2024,5\n2024,6\nsoon,7\n2025-Q1,many\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_parts(file)
    assert len(caught.value.faults) == 3


def test_impossible_years_are_faults():
    totals, parts = history(np.random.default_rng(5))
    with pytest.raises(DataError, match="known in part only"):
        nowcast_year("x", totals, parts)
    with pytest.raises(DataError, match="no earlier part"):
        nowcast_year("x", totals, [Part("2025", 3, 2000.0)])
    with pytest.raises(DataError, match="negative"):
        nowcast_year("x", totals, [*parts, Part("2025", 3, -2000.0)])


def test_a_year_is_as_sure_as_its_shares_and_never_below_its_parts():
    totals = {str(year): 1000.0 for year in range(2010, 2025)}
    parts = [Part(year, 3, 300.0) for year in totals]
    one = by_basis(nowcast_year("x", totals, [*parts, Part("2025", 3, 300.0)]))["nowcast"]
    assert one.median == pytest.approx(1000, rel=0.002)
    late = [Part(year, 11, 985.0) for year in totals]
    one = by_basis(nowcast_year("x", totals, [*late, Part("2025", 11, 2000.0)]))["nowcast"]
    assert one.low_95 >= 1999.5


def test_impossible_parts_of_a_file_are_faults(tmp_path):
    file = tmp_path / "parts.csv"
    rows = ["period,series,value,precision", "2023,a,100,", "2023-Q1,a,200,"]
    rows += ["2024-Q1,a,50,", "2024-01/2024-06,a,40,", "2024-01/2024-09,a,60,-5"]
    rows += ["2025-01/2026-06,a,70,", "2024-01/2024-03,a,50,"]
    file.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_parts(file)
    told = "; ".join(str(fault) for fault in caught.value.faults)
    for problem in (
        "more than the year",
        "less than 3",
        "above 0",
        "no period of a year",
        "twice",
    ):
        assert problem in told
