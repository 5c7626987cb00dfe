"""The page: structure, links, escaping, weight."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from qonys.briefs.html import render_html
from qonys.briefs.labels import LABELS
from qonys.core.document import (
    Bullets,
    Heading,
    KeyFigure,
    KeyFigures,
    Link,
    Paragraph,
    Ref,
    Table,
)
from qonys.core.errors import DataError

VOID = {"meta", "br", "link", "img", "hr", "input"}
SIBLINGS = {lang: f"brief.{lang}.html" for lang in ("en", "ru", "kk")}
HOSTILE = "</style><script>alert('x')</script>{{ 7 * 7 }}{% raw %}\"'><img src=x onerror=y>"


class Page(HTMLParser):
    """Tags, ids and links of a page; fails on tags that do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def page_of(sample, sources, lang: str = "en", document=None) -> tuple[str, Page]:
    made = sample(lang)
    text = render_html(
        document or made.document,
        observations=made.rows,
        sources=sources,
        siblings=SIBLINGS,
        downloads=[("PDF", "brief.pdf"), ("bad", "javascript:alert(1)")],
    )
    return text, Page(text)


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_links_inside_lead_somewhere_and_ids_are_unique(sample, sources, lang: str):
    _, page = page_of(sample, sources, lang)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    fragments = [a["href"] for a in page.all("a") if (a["href"] or "").startswith("#")]
    assert {fragment[1:] for fragment in fragments} <= set(ids)  # type: ignore[index]
    numbers = [a for a in page.all("a") if a.get("class") == "num"]
    assert len(numbers) > 100
    refs = {attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs}
    assert {part for ref in refs for part in (ref or "").split()} <= set(ids)


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_nothing_comes_from_outside_and_no_script_runs(sample, sources, lang: str):
    text, page = page_of(sample, sources, lang)
    names = {name for name, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "use", "image"}
    assert "@import" not in text
    assert "url(" not in text
    assert not [key for _, attrs in page.tags for key in attrs if key.startswith("on")]
    assert "javascript:" not in text
    assert page.all("html") == [{"lang": lang}]
    assert len(text.encode()) < 400_000


def test_headings_in_order_and_landmarks(sample, sources):
    _, page = page_of(sample, sources)
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    for landmark in ("header", "main", "footer", "nav"):
        assert page.all(landmark)
    first = next(attrs for name, attrs in page.tags if name == "a")
    assert first == {"class": "skip", "href": "#text"}


def test_language_switch_marks_the_present_one(sample, sources):
    text, page = page_of(sample, sources, "kk")
    links = {a["hreflang"]: a["href"] for a in page.all("a") if "hreflang" in a}
    assert links == {"en": "brief.en.html", "ru": "brief.ru.html"}
    assert '<span aria-current="page">Қазақша</span>' in text


def test_charts_have_two_pictures_words_and_a_table(sample, sources):
    _, page = page_of(sample, sources)
    assert len(page.all("figure")) == 5
    pictures = page.all("svg")
    assert len(pictures) == 10
    assert all(svg["role"] == "img" and svg["aria-labelledby"] for svg in pictures)
    assert len(page.all("table")) == 6
    boxes = [div for div in page.all("div") if div.get("class") == "scroll"]
    assert all(
        b["tabindex"] == "0" and b["role"] == "region" and b["aria-label"] for b in boxes
    )


def test_the_appendix_says_where_a_number_comes_from(sample, sources):
    text, _ = page_of(sample, sources)
    entry = text[text.index('id="fig-change.emigrants') :].split("</div>")[0]
    assert "100 × (7608 / 12732 − 1)" in entry
    assert 'href="#fig-emigrants.KAZ.WORLD.2025.bns.2026-02-10"' in entry
    assert "compared with 2024" in entry
    entry = text[text.index('id="fig-emigrants.KAZ.WORLD.2025') :].split("</div>")[0]
    for word in (
        "7,608 persons",
        "provisional",
        "Emigrants · Kazakhstan · 2025",
        "stat.gov.kz",
    ):
        assert word in entry
    assert "release: 10 February 2026" in entry
    assert "Migration &lt;of&gt; the &#34;population&#34; &amp; more" in entry


def test_a_source_with_a_bad_address_is_named_without_a_link(sample, sources):
    text, _ = page_of(sample, sources)
    assert "Survey of moods; demos.kz" in text


def test_hostile_words_stay_words(sample, sources):
    made = sample("en")
    figure = next(iter(made.figures))
    document = replace(
        made.document,
        title=HOSTILE,
        subtitle=HOSTILE,
        labels={"contents": HOSTILE, "measure:emigrants": HOSTILE},
        blocks=(
            Heading(HOSTILE, 2, 'a"b<'),
            Paragraph((HOSTILE, Ref(figure, HOSTILE), Link("javascript:alert(1)", HOSTILE))),
            Paragraph(
                (Link(" data:text/html,x", "x"), Link('https://x/"><b>', "y")), "caution"
            ),
            Bullets(((HOSTILE,),)),
            KeyFigures((KeyFigure(HOSTILE, Ref(figure, HOSTILE), (HOSTILE,), HOSTILE),)),
            Table(HOSTILE, (HOSTILE,), (((HOSTILE,),),), (HOSTILE,), 'c"d'),
        ),
    )
    _, page = page_of(sample, sources, document=document)
    names = {name for name, _ in page.tags}
    assert not names & {"script", "img"}
    assert HOSTILE in "".join(page.words)
    assert not [
        a for a in page.all("a") if (a["href"] or "").startswith(("javascript", "data"))
    ]


def test_the_same_bytes_on_every_run(sample, sources):
    assert page_of(sample, sources)[0] == page_of(sample, sources)[0]


def test_a_number_that_leads_nowhere_is_refused_with_all_faults(sample, sources):
    made = sample("en")
    blocks = (
        Paragraph((Ref("nowhere", "1"), Ref("elsewhere", "2"))),
        Heading("A", 2, "same"),
        Heading("B", 2, "same"),
    )
    with pytest.raises(DataError) as caught:
        render_html(
            replace(made.document, blocks=blocks), observations=made.rows, sources=sources
        )
    assert [fault.value for fault in caught.value.faults] == ["nowhere", "elsewhere", "same"]


def test_a_figure_without_its_input_is_refused(sample, sources):
    with pytest.raises(DataError, match="lacks its input"):
        render_html(sample("en").document, observations={}, sources=sources)


def test_labels_are_whole_in_every_language():
    keys = {lang: set(table) for lang, table in LABELS.items()}
    assert keys["en"] == keys["ru"] == keys["kk"]
    for key, english in LABELS["en"].items():
        for lang in ("ru", "kk"):
            assert LABELS[lang][key].strip()
            assert LABELS[lang][key].count("{") == english.count("{"), key


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_a_document_without_figures_speaks_of_none(law_page, lang: str):
    text = render_html(law_page(lang), observations={}, sources={})
    page = Page(text)
    for key in ("how_to_read", "figures_title", "figures_intro"):
        assert LABELS[lang][key] not in text
    assert 'id="figures"' not in text
    assert "<section" not in text
    listed = [a["href"] for a in page.all("a") if a.get("class") != "skip"]
    assert listed == ["#line", "#rules"]
    day = {"en": "As known on 15 February 2026.", "ru": "По данным на 15 февраля 2026 года."}
    assert f'<p class="as-of">{day.get(lang, "2026 жылғы 15 ақпан")}' in text


def test_a_document_without_figures_and_sections_has_no_contents(law_page):
    document = replace(law_page(), blocks=(Paragraph(("Words.",)), Heading("Part", 3, "part")))
    text = render_html(document, observations={}, sources={})
    Page(text)
    assert "<nav" not in text


def test_a_document_may_have_its_own_words_for_the_day(law_page):
    text = render_html(law_page(as_of="The law in force on {}"), observations={}, sources={})
    assert '<p class="as-of">The law in force on 15 February 2026.</p>' in text


def test_a_time_line_has_pictures_and_a_table_of_all_stretches(law_page):
    text = render_html(law_page(), observations={}, sources={})
    page = Page(text)
    assert len(page.all("svg")) == 2
    table = text[text.index("<table>") : text.index("</table>")]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)', table)
    assert heads == ["Pathway", "State", "Period", "Note"]
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)", row) for row in table.split("<tr>")[2:]]
    assert rows == [
        ["Investor", "in force", "1 January 2019 – 30 June 2020", ""],
        ["Investor", "stopped", "1 July 2020 – 31 December 2021", "ban"],
        ["Investor", "in force", "from 1 January 2022", ""],
        ["Neo Nomad", "in force", "17 November 2024 – 31 December 2025", ""],
    ]
    assert "never printed" not in text


def test_columns_of_numbers_are_set_to_the_right_as_a_whole():
    from qonys.briefs.appendix import numeric_columns

    rows = (
        (("a",), (Ref("f", "1"),), ("2024",), ("about ", Ref("f", "2"))),
        (("b",), ("no data",), ("1 May",), (Ref("f", "3"),)),
        (("c",), (Ref("f", "1"),), ("2025",), ()),
    )
    block = Table("t", ("name", "value", "when", "about"), rows)
    assert numeric_columns(block) == (False, True, False, True)
