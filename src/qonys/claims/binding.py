"""What a number or a word of a sentence is about: measure, place, partner, period, group.

For `parsing`. Main type: `Binder`. It prefers to say that it does not know: whatever narrows a
count in a way that the store has no code for becomes a doubt, and a doubt decides nothing.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from qonys.claims.clauses import TURN
from qonys.claims.dating import Time, of_months, parsed
from qonys.claims.mentions import RuleName, Sentence, Word
from qonys.claims.numbers import Number
from qonys.claims.places import Place
from qonys.core.country import Country
from qonys.core.observations import Cell
from qonys.core.periods import parse_period

FLOWS = ("emigrants", "immigrants", "net_migration")
_NAMES = (
    "emigrants",
    "immigrants",
    "net_migration",
    "population",
    "qandas",
    "dropcards",
    "accounts",
    "permits_stock",
    "permits_quota",
    "permits",
    "border",
    "survey_share",
    "moved",
)
_BREAKDOWNS = ("sex", "ethnicity", "locality", "education")
_FAR, _FAR_ALONE = 55, 90
_READINGS = 60
_TO, _FROM, _IN, _WITH = "destination", "origin", "location", "beside"
_KK_ENDINGS = (
    (_FROM, re.compile("(?:нан|нен|дан|ден|тан|тен)$")),
    (_TO, re.compile("(?:ға|ге|қа|ке|на|не)$")),
    (_IN, re.compile("(?:да|де|та|те)$")),
    (_WITH, re.compile("(?:мен|бен|пен)$")),
)


#: Between a time and the number that is surely its own: "2024 (12,732", "2021, when 32,256".
_RIGHT_BEHIND = re.compile(r"\s*\(\s*|[\s(,]*(?:when|когда)[\s,]*(?:\w+\s)?", re.IGNORECASE)
_TOWARDS = re.compile(r"\b(?:[Ff]rom|to|into|[Ии]з) ([A-ZА-ЯЁ][^\W\d_]{2,})")
#: Between a preposition and its place: nothing, or one adjective.
_BESIDE = re.compile(r"\s+(?:[^\W\d]+\s+)?")
_OFFICE = re.compile(r"(?:комитет\w*|committee of the)\s$", re.IGNORECASE)
_KK_THAN = re.compile(r"\w*(?:дан|ден|тан|тен|нан|нен)(?!\w)|.{0,12}салыстыр")


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


class Binder:
    """Binds the parts of one sentence.

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
        self.roles = [self._role(place) for place in sentence.places]

    def subject(self, spot: Spot) -> Subject:
        """What stands around a spot."""
        found = Subject()
        self._bind_measure(found, spot)
        self._bind_places(found, spot)
        self._bind_period(found, spot)
        self._bind_group(found, spot)
        self._require_span(found)
        if found.measure.startswith("net_migration") and self._two_sources(spot):
            found.doubts.append("partner_counts")
        if self.sentence.has("doubts.denied"):
            found.doubts.append("negated")
        if any(self.own(word, spot) for word in self.sentence.words("doubts.vague")):
            found.doubts.append("vague_period")
        inside = [(t.start, t.end) for t in self.sentence.times]
        for word in self.sentence.words("doubts.part_of_year"):
            if not any(a <= word.start < b for a, b in inside) and self.rank(word, spot)[0] < 2:
                found.doubts.append("vague_period")
        if any(self._speaks(w, spot, found) for w in self.sentence.words("doubts.topic")):
            found.doubts.append("kind")
        found.sure = self._sure(found, spot)
        found.doubts += [
            name
            for name in ("future", "negated", "conditional")
            if any(self.near(word, spot) < 90 for word in self.sentence.words(f"doubts.{name}"))
        ]
        return found

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

    def _sure(self, found: Subject, spot: Spot) -> bool:
        """Whether nothing in the sentence speaks for another reading of the number."""
        alone = sum(self.own(other, spot) for other in self.sentence.numbers) == 1
        if not alone or found.far or not found.measure:
            return False
        if found.others and not found.carried:
            return False
        return not (found.inherited and self.context.mixed)

    def nearest(self, spot: Spot, *names: str, within: float = 1e9) -> Word | None:
        """The nearest word of some lists."""
        found = [word for name in names for word in self.sentence.words(name)]
        found.sort(key=lambda word: self.near(word, spot))
        return found[0] if found and self.near(found[0], spot) <= within else None

    # measure ---------------------------------------------------------------------------------

    def _bind_measure(self, found: Subject, spot: Spot) -> None:
        word = self._measure_word(spot)
        moved = min(
            self.sentence.words("measures.moved"),
            key=lambda w: self.rank(w, spot),
            default=None,
        )
        name = word.name.partition(".")[2] if word else ""
        if moved and (not word or self._closer(moved, word, spot)):
            name = self._direction(spot) or name
            word = moved
        found.far = word is None or self._far(word, spot) or self._two_flows(spot, name)
        here = self.context.paragraph == self.sentence.paragraph
        if not name and (here or self.sentence.has("kinds.pronoun")):
            name = self.context.measure
        internal = self.sentence.has("measures.internal")
        if internal and any(self.own(w, spot) for w in self.sentence.words("kinds.gain")):
            name = "net_migration"
        if internal and name in {*FLOWS, ""}:
            name = self._internal(name)
        if name in FLOWS and self._modelled(spot):
            name = "net_migration_estimate" if name == "net_migration" else name
        if (
            name == "emigrants"
            and self.nearest(spot, "kinds.positive", within=40)
            and (not word or word is moved)
        ):
            name = "net_migration"
        found.measure = name

    def _modelled(self, spot: Spot) -> bool:
        """Whether the nearest source named is a model, not the office."""
        words = [*self.sentence.words("sources.model"), *self.sentence.words("sources.office")]
        word = min(words, key=lambda w: self.rank(w, spot), default=None)
        return word is not None and word.name == "sources.model"

    def _two_sources(self, spot: Spot) -> bool:
        """Whether the sentence sets a model beside the office, and the clause names neither."""
        both = self.sentence.has("sources.model") and self.sentence.has("sources.office")
        words = [*self.sentence.words("sources.model"), *self.sentence.words("sources.office")]
        return both and not any(self.own(word, spot) for word in words)

    def _measure_word(self, spot: Spot) -> Word | None:
        """The nearest word for a measure; one inside a longer one ("net inflow") is none."""
        words = [
            w for n in _NAMES if n != "moved" for w in self.sentence.words(f"measures.{n}")
        ]
        whole = [
            w
            for w in words
            if not any(
                o.start <= w.start and w.end <= o.end and o.end - o.start > w.end - w.start
                for o in words
            )
        ]
        them = any(self.own(w, spot) for w in self.sentence.words("kinds.of_them"))
        if them:  # said of those counted before
            earlier = [w for w in whole if self.rank(w, spot)[0] == 1]
            whole = earlier or whole
        best = min(whole, key=lambda word: self.rank(word, spot), default=None)
        special = [
            w for w in whole if w.name.partition(".")[2] not in FLOWS and self.own(w, spot)
        ]
        if best and best.name.partition(".")[2] in FLOWS and special:
            return min(special, key=lambda word: self.near(word, spot))
        return best

    def _names_flow(self, spot: Spot) -> bool:
        """Whether the number's own clause has a word for a flow."""
        return any(
            self.own(w, spot)
            for n in (*FLOWS, "moved")
            for w in self.sentence.words(f"measures.{n}")
        )

    def _two_flows(self, spot: Spot, name: str) -> bool:
        """Whether the number's clause speaks of another flow as well."""
        if name not in FLOWS:
            return False
        own = {
            n for n in FLOWS for w in self.sentence.words(f"measures.{n}") if self.own(w, spot)
        }
        return name != "net_migration" and len(own - {"net_migration"}) > 1

    def _closer(self, moved: Word, word: Word, spot: Spot) -> bool:
        """Whether a neutral verb ("went") is nearer than the word for a flow, clearly so."""
        a, b = self.rank(moved, spot), self.rank(word, spot)
        together = self.sentence.clause(moved.start) == self.sentence.clause(word.start)
        return a[0] < b[0] or (a[0] == b[0] and a[1] + 15 < b[1] and not together)

    def _far(self, word: Word, spot: Spot) -> bool:
        """Whether the word for the measure is surely not the number's own."""
        step, distance = self.rank(word, spot)
        alone = sum(self.own(other, spot) for other in self.sentence.numbers) == 1
        if step == 0:
            return distance > (_FAR_ALONE if alone else _FAR)
        if step == 1 and alone:
            flows = {
                other.name
                for name in _NAMES
                for other in self.sentence.words(f"measures.{name}")
                if name != "moved" and self.rank(other, spot)[0] == 1
            }
            return len(flows) > 1
        return self.near(word, spot) > _FAR

    def _direction(self, spot: Spot) -> str:
        """Which flow a neutral verb means, by where it goes."""
        nation = self.country.code
        if self.sentence.has("places.inward"):
            return "immigrants"
        if self.sentence.has("places.outward"):
            return "emigrants"
        placed = list(zip(self.sentence.places, self.roles, strict=True))
        own = [(place, role) for place, role in placed if self.own(place, spot)]
        for place, role in own or placed:
            home = place.code == nation or place.code in self.country.areas
            if (role == _TO and home) or (role == _FROM and not home):
                return "immigrants"
            if (role == _TO and not home) or (role == _FROM and place.code == nation):
                return "emigrants"
        if self.sentence.has("places.abroad"):
            return "emigrants"
        return ""

    def _internal(self, name: str) -> str:
        if self.sentence.has("internal.all_flows"):
            return "net_migration_all_flows"
        if name == "immigrants":
            return "internal_arrivals"
        return "internal_departures" if name == "emigrants" else "net_migration_internal"

    # places ----------------------------------------------------------------------------------

    def _role(self, place: Place) -> str:
        if self.sentence.lexicon.lang == "kk":
            return next(
                (role for role, end in _KK_ENDINGS if end.search(self._word(place))), ""
            )
        before = self.sentence.text[: place.start]
        found = [
            (word.end, -rank, role)
            for rank, role in enumerate((_WITH, _FROM, _TO, _IN))
            for word in self.sentence.words(f"places.{role}")
            if word.end <= place.start and _BESIDE.fullmatch(before[word.end :])
        ]
        role = max(found, default=(0, 0, ""))[2]
        return self._russian(role, place) if role == _TO else role

    def _word(self, place: Place) -> str:
        return self.sentence.text[place.start : place.end].casefold()

    def _russian(self, role: str, place: Place) -> str:
        """Whether it is "to" or "in", by the case of a Russian name."""
        if self.sentence.lexicon.lang != "ru":
            return role
        return (
            _IN
            if re.search("[еиах]$|ой$|ии$", self._word(place))
            and not re.search("(?:сша|оаэ)$", self._word(place))
            else role
        )

    def _mine(self, spot: Spot) -> list[tuple[Place, str]]:
        """Places that belong to a spot: no other number is nearer to them."""
        mine = []
        for place, role in zip(self.sentence.places, self.roles, strict=True):
            here = self.near(place, spot)
            others = [s for s in self.spots if s != spot]
            if all(here <= self.near(place, other) for other in others):
                mine.append((place, role))
        return mine

    def _bind_places(self, found: Subject, spot: Spot) -> None:
        found.area, found.counterpart = self.country.code, "WORLD"
        mine = self._mine(spot)
        named = [place for place, _ in mine if place.code != self.country.code]
        elsewhere = [
            place
            for place in self.sentence.places
            if place.code != self.country.code and place not in named
        ]
        for place, role in mine:
            self._take(found, place, role)
        partners = [p for p in named if p.code not in self.country.areas]
        regions = [p for p in named if p.code in self.country.areas]
        if len(partners) > 1 or len(regions) > 1:
            found.doubts.append("several_places")
        if not named and elsewhere and self.spots:
            self._from_elsewhere(found, spot, elsewhere)
        if not named and self._strange(spot):
            found.doubts.append("several_places")
        if not named:
            self._take_pronoun(found, spot)
        self._take_groups(found, spot)
        if found.measure.startswith("mirror") and len(self.spots) > 1:
            found.doubts.append("partner_counts")
        if self.sentence.has("sources.partner_counts") and not found.measure.startswith(
            "mirror"
        ):
            found.doubts.append("partner_counts")
        nobody = found.counterpart == "WORLD" and found.area == self.country.code
        them = self.nearest(spot, "kinds.of_them", within=18)
        if nobody and them:
            found.doubts.append("subgroup")
        if not self.sentence.places and not self.sentence.has("kinds.whole", "places.domestic"):
            self._as_before(found)

    def _strange(self, spot: Spot) -> bool:
        """Whether the clause goes from or to a place that no list knows: "from Bishkek"."""
        begin, end = self.sentence.clauses[self.sentence.clause(spot.start)]
        known = [(m.start, m.end) for m in (*self.sentence.places, *self.sentence.times)]
        return any(
            not any(a <= match.start(1) < b for a, b in known)
            for match in _TOWARDS.finditer(self.sentence.text, begin, end)
        )

    def _from_elsewhere(self, found: Subject, spot: Spot, elsewhere: list[Place]) -> None:
        """A place that the sentence names beside other numbers: taken over, or a doubt."""
        place = min(elsewhere, key=lambda item: self.rank(item, spot))
        step = self.rank(place, spot)[0]
        if step == 2 and self._names_flow(spot):
            return  # "of the 12,732 who left, 8,784 went to Russia": first the whole
        carried = step == 1 and not self.sentence.has("kinds.whole")
        carried = carried and ";" not in self.sentence.text[place.end : spot.start]
        alone = len({item.code for item in elsewhere}) == 1
        if carried and alone:  # "the region lost 4,078 in 2021 and 1,195 in 2024"
            found.others.append((found.area, found.counterpart))
            found.area, found.counterpart = self._reading(place.code)
            found.carried = True
        else:
            found.others.append(self._reading(place.code))
            if carried and not self._names_flow(spot):
                found.doubts.append("several_places")

    def _as_before(self, found: Subject) -> None:
        """Without a place of its own a sentence may still speak of the one before."""
        place, counterpart = self.context.place, self.context.counterpart
        if place and self.context.paragraph == self.sentence.paragraph:
            found.far = True  # what stands published may hold, but nothing is refuted
        elif counterpart not in {"", "WORLD"}:
            found.others.append((found.area, counterpart))

    def _reading(self, code: str) -> tuple[str, str]:
        """Area and counterpart: a region's own flow, or the nation's with a partner."""
        return (code, "WORLD") if code in self.country.areas else (self.country.code, code)

    def _take_pronoun(self, found: Subject, spot: Spot) -> None:
        """Words such as "there" and "from here": the place named last before them."""
        words = [w for w in self.sentence.words("places.there") if self.own(w, spot)]
        if not words:
            return
        known = {self.country.code}
        before = [
            p for p in self.sentence.places if p.end <= words[0].start and p.code not in known
        ]
        code = before[-1].code if before else self.context.place
        if not code:
            found.doubts.append("several_places")
        elif code in self.country.areas:
            found.area, found.others = code, []
        else:
            found.counterpart, found.others = code, []

    def _take_groups(self, found: Subject, spot: Spot) -> None:
        group, _, rest = self.country.partner_group
        for name, code in (("places.non_cis", rest), ("places.cis", group)):
            words = [w for w in self.sentence.words(name) if self.rank(w, spot)[0] < 2]
            word = min(words, key=lambda w: self.rank(w, spot), default=None)
            if word and self.near(word, spot) > 80 + 100 * (word.start < spot.start):
                word = None
            if word and _OFFICE.search(self.sentence.text, max(0, word.start - 14), word.start):
                continue  # the statistics committee of the CIS
            if word and found.counterpart == "WORLD" and code:
                found.counterpart = code
                return

    def _take(self, found: Subject, place: Place, role: str) -> None:
        nation, areas = self.country.code, self.country.areas
        if place.code == nation:
            theirs = {"immigrants": _FROM, "emigrants": _TO}.get(found.measure)
            if role == theirs and not self.sentence.has("measures.internal"):
                found.doubts.append("other_country")  # arrivals from here are counted elsewhere
            return
        if place.code in areas:
            found.area = place.code
            found.others += [(code, found.counterpart) for code in place.codes[1:]]
            return
        wrong = (found.measure == "emigrants" and role == _FROM) or (
            found.measure == "immigrants" and role == _TO
        )
        left = self.sentence.lexicon.cue("places.left")
        text = self.sentence.text
        beside = left.search(text[max(0, place.start - 14) : place.start]) or left.match(
            text[place.end : place.end + 30].lstrip()
        )
        wrong = wrong or bool(beside and found.measure == "emigrants" and role != _TO)
        owns = self._word(place).endswith(("'s", "’s")) and found.measure in FLOWS
        if owns and not self._counted_by(place):
            found.doubts.append("other_country")
        inside = role == _IN and found.measure in FLOWS
        if wrong or (inside and (found.measure != "emigrants" or self._russian_lang())):
            found.doubts.append("other_country")
        if found.measure.startswith("net_migration") and role not in {_WITH, _FROM, _TO}:
            found.doubts.append("other_country")
        if self._counted_by(place):
            found.measure = self._mirror(found.measure)
            found.area, found.counterpart = place.code, nation
            return
        found.counterpart = place.code

    def _russian_lang(self) -> bool:
        return self.sentence.lexicon.lang == "ru"

    def _mirror(self, measure: str) -> str:
        """The partner's own count: arrivals from this country, or departures to it."""
        for place, role in zip(self.sentence.places, self.roles, strict=True):
            if place.code == self.country.code and role in {_FROM, _TO}:
                return "mirror_immigrants" if role == _FROM else "mirror_emigrants"
        return {"immigrants": "mirror_immigrants", "emigrants": "mirror_emigrants"}.get(
            measure, measure
        )

    def _counted_by(self, place: Place) -> bool:
        after = self.sentence.text[place.end : place.end + 30]
        counted = self.sentence.lexicon.cue("sources.counted").search(after)
        return bool(counted) or self.sentence.has("sources.partner_counts")

    # period ----------------------------------------------------------------------------------

    def _bind_period(self, found: Subject, spot: Spot) -> None:
        times = self._times(spot)
        main = self.main_period()
        for time in times:
            base = self._base_word(time)
            later = self.rank(time, spot)[0] == 2
            behind = (
                time.kind not in {"same", "before"} and base is not None and base >= spot.end
            )
            if base is not None and (later or behind):
                continue  # "than in 2024", said of something behind
            period = time.resolved(self.year(), main)
            if time.kind in {"vague", "today", "end", "start"}:
                found.doubts.append("vague_period")
                found.period = self._vague(time, found)
                return
            if period:
                found.period = self._part(period, spot)
                found.inherited = not self._own_period() and time.kind in {"before", "same"}
                return
        found.period, found.inherited = main or self.context.period, not self._own_period()
        if found.inherited and self.context.paragraph < self.sentence.paragraph - 2:
            found.doubts.append("no_period")
        if not found.period:
            found.doubts.append("no_period")

    def _part(self, period: str, spot: Spot) -> str:
        """The months that the clause names beside its year: "half-year ... in 2024"."""
        months = [
            t.months for t in self.sentence.times if t.kind == "months" and self.own(t, spot)
        ]
        if len(period) == 4 and len(months) == 1 and months[0]:
            return of_months(int(period), *months[0])
        return period

    def _times(self, spot: Spot) -> list[Time]:
        """Mentions of time, the number's own first, those compared with last."""
        times = [t for t in self.sentence.times if t.kind not in {"span", "history", "report"}]
        dated = [t for t in times if t.kind != "since"]
        if any(self.own(t, spot) for t in dated) or not any(self.own(t, spot) for t in times):
            times = dated or times
        begin = self.sentence.clauses[self.sentence.clause(spot.start)][0]
        turns = bool(TURN.match(self.sentence.text, begin))

        def order(time: Time) -> tuple[int, float]:
            step, distance = self.rank(time, spot)
            right = _RIGHT_BEHIND.fullmatch(self.sentence.text[time.end : spot.start])
            if step == 0 or (right and time.end <= spot.start):
                return 0, distance
            base = self.is_base(time)
            return 1 + step + 3 * base, -distance if turns and step == 1 else distance

        return sorted(times, key=order)

    def _require_span(self, found: Subject) -> None:
        """A flow has no value on a day: the day is the news agency's, or something else."""
        period = parsed(found.period)
        if found.measure in FLOWS and period and period.kind in {"instant", "open"}:
            found.doubts.append("vague_period")

    def _own_period(self) -> bool:
        """Whether the sentence itself names a period that is no comparison."""
        named = {"period", "months"}
        return any(t.kind in named and not self.is_base(t) for t in self.sentence.times)

    def _vague(self, time: Time, found: Subject) -> str:
        if time.kind in {"end", "start"} and time.year and found.measure == "population":
            found.doubts.remove("vague_period")
            return f"{time.year + (time.kind == 'end')}-01-01"
        return f"{time.year}-01/.." if time.year and time.kind == "vague" else ""

    def year(self) -> int | None:
        """The year spoken of: the sentence's, else the context's."""
        years = [
            t.year for t in self.sentence.times if t.kind in {"period", "vague"} and t.year
        ]
        return years[0] if years else self.context.year

    def main_period(self) -> str:
        """The first period of the sentence that is no comparison."""
        for time in self.sentence.times:
            if time.kind in {"period", "months"} and not self.is_base(time):
                period = time.resolved(self.year())
                if period:
                    return period
        return (
            "" if any(t.kind == "vague" for t in self.sentence.times) else self.context.period
        )

    def compares_flows(self, spot: Spot) -> bool:
        """Whether the clause sets arrivals beside departures: "exceeded departures by 252"."""
        stretch = [
            i
            for i in (0, 1)
            if self.sentence.clause(spot.start) + i < len(self.sentence.clauses)
        ]
        index = self.sentence.clause(spot.start)
        begin, end = (
            self.sentence.clauses[index][0],
            self.sentence.clauses[index + stretch[-1]][1],
        )
        flows = {
            n
            for n in ("emigrants", "immigrants")
            for w in self.sentence.words(f"measures.{n}")
            if begin <= w.start < end
        }
        words = [w for w in self.sentence.words("kinds.exceeds") if begin <= w.start < end]
        return len(flows) == 2 and bool(words)

    def spans(self, spot: Spot) -> bool:
        """Whether the clause speaks of a span of years and of no period."""
        own = {t.kind for t in self.sentence.times if self.own(t, spot)}
        return own == {"span"}

    def lately(self) -> list[str]:
        """Periods that a statement without one may mean: the sentence's, then the last ones."""
        named = [t.resolved(self.year()) for t in self.sentence.times]
        year = self.context.year
        years = [str(year), str(year - 1)] if year else []
        found = [*named, self.context.period, *years]
        return [p for p in dict.fromkeys(found) if p and parse_period(p).kind != "open"]

    def main_of(self, spot: Spot) -> str:
        """The period of a change: the nearest that is no comparison."""
        for time in self._times(spot):
            if not self.is_base(time) and time.kind in {"period", "months"}:
                period = time.resolved(self.year())
                if period:
                    return period
        return self.main_period()

    def from_to(self, spot: Spot) -> tuple[str, str]:
        """Periods that a change leads from and to: "doubled to 16,550 in 2025 from 9,293"."""
        found = {"change.base": "", "change.to": ""}
        index = self.sentence.clause(spot.start)
        for begin, end in self.sentence.clauses[index + 1 : index + 3]:
            opening = self.sentence.text[begin:].lstrip(" ,:(")
            times = [t for t in self.sentence.times if begin <= t.start < end]
            for name in found:
                if times and self.sentence.lexicon.cue(name).match(opening):
                    found[name] = found[name] or times[0].resolved(self.year())
        return found["change.base"], found["change.to"]

    def is_base(self, time: Time) -> bool:
        """Whether a period is what is compared with: "than in 2023", "от 2023 года"."""
        return self._base_word(time) is not None

    @cached_property
    def _places_at(self) -> tuple[int, ...]:
        return tuple(place.start for place in self.sentence.places)

    def _base_word(self, time: Time) -> int | None:
        """Where the word of comparison stands; none where the period is no comparison."""
        text, lexicon = self.sentence.text, self.sentence.lexicon
        if time.kind in {"same", "before"}:
            return time.start
        begin, _ = self.sentence.clauses[self.sentence.clause(time.start)]
        opening = text[begin:].lstrip(" ,")
        if begin and lexicon.cue("change.base").match(opening):
            return begin
        before, inside = text[max(0, time.start - 40) : time.start], text[time.start : time.end]
        matches = list(lexicon.cue("change.base").finditer(before))
        if matches and not re.search(r"[\d,;(]", before[matches[-1].end() :]):
            word = time.start - len(before) + matches[-1].start()
            mentions = (*(n.at for n in self.sentence.numbers), *self._places_at)
            return None if any(word < at < time.start for at in mentions) else word
        than = lexicon.lang == "kk" and (
            _KK_THAN.match(text, time.end) or _KK_THAN.search(inside[-4:])
        )
        if than or re.match(r"(?:к|against|than)\s", inside, re.IGNORECASE):
            return time.start
        return None

    def readings(self, subject: Subject) -> tuple[Cell, ...]:
        """Every cell that the measures, places and periods of the sentence can make."""
        if subject.measure not in FLOWS or not subject.period:
            return ()
        named = [name for name in FLOWS if self.sentence.has(f"measures.{name}")]
        if self.sentence.has("kinds.positive", "kinds.negative"):
            named.append("net_migration")
        main = self.main_period()
        periods = [t.resolved(self.year(), main) for t in self.sentence.times]
        periods += [subject.period, *([] if self._own_period() else [self.context.period])]
        areas = self.country.areas
        codes = [code for place in self.sentence.places for code in place.codes]
        pairs = [(self.country.code, "WORLD")]
        pairs += [
            (code, "WORLD") if code in areas else (self.country.code, code) for code in codes
        ]
        pairs.append((subject.area, self.context.counterpart or "WORLD"))
        cells = (
            Cell(measure, area, partner, period)
            for measure in dict.fromkeys((subject.measure, *named))
            for area, partner in dict.fromkeys(pairs)
            for period in dict.fromkeys(filter(None, periods))
        )
        return tuple(islice(cells, _READINGS))

    # groups ----------------------------------------------------------------------------------

    def _bind_group(self, found: Subject, spot: Spot) -> None:
        if found.measure not in {*FLOWS, "population"}:
            return
        covered: list[Word] = []
        for dimension in _BREAKDOWNS:
            word = min(
                self._groups(dimension, spot), key=lambda w: self.rank(w, spot), default=None
            )
            if word:
                found.breakdown[dimension] = word.name.rpartition(".")[2]
                covered.append(word)
                if self._two_groups(dimension, spot, word):
                    found.doubts.append("subgroup")
        for word in self.sentence.words("doubts.subgroup"):
            inside = any(w.start <= word.start and word.end <= w.end for w in covered)
            if not inside and self._speaks(word, spot, found):
                found.doubts.append("subgroup")
                return

    def _two_groups(self, dimension: str, spot: Spot, word: Word) -> bool:
        """Whether two groups stand where only one can be meant: "women outnumbered men"."""
        same = self.sentence.clause(word.start)
        names = {
            w.name
            for w in self._groups(dimension, spot)
            if self.sentence.clause(w.start) == same
        }
        return len(names) > 1

    def _groups(self, dimension: str, spot: Spot) -> list[Word]:
        """Words for a group that the number's clause names, or takes over."""
        codes = self.sentence.lexicon.data["breakdowns"].get(dimension, {})
        words = [w for c in codes for w in self.sentence.words(f"breakdowns.{dimension}.{c}")]
        if words and dimension == "ethnicity":  # "Kazakhs" beside Russians, not citizens
            words += self.sentence.words("count_nouns.nation.KAZAKH")
        return [w for w in words if self.rank(w, spot)[0] < 2 and self.near(w, spot) < 170]

    def _speaks(self, word: Word, spot: Spot, found: Subject) -> bool:
        """Whether a word that narrows a count narrows this one."""
        step, distance = self.rank(word, spot)
        if step == 0:
            return distance < 70
        own = any(
            self.own(w, spot) for name in FLOWS for w in self.sentence.words(f"measures.{name}")
        )
        return step == 1 and not own and not found.breakdown and distance < 200


def cells(subject: Subject) -> tuple[Cell, ...]:
    """Cells of the other readings of a subject."""
    if not subject.measure or not subject.period:
        return ()
    return tuple(
        Cell(subject.measure, area, counterpart, subject.period, subject.breakdown)
        for area, counterpart in dict.fromkeys(subject.others)
        if (area, counterpart) != (subject.area, subject.counterpart)
    )
