"""Places in a sentence, in any case of Russian and Kazakh.

For `mentions`. Main functions: `gazetteer`, `Gazetteer.find`. A name that means two places is
given with all of them; it is never settled by a number that happens to fit.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from qonys.core.codes import core_lists, read_table
from qonys.core.country import Country

_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010\u2011\u2013'’.][^\W\d_]+)*\.?")
_KAZAKH = re.compile(
    "(?:ға|ге|қа|ке|нан|нен|дан|ден|тан|тен|да|де|та|те|ның|нің|дың|дің|тың|тің|ны|ні|ды|ді|ты|ті"
    "|дағы|дегі|тағы|тегі|мен|бен|пен|на|не|нда|нде|сы|сі|сының|сінің|сына|сіне|сынан|сінен"
    "|сында|сінде)$"
)
_RUSSIAN = re.compile(
    "(?:иями|ями|ами|ией|иею|иях|ях|ах|ого|ому|ыми|ими|ого|ая|ую|ой|ою|ей|ый|ий|ия|ии|ию|ые|ие"
    "|ов|ев|ом|ем|ям|ам|ью|а|я|у|ю|ы|и|е|о|ь|й)$"
)
_SMALL = frozenset({"того", "мали", "чад", "us", "it", "in", "no", "чили", "may", "of", "to"})
_MOST_WORDS = 7


@dataclass(frozen=True)
class Place:
    """A mention of a place.

    Parameters
    ----------
    start, end : int
        Where it stands.
    codes : tuple of str
        Its code, or all that it may mean.
    ending : str
        Last letters of its last word, which tell "to" from "in" in Russian.
    """

    start: int
    end: int
    codes: tuple[str, ...]
    ending: str = ""

    @property
    def code(self) -> str:
        """The code, the first of several."""
        return self.codes[0]


def stem(word: str) -> str:
    """A Russian word without its ending; other words as they are, in small letters.

    Parameters
    ----------
    word : str
        One word.

    Examples
    --------
    >>> stem("Германию") == stem("Германия")
    True
    """
    cut = _RUSSIAN.sub("", word)
    return cut if len(cut) >= 3 else word


def _plain(word: str) -> str:
    word = word.casefold().replace("ё", "е").replace("\u2011", "-").replace("\u2013", "-")
    return word.rstrip(".").removesuffix("'s").removesuffix("’s")


class Gazetteer:
    """Names of places by the stems of their words.

    Parameters
    ----------
    country : Country
        Whose places.
    """

    def __init__(self, country: Country) -> None:
        self.country = country
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        for code, entry in country.places.items():
            for text in entry.names.values():
                self._add(text.partition(" (")[0], (code,))
        for path in (core_lists() / "aliases.csv", country.folder / "aliases.csv"):
            for row in read_table(path) if path.is_file() else []:
                self._add(row["alias"], (row["code"],))
        path = country.folder / "ambiguous.csv"
        if path.is_file():
            for row in read_table(path):
                self._add(row["alias"], tuple(row["codes"].split(";")))

    def _add(self, text: str, codes: tuple[str, ...]) -> None:
        plain = tuple(_plain(word.group()) for word in _WORD.finditer(text))
        if not plain or text.isdigit() or (len(plain) == 1 and len(text.strip(".")) < 2):
            return
        for key in {plain, tuple(map(stem, plain))}:
            self._keep(key, codes)
        if plain[-1].endswith("ай"):  # Китай, Китая: its stem would look like an adjective's
            for ending in ("я", "ю", "ем", "е"):
                self._keep((*plain[:-1], plain[-1][:-1] + ending), codes)

    def _keep(self, key: tuple[str, ...], codes: tuple[str, ...]) -> None:
        before = self._names.get(key)
        if before:
            if len(codes) == 1 and self._past(codes[0]):
                return  # borders of the past only where nothing of today has the name
            if len(codes) == 1 and len(before) > 1:
                return
        self._names[key] = codes

    def _past(self, code: str) -> bool:
        entry = self.country.areas.get(code)
        return bool(entry and entry.fields.get("valid_to"))

    def find(self, text: str) -> Iterator[Place]:
        """Places in a text, the longest name at each word.

        Parameters
        ----------
        text : str
            A sentence.
        """
        words = list(_WORD.finditer(text))
        plain = [_plain(word.group()) for word in words]
        index = 0
        while index < len(words):
            size, codes = self._longest(words, plain, index)
            if not size:
                index += 1
                continue
            last = words[index + size - 1]
            end = last.end() - last.group().endswith(".")
            yield Place(words[index].start(), end, codes, last.group().casefold()[-2:])
            index += size

    def _longest(
        self, words: list[re.Match[str]], plain: list[str], index: int
    ) -> tuple[int, tuple[str, ...]]:
        first = words[index].group()
        alone = first[0].isupper() and plain[index] not in _SMALL
        if len(first) == 2 and not first.isupper():
            alone = False
        for size in range(min(_MOST_WORDS, len(words) - index), 0, -1):
            part = tuple(plain[index : index + size])
            codes = (
                self._names.get(part)
                or self._names.get(tuple(map(stem, part)))
                or self._names.get((*part[:-1], _KAZAKH.sub("", part[-1])))
            )
            if codes and (size > 1 or alone):
                return size, codes
        return 0, ()


@lru_cache(maxsize=8)
def gazetteer(country: Country) -> Gazetteer:
    """The names of a country's places and of all countries."""
    return Gazetteer(country)
