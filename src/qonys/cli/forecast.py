"""`qonys forecast`: what comes next, and how good such forecasts were."""

import math
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qonys.cli.drivers import decompose, gravity
from qonys.cli.terminal import (
    Verb,
    as_of_option,
    country_option,
    json_option,
    number,
    print_json,
    print_table,
    progress,
    store_option,
)

if TYPE_CHECKING:
    from qonys.core.observations import Cell
    from qonys.forecast.part_years import YearNowcast
    from qonys.forecast.revisions import Nowcast
    from qonys.forecast.running import Ahead, Forecast
    from qonys.forecast.series import Series
    from qonys.forecast.world import Outlook, Rates
    from qonys.observations.reading import View


_POINTS = ("median", "80 % low", "80 % high", "95 % low", "95 % high")


class _Verbs(click.Group):
    command_class = Verb


@click.group(cls=_Verbs)
def forecast() -> None:
    """Forecast series with their uncertainty, and score forecasts of the past."""


_draws_option = click.option(
    "--draws", type=click.IntRange(100, 100_000), default=2000, show_default=True, help="Paths."
)
_seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="The same gives the same.",
)


@forecast.command()
@click.argument("source", metavar="FILE|CELL")
@click.option("--horizon", type=int, required=True, help="Periods ahead.")
@click.option(
    "--identity",
    "identities",
    multiple=True,
    help='A sum to keep, such as "net = arrivals - departures"; or a file with one a line.',
)
@click.option(
    "--reconcile",
    type=click.Choice(["mint", "bottom-up", "conditioning"]),
    default="mint",
    show_default=True,
    help="How sums are kept.",
)
@_draws_option
@_seed_option
@as_of_option
@country_option
@store_option
@json_option
def run(
    source: str,
    horizon: int,
    identities: tuple[str, ...],
    reconcile: str,
    draws: int,
    seed: int,
    as_of: date | None,
    country: str,
    store: str | None,
    as_json: bool,
) -> None:
    """What comes next: the selected forecast beside every baseline.

    FILE is a CSV with the columns period, value, and series and release or not; CELL a measure
    of the store such as emigrants:KAZ:WORLD, by year, as it was known on --as-of.
    """
    from qonys.forecast.reconciling import parse_identity
    from qonys.forecast.running import forecast as forecast_of

    series = _series(source, as_of, country, store)
    sums = [parse_identity(line) for text in identities for line in _lines(text)]
    with progress("forecasting") as step:
        step(f"{len(series)} series")
        found = forecast_of(
            series, horizon, identities=sums, method=reconcile, draws=draws, seed=seed
        )
    if as_json:
        print_json(
            {
                "forecast": [asdict(one) for one in found.ahead],
                "years": [asdict(one) for one in found.years],
                "weights": found.weights,
                "notes": found.notes,
            }
        )
        return
    _print_forecast(found)


@forecast.command()
@click.argument("source", metavar="FILE|CELL")
@click.option("--year", help="The year; the newest that is known in part if not given.")
@_draws_option
@_seed_option
@as_of_option
@country_option
@store_option
@json_option
def nowcast(
    source: str,
    year: str | None,
    draws: int,
    seed: int,
    as_of: date | None,
    country: str,
    store: str | None,
    as_json: bool,
) -> None:
    """What printed figures will become, or a whole year from its first months.

    FILE with the columns period, series, release and value: how figures were revised says what
    the newest ones will become. FILE with years and their first months (2025-01/2025-04), or a
    CELL such as emigrants:KAZ:WORLD: what the whole year will be.
    """
    from qonys.forecast.part_years import has_parts

    if Path(source).is_file() and not has_parts(Path(source)):
        if year is not None:
            raise click.UsageError("--year is of parts of years, not of releases")
        _nowcast_revisions(Path(source), as_of, draws, seed, as_json)
    else:
        _nowcast_year(source, year, as_of, country, store, as_json)


def _nowcast_revisions(
    file: Path, as_of: date | None, draws: int, seed: int, as_json: bool
) -> None:
    from qonys.forecast.revisions import learn, nowcast
    from qonys.forecast.series import read_series

    series = _known(read_series(file), as_of)
    law = learn(series)
    found = nowcast(series, law, draws=draws, seed=seed)
    growth = [100 * math.expm1(one) for one in law.growth.tolist()]
    if as_json:
        ages = zip(growth, law.printed.tolist(), strict=True)
        print_json(
            {
                "nowcast": [asdict(one) for one in found],
                "law": [
                    {"age": age, "revision_percent": grown, "figures": count}
                    for age, (grown, count) in enumerate(ages)
                ],
                "severity": law.severity,
            }
        )
        return
    if not found:
        click.echo("Every figure is as old as those that were never revised any more.")
        return
    rows = [
        [one.series, one.period, one.age, number(one.told), *_shown_points(one)]
        for one in found
    ]
    print_table(["series", "period", "age", "printed", *_POINTS], rows)
    told = ", ".join(f"{grown:+.0f} % at age {age}" for age, grown in enumerate(growth))
    click.echo(f"\nFigures grew by {told}.")


def _nowcast_year(
    source: str,
    year: str | None,
    as_of: date | None,
    country: str,
    store: str | None,
    as_json: bool,
) -> None:
    from qonys.forecast.part_years import nowcast_year, parts_of, read_parts

    if Path(source).is_file():
        if as_of is not None:
            raise click.UsageError(
                "--as-of is of cells and releases; a file holds what it holds"
            )
        known = read_parts(Path(source))
    else:
        view, cell = _cell(source, as_of, country, store)
        totals = {period: row.value for period, row in view.periods(cell).items()}
        told = view.periods(cell, ("cumulated", "quarter", "month")).items()
        rows_of = {period: (row.value, row.precision or 1.0) for period, row in told}
        known = {source: (totals, parts_of(rows_of))}
    found = [
        one
        for name, (totals, parts) in known.items()
        for one in nowcast_year(name, totals, parts, year)
    ]
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [[one.series, one.year, one.basis, *_shown_points(one)] for one in found]
    print_table(["series", "year", "from", *_POINTS], rows)


@forecast.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--origins", type=click.IntRange(1, 500), required=True, help="How many.")
@click.option("--horizon", type=click.IntRange(1, 120), help="Periods; a year if not given.")
@click.option(
    "--break",
    "breaks",
    multiple=True,
    metavar="FIRST/LAST",
    help="A known break, such as 2020-03/2021-12: origins within and without are told apart.",
)
@json_option
def backtest(
    file: Path, origins: int, horizon: int | None, breaks: tuple[str, ...], as_json: bool
) -> None:
    """Score every model at origins of the past, refitted at each.

    Scores are divided by the in-sample error of the seasonal naive. With a column of releases a
    model sees what was known then; without, the newest values (real-time errors are larger).
    """
    from qonys.forecast.backtests import backtest as backtest_of
    from qonys.forecast.series import AHEAD, read_series, same_kind

    series = read_series(file)
    ahead = horizon or AHEAD[same_kind(series)]
    with progress("backtesting") as step:
        step(f"{len(series)} series, {origins} origins")
        scores = backtest_of(series, origins, ahead, [_break(one) for one in breaks])
    if as_json:
        rows_of = [asdict(one) for one in scores]
        print_json(
            [{k: v for k, v in one.items() if breaks or k != "regime"} for one in rows_of]
        )
        return
    if not any(len(one.releases) > 1 for one in series):
        click.echo("Of the newest values: what was known at the time was less.")
    left = sorted({one.name for one in series} - {one.series for one in scores})
    if left:
        click.echo(f"Left out, too short or without a change: {', '.join(left)}")
    for regime in dict.fromkeys(one.regime for one in scores):
        rows = [
            [
                one.model,
                *(f"{value:.3f}" for value in (one.crps, one.mase, one.interval_score_95)),
                f"{one.coverage_80:.0%}",
                f"{one.coverage_95:.0%}",
            ]
            for one in sorted(scores, key=lambda one: one.crps)
            if one.series is None and one.horizon is None and one.regime == regime
        ]
        count = max((one.origins for one in scores if one.regime == regime), default=0)
        where = f" {regime} the breaks" if regime else ""
        click.echo(f"\nUp to {ahead} periods ahead from {count} origins{where}")
        print_table(["model", "crps", "mase", "interval 95", "in 80 %", "in 95 %"], rows)


def _break(text: str) -> tuple[str, str]:
    from qonys.core.errors import DataError
    from qonys.core.periods import parse_period

    first, _, last = text.partition("/")
    try:
        ends = parse_period(first).start, parse_period(last).end
    except DataError:
        ends = None, None
    if not (ends[0] and ends[1] and ends[0] <= ends[1]):
        raise click.BadParameter(f"expected FIRST/LAST, not {text}", param_hint="--break")
    return first, last


@forecast.command()
@click.argument("source", metavar="FILE|CELL")
@click.option(
    "--false-every",
    type=click.FloatRange(10, 2000),
    default=120,
    show_default=True,
    help="Periods, on average, between alarms where nothing changes.",
)
@as_of_option
@country_option
@store_option
@json_option
def alarms(
    source: str,
    false_every: float,
    as_of: date | None,
    country: str,
    store: str | None,
    as_json: bool,
) -> None:
    """When figures left what was to be expected of them: a control chart.

    Each period is compared with the forecast made one period before; small surprises in one
    direction add up until they are an alarm. An alarm is no cause and no forecast.
    """
    from qonys.forecast.alarms import watch

    series = _series(source, as_of, country, store)
    with progress("watching") as step:
        step(f"{len(series)} series")
        found = watch(series, false_every)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        [one.series, one.period, one.alarm]
        + [number(float(f"{x:.4g}")) for x in (one.value, one.median, one.low_95, one.high_95)]
        for one in found
        if one.alarm
    ]
    if rows:
        heads = ["series", "period", "alarm", "came", "expected", "95 % low", "high"]
        print_table(heads, rows)
    click.echo(
        f"{len(rows)} alarms in {len(found):,} periods; where nothing changes there would be "
        f"about {len(found) / false_every:.0f}."
    )


@forecast.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--horizon", type=click.IntRange(1, 200), help="Periods ahead.")
@click.option(
    "--hold-out",
    type=click.IntRange(1, 200),
    help="Forecast the last periods as if they had not come, and score it.",
)
@click.option(
    "--iterations",
    type=click.IntRange(200, 1_000_000),
    default=20_000,
    show_default=True,
    help="Sweeps of each of two chains.",
)
@_draws_option
@_seed_option
@json_option
def world(
    file: Path,
    horizon: int | None,
    hold_out: int | None,
    iterations: int,
    draws: int,
    seed: int,
    as_json: bool,
) -> None:
    """Net migration rates of all countries at once, by a hierarchical AR(1).

    FILE is a CSV with the columns country, period (years, equally far apart), rate (a person
    and period), and population or not: with it the world's net is nought on every path.
    """
    from qonys.forecast.world import fit_world, outlooks, project_world, read_rates

    if (horizon is None) == (hold_out is None):
        raise click.UsageError("one of --horizon and --hold-out is needed")
    rates = read_rates(file)
    if hold_out is not None:
        _world_held_out(rates, hold_out, iterations, draws, seed, as_json)
        return
    assert horizon is not None
    with progress("drawing") as step:
        step(f"{len(rates.countries)} countries, {iterations:,} sweeps")
        posterior = fit_world(rates, iterations=iterations, seed=seed)
        paths = project_world(rates, posterior, horizon, draws=draws, seed=seed)
        rows = outlooks(rates, paths)
    if as_json:
        print_json(
            {
                "forecast": [asdict(one) for one in rows],
                "effective_draws": posterior.effective,
                "r_hat": posterior.r_hat,
                "world_net_is_nought": rates.population is not None,
            }
        )
        return
    shown = [
        [one.country, one.period]
        + [
            f"{1000 * value:.2f}"
            for value in (one.median, one.low_80, one.high_80, one.low_95, one.high_95)
        ]
        for one in rows
    ]
    print_table(["country", "period", *_POINTS], shown)
    click.echo(
        f"\nPer 1,000 people and period; {posterior.effective:,.0f} effective draws, "
        f"R-hat {posterior.r_hat:.3f}."
    )
    if rates.population is None:
        click.echo("Not all populations are told, so the paths do not sum to nought.")


def _world_held_out(
    rates: "Rates", periods: int, iterations: int, draws: int, seed: int, as_json: bool
) -> None:
    from qonys.forecast.world import hold_out

    with progress("drawing") as step:
        step(f"{len(rates.countries)} countries, {iterations:,} sweeps")
        found = hold_out(rates, periods, iterations=iterations, draws=draws, seed=seed)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        [
            "all" if one.horizon is None else one.horizon,
            *(
                f"{1000 * value:.2f}"
                for value in (
                    one.mean_error,
                    one.last_value,
                    one.past_mean,
                    one.nought,
                    one.crps,
                )
            ),
            f"{one.coverage_80:.0%}",
            f"{one.coverage_95:.0%}",
        ]
        for one in found
    ]
    heads = [
        "ahead",
        "model",
        "last value",
        "past mean",
        "nought",
        "crps",
        "in 80 %",
        "in 95 %",
    ]
    print_table(heads, rows)
    click.echo("\nMean absolute errors per 1,000 people and period.")


def _lines(text: str) -> list[str]:
    """The lines of a file, or the text itself."""
    if " = " in text or not Path(text).is_file():
        return [text]
    try:
        lines = Path(text).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{text} is not in UTF-8", param_hint="--identity") from error
    return [line for line in lines if line.strip()]


def _series(source: str, as_of: date | None, country: str, store: str | None) -> "list[Series]":
    """Series of a file, or of a cell of the store by year."""
    from qonys.forecast.series import read_series, yearly

    if Path(source).is_file():
        return _known(read_series(Path(source)), as_of)
    view, cell = _cell(source, as_of, country, store)
    rows = view.periods(cell)
    return [yearly(source, {period: row.value for period, row in rows.items()})]


def _known(series: "list[Series]", as_of: date | None) -> "list[Series]":
    """Series as they were known on a day: of the releases up to it."""
    if as_of is None:
        return series
    from qonys.forecast.series import release_day

    days = {name: release_day(name) for one in series for name in one.releases}
    if not all(one.releases for one in series) or not all(days.values()):
        raise click.UsageError("--as-of needs a column of releases: 2025-05 or 2025-05-15.")
    then = []
    for one in series:
        out = [name for name in one.releases if (days[name] or as_of) <= as_of]
        if out:
            then.append(one.known(out[-1]))
    if not then:
        raise click.UsageError(f"no release up to {as_of}")
    return then


def _cell(
    source: str, as_of: date | None, country: str, store: str | None
) -> "tuple[View, Cell]":
    if ":" not in source:
        raise click.BadParameter(f"no such file, and no cell: {source}", param_hint="FILE|CELL")
    from qonys.core.country import load_country
    from qonys.core.observations import parse_cell
    from qonys.observations.reading import View
    from qonys.observations.store import open_store

    home = load_country(country)
    view = View(open_store(store, home), home, as_of)
    parts = source.split(":")
    if len(parts) > 3 and not any("=" in part for part in parts[3:]):
        raise click.BadParameter(
            f"a cell without its period: {':'.join(parts[:3])}", param_hint="FILE|CELL"
        )
    cell = parse_cell(":".join([*parts[:3], "2000", *parts[3:]]))
    if not any(other.at(time_period="2000") == cell for other in view.cells(cell.measure)):
        raise click.BadParameter(
            f"nothing is known of {source}; qonys data list shows what is",
            param_hint="FILE|CELL",
        )
    return view, cell


def _shown_points(one: "Ahead | Nowcast | Outlook | YearNowcast") -> list[str]:
    values = (one.median, one.low_80, one.high_80, one.low_95, one.high_95)
    return [number(float(f"{value:.4g}")) for value in values]


def _print_forecast(found: "Forecast") -> None:
    def line(one: "Ahead") -> list[object]:
        return [one.series, one.period, *_shown_points(one)]

    heads = ["series", "period", *_POINTS]
    last = {(one.series, one.period): one for one in found.ahead}  # the reconciled, if any
    print_table(heads, [line(one) for one in last.values()])
    if found.years:
        click.echo("\nWhole years")
        print_table(heads, [line(one) for one in found.years])
    for name, note in found.notes.items():
        click.echo(f"\n{name}: {note}")
        weights = sorted(found.weights.get(name, {}).items(), key=lambda pair: -pair[1])
        told = ", ".join(f"{model} {100 * weight:.0f} %" for model, weight in weights)
        click.echo(f"  {told}" if told else "", nl=bool(told))


forecast.add_command(gravity)
forecast.add_command(decompose)
