"""How a case ends: decided, appealed, reviewed, reversed, closed; and signs that then rest.

For `case_store` and whoever calls it. Main types: `Decide`, `FileAppeal`, `ReviewAppeal`,
`Reverse`, `CloseCase`, `GiveFeedback`. What ends in the client's favour ends every hold and
clears every list in the same step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, ClassVar

from qonys.core.errors import DataError, Fault
from qonys.oversight.case_holds import end_text, free
from qonys.oversight.case_operations import ANY_STATUS, Operation, Step, file_of
from qonys.oversight.case_roles import AGAINST, RefusedError
from qonys.oversight.cases import (
    FREE,
    OUTCOMES,
    Appeal,
    Case,
    Cleared,
    Decision,
    Feedback,
    require_code,
    require_text,
)

_LONGEST_FEEDBACK = timedelta(days=366)


@dataclass(frozen=True)
class Decide(Operation):
    """Decide a case; unless it is confirmed, every hold ends and every list is cleared.

    Parameters
    ----------
    outcome : str
        One of `cases.OUTCOMES`.
    reason : str
        Why.
    lists : tuple of str
        Lists and systems on which the account is put; only where it is confirmed.
    cleared : tuple of str
        Lists and systems that were told to take the account off; only where it is not.
    """

    action: ClassVar[str] = "decide"
    states: ClassVar[frozenset[str]] = frozenset({"examining"})
    outcome: str
    reason: str
    lists: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        if self.outcome not in OUTCOMES:
            way_out = f"Outcomes: {', '.join(OUTCOMES)}."
            raise DataError(
                Fault("no outcome", file_of(case), None, "outcome", self.outcome, way_out)
            )
        confirmed = self.outcome == "confirmed"
        if confirmed:
            _require_against(case, step)
        wrong = self.cleared if confirmed else self.lists
        if wrong:
            column = "cleared" if confirmed else "lists"
            problem = f"does not go with the outcome {self.outcome}"
            raise DataError(Fault(problem, file_of(case), None, column, ", ".join(wrong)))
        why = require_text(self.reason, "reason", case, judging=confirmed)
        lists = tuple(require_code(name, "lists") for name in self.lists)
        decision = Decision(self.outcome, why, step.actor.name, step.at, lists)
        if not confirmed:
            case = free(_cleared(case, self.cleared, step), step, why)
        return step.into(case, "decided", decisions=(*case.decisions, decision))

    def shown(self, case: Case) -> Mapping[str, object]:
        """As in `Operation`."""
        return {
            "outcome": self.outcome,
            "lists": list(self.lists),
            "lists_cleared": list(self.cleared),
        }


@dataclass(frozen=True)
class FileAppeal(Operation):
    """Take in what a client says against a hold, a list or a decision.

    Parameters
    ----------
    text : str
        In the client's words.
    """

    action: ClassVar[str] = "appeal"
    states: ClassVar[frozenset[str]] = frozenset(
        {"suspicion", "examining", "decided", "closed"}
    )
    text: str

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        if not case.against:
            problem = "nothing was done against the client, so there is nothing to appeal"
            way_out = "Write down what they say as a note."
            raise DataError(Fault(problem, file_of(case), way_out=way_out))
        words = require_text(self.text, "text", case, judging=True)
        appeal = Appeal(words, step.actor.name, step.at, case.status, case.clock)
        return step.into(case, "appealed", appeals=(*case.appeals, appeal))


@dataclass(frozen=True)
class ReviewAppeal(Operation):
    """Answer an appeal; where it is granted every hold ends at once.

    Parameters
    ----------
    granted : bool
        Whether it is.
    answer : str
        Why.
    """

    action: ClassVar[str] = "review"
    states: ClassVar[frozenset[str]] = frozenset({"appealed"})
    granted: bool
    answer: str

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        if step.actor.name in {*case.acted, case.assignee}:
            problem = "who acted on a case does not review its appeal"
            way_out = "A reviewer who took no part in it answers the appeal."
            raise RefusedError("independence", Fault(problem, file_of(case), way_out=way_out))
        why = require_text(self.answer, "answer", case)
        last = replace(
            case.appeals[-1],
            result="granted" if self.granted else "refused",
            answer=why,
            reviewer=step.actor.name,
            answered=step.at,
        )
        case = replace(case, appeals=(*case.appeals[:-1], last))
        if self.granted:
            decision = Decision("unfounded", why, step.actor.name, step.at)
            case = free(case, step, "the appeal was granted")
            return step.into(case, "granted", decisions=(*case.decisions, decision))
        back: Any = last.before
        return replace(case, status=back, clock=last.clock)

    def shown(self, case: Case) -> Mapping[str, object]:
        """As in `Operation`."""
        return {"result": "granted" if self.granted else "refused"}


@dataclass(frozen=True)
class Reverse(Operation):
    """Take everything back: holds end, every list is cleared, the signs rest for a while.

    Parameters
    ----------
    reason : str
        Why.
    lists_cleared : tuple of str
        Lists and systems that were told to take the account off; all on which it is.
    feedback_until : date
        The first day on which the signs of this case count again for this account.
    """

    action: ClassVar[str] = "reverse"
    states: ClassVar[frozenset[str]] = frozenset({"granted", "decided"})
    reason: str
    lists_cleared: tuple[str, ...]
    feedback_until: date

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        if case.status == "decided":
            _require_own_motion(case, step)
        why = require_text(self.reason, "reason", case)
        case = free(_cleared(case, self.lists_cleared, step), step, why)
        until = _feedback_day(self.feedback_until, case, step)
        signs = dict.fromkeys(reason.sign for reason in case.reasons)
        rests = tuple(Feedback(sign, until, step.actor.name, step.at) for sign in signs)
        decisions = case.decisions
        if case.outcome != "unfounded":
            decisions = (*decisions, Decision("unfounded", why, step.actor.name, step.at))
        feedback = (*case.feedback, *rests)
        return step.into(case, "reversed", feedback=feedback, decisions=decisions)

    def shown(self, case: Case) -> Mapping[str, object]:
        """As in `Operation`."""
        return {
            "lists_cleared": list(self.lists_cleared),
            "feedback_until": self.feedback_until.isoformat(),
        }


@dataclass(frozen=True)
class CloseCase(Operation):
    """Close a case that is decided or reversed."""

    action: ClassVar[str] = "close"
    states: ClassVar[frozenset[str]] = frozenset({"decided", "reversed"})

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        live = [hold for hold in case.live_holds(step.at) if hold.grade not in FREE]
        if live:
            numbers = ", ".join(str(hold.number) for hold in live)
            way_out = f"Lift them, or wait until {max(end_text(hold) for hold in live)}."
            problem = f"holds are in force: {numbers}"
            raise DataError(Fault(problem, file_of(case), way_out=way_out))
        case = free(case, step, "the case was closed")
        return step.into(case, "closed")


@dataclass(frozen=True)
class GiveFeedback(Operation):
    """Let a sign rest for this account until a day.

    Parameters
    ----------
    sign : str
        Its code.
    until : date
        The first day on which it counts again.
    """

    action: ClassVar[str] = "feedback"
    states: ClassVar[frozenset[str]] = ANY_STATUS
    sign: str
    until: date

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        sign = require_code(self.sign, "sign")
        until = _feedback_day(self.until, case, step)
        one = Feedback(sign, until, step.actor.name, step.at)
        return replace(case, feedback=(*case.feedback, one))

    def shown(self, case: Case) -> Mapping[str, object]:
        """As in `Operation`."""
        return {"sign": self.sign, "until": self.until.isoformat()}


def _cleared(case: Case, names: tuple[str, ...], step: Step) -> Case:
    """A case whose every list was told to take the account off."""
    told = tuple(dict.fromkeys(require_code(name, "lists_cleared") for name in names))
    left = [name for name in case.listed if name not in told]
    if left:
        problem = "the account would stay on a list"
        way_out = "Tell these lists and systems first, then name them."
        value = ", ".join(left)
        raise DataError(Fault(problem, file_of(case), None, "lists_cleared", value, way_out))
    done = tuple(Cleared(name, step.actor.name, step.at) for name in told)
    return replace(case, cleared=(*case.cleared, *done))


def _require_against(case: Case, step: Step) -> None:
    """A decision against a client is another person's than who opened or examined the case."""
    if step.actor.role not in AGAINST:
        way_out = f"May: {', '.join(sorted(AGAINST))}."
        problem = f"the role {step.actor.role} may not confirm a suspicion"
        raise RefusedError("role", Fault(problem, file_of(case), way_out=way_out))
    if step.actor.name in (case.opener, case.assignee):
        problem = "who opened or examined a case does not confirm it"
        way_out = "Another approver or supervisor decides."
        raise RefusedError("four_eyes", Fault(problem, file_of(case), way_out=way_out))


def _require_own_motion(case: Case, step: Step) -> None:
    """Without an appeal approvers and supervisors reverse a confirmed case."""
    if step.actor.role not in AGAINST:
        problem = f"the role {step.actor.role} reverses a case only after an appeal"
        raise RefusedError("role", Fault(problem, file_of(case)))
    if case.outcome != "confirmed":
        problem = f"the case was decided: {case.outcome}; there is nothing to reverse"
        raise DataError(Fault(problem, file_of(case), way_out="Close it."))


def _feedback_day(until: date, case: Case, step: Step) -> date:
    """A day to come, at most a year away."""
    today = step.at.astimezone(step.clocks.zone).date()
    if not today < until <= today + _LONGEST_FEEDBACK:
        way_out = f"After {today} and at most {_LONGEST_FEEDBACK.days} days later."
        raise DataError(
            Fault("no end of a rest", file_of(case), None, "until", str(until), way_out)
        )
    return until
