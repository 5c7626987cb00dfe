"""What would have to be different for the answer to be yes.

For `answers`. Main functions: `smallest_change`, `day_of_change`. A change is worked out from
the conditions that stand in the way, then tried on the whole rule: only one that leads to
"eligible" is told. What a person cannot change (age, citizenship) is never proposed; what is
not known yet may be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, product

from qonys.rules.deciding import Decision, Engine
from qonys.rules.expressions import (
    OPPOSITE,
    And,
    Compare,
    Fixed,
    Formula,
    Member,
    Not,
    Or,
    Slot,
    Truth,
    leaves,
    slots,
)
from qonys.rules.facts import EARLIEST, Facts
from qonys.rules.law import Rule
from qonys.rules.programs import Part, truth

#: How many ways to meet one condition, and how many steps altogether, are tried.
WAYS, TRIED = 12, 120
GOOD = frozenset({"eligible", "discretion", "valid", "no_ground"})
_SHIFT = {">": 1, ">=": 0, "<": -1, "<=": 0, "==": 0}
Way = dict[Slot, object]


@dataclass(frozen=True)
class Change:
    """A fact that would have to be different, or shown.

    Parameters
    ----------
    fact : str
        Name of the fact; ``on`` for the day asked for.
    before, after : object
        Value now (None where unknown) and value needed.
    """

    fact: str
    before: object
    after: object

    def plain(self) -> dict[str, object]:
        """The change as plain data."""
        plain: dict[str, object] = {
            "fact": self.fact,
            "from": self.before,
            "to": self.after,
        }
        numbers = (self.before, self.after)
        if all(isinstance(item, int) and not isinstance(item, bool) for item in numbers):
            plain["by"] = self.after - self.before  # type: ignore[operator]
        return plain


class _Ways:
    """Ways to give a formula a value, each a set of facts."""

    def __init__(self, engine: Engine, decision: Decision, start: Decision) -> None:
        self.engine, self.decision, self.start = engine, decision, start
        self.program = decision.snapshot.program
        self.fixed = decision.snapshot.constants

    def of(self, formula: Formula, *, want: bool) -> list[Way]:
        """Ways, at most `WAYS`."""
        values = self.decision.values
        if truth(formula, self.program, values, self.fixed) is want:
            return [{}]
        if isinstance(formula, Not):
            return self.of(formula.item, want=not want)
        if isinstance(formula, Fixed):
            return []
        if isinstance(formula, (And, Or)):
            parts = [self.of(item, want=want) for item in formula.items]
            if isinstance(formula, And) == want:
                return self.together(parts)
            return [way for ways in parts for way in ways][:WAYS]
        return self.of_leaf(formula, want=want)

    def together(self, parts: list[list[Way]]) -> list[Way]:
        """One way of each part, joined; the stricter value wins where two touch one fact."""
        found = []
        for combined in islice(product(*parts), WAYS * WAYS):
            merged = _merged(combined)
            if merged is not None:
                found.append(merged)
        return found[:WAYS]

    def of_leaf(self, formula: Truth | Member | Compare, *, want: bool) -> list[Way]:
        """Ways of a single comparison."""
        if isinstance(formula, Truth):
            return [{formula.slot: want}] if self.may_change(formula.slot) else []
        constant = self.fixed[self.program.constant_places[formula.constant]]
        if isinstance(formula, Member):
            if not self.may_change(formula.slot) or not isinstance(constant, frozenset):
                return []
            codes = sorted(constant) if want else self.others(formula.slot, constant)
            return [{formula.slot: code} for code in codes[:WAYS]]
        if not isinstance(constant, int):
            return []
        op = formula.op if want else OPPOSITE[formula.op]
        return list(self.of_terms(formula, op, constant))

    def others(self, slot: Slot, codes: frozenset[str]) -> list[str]:
        """Codes of a fact that are not among these."""
        snapshot = self.decision.snapshot
        kind = self.engine.law.fact(slot.name, snapshot.rule)
        known = [code for code in (kind.codes if kind else ()) if code not in codes]
        return known or ([] if kind is None or kind.closed else ["other"])

    def may_change(self, slot: Slot) -> bool:
        """Whether a fact can be changed, or is still open."""
        kind = self.engine.law.fact(slot.name, self.decision.snapshot.rule)
        open_ = self.start.values[self.program.places[slot]] is None
        return open_ or (kind is not None and not kind.fixed)

    def of_terms(self, formula: Compare, op: str, constant: int) -> Iterator[Way]:
        """Ways to reach a sum by moving one of its facts, or all that are open."""
        values = {
            slot: self.decision.values[self.program.places[slot]] for _, slot in formula.terms
        }
        open_ = [slot for slot, value in values.items() if value is None]
        total = sum(
            times * value
            for times, slot in formula.terms
            if isinstance(value := values[slot], int)
        )
        if len(open_) > 1:
            times = sum(times for times, slot in formula.terms if values[slot] is None)
            needed = _solved(times, op, constant - total) if times else None
            if needed is None or not all(self.sensible(slot, needed) for slot in open_):
                needed = self.least(open_)
            yield dict.fromkeys(open_, needed)
            return
        found = False
        for times, slot in formula.terms:
            if (open_ and slot not in open_) or not self.may_change(slot):
                continue
            value = values[slot]
            rest = total - (times * value if isinstance(value, int) else 0)
            needed = _solved(times, op, constant - rest)
            if needed is not None and self.sensible(slot, needed):
                found = True
                yield {slot: needed}
        if open_ and not found:  # the open one does not suffice: the next step changes more
            yield {slot: self.least([slot]) for slot in open_}

    def least(self, open_: list[Slot]) -> int:
        """A value that all of some facts can have."""
        snapshot = self.decision.snapshot
        kinds = [self.engine.law.fact(slot.name, snapshot.rule) for slot in open_]
        numbers = [kind.low for kind in kinds if kind and kind.kind != "date"]
        return max(numbers, default=snapshot.day.toordinal())

    def sensible(self, slot: Slot, value: int) -> bool:
        """Whether a number lies within the bounds of its fact; no day lies in the future."""
        kind = self.engine.law.fact(slot.name, self.decision.snapshot.rule)
        if kind is not None and kind.kind == "date":
            return EARLIEST.toordinal() <= value <= self.decision.snapshot.day.toordinal()
        return kind is None or kind.low <= value <= kind.high

    def of_part(self, part: Part) -> list[Way]:
        """Ways to meet a condition, or to be freed from it."""
        want = part.condition.role != "ground"
        ways = self.of(part.formula, want=want) if part.law_known else []
        for exemption in part.exemptions:
            ways += self.of(exemption.formula, want=True)
        return ways


def _solved(times: int, op: str, constant: int) -> int | None:
    """The nearest whole number x with ``times * x <op> constant``."""
    if op == "!=":
        return constant // times + 1
    if times < 0:
        times, constant = -times, -constant
        op = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}[op]
    if op == "==":
        return constant // times if constant % times == 0 else None
    edge = constant + _SHIFT[op]
    return -(-edge // times) if op in {">", ">="} else edge // times


def _merged(ways: tuple[Way, ...]) -> Way | None:
    merged: Way = {}
    for way in ways:
        for slot, value in way.items():
            if slot in merged and merged[slot] != value:
                both = (merged[slot], value)
                if any(isinstance(item, (bool, str)) for item in both):
                    return None
                value = max(both)  # type: ignore[type-var]
            merged[slot] = value
    return merged


def smallest_change(engine: Engine, decision: Decision) -> list[Change] | None:
    """The fewest and smallest changes of facts that make the answer yes.

    Parameters
    ----------
    engine : Engine
        The engine that decided.
    decision : Decision
        The decision.

    Returns
    -------
    list of Change or None
        Empty when it is yes already; None when no change of facts was found to help.
    """
    if decision.decision in GOOD:
        return []
    if decision.snapshot.state != "in force":
        return None
    search = _Search(engine, decision)
    search.further(decision, {})
    return None if search.best is None else _told(engine, decision, search.best)


class _Search:
    """Meets one open condition after the other, and keeps the cheapest way to the end."""

    def __init__(self, engine: Engine, decision: Decision) -> None:
        self.engine, self.start, self.left = engine, decision, TRIED
        self.best: Way | None = None
        self.price: tuple[float, ...] = ()

    def further(self, decision: Decision, path: Way) -> None:
        """Meet the first condition that stands in the way."""
        if decision.decision in GOOD:
            self.best, self.price = path, _cost(self.engine, self.start, path)
            return
        part = _in_the_way(decision)
        if part is None:
            return
        ways = _Ways(self.engine, decision, self.start).of_part(part)
        joined = [found for way in ways if (found := self.joined(path, way)) is not None]
        priced = [(_cost(self.engine, self.start, way), way) for way in joined]
        for price, way in sorted(priced, key=lambda pair: pair[0]):
            if self.best is not None and price >= self.price:
                return
            self.left -= 1
            if self.left < 0:
                return
            facts = _applied(self.start.facts, way)
            snapshot = self.start.snapshot
            self.further(self.engine.decided(snapshot.rule, snapshot.day, facts), way)

    def joined(self, path: Way, way: Way) -> Way | None:
        """A way after those gone already; a choice once made is not unmade."""
        new = {slot: value for slot, value in way.items() if path.get(slot) != value}
        if not new or any(
            slot in path and isinstance(value, (bool, str)) for slot, value in new.items()
        ):
            return None
        return {**path, **new}


def _in_the_way(decision: Decision) -> Part | None:
    """The condition to meet next: failed ones first, then those with fewest facts."""
    program = decision.snapshot.program
    failed, unknown, blocking = decision.masks
    wanted = failed or (unknown & program.requirements) | blocking
    if not wanted and decision.snapshot.rule.kind == "grounds":
        wanted = unknown
    if not wanted:
        return None
    return min(program.picked(wanted), key=lambda part: len(slots(part.formula)))


def _cost(engine: Engine, decision: Decision, way: Way) -> tuple[float, ...]:
    """No guess at what a person is, then fewer changed, fewer shown, less effort, less far."""
    program, rule = decision.snapshot.program, decision.snapshot.rule
    guessed, changed, shown, effort, far = 0, 0, 0, 0, 0.0
    for slot, value in way.items():
        old = decision.values[program.places[slot]]
        kind = engine.law.fact(slot.name, rule)
        effort += kind.effort if kind else 2
        if old is None:
            shown += 1
            guessed += kind is not None and kind.fixed
        else:
            changed += 1
        if isinstance(old, int) and isinstance(value, int):
            far += abs(value - old) / (abs(old) + 1)
    return guessed, changed, shown, effort, far


def _applied(facts: Facts, way: Way) -> Facts:
    changed = dict(facts)
    for slot, value in way.items():
        if not slot.index:
            changed[slot.name] = value
            continue
        given = changed.get(slot.name)
        elements = list(given) if isinstance(given, tuple) else []
        place = slot.index - 1 + max(0, len(elements) - slot.of)
        elements += [None] * (place + 1 - len(elements))
        elements[place] = value
        changed[slot.name] = tuple(elements)
    return changed


def _told(engine: Engine, decision: Decision, way: Way) -> list[Change]:
    program, rule = decision.snapshot.program, decision.snapshot.rule
    told = []
    for slot, value in way.items():
        kind = engine.law.fact(slot.name, rule)
        old = decision.values[program.places[slot]]
        pair = [old, value]
        if kind is not None and kind.kind == "date":
            pair = [
                date.fromordinal(item).isoformat() if isinstance(item, int) else item
                for item in pair
            ]
        told.append(Change(str(slot), *pair))
    return told


def day_of_change(engine: Engine, decision: Decision) -> date | None:
    """The next day on which the same facts lead to a yes, as far as the law is known.

    Parameters
    ----------
    engine : Engine
        The engine that decided.
    decision : Decision
        The decision.
    """
    if decision.decision in GOOD:
        return None
    rule, day = decision.snapshot.rule, decision.snapshot.day
    for later in sorted(set(_later_days(engine, rule, decision))):
        if later > day:
            again = engine.decided(rule, later, decision.facts)
            if again.decision in GOOD:
                return later
    return None


def _later_days(engine: Engine, rule: Rule, decision: Decision) -> Iterator[date]:
    """Days on which the law changes, or a term that began with a fact ends."""
    yield from engine.law.breaks(rule)
    for part in decision.snapshot.program.picked(decision.masks[0]):
        for leaf in leaves(part.formula):
            if isinstance(leaf, Compare):
                yield from _term_ends(decision, leaf)


def _term_ends(decision: Decision, formula: Compare) -> Iterator[date]:
    program = decision.snapshot.program
    if formula.constant.unit != "date" or len(formula.terms) != 1:
        return
    times, slot = formula.terms[0]
    value = decision.values[program.places[slot]]
    constant = decision.snapshot.constants[program.constant_places[formula.constant]]
    if not isinstance(value, int) or not isinstance(constant, int) or times != 1:
        return
    # Months, years and working days are not all of one length: look around that day.
    for more in range(-15, 16):
        try:
            yield decision.snapshot.day + timedelta(days=value - constant + more)
        except OverflowError:
            return
