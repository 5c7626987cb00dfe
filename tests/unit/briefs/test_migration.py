"""The migration briefing: one content in three languages, every number tied, any country."""

import re
import shutil
import tomllib
from datetime import date
from pathlib import Path

import pytest

from qonys.briefs.migration import compose
from qonys.briefs.writing import write_brief
from qonys.core.country import Country
from qonys.core.document import Bullets, Document, KeyFigures, Paragraph, Ref, Table
from qonys.observations.reading import View
from qonys.observations.store import open_store

LANGUAGES = ("en", "ru", "kk")
SOURCE = Path(__file__).parents[3] / "src/qonys"
SLOT = re.compile(r"\{(\w+)\}")
#: Numbers that are constants of the text: levels, effects, base years, wholes.
CONSTANTS = {"95", "80", "100", "2", "1", "000", "2000"}


@pytest.fixture(scope="module")
def documents(store, kaz) -> dict[str, Document]:
    """The briefing of everything known, by language."""
    return {lang: compose(View(store, kaz), lang) for lang in LANGUAGES}


def texts(document: Document) -> list[tuple]:
    """Every sentence of a document."""
    found = []
    for block in document.blocks:
        if isinstance(block, Paragraph):
            found.append(block.text)
        elif isinstance(block, Bullets):
            found += block.items
        elif isinstance(block, KeyFigures):
            found += [item.detail for item in block.items]
    return found


def plain(document: Document) -> str:
    """Sentences and table cells as one text."""
    rows = [row for b in document.blocks if isinstance(b, Table) for row in b.rows]
    parts = [
        part for text in [*texts(document), *(c for r in rows for c in r)] for part in text
    ]
    words = (part if isinstance(part, str) else part.text for part in parts)
    return "".join(words).replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize("folder", ["briefs/texts", "countries/kaz/texts"])
def test_the_languages_say_the_same(folder):
    loaded = {
        lang: tomllib.loads((SOURCE / folder / f"{lang}.toml").read_text(encoding="utf-8"))
        for lang in LANGUAGES
    }
    for lang in ("ru", "kk"):
        assert loaded[lang].keys() == loaded["en"].keys()
        for key, text in loaded["en"].items():
            if key != "since":
                assert set(SLOT.findall(loaded[lang][key])) == set(SLOT.findall(text)), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_general_texts_name_no_country(lang):
    text = (SOURCE / "briefs/texts" / f"{lang}.toml").read_text(encoding="utf-8")
    for name in ("Kazakh", "Казах", "Қазақ", "Russia", "Росси", "Ресей", "qandas", "андас"):
        assert name not in text


def test_the_figures_are_the_same_in_every_language(documents):
    assert documents["ru"].figures == documents["en"].figures
    assert documents["kk"].figures == documents["en"].figures


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_number_in_a_sentence_leads_to_its_figure(documents, lang):
    for text in texts(documents[lang]):
        for part in text:
            if isinstance(part, Ref):
                assert part.figure in documents[lang].figures
            elif isinstance(part, str):
                bare = re.sub(r"\b(19|20)\d\d\b", "", part)  # years are periods, not figures
                bare = re.sub(r"\b\d{1,2}([-–]\d{1,2})? (?=\w)", "", bare)  # days of a month
                assert set(re.findall(r"\d+", bare)) <= CONSTANTS, part


@pytest.mark.parametrize(
    "said",
    [
        "2.8 times fewer (with rounding, 2.71–2.94 times)",
        "the lowest number of departures in the whole series of 35 years, 1991 to 2025",
        "62.41%",
        "68.99%",
        "29,948",
        "29,282",
        "12,784",
        "12,732",
        "the balance was −252",
        "2007, 2008, 2011, 2014, 2015, 2016, 2017, 2018, 2019 and 2021",
        "1992, 1993, 1994 and 1997",
        "−40.5% on the provisional figure of 2024, −40.2% on the final one",
        "684 cells on 36 dates",
        "12 further rows",
        "99.4%",
        "48,465 arrivals: 4.1 times as many",
    ],
)
def test_the_page_says(documents, said):
    assert said in plain(documents["en"])


def test_russian_and_kazakh_pages_carry_the_same_numbers(documents):
    for lang in ("ru", "kk"):
        words = plain(documents[lang])
        for number in ("2,71–2,94", "68,99 %", "−252", "12 784", "29 282", "684", "35"):
            assert number in words, (lang, number)


def test_a_day_knows_nothing_of_later(store, kaz):
    document = compose(View(store, kaz, date(2025, 3, 1)), "en")
    assert "12,784" in plain(document)
    assert "7,608" not in plain(document)
    assert "18 April 2025" not in plain(document)
    counted = [
        figure
        for figure in document.figures.values()
        if figure.measure in {"emigrants", "immigrants", "net_migration"}
        and figure.unit == "person"
        and figure.status != "F"
    ]
    assert max(figure.time_period[:4] for figure in counted) == "2024"


def test_doubts_stand_beside_the_number_and_are_explained(store, kaz):
    document = compose(View(store, kaz, date(2025, 5, 20)), "en")
    words = plain(document)
    assert "≈ 1,700†" in words
    assert "† perhaps not yet public" in words
    for text in texts(document):
        for part in text:
            if isinstance(part, Ref) and part.text.endswith("†"):
                assert document.figures[part.figure].certainty == "perhaps"


@pytest.mark.parametrize("day", ["1980-01-01", "1992-06-01", "2013-09-30", "2030-01-01"])
def test_any_day_gives_a_briefing(store, kaz, day):
    document = compose(View(store, kaz, date.fromisoformat(day)), "kk")
    assert document.blocks
    assert document.as_of == day


@pytest.mark.parametrize("lang", LANGUAGES)
def test_another_country_needs_no_code(fictional, tmp_path, lang):
    view = View(open_store(tmp_path, fictional), fictional)
    document = compose(view, lang)
    words = plain(document)
    assert "Kazakhstan" not in words
    assert {"emigrants", "immigrants"} <= {f.measure for f in document.figures.values()}


def test_a_zero_leaves_a_clause_out_and_not_the_page(fictional, tmp_path):
    folder = Path(shutil.copytree(str(fictional.folder), tmp_path / "zero"))
    changed = 0
    for path in (folder / "observations").glob("*.csv"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            cells = line.split(",")
            if cells[0] in {"emigrants", "immigrants"} and cells[3] in {"2010", "2023"}:
                value = lines[0].split(",").index("obs_value")
                cells[value] = "0"
                lines[number] = ",".join(cells)
                changed += 1
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert changed
    country = Country(folder)
    document = compose(View(open_store(tmp_path / "store", country), country), "en")
    assert document.figures


def test_two_runs_give_the_same_bytes_and_touch_nothing_else(store, kaz, tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    (first / "figures").mkdir(parents=True)
    (first / "figures/mine.png").write_bytes(b"mine")
    (first / "brief.kk.html").write_text("of an earlier day", encoding="utf-8")
    view = View(store, kaz, date(2023, 12, 31))
    written = [write_brief(view, ("en",), folder) for folder in (first, second)]
    names = [path.relative_to(first) for path in written[0]]
    assert names == [path.relative_to(second) for path in written[1]]
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    assert (first / "figures/mine.png").read_bytes() == b"mine"
    assert not (first / "brief.kk.html").exists()  # it would contradict figures.json
    assert not list(first.glob(".qonys-new-*"))


def test_the_outlook_leads_from_every_number_to_the_years(documents):
    english = documents["en"]
    text = plain(english)
    assert "For 2026 the forecast is" in text
    charts = [b for b in english.blocks if getattr(b, "anchor", "").startswith("outlook-e")]
    (chart,) = charts
    registered, before, wide, near = chart.series
    assert registered.points[-1].text == "7,608"
    assert [point.x for point in wide.points] == [str(year) for year in range(2026, 2036)]
    for outer, inner in zip(wide.points, near.points, strict=True):
        assert outer.low < inner.low < outer.y < inner.high < outer.high
        assert outer.status == "F"
    came = {point.x: point.y for point in registered.points}
    held = sum(point.low <= came[point.x] <= point.high for point in before.points)
    assert f"{held} held what came" in text
    figure = english.figures[wide.points[0].figure]
    years = english.figures[figure.inputs[0]]
    assert years.value == 35
    reached, waiting = set(), [years]
    while waiting:
        figure = waiting.pop()
        found = [english.figures[name] for name in figure.inputs if name in english.figures]
        reached |= {one.time_period for one in found if one.unit == "person"}
        waiting += [one for one in found if one.unit == "year"]
    assert reached == {str(year) for year in range(1991, 2026)}
    then = english.figures[before.points[0].figure]
    assert english.figures[then.inputs[0]].value == 25  # 2016 was forecast from 1991 to 2015


def test_an_open_year_is_told_from_its_first_months(store, kaz):
    document = compose(View(store, kaz, date(2025, 5, 31)), "en")
    then = plain(document)
    assert "From its first months, 2025 is likely to end with" in then
    assert "From earlier years alone, without its first months, the forecast for 2025" in then
    told = [f for f in document.figures.values() if "; with " in f.formula]
    assert {figure.measure for figure in told} == {"emigrants", "immigrants"}
    for figure in told:
        months = {document.figures[name].time_period for name in figure.inputs[1:]}
        assert months == {"2025-Q1", "2025-01/2025-04"}
