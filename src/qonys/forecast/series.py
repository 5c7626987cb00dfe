"""Series by period and release, without gaps, in the order of time.

For the whole room. Main type: `Series`; main functions: `read_series`, `step_on`. A missing
value is not a zero: a gap is a fault. With releases the series is what was known on a day.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from qonys.core.errors import DataError, Fault
from qonys.core.periods import parse_period

SEASONS = {"month": 12, "quarter": 4, "year": 1}
AHEAD = {"month": 12, "quarter": 4, "year": 3}  #: Periods that a backtest looks ahead.
FEWEST = 3  #: Values under which nothing is said.
_COLUMNS = ("period", "series", "release", "value")


@dataclass(frozen=True)
class Series:
    """One series of counts or rates.

    Parameters
    ----------
    name : str
        Its name.
    kind : str
        ``month``, ``quarter`` or ``year``.
    periods : tuple of str
        Labels, one after another.
    values : ndarray, shape (n,)
        The newest release of each period.
    releases : Mapping of str to Mapping of str to float
        By release, in order: the values by period that it printed; empty where none is named.
    """

    name: str
    kind: str
    periods: tuple[str, ...]
    values: np.ndarray
    releases: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def season(self) -> int:
        """Periods of a year."""
        return SEASONS[self.kind]

    @property
    def floor(self) -> float:
        """0 where no value lies below it, else minus infinity."""
        return 0.0 if (self.values >= 0).all() else -math.inf

    def known(self, release: str) -> "Series":
        """The series as a reader knew it after a release.

        Parameters
        ----------
        release : str
            The release; later ones are not known. Periods before a gap are left out.
        """
        order = list(self.releases)
        then = {name: self.releases[name] for name in order[: order.index(release) + 1]}
        told = {period: value for values in then.values() for period, value in values.items()}
        periods = _after_gaps(sorted(told))
        values = np.array([told[one] for one in periods])
        return Series(self.name, self.kind, periods, values, then)


def step_on(period: str, steps: int = 1) -> str:
    """The label of a later period.

    Parameters
    ----------
    period : str
        A month, quarter or year.
    steps : int
        How many periods later.

    Examples
    --------
    >>> step_on("2024-11", 3), step_on("2024-Q4"), step_on("2024", 11)
    ('2025-02', '2025-Q1', '2035')
    """
    year = int(period[:4])
    if len(period) == 4:
        return f"{year + steps}"
    if period[5] == "Q":
        at = year * 4 + int(period[6]) - 1 + steps
        return f"{at // 4}-Q{at % 4 + 1}"
    at = year * 12 + int(period[5:7]) - 1 + steps
    return f"{at // 12}-{at % 12 + 1:02d}"


def steps_between(period: str, later: str) -> int:
    """How many periods later another period of the same kind, or a day within it, lies.

    Parameters
    ----------
    period : str
        A month, quarter or year.
    later : str
        Another, or a month or day.

    Examples
    --------
    >>> steps_between("2024-11", "2025-02"), steps_between("2024-Q4", "2025-05-15")
    (3, 2)
    """
    return _place(later, len(period) == 4, "Q" in period) - _place(
        period, len(period) == 4, "Q" in period
    )


def _place(text: str, years: bool, quarters: bool) -> int:
    year = int(text[:4])
    if years:
        return year
    inside = text[5:7]
    if inside.startswith("Q"):
        at = int(inside[1]) - 1
        return year * 4 + at if quarters else year * 12 + 3 * at + 2
    month = int(inside) - 1 if inside else 11
    return year * 4 + month // 3 if quarters else year * 12 + month


def read_series(path: Path) -> list[Series]:
    """Series of a CSV file: ``period``, ``value``, and ``series`` and ``release`` or not.

    Parameters
    ----------
    path : Path
        The file, UTF-8.

    Raises
    ------
    DataError
        With all faults: unknown columns, texts for numbers, doubled rows, gaps, too few values.
    """
    faults: list[Fault] = []
    told: dict[str, dict[str, dict[str, float]]] = {}
    unnamed: list[int] = []
    way_out = f"Columns: {', '.join(_COLUMNS)}; series and release may be left out."
    for number, row in read_rows(path, ("period", "value"), way_out):
        blank = (row["value"] or "").strip() in ("", "NA", ".")
        value = None if blank else number_of(row, "value", path.name, number, faults)
        period = row["period"] or ""
        kind = _kind(period, path.name, number, faults)
        if value is None or not kind:
            continue
        period = parse_period(period).text
        name = row.get("series") or "value"
        release = (row.get("release") or "").strip()
        if row.get("release") is not None:
            unnamed += [number] if not release else []
        values = told.setdefault(name, {}).setdefault(release, {})
        if period in values:
            faults.append(Fault("a period stands twice", path.name, number, "period", period))
        values[period] = value
    if any(release for releases in told.values() for release in releases):
        faults += [Fault("no release", path.name, number, "release") for number in unnamed]
    series = []
    for name, releases in told.items() if not faults else ():
        series += _series(name, releases, path.name, faults)
    if not told and not faults:
        faults.append(Fault("no values", path.name))
    if faults:
        raise DataError(faults)
    return series


def read_rows(
    path: Path, needed: Sequence[str], way_out: str = ""
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Rows of a CSV file with their line.

    Parameters
    ----------
    path : Path
        The file, UTF-8.
    needed : Sequence of str
        Columns that it must have.
    way_out : str
        What to say where one is missing.

    Raises
    ------
    DataError
        Where a column is missing or the text is not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        way_out = "Save it as UTF-8."
        raise DataError(
            Fault("the text is not in UTF-8", path.name, way_out=way_out)
        ) from error
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in needed if name not in (reader.fieldnames or [])]
    if missing:
        if reader.fieldnames and len(reader.fieldnames) == 1 and ";" in reader.fieldnames[0]:
            way_out = "Columns are parted by commas, numbers have a point."
        raise DataError(
            [Fault("no such column", path.name, 1, name, "", way_out) for name in missing]
        )
    for row in reader:
        yield reader.line_num, row


def number_of(
    row: Mapping[str, str | None], column: str, file: str, line: int, faults: list[Fault]
) -> float | None:
    """The finite number of a cell; none, and a fault, where it is none.

    Parameters
    ----------
    row : Mapping of str to str
        Of `read_rows`.
    column, file : str
        Where the number stands.
    line : int
        Line of the row.
    faults : list of Fault
        Takes the fault.
    """
    text = (row.get(column) or "").strip()
    try:
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        faults.append(Fault("expected a number", file, line, column, text))
        return None
    return value


def _kind(period: str, file: str, number: int, faults: list[Fault]) -> str:
    try:
        kind = parse_period(period).kind
    except DataError:
        kind = "unspecified"
    if kind not in SEASONS:
        way_out = "Months (2024-05), quarters (2024-Q2) or years (2024), no cumulated periods."
        faults.append(Fault("no period of a series", file, number, "period", period, way_out))
        return ""
    return kind


def _series(
    name: str,
    releases: Mapping[str, Mapping[str, float]],
    file: str,
    faults: list[Fault],
) -> list[Series]:
    newest: dict[str, float] = {}
    order = in_order(releases)
    for release in order:
        newest |= releases[release]
    kinds = {parse_period(period).kind for period in newest}
    if len(kinds) > 1:
        way_out = "Give them names of their own in the column series."
        problem = "months, quarters and years in one series"
        faults.append(Fault(problem, file, value=name, way_out=way_out))
        return []
    (kind,) = kinds
    periods = sorted(newest)
    gaps = _gaps(periods)
    if gaps:
        shown = ", ".join(gaps[:5]) + (f" and {len(gaps) - 5} more" if len(gaps) > 5 else "")
        way_out = "A missing value is no zero: fill it in, or begin after the gap."
        faults.append(Fault(f"gaps in {name}: {shown}", file, None, "period", "", way_out))
        return []
    if len(periods) < FEWEST:
        faults.append(
            Fault(f"{len(periods)} values of {name}: at least {FEWEST} are needed", file)
        )
        return []
    told = {key: releases[key] for key in order if key}
    values = np.array([newest[period] for period in periods])
    return [Series(name, kind, tuple(periods), values, told)]


def in_order(releases: Iterable[str]) -> list[str]:
    """Releases from the first to the last: by day where all are dates, else as they stand.

    Parameters
    ----------
    releases : Iterable of str
        Their labels.
    """
    found = list(dict.fromkeys(releases))
    days = {release: release_day(release) for release in found}
    if all(days.values()):
        found.sort(key=lambda release: (str(days[release]), release))
    return found


def release_day(release: str) -> date | None:
    """The day by which a release named by a day, month, quarter or year was out.

    Parameters
    ----------
    release : str
        Its label; of another name no day is known.
    """
    try:
        return parse_period(release).end
    except DataError:
        return None


def _after_gaps(periods: Sequence[str]) -> tuple[str, ...]:
    """The periods after the last gap."""
    gaps = _gaps(periods) if periods else []
    return tuple(period for period in periods if not gaps or period > gaps[-1])


def _gaps(periods: Sequence[str]) -> list[str]:
    there = set(periods)
    found = []
    period = periods[0]
    while period < periods[-1]:
        period = step_on(period)
        if period not in there:
            found.append(period)
    return found


def yearly(name: str, values: Mapping[str, float]) -> Series:
    """A series of years from values by period; it begins after its last gap.

    Parameters
    ----------
    name : str
        Its name.
    values : Mapping of str to float
        By year.
    """
    kept = _after_gaps(sorted(values))
    if not values:
        raise DataError(Fault("nothing is known of it", value=name))
    if len(kept) < FEWEST:
        problem = f"{len(kept)} years without a gap, up to {max(values)}: {FEWEST} are needed"
        raise DataError(Fault(problem, value=name))
    return Series(name, "year", kept, np.array([values[one] for one in kept]))


def offsets(series: Sequence[Series]) -> list[int]:
    """Periods from the earliest value of a panel to the first of each series.

    Parameters
    ----------
    series : Sequence of Series
        Of one kind.
    """
    told = [one.periods[0] for one in series if one.periods]
    first = min(told, default="")
    return [steps_between(first, one.periods[0]) if one.periods else 0 for one in series]


def same_kind(series: Iterable[Series]) -> str:
    """The kind of period that all series have.

    Parameters
    ----------
    series : Iterable of Series
        At least one.

    Raises
    ------
    DataError
        Where they differ.
    """
    kinds = {one.kind for one in series}
    if len(kinds) > 1:
        raise DataError(Fault("series of months, quarters and years in one file"))
    return kinds.pop()
