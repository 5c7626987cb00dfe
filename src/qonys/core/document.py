"""What a room says: a document of plain data that only `briefs` renders.

For every room with something to report. Main types: `Document`, `Paragraph`, `Chart`, `Table`,
`Ref`. A number in a text is a `Ref` to the figure that carries its arithmetic and sources.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from qonys.core.errors import DataError
from qonys.core.provenance import Figure


@dataclass(frozen=True)
class Ref:
    """A printed number and the figure it stands for.

    Parameters
    ----------
    figure : str
        Id of the figure.
    text : str
        The number as printed.
    """

    figure: str
    text: str


@dataclass(frozen=True)
class Link:
    """A link to another place of the document or to a source.

    Parameters
    ----------
    href : str
        Address.
    text : str
        What is printed.
    """

    href: str
    text: str


Inline = str | Ref | Link
Text = tuple[Inline, ...]
_SLOT = re.compile(r"\{(\w+)\}")


def fill(template: str, **parts: Inline | Text) -> Text:
    """A sentence from a template with named slots.

    Parameters
    ----------
    template : str
        Text with ``{name}`` slots, in any order.
    **parts : Inline or Text
        What goes into each slot.

    Raises
    ------
    DataError
        When a slot has nothing to go into it.

    Examples
    --------
    >>> fill("{n} people left", n=Ref("f1", "7,608"))
    (Ref(figure='f1', text='7,608'), ' people left')
    """
    text: list[Inline] = []
    for index, piece in enumerate(_SLOT.split(template)):
        if index % 2 == 0:
            text += [piece] if piece else []
        elif piece not in parts:
            raise DataError(f"the sentence {template!r} has nothing for {piece!r}")
        else:
            part = parts[piece]
            text += part if isinstance(part, tuple) else [part]
    return tuple(text)


@dataclass(frozen=True)
class Heading:
    """A heading.

    Parameters
    ----------
    text : str
        Words.
    level : int
        1 is the title, 2 a section, 3 a part of one.
    anchor : str
        Id for links, the same in every language.
    """

    text: str
    level: int
    anchor: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph.

    Parameters
    ----------
    text : Text
        Words and numbers.
    role : str
        ``plain``, ``lead`` (the answer first), ``note`` (small), ``caution`` (read before use).
    """

    text: Text
    role: Literal["plain", "lead", "note", "caution"] = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list of short statements.

    Parameters
    ----------
    items : tuple of Text
        The statements.
    """

    items: tuple[Text, ...]


@dataclass(frozen=True)
class KeyFigure:
    """One large number with its name and a line below.

    Parameters
    ----------
    label : str
        What it is.
    number : Ref
        The number.
    detail : Text
        One line: the comparison.
    tag : str
        Status in a word, e.g. "provisional"; may be empty.
    """

    label: str
    number: Ref
    detail: Text
    tag: str = ""


@dataclass(frozen=True)
class KeyFigures:
    """A row of key figures.

    Parameters
    ----------
    items : tuple of KeyFigure
        Two to four.
    """

    items: tuple[KeyFigure, ...]


@dataclass(frozen=True)
class Table:
    """A table.

    Parameters
    ----------
    caption : str
        What it shows: measure, place, period, unit.
    columns : tuple of str
        Headers; the first is the row label.
    rows : tuple of tuple of Text
        Cells; the first of a row is its label.
    note : Text
        Sources and cautions.
    anchor : str
        Id for links.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    note: Text = ()
    anchor: str = ""


@dataclass(frozen=True)
class Point:
    """One value on a chart.

    Parameters
    ----------
    x : str
        Period or label on the axis of categories.
    y : float
        Value.
    low, high : float or None
        Interval to draw, none when it is exact.
    status : str
        SDMX status: drawn.
    figure : str
        Id of the figure.
    text : str
        The value as printed.
    note : str
        Word beside the point, e.g. "peak"; may be empty.
    row, column : int
        Place on a tile grid.
    """

    x: str
    y: float
    low: float | None = None
    high: float | None = None
    status: str = "A"
    figure: str = ""
    text: str = ""
    note: str = ""
    row: int = 0
    column: int = 0


@dataclass(frozen=True)
class Series:
    """A named run of points.

    Parameters
    ----------
    code : str
        Fixes the colour in every language.
    name : str
        Its name in the document's language.
    points : tuple of Point
        In order.
    """

    code: str
    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Chart:
    """A chart as plain data; `briefs` draws it and prints its table.

    Parameters
    ----------
    kind : str
        ``lines`` over time, ``bars`` (horizontal, one or two series), ``tiles`` (a map of
        squares), ``intervals`` (value and interval), ``spans`` (years; no `high`: still open).
    anchor : str
        Id for links and file names.
    title : str
        What it says.
    subtitle : str
        Measure, place, period, unit.
    alt : str
        The picture in words.
    series : tuple of Series
        The data.
    x_label : str
        Name of the first column of its table.
    source : Text
        Line below the chart.
    """

    kind: Literal["lines", "bars", "tiles", "intervals", "spans"]
    anchor: str
    title: str
    subtitle: str
    alt: str
    series: tuple[Series, ...]
    x_label: str = ""
    source: Text = ()


Block = Heading | Paragraph | Bullets | KeyFigures | Table | Chart


@dataclass(frozen=True)
class Document:
    """A document in one language.

    Parameters
    ----------
    title : str
        Title.
    lang : str
        ``en``, ``ru`` or ``kk``.
    as_of : str
        The day whose knowledge it states.
    subtitle : str
        Line below the title.
    blocks : tuple of Block
        In reading order.
    figures : Mapping of str to Figure
        Every figure a `Ref` names, and their inputs.
    labels : Mapping of str to str
        Words the renderer needs (contents, source, table of the chart), in the language.
    """

    title: str
    lang: str
    as_of: str
    subtitle: str
    blocks: tuple[Block, ...]
    figures: Mapping[str, Figure]
    labels: Mapping[str, str] = field(default_factory=dict)
