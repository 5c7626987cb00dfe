"""The engines of the rules room against a blind second implementation, on random people.

`plain_rules` was written from the description of the semantics alone. It, the scalar engine,
the vector engine and the Ibis expression must agree on every person, rule, day and reading.
"""

import json
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import ibis
import numpy as np
import pyarrow as pa
import pytest

from qonys.rules.answers import answered
from qonys.rules.deciding import Engine
from qonys.rules.facts import read_facts
from qonys.rules.law import Law, Rule
from qonys.rules.people import check_people
from qonys.rules.reading import load_law
from qonys.rules.tables import with_decisions
from qonys.rules.vector import VectorEngine
from tests.twins.plain_rules import decide
from tests.twins.random_people import people

LAW = load_law("KAZ")
ENGINE = Engine(LAW)
VECTOR = VectorEngine(LAW)
#: Random chance alone finds few who are not refused; the second setting mends who failed.
SETTINGS = ({}, {"absent": 0.1, "unknown": 0.05, "mended": 0.5})
DAYS = (
    date(2019, 6, 1),
    date(2022, 6, 1),
    date(2022, 9, 15),
    date(2023, 6, 1),
    date(2024, 3, 5),
    date(2024, 11, 17),
    date(2025, 3, 1),
    date(2025, 6, 15),
    date(2026, 3, 1),
    date(2027, 1, 1),
)


def drawn(rule: Rule, day: date, count: int) -> list[dict]:
    seed = [day.toordinal(), *rule.id.encode()]
    return [
        person
        for setting in SETTINGS
        for person in people(LAW, rule, np.random.default_rng(seed), count, day, **setting)
    ]


def readings(rule: Rule) -> Iterator[tuple[str, ...]]:
    yield ()
    for version in rule.versions:
        yield from ((f"version.{item.id}",) for item in version.readings)
    for condition in rule.conditions:
        yield from ((f"{condition.id}.{item.id}",) for item in condition.readings)


@pytest.mark.parametrize("name", list(LAW.rules))
def test_the_scalar_engine_agrees_with_its_plain_twin(name: str) -> None:
    rule = LAW.rules[name]
    for day in (*DAYS, *rule.breaks()):
        persons = drawn(rule, day, 12)
        for reading in readings(rule):
            for person in persons:
                facts = read_facts(LAW, person, day, rule)
                found = ENGINE.decided(rule, day, facts, reading)
                wanted = decide(LAW, name, day, person, reading)
                assert found.decision == wanted["decision"], (day, reading, person)
                assert list(found.failed) == wanted["failed"], (day, reading, person)
                assert list(found.not_examined) == wanted["not_examined"]
                parts = found.snapshot.program.parts
                unknown = [
                    part.condition.id
                    for place, part in enumerate(parts)
                    if found.masks[1] >> place & 1
                ]
                assert unknown == wanted["unknown"], (day, reading, person)


def columns(law: Law, rule: Rule, persons: list[dict]) -> dict[str, pa.Array]:
    """People as typed Arrow columns."""
    types = {
        "bool": pa.bool_(),
        "int": pa.int64(),
        "date": pa.date32(),
        "list": pa.list_(pa.int64()),
    }
    found = {}
    for name in {key: None for person in persons for key in person}:
        kind = law.fact(name, rule)
        values = [person.get(name) for person in persons]
        if kind.kind == "date":
            values = [date.fromisoformat(value) if value else None for value in values]
        found[name] = pa.array(values, types.get(kind.kind, pa.string()))
    return found


@pytest.mark.parametrize("name", ["B12-1", "PR", "IIN@embassy", "PR.annulment", "IIN.number"])
def test_the_vector_engine_agrees_with_the_scalar_one(name: str) -> None:
    rule = LAW.rules[name]
    for day in (date(2025, 6, 15), date(2022, 6, 1), date(2027, 1, 1)):
        persons = drawn(rule, day, 150)
        found = VECTOR.decide_many(name, day, columns(LAW, rule, persons))
        for row, person in enumerate(persons):
            one = ENGINE.decision(name, day, person)
            assert found.decisions[row] == one.decision, person
            assert (found.failed[row], found.unknown[row]) == one.masks[:2], person


@pytest.mark.parametrize("name", [name for name in LAW.rules if name != "IIN.number"])
def test_the_ibis_expression_agrees_with_the_scalar_engine(name: str) -> None:
    rule = LAW.rules[name]
    day = date(2026, 3, 1) if name == "PR.screening" else date(2025, 6, 15)
    persons = drawn(rule, day, 60)
    table = ibis.memtable(pa.table(columns(LAW, rule, persons)))
    typed = check_people(LAW, table, day, [rule]).typed
    expression, snapshot = with_decisions(LAW, typed, rule, day)
    rows = expression.select("decision", "failed", "unknown").to_pyarrow().to_pylist()
    names = VECTOR.decide_many(name, day, columns(LAW, rule, persons)).names
    for row, person in zip(rows, persons, strict=True):
        one = ENGINE.decision(name, day, person)
        assert names[row["decision"]] == one.decision, person
        assert (row["failed"], row["unknown"]) == one.masks[:2], person
    assert snapshot.rule is rule


@pytest.mark.parametrize("name", list(LAW.rules))
def test_a_change_that_is_told_leads_to_a_yes(name: str) -> None:
    rule, day = LAW.rules[name], date(2025, 6, 15)
    for person in drawn(rule, day, 25):
        found = answered(ENGINE, ENGINE.decided(rule, day, read_facts(LAW, person, day, rule)))
        if not found.smallest_change:
            continue
        changed = dict(person)
        for change in found.smallest_change:
            base, _, rest = change.fact.partition("[")
            if rest:
                elements = list(changed.get(base) or [])
                place = int(rest[:-1]) - 1 + max(0, len(elements) - 6)
                elements += [None] * (place + 1 - len(elements))
                elements[place] = change.after
                changed[base] = elements
            else:
                changed[base] = change.after
        again = ENGINE.decision(name, day, changed)
        assert again.decision in {"eligible", "discretion", "valid", "no_ground"}, (
            person,
            found.smallest_change,
        )


def test_a_rule_is_constant_between_its_breaks() -> None:
    for rule in LAW.rules.values():
        breaks = rule.breaks()
        known = {
            day
            for name in rule.parameters()
            for spell in LAW.parameters[name].values.spells
            for day in (
                spell.start,
                date.fromordinal((spell.end or date(9998, 1, 1)).toordinal() + 1),
            )
        }
        edges = sorted({*breaks, *known})
        for first, last in pairwise(edges):
            middle = date.fromordinal((first.toordinal() + last.toordinal()) // 2)
            end = date.fromordinal(last.toordinal() - 1)
            programs = [ENGINE.programs.snapshot(rule, day) for day in (first, middle, end)]
            assert len({id(item.program) for item in programs}) == 1
            assert len({item.state for item in programs}) == 1


def test_the_answer_is_plain_data_for_anybody() -> None:
    for rule in LAW.rules.values():
        for day in (date(2019, 1, 1), date(2025, 6, 15), date(2030, 1, 1)):
            found = answered(ENGINE, ENGINE.decided(rule, day, {}))
            assert json.loads(json.dumps(found.plain())) == found.plain()
