from datetime import date

import pytest

from qonys.core.dated import Dated, Spell
from qonys.core.errors import RuleError

FIRST = Spell("old", date(2022, 1, 1), date(2022, 6, 7))
SECOND = Spell("new", date(2022, 6, 8))


def test_the_value_of_a_day_and_its_edges():
    borders = Dated("borders", [SECOND, FIRST])
    assert borders.in_force(date(2022, 1, 1)).value == "old"
    assert borders.in_force(date(2022, 6, 7)).value == "old"
    assert borders.in_force(date(2022, 6, 8)).value == "new"
    assert borders.in_force(date(2099, 1, 1)).value == "new"


def test_before_the_first_day_the_error_names_the_known_periods():
    with pytest.raises(RuleError) as caught:
        Dated("borders", [FIRST, SECOND]).in_force(date(2021, 12, 31))
    text = str(caught.value)
    for part in ("borders", "2021-12-31", "2022-01-01 to 2022-06-07", "2022-06-08 to .."):
        assert part in text


def test_nothing_at_all_is_known():
    with pytest.raises(RuleError, match="Known: nothing"):
        Dated("borders", []).in_force(date(2021, 1, 1))


def test_two_values_on_one_day_are_refused():
    with pytest.raises(RuleError, match="two values hold on 2022-06-07"):
        Dated("borders", [FIRST, Spell("new", date(2022, 6, 7))])


def test_an_open_spell_before_another_is_an_overlap():
    with pytest.raises(RuleError, match="two values hold"):
        Dated("borders", [Spell("old", date(2022, 1, 1)), SECOND])


def test_a_silent_gap_is_refused_and_a_declared_one_allowed():
    late = Spell("new", date(2022, 6, 10))
    with pytest.raises(RuleError, match="no value between 2022-06-07 and 2022-06-10"):
        Dated("borders", [FIRST, late])
    declared = Dated("borders", [FIRST, late], gaps=True)
    assert declared.in_force(date(2022, 6, 10)).value == "new"
    with pytest.raises(RuleError, match="nothing known on 2022-06-09"):
        declared.in_force(date(2022, 6, 9))


def test_every_fault_is_reported_at_once():
    backwards = Spell("bad", date(2020, 5, 1), date(2020, 4, 1))
    with pytest.raises(RuleError) as caught:
        Dated("borders", [backwards, FIRST, Spell("new", date(2022, 6, 1))])
    text = str(caught.value)
    assert "ends 2020-04-01 before it starts 2020-05-01" in text
    assert "two values hold on 2022-06-01" in text
