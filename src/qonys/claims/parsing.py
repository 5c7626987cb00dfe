"""From a text to typed claims: what kind each statement is, with its number and its subject.

For `checking`. Main function: `find_claims`. The grammar is the order of the tests here and the
words of `lexicon`; what fits no test is kept as a claim that cannot be checked.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from qonys.claims.answers import bound, bound_by_law
from qonys.claims.binding import FLOWS, Binder, Context, Spot, Subject
from qonys.claims.dating import earlier, in_year, of_months, parsed
from qonys.claims.mentions import Sentence, Word, sentences
from qonys.claims.numbers import Number, counted, printed_interval
from qonys.claims.places import gazetteer
from qonys.claims.typed import Claim
from qonys.core.country import Country
from qonys.core.observations import Cell
from qonys.core.periods import parse_period

_COUNTED = {
    "qandas": "person",
    "dropcards": "card",
    "accounts": "account",
    "permits": "permit",
    "permits_stock": "person",
    "permits_quota": "permit",
    "border": "person",
}
_NEAR = 45
_OF_PERIOD = frozenset({"no_period", "vague_period"})


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
    if main:
        context.period = main
    several = {t.period for t in periods} | {
        t.kind for t in sentence.times if binder.is_base(t)
    }
    if len(several) > 1 or (several and not main):
        context.mixed = True
    elif main:
        context.mixed = False
    context.year = binder.year()
    if sentence.has("measures.survey_share"):
        return
    named = [c for c in claims if c.measure in FLOWS]
    if named:
        context.measure, context.counterpart = named[0].measure, named[0].counterpart


def _of_sentence(binder: Binder) -> Iterator[Claim]:
    typed: list[Claim] = []
    for number in binder.sentence.numbers:
        claim = _Numbered(binder, number, typed).claim()
        if claim:
            typed.append(claim)
    typed += _worded(binder, typed)
    typed += _unread(binder, typed)
    yield from sorted(typed, key=lambda claim: (claim.start, claim.end))


class _Numbered:
    """The claim of one number.

    Parameters
    ----------
    binder : Binder
        Its sentence.
    number : Number
        The number.
    before : list of Claim
        Claims of the sentence so far.
    """

    def __init__(self, binder: Binder, number: Number, before: list[Claim]) -> None:
        self.binder, self.number, self.before = binder, number, before
        self.sentence = binder.sentence
        self.spot = Spot(number.start, number.end)

    def claim(self) -> Claim | None:
        """The claim; none where the number says nothing that can be true or false."""
        kind, sense = self._kind()
        if not kind:
            return None
        subject = self.binder.subject(self.spot)
        claim = self._shaped(kind, sense, subject)
        if kind == "survey_share":
            return bound(claim, self.sentence, self.binder.country)
        if kind == "legal_threshold":
            return bound_by_law(claim, self.sentence, self.binder.country)
        return claim if claim.measure or claim.unit or self._big() else None

    def _big(self) -> bool:
        return self.number.value >= 10 and self.number.digits > 1

    def _has(self, name: str, within: float = _NEAR) -> Word | None:
        return self.binder.nearest(self.spot, name, within=within)

    def _kind(self) -> tuple[str, str]:
        number, after = self.number, self.sentence.text[self.number.end :]
        if number.unit in {"USD", "KZT", "EUR"}:
            return "legal_threshold" if self._money_of_law() else "count", ""
        lexicon = self.sentence.lexicon
        times = lexicon.cue("change.times").match(after.lstrip(" \u00a0-"))
        if times and not number.unit and number.value < 1000:
            return "ratio", self._direction()
        if number.unit == "percentage_point":
            return "difference", self._direction()
        if number.unit == "percent":
            return self._percent()
        if number.value < 10 and not number.multiplied and not self._people():
            return "", ""
        if self._is_difference():
            return "difference", self._direction()
        return "value", ""

    def _money_of_law(self) -> bool:
        text = self.sentence.text.casefold()
        return any(
            word in text for word in ("visa", "виз", "nomad", "residen", "инвест", "invest")
        )

    def _people(self) -> bool:
        return bool(self.sentence.noun_after(self.number.end))

    def _percent(self) -> tuple[str, str]:
        survey = self.sentence.has("measures.survey_share") or self.binder.context.survey
        direction = self._direction()
        if self.number.sign in {"+", "-"} and not self._has("kinds.share", 25):
            return "percent_change", "down" if self.number.sign == "-" else "up"
        share = self._has("kinds.share", 30)
        change = self._changing(60)
        if survey and not change:
            return "survey_share", ""
        if change and not (share and self._closer(share, change)):
            return "percent_change", direction
        return "share", ""

    def _closer(self, a: Word, b: Word) -> bool:
        return self.binder.near(a, self.spot) < self.binder.near(b, self.spot)

    def _changing(self, within: float) -> Word | None:
        return self.binder.nearest(self.spot, "change.up", "change.down", within=within)

    def _direction(self) -> str:
        qualifying = (self.number.start, self.number.at)
        words = [
            word
            for name in ("change.up", "change.down")
            for word in self.sentence.words(name)
            if not (qualifying[0] <= word.start < qualifying[1])
        ]
        if not words:
            return ""
        word = min(words, key=lambda w: self.binder.near(w, self.spot))
        return word.name.partition(".")[2]

    def _is_difference(self) -> bool:
        """Whether it says "by 3,362", "на 3 362 меньше", "3,362 fewer"."""
        text, number = self.sentence.text, self.number
        after = text[number.end : number.end + 40]
        noun = self.sentence.noun_after(number.end)
        rest = after.replace(noun, "", 1).strip() if noun else after.strip()
        for name in ("change.up", "change.down"):
            match = self.sentence.lexicon.cue(name).match(rest)
            if match and self.sentence.lexicon.lang != "kk":
                return match.group().casefold() not in {"up", "down", "left"}
        before = text[: number.start].rstrip()
        by = [m for m in self.sentence.lexicon.cue("change.by").finditer(before[-8:])]
        return bool(by and before.endswith(by[-1].group()) and self._changing(60))

    def _shaped(self, kind: str, sense: str, subject: Subject) -> Claim:
        number = self.number
        value, notes = number.value, []
        if kind in {"percent_change", "difference"} and sense == "down":
            value = -abs(value)
        if number.sign == "-" and kind in {"value", "difference"}:
            value = -abs(value)
        if number.sign == "dash":
            notes.append("dash")
        kind, unit = self._retyped(kind, subject)
        if kind == "balance" and value > 0:
            value, extra = self._signed(value)
            notes += extra
        strict, _ = printed_interval(
            value, number.precision, number.qualifier, whole=counted(unit), bound=number.bound
        )
        notes += self._marks(kind, subject)
        if unit in {"USD", "EUR", "KZT"} and kind == "count":
            subject.measure = ""
        if unit == "person" and number.value % 1 and not number.multiplied:
            subject.doubts.append("kind")
        if kind == "percent_change" and not sense:
            notes.append("no_direction")
        self._follow(kind, subject)
        base = self._base(kind, subject)
        self._ends_of_range(kind, subject)
        claim = Claim(
            id="",
            kind=kind,
            measure=subject.measure,
            area=subject.area,
            counterpart=subject.counterpart,
            period=subject.period,
            value=value,
            unit=unit,
            interval=strict,
            start=number.start,
            end=number.end,
            sense=sense,
            compared_with=base,
            breakdown=subject.breakdown,
            qualifier=number.qualifier,
            precision=number.precision,
            doubts=tuple(dict.fromkeys(subject.doubts)),
            notes=tuple(notes + (["inherited"] if subject.inherited else [])),
            alternatives=_cells(subject),
            readings=self.binder.readings(subject),
            lang=self.sentence.lexicon.lang,
        )
        return self._widened(claim)

    def _marks(self, kind: str, subject: Subject) -> list[str]:
        """How the number was read, for the verdict's caution."""
        notes = []
        if kind == "value" and self._has("kinds.annually", 30):
            subject.inherited = False
            notes.append("annually")
        if subject.far:
            notes.append("far")
        if subject.inherited and self.binder.context.mixed:
            notes.append("mixed")
        if len(self.sentence.numbers) > 1:
            notes.append("many")
        return notes

    def _follow(self, kind: str, subject: Subject) -> None:
        """A change right behind a number is a change of that number."""
        before = self.before[-1] if self.before else None
        if before is None or kind not in {"percent_change", "ratio", "difference"}:
            return
        nowhere = subject.counterpart == "WORLD" and subject.area == self.binder.country.code
        close = self.number.start - before.end < 50
        same = before.measure == subject.measure and (close or not subject.far)
        if same and nowhere and subject.others:
            subject.area, subject.counterpart = before.area, before.counterpart
            subject.others, subject.far = [], False

    def _ends_of_range(self, kind: str, subject: Subject) -> None:
        """Date "from 24,384 to 45,225" of several years, and a number that another replaced."""
        before = self.sentence.text[max(0, self.number.start - 24) : self.number.start].rstrip()
        words = self.sentence.lexicon
        to = [m for m in words.cue("change.to").finditer(before) if m.end() == len(before)]
        base = [m for m in words.cue("change.base").finditer(before) if m.end() == len(before)]
        period = parsed(subject.period)
        if period is None or kind not in {"value", "count", "balance"}:
            return
        if period.kind == "range" and period.start and period.end:
            year = period.end.year if to else period.start.year if base else None
            subject.period = str(year) if year else subject.period
            if not year:
                subject.doubts.append("vague_period")
        elif base and not self._own_time():
            subject.period = earlier(self.binder.main_period() or subject.period)
            if not subject.period:
                subject.doubts.append("no_period")

    def _own_time(self) -> bool:
        """Whether a period stands right behind the number."""
        end = self.number.end
        return any(
            0 <= t.start - end < 30
            and not any(n.start > end and n.start < t.start for n in self.sentence.numbers)
            for t in self.sentence.times
        )

    def _retyped(self, kind: str, subject: Subject) -> tuple[str, str]:
        """Kind and unit, now that the measure is known."""
        unit = self.number.unit
        if kind == "ratio":
            return kind, "ratio"
        if kind != "value" and kind != "difference":
            return kind, unit or "person"
        if subject.measure == "survey_share":
            subject.measure = "survey_n"
            return "count", "respondent"
        if subject.measure in _COUNTED:
            return "count", _COUNTED[subject.measure]
        if subject.measure.startswith("net_migration") and kind == "value":
            return "balance", "person"
        if kind == "difference":
            return kind, unit or "person"
        if not subject.measure and not self._people():
            return "count", ""
        if self.sentence.has("kinds.sum") and len(self.sentence.places) > 1:
            subject.doubts.append("sum_unread")
            return "sum", "person"
        return "value", "person"

    def _signed(self, value: float) -> tuple[float, list[str]]:
        negative = self._has("kinds.negative", 90)
        positive = self._has("kinds.positive", 90)
        text = self.sentence.text[: self.number.at].rstrip().casefold()
        if text.endswith(("minus", "минус")):
            return -value, []
        if negative and not (positive and self._closer(positive, negative)):
            return -value, []
        if self.number.sign in {"dash", ""} and not positive and self.number.sign != "+":
            return value, ["dash"] if self.number.sign == "dash" else []
        return value, []

    def _base(self, kind: str, subject: Subject) -> str:
        """The period compared with; a year before where none is named."""
        if kind not in {"percent_change", "ratio", "difference"} or not subject.period:
            return ""
        main = self.binder.main_period() or subject.period
        for time in self.sentence.times:
            if self.binder.is_base(time):
                base = time.resolved(self.binder.year(), main)
                if time.kind == "vague" and time.year:
                    base = in_year(main, time.year)
                    subject.doubts = [d for d in subject.doubts if d != "vague_period"]
                    subject.period = main
                if base:
                    if subject.period == base and main != base:
                        subject.period = main
                    return base if base != subject.period else earlier(base)
        subject.period = main
        return earlier(subject.period)

    def _widened(self, claim: Claim) -> Claim:
        """The claim over the words around its number, for a reader to see what is meant."""
        noun = self.sentence.noun_after(self.number.end)
        end = self.number.end
        if noun:
            end = self.sentence.text.find(noun, end) + len(noun)
        return claim.changed(end=end)


def _cells(subject: Subject) -> tuple[Cell, ...]:
    if not subject.measure or not subject.period:
        return ()
    return tuple(
        Cell(subject.measure, area, counterpart, subject.period, subject.breakdown)
        for area, counterpart in dict.fromkeys(subject.others)
        if (area, counterpart) != (subject.area, subject.counterpart)
    )


# statements without a number of their own


def _worded(binder: Binder, numbered: list[Claim]) -> Iterator[Claim]:
    sentence = binder.sentence
    if sentence.has("measures.survey_share"):
        return
    if sentence.has("kinds.turning"):
        turning = list(_turning(binder))
        if turning:
            yield from turning
            return
    yield from _records(binder)
    yield from _ranks(binder)
    yield from _signs(binder)
    yield from _trends(binder, numbered)


def _clause(sentence: Sentence, word: Word) -> tuple[int, int]:
    """The clause around a word, without blanks at its ends."""
    text = sentence.text
    start = max(
        text.rfind(mark, 0, word.start) for mark in (", ", "; ", ": ", " — ", " – ", "(")
    )
    start = max(start + 1, 0)
    ends = [text.find(mark, word.end) for mark in (", ", "; ", ": ", " — ", " – ", ")")]
    end = min([at for at in ends if at >= 0], default=len(text.rstrip(" .!?\n")))
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(" —–\n"))
    return min(start, word.start), max(end, word.end)


def _subject_claim(binder: Binder, word: Word, kind: str, **parts: object) -> Claim | None:
    subject = binder.subject(Spot(word.start, word.end))
    if subject.measure not in {*FLOWS, "population", "net_migration_estimate"}:
        return None
    start, end = _clause(binder.sentence, word)
    return Claim(
        id="",
        kind=kind,
        measure=subject.measure,
        area=subject.area,
        counterpart=subject.counterpart,
        period=subject.period,
        start=start,
        end=end,
        breakdown=subject.breakdown,
        doubts=tuple(dict.fromkeys(subject.doubts)),
        notes=("inherited",) if subject.inherited else (),
        alternatives=_cells(subject),
        lang=binder.sentence.lexicon.lang,
        unit="person",
    ).changed(**parts)


def _count_near(sentence: Sentence, word: Word) -> float | None:
    """The number of years of a streak: "five years in a row", "третий год подряд"."""
    window = sentence.text[max(0, word.start - 34) : word.end]
    digits = re.findall(r"(?<![\d-])(\d{1,2})(?!\d)", window)
    if digits:
        return float(digits[-1])
    for number in range(1, 6):
        if number > 1 and sentence.lexicon.cue(f"kinds.ordinal_{number}").search(window):
            return float(number)
    words = [m.group() for m in sentence.lexicon.worded.finditer(window)]
    return sentence.lexicon.worded_of(words[-1])[0] if words else None


def _span(binder: Binder, period: str) -> str:
    """The years that a record or trend speaks of, first and last; empty where not said."""
    last = parsed(period)
    for time in binder.sentence.times:
        if time.kind == "history":
            return "history"
        if time.kind == "span" and last and last.year:
            return f"{last.year - time.years + 1}/{last.year}" if time.years > 1 else ""
        if time.kind == "since" and time.year and last and last.year and last.year > time.year:
            return f"{time.year}/{last.year}"
    return ""


def _records(binder: Binder) -> Iterator[Claim]:
    sentence = binder.sentence
    for sense in ("lowest", "highest"):
        for word in sentence.words(f"kinds.{sense}"):
            if sense == "highest" and any(
                w.start <= word.start < w.end for w in sentence.words("kinds.lowest")
            ):
                continue
            claim = _subject_claim(binder, word, "record", sense=sense)
            if claim:
                if (
                    any(binder.is_base(time) for time in sentence.times)
                    and binder.main_period()
                ):
                    claim = claim.changed(period=binder.main_period())
                span = _span(binder, claim.period)
                ranked = claim.counterpart != "WORLD" or claim.area != binder.country.code
                doubts = (*claim.doubts, "span_unknown") if ranked else claim.doubts
                yield claim.changed(compared_with=span or "history", doubts=doubts)


def _signs(binder: Binder) -> Iterator[Claim]:
    sentence = binder.sentence
    for sense in ("positive", "negative"):
        for word in sentence.words(f"kinds.{sense}"):
            claim = _subject_claim(binder, word, "balance", sense=sense)
            if not claim:
                continue
            follow = [n.start for n in sentence.numbers if 0 <= n.start - word.end < 30]
            if follow and not re.search(r"[,;:—]", sentence.text[word.end : follow[0]]):
                continue  # "a surplus of 16,153": the number says it
            claim = claim.changed(measure=_net(claim.measure))
            since = [t for t in sentence.times if t.kind == "since"]
            if since:
                yield claim.changed(
                    kind="streak",
                    period=since[0].period,
                    notes=(
                        *claim.notes,
                        *(["steady"] if sentence.has("change.steady") else []),
                    ),
                    doubts=tuple(d for d in claim.doubts if d not in _OF_PERIOD),
                )
            elif sentence.has("kinds.streak"):
                near = sentence.words("kinds.streak")[0]
                text = sentence.text[: near.start].casefold()
                after = bool(re.search(r"\b(?:after|following|после)\b", text[-60:]))
                if after:
                    claim = claim.changed(doubts=(*claim.doubts, "span_unknown"))
                count = _count_near(sentence, near)
                start, end = _clause(sentence, near)
                last = parsed(claim.period)
                many = last is not None and last.kind == "range" and last.end is not None
                yield claim.changed(
                    kind="streak",
                    value=count,
                    period=str(last.end.year) if last and last.end and many else claim.period,
                    start=min(start, claim.start),
                    end=max(end, claim.end),
                    doubts=claim.doubts if count else (*claim.doubts, "span_unknown"),
                )
            else:
                yield claim


def _turning(binder: Binder) -> Iterator[Claim]:
    """Claims such as "increases only in 2006-2008 and 2013-2019"."""
    sentence = binder.sentence
    listed = tuple(
        t.period
        for t in sentence.times
        if t.kind == "period" and parse_period(t.period).kind in {"range", "year"}
    )
    for sense in ("up", "down"):
        for word in sentence.words(f"change.{sense}")[:1]:
            only = sentence.words("kinds.turning")
            if not listed or not only or only[0].start - word.start > 60:
                continue
            claim = _subject_claim(binder, word, "turning_points", sense=sense, members=listed)
            if claim:
                yield claim.changed(
                    end=max(claim.end, *(t.end for t in sentence.times)),
                    period=max(listed),
                    doubts=tuple(d for d in claim.doubts if d not in _OF_PERIOD),
                )
                return


def _ranks(binder: Binder) -> Iterator[Claim]:
    """Claims such as "Germany ranks second": the place of one partner or region."""
    sentence = binder.sentence
    words = sentence.words("kinds.rank")
    named = [p for p in sentence.places if p.code != binder.country.code]
    if not words or not named:
        return
    for word in words[:1]:
        window = sentence.text[max(0, word.start - 30) : word.end + 30]
        values = [
            n
            for n in (2, 3, 4, 5, 1)
            if sentence.lexicon.cue(f"kinds.ordinal_{n}").search(window)
        ]
        claim = _subject_claim(binder, word, "rank", value=float(values[0]) if values else None)
        if claim is None or claim.measure not in FLOWS or not values:
            continue
        if len(named) > 1 and sentence.has("kinds.overtakes"):
            named = named[:1]
        place = min(
            named, key=lambda p: sentence.distance(p.start, p.end, word.start, word.end)
        )
        domestic = place.code in binder.country.areas
        doubts = [d for d in claim.doubts if d not in {"several_places"}]
        if sentence.has("kinds.smallest_rank") or (
            len(named) > 1 and domestic and values[0] == 1
        ):
            doubts.append("several_places")
        yield claim.changed(
            area=place.code if domestic else binder.country.code,
            counterpart="WORLD" if domestic else place.code,
            unit="rank",
            alternatives=(),
            doubts=tuple(doubts),
            start=min(claim.start, place.start),
            end=max(claim.end, place.end),
        )


def _unread(binder: Binder, typed: list[Claim]) -> Iterator[Claim]:
    """Statements that are seen but not understood: "every third", "for the first time"."""
    sentence = binder.sentence
    covered = [(claim.start, claim.end) for claim in typed]
    for kind in ("share", "ratio", "streak", "balance", "rank"):
        for word in sentence.words(f"kinds.loose_{kind}"):
            if any(start < word.end and word.start < end for start, end in covered):
                continue
            subject = binder.subject(Spot(word.start, word.end))
            if not subject.measure:
                continue
            start, end = _clause(sentence, word)
            covered.append((start, end))
            yield Claim(
                id="",
                kind=kind,
                measure=subject.measure,
                start=start,
                end=end,
                doubts=("unread",),
                lang=sentence.lexicon.lang,
            )


def _net(measure: str) -> str:
    return "net_migration" if measure in {"emigrants", "immigrants"} else measure


def _trends(binder: Binder, numbered: list[Claim]) -> Iterator[Claim]:
    sentence = binder.sentence
    taken = [claim for claim in numbered if claim.sense in {"up", "down"}]
    for sense in ("up", "down"):
        for word in sentence.words(f"change.{sense}"):
            near = [
                claim
                for claim in taken
                if claim.sense == sense
                and sentence.distance(word.start, word.end, claim.start, claim.end) < 60
            ]
            inside = any(n.start <= word.start < n.end for n in sentence.numbers)
            adjacent = any(
                n.end <= word.start <= n.end + 12 or word.end <= n.start <= word.end + 2
                for n in sentence.numbers
            )
            signs = (*sentence.words("kinds.positive"), *sentence.words("kinds.negative"))
            part = any(s.start <= word.start < s.end for s in signs)
            if near or inside or adjacent or part:
                continue
            claim = _subject_claim(binder, word, "trend", sense=sense)
            if claim is None or claim.measure == "net_migration":
                continue
            multiple = [
                w
                for name in ("times", "doubled", "halved", "tripled")
                for w in sentence.words(f"change.{name}")
                if sentence.distance(w.start, w.end, word.start, word.end) < 40
            ]
            if multiple:
                doubts = (*claim.doubts, "kind")
                start, end = _clause(sentence, multiple[0])
                yield claim.changed(
                    kind="ratio", doubts=doubts, start=start, end=end, unit="ratio"
                )
                continue
            periods = {t.period for t in sentence.times if t.kind == "period"}
            if len(periods) > 2 or (
                len(periods) > 1 and not any(map(binder.is_base, sentence.times))
            ):
                claim = claim.changed(notes=(*claim.notes, "far"))
            base = [
                period
                for time in sentence.times
                if binder.is_base(time)
                and (period := time.resolved(binder.year(), binder.main_period()))
            ]
            main = binder.main_period()
            span = _span(binder, main)
            row = any(w for w in sentence.words("kinds.streak"))
            steady = ("steady",) if sentence.has("change.steady") or row else ()
            if span:
                claim = claim.changed(notes=tuple(n for n in claim.notes if n != "inherited"))
            period = main or claim.period
            if not span and parsed(period) and parse_period(period).kind == "range":
                years = parse_period(period)
                if years.start and years.end:
                    span, period = period, str(years.end.year)
            doubts = claim.doubts if period else (*claim.doubts, "no_period")
            yield claim.changed(
                period=period,
                compared_with=span or (base[0] if base else earlier(period) if period else ""),
                notes=(*claim.notes, *steady),
                doubts=tuple(dict.fromkeys(doubts)),
            )
