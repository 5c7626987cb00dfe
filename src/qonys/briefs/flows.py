"""Sections on departures, arrivals and the balance of the nation.

For `migration`. Main functions: `headline`, `departures`, `within_year`. Says only
what the series covers; a record is stated with its span, a comparison with its rounding
interval.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qonys.briefs.composing import Composer
from qonys.core.document import (
    Block,
    Bullets,
    Chart,
    Heading,
    Inline,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Series,
    Table,
    Text,
)
from qonys.core.periods import parse_period
from qonys.core.provenance import Figure
from qonys.observations import indicators as ind

COMPARABLE = ("year", "quarter", "cumulated")
NEARLY_ALIKE = 1.1
SEVERAL = 3
LABELLED_PEAK = 0.2  # of the tallest; lower peaks would print over each other


@dataclass(frozen=True)
class Pair:
    """A figure and that of the same period a year before.

    Parameters
    ----------
    now, before : Figure
        The two.
    """

    now: Figure
    before: Figure


def pairs(composer: Composer, measure: str) -> dict[str, Pair]:
    """Periods whose same period a year before is known too, in order of their end."""
    series = composer.years(composer.cell(measure), COMPARABLE)
    found = {}
    for text, now in series.items():
        before = series.get(parse_period(text).a_year_before().text)
        if before:
            found[text] = Pair(now, before)

    def order(text: str) -> tuple[str, int]:
        """By the last day, shorter periods first."""
        period = parse_period(text)
        return (str(period.end), period.months or 0)

    return {text: found[text] for text in sorted(found, key=order)}


def gapless_tail(series: Mapping[str, Figure]) -> dict[str, Figure]:
    """The longest run of years without a gap that ends with the last one."""
    kept: dict[str, Figure] = {}
    for text in reversed(list(series)):
        first = next(iter(kept), None)
        if first and parse_period(first).a_year_before().text != text:
            break
        kept = {text: series[text], **kept}
    return kept


def net_series(composer: Composer) -> dict[str, Figure]:
    """The balance by year: as printed, else, or where it no longer fits, computed."""
    printed = composer.years(composer.cell("net_migration"))
    arrivals = composer.years(composer.cell("immigrants"))
    departures = composer.years(composer.cell("emigrants"))
    series = dict(printed)
    for text in arrivals.keys() & departures.keys():
        computed = composer.keep(ind.balance(arrivals[text], departures[text]))
        said = printed.get(text)
        if said is None or not said.interval.overlaps(computed.interval):
            series[text] = computed
    return dict(sorted(series.items()))


def headline(composer: Composer) -> list[Block]:
    """The answer first: newest departures, arrivals and balance, each with its comparison."""
    found = pairs(composer, "emigrants")
    years = gapless_tail(composer.years(composer.cell("emigrants")))
    if not found:
        return [composer.paragraph("nothing_to_compare")]
    period = list(found)[-1]
    items = [_key_figure(composer, "emigrants", found[period])]
    arrivals = pairs(composer, "immigrants").get(period)
    if arrivals:
        items.append(_key_figure(composer, "immigrants", arrivals))
    net = _balance_figure(composer, period)
    if net:
        items.append(net)
    lead: list[Inline] = list(_lead(composer, period, found[period], arrivals))
    record = _record(composer, years) if period in years else None
    if record:
        lead += [" ", *record]
    return [Paragraph(tuple(lead), "lead"), KeyFigures(tuple(items))]


def _lead(composer: Composer, period: str, left: Pair, arrived: Pair | None) -> Text:
    if arrived is None:
        return composer.say(
            "lead_left", during=composer.during(period), left=composer.ref(left.now)
        )
    return composer.say(
        "lead",
        during=composer.during(period),
        left=composer.ref(left.now),
        arrived=composer.ref(arrived.now),
        country=composer.name(composer.country.code),
    )


def _key_figure(composer: Composer, measure: str, pair: Pair) -> KeyFigure:
    change = composer.attempt(ind.percent_change, pair.now, pair.before)
    before: dict[str, Inline | Text] = {
        "before": composer.ref(pair.before),
        "period": composer.period(pair.before.time_period),
    }
    if change is None:
        detail = composer.say("before_detail", **before)
    else:
        shown = composer.ref(change, 1, signed=True)
        detail = composer.say("change_detail", change=shown, **before)
        if change.low != change.high:
            clause = composer.say("rounding_clause", span=composer.signed_span(change, 1))
            detail = (*detail, *clause)
    return KeyFigure(
        f"{composer.name(measure, 'measure')}, {composer.period(pair.now.time_period)}",
        composer.ref(pair.now),
        detail,
        _tag(composer, pair.now),
    )


def _tag(composer: Composer, figure: Figure) -> str:
    words = []
    if figure.status == "P":
        words.append(composer.word("provisional"))
    if figure.certainty != "known":
        words.append(composer.word(f"certainty_{figure.certainty}"))
    return ", ".join(words)


def _balance_figure(composer: Composer, period: str) -> KeyFigure | None:
    net = composer.fig(composer.cell("net_migration", period=period))
    arrivals = composer.fig(composer.cell("immigrants", period=period))
    departures = composer.fig(composer.cell("emigrants", period=period))
    if arrivals and departures:
        computed = composer.keep(ind.balance(arrivals, departures))
        if net is None or not net.interval.overlaps(computed.interval):
            net = computed
    if net is None:
        return None
    detail: Text = ()
    series = gapless_tail(net_series(composer))
    run = ind.streak(series, positive=net.value > 0) if period in series else None
    if run and run.figure.value > 1:
        key = "positive_streak" if net.value > 0 else "negative_streak"
        key += open_start(run, series)
        detail = composer.say(
            key,
            count=composer.ref(run.figure, 0),
            years=composer.years_word(int(run.figure.value)),
            first=composer.period(run.first),
        )
    return KeyFigure(
        f"{composer.name('net_migration', 'measure')}, {composer.period(period)}",
        composer.ref(net, signed=True),
        detail,
        _tag(composer, net),
    )


def open_start(run: ind.Streak, series: Mapping[str, Figure]) -> str:
    """Which text says that a run may have begun before the series does."""
    return "_at_least" if run.first == next(iter(series)) else ""


def _record(composer: Composer, series: Mapping[str, Figure]) -> Text:
    """The record of the last year, with the span that it is a record of."""
    if len(series) < 3:
        return ()
    last = list(series)[-1]
    for kind in ("lowest", "highest"):
        found = ind.record(series, last, kind)
        if found:
            length = composer.count(
                f"length.{found.figure.id}",
                found.length,
                f"#(x), {found.first} … {found.last}",
                composer.keep(found.figure),
                unit="year",
                period=f"{found.first}/{found.last}",
            )
            return composer.say(
                f"record_{kind}" if found.sure else f"record_{kind}_shared",
                first=composer.period(found.first),
                last=composer.period(found.last),
                count=composer.ref(length),
            )
    return ()


def departures(composer: Composer) -> list[Block]:
    """The long series of departures and arrivals, its rises and turning points."""
    left = gapless_tail(composer.years(composer.cell("emigrants")))
    if len(left) < 3:
        return []
    arrived = gapless_tail(composer.years(composer.cell("immigrants")))
    last = list(left)[-1]
    blocks: list[Block] = [Heading(composer.word("h_departures"), 2, "departures")]
    in_headline = last in list(pairs(composer, "emigrants"))[-1:]
    record = () if in_headline else _record(composer, left)
    if record:
        blocks.append(
            composer.paragraph(
                "record_year", period=last, value=composer.ref(left[last]), record=record
            )
        )
    blocks.append(_long_chart(composer, left, arrived))
    blocks += _rises(composer, left)
    blocks += _turnings(composer, left)
    blocks += _end_to_end(composer, left)
    blocks.append(Paragraph(composer.say("register_caution"), "caution"))
    return blocks


def _end_to_end(composer: Composer, series: Mapping[str, Figure]) -> Iterator[Block]:
    """The change over the whole series, and that it was no steady fall."""
    first, last = next(iter(series)), list(series)[-1]
    change = composer.attempt(ind.percent_change, series[last], series[first])
    if change:
        mixed = change.value < 0 and len(ind.rises(series)) > 0
        yield composer.paragraph(
            "end_to_end_mixed" if mixed else "end_to_end",
            first=composer.period(first),
            last=composer.period(last),
            start=composer.ref(series[first]),
            end=composer.ref(series[last]),
            change=composer.ref(change, 1, signed=True),
        )


def _long_chart(
    composer: Composer, left: Mapping[str, Figure], arrived: Mapping[str, Figure]
) -> Chart:
    turning = {t.figure.time_period: t.kind for t in ind.turning_points(left)}
    tall = max(figure.value for figure in left.values()) * LABELLED_PEAK
    notes = {
        text: composer.word(kind)
        for text, kind in turning.items()
        if kind == "peak" and left[text].value > tall
    }
    series = [
        Series(
            "emigrants",
            composer.name("emigrants", "measure"),
            tuple(composer.point(f, t, note=notes.get(t, "")) for t, f in left.items()),
        )
    ]
    if arrived:
        series.append(
            Series(
                "immigrants",
                composer.name("immigrants", "measure"),
                tuple(composer.point(f, t) for t, f in arrived.items()),
            )
        )
    first, last = next(iter(left)), list(left)[-1]
    return Chart(
        "lines",
        "long-series-chart",
        composer.word("c_long").format(first=first, last=last),
        composer.word("c_long_sub").format(country=composer.name(composer.country.code)),
        composer.word("c_long_alt").format(
            first=first,
            last=last,
            start=composer.ref(left[first]).text,
            end=composer.ref(left[last]).text,
            peaks=", ".join(text for text, kind in turning.items() if kind == "peak"),
        ),
        tuple(series),
        composer.word("year"),
        composer.source(*left.values(), *arrived.values()),
    )


def _rises(composer: Composer, series: Mapping[str, Figure]) -> Iterator[Block]:
    rises = [composer.keep(figure) for figure in ind.rises(series)]
    if not rises:
        yield composer.paragraph("no_rises")
        return
    first, last = next(iter(series)), list(series)[-1]
    split = max("2000", first)
    spans = {"rises_since": f"{split}/{last}", "rises_before": f"{first}/{split}"}
    for key, chosen in (
        ("rises_since", [f for f in rises if f.time_period >= split]),
        ("rises_before", [f for f in rises if f.time_period < split]),
    ):
        if chosen:
            yield composer.paragraph(
                key,
                years=composer.listed(composer.ref(f, text=f.time_period) for f in chosen),
                split=split,
                count=composer.ref(
                    composer.count(
                        f"rises.{chosen[0].measure}.{chosen[0].time_period}"
                        f".{chosen[-1].time_period}",
                        len(chosen),
                        "#(x[t] > x[t − 1])",
                        *chosen,
                        unit="year",
                        period=spans[key],
                    )
                ),
            )


def _turnings(composer: Composer, series: Mapping[str, Figure]) -> Iterator[Block]:
    turning = ind.turning_points(series)
    parts: dict[str, Text] = {}
    for kind in ("peak", "trough"):
        chosen = [composer.keep(t.figure) for t in turning if t.kind == kind]
        parts[kind] = composer.listed(
            (
                composer.ref(f, text=f.time_period),
                " (",
                composer.ref(composer.keep(series[f.time_period])),
                ")",
            )
            for f in chosen
        )
    if parts["peak"] and parts["trough"]:
        yield composer.paragraph("turnings", peaks=parts["peak"], troughs=parts["trough"])


def within_year(composer: Composer) -> list[Block]:
    """Cumulated and quarterly figures against the same period a year before."""
    found, arrived = (
        {t: p for t, p in pairs(composer, measure).items() if parse_period(t).kind != "year"}
        for measure in ("emigrants", "immigrants")
    )
    if not found:
        return []
    last_year = parse_period(list(found)[-1]).year
    blocks: list[Block] = [
        Heading(composer.word("h_within"), 2, "within-year"),
        composer.paragraph("within_intro"),
    ]
    recent = {t: p for t, p in found.items() if parse_period(t).year == last_year}
    bullets = []
    for text, pair in recent.items():
        bullets.append(_times_sentence(composer, text, pair))
        if text in arrived:
            bullets.append(_arrivals_sentence(composer, text, arrived[text]))
    blocks.append(Bullets(tuple(bullet for bullet in bullets if bullet)))
    blocks += _destinations(composer)
    shown = {
        t: p for t, p in found.items() if (parse_period(t).year or 0) > (last_year or 0) - 3
    }
    rows = [_within_row(composer, text, pair) for text, pair in shown.items()]
    blocks.append(
        Table(
            composer.word("t_within"),
            tuple(
                composer.word(f"t_within_{name}")
                for name in ("period", "now", "before", "by", "span")
            ),
            tuple(rows),
            composer.source(*(f for p in shown.values() for f in (p.now, p.before))),
            "within-table",
        )
    )
    return blocks


def _compared(composer: Composer, pair: Pair) -> tuple[Figure | None, str]:
    """How many times fewer or more, always as a number above one; none where one is zero."""
    fewer = pair.now.value < pair.before.value
    compute = ind.times_fewer if fewer else ind.times
    return composer.attempt(compute, pair.now, pair.before), "fewer" if fewer else "more"


def _times_sentence(composer: Composer, text: str, pair: Pair) -> Text:
    figure, word = _compared(composer, pair)
    if figure is None or figure.value < NEARLY_ALIKE:
        return _change_sentence(composer, "change_emigrants", text, pair)
    key = f"times_{word}" if figure.low != figure.high else f"times_{word}_exact"
    parts: dict[str, Inline | Text] = {
        "period": composer.period(text),
        "now": composer.ref(pair.now),
        "before": composer.ref(pair.before),
        "times": composer.ref(figure, 1),
    }
    if figure.low != figure.high:
        parts["span"] = composer.span(figure, 2)
    return _with_status(composer, composer.say(key, **parts), pair.now)


def _arrivals_sentence(composer: Composer, text: str, pair: Pair) -> Text:
    return _change_sentence(composer, "change_immigrants", text, pair)


def _change_sentence(composer: Composer, key: str, text: str, pair: Pair) -> Text:
    """A comparison in percent; nothing where the earlier figure is zero."""
    change = composer.attempt(ind.percent_change, pair.now, pair.before)
    if change is None:
        return ()
    rounded = change.low != change.high
    parts: dict[str, Inline | Text] = {
        "period": composer.period(text),
        "now": composer.ref(pair.now),
        "before": composer.ref(pair.before),
        "change": composer.ref(change, 1, signed=True),
        "rounding": composer.say("rounding_clause", span=composer.signed_span(change, 1))
        if rounded
        else (),
    }
    return _with_status(composer, composer.say(key, **parts), pair.now)


def _with_status(composer: Composer, sentence: Text, figure: Figure) -> Text:
    """The sentence with a word for a provisional figure before its full stop."""
    last = sentence[-1]
    if figure.status == "P" and isinstance(last, str):
        end = f"{last.removesuffix('.')} ({composer.word('provisional')})."
        return (*sentence[:-1], end)
    return sentence


def _within_row(composer: Composer, text: str, pair: Pair) -> tuple[Text, ...]:
    figure, word = _compared(composer, pair)
    said: Text = ("–",)
    span: Text = ("–",)
    if figure and figure.value >= NEARLY_ALIKE:
        said = composer.say(f"times_{word}_short", times=composer.ref(figure, 2))
        span = (composer.span(figure, 2),) if figure.low != figure.high else span
    elif change := composer.attempt(ind.percent_change, pair.now, pair.before):
        said = (composer.ref(change, 1, signed=True),)
    return (
        (composer.period(text),),
        (composer.ref(pair.now),),
        (composer.ref(pair.before),),
        said,
        span,
    )


def _destinations(composer: Composer) -> Iterator[Block]:
    """Where people left to in the newest part of a year that names several countries."""
    home = composer.country.code
    named: dict[str, dict[str, Figure]] = {}
    for cell in composer.view.cells("emigrants"):
        single = composer.is_single(cell.counterpart_area)
        part = cell.period.kind in {"cumulated", "quarter"} and cell.ref_area == home
        if single and part and not cell.dims:
            figure = composer.fig(cell)
            if figure and figure.status != "U":
                named.setdefault(cell.time_period, {})[cell.counterpart_area] = figure
    several = [text for text in named if len(named[text]) >= SEVERAL]
    if several:
        text = max(several, key=lambda text: (str(parse_period(text).end), text))
        order = sorted(named[text].items(), key=lambda item: -item[1].value)
        yield composer.paragraph(
            "destinations",
            period=composer.period(text),
            countries=composer.listed(
                (f"{composer.name(code)} ", composer.ref(figure)) for code, figure in order
            ),
        )


def summary_share(composer: Composer, part: Figure, whole: Figure) -> Figure | None:
    """A share, or nothing when the two do not fit, or one is provisional and one final."""
    same = (part.status == "P") == (whole.status == "P")
    return composer.attempt(ind.share, part, whole) if same else None
