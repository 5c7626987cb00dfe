"""Verdicts on whole series: trends, records, streaks, turning points, ranks.

For `verdicts`. Main functions: `trend`, `record`, `streak`, `turning`, `rank`. A gap in a
series leaves a statement open; what is not published never stands for zero.
"""

from collections.abc import Sequence
from itertools import pairwise, product

from qonys.claims.comparing import (
    as_computed,
    base_cell,
    changes_of,
    has_sign,
    pairs_of,
    undecided,
)
from qonys.claims.evidence import Evidence, Known, between
from qonys.claims.typed import Checked, Claim, said
from qonys.core.intervals import Interval
from qonys.core.periods import parse_period

_GRADUAL = 4  # steps that "gradually" is judged on
_PARTNERS = 3  # fewer changes say nothing of all others


def trend(claim: Claim, evidence: Evidence) -> Checked:
    """A rise or fall: between two periods, or over the years of a span."""
    if "others" in claim.notes:
        return _of_others(claim, evidence)
    if "gradual" in claim.notes:
        return _gradual(claim, evidence)
    if not claim.compared_with:
        return undecided(claim, said("base_unknown"))
    if "/" in claim.compared_with and parse_period(claim.compared_with).kind == "range":
        return _long_trend(claim, evidence)
    pairs = pairs_of(evidence, claim.cell, base_cell(claim), lambda x, y: x - y, "−")
    pairs = pairs or changes_of(claim, evidence)
    if not pairs:
        return undecided(claim, said("base_unknown"))
    return signed(claim, pairs, claim.sense == "up")


def _gradual(claim: Claim, evidence: Evidence) -> Checked:
    """A flow that grows (or falls) gradually: every step of the last years."""
    series = evidence.series(claim.cell)
    years = list(series)[-_GRADUAL - 1 :]
    if len(years) <= _GRADUAL or years[-1] - years[0] != _GRADUAL:
        return undecided(claim, said("not_published"))
    up = claim.sense == "up"
    text = " ; ".join(f"{year}: {between(series[year].interval)}" for year in years)
    rows = tuple(row for year in years for row in series[year].rows)
    steps = [
        (series[b].interval.low > series[a].interval.high) == up for a, b in pairwise(years)
    ]
    if all(steps) and all(series[year].strong for year in years):
        return Checked(claim, "holds", (said("sign_right"),), text, rows)
    if (series[years[-1]].interval.low > series[years[0]].interval.high) == up:
        return Checked(claim, "compatible", (said("sign_right"),), text, rows)
    return Checked(claim, "contradicted", (said("sign_wrong"),), text, rows)


def _of_others(claim: Claim, evidence: Evidence) -> Checked:
    """All other partners rise or fall, or all but one: by the first period with figures.

    What is judged is the direction of several flows, so that a press copy of a release will do.
    """
    changes = _changes_by_partner(claim, evidence)
    if not changes:
        return undecided(claim, said("not_published"))
    period, known = changes
    text = " ; ".join(f"{p} {between(k.interval)} %" for p, k in sorted(known.items()))
    rows = tuple(row for k in known.values() for row in k.rows)[:8]
    reason = said("judged_on", period=period)
    if claim.sense == "except":
        one = known.get(claim.members[0]) if claim.members else None
        if one is None:
            return undecided(claim, said("not_published"))
        rising = one.interval.low > 0
        same = [p for p, k in known.items() if k is not one and (k.interval.low > 0) == rising]
        if same:
            return Checked(claim, "contradicted", (said("sign_wrong"), reason), text, rows)
        return Checked(claim, "holds", (said("sign_right"), reason), text, rows)
    up = claim.sense == "up"
    agree = [k for k in known.values() if (k.interval.low > 0 if up else k.interval.high < 0)]
    if 3 * len(agree) >= 2 * len(known):
        return Checked(claim, "holds", (said("sign_right"), reason), text, rows)
    verdict = "compatible" if agree else "contradicted"
    return Checked(claim, verdict, (said("sign_wrong"), reason), text, rows)


def _changes_by_partner(
    claim: Claim, evidence: Evidence
) -> tuple[str, dict[str, Known]] | None:
    """Published changes by partner, of the shortest period from the same first month."""
    period = parse_period(claim.period)
    found: dict[str, dict[str, Known]] = {}
    for cell in evidence.view.cells(f"{claim.measure}_change"):
        span = cell.period
        if span.start and span.end and span.start == period.start:
            rows = evidence.rows(cell)
            if rows:
                known = Known(rows[0].interval, (rows[0],), evidence.strong(rows[0]))
                found.setdefault(cell.time_period, {})[cell.counterpart_area] = known
    enough = [text for text, partners in found.items() if len(partners) >= _PARTNERS]
    shortest = min(enough, key=lambda text: parse_period(text).months or 12, default="")
    return (shortest, found[shortest]) if shortest else None


def signed(claim: Claim, known: Sequence[Known], positive: bool) -> Checked:
    """Whether the sign of what is known is the one claimed."""
    first = known[0]
    shown = as_computed(first)
    if has_sign(first, positive):
        verdict = "holds" if first.strong else "compatible"
        return Checked(claim, verdict, (said("sign_right"),), shown, first.rows)
    if any(
        has_sign(other, positive) for other in known[1:] if other.strong
    ) or first.interval.overlaps(Interval(0, 0)):
        return Checked(claim, "compatible", (said("sign_open"),), shown, first.rows)
    if not first.strong:
        return undecided(claim, said("press_only_otherwise"))
    change = claim.kind == "trend"
    suggestion = said(
        "suggest_difference" if change else "suggest_value",
        cell=claim.cell,
        base=claim.compared_with,
        value=first.interval,
    )
    reasons = (said("sign_wrong"),)
    return Checked(claim, "contradicted", reasons, shown, first.rows, suggestion=suggestion)


def _long_trend(claim: Claim, evidence: Evidence) -> Checked:
    span = parse_period(claim.compared_with)
    series = evidence.series(claim.cell)
    if not span.start or not span.end:
        return undecided(claim, said("base_unknown"))
    years = [year for year in series if span.start.year <= year <= span.end.year]
    if len(years) < 3 or len(years) != span.end.year - span.start.year + 1:
        years = [year for year in years if year <= max(series)]
        if len(years) < 3:
            return undecided(claim, said("not_published"))
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


def record(claim: Claim, evidence: Evidence) -> Checked:
    """Whether no year of the span lies beyond the period's value."""
    period = parse_period(claim.period)
    series = evidence.series(claim.cell)
    if period.year is None or len(series) < 5:
        return undecided(claim, said("not_published"))
    first = min(series)
    if claim.compared_with != "history":
        span = parse_period(claim.compared_with)
        first = max(first, span.start.year) if span.start else first
    low = claim.sense == "lowest"
    if period.kind != "year":
        return _record_of_part(claim, evidence, series, period.year)
    if period.year not in series:
        return undecided(claim, said("not_published"))
    years = [year for year in series if first <= year <= period.year]
    if len(years) != period.year - first + 1:
        return undecided(claim, said("gap"))
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
    last = beyond[-1]
    better = said(f"suggest_{claim.sense}", cell=claim.cell, year=str(last))
    rows = (*rows, *series[worst].rows)
    told = better if last < period.year - 1 else None  # since last year says nothing
    return Checked(claim, "contradicted", (reason,), text, rows, suggestion=told)


def _record_of_part(
    claim: Claim, evidence: Evidence, series: dict[int, Known], year: int
) -> Checked:
    """A record of months: no series decides it, but the whole years may speak for it."""
    if year not in series:
        return undecided(claim, said("record_of_part"))
    whole = claim.changed(period=str(year))
    checked = record(whole, evidence)
    verdict = "compatible" if checked.verdict == "holds" else "cannot_check"
    reasons = (said("record_of_part"), *checked.reasons)
    return Checked(claim, verdict, reasons, checked.arithmetic, checked.rows)


def streak(claim: Claim, evidence: Evidence) -> Checked:
    """Years in a row with one sign, or with one sign since a day."""
    series = evidence.series(claim.cell)
    if not series:
        return undecided(claim, said("not_published"))
    positive = claim.sense == "positive"
    period = parse_period(claim.period)
    if period.kind == "open" and period.start:
        return _since(claim, evidence, series, positive)
    if claim.value is None or period.kind != "year" or period.year not in series:
        return undecided(claim, said("span_unknown"))
    last = int(period.year or 0)
    moves = claim.sense in {"up", "down"}
    tested = _steps(series) if moves else series
    positive = claim.sense in {"positive", "up"}
    run = 0
    while last - run in tested and has_sign(tested[last - run], positive):
        run += 1
    text = f"#({'Δ' if moves else 'x'} {'>' if positive else '<'} 0) = {run}"
    text += f" ; {last - run + 1}…{last}" if run else ""
    rows = tuple(
        row for y in range(last - run, last + 1) if y in series for row in series[y].rows
    )
    if run == claim.value:
        return Checked(claim, "holds", (said("streak_right"),), text, rows[-4:])
    verdict = "compatible" if run > claim.value else "contradicted"
    better = said("suggest_streak", cell=claim.cell, count=run) if run else None
    reasons = (said("streak_wrong", count=run),)
    return Checked(claim, verdict, reasons, text, rows[-4:], suggestion=better)


def _steps(series: dict[int, Known]) -> dict[int, Known]:
    """Year-on-year differences of a series, by the later year."""
    return {
        year: Known(now.interval - series[year - 1].interval, now.rows, now.strong)
        for year, now in series.items()
        if year - 1 in series
    }


def _since(
    claim: Claim, evidence: Evidence, series: dict[int, Known], positive: bool
) -> Checked:
    start = parse_period(claim.period).start
    first = start.year if start else 0
    years = [year for year in series if year >= first]
    if not years or years[0] != first:
        return undecided(claim, said("not_published"))
    wrong = [year for year in years if not has_sign(series[year], positive)]
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
                and not has_sign(known[0], positive)
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


def turning(claim: Claim, evidence: Evidence) -> Checked:
    """Whether a series rose (or fell) in the listed years alone, of a quarter century."""
    series = evidence.series(claim.cell)
    if "local" in claim.notes:
        return _local(claim, series)
    spans = [parse_period(text) for text in claim.members]
    inside = {
        year
        for span in spans
        if span.start and span.end
        for year in range(span.start.year, span.end.year + 1)
    }
    years = [year for year in series if year - 1 in series and year > max(series) - 26]
    if len(years) < 5:
        return undecided(claim, said("not_published"))
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


def _local(claim: Claim, series: dict[int, Known]) -> Checked:
    """Whether a year is a peak or trough among its neighbours."""
    year = parse_period(claim.period).year
    if year is None or not {year - 1, year, year + 1} <= set(series):
        return undecided(claim, said("not_published"))
    before, this, after = (series[year + step] for step in (-1, 0, 1))
    text = " ; ".join(f"{year + i}: {between(series[year + i].interval)}" for i in (-1, 0, 1))
    rows = (*before.rows, *this.rows, *after.rows)
    up = claim.sense == "highest"
    sides = [
        this.interval.low > other.interval.high
        if up
        else this.interval.high < other.interval.low
        for other in (before, after)
    ]
    if all(sides):
        return Checked(claim, "holds", (said("peak_right"),), text, rows)
    return Checked(claim, "contradicted", (said("peak_wrong"),), text, rows)


def rank(claim: Claim, evidence: Evidence) -> Checked:
    """Place of a partner or region; figures that are not published leave room."""
    regional = claim.area != evidence.country.code
    if claim.members:
        return _first_ones(claim, evidence, regional)
    own = evidence.known(claim.cell)
    if not own:
        return undecided(claim, said("not_published"))
    this = own[0].interval
    others = _peers(claim, evidence, regional)
    others = {p: k for p, k in others.items() if p not in {claim.area, claim.counterpart}}
    above = {p: k for p, k in others.items() if k.interval.low > this.high}
    shown = sorted(others.items(), key=lambda item: -item[1].interval.low)[:6]
    text = " ; ".join([between(this), *(f"{p} {between(k.interval)}" for p, k in shown)])
    rows = (*own[0].rows, *(row for _, k in shown for row in k.rows))
    if len(above) >= (claim.value or 1):
        reasons = (said("rank_wrong", count=len(above)),)
        better = said("suggest_rank", cell=claim.cell, place=len(above) + 1)
        return Checked(claim, "contradicted", reasons, text, rows, suggestion=better)
    whole = evidence.known(
        claim.cell.at(counterpart_area="WORLD", ref_area=evidence.country.code)
    )
    rest = whole[0].interval.high - this.low if whole else float("inf")
    rest -= sum(known.interval.low for known in others.values())
    sure = len(above) == (claim.value or 1) - 1 and rest < this.low
    sure = sure and all(k.interval.high < this.low for p, k in others.items() if p not in above)
    clear = own[0].strong or all(_far_apart(this, k.interval) for k in others.values())
    verdict = "holds" if sure and clear else "compatible"
    return Checked(claim, verdict, (said("rank_right" if sure else "rank_open"),), text, rows)


def _far_apart(a: Interval, b: Interval) -> bool:
    """Whether an order would stand even if a press copy were wrong by half."""
    return a.low > 2 * b.high or b.low > 2 * a.high


def _peers(claim: Claim, evidence: Evidence, regional: bool) -> dict[str, Known]:
    """Values of all partners, or of all regions, in the claim's period."""
    others: dict[str, Known] = {}
    country = evidence.country
    group = {country.partner_group[0], country.partner_group[2]}
    for cell in evidence.view.cells(claim.measure):
        if cell.time_period != claim.period or cell.dims != claim.cell.dims:
            continue
        if regional:
            place, fits = cell.ref_area, cell.counterpart_area == "WORLD"
            entry = country.areas.get(place)
            fits = fits and entry is not None and place != country.code
            fits = fits and entry is not None and entry.fields.get("kind") in {"region", "city"}
        else:
            place, fits = cell.counterpart_area, cell.ref_area == country.code
            fits = fits and place not in {"WORLD", "INTERNAL", "WORLD_INTERNAL", *group}
        known = evidence.known(cell) if fits else []
        if known:
            others[place] = known[0]
    return others


def _first_ones(claim: Claim, evidence: Evidence, regional: bool) -> Checked:
    """Whether the places listed are the first ones: none left out is above one of them."""
    known = _peers(claim, evidence, regional)
    inside = {place: k for place, k in known.items() if place in claim.members}
    outside = {place: k for place, k in known.items() if place not in claim.members}
    if not inside:
        return undecided(claim, said("not_published"))
    least = min(inside, key=lambda place: inside[place].interval.high)
    above = {p: k for p, k in outside.items() if k.interval.low > inside[least].interval.high}
    shown = sorted(known.items(), key=lambda item: -item[1].interval.low)[:8]
    text = " ; ".join(f"{place} {between(k.interval)}" for place, k in shown)
    rows = tuple(row for _, k in shown for row in k.rows)
    if above:
        places = ", ".join(sorted(above))
        sure = inside[least].strong and any(k.strong for k in above.values())
        verdict = "contradicted" if sure else "cannot_check"
        return Checked(claim, verdict, (said("rank_left_out", places=places),), text, rows)
    verdict = "compatible" if len(inside) == len(claim.members) else "cannot_check"
    return Checked(claim, verdict, (said("rank_open"),), text, rows)
