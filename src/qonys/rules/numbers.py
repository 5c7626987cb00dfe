"""Identification numbers: check digits, what they prove and what they cannot.

For whoever reads a number off a paper, and for tests that need numbers of nobody. Main type:
`NumberScheme`; main methods: `verdict`, `verdicts`, `impossible`. How a country builds its
numbers is data of that country. A passing check digit says that a number is well formed, not
that it was issued, nor to whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qonys.core.errors import DataError

#: What a number can be, in the order of their codes in `NumberScheme.verdicts`.
VERDICTS = ("valid", "length", "digits", "unassignable", "check_digit")
Digits = npt.NDArray[np.int8]
#: Numbers drawn at once; fixed, so that a longer list begins with the shorter one.
BLOCK = 1024


@dataclass(frozen=True)
class NumberScheme:
    """How a number is built: digits, weights, modulus.

    The check digit is the weighted sum of the digits before it, modulo ``modulus``; where that
    is no digit, the next row of weights is tried, and where no row gives a digit the number
    does not exist.

    Parameters
    ----------
    fact : str
        Name of the fact that holds the number.
    digits : int
        Length with the check digit.
    modulus : int
        Modulus of the weighted sum.
    weights : tuple of tuple of int
        Rows of weights, each for all digits but the last.
    birth : str
        Name of an older layout that carried the day of birth; a hint, never a ground.
    """

    fact: str
    digits: int
    modulus: int
    weights: tuple[tuple[int, ...], ...]
    birth: str = ""

    @cached_property
    def blind(self) -> tuple[int, ...]:
        """Positions, from 1, whose digit does not enter the first row's sum."""
        return tuple(
            place
            for place, weight in enumerate(self.weights[0], 1)
            if weight % self.modulus == 0
        )

    def check_digit(self, body: Sequence[int]) -> int | None:
        """The check digit of the digits before it; None when no such number exists.

        Parameters
        ----------
        body : Sequence of int
            All digits but the last.
        """
        for row in self.weights:
            rest = sum(a * b for a, b in zip(body, row, strict=True)) % self.modulus
            if rest <= 9:
                return rest
        return None

    def verdict(self, text: str) -> str:
        """What a number is: one of `VERDICTS`.

        Parameters
        ----------
        text : str
            The number as written. Digits other than 0-9, spaces and signs are refused: the same
            person must not get two spellings of one number.
        """
        if not text.isascii() or not text.isdigit():
            return "digits"
        if len(text) != self.digits:
            return "length"
        numbers = [ord(char) - 48 for char in text]
        expected = self.check_digit(numbers[:-1])
        if expected is None:
            return "unassignable"
        return "valid" if expected == numbers[-1] else "check_digit"

    def verdicts(self, digits: Digits) -> npt.NDArray[np.int8]:
        """Verdicts on many numbers: places in `VERDICTS`.

        Parameters
        ----------
        digits : ndarray, shape (n, self.digits), int8
            A row a number, as `digit_rows` makes them; -1 where a character is no digit 0-9,
            -2 in the first place where the length is wrong.

        Returns
        -------
        ndarray, shape (n,), int8
            Index into `VERDICTS`.
        """
        body = digits[:, :-1]
        expected = np.full(len(digits), -1, np.int32)
        for row in self.weights:
            rest = (body @ np.asarray(row, np.int32)) % self.modulus
            expected = np.where((expected < 0) & (rest <= 9), rest, expected)
        found = np.where(expected == digits[:, -1], 0, 4).astype(np.int8)
        found[expected < 0] = 3
        found[(digits == -1).any(axis=1)] = 2
        found[digits[:, 0] == -2] = 1
        return found

    def digit_rows(self, numbers: Sequence[str] | npt.NDArray[np.str_]) -> Digits:
        """Numbers as rows of digits for `verdicts`.

        Parameters
        ----------
        numbers : Sequence of str
            Numbers as written.

        Returns
        -------
        ndarray, shape (n, self.digits), int8
            Digits.
        """
        if not (isinstance(numbers, np.ndarray) and numbers.dtype.kind == "U"):
            numbers = [self._fitting(str(text)) for text in numbers]
        texts = np.asarray(numbers, dtype=np.str_)
        if texts.size == 0:
            return np.empty((0, self.digits), np.int8)
        width = max(texts.dtype.itemsize // 4, self.digits)
        points = texts.astype(f"<U{width}").view("<u4").reshape(len(texts), width)
        lengths = np.char.str_len(texts)
        digits = points[:, : self.digits].astype(np.int64) - 48
        rows = np.where((digits >= 0) & (digits <= 9), digits, -1).astype(np.int8)
        other = (points < 48) | (points > 57)
        other &= np.arange(width) < lengths[:, None]
        wrong = lengths != self.digits
        rows[wrong] = 0
        rows[wrong, 0] = -2
        rows[other.any(axis=1), 0] = -1
        rows[lengths == 0, 0] = -1
        return rows

    def _fitting(self, text: str) -> str:
        """A text with its verdict that an array can hold: NumPy drops NUL at the end."""
        if len(text) <= 2 * self.digits and "\0" not in text:
            return text
        return "0" * (self.digits + 1) if text.isascii() and text.isdigit() else "?"

    def notes(self, text: str, born: date | None = None) -> list[tuple[str, dict[str, str]]]:
        """What else can be said of a number: keys of texts and what fills them.

        Parameters
        ----------
        text : str
            The number.
        born : date or None
            The day of birth that was declared.
        """
        if self.verdict(text) != "valid":
            return []
        notes: list[tuple[str, dict[str, str]]] = [("well_formed", {})]
        if self.blind:
            notes.append(("blind", {"place": ", ".join(map(str, self.blind))}))
        if self.birth == "yymmdd+century":
            notes.append(self._birth_note(text, born))
        return notes

    def _birth_note(self, text: str, born: date | None) -> tuple[str, dict[str, str]]:
        read = birth_hint(text)
        if read is None:
            return "birth_none", {}
        filled = {"read": read.isoformat(), "born": born.isoformat() if born else ""}
        if born is None:
            return "birth_hint", filled
        return ("birth_same" if born == read else "birth_differs"), filled

    def impossible(self, count: int, seed: int = 0) -> list[str]:
        """Well-formed numbers that no layout with a birth date gives: month 20 to 99.

        Parameters
        ----------
        count : int
            How many.
        seed : int
            Same seed, same numbers.

        Returns
        -------
        list of str
            Numbers that pass the check digit.

        Raises
        ------
        DataError
            When there are not so many.
        """
        rng = np.random.default_rng(seed)
        found: dict[str, None] = {}
        misses = 0
        while len(found) < count:
            before = len(found)
            body = rng.integers(0, 10, (BLOCK, self.digits - 1))
            body[:, 2] = rng.integers(2, 10, BLOCK)
            for row in body.tolist():
                digit = self.check_digit(row)
                if digit is not None:
                    found["".join(map(str, (*row, digit)))] = None
            misses = misses + 1 if len(found) == before else 0
            if misses > 20:
                raise DataError(f"there are not {count:,} such numbers of {self.digits} digits")
        return list(found)[:count]


def birth_hint(text: str) -> date | None:
    """The day that the layout before August 2013 would read: YYMMDD, then sex and century.

    Parameters
    ----------
    text : str
        A number of at least seven digits.
    """
    century = {"1": 18, "2": 18, "3": 19, "4": 19, "5": 20, "6": 20}.get(text[6])
    if century is None:
        return None
    try:
        return date(century * 100 + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None
