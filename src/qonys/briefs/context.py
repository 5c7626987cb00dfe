"""Tables of single published statements: pathways, numbers, the oversight of money.

For `migration`. Main function: `statements`. The country's folder names what is told; nothing
is estimated here.
"""

from qonys.briefs.composing import Composer
from qonys.core.document import (
    Block,
    Heading,
    Link,
    Paragraph,
    Table,
    Text,
)
from qonys.core.observations import Cell, Observation
from qonys.core.provenance import Figure


def statements(composer: Composer) -> list[Block]:
    """Tables of single published statements, as the country's folder names them."""
    blocks: list[Block] = []
    for entry in composer.country.settings.get("statements", []):
        blocks += _statements(
            composer,
            str(entry["name"]),
            tuple(entry["measures"]),
            int(entry.get("newest", 0)),
            named=bool(entry.get("named", False)),
        )
    return blocks


def _statements(
    composer: Composer, name: str, measures: tuple[str, ...], newest: int, *, named: bool
) -> list[Block]:
    rows: list[tuple[Text, ...]] = []
    used = []
    for measure in measures:
        cells = composer.view.cells(measure)
        chosen = _newest(list(cells), newest) if newest else list(cells)
        for cell in sorted(chosen, key=lambda cell: (str(cell.dims), cell.time_period)):
            start = cell.period.start
            for row in _told(cells[cell]):
                if row.certainty != "known" and start and start > composer.view.as_of:
                    continue
                figure = composer.row(row)
                used.append(figure)
                rows.append(_statement(composer, cell, row, figure, named=named))
    if not rows:
        return []
    return [
        Heading(composer.word(f"h_{name}"), 2, name),
        composer.paragraph(f"{name}_intro"),
        *([composer.paragraph(f"{name}_more")] if composer.has(f"{name}_more") else []),
        Table(
            composer.word(f"t_{name}"),
            tuple(composer.word(k) for k in ("what", "value", "unit", "when", "source")),
            tuple(rows),
            (),
            f"{name}-table",
        ),
        Paragraph(composer.say(f"{name}_gap"), "note"),
    ]


def _told_by(composer: Composer, name: str) -> Text:
    """Who made the figure, and who printed it."""
    source = composer.country.sources[name]
    producer = composer.producer(name)
    if not source.publisher or source.publisher in {source.producer, producer}:
        return (Link(source.url, producer) if source.url else producer,)
    printed = Link(source.url, source.publisher) if source.url else source.publisher
    return (f"{producer} (", printed, ")")


def _newest(cells: list[Cell], count: int) -> list[Cell]:
    """The newest periods of each undivided count."""
    plain = [
        cell
        for cell in cells
        if cell.counterpart_area == "WORLD" and cell.period.kind != "unspecified"
    ]
    totals = [cell for cell in plain if not cell.dims] or plain
    return sorted(totals, key=lambda cell: str(cell.period.end or cell.period.start))[-count:]


def _told(rows: tuple[Observation, ...]) -> list[Observation]:
    """The preferred row, and others that print another number or unit."""
    told: list[Observation] = []
    for row in rows:
        if row.obs_status == "U" and told:
            continue
        if all((row.value, row.unit) != (other.value, other.unit) for other in told):
            told.append(row)
    return told


def _statement(
    composer: Composer, cell: Cell, row: Observation, figure: Figure, *, named: bool
) -> tuple[Text, ...]:
    what = composer.breakdown(figure) or composer.name(cell.measure, "measure")
    if composer.breakdown(figure) and not named:
        what = f"{composer.name(cell.measure, 'measure')}: {what}"
    if cell.ref_area != composer.country.code:
        what += f" ({composer.name(cell.ref_area)})"
    qualifier = composer.word(f"qualifier_{row.qualifier}") + " " if row.qualifier else ""
    number = composer.ref(figure, plain=bool(row.qualifier))
    shown: Text = (qualifier, number) if qualifier else (number,)
    return (
        (what,),
        shown,
        (composer.name(row.unit, "unit"),),
        (composer.period(cell.time_period),),
        _told_by(composer, row.source),
    )
