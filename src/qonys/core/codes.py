"""Code lists with names in three languages, and one table of aliases.

For every room that meets codes. Main types: `CodeList`, `Aliases`. Codes are upper case ASCII
but for measures, units and sources, which are lower case. Never guesses: a text that means
two places raises.
"""

import csv
import difflib
import io
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from qonys.core.errors import CodeError, DataError, Fault

LANGUAGES = ("en", "ru", "kk")
SEE_AREAS = "See `qonys data codes area`, or add it to aliases.csv."
TOTAL = "_T"
DIMENSIONS = (
    "sex",
    "age",
    "citizenship",
    "ethnicity",
    "education",
    "locality",
    "reason",
    "category",
    "question",
)


@dataclass(frozen=True)
class Code:
    """One code with its names and whatever else its list says of it.

    Parameters
    ----------
    code : str
        The code.
    names : Mapping of str to str
        Name by language.
    fields : Mapping of str to str
        Further columns of the list.
    """

    code: str
    names: Mapping[str, str]
    fields: Mapping[str, str]

    def name(self, lang: str) -> str:
        """Name in a language, English when it has none."""
        return self.names.get(lang) or self.names["en"]


class CodeList(Mapping[str, Code]):
    """A closed list of codes.

    Parameters
    ----------
    name : str
        What the list is of, for messages.
    codes : Mapping of str to Code
        The codes in order.
    """

    def __init__(self, name: str, codes: Mapping[str, Code]) -> None:
        self.name = name
        self._codes = dict(codes)

    def __getitem__(self, code: str) -> Code:
        try:
            return self._codes[code]
        except KeyError:
            raise CodeError(self.fault(code)) from None

    def __contains__(self, code: object) -> bool:
        return code in self._codes

    def get(self, code: str, default: Any = None) -> Any:
        """The code, or the default when it is unknown."""
        return self._codes.get(code, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def fault(self, code: str, *, file: str = "", row: int | None = None) -> Fault:
        """The fault that says a code is unknown, with near codes.

        Parameters
        ----------
        code : str
            The unknown code.
        file : str
            Where it stood.
        row : int or None
            On which line.
        """
        folded = {known.casefold(): known for known in self._codes}
        found = difflib.get_close_matches(str(code).casefold(), folded, n=3, cutoff=0.6)
        near = [folded[text] for text in found]
        way_out = f"Did you mean {', '.join(near)}?" if near else "See `qonys data codes`."
        return Fault(f"unknown {self.name}", file, row, self.name, str(code), way_out)

    def joined(self, other: "CodeList") -> "CodeList":
        """This list and another; a code in both is taken from the other."""
        return CodeList(self.name, {**self._codes, **other._codes})


class Aliases:
    """Spellings of places, in any language, to their code.

    Parameters
    ----------
    name : str
        What the spellings are of.
    table : Mapping of str to str
        Spelling to code.
    ambiguous : Mapping of str to str
        Spellings that mean several places, with the reason.
    """

    def __init__(
        self, name: str, table: Mapping[str, str], ambiguous: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._table = {fold(text): code for text, code in table.items()}
        self._ambiguous = {fold(text): why for text, why in (ambiguous or {}).items()}

    def resolve(self, text: str) -> str:
        """Code of a spelling.

        Parameters
        ----------
        text : str
            A name or code as some file writes it.

        Raises
        ------
        CodeError
            When it is unknown (with near spellings) or means several places.
        """
        found = self.find(text)
        if isinstance(found, str):
            return found
        unknown = Fault(f"unknown {self.name}", value=text)
        raise CodeError(found or replace(unknown, way_out=self.way_out(text)))

    def find(self, text: str) -> str | Fault | None:
        """Code of a spelling; a fault when it means several places, none when it is unknown.

        Parameters
        ----------
        text : str
            A name or code as some file writes it.
        """
        key = fold(text)
        if key in self._ambiguous:
            why = self._ambiguous[key]
            return Fault(f"{self.name} is ambiguous", value=text, way_out=why)
        return self._table.get(key)

    def way_out(self, text: str) -> str:
        """What to do about an unknown spelling: the near ones. Takes milliseconds.

        Parameters
        ----------
        text : str
            The unknown spelling.
        """
        near = difflib.get_close_matches(fold(text), self._table, n=3, cutoff=0.75)
        hint = ", ".join(f"{self._table[key]} ({key})" for key in near)
        return f"Did you mean {hint}?" if hint else SEE_AREAS


def fold(text: str) -> str:
    """A spelling without case, double spaces and kinds of dashes and quotes.

    Parameters
    ----------
    text : str
        Any text.

    Examples
    --------
    >>> fold("  Г.АЛМАТЫ ") == fold("г. Алматы")
    True
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    for mark in "\u2010\u2011\u2012\u2013\u2014\u2212":
        text = text.replace(mark, "-")
    for mark in "«»\"'`\u2019\u2018":
        text = text.replace(mark, "")
    return " ".join(text.replace(".", ". ").split())


def read_table(path: Traversable) -> list[dict[str, str]]:
    """Rows of a small CSV of code lists.

    Parameters
    ----------
    path : Traversable
        The file, UTF-8 with a header.

    Raises
    ------
    DataError
        When a row has more or fewer fields than the header.
    """
    try:
        text = path.read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except FileNotFoundError:
        raise DataError(Fault("no such file", str(path))) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(Fault(f"not a CSV file in UTF-8: {error}", str(path))) from None
    faults = [
        Fault("wrong number of fields", str(path), number)
        for number, row in enumerate(rows, 2)
        if None in row or None in row.values()
    ]
    if faults:
        raise DataError(faults)
    return rows


def read_codes(name: str, path: Traversable) -> CodeList:
    """A code list from a CSV with `code` and `name_en`, `name_ru`, `name_kk`.

    Parameters
    ----------
    name : str
        What the list is of.
    path : Traversable
        The file.
    """
    codes: dict[str, Code] = {}
    faults = []
    for number, row in enumerate(read_table(path), 2):
        code = row.pop("code")
        if code in codes:
            faults.append(Fault("a code stands twice", str(path), number, "code", code))
        names = {lang: row.pop(f"name_{lang}") for lang in LANGUAGES if f"name_{lang}" in row}
        codes[code] = Code(code, names, row)
    if faults:
        raise DataError(faults)
    return CodeList(name, codes)


def core_lists() -> Traversable:
    """Folder of the code lists that every country shares."""
    return files("qonys") / "core" / "codelists"
