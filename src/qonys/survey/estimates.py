"""Estimates from microdata, with the error that their design gives them.

For `comparing`, `areas` and the command line. Main type: `Estimate`; main function: `estimate`.
Variances are svy's (Taylor or replicates), the intervals of proportions those of `intervals`. A
respondent whose answer is missing stays in the design, outside the domain.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from qonys.core.errors import DataError, Fault
from qonys.survey.files import INTERVALS, STATISTICS
from qonys.survey.intervals import interval
from qonys.survey.microdata import Microdata, categories_of
from qonys.survey.sample import to_sample

_CATEGORIES = 200  #: More levels than this are no categories and no domains.


@dataclass(frozen=True)
class Estimate:
    """One figure of a population, estimated.

    Parameters
    ----------
    statistic : str
        One of `STATISTICS`; of several answers also ``share of respondents``, ``share of
        answers``, ``overlap``.
    variable : str
        Column; of a ratio ``A/B``.
    level : str or float or None
        Category of a proportion, probability of a quantile.
    by : Mapping of str to str
        The domain; empty for everybody.
    estimate : float
        In the unit of the variable; proportions from 0 to 1.
    se : float or None
        Standard error; none where the design has no degree of freedom there.
    low, high : float or None
        Interval of 95 %.
    df : float
        Degrees of freedom: clusters with a respondent of the domain less their strata.
    deff : float or None
        Design effect against simple random sampling without replacement (R's default).
    n : int
        Respondents behind it.
    inference : str
        ``full design`` or ``weights only``.
    """

    statistic: str
    variable: str
    level: str | float | None
    by: Mapping[str, str]
    estimate: float
    se: float | None
    low: float | None
    high: float | None
    df: float
    deff: float | None
    n: int
    inference: str


def estimate(
    data: Microdata,
    statistic: str,
    variable: str,
    by: Sequence[str] = (),
    *,
    ci: str = "logit",
    replacement: bool = False,
) -> list[Estimate]:
    """Estimates of one statistic, one a domain (and category).

    Parameters
    ----------
    data : Microdata
        Respondents, checked.
    statistic : str
        One of `STATISTICS`.
    variable : str
        Column; ``A/B`` of a ratio, ``VAR:Q`` of a quantile, Q above 0 and below 1.
    by : Sequence of str
        Columns whose combinations are the domains.
    ci : str
        Interval of proportions, one of `INTERVALS`.
    replacement : bool
        Design effect against sampling with replacement instead.

    Raises
    ------
    DataError
        Where a column is missing, no number, or empty in a domain.
    """
    if statistic not in STATISTICS:
        raise DataError(Fault("unknown statistic", value=statistic))
    if ci not in INTERVALS:
        way_out = f"Known: {', '.join(INTERVALS)}."
        raise DataError(Fault("unknown interval", value=ci, way_out=way_out))
    names, level = columns_of(statistic, variable)
    frame = prepared(data, names, by, categories=statistic == "proportion")
    if statistic == "total":
        _refuse_normalised(data)
    asked: dict[str, Any] = {"by": [f"by{number}" for number in range(len(by))] or None}
    if statistic == "quantile":
        asked["p"] = level
    word = "prop" if statistic == "proportion" else statistic
    found = asked_of(data, frame, word, **asked)
    shown = names[0] if statistic != "ratio" else variable
    rows = found.to_dicts()
    if data.design.replicate_weights:
        rows = [{**row, "df": data.df_of(_domain(frame, row))} for row in rows]
    simple = _simple_variances(data, frame, statistic, rows, replacement=replacement)
    return [
        _estimate(row, statistic, shown, level, by, ci, data.design.inference, variance)
        for row, variance in zip(rows, simple, strict=True)
    ]


def _domain(frame: pl.DataFrame, row: Mapping[str, Any]) -> pl.Series:
    """Who answered in the domain of an estimate."""
    inside = frame["_in"]
    for number, level in enumerate(row["by_level"] or ()):
        inside = inside & (frame[f"by{number}"] == str(level)).fill_null(False)
    return inside


def _simple_variances(
    data: Microdata,
    frame: pl.DataFrame,
    statistic: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    replacement: bool,
) -> list[float | None]:
    """What simple random samples of the same respondents would vary, one an estimate.

    As R's ``svymean`` and ``svytotal``: the weighted variance of the domain over its
    respondents, less what the finite population takes away.
    """
    if statistic == "quantile":
        return [None] * len(rows)
    weight = pl.Series("_w", data.weights)
    # Weights that sum to the respondents know of no population that a sample exhausts.
    normalised = abs(float(data.weights.sum()) - data.frame.height) <= 0.001 * data.frame.height
    inside = frame.with_columns(weight).filter("_in")
    value = pl.lit(0.0) if statistic == "proportion" else pl.col("value0")
    shares = pl.col("_w") / pl.col("_w").sum()
    if statistic == "ratio":
        above, below = ((shares * pl.col(name)).sum() for name in ("value0", "value1"))
        value = (value - above / below * pl.col("value1")) / below
    aggregated = [
        pl.col("_w").sum(),
        pl.len().alias("_n"),
        (shares * (value - (shares * value).sum()) ** 2).sum().alias("_spread"),
    ]
    domains = [name for name in frame.columns if name.startswith("by")]
    grouped = {
        tuple(row[:-3]): row[-3:]
        for row in inside.group_by(domains or pl.lit("").alias("by"))
        .agg(aggregated)
        .iter_rows()
    }
    found: list[float | None] = []
    for row in rows:
        size, n, spread = grouped[tuple(map(str, row["by_level"] or ("",)))]
        if statistic == "proportion":
            spread = row["est"] * (1 - row["est"])
        left = 1.0 if replacement or normalised else 1 - n / size
        if n < 2 or left <= 0 or spread <= 0:
            found.append(None)
            continue
        scale = size**2 if statistic == "total" else 1.0
        found.append(scale * spread / (n - 1) * left)
    return found


def asked_of(data: Microdata, frame: pl.DataFrame, word: str, **given: Any) -> Any:
    """Svy's answer for the domain ``_in`` of a frame.

    Parameters
    ----------
    data : Microdata
        Respondents.
    frame : DataFrame
        Of `prepared`.
    word : str
        ``mean``, ``total``, ``ratio``, ``prop`` or ``quantile``.
    **given : Any
        What svy takes besides.
    """
    estimation = to_sample(data, frame).estimation
    if data.design.replicate_weights:
        centre = "estimate" if data.design.replicate_centre == "estimate" else "rep_mean"
        given |= {"method": "replication", "variance_center": centre}
    with warnings.catch_warnings():
        # What it warns of has been checked before, or is told by our own columns.
        warnings.simplefilter("ignore")
        values = [name for name in frame.columns if name.startswith("value")]
        return getattr(estimation, word)(*values, where=pl.col("_in"), **given)


def columns_of(statistic: str, variable: str) -> tuple[list[str], float | None]:
    """Columns that a statistic needs, and the probability of a quantile.

    Parameters
    ----------
    statistic : str
        One of `STATISTICS`.
    variable : str
        As given to `estimate`.

    Examples
    --------
    >>> columns_of("quantile", "income:0.5")
    (['income'], 0.5)
    """
    if statistic == "ratio":
        above, slash, below = variable.partition("/")
        if not slash or not above.strip() or not below.strip():
            raise DataError(Fault("expected A/B", value=variable))
        return [above.strip(), below.strip()], None
    if statistic == "quantile":
        name, _, text = variable.rpartition(":")
        try:
            probability = float(text)
        except ValueError:
            probability = math.nan
        if not name or not 0 < probability < 1:
            way_out = "Such as income:0.5, the median."
            raise DataError(
                Fault("expected VAR:Q, Q between 0 and 1", "", None, "", variable, way_out)
            )
        return [name], probability
    return [variable], None


def _refuse_normalised(data: Microdata) -> None:
    """Weights that sum to fewer people than answered, or vary about one, have no total."""
    total, n = float(data.weights.sum()), data.frame.height
    varying = float(np.ptp(data.weights)) > 0
    known = data.design.population is not None or data.design.fpc
    if not known and (total < 0.999 * n or (varying and total <= 1.001 * n)):
        raise DataError(
            Fault(
                f"the weights sum to {total:,.6g} for {n} respondents: no population's total",
                data.file,
                column=data.design.weights,
                way_out="Use weights that sum to the population, or ask for a mean.",
            )
        )


def prepared(
    data: Microdata, names: Sequence[str], by: Sequence[str], *, categories: bool
) -> pl.DataFrame:
    """Columns ``value0``, ..., ``by0``, ... and ``_in``: whose answers are all there.

    Parameters
    ----------
    data : Microdata
        Respondents.
    names, by : Sequence of str
        Columns to estimate from, and those of the domains.
    categories : bool
        Whether the values are categories, not numbers.
    """
    faults = not_there(data, [*names, *by])
    there = [name for name in dict.fromkeys([*names, *by]) if name in data.frame.columns]
    faults += [
        Fault("neither numbers nor words", data.file, None, name, str(data.frame[name].dtype))
        for name in there
        if data.frame[name].dtype.is_nested()
    ]
    if not categories:
        faults += [
            fault for name in names if name in there for fault in _no_numbers(data, name)
        ]
    if faults:
        raise DataError(faults)
    values = (
        categories_of(data.frame[name]) if categories else data.frame[name].cast(pl.Float64)
        for name in names
    )
    frame = pl.DataFrame(
        [
            *(column.alias(f"value{at}") for at, column in enumerate(values)),
            *(categories_of(data.frame[name]).alias(f"by{at}") for at, name in enumerate(by)),
        ]
    )
    present = pl.all_horizontal(pl.all().is_not_null())
    frame = frame.with_columns(present.alias("_in"))
    _refuse_empty(data, frame, names, by)
    asked = [f"by{at}" for at in range(len(by))] + (["value0"] if categories else [])
    many = [
        Fault(f"{levels} different values are no categories", data.file, None, name)
        for column, name in zip(asked, [*by, *names], strict=False)
        if (levels := frame[column].n_unique()) > _CATEGORIES
    ]
    if many:
        raise DataError(many)
    return frame


def _no_numbers(data: Microdata, name: str) -> list[Fault]:
    """A fault for the first value that is no number."""
    values = data.frame[name]
    if values.dtype == pl.Boolean or values.is_null().all():
        return []
    numbers = values.cast(pl.Float64, strict=False)
    wrong = values.is_not_null() & ~numbers.is_finite().fill_null(False)
    if values.dtype.is_numeric() and not wrong.any():
        return []
    # A column of words that all look like numbers is one of codes.
    at = wrong.arg_max() if wrong.any() else 0
    row = (at or 0) + (1 if data.file.endswith(".parquet") else 2)
    return [Fault("expected numbers", data.file, row, name, str(values[at or 0]))]


def not_there(data: Microdata, names: Sequence[str]) -> list[Fault]:
    """A fault for each column that the file has not.

    Parameters
    ----------
    data : Microdata
        Respondents.
    names : Sequence of str
        Columns.
    """
    return [
        Fault("no such column", data.file, value=name)
        for name in dict.fromkeys(names)
        if name not in data.frame.columns
    ]


def _refuse_empty(
    data: Microdata, frame: pl.DataFrame, names: Sequence[str], by: Sequence[str]
) -> None:
    """A domain of which every answer is missing is a fault, not a row that is left out."""
    faults = [
        Fault("every value is missing", data.file, None, name)
        for column, name in zip(frame.columns, [*names, *by], strict=False)
        if not frame[column].is_not_null().any()
    ]
    shown = " and ".join(names)
    domains = [column for column in frame.columns if column.startswith("by")]
    if not faults and domains:
        grouped = frame.drop_nulls(domains).group_by(domains).agg(pl.col("_in").any())
        way_out = "Leave the domain out, or join it with another."
        for row in grouped.filter(~pl.col("_in")).sort(domains).iter_rows():
            where = ", ".join(f"{name} {at}" for name, at in zip(by, row, strict=False))
            problem = "every answer is missing in a domain"
            faults.append(Fault(problem, data.file, None, shown, where, way_out))
    if not faults and not frame["_in"].any():
        faults = [Fault("no respondent has all these answers", data.file, None, shown)]
    if faults:
        raise DataError(faults)


def _estimate(
    row: Mapping[str, Any],
    statistic: str,
    variable: str,
    level: float | None,
    by: Sequence[str],
    ci: str,
    inference: str,
    simple: float | None,
) -> Estimate:
    value, se = float(row["est"]), finite(row["se"])
    if not math.isfinite(value):
        raise DataError(Fault("divides by zero", "", None, variable))
    df, n = float(row["df"] or 0), int(row["n"])
    known = se is not None and df >= 1
    low, high = (finite(row["lci"]), finite(row["uci"])) if known else (None, None)
    if statistic == "proportion" and se is not None:
        value = min(max(value, 0.0), 1.0)
        low, high = interval(value, se, df, n, ci) or (None, None)
    domain = dict(zip(by, map(str, row["by_level"] or ()), strict=True))
    category = row["y_level"] if statistic == "proportion" else level
    return Estimate(
        statistic,
        variable,
        category,
        domain,
        value,
        se if known else None,
        low,
        high,
        df,
        se * se / simple if simple and se and known else None,
        n,
        inference,
    )


def finite(value: object) -> float | None:
    """A number, or none where it is none.

    Parameters
    ----------
    value : object
        What svy gave.
    """
    number = math.nan if value is None else float(str(value))
    return number if math.isfinite(number) else None
