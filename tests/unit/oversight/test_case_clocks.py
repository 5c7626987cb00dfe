"""Clocks: terms by day, working days, faults of the file."""

from datetime import UTC, date, datetime

import pytest

from qonys.core.errors import DataError, RuleError
from qonys.oversight.case_clocks import load_clocks, read_clocks
from qonys.oversight.cases import GRADES, STATUS_CLOCKS
from qonys.rules.calendar import WorkingCalendar

WEEK = WorkingCalendar(known=(2025, 2026))


@pytest.fixture(scope="module")
def clocks():
    return load_clocks("KAZ")


def at(day, hour=9):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "last"),
    [
        (date(2025, 8, 25), date(2025, 8, 28)),  # three working days
        # Sunday: five. Monday 1 September is a day off in the calendar.
        (date(2025, 8, 31), date(2025, 9, 8)),
        (date(2025, 8, 30), date(2025, 9, 4)),  # the last day of three
        (date(2026, 3, 2), date(2026, 3, 10)),  # 9 March is a day off
    ],
)
def test_a_hold_ends_after_the_working_days_of_its_law(clocks, start, last):
    end = clocks.end("suspension", at(start))
    local = end.until.astimezone(clocks.zone)
    assert (local.hour, local.minute) == (0, 0)
    assert (local.date() - last).days == 1
    assert end.exact


def test_an_answer_is_awaited_24_hours(clocks):
    start = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert clocks.end("fiu_answer", start).until == datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def test_the_day_is_the_local_one(clocks):
    evening = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)  # the 3rd, one hour past midnight
    assert clocks.end("triage", evening).until == datetime(2026, 3, 4, 19, 0, tzinfo=UTC)


def test_a_year_without_known_days_off_ends_no_later_and_says_so(clocks):
    end = clocks.end("suspension", at(date(2026, 12, 30)))
    assert not end.exact
    # Weekdays alone: 31 December, 1, 4, 5 and 6 January.
    assert end.until.astimezone(clocks.zone).date() == date(2027, 1, 7)


def test_before_the_first_term_there_is_none(clocks):
    with pytest.raises(RuleError, match="nothing known on 2024-05-01"):
        clocks.end("suspension", at(date(2024, 5, 1)))
    with pytest.raises(RuleError, match="no clock tea"):
        clocks.end("tea", at(date(2026, 3, 2)))


def test_every_grade_and_status_has_a_clock(clocks):
    assert set(clocks.grades) == set(GRADES)
    assert all(clocks.grades.values())
    assert set(STATUS_CLOCKS.values()) | {"proposal"} <= set(clocks.terms)


def test_terms_of_law_name_their_source(clocks):
    for dated in clocks.terms.values():
        for spell in dated.spells:
            assert bool(spell.citation) == (spell.value.kind == "law")


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    path = tmp_path / "oversight_clocks.toml"
    path.write_text(
        '[zone]\nutc_offset_hours = 40\n[grades]\naccount = ["none"]\n'
        '[[term]]\nclock = "a"\nkind = "law"\nfrom = 2025-01-01\ncount = 3\nunit = "day"\n'
        '[[term]]\nclock = "b"\nkind = "guess"\nfrom = "soon"\ncount = 0\nunit = "moon"\n'
        '[[term]]\nclock = "c"\nkind = "house"\nfrom = 2025-01-01\ncount = 1\nunit = "day"\n'
        '[[term]]\nclock = "c"\nkind = "house"\nfrom = 2025-02-01\ncount = 1\nunit = "day"\n',
        encoding="utf-8",
    )
    with pytest.raises(DataError) as caught:
        read_clocks(path, WEEK)
    columns = [fault.column for fault in caught.value.faults]
    assert {"term 1.cite", "term 2.kind", "term 2.from", "term 2.count", "term 2.unit"} <= set(
        columns
    )
    assert {"c", "grades.account", "zone.utc_offset_hours"} <= set(columns)


def test_without_a_file_there_are_no_holds(tmp_path):
    with pytest.raises(DataError, match="Without it no hold has an end"):
        read_clocks(tmp_path / "oversight_clocks.toml", WEEK)
    path = tmp_path / "broken.toml"
    path.write_text("[", encoding="utf-8")
    with pytest.raises(DataError, match="not TOML"):
        read_clocks(path, WEEK)
