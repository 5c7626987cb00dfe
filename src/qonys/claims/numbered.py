"""The claim of one number: its kind, its sign, its base, the interval it can stand for.

For `parsing`. Main type: `Numbered`. The kind is settled by the words around the number, then
the binder says what it is about.
"""

from collections.abc import Iterator

from qonys.claims.answers import bound, bound_by_law, bound_share
from qonys.claims.binding import Binder
from qonys.claims.dating import Time, earlier, in_year, parsed
from qonys.claims.mentions import Word
from qonys.claims.numbers import Number, counted, printed_interval
from qonys.claims.scene import Spot, Subject, claim_of
from qonys.claims.typed import Claim

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


class Numbered:
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
        if kind == "share":
            claim = bound_share(claim, self.sentence, self.binder.country)
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
        if self._term() and self._money_of_law():
            return "legal_threshold", ""
        if number.unit == "ratio":
            return "ratio", self._direction()
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
        return self._counted()

    def _counted(self) -> tuple[str, str]:
        """Whether a count is a level or the size of a change."""
        if self._is_difference():
            return "difference", self._direction()
        before = self.before[-1] if self.before else None
        if before and before.kind == "difference" and self._by():
            return "difference", before.sense  # "by 5,521, and departures by 5,124"
        if self._by() and self.sentence.lexicon.lang == "ru":
            return "difference", self._direction()  # "то есть на 3 362 человека"
        return "value", ""

    def _term(self) -> bool:
        """Whether it is a term in years: "a 10-year permit", "до 10 лет"."""
        after = self.sentence.text[self.number.end :]
        return bool(
            self.sentence.lexicon.cue("numbers.term").match(after.lstrip("\u00a0\u2011 -"))
        )

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
        if self.sentence.has("kinds.share_word") and self._level():
            return "share", ""
        if survey and not (change and self._by()):
            return "survey_share", ""
        if change and not (share and self._closer(share, change)):
            return "percent_change", direction
        return "share", ""

    def _level(self) -> bool:
        """Whether it is a level that a share rose from or to, not the size of a change."""
        before = self.sentence.text[max(0, self.number.start - 20) : self.number.start].rstrip()
        names = ("change.to", "change.base")
        ends = [m.end() for n in names for m in self.sentence.lexicon.cue(n).finditer(before)]
        return len(before) in ends

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
        return bool((self._by() and self._changing(60)) or self._noun_of_change())

    def _noun_of_change(self) -> bool:
        """Whether it says "a decrease of 3,362", "падение составило 3 362"."""
        before = self.sentence.text[max(0, self.number.start - 40) : self.number.start].rstrip()
        stem = self.sentence.lexicon.cue("change.size").sub("", before).rstrip()
        if stem == before:
            return False
        ends = [
            match.end()
            for name in ("change.up", "change.down")
            for match in self.sentence.lexicon.cue(name).finditer(stem)
        ]
        nets = self.sentence.lexicon.cue("measures.net_migration").finditer(before)
        ends_of_nets = {match.end() for match in nets}
        return len(stem) in ends and not ends_of_nets & {len(stem), len(before)}

    def _by(self) -> bool:
        """Whether a word such as "by" stands right before the number."""
        before = self.sentence.text[: self.number.start].rstrip()
        by = [m for m in self.sentence.lexicon.cue("change.by").finditer(before[-8:])]
        return bool(by and before.endswith(by[-1].group()))

    def _shaped(self, kind: str, sense: str, subject: Subject) -> Claim:
        number = self.number
        kind, unit = self._retyped(kind, subject)
        if kind in {"difference", "value", "balance"} and self.binder.compares_flows(self.spot):
            kind, subject.measure, subject.far = "gap", "net_migration", False
        value, notes = self._with_sign(kind, sense)
        kind = "balance" if kind == "gap" else kind
        strict, _ = printed_interval(
            value, number.precision, number.qualifier, whole=counted(unit), bound=number.bound
        )
        subject.doubts += self._doubts(kind, unit, subject)
        notes += self._marks(kind, subject)
        if unit in {"USD", "EUR", "KZT"} and kind == "count":
            subject.measure = ""
        if kind == "percent_change" and not sense:
            notes.append("no_direction")
        self._follow(kind, subject)
        base = self._base(kind, subject)
        self._ends_of_range(kind, subject)
        claim = claim_of(subject, kind, self.sentence.lexicon.lang).changed(
            value=value,
            unit=unit,
            interval=strict,
            start=number.start,
            end=number.end,
            sense=sense,
            compared_with=base,
            qualifier=number.qualifier,
            precision=number.precision,
            notes=tuple(notes + (["inherited"] if subject.inherited else [])),
            readings=self.binder.readings(subject),
        )
        return self._widened(claim)

    def _with_sign(self, kind: str, sense: str) -> tuple[float, list[str]]:
        """The value with its sign, and notes on how the sign was read."""
        value = self.number.value
        notes = ["dash"] if self.number.sign == "dash" else []
        if kind == "gap":
            return abs(value), [*notes, "gap"]
        if kind in {"percent_change", "difference"} and sense == "down":
            value = -abs(value)
        if self.number.sign == "-" and kind in {"value", "difference", "balance"}:
            value = -abs(value)
        if kind == "balance" and value > 0:
            value, extra = self._signed(value)
            notes += extra
        return value, notes

    def _doubts(self, kind: str, unit: str, subject: Subject) -> Iterator[str]:
        """Reasons for which the number cannot be decided."""
        number = self.number
        if kind in {"value", "count", "balance", "ratio"} and self.binder.spans(self.spot):
            yield "vague_period"
        if self._goes_back(kind, subject):
            yield "base"
        if kind == "ratio" and self.binder.compares_flows(self.spot):
            yield "kind"
        rate = self.sentence.lexicon.cue("numbers.rate")
        if rate.search(self.sentence.text[number.end : number.end + 24]):
            yield "kind"
        counts = subject.measure and counted(unit) and not number.unit
        if counts and self.sentence.counts_other(number.end, near=subject.measure in _COUNTED):
            yield "subgroup"
        if unit == "person" and number.value % 1 and not number.multiplied:
            yield "kind"

    def _marks(self, kind: str, subject: Subject) -> list[str]:
        """How the number was read, for the verdict's caution."""
        notes = []
        if kind == "value" and self._has("kinds.annually", 30):
            subject.inherited = False
            notes.append("annually")
        if subject.carried:
            notes.append("carried")
        if subject.sure:
            return [*notes, "sure"]
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
            total = self.sentence.has("kinds.whole", "kinds.sum")
            if not year and not total:
                subject.doubts.append("vague_period")
        elif base and not self._own_time() and self._other_flow(subject):
            return
        elif base and not self._own_time():
            subject.period = earlier(self.binder.main_period() or subject.period)
            if not subject.period:
                subject.doubts.append("no_period")

    def _goes_back(self, kind: str, subject: Subject) -> bool:
        """Whether a change names no base while the text has just spoken of a later year."""
        if kind not in {"percent_change", "ratio", "difference"}:
            return False
        now, before = parsed(subject.period), parsed(self.binder.context.period)
        based = any(self.binder.is_base(t) for t in self.sentence.times)
        return bool(
            not based and now and before and now.year and before.year and before.year > now.year
        )

    def _other_flow(self, subject: Subject) -> bool:
        """Whether what is compared with is another flow, and no other time."""
        before = self.before[-1] if self.before else None
        return bool(before and before.measure and before.measure != subject.measure)

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
        fixed = {"legal_threshold": unit or "year", "ratio": "ratio"}
        if kind not in {"value", "difference"}:
            return kind, fixed.get(kind, unit or "person")
        if subject.measure == "survey_share" and unit:
            return kind, unit
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
        if self.number.sign == "+":
            return value, []
        negative = self._has("kinds.negative", 90) or self._has("kinds.minus", 40)
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
        start, towards = self.binder.from_to(self.spot)
        if towards:
            base, subject.period = start or subject.period, towards
            return base if base != towards else earlier(base)
        main = self.binder.main_of(self.spot) or subject.period
        spans = [
            t for t in self.sentence.times if t.kind == "span" and self.binder.own(t, self.spot)
        ]
        based = any(self.binder.is_base(t) for t in self.sentence.times)
        if spans and spans[0].years > 1 and not based:
            subject.period = main
            return earlier(main, spans[0].years)
        for time in self.sentence.times:
            if self.binder.is_base(time) and not self._for_another(time):
                base = time.resolved(self.binder.year(), main)
                if time.kind == "vague" and time.year:
                    base = in_year(main, time.year)
                    subject.doubts = [d for d in subject.doubts if d != "vague_period"]
                    subject.period = main
                if base:
                    if subject.period == base and main != base:
                        subject.period = main
                    base = self._alike(subject.period, base)
                    return base if base != subject.period else earlier(base)
        subject.period = main
        return earlier(subject.period)

    def _alike(self, period: str, base: str) -> str:
        """A half year "compared with 2024" is compared with the same half."""
        now = parsed(period)
        if now and now.kind not in {"year", "instant"} and len(base) == 4:
            return in_year(period, int(base)) or base
        return base

    def _for_another(self, time: Time) -> bool:
        """Whether a period compared with belongs to another change, which stands between."""
        low, high = sorted((self.number.start, time.start))
        return any(
            low < other.start < high and other.unit in {"percent", "ratio"}
            for other in self.sentence.numbers
            if other is not self.number
        )

    def _widened(self, claim: Claim) -> Claim:
        """The claim over the words around its number, for a reader to see what is meant."""
        noun = self.sentence.noun_after(self.number.end)
        end = self.number.end
        if noun:
            end = self.sentence.text.find(noun, end) + len(noun)
        return claim.changed(end=end)
