"""Numbers in a sentence: digits or words, thousands and millions, signs, words such as "about".

For `mentions`. Main functions: `find_numbers`, `printed_interval`. Offsets are the text's.
Says nothing of what a number counts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from qonys.claims.lexicon import Lexicon
from qonys.core.intervals import ABOUT_PLACES, OVER_PLACES, Interval

#: A word such as "about" never stretches a figure by more than this part of it. Assumed.
ABOUT_SHARE = 0.05
#: What "nearly doubled" and a bare "doubled" leave open, as a part of the number. Assumed.
_LOOSE, _BARE = 0.1, 0.25
#: "Almost" never stretches a figure by more than this part, or one printed place. Assumed.
NEARLY = 0.07
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
_SPACE = " \u00a0\u2009\u202f\u2007"
_DIGITS = re.compile(
    rf"(?<![\w.,/№#])(?<![\w)][{_DASHES}])(?P<sign>[{_DASHES}+][{_SPACE}]?)?"
    rf"(?P<digits>\d{{1,3}}(?P<sep>[{_SPACE}.,'\u2019])\d{{3}}(?:(?P=sep)\d{{3}})*(?!\d)"
    r"(?:[.,]\d+)?|\d+(?:[.,]\d+)?)(?![\d])"
)
_NAMED = re.compile(r"(?:№|#|\bNo\.?)\s?$")
_OF = re.compile(r"\s+(?:of|всех|из|от)\b", re.IGNORECASE)
_TIMES = re.compile(r"[\s\u00a0-]{0,2}(?:times|fold|x\b|раз|есе|кратн)", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A number as printed.

    Parameters
    ----------
    start, end : int
        Where it stands, with its multiplier, percent sign and qualifying word.
    at : int
        Where its digits begin.
    value : float
        Its value, multiplied.
    precision : float
        Size of its last printed place.
    unit : str
        ``percent``, ``percentage_point``, ``ratio``, a currency, or empty.
    qualifier : str
        ``about``, ``over``, ``under`` or empty.
    bound : bool
        Whether the qualifier is a bound ("less than") and no nearness ("almost").
    sign : str
        ``+``, ``-``, ``dash`` (a dash that may be a minus) or empty.
    digits : int
        How many digits are printed.
    multiplied : bool
        Whether a word such as thousand follows.
    text : str
        Digits as printed.
    """

    start: int
    end: int
    at: int
    value: float
    precision: float
    unit: str = ""
    qualifier: str = ""
    bound: bool = False
    sign: str = ""
    digits: int = 1
    multiplied: bool = False
    text: str = ""


def find_numbers(text: str, lexicon: Lexicon) -> Iterator[Number]:
    """Numbers of a text in order.

    Parameters
    ----------
    text : str
        A sentence.
    lexicon : Lexicon
        Words of its language.
    """
    found = [
        *_in_digits(text, lexicon),
        *_in_words(text, lexicon),
        *_multiples(text, lexicon),
    ]
    found.sort(key=lambda number: (number.at, -number.end))
    last = -1
    for number in found:
        if number.at >= last:
            yield number
            last = number.end


def _in_digits(text: str, lexicon: Lexicon) -> Iterator[Number]:
    for match in _DIGITS.finditer(text):
        digits, sep = match["digits"], match["sep"]
        at, end = match.start("digits"), match.end()
        if end < len(text) and text[end].isalpha() and not lexicon.glued.match(text, end):
            continue  # an ordinal, a code, a Kazakh ending
        if _NAMED.search(text, max(0, match.start() - 8), match.start()):
            continue  # the number of an order
        multiplier, end, multiplied = _multiplier(text, end, lexicon)
        unit, end = _unit(text, end, lexicon)
        measured = multiplied or bool(unit) or bool(_TIMES.match(text, end))
        plain, places = _plain(digits, sep or "", measured, lexicon.comma)
        qualifier, bound, start, end = _qualified(text, match.start(), end, lexicon)
        unit = unit or lexicon.currency_of(text[max(0, match.start() - 8) : match.start()])
        yield Number(
            start,
            end,
            at,
            float(plain * multiplier),
            float(_last_place(plain, places) * multiplier),
            unit,
            qualifier,
            bound,
            _sign(match["sign"] or "", text, match.start()),
            len(re.sub(r"\D", "", digits).lstrip("0")) or 1,
            multiplied,
            digits,
        )


def _plain(digits: str, sep: str, measured: bool, comma: bool) -> tuple[Decimal, int]:
    """Value and number of decimal places; what a separator means depends on what follows.

    `measured` numbers are followed by thousand, million, percent or times: there a single group
    of three digits behind a point, or behind a comma in languages that use it, is a fraction.
    """
    single = sum(char in ".,\u2019' \u00a0\u202f\u2009" for char in digits) == 1
    fraction = (
        single
        and sep in ".,"
        and (digits.startswith("0") or (measured and (sep == "." or (sep == "," and comma))))
    )
    if sep and not fraction:
        digits = digits.replace(sep, "")
    plain = digits.replace(",", ".")
    return Decimal(plain), len(plain.partition(".")[2])


def _last_place(plain: Decimal, places: int) -> Decimal:
    """Size of the last printed place; zeros at the end count as rounded, two digits never."""
    if places:
        return Decimal(1).scaleb(-places)
    return Decimal(whole_place(str(int(plain))))


def whole_place(digits: str) -> int:
    """Size of the last place of a whole number that is taken for printed, not rounded.

    Parameters
    ----------
    digits : str
        Its digits.

    Examples
    --------
    >>> whole_place("12700"), whole_place("10000"), whole_place("16550")
    (100, 1000, 1)
    """
    zeros = len(digits) - len(digits.rstrip("0"))
    if zeros == 1 and len(digits) > 3:
        return 1  # nobody rounds 16,548 to 16,550
    return int(10 ** min(zeros, max(len(digits) - 2, 0)))


def counted(unit: str) -> bool:
    """Whether a unit counts whole things.

    Parameters
    ----------
    unit : str
        Code of the unit.
    """
    return unit not in {"percent", "percentage_point", "ratio"}


def _sign(sign: str, text: str, at: int) -> str:
    if not sign:
        return ""
    if sign[0] == "+":
        return "+"
    glued = len(sign) == 1 and (at == 0 or text[at - 1] in f'{_SPACE}(\u00ab"\u201c\n\t')
    return "-" if glued and sign != "\u2014" else "dash"


def _multiplier(text: str, end: int, lexicon: Lexicon) -> tuple[Decimal, int, bool]:
    match = lexicon.multiplier.match(text, end)
    if not match:
        return Decimal(1), end, False
    return Decimal(lexicon.multiplier_of(match.group())), match.end(), True


def _unit(text: str, end: int, lexicon: Lexicon) -> tuple[str, int]:
    match = lexicon.unit.match(text, end)
    if match:
        return lexicon.unit_of(match.group()), match.end()
    return "", end


def _qualified(text: str, start: int, end: int, lexicon: Lexicon) -> tuple[str, bool, int, int]:
    """The qualifying word before, or in Kazakh after; and where the whole begins and ends."""
    window = text[max(0, start - 40) : start]
    match = lexicon.qualifier_before.search(window)
    if match:
        name, bound = lexicon.qualifier_of(match.group())
        return name, bound, start - len(window) + match.start(), end
    after = lexicon.qualifier_after.match(text, end)
    if after:
        name, bound = lexicon.qualifier_of(after.group())
        return name, bound, start, after.end()
    currency = lexicon.currency_before.search(window)
    return "", False, start - (len(window) - currency.start() if currency else 0), end


def _in_words(text: str, lexicon: Lexicon) -> Iterator[Number]:
    """Numbers such as "two thousand" or "half a million"."""
    for match in lexicon.worded.finditer(text):
        value, part = lexicon.worded_of(match.group())
        end = match.end()
        if part:
            changed = any(
                lexicon.cue(name).match(text[end:].lstrip())
                for name in ("change.up", "change.down")
            )
            before = text[max(0, match.start() - 12) : match.start()]
            by = lexicon.cue("change.by").search(before[-4:])
            them = lexicon.cue("kinds.of_them").search(before)
            if changed or by or them or _OF.match(text, end):
                at = match.start()
                yield Number(at, end, at, value, 1.0, "percent", "about", text=match.group())
            continue
        multiplier, end, multiplied = _multiplier(text, end, lexicon)
        unit, end = _unit(text, end, lexicon)
        times = _TIMES.match(text, end)
        if not (multiplied or unit or times):
            continue
        if times and value < 2 and value != 1.5:
            continue
        qualifier, bound, start, end = _qualified(text, match.start(), end, lexicon)
        total = value * float(multiplier)
        place = float(multiplier) * (0.5 if value % 1 else 1.0) if multiplied else 1.0
        yield Number(
            start,
            end,
            match.start(),
            total,
            place,
            unit,
            qualifier,
            bound,
            digits=1,
            multiplied=multiplied,
            text=match.group(),
        )


def _multiples(text: str, lexicon: Lexicon) -> Iterator[Number]:
    """Words such as "doubled" and "fourfold"."""
    for match in lexicon.multiples.finditer(text):
        value = lexicon.multiple_of(match.group())
        at, end = match.span()
        qualifier, bound, start, end = _qualified(text, at, end, lexicon)
        more = lexicon.cue("numbers.beyond").match(text[end:].lstrip())
        if more:
            qualifier, bound, end = "over", True, end + 1 + more.end()
        place = (_LOOSE if qualifier else _BARE) * value
        yield Number(
            start, end, at, value, place, "ratio", qualifier, bound, text=match.group()
        )


@lru_cache(maxsize=4096)
def printed_interval(
    value: float,
    precision: float,
    qualifier: str = "",
    *,
    whole: bool = True,
    bound: bool = False,
) -> tuple[Interval, Interval]:
    """What a printed number can stand for: strictly, and at most.

    Rounding and cutting off digits are both usual, so that 32,256 may be printed as 32.2 or as
    32.3 thousand; cutting off is taken for usual from two printed digits on. The wider interval
    holds what neither gives but readers let pass: the next place up or down, a bound far away.
    Percentages and ratios are rounded; cut-off digits lie in their wider interval alone.

    Parameters
    ----------
    value : float
        The number.
    precision : float
        Size of its last printed place.
    qualifier : str
        ``about``, ``over``, ``under`` or empty.
    whole : bool
        Whether it counts whole things.
    bound : bool
        Whether the qualifier is a bound.

    Returns
    -------
    Interval, Interval
        The strict one and the wider one.

    Examples
    --------
    >>> printed_interval(32200, 100)[0]
    Interval(low=32150, high=32299)
    >>> printed_interval(12732, 1)[0]
    Interval(low=12732, high=12732)
    """
    size, sign = abs(value), -1 if value < 0 else 1
    half = precision / 2
    exact = whole and precision == 1
    cut = precision if whole and precision <= 0.1 * size else half
    if qualifier == "about":
        reach = max(min(ABOUT_PLACES * precision, ABOUT_SHARE * size), half)
        low, high = size - reach, size + max(reach, cut)
        wide = (size - 2 * reach, size + 2 * reach)
    elif qualifier == "over":
        low, high = size, size + OVER_PLACES * precision
        wide = (size - half, float("inf"))
    elif qualifier == "under":
        reach = min(OVER_PLACES * precision, max(precision, NEARLY * size))
        low, high = size - (OVER_PLACES * precision if bound else reach), size
        wide = (0.0, size + half) if bound else (size - 5 * precision, size + half)
    elif exact:
        low = high = size
        wide = (size, size)
    else:
        low, high = size - half, size + cut
        wide = (size - precision, size + precision)
    step = 1.0 if whole else precision * 1e-6
    if not exact and not qualifier:
        high -= step  # the next printed number begins there
    low, high = min(low, size), max(high, size)
    strict = (low, high) if sign > 0 else (-high, -low)
    loose = (min(wide[0], low), max(wide[1], high))
    loose = loose if sign > 0 else (-loose[1], -loose[0])
    return _interval(*strict, whole), _interval(*loose, whole)


def _interval(low: float, high: float, whole: bool) -> Interval:
    def tidy(number: float) -> float:
        """Whole numbers as such, others without the dust of binary fractions."""
        rounded = round(float(number), 9)
        return int(rounded) if whole and rounded.is_integer() else rounded

    return Interval(tidy(low), tidy(high))
