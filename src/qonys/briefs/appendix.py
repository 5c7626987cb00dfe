"""Where each number comes from: the figures of a document as entries, grouped by section.

For the renderers of `briefs`. Main functions: `check`, `entries`, `chart_table`. Raises, with
all faults at once, when a number of the document leads nowhere. Plain data; prints nothing.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from qonys.briefs.chart_spans import start_of, stretches
from qonys.briefs.labels import Words
from qonys.briefs.numbers import (
    DASH,
    format_day,
    format_interval,
    format_period,
    format_value,
)
from qonys.core.country import Source
from qonys.core.document import (
    Block,
    Bullets,
    Chart,
    Document,
    Heading,
    KeyFigures,
    Paragraph,
    Point,
    Ref,
    Table,
    Text,
)
from qonys.core.errors import DataError, Fault
from qonys.core.observations import Observation
from qonys.core.periods import parse_day, parse_release
from qonys.core.provenance import Figure

Rows = Mapping[str, Observation]
Sources = Mapping[str, Source]
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_SCHEME = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True)
class Input:
    """What a figure is made from: another figure, or a published value.

    Parameters
    ----------
    text : str
        Value as printed.
    what : str
        Measure, place, period.
    anchor : str
        Anchor of the other figure; empty for a published value.
    title, url, publisher, release, certainty, note : str
        Of the published value.
    """

    text: str
    what: str
    anchor: str = ""
    title: str = ""
    url: str = ""
    publisher: str = ""
    release: str = ""
    certainty: str = ""
    note: str = ""

    @property
    def details(self) -> tuple[str, ...]:
        """Publisher, release, certainty and note, as far as they are known."""
        return tuple(filter(None, (self.publisher, self.release, self.certainty, self.note)))


@dataclass(frozen=True)
class Entry:
    """What the appendix says of one figure.

    Parameters
    ----------
    id, anchor : str
        Id of the figure, and that of its entry.
    what, value, interval, formula, status, compared : str
        In words.
    inputs : tuple of Input
        What it is made from.
    prominent : bool
        Whether a sentence or key figure prints it.
    """

    id: str
    anchor: str
    what: str
    value: str
    interval: str
    formula: str
    status: str
    compared: str
    inputs: tuple[Input, ...]
    prominent: bool


@dataclass(frozen=True)
class Group:
    """Entries of one section.

    Parameters
    ----------
    title : str
        Heading of the section.
    entries : tuple of Entry
        Those of sentences first.
    """

    title: str
    entries: tuple[Entry, ...]


def anchor(key: str) -> str:
    """Anchor of a figure's entry; letters that links cannot carry are replaced.

    Parameters
    ----------
    key : str
        Id of the figure.

    Examples
    --------
    >>> anchor("ratio.emigrants.KAZ.WORLD.2025-01_2025-04")
    'fig-ratio.emigrants.KAZ.WORLD.2025-01_2025-04'
    """
    clean = _UNSAFE.sub("_", key)
    tail = "" if clean == key else "-" + hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"fig-{clean}{tail}"


def safe_link(href: str) -> str:
    """An address that cannot run a script; empty when it could.

    Parameters
    ----------
    href : str
        Address.
    """
    if _SCHEME.match(href) and not re.match(r"(https?|mailto):", href, re.IGNORECASE):
        return ""
    return href.strip()


def is_numeric(text: Text) -> bool:
    """Whether a cell holds a number, to be set to the right.

    Parameters
    ----------
    text : Text
        The cell.
    """
    plain = "".join(part if isinstance(part, str) else part.text for part in text).strip()
    return any(isinstance(part, Ref) for part in text) or (
        bool(plain) and all(char.isdigit() or char in " .,−–-+%…\u00a0\u202f" for char in plain)
    )


def numeric_columns(block: Table) -> tuple[bool, ...]:
    """Which columns of a table hold numbers: most of their cells do, and the first never.

    Parameters
    ----------
    block : Table
        The table.
    """
    sides = []
    for index in range(len(block.columns)):
        cells = [row[index] for row in block.rows if index < len(row) and any(row[index])]
        linked = sum(any(isinstance(part, Ref) for part in cell) for cell in cells)
        plain = all(is_numeric(cell) for cell in cells)
        sides.append(bool(index and cells) and (plain or 2 * linked > len(cells)))
    return tuple(sides)


def words_of(block: Block) -> Iterator[Text]:
    """Every text of a block.

    Parameters
    ----------
    block : Block
        The block.
    """
    if isinstance(block, Paragraph):
        yield block.text
    elif isinstance(block, Bullets):
        yield from block.items
    elif isinstance(block, KeyFigures):
        for item in block.items:
            yield (item.number, *item.detail)
    elif isinstance(block, Table):
        for row in block.rows:
            yield from row
        yield block.note
    elif isinstance(block, Chart):
        yield block.source


def printed(block: Block) -> Iterator[str]:
    """Ids of the figures that a block prints.

    Parameters
    ----------
    block : Block
        The block.
    """
    for text in words_of(block):
        yield from (part.figure for part in text if isinstance(part, Ref))
    if isinstance(block, Chart):
        for series in block.series:
            yield from (point.figure for point in series.points if point.figure)


def check(document: Document, observations: Rows) -> None:
    """Refuse a document in which a number leads nowhere or two places share an anchor.

    Parameters
    ----------
    document : Document
        The document.
    observations : Mapping of str to Observation
        Published values by id.

    Raises
    ------
    DataError
        With every fault.
    """
    faults: dict[Fault, None] = {}
    places: set[str] = set()
    for block in document.blocks:
        for key in printed(block):
            if key not in document.figures:
                faults[Fault("a number has no figure", value=key)] = None
        place = getattr(block, "anchor", "")
        if place and place in places:
            faults[Fault("two places have one anchor", value=place)] = None
        places.add(place)
    for figure in document.figures.values():
        for key in figure.inputs:
            if key not in document.figures and key not in observations:
                faults[Fault("a figure lacks its input", figure.id, value=key)] = None
    if faults:
        raise DataError(faults)


def as_of_words(text: str, lang: str) -> str:
    """The day of a document in words.

    Parameters
    ----------
    text : str
        ``2025-05-20``; anything else stays as it is.
    lang : str
        Language.
    """
    try:
        return format_day(parse_day(text), lang)
    except DataError:
        return text


def prominent_ids(document: Document) -> set[str]:
    """Ids of figures that sentences and key figures print.

    Parameters
    ----------
    document : Document
        The document.
    """
    kinds = (Paragraph, Bullets, KeyFigures)
    return {
        key for block in document.blocks if isinstance(block, kinds) for key in printed(block)
    }


def entries(
    document: Document, words: Words, observations: Rows, sources: Sources
) -> tuple[Group, ...]:
    """Entries of all figures, grouped by the section that prints them first.

    Parameters
    ----------
    document : Document
        The document.
    words : Words
        Its words.
    observations : Mapping of str to Observation
        Published values by id.
    sources : Mapping of str to Source
        Sources by id.
    """
    first = prominent_ids(document)
    groups = []
    for title, ids in _sections(document, words).items():
        ordered = sorted(ids, key=lambda key: key not in first)
        made = (
            replace(
                _entry(document.figures[key], document, words, observations, sources),
                prominent=key in first,
            )
            for key in ordered
        )
        groups.append(Group(title, tuple(made)))
    return tuple(groups)


def _sections(document: Document, words: Words) -> dict[str, list[str]]:
    """Ids of figures by the heading of the section where they are printed first."""
    sections: dict[str, list[str]] = {}
    seen: set[str] = set()
    title = document.title
    for block in document.blocks:
        if isinstance(block, Heading) and block.level == 2:
            title = block.text
        for key in _with_inputs(tuple(printed(block)), document):
            if key not in seen:
                seen.add(key)
                sections.setdefault(title, []).append(key)
    rest = [key for key in sorted(document.figures) if key not in seen]
    if rest:
        sections.setdefault(words["other_figures"], []).extend(rest)
    return sections


def _with_inputs(ids: tuple[str, ...], document: Document) -> Iterator[str]:
    """Figures and, after all of them, those that they are made from."""
    level = [key for key in dict.fromkeys(ids) if key in document.figures]
    known = set(level)
    while level:
        yield from level
        below = (i for key in level for i in document.figures[key].inputs)
        level = [
            key for key in dict.fromkeys(below) if key in document.figures and key not in known
        ]
        known.update(level)


def _entry(
    figure: Figure, document: Document, words: Words, observations: Rows, sources: Sources
) -> Entry:
    value = format_value(figure.value, figure.unit, words.lang)
    made = tuple(
        _figure_input(document.figures[key], words)
        if key in document.figures
        else _published_input(observations[key], words, sources)
        for key in figure.inputs
    )
    formula = figure.formula
    if formula == "as published":
        formula = words["as_published"]
    compared = ""
    if figure.compared_with:
        compared = words.fill("compared_with", _compared(figure.compared_with, words))
    return Entry(
        id=figure.id,
        anchor=anchor(figure.id),
        what=_what(figure, words),
        value=words.with_unit(value, figure.unit),
        interval=_interval(figure.low, figure.high, figure.unit, words),
        formula=formula,
        status="" if figure.status == "A" else words[f"status:{figure.status}"],
        compared=compared,
        inputs=made,
        prominent=False,
    )


def _interval(low: float, high: float, unit: str, words: Words) -> str:
    return "" if low == high else format_interval(low, high, unit, words.lang)


def _compared(text: str, words: Words) -> str:
    for kind in ("area", "measure"):
        if words.knows(kind, text):
            return words.name(kind, text)
    return period_words(text, words)


def period_words(text: str, words: Words) -> str:
    """A period in words; a text that is no period stays as it is.

    Parameters
    ----------
    text : str
        Period or label.
    words : Words
        Words of the document.
    """
    try:
        return format_period(text, words.lang)
    except DataError:
        return text


def _what(figure: Figure, words: Words) -> str:
    """Measure, place, breakdown and period."""
    place = words.name("area", figure.ref_area)
    if figure.counterpart_area not in {"WORLD", ""}:
        place += " ↔ " + words.name("area", figure.counterpart_area)
    parts = [words.name("measure", figure.measure), place]
    for pair in filter(None, figure.breakdown.split(",")):
        dim, _, code = pair.partition("=")
        parts.append(words.name(dim, code))
    parts.append(period_words(figure.time_period, words))
    return " · ".join(parts)


def _figure_input(figure: Figure, words: Words) -> Input:
    value = format_value(figure.value, figure.unit, words.lang)
    return Input(value, _what(figure, words), anchor=anchor(figure.id))


def _published_input(row: Observation, words: Words, sources: Sources) -> Input:
    places = max(_decimals(row.precision), _decimals(row.value))
    value = format_value(row.value, row.unit, words.lang, places)
    if row.qualifier:
        value = words.fill(f"qualifier:{row.qualifier}", value)
    source = sources.get(row.source)
    producer = ""
    if source is not None and source.producer != source.publisher:
        producer = words.fill("produced_by", words.name("producer", source.producer))
    publisher = source.publisher if source is not None else ""
    return Input(
        text=words.with_unit(value, row.unit),
        what="",
        title=source.title if source is not None else row.source,
        url=safe_link(source.url) if source is not None else "",
        publisher=", ".join(filter(None, (publisher, producer))),
        release=_release(row, words),
        certainty="" if row.certainty == "known" else words[f"certainty:{row.certainty}"],
        note=row.note,
    )


def _decimals(value: float) -> int:
    """Decimal places that a printed number needs."""
    return len(f"{value:.6f}".rstrip("0").partition(".")[2])


def _release(row: Observation, words: Words) -> str:
    """The release as printed, and the day it was public by where that is inferred."""
    try:
        last = parse_release(row.vintage)[1]
        text = f"{words['release']}: {period_words(row.vintage, words)}"
    except DataError:
        return f"{words['release']}: {row.vintage}"
    if last is None:
        text = words["undated"]
    if row.released_to and row.released_to != last:
        text += ", " + words.fill("inferred", format_day(row.released_to, words.lang))
    return text


def chart_table(chart: Chart, document: Document, words: Words) -> Table:
    """The data of a chart as a table whose numbers lead to their figures.

    Parameters
    ----------
    chart : Chart
        The chart.
    document : Document
        The document: units of its figures.
    words : Words
        Its words.
    """
    caption = ". ".join(filter(None, (chart.title.rstrip("."), chart.subtitle)))
    if chart.kind == "spans":
        return _spans_table(chart, caption, words)
    names = list(dict.fromkeys(point.x for series in chart.series for point in series.points))
    points = [{point.x: point for point in series.points} for series in chart.series]
    if chart.kind == "tiles":  # there the note is the short name on the tile
        points = [{x: replace(p, note="") for x, p in column.items()} for column in points]
    all_points = [point for column in points for point in column.values()]
    bounded = any(p.low is not None and p.low != p.high for p in all_points)
    marked, marks = _marks(all_points, words)
    head = words["period" if chart.kind == "lines" else "category"]
    columns = [chart.x_label or head]
    for series in chart.series:
        columns.append(series.name or words["value"])
        columns += [words["interval"]] * bounded + [marks] * marked
    rows = []
    for name in names:
        first = period_words(name, words) if chart.kind == "lines" else name
        row: list[Text] = [(first,)]
        for column in points:
            row += _cells(column.get(name), document, words, bounded, marked)
        rows.append(tuple(row))
    return Table(caption, tuple(columns), tuple(rows))


def _cells(
    point: Point | None, document: Document, words: Words, bounded: bool, marked: bool
) -> list[Text]:
    """Value, interval and status of one point."""
    if point is None:
        return [()] * (1 + bounded + marked)
    figure = document.figures.get(point.figure)
    unit = figure.unit if figure else ""
    text = point.text or format_value(point.y, unit, words.lang)
    cells: list[Text] = [(Ref(point.figure, text),) if point.figure else (text,)]
    if bounded:
        ends = (point.low, point.high)
        given = ends[0] is not None and ends[1] is not None
        cells.append((_interval(ends[0] or 0.0, ends[1] or 0.0, unit, words),) if given else ())
    if marked:
        cells.append(_mark(point, words))
    return cells


def _marks(points: list[Point], words: Words) -> tuple[bool, str]:
    """Whether points have a status or note to print, and the header for it."""
    unsure = any(point.status != "A" for point in points)
    marked = unsure or any(point.note for point in points)
    return marked, words["status" if unsure else "note"]


def _mark(point: Point, words: Words) -> Text:
    status = "" if point.status == "A" else words[f"status:{point.status}"]
    return (", ".join(filter(None, (status, point.note))),)


def _spans_table(chart: Chart, caption: str, words: Words) -> Table:
    """Stretches of time, a row each."""
    found = stretches(chart)
    marked, marks = _marks([point for _, point in found], words)
    columns = (chart.x_label or words["category"], words["state"], words["period"])
    rows: list[tuple[Text, ...]] = []
    for series, point in found:
        years = (
            f"{start_of(point):.2f} {DASH} {'' if point.high is None else f'{point.high:.2f}'}"
        )
        text = point.text or years.strip()
        period: Text = (Ref(point.figure, text),) if point.figure else (text,)
        row: tuple[Text, ...] = ((point.x,), (series.name,), period)
        rows.append((*row, _mark(point, words)) if marked else row)
    return Table(caption, (*columns, marks) if marked else columns, tuple(rows))
