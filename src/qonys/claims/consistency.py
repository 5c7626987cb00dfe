"""The text against itself: its own numbers, what they imply and where they clash.

For `checking`. Main function: `examine`. Needs no data; every figure here is the text's own, in
the interval that its rounding leaves.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qonys.claims.constraints import propagate
from qonys.claims.dating import earlier
from qonys.claims.evidence import COUNTED_FLOWS, between
from qonys.claims.typed import Claim, Finding, Implied, said
from qonys.core.errors import DataError
from qonys.core.intervals import Interval
from qonys.core.periods import parse_period
from qonys.observations.indicators import change_interval

_TOTALS = frozenset({"value", "count", "balance", "sum"})
#: Notes on claims whose number may belong to another cell.
_LOOSE = frozenset({"far", "mixed", "many", "dash"})
_CHANGES = frozenset({"percent_change", "ratio", "difference"})


@dataclass(frozen=True)
class Own:
    """What the text's own numbers say of a relation.

    Parameters
    ----------
    claim : Claim
        The claim that states the relation.
    fits : bool
        Whether the numbers give what it states.
    arithmetic : str
        The computation.
    inputs : tuple of str
        Ids of the claims with the numbers.
    """

    claim: Claim
    fits: bool
    arithmetic: str
    inputs: tuple[str, ...]


def examine(claims: Sequence[Claim]) -> tuple[list[Own], list[Finding], list[Implied]]:
    """Relations between the numbers of a text.

    Parameters
    ----------
    claims : Sequence of Claim
        Its claims.

    Returns
    -------
    list of Own, list of Finding, list of Implied
        Relations recomputed, contradictions, and figures that follow.
    """
    printed = [c for c in claims if c.kind in _TOTALS and _sure(c)]
    values: dict[str, Claim] = {}
    for claim in printed:
        values.setdefault(str(claim.cell), claim)
    related = [c for c in claims if c.kind in {*_CHANGES, "trend"} and _sure(c) and _based(c)]
    owns = [own for claim in related if (own := _relation(claim, values))]
    owns += _conclusions(claims, values, {own.claim.id for own in owns})
    findings = [_clash(own) for own in owns if not own.fits]
    told = {frozenset(finding.claims) for finding in findings}
    surely = [c for c in printed if not _LOOSE & set(c.notes) and "future" not in c.doubts]
    changes = [c for c in related if c.kind in _CHANGES and "future" not in c.doubts]
    chains, implied = propagate(surely, changes)
    findings += [chain for chain in chains if frozenset(chain.claims) not in told]
    findings += [*_parts({str(c.cell): c for c in reversed(surely)}), *_sums(claims)]
    return owns, findings, implied


def _sure(claim: Claim) -> bool:
    return bool(claim.measure and claim.period) and not (
        set(claim.doubts) - {"span_unknown", "future"}
    )


def _based(claim: Claim) -> bool:
    """Whether it says which one period it is compared with."""
    if not claim.compared_with or claim.compared_with == "history":
        return False
    return parse_period(claim.compared_with).kind != "range"


def _relation(claim: Claim, values: dict[str, Claim]) -> Own | None:
    """A change of which the text prints both figures, recomputed."""
    base_cell = claim.cell.at(time_period=claim.compared_with)
    now, base = values.get(str(claim.cell)), values.get(str(base_cell))
    try:
        return _recomputed(claim, now, base) if now and base else None
    except DataError:  # a division by a number that may be zero
        return None


def _conclusions(
    claims: Sequence[Claim], values: dict[str, Claim], known: set[str]
) -> Iterator[Own]:
    """Trends without a period of their own, beside all changes that the text's numbers make."""
    for claim in claims:
        loose = {"inherited", "mixed"} & set(claim.notes) or not claim.period
        if claim.kind != "trend" or not loose or claim.id in known or not claim.measure:
            continue
        if set(claim.doubts) - {"no_period", "vague_period"} or "beside" not in claim.notes:
            continue
        pairs = [
            (now, before)
            for now in values.values()
            if now.cell.at(time_period="") == claim.cell.at(time_period="")
            and (before := values.get(str(now.cell.at(time_period=earlier(now.period)))))
        ]
        signs = {_sign(now, before) for now, before in pairs}
        if len(signs) == 1 and signs & {"up", "down"} and claim.sense not in signs:
            now, before = pairs[-1]
            text = f"{between(_interval(before))} \u2192 {between(_interval(now))}"
            yield Own(claim, False, text, (before.id, now.id))


def _interval(claim: Claim) -> Interval:
    return claim.interval or Interval(0, 0)


def _sign(now: Claim, before: Claim) -> str:
    """Which way two numbers of the text go, if their rounding leaves no doubt."""
    a, b = _interval(now), _interval(before)
    return "up" if a.low > b.high else "down" if a.high < b.low else ""


def _recomputed(claim: Claim, now: Claim, base: Claim) -> Own | None:
    a, b = now.interval, base.interval
    if a is None or b is None:
        return None
    inputs = (now.id, base.id)
    if claim.kind == "trend":
        change = a - b
        fits = change.high > 0 if claim.sense == "up" else change.low < 0
        return Own(claim, fits, f"{between(a)} − {between(b)} = {between(change)}", inputs)
    result, sign = _computed(claim, a, b)
    fits = claim.interval is not None and result.overlaps(claim.interval)
    text = f"{between(a)} {sign} {between(b)} → {between(result)}"
    return Own(claim, fits, text, inputs)


def _computed(claim: Claim, a: Interval, b: Interval) -> tuple[Interval, str]:
    if claim.kind == "ratio":
        return (b / a if claim.sense == "down" else a / b), "/"
    if claim.kind == "difference":
        return a - b, "−"
    return change_interval(a, b), "/"


def _clash(own: Own) -> Finding:
    key = "finding_trend" if own.claim.kind == "trend" else "finding_arithmetic"
    return Finding("contradiction", (*own.inputs, own.claim.id), said(key), own.arithmetic)


def _parts(values: dict[str, Claim]) -> Iterator[Finding]:
    """Parts larger than their whole; parts and wholes of different periods side by side."""
    groups: dict[str, list[Claim]] = defaultdict(list)
    for claim in values.values():
        if claim.measure in COUNTED_FLOWS and claim.interval:
            groups[claim.measure].append(claim)
    for group in groups.values():
        wholes = {
            (c.area, c.period): c for c in group if c.counterpart == "WORLD" and not c.breakdown
        }
        for part in group:
            if part.counterpart == "WORLD" and not part.breakdown:
                continue
            whole = wholes.get((part.area, part.period))
            if (
                whole
                and part.interval
                and whole.interval
                and part.interval.low > whole.interval.high
            ):
                text = f"{between(part.interval)} > {between(whole.interval)}"
                yield Finding("contradiction", (part.id, whole.id), said("finding_part"), text)
            elif not whole:
                yield from _beside(part, wholes)


def _beside(part: Claim, wholes: dict[tuple[str, str], Claim]) -> Iterator[Finding]:
    period = parse_period(part.period)
    for (area, text), whole in wholes.items():
        other = parse_period(text)
        same_year = period.year == other.year and period.months and other.months
        if area == part.area and same_year and max(period.months or 0, other.months or 0) < 12:
            words = f"{part.period} ≠ {text}"
            yield Finding("caution", (part.id, whole.id), said("finding_periods"), words)
            return


def _sums(claims: Sequence[Claim]) -> Iterator[Finding]:
    """Shares of one question that do not add up."""
    shares = [c for c in claims if c.kind == "survey_share" and c.interval and c.value]
    run: list[Claim] = []
    for claim in [*shares, None]:
        if claim is not None and (not run or claim.start - run[-1].end < 160):
            run.append(claim)
            continue
        yield from _closed(run)
        run = [claim] if claim is not None else []


def _closed(run: list[Claim]) -> Iterator[Finding]:
    """Within a run of shares, the first that come near to a hundred."""
    total = Interval(0.0, 0.0)
    value = 0.0
    for index, claim in enumerate(run):
        if claim.interval is None or claim.value is None:
            return
        total = total + Interval(
            claim.value - claim.precision / 2, claim.value + claim.precision / 2
        )
        value += claim.value
        if index >= 2 and 97 < value < 103:
            if 100.0 not in total:
                ids = tuple(c.id for c in run[: index + 1])
                text = " + ".join(f"{c.value:g}" for c in run[: index + 1]) + f" = {value:g}"
                yield Finding("caution", ids, said("finding_sum", value=round(value, 2)), text)
            return
