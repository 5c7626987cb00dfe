"""Calendar days and working days, kept apart.

For legal terms. Main type: `WorkingCalendar`; main function: `move`. Which days are worked is
data of a country; a year whose days off are not all known has no working days here, rather than
wrong ones.
"""

import calendar
from collections.abc import Iterable
from datetime import date, timedelta

from qonys.core.errors import RuleError


class WorkingCalendar:
    """Days on which offices work.

    Parameters
    ----------
    days_off : Iterable of date
        Days off besides the weekend.
    worked : Iterable of date
        Days of a weekend that are worked.
    known : tuple of (int, int)
        First and last year whose days off are all known; (1, 0) for none.

    Examples
    --------
    >>> from datetime import date
    >>> easter = WorkingCalendar([date(2026, 4, 6)], known=(2026, 2026))
    >>> easter.after(date(2026, 4, 3), 1)
    datetime.date(2026, 4, 7)
    """

    def __init__(
        self,
        days_off: Iterable[date] = (),
        worked: Iterable[date] = (),
        known: tuple[int, int] = (1, 0),
    ) -> None:
        self.days_off, self.worked, self.known = frozenset(days_off), frozenset(worked), known

    def works(self, day: date) -> bool:
        """Whether a day is worked.

        Parameters
        ----------
        day : date
            The day.

        Raises
        ------
        RuleError
            When the days off of its year are not known.
        """
        first, last = self.known
        if not first <= day.year <= last:
            known = f"Known: {first} to {last}." if last >= first else ""
            raise RuleError(f"the working days of {day.year} are not known. {known}".strip())
        return day in self.worked or (day.weekday() < 5 and day not in self.days_off)

    def after(self, day: date, count: int) -> date:
        """The day on which a term of working days ends.

        Parameters
        ----------
        day : date
            The day of the event; it does not count itself.
        count : int
            Number of working days; below 0 goes back.

        Raises
        ------
        RuleError
            When the days off of a year on the way are not known.
        """
        step = timedelta(days=1 if count >= 0 else -1)
        left = abs(count)
        while left:
            day += step
            left -= self.works(day)
        return day


def move(day: date, count: int, unit: str, working: WorkingCalendar | None = None) -> date:
    """A day moved by days, months, years or working days.

    A month or year later is the same day of the month, or its last day where it is shorter.

    Parameters
    ----------
    day : date
        The day.
    count : int
        How many; below 0 goes back.
    unit : str
        ``day``, ``month``, ``year`` or ``working day``.
    working : WorkingCalendar or None
        For working days.

    Raises
    ------
    RuleError
        When it leads out of the calendar, or into years whose working days are not known.

    Examples
    --------
    >>> from datetime import date
    >>> move(date(2024, 2, 29), -1, "year")
    datetime.date(2023, 2, 28)
    """
    try:
        if unit == "working day":
            return (working or WorkingCalendar()).after(day, count)
        if unit == "day":
            return day + timedelta(days=count)
        months = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
    except (OverflowError, ValueError, calendar.IllegalMonthError):
        raise RuleError(f"{count} {unit}s from {day} leave the calendar") from None
