"""The verdict on a claim: its interval against what the store knows.

For `checking`. Main function: `judge`. A figure holds only where its own cell says so; a longer
period, the whole or another definition can make it compatible or refute it, never confirm it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from qonys.claims import answers, laws
from qonys.claims.comparing import (
    MOST,
    base_cell,
    changes_of,
    compare,
    paired,
    pairs_of,
    strict_of,
    undecided,
    wide_of,
    within,
)
from qonys.claims.evidence import Evidence, Known, between
from qonys.claims.series import rank, record, signed, streak, trend, turning
from qonys.claims.typed import Checked, Claim, said
from qonys.core.errors import DataError
from qonys.core.intervals import Interval
from qonys.core.observations import Cell
from qonys.core.periods import parse_period
from qonys.observations.indicators import change_interval, share_interval

_Decide = Callable[[Claim, Evidence], Checked]
_MIRROR = {"emigrants": "mirror_immigrants", "immigrants": "mirror_emigrants"}
_OTHERS = {"net_migration": ("net_migration_estimate", "net_migration_all_flows")}
_DUST = 1e-6


def judge(claim: Claim, evidence: Evidence) -> Checked:
    """The verdict on a claim.

    Parameters
    ----------
    claim : Claim
        The claim.
    evidence : Evidence
        The store.
    """
    if claim.measure == "survey_n":
        return answers.judged_n(claim, evidence)
    if claim.doubts:
        return undecided(claim, *(said(f"doubt_{name}") for name in claim.doubts))
    if claim.kind == "survey_share":
        return answers.judged(claim, evidence)
    if claim.kind == "legal_threshold" and claim.measure:
        by_law = laws.judged if claim.members else answers.judged_by_law
        return by_law(claim, evidence)
    if not claim.measure or not claim.period:
        return undecided(
            claim, said("doubt_no_measure" if not claim.measure else "doubt_no_period")
        )
    decide = _DECIDE.get(claim.kind)
    if decide is None or claim.measure not in evidence.country.measures:
        return undecided(claim, said("doubt_kind"))
    try:
        first = decide(claim, evidence)
        if "present" in claim.notes:
            return _cautious(_lately(claim, first, decide, evidence), evidence)
        others = [decide(_at(claim, cell), evidence) for cell in claim.alternatives]
    except DataError as error:
        return undecided(claim, said("doubt_data", why=str(error)))
    return _cautious(_of_readings(claim, first, others), evidence)


def _lately(claim: Claim, first: Checked, decide: _Decide, evidence: Evidence) -> Checked:
    """A statement of the present without a period: the first named period that decides it."""
    if first.verdict != "cannot_check":
        return first
    for cell in claim.alternatives:
        checked = decide(claim.changed(period=cell.time_period), evidence)
        if checked.verdict != "cannot_check":
            reasons = (*checked.reasons, said("judged_on", period=cell.time_period))
            return replace(checked, claim=claim, reasons=reasons)
    return first


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
    if "sure" not in claim.notes and _another(claim, evidence):
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
    strict = strict_of(claim)
    mirrored = Interval(-strict.high, -strict.low)
    for cell in claim.readings:
        for known in evidence.known(cell)[:2]:
            signed = cell.measure.startswith("net_migration")
            if within(known.interval, strict) or (signed and within(known.interval, mirrored)):
                return True
    return False


def _at(claim: Claim, cell: Cell) -> Claim:
    return claim.changed(area=cell.ref_area, counterpart=cell.counterpart_area)


def _of_readings(claim: Claim, first: Checked, others: Sequence[Checked]) -> Checked:
    """One verdict of several readings: where they differ, nothing is confirmed."""
    if not others or all(other.verdict == first.verdict for other in others):
        return first
    if "carried" in claim.notes and first.verdict == "holds":
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


def _annually(claim: Claim, evidence: Evidence) -> Checked:
    """Whether "about 300 a year" is so: the years of the last decade."""
    period = parse_period(claim.period)
    series = {
        year: known
        for year, known in evidence.series(claim.cell).items()
        if period.year and year > period.year - 10
    }
    if len(series) < 5:
        return undecided(claim, said("not_published"))
    right = [year for year, known in series.items() if known.interval.overlaps(wide_of(claim))]
    text = " ; ".join(f"{year}: {between(known.interval)}" for year, known in series.items())
    rows = tuple(row for known in series.values() for row in known.rows)[:6]
    if 4 * len(right) <= len(series):
        return Checked(claim, "contradicted", (said("not_annually"),), text, rows)
    return Checked(claim, "compatible", (said("some_years"),), text, rows)


def _value(claim: Claim, evidence: Evidence) -> Checked:
    if "annually" in claim.notes:
        return _annually(claim, evidence)
    known = evidence.known(claim.cell)
    if "gap" in claim.notes and known and known[0].interval.high < 0 and claim.interval:
        claim = claim.changed(
            value=-(claim.value or 0),
            interval=Interval(-claim.interval.high, -claim.interval.low),
        )
    if "dash" in claim.notes and claim.value and claim.interval:
        other = claim.changed(
            value=-claim.value,
            interval=Interval(-claim.interval.high, -claim.interval.low),
            notes=(),
        )
        if known and not within(known[0].interval, claim.interval):
            flipped = _value(other, evidence)
            if flipped.verdict == "holds":
                return flipped
    total = None if known else evidence.of_years(claim.cell)
    if total:  # a total that fits holds; what does not may be counted over other years
        checked = compare(claim, [total])
        unsure = checked.verdict == "contradicted"
        return _lowered(checked, "cannot_check", "doubt_vague_period") if unsure else checked
    if not known:
        return _bounded(claim, evidence)
    checked = compare(claim, known)
    return _defined_otherwise(claim, evidence, checked)


def _defined_otherwise(claim: Claim, evidence: Evidence, checked: Checked) -> Checked:
    """Whether another definition has the number: then it is neither right nor wrong."""
    if checked.verdict != "contradicted":
        return checked
    strict = strict_of(claim)
    for cell in _other_cells(claim):
        for row in evidence.rows(cell)[:MOST]:
            if within(row.interval, strict):
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
            if other and within(other[0].interval, strict_of(claim)):
                reason = said("other_definition", measure=cell.measure, rows=(other[0],))
                return Checked(claim, "compatible", (reason,), "", (other[0],))
        return undecided(claim, said("only_itself" if own else "not_published"))
    if _neighbour(claim, evidence):
        return undecided(claim, said("other_year", rows=rows))
    limits = Interval(low or 0.0, high if high is not None else float("inf"))
    strict = strict_of(claim)
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
        if rows and within(rows[0].interval, wide_of(claim)):
            return True
    return False


# computed from two cells


def _change(claim: Claim, evidence: Evidence) -> Checked:
    if not claim.compared_with or "no_direction" in claim.notes:
        return undecided(claim, said("base_unknown"))
    if claim.measure.startswith("net_migration"):
        return undecided(claim, said("base_unknown"))
    pairs = pairs_of(evidence, claim.cell, base_cell(claim), change_interval, "/")
    return paired(claim, [*pairs, *changes_of(claim, evidence)])


def _ratio(claim: Claim, evidence: Evidence) -> Checked:
    if not claim.compared_with or not claim.sense:
        return undecided(claim, said("base_unknown"))
    a, b = claim.cell, base_cell(claim)
    if claim.sense == "down":
        a, b = b, a
    return paired(claim, pairs_of(evidence, a, b, lambda x, y: x / y, "/"))


def _difference(claim: Claim, evidence: Evidence) -> Checked:
    if not claim.compared_with or claim.unit != "person":
        return undecided(claim, said("base_unknown"))
    pairs = pairs_of(evidence, claim.cell, base_cell(claim), lambda x, y: x - y, "−")
    return paired(claim, pairs)


def _share(claim: Claim, evidence: Evidence) -> Checked:
    stored = claim.cell.at(measure=f"{claim.measure}_share")
    rows = evidence.rows(stored)
    known = [Known(row.interval, (row,), evidence.strong(row)) for row in rows]
    if "category" in claim.breakdown:
        return compare(claim, known) if known else _share_of_others(claim, evidence)
    whole = claim.cell.at(counterpart_area="WORLD", dims={}, ref_area=evidence.country.code)
    if str(whole) == str(claim.cell):
        return undecided(claim, said("part_unknown"))
    known = [*pairs_of(evidence, claim.cell, whole, share_interval, "/"), *known]
    if not known:
        return undecided(claim, said("not_published"))
    return compare(claim, known)


def _share_of_others(claim: Claim, evidence: Evidence) -> Checked:
    """A share whose category only the text has, beside those of other categories."""
    for cell in evidence.view.cells(f"{claim.measure}_share"):
        rows = evidence.rows(cell) if cell.time_period == claim.period else []
        if rows and rows[0].interval.overlaps(wide_of(claim)):
            reason = said("other_part", part=cell.dims.get("category", ""), rows=(rows[0],))
            text = f"{between(rows[0].interval)} \u2194 {between(strict_of(claim))}"
            return Checked(claim, "compatible", (reason,), text, (rows[0],))
    return undecided(claim, said("not_published"))


def _balance(claim: Claim, evidence: Evidence) -> Checked:
    if claim.value is not None:
        return _value(claim, evidence)
    known = evidence.known(claim.cell)
    if not known:
        return undecided(claim, said("not_published"))
    return signed(claim, known, claim.sense == "positive")


_DECIDE: dict[str, _Decide] = {
    "value": _value,
    "count": _value,
    "balance": _balance,
    "percent_change": _change,
    "ratio": _ratio,
    "difference": _difference,
    "share": _share,
    "trend": trend,
    "record": record,
    "streak": streak,
    "turning_points": turning,
    "rank": rank,
}
