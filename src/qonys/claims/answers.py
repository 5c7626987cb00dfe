"""Shares of respondents: which answer of which survey a number is about, and whether it is so.

For `parsing` and `verdicts`. Main functions: `bound`, `judged`. The words of answers stand in
the country's `claims.toml`; a share is never matched to an answer by its number.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from qonys.claims.dating import parsed
from qonys.claims.evidence import Evidence, between, numeral
from qonys.claims.lexicon import country_words, words
from qonys.claims.mentions import Sentence
from qonys.claims.typed import Checked, Claim, said
from qonys.core.country import Country
from qonys.core.observations import Cell, Observation

_NEAR = 70
_QUESTION = "question"


@dataclass(frozen=True)
class _Answer:
    question: str
    category: str
    patterns: dict[str, Any]
    narrows: bool
    unit: str


@lru_cache(maxsize=8)
def _answers(country: Country) -> tuple[_Answer, ...]:
    return _read(country, "answers", "question")


@lru_cache(maxsize=8)
def _thresholds(country: Country) -> tuple[_Answer, ...]:
    return _read(country, "thresholds", "measure")


@lru_cache(maxsize=8)
def _shares(country: Country) -> tuple[_Answer, ...]:
    return _read(country, "shares", "measure")


def _read(country: Country, group: str, of: str) -> tuple[_Answer, ...]:
    listed = country_words(country).get(group, [])
    return tuple(
        _Answer(
            entry[of],
            entry["category"],
            {lang: words(entry.get(lang, [])) for lang in ("en", "ru", "kk")},
            bool(entry.get("narrows")),
            entry.get("unit", ""),
        )
        for entry in listed
    )


def bound(claim: Claim, sentence: Sentence, country: Country) -> Claim:
    """A share of respondents with the answer that its clause names.

    Parameters
    ----------
    claim : Claim
        The claim, with offsets of the sentence.
    sentence : Sentence
        Its sentence.
    country : Country
        Whose surveys.
    """
    found: list[tuple[bool, float, int, _Answer]] = []
    for answer in _answers(country):
        for match in answer.patterns[sentence.lexicon.lang].finditer(sentence.text):
            far = sentence.distance(match.start(), match.end(), claim.start, claim.end)
            nearer = any(
                sentence.distance(match.start(), match.end(), n.start, n.end) < far
                for n in sentence.numbers
                if n.unit == "percent"
            )
            if far < _NEAR and not nearer:
                size = match.start() - match.end()
                found.append((not answer.narrows, far, size, answer))
    kept = claim.changed(
        measure="survey_share",
        area=country.code,
        counterpart="WORLD",
        period="",
        compared_with="",
        breakdown={},
        alternatives=(),
        readings=(),
        doubts=("conditional",) if "conditional" in claim.doubts else (),
    )
    spot = sentence.clause(claim.start)
    group = [
        w for w in sentence.words("doubts.survey_group") if sentence.clause(w.start) == spot
    ]
    if group:
        kept = kept.changed(doubts=(*kept.doubts, "subgroup"))
    if not found:
        return kept.changed(doubts=(*kept.doubts, "answer"))
    answer = min(found, key=lambda entry: entry[:3])[3]
    breakdown = {_QUESTION: answer.question}
    if answer.category:
        breakdown["category"] = answer.category
    return kept.changed(breakdown=breakdown)


def bound_by_law(claim: Claim, sentence: Sentence, country: Country) -> Claim:
    """An amount with the pathway that its sentence names; a doubt where it names none or two.

    Parameters
    ----------
    claim : Claim
        The claim.
    sentence : Sentence
        Its sentence.
    country : Country
        Whose law.
    """
    named = [
        (sentence.clause(match.start()) == sentence.clause(claim.start), entry)
        for entry in _thresholds(country)
        if (match := entry.patterns[sentence.lexicon.lang].search(sentence.text))
        and (claim.unit == "year") == (entry.unit == "year")
    ]
    own = [entry for inside, entry in named if inside]
    named_here = own or [entry for _, entry in named]
    timeless = tuple(d for d in claim.doubts if d not in {"no_period", "vague_period"})
    kept = claim.changed(
        measure="", period="", compared_with="", alternatives=(), readings=(), doubts=timeless
    )
    yearly = sentence.lexicon.cue("numbers.yearly").match(sentence.text[claim.end :].lstrip())
    if len(named_here) != 1 or yearly:
        return kept.changed(doubts=(*kept.doubts, "kind"))
    (entry,) = named_here
    return kept.changed(measure=entry.question, breakdown={"category": entry.category})


def bound_share(claim: Claim, sentence: Sentence, country: Country) -> Claim:
    """A share of a count whose parts have categories of their own, e.g. of drop cards.

    Parameters
    ----------
    claim : Claim
        The claim.
    sentence : Sentence
        Its sentence.
    country : Country
        Whose words.
    """
    for entry in _shares(country):
        if entry.question != f"{claim.measure}_share":
            continue
        if entry.patterns[sentence.lexicon.lang].search(sentence.text):
            breakdown = {**claim.breakdown, "category": entry.category}
            return claim.changed(breakdown=breakdown, alternatives=())
    return claim


def judged_by_law(claim: Claim, evidence: Evidence) -> Checked:
    """The verdict on an amount that the law sets.

    Parameters
    ----------
    claim : Claim
        The claim.
    evidence : Evidence
        The store.
    """
    category = claim.breakdown.get("category", "")
    rows = [
        row
        for cell in evidence.view.cells(claim.measure)
        if cell.dims.get("category", "") == category and category
        for row in evidence.rows(cell)
        if row.unit.partition("_")[0] == claim.unit.partition("_")[0]
    ]
    rows = [row for row in rows if not claim.period or row.cell.time_period == claim.period]
    if not rows or claim.value is None:
        return Checked(claim, "cannot_check", (said("not_published"),))
    first = rows[0]
    fits = any(abs(row.value - claim.value) < 1e-9 for row in rows)
    key = "as_published" if fits else "published_otherwise"
    reason = said(key, value=first.value, unit=first.unit, rows=(first,))
    text = f"{between(first.interval)} {'=' if fits else '≠'} {numeral(claim.value)}"
    return Checked(claim, "holds" if fits else "contradicted", (reason,), text, (first,))


def judged_n(claim: Claim, evidence: Evidence) -> Checked:
    """The verdict on the number of respondents of a survey that the store knows.

    Parameters
    ----------
    claim : Claim
        The claim; its period may be vague, for a survey is known by its question.
    evidence : Evidence
        The store.
    """
    period = parsed(claim.period)
    year = claim.period[:4]
    cells = [
        c
        for c in evidence.view.cells("survey_n")
        if not period or c.time_period.startswith(year)
    ]
    rows = [row for cell in cells for row in evidence.rows(cell)]
    if claim.value is None or claim.interval is None:
        return Checked(claim, "cannot_check", (said("not_published"),))
    for row in rows:
        if evidence.strong(row):
            fits = claim.interval.low <= row.value <= claim.interval.high
            text = f"{between(row.interval)} {'∈' if fits else '∉'} {between(claim.interval)}"
            key = "as_published" if fits else "published_otherwise"
            reason = said(key, value=row.value, unit="respondent", rows=(row,))
            return Checked(claim, "holds" if fits else "contradicted", (reason,), text, (row,))
    own = [row for cell in cells for row in evidence.view.rows(cell)]
    if any(row.value == claim.value for row in own):
        return Checked(claim, "compatible", (said("only_itself"),))
    return Checked(claim, "cannot_check", (said("not_published"),))


def judged(claim: Claim, evidence: Evidence) -> Checked:
    """The verdict on a share of respondents.

    Parameters
    ----------
    claim : Claim
        The claim; its answer in the breakdown.
    evidence : Evidence
        The store.
    """
    question, category = claim.breakdown.get(_QUESTION), claim.breakdown.get("category", "")
    if not question or claim.interval is None:
        return Checked(claim, "cannot_check", (said("doubt_answer"),))
    rows = [
        row
        for cell in evidence.view.cells("survey_share")
        if cell.dims.get(_QUESTION) == question and _same(cell, claim)
        for row in evidence.rows(cell)
    ]
    own = [row for row in rows if row.cell.dims.get("category", "") == category and category]
    strict = claim.interval
    if own:
        first = own[0]
        fits = strict.low - 1e-6 <= first.value <= strict.high + 1e-6
        text = f"{between(first.interval)} {'∈' if fits else '∉'} {between(strict)}"
        if fits:
            reason = said("as_published", value=first.value, unit="percent", rows=(first,))
            return Checked(claim, "holds", (reason,), text, (first,))
        return _mislabelled(claim, rows) or _other_share(claim, first, text)
    return _mislabelled(claim, rows) or Checked(claim, "cannot_check", (said("only_itself"),))


def _same(cell: Cell, claim: Claim) -> bool:
    rest = {k: v for k, v in cell.dims.items() if k not in {_QUESTION, "category"}}
    asked = {k: v for k, v in claim.breakdown.items() if k not in {_QUESTION, "category"}}
    return rest == asked and (not claim.period or cell.time_period == claim.period)


def _other_share(claim: Claim, row: Observation, text: str) -> Checked:
    reason = said("published_otherwise", value=row.value, unit="percent", rows=(row,))
    return Checked(claim, "contradicted", (reason,), text, (row,))


def _mislabelled(claim: Claim, rows: list[Observation]) -> Checked | None:
    """The number is published, but for another answer of the same question."""
    for row in rows:
        if claim.value is not None and abs(row.value - claim.value) < 1e-9:
            category = row.cell.dims.get("category", "")
            reason = said("other_answer", answer=category, rows=(row,))
            text = f"{between(row.interval)} = {category}"
            return Checked(claim, "contradicted", (reason,), text, (row,))
    return None
