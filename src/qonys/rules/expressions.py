"""Formulas of the law: small, typed, three-valued.

For the engines. Main types: `Formula`, `Constant`, `Slot`. A condition compares facts with
constants and joins the comparisons with ``and``, ``or``, ``not``; `parsing` reads its text.

Comparisons are kept in one linear form, ``sum(coefficient * fact) <op> constant``, so that
every engine evaluates the same thing. A constant may depend on dated parameters and on the day
asked for; it never depends on a fact.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

#: A number beyond this is a slip, not a threshold.
MAX_NUMBER = 10**12
#: The comparison that holds exactly when another does not.
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


# --- constants: known once the day is known -------------------------------------------------


@dataclass(frozen=True)
class Constant:
    """A value that depends on the day alone.

    Parameters
    ----------
    operator : str
        ``value``, ``parameter``, ``on_day``, ``shift``, ``+``, ``-`` or ``*``.
    items : tuple
        The literal, the parameter's name, or the operands.
    unit : str
        Its unit; ``date`` for a day; empty for a bare number.
    """

    operator: str
    items: tuple[object, ...]
    unit: str = ""

    def parameters(self) -> Iterator[str]:
        """Names of the parameters it reads."""
        if self.operator == "parameter":
            yield str(self.items[0])
        for item in self.items:
            if isinstance(item, Constant):
                yield from item.parameters()


Moves = Callable[[date, int, str], date]


def constant_value(
    constant: Constant, day: date, values: Mapping[str, object], move: Moves
) -> object:
    """The value of a constant on a day; a day becomes its ordinal number.

    Parameters
    ----------
    constant : Constant
        The constant.
    day : date
        The day asked for.
    values : Mapping of str to object
        Values of the parameters on that day; one that is not known is None.
    move : callable
        Moves a day by a number of calendar units.

    Returns
    -------
    object
        An integer, a frozenset of codes, or None (law not known).
    """
    match constant.operator:
        case "value":
            return constant.items[0]
        case "parameter":
            return values.get(str(constant.items[0]))
        case "on_day":
            return day.toordinal()
        case "shift":
            base, count, unit = constant.items
            start = constant_value(_constant(base), day, values, move)
            if not isinstance(start, int) or not isinstance(count, int):
                return None
            if not 1 <= start <= date.max.toordinal():
                return None
            return move(date.fromordinal(start), count, str(unit)).toordinal()
    left, right = (
        constant_value(_constant(item), day, values, move) for item in constant.items
    )
    if not isinstance(left, int) or not isinstance(right, int):
        return None
    if constant.operator == "+":
        return left + right
    return left - right if constant.operator == "-" else left * right


def _constant(item: object) -> Constant:
    assert isinstance(item, Constant)
    return item


# --- formulas -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slot:
    """A fact, or one element of a list.

    Parameters
    ----------
    name : str
        Name of the fact.
    kind : str
        Type of the value.
    index : int
        Place in the list, from 1; 0 for a fact that is no list.
    of : int
        How many elements the law looks at; 0 for a fact that is no list.
    """

    name: str
    kind: str
    index: int = 0
    of: int = 0

    def __str__(self) -> str:
        return f"{self.name}[{self.index}]" if self.index else self.name


@dataclass(frozen=True)
class Compare:
    """``sum(coefficient * slot) <op> constant``.

    Parameters
    ----------
    terms : tuple of (int, Slot)
        Coefficients and facts.
    op : str
        ``<``, ``<=``, ``>``, ``>=``, ``==`` or ``!=``.
    constant : Constant
        The right side.
    """

    terms: tuple[tuple[int, Slot], ...]
    op: str
    constant: Constant


@dataclass(frozen=True)
class Member:
    """Whether a code is in a list of codes.

    Parameters
    ----------
    slot : Slot
        The fact.
    constant : Constant
        The codes.
    """

    slot: Slot
    constant: Constant


@dataclass(frozen=True)
class Truth:
    """A fact that is itself true or false.

    Parameters
    ----------
    slot : Slot
        The fact.
    """

    slot: Slot


@dataclass(frozen=True)
class Fixed:
    """Always true or always false.

    Parameters
    ----------
    value : bool
        Which.
    """

    value: bool


@dataclass(frozen=True)
class Not:
    """Negation.

    Parameters
    ----------
    item : Formula
        What is negated.
    """

    item: "Formula"


@dataclass(frozen=True)
class And:
    """True when all are.

    Parameters
    ----------
    items : tuple of Formula
        Two or more.
    """

    items: "tuple[Formula, ...]"


@dataclass(frozen=True)
class Or:
    """True when one is.

    Parameters
    ----------
    items : tuple of Formula
        Two or more.
    """

    items: "tuple[Formula, ...]"


Formula = Compare | Member | Truth | Fixed | Not | And | Or


def slots(formula: Formula) -> dict[Slot, None]:
    """Facts of a formula, in the order of the text."""
    found: dict[Slot, None] = {}
    for leaf in leaves(formula):
        if isinstance(leaf, Compare):
            found.update(dict.fromkeys(slot for _, slot in leaf.terms))
        elif not isinstance(leaf, Fixed):
            found[leaf.slot] = None
    return found


def leaves(formula: Formula) -> Iterator[Compare | Member | Truth | Fixed]:
    """Comparisons and single facts of a formula, in the order of the text."""
    if isinstance(formula, Not):
        yield from leaves(formula.item)
    elif isinstance(formula, (And, Or)):
        for item in formula.items:
            yield from leaves(item)
    else:
        yield formula


def constants(formula: Formula) -> Iterator[Constant]:
    """Constants of a formula, in the order of the text."""
    for leaf in leaves(formula):
        if isinstance(leaf, (Compare, Member)):
            yield leaf.constant
