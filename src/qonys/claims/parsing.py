"""From a text to typed claims: what kind each statement is, with its number and its subject.

For `checking`. Main function: `find_claims`. The grammar is the order of the tests here and the
words of `lexicon`; what fits no test is kept as a claim that cannot be checked.
"""

from collections.abc import Iterator
from dataclasses import replace

from qonys.claims.binding import Binder
from qonys.claims.dating import of_months
from qonys.claims.laws import law_claims
from qonys.claims.mentions import Sentence, sentences
from qonys.claims.numbered import Numbered
from qonys.claims.places import gazetteer
from qonys.claims.scene import FLOWS, Context
from qonys.claims.statements import unread, worded
from qonys.claims.typed import Claim
from qonys.core.country import Country


def find_claims(text: str, country: Country) -> list[Claim]:
    """Claims of a text, in its order.

    Parameters
    ----------
    text : str
        The text as read, marks blanked.
    country : Country
        Whose figures it speaks of.
    """
    context = Context()
    found: list[Claim] = []
    listed = list(sentences(text, gazetteer(country)))
    for index, sentence in enumerate(listed):
        _settle_vague(sentence, listed[index : index + 5])
        binder = Binder(sentence, country, context)
        claims = list(_of_sentence(binder))
        for claim in claims:
            number = len(found) + 1
            start, end = claim.start + sentence.start, claim.end + sentence.start
            found.append(claim.changed(id=f"c{number}", start=start, end=end))
        _remember(binder, claims)
    return found


def _settle_vague(sentence: Sentence, following: list[Sentence]) -> None:
    """Settle "the first months of 2025": those that the next sentences name."""
    if not any(time.kind == "vague" for time in sentence.times):
        return
    months = [t.months for s in following for t in s.times if t.kind == "months" and t.months]
    known = next((m for m in months if m[0] == 1), None)
    if known is None:
        return
    settled = tuple(
        replace(time, kind="period", months=known, period=of_months(time.year, *known))
        if time.kind == "vague" and time.year
        else time
        for time in sentence.times
    )
    sentence.__dict__["times"] = settled


def _remember(binder: Binder, claims: list[Claim]) -> None:
    """Leave what was spoken of to the next sentence."""
    sentence, context = binder.sentence, binder.context
    if sentence.paragraph != context.paragraph:
        context.survey = False
    context.survey = context.survey or sentence.has("measures.survey_share")
    context.paragraph = sentence.paragraph
    periods = [t for t in sentence.times if t.kind in {"period", "months"}]
    main = binder.main_period() if periods else ""
    if any(t.kind == "today" for t in sentence.times) and not main:
        context.period = ""  # "last year": which one, the text alone does not say
    elif main:
        context.period = main
    several = {t.period for t in periods} | {
        t.kind for t in sentence.times if binder.is_base(t)
    }
    if len(several) > 1 or (several and not main):
        context.mixed = True
    elif main:
        context.mixed = False
    years = [t.year for t in sentence.times if t.year and t.kind in {"period", "vague"}]
    context.year = max(years, default=context.year)
    places = {p.code for p in sentence.places} - {binder.country.code}
    if places:
        context.place = places.pop() if len(places) == 1 else ""
    if sentence.has("measures.survey_share"):
        return
    named = [c for c in claims if c.measure in FLOWS]
    if named:
        context.measure, context.counterpart = named[0].measure, named[0].counterpart


def _of_sentence(binder: Binder) -> Iterator[Claim]:
    typed: list[Claim] = []
    for number in binder.sentence.numbers:
        claim = Numbered(binder, number, typed).claim()
        if claim:
            typed.append(claim)
    typed += worded(binder, typed)
    typed += law_claims(binder)
    typed += unread(binder, typed)
    yield from sorted(typed, key=lambda claim: (claim.start, claim.end))
