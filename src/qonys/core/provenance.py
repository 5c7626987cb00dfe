"""Figures: numbers with their arithmetic, inputs and sources.

For every room that prints a number. Main type: `Figure`. The chain is file (hash) → row →
observation → figure → sentence; `briefs` writes it as W3C PROV.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from qonys.core.intervals import Interval
from qonys.core.observations import Observation

CERTAINTY_ORDER = ("known", "perhaps", "undated")


@dataclass(frozen=True)
class Figure:
    """A number that may be printed, with where it comes from.

    Parameters
    ----------
    id : str
        Unique in a document, readable.
    measure, ref_area, counterpart_area, time_period : str
        What it is about.
    value : float, in `unit`
        The number, unrounded.
    unit : str
        Code of the unit.
    low, high : float, in `unit`
        What rounding of the inputs leaves possible.
    formula : str
        The arithmetic, in symbols and numbers.
    inputs : tuple of str
        Ids of observations and figures it is made from.
    sources : tuple of str
        Ids of the sources behind it.
    vintage : str
        Release or releases of the inputs.
    status : str
        The weakest status of the inputs.
    compared_with : str
        The period, place or partner it is compared with.
    breakdown : str
        ``dim=code,...``; empty for totals.
    certainty : str
        The weakest certainty of the inputs.
    """

    id: str
    measure: str
    ref_area: str
    counterpart_area: str
    time_period: str
    value: float
    unit: str
    low: float
    high: float
    formula: str
    inputs: tuple[str, ...]
    sources: tuple[str, ...]
    vintage: str
    status: str = "A"
    compared_with: str = ""
    breakdown: str = ""
    certainty: str = "known"

    @property
    def interval(self) -> Interval:
        """What rounding of the inputs leaves possible."""
        return Interval(self.low, self.high)

    def to_json(self) -> dict[str, Any]:
        """Plain data for `figures.json`."""
        data = asdict(self)
        return {**data, "inputs": list(self.inputs), "sources": list(self.sources)}


def slug(*parts: str) -> str:
    """An id from codes and periods, fit for links.

    Parameters
    ----------
    *parts : str
        Parts of the id.

    Examples
    --------
    >>> slug("ratio", "emigrants:KAZ:WORLD:2025-01/2025-04")
    'ratio.emigrants.KAZ.WORLD.2025-01_2025-04'
    """
    text = ".".join(part for part in parts if part)
    for old, new in ((":", "."), ("/", "_"), ("=", "-"), (",", "."), (" ", "-"), ("@", ".")):
        text = text.replace(old, new)
    return text


def observed(row: Observation) -> Figure:
    """The figure that is one published value.

    Parameters
    ----------
    row : Observation
        The row.
    """
    cell = row.cell
    return Figure(
        id=slug(str(cell), row.source, row.vintage),
        measure=cell.measure,
        ref_area=cell.ref_area,
        counterpart_area=cell.counterpart_area,
        time_period=cell.time_period,
        value=row.value,
        unit=row.unit,
        low=row.low,
        high=row.high,
        formula="as published",
        inputs=(row.id,),
        sources=(row.source,),
        vintage=row.vintage,
        status=row.obs_status,
        breakdown=",".join(f"{dim}={code}" for dim, code in cell.dims.items()),
        certainty=row.certainty,
    )


def derived(
    name: str,
    base: Figure,
    inputs: tuple[Figure, ...],
    *,
    value: float,
    unit: str,
    interval: Interval,
    formula: str,
    **changes: str,
) -> Figure:
    """A figure made from figures: collects inputs, sources, vintages, the weakest status.

    Parameters
    ----------
    name : str
        Its id.
    base : Figure
        The figure that says what it is about.
    inputs : tuple of Figure
        What it is computed from.
    value : float
        The result, in `unit`.
    unit : str
        Code of the unit.
    interval : Interval
        What rounding leaves possible.
    formula : str
        The arithmetic with its numbers.
    **changes : str
        Parts that differ from `base`, e.g. ``compared_with``.
    """
    return replace(
        base,
        id=name,
        value=value,
        unit=unit,
        low=interval.low,
        high=interval.high,
        formula=formula,
        inputs=tuple(figure.id for figure in inputs),
        sources=_unique(source for figure in inputs for source in figure.sources),
        vintage="; ".join(_unique(figure.vintage for figure in inputs)),
        status=_weakest((figure.status for figure in inputs), "ABEFPU"),
        certainty=CERTAINTY_ORDER[
            max(CERTAINTY_ORDER.index(figure.certainty) for figure in inputs)
        ],
        **changes,
    )


def _unique(items: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _weakest(statuses: Any, order: str) -> str:
    return order[max(order.index(status) for status in statuses)]
