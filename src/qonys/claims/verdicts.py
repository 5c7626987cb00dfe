"""The verdict on a claim: its interval against what the store knows.

For `checking`. Main function: `judge`. A figure holds only where its own cell says so; a longer
period, the whole or another definition can make it compatible or refute it, never confirm it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise, product

from qonys.claims import answers
from qonys.claims.evidence import Evidence, Known, between
from qonys.claims.numbers import counted, printed_interval
from qonys.claims.typed import Checked, Claim, Release, Said, said
from qonys.core.errors import DataError
from qonys.core.intervals import Interval
from qonys.core.observations import Cell
from qonys.core.periods import parse_period
from qonys.observations.indicators import change_interval, share_interval

_MIRROR = {"emigrants": "mirror_immigrants", "immigrants": "mirror_emigrants"}
_OTHERS = {"net_migration": ("net_migration_estimate", "net_migration_all_flows")}
_DUST = 1e-6
_MOST = 6  # releases of one cell that are combined with those of another


def judge(claim: Claim, evidence: Evidence) -> Checked:
    """The verdict on a claim.

    Parameters
    ----------
    claim : Claim
        The claim.
    evidence : Evidence
        The store.
    """
    if claim.doubts:
        return _open(claim, *(said(f"doubt_{name}") for name in claim.doubts))
    if claim.kind == "survey_share":
        return answers.judged(claim, evidence)
    if claim.kind == "legal_threshold" and claim.measure:
        return answers.judged_by_law(claim, evidence)
    if not claim.measure or not claim.period:
        return _open(
            claim, said("doubt_no_measure" if not claim.measure else "doubt_no_period")
        )
    decide = _DECIDE.get(claim.kind)
    if decide is None or claim.measure not in evidence.country.measures:
        return _open(claim, said("doubt_kind"))
    try:
        first = decide(claim, evidence)
        others = [decide(_at(claim, cell), evidence) for cell in claim.alternatives]
    except DataError as error:
        return _open(claim, said("doubt_data", why=str(error)))
    return _cautious(_of_readings(claim, first, others), evidence)


def _cautious(checked: Checked, evidence: Evidence) -> Checked:
    """A refutation only of what was surely understood: else the reader's error is blamed."""
    claim = checked.claim
    if checked.verdict not in {"contradicted", "holds"}:
        return checked
    unsure = {"far", "inherited"} & set(claim.notes)
    if unsure and (checked.verdict == "contradicted" or claim.kind == "trend"):
        return _lowered(checked, "cannot_check", "binding_far")
    if checked.verdict == "holds" and "mixed" in claim.notes:
        return _lowered(checked, "compatible", "several_readings")
    if checked.verdict == "holds" or claim.kind not in {"value", "count", "balance"}:
        return checked
    if claim.value is None:
        return checked
    if _another(claim, evidence):
        lowered = _lowered(checked, "compatible", "several_readings")
        return replace(lowered, releases=checked.releases)
    first = next(iter(evidence.known(claim.cell)), None)
    if "many" in claim.notes and first:
        size = max(abs(first.interval.low), 1.0)
        if not 0.4 < abs(claim.value) / size < 2.5:
            return _lowered(checked, "cannot_check", "binding_far")
    return checked


def _lowered(checked: Checked, verdict: str, key: str) -> Checked:
    """A weaker verdict, with the reason before those of the stronger one."""
    reasons = (said(key), *checked.reasons)
    return Checked(checked.claim, verdict, reasons, checked.arithmetic, checked.rows)


def _another(claim: Claim, evidence: Evidence) -> bool:
    """Whether another reading of the sentence has the number."""
    strict = _strict(claim)
    mirrored = Interval(-strict.high, -strict.low)
    for cell in claim.readings:
        for known in evidence.known(cell)[:2]:
            signed = cell.measure.startswith("net_migration")
            if _within(known.interval, strict) or (
                signed and _within(known.interval, mirrored)
            ):
                return True
    return False


def _at(claim: Claim, cell: Cell) -> Claim:
    return claim.changed(area=cell.ref_area, counterpart=cell.counterpart_area)


def _of_readings(claim: Claim, first: Checked, others: Sequence[Checked]) -> Checked:
    """One verdict of several readings: where they differ, nothing is confirmed."""
    if not others or all(other.verdict == first.verdict for other in others):
        return first
    if first.verdict in {"holds", "contradicted"} or any(o.verdict == "holds" for o in others):
        best = next((c for c in (first, *others) if c.verdict == "holds"), first)
        supported = any(c.verdict in {"holds", "compatible"} for c in (first, *others))
        return Checked(
            claim,
            "compatible" if supported else "cannot_check",
            (said("several_readings"), *best.reasons),
            best.arithmetic,
            best.rows,
        )
    return first


def _open(claim: Claim, *reasons: Said) -> Checked:
    return Checked(claim, "cannot_check", reasons or (said("doubt_kind"),))


def _strict(claim: Claim) -> Interval:
    if claim.interval is None:
        raise DataError("the claim has no number")
    return claim.interval


def _wide(claim: Claim) -> Interval:
    if claim.value is None or not claim.precision:
        return _strict(claim)
    return printed_interval(
        claim.value,
        claim.precision,
        claim.qualifier,
        whole=counted(claim.unit),
        bound=claim.qualifier in {"over", "under"},
    )[1]


def _within(inner: Interval, outer: Interval) -> bool:
    dust = _DUST * max(1.0, abs(outer.low))
    return outer.low - dust <= inner.low and inner.high <= outer.high + dust


def _compare(claim: Claim, known: Sequence[Known]) -> Checked:
    """A claim against values, the preferred first."""
    strict, wide = _strict(claim), _wide(claim)
    first = known[0]
    shown = _shown(first)
    fits = _within(first.interval, strict) or _printed_alike(claim, first)
    sign = "∈" if fits else "∉"
    arithmetic = f"{shown} {sign} {between(strict)}"
    rows, releases = first.rows, _releases(claim, known)
    if fits:
        verdict, key = (
            ("holds", "as_published") if first.strong else ("compatible", "press_only")
        )
    elif first.interval.overlaps(strict):
        verdict, key = "compatible", "rounded_overlap"
    else:
        other = next((k for k in known[1:] if k.strong and _within(k.interval, strict)), None)
        if other:
            verdict, key, rows = "compatible", "older_release", (*rows, *other.rows)
        elif any(k.interval.overlaps(wide) for k in known if k is first or k.strong):
            verdict, key = "compatible", "near"
        elif first.strong:
            verdict, key = "contradicted", "published_otherwise"
        else:
            verdict, key = "cannot_check", "press_only_otherwise"
    reason = said(key, value=first.interval, unit=claim.unit, rows=rows, cell=claim.cell)
    suggestion = None
    if verdict == "contradicted" or key == "older_release":
        suggestion = said(
            "suggest_value",
            cell=claim.cell,
            value=first.interval,
            kind=claim.kind,
            unit=claim.unit,
        )
    return Checked(claim, verdict, (reason,), arithmetic, rows, releases, suggestion)


def _shown(known: Known) -> str:
    """A value with the computation it comes from."""
    value = between(known.interval)
    return f"{known.arithmetic} = {value}" if known.arithmetic else value


def _printed_alike(claim: Claim, known: Known) -> bool:
    """Whether the producer printed the very same rounded number."""
    (row, *more) = known.rows or (None,)
    if row is None or more or known.arithmetic:
        return False
    return row.value == claim.value and row.precision <= claim.precision


def _releases(claim: Claim, known: Sequence[Known]) -> tuple[Release, ...]:
    if claim.interval is None or len({(k.interval.low, k.interval.high) for k in known}) < 2:
        return ()
    return tuple(
        Release(k.rows[0], "holds" if _within(k.interval, claim.interval) else "contradicted")
        for k in known
        if k.rows
    )


def _annually(claim: Claim, evidence: Evidence) -> Checked:
    """Whether "about 300 a year" is so: the years of the last decade."""
    period = parse_period(claim.period)
    series = {
        year: known
        for year, known in evidence.series(claim.cell).items()
        if period.year and year > period.year - 10
    }
    if len(series) < 5:
        return _open(claim, said("not_published"))
    right = [year for year, known in series.items() if known.interval.overlaps(_wide(claim))]
    text = " ; ".join(f"{year}: {between(known.interval)}" for year, known in series.items())
    rows = tuple(row for known in series.values() for row in known.rows)[:6]
    if 4 * len(right) <= len(series):
        return Checked(claim, "contradicted", (said("not_annually"),), text, rows)
    return Checked(claim, "compatible", (said("some_years"),), text, rows)


def _value(claim: Claim, evidence: Evidence) -> Checked:
    if "annually" in claim.notes:
        return _annually(claim, evidence)
    known = evidence.known(claim.cell)
    if "dash" in claim.notes and claim.value and claim.interval:
        other = claim.changed(
            value=-claim.value,
            interval=Interval(-claim.interval.high, -claim.interval.low),
            notes=(),
        )
        if known and not _within(known[0].interval, claim.interval):
            flipped = _value(other, evidence)
            if flipped.verdict == "holds":
                return flipped
    if not known:
        return _bounded(claim, evidence)
    checked = _compare(claim, known)
    return _defined_otherwise(claim, evidence, checked)


def _defined_otherwise(claim: Claim, evidence: Evidence, checked: Checked) -> Checked:
    """Whether another definition has the number: then it is neither right nor wrong."""
    if checked.verdict != "contradicted":
        return checked
    strict = _strict(claim)
    for cell in _other_cells(claim):
        for row in evidence.rows(cell)[:_MOST]:
            if _within(row.interval, strict):
                reason = said("other_definition", measure=cell.measure, rows=(row,))
                return Checked(
                    claim,
                    "compatible",
                    (reason, *checked.reasons),
                    checked.arithmetic,
                    (row, *checked.rows),
                    checked.releases,
                    checked.suggestion,
                )
    return checked


def _other_cells(claim: Claim) -> list[Cell]:
    cell = claim.cell
    if cell.measure in _MIRROR and cell.counterpart_area != "WORLD":
        return [
            Cell(_MIRROR[cell.measure], cell.counterpart_area, cell.ref_area, cell.time_period)
        ]
    others = [cell.at(measure=name) for name in _OTHERS.get(cell.measure, ())]
    return [*others, *(c.at(counterpart_area="WORLD_INTERNAL") for c in others)]


def _bounded(claim: Claim, evidence: Evidence) -> Checked:
    """Nothing published: what the periods and wholes around allow."""
    own = [row for row in evidence.view.rows(claim.cell) if row.source in evidence.origin]
    low, high, rows = evidence.bounds(claim.cell)
    if low is None and high is None:
        for cell in _other_cells(claim):
            other = evidence.rows(cell)
            if other and _within(other[0].interval, _strict(claim)):
                reason = said("other_definition", measure=cell.measure, rows=(other[0],))
                return Checked(claim, "compatible", (reason,), "", (other[0],))
        return _open(claim, said("only_itself" if own else "not_published"))
    if _neighbour(claim, evidence):
        return _open(claim, said("other_year", rows=rows))
    limits = Interval(low or 0.0, high if high is not None else float("inf"))
    strict = _strict(claim)
    arithmetic = f"{between(strict)} ↔ {between(limits)}"
    if not strict.overlaps(limits):
        reason = said("outside_bounds", value=limits, unit=claim.unit)
        return Checked(claim, "contradicted", (reason,), arithmetic, rows)
    reason = said("inside_bounds", value=limits, unit=claim.unit)
    return Checked(claim, "compatible", (reason,), arithmetic, rows)


def _neighbour(claim: Claim, evidence: Evidence) -> bool:
    """Whether the number is the published one of the year before or after."""
    period = parse_period(claim.period)
    if period.kind != "year" or period.year is None:
        return False
    for year in (period.year - 1, period.year + 1):
        rows = evidence.rows(claim.cell.at(time_period=str(year)))
        if rows and _within(rows[0].interval, _wide(claim)):
            return True
    return False


# computed from two cells


def _pairs(
    evidence: Evidence,
    a: Cell,
    b: Cell,
    compute: Callable[[Interval, Interval], Interval],
    sign: str,
) -> list[Known]:
    """Every pair of releases of two cells, the preferred first."""
    first, second = evidence.known(a)[:_MOST], evidence.known(b)[:_MOST]
    found = []
    for x, y in product(first, second):
        if y.interval.low <= 0 <= y.interval.high and sign != "−":
            continue
        text = f"{between(x.interval)} {sign} {between(y.interval)}"
        rows = (*x.rows, *y.rows)
        found.append(Known(compute(x.interval, y.interval), rows, x.strong and y.strong, text))
    return found


def _paired(claim: Claim, known: list[Known]) -> Checked:
    if not known:
        return _open(claim, said("base_unknown"))
    return _compare(claim, known)


def _base(claim: Claim) -> Cell:
    return claim.cell.at(time_period=claim.compared_with)


def _change(claim: Claim, evidence: Evidence) -> Checked:
    if not claim.compared_with or "no_direction" in claim.notes:
        return _open(claim, said("base_unknown"))
    if claim.measure.startswith("net_migration"):
        return _open(claim, said("base_unknown"))
    return _paired(claim, _pairs(evidence, claim.cell, _base(claim), change_interval, "/"))


def _ratio(claim: Claim, evidence: Evidence) -> Checked:
    if not claim.compared_with or not claim.sense:
        return _open(claim, said("base_unknown"))
    a, b = claim.cell, _base(claim)
    if claim.sense == "down":
        a, b = b, a
    return _paired(claim, _pairs(evidence, a, b, lambda x, y: x / y, "/"))


def _difference(claim: Claim, evidence: Evidence) -> Checked:
    if not claim.compared_with or claim.unit != "person":
        return _open(claim, said("base_unknown"))
    pairs = _pairs(evidence, claim.cell, _base(claim), lambda x, y: x - y, "−")
    return _paired(claim, pairs)


def _share(claim: Claim, evidence: Evidence) -> Checked:
    stored = claim.cell.at(measure=f"{claim.measure}_share")
    rows = evidence.rows(stored)
    known = [Known(row.interval, (row,), evidence.strong(row)) for row in rows]
    whole = claim.cell.at(counterpart_area="WORLD", dims={}, ref_area=evidence.country.code)
    if str(whole) == str(claim.cell):
        return _open(claim, said("part_unknown"))
    known = [*_pairs(evidence, claim.cell, whole, share_interval, "/"), *known]
    if not known:
        return _open(claim, said("not_published"))
    return _compare(claim, known)


# series


def _trend(claim: Claim, evidence: Evidence) -> Checked:
    if not claim.compared_with:
        return _open(claim, said("base_unknown"))
    if "/" in claim.compared_with and parse_period(claim.compared_with).kind == "range":
        return _long_trend(claim, evidence)
    pairs = _pairs(evidence, claim.cell, _base(claim), lambda x, y: x - y, "−")
    if not pairs:
        return _open(claim, said("base_unknown"))
    return _signed(claim, pairs, claim.sense == "up")


def _signed(claim: Claim, known: Sequence[Known], positive: bool) -> Checked:
    """Whether the sign of what is known is the one claimed."""
    first = known[0]
    shown = _shown(first)
    if _is(first, positive):
        verdict = "holds" if first.strong else "compatible"
        return Checked(claim, verdict, (said("sign_right"),), shown, first.rows)
    if any(
        _is(other, positive) for other in known[1:] if other.strong
    ) or first.interval.overlaps(Interval(0, 0)):
        return Checked(claim, "compatible", (said("sign_open"),), shown, first.rows)
    if not first.strong:
        return _open(claim, said("press_only_otherwise"))
    return Checked(claim, "contradicted", (said("sign_wrong"),), shown, first.rows)


def _long_trend(claim: Claim, evidence: Evidence) -> Checked:
    span = parse_period(claim.compared_with)
    series = evidence.series(claim.cell)
    if not span.start or not span.end:
        return _open(claim, said("base_unknown"))
    years = [year for year in series if span.start.year <= year <= span.end.year]
    if len(years) < 3 or len(years) != span.end.year - span.start.year + 1:
        years = [year for year in years if year <= max(series)]
        if len(years) < 3:
            return _open(claim, said("not_published"))
    first, last = series[years[0]], series[years[-1]]
    up = claim.sense == "up"
    whole = last.interval - first.interval
    against = [
        b
        for a, b in pairwise(years)
        if (series[b].interval.low > series[a].interval.high) != up
    ]
    ends = (
        f"{between(k.interval)} ({year})" for k, year in ((last, years[-1]), (first, years[0]))
    )
    text = " − ".join(ends) + f" = {between(whole)}"
    rows = (*first.rows, *last.rows)
    if (whole.low > 0) != up:
        return Checked(claim, "contradicted", (said("sign_wrong"),), text, rows)
    if "steady" in claim.notes and against:
        listed = ", ".join(map(str, against))
        reason = said("not_steady", years=listed, count=len(against))
        rows = (*rows, *(row for year in against[:3] for row in series[year].rows))
        return Checked(claim, "contradicted", (reason,), text, rows)
    return Checked(claim, "holds", (said("sign_right"),), text, rows)


def _record(claim: Claim, evidence: Evidence) -> Checked:
    period = parse_period(claim.period)
    series = evidence.series(claim.cell)
    if period.year is None or len(series) < 5:
        return _open(claim, said("not_published"))
    first = min(series)
    if claim.compared_with != "history":
        span = parse_period(claim.compared_with)
        first = max(first, span.start.year) if span.start else first
    low = claim.sense == "lowest"
    if period.kind != "year":
        return _record_of_part(claim, evidence, series, period.year)
    if period.year not in series:
        return _open(claim, said("not_published"))
    years = [year for year in series if first <= year <= period.year]
    if len(years) != period.year - first + 1:
        return _open(claim, said("gap"))
    this = series[period.year].interval
    beyond = [
        year
        for year in years[:-1]
        if (
            series[year].interval.low <= this.high
            if low
            else series[year].interval.high >= this.low
        )
    ]
    extreme = "min" if low else "max"
    text = f"{extreme}({first}…{period.year}) ; {between(this)}"
    rows = series[period.year].rows
    later = [
        year
        for year in series
        if year > period.year
        and (
            series[year].interval.high < this.low
            if low
            else series[year].interval.low > this.high
        )
        and claim.compared_with == "history"
    ]
    if not beyond and later:
        reason = said("record_then", year=str(later[-1]))
        return Checked(claim, "compatible", (reason,), text, rows)
    if not beyond:
        return Checked(claim, "holds", (said("record_right"),), text, rows)
    worst = (min if low else max)(beyond, key=lambda year: series[year].interval.low)
    text += f" ; {between(series[worst].interval)} ({worst})"
    reason = said("record_wrong", year=str(worst))
    return Checked(claim, "contradicted", (reason,), text, (*rows, *series[worst].rows))


def _record_of_part(
    claim: Claim, evidence: Evidence, series: dict[int, Known], year: int
) -> Checked:
    """A record of months: no series decides it, but the whole years may speak for it."""
    if year not in series:
        return _open(claim, said("record_of_part"))
    whole = claim.changed(period=str(year))
    checked = _record(whole, evidence)
    verdict = "compatible" if checked.verdict == "holds" else "cannot_check"
    reasons = (said("record_of_part"), *checked.reasons)
    return Checked(claim, verdict, reasons, checked.arithmetic, checked.rows)


def _balance(claim: Claim, evidence: Evidence) -> Checked:
    if claim.value is not None:
        return _value(claim, evidence)
    known = evidence.known(claim.cell)
    if not known:
        return _open(claim, said("not_published"))
    return _signed(claim, known, claim.sense == "positive")


def _streak(claim: Claim, evidence: Evidence) -> Checked:
    series = evidence.series(claim.cell)
    if not series:
        return _open(claim, said("not_published"))
    positive = claim.sense == "positive"
    period = parse_period(claim.period)
    if period.kind == "open" and period.start:
        return _since(claim, evidence, series, positive)
    if claim.value is None or period.kind != "year" or period.year not in series:
        return _open(claim, said("span_unknown"))
    last = int(period.year or 0)
    run = 0
    while last - run in series and _is(series[last - run], positive):
        run += 1
    text = f"#(x {'>' if positive else '<'} 0) = {run} ; {last - run + 1}…{last}"
    rows = tuple(
        row for y in range(last - run, last + 1) if y in series for row in series[y].rows
    )
    if run == claim.value:
        return Checked(claim, "holds", (said("streak_right"),), text, rows[-4:])
    verdict = "compatible" if run > claim.value else "contradicted"
    return Checked(claim, verdict, (said("streak_wrong", count=run),), text, rows[-4:])


def _is(known: Known, positive: bool) -> bool:
    return known.interval.low > 0 if positive else known.interval.high < 0


def _since(
    claim: Claim, evidence: Evidence, series: dict[int, Known], positive: bool
) -> Checked:
    start = parse_period(claim.period).start
    first = start.year if start else 0
    years = [year for year in series if year >= first]
    if not years or years[0] != first:
        return _open(claim, said("not_published"))
    wrong = [year for year in years if not _is(series[year], positive)]
    text = " ; ".join(f"{year}: {between(series[year].interval)}" for year in years[-6:])
    rows = tuple(row for year in years for row in series[year].rows)
    if wrong:
        rows = tuple(row for year in wrong for row in series[year].rows)
        text = " ; ".join(f"{year}: {between(series[year].interval)}" for year in wrong)
        return Checked(claim, "contradicted", (said("sign_wrong"),), text, rows[:4])
    inside = "steady" in claim.notes or (start is not None and start.month > 1)
    if inside:
        for year, quarter in product(years, range(1, 5)):
            cell = claim.cell.at(time_period=f"{year}-Q{quarter}")
            known = evidence.known(cell)
            if (
                known
                and not _is(known[0], positive)
                and not known[0].interval.overlaps(Interval(0, 0))
            ):
                text = (
                    f"{cell.time_period}: {known[0].arithmetic} = {between(known[0].interval)}"
                )
                return Checked(
                    claim,
                    "contradicted",
                    (said("quarter_wrong", period=cell.time_period),),
                    text,
                    known[0].rows,
                )
        return Checked(claim, "compatible", (said("years_only"),), text, rows[:6])
    return Checked(claim, "holds", (said("sign_right"),), text, rows[:6])


def _turning(claim: Claim, evidence: Evidence) -> Checked:
    """Whether a series rose (or fell) in the listed years alone, of a quarter century."""
    series = evidence.series(claim.cell)
    spans = [parse_period(text) for text in claim.members]
    inside = {
        year
        for span in spans
        if span.start and span.end
        for year in range(span.start.year, span.end.year + 1)
    }
    years = [year for year in series if year - 1 in series and year > max(series) - 26]
    if len(years) < 5:
        return _open(claim, said("not_published"))
    up = claim.sense == "up"
    moved = [y for y in years if (series[y].interval.low > series[y - 1].interval.high) == up]
    wrong = [year for year in moved if year not in inside]
    text = ("↑ " if up else "↓ ") + ", ".join(map(str, moved))
    rows = tuple(row for year in (wrong or moved)[:4] for row in series[year].rows)
    if wrong:
        listed = ", ".join(map(str, wrong))
        return Checked(
            claim, "contradicted", (said("turned_elsewhere", years=listed),), text, rows
        )
    missing = [y for span in spans if span.end for y in (span.end.year,) if y not in moved]
    if missing:
        return Checked(claim, "contradicted", (said("sign_wrong"),), text, rows)
    return Checked(claim, "holds", (said("sign_right"),), text, rows)


def _rank(claim: Claim, evidence: Evidence) -> Checked:
    """Place of a partner or region; figures that are not published leave room."""
    regional = claim.area != evidence.country.code
    own = evidence.known(claim.cell)
    if not own:
        return _open(claim, said("not_published"))
    this = own[0].interval
    others: dict[str, Known] = {}
    group = {evidence.country.partner_group[0], evidence.country.partner_group[2]}
    for cell in evidence.view.cells(claim.measure):
        same = cell.time_period == claim.period and cell.dims == claim.cell.dims
        if regional:
            place, fits = cell.ref_area, cell.counterpart_area == claim.counterpart
            fits = fits and place in evidence.country.areas and place != evidence.country.code
            fits = fits and evidence.country.areas[place].fields.get("kind") in {
                "region",
                "city",
            }
        else:
            place, fits = cell.counterpart_area, cell.ref_area == claim.area
            fits = fits and place not in {"WORLD", "INTERNAL", "WORLD_INTERNAL", *group}
        known = (
            evidence.known(cell)
            if same and fits and place not in {claim.area, claim.counterpart}
            else []
        )
        if known:
            others[place] = known[0]
    above = {p: k for p, k in others.items() if k.interval.low > this.high}
    shown = sorted(others.items(), key=lambda item: -item[1].interval.low)[:6]
    text = " ; ".join([between(this), *(f"{p} {between(k.interval)}" for p, k in shown)])
    rows = (*own[0].rows, *(row for _, k in shown for row in k.rows))
    if len(above) >= (claim.value or 1):
        return Checked(
            claim, "contradicted", (said("rank_wrong", count=len(above)),), text, rows
        )
    whole = evidence.known(
        claim.cell.at(counterpart_area="WORLD", ref_area=evidence.country.code)
    )
    rest = whole[0].interval.high - this.low if whole else float("inf")
    rest -= sum(known.interval.low for known in others.values())
    sure = len(above) == (claim.value or 1) - 1 and rest < this.low
    sure = sure and all(k.interval.high < this.low for p, k in others.items() if p not in above)
    verdict = "holds" if sure and own[0].strong else "compatible"
    return Checked(claim, verdict, (said("rank_right" if sure else "rank_open"),), text, rows)


_DECIDE: dict[str, Callable[[Claim, Evidence], Checked]] = {
    "value": _value,
    "count": _value,
    "balance": _balance,
    "percent_change": _change,
    "ratio": _ratio,
    "difference": _difference,
    "share": _share,
    "trend": _trend,
    "record": _record,
    "streak": _streak,
    "turning_points": _turning,
    "rank": _rank,
}
