"""Weights fitted to known totals, and what that cost.

For the command line. Main types: `Margins`, `Calibrated`; main functions: `read_margins`,
`calibrate`, `trim`. Sources: Deming and Stephan (1940) for raking; Deville and Särndal (1992),
cases 1, 2, 6 and 7, for the distances and their bounds; Kish (1965) for the design effect of
weights.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from qonys.core.errors import DataError, Fault
from qonys.survey.design import Calibration
from qonys.survey.estimates import estimate
from qonys.survey.files import FITS, load_toml
from qonys.survey.microdata import Microdata, auxiliary, categories_of

TOLERANCE = 1e-10  #: Largest relative error of a margin.
_STEPS = 200
_AGREE = 1e-6  #: Margins of one population may differ by this part.


@dataclass(frozen=True)
class Margins:
    """Totals to reach.

    Parameters
    ----------
    categories : dict
        Totals by column and category.
    numbers : dict of str to float
        Totals of numeric columns.
    file : str
        Where they were read.
    """

    categories: dict[str, dict[str, float]]
    numbers: dict[str, float]
    file: str = ""


@dataclass(frozen=True)
class Fitted:
    """One margin before and after.

    Parameters
    ----------
    variable : str
        Column.
    category : str or None
        None of a number.
    target, before, after : float
        Totals.
    error : float
        Of the total after, relative to the target.
    """

    variable: str
    category: str | None
    target: float
    before: float
    after: float
    error: float


@dataclass(frozen=True)
class Calibrated:
    """Fitted weights with the report on them.

    Parameters
    ----------
    data : Microdata
        The respondents with the new weights, and a design whose variance knows of them.
    margins : list of Fitted
        Every margin.
    weights : tuple of (float, float)
        Range of the weights.
    ratios : tuple of (float, float)
        Range of weight after over weight before.
    kish : tuple of (float, float)
        Kish's design effect of the weights, before and after.
    trimmed : int
        Respondents whose weight was cut.
    """

    data: Microdata
    margins: list[Fitted]
    weights: tuple[float, float]
    ratios: tuple[float, float]
    kish: tuple[float, float]
    trimmed: int


def read_margins(path: Path) -> Margins:
    """Totals of a TOML file.

    Parameters
    ----------
    path : Path
        A table for each categorical column (``[sex]``, then ``female = 9800000``), and
        ``column = total`` for a number; all may stand in one table ``[margins]``.

    Raises
    ------
    DataError
        With all faults of the file.
    """
    given = load_toml(path)
    inner = given.get("margins")
    if set(given) == {"margins"} and isinstance(inner, dict):
        given = inner
    faults: list[Fault] = []
    categories: dict[str, dict[str, float]] = {}
    numbers: dict[str, float] = {}
    for name, value in given.items():
        if isinstance(value, dict):
            categories[name] = {}
            for level, total in value.items():
                at = f"{name}.{level}"
                categories[name][level] = _total(path, at, total, faults, least=0.0)
        else:
            numbers[name] = _total(path, name, value, faults)
    if not given:
        faults.append(Fault("no margin", path.name, way_out="Such as [sex], female = 9800000."))
    faults += _disagreeing(path.name, categories)
    if faults:
        raise DataError(faults)
    return Margins(categories, numbers, path.name)


def _total(
    path: Path, name: str, value: object, faults: list[Fault], least: float = -math.inf
) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(float(str(value))) or float(str(value)) <= least:
        way_out = (
            'A column whose name has a dot is written ["sch.wide"].'
            if isinstance(value, dict)
            else ""
        )
        asked = "a total above 0" if least == 0 else "a total"
        faults.append(Fault(f"expected {asked}", path.name, None, name, str(value), way_out))
        return 1.0
    return float(str(value))


def _disagreeing(file: str, categories: dict[str, dict[str, float]]) -> list[Fault]:
    sums = {name: sum(totals.values()) for name, totals in categories.items()}
    if not sums or max(sums.values()) - min(sums.values()) <= _AGREE * max(sums.values()):
        return []
    shown = ", ".join(f"{name} {total:,.10g}" for name, total in sums.items())
    way_out = "All margins must describe one population."
    return [Fault("margins sum to different populations", file, None, "", shown, way_out)]


def calibrate(
    data: Microdata,
    margins: Margins,
    method: str = "rake",
    *,
    bounds: tuple[float, float] | None = None,
    name: str = "calibrated",
    tolerance: float = TOLERANCE,
    limits: tuple[float, float] | None = None,
    shares: bool = False,
) -> Calibrated:
    """Fit the weights to totals.

    Parameters
    ----------
    data : Microdata
        Respondents, checked.
    margins : Margins
        Totals of the population.
    method : str
        ``rake`` (raking ratio), ``linear`` (GREG), ``truncated`` (linear within bounds) or
        ``logit`` (within bounds, no weight at them).
    bounds : tuple of (float, float) or None
        Of weight after over weight before; needed for the last two, not allowed for the others.
    name : str
        Column of the new weights; replicate weights become it with a number.
    tolerance : float
        Largest relative error of a margin that is accepted.
    limits : tuple of (float, float) or None
        Weights are cut to these afterwards (`trim`); the margins then hold no more, the report
        says by how much, and the variance knows of no fit.
    shares : bool
        Whether the margins of categories are shares of the population that the weights sum to.

    Raises
    ------
    DataError
        Where a margin cannot be reached, or the options contradict one another.
    """
    _refuse(data, margins, method, bounds, limits, name, tolerance)
    before = data.weights
    _refuse_units(data, margins, shares=shares)
    if shares:
        margins = _scaled(margins, float(before.sum()))
    matrix, targets, labels = _system(data, margins)

    def fitted(weights: np.ndarray, which: str) -> np.ndarray:
        """Weights that reach the margins, or a fault."""
        found = _solve(matrix, targets, weights, method, bounds, tolerance)
        achieved = matrix.T @ found
        error = np.abs(achieved - targets) / np.maximum(np.abs(targets), 1e-300)
        if not np.isfinite(error).all() or error.max() > tolerance:
            worst = int(np.argmax(np.where(np.isfinite(error), error, np.inf)))
            raise DataError(
                Fault(
                    f"the margins cannot be reached{which}: the nearest weights give "
                    f"{achieved[worst]:,.6g} for {labels[worst]}",
                    margins.file,
                    value=f"{targets[worst]:,.6g}",
                    way_out="Widen the bounds, join small categories, or ask for a larger "
                    "tolerance.",
                )
            )
        if found.min() < 0 or (which == "" and found.min() == 0):
            raise DataError(
                Fault(
                    f"{int((found <= 0).sum())} weights come out at 0 or below{which}",
                    margins.file,
                    value=f"{found.min():.6g}",
                    way_out="Use truncated or logit with a lower bound above 0.",
                )
            )
        return found

    after = fitted(before, "")
    replicates = {
        f"{name}{number}": fitted(
            data.frame[column].cast(pl.Float64).to_numpy(), f" by the replicate {column}"
        )
        for number, column in enumerate(data.design.replicate_weights, 1)
    }
    cut = 0
    if limits:
        outside = (after < limits[0]) | (after > limits[1])
        cut = int(outside.sum())
        after = trim(after, *limits)
    fit = Calibration(
        data.design.weights,
        method,
        tuple(margins.categories),
        tuple(margins.numbers),
        tuple((matrix.T @ after).tolist()),
    )
    design = replace(
        data.design,
        weights=name,
        replicate_weights=tuple(replicates),
        # Weights that were cut meet no margin, so their variance gets no credit for one.
        calibration=None if cut else fit,
        population=None,
    )
    columns = {name: after, **replicates}
    frame = data.frame.with_columns(pl.Series(key, value) for key, value in columns.items())
    ratios = after / before
    return Calibrated(
        Microdata(frame, design, data.file),
        _report(data, margins, before, after),
        (float(after.min()), float(after.max())),
        (float(ratios.min()), float(ratios.max())),
        (kish(before), kish(after)),
        cut,
    )


def _refuse(
    data: Microdata,
    margins: Margins,
    method: str,
    bounds: tuple[float, float] | None,
    limits: tuple[float, float] | None,
    name: str,
    tolerance: float,
) -> None:
    faults = []
    if method not in FITS:
        faults.append(
            Fault("unknown method", value=method, way_out=f"Known: {', '.join(FITS)}.")
        )
    if method in ("truncated", "logit") and not bounds:
        faults.append(Fault(f"{method} needs bounds", way_out="Such as 0.5,2."))
    if method in ("rake", "linear") and bounds:
        way_out = "Use truncated or logit."
        faults.append(Fault(f"{method} knows no bounds", value=str(bounds), way_out=way_out))
    if bounds and not 0 <= bounds[0] < 1 < bounds[1] < math.inf:
        way_out = "They bound weight after over weight before, so 1 lies between them."
        faults.append(Fault("impossible bounds", value=str(bounds), way_out=way_out))
    if limits and not 0 < limits[0] < limits[1]:
        faults.append(Fault("impossible limits of the weights", value=str(limits)))
    if limits and data.design.replicate_weights:
        faults.append(Fault("replicate weights cannot be trimmed", way_out="Use bounds."))
    if not 0 < tolerance < 1:
        faults.append(Fault("expected a tolerance between 0 and 1", value=str(tolerance)))
    taken = [name, *(f"{name}{at}" for at, _ in enumerate(data.design.replicate_weights, 1))]
    faults += [
        Fault("the file has this column already", data.file, value=one, way_out="Use --name.")
        for one in taken
        if one in data.frame.columns
    ]
    if data.design.calibration:
        way_out = f"Begin from {data.design.calibration.weights}."
        faults.append(Fault("the weights are calibrated already", way_out=way_out))
    faults += _unmatched(data, margins)
    if faults:
        raise DataError(faults)


def _unmatched(data: Microdata, margins: Margins) -> list[Fault]:
    """Margins without respondents, respondents without a margin, missing values."""
    faults = []
    for name in (*margins.categories, *margins.numbers):
        if name not in data.frame.columns:
            faults.append(Fault("no such column", data.file, value=name))
        elif missing := data.frame[name].null_count():
            way_out = "Every respondent needs a value to be weighted by."
            problem = f"{missing} respondents have no value"
            faults.append(Fault(problem, data.file, None, name, "", way_out))
        elif name in margins.numbers and not data.frame[name].dtype.is_numeric():
            faults.append(Fault("expected numbers", data.file, None, name))
    for name, totals in margins.categories.items():
        if name not in data.frame.columns:
            continue
        present = set(categories_of(data.frame[name].drop_nulls()).unique().to_list())
        for level in sorted(set(totals) - present):
            problem = f"no respondent in the category {level} of {name}"
            way_out = "Join it with another category."
            faults.append(Fault(problem, margins.file, value=level, way_out=way_out))
        for level in sorted(present - set(totals)):
            problem = f"no total for the category {level} of {name}"
            faults.append(Fault(problem, margins.file, value=level))
    return faults


def _refuse_units(data: Microdata, margins: Margins, *, shares: bool) -> None:
    """Shares that are given as totals, and totals as shares."""
    total = float(data.weights.sum())
    faults = []
    for name, totals in margins.categories.items():
        summed = sum(totals.values())
        like_shares = abs(summed - 1) < 0.02 or abs(summed - 100) < 2
        if not shares and like_shares and total > 2 * summed:
            problem = f"the margins of {name} sum to {summed:g}, the weights to {total:,.6g}"
            faults.append(Fault(problem, margins.file, way_out="Give --shares, or totals."))
        if shares and not like_shares:
            problem = f"the shares of {name} sum to {summed:,.6g}, not to 1 or 100"
            faults.append(Fault(problem, margins.file, value=name))
    if shares:
        faults += [
            Fault("a number has a total, no share", margins.file, column=name)
            for name in margins.numbers
        ]
    if faults:
        raise DataError(faults)


def _scaled(margins: Margins, population: float) -> Margins:
    categories = {
        name: {
            level: population * total / sum(totals.values()) for level, total in totals.items()
        }
        for name, totals in margins.categories.items()
    }
    return replace(margins, categories=categories)


def _system(data: Microdata, margins: Margins) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Matrix of shape (n, k), targets of shape (k,) and their names."""
    matrix = auxiliary(data.frame, tuple(margins.categories), tuple(margins.numbers))
    targets, labels = [], []
    for at, (name, totals) in enumerate(margins.categories.items()):
        for level in sorted(totals)[bool(at) :]:
            targets.append(totals[level])
            labels.append(f"{name} {level}")
    targets += margins.numbers.values()
    labels += margins.numbers
    return matrix, np.array(targets), labels


def _solve(
    matrix: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    method: str,
    bounds: tuple[float, float] | None,
    tolerance: float,
) -> np.ndarray:
    """Weights after, by Newton's method on the convex dual (Deville and Särndal 1992, eq. 2.7).

    The dual falls at every step, so a solution is found where there is one.
    """
    ratio, slope, integral = _distance(method, bounds)
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-300)
    columns, wanted = matrix / scale, targets / scale
    lagrange = np.zeros(columns.shape[1])

    def missing(at: np.ndarray) -> np.ndarray:
        """Totals less what is wanted."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(columns.T @ (weights * ratio(columns @ at)) - wanted)

    def dual(at: np.ndarray) -> float:
        """What is smallest at the solution."""
        with np.errstate(over="ignore", invalid="ignore"):
            return float((weights * integral(columns @ at)).sum() - wanted @ at)

    value = dual(lagrange)
    for _ in range(_STEPS):
        gap = missing(lagrange)
        if np.abs(gap).max() <= tolerance / 100 * max(np.abs(wanted).max(), 1e-300):
            break
        curve = columns.T @ (columns * (weights * slope(columns @ lagrange))[:, None])
        ridge = 1e-12 * max(float(np.trace(curve)), 1e-12 * float(weights.sum()))
        step = np.linalg.solve(curve + ridge * np.eye(len(gap)), -gap)
        size, fall = 1.0, float(gap @ step)
        for _ in range(60):
            trial = dual(lagrange + size * step)
            if math.isfinite(trial) and trial <= value + 1e-4 * size * fall:
                break
            # Near the end the dual falls by less than it is rounded; the gap still shrinks.
            if np.abs(missing(lagrange + size * step)).max() < np.abs(gap).max() / 2:
                break
            size /= 2
        if size < 2.0**-59 or np.abs(lagrange).max() > 1e9:
            break
        lagrange = lagrange + size * step
        value = dual(lagrange)
    with np.errstate(over="ignore"):
        return np.asarray(weights * ratio(columns @ lagrange))


Curve = Callable[[np.ndarray], np.ndarray]


def _distance(method: str, bounds: tuple[float, float] | None) -> tuple[Curve, Curve, Curve]:
    """Weight after over before as a function of x'λ, with its derivative and integral."""
    low, high = bounds or (0.0, math.inf)
    if method == "rake":
        return np.exp, np.exp, np.exp
    if method == "linear":
        return lambda u: 1 + u, np.ones_like, lambda u: u + u * u / 2
    if method == "truncated":
        return (
            lambda u: np.clip(1 + u, low, high),
            lambda u: ((1 + u > low) & (1 + u < high)).astype(float),
            lambda u: _clipped_integral(u, low, high),
        )
    bend = (high - low) / ((1 - low) * (high - 1))

    def grown(u: np.ndarray) -> np.ndarray:
        """The exponential within what floats hold."""
        return np.asarray(np.exp(np.clip(bend * u, -700, 700)))

    def logit(u: np.ndarray) -> np.ndarray:
        """Deville and Särndal's case 6."""
        e = grown(u)
        top = low * (high - 1) + high * (1 - low) * e
        return np.asarray(top / (high - 1 + (1 - low) * e))

    def steepness(u: np.ndarray) -> np.ndarray:
        """Its derivative."""
        g = logit(u)
        return np.asarray(bend * (g - low) * (high - g) / (high - low))

    def area(u: np.ndarray) -> np.ndarray:
        """Its integral."""
        inside = np.log(high - 1 + (1 - low) * grown(u))
        return np.asarray(low * u + (high - low) / bend * inside)

    return logit, steepness, area


def _clipped_integral(u: np.ndarray, low: float, high: float) -> np.ndarray:
    """Integral of 1 + u held between two values."""
    inside = np.clip(u, low - 1, high - 1)
    beyond = u - inside
    return np.asarray(inside + inside**2 / 2 + np.where(beyond < 0, low, high) * beyond)


@dataclass(frozen=True)
class Outcome:
    """What the new weights did to one mean.

    Parameters
    ----------
    variable : str
        Column.
    estimate, se, deff : tuple of (float or None, float or None)
        Before and after.
    """

    variable: str
    estimate: tuple[float, float]
    se: tuple[float | None, float | None]
    deff: tuple[float | None, float | None]


def outcomes(before: Microdata, after: Microdata, variables: Sequence[str]) -> list[Outcome]:
    """Means with the old and the new weights; the design effect of each is its own.

    Parameters
    ----------
    before, after : Microdata
        Respondents with the old and the new weights.
    variables : Sequence of str
        Numeric columns.
    """
    found = []
    for name in variables:
        (old,), (new,) = (estimate(data, "mean", name) for data in (before, after))
        found.append(
            Outcome(name, (old.estimate, new.estimate), (old.se, new.se), (old.deff, new.deff))
        )
    return found


def trim(weights: np.ndarray, low: float, high: float) -> np.ndarray:
    """Cut weights to limits; what is cut goes in equal parts to the others, as R does.

    Parameters
    ----------
    weights : ndarray
        Float64 of shape (n,).
    low, high : float
        The limits.

    Raises
    ------
    DataError
        Where the rest cannot take it within the limits.

    Examples
    --------
    >>> trim(np.array([1.0, 2.0, 9.0]), 1.0, 5.0)
    array([3., 4., 5.])
    """
    outside = (weights < low) | (weights > high)
    if not outside.any():
        return weights
    cut = np.clip(weights, low, high)
    if not outside.all():
        cut[~outside] += (weights - cut).sum() / (~outside).sum()
    way_out = "Widen the limits."
    if outside.all() or cut.min() < low or cut.max() > high:
        raise DataError(
            Fault(
                "the other weights cannot take what is cut",
                value=f"{low:g},{high:g}",
                way_out=way_out,
            )
        )
    return np.asarray(cut)


def kish(weights: np.ndarray) -> float:
    """Kish's design effect of unequal weights, 1 plus their squared variation.

    Parameters
    ----------
    weights : ndarray
        Float64 of shape (n,).

    Examples
    --------
    >>> kish(np.array([1.0, 1.0, 2.0]))
    1.125
    """
    return float(len(weights) * (weights**2).sum() / weights.sum() ** 2)


def _report(
    data: Microdata, margins: Margins, before: np.ndarray, after: np.ndarray
) -> list[Fitted]:
    found = []
    for name, totals in margins.categories.items():
        values = categories_of(data.frame[name])
        for level, target in totals.items():
            at = (values == level).to_numpy()
            found.append(_fitted(name, level, target, before[at], after[at]))
    for name, target in margins.numbers.items():
        x = data.frame[name].cast(pl.Float64).to_numpy()
        found.append(_fitted(name, None, target, before * x, after * x))
    return found


def _fitted(
    name: str, level: str | None, target: float, before: np.ndarray, after: np.ndarray
) -> Fitted:
    total = float(after.sum())
    error = (total - target) / target if target else math.nan
    return Fitted(name, level, target, float(before.sum()), total, error)
