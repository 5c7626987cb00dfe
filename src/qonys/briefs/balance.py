"""The section on the balance of arrivals and departures.

For `migration`. Main function: `net`. Finds the parts of a year that had another sign than
their year, within provisional releases; sets models apart.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from qonys.briefs.composing import Composer
from qonys.briefs.flows import COMPARABLE, gapless_tail, net_series, open_start
from qonys.core.document import Block, Chart, Heading, Paragraph, Series
from qonys.core.observations import Cell, Observation
from qonys.core.periods import parse_period
from qonys.core.provenance import Figure
from qonys.observations import indicators as ind

RECENT_YEARS = 5


def net(composer: Composer) -> list[Block]:
    """The balance by year, how long it has held its sign, and where the quarters disagree."""
    series = gapless_tail(net_series(composer))
    if len(series) < 3:
        return []
    blocks: list[Block] = [Heading(composer.word("h_net"), 2, "balance")]
    run = ind.streak(series, positive=True) or ind.streak(series, positive=False)
    last = list(series)[-1]
    if run:
        key = "net_positive" if series[last].value > 0 else "net_negative"
        key += open_start(run, series)
        blocks.append(
            composer.paragraph(
                key,
                during=composer.during(last),
                value=composer.ref(series[last], signed=True),
                first=composer.period(run.first),
                count=composer.ref(composer.keep(run.figure), 0),
                years=composer.years_word(int(run.figure.value)),
            )
        )
    computed = [text for text, figure in series.items() if figure.formula != "as published"]
    blocks.append(
        Chart(
            "lines",
            "net-chart",
            composer.word("c_net").format(first=next(iter(series)), last=last),
            composer.word("c_net_sub").format(country=composer.name(composer.country.code)),
            composer.word("c_net_alt").format(
                first=next(iter(series)),
                last=last,
                low=min(series, key=lambda text: series[text].value),
                high=max(series, key=lambda text: series[text].value),
            ),
            (
                Series(
                    "net_migration",
                    composer.name("net_migration", "measure"),
                    tuple(composer.point(f, t) for t, f in series.items()),
                ),
            ),
            composer.word("year"),
            composer.source(*series.values()),
        )
    )
    if computed:
        blocks.append(
            Paragraph(
                composer.say("net_computed", years=_spans(computed)),
                "note",
            )
        )
    blocks += _quarters(composer)
    blocks += _models(composer, series)
    return blocks


def _spans(years: list[str]) -> str:
    """Years with runs shortened: 1991–1999, 2025."""
    runs: list[list[int]] = []
    for year in map(int, years):
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}–{r[-1]}" for r in runs)


def hidden_quarters(composer: Composer) -> list[ind.CumulatedDifference]:
    """Balances of parts of a year, out of cumulated figures of like status."""
    balances: dict[int, dict[int, Figure]] = {}
    arrivals = composer.years(composer.cell("immigrants"), COMPARABLE)
    left = composer.years(composer.cell("emigrants"), COMPARABLE)
    for text in arrivals.keys() & left.keys():
        period = parse_period(text)
        starts_in_january = period.start is not None and period.start.month == 1
        if starts_in_january and period.months and period.year:
            rows = _provisional_pair(composer, text) or (arrivals[text], left[text])
            figure = composer.keep(ind.balance(*rows))
            balances.setdefault(period.year, {})[period.months] = figure
    found = []
    for year in sorted(balances):
        months = sorted(balances[year])
        for shorter, longer in pairwise(months):
            part = ind.of_cumulated(balances[year][longer], balances[year][shorter])
            composer.keep(part.figure)
            found.append(part)
    return found


def _provisional_pair(composer: Composer, text: str) -> tuple[Figure, Figure] | None:
    """Arrivals and departures of one provisional release of a whole year.

    The months between two cumulated figures are only comparable within provisional releases.
    """
    if parse_period(text).kind != "year":
        return None
    sides: list[dict[tuple[str, str], Observation]] = []
    for measure in ("immigrants", "emigrants"):
        rows = composer.view.rows(composer.cell(measure, period=text))
        exact = [row for row in rows if row.obs_status == "P" and row.low == row.high]
        sides.append({(row.source, row.vintage): row for row in exact})
    both = [release for release in sides[0] if release in sides[1]]
    if not both:
        return None
    return composer.row(sides[0][both[0]]), composer.row(sides[1][both[0]])


def _quarters(composer: Composer) -> Iterator[Block]:
    """Parts of a year with another sign than their year."""
    for part in hidden_quarters(composer):
        number = int(part.figure.time_period[:4])
        year = composer.fig(composer.cell("net_migration", period=str(number)))
        longer, shorter = composer.made_from(part.figure)
        provisional = longer.status == shorter.status == "P"
        if year is None or not provisional or number <= composer.view.as_of.year - RECENT_YEARS:
            continue
        if part.figure.high < 0 < year.low or part.figure.low > 0 > year.high:
            sign = "below" if part.figure.value < 0 else "above"
            yield composer.paragraph(
                f"hidden_{sign}",
                during=composer.during(part.figure.time_period),
                value=composer.ref(part.figure, signed=True),
                longer_period=composer.period(longer.time_period),
                longer=composer.ref(longer, signed=True),
                shorter_period=composer.period(shorter.time_period),
                shorter=composer.ref(shorter, signed=True),
                year=composer.ref(year, signed=True),
                year_period=str(number),
            )


def _models(composer: Composer, series: Mapping[str, Figure]) -> Iterator[Block]:
    """What models say of the last year that both cover, set apart."""
    cell = Cell("net_migration_estimate", composer.country.code, "WORLD", "2000")
    estimates = composer.years(cell)
    both = [text for text in estimates if text in series and estimates[text].status != "U"]
    if both:
        text = both[-1]
        yield composer.paragraph(
            "model_apart",
            period=composer.period(text),
            register=composer.ref(series[text], signed=True),
            model=composer.ref(estimates[text], signed=True),
            producer=composer.producer(estimates[text].sources[0]),
        )
