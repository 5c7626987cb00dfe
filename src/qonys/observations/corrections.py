"""Declared corrections: what they may say, and the SQL that applies them.

For `load` and `checks`. Main functions: `declared`, `check_corrections`, `corrected`,
`released`. A correction changes one column of the rows it names, never the file; each has a
reason.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache

from qonys.core.codes import read_table
from qonys.core.country import Country
from qonys.core.errors import DataError, Fault
from qonys.core.intervals import QUALIFIERS
from qonys.core.observations import STATUSES
from qonys.sources.staging import quoted

COLUMNS = {
    "obs_value": "DOUBLE",
    "precision": "DOUBLE",
    "obs_status": "VARCHAR",
    "qualifier": "VARCHAR",
}
SELECTORS = ("source", "measure", "ref_area", "time_period")


@dataclass(frozen=True)
class Correction:
    """A declared change to what a file says, with its reason.

    Parameters
    ----------
    id : str
        Id of the correction.
    source, measure, ref_area, time_period : str
        Rows it is about; empty means any, a trailing ``*`` means any ending.
    column : str
        ``released``, ``obs_status``, ``obs_value``, ``precision`` or ``qualifier``.
    old, new : str
        Value before (empty: any) and after.
    reason : str
        Why.
    """

    id: str
    source: str
    measure: str
    ref_area: str
    time_period: str
    column: str
    old: str
    new: str
    reason: str


@lru_cache(maxsize=64)
def declared(country: Country) -> tuple[Correction, ...]:
    """A country's corrections, in the order of its file.

    Parameters
    ----------
    country : Country
        The country.
    """
    path = country.folder / "corrections.csv"
    if not path.is_file():
        return ()
    names = [field.name for field in fields(Correction)]
    return tuple(
        Correction(**{name: row.get(name, "") for name in names}) for row in read_table(path)
    )


def check_corrections(country: Country) -> list[Fault]:
    """Faults of a country's corrections, each with its line.

    Parameters
    ----------
    country : Country
        The country.
    """
    faults = []
    for number, correction in enumerate(declared(country), 2):
        for column, problem, value in _problems(correction):
            faults.append(
                Fault(f"{correction.id}: {problem}", "corrections.csv", number, column, value)
            )
    return faults


def _problems(correction: Correction) -> Iterable[tuple[str, str, str]]:
    if not correction.reason.strip():
        yield "reason", "a correction needs a reason", ""
    checks: dict[str, Callable[[str], bool]] = {
        "obs_value": _is_number,
        "precision": lambda text: _is_number(text) and float(text) > 0,
        "obs_status": STATUSES.__contains__,
        "qualifier": QUALIFIERS.__contains__,
        "released": _is_release,
    }
    if correction.column not in checks:
        yield "column", f"corrects one of {', '.join(checks)}", correction.column
    elif not checks[correction.column](correction.new):
        yield "new", f"not a {correction.column}", correction.new
    counted = COLUMNS.get(correction.column) == "DOUBLE"
    if counted and correction.old and not _is_number(correction.old):
        yield "old", "not a number", correction.old


def _is_number(text: str) -> bool:
    try:
        return float(text) - float(text) == 0
    except ValueError:
        return False


def _is_release(text: str) -> bool:
    first, _, last = text.partition("/")
    try:
        for part in (first, last or first):
            day_expression(part)
    except (ValueError, TypeError):
        return False
    return True


def matches(pattern: str, text: str) -> bool:
    """Whether a selector with an optional trailing star fits a text.

    Parameters
    ----------
    pattern : str
        Empty fits everything.
    text : str
        The text.
    """
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return pattern in {"", text}


def condition(correction: Correction) -> str:
    """Condition on staged rows `s` and periods `p` that a correction names.

    Parameters
    ----------
    correction : Correction
        The correction.
    """
    parts = []
    for column in SELECTORS:
        pattern = getattr(correction, column)
        field = "p.canonical" if column == "time_period" else f"s.{column}"
        if pattern.endswith("*"):
            parts.append(f"starts_with({field}, {quoted(pattern[:-1])})")
        elif pattern:
            parts.append(f"{field} = {quoted(pattern)}")
    if correction.old:
        column = "vintage" if correction.column == "released" else correction.column
        cast = COLUMNS.get(correction.column, "VARCHAR")
        parts.append(f"s.{column} = CAST({quoted(correction.old)} AS {cast})")
    return " AND ".join(parts) or "true"


def corrected(column: str, corrections: Iterable[Correction]) -> str:
    """Expression of a staged column with its corrections.

    Parameters
    ----------
    column : str
        One of `COLUMNS`.
    corrections : Iterable of Correction
        The first that fits is applied.
    """
    cases = "".join(
        f" WHEN {condition(c)} THEN CAST({quoted(c.new)} AS {COLUMNS[column]})"
        for c in corrections
        if c.column == column
    )
    return f"CASE{cases} ELSE s.{column} END" if cases else f"s.{column}"


def released(corrections: Iterable[Correction]) -> tuple[str, str]:
    """Expressions for the first and last day on which a row may have become public.

    Parameters
    ----------
    corrections : Iterable of Correction
        The first that fits is applied; else the vintage `r` speaks.
    """
    starts: list[str] = []
    ends: list[str] = []
    for correction in corrections:
        if correction.column == "released":
            first, _, last = correction.new.partition("/")
            for text, cases in ((first, starts), (last or first, ends)):
                cases.append(f" WHEN {condition(correction)} THEN {day_expression(text)}")
    if not starts:
        return "r.first", "r.last"
    return (
        f"CASE{''.join(starts)} ELSE r.first END",
        f"CASE{''.join(ends)} ELSE r.last END",
    )


def day_expression(text: str) -> str:
    """SQL for ``2025-03-01`` or ``Y+1-04-30``, where Y is the year of the period.

    Parameters
    ----------
    text : str
        The day.

    Raises
    ------
    ValueError
        When it is neither.
    """
    if not text.startswith("Y"):
        return f"DATE {quoted(date.fromisoformat(text).isoformat())}"
    year, month, day = text.rsplit("-", 2)
    shift = int(year[1:] or 0)
    date(2001, int(month), int(day))
    base = "TRY_CAST(left(p.canonical, 4) AS INTEGER)"
    return f"make_date({base} + {shift}, {int(month)}, {int(day)})"


def require_sound(country: Country) -> None:
    """Raise when a correction makes no sense.

    Parameters
    ----------
    country : Country
        The country.
    """
    faults = check_corrections(country)
    if faults:
        raise DataError(faults)
