"""Regions with few answers: a model borrows strength from the others, and is checked first.

For the command line. Main types: `Fit`, `SmallAreas`; main functions: `fay_herriot`,
`small_areas`. Sources: Fay and Herriot (1979); Rao and Molina (2015), sections 6.1 and 6.2;
Datta and Lahiri (2000) for errors under REML; Wolter (2007), chapter 7, for smoothed variances.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy import optimize, stats

from qonys.core.errors import DataError, Fault
from qonys.survey.estimates import Estimate, estimate, not_there
from qonys.survey.files import FEWEST
from qonys.survey.microdata import Microdata

_REGION = "qonys region"
_BEYOND = 5  #: Regions beyond the coefficients that a model needs.
DIRECT, MODELLED, SUPPRESSED = "direct", "modelled", "suppressed"


@dataclass(frozen=True)
class Fit:
    """A Fay-Herriot model, fitted by restricted maximum likelihood.

    Parameters
    ----------
    coefficients : ndarray, shape (k,)
        Of the regression.
    covariance : ndarray, shape (k, k)
        Of the coefficients.
    spread : float
        Variance between areas that the regression leaves.
    estimates : ndarray, shape (m,)
        Empirical best linear unbiased predictors.
    mse : ndarray, shape (m,)
        Their mean squared errors, second order.
    weight : ndarray, shape (m,)
        Of the area's own estimate, 0 to 1.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    spread: float
    estimates: np.ndarray
    mse: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class ModelCheck:
    """Whether the model may be believed.

    Parameters
    ----------
    fits : bool
        Whether its estimates are shown.
    says : list of str
        Every reason against it; empty when it fits.
    areas : int
        Areas it was fitted to.
    spread : float or None
        Variance between areas that the regression leaves; none, as the next, without a fit.
    normality : float or None
        p of Shapiro and Wilk's test of the standardised residuals.
    left_out : float or None
        Part of the areas whose own estimate lies in the 95 % interval that the model, fitted to
        the others, gives it.
    farthest : float or None
        The largest standardised distance of a left-out area.
    """

    fits: bool
    says: list[str]
    areas: int
    spread: float | None
    normality: float | None
    left_out: float | None
    farthest: float | None


@dataclass(frozen=True)
class Area:
    """One region.

    Parameters
    ----------
    area : str
        Its code.
    n : int
        Answers.
    shown : str
        ``direct``, ``modelled`` or ``suppressed``.
    estimate, se, low, high : float or None
        What may be published, with the root of its mean squared error and the 95 % interval.
    direct, direct_se : float or None
        Its own estimate; none where fewer than the minimum answered.
    model, model_se : float or None
        The model's; none where the check failed.
    weight : float or None
        Of the area's own answers in the model's estimate.
    """

    area: str
    n: int
    shown: str
    estimate: float | None
    se: float | None
    low: float | None
    high: float | None
    direct: float | None
    direct_se: float | None
    model: float | None
    model_se: float | None
    weight: float | None


@dataclass(frozen=True)
class SmallAreas:
    """All regions, with the check of the model.

    Parameters
    ----------
    areas : list of Area
        By code.
    check : ModelCheck
        Of the model.
    """

    areas: list[Area]
    check: ModelCheck


def fay_herriot(direct: np.ndarray, variance: np.ndarray, design: np.ndarray) -> Fit:
    """Fit the area-level model by restricted maximum likelihood.

    Parameters
    ----------
    direct : ndarray, shape (m,)
        Estimates of the areas.
    variance : ndarray, shape (m,)
        Their sampling variances, above 0.
    design : ndarray, shape (m, k)
        Covariates, of full rank, with a constant where one is wanted.

    Examples
    --------
    >>> fit = fay_herriot(np.array([1.0, 2.0, 6.0]), np.ones(3), np.ones((3, 1)))
    >>> round(fit.spread, 6)
    6.0
    """

    def deviance(spread: float) -> float:
        """Minus twice the restricted log likelihood, but for a constant."""
        inverse = 1 / (spread + variance)
        crossed = design.T @ (design * inverse[:, None])
        left = direct - design @ np.linalg.solve(crossed, design.T @ (inverse * direct))
        return float(
            -np.log(inverse).sum() + np.linalg.slogdet(crossed)[1] + (inverse * left**2).sum()
        )

    spread = _lowest(deviance, variance, direct)
    inverse = 1 / (spread + variance)
    covariance = np.linalg.inv(design.T @ (design * inverse[:, None]))
    beta = covariance @ (design.T @ (inverse * direct))
    weight = spread * inverse
    fitted = design @ beta
    uncertain = np.einsum("ij,jk,ik->i", design, covariance, design)
    # Rao and Molina, eqs. 6.2.1 to 6.2.4 and 6.2.7.
    g1, g2 = weight * variance, (1 - weight) ** 2 * uncertain
    g3 = variance**2 * inverse**3 * 2 / (inverse**2).sum()
    return Fit(
        beta,
        covariance,
        spread,
        weight * direct + (1 - weight) * fitted,
        g1 + g2 + 2 * g3,
        weight,
    )


def _lowest(
    deviance: Callable[[float], float], variance: np.ndarray, direct: np.ndarray
) -> float:
    """The spread of the lowest deviance: the best of a grid, then refined about it."""
    at = np.array([0.0, *np.geomspace(variance.min() / 1e3, 10 * np.var(direct) + 1e-300, 60)])
    values = [deviance(one) for one in at]
    best = int(np.argmin(values))
    low, high = at[max(best - 1, 0)], at[min(best + 1, len(at) - 1)]
    if low == high:
        return float(low)
    found = optimize.minimize_scalar(
        deviance, bounds=(low, high), method="bounded", options={"xatol": 1e-12 * high}
    )
    return float(found.x) if found.fun < values[0] else 0.0


def small_areas(
    data: Microdata,
    statistic: str,
    variable: str,
    by: str,
    *,
    level: str | None = None,
    covariates: pl.DataFrame | None = None,
    minimum: int = FEWEST,
) -> SmallAreas:
    """Estimates of every region: its own where enough answered, else the checked model's.

    Parameters
    ----------
    data : Microdata
        Respondents, checked.
    statistic : str
        ``mean`` or ``proportion``.
    variable : str
        Column.
    by : str
        Column of the region.
    level : str or None
        The category of a proportion.
    covariates : DataFrame or None
        A row a region, with the column `by` and numeric columns; regions without respondents
        are modelled too.
    minimum : int
        Answers from which a region's own estimate is shown.
    """
    faults = not_there(data, [variable, by])
    if faults:
        raise DataError(faults)
    # A region of which nobody answered has no estimate of its own, perhaps the model's.
    answered = pl.col(variable).is_not_null().any().over(by)
    region = pl.when(answered).then(pl.col(by)).alias(_REGION)
    asked = replace(data, frame=data.frame.with_columns(region))
    own = {
        one.by[_REGION]: one
        for one in estimate(asked, statistic, variable, [_REGION], ci="logit")
        if one.level == level
    }
    if not own:
        raise DataError(Fault("no such category", data.file, None, variable, str(level)))
    names, design = _design(own, by, covariates)
    usable = [name in own and own[name].df >= 1 for name in names]
    direct = np.array([own[name].estimate if name in own else math.nan for name in names])
    variance = _smoothed(own, names)
    inside = np.array(usable)
    check, fit = _checked(direct[inside], variance[inside], design[inside])
    model = _everywhere(fit, design, inside) if fit and check.fits else None
    reach = float(stats.t.ppf(0.975, max(int(inside.sum()) - design.shape[1], 1)))
    areas = [
        _area(name, own.get(name), model[at] if model else None, minimum, statistic, reach)
        for at, name in enumerate(names)
    ]
    return SmallAreas(areas, check)


def _design(
    own: Mapping[str, Estimate], by: str, covariates: pl.DataFrame | None
) -> tuple[list[str], np.ndarray]:
    """Regions in order, and a constant with their standardised covariates."""
    if covariates is None:
        names = sorted(own)
        return names, np.ones((len(names), 1))
    faults = []
    if by not in covariates.columns:
        raise DataError(Fault("the covariates lack the column of the region", value=by))
    columns = [name for name in covariates.columns if name != by]
    codes = covariates[by].cast(pl.String).to_list()
    faults += [
        Fault("a region stands twice in the covariates", value=str(code))
        for code in sorted({str(code) for code in codes if codes.count(code) > 1})
    ]
    faults += [
        Fault("the covariates lack a region", value=name)
        for name in sorted(set(own) - set(codes))
    ]
    faults += [
        Fault("expected a number in every row of the covariates", column=name)
        for name in columns
        if not covariates[name].dtype.is_numeric()
        or not covariates[name].cast(pl.Float64).is_finite().fill_null(False).all()
    ]
    if not columns:
        faults.append(Fault("no covariates beside the column of the region", column=by))
    if faults:
        raise DataError(faults)
    ordered = covariates.with_columns(pl.col(by).cast(pl.String)).sort(by)
    values = ordered.select(pl.col(name).cast(pl.Float64) for name in columns).to_numpy()
    scale = values.std(axis=0)
    constant = [name for name, size in zip(columns, scale, strict=True) if size == 0]
    if constant:
        raise DataError(
            [Fault("a covariate is the same everywhere", column=n) for n in constant]
        )
    standard = (values - values.mean(axis=0)) / scale
    return ordered[by].to_list(), np.column_stack([np.ones(len(standard)), standard])


def _smoothed(own: Mapping[str, Estimate], names: Sequence[str]) -> np.ndarray:
    """Sampling variances as a constant over the answers: few answers cannot tell their own."""
    known = [one for one in own.values() if one.se is not None]
    weights = np.array([one.df for one in known])
    scaled = np.array([one.n * float(one.se or 0.0) ** 2 for one in known])
    if not known or not (weights * scaled).sum() > 0:
        raise DataError(Fault("no region has a sampling error of its own"))
    constant = float((weights * scaled).sum() / weights.sum())
    return np.array([constant / own[name].n if name in own else math.inf for name in names])


def _checked(
    direct: np.ndarray, variance: np.ndarray, design: np.ndarray
) -> tuple[ModelCheck, Fit | None]:
    """Fit, and everything that speaks against it."""
    areas, columns = design.shape
    others = (np.delete(design, at, axis=0) for at in range(areas))
    if areas < columns + _BEYOND or min(map(np.linalg.matrix_rank, others)) < columns:
        needed = f"{areas} regions are too few, or a covariate speaks of one of them alone"
        return ModelCheck(False, [needed], areas, None, None, None, None), None
    fit = fay_herriot(direct, variance, design)
    residual = (direct - design @ fit.coefficients) / np.sqrt(fit.spread + variance)
    normality = float(stats.shapiro(residual).pvalue)
    distance = np.array([_left_out(direct, variance, design, at) for at in range(areas)])
    # Left out, an area is judged by a spread that the others estimated: Student's t.
    free = areas - columns - 1
    inside = float((np.abs(distance) < stats.t.ppf(0.975, free)).mean())
    farthest = float(np.abs(distance).max())
    says = []
    if normality < 0.05:
        says.append(f"the residuals are not normal (Shapiro and Wilk, p = {normality:.2g})")
    if inside * areas < stats.binom.ppf(0.01, areas, 0.95):
        says.append(f"it misses too many regions left out ({1 - inside:.0%} of them, not 5 %)")
    # The largest of all distances, at 1 %.
    if farthest > stats.t.isf(0.005 / areas, free):
        says.append(f"a region left out lies {farthest:.1f} standard errors away")
    return (
        ModelCheck(not says, says, areas, fit.spread, normality, inside, farthest),
        fit,
    )


def _left_out(direct: np.ndarray, variance: np.ndarray, design: np.ndarray, at: int) -> float:
    """Standardised distance of an area from what a model of the others predicts for it."""
    others = np.arange(len(direct)) != at
    fit = fay_herriot(direct[others], variance[others], design[others])
    x = design[at]
    error = math.sqrt(fit.spread + variance[at] + x @ fit.covariance @ x)
    return float((direct[at] - x @ fit.coefficients) / error)


def _everywhere(
    fit: Fit, design: np.ndarray, inside: np.ndarray
) -> list[tuple[float, float, float]]:
    """Model estimate, its mean squared error and the weight of the area's own answers."""
    fitted = iter(zip(fit.estimates, fit.mse, fit.weight, strict=True))
    found = []
    for at, x in enumerate(design):
        if inside[at]:
            own, mse, weight = next(fitted)
            found.append((float(own), float(mse), float(weight)))
        else:
            mse = float(fit.spread + x @ fit.covariance @ x)
            found.append((float(x @ fit.coefficients), mse, 0.0))
    return found


def _area(
    name: str,
    own: Estimate | None,
    model: tuple[float, float, float] | None,
    minimum: int,
    statistic: str,
    reach: float,
) -> Area:
    n = own.n if own else 0
    enough = own is not None and n >= minimum and own.se is not None
    value, se, low, high = _published(own if enough else None, model, statistic, reach)
    return Area(
        area=name,
        n=n,
        shown=DIRECT if enough else MODELLED if model else SUPPRESSED,
        estimate=value,
        se=se,
        low=low,
        high=high,
        direct=own.estimate if own and enough else None,
        direct_se=own.se if own and enough else None,
        model=model[0] if model else None,
        model_se=math.sqrt(model[1]) if model else None,
        weight=model[2] if model else None,
    )


def _published(
    own: Estimate | None,
    model: tuple[float, float, float] | None,
    statistic: str,
    reach: float,
) -> tuple[float | None, float | None, float | None, float | None]:
    """The region's own estimate, else the model's, else nothing."""
    if own:
        return own.estimate, own.se, own.low, own.high
    if not model:
        return None, None, None, None
    value, se = model[0], math.sqrt(model[1])
    low, high = value - reach * se, value + reach * se
    if statistic == "proportion":
        value, low, high = (min(max(x, 0.0), 1.0) for x in (value, low, high))
    return value, se, low, high
