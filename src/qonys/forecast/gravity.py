"""Drivers of flows between places: Poisson pseudo maximum likelihood with fixed effects.

For the command line and analysts. Main types: `Flows`, `Gravity`; main functions: `read_flows`,
`fit_gravity`. The estimate is pyfixest's (an extra); which rows and covariates it can rest on
is settled here before. Says what goes together under the effects, not what causes what.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from qonys.core.errors import DataError, Fault, listed
from qonys.forecast._gravity_kernels import dependent, lasting, separated
from qonys.forecast.series import read_rows

CLUSTERS = ("pair", "origin", "destination", "none")
YEARLY = ("origin^year", "destination^year")  #: Effects of a file with years.
PLAIN = ("origin", "destination")
MORE = 1.1  #: A change of a logged covariate is told for 10 % more of it.
FEW = 30  #: Clusters under which errors are too small (Cameron and Miller 2015, VI: 20 to 50).
_PARTS = ("origin", "destination", "year")
_ROUNDS = 200
_LARGEST = 700.0  #: Beyond it an exponential is no number.
_UNSURE = (
    "The search for zeros that are predicted perfectly found no end: an estimate far from the "
    "others may be one of them, and no estimate at all."
)
_SUM = "a sum of the effects and of covariates named before it"


@dataclass(frozen=True)
class Flows:
    """Moves from place to place, one row each.

    Parameters
    ----------
    origin, destination : ndarray, shape (n,), str
        Places, never the same in a row.
    flow : ndarray, shape (n,)
        Who moved, at least 0.
    covariates : Mapping of str to ndarray, shape (n,)
        What may go with them.
    year : ndarray or None, shape (n,), int
        None where the file has none.
    file : str
        Where they were read, for faults.
    """

    origin: np.ndarray
    destination: np.ndarray
    flow: np.ndarray
    covariates: Mapping[str, np.ndarray]
    year: np.ndarray | None = None
    file: str = ""


@dataclass(frozen=True)
class Term:
    """What goes with more of one covariate.

    Parameters
    ----------
    name : str
        The covariate.
    logged : bool
        Whether its logarithm was taken.
    estimate, standard_error, low_95, high_95 : float
        Of the coefficient, on the logarithm of the expected flow.
    change, change_low_95, change_high_95 : float
        By what share flows are larger (0.1 is 10 % more) with one more of the covariate, or
        with 10 % more of a logged one.
    """

    name: str
    logged: bool
    estimate: float
    standard_error: float
    low_95: float
    high_95: float
    change: float
    change_low_95: float
    change_high_95: float


@dataclass(frozen=True)
class Gravity:
    """A fitted model of flows.

    Parameters
    ----------
    terms : tuple of Term
        Of the covariates that stayed.
    dropped : dict of str to str
        Covariates that did not, and why.
    rows : int
        Used.
    zeros_left_out : int
        Rows of no flow that effects or covariates predict perfectly: they say nothing of the
        others, and with them there is no estimate (Correia, Guimarães and Zylkin 2019).
    single_left_out : int
        Rows that were alone in a level of an effect.
    levels_left_out : tuple of str
        Levels of effects that went with them.
    effects : tuple of str
        The fixed effects.
    cluster : str
        One of `CLUSTERS`; with ``none`` errors are robust to unequal variances only.
    clusters : int
        How many; rows, where they are not clustered.
    parameters, degrees : int
        Covariates and levels; degrees of freedom of the t of the intervals.
    deviance, pseudo_r2 : float
        Poisson's; McFadden's, against one mean for all.
    notes : tuple of str
        What a reader must know.
    """

    terms: tuple[Term, ...]
    dropped: dict[str, str]
    rows: int
    zeros_left_out: int
    single_left_out: int
    levels_left_out: tuple[str, ...]
    effects: tuple[str, ...]
    cluster: str
    clusters: int
    parameters: int
    degrees: int
    deviance: float
    pseudo_r2: float
    notes: tuple[str, ...] = ()


def read_flows(path: Path, covariates: Sequence[str] = ()) -> Flows:
    """Flows of a CSV file: ``origin``, ``destination``, ``flow``, ``year`` or not, covariates.

    Parameters
    ----------
    path : Path
        The file, UTF-8.
    covariates : Sequence of str
        Columns to read; every other column where none is named.

    Raises
    ------
    DataError
        With all faults: missing, negative or no numbers, doubled rows, people who stayed.
    """
    needed = ("origin", "destination", "flow")
    taken = [name for name in covariates if name in (*needed, "year")]
    if taken:
        way_out = "Covariates are the other columns."
        raise DataError(
            [Fault("is no covariate", path.name, 1, name, "", way_out) for name in taken]
        )
    way_out = "Columns: origin, destination, flow, covariates; year may be left out."
    columns: dict[str, list[str]] = {}
    for _, row in read_rows(path, (*needed, *covariates), way_out):
        if not columns:
            wanted = (*needed, "year", *covariates) if covariates else tuple(row)
            columns = {name: [] for name in wanted if name and name in row}
        for name, texts in columns.items():
            texts.append((row[name] or "").strip())
    if not columns:
        raise DataError(Fault("no rows", path.name))
    return _flows(columns, path.name)


def _flows(columns: Mapping[str, list[str]], file: str) -> Flows:
    faults: list[Fault] = []
    way_out = "A missing flow is no zero: write 0 where nobody moved, else leave the row out."
    flow = _numbers(columns["flow"], "flow", file, faults, way_out)
    faults += [
        Fault("expected at least 0", file, at + 2, "flow", columns["flow"][at])
        for at in np.flatnonzero(flow < 0).tolist()
    ]
    year = _years(columns["year"], file, faults) if "year" in columns else None
    origin, destination = (np.array(columns[name]) for name in _PARTS[:2])
    way_out = "Fill it in, or leave the row out."
    for name in _PARTS[:2]:
        empty = np.flatnonzero(np.array(columns[name]) == "")
        faults += [Fault("missing", file, at + 2, name, "", way_out) for at in empty.tolist()]
    values = {
        name: _covariate(texts, name, file, faults)
        for name, texts in columns.items()
        if name not in (*_PARTS, "flow")
    }
    flows = Flows(origin, destination, flow, values, year, file)
    faults += _row_faults(flows)
    if faults:
        raise DataError(listed(faults))
    return flows


def _numbers(
    texts: Sequence[str], column: str, file: str, faults: list[Fault], way_out: str
) -> np.ndarray:
    """Numbers of a column; not a number, and a fault, where a text is none."""
    try:
        values = np.array(texts, dtype=float)
    except ValueError:
        values = np.array([_number(text) for text in texts])
    for at in np.flatnonzero(~np.isfinite(values)).tolist():
        blank = texts[at] in ("", "NA", ".")
        problem = "missing" if blank else "expected a number"
        faults.append(Fault(problem, file, at + 2, column, texts[at], way_out))
        values[at] = math.nan
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _years(texts: Sequence[str], file: str, faults: list[Fault]) -> np.ndarray:
    values = _numbers(texts, "year", file, faults, "Years, such as 2019.")
    for at in np.flatnonzero(np.isfinite(values) & (values % 1 != 0)).tolist():
        faults.append(Fault("expected a year", file, at + 2, "year", texts[at]))
    years: np.ndarray = np.nan_to_num(values).astype(int)
    return years


def _covariate(texts: Sequence[str], column: str, file: str, faults: list[Fault]) -> np.ndarray:
    own: list[Fault] = []
    values = _numbers(texts, column, file, own, "Fill it in, or leave the row out.")
    if np.isnan(values).all():
        way_out = "Name the covariates that are wanted, or leave the column out."
        own = [Fault("holds no numbers", file, 1, column, texts[0], way_out)]
    faults += own
    return values


def _row_faults(flows: Flows) -> list[Fault]:
    """People who stayed, and doubled rows."""
    stayed = flows.origin == flows.destination
    way_out = "People who stayed are no flow: leave these rows out."
    faults = [
        Fault("origin is destination", flows.file, int(at) + 2, "origin", place, way_out)
        for at, place in zip(np.flatnonzero(stayed), flows.origin[stayed].tolist(), strict=True)
        if place
    ]
    asked = _PARTS if flows.year is not None else _PARTS[:2]
    effect = "^".join(asked)
    keys, _ = _levels(flows, effect)
    order = np.argsort(keys, kind="stable")
    again = order[1:][np.diff(keys[order]) == 0]
    first = order[np.searchsorted(keys[order], keys[again])]
    return faults + [
        Fault(
            "stands twice",
            flows.file,
            at + 2,
            "",
            _name(flows, effect, at),
            f"See row {one + 2}.",
        )
        for at, one in zip(again.tolist(), first.tolist(), strict=True)
    ]


def _levels(flows: Flows, effect: str) -> tuple[np.ndarray, np.ndarray]:
    """The level of each row, counted from 0, and one row of each level."""
    codes, rows = np.zeros(len(flows.flow), int), np.zeros(1, int)
    for part in effect.split("^"):
        labels, inside = np.unique(getattr(flows, part), return_inverse=True)
        _, rows, codes = np.unique(
            codes * len(labels) + inside, return_index=True, return_inverse=True
        )
    return codes, rows


def _name(flows: Flows, effect: str, row: int) -> str:
    return "^".join(str(getattr(flows, part)[row]) for part in effect.split("^"))


def fit_gravity(
    flows: Flows,
    terms: Sequence[str],
    *,
    logs: Sequence[str] = (),
    effects: Sequence[str] = (),
    cluster: str = "pair",
) -> Gravity:
    """Fit flows by covariates and fixed effects.

    Parameters
    ----------
    flows : Flows
        The past.
    terms : Sequence of str
        Covariates that enter as they stand.
    logs : Sequence of str
        Covariates that enter by their logarithm.
    effects : Sequence of str
        Fixed effects, parts of ``origin``, ``destination`` and ``year`` joined by ``^``;
        `YEARLY`, or `PLAIN` without years, if not given.
    cluster : str
        One of `CLUSTERS`. A pair has a direction: there and back are two.

    Raises
    ------
    DataError
        With all faults, or where the flows have no estimate.

    Notes
    -----
    E(flow) = exp(covariates × coefficients + effects), by Poisson's likelihood whatever the
    law of the flows is, which keeps zeros and is consistent where regressions of logarithms
    are not. Corrections of errors for few rows and clusters are pyfixest's defaults;
    intervals are Student's t of as many degrees as clusters less one (Cameron and Miller 2015).

    References
    ----------
    Santos Silva and Tenreyro (2006), Review of Economics and Statistics 88; Correia, Guimarães
    and Zylkin (2019), Verifying the existence of maximum likelihood estimates for generalized
    linear models, arXiv 1903.01633.
    """
    names = tuple(dict.fromkeys([*terms, *logs]))
    effects = tuple(dict.fromkeys(effects)) or (PLAIN if flows.year is None else YEARLY)
    faults = [*_term_faults(flows, names, logs), *_effect_faults(flows, effects, cluster)]
    if not (flows.flow >= 0).all() or not np.any(flows.flow > 0):
        problem = "only zeros" if not flows.flow.any() else "expected at least 0"
        faults.append(Fault(problem, flows.file, None, "flow"))
    if faults:
        raise DataError(listed(faults))
    values = np.column_stack(
        [
            np.log(flows.covariates[name]) if name in logs else flows.covariates[name]
            for name in names
        ]
    )
    levels = [_levels(flows, effect) for effect in effects]
    codes = [code for code, _ in levels]
    kept, without = _rest_on(flows.flow, values, codes)
    dropped = {
        name: _why(values[:, at], kept, effects, codes)
        for at, name in enumerate(names)
        if without[at]
    }
    used = _Used(
        tuple(name for name in names if name not in dropped),
        flows.flow[kept],
        values[kept][:, ~without],
        _dense(codes, kept),
        _clusters(flows, cluster, kept),
    )
    _require_enough(used, dropped, flows.file)
    fitted = _fit(used)
    if len(fitted.left_out):
        kept[np.flatnonzero(kept)[fitted.left_out]] = False
    asked = effects, cluster, frozenset(logs)
    return _gravity(flows, levels, asked, kept, used, fitted, dropped)


def _term_faults(flows: Flows, names: Sequence[str], logs: Sequence[str]) -> list[Fault]:
    there = ", ".join(flows.covariates) or "none"
    unknown = [name for name in names if name not in flows.covariates]
    faults = [
        Fault("no such covariate", flows.file, None, "", name, f"There are: {there}.")
        for name in unknown
    ]
    if not names:
        faults.append(Fault("no covariate is asked for", flows.file))
    faults += [
        Fault("expected numbers", flows.file, None, name)
        for name in names
        if name not in unknown and not np.isfinite(flows.covariates[name]).all()
    ]
    way_out = "Has no logarithm: leave the row out, or take the covariate as it stands."
    for name in dict.fromkeys(logs):
        if name in unknown:
            continue
        column = flows.covariates[name]
        faults += [
            Fault("expected more than 0", flows.file, int(at) + 2, name, f"{value:g}", way_out)
            for at, value in zip(
                np.flatnonzero(column <= 0), column[column <= 0].tolist(), strict=True
            )
        ]
    return faults


def _effect_faults(flows: Flows, effects: Sequence[str], cluster: str) -> list[Fault]:
    parts = [part for part in _PARTS if part != "year" or flows.year is not None]
    way_out = f"Parts are {', '.join(parts)}, joined by ^: {parts[0]}^{parts[-1]}."
    faults = [
        Fault("no such effect", flows.file, None, "", effect, way_out)
        for effect in effects
        if len(set(effect.split("^"))) != len(effect.split("^"))
        or not set(effect.split("^")) <= set(parts)
    ]
    if cluster not in CLUSTERS:
        faults.append(Fault("no such cluster", value=cluster, way_out=", ".join(CLUSTERS)))
    return faults


def _rest_on(
    flow: np.ndarray, values: np.ndarray, codes: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Rows that an estimate can rest on, and covariates that it must do without."""
    kept = lasting(flow, codes)
    pairs = list(combinations(codes, 2)) or [(codes[0], np.zeros_like(codes[0]))]
    if not kept.any():
        raise _no_estimate()
    standing = _standard(values[kept])
    zeros = np.zeros(len(flow), bool)
    for pair in pairs:
        zeros[kept] |= separated(flow[kept], standing, *_dense(pair, kept))
    kept &= ~zeros
    kept[kept] = lasting(flow[kept], [code[kept] for code in codes])
    if not kept.any():
        raise _no_estimate()
    without = np.zeros(values.shape[1], bool)
    standing = _standard(values[kept])
    for pair in pairs:
        without |= dependent(standing, *_dense(pair, kept))
    return kept, without


def _dense(codes: Sequence[np.ndarray], kept: np.ndarray) -> list[np.ndarray]:
    """Levels of the rows that stay, counted from 0."""
    return [np.unique(code[kept], return_inverse=True)[1] for code in codes]


def _standard(values: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and standard deviation 1; 0 where a column never changes."""
    spread = np.where(np.ptp(values, axis=0) > 0, values.std(axis=0), 0)
    centred = values - values.mean(axis=0)
    found: np.ndarray = np.where(spread > 0, centred / np.where(spread > 0, spread, 1), 0)
    return found


def _why(
    value: np.ndarray, kept: np.ndarray, effects: Sequence[str], codes: Sequence[np.ndarray]
) -> str:
    """Why a covariate says nothing."""
    if not np.ptp(value):
        return "the same in all rows"
    if not np.ptp(value[kept]):
        return "differs only in rows left out: it predicts their zeros perfectly"
    for effect, code in zip(effects, codes, strict=True):
        one = np.zeros(code.max() + 1)
        one[code[kept]] = value[kept]
        if np.allclose(one[code[kept]], value[kept], rtol=1e-12, atol=0):
            return f"the same everywhere inside {effect}"
    return _SUM


@dataclass(frozen=True)
class _Used:
    """What is fitted: rows that stayed, covariates as they stand, levels from 0."""

    names: tuple[str, ...]
    flow: np.ndarray
    values: np.ndarray
    codes: list[np.ndarray]
    clusters: np.ndarray | None

    def parameters(self, rows: np.ndarray | slice = slice(None)) -> int:
        """Covariates and levels, less one for each effect but the first, as pyfixest counts."""
        levels = sum(len(np.unique(code[rows])) for code in self.codes)
        return len(self.names) + levels - (len(self.codes) - 1)


@dataclass(frozen=True)
class _Fitted:
    """What pyfixest answers: estimate and standard error, in the units of the covariates."""

    table: dict[str, tuple[float, float]]
    deviance: float
    left_out: np.ndarray
    notes: tuple[str, ...]


def _clusters(flows: Flows, cluster: str, kept: np.ndarray) -> np.ndarray | None:
    if cluster == "none":
        return None
    codes, _ = _levels(flows, "origin^destination" if cluster == "pair" else cluster)
    return _dense([codes], kept)[0]


def _require_enough(used: _Used, dropped: Mapping[str, str], file: str) -> None:
    """Raise where nothing is left to fit, or not enough to fit it by."""
    if not used.names:
        raise DataError(
            [Fault(f"no estimate: {why}", file, None, name) for name, why in dropped.items()]
        )
    rows, parameters = len(used.flow), used.parameters()
    if rows <= parameters:
        problem = f"{rows} rows for {parameters} covariates and levels of effects"
        way_out = (
            "Rows of zeros and single rows are left out. Take fewer effects or more years."
        )
        raise DataError(Fault(problem, file, way_out=way_out))
    clusters = rows if used.clusters is None else int(used.clusters.max()) + 1
    if clusters <= len(used.names):
        problem = f"{clusters} clusters for {len(used.names)} covariates: no standard errors"
        raise DataError(Fault(problem, file, way_out="Cluster by pair, or take fewer."))


def _fit(used: _Used) -> _Fitted:
    """The estimate by pyfixest, on covariates of standard deviation 1."""
    scale = used.values.std(axis=0)
    columns = {f"x{at}": column for at, column in enumerate(_standard(used.values).T)}
    levels = {f"e{at}": code for at, code in enumerate(used.codes)}
    formula = f"flow ~ {' + '.join(columns)} | {' + '.join(levels)}"
    # Up to two effects no perfect prediction is left; its own search is less sure of itself.
    search = ["fe"] if len(levels) <= 2 else ["fe", "ir"]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        pyfixest, pandas = _libraries()
        data = {"flow": used.flow, **columns, **levels}
        if used.clusters is not None:
            data["cluster"] = used.clusters
        try:
            fit = pyfixest.fepois(
                formula,
                pandas.DataFrame(data),
                vcov="hetero" if used.clusters is None else {"CRV1": "cluster"},
                fixef_rm="none",
                iwls_tol=1e-12,
                iwls_maxiter=_ROUNDS,
                separation_check=search,
                demeaner=pyfixest.MapDemeaner(fixef_tol=1e-10, fixef_maxiter=100_000),
            )
        except (ValueError, np.linalg.LinAlgError) as error:
            raise _no_estimate() from error
        table = {}
        for (column, estimate), spread in zip(fit.coef().items(), fit.se(), strict=True):
            at = int(str(column)[1:])
            table[used.names[at]] = _same(estimate / scale[at]), _same(spread / scale[at])
    if not fit.convergence or not np.isfinite(list(table.values())).all():
        raise _no_estimate()
    notes: tuple[str, ...] = ()
    if any("maximum number of iterations" in str(one.message) for one in told):
        notes = (_UNSURE,)
    return _Fitted(table, _same(fit.deviance), np.asarray(fit.na_index, dtype=int), notes)


def _same(value: float) -> float:
    """Ten digits: those after them change with the order in which threads add up."""
    return float(f"{value:.10g}")


def _no_estimate() -> DataError:
    way_out = "Too few moved to tell the effects apart: take fewer effects, or more years."
    return DataError(Fault("no estimate was found", way_out=way_out))


def _libraries() -> tuple[Any, Any]:
    """Import pyfixest and pandas, or say how to get them."""
    try:
        import pandas as pd
        import pyfixest
    except ModuleNotFoundError as error:
        way_out = "pip install 'qonys[drivers]'"
        raise DataError(
            Fault(f"{error.name} is not installed", "gravity", way_out=way_out)
        ) from error
    return pyfixest, pd


def _gravity(
    flows: Flows,
    levels: Sequence[tuple[np.ndarray, np.ndarray]],
    asked: tuple[tuple[str, ...], str, frozenset[str]],
    kept: np.ndarray,
    used: _Used,
    fitted: _Fitted,
    dropped: dict[str, str],
) -> Gravity:
    """What is told of a fit; `asked` are effects, cluster and logs."""
    effects, cluster, logs = asked
    stayed = np.delete(np.arange(len(used.flow)), fitted.left_out)
    flow, rows_used = used.flow[stayed], len(stayed)
    clusters = rows_used if used.clusters is None else len(np.unique(used.clusters[stayed]))
    gone = [
        f"{effect} {_name(flows, effect, rows[level])}"
        for effect, (codes, rows) in zip(effects, levels, strict=True)
        for level in np.setdiff1d(np.arange(len(rows)), codes[kept])
    ]
    parameters = used.parameters(stayed) - len(used.names) + len(fitted.table)
    degrees = rows_used - parameters if used.clusters is None else clusters - 1
    late = [name for name in used.names if name not in fitted.table]
    notes = list(fitted.notes)
    if cluster != "none" and clusters < FEW:
        notes.append(f"Only {clusters} clusters: the true intervals are wider.")
    return Gravity(
        tuple(_term(name, name in logs, row, degrees) for name, row in fitted.table.items()),
        dropped | dict.fromkeys(late, _SUM),
        rows_used,
        int((flows.flow[~kept] == 0).sum()),
        int((flows.flow[~kept] > 0).sum()),
        tuple(gone),
        effects,
        cluster,
        clusters,
        parameters,
        degrees,
        fitted.deviance,
        _pseudo_r2(flow, fitted.deviance),
        tuple(notes),
    )


def _term(name: str, logged: bool, row: tuple[float, float], degrees: int) -> Term:
    """Intervals are by Student's t, which pyfixest's, by the normal law, are not."""
    from scipy import stats

    step = math.log(MORE) if logged else 1.0
    estimate, error = row
    reach = error * float(stats.t.ppf(0.975, degrees))
    low, high = estimate - reach, estimate + reach
    changes = (float(np.expm1(min(step * value, _LARGEST))) for value in (estimate, low, high))
    return Term(name, logged, estimate, error, low, high, *changes)


def _pseudo_r2(flow: np.ndarray, deviance: float) -> float:
    """1 less the log-likelihood over that of one mean (McFadden 1974)."""
    from scipy.special import gammaln, xlogy

    constant = float((flow + gammaln(flow + 1)).sum())
    full = float(xlogy(flow, flow).sum()) - constant
    alone = float(xlogy(flow, flow.mean()).sum()) - constant
    return _same(1 - (full - deviance / 2) / alone)
