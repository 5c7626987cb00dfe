"""What a sentence mentions: numbers, times, places and words that matter to the grammar.

For `parsing`. Main functions: `sentences`, `mentions`. Decides nothing of what they mean
together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from qonys.claims.clauses import Span, clauses
from qonys.claims.dating import Time, find_times
from qonys.claims.lexicon import Lexicon, lexicon
from qonys.claims.numbers import Number, find_numbers
from qonys.claims.places import Gazetteer, Place
from qonys.claims.reading import language

_END = re.compile(r"(?:[.!?…]+[\"'»”)\]]*(?=\s+[\"'«“(\[—–-]?\s?[^\Wa-zа-яёәғқңөұүһі_])|\n+)")
_SHORT = re.compile(
    r"(?:^|[\s(\u00a0\d])(?:тыс|млн|млрд|гг?|им|обл|ул|чел|руб|долл|св|др|проц|кв|мес|ж|т|Mr|Mrs|Dr|vs|"
    r"approx|No|St|U\.S|U\.K|e\.g|i\.e|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|[A-ZА-Я])\.$"
)
_NEXT = re.compile(r"[\s\u00a0]{1,2}([^\W\d_]{2,})")
_OFFICE = re.compile(r"\sstatistic\w* committee")
_LONGEST = 1500
_CLAUSE = re.compile(
    r"[;:—–]|\s-\s|,\s(?:while|whereas|but|and|as|а|но|тогда|при|в то)\b|,(?!\d)|\("
    r"|\)|\b(?:while|whereas|and|и|а|және|ал)\b",
    re.IGNORECASE,
)
_APART = 100  # characters that a border of clauses counts for
_WEIGHTS = {",": 30, ")": 6, "(": 6, ";": 60, ":": 45}


@dataclass(frozen=True)
class Word:
    """A word of the lists.

    Parameters
    ----------
    name : str
        Its list, e.g. ``change.up``.
    start, end : int
        Where it stands.
    """

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class RuleName:
    """A rule of the law in a sentence.

    Parameters
    ----------
    start, end : int
        Where it stands.
    rules : tuple of str
        Ids of the rules that the words may mean, all together.
    measure : str
        Code of the measure.
    by_code : bool
        Whether it is named by its code.
    """

    start: int
    end: int
    rules: tuple[str, ...]
    measure: str
    by_code: bool = False


@dataclass
class Sentence:
    """A sentence and what it mentions, with offsets of its own.

    Parameters
    ----------
    start : int
        Where it begins in the text.
    text : str
        Its words.
    paragraph : int
        Number of its paragraph.
    lexicon : Lexicon
        Words of its language.
    gazetteer : Gazetteer
        Names of places.
    """

    start: int
    text: str
    paragraph: int
    lexicon: Lexicon
    gazetteer: Gazetteer
    _words: dict[str, tuple[Word, ...]] = field(default_factory=dict)

    @cached_property
    def times(self) -> tuple[Time, ...]:
        """Mentions of time; one that dates a report is of the kind ``report``."""
        return tuple(
            replace(time, kind="report") if self._dates_report(time) else time
            for time in self._all_times
        )

    @cached_property
    def _all_times(self) -> tuple[Time, ...]:
        """All mentions of time; a bare number that counts something is none."""
        return tuple(
            time for time in find_times(self.text, self.lexicon) if not self._counts(time)
        )

    def _counts(self, time: Time) -> bool:
        return time.loose and bool(self.noun_after(time.end))

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Numbers that are no part of a mention of time."""
        times = self._all_times
        return tuple(
            number
            for number in find_numbers(self.text, self.lexicon)
            if not any(time.start <= number.at < time.end for time in times)
        )

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Places; a group of countries that names an office is none."""
        return tuple(
            place
            for place in self.gazetteer.find(self.text)
            if not _OFFICE.match(self.text, place.end)
        )

    def words(self, name: str) -> tuple[Word, ...]:
        """Words of a list in the sentence."""
        if name not in self._words:
            found = self.lexicon.cue(name).finditer(self.text)
            self._words[name] = tuple(Word(name, m.start(), m.end()) for m in found)
        return self._words[name]

    def has(self, *names: str) -> bool:
        """Whether a word of these lists stands in the sentence."""
        return any(self.words(name) for name in names)

    def noun_after(self, at: int) -> str:
        """The word that a number before this place counts, if it counts people."""
        match = re.match(
            r"[\s\u00a0]{1,2}(?:[^\W\d_]+[\s\u00a0]){0,1}", self.text[at : at + 60]
        )
        if not match:
            return ""
        for begin in (1, match.end()):
            found = self.lexicon.cue("count_nouns.any").match(self.text, at + begin)
            if found:
                return found.group()
        return ""

    def _dates_report(self, time: Time) -> bool:
        """Whether a time says when something was reported, not what it is about."""
        begin, end = self.clauses[self.clause(time.start)]
        words = [w for w in self.words("sources.reported") if begin <= w.start < end]
        numbers = [n for n in self.numbers if begin <= n.start < end]
        if not words or not numbers:
            return bool(words)
        return any(
            0 <= time.start - word.end < 40
            and not any(word.end <= n.start < time.start for n in numbers)
            for word in words
        )

    def counts_other(self, at: int, near: bool = False) -> bool:
        """Whether a number before this place counts something that no list knows.

        `near`: whether the very next word must be known ("943 Indian nationals").
        """
        match = _NEXT.match(self.text, at)
        if not match or self.lexicon.lang == "kk":
            return False
        begin = match.start(1)
        if self.lexicon.cue("count_nouns.any").match(self.text, begin):
            return False
        if self.noun_after(at) and not near:
            return False
        starts = {time.start for time in self.times} | {place.start for place in self.places}
        if begin in starts:
            return False
        return not self.lexicon.follows.match(self.text, begin)

    @cached_property
    def clauses(self) -> list[Span]:
        """Its clauses: stretches that speak of one number each."""
        numbers = [(n.start, n.end) for n in self.numbers]
        times = [(t.start, t.end) for t in self._all_times]
        return clauses(self.text, numbers, times, self._differ)

    def clause(self, at: int) -> int:
        """Which clause a place of the text lies in."""
        return next((i for i, (_, end) in enumerate(self.clauses) if at < end), 0)

    def _differ(self, clause: Span, piece: Span, turns: bool) -> bool:
        """Whether a piece names another flow, place or time beside the clause's own."""
        if any(piece[0] <= w.start < piece[1] for w in self.words("sources.reported")):
            return True
        return any(
            any(piece[0] <= m.start < piece[1] for m in listed)
            and (turns or any(clause[0] <= m.start < clause[1] for m in listed))
            for listed in self._spoken
        )

    @cached_property
    def _spoken(self) -> tuple[tuple[Word | Place | Time, ...], ...]:
        return self._flows, self.places, self._all_times

    @cached_property
    def _flows(self) -> tuple[Word, ...]:
        names = ("emigrants", "immigrants", "net_migration")
        return tuple(word for name in names for word in self.words(f"measures.{name}"))

    @cached_property
    def _joints(self) -> list[tuple[int, int]]:
        return [
            (m.start(), _WEIGHTS.get(m.group()[0], 35)) for m in _CLAUSE.finditer(self.text)
        ]

    def distance(self, a_start: int, a_end: int, b_start: int, b_end: int) -> float:
        """How far two mentions are from one another; joints of clauses count more."""
        low, high = (a_end, b_start) if a_end <= b_start else (b_end, a_start)
        gap = max(0, high - low)
        gap += _APART * abs(self.clause(a_start) - self.clause(b_start))
        return gap + sum(weight for at, weight in self._joints if low <= at < high)


def sentences(text: str, gazetteer: Gazetteer) -> Iterator[Sentence]:
    """Sentences of a text in order.

    Parameters
    ----------
    text : str
        The text, marks blanked.
    gazetteer : Gazetteer
        Names of places.
    """
    start = paragraph = 0
    for end in _ends(text):
        piece = text[start:end]
        if piece.strip():
            for begin in range(0, len(piece), _LONGEST):
                part = piece[begin : begin + _LONGEST]
                words = lexicon(language(part))
                yield Sentence(start + begin, part, paragraph, words, gazetteer)
        if "\n" in text[max(end - 1, 0) : end + 1]:
            paragraph += 1
        start = end


def sentence_around(text: str, start: int, end: int) -> str:
    """The sentences of a text that a stretch of it lies in, in one line.

    Parameters
    ----------
    text : str
        The text.
    start, end : int
        The stretch.
    """
    window = max(0, start - _LONGEST)
    piece = text[window : end + _LONGEST]
    ends = [0, *_ends(piece)]
    first = max(at for at in ends if at <= start - window)
    last = min((at for at in ends if at >= end - window), default=len(piece))
    return " ".join(piece[first:last].split())


def _ends(text: str) -> Iterator[int]:
    for match in _END.finditer(text):
        if match.group()[0] == "." and _SHORT.search(
            text[max(0, match.end() - 12) : match.start() + 1]
        ):
            continue
        yield match.end()
    yield len(text)
