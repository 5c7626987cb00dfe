"""Clocks: how long a hold, a case or an appeal may take, by terms that are dated data.

For cases. Main type: `Clocks`; main function: `load_clocks`. The terms stand with the country,
in `law/oversight_clocks.toml`, working days with its law. A year whose days off are not known
counts Monday to Friday, which ends a term no later, and the deadline says so.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from importlib.resources.abc import Traversable
from typing import Any

from qonys.core.country import Country, load_country
from qonys.core.dated import Dated, Spell
from qonys.core.errors import DataError, Fault, RuleError
from qonys.rules.calendar import WorkingCalendar

FILE = "oversight_clocks.toml"
_UNITS = ("hour", "day", "working day")
_KINDS = ("law", "house")


@dataclass(frozen=True)
class Term:
    """How long something may take.

    Parameters
    ----------
    count : int
        How many units.
    unit : str
        ``hour``, ``day`` or ``working day``.
    kind : str
        ``law`` where it was read in a source, ``house`` where it is set by the bank.
    note : str
        What a reader must know.
    """

    count: int
    unit: str
    kind: str
    note: str = ""


@dataclass(frozen=True)
class Deadline:
    """When a clock runs out.

    Parameters
    ----------
    until : datetime
        The first moment after the term, UTC.
    exact : bool
        Whether all days off on the way were known.
    cite : str
        Where the term stands; empty for a house term.
    """

    until: datetime
    exact: bool
    cite: str


class Clocks:
    """The clocks of a country.

    Parameters
    ----------
    terms : Mapping of str to Dated of Term
        By name of the clock.
    grades : Mapping of str to tuple of str
        Clocks that may time a hold of a grade, the usual one first.
    calendar : WorkingCalendar
        The country's.
    zone : timezone
        Of its local days.
    """

    def __init__(
        self,
        terms: Mapping[str, Dated[Term]],
        grades: Mapping[str, tuple[str, ...]],
        calendar: WorkingCalendar,
        zone: timezone = UTC,
    ) -> None:
        self.terms, self.grades, self.calendar, self.zone = terms, grades, calendar, zone

    def end(self, clock: str, start: datetime) -> Deadline:
        """When a clock that starts now runs out.

        Parameters
        ----------
        clock : str
            Its name.
        start : datetime
            The moment from which it runs, UTC.

        Raises
        ------
        RuleError
            When there is no such clock, or no term of that day.
        """
        if clock not in self.terms:
            raise RuleError(f"no clock {clock}. Clocks: {', '.join(sorted(self.terms))}")
        day = start.astimezone(self.zone).date()
        spell = self.terms[clock].in_force(day)
        term = spell.value
        if term.unit == "hour":
            return Deadline(start + timedelta(hours=term.count), True, spell.citation)
        last, exact = day + timedelta(days=term.count), True
        if term.unit == "working day":
            last, exact = self._worked(day, term.count)
        midnight = datetime.combine(last + timedelta(days=1), time(), self.zone)
        return Deadline(midnight.astimezone(UTC), exact, spell.citation)

    def _worked(self, day: date, left: int) -> tuple[date, bool]:
        """The last day of a term of working days, and whether all days off were known."""
        exact = True
        while left:
            day += timedelta(days=1)
            try:
                left -= self.calendar.works(day)
            except RuleError:
                exact = False
                left -= day.weekday() < 5
        return day, exact


def load_clocks(country: str | Country = "KAZ") -> Clocks:
    """The clocks of a country.

    Parameters
    ----------
    country : str or Country
        Code of a built-in country, path of a country folder, or the country itself.

    Raises
    ------
    DataError
        When it has none, or with all faults of the file.
    """
    from qonys.rules.reading import load_law

    place = load_country(country) if isinstance(country, str) else country
    return read_clocks(place.folder / "law" / FILE, load_law(place).calendar)


def read_clocks(path: Traversable, calendar: WorkingCalendar) -> Clocks:
    """Read a file of terms.

    Parameters
    ----------
    path : Traversable
        The file, TOML.
    calendar : WorkingCalendar
        Working days of its country.

    Raises
    ------
    DataError
        With all faults.
    """
    if not path.is_file():
        way_out = "Without it no hold has an end, so none can be made."
        raise DataError(Fault("no clocks of law", path.name, way_out=way_out))
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(Fault(f"not TOML: {error}", path.name)) from None
    faults: list[Fault] = []
    spells: dict[str, list[Spell[Term]]] = {}
    entries = told.get("term", [])
    for number, entry in enumerate(entries if isinstance(entries, list) else [], 1):
        _term(entry, f"term {number}", path.name, spells, faults)
    terms: dict[str, Dated[Term]] = {}
    for name, held in spells.items():
        try:
            terms[name] = Dated(f"clock {name}", held)
        except RuleError as error:
            faults += [Fault(fault.problem, path.name, None, name) for fault in error.faults]
    grades = _grades(told.get("grades", {}), spells, path.name, faults)
    zone = told.get("zone", {})
    hours = zone.get("utc_offset_hours") if isinstance(zone, dict) else None
    if not isinstance(hours, int) or not -12 <= hours <= 14:
        faults.append(
            Fault("expected hours from UTC", path.name, None, "zone.utc_offset_hours")
        )
        hours = 0
    if faults:
        raise DataError(faults)
    return Clocks(terms, grades, calendar, timezone(timedelta(hours=hours)))


def _term(
    entry: Any, place: str, file: str, spells: dict[str, list[Spell[Term]]], faults: list[Fault]
) -> None:
    """Read one term into the spells of its clock."""
    entry = entry if isinstance(entry, dict) else {}
    wanted: dict[str, tuple[Callable[[Any], bool], str]] = {
        "clock": (lambda value: isinstance(value, str) and value != "", "a name"),
        "kind": (lambda value: value in _KINDS, " or ".join(_KINDS)),
        "from": (lambda value: type(value) is date, "a day, e.g. 2025-08-31"),
        "count": (lambda value: type(value) is int and value > 0, "a whole number above 0"),
        "unit": (lambda value: value in _UNITS, ", ".join(_UNITS)),
        "to": (lambda value: value is None or type(value) is date, "a day"),
    }
    wrong = [
        Fault(
            "not a term",
            file,
            None,
            f"{place}.{key}",
            str(entry.get(key, "")),
            f"Expected {way}.",
        )
        for key, (good, way) in wanted.items()
        if not good(entry.get(key))
    ]
    if entry.get("kind") == "law" and not entry.get("cite"):
        wrong.append(Fault("a term of law without its source", file, None, f"{place}.cite"))
    faults += wrong
    if not wrong:
        term = Term(entry["count"], entry["unit"], entry["kind"], str(entry.get("note", "")))
        spell = Spell(term, entry["from"], entry.get("to"), citation=str(entry.get("cite", "")))
        spells.setdefault(entry["clock"], []).append(spell)


def _grades(
    told: Any, known: Mapping[str, object], file: str, faults: list[Fault]
) -> dict[str, tuple[str, ...]]:
    """Clocks of each grade; each must be known."""
    grades: dict[str, tuple[str, ...]] = {}
    for grade, clocks in told.items() if isinstance(told, dict) else ():
        names = [clocks] if isinstance(clocks, str) else list(clocks)
        for name in names:
            if name not in known:
                faults.append(Fault("no such clock", file, None, f"grades.{grade}", str(name)))
        grades[grade] = tuple(names)
    return grades
