"""What a rule decides about a person, a second time: slowly, one condition after the other.

Three-valued logic as in a textbook: True, False and None for what is not known. It takes the
law as `load_law` gives it and facts as they stand in JSON; the engine, its reader of facts and
its arithmetic of days and numbers are not used, so that a slip there cannot hide here.
"""

import operator
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from qonys.rules.expressions import (
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
from qonys.rules.law import Condition, Exemption, Law, NumberScheme, Rule

ASCII_DIGITS = "0123456789"
OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
IN_OTHER_WORDS = {
    "grounds": {"eligible": "no_ground", "ineligible": "annulment_ground"},
    "number": {"eligible": "valid", "ineligible": "invalid"},
}


def decide(law: Law, rule_id: str, day: date, facts: dict, reading: tuple = ()) -> dict:
    """The decision, and the ids of conditions that failed, are unknown, were not examined."""
    rule = law.rules[rule_id]
    state = state_on(rule, day, reading)
    if state != "in force":
        decision = "law_unknown" if state == "unknown" else "not_in_force"
        return {"decision": decision, "failed": [], "unknown": [], "not_examined": []}
    person = Person(law, rule, day, facts)
    outcomes = [
        outcome(person, condition, reading)
        for condition in rule.conditions
        if on(condition, day)
        and not any(first <= day <= last for first, last in condition.suspended)
    ]
    word = decision_of(rule, outcomes)
    return {
        "decision": IN_OTHER_WORDS.get(rule.kind, {}).get(word, word),
        "failed": [o.id for o in outcomes if o.value == "failed"],
        "unknown": [o.id for o in outcomes if o.value == "unknown"],
        "not_examined": [
            o.id
            for o in outcomes
            if o.role == "ground" and o.value == "unknown" and not o.blocking
        ],
    }


# --- the rule on a day -----------------------------------------------------------------------


def state_on(rule: Rule, day: date, reading: tuple = ()) -> str:
    moved = {}
    for place, version in enumerate(rule.versions):
        for other in version.readings:
            if f"version.{other.id}" in reading:
                moved[place] = (other.start or version.start, other.end or version.end)
    for place, (start, end) in moved.items():
        if start <= day and (end is None or day <= end):
            return rule.versions[place].state
    for place, version in enumerate(rule.versions):
        if on(version, day):
            if place not in moved:
                return version.state
            end = moved[place][1]
            return rule.after if end is not None and day > end else "none"
    if not rule.versions or day < rule.versions[0].start:
        return rule.before
    return "unknown" if day < rule.versions[-1].start else rule.after


def on(thing: object, day: date) -> bool:
    """Whether the day lies between start and end, both included, None being open."""
    if thing.start is not None and day < thing.start:
        return False
    return thing.end is None or day <= thing.end


# --- conditions ------------------------------------------------------------------------------


@dataclass
class Outcome:
    id: str
    role: str
    value: str
    law_known: bool
    blocking: bool = False


def outcome(person: "Person", condition: Condition, reading: tuple) -> Outcome:
    formula = condition.formula
    for other in condition.readings:
        if f"{condition.id}.{other.id}" in reading and other.formula is not None:
            formula = other.formula
    law_known = person.knows_the_law_of(formula)
    holds = person.truth(formula) if law_known else None
    good = condition.role != "ground"
    freed = [person.truth(exemption.formula) for exemption in exemptions(person, condition)]

    value, blocking = "unknown", False
    if any(f is True for f in freed) or holds is good:
        value = "met"
    elif holds is (not good):
        if condition.state_shows and not all(f is False for f in freed):
            blocking = True
        else:
            value = "failed"
    return Outcome(condition.id, condition.role, value, law_known, blocking)


def exemptions(person: "Person", condition: Condition) -> list[Exemption]:
    """Those of the day; one that rests on law not known does not exist."""
    return [
        exemption
        for exemption in condition.exemptions
        if on(exemption, person.day) and person.knows_the_law_of(exemption.formula)
    ]


def decision_of(rule: Rule, outcomes: list[Outcome]) -> str:
    unknown = [o for o in outcomes if o.value == "unknown"]
    grounds = [o for o in outcomes if o.role == "ground"]
    if any(o.value == "failed" for o in outcomes):
        return "ineligible"
    if any(o.role in ("requirement", "consent") and not o.law_known for o in unknown):
        return "law_unknown"
    if any(o.role == "requirement" or o.blocking for o in unknown):
        return "undetermined"
    if rule.kind == "grounds" and grounds and all(o.value == "unknown" for o in grounds):
        return "undetermined"
    if any(o.role == "consent" for o in unknown):
        return "discretion"
    return "eligible"


# --- formulas, constants and facts -----------------------------------------------------------


@dataclass
class Person:
    law: Law
    rule: Rule
    day: date
    facts: dict

    def truth(self, formula: Formula) -> bool | None:
        """True, False, or None for not known (Kleene)."""
        match formula:
            case Fixed(value):
                return value
            case Truth(slot):
                return self.value(slot)
            case Member(slot, constant):
                code = self.value(slot)
                return None if code is None else code in self.constant(constant)
            case Compare(terms, op, constant):
                return self.compared(terms, op, constant)
            case Not(item):
                inner = self.truth(item)
                return None if inner is None else not inner
            case And(items):
                return all_of([self.truth(item) for item in items])
            case Or(items):
                return any_of([self.truth(item) for item in items])
        raise TypeError(formula)

    def compared(self, terms: tuple, op: str, constant: Constant) -> bool | None:
        left = 0
        for coefficient, slot in terms:
            value = self.value(slot)
            if value is None:
                return None
            left += coefficient * value
        return OPERATORS[op](left, self.constant(constant))

    def knows_the_law_of(self, formula: Formula) -> bool:
        return all(self.constant(constant) is not None for constant in constants_of(formula))

    def constant(self, constant: Constant) -> object:
        return constant_on(self.law, self.day, constant)

    def value(self, slot: Slot) -> object:
        """The value of a fact or of one element of a list; None when it is not known."""
        given = self.facts.get(slot.name)
        if given is None:
            return None
        if slot.index:
            counted = given[-slot.of :]
            return counted[slot.index - 1] if slot.index <= len(counted) else None
        fact = self.law.fact(slot.name, self.rule)
        if fact.kind == "number":
            return verdict(self.rule.scheme, given)
        if fact.kind == "date":
            return date.fromisoformat(given).toordinal()
        if fact.kind == "code":
            return fact.aliases.get(given, given)
        return given


def all_of(values: list[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def any_of(values: list[bool | None]) -> bool | None:
    if True in values:
        return True
    return None if None in values else False


def leaves_of(formula: Formula) -> list[Formula]:
    match formula:
        case Not(item):
            return leaves_of(item)
        case And(items) | Or(items):
            return [leaf for item in items for leaf in leaves_of(item)]
    return [formula]


def constants_of(formula: Formula) -> list[Constant]:
    leaves = leaves_of(formula)
    return [leaf.constant for leaf in leaves if isinstance(leaf, Compare | Member)]


def constant_on(law: Law, day: date, constant: Constant) -> object:
    """A number, an ordinal or codes; None when the law of the day is not known."""
    if constant.operator == "value":
        return plain(constant.items[0])
    if constant.operator == "parameter":
        return plain(law.parameters[constant.items[0]].on(day))
    if constant.operator == "on_day":
        return day.toordinal()
    if constant.operator == "shift":
        base, count, unit = constant.items
        start = constant_on(law, day, base)
        if start is None:
            return None
        return shifted(law, date.fromordinal(start), count, unit).toordinal()
    left, right = (constant_on(law, day, item) for item in constant.items)
    if left is None or right is None:
        return None
    return {"+": operator.add, "-": operator.sub, "*": operator.mul}[constant.operator](
        left, right
    )


def plain(value: object) -> object:
    return value.toordinal() if isinstance(value, date) else value


def shifted(law: Law, day: date, count: int, unit: str) -> date:
    """The same day of another month, or its last day; or so many working days on."""
    if unit == "working day":
        return law.calendar.after(day, count)
    months = count * {"month": 1, "year": 12}[unit]
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


# --- numbers ---------------------------------------------------------------------------------


def verdict(scheme: NumberScheme, text: str) -> str:
    if not text or any(character not in ASCII_DIGITS for character in text):
        return "digits"
    if len(text) != scheme.digits:
        return "length"
    right = check_digit(scheme, text[:-1])
    if right is None:
        return "unassignable"
    return "valid" if text[-1] == str(right) else "check_digit"


def check_digit(scheme: NumberScheme, body: str) -> int | None:
    """The last digit that belongs to the others; None when no row of weights gives one."""
    for weights in scheme.weights:
        total = 0
        for weight, digit in zip(weights, body, strict=True):
            total += weight * int(digit)
        if total % scheme.modulus <= 9:
            return total % scheme.modulus
    return None
