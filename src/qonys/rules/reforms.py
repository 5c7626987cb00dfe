"""A change of the law on top of the law, and who gains or loses by it.

For policy analysts. Main functions: `read_reform`, `compare`; main type: `Comparison`. A reform
is a file of changes, each from a day; the law as it is stays untouched. It counts the people of
a table under both laws; it says nothing about how people would behave.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import cast

from qonys.core.dated import Dated, Spell
from qonys.core.errors import DataError, Fault
from qonys.rules.deciding import DECISIONS, called
from qonys.rules.documents import Item, open_document
from qonys.rules.law import Condition, Law, Parameter, Rule, State, Version, within
from qonys.rules.people import DECISION, FAILED, UNKNOWN, People, readable
from qonys.rules.programs import Snapshot
from qonys.rules.reading import builder_on
from qonys.rules.tables import with_decisions

#: What a reform can do to a person.
EFFECTS = ("gains", "loses", "unclear", "same")
#: Decisions from good to bad, for who gains and who loses.
_ORDER = ("eligible", "discretion", "undetermined", "ineligible", "not_in_force")
_ONE_DAY = timedelta(days=1)
#: What each kind of change may say besides its days.
_KEYS = {
    "parameter": "value cite",
    "condition": "must refused_if consent remove says cite",
    "add": "must refused_if consent says cite",
    "rule": "state cite",
}


@dataclass(frozen=True)
class Reform:
    """A reform, read and laid on the law.

    Parameters
    ----------
    law : Law
        The law with the reform.
    rules : tuple of str
        Codes of the rules that it touches.
    start : date
        The first day on which something is different.
    """

    law: Law
    rules: tuple[str, ...]
    start: date


def read_reform(law: Law, path: Path) -> Reform:
    """Read a file of changes and lay it on the law.

    Parameters
    ----------
    law : Law
        The law.
    path : Path
        The file: ``title`` and ``changes``, each ``parameter``, ``condition``, ``add`` or
        ``rule``; its layout stands in docs/rules.md.

    Returns
    -------
    Reform
        The changed law.

    Raises
    ------
    DataError
        With all faults, each with line and column.
    """
    if not path.is_file():
        raise DataError(Fault("no such file", str(path)))
    item, faults = open_document(path)
    changing = _Changing(law, item) if item is not None else None
    if changing is not None:
        changing.all()
    if faults.found:
        raise DataError(faults.found)
    assert changing is not None
    return Reform(changing.law, tuple(changing.rules), min(changing.days))


class _Changing:
    """Lays changes on a law, one after the other."""

    def __init__(self, law: Law, item: Item) -> None:
        self.law, self.item = law, item
        self.rules: dict[str, None] = {}
        self.days: list[date] = []

    def all(self) -> None:
        """Every change of the file."""
        fields = self.item.fields("title changes", "title changes")
        if "title" in fields:
            self.law = replace(self.law, title=fields["title"].text())
        entries = fields["changes"].items() if "changes" in fields else []
        if "changes" in fields and not entries:
            fields["changes"].fault("no change")
        for entry in entries:
            parts = entry.fields(
                "parameter condition add rule from to value must refused_if consent remove "
                "state says cite",
                "from",
            )
            kinds = [key for key in _KEYS if key in parts]
            start = parts["from"].day() if "from" in parts else None
            end = parts["to"].day() if "to" in parts else None
            if len(kinds) != 1:
                entry.fault("give one of parameter, condition, add, rule")
            elif start is not None and end is not None and end < start:
                entry.fault(f"ends {end} before it starts {start}")
            elif start is not None:
                known = {kinds[0], "from", "to", *_KEYS[kinds[0]].split()}
                for key in [key for key in parts if key not in known]:
                    parts[key].fault(f"has no meaning with {kinds[0]}")
                self.days.append(start)
                getattr(self, f"change_{kinds[0]}")(entry, parts, start, end)

    def change_parameter(
        self, entry: Item, parts: Mapping[str, Item], start: date, end: date | None
    ) -> None:
        """Another value of a parameter."""
        name = parts["parameter"].text()
        old = self.law.parameters.get(name)
        if old is None:
            near = ", ".join(self.law.parameters)
            parts["parameter"].fault(
                "no such parameter", value=name, way_out=f"There are: {near}."
            )
            return
        if "value" not in parts:
            entry.fault("value is missing")
            return
        value: object
        if old.kind == "int":
            value = parts["value"].integer()
        elif old.kind == "date":
            day = parts["value"].day()
            value = day.toordinal() if day else None
        else:
            value = frozenset(item.text() for item in parts["value"].items())
        changed = _changed_parameter(old, Spell(value, start, end, "in force", self.law.title))
        self.law = replace(self.law, parameters={**self.law.parameters, name: changed})
        for rule in self.law.rules.values():
            if name in rule.parameters():
                self.rules[rule.id] = None

    def change_condition(
        self, entry: Item, parts: Mapping[str, Item], start: date, end: date | None
    ) -> None:
        """Another text of a condition, or none."""
        rule, name = self._of(parts["condition"])
        if rule is None:
            return
        old = [item for item in rule.conditions if item.id == name]
        if not old:
            known = ", ".join(dict.fromkeys(item.id for item in rule.conditions))
            parts["condition"].fault(
                "no such condition", value=name, way_out=f"There are: {known}."
            )
            return
        removed = "remove" in parts and parts["remove"].truth()
        if removed and {"must", "refused_if", "consent"} & set(parts):
            parts["remove"].fault("stands beside a new text: give one of them")
        new: list[Condition] = []
        if not removed:
            made = self._made(rule, parts, name, start, end, _then(old, start))
            if made is None:
                entry.fault("give must, refused_if, consent, or remove: true")
                return
            new = [made]
        kept = [
            piece
            for item in rule.conditions
            for piece in (_cut(item, start, end) if item.id == name else [item])
        ]
        place = next(i for i, item in enumerate(rule.conditions) if item.id == name)
        self._put(rule, [*kept[: place + 1], *new, *kept[place + 1 :]])

    def change_add(
        self, entry: Item, parts: Mapping[str, Item], start: date, end: date | None
    ) -> None:
        """A new condition."""
        rule, name = self._of(parts["add"])
        if rule is None:
            return
        if any(item.id == name for item in rule.conditions):
            parts["add"].fault("stands already", value=name, way_out="Use condition.")
            return
        made = self._made(rule, parts, name, start, end, None)
        if made is None:
            entry.fault("give must, refused_if or consent")
            return
        self._put(rule, [*rule.conditions, made])

    def change_rule(
        self, entry: Item, parts: Mapping[str, Item], start: date, end: date | None
    ) -> None:
        """Another state of a rule."""
        code = parts["rule"].text()
        rule = self.law.rules.get(code)
        if rule is None or "state" not in parts:
            entry.fault("no such rule" if rule is None else "state is missing", value=code)
            return
        state = parts["state"].choice("in force|none|suspended|unknown")
        if not rule.versions:
            entry.fault("this rule has no version to change", value=code)
            return
        like = rule.versions[-1]
        version = replace(
            like,
            start=start,
            end=end,
            state=cast("State", state),
            says=self.law.title,
            readings=(),
        )
        kept = [piece for item in rule.versions for piece in _cut_version(item, start, end)]
        versions = tuple(sorted([*kept, version], key=lambda item: item.start))
        self._replace(replace(rule, versions=versions))

    def _of(self, item: Item) -> tuple[Rule | None, str]:
        """``RULE.condition``: the longest code of a rule that it begins with."""
        text = item.text()
        for code in sorted(self.law.rules, key=len, reverse=True):
            if text.startswith(f"{code}."):
                return self.law.rules[code], text[len(code) + 1 :]
        item.fault(
            "no such rule", value=text, way_out="Write RULE.condition, e.g. B12-1.income."
        )
        return None, ""

    def _made(
        self,
        rule: Rule,
        parts: Mapping[str, Item],
        name: str,
        start: date,
        end: date | None,
        like: Condition | None,
    ) -> Condition | None:
        found = builder_on(self.law).changed_condition(rule, name, parts, like)
        if found is None:
            return None
        return replace(found, start=start, end=end, suspended=(), readings=())

    def _put(self, rule: Rule, conditions: list[Condition]) -> None:
        self._replace(replace(rule, conditions=tuple(conditions)))

    def _replace(self, rule: Rule) -> None:
        self.rules[rule.id] = None
        self.law = replace(self.law, rules={**self.law.rules, rule.id: rule})


def _then(texts: Sequence[Condition], day: date) -> Condition:
    """The text of a condition that holds on a day, else the last one."""
    return next((item for item in texts if within(day, item.start, item.end)), texts[-1])


def _changed_parameter(old: Parameter, spell: "Spell[object]") -> Parameter:
    kept = [
        piece
        for item in old.values.spells
        for piece in _cut_spell(item, spell.start, spell.end)
    ]
    return replace(old, values=Dated(old.name, [*kept, spell], gaps=True))


def _cut_spell(spell: "Spell[object]", start: date, end: date | None) -> "list[Spell[object]]":
    """What is left of a spell outside a stretch."""
    return [
        replace(spell, start=first, end=last)
        for first, last in _left(spell.start, spell.end, start, end)
        if first is not None
    ]


def _cut(condition: Condition, start: date, end: date | None) -> list[Condition]:
    return [
        replace(condition, start=first, end=last)
        for first, last in _left(condition.start, condition.end, start, end)
    ]


def _cut_version(version: Version, start: date, end: date | None) -> list[Version]:
    return [
        replace(version, start=first, end=last)
        for first, last in _left(version.start, version.end, start, end)
        if first is not None
    ]


def _left(
    first: date | None, last: date | None, start: date, end: date | None
) -> list[tuple[date | None, date | None]]:
    """A stretch without another: none, one or two pieces."""
    pieces: list[tuple[date | None, date | None]] = []
    if first is None or first < start:
        before = start - _ONE_DAY
        pieces.append((first, before if last is None else min(last, before)))
    if end is not None and (last is None or last > end):
        after = end + _ONE_DAY
        pieces.append((after if first is None else max(first, after), last))
    return pieces


# --- who gains, who loses -------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """People of one group with one decision before and one after.

    Parameters
    ----------
    group : Mapping of str to str
        Values of the columns that make the group.
    before, after : str
        Decisions.
    people : int
        How many.
    reasons : tuple of str
        Conditions that decide the difference: those that failed or were open and no longer are
        (``-income``), and those that newly are (``+income``).
    """

    group: Mapping[str, str]
    before: str
    after: str
    people: int
    reasons: tuple[str, ...]

    @property
    def effect(self) -> str:
        """``gains``, ``loses``, ``same``, or ``unclear`` where the law is not known."""
        if self.before == self.after:
            return "same"
        if "law_unknown" in {self.before, self.after}:
            return "unclear"
        before, after = _ORDER.index(_plain(self.before)), _ORDER.index(_plain(self.after))
        if before == after:
            return "same"
        return "gains" if after < before else "loses"


@dataclass(frozen=True)
class Comparison:
    """A rule under two laws over one table of people.

    Parameters
    ----------
    rule : str
        Code of the rule.
    on : date
        The day.
    groups : tuple of Group
        People by group, decisions and reasons: who gains, who loses, then the others.
    """

    rule: str
    on: date
    groups: tuple[Group, ...]

    def count(self, effect: str) -> int:
        """People who gain, lose, stay the same, or of whom it is unclear.

        Parameters
        ----------
        effect : str
            ``gains``, ``loses``, ``unclear`` or ``same``.
        """
        return sum(item.people for item in self.groups if item.effect == effect)

    def plain(self) -> dict[str, object]:
        """The comparison as plain data."""
        return {
            "rule": self.rule,
            "on": self.on.isoformat(),
            "people": sum(item.people for item in self.groups),
            **{effect: self.count(effect) for effect in EFFECTS},
            "groups": [
                {
                    "group": dict(item.group),
                    "before": item.before,
                    "after": item.after,
                    "effect": item.effect,
                    "people": item.people,
                    "reasons": list(item.reasons),
                }
                for item in self.groups
            ],
        }


def _plain(decision: str) -> str:
    names = {
        "no_ground": "eligible",
        "annulment_ground": "ineligible",
        "valid": "eligible",
        "invalid": "ineligible",
    }
    return names.get(decision, decision)


def compare(
    before: Law, after: Law, people: People, rule: str, day: date, by: Sequence[str] = ()
) -> Comparison:
    """Count a table of people under two laws.

    Parameters
    ----------
    before, after : Law
        The two laws.
    people : People
        The table.
    rule : str
        Code of the rule.
    day : date
        The day asked for, the same under both.
    by : Sequence of str
        Columns that make groups.

    Returns
    -------
    Comparison
        Who gains, who loses, by group, with reasons.

    Raises
    ------
    DataError
        When a column of ``by`` is not there.
    """
    missing = [name for name in by if name not in people.given.columns]
    if missing:
        way_out = f"Columns: {', '.join(people.given.columns)}."
        raise DataError(
            [Fault("no such column", value=name, way_out=way_out) for name in missing]
        )
    table, old = with_decisions(before, people.typed, before.rule(rule), day, prefix="_before_")
    table, new = with_decisions(after, table, after.rule(rule), day, prefix="_after_")
    columns = [
        f"{side}{name}"
        for side in ("_before_", "_after_")
        for name in (DECISION, FAILED, UNKNOWN)
    ]
    with readable(people.name):
        counted = table.group_by([*by, *columns]).aggregate(_people=table.count()).to_pyarrow()
    merged: Counter[tuple[tuple[str, ...], str, str, tuple[str, ...]]] = Counter()
    for row in counted.to_pylist():
        states = [row[name] for name in columns]
        key = (
            tuple("" if row[name] is None else str(row[name]) for name in by),
            called(old.rule.kind, DECISIONS[states[0]]),
            called(new.rule.kind, DECISIONS[states[3]]),
            _reasons(old, (states[1], states[2]), new, (states[4], states[5]))
            if states[0] != states[3]
            else (),
        )
        merged[key] += row["_people"]
    groups = [
        Group(dict(zip(by, values, strict=True)), decided, later, count, reasons)
        for (values, decided, later, reasons), count in merged.items()
    ]
    groups.sort(
        key=lambda item: (
            EFFECTS.index(item.effect),
            -item.people,
            str(item.group),
            item.before,
            item.after,
        )
    )
    return Comparison(old.rule.id, day, tuple(groups))


def _reasons(
    old: Snapshot, before: tuple[int, int], new: Snapshot, after: tuple[int, int]
) -> tuple[str, ...]:
    """Conditions that stand in the way under one law and not under the other."""
    first, second = _open(old, before), _open(new, after)
    if old.state != new.state:
        return (f"{old.state} -> {new.state}",)
    gone = [f"-{name}" for name in first if name not in second]
    come = [f"+{name}" for name in second if name not in first]
    return (*gone, *come)


def _open(snapshot: Snapshot, masks: tuple[int, int]) -> list[str]:
    """Conditions that failed or are open; a ground of which nothing is known is neither."""
    failed, unknown = masks
    shown = snapshot.program.picked(failed | (unknown & ~snapshot.program.grounds))
    return [part.condition.id for part in shown]
