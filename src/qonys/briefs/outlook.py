"""The section on what comes next: fan charts, past forecasts against what came, the open year.

For `migration`. Main function: `outlook`. Forecasts are those of the room `forecast`, made from
the yearly figures that the view prefers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from qonys.briefs.composing import Composer
from qonys.briefs.flows import gapless_tail
from qonys.core.document import Block, Chart, Heading, Paragraph, Series, Table, Text
from qonys.core.errors import DataError
from qonys.core.intervals import Interval
from qonys.core.provenance import Figure, derived, slug
from qonys.forecast.part_years import YearNowcast, nowcast_year, parts_of
from qonys.forecast.reconciling import parse_identity
from qonys.forecast.running import RECONCILED, Ahead, Forecast, ahead_of, forecast
from qonys.forecast.selecting import SELECTED, Selector
from qonys.forecast.series import yearly
from qonys.observations.reading import View

LEFT, CAME, NET = "emigrants", "immigrants", "net_migration"
HORIZON = 10
TRIED = 10  #: Years of which the forecast made a year before is shown.
SHOWN = 16  #: Years before the forecast on a chart.
PARTS = ("cumulated", "quarter", "month")  #: Kinds of periods that an open year is known by.
_TOLD = (1, 2, 3, 5, 10)  #: Years ahead in the table.
_FEWEST = 12  #: Years under which no forecast is made.


@dataclass(frozen=True)
class _Outlook:
    """What is known of the years ahead, the same in every language."""

    found: Forecast
    tried: Mapping[str, list[Ahead]]
    open_years: Mapping[str, YearNowcast]
    positive: float


def outlook(composer: Composer) -> list[Block]:
    """Forecasts of both directions and their balance, with what such forecasts were worth."""
    told = {name: gapless_tail(composer.years(composer.cell(name))) for name in (LEFT, CAME)}
    drawn = _drawn(composer.view)
    if drawn is None or any(len(figures) < _FEWEST for figures in told.values()):
        return []
    blocks: list[Block] = [Heading(composer.word("h_outlook"), 2, "outlook")]
    for name, figures in told.items():
        if name in drawn.open_years:
            blocks.append(_open_year(composer, name, figures, drawn.open_years[name]))
    blocks.append(_next_year(composer, told, drawn))
    for name, figures in told.items():
        blocks.append(_chart(composer, name, figures, drawn))
        blocks.append(_held(composer, name, figures, drawn.tried[name]))
    blocks += [
        _table(composer, told, drawn),
        Paragraph(composer.say("outlook_caution"), "caution"),
    ]
    return blocks


@lru_cache(maxsize=2)
def _drawn(view: View) -> _Outlook | None:
    home = view.country.code
    series, open_years = [], {}
    for name in (CAME, LEFT):
        cell = Composer(view, "en").cell(name)
        rows = view.periods(cell)
        try:
            series.append(yearly(name, {year: row.value for year, row in rows.items()}))
        except DataError:
            return None
        inside = view.periods(cell, PARTS)
        parts = parts_of({p: (row.value, row.precision or 1.0) for p, row in inside.items()})
        try:
            totals = {year: row.value for year, row in rows.items()}
            open_years[name] = nowcast_year(f"{name}:{home}", totals, parts)[-1]
        except DataError:
            continue  # no year is known in part
    if len({one.periods[-1] for one in series}) > 1:
        return None
    identity = parse_identity(f"{NET} = {CAME} - {LEFT}")
    found = forecast(series, HORIZON, identities=[identity], method="bottom-up")
    tried = {}
    for one in series:
        selector = Selector([one.values], 1, 1)
        origins = range(max(selector.fewest, len(one.values) - TRIED), len(one.values))
        tried[one.name] = [
            told
            for origin in origins
            for told in ahead_of(
                one.name,
                SELECTED,
                one.periods[origin : origin + 1],
                selector.selected(0, origin).quantiles,
            )
        ]
    positive = float(np.mean(found.draws[NET][0] > 0))
    return _Outlook(found, tried, open_years, positive)


def _ahead(drawn: _Outlook, name: str, model: str) -> list[Ahead]:
    return [one for one in drawn.found.ahead if (one.series, one.model) == (name, model)]


def _rounded(value: float) -> float:
    """To three digits: a forecast knows no more."""
    return float(f"{value:.3g}")


def _figure(
    composer: Composer, one: Ahead, figures: Mapping[str, Figure], *, level: int = 95
) -> Figure:
    """A forecast as a figure; its interval is the forecast's."""
    low, high = (one.low_80, one.high_80) if level == 80 else (one.low_95, one.high_95)
    years = [year for year in figures if year < one.period]
    known = _known(composer, one.series, figures, years[-1])
    made = derived(
        slug(
            f"forecast-{level}-{one.horizon}-{one.period}",
            f"{one.series}-{composer.country.code}",
        ),
        known,
        (known,),
        value=_rounded(one.median),
        unit="person",
        interval=Interval(_rounded(low), _rounded(high)),
        formula=f"forecast from the years {years[0]} to {years[-1]}, {level} %",
        measure=one.series,
        time_period=one.period,
        breakdown="",
    )
    return composer.keep(replace(made, status="F"))


def _known(composer: Composer, name: str, figures: Mapping[str, Figure], last: str) -> Figure:
    """The years up to one that a forecast is made from; it leads to each of them."""
    years = [year for year in figures if year <= last]
    before: tuple[Figure, ...] = tuple(figures[year] for year in years)
    if len(figures) - len(years) < TRIED:  # the years before, and one more
        before = (_known(composer, name, figures, years[-2]), figures[last])
    return composer.count(
        slug(f"years-{last}", f"forecast-{name}-{composer.country.code}"),
        len(years),
        f"years from {years[0]} to {last}, from which a forecast is made",
        *before,
        unit="year",
    )


def _open_year(
    composer: Composer, name: str, figures: Mapping[str, Figure], one: YearNowcast
) -> Paragraph:
    """The year of which the first months are known."""
    ahead = Ahead(
        name,
        SELECTED,
        one.year,
        0,
        one.median,
        one.low_80,
        one.high_80,
        one.low_95,
        one.high_95,
    )
    figure = _figure(composer, ahead, figures)
    inside = composer.view.periods(composer.cell(name), PARTS)
    parts = [composer.row(row) for period, row in inside.items() if period[:4] == one.year]
    figure = composer.keep(
        replace(
            figure,
            formula=f"{figure.formula}; with {', '.join(part.time_period for part in parts)}",
            inputs=(*figure.inputs, *(part.id for part in parts)),
        )
    )
    return composer.paragraph(
        f"outlook_open_{name}",
        year=composer.period(one.year),
        value=composer.ref(figure, plain=True),
        span=composer.span(figure, 0),
    )


def _next_year(
    composer: Composer, told: Mapping[str, Mapping[str, Figure]], drawn: _Outlook
) -> Paragraph:
    """Both directions and the balance of the first year ahead."""
    parts: dict[str, Text] = {}
    for name, figures in told.items():
        figure = _figure(composer, _ahead(drawn, name, SELECTED)[0], figures)
        parts[name] = (composer.ref(figure, plain=True),)
        parts[f"{name}_span"] = (composer.span(figure, 0),)
    both = tuple(
        _known(composer, name, figures, list(figures)[-1]) for name, figures in told.items()
    )
    first = _ahead(drawn, NET, RECONCILED)[0]
    made = derived(
        slug(f"forecast-{first.period}", f"{NET}-{composer.country.code}"),
        both[0],
        both,
        value=_rounded(first.median),
        unit="person",
        interval=Interval(_rounded(first.low_95), _rounded(first.high_95)),
        formula=f"{CAME} - {LEFT}, joint draws, 95 %",
        measure=NET,
        time_period=first.period,
        breakdown="",
    )
    net = composer.keep(replace(made, status="F"))
    share = round(100 * drawn.positive)
    chance = derived(
        slug(f"chance-{first.period}", f"{NET}-{composer.country.code}"),
        net,
        (net,),
        value=share,
        unit="percent",
        interval=Interval(share, share),
        formula="part of the draws above 0",
    )
    alone = any(one.year == first.period for one in drawn.open_years.values())
    return composer.paragraph(
        "outlook_next_alone" if alone else "outlook_next",
        year=composer.period(first.period),
        net=composer.ref(net, signed=True, plain=True),
        net_span=composer.span(net, 0),
        chance=composer.ref(composer.keep(chance), 0, plain=True),
        **parts,
    )


def _chart(
    composer: Composer, name: str, figures: Mapping[str, Figure], drawn: _Outlook
) -> Chart:
    ahead = _ahead(drawn, name, SELECTED)
    last = ahead[0].period
    shown = {year: f for year, f in figures.items() if int(year) >= int(last) - SHOWN}
    before = [(_figure(composer, one, figures), one.period) for one in drawn.tried[name]]
    outer = [(_figure(composer, one, figures), one.period) for one in ahead]
    inner = [(_figure(composer, one, figures, level=80), one.period) for one in ahead]
    first, end = outer[0][0], outer[-1][0]
    return Chart(
        "lines",
        f"outlook-{name}",
        composer.word(f"c_outlook_{name}").format(last=ahead[-1].period),
        composer.word("c_outlook_sub").format(country=composer.name(composer.country.code)),
        composer.word("c_outlook_alt").format(
            last=list(figures)[-1],
            first=ahead[0].period,
            first_span=composer.span(first, 0).text,
            end=ahead[-1].period,
            end_span=composer.span(end, 0).text,
        ),
        (
            Series(
                name,
                composer.name(name, "measure"),
                tuple(composer.point(figure, year) for year, figure in shown.items()),
            ),
            Series(
                "forecast_before",
                composer.word("outlook_before"),
                tuple(composer.point(figure, year) for figure, year in before),
            ),
            Series(
                "forecast",
                composer.word("outlook_ahead"),
                tuple(composer.point(figure, year) for figure, year in outer),
            ),
            Series(
                "forecast",
                composer.word("outlook_inner"),
                tuple(composer.point(figure, year) for figure, year in inner),
            ),
        ),
        composer.word("year"),
        composer.source(*shown.values()),
    )


def _held(
    composer: Composer, name: str, figures: Mapping[str, Figure], tried: list[Ahead]
) -> Paragraph:
    """How many of the forecasts made a year before held what came."""
    held = sum(one.low_95 <= figures[one.period].value <= one.high_95 for one in tried)
    inputs = tuple(figures[one.period] for one in tried)
    inside = composer.count(
        slug("held", f"forecast-{name}-{composer.country.code}"),
        held,
        "years whose figure lies in the 95 % interval of the forecast made a year before",
        *inputs,
        unit="year",
    )
    made = composer.count(
        slug("tried", f"forecast-{name}-{composer.country.code}"),
        len(tried),
        "years of which the forecast made a year before is shown",
        *inputs,
        unit="year",
    )
    return Paragraph(
        composer.say("outlook_held", held=composer.ref(inside, 0), count=composer.ref(made, 0)),
        "note",
    )


def _table(
    composer: Composer, told: Mapping[str, Mapping[str, Figure]], drawn: _Outlook
) -> Table:
    rows: list[tuple[Text, ...]] = []
    for name, figures in told.items():
        for one in _ahead(drawn, name, SELECTED):
            if one.horizon in _TOLD:
                wide = _figure(composer, one, figures)
                near = _figure(composer, one, figures, level=80)
                rows.append(
                    (
                        (composer.name(name, "measure"),),
                        (composer.period(one.period),),
                        (composer.ref(wide, plain=True),),
                        (composer.span(near, 0),),
                        (composer.span(wide, 0),),
                    )
                )
    return Table(
        composer.word("t_outlook"),
        tuple(composer.word(key) for key in ("what", "year", "median", "in_80", "in_95")),
        tuple(rows),
        (),
        "outlook-table",
    )
