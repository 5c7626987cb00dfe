"""Charts: colours, words, ids, the same bytes on every run."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from qonys.briefs.charts import SLIM, WIDE, render_svg, vega_lite
from qonys.briefs.colours import (
    CODES,
    INK,
    PALETTE,
    ROLES,
    STEPS,
    SURFACE,
    colour,
    contrast,
    hues,
)
from qonys.briefs.layouts import (
    cut,
    keep_apart,
    round_ticks,
    text_width,
    two_lines,
    without_shared_words,
    wrap,
)
from qonys.core.document import Chart, Point, Series

LANGUAGES = ("en", "ru", "kk")
NAMESPACE = "{http://www.w3.org/2000/svg}"


def charts(sample, lang: str = "en") -> list[Chart]:
    return [block for block in sample(lang).document.blocks if isinstance(block, Chart)]


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{NAMESPACE}text")]


def test_every_colour_is_read_on_both_themes():
    for theme in (0, 1):
        for pair in PALETTE.values():
            assert contrast(pair[theme], SURFACE[theme]) >= 4.5
        assert contrast(INK["text"][theme], SURFACE[theme]) >= 7
        assert contrast(INK["muted"][theme], SURFACE[theme]) >= 4.5
        assert contrast(INK["axis"][theme], SURFACE[theme]) >= 3


def test_words_on_tiles_are_read_on_both_themes():
    for theme in (0, 1):
        for step in (name for name in STEPS if name[-1].isdigit()):
            ink = "strong-ink" if step.endswith("3") else "weak-ink"
            assert contrast(STEPS[step][theme], STEPS[ink][theme]) >= 4.5, step


def test_no_two_roles_share_a_placeholder():
    first = [pair[0] for pair in ROLES.values()]
    assert len(first) == len(set(first))


def test_colours_are_fixed_by_code_and_apart_within_a_chart():
    assert colour("emigrants") != colour("immigrants")
    assert colour("no_such_code") == colour("no_such_code")
    assert set(CODES.values()) <= set(PALETTE)
    codes = ("RUS", "emigrants", "UZB", "mirror", "DEU")
    assert len(set(hues(codes))) == len(codes)


@pytest.mark.parametrize("width", [WIDE, SLIM])
def test_one_code_has_one_colour_in_every_language(sample, width: int):
    def used(lang: str) -> list[list[str]]:
        return [
            re.findall(r"--c-[a-z0-9-]+", render_svg(chart, lang, width=width))
            for chart in charts(sample, lang)
        ]

    found = {lang: [sorted(set(names)) for names in used(lang)] for lang in LANGUAGES}
    assert found["en"] == found["ru"] == found["kk"]
    svg = {lang: render_svg(charts(sample, lang)[0], lang, width=width) for lang in LANGUAGES}
    for lang in LANGUAGES:
        name = charts(sample, lang)[0].series[0].name.split(" ")[0]
        tag = re.search(rf"<text [^>]*>(?:<tspan[^>]*>)?{name}", svg[lang])
        assert tag is not None
        assert "--c-vermillion" in tag[0]


def test_charts_are_the_same_on_every_run(sample):
    from qonys.briefs import charts as module

    for chart in charts(sample):
        first = render_svg(chart, "en")
        module._convert.cache_clear()
        assert render_svg(chart, "en") == first


def test_svg_is_well_formed_named_and_has_no_foreign_parts(sample):
    for chart in charts(sample):
        for dark in (None, False, True):
            svg = render_svg(chart, "en", dark=dark)
            root = ET.fromstring(svg)
            ids = [node.get("id") for node in root.iter() if node.get("id")]
            assert len(ids) == len(set(ids))
            named = (root.get("aria-labelledby") or "").split()
            assert [node.text for node in root if node.get("id") in named] == [
                chart.title,
                chart.alt,
            ]
            assert ("var(" in svg) is (dark is None)
            assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_wide_and_slim_pictures_keep_their_width_and_share_no_id(sample):
    for chart in charts(sample):
        pictures = [render_svg(chart, "ru", width=width) for width in (WIDE, SLIM)]
        for svg, width in zip(pictures, (WIDE, SLIM), strict=True):
            root = ET.fromstring(svg)
            assert float(root.get("width", "0")) <= width + 1
            sizes = re.findall(r'font-size="([\d.]+)px"', svg)
            assert min(map(float, sizes)) >= 11
        first, second = (set(re.findall(r' id="([^"]*)"', svg)) for svg in pictures)
        assert not first & second


def test_axis_and_values_speak_the_language(sample):
    assert "500,000" in texts(render_svg(charts(sample, "en")[0], "en"))
    russian = texts(render_svg(charts(sample, "ru")[0], "ru"))
    assert "500\u202f000" in russian
    assert any("7\u202f608" in text for text in russian)


def test_notes_breaks_and_names_are_written_beside_the_lines(sample):
    words = " ".join(texts(render_svg(charts(sample)[0], "en")))
    for word in ("peak", "break in series", "Emigrants", "Immigrants"):
        assert word in words


def test_zero_is_on_the_axis_and_no_line_crosses_a_break(sample):
    spec = vega_lite(charts(sample)[0], "en")
    domains = [
        layer["encoding"]["y"]["scale"]["domain"]
        for layer in spec["layer"]
        if layer["encoding"].get("y", {}).get("scale")
    ]
    assert all(low <= 0 <= high for low, high in domains)
    drawn = [layer for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    for layer in drawn:
        runs: dict[int, list[float]] = {}
        for row in layer["data"]["values"]:
            runs.setdefault(row["part"], []).append(row["x"])
        assert not any(min(run) < 2009 <= max(run) for run in runs.values())
    dashed = [layer for layer in drawn if layer["mark"].get("strokeDash")]
    assert [row["x"] for layer in dashed for row in layer["data"]["values"]] == [
        2024.0,
        2025.0,
    ] * 2


def test_provisional_points_are_hollow(sample):
    spec = vega_lite(charts(sample)[0], "en")
    points = [layer for layer in spec["layer"] if layer["mark"]["type"] == "point"]
    last = [row for row in points[0]["data"]["values"] if row["x"] == 2025]
    assert [row["fill"] for row in last] == ["#ffffff"] * 2
    assert len({row["shape"] for row in last}) == 2


@pytest.mark.parametrize("kind", ["lines", "bars", "tiles", "intervals", "spans"])
@pytest.mark.parametrize(
    "points",
    [
        (),
        (Point("2024", 0.0),),
        (Point("2024", -5.0, low=-6.0, high=-4.0, status="U"),),
        (Point("2024-Q1", 1.0), Point("2024-Q2", 2.0, status="E", note="n"), Point("x", 3.0)),
        tuple(
            Point(f"{year}", float(year), low=1.0, high=3000.0) for year in range(2000, 2005)
        ),
    ],
)
def test_odd_data_still_draw(kind: str, points: tuple[Point, ...]):
    chart = Chart(kind, "odd", "T", "", "A", (Series("s", "Name", points),))  # type: ignore[arg-type]
    for width in (WIDE, SLIM):
        ET.fromstring(render_svg(chart, "kk", width=width))


def test_hostile_words_stay_words():
    hostile = '<script>alert(1)</script>"\'{{ 7*7 }}&#x3C; #0a66a6 font-family="x"'
    chart = Chart(
        "bars",
        'a"b<c',
        hostile,
        hostile,
        hostile,
        (Series(hostile, hostile, (Point(hostile, 1.0, note=hostile),)),),
    )
    for kind in ("bars", "lines", "tiles", "intervals", "spans"):
        svg = render_svg(replace(chart, kind=kind), "en")  # type: ignore[arg-type]
        assert "<script" not in svg
        root = ET.fromstring(svg)
        assert root[0].text == hostile


def test_round_ticks_cover_the_data():
    assert round_ticks(0, 477068) == [0, 100000, 200000, 300000, 400000, 500000]
    assert round_ticks(-3, 4, 4)[0] <= -3
    assert len(round_ticks(0, 0)) >= 2


def test_labels_are_kept_apart_and_inside():
    places = keep_apart([10, 12, 300, 299], [20, 20, 20, 20], 300)
    order = sorted(places)
    assert all(b - a >= 20 for a, b in pairwise(order))
    assert max(places) <= 300


def test_wrap_breaks_at_spaces():
    assert wrap("Выбывшие из страны", 11) == "Выбывшие из\nстраны"


def test_names_on_tiles_lose_the_word_they_share_but_stay_apart():
    names = ["Abai Region", "Almaty Region", "Almaty city", "Ulytau Region"]
    assert list(without_shared_words(names).values()) == [
        "Abai",
        "Almaty",
        "Almaty city",
        "Ulytau",
    ]
    names = ["A x", "A y", "A", "x", "y"]
    assert len(set(without_shared_words(names).values())) == len(names)


def test_long_names_break_at_spaces_and_hyphens_and_then_are_cut():
    assert two_lines("Северо-Казахстанская", 200, 12) == "Северо-Казахстанская"
    first, second = two_lines("Северо-Казахстанская", 70, 12).split("\n")
    assert first == "Северо-"
    assert second.startswith("Казах")
    assert second.endswith("…")
    assert text_width(cut("Маңғыстау", 40, 11), 11) <= 40


def test_quarters_are_named_and_in_order():
    points = (Point("2024-Q2", 2.0), Point("2024-Q1", 1.0), Point("2023-Q4", 3.0))
    chart = Chart("lines", "q", "T", "", "A", (Series("s", "N", points),))
    words = texts(render_svg(chart, "ru"))
    order = [word for word in words if "кв." in word]
    assert order == ["IV кв. 2023", "I кв. 2024", "II кв. 2024"]


def span(x: str, low: float, high: float | None, note: str = "") -> Point:
    end = "" if high is None else f" {high:g}"
    return Point(x, low, low=low, high=high, text=f"{low:g} –{end}", note=note)


LONG_NAME = "Безвизовый въезд граждан сорока восьми государств мира"
LAW = Chart(
    "spans",
    "law",
    "The law in time",
    "2019–2027",
    "Bars of the law.",
    (
        Series(
            "in_force",
            "in force",
            (
                span("Investor", 2019.2, 2020.3),
                span("Investor", 2022.0, None, "new act"),
                span(LONG_NAME, 2021.0, 2024.5),
                span(LONG_NAME, 2024.5, 2024.51),
            ),
        ),
        Series("stopped", "stopped", (span("Investor", 2020.3, 2022.0, "COVID-19"),)),
        Series("unknown", "not known", (span(LONG_NAME, 2024.51, 2026.5),)),
        Series(
            "today", "today", (Point("", 2026.1, low=2026.1, high=2026.1, note="this day"),)
        ),
    ),
    "Pathway",
)


def layers_of(chart: Chart, width: int, kind: str) -> list[dict]:
    return [
        la for la in vega_lite(chart, "ru", width=width)["layer"] if la["mark"]["type"] == kind
    ]


def drawn_spans(chart: Chart, width: int) -> list[dict]:
    """Rows of the rectangles in the picture, without their ground and the legend."""
    rects = [la for la in layers_of(chart, width, "rect") if "stroke" in la["mark"]]
    return [row for la in rects for row in la["data"]["values"] if "low" in row]


@pytest.mark.parametrize("width", [WIDE, SLIM])
def test_every_stretch_is_in_the_picture(width: int):
    given = [
        (point.x, point.low, 2027.0 if point.high is None else point.high)
        for series in LAW.series[:-1]
        for point in series.points
    ]
    rows = drawn_spans(LAW, width)
    assert sorted((row["name"], row["low"], row["high"]) for row in rows) == sorted(given)
    frame = vega_lite(LAW, "ru", width=width)
    assert all(row["x"] >= 0 and row["x2"] - row["x"] >= 3 for row in rows)
    assert max(row["x2"] for row in rows) <= frame["width"]
    assert frame["width"] + frame["padding"]["left"] + frame["padding"]["right"] <= width
    words = texts(render_svg(LAW, "ru", width=width))
    for word in ("in force", "stopped", "not known", "?", "new act", "this day", "2027"):
        assert any(word in text for text in words), word
    assert LONG_NAME.replace(" ", "") in "".join(words).replace(" ", "")


def test_states_differ_in_fill_and_outline_not_only_in_colour():
    def look(mark: dict) -> tuple[float, str]:
        return mark["fillOpacity"], str(mark["strokeDash"])

    rects = [la for la in layers_of(LAW, WIDE, "rect") if "stroke" in la["mark"]]
    looks = {la["mark"]["stroke"]: look(la["mark"]) for la in rects}
    assert len(looks) == len(set(looks.values())) == 3
    assert looks[colour("in_force")] == (1.0, "[1, 0]")
    codes = ("suspended", "in_force", "unknown", "none", "closed")
    for chosen in (codes, codes[::-1], ("a", "b", "c", "d", "e"), ("a", *codes[:4])):
        series = tuple(replace(LAW.series[1], code=code) for code in chosen)
        rects = layers_of(replace(LAW, series=series), WIDE, "rect")
        marks = [la["mark"] for la in rects if "stroke" in la["mark"]]
        assert len({look(mark) for mark in marks}) == 5
        assert len({mark["stroke"] for mark in marks}) == 5


@pytest.mark.parametrize("width", [WIDE, SLIM])
def test_years_stand_below_and_today_crosses_all_rows(width: int):
    ticks = [text for text in texts(render_svg(LAW, "en", width=width)) if text.isdigit()]
    assert ticks == [str(year) for year in range(2019, 2028)]
    rules = layers_of(LAW, width, "rule")
    today = [
        row
        for la in rules
        if la["mark"]["color"] == INK["text"][0]
        for row in la["data"]["values"]
    ]
    rows = drawn_spans(LAW, width)
    assert len(today) == 1
    assert today[0]["top"] < min(row["top"] for row in rows)
    assert today[0]["bottom"] > max(row["bottom"] for row in rows)
    assert not [row for row in rows if row["low"] == 2026.1]
    grid = [la for la in rules if la["mark"]["color"] == INK["grid"][0]]
    assert len(grid[0]["data"]["values"]) == 9


def test_an_open_end_reaches_the_edge_and_has_an_arrow():
    rows = drawn_spans(LAW, WIDE)
    (last,) = [row for row in rows if row["open"]]
    width = vega_lite(LAW, "en")["width"]
    assert last["x2"] == pytest.approx(width, abs=2)
    arrows = [
        la for la in layers_of(LAW, WIDE, "point") if la["mark"]["shape"] == "triangle-right"
    ]
    assert [row["y"] for la in arrows for row in la["data"]["values"]] == [last["centre"]]
    begun = Chart(
        "spans", "o", "T", "", "A", (Series("in_force", "n", (span("a", 2026.0, None),)),)
    )
    (row,) = drawn_spans(begun, WIDE)
    assert (row["low"], row["high"]) == (2026.0, 2027.0)


def test_stretches_that_overlap_stand_side_by_side():
    points = (span("a", 2000.0, 2010.0), span("a", 2005.0, 2015.0), span("a", 2010.0, 2012.0))
    chart = Chart("spans", "o", "T", "", "A", (Series("in_force", "n", points),))
    rows = {row["low"]: row for row in drawn_spans(chart, WIDE)}
    assert rows[2005.0]["top"] >= rows[2000.0]["bottom"]
    assert rows[2010.0]["top"] == rows[2000.0]["top"]
    assert rows[2010.0]["x"] > rows[2000.0]["x2"]


def test_words_of_neighbouring_stretches_do_not_run_into_each_other():
    points = tuple(
        span("a", 2019 + year, 2019.2 + year, "a rather long word") for year in range(8)
    )
    chart = Chart("spans", "o", "T", "", "A", (Series("in_force", "n", points),))
    for width in (WIDE, SLIM):
        size = 12 if width == WIDE else 11
        found = []
        for made in layers_of(chart, width, "text"):
            for row in made["data"]["values"]:
                if row["label"] == "a rather long word":
                    long = text_width(row["label"], size)
                    side = {"left": 0, "center": 0.5, "right": 1}[made["mark"]["align"]]
                    found.append((row["x"] - side * long, row["x"] + (1 - side) * long))
        found.sort()
        assert all(end <= start for (_, end), (start, _) in pairwise(found))
