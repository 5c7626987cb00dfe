"""What stands around a number in its sentence: how near each mention is, and in which clause.

For `timing`, `placing` and `binding`. Main types: `Scene`, `Context`, `Subject`, `Spot`. Knows
distances and clauses; what they mean is decided in the rooms above.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from qonys.claims.dating import Time
from qonys.claims.mentions import RuleName, Sentence, Word
from qonys.claims.numbers import Number
from qonys.claims.places import Place
from qonys.claims.typed import Claim
from qonys.core.country import Country
from qonys.core.observations import Cell

Mention = TypeVar("Mention", Word, Place, Time)
FLOWS = ("emigrants", "immigrants", "net_migration")


@dataclass
class Context:
    """What earlier sentences leave to the next one.

    Parameters
    ----------
    period, measure, counterpart : str
        The last ones spoken of.
    year : int or None
        The last year.
    survey : bool
        Whether the paragraph is about a survey.
    mixed : bool
        Whether several periods were spoken of, so that the last one may not be meant.
    paragraph : int
        The paragraph these are from.
    rule : RuleName or None
        The last rule of the law.
    place : str
        The one place of the last sentence that named any; empty where it named several.
    """

    period: str = ""
    measure: str = ""
    counterpart: str = ""
    year: int | None = None
    survey: bool = False
    mixed: bool = False
    paragraph: int = -1
    rule: RuleName | None = None
    place: str = ""


@dataclass
class Subject:
    """What a claim is about.

    Parameters
    ----------
    measure, area, counterpart, period : str
        Codes; empty where not known.
    breakdown : dict of str to str
        Group.
    doubts : list of str
        Why nothing can be decided.
    others : list of (str, str)
        Other readings of area and counterpart.
    inherited : bool
        Whether the period is from an earlier sentence.
    far : bool
        Whether the word for the measure stands far from the number, or in another sentence.
    sure : bool
        Whether the number's own clause, or the ones before it, say all of this in one way.
    carried : bool
        Whether the place is the one that the sentence named before.
    """

    measure: str = ""
    area: str = ""
    counterpart: str = ""
    period: str = ""
    breakdown: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)
    inherited: bool = False
    far: bool = False
    sure: bool = False
    carried: bool = False


@dataclass(frozen=True)
class Spot:
    """A place in a sentence around which things are bound."""

    start: int
    end: int


class Scene:
    """One sentence around its numbers.

    Parameters
    ----------
    sentence : Sentence
        The sentence.
    country : Country
        Whose figures are spoken of.
    context : Context
        What earlier sentences said.
    """

    def __init__(self, sentence: Sentence, country: Country, context: Context) -> None:
        self.sentence, self.country, self.context = sentence, country, context
        self.spots = [Spot(n.start, n.end) for n in sentence.numbers]

    def near(self, word: Word | Place | Time, spot: Spot) -> float:
        """How far a mention is from a spot."""
        return self.sentence.distance(word.start, word.end, spot.start, spot.end)

    def rank(self, word: Word | Place | Time, spot: Spot) -> tuple[int, float]:
        """How near a mention is: own clause, then the clauses before, then those behind."""
        step = self.sentence.clause(spot.start) - self.sentence.clause(word.start)
        return 0 if step == 0 else 1 if step > 0 else 2, self.near(word, spot)

    def own(self, mention: Word | Place | Time | Number, spot: Spot) -> bool:
        """Whether a mention stands in the clause of a spot."""
        return self.sentence.clause(mention.start) == self.sentence.clause(spot.start)

    def closest(self, mentions: Iterable[Mention], spot: Spot) -> Mention | None:
        """The closest of some mentions: own clause first, then those before, then behind."""
        return min(mentions, key=lambda mention: self.rank(mention, spot), default=None)

    def nearest(self, spot: Spot, *names: str, within: float = 1e9) -> Word | None:
        """The nearest word of some lists."""
        found = [word for name in names for word in self.sentence.words(name)]
        found.sort(key=lambda word: self.near(word, spot))
        return found[0] if found and self.near(found[0], spot) <= within else None

    def names_flow(self, spot: Spot) -> bool:
        """Whether the number's own clause has a word for a flow."""
        return any(
            self.own(w, spot)
            for n in (*FLOWS, "moved")
            for w in self.sentence.words(f"measures.{n}")
        )


def claim_of(subject: Subject, kind: str, lang: str) -> Claim:
    """A claim about a subject; its number, words and notes are the caller's."""
    return Claim(
        id="",
        kind=kind,
        measure=subject.measure,
        area=subject.area,
        counterpart=subject.counterpart,
        period=subject.period,
        breakdown=subject.breakdown,
        doubts=tuple(dict.fromkeys(subject.doubts)),
        alternatives=_cells(subject),
        lang=lang,
    )


def _cells(subject: Subject) -> tuple[Cell, ...]:
    """Cells of the other readings of a subject."""
    if not subject.measure or not subject.period:
        return ()
    return tuple(
        Cell(subject.measure, area, counterpart, subject.period, subject.breakdown)
        for area, counterpart in dict.fromkeys(subject.others)
        if (area, counterpart) != (subject.area, subject.counterpart)
    )
