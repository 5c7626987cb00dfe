"""Values that hold for a while: rules, thresholds, borders.

For law, thresholds and boundary changes. Main type: `Dated`. It knows no calendar of working
days.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, Literal, TypeVar

from qonys.core.errors import Fault, RuleError

T = TypeVar("T")
Status = Literal["in force", "not yet", "suspended", "expired", "unknown"]


@dataclass(frozen=True)
class Spell(Generic[T]):
    """One value and the days on which it holds.

    Parameters
    ----------
    value : T
        The value or rule.
    start : date
        The first day.
    end : date or None
        The last day; none when no end is known.
    status : str
        In force, not yet, suspended, expired or unknown.
    citation : str
        Act, article, date.
    """

    value: T
    start: date
    end: date | None = None
    status: Status = "in force"
    citation: str = ""


class Dated(Generic[T]):
    """A value with its history: no overlap, gaps only where said.

    Parameters
    ----------
    name : str
        What it is, for messages.
    spells : Iterable of Spell
        In any order.
    gaps : bool
        Whether days without a value are allowed between spells.

    Raises
    ------
    RuleError
        When spells overlap, end before they start, or leave a silent gap.

    Examples
    --------
    >>> from datetime import date
    >>> mci = Dated("MCI", [Spell(3692, date(2024, 1, 1), date(2024, 12, 31)),
    ...                     Spell(3932, date(2025, 1, 1))])
    >>> mci.in_force(date(2025, 5, 1)).value
    3932
    """

    def __init__(self, name: str, spells: Iterable[Spell[T]], *, gaps: bool = False) -> None:
        self.name = name
        self.spells = tuple(sorted(spells, key=lambda spell: spell.start))
        faults = [
            Fault(f"{name}: ends {spell.end} before it starts {spell.start}")
            for spell in self.spells
            if spell.end is not None and spell.end < spell.start
        ]
        for before, after in zip(self.spells, self.spells[1:], strict=False):
            if before.end is None or before.end >= after.start:
                faults.append(Fault(f"{name}: two values hold on {after.start}"))
            elif not gaps and before.end + timedelta(days=1) != after.start:
                faults.append(Fault(f"{name}: no value between {before.end} and {after.start}"))
        if faults:
            raise RuleError(faults)

    def in_force(self, day: date) -> Spell[T]:
        """The spell that holds on a day.

        Parameters
        ----------
        day : date
            The day asked for.

        Raises
        ------
        RuleError
            When none does; names the known spells.
        """
        for spell in self.spells:
            if spell.start <= day and (spell.end is None or day <= spell.end):
                return spell
        known = "; ".join(f"{spell.start} to {spell.end or '..'}" for spell in self.spells)
        raise RuleError(f"{self.name}: nothing known on {day}. Known: {known or 'nothing'}")
