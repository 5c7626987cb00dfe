"""From a folder of law files to a `Law`, or to all of its faults with line and column.

For everybody who asks the law. Main functions: `load_law`, `read_law`. The layout of the files
stands in docs/rules.md. It checks that each file makes sense by itself; whether the law as a
whole does is asked by `checks`.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import cast

from qonys.core.country import Country, load_country
from qonys.core.dated import Dated, Spell
from qonys.core.errors import DataError, Fault, RuleError
from qonys.rules.calendar import WorkingCalendar
from qonys.rules.documents import Faults, Item, open_document
from qonys.rules.expressions import Fixed, Formula
from qonys.rules.law import (
    Act,
    Citation,
    Condition,
    Confidence,
    Exemption,
    FactType,
    Info,
    Law,
    Meaning,
    Named,
    Parameter,
    Place,
    Reading,
    Role,
    Rule,
    RuleKind,
    State,
    Version,
)
from qonys.rules.numbers import NumberScheme
from qonys.rules.parsing import ExpressionError, parse

_KINDS = "bool|int|code|date|list|number"
_STATES = "in force|none|suspended|unknown"
_CONFIDENCE = "high|medium|low"
_ROLES: Mapping[str, Role] = {
    "must": "requirement",
    "refused_if": "ground",
    "consent": "consent",
}
_ABOUT = "who|papers|steps|days|fee|validity|family|work|after|caution|unknown"
_SHARED = ("law.yaml", "acts.yaml", "facts.yaml", "parameters.yaml", "calendar.yaml")
_VERSION = "from to state says name first last adopted published named disputes cite confidence"
_CONDITION = (
    "id name must refused_if consent says unless state_shows from to suspended disputes cite "
    "confidence point"
)


@dataclass
class Names:
    """Facts and parameters that an expression may use.

    Parameters
    ----------
    facts : Mapping of str to FactType
        Facts.
    parameters : Mapping of str to Parameter
        Parameters.
    own : Mapping of str to FactType
        Facts that a rule understands in its own way.
    """

    facts: Mapping[str, FactType]
    parameters: Mapping[str, Parameter]
    own: Mapping[str, FactType] = field(default_factory=dict)

    def fact(self, name: str) -> FactType | None:
        """A fact by its name."""
        return self.own.get(name) or self.facts.get(name)

    def parameter(self, name: str) -> Parameter | None:
        """A parameter by its name."""
        return self.parameters.get(name)

    def near(self, name: str) -> str:
        """A hint at names like this one."""
        near = get_close_matches(name, [*self.facts, *self.own, *self.parameters], 3)
        return f"Near: {', '.join(near)}." if near else "Facts are listed in facts.yaml."


def load_law(country: str | Country) -> Law:
    """The law of a country.

    Parameters
    ----------
    country : str or Country
        Code of a built-in country, path of a country folder, or the country itself.

    Raises
    ------
    DataError
        When it has no law folder, or with all faults of its files.
    """
    if isinstance(country, str):
        country = load_country(country)
    built_in = files("qonys") / "countries" / country.code.lower()
    if country.folder == built_in:
        return _built_in(country.code)
    return read_law(country.folder / "law", country.code)


@lru_cache(maxsize=4)
def _built_in(code: str) -> Law:
    return read_law(files("qonys") / "countries" / code.lower() / "law", code)


def read_law(folder: Traversable, country: str) -> Law:
    """Read a folder of law files.

    Parameters
    ----------
    folder : Traversable
        The folder.
    country : str
        Code of its country.

    Raises
    ------
    DataError
        With the faults of all files, each with line and column.
    """
    if not folder.is_dir():
        way_out = "Its layout stands in docs/rules.md."
        raise DataError(Fault("no folder of law files", str(folder), way_out=way_out))
    builder = Builder()
    paths = sorted(
        (path for path in folder.iterdir() if path.name.endswith((".yaml", ".yml"))),
        key=lambda path: (path.name not in _SHARED, path.name),
    )
    documents = {path.name: builder.document(path) for path in paths}
    for name in ("law.yaml", "acts.yaml", "facts.yaml", "calendar.yaml"):
        if documents.get(name) is not None:
            builder.shared(name, cast("Item", documents[name]))
    for item in documents.values():
        if item is not None:
            builder.parameters_of(item)
    for name, item in documents.items():
        if name not in _SHARED and item is not None:
            builder.rules_of(item)
    builder.links()
    texts = _texts(folder, builder.faults)
    if builder.faults:
        raise DataError(sorted(builder.faults, key=lambda fault: (fault.file, fault.row or 0)))
    return Law(
        country,
        builder.rules,
        builder.facts,
        builder.parameters,
        builder.acts,
        builder.calendar,
        texts,
        last_read=builder.last_read,
    )


def _texts(folder: Traversable, faults: list[Fault]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for lang in ("ru", "kk"):
        path = folder / "texts" / f"{lang}.toml"
        if not path.is_file():
            continue
        try:
            loaded = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            faults.append(Fault(f"not TOML: {error}", f"texts/{lang}.toml"))
            continue
        found.update({(lang, key): str(text) for key, text in loaded.items()})
    return found


def builder_on(law: Law) -> "Builder":
    """A builder that knows the names of a law, for reforms.

    Parameters
    ----------
    law : Law
        The law.
    """
    builder = Builder()
    builder.acts, builder.facts = dict(law.acts), dict(law.facts)
    builder.parameters, builder.rules = dict(law.parameters), dict(law.rules)
    return builder


class Builder:
    """Collects what the files of a folder say."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.acts: dict[str, Act] = {}
        self.facts: dict[str, FactType] = {}
        self.parameters: dict[str, Parameter] = {}
        self.rules: dict[str, Rule] = {}
        self.calendar = WorkingCalendar()
        self.last_read: date | None = None
        self.links_to: list[tuple[str, Place]] = []
        self.needs_of: list[tuple[str, Place]] = []

    def document(self, path: Traversable) -> Item | None:
        """A file; its faults join the others."""
        item, faults = open_document(path)
        self.faults_of(faults)
        return item

    def faults_of(self, faults: Faults) -> None:
        """Let faults that are still to be found join the others."""
        self.faults += faults.found
        faults.found = self.faults

    def shared(self, name: str, item: Item) -> None:
        """What all rules share."""
        if name == "acts.yaml":
            for act, entry in item.fields("").items():
                self.acts[act] = self.act(act, entry)
        elif name == "facts.yaml":
            for fact, entry in item.fields("").items():
                self.facts[fact] = self.fact(fact, entry)
        elif name == "law.yaml":
            fields = item.fields("last_read", "last_read")
            self.last_read = fields["last_read"].day() if "last_read" in fields else None
        else:
            self.calendar = _calendar(item)

    def act(self, name: str, item: Item) -> Act:
        """An act or another source."""
        fields = item.fields(
            "title kind number adopted registered published effect seen url note", "title kind"
        )
        texts = {
            key: fields[key].text()
            for key in ("title", "kind", "number", "seen", "url", "note")
            if key in fields
        }
        days = {
            key: fields[key].day()
            for key in ("adopted", "registered", "published", "effect")
            if key in fields
        }
        texts.setdefault("title", "")
        texts.setdefault("kind", "")
        return Act(name, **texts, **days)  # type: ignore[arg-type]

    def fact(self, name: str, item: Item) -> FactType:
        """What a fact is."""
        fields = item.fields(
            "type says ask unit length low high codes closed aliases effort fixed obtained_by "
            "needs",
            "type says",
        )
        kind = fields["type"].choice(_KINDS) if "type" in fields else "bool"
        read: Mapping[str, Callable[[Item], object]] = {
            **dict.fromkeys(("says", "ask", "unit"), Item.text),
            **dict.fromkeys(("low", "high"), Item.integer),
            **dict.fromkeys(("closed", "fixed"), Item.truth),
            **dict.fromkeys(("codes", "obtained_by", "needs"), Item.texts),
            "length": lambda entry: entry.integer(1, 60),
            "effort": lambda entry: entry.integer(1, 3),
            "aliases": lambda entry: {
                alias: code.text() for alias, code in entry.fields("").items()
            },
        }
        values = {key: reader(fields[key]) for key, reader in read.items() if key in fields}
        if kind == "list" and "length" not in values:
            item.fault("length is missing")
            values["length"] = 1
        for entry in fields["obtained_by"].items() if "obtained_by" in fields else ():
            self.links_to.append((entry.text(), entry.place))
        for entry in fields["needs"].items() if "needs" in fields else ():
            self.needs_of.append((entry.text(), entry.place))
        return FactType(name, kind, **values)  # type: ignore[arg-type]

    def parameters_of(self, item: Item) -> None:
        """Dated parameters of a file."""
        if "parameters" not in _names(item):
            return
        entry = item.fields("")["parameters"]
        for name, fields in entry.fields("").items():
            if name in self.parameters or name in self.facts:
                fields.fault("a fact or parameter of this name stands elsewhere", value=name)
                continue
            self.parameters[name] = self.parameter(name, fields)

    def parameter(self, name: str, item: Item) -> Parameter:
        """A dated number or list of codes."""
        fields = item.fields("type unit says values", "says values")
        kind = fields["type"].choice("int|date|codes") if "type" in fields else "int"
        unit = fields["unit"].text() if "unit" in fields else ""
        spells: list[Spell[object]] = []
        cites: dict[date, tuple[Citation, ...]] = {}
        for entry in fields["values"].items() if "values" in fields else ():
            parts = entry.fields("from to value cite", "from value cite")
            start = parts["from"].day() if "from" in parts else None
            end = parts["to"].day() if "to" in parts else None
            if start is None or "value" not in parts:
                continue
            cited = self.citations(parts)
            value = _parameter_value(parts["value"], kind)
            spells.append(
                Spell(value, start, end, "in force", cited[0].act.id if cited else "")
            )
            cites[start] = cited
        try:
            dated: Dated[object] = Dated(name, spells, gaps=True)
        except RuleError as error:
            for fault in error.faults:
                item.fault(fault.problem)
            dated = Dated(name, ())
        says = fields["says"].text() if "says" in fields else ""
        return Parameter(name, kind, unit, says, dated, cites)

    def citations(self, fields: Mapping[str, Item]) -> tuple[Citation, ...]:
        """Citations of an entry."""
        found = []
        for entry in fields["cite"].items() if "cite" in fields else ():
            parts = entry.fields("act article words", "act")
            name = parts["act"].text() if "act" in parts else ""
            act = self.acts.get(name)
            if act is None:
                if name:
                    near = get_close_matches(name, self.acts, 3)
                    way_out = f"Near: {', '.join(near)}." if near else "Add it to acts.yaml."
                    parts["act"].fault("no such act", value=name, way_out=way_out)
                continue
            article = parts["article"].text() if "article" in parts else ""
            words = parts["words"].text() if "words" in parts else ""
            if len(words.split()) > 12:
                parts["words"].fault("a quotation is at most twelve words")
            found.append(Citation(act, article, words))
        return tuple(found)

    def rules_of(self, item: Item) -> None:
        """Rules of a file."""
        fields = item.fields("parameters rules", "rules")
        for entry in fields["rules"].items() if "rules" in fields else ():
            rule = self.rule(entry)
            if rule.id in self.rules:
                entry.fault("a rule of this code stands elsewhere", value=rule.id)
            self.rules[rule.id] = rule

    def rule(self, item: Item) -> Rule:
        """A rule."""
        fields = item.fields(
            "rule kind title says before after code versions conditions info meanings facts "
            "number",
            "rule kind title says before after versions conditions",
        )
        code = fields["rule"].text() if "rule" in fields else ""
        own = {
            name: self.fact(name, entry)
            for name, entry in (fields["facts"].fields("") if "facts" in fields else {}).items()
        }
        names = Names(self.facts, self.parameters, own)
        listed = {
            key: fields[key].items() if key in fields else []
            for key in ("versions", "conditions", "info", "meanings")
        }
        texts = {
            key: fields[key].text() if key in fields else ""
            for key in ("title", "says", "code")
        }
        states = {
            key: fields[key].choice("none|unknown") if key in fields else "unknown"
            for key in ("before", "after")
        }
        kind = "pathway"
        if "kind" in fields:
            kind = fields["kind"].choice("pathway|permission|grounds|number")
        versions = [self.version(code, entry, names) for entry in listed["versions"]]
        conditions = [self.condition(code, entry, names) for entry in listed["conditions"]]
        if len(conditions) > 63:
            item.fault("more than 63 conditions", way_out="Split the rule.")
        return Rule(
            code,
            cast("RuleKind", kind),
            versions=tuple(sorted(versions, key=lambda version: version.start)),
            conditions=tuple(conditions),
            info=tuple(
                self.info(code, number, entry) for number, entry in enumerate(listed["info"], 1)
            ),
            meanings=tuple(self.meaning(code, entry) for entry in listed["meanings"]),
            facts=own,
            scheme=_scheme(fields["number"]) if "number" in fields else None,
            before=cast("State", states["before"]),
            after=cast("State", states["after"]),
            **texts,
        )

    def version(self, code: str, item: Item, names: Names) -> Version:
        """A stretch of days."""
        fields = item.fields(_VERSION, "from cite")
        start = (fields["from"].day() if "from" in fields else None) or date.min
        end = fields["to"].day() if "to" in fields else None
        if end is not None and end < start:
            item.fault(f"ends {end} before it starts {start}")
        state = fields["state"].choice(_STATES) if "state" in fields else "in force"
        texts = {
            key: fields[key].text() if key in fields else default
            for key, default in (
                ("says", ""),
                ("name", f"{code}.all"),
                ("first", f"{code}.in_force_from"),
                ("last", f"{code}.to"),
            )
        }
        named = []
        for entry in fields["named"].items() if "named" in fields else ():
            parts = entry.fields("name if", "name if")
            if len(parts) == 2:
                named.append(Named(parts["name"].text(), self.formula(parts["if"], names)))
        return Version(
            start,
            end,
            cast("State", state),
            adopted=fields["adopted"].day() if "adopted" in fields else None,
            published=fields["published"].day() if "published" in fields else None,
            named=tuple(named),
            readings=self.readings(fields, names),
            cites=self.cited(item, fields),
            confidence=self.confidence(fields),
            place=item.place,
            **texts,
        )

    def confidence(self, fields: Mapping[str, Item]) -> Confidence:
        """How sure an entry is; high unless said."""
        if "confidence" not in fields:
            return "high"
        return cast("Confidence", fields["confidence"].choice(_CONFIDENCE))

    def readings(
        self, fields: Mapping[str, Item], names: Names, key: str = ""
    ) -> tuple[Reading, ...]:
        """Other readings of a disputed entry; `key` is how its expression is called."""
        found = []
        for entry in fields["disputes"].items() if "disputes" in fields else ():
            parts = entry.fields(f"id says {key} from to cite", f"id says {key} cite")
            texts = {
                name: parts[name].text() if name in parts else "" for name in ("id", "says")
            }
            formula = self.formula(parts[key], names) if key in parts else None
            days = {
                name: parts[field].day()
                for field, name in (("from", "start"), ("to", "end"))
                if field in parts
            }
            found.append(
                Reading(
                    texts["id"],
                    texts["says"],
                    formula,
                    days.get("start"),
                    days.get("end"),
                    self.cited(entry, parts),
                )
            )
        return tuple(found)

    def cited(self, item: Item, fields: Mapping[str, Item]) -> tuple[Citation, ...]:
        """Citations, of which there must be one."""
        found = self.citations(fields)
        if "cite" in fields and not fields["cite"].items():
            item.fault("cite is empty: every rule carries its source")
        return found

    def condition(self, code: str, item: Item, names: Names) -> Condition:
        """A condition."""
        fields = item.fields(_CONDITION, "id says cite")
        given = [key for key in _ROLES if key in fields]
        if len(given) != 1:
            item.fault("give one of must, refused_if, consent")
        key = given[0] if given else "must"
        source = fields.get(key)
        name = fields["id"].text() if "id" in fields else ""
        suspended = []
        for entry in fields["suspended"].items() if "suspended" in fields else ():
            parts = entry.fields("from to cite", "from to cite")
            first = parts["from"].day() if "from" in parts else None
            last = parts["to"].day() if "to" in parts else None
            if first and last and first <= last:
                suspended.append((first, last))
            elif first and last:
                entry.fault(f"ends {last} before it starts {first}")
        start = fields["from"].day() if "from" in fields else None
        end = fields["to"].day() if "to" in fields else None
        if start and end and end < start:
            item.fault(f"ends {end} before it starts {start}")
        return Condition(
            name,
            fields["name"].text() if "name" in fields else f"{code}.{name}",
            _ROLES[key],
            self.formula(source, names) if source is not None else Fixed(value=True),
            source.text() if source is not None else "",
            fields["says"].text() if "says" in fields else "",
            exemptions=tuple(
                self.exemption(code, entry, names)
                for entry in (fields["unless"].items() if "unless" in fields else ())
            ),
            state_shows="state_shows" in fields and fields["state_shows"].truth(),
            start=start,
            end=end,
            suspended=tuple(suspended),
            readings=self.readings(fields, names, key),
            cites=self.cited(item, fields),
            confidence=self.confidence(fields),
            point=fields["point"].text() if "point" in fields else "",
            place=source.place if source is not None else item.place,
        )

    def changed_condition(
        self, rule: Rule, name: str, fields: Mapping[str, Item], like: Condition | None
    ) -> Condition | None:
        """A condition of a reform; what the change leaves out is as it was before."""
        given = [key for key in _ROLES if key in fields]
        if len(given) != 1:
            return None
        source = fields[given[0]]
        names = Names(self.facts, self.parameters, rule.facts)
        says = fields["says"].text() if "says" in fields else source.text()
        return Condition(
            name,
            like.name if like else f"{rule.id}.{name}",
            _ROLES[given[0]],
            self.formula(source, names),
            source.text(),
            says,
            exemptions=like.exemptions if like else (),
            state_shows=like.state_shows if like else False,
            cites=self.citations(fields),
            place=source.place,
        )

    def exemption(self, code: str, item: Item, names: Names) -> Exemption:
        """An exemption from a condition."""
        fields = item.fields("id name if says from to cite", "id if says cite")
        name = fields["id"].text() if "id" in fields else ""
        return Exemption(
            name,
            fields["name"].text() if "name" in fields else f"{code}.{name}",
            self.formula(fields["if"], names) if "if" in fields else Fixed(value=False),
            fields["says"].text() if "says" in fields else "",
            start=fields["from"].day() if "from" in fields else None,
            end=fields["to"].day() if "to" in fields else None,
            cites=self.cited(item, fields),
        )

    def info(self, code: str, number: int, item: Item) -> Info:
        """Papers, days, fees."""
        fields = item.fields("about says from to cite confidence id", "about says")
        about = fields["about"].choice(_ABOUT) if "about" in fields else "unknown"
        if about not in {"unknown", "caution"} and "cite" not in fields:
            item.fault("cite is missing")
        name = fields["id"].text() if "id" in fields else str(number)
        return Info(
            about,
            fields["says"].text() if "says" in fields else "",
            f"{code}.info.{name}",
            start=fields["from"].day() if "from" in fields else None,
            end=fields["to"].day() if "to" in fields else None,
            cites=self.citations(fields),
            confidence=self.confidence(fields),
        )

    def meaning(self, code: str, item: Item) -> Meaning:
        """An older meaning of a code."""
        fields = item.fields("says seen to cite", "says seen cite")
        seen = (fields["seen"].day() if "seen" in fields else None) or date.min
        return Meaning(
            code,
            fields["says"].text() if "says" in fields else "",
            f"{code}.meaning.{seen}",
            seen,
            fields["to"].day() if "to" in fields else None,
            self.citations(fields),
        )

    def formula(self, item: Item, names: Names) -> Formula:
        """An expression; a fault leaves one that is always true."""
        text = item.text()
        try:
            return parse(text, names)
        except ExpressionError as error:
            place = item.inside(error.position)
            item.faults.add(error.problem, place, way_out=error.way_out)
            return Fixed(value=True)

    def links(self) -> None:
        """Facts must be obtained by rules, and need facts, that exist."""
        for name, place in self.links_to:
            if name not in self.rules:
                self.faults.append(place.fault("no such rule", value=name))
        for name, place in self.needs_of:
            if name not in self.facts:
                self.faults.append(place.fault("no such fact", value=name))


def _names(item: Item) -> Iterable[str]:
    pairs = getattr(item.node, "value", ())
    if not isinstance(pairs, list):
        return ()
    return [
        str(getattr(pair[0], "value", ""))
        for pair in pairs
        if isinstance(pair, tuple) and len(pair) == 2
    ]


def _parameter_value(item: Item, kind: str) -> object:
    if kind == "int":
        return item.integer()
    if kind == "date":
        day = item.day()
        return None if day is None else day.toordinal()
    return frozenset(entry.text() for entry in item.items())


def _calendar(item: Item) -> WorkingCalendar:
    fields = item.fields("known days_off worked note cite", "known days_off")
    days = {
        key: [day for entry in fields[key].items() if (day := entry.day()) is not None]
        for key in ("days_off", "worked")
        if key in fields
    }
    known = fields.get("known")
    years = [entry.integer(1, 9998) for entry in known.items()] if known else []
    if len(years) != 2:
        if known:
            known.fault("expected the first and the last year")
        years = [1, 0]
    return WorkingCalendar(
        days.get("days_off", ()), days.get("worked", ()), (years[0], years[1])
    )


def _scheme(item: Item) -> NumberScheme | None:
    fields = item.fields("fact digits modulus weights birth", "fact digits modulus weights")
    if len(set(fields) & {"fact", "digits", "modulus", "weights"}) < 4:
        return None
    digits = fields["digits"].integer(2, 30)
    rows = tuple(
        tuple(entry.integer(0, 1000) for entry in row.items())
        for row in fields["weights"].items()
    )
    for row, entry in zip(rows, fields["weights"].items(), strict=True):
        if len(row) != digits - 1:
            entry.fault(f"{len(row)} weights for {digits - 1} digits")
            return None
    if not rows:
        fields["weights"].fault("no row of weights")
        return None
    birth = fields["birth"].choice("|yymmdd+century") if "birth" in fields else ""
    if birth and digits < 8:
        fields["birth"].fault(f"{digits} digits hold no day of birth and century")
        return None
    modulus = fields["modulus"].integer(2, 1000)
    return NumberScheme(fields["fact"].text(), digits, modulus, rows, birth)
