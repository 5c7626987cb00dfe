"""Words of a language for the grammar of press texts, as regular expressions.

For `numbers`, `dating`, `mentions`. Main functions: `lexicon`, `Lexicon`. The words stand in
`lexicon/{en,ru,kk}.toml`: a star is any ending, a blank any space. A language is a file.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from qonys.core.country import Country

LANGUAGES = ("en", "ru", "kk")
_SPACES = r"[ \u00a0\u2009\u202f\n\t]{1,3}"
_NEVER = re.compile(r"(?!)")


def expression(pattern: str) -> str:
    """A regular expression from a word of the lists.

    Parameters
    ----------
    pattern : str
        The word.

    Examples
    --------
    >>> import re
    >>> bool(re.fullmatch(expression("emigr*"), "emigration"))
    True
    """
    starred = re.sub(r"(?<=\w)(?<!\\w)\*", r"\\w*", pattern)
    return re.sub(r"(?<!\\)(?<!\[) (?![?\]*+}-])", lambda _: _SPACES, starred)


def words(
    patterns: Sequence[str], before: str = r"(?<!\w)", after: str = r"(?!\w)"
) -> re.Pattern[str]:
    """One expression for a list of words, whole words only.

    Parameters
    ----------
    patterns : Sequence of str
        The words; none match nothing.
    before, after : str
        What must stand around them.
    """
    return _compiled(tuple(patterns), before, after)


@lru_cache(maxsize=1024)
def _compiled(patterns: tuple[str, ...], before: str, after: str) -> re.Pattern[str]:
    if not patterns:
        return _NEVER
    ordered = sorted(patterns, key=len, reverse=True)
    parts = "|".join(f"(?:{expression(pattern)})" for pattern in ordered)
    return re.compile(f"{before}(?:{parts}){after}", re.IGNORECASE)


class Lexicon:
    """Words of one language.

    Parameters
    ----------
    lang : str
        ``en``, ``ru`` or ``kk``.
    data : Mapping
        The file's content.
    """

    def __init__(self, lang: str, data: Mapping[str, Any]) -> None:
        self.lang, self.data = lang, data
        self.comma = bool(data["comma"])
        self._cues: dict[str, re.Pattern[str]] = {}

    @cached_property
    def glued(self) -> re.Pattern[str]:
        """Letters that may stand right behind digits."""
        return words(self.data["numbers"]["glued"], before="")

    @cached_property
    def multiplier(self) -> re.Pattern[str]:
        """A multiplier behind a number."""
        lists = self.data["numbers"]["multipliers"].values()
        return words([word for words_ in lists for word in words_], before=r"[\s\u00a0-]{0,2}")

    def multiplier_of(self, text: str) -> int:
        """What a multiplier's words mean."""
        return int(self._named("numbers.multipliers", text))

    @cached_property
    def unit(self) -> re.Pattern[str]:
        """A percent sign or currency behind a number."""
        numbers = self.data["numbers"]
        listed = [*numbers["percentage_point"], *numbers["percent"]]
        listed += [word for words_ in numbers["currency"].values() for word in words_]
        return words(listed, before=r"[\s\u00a0]{0,2}")

    def unit_of(self, text: str) -> str:
        """Code of a unit."""
        numbers = self.data["numbers"]
        for name in ("percentage_point", "percent"):
            if words(numbers[name], before="").fullmatch(text.strip()):
                return name
        return self._named("numbers.currency", text)

    @cached_property
    def qualifier_before(self) -> re.Pattern[str]:
        """A qualifying word right before a number."""
        lists = [self.data["qualifiers"][name] for name in self.data["qualifiers"]]
        currency = [c for cs in self.data["numbers"]["currency_before"].values() for c in cs]
        money = "(?:" + "|".join(currency) + ")?"
        plain = "|".join(expression(word) for word in self.data["qualifiers"]["plain"])
        tail = rf"[\s\u00a0]{{0,2}}(?:(?:{plain})[\s\u00a0]+)?{money}[\s\u00a0]{{0,2}}$"
        listed = [word for name in lists if name for word in name]
        return words(listed, before=r"(?:(?<!\w)|(?<=^))", after=tail)

    @cached_property
    def qualifier_after(self) -> re.Pattern[str]:
        """A qualifying word behind a number, as in Kazakh."""
        if self.lang != "kk":
            return _NEVER
        lists = self.data["qualifiers"]
        listed = [word for name in ("about", "over", "under", "below") for word in lists[name]]
        return words(
            listed,
            before=r"(?:[\s\u00a0]?-?(?:ға|ге|қа|ке|нан|нен|дан|ден|тан|тен))?[\s\u00a0]",
        )

    def qualifier_of(self, text: str) -> tuple[str, bool]:
        """Code of a qualifier, and whether it is a bound."""
        bare = re.sub(r"[$€₸\s\u00a0]+$", "", text.strip()).strip()
        bare = re.sub(r"^-?(?:ға|ге|қа|ке|нан|нен|дан|ден|тан|тен)[\s\u00a0]+", "", bare)
        for name in ("over", "below", "under", "about"):
            if self._begins(name, bare):
                return ("under", True) if name == "below" else (name, name == "over")
        return "", False

    def _begins(self, name: str, text: str) -> bool:
        found = words(self.data["qualifiers"][name], before="").match(text)
        return bool(found)

    @cached_property
    def currency_before(self) -> re.Pattern[str]:
        """A currency sign right before a number."""
        listed = [c for cs in self.data["numbers"]["currency_before"].values() for c in cs]
        return words(listed, before=r"(?<!\w)", after=r"[\s\u00a0]{0,2}$")

    def currency_of(self, text: str) -> str:
        """Code of the currency sign at the end of a text; empty without one."""
        match = self.currency_before.search(text)
        return self._named("numbers.currency_before", match.group()) if match else ""

    @cached_property
    def worded(self) -> re.Pattern[str]:
        """A number in words."""
        parts = words(list(self.data["numbers"]["fractions"])).pattern
        whole = words(list(self.data["numbers"]["words"])).pattern
        return re.compile(f"{parts}|{whole}", re.IGNORECASE)

    def worded_of(self, text: str) -> tuple[float, bool]:
        """Value of a number in words, and whether it is a part in percent."""
        for name in ("fractions", "words"):
            for word, value in self.data["numbers"][name].items():
                if re.fullmatch(expression(word), text, re.IGNORECASE):
                    return float(value), name == "fractions"
        return 0.0, False

    @cached_property
    def multiples(self) -> re.Pattern[str]:
        """A multiple in one word, such as "doubled"."""
        return words(list(self.data["numbers"]["multiples"]))

    def multiple_of(self, text: str) -> float:
        """Value of a multiple."""
        for word, value in self.data["numbers"]["multiples"].items():
            if re.fullmatch(expression(word), text, re.IGNORECASE):
                return float(value)
        return 0.0

    def cue(self, name: str) -> re.Pattern[str]:
        """Words of a list, e.g. ``change.up``."""
        if name not in self._cues:
            self._cues[name] = words(self._list(name))
        return self._cues[name]

    @cached_property
    def follows(self) -> re.Pattern[str]:
        """Words that may follow a number without saying what it counts, or that say it."""
        groups = ("measures", "change", "kinds", "places", "qualifiers")
        listed = [word for g in groups for ws in self.data[g].values() for word in ws]
        return words([*listed, *self.data["count_nouns"]["plain"]])

    def _list(self, name: str) -> list[str]:
        node: Any = self.data
        for part in name.split("."):
            node = node.get(part, {})
        return list(node) if isinstance(node, list) else []

    def _named(self, group: str, text: str) -> str:
        node: Any = self.data
        for part in group.split("."):
            node = node[part]
        bare = text.strip("-\u00a0 \t\n")
        for name, listed in node.items():
            if words(listed, before="", after="").fullmatch(bare):
                return str(name)
        return ""


@lru_cache(maxsize=8)
def country_words(country: Country) -> Mapping[str, Any]:
    """What a country's `claims.toml` says; empty without one.

    Parameters
    ----------
    country : Country
        The country.
    """
    path = country.folder / "claims.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


@lru_cache(maxsize=3)
def lexicon(lang: str) -> Lexicon:
    """Words of a language.

    Parameters
    ----------
    lang : str
        ``en``, ``ru`` or ``kk``.
    """
    text = (files("qonys.claims") / "lexicon" / f"{lang}.toml").read_text("utf-8")
    return Lexicon(lang, tomllib.loads(text))
