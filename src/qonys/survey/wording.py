"""The room's sentences in three languages, with numbers as the language writes them.

For `tables`, `pages` and the briefing. Main functions: `say`, `decimal`.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def _words(lang: str) -> Mapping[str, str]:
    path = files("qonys.survey") / "texts" / f"{lang}.toml"
    return {key: str(text) for key, text in tomllib.loads(path.read_text("utf-8")).items()}


def say(key: str, lang: str, **parts: object) -> str:
    """A sentence with its slots filled.

    Parameters
    ----------
    key : str
        Key of the sentence.
    lang : str
        ``en``, ``ru`` or ``kk``.
    **parts : object
        What goes into the slots; numbers are written as the language does.

    Examples
    --------
    >>> say("base_least", "en", smallest_possible=343)
    'Unweighted, the shares cannot come from fewer than 343 respondents.'
    """
    told = {
        name: decimal(part, lang) if isinstance(part, (int, float)) else part
        for name, part in parts.items()
    }
    return _words(lang)[key].format(**told)


def decimal(value: float, lang: str, places: int | None = None) -> str:
    """A number as the language writes it.

    Parameters
    ----------
    value : float
        The number.
    lang : str
        Language.
    places : int or None
        Decimal places; none for as many as it has, at most three.
    """
    from babel.numbers import format_decimal

    pattern = "#,##0.###" if places is None else "#,##0." + "0" * places
    return str(format_decimal(value, pattern.rstrip("."), locale=lang))
