"""What a number or a word of a sentence is about: measure, place, partner, period, group.

For `parsing`. Main type: `Binder`. It prefers to say that it does not know: whatever narrows a
count in a way that the store has no code for becomes a doubt, and a doubt decides nothing.
"""

from itertools import islice

from qonys.claims.clauses import TURN
from qonys.claims.mentions import Word
from qonys.claims.placing import Placing
from qonys.claims.scene import FLOWS, Spot, Subject
from qonys.claims.timing import Timing
from qonys.core.observations import Cell

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


class Binder(Timing, Placing):
    """Binds the parts of one sentence."""

    def subject(self, spot: Spot) -> Subject:
        """What stands around a spot."""
        found = Subject()
        self._bind_measure(found, spot)
        self.bind_places(found, spot)
        self.bind_period(found, spot)
        self.in_borders_of(found)
        self._bind_group(found, spot)
        self.require_span(found)
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

    def _sure(self, found: Subject, spot: Spot) -> bool:
        """Whether nothing in the sentence speaks for another reading of the number."""
        alone = sum(self.own(other, spot) for other in self.sentence.numbers) == 1
        if not alone or found.far or not found.measure:
            return False
        if found.others and not found.carried:
            return False
        return not (found.inherited and self.context.mixed)

    def _bind_measure(self, found: Subject, spot: Spot) -> None:
        word = self._measure_word(spot)
        moved = self.closest(self.sentence.words("measures.moved"), spot)
        name = word.name.partition(".")[2] if word else ""
        if moved and (not word or self._closer(moved, word, spot)):
            name = self.direction(spot) or name
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
        word = self.closest(self._sources(), spot)
        return word is not None and word.name == "sources.model"

    def _sources(self) -> list[Word]:
        """Words for a model and for the office."""
        names = ("sources.model", "sources.office")
        return [word for name in names for word in self.sentence.words(name)]

    def _two_sources(self, spot: Spot) -> bool:
        """Whether the sentence sets a model beside the office, and the clause names neither."""
        words = self._sources()
        both = len({word.name for word in words}) == 2
        own = {word.name for word in words if self.own(word, spot)}
        begin, _ = self.sentence.clauses[self.sentence.clause(spot.start)]
        turns = bool(words and begin and TURN.match(self.sentence.text, begin)) and not own
        return turns or (both and len(own) != 1)

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
        best = self.closest(whole, spot)
        special = [
            w for w in whole if w.name.partition(".")[2] not in FLOWS and self.own(w, spot)
        ]
        if best and best.name.partition(".")[2] in FLOWS and special:
            return min(special, key=lambda word: self.near(word, spot))
        return best

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

    def _internal(self, name: str) -> str:
        if self.sentence.has("internal.all_flows"):
            return "net_migration_all_flows"
        if name == "immigrants":
            return "internal_arrivals"
        return "internal_departures" if name == "emigrants" else "net_migration_internal"

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

    def _bind_group(self, found: Subject, spot: Spot) -> None:
        if found.measure not in {*FLOWS, "population"}:
            return
        covered: list[Word] = []
        for dimension in _BREAKDOWNS:
            word = self.closest(self._groups(dimension, spot), spot)
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
