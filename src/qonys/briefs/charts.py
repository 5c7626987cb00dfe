"""Charts: from plain data to Vega-Lite, and to an SVG that fits light, dark, page and paper.

For the renderers of `briefs` and notebooks. Main functions: `vega_lite`, `render_svg`.
The kinds are drawn in `chart_lines`, `chart_kinds` and `chart_spans`. Draws nothing that is not
in the chart.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from qonys.briefs.chart_kinds import bars, intervals, tiles
from qonys.briefs.chart_lines import lines
from qonys.briefs.chart_spans import spans
from qonys.briefs.colours import ROLES
from qonys.briefs.labels import Words
from qonys.briefs.layouts import AXIS, FONT, GRID, MUTED, TEXT, Frame
from qonys.briefs.numbers import MINUS, NARROW
from qonys.core.document import Chart

WIDE, SLIM = 720, 336
SCHEMA_URL = "https://vega.github.io/schema/vega-lite/v6.json"
_KINDS = {"lines": lines, "bars": bars, "intervals": intervals, "spans": spans}
_NAMES = {pair[0]: name for name, pair in ROLES.items()}
_COLOUR = re.compile(r'="(#[0-9a-f]{6})"')
_NOISE = re.compile(r' (?:role|aria-[a-z]+|xmlns:xlink|class)="[^"]*"')
_ROOT = re.compile(r"<svg [^>]*>")
_LOCALES = {
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]},
    "ru": {"decimal": ",", "thousands": NARROW, "grouping": [3], "currency": ["", ""]},
}


def vega_lite(
    chart: Chart,
    lang: str,
    *,
    width: int = WIDE,
    labels: Mapping[str, str] | None = None,
    tight: float = 1.0,
) -> dict[str, Any]:
    """A Vega-Lite specification of a chart, whole, with its data inside.

    Parameters
    ----------
    chart : Chart
        The chart.
    lang : str
        ``en``, ``ru`` or ``kk``.
    width : int, pixels
        Of the whole picture; below 500 it is laid out for a telephone.
    labels : Mapping of str to str or None
        Words of the document that go before the built-in ones.
    tight : float
        Width of the letters against those of a wide font; 0.8 for a book face.
    """
    words = Words(lang, labels or {})
    if chart.kind == "tiles":
        frame, layers = tiles(chart, words, width, tight)
    else:
        frame, layers = _KINDS[chart.kind](chart, words, width)
    return {
        "$schema": SCHEMA_URL,
        "description": chart.alt,
        "background": "transparent",
        "autosize": "none",
        "width": round(frame.width, 2),
        "height": round(frame.height, 2),
        "padding": _margins(frame),
        "config": _config(frame.size),
        "layer": layers,
    }


def render_svg(
    chart: Chart,
    lang: str,
    *,
    dark: bool | None = None,
    width: int = WIDE,
    labels: Mapping[str, str] | None = None,
    font: str = "",
) -> str:
    """An SVG of a chart.

    Parameters
    ----------
    chart : Chart
        The chart.
    lang : str
        ``en``, ``ru`` or ``kk``.
    dark : bool or None
        None writes colours as custom properties, so that one picture serves both themes of a
        page; false or true fixes them for white or dark.
    width : int, pixels
        Of the whole picture.
    labels : Mapping of str to str or None
        Words of the document that go before the built-in ones.
    font : str
        Family of the letters; empty leaves them to the page.
    """
    tight = 0.8 if "Serif" in font else 1.0
    spec = vega_lite(chart, lang, width=width, labels=labels, tight=tight)
    raw = _convert(json.dumps(spec, ensure_ascii=False, sort_keys=True), lang)
    mark = f"{chart.anchor}-{width}"
    mark = re.sub(r"[^A-Za-z0-9_-]", "", mark) + "-" + _digest(mark + chart.title)
    return _finish(raw, chart, mark, dark=dark, font=font)


def _margins(frame: Frame) -> dict[str, float]:
    sides = ("left", "right", "top", "bottom")
    return {side: round(getattr(frame, side), 2) for side in sides}


def _config(size: int) -> dict[str, Any]:
    axis = {
        "labelFontSize": size,
        "labelColor": MUTED,
        "labelFontWeight": "normal",
        "gridColor": GRID,
        "domainColor": AXIS,
        "tickColor": AXIS,
        "labelPadding": 6,
        "labelOverlap": False,
        "labelFlush": False,
        "labelBound": False,
    }
    return {
        "aria": False,
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "text": {"color": TEXT, "font": FONT},
    }


@lru_cache(maxsize=256)
def _convert(spec: str, lang: str) -> str:
    import vl_convert

    locale = {**_LOCALES["en" if lang == "en" else "ru"], "minus": MINUS}
    svg: str = vl_convert.vegalite_to_svg(spec, format_locale=locale, allowed_base_urls=[])
    return svg


def _finish(svg: str, chart: Chart, mark: str, *, dark: bool | None, font: str) -> str:
    """Colours, letters, ids and the words for who does not see the picture."""
    box = re.search(r'viewBox="([^"]*)"', svg)
    width, height = (box[1] if box else f"0 0 {WIDE} 400").split()[2:]
    family = f' font-family="{font}"' if font else ""

    def mend(tag: re.Match[str]) -> str:
        text = _NOISE.sub("", tag[0])
        text = re.sub(r' font-family="[^"]*"', family, text)
        text = re.sub(r"^(<text [^>]*?)(stroke=)", r'\1paint-order="stroke" \2', text)
        return _COLOUR.sub(lambda found: _themed(found, dark), text)

    body = re.sub(r"<[^>]*>", mend, svg[_end_of_root(svg) :])
    body = re.sub(r'<rect width="[\d.]+" height="[\d.]+" fill="transparent"></rect>', "", body)
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" '
        f'aria-labelledby="t-{mark} d-{mark}">'
        f'<title id="t-{mark}">{_escape(chart.title)}</title>'
        f'<desc id="d-{mark}">{_escape(chart.alt)}</desc>'
    )
    return root + body


def _end_of_root(svg: str) -> int:
    root = _ROOT.search(svg)
    return root.end() if root else 0


def _themed(found: re.Match[str], dark: bool | None) -> str:
    name = _NAMES.get(found[1])
    if name is None:
        return found[0]
    text = f"var(--c-{name}, {found[1]})" if dark is None else ROLES[name][bool(dark)]
    return f'="{text}"'


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
