"""Estimates from microdata, with the error that their design gives them.

For the command line. Main type: `Estimate`; main functions: `estimate`, `compare`, `associate`,
`multiple`. Variances are svy's (Taylor or replicates), the intervals of proportions those of
`intervals`. A respondent whose answer is missing stays in the design, outside the domain.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from qonys.core.errors import DataError, Fault
from qonys.survey.intervals import METHODS, interval
from qonys.survey.microdata import Microdata
from qonys.survey.sample import to_sample

STATISTICS = ("mean", "total", "ratio", "proportion", "quantile")
_CATEGORIES = 200  #: More levels than this are no categories.


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


@dataclass(frozen=True)
class Difference:
    """Two domains, or two answers, compared with their covariance.

    Parameters
    ----------
    variable : str
        What is compared.
    level : str or None
        Category of a proportion.
    first, second : str
        The two; the difference is first less second.
    difference : float
        In the unit of the variable.
    se : float or None
        Standard error; none where either has no degree of freedom.
    low, high : float or None
        Interval of 95 %.
    t, p : float or None
        Test of no difference; none where the error is nil or has no degree of freedom.
    p_holm : float or None
        The same, adjusted for the number of pairs (Holm 1979).
    df : float
        Degrees of freedom of the two domains together less one, as R's ``svyttest``.
    """

    variable: str
    level: str | None
    first: str
    second: str
    difference: float
    se: float | None
    low: float | None
    high: float | None
    t: float | None
    p: float | None
    p_holm: float | None
    df: float


@dataclass(frozen=True)
class Association:
    """Rao and Scott's test of two categorical variables.

    Parameters
    ----------
    row, column : str
        The variables.
    f, df1, df2, p : float
        Their second-order corrected statistic (Rao and Scott 1984; Thomas and Rao 1987).
    """

    row: str
    column: str
    f: float
    df1: float
    df2: float
    p: float


@dataclass(frozen=True)
class MultipleResponse:
    """A question of which several answers could be given.

    Parameters
    ----------
    shares : list of Estimate
        Shares of respondents and of answers, an item each.
    overlaps : list of Estimate
        Share of respondents who gave both; `level` names the second item.
    differences : list of Difference
        Each pair of items, with the covariance that their overlap gives.
    """

    shares: list[Estimate] = field(default_factory=list)
    overlaps: list[Estimate] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


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
        Interval of proportions, one of `METHODS`.
    replacement : bool
        Design effect against sampling with replacement instead.

    Raises
    ------
    DataError
        Where a column is missing, no number, or empty in a domain.
    """
    if statistic not in STATISTICS:
        raise DataError(Fault("unknown statistic", value=statistic))
    if ci not in METHODS:
        way_out = f"Known: {', '.join(METHODS)}."
        raise DataError(Fault("unknown interval", value=ci, way_out=way_out))
    names, level = columns_of(statistic, variable)
    frame = _prepared(data, names, by, categories=statistic == "proportion")
    if statistic == "total":
        _refuse_normalised(data)
    asked: dict[str, Any] = {"by": [f"by{number}" for number in range(len(by))] or None}
    if statistic == "quantile":
        asked["p"] = level
    word = "prop" if statistic == "proportion" else statistic
    found = _asked(data, frame, word, **asked)
    shown = names[0] if statistic != "ratio" else variable
    rows = found.to_dicts()
    if data.design.replicate_weights:
        rows = [{**row, "df": data.df} for row in rows]
    simple = _simple_variances(data, frame, statistic, rows, replacement=replacement)
    return [
        _estimate(row, statistic, shown, level, by, ci, data.design.inference, variance)
        for row, variance in zip(rows, simple, strict=True)
    ]


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
    weight = pl.Series("_w", data.weights)
    inside = frame.with_columns(weight).filter("_in")
    if statistic == "quantile":
        return [None] * len(rows)
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
        left = 1.0 if replacement else 1 - n / size
        if n < 2 or left <= 0 or spread <= 0:
            found.append(None)
            continue
        scale = size**2 if statistic == "total" else 1.0
        found.append(scale * spread / (n - 1) * left)
    return found


def _asked(data: Microdata, frame: pl.DataFrame, word: str, **given: Any) -> Any:
    """Svy's answer for the domain ``_in`` of the frame of `_prepared`."""
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
    total, n = float(data.weights.sum()), data.frame.height
    equal = float(np.ptp(data.weights)) == 0
    if abs(total - n) <= 0.001 * n and not equal and data.design.population is None:
        raise DataError(
            Fault(
                f"the weights sum to the {n} respondents: no total of a population",
                data.file,
                column=data.design.weights,
                way_out="Use weights that sum to the population, or ask for a mean.",
            )
        )


def _prepared(
    data: Microdata, names: Sequence[str], by: Sequence[str], *, categories: bool
) -> pl.DataFrame:
    """Columns ``value0``, ..., ``by0``, ... and ``_in``: whose answers are all there."""
    faults = _not_there(data, [*names, *by])
    if not categories:
        faults += [
            Fault("expected numbers", data.file, None, name, str(values[0]))
            for name in names
            if name in data.frame.columns
            and (values := data.frame[name].drop_nulls()).len()
            and not (values.dtype.is_numeric() or values.dtype == pl.Boolean)
        ]
    if faults:
        raise DataError(faults)
    kind = pl.String if categories else pl.Float64
    frame = data.frame.select(
        *(pl.col(name).cast(kind).alias(f"value{at}") for at, name in enumerate(names)),
        *(pl.col(name).cast(pl.String).alias(f"by{at}") for at, name in enumerate(by)),
    )
    if not categories:
        floats = frame.columns[: len(names)]
        frame = frame.with_columns(
            pl.when(pl.col(n).is_finite()).then(pl.col(n)) for n in floats
        )
    present = pl.all_horizontal(pl.all().is_not_null())
    frame = frame.with_columns(present.alias("_in"))
    _refuse_empty(data, frame, names, by)
    if categories and (levels := frame["value0"].n_unique()) > _CATEGORIES:
        raise DataError(
            Fault(f"{levels} different values are no categories", data.file, None, names[0])
        )
    return frame


def _not_there(data: Microdata, names: Sequence[str]) -> list[Fault]:
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
    value, se = float(row["est"]), _number(row["se"])
    if not math.isfinite(value):
        raise DataError(Fault("divides by zero", "", None, variable))
    df, n = float(row["df"] or 0), int(row["n"])
    known = se is not None and df >= 1
    low, high = (_number(row["lci"]), _number(row["uci"])) if known else (None, None)
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


def _number(value: object) -> float | None:
    number = math.nan if value is None else float(str(value))
    return number if math.isfinite(number) else None


def compare(data: Microdata, statistic: str, variable: str, by: str) -> list[Difference]:
    """Differences of means or proportions between all pairs of domains.

    Parameters
    ----------
    data : Microdata
        Respondents, checked.
    statistic : str
        ``mean`` or ``proportion``.
    variable : str
        Column.
    by : str
        Column whose values are the domains.
    """
    if statistic == "mean":
        return _compared(data, variable, None, by)
    _prepared(data, [variable], [by], categories=True)
    values = data.frame[variable].cast(pl.String)
    found = []
    for level in values.drop_nulls().unique().sort().to_list():
        flag = (values == level).cast(pl.Float64).alias(variable)
        at = Microdata(data.frame.with_columns(flag), data.design, data.file)
        found += _compared(at, variable, level, by)
    return found


def _compared(data: Microdata, variable: str, level: str | None, by: str) -> list[Difference]:
    from svy import estd

    frame = _prepared(data, [variable], [by], categories=False)
    domains = frame.filter("_in")["by0"].unique().sort().to_list()
    if len(domains) < 2:
        raise DataError(Fault("needs two domains to compare", data.file, None, by))
    found = _asked(data, frame, "mean", by="by0")
    pairs = list(combinations(domains, 2))
    rows = found.contrast({f"{a} - {b}": estd(a) - estd(b) for a, b in pairs}).to_dicts()
    inside = {one: frame["_in"] & (frame["by0"] == one) for one in domains}
    single = {one: data.df_of(inside[one]) for one in domains}
    return _tested(
        [
            (variable, level, a, b, float(row["est"]), float(row["se"]))
            for (a, b), row in zip(pairs, rows, strict=True)
        ],
        [
            data.df_of(inside[a] | inside[b]) - 1 if min(single[a], single[b]) >= 1 else 0
            for a, b in pairs
        ],
    )


def _tested(
    rows: Sequence[tuple[str, str | None, str, str, float, float]], df: Sequence[float]
) -> list[Difference]:
    """Tests of differences, with Holm's adjustment over all of them."""
    reach = [float(stats.t.ppf(0.975, one)) if one >= 1 else math.nan for one in df]
    t = [
        gap / se if se and one >= 1 else None
        for (*_, gap, se), one in zip(rows, df, strict=True)
    ]
    p = [
        1.0 if one is None else float(2 * stats.t.sf(abs(one), own))
        for one, own in zip(t, df, strict=True)
    ]
    order = np.argsort(p, kind="stable")
    holm = np.empty(len(p))
    holm[order] = np.maximum.accumulate(
        [min((len(p) - rank) * p[at], 1.0) for rank, at in enumerate(order)]
    )
    return [
        Difference(
            variable=variable,
            level=level,
            first=first,
            second=second,
            difference=gap,
            se=se if df[at] >= 1 else None,
            low=_number(gap - reach[at] * se),
            high=_number(gap + reach[at] * se),
            t=t[at],
            p=None if t[at] is None else p[at],
            p_holm=None if t[at] is None else float(holm[at]),
            df=max(df[at], 0),
        )
        for at, (variable, level, first, second, gap, se) in enumerate(rows)
    ]


def associate(data: Microdata, row: str, column: str) -> Association:
    """Rao and Scott's test of independence.

    Parameters
    ----------
    data : Microdata
        Respondents, checked.
    row, column : str
        Two categorical columns.
    """
    names = [row, column]
    frame = _prepared(data, names, [], categories=True)
    levels = [
        frame.filter("_in")[value].unique().sort().to_list() for value in ("value0", "value1")
    ]
    for name, found in zip(names, levels, strict=True):
        if len(found) < 2:
            raise DataError(Fault("needs two categories", data.file, None, name))
    # svy's own table leaves the second stage of a design out, so the test stands on its cells.
    at = [
        pl.col(f"value{axis}").replace_strict(found, range(len(found)), default=None)
        for axis, found in enumerate(levels)
    ]
    cell = (at[0] * len(levels[1]) + at[1]).cast(pl.String).alias("value0")
    cells = _asked(data, frame.select(cell, "_in"), "prop")
    rows = cells.to_dicts()
    order = [int(one["y_level"]) for one in rows]
    count = len(levels[0]) * len(levels[1])
    shares, variance = np.zeros(count), np.zeros((count, count))
    shares[order] = [one["est"] for one in rows]
    variance[np.ix_(order, order)] = cells.covariance
    shape = (len(levels[0]), len(levels[1]))
    f, df1 = _rao_scott(shares.reshape(shape), variance, int(frame["_in"].sum()))
    df2 = df1 * float(rows[0]["df"])
    return Association(row, column, f, df1, df2, float(stats.f.sf(f, df1, df2)))


def _rao_scott(shares: np.ndarray, variance: np.ndarray, n: int) -> tuple[float, float]:
    """F and its first degrees of freedom (Thomas and Rao 1987, eqs. 3.5 and 3.6).

    Shares of shape (rows, columns); their variance of shape (cells, cells), cells by row.
    """
    expected = np.outer(shares.sum(1), shares.sum(0))
    pearson = n * float(((shares - expected) ** 2 / expected).sum())
    height, width = shares.shape
    cells = [np.indices(shares.shape)[axis].ravel() for axis in (0, 1)]
    rows, columns = (
        (cells[axis][:, None] == np.arange(1, size)).astype(float)
        for axis, size in ((0, height), (1, width))
    )
    main = np.column_stack([np.ones(height * width), rows, columns])
    crossed = (rows[:, :, None] * columns[:, None, :]).reshape(height * width, -1)
    contrast = crossed - main @ np.linalg.lstsq(main, crossed, rcond=None)[0]
    flat = shares.ravel()
    scaled = contrast * np.divide(1, flat, out=np.zeros_like(flat), where=flat > 0)[:, None]
    plain = contrast.T @ scaled / n
    generalised = np.linalg.solve(plain, scaled.T @ variance @ scaled)
    trace = float(np.trace(generalised))
    return pearson / trace, trace**2 / float(np.trace(generalised @ generalised))


def multiple(data: Microdata, items: Sequence[str], ci: str = "logit") -> MultipleResponse:
    """Shares, overlaps and pairwise tests of a question with several answers.

    Parameters
    ----------
    data : Microdata
        Respondents, checked.
    items : Sequence of str
        Columns, one an answer: 1 or true where it was given, 0 or false where not, empty where
        the question was not asked. Only respondents with no item missing count.
    ci : str
        Interval of proportions, one of `METHODS`.
    """
    faults = _not_there(data, items)
    if len(set(items)) < 2:
        faults.append(Fault("needs at least two different items", data.file))
    if not faults:
        faults = [
            Fault("expected 0 and 1, or true and false", data.file, None, name)
            for name in items
            if not _binary(data.frame[name])
        ]
    if faults:
        raise DataError(faults)
    whole = pl.all_horizontal(pl.col(name).is_not_null() for name in items)
    given = {name: pl.when(whole).then(pl.col(name).cast(pl.Float64)) for name in items}
    pairs = list(combinations(items, 2))
    frame = data.frame.with_columns(
        *(flag.alias(name) for name, flag in given.items()),
        pl.sum_horizontal(given.values()).alias("_answers"),
        *((given[a] * given[b]).alias(f"_both {a} {b}") for a, b in pairs),
        *((given[a] - given[b]).alias(f"_gap {a} {b}") for a, b in pairs),
    )
    asked = Microdata(frame, data.design, data.file)

    def share(column: str, statistic: str, item: str, level: str | None) -> Estimate:
        """Mean of a flag with the interval of a proportion."""
        (found,) = estimate(asked, "mean", column)
        low, high = interval(found.estimate, found.se or 0.0, found.df, found.n, ci) or (
            None,
            None,
        )
        return _renamed(found, statistic, item, level, low, high)

    shares = [share(item, "share of respondents", item, None) for item in items]
    if frame["_answers"].sum():
        for item in items:
            (found,) = estimate(asked, "ratio", f"{item}/_answers")
            shares.append(
                _renamed(found, "share of answers", item, None, found.low, found.high)
            )
    overlaps = [share(f"_both {a} {b}", "overlap", a, b) for a, b in pairs]
    rows = []
    for a, b in pairs:
        (found,) = estimate(asked, "mean", f"_gap {a} {b}")
        rows.append(("share of respondents", None, a, b, found.estimate, found.se or 0.0))
    answered = data.frame.select(whole).to_series()
    return MultipleResponse(shares, overlaps, _tested(rows, [data.df_of(answered)] * len(rows)))


def _renamed(
    found: Estimate,
    statistic: str,
    variable: str,
    level: str | None,
    low: float | None,
    high: float | None,
) -> Estimate:
    return replace(
        found, statistic=statistic, variable=variable, level=level, low=low, high=high
    )


def _binary(values: pl.Series) -> bool:
    if values.dtype == pl.Boolean:
        return True
    numbers = values.drop_nulls()
    return values.dtype.is_numeric() and bool(((numbers == 0) | (numbers == 1)).all())
