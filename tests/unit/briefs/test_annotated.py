"""The page of a text with its statements marked: places, words, links, escaping, growth."""

import json
import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest

from qonys.briefs.annotated import SIGNS, AnnotatedPage, Entry, render_annotated
from qonys.core.errors import DataError

LANGUAGES = ("en", "ru", "kk")
TEXT = "In 2025 some 7,608 people left.\n\nThat is 40% fewer\nthan before."
HOSTILE = (
    "</style></script><script>alert('x')</script>{{ 7 * 7 }}\"'><img src=x onerror=y>\u202e"
)
VOID = {"meta", "br", "link", "img", "hr", "input"}


class Parsed(HTMLParser):
    """Tags of a page, its words, and what is marked in each paragraph of the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.paragraphs: list[list[tuple[str, tuple[int, ...]]]] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self.tags.append((tag, own))
        if tag not in VOID:
            self._open.append((tag, own))
        if own.get("class") == "para":
            self.paragraphs.append([])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        tag, own = self._open[-1] if self._open else ("", {})
        if tag == "label" or own.get("class") == "run":
            self.paragraphs[-1].append((data, ()))
        elif tag == "a" and self._open[-2][0] == "sup":
            text, numbers = self.paragraphs[-1][-1]
            self.paragraphs[-1][-1] = (text, (*numbers, int(data)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def entry(number: int, start: int = -1, end: int = -1, verdict: str = "holds", **more: Any):
    known: Mapping[str, Any] = {
        "text": f"statement {number}",
        "kind_word": "value",
        "reasons": ("Because.",),
        **more,
    }
    return Entry(f"c{number}", start, end, verdict=verdict, **known)


def page(*entries: Entry, **more: Any) -> AnnotatedPage:
    known: Mapping[str, Any] = {"lang": "en", "text": TEXT, **more}
    return AnnotatedPage(
        title="press.txt", as_of="2026-02-15", country="Kazakhstan", entries=entries, **known
    )


def full(lang: str = "en") -> AnnotatedPage:
    """A page with something in every place."""
    return page(
        entry(1, 8, 30, "contradicted", arithmetic="7608 ∉ [1, 2]", suggestion="Say so."),
        entry(2, 13, 18, sources=(("Office", "https://stat.example"), ("Paper", ""))),
        entry(3, 41, 62, "compatible", releases=(("May", "holds"), ("June", "contradicted"))),
        entry(4, verdict="cannot_check"),
        lang=lang,
        text_lang="ru",
        findings=(
            ("contradiction", "Both.", "1 ≠ 2", ("c1", "c2")),
            ("caution", "So.", "", ()),
        ),
        implied=(("Arrivals", "about 9", "4 + 5", ("c3",)),),
        claim_review='{"a": "</script>&\u2028"}',
        siblings={code: f"press.{code}.html" for code in LANGUAGES},
    )


def marks(*entries: Entry, text: str = TEXT) -> list[list[tuple[str, tuple[int, ...]]]]:
    return Parsed(render_annotated(page(*entries, text=text))).paragraphs


def test_overlapping_statements_become_pieces():
    assert marks(entry(1, 3, 18), entry(2, 13, 25), entry(3, 13, 18))[0] == [
        ("In ", ()),
        ("2025 some", (1,)),
        (" ", ()),
        ("7,608", (1, 2, 3)),
        (" ", ()),
        ("people", (2,)),
        (" left.", ()),
    ]


def test_a_statement_may_run_over_lines():
    found = marks(entry(1, 41, 62))
    assert [[numbers for _, numbers in line] for line in found] == [
        [()],
        [(), (1,)],
        [(1,), ()],
    ]


def test_a_piece_shows_its_worst_verdict_and_tells_of_all():
    text = render_annotated(
        page(entry(1, 8, 30), entry(2, 13, 18, "contradicted"), entry(3, 13, 30, "compatible"))
    )
    piece = text[text.index('<div class="claim contradicted"') :]
    assert 'aria-label="Contradicted, No. 2, 3, 1">✗</button>' in piece
    card = piece[piece.index('class="card"') : piece.index('<div class="claim compatible"')]
    assert [card.index(f'href="#c{number}"') for number in (2, 3, 1)] == sorted(
        card.index(f'href="#c{number}"') for number in (2, 3, 1)
    )


@pytest.mark.parametrize("seed", range(8))
def test_every_letter_knows_its_statements(seed: int):
    draw = random.Random(seed)
    text = "".join(draw.choice("abc \n") for _ in range(60)) + "."
    spans = [sorted(draw.sample(range(len(text)), 2)) for _ in range(3)]
    found = marks(*(entry(n, *span) for n, span in enumerate(spans, 1)), text=text)
    letters = [(x, set(ns)) for line in found for part, ns in line for x in part if x.strip()]
    assert letters == [
        (letter, {n for n, (start, end) in enumerate(spans, 1) if start <= at < end})
        for at, letter in enumerate(text)
        if letter.strip()
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_links_lead_somewhere_and_nothing_comes_from_outside(lang: str):
    text = render_annotated(full(lang))
    parsed = Parsed(text)
    ids = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [a["href"] or "" for a in parsed.all("a")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    targets = {
        attrs[key]
        for _, attrs in parsed.tags
        for key in ("popovertarget", "interestfor", "for")
        if key in attrs
    }
    assert targets <= set(ids)
    names = {name for name, _ in parsed.tags}
    assert not names & {"link", "img", "iframe", "object", "embed"}
    assert [attrs["type"] for attrs in parsed.all("script")] == ["application/ld+json"]
    assert "url(" not in text
    assert "@import" not in text
    assert not [key for _, attrs in parsed.tags for key in attrs if key.startswith("on")]
    assert text == render_annotated(full(lang))


def test_headings_in_order_and_tables_with_captions():
    parsed = Parsed(render_annotated(full()))
    levels = [int(name[1]) for name, _ in parsed.tags if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert len(parsed.all("caption")) == len(parsed.all("table")) == 2


def test_every_verdict_is_told_by_a_sign_beside_its_colour():
    text = render_annotated(full())
    for verdict, sign in SIGNS.items():
        row = text[text.index(f'class="{verdict}"><td') :].split("</tr>")[0]
        assert f">{sign}</span>" in row


def test_the_words_of_the_text_say_their_language():
    text = render_annotated(full())
    assert '<div class="press" lang="ru">' in text
    assert text.count('scope="row" dir="auto" lang="ru">') == 4
    assert text.count('<span class="tail" lang="en">') == len(re.findall("<label ", text))
    assert 'class="press">' in render_annotated(replace(full(), text_lang=""))


def test_the_review_for_machines_cannot_end_its_element():
    text = render_annotated(full())
    inside = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert inside
    assert json.loads(inside[1]) == {"a": "</script>&\u2028"}
    assert "ld+json" not in render_annotated(replace(full(), claim_review=""))


def test_hostile_words_stay_words():
    made = entry(
        1,
        0,
        len(HOSTILE),
        text=HOSTILE,
        kind_word=HOSTILE,
        reasons=(HOSTILE,),
        arithmetic=HOSTILE,
        sources=((HOSTILE, "javascript:alert(1)"), ("x", 'https://x/"><b>')),
        releases=((HOSTILE, "holds"),),
        suggestion=HOSTILE,
    )
    hostile = replace(
        page(made, text=HOSTILE),
        title=HOSTILE,
        country=HOSTILE,
        findings=(("caution", HOSTILE, HOSTILE, ("c1",)),),
        implied=((HOSTILE, HOSTILE, HOSTILE, ("c1",)),),
    )
    parsed = Parsed(render_annotated(hostile))
    assert not {name for name, _ in parsed.tags} & {"script", "img"}
    assert "".join(parsed.words).count(HOSTILE) == 22
    links = [a["href"] or "" for a in parsed.all("a")]
    assert not [link for link in links if link.startswith("javascript")]


@pytest.mark.parametrize(
    ("lang", "verdicts", "answer"),
    [
        ("en", {"holds": 1}, "1 statement: 1 holds."),
        (
            "en",
            {"holds": 2, "compatible": 1, "contradicted": 1, "cannot_check": 3},
            "7 statements: 2 hold, 1 fits the figures, 1 is contradicted, 3 cannot be checked.",
        ),
        ("ru", {"contradicted": 1}, "1 утверждение: 1 противоречит данным."),
        (
            "ru",
            {"holds": 2, "compatible": 21},
            "23 утверждения: 2 подтверждаются, 21 совместимо с данными.",
        ),
        ("ru", {"holds": 5}, "5 утверждений: 5 подтверждаются."),
        (
            "kk",
            {"holds": 5, "contradicted": 2},
            "7 тұжырым: расталады – 5, деректерге қайшы – 2.",
        ),
        ("en", {}, "No statement that can be checked was found."),
    ],
)
def test_the_answer_counts_in_one_sentence(lang: str, verdicts: dict[str, int], answer: str):
    all_of_them = [verdict for verdict, count in verdicts.items() for _ in range(count)]
    entries = [entry(n, verdict=verdict) for n, verdict in enumerate(all_of_them)]
    assert f'<p class="lead">{answer}</p>' in render_annotated(page(*entries, lang=lang))


def test_typed_claims_have_no_text_and_keep_their_table():
    text = render_annotated(page(entry(1, verdict="contradicted"), text=""))
    parsed = Parsed(text)
    assert 'id="marked"' not in text
    assert not parsed.paragraphs
    assert len(parsed.all("table")) == 1


def test_a_page_that_does_not_hold_together_is_refused_with_all_faults():
    broken = page(
        entry(1, 5, 5),
        entry(1, 8, 1000),
        entry(2, verdict="true", releases=(("May", "false"),)),
        findings=(("hint", "", "", ("c9",)),),
        implied=(("", "", "", ("c8",)),),
        lang="de",
    )
    with pytest.raises(DataError) as caught:
        render_annotated(broken)
    problems = {fault.value for fault in caught.value.faults}
    assert {"de", "c1", "c1 5–5", "c1 8–1000", "true", "false", "hint", "c9", "c8"} == problems


@pytest.mark.parametrize("nested", [False, True])
def test_a_page_grows_with_its_statements_and_no_faster(nested: bool):
    def size(count: int) -> int:
        text = "word " * (2 * count)
        spans = [(n, len(text) - n) if nested else (10 * n, 10 * n + 4) for n in range(count)]
        entries = [entry(n, *span) for n, span in enumerate(spans)]
        return len(render_annotated(page(*entries, text=text)))

    assert size(400) - size(200) < 1.2 * 2 * (size(200) - size(100))


def test_the_languages_say_the_same():
    folder = files("qonys.briefs") / "texts" / "annotated"
    tables = {
        lang: tomllib.loads((folder / f"{lang}.toml").read_text("utf-8")) for lang in LANGUAGES
    }
    for lang in LANGUAGES:
        assert tables[lang].keys() == tables["en"].keys()
        assert tables[lang]["counted"].keys() == tables["en"]["counted"].keys()
        for key, words in tables[lang].items():
            if isinstance(words, str):
                assert words.count("{}") == tables["en"][key].count("{}"), key
        for forms in tables[lang]["counted"].values():
            assert all(words.count("{}") == 1 for words in forms.values())
            assert "other" in forms
