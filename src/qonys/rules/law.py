"""What a law file says, as plain frozen types: rules, versions, conditions, citations.

For every other module of this room. Main types: `Law`, `Rule`, `Condition`, `Version`. A rule
is asked about a person on a day; its versions say when it holds, its conditions what it takes.
Files are read by `reading`; this module opens none and decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from typing import Literal

from qonys.core.dated import Dated, Spell
from qonys.core.errors import CodeError, Fault
from qonys.rules.calendar import WorkingCalendar
from qonys.rules.expressions import Fixed, Formula, Slot, constants, slots
from qonys.rules.numbers import NumberScheme

#: Who must show it: the applicant, the state, or a body that decides at its discretion.
Role = Literal["requirement", "ground", "consent"]
#: ``none`` is a stretch without any rule, e.g. between two pilots.
State = Literal["in force", "none", "suspended", "unknown"]
RuleKind = Literal["pathway", "permission", "grounds", "number"]
Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Act:
    """A legal act or another source of a rule.

    Parameters
    ----------
    id : str
        Lower-case id.
    title, number : str
        Title in English and official number.
    kind : str
        ``law``, ``order``, ``official page``, ``law firm``, ``guide``, ``press``, ``draft``.
    adopted, registered, published, effect : date or None
        The four days, where known.
    seen : str
        The day or month of the text or page that was read.
    url, note : str
        Where it can be read; what a reader must know.
    """

    id: str
    title: str
    kind: str
    number: str = ""
    adopted: date | None = None
    registered: date | None = None
    published: date | None = None
    effect: date | None = None
    seen: str = ""
    url: str = ""
    note: str = ""

    def known(self, day: date) -> bool:
        """Whether it could be known on a day: published, adopted or seen by then.

        An act whose days are not known counts as known.
        """
        since = self.published or self.adopted
        if since is None and len(self.seen) in {4, 7, 10} and self.seen[:4].isdigit():
            return self.seen <= day.isoformat()[: len(self.seen)]
        return since is None or since <= day


@dataclass(frozen=True)
class Citation:
    """The place of an act that a rule rests on.

    Parameters
    ----------
    act : Act
        The act.
    article, words : str
        Article or point; a few quoted words.
    """

    act: Act
    article: str = ""
    words: str = ""

    def plain(self) -> dict[str, str]:
        """The citation as plain data."""
        act = self.act
        return {
            "act": act.id,
            "title": act.title,
            "number": act.number,
            "kind": act.kind,
            "article": self.article,
            "words": self.words,
            "date": str(act.adopted or act.published or act.seen),
            "seen": act.seen,
            "url": act.url,
        }


@dataclass(frozen=True)
class FactType:
    """What a fact is and which values it may have.

    Parameters
    ----------
    name : str
        Its name.
    kind : str
        ``bool``, ``int``, ``code``, ``date``, ``list`` (of int) or ``number`` (identification).
    says, ask : str
        What it is; the question in an interview, both in English.
    unit : str
        Unit of an int or of a list's elements.
    length : int
        How many elements of a list the law looks at, the last ones given.
    low, high : int
        Bounds of a sensible value.
    codes : tuple of str
        Known codes of a code.
    closed : bool
        Whether other codes are refused; otherwise they count as "none of these".
    aliases : Mapping of str to str
        Other spellings of codes.
    effort : int
        1: the applicant knows it, 2: a paper, 3: a body must answer.
    fixed : bool
        Whether the person cannot change it.
    obtained_by : tuple of str
        Rules through which the fact can become true.
    needs : tuple of str
        Facts that must be true before this one can become so.
    """

    name: str
    kind: str
    says: str = ""
    ask: str = ""
    unit: str = ""
    length: int = 0
    low: int = -(10**12)
    high: int = 10**12
    codes: tuple[str, ...] = ()
    closed: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)
    effort: int = 2
    fixed: bool = False
    obtained_by: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def strange(self, code: str) -> bool:
        """Whether a code is not among those that the law knows, where it knows several."""
        known = self.aliases.get(code, code) in self.codes
        return self.kind == "code" and len(self.codes) > 1 and not known


@dataclass(frozen=True)
class Parameter:
    """A dated number, or dated list of codes.

    Parameters
    ----------
    name : str
        Its name.
    kind : str
        ``int``, ``date`` or ``codes``.
    unit : str
        Its unit.
    says : str
        What it is, in English.
    values : Dated
        Values; days that no spell covers are not known.
    cites : Mapping of date to tuple of Citation
        Citations by the first day of a spell.
    """

    name: str
    kind: str
    unit: str
    says: str
    values: "Dated[object]"
    cites: Mapping[date, tuple[Citation, ...]]

    @property
    def length(self) -> int:
        """A parameter is no list of numbers."""
        return 0

    def spell(self, day: date) -> "Spell[object] | None":
        """The value that holds on a day; none when it is not known."""
        for spell in self.values.spells:
            if spell.start <= day and (spell.end is None or day <= spell.end):
                return spell
        return None

    def on(self, day: date) -> object:
        """The value on a day; None when it is not known."""
        spell = self.spell(day)
        return None if spell is None else spell.value


@dataclass(frozen=True)
class Place:
    """Where something stands in a law file.

    Parameters
    ----------
    file : str
        Name of the file.
    row, column : int
        Line and column, from 1.
    """

    file: str = ""
    row: int = 0
    column: int = 0

    def fault(self, problem: str, *, value: str = "", way_out: str = "") -> Fault:
        """A fault at this place."""
        return Fault(
            problem, self.file, self.row or None, str(self.column or ""), value, way_out
        )


#: Where something stands that no file holds.
NOWHERE = Place()


@dataclass(frozen=True)
class Reading:
    """Another way to read a disputed provision.

    Parameters
    ----------
    id : str
        Its id within the dispute's owner.
    says : str
        What the sources disagree on, in English.
    formula : Formula or None
        The condition under this reading.
    start, end : date or None
        For a version: its days under this reading.
    cites : tuple of Citation
        Who reads it so.
    """

    id: str
    says: str
    formula: Formula | None = None
    start: date | None = None
    end: date | None = None
    cites: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Exemption:
    """What frees a person from a condition.

    Parameters
    ----------
    id : str
        Its id.
    name : str
        Name of the deciding rule when it was needed.
    formula : Formula
        When it holds.
    says : str
        In words.
    start, end : date or None
        Its days; open where none.
    cites : tuple of Citation
        Where it stands.
    """

    id: str
    name: str
    formula: Formula
    says: str
    start: date | None = None
    end: date | None = None
    cites: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One thing that the law asks.

    Parameters
    ----------
    id : str
        Short id, unique among the conditions of a day.
    name : str
        Full name: the deciding rule when it decides.
    role : str
        ``requirement`` (formula true: met), ``ground`` (formula true: refused), ``consent``
        (a body decides; true: met).
    formula : Formula
        The condition.
    text : str
        As written in the file.
    says : str
        In words, English.
    exemptions : tuple of Exemption
        What frees from it.
    state_shows : bool
        Whether the state must also show that no exemption holds.
    start, end : date or None
        Days on which it belongs to the rule; open where none.
    suspended : tuple of (date, date)
        Stretches on which it stands in the text but is not applied.
    readings : tuple of Reading
        Other readings.
    cites : tuple of Citation
        Where it stands.
    confidence : str
        ``high``, ``medium`` or ``low``.
    point : str
        The point of law that it decides, for the search of conflicts; empty for its own.
    known : bool
        Whether its text is known; that of an act still to come is not.
    place : Place
        Where the expression stands.
    """

    id: str
    name: str
    role: Role
    formula: Formula
    text: str
    says: str
    exemptions: tuple[Exemption, ...] = ()
    state_shows: bool = False
    start: date | None = None
    end: date | None = None
    suspended: tuple[tuple[date, date], ...] = ()
    readings: tuple[Reading, ...] = ()
    cites: tuple[Citation, ...] = ()
    confidence: Confidence = "high"
    point: str = ""
    known: bool = True
    place: Place = NOWHERE

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Its formula, then those of its exemptions."""
        return self.formula, *(item.formula for item in self.exemptions)

    def applies(self, day: date) -> bool:
        """Whether it is applied on a day."""
        if not within(day, self.start, self.end):
            return False
        return not any(first <= day <= last for first, last in self.suspended)


@dataclass(frozen=True)
class Named:
    """A name for the answer when something holds.

    Parameters
    ----------
    name : str
        Name of the deciding rule.
    formula : Formula
        When it is the one that decides.
    """

    name: str
    formula: Formula


@dataclass(frozen=True)
class Version:
    """A stretch of days on which a rule has one state.

    Parameters
    ----------
    start : date
        First day.
    end : date or None
        Last day; none when no end is known.
    state : str
        ``in force``, ``none``, ``suspended`` or ``unknown``.
    says : str
        What it is, in English.
    name : str
        Name of the deciding rule when all is met, or of the stretch without rule.
    first, last : str
        Names when the first or last day decides.
    adopted, published : date or None
        Days of the act behind it.
    named : tuple of Named
        Better names of the deciding rule.
    readings : tuple of Reading
        Other days that sources give.
    cites : tuple of Citation
        Where it stands.
    confidence : str
        How sure its days are: ``high``, ``medium`` or ``low``.
    place : Place
        Where it stands in the file.
    """

    start: date
    end: date | None
    state: State
    says: str
    name: str
    first: str
    last: str
    adopted: date | None = None
    published: date | None = None
    named: tuple[Named, ...] = ()
    readings: tuple[Reading, ...] = ()
    cites: tuple[Citation, ...] = ()
    confidence: Confidence = "high"
    place: Place = NOWHERE


@dataclass(frozen=True)
class Info:
    """Something that people ask about a pathway besides its conditions.

    Parameters
    ----------
    about : str
        ``who``, ``papers``, ``steps``, ``days``, ``fee``, ``validity``, ``family``, ``work``,
        ``after``, ``caution``, ``unknown``.
    says : str
        The answer, in English.
    key : str
        Key of its translations.
    start, end : date or None
        Days for which it is said.
    cites : tuple of Citation
        Sources.
    confidence : str
        ``high``, ``medium`` or ``low``.
    """

    about: str
    says: str
    key: str
    start: date | None = None
    end: date | None = None
    cites: tuple[Citation, ...] = ()
    confidence: Confidence = "high"


@dataclass(frozen=True)
class Meaning:
    """What a code meant under an older version of the rules.

    Parameters
    ----------
    code : str
        The code.
    says : str
        What it meant, in English.
    key : str
        Key of its translations.
    seen : date
        A day on which it had this meaning.
    end : date or None
        Last day of that meaning, where known.
    cites : tuple of Citation
        Sources.
    """

    code: str
    says: str
    key: str
    seen: date
    end: date | None
    cites: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A question that the law answers.

    Parameters
    ----------
    id : str
        Its code, e.g. ``B12-1``.
    kind : str
        ``pathway``, ``permission``, ``grounds`` (does a ground exist?) or ``number``.
    title, says : str
        Its name, and what it is, in English.
    before, after : str
        State before the first version and after the last: ``none`` or ``unknown``.
    versions : tuple of Version
        In order of time.
    conditions : tuple of Condition
        In the order in which they are told.
    info : tuple of Info
        Papers, days, fees and so on.
    meanings : tuple of Meaning
        Older meanings of the code.
    facts : Mapping of str to FactType
        Facts that mean something else here than elsewhere.
    scheme : NumberScheme or None
        For numbers: how they are built.
    code : str
        Code in official use, where it has one; two rules with one code on one day conflict.
    """

    id: str
    kind: RuleKind
    title: str
    says: str
    before: State
    after: State
    versions: tuple[Version, ...]
    conditions: tuple[Condition, ...]
    info: tuple[Info, ...] = ()
    meanings: tuple[Meaning, ...] = ()
    facts: Mapping[str, FactType] = field(default_factory=dict)
    scheme: NumberScheme | None = None
    code: str = ""

    def version(self, day: date) -> Version | None:
        """The version whose days hold this one."""
        for version in self.versions:
            if within(day, version.start, version.end):
                return version
        return None

    def state(self, day: date) -> State:
        """State of the rule on a day."""
        version = self.version(day)
        if version is not None:
            return version.state
        if not self.versions or day < self.versions[0].start:
            return self.before
        if day < self.versions[-1].start:  # between two versions: nobody says what holds
            return "unknown"
        return self.after

    def shown_state(self, day: date) -> str:
        """State for people: a rule that is in force and lets nobody through is ``closed``."""
        state = self.state(day)
        shut = any(
            condition.role == "requirement"
            and condition.formula == Fixed(value=False)
            and condition.applies(day)
            for condition in self.conditions
        )
        return "closed" if state == "in force" and shut else state

    def applied(self, day: date) -> "Rule":
        """The rule with only those conditions that are applied on a day."""
        return replace(
            self, conditions=tuple(one for one in self.conditions if one.applies(day))
        )

    def slots(self) -> dict[Slot, None]:
        """Every fact that some condition looks at, on any day."""
        found: dict[Slot, None] = {}
        for condition in self.conditions:
            for formula in condition.formulas:
                found.update(slots(formula))
        return found

    def parameters(self) -> dict[str, None]:
        """Dated parameters that its conditions read, in the order of the text."""
        found: dict[str, None] = {}
        for condition in self.conditions:
            for formula in condition.formulas:
                for constant in constants(formula):
                    found.update(dict.fromkeys(constant.parameters()))
        return found

    def breaks(self) -> list[date]:
        """Days on which something about the rule changes."""
        days: set[date] = set()
        for version in self.versions:
            days |= _edges(version.start, version.end)
        for condition in self.conditions:
            days |= _edges(condition.start, condition.end)
            for first, last in condition.suspended:
                days |= _edges(first, last)
            for exemption in condition.exemptions:
                days |= _edges(exemption.start, exemption.end)
        return sorted(days)


@dataclass(frozen=True)
class Law:
    """The rules of a country.

    Parameters
    ----------
    country : str
        Its code.
    rules : Mapping of str to Rule
        By id, in the order of the files.
    facts : Mapping of str to FactType
        By name.
    parameters : Mapping of str to Parameter
        By name.
    acts : Mapping of str to Act
        By id.
    calendar : WorkingCalendar
        Working days.
    texts : Mapping of (str, str) to str
        Translations by language and key.
    title : str
        What a reform is called; empty for the law as it is.
    last_read : date or None
        The day up to which somebody looked for changes; later answers say so.
    """

    country: str
    rules: Mapping[str, Rule]
    facts: Mapping[str, FactType]
    parameters: Mapping[str, Parameter]
    acts: Mapping[str, Act]
    calendar: WorkingCalendar
    texts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    title: str = ""
    last_read: date | None = None

    def rule(self, name: str) -> Rule:
        """A rule by its code.

        Parameters
        ----------
        name : str
            The code, in any case.

        Raises
        ------
        CodeError
            When there is none; names near ones.
        """
        if name in self.rules:
            return self.rules[name]
        folded = {code.casefold(): code for code in self.rules}
        if name.casefold() in folded:
            return self.rules[folded[name.casefold()]]
        near = get_close_matches(name.casefold(), folded, 3, 0.5)
        names = [folded[code] for code in near] or list(self.rules)
        way_out = f"{'Near' if near else 'There are'}: {', '.join(names)}."
        raise CodeError(Fault("no such rule", value=name, way_out=way_out))

    def fact(self, name: str, rule: Rule | None = None) -> FactType | None:
        """A fact by its name, as a rule understands it."""
        if rule is not None and name in rule.facts:
            return rule.facts[name]
        return self.facts.get(name)

    def breaks(self, rule: Rule) -> list[date]:
        """Days on which a rule, or a parameter that it reads, changes."""
        days = set(rule.breaks())
        for name in rule.parameters():
            for spell in self.parameters[name].values.spells:
                days |= _edges(spell.start, spell.end)
        return sorted(days)

    def say(self, key: str, lang: str, english: str) -> str:
        """A text of the law in a language; English where it is not translated."""
        return english if lang == "en" else self.texts.get((lang, key), english)


def as_known(law: Law, day: date) -> Law:
    """The law as it could be known on a day: what rests on later acts alone is taken out.

    Parameters
    ----------
    law : Law
        The law.
    day : date
        The day of knowledge; it may be before or after the day asked for.

    Returns
    -------
    Law
        Days that only a later act speaks of have the state that the rule has without it.
    """

    def kept(cites: tuple[Citation, ...]) -> bool:
        """Whether one of the sources was there."""
        return not cites or any(cite.act.known(day) for cite in cites)

    rules = {
        rule.id: replace(
            rule,
            versions=tuple(
                replace(item, readings=tuple(r for r in item.readings if kept(r.cites)))
                for item in rule.versions
                if kept(item.cites)
            ),
            conditions=tuple(
                replace(
                    item,
                    known=item.known and kept(item.cites),
                    exemptions=tuple(other for other in item.exemptions if kept(other.cites)),
                    readings=tuple(other for other in item.readings if kept(other.cites)),
                )
                for item in rule.conditions
            ),
            info=tuple(item for item in rule.info if kept(item.cites)),
            meanings=tuple(item for item in rule.meanings if kept(item.cites)),
        )
        for rule in law.rules.values()
    }
    parameters = {
        name: replace(
            item,
            values=Dated(
                name,
                [one for one in item.values.spells if kept(item.cites.get(one.start, ()))],
                gaps=True,
            ),
        )
        for name, item in law.parameters.items()
    }
    return replace(law, rules=rules, parameters=parameters)


def within(day: date, start: date | None, end: date | None) -> bool:
    """Whether a day lies between two, both included; None is open."""
    return (start is None or start <= day) and (end is None or day <= end)


def _edges(start: date | None, end: date | None) -> set[date]:
    days = {start} if start is not None else set()
    if end is not None and end < date.max:
        days.add(date.fromordinal(end.toordinal() + 1))
    return days
