"""Periods of a sentence: each number's own, the main one, and those compared with.

For `binding`. Main type: `Timing`. A period that words leave open stays open; one that is only
compared with is never taken for the number's own.
"""

import re
from functools import cached_property

from qonys.claims.clauses import TURN
from qonys.claims.dating import Time, of_months, parsed
from qonys.claims.scene import FLOWS, Scene, Spot, Subject
from qonys.core.periods import parse_period

#: Between a time and the number that is surely its own: "2024 (12,732", "2021, when 32,256".
_RIGHT_BEHIND = re.compile(r"\s*\(\s*|[\s(,]*(?:when|когда)[\s,]*(?:\w+\s)?", re.IGNORECASE)
_KK_THAN = re.compile(r"\w*(?:дан|ден|тан|тен|нан|нен)(?!\w)|.{0,12}салыстыр")


class Timing(Scene):
    """The periods of one sentence."""

    def bind_period(self, found: Subject, spot: Spot) -> None:
        """Fill in the period, or doubts where none is surely meant."""
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

    def require_span(self, found: Subject) -> None:
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
