import re
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qonys.rules.calendar import WorkingCalendar, move
from qonys.rules.deciding import Engine
from qonys.rules.expressions import constant_value, constants, leaves, slots
from qonys.rules.parsing import MAX_DEPTH, MAX_LENGTH, ExpressionError, parse
from qonys.rules.programs import Programs, truth
from qonys.rules.reading import read_law
from qonys.rules.vector import kernel_source

DAY = date(2031, 3, 31)
VALUES = {
    "least": 100,
    "gone": None,
    "open": frozenset({"red", "blue"}),
    "start": date(2030, 1, 1).toordinal(),
}


@dataclass
class Named:
    kind: str
    unit: str = ""
    length: int = 0


FACTS = {
    "income": Named("int", "USD"),
    "debts": Named("int", "USD"),
    "age": Named("int", "year"),
    "away": Named("int", "day"),
    "count": Named("int"),
    "married": Named("bool"),
    "old": Named("bool"),
    "colour": Named("code"),
    "number": Named("number"),
    "born": Named("date"),
    "left": Named("date"),
    "wage": Named("list", "USD", 3),
}
PARAMETERS = {
    "least": Named("int", "USD"),
    "gone": Named("int", "USD"),
    "open": Named("codes"),
    "start": Named("date"),
}


NO_TRUTH = "a number, day or code is neither true nor false"
SOMETHING = "Compare it with something."
LANGUAGE = "See docs/rules.md for the language."


class Scope:
    def fact(self, name):
        return FACTS.get(name)

    def parameter(self, name):
        return PARAMETERS.get(name)

    def near(self, name):
        return f"No {name}."


class Program:
    """What `truth` needs of a program."""

    def __init__(self, formula):
        self.places = {slot: place for place, slot in enumerate(slots(formula))}
        self.constants = list(dict.fromkeys(constants(formula)))
        self.constant_places = {item: place for place, item in enumerate(self.constants)}


def moved(day, count, unit):
    return move(day, count, unit, WorkingCalendar([date(2031, 3, 24)], known=(2031, 2031)))


def value_of(text, **facts):
    formula = parse(text, Scope())
    program = Program(formula)
    values = []
    for slot in program.places:
        value = facts.get(slot.name)
        if slot.index and value is not None:
            value = value[slot.index - 1]
        values.append(
            date.fromisoformat(value).toordinal() if slot.kind == "date" and value else value
        )
    fixed = [constant_value(item, DAY, VALUES, moved) for item in program.constants]
    return truth(formula, program, values, fixed)


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("true", {}, True),
        ("false", {}, False),
        ("married", {"married": True}, True),
        ("married", {}, None),
        ("not married", {"married": True}, False),
        ("not not married", {"married": True}, True),
        ("married == true", {"married": True}, True),
        ("married == false", {"married": True}, False),
        ("married != true", {"married": False}, True),
        ("(income > 5) == false", {"income": 5}, True),
        ("income > 5", {"income": 6}, True),
        ("income > 5", {}, None),
        ("5 < income", {"income": 6}, True),
        ("income < 1_000", {"income": 999}, True),
        ("income <= 5", {"income": 6}, False),
        ("income >= least", {"income": 100}, True),
        ("income >= gone", {"income": 100}, None),
        ("income == 5", {"income": 5}, True),
        ("income != 5", {"income": 5}, False),
        ("income > -5", {"income": 0}, True),
        ("-income > -5", {"income": 4}, True),
        ("income + debts > least", {"income": 50, "debts": 51}, True),
        ("income + debts > least", {"income": 50}, None),
        ("income - 2 * debts >= 3 * least", {"income": 500, "debts": 100}, True),
        ("income - debts * 2 > 3 * least", {"income": 500, "debts": 100}, False),
        ("2 * (income + 3) >= 10", {"income": 2}, True),
        ("2 * (income + 3) > 10", {"income": 2}, False),
        ("income - (debts - 5) == 6", {"income": 2, "debts": 1}, True),
        ("income - debts >= 0", {"income": 1, "debts": 1}, True),
        ("count * 3 - 1 == 5", {"count": 2}, True),
        ("age >= 18", {"age": 18}, True),
        ("age >= 18 years and age < 65", {"age": 65}, False),
        ("away > 183 days", {"away": 184}, True),
        ("colour == 'red'", {"colour": "red"}, True),
        ('"red" == colour', {"colour": "blue"}, False),
        ("colour != 'red'", {"colour": "blue"}, True),
        ("colour != 'red'", {}, None),
        ("colour in ['red', 'blue']", {"colour": "blue"}, True),
        ("colour not in ['red', 'blue']", {"colour": "blue"}, False),
        ("colour in open", {"colour": "blue"}, True),
        ("colour not in open", {"colour": "green"}, True),
        ("number != 'length'", {"number": "valid"}, True),
        ("married and old", {"married": True}, None),
        ("married and old", {"married": False}, False),
        ("married or old", {"married": True}, True),
        ("married or old", {"married": False}, None),
        ("not (married or old)", {"married": True}, False),
        ("married or old and income > 5", {"married": True, "old": False}, True),
        ("(married or old) and income > 5", {"married": True, "income": 5}, False),
        ("every(wage[1..3] >= 5)", {"wage": [5, 6, 7]}, True),
        ("every(wage[1..3] >= 5)", {"wage": [5, None, 4]}, False),
        ("every(wage[1..3] >= 5)", {"wage": [5, None, 7]}, None),
        ("any(wage[2..3] > least)", {"wage": [999, 100, 101]}, True),
        ("any(wage[2..3] > least)", {"wage": [999, 100, 100]}, False),
        ("sum(wage[1..3]) > 3 * least", {"wage": [100, 100, 101]}, True),
        ("sum(wage[1..3]) > 3 * least", {"wage": [1000, None, 101]}, None),
        (
            "sum(wage[1..2]) - wagel > 0".replace("wagel", "income"),
            {"wage": [1, 2, 3], "income": 2},
            True,
        ),
        ("born == 2031-03-01", {"born": "2031-03-01"}, True),
        ("born < start", {"born": "2029-12-31"}, True),
        ("born > on_day - 1 month", {"born": "2031-03-01"}, True),
        ("born > on_day - 1 month", {"born": "2031-02-28"}, False),
        ("born <= on_day - 5 years", {"born": "2026-03-31"}, True),
        ("born + 30 days <= on_day", {"born": "2031-03-01"}, True),
        ("born + 30 <= on_day", {"born": "2031-03-02"}, False),
        ("on_day - born > 10 days", {"born": "2031-03-20"}, True),
        ("left - born >= 1 day", {"born": "2031-03-20", "left": "2031-03-20"}, False),
        ("born <= on_day - 5 working days", {"born": "2031-03-21"}, True),
        ("born <= on_day - 5 working days", {"born": "2031-03-25"}, False),
        ("born > start + 2 months", {"born": "2030-03-02"}, True),
    ],
)
def test_what_an_expression_is_worth(text, facts, expected):
    assert value_of(text, **facts) is expected


@pytest.mark.parametrize(
    ("text", "position", "problem", "way_out"),
    [
        ("", 0, "expected a fact or a value, found the end", ""),
        ("   ", 0, "expected a fact or a value, found the end", ""),
        ("incme > 5", 0, "'incme' is neither a fact nor a parameter", "No incme."),
        ("income >", 8, "expected a fact or a value, found the end", ""),
        ("income > 5 5", 11, "unexpected '5'", ""),
        (
            "income",
            0,
            "a number, day or code is neither true nor false",
            "Compare it with something.",
        ),
        (
            "income and married",
            0,
            "a number, day or code is neither true nor false",
            "Compare it with something.",
        ),
        (
            "married and income",
            12,
            "a number, day or code is neither true nor false",
            "Compare it with something.",
        ),
        (
            "not colour",
            0,
            "a number, day or code is neither true nor false",
            "Compare it with something.",
        ),
        ("1 < income < 5", 11, "comparisons cannot be chained", "Join two with 'and'."),
        ("income > 'red'", 7, "codes have no order", "Use == or 'in'."),
        ("income == 'red'", 7, "a code can be compared with codes only", ""),
        ("colour in 5", 7, "a code can be compared with codes only", ""),
        ("'red' == 'red'", 6, "compare a fact with a code in quotes", ""),
        ("colour == number", 7, "compare a fact with a code in quotes", ""),
        ("colour in []", 11, "expected a code in quotes", ""),
        ("colour in ['red',]", 17, "expected a code in quotes", ""),
        ("colour in ['red'", 16, "expected ']', found the end", ""),
        ("colour not ['red']", 11, "expected 'in', found '['", ""),
        ("married > 5", 8, "these two cannot be compared", ""),
        ("married == old", 8, "these two cannot be compared", ""),
        ("5 > 4", 2, "compares constants, not a fact", ""),
        ("income - income > 0", 16, "compares constants, not a fact", ""),
        ("income > age", 7, "USD against year", "Both sides must have one unit."),
        ("income + age > 5", 7, "USD against year", "Both sides must have one unit."),
        ("income > 5 days", 7, "USD against day", "Both sides must have one unit."),
        ("born > 5", 5, None, None),
        ("born > 5 days", 5, "date against day", "Both sides must have one unit."),
        ("born + left > on_day", 5, "two days cannot be added", ""),
        (
            "born + 2 years > on_day",
            5,
            "years can be added to a known day only, not to a fact",
            "Write: fact > on_day - 5 years.",
        ),
        ("born > on_day - 200_000 months", 14, "too far from the day", ""),
        ("2 * born > on_day", 2, "a day cannot be multiplied", ""),
        ("income * debts > 5", 7, "USD times USD has no meaning", ""),
        ("count * count > 5", 6, "a fact can be multiplied by a written number only", ""),
        ("income * least > 5", 7, "USD times USD has no meaning", ""),
        ("20_000 * income > 5", 7, "a factor above 10,000", ""),
        ("200 * (200 * income) > 5", 4, "a factor above 10,000", ""),
        ("married * 2 > 5", 8, "only numbers can be multiplied", ""),
        ("married + 2 > 5", 8, "only numbers and days can be added", ""),
        ("wage > 5", 0, "'wage' is a list", "Write every(wage[1..3] > ...) or sum(...)."),
        ("every(income[1..3] > 5)", 6, "expected a fact that is a list, found 'income'", ""),
        ("every(wage[0..3] > 5)", 6, "elements 0..3 of a list of 3", ""),
        ("every(wage[1..4] > 5)", 6, "elements 1..4 of a list of 3", ""),
        ("every(wage[3..1] > 5)", 6, "elements 3..1 of a list of 3", ""),
        ("every(wage[1] > 5)", 12, "expected '..', found ']'", ""),
        ("every(wage[1..x] > 5)", 14, "expected a place in the list", ""),
        ("every(wage[1..3])", 16, "expected a comparison", ""),
        ("every wage > 5", 6, "expected '(', found 'wage'", ""),
        ("sum(wage[1..3] > 5)", 15, "expected ')', found '>'", ""),
        ("(income > 5", 11, "expected ')', found the end", ""),
        ("income > 5)", 10, "unexpected ')'", ""),
        ("in", 0, "unexpected 'in'", ""),
        ("income > 5 working", 18, "expected 'days' after 'working'", ""),
        ("income > 2031-02-30", 9, "2031-02-30 is no day", ""),
        ("income > 1000000000001", 9, "larger than 1,000,000,000,000", ""),
        ("income > 5 ; x", 11, "';' has no meaning here", LANGUAGE),
        ("income > 5.5", 10, "'.' has no meaning here", LANGUAGE),
        ("income = 5", 7, "'=' has no meaning here", LANGUAGE),
        (
            "colour == 'red",
            10,
            '"\'" has no meaning here',
            "See docs/rules.md for the language.",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(text, position, problem, way_out):
    if problem is None:
        parse(text, Scope())
        return
    with pytest.raises(ExpressionError) as caught:
        parse(text, Scope())
    error = caught.value
    assert (error.problem, error.position, error.way_out) == (problem, position, way_out)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')",
        "income.__class__",
        "().__class__.__bases__[0]",
        "lambda: 1",
        "lambda x: x > 5",
        "[x for x in wage]",
        "open('/etc/passwd')",
        "f'{income}' == colour",
        "f\"{__import__('os')}\"",
        "import os",
        "exec('1')",
        "eval('income')",
        "income > 5 if married else old",
        "income := 5",
        "income ** 9 > 5",
        "income // 2 > 5",
        "income % 2 == 0",
        "income / 2 > 5",
        "income > 0x10",
        "income > 1e3",
        "income > 5 # more",
        "income > 5\\n",
        "income > ٥",
        "income > ５",
        "іncome > 5",
        "ｉncome > 5",
        "income > 5 аnd married",
        "income\u00a0> 5\u200b",
        "income > 5\x00",
        "income > '5'",
        "None",
        "True",
        "__builtins__",
        "married is true",
        "~married",
        "married & old",
        "@income",
        "{income}",
        "income > 5;",
        "every(lambda)",
        "colour == '''red'''",
        "colour == 'red' 'blue'",
        "colour == 'red\nblue'",
        "wage[1] > 5",
        "wage['x'] > 5",
    ],
)
def test_nothing_reaches_python(text):
    with pytest.raises(ExpressionError):
        parse(text, Scope())


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10**6,
        "(" * 10**6,
        "not " * 10**5,
        "9" * 10**6,
        "'" * (10**6 + 1),
        " " * 10**6 + "income > 5",
        "income > 5 and " * 10**5,
        "-" * 3_999,
        "(" * 500 + "income > 5" + ")" * 500,
        "not " * 900 + "married",
        "- " * 1_900 + "income > 5",
        "income > " + "(" * 50 + "5" + ")" * 50,
        "every(" * 600,
        "[" * 3_000,
        "income > " + "9" * 3_900,
    ],
)
def test_what_is_too_long_or_too_deep_is_refused(text):
    with pytest.raises(ExpressionError):
        parse(text, Scope())


def test_the_bounds_themselves_are_allowed():
    inside = MAX_DEPTH - 1
    parse("(" * inside + "income > 5" + ")" * inside, Scope())
    parse("income > 5" + " " * 10 + "and married" * 1, Scope())
    text = " and ".join(["married"] * 332)
    assert len(text) <= MAX_LENGTH
    assert len(list(leaves(parse(text, Scope())))) == 332


# Anything either parses or is an ExpressionError.


VALID = [
    "income - 2 * debts >= 3 * least and not (colour in open or born > on_day - 6 months)",
    "every(wage[1..3] >= least) or sum(wage[1..2]) > 1_000",
    "any(wage[2..3] < 5) and married != true",
    "born + 30 days <= on_day or left - born > 5 days",
    "born <= on_day - 5 working days and colour not in ['red', \"blue\"]",
    "-income < 5 and age < 65 years and number == 'valid'",
    "born > 2030-01-01 and start < left",
]
PIECES = [
    "and",
    "or",
    "not",
    "in",
    "true",
    "false",
    "on_day",
    "every",
    "any",
    "sum",
    "income",
    "age",
    "married",
    "colour",
    "born",
    "wage",
    "least",
    "open",
    "start",
    "(",
    ")",
    "[",
    "]",
    "..",
    ",",
    "+",
    "-",
    "*",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "5",
    "1_000",
    "2030-01-01",
    "days",
    "working",
    "months",
    "'red'",
    '"blue"',
    "__import__",
    ".",
    ":",
    "{",
]


def parses_or_tells(text):
    told = True
    try:
        parse(text, Scope())
        value_of(text)
    except ExpressionError as error:
        told = bool(error.problem) and 0 <= error.position <= max(len(text), MAX_LENGTH)
    assert told


@settings(max_examples=300)
@given(st.text(max_size=60))
@example("٥")
@example("2030-99-99")
def test_any_text(text):
    parses_or_tells(text)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_any_pieces_of_the_language(pieces):
    parses_or_tells(" ".join(pieces))


@settings(max_examples=400)
@given(
    st.sampled_from(VALID),
    st.integers(0, 90),
    st.integers(0, 6),
    st.sampled_from(["", *PIECES]) | st.text(max_size=3),
)
def test_mutated_expressions(text, at, length, new):
    parse(text, Scope())
    parses_or_tells(text[:at] + new + text[at + length :])


# Generated code holds places only.


EVIL = ["'); import os", "__import__", 'x"); exec(', "red\\", "{0}", "\\n", "v0 = 1", "\u0000a"]


def test_generated_code_holds_nothing_of_the_law(small):
    """Names, codes and texts of a law never reach the compiler."""
    codes = ["import os; os.system(0)", "__import__", "x'); exec("]
    facts = (
        "__import__: {type: bool, says: __import__('os')}\n"
        "exec: {type: code, codes: [a], says: x}\n"
        "__builtins__: {type: int, low: 0, high: 9, says: x}\n"
        "lambda: {type: date, says: x}\n"
        "eval: {type: list, length: 2, low: 0, high: 9, says: x}\n"
    )
    law_text = f"""\
parameters:
  compile:
    type: codes
    says: x
    values:
      - {{from: 2030-01-01, value: ["{codes[0]}", "{codes[1]}"], cite: {{act: act}}}}
rules:
  - rule: "'); import os #"
    kind: pathway
    title: "x"
    says: "x"
    before: none
    after: none
    versions:
      - {{from: 2030-01-01, says: x, name: "os.system", cite: {{act: act}}}}
    conditions:
      - id: "'''); import os"
        must: |
          __import__ and exec not in ["{codes[2]}", "{codes[0]}"] and exec in compile
          and __builtins__ > 3 and lambda > 2020-01-01 and every(eval[1..2] >= 1)
        says: x
        cite: {{act: act}}
        unless:
          - {{id: globals, if: 'exec == "{codes[1]}"', says: x, cite: {{act: act}}}}
"""
    law = read_law(small(rule=law_text, facts=facts), "XBO")
    (rule,) = law.rules.values()
    day = date(2030, 5, 1)
    program = Programs(law).snapshot(rule, day).program
    lines = program._scalar_lines(program.parts[0], 1)
    source = "\n".join(lines) + kernel_source(program, rule)
    names = set(re.findall(r"[A-Za-z_]\w*", source))
    allowed = {"def", "kernel", "for", "if", "else", "in", "not", "is", "and", "or", "None"}
    allowed |= {"True", "False", "range", "codes", "shape", "failed", "unknown", "NA"}
    allowed |= {"bounds", "wrong", "return"}
    rest = {
        name
        for name in names - allowed
        if name.rstrip("0123456789") not in set("vkctifubmxeodlhn")
    }
    assert rest == set()
    assert not set(source) & set("'\"\\;{}@#`")
    engine = Engine(law)
    facts_given = {
        "__import__": True,
        "exec": codes[1],
        "__builtins__": 4,
        "lambda": "2020-01-02",
        "eval": [1, 1],
    }
    assert engine.decision(rule.id, day, facts_given).decision == "eligible"
    facts_given["exec"] = codes[0]
    assert engine.decision(rule.id, day, facts_given).decision == "ineligible"


def test_the_compiler_gets_no_builtins(law):
    for rule in law.rules.values():
        day = rule.versions[0].start
        run = Programs(law).snapshot(rule, day).program.run
        assert run.__globals__ == {"__builtins__": {}}
