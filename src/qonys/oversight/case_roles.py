"""Who may do and who may read what of a case.

For everybody who touches cases. Main type: `Actor`; main function: `require_may`; tables:
`MAY`, `READS`. It knows no passwords: whoever calls has made sure who the actor is and which
roles they have.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from qonys.core.errors import DataError, Fault

ROLES = ("analyst", "approver", "reviewer", "client_desk", "auditor", "supervisor")
#: Who may do what.
MAY: Mapping[str, frozenset[str]] = {
    "open": frozenset({"analyst", "supervisor"}),
    "assign": frozenset({"analyst", "supervisor"}),
    "note": frozenset({"analyst", "approver", "client_desk", "supervisor"}),
    "evidence": frozenset({"analyst", "approver", "client_desk", "supervisor"}),
    "propose": frozenset({"analyst", "supervisor"}),
    "approve": frozenset({"approver"}),
    "lift": frozenset({"analyst", "approver", "supervisor"}),
    "decide": frozenset({"analyst", "approver", "supervisor"}),
    "tell": frozenset({"analyst", "client_desk", "supervisor"}),
    "appeal": frozenset({"analyst", "client_desk", "supervisor"}),
    "review": frozenset({"reviewer"}),
    "reverse": frozenset({"approver", "reviewer", "supervisor"}),
    "close": frozenset({"analyst", "approver", "supervisor"}),
    "feedback": frozenset({"approver", "reviewer", "supervisor"}),
    "show": frozenset(ROLES),
    "list": frozenset(ROLES),
    "overdue": frozenset({"analyst", "approver", "reviewer", "auditor", "supervisor"}),
    "notice": frozenset({"analyst", "client_desk", "supervisor"}),
    "export": frozenset({"auditor", "supervisor"}),
}
#: Who decides against a client.
AGAINST = frozenset({"approver", "supervisor"})
#: Fields of a case that a role reads, and the parts of each; no parts: the field as it is. The
#: roles that are not named read everything of their unit's cases.
READS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "client_desk": {
        **dict.fromkeys(("id", "unit", "account", "status", "version", "opened"), ()),
        **dict.fromkeys(("changed", "clock", "silent", "told", "overdue"), ()),
        "reasons": ("client",),
        "evidence": ("name", "at"),
        "holds": ("number", "grade", "scope", "start", "until", "exact", "ended", "state"),
        "decisions": ("outcome", "at"),
        "appeals": ("text", "at", "result", "answer", "answered"),
        "cleared": ("name", "at"),
    },
    "auditor": {
        **dict.fromkeys(("id", "unit", "status", "version", "opened", "changed"), ()),
        **dict.fromkeys(("opener", "assignee", "clock", "silent", "acted", "overdue"), ()),
        "reasons": ("sign",),
        "evidence": ("sha256", "about", "by", "at"),
        "notes": ("by", "at"),
        "holds": (
            *("number", "grade", "clock", "lists", "by", "proposed", "lapses", "approved_by"),
            *("start", "until", "exact", "ended", "ended_by", "state"),
        ),
        "told": ("channel", "lang", "by", "at"),
        "decisions": ("outcome", "by", "at", "lists"),
        "appeals": ("by", "at", "before", "clock", "result", "reviewer", "answered"),
        "cleared": (),
        "feedback": (),
    },
}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class RefusedError(DataError):
    """Somebody may not do or read this; the refusal itself is on the trail.

    Parameters
    ----------
    why : str
        A code for the trail: ``role``, ``unit``, ``four_eyes`` or ``independence``.
    fault : Fault
        What the actor is told.
    """

    def __init__(self, why: str, fault: Fault) -> None:
        self.why = why
        super().__init__(fault)


class ConflictError(DataError):
    """The case was changed by somebody else meanwhile."""


@dataclass(frozen=True)
class Actor:
    """Who acts, in which role, for which unit.

    Parameters
    ----------
    name : str
        Pseudonym: small letters, digits, dot, dash, underscore. One person has one.
    role : str
        One of `ROLES`.
    unit : str
        The unit whose cases they see.
    """

    name: str
    role: str
    unit: str

    def __post_init__(self) -> None:
        faults = [
            Fault("no pseudonym", "actor", column=column, value=str(value)[:70], way_out=_WAY)
            for column, value in (("name", self.name), ("unit", self.unit))
            if not _NAME.fullmatch(value)
        ]
        if self.role not in ROLES:
            way_out = f"Roles: {', '.join(ROLES)}."
            faults.append(Fault("no such role", "actor", None, "role", self.role, way_out))
        if faults:
            raise DataError(faults)


_WAY = "Small letters a to z, digits, dot, dash and underscore, at most 64."


def require_may(actor: Actor, action: str) -> None:
    """Raise where a role may not do something.

    Parameters
    ----------
    actor : Actor
        Who.
    action : str
        What, a key of `MAY`.

    Raises
    ------
    RefusedError
        When it may not; names the roles that may.
    """
    if actor.role not in MAY[action]:
        who = ", ".join(role for role in ROLES if role in MAY[action])
        problem = f"the role {actor.role} may not {action}"
        raise RefusedError("role", Fault(problem, "actor", way_out=f"May: {who}."))
