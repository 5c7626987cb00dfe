"""From the text of a condition to its formula; every fault knows its place.

For `reading` and `reforms`. Main function: `parse`. The grammar stands in docs/rules.md. Names
are resolved by a `Scope`, units are checked, and each comparison is brought into the linear
form of `expressions`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from qonys.rules.expressions import (
    MAX_NUMBER,
    And,
    Compare,
    Constant,
    Fixed,
    Formula,
    Member,
    Not,
    Or,
    Slot,
    Truth,
)

#: No condition of a law is longer or deeper.
MAX_LENGTH, MAX_DEPTH = 4_000, 40


class ExpressionError(Exception):
    """A fault in an expression and where it stands.

    Parameters
    ----------
    problem : str
        What is wrong.
    position : int
        Offset in the text, from 0.
    way_out : str
        What the writer can do.
    """

    def __init__(self, problem: str, position: int, way_out: str = "") -> None:
        super().__init__(problem)
        self.problem, self.position, self.way_out = problem, position, way_out


class Name(Protocol):
    """What a scope tells of a fact or parameter."""

    @property
    def kind(self) -> str:
        """Type: bool, int, code, date, list; codes for a list of codes."""

    @property
    def unit(self) -> str:
        """Unit of an int or of the elements of a list."""

    @property
    def length(self) -> int:
        """Number of elements of a list."""


class Scope(Protocol):
    """Names that an expression may use."""

    def fact(self, name: str) -> Name | None:
        """A fact by its name."""

    def parameter(self, name: str) -> Name | None:
        """A dated parameter by its name."""

    def near(self, name: str) -> str:
        """A hint at names like this one."""


_TOKEN = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d\d-\d\d)|(?P<number>\d[\d_]*)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<text>'[^'\n]*'|\"[^\"\n]*\")|(?P<op>==|!=|<=|>=|\.\.|[<>()\[\],+*-]))",
    re.ASCII,
)
_COMPARE = frozenset({"==", "!=", "<", "<=", ">", ">="})
_SPANS = {
    "day": "day",
    "days": "day",
    "month": "month",
    "months": "month",
    "year": "year",
    "years": "year",
}
_WORDS = frozenset({"and", "or", "not", "in", "true", "false", "on_day", "every", "any", "sum"})


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class _Linear:
    """A side of a comparison: facts with coefficients, and a constant."""

    terms: tuple[tuple[int, Slot], ...]
    constant: Constant
    unit: str


@dataclass(frozen=True)
class _Code:
    """A side of a comparison that is a code, a list of codes, or a fact holding a code."""

    slot: Slot | None
    constant: Constant | None


_Side = _Linear | _Code | Formula
_ZERO = Constant("value", (0,))


def _tokens(text: str) -> list[_Token]:
    if len(text) > MAX_LENGTH:
        problem = f"longer than {MAX_LENGTH:,} characters"
        raise ExpressionError(problem, MAX_LENGTH, "Split it into several conditions.")
    found, at = [], 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None or match.lastgroup is None:
            start = at + len(stripped[at:]) - len(stripped[at:].lstrip())
            problem = f"{stripped[start]!r} has no meaning here"
            raise ExpressionError(problem, start, "See docs/rules.md for the language.")
        kind = match.lastgroup
        found.append(_Token(kind, match.group(kind), match.start(kind)))
        at = match.end()
    found.append(_Token("end", "", len(stripped)))
    return found


def parse(text: str, scope: Scope) -> Formula:
    """Read a condition.

    Parameters
    ----------
    text : str
        The condition as written in a law file.
    scope : Scope
        Facts and parameters that it may name.

    Returns
    -------
    Formula
        The condition with names resolved and types checked.

    Raises
    ------
    ExpressionError
        With the place of the fault.
    """
    return _Parser(_tokens(text), scope).whole()


class _Parser:
    """Recursive descent over the tokens; each method reads one level of the grammar."""

    def __init__(self, tokens: list[_Token], scope: Scope) -> None:
        self.tokens, self.scope = tokens, scope
        self.at = self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> _Token | None:
        """The next token if it is one of these."""
        token = self.token
        if token.kind in {"op", "name"} and token.text in texts:
            self.at += 1
            return token
        return None

    def need(self, text: str) -> _Token:
        """The next token, which must be this one."""
        token = self.take(text)
        if token is None:
            found = repr(self.token.text) if self.token.text else "the end"
            raise ExpressionError(f"expected {text!r}, found {found}", self.token.at)
        return token

    def whole(self) -> Formula:
        """The whole text."""
        start = self.token.at
        formula = _as_formula(self.either(), start)
        if self.token.kind != "end":
            raise ExpressionError(f"unexpected {self.token.text!r}", self.token.at)
        return formula

    def either(self) -> _Side:
        """Alternatives joined by ``or``."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH}", self.token.at)
        side = self._joined("or", self.all_of, Or)
        self.depth -= 1
        return side

    def all_of(self) -> _Side:
        """Parts joined by ``and``."""
        return self._joined("and", self.negated, And)

    def _joined(
        self, word: str, part: Callable[[], _Side], make: type[And] | type[Or]
    ) -> _Side:
        start = self.token.at
        first = part()
        items = [first]
        while token := self.take(word):
            items[0] = _as_formula(items[0], start)
            items.append(_as_formula(part(), token.at + len(word) + 1))
        if len(items) == 1:
            return first
        return make(tuple(item for item in items if isinstance(item, Formula)))

    def negated(self) -> _Side:
        """``not`` before a part."""
        token = self.take("not")
        if token is None:
            return self.compared()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH}", token.at)
        item = Not(_as_formula(self.negated(), token.at))
        self.depth -= 1
        return item

    def compared(self) -> _Side:
        """A comparison, or a single fact."""
        left = self.summed()
        token = self.token
        if token.kind == "op" and token.text in _COMPARE:
            self.at += 1
            right = self.summed()
            if self.token.text in _COMPARE:
                raise ExpressionError(
                    "comparisons cannot be chained", self.token.at, "Join two with 'and'."
                )
            return _compare(left, token, right)
        negate = self.take("not") is not None
        if negate or self.token.text == "in":
            token = self.need("in")
            formula = _member(left, self.summed(), token.at)
            return Not(formula) if negate else formula
        return left

    def summed(self) -> _Side:
        """Sums and differences."""
        left = self.times()
        while token := self.take("+", "-"):
            left = _add(left, token, self.times())
        return left

    def times(self) -> _Side:
        """Products with a constant."""
        left = self.single()
        while token := self.take("*"):
            left = _multiply(left, token, self.single())
        return left

    def single(self) -> _Side:
        """A literal, a name, a call or a part in brackets."""
        token = self.token
        self.at += 1
        if token.kind == "number":
            return self.number(token)
        if token.kind == "date":
            return self.day(token)
        if token.kind == "text":
            return _Code(None, Constant("value", (frozenset({token.text[1:-1]}),), "code"))
        if token.kind == "name":
            return self.named(token)
        if token.text == "(":
            side = self.either()
            self.need(")")
            return side
        if token.text == "[":
            return self.listed()
        if token.text == "-":
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise ExpressionError(f"nested deeper than {MAX_DEPTH}", token.at)
            side = _multiply(_Linear((), Constant("value", (-1,)), ""), token, self.single())
            self.depth -= 1
            return side
        found = repr(token.text) if token.text else "the end"
        raise ExpressionError(f"expected a fact or a value, found {found}", token.at)

    def number(self, token: _Token) -> _Linear:
        """A number, with its unit where one follows."""
        value = int(token.text.replace("_", ""))
        if value > MAX_NUMBER:
            raise ExpressionError(f"larger than {MAX_NUMBER:,}", token.at)
        unit = ""
        if self.take("working"):
            unit = "working day"
            if not self.take("day", "days"):
                raise ExpressionError("expected 'days' after 'working'", self.token.at)
        elif self.token.kind == "name" and self.token.text in _SPANS:
            unit = _SPANS[self.token.text]
            self.at += 1
        return _Linear((), Constant("value", (value,), unit), unit)

    def day(self, token: _Token) -> _Linear:
        """A day."""
        try:
            ordinal = date.fromisoformat(token.text).toordinal()
        except ValueError:
            raise ExpressionError(f"{token.text} is no day", token.at) from None
        return _Linear((), Constant("value", (ordinal,), "date"), "date")

    def listed(self) -> _Code:
        """A list of codes."""
        codes: list[str] = []
        while True:
            token = self.token
            if token.kind != "text":
                raise ExpressionError("expected a code in quotes", token.at)
            codes.append(token.text[1:-1])
            self.at += 1
            if not self.take(","):
                break
        self.need("]")
        return _Code(None, Constant("value", (frozenset(codes),), "code"))

    def named(self, token: _Token) -> _Side:
        """A word of the language, a fact or a parameter."""
        name = token.text
        if name in {"true", "false"}:
            return Fixed(name == "true")
        if name == "on_day":
            return _Linear((), Constant("on_day", (), "date"), "date")
        if name in {"every", "any"}:
            return self.quantified(token)
        if name == "sum":
            return self.total(token)
        if name in _WORDS:
            raise ExpressionError(f"unexpected {name!r}", token.at)
        fact = self.scope.fact(name)
        if fact is not None:
            return self.of_fact(token, fact)
        parameter = self.scope.parameter(name)
        if parameter is None:
            problem = f"{name!r} is neither a fact nor a parameter"
            raise ExpressionError(problem, token.at, self.scope.near(name))
        if parameter.kind == "codes":
            return _Code(None, Constant("parameter", (name,), "code"))
        unit = "date" if parameter.kind == "date" else parameter.unit
        return _Linear((), Constant("parameter", (name,), unit), unit)

    def of_fact(self, token: _Token, fact: Name) -> _Side:
        """A fact."""
        if fact.kind == "list":
            raise ExpressionError(
                f"{token.text!r} is a list",
                token.at,
                f"Write every({token.text}[1..{fact.length}] > ...) or sum(...).",
            )
        slot = Slot(token.text, fact.kind)
        if fact.kind == "bool":
            return Truth(slot)
        if fact.kind in {"code", "number"}:
            return _Code(slot, None)
        unit = "date" if fact.kind == "date" else fact.unit
        return _Linear(((1, slot),), _ZERO, unit)

    def elements(self) -> tuple[list[Slot], str]:
        """``name[1..6]``: elements of a list."""
        token = self.token
        fact = self.scope.fact(token.text) if token.kind == "name" else None
        if fact is None or fact.kind != "list":
            raise ExpressionError(
                f"expected a fact that is a list, found {token.text!r}", token.at
            )
        self.at += 1
        self.need("[")
        first = self.bound()
        self.need("..")
        last = self.bound()
        self.need("]")
        if not 1 <= first <= last <= fact.length:
            problem = f"elements {first}..{last} of a list of {fact.length}"
            raise ExpressionError(problem, token.at)
        found = [
            Slot(token.text, "int", index, fact.length) for index in range(first, last + 1)
        ]
        return found, fact.unit

    def bound(self) -> int:
        """A place in a list."""
        token = self.token
        if token.kind != "number":
            raise ExpressionError("expected a place in the list", token.at)
        self.at += 1
        return int(token.text.replace("_", "")[:6])

    def quantified(self, token: _Token) -> Formula:
        """``every(list[1..n] > x)``: one comparison for each element."""
        self.need("(")
        found, unit = self.elements()
        op = self.token
        if op.text not in _COMPARE:
            raise ExpressionError("expected a comparison", op.at)
        self.at += 1
        right = self.summed()
        self.need(")")
        parts = tuple(_compare(_Linear(((1, slot),), _ZERO, unit), op, right) for slot in found)
        return And(parts) if token.text == "every" else Or(parts)

    def total(self, token: _Token) -> _Linear:
        """``sum(list[1..n])``."""
        self.need("(")
        found, unit = self.elements()
        self.need(")")
        return _Linear(tuple((1, slot) for slot in found), _ZERO, unit)


def _as_formula(side: _Side, at: int) -> Formula:
    if isinstance(side, (_Linear, _Code)):
        raise ExpressionError(
            "a number, day or code is neither true nor false", at, "Compare it with something."
        )
    return side


def _compare(left: _Side, token: _Token, right: _Side) -> Formula:
    """A comparison in its normal form."""
    if isinstance(left, _Code) or isinstance(right, _Code):
        if token.text not in {"==", "!="}:
            raise ExpressionError("codes have no order", token.at, "Use == or 'in'.")
        formula = _member(left, right, token.at)
        return Not(formula) if token.text == "!=" else formula
    if isinstance(left, Formula) or isinstance(right, Formula):
        return _same_truth(left, token, right)
    unit = _common(left.unit, right.unit, token)
    terms = _merged(left.terms, right.terms, -1)
    if not terms:
        raise ExpressionError("compares constants, not a fact", token.at)
    constant = _fold("-", right.constant, left.constant, unit)
    return Compare(terms, token.text, constant)


def _same_truth(left: _Side, token: _Token, right: _Side) -> Formula:
    """``fact == true``."""
    if token.text in {"==", "!="} and isinstance(left, Formula) and isinstance(right, Fixed):
        return left if (token.text == "==") == right.value else Not(left)
    raise ExpressionError("these two cannot be compared", token.at)


def _member(left: _Side, right: _Side, at: int) -> Formula:
    if not isinstance(left, _Code) or not isinstance(right, _Code):
        raise ExpressionError("a code can be compared with codes only", at)
    if left.slot is None:
        left, right = right, left
    if left.slot is None or right.constant is None:
        raise ExpressionError("compare a fact with a code in quotes", at)
    return Member(left.slot, right.constant)


def _add(left: _Side, token: _Token, right: _Side) -> _Linear:
    if not isinstance(left, _Linear) or not isinstance(right, _Linear):
        raise ExpressionError("only numbers and days can be added", token.at)
    minus = token.text == "-"
    if right.unit in {"month", "year", "working day"} and left.unit == "date":
        return _shift(left, right, token)
    if minus and right.unit == "date" and left.unit != "date":
        raise ExpressionError("a day cannot be taken from a number", token.at)
    if left.unit == "date" and right.unit == "date":
        if not minus:
            raise ExpressionError("two days cannot be added", token.at)
        unit = "day"
    elif left.unit == "date" and right.unit in {"day", ""}:
        unit = "date"
    else:
        unit = _common(left.unit, right.unit, token)
    terms = _merged(left.terms, right.terms, -1 if minus else 1)
    return _Linear(terms, _fold(token.text, left.constant, right.constant, unit), unit)


def _shift(left: _Linear, right: _Linear, token: _Token) -> _Linear:
    """A known day moved by months, years or working days."""
    if left.terms or right.terms or right.constant.operator != "value":
        raise ExpressionError(
            f"{right.unit}s can be added to a known day only, not to a fact",
            token.at,
            "Write: fact > on_day - 5 years.",
        )
    count = right.constant.items[0]
    assert isinstance(count, int)
    if count > 100_000:
        raise ExpressionError("too far from the day", token.at)
    signed = -count if token.text == "-" else count
    constant = Constant("shift", (left.constant, signed, right.unit), "date")
    return _Linear((), constant, "date")


def _multiply(left: _Side, token: _Token, right: _Side) -> _Linear:
    if not isinstance(left, _Linear) or not isinstance(right, _Linear):
        raise ExpressionError("only numbers can be multiplied", token.at)
    if left.terms:
        left, right = right, left
    factor = left.constant.items[0] if left.constant.operator == "value" else None
    if "date" in {left.unit, right.unit}:
        raise ExpressionError("a day cannot be multiplied", token.at)
    if left.unit and right.unit:
        raise ExpressionError(f"{left.unit} times {right.unit} has no meaning", token.at)
    unit = left.unit or right.unit
    if not right.terms:
        return _Linear((), Constant("*", (left.constant, right.constant), unit), unit)
    if left.terms or not isinstance(factor, int):
        raise ExpressionError("a fact can be multiplied by a written number only", token.at)
    if any(abs(factor * times) > 10_000 for times, _ in right.terms):
        raise ExpressionError("a factor above 10,000", token.at)
    terms = tuple((factor * times, slot) for times, slot in right.terms)
    constant = Constant("*", (left.constant, right.constant), unit)
    return _Linear(terms, _ZERO if right.constant == _ZERO else constant, unit)


def _merged(
    left: tuple[tuple[int, Slot], ...], right: tuple[tuple[int, Slot], ...], sign: int
) -> tuple[tuple[int, Slot], ...]:
    total: dict[Slot, int] = {}
    for times, slot in left:
        total[slot] = total.get(slot, 0) + times
    for times, slot in right:
        total[slot] = total.get(slot, 0) + sign * times
    return tuple((times, slot) for slot, times in total.items() if times)


def _fold(op: str, left: Constant, right: Constant, unit: str) -> Constant:
    """A sum of constants, worked out where both are written numbers."""
    if right == _ZERO:
        return left
    if left.operator == right.operator == "value":
        first, second = left.items[0], right.items[0]
        assert isinstance(first, int)
        assert isinstance(second, int)
        return Constant("value", (first + second if op == "+" else first - second,), unit)
    return Constant(op, (left, right), unit)


def _common(left: str, right: str, token: _Token) -> str:
    if left and right and left != right:
        raise ExpressionError(
            f"{left} against {right}", token.at, "Both sides must have one unit."
        )
    return left or right
