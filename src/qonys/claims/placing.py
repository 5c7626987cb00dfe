"""Places of a sentence: which number they belong to, and whether as origin or destination.

For `binding`. Main type: `Placing`. A place that fits no reading, or two, becomes a doubt; a
partner's own count is another measure.
"""

import re
from functools import cached_property

from qonys.claims.dating import parsed
from qonys.claims.places import Place
from qonys.claims.scene import FLOWS, Scene, Spot, Subject

_TO, _FROM, _IN, _WITH = "destination", "origin", "location", "beside"
_KK_ENDINGS = (
    (_FROM, re.compile("(?:нан|нен|дан|ден|тан|тен)$")),
    (_TO, re.compile("(?:ға|ге|қа|ке|на|не)$")),
    (_IN, re.compile("(?:да|де|та|те)$")),
    (_WITH, re.compile("(?:мен|бен|пен)$")),
)
_TOWARDS = re.compile(r"\b(?:[Ff]rom|to|into|[Ии]з) ([A-ZА-ЯЁ][^\W\d_]{2,})")
#: Between a preposition and its place: nothing, or one adjective.
_BESIDE = re.compile(r"\s+(?:[^\W\d]+\s+)?")
_OFFICE = re.compile(r"(?:комитет\w*|committee of the)\s$", re.IGNORECASE)


class Placing(Scene):
    """The places of one sentence."""

    @cached_property
    def roles(self) -> list[str]:
        """Role of each place of the sentence, empty where no word gives one."""
        return [self._role(place) for place in self.sentence.places]

    def direction(self, spot: Spot) -> str:
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

    def bind_places(self, found: Subject, spot: Spot) -> None:
        """Fill in area and counterpart, with doubts and other readings."""
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

    def in_borders_of(self, found: Subject) -> None:
        """A region by the code of its borders in the period: before a split, the former one."""
        period = parsed(found.period)
        if period is None or period.start is None or period.end is None:
            return
        for code, entry in self.country.areas.items():
            members, until = entry.fields.get("members", ""), entry.fields.get("valid_to", "")
            if not until or members.partition(";")[0] != found.area:
                continue
            if period.end.isoformat() <= until:
                found.area = code
            elif period.start.isoformat() <= until:  # the split lies in the period
                found.others.append((code, found.counterpart))
            return

    def _strange(self, spot: Spot) -> bool:
        """Whether the clause goes from or to a place that no list knows: "from Bishkek"."""
        begin, end = self.sentence.clauses[self.sentence.clause(spot.start)]
        known = [(place.start, place.end) for place in self.sentence.places]
        known += [(time.start, time.end) for time in self.sentence.times]
        return any(
            not any(a <= match.start(1) < b for a, b in known)
            for match in _TOWARDS.finditer(self.sentence.text, begin, end)
        )

    def _from_elsewhere(self, found: Subject, spot: Spot, elsewhere: list[Place]) -> None:
        """A place that the sentence names beside other numbers: taken over, or a doubt."""
        place = min(elsewhere, key=lambda item: self.rank(item, spot))
        step = self.rank(place, spot)[0]
        if step == 2 and self.names_flow(spot):
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
            if carried and not self.names_flow(spot):
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
            word = self.closest(words, spot)
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
        hosts = self.sentence.lexicon.cue("places.hosts").match(text[place.end :].lstrip())
        wrong = wrong or bool(hosts and found.measure == "immigrants")
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
