"""Sentences of this room in en, ru and kk.

For `telling`. Main functions: `tell`, `words`, `figure_words`. Numbers are written as the
language does; codes become names.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from qonys.claims.typed import Said
from qonys.core.country import Country, Source
from qonys.core.intervals import Interval
from qonys.core.observations import Cell, Observation


@lru_cache(maxsize=3)
def words(lang: str) -> Mapping[str, str]:
    """All sentences of a language by key.

    Parameters
    ----------
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    text = (files("qonys.claims") / "texts" / f"{lang}.toml").read_text("utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}


def tell(sentence: Said, lang: str, country: Country) -> str:
    """A sentence in a language.

    Parameters
    ----------
    sentence : Said
        The sentence and its parts.
    lang : str
        ``en``, ``ru`` or ``kk``.
    country : Country
        Whose names are used.
    """
    parts = dict(sentence.parts)
    filled: dict[str, str] = {"sources": "", "unit": "", "partner": ""}
    cell = parts.pop("cell", None)
    if isinstance(cell, Cell):
        filled.update(_cell(cell, lang, country))
    for name, part in parts.items():
        if name == "rows":
            filled["sources"] = sources_of(part, country)
        elif name == "measure":
            filled[name] = country.name(part, lang, dimension="measure")
        elif name == "places":
            filled[name] = ", ".join(country.name(code, lang) for code in str(part).split(", "))
        elif name in {"part", "answer"}:
            filled[name] = country.name(part, lang, dimension="category") if part else ""
        elif name == "unit":
            filled[name] = _unit(part, lang, country)
        else:
            filled[name] = figure_words(part, lang)
    key = sentence.key
    if key == "suggest_value" and f"suggest_{parts.get('kind')}" in words(lang):
        key = f"suggest_{parts['kind']}"
    return words(lang)[key].format_map(_Slots(filled))


class _Slots(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _cell(cell: Cell, lang: str, country: Country) -> dict[str, str]:
    partner = ""
    if cell.counterpart_area not in {"WORLD", ""}:
        partner = f" — {country.name(cell.counterpart_area, lang)}"
    return {
        "measure": country.name(cell.measure, lang, dimension="measure"),
        "area": country.name(cell.ref_area, lang),
        "partner": partner,
        "period": cell.time_period,
    }


def _unit(unit: str, lang: str, country: Country) -> str:
    if unit == "percent":
        return "%"
    if unit in {"", "person", "ratio", "rank"} or unit not in country.units:
        return ""
    return " " + country.name(unit, lang, dimension="unit").lower()


def figure_words(part: Any, lang: str) -> str:
    """A number or interval in words of a language; texts as they are.

    Parameters
    ----------
    part : object
        A number, an interval or a text.
    lang : str
        The language.
    """
    if isinstance(part, Interval):
        if part.low == part.high:
            return _number(part.low, lang)
        return f"{_number(part.low, lang)}–{_number(part.high, lang)}"
    if isinstance(part, (int, float)):
        return _number(float(part), lang)
    return str(part)


def _number(value: float, lang: str) -> str:
    from babel.numbers import format_decimal

    if value in (float("inf"), float("-inf")):
        return "∞"
    places = 0 if float(value).is_integer() or abs(value) >= 1000 else 2
    locale = {"en": "en", "ru": "ru", "kk": "kk"}[lang]
    text = str(format_decimal(round(value, places), locale=locale, decimal_quantization=False))
    return text.replace("-", "−")


def source_label(source: Source, vintage: str) -> str:
    """Who made a figure, who printed it, and in which release.

    Parameters
    ----------
    source : Source
        The source.
    vintage : str
        The release.
    """
    printed = source.publisher.removeprefix("GitHub ")
    by = source.producer
    if printed and printed != by and source.kind not in {"office", "interstate"}:
        by += f" ({printed})"
    return f"{by}, {vintage}"


def sources_of(rows: Iterable[Observation], country: Country) -> str:
    """Who published some rows, and in which release.

    Parameters
    ----------
    rows : Iterable of Observation
        The rows.
    country : Country
        Whose sources.
    """
    named: dict[str, None] = {}
    for row in rows:
        source = country.sources[row.source]
        named[source_label(source, row.vintage)] = None
    return "; ".join(list(named)[:4])
