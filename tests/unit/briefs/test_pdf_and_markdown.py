"""The printed brief and the plain text."""

import re
from dataclasses import replace

import pytest

from qonys.briefs.labels import LABELS
from qonys.briefs.markdown import chart_file, render_markdown
from qonys.briefs.pdf import render_pdf
from qonys.core.document import Chart, Document, Heading, Paragraph, Ref, Table
from qonys.core.errors import DataError

HOSTILE = '<script>#panic("x")</script> $x$ [y](z) *b* `c` | #let a = 1 {{ 7 }} "\\'


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_pdf_is_tagged_titled_and_the_same_on_every_run(sample, sources, lang: str):
    made = sample(lang)
    first, second = (
        render_pdf(made.document, observations=made.rows, sources=sources) for _ in range(2)
    )
    assert first == second
    assert first.startswith(b"%PDF-1.7")
    for mark in (b"/MarkInfo", b"/StructTreeRoot", b"pdfuaid:part", b"2026-02-15T00:00:00"):
        assert mark in first, mark
    assert f"/Lang({lang})".encode() in first.replace(b" ", b"")


def test_pdf_takes_strings_as_data(sample, sources):
    made = sample("en")
    figure = next(iter(made.figures))
    chart = next(block for block in made.document.blocks if isinstance(block, Chart))
    chart = replace(chart, title=HOSTILE, subtitle=HOSTILE, alt=HOSTILE, anchor='"#')
    document = replace(
        made.document,
        title=HOSTILE,
        as_of="2026",
        blocks=(
            Heading(HOSTILE, 2, 'a "b'),
            Paragraph((HOSTILE, Ref(figure, HOSTILE))),
            Table(HOSTILE, (HOSTILE, "b"), (((HOSTILE,),),)),
            chart,
        ),
    )
    assert render_pdf(document, observations=made.rows, sources=sources).startswith(b"%PDF")


def test_pdf_without_any_block(sample, sources):
    made = sample("kk")
    document = replace(made.document, blocks=(), figures={})
    assert render_pdf(document, observations={}, sources=sources).startswith(b"%PDF")


def test_markdown_links_lead_to_anchors(sample, sources):
    made = sample("en")
    text = render_markdown(made.document, observations=made.rows, sources=sources)
    anchors = re.findall(r'<a id="([^"]*)"></a>', text)
    assert len(anchors) == len(set(anchors))
    targets = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert targets <= set(anchors)
    assert "[7,608](#fig-emigrants.KAZ.WORLD.2025.bns.2026-02-10) people" in text
    assert text.startswith("# Migration of Kazakhstan in 2025\n")
    assert text == render_markdown(made.document, observations=made.rows, sources=sources)


def test_markdown_names_the_pictures_only_where_there_is_a_folder(sample, sources):
    made = sample("ru")
    charts = [block for block in made.document.blocks if isinstance(block, Chart)]
    given = {"observations": made.rows, "sources": sources}
    text = render_markdown(made.document, **given, chart_dir="pictures")
    for chart in charts:
        assert f"(pictures/{chart_file(chart, 'ru')})" in text
        assert chart.alt in text
    assert "![" not in render_markdown(made.document, **given, chart_dir=None)


def test_markdown_tables_have_one_width(sample, sources):
    made = sample("en")
    text = render_markdown(made.document, observations=made.rows, sources=sources)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1


def test_markdown_keeps_hostile_words_as_words(sample, sources):
    made = sample("en")
    document = replace(
        made.document,
        title=HOSTILE,
        blocks=(
            Paragraph((HOSTILE,)),
            Paragraph(("1. not a list",)),
            Paragraph(("- not a list",)),
            Table("t", ("a|b", HOSTILE), ((("x|y",), (HOSTILE,)),)),
        ),
    )
    text = render_markdown(document, observations=made.rows, sources=sources)
    assert "<script" not in text.replace("\\<script", "")
    assert "1\\. not a list" in text
    assert "\\- not a list" in text
    assert "x\\|y" in text


def test_markdown_without_figures_has_no_appendix(law_page):
    document = law_page("ru", as_of="Закон на {}")
    text = render_markdown(document, observations={}, sources={})
    assert "*Закон на 15 февраля 2026 года*" in text
    assert LABELS["ru"]["figures_title"] not in text
    assert text.endswith("The text of a rule.\n")
    assert "| Pathway | Состояние | Период | Примечание |" in text
    assert "| Investor | stopped | 1 July 2020 – 31 December 2021 | ban |" in text
    assert "never printed" not in text


def test_pdf_without_figures_has_no_appendix(sample, sources, law_page):
    made = sample("en")

    def pdf(document: Document, **labels: str) -> bytes:
        document = replace(document, labels={**document.labels, **labels})
        return render_pdf(document, observations=made.rows, sources=sources)

    plain = pdf(law_page())
    for key in ("figures_title", "figures_intro"):
        assert pdf(law_page(), **{key: "Other words"}) == plain
        assert pdf(made.document, **{key: "Other words"}) != pdf(made.document)
    assert pdf(law_page(), as_of="The law on {}") != plain
    for blocks in ((), (Paragraph(("Words.",)),)):
        assert pdf(replace(law_page(), blocks=blocks)).startswith(b"%PDF")


def test_both_refuse_a_number_that_leads_nowhere(sample, sources):
    made = sample("en")
    document = replace(made.document, blocks=(Paragraph((Ref("nowhere", "1"),)),))
    for render in (render_pdf, render_markdown):
        with pytest.raises(DataError, match="no figure"):
            render(document, observations=made.rows, sources=sources)
