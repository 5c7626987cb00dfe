"""The section on the population that the flows come from.

For `migration`. Main function: `population`. A stock stands at an instant; level breaks are
drawn and said, and the regions are held against the nation.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from qonys.briefs.composing import Composer
from qonys.briefs.flows import net_series
from qonys.core.document import Block, Chart, Heading, Paragraph, Series
from qonys.core.periods import parse_period
from qonys.core.provenance import Figure
from qonys.observations import indicators as ind
from qonys.observations.reconcile import closures


def population(composer: Composer) -> list[Block]:
    """Population on 1 January, the balance per 1,000 people, and whether the regions close."""
    stocks = composer.years(composer.cell("population"), ("instant",))
    january = {text: figure for text, figure in stocks.items() if text.endswith("-01-01")}
    if len(january) < 2:
        return []
    last = list(january)[-1]
    blocks: list[Block] = [
        Heading(composer.word("h_population"), 2, "population"),
        composer.paragraph(
            "population",
            day=composer.period(last),
            people=composer.ref(january[last]),
        ),
        *_rate(composer),
        _chart(composer, january),
        *_breaks(composer, january),
        *_closing(composer),
    ]
    return blocks


def _rate(composer: Composer) -> Iterator[Block]:
    """The balance of the newest year that has an average population."""
    averages = composer.years(composer.cell("population_average"))
    balances = net_series(composer)
    both = [year for year in averages if year in balances]
    if both:
        year = both[-1]
        rate = composer.attempt(ind.per_1000, balances[year], averages[year])
        if rate is None:
            return
        yield composer.paragraph(
            "population_rate",
            during=composer.during(year),
            rate=composer.ref(rate, 2, signed=True),
        )


def _chart(composer: Composer, january: Mapping[str, Figure]) -> Chart:
    first, last = next(iter(january)), list(january)[-1]
    points = tuple(
        composer.point(figure, str(parse_period(text).year)) for text, figure in january.items()
    )
    return Chart(
        "lines",
        "population-chart",
        composer.word("c_population").format(first=first[:4], last=last[:4]),
        composer.word("c_population_sub").format(country=composer.name(composer.country.code)),
        composer.word("c_population_alt").format(
            first=first[:4], last=last[:4], start=points[0].text, end=points[-1].text
        ),
        (Series("population", composer.name("population", "measure"), points),),
        composer.word("year"),
        composer.source(*january.values()),
    )


def _breaks(composer: Composer, january: Mapping[str, Figure]) -> Iterator[Block]:
    """Steps of the series that are no growth."""
    steps = list(january)
    broken = [
        composer.keep(ind.difference(january[text], january[before]))
        for before, text in pairwise(steps)
        if january[text].status == "B" and january[before].status != "B"
    ]
    for figure in broken:
        yield composer.paragraph(
            "population_break",
            day=composer.period(figure.time_period),
            step=composer.ref(figure, signed=True),
        )


def _closing(composer: Composer) -> Iterator[Block]:
    """Whether the units add up to the nation, and what is kept apart."""
    found = list(closures(composer.view, "population"))
    if not found:
        return
    ids = {row.id for closure in found for row in (closure.whole, *closure.parts)}
    rows = [
        row
        for measure in ("population", "population_average")
        for many in composer.view.cells(measure).values()
        for row in many
    ]
    sources = tuple(dict.fromkeys(closure.whole.source for closure in found))
    failing = sum(not closure.closes for closure in found)
    counts = {
        "cells": (len(ids), "#(x)", "row"),
        "dates": (len(found), "#(t)", "unit"),
        "failing": (failing, "#(t: Σx ≠ X)", "unit"),
        "apart": (len(rows) - len(ids), "#(x)", "row"),
    }
    words = {
        name: composer.ref(
            composer.count(
                f"population.{name}",
                value,
                formula,
                unit=unit,
                measure="population",
                sources=sources,
            )
        )
        for name, (value, formula, unit) in counts.items()
    }
    key = "population_open" if failing else "population_closes"
    if not failing:
        words.pop("failing")
    yield Paragraph(composer.say(key, **words), "note")
