"""The figures of one text as a system of interval constraints, carried through whole chains.

For `consistency`. Main function: `propagate`. Each change, ratio, difference and balance of the
text ties figures together; what one says of another is carried on until nothing gets narrower,
or until no value is left: then the text contradicts itself, with no data at all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qonys.claims.evidence import COUNTED_FLOWS, between
from qonys.claims.typed import Claim, Finding, Implied, said
from qonys.core.errors import DataError
from qonys.core.intervals import Interval
from qonys.core.observations import Cell

_ROUNDS = 8  # a chain of more links than this stops being carried on
_DUST = 1e-6


@dataclass(frozen=True)
class _Figure:
    """What the text leaves for one cell.

    Parameters
    ----------
    cell : Cell
        The cell.
    interval : Interval
        Where its value must lie.
    unit : str
        Code of the unit.
    claims : tuple of str
        Ids of the claims that say so.
    arithmetic : str
        The last step.
    printed : bool
        Whether the text prints it.
    """

    cell: Cell
    interval: Interval
    unit: str
    claims: tuple[str, ...]
    arithmetic: str = ""
    printed: bool = False


#: From known figures to what another must be: cell, interval, arithmetic.
_Step = Callable[[dict[str, _Figure]], Iterator[_Figure]]


def propagate(
    values: Sequence[Claim], relations: Sequence[Claim]
) -> tuple[list[Finding], list[Implied]]:
    """Carry the text's own figures through its relations.

    Parameters
    ----------
    values : Sequence of Claim
        Claims with a number of their own cell.
    relations : Sequence of Claim
        Changes in percent, ratios and differences with the period compared with.

    Returns
    -------
    list of Finding, list of Implied
        Figures for which no value is left, and figures that follow without being printed.
    """
    known = _printed(values)
    findings: list[Finding] = []
    steps = [*map(_relation, relations), _balances]
    for _ in range(_ROUNDS):
        moved = False
        for step in steps:
            for figure in list(step(known)):
                clashes, narrower = _meet(known, figure)
                findings += clashes
                moved = moved or narrower
        if not moved:
            break
    implied = [
        Implied(f.cell, f.interval, f.unit, f.claims, f.arithmetic)
        for f in known.values()
        if not f.printed
    ]
    return list({frozenset(f.claims): f for f in findings}.values()), implied


def _printed(values: Sequence[Claim]) -> dict[str, _Figure]:
    """Figures that the text prints; one printed in two ways is taken for misread."""
    known: dict[str, _Figure] = {}
    misread: set[str] = set()
    for claim in values:
        key, interval = str(claim.cell), claim.interval
        if interval is None:
            continue
        if key in known and not known[key].interval.overlaps(interval):
            misread.add(key)
        figure = _Figure(claim.cell, interval, claim.unit, (claim.id,), printed=True)
        known.setdefault(key, figure)
    return {key: figure for key, figure in known.items() if key not in misread}


def _meet(known: dict[str, _Figure], new: _Figure) -> tuple[list[Finding], bool]:
    """Add what is newly known of a cell: a clash, or whether it got narrower."""
    key = str(new.cell)
    old = known.get(key)
    if old is None:
        known[key] = new
        return [], True
    low, high = (
        max(old.interval.low, new.interval.low),
        min(old.interval.high, new.interval.high),
    )
    dust = _DUST * max(1.0, abs(low))
    if low > high + dust:
        if set(new.claims) & set(old.claims):
            return [], False  # a figure's own consequence, met again
        text = f"{between(old.interval)} \u2229 {between(new.interval)} = \u2205"
        text = f"{new.arithmetic} ; {text}" if new.arithmetic else text
        ids = tuple(dict.fromkeys((*old.claims, *new.claims)))
        return [Finding("contradiction", ids, said("finding_chain"), text)], False
    width = old.interval.high - old.interval.low
    if old.printed or high - low > width - max(dust, 0.01 * width):
        return [], False
    ids = tuple(dict.fromkeys((*old.claims, *new.claims)))
    known[key] = _Figure(new.cell, Interval(low, high), old.unit, ids, new.arithmetic)
    return [], True


def _relation(claim: Claim) -> _Step:
    """What a change, ratio or difference says of either figure from the other."""
    now = claim.cell
    base = now.at(time_period=claim.compared_with)

    def step(known: dict[str, _Figure]) -> Iterator[_Figure]:
        """From the base to the figure, and back."""
        for there, here, forward in ((base, now, True), (now, base, False)):
            figure = known.get(str(there))
            if figure is None or claim.id in figure.claims:
                continue
            result = _applied(claim, figure.interval, forward)
            if result is not None:
                unit = "%" if claim.unit == "percent" else ""
                change = f"{between(claim.interval)}{unit}" if claim.interval else ""
                text = f"{between(figure.interval)} ; {change} \u2192 {between(result)}"
                yield _Figure(here, result, figure.unit, (*figure.claims, claim.id), text)

    return step


def _applied(claim: Claim, value: Interval, forward: bool) -> Interval | None:
    """A figure after a change, or before it."""
    change = claim.interval
    if change is None:
        return None
    try:
        if claim.kind == "difference":
            return value + change if forward else value - change
        factor = change
        if claim.kind == "percent_change":
            factor = Interval(1 + change.low / 100, 1 + change.high / 100)
        elif claim.sense == "down":
            factor = Interval(1.0, 1.0) / change
        if factor.low <= 0:
            return None
        return value * factor if forward else value / factor
    except DataError:  # a division by a number that may be zero
        return None


def _balances(known: dict[str, _Figure]) -> Iterator[_Figure]:
    """Balance, arrivals and departures of one place and period: each from the other two."""
    for figure in list(known.values()):
        if figure.cell.measure not in {*COUNTED_FLOWS, "net_migration"}:
            continue
        names = ("net_migration", "immigrants", "emigrants")
        cells = {name: figure.cell.at(measure=name) for name in names}
        net, came, left = (known.get(str(cells[name])) for name in names)
        if came and left and not _linked(came, left):
            yield _of(cells["net_migration"], came.interval - left.interval, came, left, "−")
        if net and left and not _linked(net, left):
            yield _of(cells["immigrants"], net.interval + left.interval, net, left, "+")
        if net and came and not _linked(net, came):
            yield _of(cells["emigrants"], came.interval - net.interval, came, net, "−")


def _linked(a: _Figure, b: _Figure) -> bool:
    return bool(set(a.claims) & set(b.claims))


def _of(cell: Cell, interval: Interval, a: _Figure, b: _Figure, sign: str) -> _Figure:
    text = f"{between(a.interval)} {sign} {between(b.interval)} = {between(interval)}"
    return _Figure(cell, interval, a.unit, (*a.claims, *b.claims), text)
