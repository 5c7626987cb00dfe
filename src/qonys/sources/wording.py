"""Period names and breakdown labels as offices write them, in Russian and Kazakh.

For readers. Main functions: `read_period_name`, `read_label`, `heal_cyrillic`. Knows fixed
forms only and never guesses: what it does not know it gives back as none.
"""

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

from qonys.core.codes import TOTAL, fold
from qonys.core.errors import DataError
from qonys.core.periods import parse_period

_MONTHS = (
    ("январь", "января", "қаңтар"),
    ("февраль", "февраля", "ақпан"),
    ("март", "марта", "наурыз"),
    ("апрель", "апреля", "сәуір"),
    ("май", "мая", "мамыр"),
    ("июнь", "июня", "маусым"),
    ("июль", "июля", "шілде"),
    ("август", "августа", "тамыз"),
    ("сентябрь", "сентября", "қыркүйек"),
    ("октябрь", "октября", "қазан"),
    ("ноябрь", "ноября", "қараша"),
    ("декабрь", "декабря", "желтоқсан"),
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_YEAR = r"(?P<year>(?:19|20)\d\d)(?: ?(?:год[ау]?|г\.|жыл|жылы|жылғы))?"
_NAME = "|".join(_MONTH)
_FORMS = tuple(
    re.compile(form.replace("YEAR", _YEAR).replace("NAME", _NAME))
    for form in (
        r"YEAR",
        r"(?P<quarter>iv|i{1,3}|[1-4])(?:-?[ый]?й)? ?(?:квартал|кв\.|тоқсан) YEAR",
        r"(?:за )?(?P<half>i|ii|1|2)(?:-?о?е)? полугодие YEAR",
        r"(?:за )?(?P<first>NAME) ?- ?(?P<last>NAME) YEAR",
        r"(?:за )?(?P<months>\d{1,2}) месяц(?:а|ев)? YEAR",
        r"(?:за )?(?P<month>NAME) YEAR",
    )
)
_GLUED = re.compile(r"^((?:19|20)\d\d)\d{1,2}\)")
_LATIN = "ABCEHIKMOPTXYabceiopxyk"
_CYRILLIC = "АВСЕНІКМОРТХУавсеіорхук"
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_TO_LATIN = str.maketrans({"І": "I", "і": "i", "Ӏ": "I", "ӏ": "i"})
_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=4096)
def read_period_name(text: str, *, cumulated: bool = False) -> str | None:
    """Canonical period of a name such as «I квартал 2024 года»; none when it is no such name.

    Parameters
    ----------
    text : str
        The name.
    cumulated : bool
        Whether the series counts from January, so that a quarter stands for January to its end.

    Examples
    --------
    >>> read_period_name("2004 год"), read_period_name("II квартал 2024 года")
    ('2004', '2024-Q2')
    >>> read_period_name("январь-апрель 2025"), read_period_name("за I полугодие 2024 года")
    ('2025-01/2025-04', '2024-01/2024-06')
    >>> read_period_name("II квартал 2024 года", cumulated=True)
    '2024-01/2024-06'
    """
    name = fold(text)
    # Kazakh and Ukrainian І stands for the Roman numeral in many files.
    numeral = re.sub(r"^(за )?([iіӏ]{1,3}v?)\b", _roman, name)
    for form in _FORMS:
        match = form.fullmatch(numeral)
        if match:
            return _period(match.groupdict(), cumulated=cumulated)
    return None


def _roman(match: re.Match[str]) -> str:
    return (match[1] or "") + match[2].translate(_TO_LATIN)


def _period(parts: dict[str, str | None], *, cumulated: bool) -> str | None:
    first, last = _months(parts)
    if cumulated:
        first = 1
    if not 1 <= first <= last <= 12:
        return None
    year = parts["year"]
    return parse_period(f"{year}-{first:02d}/{year}-{last:02d}").text


def _months(parts: dict[str, str | None]) -> tuple[int, int]:
    """First and last month that the parts of a name stand for."""
    if quarter := parts.get("quarter"):
        number = _ROMAN.get(quarter) or int(quarter)
        return number * 3 - 2, number * 3
    if half := parts.get("half"):
        number = _ROMAN.get(half) or int(half)
        return number * 6 - 5, number * 6
    if parts.get("first"):
        return _MONTH[parts["first"] or ""], _MONTH[parts["last"] or ""]
    if months := parts.get("months"):
        return 1, int(months)
    if month := parts.get("month"):
        return _MONTH[month], _MONTH[month]
    return 1, 12


@lru_cache(maxsize=4096)
def period_of_end(kind: str, year: int, month: int) -> str:
    """Canonical period that ends with a month.

    Parameters
    ----------
    kind : str
        ``year``, ``quarter``, ``cumulated`` or ``month``.
    year, month : int
        Its last month.

    Raises
    ------
    DataError
        When no period of this kind ends there.
    """
    step = {"year": 12, "quarter": 3, "month": 1, "cumulated": 1}[kind]
    if not 1 <= month <= 12 or month % step or not 1900 <= year <= 2199:
        msg = f"no {kind} ends with month {month:02d} of {year}"
        raise DataError(msg)
    first = 1 if kind == "cumulated" else month - step + 1
    return parse_period(f"{year}-{first:02d}/{year}-{month:02d}").text


@cache
def _labels() -> dict[str, tuple[str, str]]:
    text = (files("qonys.sources") / "labels.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    labels = {fold(word): ("", TOTAL) for word in table.pop("total")}
    for dimension, codes in table.items():
        for code, words in codes.items():
            labels.update({fold(word): (dimension, code) for word in words})
    return labels


def read_label(text: str) -> tuple[str, str] | None:
    """Dimension and code of a breakdown label; the dimension of a total is empty.

    Parameters
    ----------
    text : str
        The label.

    Examples
    --------
    >>> read_label("городская местность"), read_label("Всего"), read_label("Караганда")
    (('locality', 'URBAN'), ('', '_T'), None)
    """
    labels = _labels()
    return labels.get(fold(text)) or labels.get(fold(heal_cyrillic(text)))


def heal_cyrillic(text: str) -> str:
    """Latin letters that look Cyrillic, inside words that have Cyrillic letters, made Cyrillic.

    Parameters
    ----------
    text : str
        Any text.

    Examples
    --------
    >>> heal_cyrillic("Aкмолинcкая oбласть") == "Акмолинская область"
    True
    >>> heal_cyrillic("CIS")
    'CIS'
    """
    return _WORD.sub(_heal_word, text)


def _heal_word(match: re.Match[str]) -> str:
    word = match[0]
    if any("\u0400" <= letter <= "\u04ff" for letter in word):
        return word.translate(_TO_CYRILLIC)
    return word


def without_footnote(text: str) -> tuple[str, bool]:
    """A label without its footnote marks, and whether a ``*`` (provisional) was among them.

    Parameters
    ----------
    text : str
        A label, e.g. ``20211)`` or ``2024*``.

    Examples
    --------
    >>> without_footnote("20211)"), without_footnote("2024 год*")
    (('2021', False), ('2024 год', True))
    """
    text = unicodedata.normalize("NFKC", text).strip()
    starred = text.endswith("*") or text.startswith("*")
    text = text.strip("* ")
    glued = _GLUED.match(text)
    if glued:
        text = glued[1] + text[glued.end() :]
    else:
        text = re.sub(r"(?<=[^\d\s(])\d{1,2}\)\s*$|\s+\d{1,2}\)\s*$", "", text)
    more = text.rstrip().endswith("*")
    return text.strip("* "), starred or more
