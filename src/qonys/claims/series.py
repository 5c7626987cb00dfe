"""Verdicts on whole series: trends, records, streaks, turning points, ranks.

For `verdicts`. Main functions: `trend`, `record`, `streak`, `turning`, `rank`. A gap in a
series leaves a statement open; what is not published never stands for zero.
"""

from collections.abc import Sequence
from itertools import pairwise, product

from qonys.claims.comparing import as_computed, base_cell, has_sign, pairs_of, undecided
from qonys.claims.evidence import Evidence, Known, between
from qonys.claims.typed import Checked, Claim, said
from qonys.core.intervals import Interval
from qonys.core.periods import parse_period


def trend(claim: Claim, evidence: Evidence) -> Checked:
    """A rise or fall: between two periods, or over the years of a span."""
    if not claim.compared_with:
        return undecided(claim, said("base_unknown"))
    if "/" in claim.compared_with and parse_period(claim.compared_with).kind == "range":
        return _long_trend(claim, evidence)
    pairs = pairs_of(evidence, claim.cell, base_cell(claim), lambda x, y: x - y, "−")
    if not pairs:
        return undecided(claim, said("base_unknown"))
    return signed(claim, pairs, claim.sense == "up")


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
    return Checked(claim, "contradicted", (said("sign_wrong"),), shown, first.rows)


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
    return Checked(claim, "contradicted", (reason,), text, (*rows, *series[worst].rows))


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
    run = 0
    while last - run in series and has_sign(series[last - run], positive):
        run += 1
    text = f"#(x {'>' if positive else '<'} 0) = {run} ; {last - run + 1}…{last}"
    rows = tuple(
        row for y in range(last - run, last + 1) if y in series for row in series[y].rows
    )
    if run == claim.value:
        return Checked(claim, "holds", (said("streak_right"),), text, rows[-4:])
    verdict = "compatible" if run > claim.value else "contradicted"
    return Checked(claim, verdict, (said("streak_wrong", count=run),), text, rows[-4:])


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


def rank(claim: Claim, evidence: Evidence) -> Checked:
    """Place of a partner or region; figures that are not published leave room."""
    regional = claim.area != evidence.country.code
    own = evidence.known(claim.cell)
    if not own:
        return undecided(claim, said("not_published"))
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
