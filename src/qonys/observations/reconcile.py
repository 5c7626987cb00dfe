"""Reconciliation: what the figures of one store say against each other.

For statisticians and editors. Main functions: `check_country`, `mirror_pairs`. Each check gives
rows of one table; empty is good. Rounding intervals decide: figures that can be equal are not a
finding. Nothing is repaired here; corrections are data (corrections.csv).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from qonys.core.codes import TOTAL
from qonys.core.intervals import Interval
from qonys.core.observations import Cell, Observation
from qonys.observations.corrections import declared, matches
from qonys.observations.reading import View

FLOWS = ("emigrants", "immigrants")
#: Every kind of finding.
KINDS = (
    "balance",
    "rival",
    "revision",
    "parts",
    "regions",
    "share",
    "mirror",
    "model",
    "unreliable",
)
#: Breakdowns whose named codes make up the whole, dimension by dimension.
COMPLETE = {"locality": ("URBAN", "RURAL"), "sex": ("F", "M")}
MIRRORS = {"emigrants": "mirror_immigrants", "immigrants": "mirror_emigrants"}


@dataclass(frozen=True)
class Finding:
    """Two things that do not agree, side by side.

    Parameters
    ----------
    kind : str
        ``revision``, ``rival``, ``balance``, ``parts``, ``regions``, ``share``, ``mirror``,
        ``model``, ``unreliable``.
    severity : str
        ``error`` (cannot both be right), ``notice`` (explained by definition or release).
    cell : str
        What it is about.
    left, right : str
        The two sides, with value, source and release.
    gap : float
        Left minus right, in the unit of the cell.
    detail : str
        The arithmetic, or the reason.
    """

    kind: str
    severity: str
    cell: str
    left: str
    right: str
    gap: float
    detail: str

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return asdict(self)


def check_country(view: View) -> tuple[Finding, ...]:
    """Every reconciliation finding, worst first.

    Parameters
    ----------
    view : View
        What was known, of which country.
    """
    checks: tuple[Callable[[View], Iterator[Finding]], ...] = (
        _balances,
        _rivals,
        _partners,
        _breakdowns,
        _regions,
        _shares,
        _mirrors,
        _models,
        _unreliable,
    )
    findings = [finding for check in checks for finding in check(view)]
    order = {"error": 0, "notice": 1}
    return tuple(sorted(findings, key=lambda f: (order[f.severity], f.kind, f.cell, f.left)))


def _say(row: Observation) -> str:
    value = f"{row.value:,.10g}" if row.value % 1 else f"{row.value:,.0f}"
    word = f"{row.qualifier} " if row.qualifier else ""
    return f"{word}{value} {row.source}@{row.vintage}"


def _sum(rows: Iterable[Observation]) -> tuple[float, Interval]:
    value, interval = 0.0, Interval(0, 0)
    for row in rows:
        value += row.value
        interval = interval + row.interval
    return value, interval


def _balances(view: View) -> Iterator[Finding]:
    """Arrivals minus departures against the balance: of one release, and of what is best."""
    for cell, nets in view.cells("net_migration").items():
        arrivals, departures = (
            view.rows(cell.at(measure=measure)) for measure in ("immigrants", "emigrants")
        )
        for number, net in enumerate(nets):
            pairs = {(_like(arrivals, net), _like(departures, net))}
            if number == 0 and arrivals and departures:
                pairs.add((arrivals[0], departures[0]))
            for arrived, left in pairs:
                if arrived and left:
                    yield from _unbalanced(cell, net, arrived, left)


def _unbalanced(
    cell: Cell, net: Observation, arrived: Observation, left: Observation
) -> Iterator[Finding]:
    if not (arrived.interval - left.interval).overlaps(net.interval):
        yield Finding(
            "balance",
            "error",
            str(cell),
            _say(net),
            f"{_say(arrived)} − {_say(left)}",
            net.value - (arrived.value - left.value),
            "arrivals minus departures is not the printed balance",
        )


def _rivals(view: View) -> Iterator[Finding]:
    """Rows of one cell that cannot stand for one number."""
    for measure in view.country.measures:
        for cell, rows in view.cells(measure).items():
            best = rows[0]
            for other in rows[1:]:
                if other.unit != best.unit or other.interval.overlaps(best.interval):
                    continue
                provisional = other.obs_status == "P" and best.obs_status != "P"
                revision = provisional or other.source == best.source
                doubtful = "U" in (other.obs_status, best.obs_status)
                models = other.obs_status == best.obs_status == "E"
                yield Finding(
                    "revision" if revision else "rival",
                    "notice" if revision or doubtful or models else "error",
                    str(cell),
                    _say(best),
                    _say(other),
                    best.value - other.value,
                    _revised(provisional) if revision else other.note or "sources differ",
                )


def _revised(provisional: bool) -> str:
    return "provisional, later revised" if provisional else "a later release of one source"


def _against(
    kind: str, cell: Cell, whole: Observation, parts: Iterable[Observation], detail: str
) -> Iterator[Finding]:
    parts = tuple(parts)
    value, interval = _sum(parts)
    if not interval.overlaps(whole.interval):
        names = " + ".join(_say(part) for part in parts[:3])
        rest = f" + {len(parts) - 3} more" if len(parts) > 3 else ""
        yield Finding(
            kind, "error", str(cell), _say(whole), names + rest, whole.value - value, detail
        )


def _like(rows: Iterable[Observation], like: Observation) -> Observation | None:
    for row in rows:
        if (row.source, row.vintage) == (like.source, like.vintage):
            return row
    return None


def _partners(view: View) -> Iterator[Finding]:
    """Partners against their group, and groups against the world, within one release."""
    group, members, rest = view.country.partner_group
    if not group:
        return
    checks = {
        group: (members, "the partners do not add up to the group"),
        "WORLD": ((group, rest), "the group and the rest do not add up to the world"),
    }
    for measure in FLOWS:
        for cell, rows in view.cells(measure).items():
            codes, words = checks.get(cell.counterpart_area, ((), ""))
            for row in rows:
                parts = [
                    _like(view.rows(cell.at(counterpart_area=code)), row) for code in codes
                ]
                found = [part for part in parts if part]
                if codes and len(found) == len(codes):
                    yield from _against("parts", cell, row, found, words)


def _complete(view: View, measure: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Breakdowns whose codes make up the whole, general ones and those of the country."""
    yield from COMPLETE.items()
    for entry in view.country.settings.get("complete", []):
        if entry["measure"] == measure:
            yield str(entry["dimension"]), tuple(entry["codes"])


def _breakdowns(view: View) -> Iterator[Finding]:
    """Town and country, women and men, against the total of the same release."""
    for measure in view.country.measures:
        for cell, rows in view.cells(measure).items():
            for dim, codes in _complete(view, measure):
                if cell.dims.get(dim) != codes[0]:
                    continue
                whole_cell = cell.at(dims={**cell.dims, dim: TOTAL})
                for row in rows:
                    parts = [
                        _like(view.rows(cell.at(dims={**cell.dims, dim: code})), row)
                        for code in codes
                    ]
                    found = [part for part in parts if part]
                    whole = _like(view.rows(whole_cell), row)
                    if len(found) == len(codes) and whole:
                        words = f"the parts by {dim} do not add up"
                        yield from _against("parts", whole_cell, whole, found, words)


@dataclass(frozen=True)
class Closure:
    """A national figure and the complete set of units that should add up to it.

    Parameters
    ----------
    whole : Observation
        The nation.
    parts : tuple of Observation
        Every unit of the set, of the same source and release.
    units : str
        Name of the set, e.g. ``20``.
    """

    whole: Observation
    parts: tuple[Observation, ...]
    units: str

    @property
    def closes(self) -> bool:
        """Whether the units can add up to the nation, rounding considered."""
        return _sum(self.parts)[1].overlaps(self.whole.interval)


def closures(view: View, measure: str) -> Iterator[Closure]:
    """Nations with all their units, within one source and release.

    Parameters
    ----------
    view : View
        What was known.
    measure : str
        A flow or a stock.
    """
    country = view.country
    sets = {name: country.partition(name) for name in country.partitions}
    for cell, rows in sorted(view.cells(measure).items(), key=lambda item: str(item[0])):
        if cell.ref_area != country.code:
            continue
        for whole in rows:
            for name, codes in sets.items():
                parts = [_like(view.rows(cell.at(ref_area=code)), whole) for code in codes]
                found = tuple(part for part in parts if part)
                if codes and len(found) == len(codes):
                    yield Closure(whole, found, name)


def _regions(view: View) -> Iterator[Finding]:
    """Complete sets of units against the nation, within one source."""
    for measure, entry in view.country.measures.items():
        if entry.fields.get("kind") not in {"flow", "stock"}:
            continue
        for closure in closures(view, measure):
            yield from _against(
                "regions",
                closure.whole.cell,
                closure.whole,
                closure.parts,
                f"the {closure.units} units do not add up",
            )


def _shares(view: View) -> Iterator[Finding]:
    """Printed shares against counts of the same release."""
    for measure in FLOWS:
        for cell, rows in view.cells(f"{measure}_share").items():
            whole_cell = cell.at(measure=measure, counterpart_area="WORLD", dims={})
            part_cell = cell.at(measure=measure)
            for row in rows:
                part = _like(view.rows(part_cell), row)
                whole = _like(view.rows(whole_cell), row)
                if not part or not whole or whole.low <= 0:
                    continue
                ratio = part.interval / whole.interval
                computed = Interval(ratio.low * 100, ratio.high * 100)
                if not computed.overlaps(row.interval):
                    yield Finding(
                        "share",
                        "error",
                        str(cell),
                        _say(row),
                        f"{_say(part)} / {_say(whole)}",
                        row.value - part.value / whole.value * 100,
                        f"computed {computed.low:.2f} to {computed.high:.2f} percent",
                    )


def mirror_pairs(
    view: View, measure: str, partner: str
) -> Mapping[str, tuple[Observation, Observation]]:
    """Own count and the partner's count of the same flow, by period; never merged.

    Parameters
    ----------
    view : View
        What was known.
    measure : str
        ``emigrants`` or ``immigrants``.
    partner : str
        Code of the partner.
    """
    home = view.country.code
    pairs = {}
    for cell, rows in view.cells(MIRRORS[measure]).items():
        if (cell.ref_area, cell.counterpart_area, dict(cell.dims)) != (partner, home, {}):
            continue
        own = view.row(Cell(measure, home, partner, cell.time_period))
        if own:
            pairs[cell.time_period] = (own, rows[0])
    return dict(sorted(pairs.items()))


def _mirrors(view: View) -> Iterator[Finding]:
    for measure, mirror in MIRRORS.items():
        partners = sorted({cell.ref_area for cell in view.cells(mirror)})
        for partner in partners:
            for own, theirs in mirror_pairs(view, measure, partner).values():
                yield Finding(
                    "mirror",
                    "notice",
                    str(own.cell),
                    _say(own),
                    _say(theirs),
                    own.value - theirs.value,
                    f"the partner counts it as {mirror} under its own definition",
                )


def _models(view: View) -> Iterator[Finding]:
    for cell, rows in view.cells("net_migration_estimate").items():
        register = view.row(cell.at(measure="net_migration"))
        for row in rows:
            if register and not row.interval.overlaps(register.interval):
                yield Finding(
                    "model",
                    "notice",
                    str(register.cell),
                    _say(register),
                    _say(row),
                    register.value - row.value,
                    "a model's estimate and a register's count are different measures",
                )


def _unreliable(view: View) -> Iterator[Finding]:
    for measure in view.country.measures:
        for cell, rows in view.cells(measure).items():
            for row in rows:
                if row.obs_status == "U":
                    yield Finding(
                        "unreliable",
                        "notice",
                        str(cell),
                        _say(row),
                        "",
                        0.0,
                        _why(view, row) or row.note,
                    )


def _why(view: View, row: Observation) -> str:
    for correction in declared(view.country):
        said = (correction.source, correction.measure, correction.ref_area)
        named = (row.source, row.cell.measure, row.cell.ref_area)
        pairs = [*zip(said, named, strict=True), (correction.time_period, row.cell.time_period)]
        if correction.column == "obs_status" and all(matches(*pair) for pair in pairs):
            return correction.reason
    return ""
