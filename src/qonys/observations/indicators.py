"""Indicators: from figures to figures, each with its interval, formula and inputs.

For briefings, claims and checks. Main functions: `percent_change`, `times`, `share`,
`record`, `turning_points`, `balance`, `of_cumulated`. They compute; what may be compared is
the caller's duty, but units, places and measures that do not fit raise. Intervals come from
rounding only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from qonys.core.errors import AlignmentError
from qonys.core.intervals import Interval
from qonys.core.periods import parse_period
from qonys.core.provenance import Figure, derived, slug

_EXTREME = {"lowest": "min", "highest": "max"}


def difference(a: Figure, b: Figure, *, compared_with: str = "") -> Figure:
    """`a` minus `b`.

    Parameters
    ----------
    a, b : Figure
        In one unit.
    compared_with : str
        What `b` is, when not another period.
    """
    _same_unit(a, b)
    return derived(
        _id("difference", a, b),
        a,
        (a, b),
        value=a.value - b.value,
        unit=a.unit,
        interval=a.interval - b.interval,
        formula=f"{_n(a)} − {_n(b)}",
        compared_with=compared_with or _other(a, b),
    )


def times(a: Figure, b: Figure) -> Figure:
    """How many times `a` is `b`.

    Parameters
    ----------
    a, b : Figure
        In one unit, `b` away from zero.
    """
    _same_unit(a, b)
    return derived(
        _id("times", a, b),
        a,
        (a, b),
        value=a.value / _nonzero(b),
        unit="ratio",
        interval=a.interval / b.interval,
        formula=f"{_n(a)} / {_n(b)}",
        compared_with=_other(a, b),
    )


def times_fewer(now: Figure, before: Figure) -> Figure:
    """How many times fewer `now` is than `before`; about `now`, compared with `before`.

    Parameters
    ----------
    now, before : Figure
        In one unit, `now` away from zero.
    """
    ratio = times(before, now)
    return derived(
        _id("times-fewer", now, before),
        now,
        (before, now),
        value=ratio.value,
        unit="ratio",
        interval=ratio.interval,
        formula=ratio.formula,
        compared_with=_other(now, before),
    )


def percent_change(a: Figure, b: Figure) -> Figure:
    """Change from `b` to `a` in percent of `b`.

    Parameters
    ----------
    a, b : Figure
        In one unit, `b` above zero.
    """
    _same_unit(a, b)
    if b.low <= 0:
        raise AlignmentError(f"no percent change from {b.value}: it must be above zero")
    return derived(
        _id("change", a, b),
        a,
        (a, b),
        value=(a.value / b.value - 1) * 100,
        unit="percent",
        interval=change_interval(a.interval, b.interval),
        formula=f"({_n(a)} / {_n(b)} − 1) × 100",
        compared_with=_other(a, b),
    )


def change_interval(now: Interval, before: Interval) -> Interval:
    """Change between two intervals, in percent.

    Parameters
    ----------
    now, before : Interval
        In one unit, `before` away from zero.
    """
    ratio = now / before
    return Interval((ratio.low - 1) * 100, (ratio.high - 1) * 100)


def share_interval(part: Interval, whole: Interval) -> Interval:
    """Part of a whole, in percent.

    Parameters
    ----------
    part, whole : Interval
        In one unit, `whole` away from zero.
    """
    ratio = part / whole
    return Interval(ratio.low * 100, ratio.high * 100)


def share(part: Figure, whole: Figure) -> Figure:
    """`part` in percent of `whole`.

    Parameters
    ----------
    part, whole : Figure
        In one unit, for one period.

    Raises
    ------
    AlignmentError
        When the periods differ, or the part cannot lie in the whole.
    """
    _same_unit(part, whole)
    _same_period(part, whole)
    if part.low > whole.high:
        raise AlignmentError(
            f"the part {_n(part)} is larger than the whole {_n(whole)}: another period?"
        )
    return derived(
        _id("share", part, whole),
        part,
        (part, whole),
        value=part.value / _nonzero(whole) * 100,
        unit="percent",
        interval=share_interval(part.interval, whole.interval),
        formula=f"{_n(part)} / {_n(whole)} × 100",
        compared_with=_other(part, whole),
    )


def balance(arrivals: Figure, departures: Figure, measure: str = "net_migration") -> Figure:
    """Net migration: arrivals minus departures.

    Parameters
    ----------
    arrivals, departures : Figure
        For one place, partner and period.
    measure : str
        Code of the result.
    """
    _same_unit(arrivals, departures)
    _same_period(arrivals, departures)
    cell = (measure, arrivals.ref_area, arrivals.counterpart_area, arrivals.time_period)
    return derived(
        slug(*cell, "from", arrivals.vintage, departures.vintage),
        arrivals,
        (arrivals, departures),
        value=arrivals.value - departures.value,
        unit=arrivals.unit,
        interval=arrivals.interval - departures.interval,
        formula=f"{_n(arrivals)} − {_n(departures)}",
        measure=measure,
    )


def per_1000(flow: Figure, population: Figure) -> Figure:
    """A flow per 1,000 of a population.

    Parameters
    ----------
    flow : Figure
        Persons, over a year.
    population : Figure
        Persons; the annual average, or the stock that the caller states.
    """
    _same_unit(flow, population)
    ratio = flow.interval / population.interval
    return derived(
        _id("per-1000", flow, population),
        flow,
        (flow, population),
        value=flow.value / _nonzero(population) * 1000,
        unit="per_1000",
        interval=Interval(ratio.low * 1000, ratio.high * 1000),
        formula=f"{_n(flow)} / {_n(population)} × 1000",
        compared_with=f"population {population.time_period}",
    )


@dataclass(frozen=True)
class CumulatedDifference:
    """A part of a year out of two cumulated figures.

    Parameters
    ----------
    figure : Figure
        The difference, for the months between.
    mixed_vintages : bool
        Whether the two come from different releases: the difference then holds revisions too.
    """

    figure: Figure
    mixed_vintages: bool


def of_cumulated(longer: Figure, shorter: Figure) -> CumulatedDifference:
    """The months between two cumulated figures, e.g. the third quarter.

    Parameters
    ----------
    longer, shorter : Figure
        Both from January of one year.

    Raises
    ------
    AlignmentError
        When they do not both start in January of one year.
    """
    _same_unit(longer, shorter)
    long, short = parse_period(longer.time_period), parse_period(shorter.time_period)
    if not (long.start and short.start and long.end and short.end):
        raise AlignmentError("cumulated figures need a start and an end")
    if long.start != short.start or long.start.month != 1 or long.end <= short.end:
        raise AlignmentError(
            f"{longer.time_period} and {shorter.time_period} are not cumulated from one January"
        )
    first, last = short.end.month + 1, long.end.month
    year = long.end.year
    text = f"{year}-{first:02d}" + ("" if first == last else f"/{year}-{last:02d}")
    period = parse_period(text)
    figure = derived(
        slug(longer.measure, longer.ref_area, longer.counterpart_area, period.text)
        + ".from-cumulated",
        longer,
        (longer, shorter),
        value=longer.value - shorter.value,
        unit=longer.unit,
        interval=longer.interval - shorter.interval,
        formula=f"{_n(longer)} ({longer.time_period}) − {_n(shorter)} ({shorter.time_period})",
        time_period=period.text,
    )
    # Cumulated figures of one year appear in different releases by nature; what matters is
    # whether one of them is final and the other provisional.
    return CumulatedDifference(figure, longer.status != shorter.status)


@dataclass(frozen=True)
class Record:
    """The lowest or highest value of a series without gaps.

    Parameters
    ----------
    figure : Figure
        The value, with the span in its formula.
    first, last : str
        Periods of the series.
    length : int
        Number of periods.
    sure : bool
        Whether no other period can share it, rounding considered.
    """

    figure: Figure
    first: str
    last: str
    length: int
    sure: bool


def record(
    series: Mapping[str, Figure], period: str, kind: Literal["lowest", "highest"]
) -> Record | None:
    """Whether a period's value is the record of the series that leads up to and beyond it.

    Parameters
    ----------
    series : Mapping of str to Figure
        Years in order.
    period : str
        The year asked about.
    kind : str
        ``lowest`` or ``highest``.

    Returns
    -------
    Record or None
        None when it is no record.

    Raises
    ------
    AlignmentError
        When years are missing: a record is stated only of a series that covers its span.
    """
    require_gapless(series)
    this = series[period]
    sign = 1 if kind == "lowest" else -1
    others = [figure for text, figure in series.items() if text != period]
    if any(sign * other.value < sign * this.value for other in others):
        return None
    sure = all(other.low > this.high if sign > 0 else other.high < this.low for other in others)
    first, last = next(iter(series)), list(series)[-1]
    figure = derived(
        _id(f"record-{kind}", this, this),
        this,
        (this, *others),
        value=this.value,
        unit=this.unit,
        interval=this.interval,
        formula=f"{_EXTREME[kind]}(x[{first}] … x[{last}]), n = {len(series)}",
        compared_with=f"{first}/{last}",
    )
    return Record(figure, first, last, len(series), sure)


def rank(series: Mapping[str, Figure], key: str) -> Figure:
    """Place of one entry, 1 for the largest.

    Parameters
    ----------
    series : Mapping of str to Figure
        Entries, e.g. regions.
    key : str
        The entry asked about.
    """
    this = series[key]
    above = sum(other.value > this.value for other in series.values())
    low = 1 + sum(other.low > this.high for name, other in series.items() if name != key)
    high = 1 + sum(other.high >= this.low for name, other in series.items() if name != key)
    return derived(
        _id("rank", this, this),
        this,
        tuple(series.values()),
        value=above + 1,
        unit="rank",
        interval=Interval(low, max(low, high)),
        formula=f"1 + #(x > {_n(this)}), n = {len(series)}",
    )


@dataclass(frozen=True)
class Turning:
    """A local peak or trough.

    Parameters
    ----------
    kind : str
        ``peak`` or ``trough``.
    figure : Figure
        The value there.
    """

    kind: Literal["peak", "trough"]
    figure: Figure


def turning_points(series: Mapping[str, Figure]) -> tuple[Turning, ...]:
    """Periods strictly above, or strictly below, both neighbours; ends never count.

    Parameters
    ----------
    series : Mapping of str to Figure
        Periods in order, without gaps.
    """
    require_gapless(series)
    found = []
    items = list(series.values())
    for before, this, after in zip(items, items[1:], items[2:], strict=False):
        kind: Literal["peak", "trough"] | None = None
        if before.high < this.low and after.high < this.low:
            kind = "peak"
        elif before.low > this.high and after.low > this.high:
            kind = "trough"
        if kind:
            figure = derived(
                _id(kind, this, this),
                this,
                (before, this, after),
                value=this.value,
                unit=this.unit,
                interval=this.interval,
                formula=f"{_n(before)} {'<' if kind == 'peak' else '>'} {_n(this)} "
                f"{'>' if kind == 'peak' else '<'} {_n(after)}",
                compared_with=f"{before.time_period}, {after.time_period}",
            )
            found.append(Turning(kind, figure))
    return tuple(found)


def rises(series: Mapping[str, Figure]) -> tuple[Figure, ...]:
    """Changes of the periods that are surely above the one before.

    Parameters
    ----------
    series : Mapping of str to Figure
        Periods in order, without gaps.
    """
    require_gapless(series)
    items = list(series.values())
    return tuple(difference(b, a) for a, b in pairwise(items) if b.low > a.high)


@dataclass(frozen=True)
class Streak:
    """A run of periods up to the last one.

    Parameters
    ----------
    first, last : str
        Its first and last period.
    figure : Figure
        Its length in periods.
    """

    first: str
    last: str
    figure: Figure


def streak(series: Mapping[str, Figure], *, positive: bool = True) -> Streak | None:
    """The run of surely positive (or negative) values that ends with the last period.

    Parameters
    ----------
    series : Mapping of str to Figure
        Periods in order, without gaps.
    positive : bool
        The sign asked for.
    """
    require_gapless(series)
    run: list[Figure] = []
    for figure in reversed(list(series.values())):
        if not (figure.low > 0 if positive else figure.high < 0):
            break
        run.insert(0, figure)
    if not run:
        return None
    sign = ">" if positive else "<"
    figure = derived(
        _id(f"streak-{'above' if positive else 'below'}-zero", run[-1], run[-1]),
        run[-1],
        tuple(run),
        value=len(run),
        unit="year",
        interval=Interval(len(run), len(run)),
        formula=f"#(x {sign} 0), {run[0].time_period} … {run[-1].time_period}",
    )
    return Streak(run[0].time_period, run[-1].time_period, figure)


def total(parts: Sequence[Figure], base: Figure) -> Figure:
    """Sum of parts.

    Parameters
    ----------
    parts : Sequence of Figure
        In one unit.
    base : Figure
        What the sum is about.
    """
    interval = Interval(0, 0)
    for part in parts:
        _same_unit(part, base)
        interval = interval + part.interval
    return derived(
        _id("sum", base, base),
        base,
        tuple(parts),
        value=sum(part.value for part in parts),
        unit=base.unit,
        interval=interval,
        formula=" + ".join(_n(part) for part in parts),
    )


def require_gapless(series: Mapping[str, Figure]) -> None:
    """Raise unless the series has every period between its first and last.

    Parameters
    ----------
    series : Mapping of str to Figure
        Periods in order.

    Raises
    ------
    AlignmentError
        Names what is missing.
    """
    for before, after in pairwise(series):
        if parse_period(after).a_year_before().text != before:
            raise AlignmentError(f"the series has a gap between {before} and {after}")


def _n(figure: Figure) -> str:
    return f"{figure.value:,.10g}" if figure.value % 1 else f"{figure.value:,.0f}"


def _nonzero(figure: Figure) -> float:
    if figure.low <= 0 <= figure.high:
        raise AlignmentError(f"division by {figure.value}, which may be zero")
    return figure.value


def _same_unit(a: Figure, b: Figure) -> None:
    if a.unit != b.unit:
        raise AlignmentError(f"units differ: {a.unit} and {b.unit}")


def _same_period(a: Figure, b: Figure) -> None:
    if a.time_period != b.time_period:
        raise AlignmentError(
            f"periods differ: {a.time_period} and {b.time_period}; "
            "a cumulated period never stands for a quarter"
        )


def _other(a: Figure, b: Figure) -> str:
    """How the second figure differs from the first, by what changes first."""
    for name in ("time_period", "counterpart_area", "ref_area", "measure", "breakdown"):
        if getattr(a, name) != getattr(b, name):
            return str(getattr(b, name)) or "_T"
    return b.vintage


def _id(kind: str, a: Figure, b: Figure) -> str:
    return slug(kind, a.id) if a is b else slug(kind, a.id, "on", b.id)
