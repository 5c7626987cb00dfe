"""Random people for the rules: facts as they stand in JSON, most of them just at a limit.

For the tests that hold the engine against `plain_rules`. Main function: `people`. Limits are
the constants that a fact is compared with on the day asked for, in conditions, exemptions and
other readings; a fact may be left out or be null. The same generator gives the same people.
"""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from qonys.core.errors import DataError
from qonys.rules.expressions import Compare, Formula, Member, slots
from qonys.rules.facts import read_facts
from qonys.rules.law import FactType, Law, NumberScheme, Rule
from tests.twins.plain_rules import check_digit, constant_on, decide, leaves_of

LONGEST_LIST = 8
YEARS_BACK = 6
ROUNDS = 20


def people(
    law: Law,
    rule: Rule,
    rng: np.random.Generator,
    count: int,
    day: date,
    *,
    absent: float = 0.35,
    unknown: float = 0.1,
    mended: float = 0.0,
) -> list[dict]:
    """So many people; each fact of the rule is absent or null with the given probabilities.

    Where a rule asks much, chance alone finds nobody who is not refused: a share `mended` draws
    the facts of the conditions that failed again.
    """
    draws = {
        name: drawer(law, rule, name, day, rng)
        for name in dict.fromkeys(slot.name for slot in rule.slots())
    }
    found = []
    for _ in range(count):
        person: dict = {}
        for name in draws:
            redraw(person, name, draws, rng, (absent, unknown))
        if rng.random() < mended:
            mend(
                law, rule, day, person, lambda p, n: redraw(p, n, draws, rng, (absent, unknown))
            )
        found.append(person)
    return found


def redraw(person: dict, name: str, draws: dict, rng: np.random.Generator, gaps: tuple) -> None:
    """Draw one fact of a person, again if it stands already."""
    person.pop(name, None)
    absent, unknown = gaps
    chance = rng.random()
    if chance >= absent:
        person[name] = None if chance < absent + unknown else draws[name]()


def mend(law: Law, rule: Rule, day: date, person: dict, redrawn: Callable) -> None:
    for _ in range(ROUNDS):
        failed = decide(law, rule.id, day, person)["failed"]
        formulas = [c.formula for c in rule.conditions if c.id in failed and c.applies(day)]
        for name in sorted({slot.name for formula in formulas for slot in slots(formula)}):
            redrawn(person, name)
        if not failed:
            return


def drawer(law: Law, rule: Rule, name: str, day: date, rng: np.random.Generator) -> Callable:
    """A function that draws one value of a fact."""
    fact = law.fact(name, rule)
    if fact.kind == "bool":
        return lambda: bool(rng.integers(2))
    if fact.kind == "code":
        codes = codes_to_try(law, rule, fact, day)
        return lambda: pick(rng, codes)
    if fact.kind == "number":
        return lambda: number(rule.scheme, rng)
    if fact.kind == "date":
        days = days_to_try(law, rule, fact, day)
        return lambda: some_day(rng, days, day)
    numbers = numbers_to_try(law, rule, fact, day)
    if fact.kind == "list":
        return lambda: some_list(rng, numbers, fact)
    return lambda: some_int(rng, numbers, fact)


def pick(rng: np.random.Generator, values: list):
    return values[int(rng.integers(len(values)))]


# --- what a fact is compared with ------------------------------------------------------------


def formulas(rule: Rule) -> list[Formula]:
    found = []
    for condition in rule.conditions:
        found.append(condition.formula)
        found += [exemption.formula for exemption in condition.exemptions]
        found += [other.formula for other in condition.readings if other.formula is not None]
    return found


def comparisons(law: Law, rule: Rule, name: str, day: date) -> list[tuple[Compare, int]]:
    """Comparisons with a fact and the values of their constants, where known."""
    found = []
    for leaf in (leaf for formula in formulas(rule) for leaf in leaves_of(formula)):
        if isinstance(leaf, Compare) and any(slot.name == name for _, slot in leaf.terms):
            value = constant_on(law, day, leaf.constant)
            if value is not None:
                found.append((leaf, value))
    return found


def numbers_to_try(law: Law, rule: Rule, fact: FactType, day: date) -> list[int]:
    middle = {0}
    for leaf, value in comparisons(law, rule, fact.name, day):
        shares = {abs(k) for k, _ in leaf.terms} | {abs(sum(k for k, _ in leaf.terms))}
        middle |= {value} | {value // share for share in shares if share}
    near = {value + step for value in middle for step in (-1, 0, 1)}
    return sorted(value for value in near if fact.low <= value <= fact.high) or [fact.low]


def days_to_try(law: Law, rule: Rule, fact: FactType, day: date) -> list[int]:
    """Ordinals; where two dates are compared, days that lie so far back."""
    today = day.toordinal()
    middle = {today}
    for leaf, value in comparisons(law, rule, fact.name, day):
        middle.add(value if len(leaf.terms) == 1 else today - abs(value))
    near = {value + step for value in middle for step in (-1, 0, 1)}
    return sorted(value for value in near if 1 <= value <= today)


def codes_to_try(law: Law, rule: Rule, fact: FactType, day: date) -> list[str]:
    """Known codes, those compared with and another one, unless readers refuse them."""
    codes = set(fact.codes)
    for leaf in (leaf for formula in formulas(rule) for leaf in leaves_of(formula)):
        if isinstance(leaf, Member) and leaf.slot.name == fact.name:
            codes |= constant_on(law, day, leaf.constant) or set()
    if not fact.closed:
        codes.add("something_else")
    return [code for code in sorted(codes) if readable(law, rule, fact.name, code, day)]


def readable(law: Law, rule: Rule, name: str, code: str, day: date) -> bool:
    try:
        read_facts(law, {name: code}, day, rule)
    except DataError:
        return False
    return True


# --- values ----------------------------------------------------------------------------------


def some_int(rng: np.random.Generator, numbers: list[int], fact: FactType) -> int:
    if rng.random() < 0.85:
        return pick(rng, numbers)
    return int(rng.integers(fact.low, min(fact.high, 2 * numbers[-1] + 10), endpoint=True))


def some_list(rng: np.random.Generator, numbers: list[int], fact: FactType) -> list[int | None]:
    length = int(rng.integers(LONGEST_LIST + 1))
    return [None if rng.random() < 0.1 else some_int(rng, numbers, fact) for _ in range(length)]


def some_day(rng: np.random.Generator, days: list[int], day: date) -> str:
    if rng.random() < 0.6:
        return date.fromordinal(pick(rng, days)).isoformat()
    back = int(rng.integers(YEARS_BACK * 366))
    return (day - timedelta(days=back)).isoformat()


def number(scheme: NumberScheme, rng: np.random.Generator) -> str:
    """Half with the right check digit; others any, unassignable, too short or not ASCII."""
    chance = rng.random()
    body, last = digits(rng, scheme.digits - 1), digits(rng, 1)
    while (check_digit(scheme, body) is None) != (0.5 <= chance < 0.6):
        body = digits(rng, scheme.digits - 1)
    if chance < 0.5:
        return body + str(check_digit(scheme, body))
    if chance < 0.7:
        return body + last
    if chance < 0.85:
        return digits(rng, pick(rng, [1, scheme.digits - 1, scheme.digits + 1, 20]))
    place = int(rng.integers(scheme.digits))
    text = body + last
    return text[:place] + chr(0x0660 + int(text[place])) + text[place + 1 :]


def digits(rng: np.random.Generator, count: int) -> str:
    return "".join(str(digit) for digit in rng.integers(10, size=count))
