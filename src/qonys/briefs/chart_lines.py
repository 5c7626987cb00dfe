"""Line charts over time as layers of Vega-Lite.

For `charts`. Main function: `lines`. Colour never stands alone: lines carry their names, points
have shapes, provisional ones are hollow, and nothing is drawn over a gap or a break in level.
A series with the code of an earlier one is an inner interval of it: its band alone is drawn.
"""

import json
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from qonys.briefs.labels import Words
from qonys.briefs.layouts import (
    AXIS,
    BOLD,
    MUTED,
    NARROW_BELOW,
    SHAPES,
    SURFACE,
    TEXT,
    UNSURE,
    Axis,
    Frame,
    Rows,
    at,
    colours_of,
    keep_apart,
    label,
    layer,
    own,
    round_ticks,
    shown,
    text_width,
    time_axis,
    typical_step,
    wrap,
)
from qonys.briefs.numbers import format_number
from qonys.core.document import Chart, Point, Series

_SIGNS = "●■▲◆▼✚"  #: Of `SHAPES`.


@dataclass(frozen=True)
class _Plot:
    """A line chart while it is drawn."""

    chart: Chart
    words: Words
    frame: Frame
    x: Axis
    y: Axis
    places: dict[str, float]
    narrow: bool

    @property
    def across(self) -> dict[str, Any]:
        return at("x", domain=self.x)

    @property
    def up(self) -> dict[str, Any]:
        return at("y", domain=self.y)

    @property
    def drawn(self) -> list[tuple[int, Series]]:
        """Series with a line of their own, by number."""
        codes = [series.code for series in self.chart.series]
        return [(i, s) for i, s in enumerate(self.chart.series) if s.code not in codes[:i]]

    @property
    def early(self) -> list[int]:
        """Series that end well before the others: a name at their end would be in the way."""
        ends = {i: self.run(series)[-1][0] for i, series in self.drawn if series.points}
        latest = max(ends.values(), default=0.0)
        return [i for i, end in ends.items() if latest - end > (self.x.high - self.x.low) / 8]

    def run(self, series: Series) -> list[tuple[float, Point]]:
        """Points in order of time."""
        return sorted(
            ((self.places[point.x], point) for point in series.points), key=lambda pair: pair[0]
        )

    def pixel(self, value: float) -> float:
        """Distance of a value from the top of the plot."""
        return self.frame.height - self.y.place(value, self.frame.height)


def lines(chart: Chart, words: Words, width: int) -> tuple[Frame, list[dict[str, Any]]]:
    """A line chart over time with names at the ends of the lines.

    Parameters
    ----------
    chart : Chart
        The chart.
    words : Words
        Words of the document.
    width : int, pixels
        Of the whole picture.
    """
    narrow = width < NARROW_BELOW
    size = 12 if narrow else 13
    places, x = time_axis(chart, words, 4 if narrow else 9)
    points = [point for series in chart.series for point in series.points]
    ends = [v for p in points for v in (p.y, p.low, p.high) if v is not None] or [1.0]
    ticks = round_ticks(min(0.0, *ends), max(0.0, *ends), 5)
    y = Axis(
        ticks[0], ticks[-1], tuple((t, format_number(t, "ratio", words.lang)) for t in ticks)
    )
    names = [_end_name(series, words.lang, narrow) for series in chart.series]
    left = max(text_width(text, size) for _, text in y.ticks) + 10
    right = max((text_width(name, size * BOLD) for name in names), default=0.0) + 14
    top = 44 if any(point.note or point.status == "B" for point in points) else 14
    height = 210 if narrow else 264
    frame = Frame(width - left - right, height, left, right, top, 26, size)
    plot = _Plot(chart, words, frame, x, y, places, narrow)
    if plot.early:
        lines_above = (len(plot.early) if narrow else 1) * (size + 5)
        frame = replace(frame, top=top + lines_above + 8)
        plot = replace(plot, frame=frame)
    layers = [_grid(plot), *_breaks(plot), *_bands(plot), *_segments(plot), *_dots(plot)]
    return frame, [*layers, *_notes(plot), *_ends(plot, names), *_above(plot)]


def _end_name(series: Series, lang: str, narrow: bool) -> str:
    name = wrap(series.name, 11 if narrow else 18)
    return f"{name}\n{shown(series.points[-1], lang)}" if series.points else name


def _grid(plot: _Plot) -> dict[str, Any]:
    """Both axes and the zero line."""
    across, up = plot.across, plot.up
    across["axis"] = _axis(plot.x, grid=False, tickSize=4, domain=False)
    up["axis"] = _axis(plot.y, grid=True, ticks=False, domain=False)
    rows: Rows = [{"x": plot.x.low, "end": plot.x.high, "y": 0}]
    rule = {"type": "rule", "color": AXIS, "strokeWidth": 1}
    return layer(rule, rows, x=across, x2={"field": "end"}, y=up)


def _axis(axis: Axis, **more: Any) -> dict[str, Any]:
    names = json.dumps({f"{value:.10g}": text for value, text in axis.ticks}, ensure_ascii=True)
    expr = f"({names})[format(datum.value, '.10~g')] || datum.label"
    values = [value for value, _ in axis.ticks]
    return {"values": values, "labelExpr": expr, "labelOverlap": False, "title": None, **more}


def _breaks(plot: _Plot) -> list[dict[str, Any]]:
    """A dashed vertical line where a series breaks in level."""
    found: dict[float, None] = {}
    for series in plot.chart.series:
        run = plot.run(series)
        half = typical_step([place for place, _ in run]) / 2
        for (_, before), (place, point) in pairwise(run):
            if point.status == "B" and before.status != "B":
                found[place - half] = None
    if not found:
        return []
    word = wrap(plot.words["break"], 10 if plot.narrow else 30)
    rows: Rows = [{"x": x, "label": word, "ink": MUTED} for x in sorted(found)]
    room = text_width(word, plot.frame.size) + 8
    named: Rows = []
    for row in rows:  # one word serves neighbours that leave no room for two
        if (
            not named
            or plot.x.place(row["x"] - named[-1]["x"] + plot.x.low, plot.frame.width) > room
        ):
            named.append(row)
    late = any(plot.x.place(x, 1.0) > 0.66 for x in found)
    rule = {"type": "rule", "color": AXIS, "strokeDash": [2, 3], "strokeWidth": 1.5}
    side = {"align": "right", "dx": -5} if late else {"align": "left", "dx": 5}
    text = label(named, plot.across, {"value": -26}, plot.frame.size, **side, baseline="top")
    return [
        layer(rule, rows, x=plot.across, y={"value": -26}, y2={"value": plot.frame.height}),
        text,
    ]


def _bands(plot: _Plot) -> list[dict[str, Any]]:
    """Intervals: a band along a run of points, whiskers at single ones."""
    layers = []
    for series, ink in zip(plot.chart.series, colours_of(plot.chart), strict=True):
        ends = [
            (place, *(point.y if end is None else end for end in (point.low, point.high)))
            for place, point in plot.run(series)
        ]
        rows: Rows = [{"x": x, "y": low, "end": high} for x, low, high in ends]
        wide = sum(high > low for _, low, high in ends)
        if not wide:
            continue
        band = {"type": "area", "color": ink, "opacity": 0.16}
        bar = {"type": "rule", "color": ink, "strokeWidth": 1.25, "opacity": 0.75}
        mark = band if wide > 2 else bar
        layers.append(layer(mark, rows, x=plot.across, y=plot.up, y2={"field": "end"}))
    return layers


def _segments(plot: _Plot) -> list[dict[str, Any]]:
    """Lines between neighbours: none over a gap or break, dashed to what is not final."""
    layers = []
    inks = colours_of(plot.chart)
    for number, series in plot.drawn:
        ink, run = inks[number], plot.run(series)
        step = typical_step([place for place, _ in run])
        rows: Rows = []
        part, was = 0, None
        for (x0, before), (x1, point) in pairwise(run):
            if x1 - x0 > 1.5 * step or (point.status == "B" and before.status != "B"):
                was = None
                continue
            dash = [5, 3] if point.status in UNSURE else [1, 0]
            if dash != was:
                part, was = part + 1, dash
                rows.append({"x": x0, "y": before.y, "part": part, "dash": dash})
            rows.append({"x": x1, "y": point.y, "part": part, "dash": dash})
        mark = {"type": "line", "color": ink, "strokeWidth": 2.25, "strokeJoin": "round"}
        for dash in ([1, 0], [5, 3]):
            chosen = [row for row in rows if row["dash"] == dash]
            kind = {**mark, **({"strokeDash": dash} if dash[1] else {})}
            detail = {"field": "part", "type": "nominal"}
            order = {"field": "x", "type": "quantitative"}
            if chosen:
                layers.append(
                    layer(kind, chosen, x=plot.across, y=plot.up, detail=detail, order=order)
                )
    return layers


def _dots(plot: _Plot) -> list[dict[str, Any]]:
    """Points that say something: ends, noted, provisional, alone; all of a short series."""
    rows: Rows = []
    inks = colours_of(plot.chart)
    for number, series in plot.drawn:
        run = plot.run(series)
        step = typical_step([place for place, _ in run])
        for index, (place, point) in enumerate(run):
            near = [abs(place - run[i][0]) for i in (index - 1, index + 1) if 0 <= i < len(run)]
            alone = not near or min(near) > 1.5 * step
            plain = point.status in "AB" and not point.note and not alone
            if plain and index < len(run) - 1 and len(run) > 12:
                continue
            rows.append(
                {
                    "x": place,
                    "y": point.y,
                    "ink": inks[number],
                    "fill": SURFACE if point.status in UNSURE else inks[number],
                    "shape": "cross" if point.status == "U" else SHAPES[number % len(SHAPES)],
                }
            )
    mark = {"type": "point", "size": 46, "strokeWidth": 2, "opacity": 1}
    return [
        layer(
            mark,
            rows,
            x=plot.across,
            y=plot.up,
            stroke=own("ink"),
            fill=own("fill"),
            shape=own("shape"),
        )
    ]


def _notes(plot: _Plot) -> list[dict[str, Any]]:
    """Words beside points, above a rise and below a dip."""
    groups: dict[tuple[str, bool], Rows] = {}
    for series in plot.chart.series:
        run = plot.run(series)
        for index, (place, point) in enumerate(run):
            if not point.note:
                continue
            near = [run[i][1].y for i in (index - 1, index + 1) if 0 <= i < len(run)]
            dip = bool(near) and point.y < min(near)
            share = plot.x.place(place, 1.0)
            side = "left" if share < 0.18 else "right" if share > 0.8 else "center"
            text = f"{point.note}\n{shown(point, plot.words.lang)}"
            row = {"x": place, "y": point.y, "label": text, "ink": TEXT}
            groups.setdefault((side, dip), []).append(row)
    size = plot.frame.size
    return [
        label(
            rows,
            plot.across,
            plot.up,
            size,
            align=side,
            baseline="top" if dip else "bottom",
            dy=10 if dip else -(size + 13),
            dx={"left": -4, "right": 4, "center": 0}[side],
            stroke=SURFACE,
            strokeWidth=4,
            strokeJoin="round",
        )
        for (side, dip), rows in groups.items()
    ]


def _ends(plot: _Plot, names: list[str]) -> list[dict[str, Any]]:
    """Names and last values to the right of the lines, kept apart."""
    inks = colours_of(plot.chart)
    runs = {i: plot.run(series) for i, series in plot.drawn if series.points}
    latest = max((run[-1][0] for run in runs.values()), default=0.0)
    room = (
        plot.x.high - plot.x.low
    ) / 8  # a name beside a line that ends earlier is in the way
    early = [i for i, run in runs.items() if latest - run[-1][0] > room]
    filled = [i for i in runs if i not in early]
    line = plot.frame.size + 3
    heights = [float(line * (names[i].count("\n") + 1) + 4) for i in filled]
    wanted = [plot.pixel(runs[i][-1][1].y) for i in filled]
    lowest = plot.frame.height - max(heights, default=0.0) / 2 + 4
    places = keep_apart(wanted, heights, lowest)
    rows: Rows = []
    for index, centre in zip(filled, places, strict=True):
        count = names[index].count("\n")
        rows.append(
            {
                "x": plot.x.place(runs[index][-1][0], plot.frame.width) + 11,
                "y": centre - count * line / 2,
                "label": names[index],
                "ink": inks[index],
            }
        )
    mark = {"fontWeight": 600, "stroke": SURFACE, "strokeWidth": 4}
    x, y = at("x", pixels=True), at("y", pixels=True)
    return [label(rows, x, y, plot.frame.size, **mark)]


def _above(plot: _Plot) -> list[dict[str, Any]]:
    """Marks and names of the series that end early, above the plot."""
    if not plot.early:
        return []
    inks, size = colours_of(plot.chart), plot.frame.size
    rows: Rows = []
    across, up = 0.0, size + 5 - plot.frame.top
    for index in plot.early:
        text = f"{_SIGNS[index % len(SHAPES)]} {plot.chart.series[index].name}"
        rows.append({"x": across, "y": up, "label": text, "ink": inks[index]})
        if plot.narrow:
            up += size + 5
        else:
            across += text_width(text, size * BOLD) + 24
    x, y = at("x", pixels=True), at("y", pixels=True)
    return [label(rows, x, y, size, fontWeight=600)]
