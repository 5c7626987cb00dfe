"""Facts about a person: checked against what the law knows of them, all faults at once.

For the engines and the command line. Main functions: `read_facts`, `slot_values`. A fact that
is not given, or given as ``null``, is unknown: it never becomes false, clean or 0.
"""

import re
from collections.abc import Mapping
from datetime import date
from difflib import SequenceMatcher, get_close_matches

from qonys.core.errors import DataError, Fault
from qonys.rules.expressions import Slot
from qonys.rules.law import FactType, Law, Rule
from qonys.rules.numbers import NumberScheme

#: A known code this alike is taken for a slip of the pen.
ALIKE = 0.88
#: No fact about a person lies before this day.
EARLIEST = date(1850, 1, 1)
Facts = Mapping[str, object]


def read_facts(law: Law, given: object, day: date, rule: Rule | None = None) -> Facts:
    """Facts as the engines want them.

    Parameters
    ----------
    law : Law
        The law, which knows the facts.
    given : object
        A mapping of names to values, as read from JSON.
    day : date
        The day asked for: what has happened cannot lie after it.
    rule : Rule or None
        The rule asked, which may understand a fact in its own way.

    Returns
    -------
    Facts
        Bools, whole numbers, codes, days as ordinals, tuples; None where unknown.

    Raises
    ------
    DataError
        With all faults.
    """
    if not isinstance(given, Mapping):
        raise DataError(Fault("facts are an object of names and values", value=str(given)[:40]))
    facts: dict[str, object] = {}
    faults: list[Fault] = []
    for name, value in given.items():
        kind = law.fact(str(name), rule)
        if kind is None:
            faults.append(_unknown(law, str(name)))
        elif value is None:
            facts[kind.name] = None
        else:
            found = checked(kind, value, day)
            if isinstance(found, Fault):
                faults.append(found)
            else:
                facts[kind.name] = found
    if faults:
        raise DataError(faults)
    return facts


def _unknown(law: Law, name: str) -> Fault:
    near = get_close_matches(name, law.facts, 3, 0.6)
    near = near or [fact for fact in law.facts if fact.startswith(name[:5])][:3]
    way_out = "qonys rules show RULE lists the facts of a rule."
    if near:
        way_out = f"Did you mean {' or '.join(near)}?"
    return Fault("no such fact", "facts", column=name[:60], way_out=way_out)


def checked(kind: FactType, value: object, day: date) -> object:
    """A value as the engines want it, or its fault.

    Parameters
    ----------
    kind : FactType
        What the fact is.
    value : object
        What was given; not None.
    day : date
        The day asked for.
    """
    if kind.kind == "bool":
        if isinstance(value, bool):
            return value
        return _fault(kind, value, "neither true nor false", "Give true, false or null.")
    if kind.kind == "int":
        return _integer(kind, value)
    if kind.kind == "list":
        return _list(kind, value)
    if kind.kind == "date":
        return _day(kind, value, day)
    if not isinstance(value, str):
        way_out = "Give it as text in quotes, so that leading zeros stay."
        if kind.kind == "code":
            way_out = _codes(kind)
        return _fault(kind, value, "not a text", way_out)
    if kind.kind == "number":
        if len(value) > 64:
            return _fault(kind, value, "far too long for a number", "")
        return value
    return _code(kind, value)


def _fault(kind: FactType, value: object, problem: str, way_out: str) -> Fault:
    text = repr(value) if not isinstance(value, str) else value
    return Fault(problem, "facts", column=kind.name, value=text[:60], way_out=way_out)


def _integer(kind: FactType, value: object) -> object:
    unit = f" ({kind.unit})" if kind.unit else ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**15:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        way_out = f"Give a whole number{unit}, without unit or separators."
        return _fault(kind, value, "not a whole number", way_out)
    if kind.low <= value <= kind.high:
        return value
    way_out = f"It must lie between {kind.low:,} and {kind.high:,}{unit}."
    return _fault(kind, value, "outside what can be", way_out)


def _list(kind: FactType, value: object) -> object:
    if not isinstance(value, (list, tuple)):
        way_out = f"Give a list, e.g. [{', '.join(['3500'] * kind.length)}]."
        return _fault(kind, value, "not a list", way_out)
    if len(value) > 1200:
        return _fault(kind, len(value), "more elements than can be", "")
    found = [None if item is None else _integer(kind, item) for item in value]
    wrong = [item for item in found if isinstance(item, Fault)]
    return wrong[0] if wrong else tuple(found)


def _day(kind: FactType, value: object, day: date) -> object:
    found = None
    if isinstance(value, date):
        found = value
    elif isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            found = date.fromisoformat(value)
        except ValueError:
            found = None
    if found is None:
        return _fault(kind, value, "no day", "Write it as 2025-01-15.")
    if found > day:
        way_out = f"Give a day up to {day}, or ask for a later day."
        return _fault(kind, value, "lies after the day asked for", way_out)
    if found < EARLIEST:
        return _fault(kind, value, f"before {EARLIEST.year}", "Check the year.")
    return found.toordinal()


def _code(kind: FactType, value: str) -> object:
    code = kind.aliases.get(value, value)
    if code in kind.codes:
        return code
    if not value.strip() or len(value) > 80:
        return _fault(kind, value, "no code", _codes(kind))
    near = [
        known
        for known in (*kind.codes, *kind.aliases)
        if known.casefold() == code.casefold()
        or SequenceMatcher(None, known, code).ratio() >= ALIKE
    ]
    if near:
        return _fault(kind, value, "no such code", f"Did you mean {' or '.join(near)}?")
    if kind.closed:
        return _fault(kind, value, "no such code", _codes(kind))
    return code


def _codes(kind: FactType) -> str:
    known = ", ".join(kind.codes)
    return f"One of: {known}." if kind.closed else f"Known codes: {known}."


def slot_values(
    slots: tuple[Slot, ...], facts: Facts, scheme: NumberScheme | None = None
) -> list[object]:
    """Values of a program's slots.

    Parameters
    ----------
    slots : tuple of Slot
        Facts that a program looks at.
    facts : Facts
        Facts as `read_facts` gives them.
    scheme : NumberScheme or None
        For numbers: how they are built; their value is the verdict on them.

    Returns
    -------
    list of object
        In the order of the slots; None where unknown. Of a list that is longer than the law
        looks at, the last elements count.
    """
    values = []
    for slot in slots:
        value = facts.get(slot.name)
        if slot.index and value is not None:
            value = element(value, slot)
        elif slot.kind == "number" and scheme is not None and isinstance(value, str):
            value = scheme.verdict(value)
        values.append(value)
    return values


def element(value: object, slot: Slot) -> object:
    """An element of a list.

    Parameters
    ----------
    value : object
        The list.
    slot : Slot
        Which element.
    """
    assert isinstance(value, tuple)
    place = slot.index - 1 + max(0, len(value) - slot.of)
    return value[place] if place < len(value) else None


def slot_name(slot: Slot, facts: Facts) -> str:
    """Name of a missing fact: the whole list where nothing of it is given.

    Parameters
    ----------
    slot : Slot
        The fact.
    facts : Facts
        What is known.
    """
    return slot.name if slot.index and facts.get(slot.name) is None else str(slot)
