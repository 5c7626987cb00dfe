"""Stretches of time on one axis of years as layers of Vega-Lite.

For `charts`. Main function: `spans`. Colour never stands alone: what is in force is filled,
what was stopped is hollow and dashed, what is unknown is pale, dotted and marked "?".
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from qonys.briefs.colours import PALETTE, hues
from qonys.briefs.labels import Words
from qonys.briefs.layouts import (
    BOLD,
    GRID,
    MUTED,
    NARROW_BELOW,
    SURFACE,
    TEXT,
    Axis,
    Categories,
    Frame,
    Rows,
    at,
    categories,
    label,
    layer,
    legend_places,
    own,
    text_width,
    wrap,
)
from qonys.core.document import Chart, Point, Series

TODAY = "today"
_THICK, _SWATCH, _ARROW = 16, 22, 10
_GAP = 1.25  # on either side of a stretch, so that neighbours stay apart
_DAY = 1.5 / 365  # stretches that meet may overlap by so much of a year
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000)


@dataclass(frozen=True)
class _Look:
    """How a state is drawn, apart from its colour."""

    fill: float
    dash: tuple[float, float]
    mark: str = ""


_LOOKS = (
    _Look(1.0, (1, 0)),
    _Look(0.0, (5, 3)),
    _Look(0.0, (1, 0)),
    _Look(0.18, (1, 0)),
    _Look(0.18, (1.5, 2.5), "?"),
)
_LOOK_OF = dict(in_force=0, stopped=1, suspended=1, closed=2, none=3, unknown=4)


@dataclass(frozen=True)
class _State:
    """One series: a state with its look and colour."""

    series: Series
    look: _Look
    ink: str

    @property
    def mark(self) -> dict[str, Any]:
        """The rectangle of a stretch."""
        mark = {"type": "rect", "color": self.ink, "fillOpacity": self.look.fill}
        dash = list(self.look.dash)
        return {**mark, "stroke": self.ink, "strokeWidth": 1.5, "strokeDash": dash}


@dataclass(frozen=True)
class _Line:
    """A time line while it is drawn."""

    states: tuple[_State, ...]
    today: tuple[Point, ...]
    frame: Frame
    x: Axis
    places: Categories
    bars: Rows
    key: list[tuple[float, float]]
    top: float

    def pixel(self, year: float) -> float:
        """Distance of a year from the start of the axis."""
        return self.x.place(year, self.frame.width)


def stretches(chart: Chart) -> list[tuple[Series, Point]]:
    """Stretches of a time line, those of one category together and in order of time.

    Parameters
    ----------
    chart : Chart
        The chart; its mark of today is left out.
    """
    found = [(s, point) for s in chart.series if s.code != TODAY for point in s.points]
    order = {name: place for place, name in enumerate(dict.fromkeys(p.x for _, p in found))}
    return sorted(found, key=lambda pair: (order[pair[1].x], start_of(pair[1])))


def start_of(point: Point) -> float:
    """Start of a stretch in decimal years.

    Parameters
    ----------
    point : Point
        The stretch.
    """
    return point.y if point.low is None else point.low


def spans(chart: Chart, words: Words, width: int) -> tuple[Frame, list[dict[str, Any]]]:
    """Stretches of time as bars below one another, a state a look, over a grid of years.

    Parameters
    ----------
    chart : Chart
        The chart; a series ``today`` is drawn as a line from top to bottom.
    words : Words
        Words of the document.
    width : int, pixels
        Of the whole picture.
    """
    line = _line(chart, width)
    drawn = _grid(line)
    for short in (False, True):
        drawn += _rectangles(line, [row for row in line.bars if row["short"] == short])
    halo = {"stroke": SURFACE, "strokeWidth": 4, "strokeJoin": "round"}
    places = line.places
    heads = places.heads(line.frame.left if places.above else places.column, **halo)
    drawn += [*_open_ends(line), *_today(line), *_notes(line), heads]
    return line.frame, [*drawn, *_legend(line)]


def _line(chart: Chart, width: int) -> _Line:
    """Places of the years, of the categories, and of the stretches in them."""
    size = 12 if width < NARROW_BELOW else 13
    states = _states(chart, int((width - 36) / (size * BOLD * 0.68)))
    today = tuple(p for s in chart.series if s.code == TODAY for p in s.points)
    bars, lanes = _bars(chart)
    key = legend_places([s.series.name for s in states], width, size, _SWATCH + 10)
    bottoms = [
        y + 14 + state.series.name.count("\n") * (size + 3)
        for state, (_, y) in zip(states, key, strict=True)
    ]
    top = max(bottoms, default=0.0) + (size + 8 if any(p.note for p in today) else 0)
    heights = {name: count * (_THICK + 3.0) for name, count in lanes.items()}
    places = categories(heights, width, size, top + 8)
    half = text_width("2000", size) / 2 + 3
    left = max(places.column + 4, half)
    frame = Frame(max(width - left - half, 60), places.edge, left, half, 2, 26, size)
    axis = _axis(bars, today, frame)
    line = _Line(states, today, frame, axis, places, bars, key, top)
    for row in bars:
        _place(row, line)
    return line


def _states(chart: Chart, limit: int) -> tuple[_State, ...]:
    """States with looks and colours that are apart; known codes choose first."""
    series = [s for s in chart.series if s.code != TODAY]
    taken: dict[int, int] = {}
    for index in sorted(range(len(series)), key=lambda i: series[i].code not in _LOOK_OF):
        wanted = _LOOK_OF.get(series[index].code, 0)
        free = (look for look in range(len(_LOOKS)) if look not in taken.values())
        taken[index] = next(free, wanted) if wanted in taken.values() else wanted
    inks = [PALETTE[name][0] for name in hues(tuple(s.code for s in series))]
    return tuple(
        _State(Series(s.code, wrap(s.name, limit), s.points), _LOOKS[taken[i]], inks[i])
        for i, s in enumerate(series)
    )


def _bars(chart: Chart) -> tuple[Rows, dict[str, int]]:
    """A row for each stretch, and how many stand side by side in each category."""
    states = [s for s in chart.series if s.code != TODAY]
    rows: Rows = []
    ends: dict[str, list[float]] = {}
    for series, point in stretches(chart):
        low = start_of(point)
        high = math.inf if point.high is None else max(point.high, low)
        lanes = ends.setdefault(point.x, [])
        lane = next((i for i, end in enumerate(lanes) if end <= low + _DAY), len(lanes))
        lanes[lane : lane + 1] = [high]
        row = {"name": point.x, "lane": lane, "state": states.index(series)}
        rows.append({**row, "low": low, "open": point.high is None, "note": point.note})
        rows[-1]["high"] = high
    return rows, {name: len(lanes) for name, lanes in ends.items()}


def _axis(bars: Rows, today: tuple[Point, ...], frame: Frame) -> Axis:
    """Whole years around everything; as many of them are labelled as fit."""
    days = [start_of(point) for point in today]
    starts = [row["low"] for row in bars]
    closed = [row["high"] for row in bars if not row["open"]]
    low = math.floor(min([*starts, *days], default=0.0))
    after = [math.floor(row["low"]) + 1 for row in bars if row["open"]]
    high = max([math.ceil(max([*closed, *starts, *days], default=1.0)), *after, low + 1])
    need = (text_width(str(high), frame.size) + 6) * (high - low) / frame.width
    step = next((step for step in _STEPS if step >= need), _STEPS[-1])
    years = [year for year in range(low, high + 1) if year % step == 0]
    return Axis(float(low), float(high), tuple((float(y), str(y)) for y in years))


def _place(row: dict[str, Any], line: _Line) -> None:
    """Pixels of a stretch; a short one keeps a width that is seen, over its neighbours."""
    row["high"] = min(row["high"], line.x.high)
    start, end = line.pixel(row["low"]) + _GAP, line.pixel(row["high"]) - _GAP
    row["short"] = end - start < 3
    if row["short"]:
        middle = min(max((start + end) / 2, 1.5), line.frame.width - 1.5)
        start, end = middle - 1.5, middle + 1.5
    row["x"], row["x2"] = round(start, 2), round(end, 2)
    row["top"] = line.places.tops[row["name"]] + row["lane"] * (_THICK + 3)
    row["bottom"], row["centre"] = row["top"] + _THICK, row["top"] + _THICK / 2


def _grid(line: _Line) -> list[dict[str, Any]]:
    """A light line at each year, or at those with a label where years are many, and labels."""
    low, high = int(line.x.low), int(line.x.high)
    labelled = [year for year, _ in line.x.ticks]
    close = line.frame.width / (high - low) < 12
    years = labelled if close else [float(year) for year in range(low, high + 1)]
    end = line.frame.height
    rows: Rows = [{"x": line.pixel(year), "top": line.top, "bottom": end} for year in years]
    names: Rows = [
        {"x": line.pixel(year), "y": end + 7, "label": text, "ink": MUTED}
        for year, text in line.x.ticks
    ]
    x, top = at("x", pixels=True), at("top", pixels=True)
    rule = {"type": "rule", "color": GRID, "strokeWidth": 1}
    mark = {"align": "center", "baseline": "top"}
    return [
        layer(rule, rows, x=x, y=top, y2={"field": "bottom"}),
        label(names, x, at("y", pixels=True), line.frame.size, **mark),
    ]


def _rectangles(line: _Line, bars: Rows) -> list[dict[str, Any]]:
    """Stretches, each on a ground that hides the grid and its neighbours."""
    if not bars:
        return []
    ends = {"y": at("top", pixels=True), "x2": {"field": "x2"}, "y2": {"field": "bottom"}}
    ground: Rows = [{**row, "x": row["x"] - _GAP, "x2": row["x2"] + _GAP} for row in bars]
    x = at("x", pixels=True)
    layers = [layer({"type": "rect", "color": SURFACE}, ground, x=x, **ends)]
    for number, state in enumerate(line.states):
        rows = [row for row in bars if row["state"] == number]
        layers += [layer(state.mark, rows, x=x, **ends)] if rows else []
    return layers


def _open_ends(line: _Line) -> list[dict[str, Any]]:
    """An arrow at the right edge for a stretch that has no end."""
    rows: Rows = []
    for row in line.bars:
        if row["open"]:
            state = line.states[row["state"]]
            fill = state.ink if state.look.fill == 1 else SURFACE
            rows.append(
                {"x": row["x2"] + 6, "y": row["centre"], "ink": state.ink, "fill": fill}
            )
    mark = {"type": "point", "shape": "triangle-right", "size": 50, "strokeWidth": 1.5}
    x, y = at("x", pixels=True), at("y", pixels=True)
    ink = {"stroke": own("ink"), "fill": own("fill")}
    return [layer({**mark, "opacity": 1}, rows, x=x, y=y, **ink)] if rows else []


def _today(line: _Line) -> list[dict[str, Any]]:
    """A thin line at a day, its word above."""
    if not line.today:
        return []
    size = line.frame.size
    rows: Rows = [
        {"x": line.pixel(start_of(p)), "top": line.top, "bottom": line.frame.height + 3}
        for p in line.today
    ]
    words: Rows = []
    for row, point in zip(rows, line.today, strict=True):
        half = text_width(point.note, size * BOLD) / 2
        right = line.frame.width + line.frame.right - half
        x = min(max(row["x"], half - line.frame.left), right)
        words.append({"x": x, "y": line.top - size / 2 - 2, "label": point.note, "ink": TEXT})
    x, y = at("x", pixels=True), at("y", pixels=True)
    rule = {"type": "rule", "color": TEXT, "strokeWidth": 1.25}
    return [
        layer(rule, rows, x=x, y=at("top", pixels=True), y2={"field": "bottom"}),
        label(words, x, y, size, align="center", fontWeight=600),
    ]


def _notes(line: _Line) -> list[dict[str, Any]]:
    """Words in or beside the stretches where there is room; the table has all of them."""
    size = line.frame.size - 1
    found: dict[str, Rows] = {"center": [], "left": [], "right": []}
    lanes: dict[tuple[str, int], Rows] = {}
    for row in line.bars:
        lanes.setdefault((row["name"], row["lane"]), []).append(row)
    cuts = [line.pixel(start_of(point)) for point in line.today]
    edge = {"x": line.frame.width + line.frame.right}
    for rows in lanes.values():
        taken = 0.0
        for row, after in pairwise([*rows, edge]):
            look, room = line.states[row["state"]].look, (taken, after["x"])
            taken = row["x2"] + _ARROW * row["open"]
            for text in filter(None, (f"{look.mark} {row['note']}".strip(), look.mark)):
                side, x, end = _beside(row, text_width(text, size) + 6, room, cuts)
                if side:
                    ink = SURFACE if side == "center" and look.fill == 1 else TEXT
                    word = {"x": x, "y": row["centre"], "label": text, "ink": ink}
                    found[side].append(word)
                    taken = end
                    break
    across, up = at("x", pixels=True), at("y", pixels=True)
    halo = {"stroke": SURFACE, "strokeWidth": 4, "strokeJoin": "round"}
    return [
        label(rows, across, up, size, align=side, **({} if side == "center" else halo))
        for side, rows in found.items()
        if rows
    ]


def _beside(
    row: dict[str, Any], need: float, room: tuple[float, float], cuts: list[float]
) -> tuple[str, float, float]:
    """Side for a word, its place, and where the next one may begin; no side without room."""
    start, last = row["x"], row["x2"]
    end = last + _ARROW * row["open"]
    parts = pairwise([start, *sorted(cut for cut in cuts if start < cut < last), last])
    left, right = max(parts, key=lambda part: part[1] - part[0])
    if need <= right - left:
        return "center", (left + right) / 2, end
    if end + need <= room[1]:
        return "left", end + 4, end + need
    if start - need >= room[0]:
        return "right", start - 4, end
    if need <= last - start:  # across the mark of today
        return "center", (start + last) / 2, end
    return "", 0.0, end


def _legend(line: _Line) -> list[dict[str, Any]]:
    """Names of the states above, each with its look."""
    size = line.frame.size
    x, y = at("x", pixels=True), at("y", pixels=True)
    ends = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}
    layers, names, marks = [], [], []
    for state, (left, top) in zip(line.states, line.key, strict=True):
        start = left - line.frame.left + 1
        box = {"x": start, "x2": start + _SWATCH, "y": top - 6, "y2": top + 6}
        layers.append(layer(state.mark, [box], x=x, y=y, **ends))
        name = {"x": start + _SWATCH + 6, "y": top, "label": state.series.name}
        names.append({**name, "ink": state.ink})
        if state.look.mark:
            sign = {"x": start + _SWATCH / 2, "y": top, "label": state.look.mark}
            marks.append({**sign, "ink": TEXT})
    signs = [label(marks, x, y, size - 1, align="center")] if marks else []
    return [*layers, *signs, label(names, x, y, size, fontWeight=600)]
