"""Statements without a number of their own: records, ranks, signs, streaks, trends.

For `parsing`. Main functions: `worded`, `unread`. Each word list of `lexicon` that opens such a
statement has its function here; what is seen but not understood becomes a claim with a doubt.
"""

import re
from collections.abc import Iterator

from qonys.claims.binding import FLOWS, Binder, Spot, cells
from qonys.claims.dating import earlier, parsed
from qonys.claims.mentions import Sentence, Word
from qonys.claims.typed import Claim
from qonys.core.periods import parse_period

_OF_PERIOD = frozenset({"no_period", "vague_period"})


def worded(binder: Binder, numbered: list[Claim]) -> Iterator[Claim]:
    """Claims whose kind a word gives, beside those of the numbers."""
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
        alternatives=cells(subject),
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


def unread(binder: Binder, typed: list[Claim]) -> Iterator[Claim]:
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
