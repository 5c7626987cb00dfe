"""What may be done to a case: each operation is a value; applied to a case it gives the next.

For `case_store` and whoever calls it; holds are in `case_holds`, what ends a case in
`case_decisions`. Main types: `Operation`, `Step`; main functions: `open_case`, `act`. These
three files are the law of states: nothing is stored and no clock is read in them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from qonys.core.errors import DataError, Fault
from qonys.oversight.audit import moment_text
from qonys.oversight.case_clocks import Clocks
from qonys.oversight.case_reading import client_notice
from qonys.oversight.case_roles import Actor, RefusedError, require_may
from qonys.oversight.cases import (
    STATUS_CLOCKS,
    Case,
    Evidence,
    Note,
    Reason,
    Running,
    Status,
    Told,
    require_code,
    require_text,
    to_plain,
)

ANY_STATUS = frozenset({*STATUS_CLOCKS, "closed"})
OPEN = frozenset(STATUS_CLOCKS)
_SKEW = timedelta(minutes=5)  #: By which clocks of machines may differ.


@dataclass(frozen=True)
class Step:
    """Who does something, when, under which clocks.

    Parameters
    ----------
    actor : Actor
        Who.
    at : datetime
        When, UTC.
    clocks : Clocks
        Of the country.
    """

    actor: Actor
    at: datetime
    clocks: Clocks

    def clock(self, name: str) -> Running:
        """A clock that begins now.

        Parameters
        ----------
        name : str
            Its name.
        """
        end = self.clocks.end(name, self.at)
        return Running(name, self.at, end.until, end.exact)

    def into(self, case: Case, status: Status, **changes: Any) -> Case:
        """A case moved into a status, with the clock of that status.

        Parameters
        ----------
        case : Case
            The case.
        status : Status
            Where it goes.
        **changes : object
            What else changes.
        """
        name = STATUS_CLOCKS.get(status)
        clock = self.clock(name) if name is not None else None
        return replace(case, status=status, clock=clock, **changes)


@dataclass(frozen=True)
class Opening:
    """An alert that becomes a case.

    Parameters
    ----------
    alert, account : str
        The alert, and the pseudonym of its account.
    reasons : tuple of Reason
        Its signs.
    evidence : tuple of (str, str, str)
        Name, SHA-256 and ``client`` or ``others`` of each file.
    silent : bool
        Whether the law forbids to tell the client why.
    """

    alert: str
    account: str
    reasons: tuple[Reason, ...]
    evidence: tuple[tuple[str, str, str], ...] = ()
    silent: bool = False


class Operation:
    """Something that may be done to a case."""

    action: ClassVar[str]
    states: ClassVar[frozenset[str]] = OPEN

    def apply(self, case: Case, step: Step) -> Case:
        """The case after it.

        Parameters
        ----------
        case : Case
            The case before.
        step : Step
            Who, when, under which clocks.
        """
        raise NotImplementedError

    def shown(self, case: Case) -> Mapping[str, object]:
        """What the trail says of it beside the status: no texts, no names.

        Parameters
        ----------
        case : Case
            The case after it.
        """
        return {}

    def request(self) -> dict[str, Any]:
        """The operation as plain data, to tell a repeated call from another one."""
        values = asdict(self) if hasattr(self, "__dataclass_fields__") else {}  # type: ignore[call-overload]
        return {"action": self.action, **{key: to_plain(one) for key, one in values.items()}}


@dataclass(frozen=True)
class Assign(Operation):
    """Give a case to somebody who examines it.

    Parameters
    ----------
    to : str
        Pseudonym; an analyst takes a case, a supervisor gives it.
    """

    action: ClassVar[str] = "assign"
    states: ClassVar[frozenset[str]] = frozenset({"suspicion", "examining"})
    to: str

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        name = Actor(self.to, "analyst", case.unit).name
        if step.actor.role == "analyst" and name != step.actor.name:
            way_out = "Take it yourself, or ask a supervisor."
            problem = "an analyst gives no case to another"
            raise RefusedError("role", Fault(problem, file_of(case), way_out=way_out))
        if case.status == "examining":
            return replace(case, assignee=name)
        return step.into(case, "examining", assignee=name)

    def shown(self, case: Case) -> Mapping[str, object]:
        """As in `Operation`."""
        return {"to": self.to}


@dataclass(frozen=True)
class AddNote(Operation):
    """Write a note.

    Parameters
    ----------
    text : str
        The note.
    """

    action: ClassVar[str] = "note"
    text: str

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        note = Note(require_text(self.text, "text", case), step.actor.name, step.at)
        return replace(case, notes=(*case.notes, note))


@dataclass(frozen=True)
class AddEvidence(Operation):
    """Add a file that speaks for or against.

    Parameters
    ----------
    name, sha256 : str
        Its name and the hash of its bytes.
    about : str
        ``client``, or ``others`` where it names other people.
    """

    action: ClassVar[str] = "evidence"
    name: str
    sha256: str
    about: str = "others"

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        one = _evidence((self.name, self.sha256, self.about), step, file_of(case))
        return replace(case, evidence=(*case.evidence, one))

    def shown(self, case: Case) -> Mapping[str, object]:
        """As in `Operation`."""
        return {"sha256": self.sha256}


@dataclass(frozen=True)
class TellClient(Operation):
    """Write down that the client was shown the notice of this moment.

    Parameters
    ----------
    channel, lang : str
        Where (branch, telephone, application, letter) and in which language.
    said : str
        What was said beside it; nothing where the law forbids to tell why.
    """

    action: ClassVar[str] = "tell"
    states: ClassVar[frozenset[str]] = ANY_STATUS
    channel: str
    lang: str
    said: str = ""

    def apply(self, case: Case, step: Step) -> Case:
        """As in `Operation`."""
        if case.silent and self.said.strip():
            problem = "of this case the client is told the notice and nothing else"
            way_out = "Leave the words out: they could give the report away."
            raise DataError(Fault(problem, file_of(case), column="said", way_out=way_out))
        said = require_text(self.said, "said", case) if self.said.strip() else ""
        told = Told(
            require_code(self.channel, "channel"),
            self.lang,
            client_notice(case, self.lang, step.at, step.clocks),
            said,
            step.actor.name,
            step.at,
        )
        return replace(case, told=(*case.told, told))

    def shown(self, case: Case) -> Mapping[str, object]:
        """As in `Operation`."""
        return {"channel": self.channel, "lang": self.lang, "words": bool(self.said.strip())}


def open_case(
    opening: Opening, step: Step, number: str, salt: str, resting: frozenset[str] = frozenset()
) -> Case:
    """The case of an alert.

    Parameters
    ----------
    opening : Opening
        The alert.
    step : Step
        Who, when, under which clocks.
    number, salt : str
        Its number, and something random.
    resting : frozenset of str
        Signs that rest for the account: they open no case.

    Raises
    ------
    RefusedError
        When the role may not.
    DataError
        With the faults of the alert; or when all of its signs rest.
    """
    require_may(step.actor, "open")
    reasons = tuple(
        Reason(
            require_code(one.sign, "sign"),
            require_text(one.says, "says", None),
            {lang: require_text(text, "client", None) for lang, text in one.client.items()},
        )
        for one in opening.reasons
    )
    if not reasons:
        raise DataError(Fault("no reason", "case", column="reasons", way_out="Name a sign."))
    counting = tuple(one for one in reasons if one.sign not in resting)
    if not counting:
        problem = "every sign of this alert rests for this account"
        way_out = "Feedback of an earlier case says until when."
        value = ", ".join(one.sign for one in reasons)
        raise DataError(Fault(problem, "case", None, "reasons", value, way_out))
    return Case(
        id=number,
        unit=step.actor.unit,
        account=require_code(opening.account, "account"),
        alert=require_code(opening.alert, "alert"),
        salt=salt,
        status="suspicion",
        version=1,
        opened=step.at,
        changed=step.at,
        opener=step.actor.name,
        clock=step.clock(STATUS_CLOCKS["suspicion"]),
        silent=opening.silent,
        reasons=counting,
        evidence=tuple(_evidence(one, step, "case") for one in opening.evidence),
        acted=(step.actor.name,),
    )


def act(case: Case, operation: Operation, step: Step) -> Case:
    """A case after an operation.

    Parameters
    ----------
    case : Case
        The case before.
    operation : Operation
        What is done.
    step : Step
        Who, when, under which clocks.

    Raises
    ------
    RefusedError
        When the actor may not.
    DataError
        When the case does not allow it, or with the faults of what was given.
    """
    require_may(step.actor, operation.action)
    require_unit(case, step.actor)
    if case.changed - step.at > _SKEW:
        problem = f"was changed at {moment_text(case.changed)}, which is still to come"
        raise DataError(
            Fault(problem, file_of(case), way_out="Set this machine's clock right.")
        )
    step = replace(step, at=max(step.at, case.changed))
    if case.status not in operation.states:
        order = [*STATUS_CLOCKS, "closed"]
        possible = ", ".join(one for one in order if one in operation.states)
        way_out = f"Possible while it is: {possible}."
        problem = f"cannot {operation.action} while the case is {case.status}"
        raise DataError(Fault(problem, file_of(case), way_out=way_out))
    after = operation.apply(case, step)
    acted = tuple(dict.fromkeys((*case.acted, step.actor.name)))
    return replace(after, version=case.version + 1, changed=step.at, acted=acted)


def require_unit(case: Case | None, actor: Actor, number: str = "") -> Case:
    """The case, if it is there and of the actor's unit; the fault does not tell which.

    Parameters
    ----------
    case : Case or None
        The case; none where there is none of this number.
    actor : Actor
        Who asks.
    number : str
        Its number, for the fault.

    Raises
    ------
    RefusedError
        Otherwise.
    """
    if case is None or case.unit != actor.unit:
        number = number or (case.id if case is not None else "")
        way_out = "See `qonys oversight case list`."
        fault = Fault("no such case in your unit", "case", value=number[:40], way_out=way_out)
        raise RefusedError("unit", fault)
    return case


def file_of(case: Case) -> str:
    """How a fault names a case.

    Parameters
    ----------
    case : Case
        The case.
    """
    return f"case {case.id}"


def _evidence(told: tuple[str, str, str], step: Step, file: str) -> Evidence:
    name, sha256, about = told
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        way_out = "64 digits and small letters a to f."
        raise DataError(Fault("no SHA-256", file, None, "sha256", sha256[:70], way_out))
    if about not in ("client", "others"):
        way_out = "client, or others where it names other people."
        raise DataError(Fault("about nobody", file, None, "about", about, way_out))
    return Evidence(require_code(name, "name"), sha256, about, step.actor.name, step.at)
