"""Checks of a law that need no person: time lines, contradictions, untried conditions.

For law officers. Main functions: `check_law`, `read_cases`; main types: `Finding`, `Case`.
Empty is good. A condition is tried at the points where its comparisons turn; a formula with
more facts than can be tried together is reported as not checked, never as good.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.resources.abc import Traversable
from itertools import combinations, pairwise, product

from qonys.core.errors import DataError, Fault
from qonys.rules.changes import smallest_change
from qonys.rules.deciding import Decision, Engine
from qonys.rules.expressions import Compare, Fixed, Formula, Slot, leaves, slots
from qonys.rules.law import NOWHERE, Condition, Law, Place, Rule, Version, within
from qonys.rules.programs import Program, Snapshot, truth

#: How many combinations of test points of one formula are tried.
TRIED = 50_000
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Finding:
    """Something about a law that should not be.

    Parameters
    ----------
    check : str
        ``gap``, ``overlap``, ``never``, ``always``, ``impossible``, ``conflict``, ``untried``,
        ``boundary`` or ``case``.
    rule : str
        Code of the rule.
    condition : str
        Id of the condition; may be empty.
    problem : str
        What is wrong, in words.
    place : Place
        Where it stands.
    """

    check: str
    rule: str
    condition: str
    problem: str
    place: Place = NOWHERE

    def plain(self) -> dict[str, object]:
        """The finding as plain data."""
        return {
            "check": self.check,
            "rule": self.rule,
            "condition": self.condition,
            "problem": self.problem,
            "file": self.place.file,
            "row": self.place.row,
            "column": self.place.column,
        }


@dataclass(frozen=True)
class Case:
    """Facts, a day, and the decision that is expected.

    Parameters
    ----------
    id, rule : str
        Its id; code of the rule.
    on : date
        The day.
    facts : object
        Facts by name.
    decision : str
        The decision expected.
    alternative : str
        Another that sources support; empty for none.
    failed : tuple of str or None
        Conditions that must fail; None when not said.
    """

    id: str
    rule: str
    on: date
    facts: object
    decision: str
    alternative: str = ""
    failed: tuple[str, ...] | None = None


def read_cases(path: Traversable) -> list[Case]:
    """Read cases, one JSON object a line: ``id, rule, on, facts, expect``.

    Parameters
    ----------
    path : Traversable
        The file.

    Raises
    ------
    DataError
        With all faults.
    """
    cases, faults = [], []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(Fault(f"not UTF-8: {error.reason}", path.name)) from None
    for row, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            expect = entry["expect"]
            failed = expect.get("failed")
            cases.append(
                Case(
                    str(entry["id"]),
                    str(entry["rule"]),
                    date.fromisoformat(entry["on"]),
                    entry["facts"],
                    str(expect["decision"]),
                    str(expect.get("alternative", "")),
                    None if failed is None else tuple(failed),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            way_out = "A case is a line: id, rule, on, facts, expect."
            faults.append(Fault(f"no case: {error}", path.name, row, way_out=way_out))
    if faults:
        raise DataError(faults)
    return cases


def check_law(law: Law, cases: Sequence[Case] | None = None) -> list[Finding]:
    """Check a law without a person, and against its cases where there are some.

    Parameters
    ----------
    law : Law
        The law.
    cases : Sequence of Case or None
        Cases; without them nothing is said of conditions that no case tries.

    Returns
    -------
    list of Finding
        Empty is good.
    """
    engine = Engine(law)
    found: list[Finding] = []
    for rule in law.rules.values():
        found += _time_line(law, rule)
        found += _reachable(engine, rule)
    found += _conflicts(engine)
    if cases is not None:
        found += _by_cases(engine, cases)
    return found


# --- time lines -----------------------------------------------------------------------------


def _time_line(law: Law, rule: Rule) -> Iterator[Finding]:
    for before, after in pairwise(rule.versions):
        yield from _meeting(rule, "", before, after, "versions")
    by_id: dict[str, list[Condition]] = {}
    for condition in rule.conditions:
        by_id.setdefault(condition.id, []).append(condition)
    for name, entries in by_id.items():
        entries.sort(key=lambda item: item.start or date.min)
        for first, second in pairwise(entries):
            yield from _meeting(rule, name, first, second, "texts")
    yield from _parameter_gaps(law, rule)
    if not rule.versions:
        yield Finding("gap", rule.id, "", "no version: the rule never holds")


def _meeting(
    rule: Rule, name: str, first: Version | Condition, second: Version | Condition, what: str
) -> Iterator[Finding]:
    start = second.start or date.min
    place = second.place
    if first.end is None or first.end >= start:
        problem = f"two {what} hold on {start}"
        yield Finding("overlap", rule.id, name, problem, place)
    elif first.end + _ONE_DAY != start:
        problem = f"nothing is said of {first.end + _ONE_DAY} to {start - _ONE_DAY}"
        yield Finding("gap", rule.id, name, problem, place)


def _parameter_gaps(law: Law, rule: Rule) -> Iterator[Finding]:
    """A parameter without a value between two that it has, while the rule is in force."""
    for condition in rule.conditions:
        for name in replace(rule, conditions=(condition,)).parameters():
            for before, after in pairwise(law.parameters[name].values.spells):
                if before.end is None or before.end + _ONE_DAY == after.start:
                    continue
                day = before.end + _ONE_DAY
                if rule.state(day) == "in force" and condition.applies(day):
                    problem = (
                        f"parameter {name} has no value from {day} to {after.start - _ONE_DAY}"
                    )
                    yield Finding("gap", rule.id, condition.id, problem, condition.place)


# --- never, always, impossible --------------------------------------------------------------


def _days(law: Law, rule: Rule) -> list[date]:
    """First days of the stretches on which the rule is in force and nothing of it changes."""
    return [day for day in law.breaks(rule) if rule.state(day) == "in force"]


def _reachable(engine: Engine, rule: Rule) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for day in _days(engine.law, rule):
        snapshot = engine.programs.snapshot(rule, day)
        for finding in (*_each_way(engine, snapshot), *_possible(engine, snapshot)):
            if (finding.check, finding.condition) not in told:
                told.add((finding.check, finding.condition))
                yield finding


def _each_way(engine: Engine, snapshot: Snapshot) -> Iterator[Finding]:
    """Conditions that no fact can meet, or none can break."""
    rule = snapshot.rule
    for part in snapshot.program.parts:
        condition = part.condition
        if not part.law_known or isinstance(part.formula, Fixed):
            continue
        values = _truths(engine, snapshot, part.formula)
        if values is None:
            problem = "too many facts together: not checked"
            yield Finding("never", rule.id, condition.id, problem, condition.place)
        elif True not in values:
            problem = f"can never be true on {snapshot.day}: {condition.text}"
            yield Finding("never", rule.id, condition.id, problem, condition.place)
        elif False not in values:
            problem = f"can never be false on {snapshot.day}: {condition.text}"
            yield Finding("always", rule.id, condition.id, problem, condition.place)


def _truths(engine: Engine, snapshot: Snapshot, formula: Formula) -> set[bool | None] | None:
    found: set[bool | None] = set()
    for values in _points(engine, snapshot, [formula]) or ():
        found.add(truth(formula, snapshot.program, values, snapshot.constants))
        if len(found - {None}) == 2:
            return found
    return found or None


def _points(
    engine: Engine, snapshot: Snapshot, formulas: Iterable[Formula]
) -> Iterator[list[object]] | None:
    """Rows of facts at which the formulas' comparisons turn; none when there are too many."""
    program = snapshot.program
    formulas = list(formulas)
    wanted = list({slot: None for formula in formulas for slot in slots(formula)})
    choices = [_choices(engine, snapshot, formulas, slot) for slot in wanted]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > TRIED:
        return None
    return _rows(program, wanted, choices)


def _rows(
    program: Program, wanted: list[Slot], choices: list[list[object]]
) -> Iterator[list[object]]:
    for combined in product(*choices):
        values: list[object] = [None] * len(program.slots)
        for slot, value in zip(wanted, combined, strict=True):
            values[program.places[slot]] = value
        yield values


def _choices(
    engine: Engine, snapshot: Snapshot, formulas: Sequence[Formula], slot: Slot
) -> list[object]:
    """Values of a fact around which something turns."""
    kind = engine.law.fact(slot.name, snapshot.rule)
    if slot.kind == "bool":
        return [True, False]
    if slot.kind in {"code", "number"}:
        codes = {code for formula in formulas for code in _codes(snapshot, formula, slot)}
        return [*sorted(codes), "something else"]
    points: set[int] = set()
    for formula in formulas:
        for leaf in leaves(formula):
            if isinstance(leaf, Compare) and slot in {item for _, item in leaf.terms}:
                points |= _around(snapshot, leaf)
    low = kind.low if kind and kind.kind != "date" else -(10**12)
    high = kind.high if kind and kind.kind != "date" else 10**12
    return [point for point in sorted(points) if low <= point <= high] or [low]


def _around(snapshot: Snapshot, leaf: Compare) -> set[int]:
    constant = snapshot.constants[snapshot.program.constant_places[leaf.constant]]
    if not isinstance(constant, int):
        return {0}
    share = constant // max(1, sum(abs(times) for times, _ in leaf.terms))
    near = {constant - 1, constant, constant + 1, share - 1, share, share + 1}
    return near | ({0, abs(constant)} if len(leaf.terms) > 1 else set())


def _codes(snapshot: Snapshot, formula: Formula, slot: Slot) -> set[str]:
    found: set[str] = set()
    for leaf in leaves(formula):
        if getattr(leaf, "slot", None) == slot and hasattr(leaf, "constant"):
            value = snapshot.constants[snapshot.program.constant_places[leaf.constant]]
            found |= value if isinstance(value, frozenset) else set()
    return found


def _possible(engine: Engine, snapshot: Snapshot) -> Iterator[Finding]:
    """Whether somebody can be eligible at all."""
    program, rule = snapshot.program, snapshot.rule
    closed = any(
        isinstance(part.formula, Fixed) and not part.formula.value for part in program.parts
    )
    if closed or rule.kind in {"grounds", "number"} or program.unknown_law:
        return
    nobody = engine.decided(rule, snapshot.day, {})
    if smallest_change(engine, nobody) is None:
        problem = f"on {snapshot.day} no facts were found that meet all conditions"
        place = snapshot.version.place if snapshot.version else NOWHERE
        yield Finding("impossible", rule.id, "", problem, place)


# --- conflicts ------------------------------------------------------------------------------


def _conflicts(engine: Engine) -> Iterator[Finding]:
    rules = list(engine.law.rules.values())
    for first, second in combinations(rules, 2):
        if first.code and first.code == second.code:
            yield from _one_code(first, second)
    points: dict[str, list[tuple[Rule, Condition]]] = {}
    for rule in rules:
        for condition in rule.conditions:
            if condition.point:
                points.setdefault(condition.point, []).append((rule, condition))
    for point, owners in points.items():
        for (first, one), (second, other) in combinations(owners, 2):
            yield from _one_point(engine, point, (first, one), (second, other))


def _one_code(first: Rule, second: Rule) -> Iterator[Finding]:
    for one, other in product(first.versions, second.versions):
        day = max(one.start, other.start)
        both = within(day, one.start, one.end) and within(day, other.start, other.end)
        if both and one.state == other.state == "in force":
            problem = f"on {day} the code {first.code} belongs to {second.id} as well"
            yield Finding("conflict", first.id, "", problem, one.place)


def _one_point(
    engine: Engine, point: str, left: tuple[Rule, Condition], right: tuple[Rule, Condition]
) -> Iterator[Finding]:
    """Two conditions on one point of law must not decide a person differently."""
    (first, one), (second, other) = left, right
    for day in sorted({*_days(engine.law, first), *_days(engine.law, second)}):
        if not (one.applies(day) and other.applies(day)):
            continue
        if first.state(day) != "in force" or second.state(day) != "in force":
            continue
        snapshots = [engine.programs.snapshot(rule, day) for rule, _ in (left, right)]
        if None in (
            _points(engine, snapshots[0], [one.formula]),
            _points(engine, snapshots[1], [other.formula]),
        ):
            problem = f"too many facts together with {second.id}.{other.id}: not checked"
            yield Finding("conflict", first.id, one.id, problem, one.place)
            return
        counter = _counterexample(engine, snapshots, left, right)
        if counter is not None:
            facts, results = counter
            problem = (
                f"on {day} {second.id}.{other.id} decides the point {point!r} differently, "
                f"e.g. for {facts}: {results[0]} here, {results[1]} there"
            )
            yield Finding("conflict", first.id, one.id, problem, one.place)
            return


def _counterexample(
    engine: Engine,
    snapshots: Sequence[Snapshot],
    left: tuple[Rule, Condition],
    right: tuple[Rule, Condition],
) -> tuple[str, tuple[str, str]] | None:
    rows: dict[tuple[tuple[str, object], ...], None] = {}
    for snapshot, (_, condition) in zip(snapshots, (left, right), strict=True):
        for values in _points(engine, snapshot, [condition.formula]) or ():
            facts = {
                str(slot): values[snapshot.program.places[slot]]
                for slot in slots(condition.formula)
            }
            rows[tuple(facts.items())] = None
    for row in rows:
        facts = dict(row)
        both: tuple[str, str] = (
            _met(snapshots[0], left[1], facts),
            _met(snapshots[1], right[1], facts),
        )
        if set(both) == {"met", "not met"}:
            text = ", ".join(f"{name} = {value}" for name, value in facts.items())
            return text, both
    return None


def _met(snapshot: Snapshot, condition: Condition, facts: dict[str, object]) -> str:
    program = snapshot.program
    values = [facts.get(str(slot)) for slot in program.slots]
    found = truth(condition.formula, program, values, snapshot.constants)
    if found is None:
        return "unknown"
    return "met" if found == (condition.role != "ground") else "not met"


# --- cases ----------------------------------------------------------------------------------


def _by_cases(engine: Engine, cases: Sequence[Case]) -> Iterator[Finding]:
    seen: dict[tuple[int, str], None] = {}
    totals: dict[tuple[int, int], set[int]] = {}
    days: dict[str, set[date]] = {}
    for case in cases:
        try:
            found = engine.decision(case.rule, case.on, case.facts)
        except DataError as error:
            yield Finding("case", case.rule, "", f"case {case.id}: {error}")
            continue
        days.setdefault(case.rule, set()).add(case.on)
        yield from _expected(case, found)
        _note_senses(found, seen)
        _note_totals(found, totals)
    for rule in engine.law.rules.values():
        yield from _untried(rule, seen)
        yield from _boundaries(rule, totals)
        yield from _first_days(rule, days.get(rule.id, set()))


def _expected(case: Case, found: Decision) -> Iterator[Finding]:
    if found.decision not in {case.decision, case.alternative}:
        problem = f"case {case.id}: expected {case.decision}, decided {found.decision}"
        yield Finding("case", case.rule, "", problem)
    elif case.failed not in {None, found.failed} and found.decision == case.decision:
        problem = f"case {case.id}: expected to fail {case.failed}, failed {found.failed}"
        yield Finding("case", case.rule, "", problem)


def _note_senses(found: Decision, seen: dict[tuple[int, str], None]) -> None:
    failed, unknown, _ = found.masks
    if found.snapshot.state != "in force":
        return
    for place, part in enumerate(found.snapshot.program.parts):
        bit = 1 << place
        if failed & bit:
            seen[id(part.condition), "failed"] = None
        elif not unknown & bit:
            seen[id(part.condition), "met"] = None


def _note_totals(found: Decision, totals: dict[tuple[int, int], set[int]]) -> None:
    """How far the facts of a case lie from each threshold."""
    snapshot = found.snapshot
    if snapshot.state != "in force":
        return
    for part in snapshot.program.parts:
        for number, leaf in enumerate(leaves(part.formula)):
            if not isinstance(leaf, Compare):
                continue
            constant = snapshot.constants[snapshot.program.constant_places[leaf.constant]]
            values = [found.values[snapshot.program.places[slot]] for _, slot in leaf.terms]
            if isinstance(constant, int) and all(isinstance(value, int) for value in values):
                total = sum(
                    times * value
                    for (times, _), value in zip(leaf.terms, values, strict=True)
                    if isinstance(value, int)
                )
                totals.setdefault((id(part.condition), number), set()).add(total - constant)


def _untried(rule: Rule, seen: dict[tuple[int, str], None]) -> Iterator[Finding]:
    for condition in rule.conditions:
        senses: tuple[str, ...] = ("failed", "met")
        if isinstance(condition.formula, Fixed):
            senses = ("failed",) if not condition.formula.value else ("met",)
        missing = [sense for sense in senses if (id(condition), sense) not in seen]
        if missing:
            problem = f"no case in which it is {' or '.join(missing)}"
            yield Finding("untried", rule.id, condition.id, problem, condition.place)


def _boundaries(rule: Rule, totals: dict[tuple[int, int], set[int]]) -> Iterator[Finding]:
    """Each threshold wants a case on it and one just beyond it."""
    for condition in rule.conditions:
        groups: dict[tuple[str, object], list[tuple[int, Compare]]] = {}
        for number, leaf in enumerate(leaves(condition.formula)):
            if isinstance(leaf, Compare):
                names = tuple(slot.name for _, slot in leaf.terms)
                groups.setdefault((leaf.op, (names, leaf.constant)), []).append((number, leaf))
        for (op, _), members in groups.items():
            tried = {
                total
                for number, _ in members
                for total in totals.get((id(condition), number), set())
            }
            beyond = {">": 1, "<=": 1, ">=": -1, "<": -1}.get(op)
            wanted = {0} if beyond is None else {0, beyond}
            if not wanted <= tried:
                text = " and ".join(f"{offset:+d}" for offset in sorted(wanted - tried))
                problem = f"no case at the threshold {text} of {op}: {condition.text}"
                yield Finding("boundary", rule.id, condition.id, problem, condition.place)


def _first_days(rule: Rule, days: set[date]) -> Iterator[Finding]:
    """Each stretch in force wants a case on its first day, and one on the day before."""
    for version in rule.versions:
        if version.state != "in force" or rule.kind == "number":
            continue
        for day, what in (
            (version.start, "first day"),
            (version.start - _ONE_DAY, "day before"),
        ):
            if day not in days:
                problem = f"no case on the {what} of a version, {day}"
                yield Finding("boundary", rule.id, "", problem, version.place)
