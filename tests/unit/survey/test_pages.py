"""The page of printed surveys: pictures with intervals, wording beside, three languages."""

import re
import tomllib
from importlib.resources import files

import pytest

from qonys.core.document import Bullets, Chart, Paragraph, Table
from qonys.survey.pages import survey_document
from qonys.survey.published import built_in
from qonys.survey.tables import compare_tellings, examine


@pytest.fixture(scope="module")
def examined(kaz):
    return [(one, examine(one)) for one in built_in(kaz)]


def document(examined, lang, names=None):
    differing = compare_tellings([one for one, _ in examined])
    return survey_document(examined, differing, lang, names)


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_every_question_has_its_wording_a_picture_and_a_table(examined, lang):
    page = document(examined, lang)
    questions = [found for _, several in examined for found in several]
    charts = [block for block in page.blocks if isinstance(block, Chart)]
    tables = [block for block in page.blocks if isinstance(block, Table)]
    assert [chart.title for chart in charts] == [one.question.wording for one in questions]
    assert len([one for one in tables if one.anchor.startswith("margins")]) == len(questions)
    told = " ".join(
        str(part)
        for block in page.blocks
        if isinstance(block, Paragraph)
        for part in block.text
    )
    for chart, one in zip(charts, questions, strict=True):
        assert one.question.wording in told
        for point, margin in zip(chart.series[0].points, one.margins, strict=True):
            assert point.low < point.y < point.high
            assert (point.low, point.high) == margin.margins[-1][1:]
            assert point.x in chart.alt


def test_what_is_not_told_is_said_not_to_be(examined):
    page = document(examined, "en", {"demoscope-adaladam": "Adaladam"})
    how = next(one for one in page.blocks if isinstance(one, Table) and one.anchor == "how-1")
    told = {row[0][0]: row[1][0] for row in how.rows}
    assert told["Mode"] == told["Weights"] == told["Response rate, %"] == "not told"
    assert told["Field work"] == "November 13, 2024 – November 24, 2024"
    assert told["Told by"].text == "Adaladam"
    tellings = next(one for one in page.blocks if isinstance(one, Table))
    assert len(tellings.rows) == 2


def test_findings_carry_their_verdict(examined):
    page = document(examined, "en")
    bullets = next(one for one in page.blocks if isinstance(one, Bullets))
    assert bullets.items[0][0].endswith("(possible)")
    assert any("(no order)" in item[0] for item in bullets.items)


def test_the_three_languages_have_the_same_keys_and_slots():
    told = {
        lang: tomllib.loads(
            (files("qonys.survey") / "texts" / f"{lang}.toml").read_text("utf-8")
        )
        for lang in ("en", "ru", "kk")
    }
    slots = {
        lang: {key: sorted(re.findall(r"{(\w*)}", text)) for key, text in texts.items()}
        for lang, texts in told.items()
    }
    assert slots["ru"] == slots["en"]
    assert slots["kk"] == slots["en"]
