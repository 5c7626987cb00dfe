"""Sentences of this room in en, ru and kk.

For `answers`, `telling`, `pages` and the command line. Main functions: `say`, `law_texts`.
What a law says in other languages stands with the law; here stand the words around it.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib.resources import files

from qonys.rules.law import Act, Condition, Law, Rule, Version


@lru_cache(maxsize=3)
def words(lang: str) -> Mapping[str, str]:
    """All sentences of a language by key.

    Parameters
    ----------
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    path = files("qonys.rules") / "texts" / f"{lang}.toml"
    return {key: str(text) for key, text in tomllib.loads(path.read_text("utf-8")).items()}


def say(key: str, lang: str, **parts: str) -> str:
    """A sentence with its slots filled.

    Parameters
    ----------
    key : str
        Key of the sentence.
    lang : str
        Language.
    **parts : str
        What goes into the slots.
    """
    return words(lang)[key].format(**parts)


def day_words(day: date, lang: str) -> str:
    """A day in words.

    Parameters
    ----------
    day : date
        The day.
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    if not 1000 <= day.year <= 9999:
        return day.isoformat()
    from babel.dates import format_date

    return str(format_date(day, "long", locale={"en": "en_GB"}.get(lang, lang)))


def condition_key(rule: Rule, condition: Condition) -> str:
    """Key of a condition's translations; one that begins on a day carries the day.

    Parameters
    ----------
    rule : Rule
        The rule.
    condition : Condition
        The condition.
    """
    return f"{rule.id}.{condition.id}" + (f"@{condition.start}" if condition.start else "")


def condition_text(law: Law, rule: Rule, condition: Condition, lang: str) -> str:
    """What a condition says, in a language.

    Parameters
    ----------
    law : Law
        The law, with its translations.
    rule : Rule
        The rule.
    condition : Condition
        The condition.
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    return law.say(condition_key(rule, condition), lang, condition.says)


def version_text(law: Law, rule: Rule, version: Version, lang: str) -> str:
    """What a version of a rule says, in a language.

    Parameters
    ----------
    law : Law
        The law, with its translations.
    rule : Rule
        The rule.
    version : Version
        The version.
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    return law.say(f"{rule.id}.version.{version.start}", lang, version.says)


def question_text(law: Law, rule: Rule, name: str, lang: str) -> str:
    """The question for a fact, as the rule understands it, in a language.

    Parameters
    ----------
    law : Law
        The law, with its translations.
    rule : Rule
        The rule that asks.
    name : str
        Name of the fact.
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    kind = law.fact(name, rule)
    key = f"ask.{rule.id}.{name}" if name in rule.facts else f"ask.{name}"
    return law.say(key, lang, kind.ask if kind is not None else "")


def state_words(state: str, lang: str) -> str:
    """A state of a rule in words.

    Parameters
    ----------
    state : str
        As `Rule.shown_state` gives it.
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    return say(f"state_{state.replace(' ', '_')}", lang)


def doubt(confidence: str, lang: str) -> str:
    """What is said in brackets after a text that is not sure; empty for one that is.

    Parameters
    ----------
    confidence : str
        ``high``, ``medium`` or ``low``.
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    return "" if confidence == "high" else f" ({say(f'confidence_{confidence}', lang)})"


def act_number(act: Act, lang: str) -> str:
    """The official number of an act as people write it; empty where it has none.

    Parameters
    ----------
    act : Act
        The act.
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    return act.number and f"{'No' if lang == 'en' else '№'} {act.number}"


def law_texts(law: Law) -> dict[str, str]:
    """Every English text of a law by the key of its translations.

    Parameters
    ----------
    law : Law
        The law.
    """
    texts: dict[str, str] = {}
    for name, fact in law.facts.items():
        texts[f"fact.{name}"] = fact.says
        texts[f"ask.{name}"] = fact.ask
    texts.update({f"parameter.{name}": item.says for name, item in law.parameters.items()})
    texts.update({f"act.{name}": act.title for name, act in law.acts.items()})
    for rule in law.rules.values():
        texts.update(_rule_texts(rule))
    return {key: text for key, text in texts.items() if text}


def _rule_texts(rule: Rule) -> dict[str, str]:
    texts = {f"{rule.id}.title": rule.title, f"{rule.id}.says": rule.says}
    for name, fact in rule.facts.items():
        texts[f"ask.{rule.id}.{name}"] = fact.ask
    for version in rule.versions:
        texts[f"{rule.id}.version.{version.start}"] = version.says
        for reading in version.readings:
            texts[f"{rule.id}.version.{reading.id}"] = reading.says
    for condition in rule.conditions:
        texts[condition_key(rule, condition)] = condition.says
        for reading in condition.readings:
            texts[f"{rule.id}.{condition.id}.{reading.id}"] = reading.says
        for exemption in condition.exemptions:
            texts[f"{rule.id}.{condition.id}.{exemption.id}"] = exemption.says
    texts.update({item.key: item.says for item in rule.info})
    texts.update({item.key: item.says for item in rule.meanings})
    return texts
