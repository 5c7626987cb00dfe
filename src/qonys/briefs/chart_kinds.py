"""Bars, intervals and tile maps as layers of Vega-Lite.

For `charts`. Main functions: `bars`, `intervals`, `tiles`; each gives a frame and layers.
Colour never stands alone: values are printed, series have marks, provisional bars are
hollow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qonys.briefs.colours import PALETTE, STEPS
from qonys.briefs.labels import Words
from qonys.briefs.layouts import (
    AXIS,
    MUTED,
    NARROW_BELOW,
    SHAPES,
    SURFACE,
    TEXT,
    UNSURE,
    Axis,
    Categories,
    Frame,
    Rows,
    at,
    categories,
    colours_of,
    label,
    layer,
    legend_places,
    own,
    shown,
    text_width,
    two_lines,
    without_shared_words,
)
from qonys.briefs.numbers import DASH, MINUS, format_number
from qonys.core.document import Chart


@dataclass(frozen=True)
class _Stack:
    """Categories below one another, for bars and intervals."""

    chart: Chart
    lang: str
    frame: Frame
    x: Axis
    rows: Rows
    places: Categories
    key: list[tuple[float, float]]


def _stack(chart: Chart, words: Words, width: int, *, zero: bool) -> _Stack:
    """Places of the categories, of the bars in them, and of all words."""
    size = 12 if width < NARROW_BELOW else 13
    names = list(dict.fromkeys(point.x for series in chart.series for point in series.points))
    count = max(len(chart.series), 1)
    thick = 13 if count > 1 else 16
    several = chart.series if len(chart.series) > 1 else ()
    key = legend_places([series.name for series in several], width, size)
    heights = dict.fromkeys(names, float(count * (thick + 3)))
    places = categories(heights, width, size, key[-1][1] + 21.0 if key else 4.0)
    rows = _bar_rows(chart, words, places.tops, thick)
    values = [v for row in rows for v in (row["y"], row["low"], row["high"])]
    ends = (min([*values, *([0.0] if zero else [])]), max([*values, *([0.0] if zero else [])]))
    minus = max((text_width(r["label"], size) for r in rows if r["y"] < 0), default=0.0)
    plus = max((text_width(r["label"], size) for r in rows if r["y"] >= 0), default=0.0)
    left, right = places.column + (minus + 8 if minus else 2), plus + 10
    x = Axis(ends[0], ends[1] if ends[1] > ends[0] else ends[0] + 1, ())
    frame = Frame(max(width - left - right, 60), places.edge, left, right, 2, 4, size)
    return _Stack(chart, words.lang, frame, x, rows, places, key)


def _along(field: str, stack: _Stack) -> dict[str, Any]:
    """A place along the bars, without an axis."""
    return {**at(field, domain=stack.x), "axis": None}


def _bar_rows(chart: Chart, words: Words, tops: Mapping[str, float], thick: int) -> Rows:
    """One row for every bar or dot."""
    inks = colours_of(chart)
    single = len(chart.series) == 1
    mixed = single and any(point.y < 0 for point in chart.series[0].points)
    rows: Rows = []
    for number, series in enumerate(chart.series):
        for point in series.points:
            ink = inks[number]
            if mixed:
                ink = PALETTE["vermillion" if point.y < 0 else "blue"][0]
            top = tops[point.x] + number * (thick + 3)
            note = f" ({point.note})" if point.note else ""
            sure = point.status not in UNSURE
            rows.append(
                {
                    "zero": 0,
                    "y": point.y,
                    "low": point.y if point.low is None else point.low,
                    "high": point.y if point.high is None else point.high,
                    "top": top,
                    "bottom": top + thick,
                    "centre": top + thick / 2,
                    "label": shown(point, words.lang) + note,
                    "ink": ink,
                    "fill": ink if sure else SURFACE,
                    "pale": 0.3 if number and sure else 1.0,
                    "dash": [1, 0] if sure else [4, 2],
                    "shape": SHAPES[number % len(SHAPES)],
                    "series": number,
                }
            )
    return rows


def bars(chart: Chart, words: Words, width: int) -> tuple[Frame, list[dict[str, Any]]]:
    """Horizontal bars, one or two series, with values at their ends.

    Parameters
    ----------
    chart : Chart
        The chart.
    words : Words
        Words of the document.
    width : int, pixels
        Of the whole picture.
    """
    stack = _stack(chart, words, width, zero=True)
    x = _along("y", stack)
    top, bottom = at("top", pixels=True), {"field": "bottom"}
    layers = []
    for row in stack.rows:
        kind = {"type": "rect", "strokeWidth": 1.5, "fillOpacity": row["pale"]}
        kind |= {"color": row["fill"], "stroke": row["ink"], "strokeDash": row["dash"]}
        key = (row["fill"], row["ink"], row["pale"], tuple(row["dash"]))
        layers.append((key, kind, row))
    merged: dict[Any, tuple[dict[str, Any], Rows]] = {}
    for key, kind, row in layers:
        merged.setdefault(key, (kind, []))[1].append(row)
    drawn = [
        layer(kind, rows, x=x, x2={"field": "zero"}, y=top, y2=bottom)
        for kind, rows in merged.values()
    ]
    drawn.append(_zero(stack))
    whiskers = [row for row in stack.rows if row["high"] > row["low"]]
    if whiskers:
        drawn += _whiskers(stack, whiskers, TEXT)
    drawn += _values(stack)
    heads = stack.places.heads(stack.frame.left)
    return stack.frame, [*drawn, heads, *_legend(stack)]


def intervals(chart: Chart, words: Words, width: int) -> tuple[Frame, list[dict[str, Any]]]:
    """A dot with whiskers for each category, its value to the right.

    Parameters
    ----------
    chart : Chart
        The chart.
    words : Words
        Words of the document.
    width : int, pixels
        Of the whole picture.
    """
    stack = _stack(chart, words, width, zero=True)
    x = _along("y", stack)
    y = at("centre", pixels=True)
    guides: Rows = [{**row, "zero": stack.x.low, "y": row["low"]} for row in stack.rows]
    thin = {"type": "rule", "color": AXIS, "strokeWidth": 0.75, "strokeDash": [1, 3]}
    dot = {"type": "point", "size": 70, "strokeWidth": 2, "opacity": 1}
    drawn = [
        layer(thin, guides, x=x, x2={"field": "zero"}, y=y),
        _zero(stack),
        *_whiskers(stack, stack.rows, ""),
        layer(
            dot, stack.rows, x=x, y=y, stroke=own("ink"), fill=own("fill"), shape=own("shape")
        ),
        *_values(stack),
        stack.places.heads(stack.frame.left),
    ]
    return stack.frame, [*drawn, *_legend(stack)]


def _zero(stack: _Stack) -> dict[str, Any]:
    """The line of zero, beside the bars alone where their names stand above them."""
    rule = {"type": "rule", "color": AXIS, "strokeWidth": 1.25}
    zero = max(0.0, stack.x.low)
    ends = [(row["top"] - 2, row["bottom"] + 2) for row in stack.rows] or [(0.0, 0.0)]
    if not stack.places.above:
        ends = [(min(top for top, _ in ends) - 2, stack.frame.height - 4)]
    rows: Rows = [{"y": zero, "from": top, "to": bottom} for top, bottom in ends]
    places = {"y": at("from", pixels=True), "y2": {"field": "to"}}
    return layer(rule, rows, x=_along("y", stack), **places)


def _whiskers(stack: _Stack, rows: Rows, ink: str) -> list[dict[str, Any]]:
    """A thin line over the interval, with a stop at each end."""
    y = at("centre", pixels=True)
    colour = {"color": {"value": ink} if ink else own("ink")}
    line = {"type": "rule", "strokeWidth": 1.75}
    stop = {"type": "tick", "thickness": 1.75, "size": 9, "orient": "vertical"}
    low, high = (_along(end, stack) for end in ("low", "high"))
    return [
        layer(line, rows, x=low, x2={"field": "high"}, y=y, **colour),
        layer(stop, rows, x=low, y=y, **colour),
        layer(stop, rows, x=high, y=y, **colour),
    ]


def _values(stack: _Stack) -> list[dict[str, Any]]:
    """The printed values beyond the ends of bars or whiskers."""
    layers = []
    size = stack.frame.size
    for side, dx, end in (("right", -6, "low"), ("left", 7, "high")):
        rows = [
            {**row, "ink": TEXT} for row in stack.rows if (row["y"] < 0) == (side == "right")
        ]
        if rows:
            x, y = _along(end, stack), at("centre", pixels=True)
            halo = {"stroke": SURFACE, "strokeWidth": 4}
            layers.append(label(rows, x, y, size, align=side, dx=dx, **halo))
    return layers


def _legend(stack: _Stack) -> list[dict[str, Any]]:
    """Names of the series, each with its mark."""
    if not stack.key:
        return []
    bar = stack.chart.kind == "bars"
    size, x, y = stack.frame.size, at("x", pixels=True), at("y", pixels=True)
    rows: Rows = []
    marks = []
    inks = colours_of(stack.chart)
    for number, (left, top) in enumerate(stack.key):
        row = {
            "x": left - stack.frame.left + 7,
            "y": top,
            "label": stack.chart.series[number].name,
            "ink": inks[number],
            "shape": "square" if bar else SHAPES[number % len(SHAPES)],
        }
        pale = 0.3 if number and bar else 1.0
        mark = {
            "type": "point",
            "size": 90,
            "strokeWidth": 2,
            "opacity": 1,
            "fillOpacity": pale,
        }
        ink, shape = own("ink"), own("shape")
        marks.append(layer(mark, [row], x=x, y=y, stroke=ink, fill=ink, shape=shape))
        rows.append(row)
    return [*marks, label(rows, x, y, size, dx=11, fontWeight=600)]


def tiles(
    chart: Chart, words: Words, width: int, tight: float = 1.0
) -> tuple[Frame, list[dict[str, Any]]]:
    """A map of equal squares, shaded by value, each with its name and number.

    Parameters
    ----------
    chart : Chart
        The chart; its points carry row and column.
    words : Words
        Words of the document.
    width : int, pixels
        Of the whole picture.
    tight : float
        Width of the letters against those of a wide font.
    """
    narrow = width < NARROW_BELOW
    size = 12 if narrow else 13
    small = size - 1
    fit = small * (min(tight, 0.88) if narrow else tight)  # telephones have narrow letters
    points = [point for series in chart.series for point in series.points]
    columns = max((p.column for p in points), default=0) + 1
    count = max((p.row for p in points), default=0) + 1
    gap = 2 if narrow else 4
    side = min((width - 2 + gap) / columns - gap, 96)
    bounds = _bounds([p.y for p in points])
    signed = any(p.y < 0 for p in points)
    brief = without_shared_words(list(dict.fromkeys(p.x for p in points)))
    rows: Rows = []
    for p in points:
        step = _step(p.y, bounds, signed=signed)
        x, y = p.column * (side + gap), p.row * (side + gap)
        name = two_lines(p.note or brief[p.x], side - 3, fit)
        line = small + 3
        above = y + side / 2 - line * (1 + name.count("\n")) / 2
        rows.append(
            {
                "x": x,
                "x2": x + side,
                "y": y,
                "y2": y + side,
                "centre": x + side / 2,
                "upper": above,
                "lower": above + line * (1 + name.count("\n")) + 1,
                "name": name,
                "label": shown(p, words.lang),
                "fill": STEPS[step][0],
                "ink": STEPS["strong-ink" if step.endswith("3") else "weak-ink"][0],
                "dash": [3, 2] if p.status in UNSURE else [1, 0],
            }
        )
    legend, below = _tile_legend(bounds, words, signed, width, size)
    height = count * (side + gap) - gap
    used = columns * (side + gap) - gap
    frame = Frame(max(used, width - 2), height + below, 1, 1, 1, 2, size)
    for row in legend:
        row["y"] += height
        row["y2"] = row["y"] + 14
    return frame, [*_squares(rows, narrow, small), *_tile_key(legend, size)]


def _bounds(values: list[float]) -> tuple[float, float]:
    """Two round limits that part the sizes into thirds."""
    sizes = sorted(abs(value) for value in values if value)
    if not sizes:
        return 1.0, 2.0
    first, second = sizes[len(sizes) // 3], sizes[2 * len(sizes) // 3]
    low, high = (float(f"{value:.1g}") for value in (first, second))
    return low, high if high > low else low * 2


def _step(value: float, bounds: tuple[float, float], *, signed: bool) -> str:
    if value == 0:
        return "zero-0"
    size = 1 + sum(abs(value) >= bound for bound in bounds)
    return f"{'negative' if value < 0 and signed else 'positive'}-{size}"


def _squares(rows: Rows, narrow: bool, small: int) -> list[dict[str, Any]]:
    square = {"type": "rect", "stroke": AXIS, "strokeWidth": 0.75}
    x, y = at("x", pixels=True), at("y", pixels=True)
    ends = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}
    drawn = []
    for dash in ([1, 0], [3, 2]):
        chosen = [row for row in rows if row["dash"] == dash]
        kind = square if dash == [1, 0] else {**square, "strokeWidth": 2, "strokeDash": dash}
        if chosen:
            drawn.append(layer(kind, chosen, x=x, y=y, **ends, color=own("fill")))
    centre = at("centre", pixels=True)
    names = [{**row, "label": row["name"]} for row in rows]
    middle = {"align": "center"}
    weight = 400 if narrow else 600
    return [
        *drawn,
        label(names, centre, at("upper", pixels=True), small, **middle),
        label(rows, centre, at("lower", pixels=True), small, **middle, fontWeight=weight),
    ]


def _tile_legend(
    bounds: tuple[float, float], words: Words, signed: bool, width: int, size: int
) -> tuple[Rows, float]:
    """What each shade means, in words and numbers, wrapped to the width."""
    low, high = (format_number(bound, "ratio", words.lang) for bound in bounds)
    plus = [
        ("positive-1", f"0{DASH}{low}"),
        ("positive-2", f"{low}{DASH}{high}"),
        ("positive-3", words.fill("or_more", high)),
    ]
    minus = [
        ("negative-1", f"{MINUS}{low} … 0"),
        ("negative-2", f"{MINUS}{high} … {MINUS}{low}"),
        ("negative-3", words.fill("or_less", MINUS + high)),
    ]
    rows: Rows = []
    y = 18.0
    groups = (
        [(words["below_zero"], minus), (words["above_zero"], plus)] if signed else [("", plus)]
    )
    for title, steps in groups:
        x = 0.0
        if title:
            rows.append({"x": x, "y": y, "step": "", "label": f"{title}:", "ink": MUTED})
            x += text_width(title, size) + 16
        if title and width < NARROW_BELOW:
            x, y = 0.0, y + 22
        for step, text in steps:
            need = text_width(text, size) + 34
            if x and x + need > width:
                x, y = 0.0, y + 22
            rows.append({"x": x, "y": y, "step": step, "label": text, "ink": TEXT})
            x += need
        y += 24
    return rows, y


def _tile_key(legend: Rows, size: int) -> list[dict[str, Any]]:
    boxes = [
        {**row, "x2": row["x"] + 18, "fill": STEPS[row["step"]][0]}
        for row in legend
        if row["step"]
    ]
    names = [
        {**row, "x": row["x"] + (24 if row["step"] else 0), "y": row["y"] + 7.5}
        for row in legend
    ]
    square = {"type": "rect", "stroke": AXIS, "strokeWidth": 0.75}
    x, y = at("x", pixels=True), at("y", pixels=True)
    ends = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}
    return [
        layer(square, boxes, x=x, y=y, **ends, color=own("fill")),
        label(names, x, y, size),
    ]
