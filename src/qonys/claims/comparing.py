"""A claim's interval beside published values: which verdict the comparison gives.

For `verdicts`, `series` and `laws`. Main functions: `compare`, `pairs_of`. Knows intervals and
releases only; which cell a claim is about is settled before.
"""

from collections.abc import Callable, Sequence
from itertools import product

from qonys.claims.evidence import Evidence, Known, between
from qonys.claims.numbers import counted, printed_interval
from qonys.claims.typed import Checked, Claim, Release, Said, said
from qonys.core.errors import DataError
from qonys.core.intervals import Interval
from qonys.core.observations import Cell

_DUST = 1e-6
MOST = 6  #: Releases of one cell that are combined with those of another.


def undecided(claim: Claim, *reasons: Said) -> Checked:
    """A claim that the store leaves open, with the reasons."""
    return Checked(claim, "cannot_check", reasons or (said("doubt_kind"),))


def strict_of(claim: Claim) -> Interval:
    """What the printed number can stand for; a `DataError` where the claim has none."""
    if claim.interval is None:
        raise DataError("the claim has no number")
    return claim.interval


def wide_of(claim: Claim) -> Interval:
    """What readers let pass for the printed number."""
    if claim.value is None or not claim.precision:
        return strict_of(claim)
    return printed_interval(
        claim.value,
        claim.precision,
        claim.qualifier,
        whole=counted(claim.unit),
        bound=claim.qualifier in {"over", "under"},
    )[1]


def within(inner: Interval, outer: Interval) -> bool:
    """Whether an interval lies in another, but for the dust of binary fractions."""
    dust = _DUST * max(1.0, abs(outer.low))
    return outer.low - dust <= inner.low and inner.high <= outer.high + dust


def compare(claim: Claim, known: Sequence[Known]) -> Checked:
    """A claim against values, the preferred first."""
    strict, wide = strict_of(claim), wide_of(claim)
    first = known[0]
    shown = as_computed(first)
    fits = within(first.interval, strict) or printed_alike(claim, first)
    inside = within(first.interval, strict_of(claim))
    sign = "∈" if inside else "≈" if fits else "∉"
    arithmetic = f"{shown} {sign} {between(strict)}"
    rows, releases = first.rows, releases_of(claim, known)
    if fits:
        verdict, key = (
            ("holds", "as_published") if first.strong else ("compatible", "press_only")
        )
    elif first.interval.overlaps(strict):
        verdict, key = "compatible", "rounded_overlap"
    else:
        other = next((k for k in known[1:] if k.strong and within(k.interval, strict)), None)
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
            base=claim.compared_with,
        )
    return Checked(claim, verdict, (reason,), arithmetic, rows, releases, suggestion)


def as_computed(known: Known) -> str:
    """A value with the computation it comes from."""
    value = between(known.interval)
    return f"{known.arithmetic} = {value}" if known.arithmetic else value


def printed_alike(claim: Claim, known: Known) -> bool:
    """Whether the producer printed the very same rounded number."""
    (row, *more) = known.rows or (None,)
    if row is None or more or known.arithmetic:
        return False
    return row.value == claim.value and row.precision <= claim.precision


def releases_of(claim: Claim, known: Sequence[Known]) -> tuple[Release, ...]:
    """The verdict of each release, where they differ."""
    if claim.interval is None or len({(k.interval.low, k.interval.high) for k in known}) < 2:
        return ()
    found: dict[tuple[str, str, float], Release] = {}
    for k in known:
        if not k.rows or k.arithmetic:
            continue
        row, wide = k.rows[0], wide_of(claim)
        verdict = "holds" if within(k.interval, claim.interval) else "contradicted"
        if verdict == "contradicted" and k.interval.overlaps(wide):
            verdict = "compatible"
        found.setdefault((row.source, row.vintage, row.value), Release(row, verdict))
    return tuple(found.values())


def pairs_of(
    evidence: Evidence,
    a: Cell,
    b: Cell,
    compute: Callable[[Interval, Interval], Interval],
    sign: str,
) -> list[Known]:
    """Every pair of releases of two cells, the preferred first."""
    first, second = evidence.known(a)[:MOST], evidence.known(b)[:MOST]
    found = []
    for x, y in product(first, second):
        if y.interval.low <= 0 <= y.interval.high and sign != "−":
            continue
        text = f"{between(x.interval)} {sign} {between(y.interval)}"
        rows = (*x.rows, *y.rows)
        found.append(Known(compute(x.interval, y.interval), rows, x.strong and y.strong, text))
    return found


def paired(claim: Claim, known: list[Known]) -> Checked:
    """A claim against computed values; open where there are none."""
    if not known:
        return undecided(claim, said("base_unknown"))
    return compare(claim, known)


def base_cell(claim: Claim) -> Cell:
    """The same cell in the period compared with."""
    return claim.cell.at(time_period=claim.compared_with)


def has_sign(known: Known, positive: bool) -> bool:
    """Whether a value surely has the sign."""
    return known.interval.low > 0 if positive else known.interval.high < 0


def changes_of(claim: Claim, evidence: Evidence) -> list[Known]:
    """Published changes of a claim's cell against the period compared with, in percent."""
    against = claim.compared_with[:4]
    return [
        Known(row.interval, (row,), evidence.strong(row))
        for cell in evidence.view.cells(f"{claim.measure}_change")
        if cell.at(measure=claim.measure, dims={}) == claim.cell
        and cell.dims.get("category", "").startswith(f"VS_{against}_")
        for row in evidence.rows(cell)
    ]
