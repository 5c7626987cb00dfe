import re
import string
import tomllib
from datetime import date
from importlib.resources import files

import pytest

from qonys.core.codes import LANGUAGES
from qonys.rules.answers import answer, pathways
from qonys.rules.deciding import Engine
from qonys.rules.describing import described
from qonys.rules.reading import load_law
from qonys.rules.telling import cited, told_answer, told_rule, value_words
from qonys.rules.wording import law_texts, words

KEY = re.compile(
    r"\b(?:decision|state|head|role|confidence|about|why|number|change|step|dead|col|birth|"
    r"h|t|c)_[a-z_]+"
)


@pytest.fixture(scope="module")
def kaz_law():
    return load_law("KAZ")


def slots_of(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_the_texts_of_the_three_languages_have_the_same_keys_and_slots():
    english = words("en")
    for lang in LANGUAGES:
        assert set(words(lang)) == set(english)
        for key, text in words(lang).items():
            assert text.strip(), key
            assert slots_of(text) == slots_of(english[key]), (lang, key)


def test_russian_and_kazakh_are_not_english():
    for lang in ("ru", "kk"):
        for key, text in words(lang).items():
            plain = re.sub(r"\{\w+\}", "", text)
            assert re.search("[а-яәіңғүұқөһ]", plain, re.I) or not re.search("[a-z]", plain), (
                key
            )


@pytest.mark.parametrize("lang", ["ru", "kk"])
def test_every_text_of_the_law_of_kazakhstan_is_translated(kaz_law, lang):
    folder = files("qonys") / "countries" / "kaz" / "law" / "texts"
    loaded = tomllib.loads((folder / f"{lang}.toml").read_text(encoding="utf-8"))
    wanted = set(law_texts(kaz_law))
    assert wanted - set(loaded) == set(), "not translated"
    assert set(loaded) - wanted == set(), "belongs to nothing"
    assert all(str(text).strip() for text in loaded.values())


def test_keys_of_borovia_are_those_of_its_law(law):
    texts = law_texts(law)
    assert {key for _, key in law.texts} <= set(texts)
    assert texts["W1.course@2032-01-01"] == "The course ended within eighteen months."
    assert texts["W1.version.mid_month"].startswith("The Gazette")
    assert texts["ask.GUILD.trade"] == "What was the trade of your father?"
    assert "" not in texts.values()


def whole(lines):
    text = "\n".join(lines)
    assert not re.search(r"\{\w*\}(?!\})", re.sub(r"\{[^{}]*;[^{}]*\}", "", text)), text
    return text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_answers_to_every_case_are_told(law, cases, lang):
    engine = Engine(law)
    for case in cases:
        found = answer(
            engine, case["rule"], date.fromisoformat(case["on"]), case["facts"], lang
        )
        text = whole(told_answer(law, found, lang))
        assert not KEY.search(text)
        assert words(lang)[f"decision_{found.decision.decision}"] in text
        assert text.endswith(words(lang)["unofficial"])
        for name in found.decision.failed:
            assert f"  {name}: " in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_rules_are_told_on_every_stretch(law, kaz_law, lang):
    for one in (law, kaz_law):
        for rule in one.rules.values():
            days = {version.start for version in rule.versions} | {date(2029, 1, 1)}
            for day in days:
                text = whole(told_rule(one, rule, day, lang))
                left = (
                    set(KEY.findall(text))
                    - set(one.facts)
                    - {c for f in one.facts.values() for c in f.codes}
                )
                assert not left
                assert described(one, rule, day, lang)["rule"] == rule.id


@pytest.mark.parametrize("lang", ["ru", "kk"])
def test_an_answer_on_kazakhstan_has_no_english_sentence(kaz_law, lang):
    engine = Engine(kaz_law)
    for item in pathways(engine, date(2025, 6, 15), {}, lang):
        for line in told_answer(kaz_law, item, lang):
            if re.match(r"  [a-z_\d\[\]. -]+[:(]|\S+  ", line) or "@" in line:
                continue
            latin = re.findall(
                r"\b[a-z]{3,}\b", re.sub(r"«.*?»|\[.*?\]|\(.*?\)|https?\S+", "", line)
            )
            cyrillic = re.findall(r"[а-яәіңғүұқөһ]{3,}", line, re.I)
            assert cyrillic or not latin, line


def test_an_answer_in_english(law):
    engine = Engine(law)
    facts = {
        "wage": [900, 899, 900],
        "trade": "clockmaker",
        "age": 30,
        "course_ended": "2030-01-01",
        "lamp_key": False,
    }
    lines = list(told_answer(law, answer(engine, "W1", date(2030, 3, 1), facts), "en"))
    assert lines[:3] == [
        "W1  Lamplighter's permit, on 1 March 2030",
        "No: at least one condition is not met.",
        "Decided by W1.wage",
    ]
    assert "  wage: The least wage in each of three months." in lines
    assert "  wage[2]: 899 USD -> 900 USD" in lines or "  islander: show yes" in lines
    assert "  lamp_key: no -> yes" in lines
    assert "  lamp_key (has a lamp key): first needs lamp_number" in lines
    source = "  Act on lamps and lamplighters, No 7, 2030-01-20, 4: «in each month»"
    assert any(line.startswith(source) for line in lines)


def test_waiting_and_dead_ends_are_told(law):
    engine = Engine(law)
    facts = {"in_person": False, "trade": "ferryman", "certificate": "clean", "savings": 9_000}
    facts |= {"debts": 0, "arrived": "2030-07-20", "lamp_number": False}
    text = "\n".join(told_answer(law, answer(engine, "S", date(2030, 8, 1), facts), "en"))
    assert "lamp_number (has a lamp number): no way is open before 1 October 2031" in text
    waiting = {**facts, "lamp_number": True}
    text = "\n".join(told_answer(law, answer(engine, "S", date(2030, 8, 1), waiting), "en"))
    assert "The same facts lead to a yes from 19 August 2030." in text


def test_values_are_written_as_people_do(law):
    savings, age = law.facts["savings"], law.facts["age"]
    assert value_words(savings, 10_000, "en") == "10,000 USD"
    assert value_words(savings, 10_000, "ru") == "10\u202f000 USD"
    assert value_words(age, 30, "en") == "30"
    assert value_words(None, None, "en") == "not known"
    assert value_words(None, value=True, lang="kk") == words("kk")["yes"]
    assert value_words(None, "clean", "en") == "clean"


def test_a_citation_in_one_line(law):
    wage = law.rule("W1").conditions[0].cites[0]
    assert cited(law, wage, "en") == (
        "Act on lamps and lamplighters, No 7, 2030-01-20, 4: «in each month»"
    )
    assert "№ 7" in cited(law, wage, "ru")
    gazette = law.rule("GUILD").versions[0].cites[0]
    assert cited(law, gazette, "en") == "The Borovian Gazette, 2031-09"


def test_a_rule_as_data(law):
    plain = described(law, law.rule("W1"), date(2031, 9, 20), "ru")
    assert plain["title"] == "Разрешение фонарщика"
    assert plain["state"] == "in force"
    assert plain["parameters"]["wage_min"]["value"] == 1_200
    assert plain["parameters"]["open_trades"]["value"] == ["ferryman", "lamplighter"]
    assert [item["id"] for item in plain["conditions"]][:3] == ["wage", "sum", "peak"]
    assert plain["facts"]["trade"]["question"] == "Какое у Вас ремесло?"
    assert [item["about"] for item in plain["info"]].count("fee") == 0
    assert plain["meanings"][0]["to"] == "2030-12-31"
    before = described(law, law.rule("W1"), date(2029, 1, 1), "en")
    assert before["state"] == "none"
