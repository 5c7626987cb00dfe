"""Domains and answers compared with their covariance: differences, associations, overlaps.

For the command line. Main types: `Difference`, `Association`, `MultipleResponse`; main
functions: `compare`, `associate`, `multiple`. Sources: Rao and Scott (1984), Thomas and Rao
(1987), Holm (1979).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
import polars as pl
from scipy import stats

from qonys.core.errors import DataError, Fault
from qonys.survey.estimates import Estimate, asked_of, estimate, finite, not_there, prepared
from qonys.survey.intervals import interval
from qonys.survey.microdata import Microdata, categories_of

_DOMAINS = 50  #: More domains give more pairs than anybody reads.
_FLAG = "qonys flag"  #: Begins the names of columns that are made here.


@dataclass(frozen=True)
class _Gap:
    """A difference before it is tested."""

    variable: str
    level: str | None
    first: str
    second: str
    gap: float
    se: float | None


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
    if by == variable:
        raise DataError(Fault("a variable is not compared by itself", data.file, None, by))
    if statistic == "mean":
        return _tested(*_compared(data, variable, None, variable, by))
    prepared(data, [variable], [by], categories=True)
    values = categories_of(data.frame[variable])
    rows: list[_Gap] = []
    df: list[int] = []
    for level in values.drop_nulls().unique().sort().to_list():
        flag = (values == level).cast(pl.Float64).alias(_FLAG)
        at = replace(data, frame=data.frame.with_columns(flag))
        more, own = _compared(at, _FLAG, level, variable, by)
        rows += more
        df += own
    return _tested(rows, df)


def _compared(
    data: Microdata, column: str, level: str | None, variable: str, by: str
) -> tuple[list[_Gap], list[int]]:
    """Differences of a column's means, and the degrees of freedom of each pair."""
    from svy import estd

    frame = prepared(data, [column], [by], categories=False)
    domains = frame.filter("_in")["by0"].unique().sort().to_list()
    if not 2 <= len(domains) <= _DOMAINS:
        problem = f"needs 2 to {_DOMAINS} domains to compare, not {len(domains)}"
        raise DataError(Fault(problem, data.file, None, by))
    pairs = list(combinations(domains, 2))
    found = asked_of(data, frame, "mean", by="by0")
    rows = found.contrast({f"{a} - {b}": estd(a) - estd(b) for a, b in pairs}).to_dicts()
    means = {str(row["by_level"][0]): float(row["est"]) for row in found.to_dicts()}
    inside = {one: frame["_in"] & (frame["by0"] == one).fill_null(False) for one in domains}
    single = {one: data.df_of(inside[one]) for one in domains}
    gaps = [
        _Gap(variable, level, a, b, means[a] - means[b], finite(row["se"]))
        for (a, b), row in zip(pairs, rows, strict=True)
    ]
    return gaps, [
        data.df_of(inside[a] | inside[b]) - 1 if min(single[a], single[b]) >= 1 else 0
        for a, b in pairs
    ]


def _tested(rows: Sequence[_Gap], df: Sequence[int]) -> list[Difference]:
    """Tests of differences, with Holm's adjustment over all of them."""
    t = [
        one.gap / one.se if one.se and own >= 1 else None
        for one, own in zip(rows, df, strict=True)
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
    found = []
    for at, (one, own) in enumerate(zip(rows, df, strict=True)):
        reach = float(stats.t.ppf(0.975, own)) if own >= 1 else math.nan
        se = one.se if own >= 1 else None
        half = math.nan if se is None else reach * se
        found.append(
            Difference(
                variable=one.variable,
                level=one.level,
                first=one.first,
                second=one.second,
                difference=one.gap,
                se=se,
                low=finite(one.gap - half),
                high=finite(one.gap + half),
                t=t[at],
                p=None if t[at] is None else p[at],
                p_holm=None if t[at] is None else float(holm[at]),
                df=max(own, 0),
            )
        )
    return found


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
    frame = prepared(data, names, [], categories=True)
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
    cells = asked_of(data, frame.select(cell, "_in"), "prop")
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
        Interval of proportions, one of `INTERVALS`.
    """
    faults = not_there(data, items)
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
    given = [pl.when(whole).then(pl.col(name).cast(pl.Float64)) for name in items]
    pairs = list(combinations(range(len(items)), 2))
    frame = data.frame.with_columns(
        *(flag.alias(f"{_FLAG}{at}") for at, flag in enumerate(given)),
        pl.sum_horizontal(given).alias(_FLAG),
        *((given[a] * given[b]).alias(f"{_FLAG}{a}and{b}") for a, b in pairs),
        *((given[a] - given[b]).alias(f"{_FLAG}{a}less{b}") for a, b in pairs),
    )
    asked = replace(data, frame=frame)

    def share(column: str, statistic: str, item: str, level: str | None) -> Estimate:
        """Mean of a flag with the interval of a proportion."""
        (found,) = estimate(asked, "mean", column)
        limits = interval(found.estimate, found.se or 0.0, found.df, found.n, ci)
        low, high = limits or (None, None)
        return replace(
            found, statistic=statistic, variable=item, level=level, low=low, high=high
        )

    shares = [
        share(f"{_FLAG}{at}", "share of respondents", item, None)
        for at, item in enumerate(items)
    ]
    if frame[_FLAG].sum():
        for at, item in enumerate(items):
            (one,) = estimate(asked, "ratio", f"{_FLAG}{at}/{_FLAG}")
            limits = interval(one.estimate, one.se or 0.0, one.df, one.n, ci) or (None, None)
            low, high = limits
            shares.append(
                replace(one, statistic="share of answers", variable=item, low=low, high=high)
            )
    overlaps = [share(f"{_FLAG}{a}and{b}", "overlap", items[a], items[b]) for a, b in pairs]
    rows = []
    for a, b in pairs:
        (one,) = estimate(asked, "mean", f"{_FLAG}{a}less{b}")
        rows.append(
            _Gap("share of respondents", None, items[a], items[b], one.estimate, one.se)
        )
    answered = data.frame.select(whole).to_series()
    return MultipleResponse(shares, overlaps, _tested(rows, [data.df_of(answered)] * len(rows)))


def _binary(values: pl.Series) -> bool:
    if values.dtype == pl.Boolean:
        return True
    numbers = values.drop_nulls()
    return values.dtype.is_numeric() and bool(((numbers == 0) | (numbers == 1)).all())
