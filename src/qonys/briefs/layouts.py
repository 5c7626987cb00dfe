"""Space on a chart: frames, text widths, round ticks, positions in time, labels kept apart.

For `charts` and its kinds. Main types: `Frame`, `Axis`. Pixels are those of the SVG's view box;
text widths are estimates, on the safe side, because a page uses the reader's own font.
"""

import math
import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from qonys.briefs.colours import INK, PALETTE, hues
from qonys.briefs.labels import Words
from qonys.briefs.numbers import format_number
from qonys.core.document import Chart, Point
from qonys.core.errors import DataError
from qonys.core.periods import Period, parse_period

NARROW_BELOW = 500
WIDTH_OF_LETTER = 0.62  # of the letters' size, in DejaVu Sans, a wide font
BOLD = 1.12  # bold letters are wider by about this
FONT = "system-ui, sans-serif"
TEXT, MUTED, GRID, AXIS, SURFACE = (
    INK[name][0] for name in ("text", "muted", "grid", "axis", "surface")
)
Rows = list[dict[str, Any]]
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
UNSURE = frozenset("PEF")


@dataclass(frozen=True)
class Frame:
    """The plot area and the margins around it.

    Parameters
    ----------
    width, height : float, pixels
        Of the plot area.
    left, right, top, bottom : float, pixels
        Margins for labels.
    size : int, pixels
        Of the letters.
    """

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    size: int


@dataclass(frozen=True)
class Axis:
    """Where the values of an axis stand and which of them are labelled.

    Parameters
    ----------
    low, high : float, in data units
        Ends.
    ticks : tuple of (float, str)
        Labelled places.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def place(self, value: float, length: float) -> float:
        """Pixels from the axis' start.

        Parameters
        ----------
        value : float, in data units
            The value.
        length : float, pixels
            Length of the axis.
        """
        return (value - self.low) / ((self.high - self.low) or 1) * length


@dataclass(frozen=True)
class Categories:
    """Categories below one another, with their names at the left or, where narrow, above.

    Parameters
    ----------
    names : Mapping of str to str
        Name of each category, in lines.
    tops, heights : Mapping of str to float, pixels
        Place of what is drawn for each.
    column : float, pixels
        Room for the names at the left; none when they stand above.
    edge : float, pixels
        Where the last one ends.
    above : bool
        Whether names stand above.
    size : int, pixels
        Of the letters.
    """

    names: Mapping[str, str]
    tops: Mapping[str, float]
    heights: Mapping[str, float]
    column: float
    edge: float
    above: bool
    size: int

    def heads(self, left: float, **mark: Any) -> dict[str, Any]:
        """A layer of the names.

        Parameters
        ----------
        left : float, pixels
            Left margin of the chart.
        **mark : object
            Further properties of the mark.
        """
        rows: Rows = []
        for name, text in self.names.items():
            lines = text.count("\n")
            if self.above:
                y = self.tops[name] - self.size * 0.75 - 1 - lines * (self.size + 3)
            else:
                y = self.tops[name] + (self.heights[name] / 2 - 1.5)
                y -= lines * (self.size + 3) / 2
            x = -left if self.above else -(left - self.column) - 12
            rows.append({"x": x, "y": y, "lines": lines, "label": text, "ink": TEXT})
        side = {"align": "left" if self.above else "right", **mark}
        return label(rows, at("x", pixels=True), at("y", pixels=True), self.size, **side)


def categories(heights: Mapping[str, float], width: int, size: int, edge: float) -> Categories:
    """Places of categories below one another.

    Parameters
    ----------
    heights : Mapping of str to float, pixels
        What is drawn for each category needs this.
    width : int, pixels
        Of the whole picture.
    size : int, pixels
        Of the letters.
    edge : float, pixels
        Where the first one begins.
    """
    longest = max((text_width(name, size) for name in heights), default=0)
    above = width < NARROW_BELOW and longest > 96
    names = {name: wrap(name, 40 if above else 30) for name in heights}
    column = 0.0
    if not above:
        column = max((text_width(text, size) for text in names.values()), default=0) + 12
    tops = {}
    for name, high in heights.items():
        lines_high = (names[name].count("\n") + 1) * (size + 3)
        if above:
            tops[name] = edge + lines_high + 1
            edge += lines_high + high + 10
        else:
            tops[name] = edge + max(lines_high - high, 0) / 2
            edge += max(high, lines_high) + 8
    return Categories(names, tops, heights, column, edge, above, size)


def legend_places(
    names: Sequence[str], width: int, size: int, mark: float = 20
) -> list[tuple[float, float]]:
    """Where the names of several series stand above a chart, wrapped to its width.

    Parameters
    ----------
    names : sequence of str
        Names, each in one or more lines.
    width : int, pixels
        Of the whole picture.
    size : int, pixels
        Of the letters.
    mark : float, pixels
        Room for the mark before each name.
    """
    places: list[tuple[float, float]] = []
    x, y, more = 0.0, 9.0, 0
    for name in names:
        need = text_width(name, size * BOLD) + mark
        if x and x + need > width:
            x, y, more = 0.0, y + size + 9 + more * (size + 3), 0
        places.append((x, y))
        x += need + 10
        more = max(more, name.count("\n"))
    return places


def text_width(text: str, size: float) -> float:
    """Estimated width of the longest line.

    Parameters
    ----------
    text : str
        One or more lines.
    size : float, pixels
        Of the letters.
    """
    return max((sum(map(_letter, line)) for line in text.split("\n")), default=0.0) * size


def _letter(char: str) -> float:
    """Width of a letter of size 1."""
    if char in " .,:;'|il\u202f\u00a0()":
        return 0.36
    if char in "…−%":
        return 0.95
    if char >= "\u0400":
        return 0.78 if char.isupper() else 0.68
    return 0.72 if char.isupper() else WIDTH_OF_LETTER


def wrap(text: str, limit: int) -> str:
    """Lines of at most `limit` letters, broken at spaces.

    Parameters
    ----------
    text : str
        The text.
    limit : int
        Letters a line; a longer word stays whole.
    """
    lines = [""]
    for word in text.split(" "):
        fits = len(lines[-1]) + len(word) + 1 <= limit
        if lines[-1] and not fits:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def cut(text: str, width: float, size: float) -> str:
    """A word shortened with an ellipsis when it is wider than its place.

    Parameters
    ----------
    text : str
        The word.
    width : float, pixels
        Its place.
    size : float, pixels
        Of the letters.
    """
    if text_width(text, size) <= width:
        return text
    end = len(text) - 1
    while end > 1 and text_width(text[:end] + "…", size) > width:
        end -= 1
    return text[:end].rstrip(" .-") + "…"


def without_shared_words(names: Sequence[str]) -> dict[str, str]:
    """Names without a word that most of them share, such as "Region", as long as they differ.

    Parameters
    ----------
    names : sequence of str
        The names.

    Examples
    --------
    >>> without_shared_words(["Abai Region", "Almaty Region", "Almaty city", "Ulytau Region"])
    {'Abai Region': 'Abai', 'Almaty Region': 'Almaty', ...}
    """
    parts = {name: name.split(" ") for name in names}
    counts = Counter(word for words in parts.values() for word in set(words))
    shared = {word for word, count in counts.items() if 2 * count > len(parts) > 2}
    kept = {
        name: " ".join(word for word in words if word not in shared) or name
        for name, words in parts.items()
    }
    return kept if len(set(kept.values())) == len(kept) else {name: name for name in names}


def two_lines(text: str, width: float, size: float) -> str:
    """A name on one line or two, each shortened when it is wider than its place.

    Parameters
    ----------
    text : str
        The name.
    width : float, pixels
        Its place.
    size : float, pixels
        Of the letters.
    """
    rest = re.findall(r"[^ -]+-?|-", text)
    first = rest.pop(0) if rest else text
    while rest and text_width(_joined(first, rest[0]), size) <= width:
        first = _joined(first, rest.pop(0))
    second = ""
    for word in rest:
        second = _joined(second, word)
    parts = [part for part in (first, second) if part]
    return "\n".join(cut(part, width, size) for part in parts)


def _joined(left: str, right: str) -> str:
    return left + right if left.endswith("-") or not left else f"{left} {right}"


def round_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`.

    Parameters
    ----------
    low, high : float, in data units
        What the ticks must cover.
    count : int
        About how many steps.
    """
    span = (high - low) or abs(high) or 1.0
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, max(last, first + 1) + 1)]


def keep_apart(wanted: Sequence[float], gap: Sequence[float], limit: float) -> list[float]:
    """Places near the wanted ones so that blocks of the given heights do not overlap.

    Parameters
    ----------
    wanted : sequence of float, pixels
        Centres.
    gap : sequence of float, pixels
        Heights.
    limit : float, pixels
        No centre lies beyond it.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = [min(max(value, 0.0), limit) for value in wanted]
    for before, after in pairwise(order):
        least = places[before] + (gap[before] + gap[after]) / 2
        places[after] = max(places[after], least)
    for after, before in pairwise(order[::-1]):
        most = min(places[after], limit) - (gap[before] + gap[after]) / 2
        places[after] = min(places[after], limit)
        places[before] = min(places[before], most)
    return places


def _period(text: str) -> Period | None:
    try:
        period = parse_period(text)
    except DataError:
        return None
    return period if period.start else None


def time_axis(chart: Chart, words: Words, steps: int) -> tuple[dict[str, float], Axis]:
    """Places of the points of a line chart, and the axis below them.

    Parameters
    ----------
    chart : Chart
        Its ``x`` are periods; anything else is spaced evenly in order of appearance.
    words : Words
        For short names of quarters.
    steps : int
        About how many labels fit.
    """
    names = list(dict.fromkeys(point.x for series in chart.series for point in series.points))
    periods = {name: _period(name) for name in names}
    known = {name: period for name, period in periods.items() if period is not None}
    years = {name: float(period.year or 0) for name, period in known.items()}
    if names and len(known) == len(names) == len(set(years.values())):
        return years, _year_axis(sorted(years.values()), steps)
    if len(known) == len(names):
        names.sort(key=lambda name: (str(known[name].start), str(known[name].end)))
    every = math.ceil(len(names) / steps) if names else 1
    ticks = tuple(
        (float(index), _short(name, known.get(name), words))
        for index, name in enumerate(names)
        if index % every == 0
    )
    places = {name: float(index) for index, name in enumerate(names)}
    return places, Axis(0.0, max(len(names) - 1.0, 1.0), ticks)


def _year_axis(years: list[float], steps: int) -> Axis:
    first, last = int(years[0]), int(years[-1])
    step = next(s for s in (1, 2, 5, 10, 20, 25, 50, 100) if (last - first) / s <= steps)
    ticks = [year for year in range(first, last + 1) if year % step == 0] or [first, last]
    if step == 1 or first == last:
        ticks = list(range(first, last + 1))
    return Axis(float(first), float(max(last, first + 1)), tuple((t, str(t)) for t in ticks))


def _short(name: str, period: Period | None, words: Words) -> str:
    """A label short enough for an axis."""
    if period is None or period.start is None:
        return name
    if period.kind == "quarter":
        quarter = ("I", "II", "III", "IV")[period.start.month // 3]
        number = str(period.start.month // 3 + 1) if words.lang == "en" else quarter
        return words["quarter_short"].format(number, period.start.year)
    if period.kind == "month":
        return f"{period.start.month:02}.{period.start.year}"
    return period.text.replace("/", "–")


def typical_step(places: Sequence[float]) -> float:
    """Median distance of neighbours, 1 for a single place.

    Parameters
    ----------
    places : sequence of float
        In order.
    """
    steps = [b - a for a, b in pairwise(places)]
    return statistics.median(steps) if steps else 1.0


def at(field: str, *, pixels: bool = False, domain: Axis | None = None) -> dict[str, Any]:
    """An encoding of a position.

    Parameters
    ----------
    field : str
        Column of the rows.
    pixels : bool
        Whether the column is in pixels already.
    domain : Axis or None
        Otherwise the axis.
    """
    if pixels or domain is None:
        return {"field": field, "type": "quantitative", "scale": None, "axis": None}
    scale = {"domain": [domain.low, domain.high], "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "title": None}


def own(field: str) -> dict[str, Any]:
    """An encoding of a colour or shape that stands in the rows themselves.

    Parameters
    ----------
    field : str
        Column of the rows.
    """
    return {"field": field, "type": "nominal", "scale": None, "legend": None}


def layer(mark: dict[str, Any], rows: Rows, **encoding: Any) -> dict[str, Any]:
    """One layer of a Vega-Lite chart.

    Parameters
    ----------
    mark : dict
        The mark and its properties.
    rows : list of dict
        Its data.
    **encoding : dict
        Its channels.
    """
    return {"mark": mark, "data": {"values": rows}, "encoding": encoding}


def label(
    rows: Rows, x: dict[str, Any], y: dict[str, Any], size: int, **mark: Any
) -> dict[str, Any]:
    """A layer of words from the columns `label` and `ink`.

    Parameters
    ----------
    rows : list of dict
        With `label` and `ink`.
    x, y : dict
        Encodings of the place.
    size : int, pixels
        Of the letters.
    **mark : object
        Further properties of the mark.
    """
    text = {
        "type": "text",
        "fontSize": size,
        "lineBreak": "\n",
        "lineHeight": size + 3,
        "align": "left",
        "baseline": "middle",
        **mark,
    }
    return layer(text, rows, x=x, y=y, text={"field": "label"}, color=own("ink"))


def colours_of(chart: Chart) -> tuple[str, ...]:
    """Colour of each series on white.

    Parameters
    ----------
    chart : Chart
        The chart.
    """
    return tuple(PALETTE[name][0] for name in hues(tuple(s.code for s in chart.series)))


def shown(point: Point, lang: str) -> str:
    """The value as printed.

    Parameters
    ----------
    point : Point
        The point; without a text its value is formatted.
    lang : str
        Language of the digits.
    """
    return point.text or format_number(point.y, "", lang)
