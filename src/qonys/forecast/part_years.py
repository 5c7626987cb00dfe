"""A year from its first months: cumulated figures, the shares they had before, a forecast.

For the command line. Main types: `Part`, `YearNowcast`; main function: `nowcast_year`. The
share of a year that its first months hold runs from 0 to 1 as a Brownian bridge about a mean
that is a bridge itself (Rasmussen and Williams 2006, section 2.2 and appendix B): months near
the end of a year leave less open, and earlier parts of the same year tell about later ones.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from scipy import stats

from qonys.core.errors import DataError, Fault
from qonys.core.periods import parse_period
from qonys.forecast.running import POINTS
from qonys.forecast.scoring import TOLD
from qonys.forecast.selecting import Selector
from qonys.forecast.series import number_of, read_rows, yearly

_TAIL = 5  #: Degrees of freedom of the forecast's law on logarithms.
_SPREADS = np.geomspace(0.02, 0.8, 15)  #: Of the mean share, and of a year's own about it.
_USUAL, _DOUBT = 0.15, 0.7  #: Median of a year's own spread before any is seen, and its log's.
_GRID = 6001


@dataclass(frozen=True)
class Part:
    """A figure of the first months of a year.

    Parameters
    ----------
    year : str
        The year.
    months : int
        How many, 1 to 11.
    value : float
        The count.
    precision : float
        To what it was rounded, 1 or more.
    """

    year: str
    months: int
    value: float
    precision: float = 1.0


@dataclass(frozen=True)
class YearNowcast:
    """A whole year, by what it is known from.

    Parameters
    ----------
    series, year : str
        Which.
    basis : str
        ``forecast`` from earlier years alone, ``parts`` from its months alone (with no view of
        the level), ``nowcast`` from both.
    median, low_80, high_80, low_95, high_95 : float
        Quantiles.
    """

    series: str
    year: str
    basis: str
    median: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


def parts_of(told: Mapping[str, tuple[float, float]]) -> list[Part]:
    """Parts of years that begin in January; quarters and months that follow are added to them.

    Parameters
    ----------
    told : Mapping of str to (float, float)
        By period, the count and what it is rounded to. Whole years and periods that begin
        later, with a gap before them, are left out.

    Examples
    --------
    >>> parts_of({"2025-Q1": (1122, 1), "2025-Q2": (2396, 1), "2024": (12732, 1)})
    [Part(year='2025', months=3, value=1122.0, precision=1.0),
     Part(year='2025', months=6, value=3518.0, precision=2.0)]
    """
    chunks: dict[tuple[str, int], list[tuple[int, float, float]]] = {}
    for period, (value, precision) in told.items():
        span = parse_period(period)
        if span.start and span.months and span.months < 12 and span.year == span.start.year:
            key = (str(span.start.year), span.start.month)
            chunks.setdefault(key, []).append((span.months, value, precision))
    found = []
    for year in sorted({year for year, _ in chunks}):
        known: dict[int, tuple[float, float]] = {0: (0.0, 0.0)}
        for month in range(12):
            if month in known:
                for months, value, precision in chunks.get((year, month + 1), []):
                    before, rough = known[month]
                    reached = (before + value, rough + precision)
                    if month + months not in known or reached[1] < known[month + months][1]:
                        known[month + months] = reached
        found += [Part(year, m, *known[m]) for m in sorted(known) if 0 < m < 12]
    return found


def has_parts(path: Path) -> bool:
    """Whether a file holds whole years beside parts of years.

    Parameters
    ----------
    path : Path
        A CSV file with the column `period`.
    """
    kinds = {_months(row["period"] or "") for _, row in read_rows(path, ("period", "value"))}
    return bool(kinds & {12} and kinds & set(range(1, 12)))


def read_parts(path: Path) -> dict[str, tuple[dict[str, float], list[Part]]]:
    """Whole years and parts of years, by series.

    Parameters
    ----------
    path : Path
        CSV, UTF-8: ``period``, ``value``, and ``series`` and ``precision`` or not.

    Raises
    ------
    DataError
        With all faults: texts for numbers, no periods, doubled rows.
    """
    faults: list[Fault] = []
    told: dict[str, dict[str, tuple[float, float]]] = {}
    for line, row in read_rows(path, ("period", "value"), _COLUMNS):
        if (row["value"] or "").strip() in ("", "NA", "."):
            continue
        value = number_of(row, "value", path.name, line, faults)
        rounded = (row.get("precision") or "").strip()
        precision = number_of(row, "precision", path.name, line, faults) if rounded else 1.0
        if precision is not None and precision <= 0:
            problem = "expected a number above 0"
            faults.append(Fault(problem, path.name, line, "precision", rounded))
        period, months = row["period"] or "", _months(row["period"] or "")
        if months is None or months > 12:
            way_out = "Write 2024, 2025-01/2025-04 or 2025-Q1."
            faults.append(
                Fault("no period of a year", path.name, line, "period", period, way_out)
            )
        elif value is not None and precision is not None:
            period, name = parse_period(period).text, row.get("series") or "value"
            if period in told.setdefault(name, {}):
                faults.append(Fault("a period stands twice", path.name, line, "period", period))
            told[name][period] = (value, precision)
    found = {}
    for name, values in told.items():
        totals = {period: value for period, (value, _) in values.items() if len(period) == 4}
        parts = parts_of(values)
        faults += _impossible(name, totals, parts, path.name)
        found[name] = (totals, parts)
    if faults:
        raise DataError(faults)
    return found


_COLUMNS = "Columns: period, value, and series and precision or not."


def _impossible(
    name: str, totals: Mapping[str, float], parts: Sequence[Part], file: str
) -> list[Fault]:
    """Parts above their year, and cumulated figures that fall."""
    faults = []
    for one in parts:
        if one.year in totals and one.value - one.precision > totals[one.year]:
            problem = f"{one.months} months of {one.year} are more than the year"
            faults.append(Fault(problem, file, value=f"{name}: {one.value:g}"))
    for one, later in pairwise(parts):
        if one.year == later.year and later.value + later.precision < one.value - one.precision:
            problem = f"{later.months} months of {one.year} are less than {one.months}"
            faults.append(Fault(problem, file, value=f"{name}: {later.value:g}"))
    return faults


def _months(period: str) -> int | None:
    try:
        return parse_period(period).months
    except DataError:
        return None


def nowcast_year(
    name: str, totals: Mapping[str, float], parts: Sequence[Part], year: str | None = None
) -> list[YearNowcast]:
    """What a year will be, from earlier years and from its first months.

    Parameters
    ----------
    name : str
        The series.
    totals : Mapping of str to float
        By year, whole years.
    parts : Sequence of Part
        Of this year and of earlier ones.
    year : str, optional
        The year; the newest of which parts are known if not given.

    Raises
    ------
    DataError
        Where the year has no parts, or no earlier year has both parts and a total.
    """
    open_years = sorted({one.year for one in parts if one.year not in totals})
    year = year or (open_years[-1] if open_years else "")
    now = _one_a_month([one for one in parts if one.year == year])
    past = [one for one in parts if one.year < year and totals.get(one.year, 0) > 0]
    known = {key: value for key, value in totals.items() if key < year}
    faults = []
    if not now:
        way_out = "Name one with --year, or look back with --as-of; parts are 2025-01/2025-04."
        problem = f"{name}: no year is known in part only"
        faults.append(Fault(problem, value=year, way_out=way_out))
    elif not past:
        way_out = "Add cumulated figures of earlier years, with those years."
        problem = f"{name}: no earlier part says what share of a year it is"
        faults.append(Fault(problem, way_out=way_out))
    if any(one.value < 0 for one in (*now, *past)) or any(one < 0 for one in known.values()):
        faults.append(
            Fault("a part of a count is no share where counts are negative", value=name)
        )
    if faults:
        raise DataError(faults)
    ahead = _forecast(name, known, int(year))
    level = np.linspace(*_range(ahead, now), _GRID)
    before = _density(level, ahead)
    fit = np.asarray(
        sum(
            weight * _fit(level, now, mean, covariance)
            for weight, mean, covariance in _shares(past, totals, now)
        )
    )
    found = [YearNowcast(name, year, "forecast", *ahead)]
    for basis, weight in (("parts", fit), ("nowcast", fit * before)):
        if not weight.sum() > 0:
            raise DataError(Fault("the parts do not go with any year", value=name))
        reached = (np.cumsum(weight) - weight / 2) / weight.sum()
        points = (float(np.exp(np.interp(point, reached, level))) for point in POINTS)
        found.append(YearNowcast(name, year, basis, *points))
    return found


def _one_a_month(parts: Sequence[Part]) -> list[Part]:
    """The most precise figure of each length."""
    best: dict[int, Part] = {}
    for one in parts:
        if one.months not in best or one.precision < best[one.months].precision:
            best[one.months] = one
    return [best[months] for months in sorted(best)]


def _forecast(name: str, known: Mapping[str, float], year: int) -> tuple[float, ...]:
    """Median and ends of the forecast from earlier years."""
    series = yearly(name, known)
    steps = year - int(series.periods[-1])
    selector = Selector([series.values], 1, steps)
    row = selector.selected(0, len(series.values)).quantiles[-1]
    return tuple(float(row[at]) for at in TOLD)


def _range(ahead: Sequence[float], now: Sequence[Part]) -> tuple[float, float]:
    """Logarithms of years between which all lies that is not beyond belief."""
    told = [one.value * 12 / one.months for one in now]
    centres = [math.log(max(one, 0.5)) for one in (*ahead, *told)]
    return min(centres) - 2, max(centres) + 2


def _density(level: np.ndarray, ahead: Sequence[float]) -> np.ndarray:
    """The forecast's law on logarithms: Student's t with its median and 80 % interval."""
    median, low, high = (math.log(max(one, 0.5)) for one in ahead[:3])
    scale = max(high - low, 1e-3) / (2 * stats.t.ppf(0.9, _TAIL))
    return np.asarray(stats.t.pdf(level, _TAIL, median, scale))


def _bridge(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Covariance of a Brownian bridge between parts of a year."""
    return np.asarray(np.minimum(first[:, None], second) - first[:, None] * second)


def _shares(
    past: Sequence[Part], totals: Mapping[str, float], now: Sequence[Part]
) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Weights, means and covariances of the shares of this year's parts.

    One for each pair of spreads that the shares of earlier years do not rule out.
    """
    told = np.array([one.months / 12 for one in past])
    asked = np.array([one.months / 12 for one in now])
    years = np.array([one.year for one in past])
    same = years[:, None] == years
    left = np.array([one.value / totals[one.year] for one in past]) - told
    rounding = np.array([one.precision / totals[one.year] for one in past]) ** 2 / 12
    base = _bridge(told, told)
    found = []
    for common, own in product(_SPREADS, _SPREADS):
        matrix = base * (common**2 + own**2 * same) + np.diag(rounding + 1e-8)
        root = np.linalg.cholesky(matrix)
        white = np.linalg.solve(root, left)
        fit = -(white @ white) / 2 - np.log(np.diag(root)).sum()
        fit -= (math.log(own / _USUAL) / _DOUBT) ** 2 / 2
        across = _bridge(asked, told) * common**2
        gain = np.linalg.solve(matrix, across.T).T
        covariance = _bridge(asked, asked) * (common**2 + own**2) - gain @ across.T
        found.append((float(fit), asked + gain @ left, covariance))
    best = max(fit for fit, *_ in found)
    return [(math.exp(fit - best), mean, var) for fit, mean, var in found if fit > best - 7]


def _fit(
    level: np.ndarray, now: Sequence[Part], mean: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """Density of this year's parts, as counts, at each logarithm of the year."""
    years = np.exp(level)
    values = np.array([one.value for one in now])
    rounding = np.array([one.precision for one in now]) ** 2 / 12
    noise = rounding / years[:, None] ** 2 + 1e-8
    root = np.linalg.cholesky(covariance + noise[:, :, None] * np.eye(len(now)))
    left = (values / years[:, None] - mean)[:, :, None]
    white = np.linalg.solve(root, left)[:, :, 0]
    scale = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    log = -(white**2).sum(axis=1) / 2 - scale - len(now) * level
    least = max(one.value - one.precision / 2 for one in now)
    log = np.where(years >= least, log + len(now) * level.mean(), -math.inf)
    return np.asarray(np.exp(log))
