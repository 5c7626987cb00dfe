"""Holds of a case: proposed, approved, lifted, and ended by their clock.

For `case_store` and whoever calls it. Main types: `ProposeHold`, `ApproveHold`, `LiftHold`. A
clock of law begins once in a case, with the first hold that it times: a new hold does not
begin it anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from qonys.core.errors import DataError, Fault
from qonys.oversight.audit import moment_text
from qonys.oversight.case_operations import Operation, Step, file_of
from qonys.oversight.case_roles import RefusedError
from qonys.oversight.cases import (
    FOUR_EYES,
    GRADES,
    SCOPED,
    Case,
    Hold,
    require_code,
    require_text,
)


@dataclass(frozen=True)
class ProposeHold(Operation):
    """Propose a hold; one that needs no second person holds at once.

    Parameters
    ----------
    grade : str
        One of `cases.GRADES`.
    reason : str
        Why, for the staff.
    scope : str
        What it reaches: a transaction, an amount, a channel; shown to the client.
    clock : str
        The clock that ends it; empty for the usual one of its grade.
    lists : tuple of str
        Lists and systems on which it puts the account.
    four_eyes : bool
        Whether a second person is asked though the grade does not need one.
    """

    action: ClassVar[str] = "propose"
    states: ClassVar[frozenset[str]] = frozenset({"suspicion", "examining", "decided"})
    grade: str
    reason: str
    scope: str = ""
    clock: str = ""
    lists: tuple[str, ...] = ()
    four_eyes: bool = False

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        _require_holdable(case)
        clock = self._clock(case, step)
        scope = self.scope.strip()
        if self.grade in SCOPED or scope:
            scope = require_text(self.scope, "scope", case)
        hold = Hold(
            number=len(case.holds) + 1,
            grade=self.grade,
            scope=scope,
            reason=require_text(self.reason, "reason", case),
            clock=clock,
            lists=tuple(require_code(name, "lists") for name in self.lists),
            by=step.actor.name,
            proposed=step.at,
        )
        if self.grade in FOUR_EYES or self.four_eyes:
            _end_of(case, clock, step)  # a hold that could not begin is not proposed
            hold = replace(hold, lapses=step.clock("proposal").until)
        else:
            hold = _begun(case, hold, step)
        silent = case.silent or clock == "fiu_answer"
        return replace(case, holds=(*case.holds, hold), silent=silent)

    def _clock(self, case: Case, step: Step) -> str:
        """The clock that ends it."""
        if self.grade not in GRADES:
            way_out = f"Grades: {', '.join(GRADES)}."
            raise DataError(
                Fault("no grade of a hold", file_of(case), None, "grade", self.grade, way_out)
            )
        usual = step.clocks.grades.get(self.grade, ())
        if not usual or (self.clock and self.clock not in usual):
            way_out = f"For {self.grade}: {', '.join(usual) or 'none in this country'}."
            problem = "no clock for this hold"
            raise DataError(Fault(problem, file_of(case), None, "clock", self.clock, way_out))
        return self.clock or usual[0]

    def shown(self, case: Case) -> Mapping[str, object]:
        """As in `Operation`."""
        return _hold_shown(case.holds[-1])


@dataclass(frozen=True)
class ApproveHold(Operation):
    """Approve a proposed hold; it holds from now.

    Parameters
    ----------
    number : int
        Of the hold.
    """

    action: ClassVar[str] = "approve"
    states: ClassVar[frozenset[str]] = ProposeHold.states
    number: int

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        _require_holdable(case)
        hold = _hold(case, self.number)
        if hold.state(step.at) != "proposed":
            problem = f"hold {hold.number} is {hold.state(step.at)}, not proposed"
            raise DataError(Fault(problem, file_of(case), way_out="Propose it anew."))
        if hold.by == step.actor.name:
            problem = "who proposed a hold does not approve it"
            way_out = "Another person with the role approver approves it."
            raise RefusedError("four_eyes", Fault(problem, file_of(case), way_out=way_out))
        held = replace(_begun(case, hold, step), approved_by=step.actor.name)
        return _with_holds(case, {hold.number: held})

    def shown(self, case: Case) -> Mapping[str, object]:
        """As in `Operation`."""
        return _hold_shown(_hold(case, self.number))


@dataclass(frozen=True)
class LiftHold(Operation):
    """End a hold, or withdraw a proposal, before its clock does.

    Parameters
    ----------
    number : int
        Of the hold.
    reason : str
        Why.
    """

    action: ClassVar[str] = "lift"
    number: int
    reason: str

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        hold = _hold(case, self.number)
        if hold.state(step.at) not in ("in force", "proposed"):
            problem = f"hold {hold.number} is {hold.state(step.at)}: there is nothing to lift"
            raise DataError(Fault(problem, file_of(case)))
        why = require_text(self.reason, "reason", case)
        return _with_holds(case, {hold.number: _ended(hold, step, why)})

    def shown(self, case: Case) -> Mapping[str, object]:
        """As in `Operation`."""
        return {"hold": self.number}


def free(case: Case, step: Step, why: str) -> Case:
    """A case whose every hold and proposal has ended.

    Parameters
    ----------
    case : Case
        The case.
    step : Step
        Who ends them, and when.
    why : str
        Why.
    """
    live = [hold for hold in case.holds if hold.state(step.at) in ("in force", "proposed")]
    return _with_holds(case, {hold.number: _ended(hold, step, why) for hold in live})


def end_text(hold: Hold) -> str:
    """When a hold ends; empty while it has not begun.

    Parameters
    ----------
    hold : Hold
        The hold.
    """
    return moment_text(hold.until) if hold.until is not None else ""


def _hold(case: Case, number: int) -> Hold:
    """The hold of a number."""
    if not 1 <= number <= len(case.holds):
        way_out = (
            f"Holds of this case: 1 to {len(case.holds)}." if case.holds else "It has none."
        )
        raise DataError(
            Fault("no such hold", file_of(case), None, "hold", str(number), way_out)
        )
    return case.holds[number - 1]


def _hold_shown(hold: Hold) -> dict[str, object]:
    """What the trail says of a hold."""
    ends = {"until": end_text(hold)} if hold.until is not None else {}
    return {"hold": hold.number, "grade": hold.grade, "clock": hold.clock, **ends}


def _with_holds(case: Case, changed: Mapping[int, Hold]) -> Case:
    return replace(case, holds=tuple(changed.get(hold.number, hold) for hold in case.holds))


def _require_holdable(case: Case) -> None:
    """After a decision only a confirmed suspicion carries a hold."""
    if case.status == "decided" and case.outcome != "confirmed":
        problem = f"the case was decided: {case.outcome}"
        raise DataError(Fault(problem, file_of(case), way_out="A new alert opens a new case."))


def _end_of(case: Case, clock: str, step: Step) -> tuple[datetime, bool]:
    """When a hold ends: a clock begins once in a case, with the first hold that it times."""
    starts = [hold.start for hold in case.holds if hold.clock == clock and hold.start]
    end = step.clocks.end(clock, min([*starts, step.at]))
    if end.until <= step.at:
        problem = f"the term {clock} of this case ran out at {moment_text(end.until)}"
        way_out = "A term is not begun anew; decide the case."
        raise DataError(Fault(problem, file_of(case), None, "clock", "", way_out))
    return end.until, end.exact


def _begun(case: Case, hold: Hold, step: Step) -> Hold:
    until, exact = _end_of(case, hold.clock, step)
    return replace(hold, start=step.at, until=until, exact=exact)


def _ended(hold: Hold, step: Step, why: str) -> Hold:
    return replace(hold, ended=step.at, ended_by=step.actor.name, ended_why=why)
