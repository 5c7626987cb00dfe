"""Statements about the law: which rule began, stopped or was let in again, and when.

For `parsing` and `verdicts`. Main functions: `find_rules`, `law_claims`, `judged`. The words of
rules stand in the country's `claims.toml`, their days in its law; the press's name for a rule
and its code must be those of one rule.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

from qonys.claims.binding import Binder
from qonys.claims.dating import Time, of_months, parsed
from qonys.claims.evidence import Evidence
from qonys.claims.lexicon import country_words, words
from qonys.claims.mentions import RuleName, Sentence, Word
from qonys.claims.scene import Spot
from qonys.claims.typed import Checked, Claim, said
from qonys.core.country import Country
from qonys.rules.law import Rule, Version
from qonys.rules.reading import load_law

_EVENTS = ("begins", "stops", "lifts")
_DOUBTS = frozenset({"future", "negated", "conditional"})
_STRETCH = 40  # characters between a rule and what happened to it, in the marked text
_EARLY, _LATE = (1, 4), (9, 12)  # "early 2025", "late 2024": as wide as readers let pass


@dataclass(frozen=True)
class _Entry:
    rules: tuple[str, ...]
    measure: str
    code: re.Pattern[str] | None
    patterns: dict[str, Any]


@lru_cache(maxsize=8)
def _entries(country: Country) -> tuple[_Entry, ...]:
    return tuple(
        _Entry(
            tuple(entry["rules"]),
            entry["measure"],
            _code(entry["code"]) if "code" in entry else None,
            {lang: words(entry.get(lang, [])) for lang in ("en", "ru", "kk")},
        )
        for entry in country_words(country).get("rules", [])
    )


def _code(code: str) -> re.Pattern[str]:
    """A code with any hyphen, and in Cyrillic letters that look the same."""
    text = re.escape(code).replace("\\-", "[-\u2010\u2011\u2013]")
    text = text.replace("B", "[BВ]").replace("A", "[AА]")
    return re.compile(rf"(?<![\w-]){text}(?![\w\u2010\u2011-]*\d)")


def find_rules(sentence: Sentence, country: Country) -> list[RuleName]:
    """Rules of the law that a sentence names, the longest words at each place.

    Parameters
    ----------
    sentence : Sentence
        The sentence.
    country : Country
        Whose law.
    """
    found = []
    for entry in _entries(country):
        for match in entry.patterns[sentence.lexicon.lang].finditer(sentence.text):
            found.append(RuleName(match.start(), match.end(), entry.rules, entry.measure))
        for match in entry.code.finditer(sentence.text) if entry.code else ():
            found.append(RuleName(*match.span(), entry.rules, entry.measure, by_code=True))
    found.sort(key=lambda item: (item.start - item.end, item.start))
    taken: list[RuleName] = []
    for item in found:
        if all(item.end <= other.start or other.end <= item.start for other in taken):
            taken.append(item)
    return sorted(taken, key=lambda item: item.start)


def law_claims(binder: Binder) -> Iterator[Claim]:
    """Claims about rules of the law in a sentence.

    Parameters
    ----------
    binder : Binder
        The sentence.
    """
    sentence, context = binder.sentence, binder.context
    mentions = find_rules(sentence, binder.country)
    events = [word for name in _EVENTS for word in sentence.words(f"law.{name}")]
    before = context.rule if sentence.paragraph == context.paragraph else None
    context.rule = mentions[-1] if mentions else before
    for mention, code in pairwise(mentions):
        if code.by_code and not mention.by_code and _in_brackets(sentence, mention, code):
            yield from _misnamed(binder, mention, code)
    event = (
        _event(binder, mentions, events, before) if events and (mentions or before) else None
    )
    if event and (event.period or not sentence.numbers):
        yield event
    elif not sentence.numbers:
        for mention in mentions[:3]:
            yield _claim(binder, [mention], Spot(mention.start, mention.end), ("unread",))


def _in_brackets(sentence: Sentence, name: RuleName, code: RuleName) -> bool:
    between = sentence.text[name.end : code.start]
    return "(" in between and len(between.strip()) <= 2


def _misnamed(binder: Binder, name: RuleName, code: RuleName) -> Iterator[Claim]:
    """A name with the code of another rule: "Digital Nomad Residency (B9-1)"."""
    if not set(name.rules) & set(code.rules):
        claim = _claim(binder, [name, code], Spot(name.start, code.end), ())
        yield claim.changed(notes=("misnamed",))


def _event(
    binder: Binder, mentions: list[RuleName], events: list[Word], before: RuleName | None
) -> Claim:
    """What happened to the rules, or to the one spoken of before, and when."""
    sentence = binder.sentence
    word = min(events, key=lambda item: item.start)
    times = [time for time in sentence.times if _window(time, binder.year())]
    times.sort(key=lambda time: binder.near(time, Spot(word.start, word.end)))
    period = _window(times[0], binder.year()) if times else ""
    spot = Spot(word.start, word.end)
    doubts = tuple(set(binder.subject(spot).doubts) & _DOUBTS)
    doubts += () if period else ("no_period",)
    claim = _claim(binder, mentions, spot, doubts)
    if before and not mentions:
        claim = claim.changed(measure=before.measure, members=before.rules)
    near = [m for m in mentions if abs(m.start - word.start) < _STRETCH]
    start = min([word.start, *(t.start for t in times[:1]), *(m.start for m in near)])
    end = max([word.end, *(t.end for t in times[:1]), *(m.end for m in near)])
    sense = word.name.partition(".")[2]
    return claim.changed(sense=sense, period=period, start=start, end=end)


def _window(time: Time, year: int | None) -> str:
    """The months that words of time can mean for an event."""
    if time.kind in {"end", "start"} and time.year:
        return of_months(time.year, *(_LATE if time.kind == "end" else _EARLY))
    if time.kind == "vague" and time.year:
        return of_months(time.year, *_EARLY)
    if time.kind == "since" and time.year and time.months:
        month = time.months[0]  # "since 2023" begins in any month of it
        return of_months(time.year, *((1, 12) if month == 1 else (month, month)))
    if time.kind in {"period", "months"}:
        return time.resolved(year)
    return ""


def _claim(
    binder: Binder, mentions: list[RuleName], spot: Spot, doubts: tuple[str, ...]
) -> Claim:
    rules = dict.fromkeys(rule for mention in mentions for rule in mention.rules)
    return Claim(
        id="",
        kind="legal_threshold",
        measure=mentions[0].measure if mentions else "",
        area=binder.country.code,
        counterpart="WORLD",
        start=min([spot.start, *(m.start for m in mentions)]),
        end=max([spot.end, *(m.end for m in mentions)]),
        members=tuple(rules),
        doubts=doubts,
        lang=binder.sentence.lexicon.lang,
    )


# verdicts


def judged(claim: Claim, evidence: Evidence) -> Checked:
    """The verdict on a statement about rules of the law.

    Parameters
    ----------
    claim : Claim
        The claim; its rules are its members.
    evidence : Evidence
        The country and the day of knowledge.
    """
    law = load_law(evidence.country)
    rules = [law.rules[name] for name in claim.members if name in law.rules]
    if not rules or len(rules) < len(claim.members):
        return Checked(claim, "cannot_check", (said("not_published"),))
    if "misnamed" in claim.notes:
        titles = " \u2260 ".join(f"{rule.id}: {rule.title}" for rule in rules)
        return Checked(claim, "compatible", (said("law_misnamed"),), titles)
    window = parsed(claim.period)
    if not window or not window.start or not claim.sense:
        return Checked(claim, "cannot_check", (said("doubt_no_period"),))
    last = window.end or evidence.view.as_of or date.max
    found = [_found(rule, claim.sense, window.start, last, evidence) for rule in rules]
    text = " ; ".join(
        f"{rule.id}: {days}" for rule, (_, days) in zip(rules, found, strict=True)
    )
    verdicts = {verdict for verdict, _ in found}
    if verdicts == {"holds"}:
        return Checked(claim, "holds", (said("law_right"),), text)
    if "cannot_check" in verdicts:
        return Checked(claim, "cannot_check", (said("law_unknown"),), text)
    if verdicts == {"contradicted"}:
        better = said(f"suggest_{claim.sense}", days=text)
        return Checked(claim, "contradicted", (said("law_wrong"),), text, suggestion=better)
    return Checked(claim, "compatible", (said("law_open"),), text)


def _found(
    rule: Rule, sense: str, first: date, last: date, evidence: Evidence
) -> tuple[str, str]:
    """The verdict for one rule, and the days on which it really happened."""
    known = evidence.view.as_of
    days = [(day, v) for day, v in _days(rule, sense) if known is None or day <= known]
    shown = ", ".join(str(day) for day, _ in days) or "\u2205"
    if any(first <= day <= last for day, _ in days):
        return "holds", shown
    others = [
        reading.start for _, version in days for reading in version.readings if reading.start
    ]
    if any(first <= day <= last for day in others):
        return "compatible", f"{shown} ({', '.join(map(str, others))})"
    sure = days and rule.before == "none"
    sure = sure and all(version.state != "unknown" for version in rule.versions)
    return ("contradicted" if sure else "cannot_check"), shown


def _days(rule: Rule, sense: str) -> Iterator[tuple[date, Version]]:
    """Days on which a rule began, stopped, or was let in again."""
    before = ""
    for version in rule.versions:
        active = version.state == "in force"
        if sense == "stops" and before == "in force" and not active:
            yield version.start, version
        begins = active and before != "in force"
        if begins and (sense == "begins" or (sense == "lifts" and before)):
            yield version.start, version
        before = version.state
