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


@pytest.mark.parametrize("kind", ["lines", "bars", "tiles", "intervals"])
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
    for kind in ("bars", "lines", "tiles", "intervals"):
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
