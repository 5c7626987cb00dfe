"""Statements without a number of their own: records, ranks, signs, streaks, trends.

For `parsing`. Main functions: `worded`, `unread`. Each word list of `lexicon` that opens such a
statement has its function here; what is seen but not understood becomes a claim with a doubt.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from qonys.claims.binding import Binder
from qonys.claims.dating import earlier, parsed
from qonys.claims.mentions import Sentence, Word
from qonys.claims.places import Place
from qonys.claims.scene import FLOWS, Spot, claim_of
from qonys.claims.typed import Claim
from qonys.core.observations import Cell
from qonys.core.periods import parse_period

#: "Second lowest": a place in an order, no record.
_SECOND = re.compile(
    r"(?:second|third|fourth|2nd|3rd|втор\w+|трет\w+)[- ](?:по \w+ )?$", re.IGNORECASE
)
_AFTER = re.compile(r"(?:after|following|после)\s(?:\S+\s){0,3}$", re.IGNORECASE)
_LEADING = re.compile(r"^[\s,;:.)(—–-]+")
_TRAILING = re.compile(r"(?:[\s,;:(—–-]|\s(?:and|и|а|және))+$")
_OF_PERIOD = frozenset({"no_period", "vague_period"})


def worded(binder: Binder, numbered: list[Claim]) -> Iterator[Claim]:
    """Claims whose kind a word gives, beside those of the numbers."""
    sentence = binder.sentence
    same = binder.context.paragraph == sentence.paragraph
    if sentence.has("measures.survey_share") or (binder.context.survey and same):
        return
    if sentence.has("kinds.turning"):
        turning = list(_turning(binder))
        if turning:
            yield from turning
            return
    yield from _peaks(binder)
    yield from _records(binder)
    yield from _others(binder)
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


def _words_alone(sentence: Sentence, word: Word) -> tuple[int, int]:
    """The clause around a word without the numbers beside it: those speak for themselves."""
    start, end = _clause(sentence, word)
    start = max([start, *(n.end for n in sentence.numbers if start <= n.end <= word.start)])
    end = min([end, *(n.start for n in sentence.numbers if word.end <= n.start < end)])
    piece = sentence.text[start:end]
    start += len(piece) - len(_LEADING.sub("", piece))
    end -= len(piece) - len(_TRAILING.sub("", piece))
    return min(start, word.start), max(end, word.end)


def _subject_claim(binder: Binder, word: Word, kind: str, **parts: object) -> Claim | None:
    subject = binder.subject(Spot(word.start, word.end))
    if subject.measure not in {*FLOWS, "population", "net_migration_estimate"}:
        return None
    start, end = _words_alone(binder.sentence, word)
    claim = claim_of(subject, kind, binder.sentence.lexicon.lang)
    notes = ("inherited",) if subject.inherited else ()
    return claim.changed(start=start, end=end, notes=notes, unit="person").changed(**parts)


def _count_near(sentence: Sentence, word: Word) -> float | None:
    """The number of years of a streak: "five years in a row", "третий год подряд"."""
    window = sentence.text[max(0, word.start - 34) : word.end]
    digits = re.findall(r"(?<![\d-])(\d{1,2})(?!\d)", window)
    if digits:
        return float(digits[-1])
    for number in range(1, 11):
        if number > 1 and sentence.lexicon.cue(f"kinds.ordinal_{number}").search(window):
            return float(number)
    words = [m.group() for m in sentence.lexicon.worded.finditer(window)]
    return sentence.lexicon.worded_of(words[-1])[0] if words else None


def _span(binder: Binder, period: str, after: int = 0) -> str:
    """The years that a record or trend speaks of, first and last; empty where not said."""
    last = parsed(period)
    for time in binder.sentence.times:
        if time.kind == "history":
            return "history"
        if time.kind == "span" and last and last.year:
            return f"{last.year - time.years + 1}/{last.year}" if time.years > 1 else ""
        if time.kind == "since" and time.year and last and last.year and last.year > time.year:
            return f"{time.year + after}/{last.year}"
    return ""


def _records(binder: Binder) -> Iterator[Claim]:
    sentence = binder.sentence
    for sense in ("lowest", "highest"):
        for word in sentence.words(f"kinds.{sense}"):
            if any(n.start <= word.start < n.end for n in sentence.numbers):
                continue  # "at least 300,000"
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
                if _SECOND.search(sentence.text[max(0, word.start - 14) : word.start]):
                    claim = claim.changed(doubts=(*claim.doubts, "span_unknown"))
                span = _span(binder, claim.period, 1)  # since 2011: in no year after it
                ranked = claim.counterpart != "WORLD" or claim.area != binder.country.code
                doubts = (*claim.doubts, "span_unknown") if ranked else claim.doubts
                yield claim.changed(compared_with=span or "history", doubts=doubts)


def _signs(binder: Binder) -> Iterator[Claim]:
    sentence = binder.sentence
    for sense in ("positive", "negative"):
        for word in sentence.words(f"kinds.{sense}"):
            claim = _subject_claim(binder, word, "balance", sense=sense)
            if not claim or _AFTER.search(sentence.text, max(0, word.start - 28), word.start):
                continue  # "after years of losses" says nothing of now
            follow = [n.start for n in sentence.numbers if 0 <= n.start - word.end < 30]
            if follow and not re.search(r"[,;:—]", sentence.text[word.end : follow[0]]):
                continue  # "a surplus of 16,153": the number says it
            claim = claim.changed(measure=_net(claim.measure))
            spot = Spot(word.start, word.end)
            if any(binder.own(w, spot) for w in sentence.words("kinds.first_time")):
                claim = claim.changed(doubts=(*claim.doubts, "unread"))
            since = [
                t for t in sentence.times if t.kind == "since" and binder.rank(t, spot)[0] == 0
            ]
            if since:
                yield claim.changed(
                    kind="streak",
                    period=since[0].period,
                    notes=(
                        *claim.notes,
                        *(["steady"] if sentence.has("change.inside_years") else []),
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
        spot = Spot(word.start, word.end)
        if len(named) > 1 and sentence.has("kinds.overtakes"):
            named = named[:1]
        listed = [p for p in named if binder.rank(p, spot)[0] != 1] or named
        if len(listed) > 1 and values[0] == 1 and _one_list(sentence, listed):
            yield _first_of_all(binder, claim, listed)
            continue
        place = min(
            named, key=lambda p: sentence.distance(p.start, p.end, word.start, word.end)
        )
        domestic = place.code in binder.country.areas
        doubts = [d for d in claim.doubts if d not in {"several_places", *_OF_PERIOD}]
        if sentence.has("kinds.smallest_rank") or (
            len(named) > 1 and domestic and values[0] == 1
        ):
            doubts.append("several_places")
        claim = claim.changed(
            area=place.code if domestic else binder.country.code,
            counterpart="WORLD" if domestic else place.code,
            unit="rank",
            start=min(claim.start, place.start),
            end=max(claim.end, place.end),
        )
        alternatives: tuple[Cell, ...] = ()
        begin, end = _clause(sentence, word)
        if not any(begin <= t.start < end for t in sentence.times):
            periods = [p for p in binder.lately() if p != claim.period]
            alternatives = tuple(claim.cell.at(time_period=p) for p in periods)
            claim = claim.changed(notes=(*claim.notes, "present"))
        if not claim.period and alternatives:
            claim = claim.changed(period=alternatives[0].time_period)
        yield claim.changed(
            alternatives=alternatives,
            doubts=tuple(doubts if claim.period else (*doubts, "no_period")),
        )


def _peaks(binder: Binder) -> Iterator[Claim]:
    """Claims such as "peaked in 2019": a year between lower ones, not a record."""
    sentence = binder.sentence
    for sense in ("highest", "lowest"):
        for word in sentence.words(f"kinds.local_{sense}"):
            years = [t for t in sentence.times if t.kind == "period" and len(t.period) == 4]
            years.sort(key=lambda t: (t.start < word.end, abs(t.start - word.end)))
            claim = _subject_claim(binder, word, "turning_points", sense=sense)
            if claim and years:
                yield claim.changed(
                    period=years[0].period,
                    members=(years[0].period,),
                    notes=("local",),
                    doubts=tuple(d for d in claim.doubts if d not in _OF_PERIOD),
                    start=min(word.start, years[0].start),
                    end=max(word.end, years[0].end),
                )


def _one_list(sentence: Sentence, places: list[Place]) -> bool:
    """Whether places are one list: nothing between them but commas and "and"."""
    return all(
        re.fullmatch(r"[\s,]*(?:(?:and|и|және|the|region|область|г\.)[\s,]*)*", between, re.I)
        for before, after in pairwise(places)
        for between in [sentence.text[before.end : after.start]]
    )


def _first_of_all(binder: Binder, claim: Claim, places: list[Place]) -> Claim:
    """Several places that are said to be the first ones together."""
    codes = tuple(dict.fromkeys(place.code for place in places))
    domestic = codes[0] in binder.country.areas
    return claim.changed(
        area=codes[0] if domestic else binder.country.code,
        counterpart="WORLD" if domestic else codes[0],
        unit="rank",
        value=float(len(codes)),
        members=codes,
        alternatives=(),
        doubts=tuple(d for d in claim.doubts if d != "several_places"),
        start=min(claim.start, *(p.start for p in places)),
        end=max(claim.end, *(p.end for p in places)),
    )


def _others(binder: Binder) -> Iterator[Claim]:
    """Claims on all other partners: "also affects other destinations", "the only exception"."""
    sentence = binder.sentence
    for name, sense in (("kinds.other_partners", ""), ("kinds.only_exception", "except")):
        for word in sentence.words(name)[:1]:
            spot = Spot(word.start, word.end)
            moves = [w for s in ("up", "down") for w in sentence.words(f"change.{s}")]
            moves.sort(key=lambda w: binder.rank(w, spot))
            way = sense or (moves[0].name.partition(".")[2] if moves else "")
            places = [p for p in sentence.places if p.code not in binder.country.areas]
            claim = _subject_claim(binder, word, "trend", sense=way)
            if claim is None or not way or (sense and not places):
                continue
            yield claim.changed(
                counterpart="WORLD",
                members=tuple(p.code for p in places[:1]) if sense else (),
                notes=("others",),
                alternatives=(),
                period=max(binder.lately(), default=""),
                doubts=() if binder.lately() else ("no_period",),
                end=max(claim.end, *(p.end for p in places[:1])) if sense else claim.end,
            )


def unread(binder: Binder, typed: list[Claim]) -> Iterator[Claim]:
    """Statements that are seen but not understood: "every third", "for the first time"."""
    sentence = binder.sentence
    covered = [(claim.start, claim.end) for claim in typed]
    for kind in ("share", "streak", "balance", "rank", "count", "record"):
        for word in sentence.words(f"kinds.loose_{kind}"):
            if any(start < word.end and word.start < end for start, end in covered):
                continue
            subject = binder.subject(Spot(word.start, word.end))
            if not subject.measure and kind != "count":
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
    if sentence.has("kinds.other_partners"):
        return  # said of others: `_others`
    taken = [claim for claim in numbered if claim.sense in {"up", "down"}]
    for sense in ("up", "down"):
        for word in sentence.words(f"change.{sense}"):
            near = [
                claim
                for claim in taken
                if claim.sense == sense
                and sentence.distance(word.start, word.end, claim.start, claim.end) < 60
            ]
            if near or _part_of_other(sentence, word) or _between_flows(sentence, word):
                continue
            claim = _subject_claim(binder, word, "trend", sense=sense)
            if claim and claim.measure != "net_migration":
                yield _dated(binder, word, claim)


def _between_flows(sentence: Sentence, word: Word) -> bool:
    """Whether it compares two flows: "more arrive than leave"."""
    behind = sentence.text[word.end : word.end + 60]
    than = re.search(r"\b(?:than|чем)\b", behind)
    flows = [
        w.name
        for name in FLOWS
        for w in sentence.words(f"measures.{name}")
        if word.start - 40 < w.start < word.end + 75
    ]
    return bool(than) and len(set(flows)) > 1


def _part_of_other(sentence: Sentence, word: Word) -> bool:
    """Whether a word of change belongs to a number, a sign or a multiple beside it."""
    inside = any(n.start <= word.start < n.end for n in sentence.numbers)
    adjacent = any(
        n.end <= word.start <= n.end + 12 or word.end <= n.start <= word.end + 2
        for n in sentence.numbers
    )
    signs = (*sentence.words("kinds.positive"), *sentence.words("kinds.negative"))
    return inside or adjacent or any(s.start <= word.start < s.end for s in signs)


def _dated(binder: Binder, word: Word, claim: Claim) -> Claim:
    """A trend with its period and what it is compared with."""
    sentence, main = binder.sentence, binder.main_period()
    periods = {t.period for t in sentence.times if t.kind == "period"}
    bases = [time for time in sentence.times if binder.is_base(time)]
    if len(periods) > 2 or (len(periods) > 1 and not bases):
        claim = claim.changed(notes=(*claim.notes, "far"))
    base = [p for time in bases if (p := time.resolved(binder.year(), main))]
    span = _span(binder, main)
    if span:
        claim = claim.changed(notes=tuple(n for n in claim.notes if n != "inherited"))
    period = main or claim.period
    if not span and parsed(period) and parse_period(period).kind == "range":
        years = parse_period(period)
        if years.start and years.end:
            span, period = period, str(years.end.year)
    doubts = claim.doubts if period else (*claim.doubts, "no_period")
    beside = [w for n in FLOWS for w in sentence.words(f"measures.{n}")]
    beside = [w for w in beside if 0 <= w.start - word.end < 2]
    if beside:  # "growing immigration" of all
        doubts = tuple(d for d in doubts if d != "subgroup")
        notes = (*claim.notes, "beside")
        claim = claim.changed(start=word.start, end=beside[0].end, notes=notes)
    spot = Spot(word.start, word.end)
    begin, end = _clause(sentence, word)
    row = [w for w in sentence.words("kinds.streak") if binder.rank(w, spot)[0] == 0]
    elsewhere = bool(row) and not any(begin <= w.start < end for w in row)
    count = _count_near(sentence, row[0]) if row else None
    last = parsed(period)
    if elsewhere or (row and not count and not sentence.has("change.steady")):
        doubts = (*doubts, "span_unknown")
    if count and not elsewhere and last and last.kind == "year":
        start, end = _clause(sentence, row[0])
        return claim.changed(
            kind="streak",
            value=count,
            period=period,
            start=min(claim.start, start),
            end=max(claim.end, end),
            doubts=doubts,
        )
    steady = ("steady",) if sentence.has("change.steady") or row else ()
    if sentence.has("kinds.gradual") and not span and not base:
        steady, claim = ("gradual",), _of_one_flow(binder, claim, spot)
    return claim.changed(
        period=period,
        compared_with=span or (base[0] if base else earlier(period) if period else ""),
        notes=(*claim.notes, *steady),
        doubts=tuple(dict.fromkeys(doubts)),
    )


def _of_one_flow(binder: Binder, claim: Claim, spot: Spot) -> Claim:
    """The flow of "this flow": that of the one place that the sentence names."""
    places = {p.code for p in binder.sentence.places} - {binder.country.code}
    pronoun = any(binder.rank(w, spot)[0] < 2 for w in binder.sentence.words("kinds.pronoun"))
    partners = places - set(binder.country.areas)
    if pronoun and len(partners) == 1:
        claim = claim.changed(counterpart=partners.pop(), area=binder.country.code)
    return claim.changed(alternatives=(), notes=("sure",))
