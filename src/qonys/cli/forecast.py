"""`qonys forecast`: what comes next, and how good such forecasts were."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

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
    from qonys.forecast.running import Ahead, Forecast
    from qonys.forecast.series import Series


_POINTS = ("median", "80 % low", "high", "95 % low", "high")


class _Verbs(click.Group):
    command_class = Verb


@click.group(cls=_Verbs)
def forecast() -> None:
    """Forecast series with their uncertainty, and score forecasts of the past."""


_draws_option = click.option(
    "--draws", type=click.IntRange(100, 100_000), default=2000, show_default=True, help="Paths."
)
_seed_option = click.option(
    "--seed", type=int, default=1, show_default=True, help="The same gives the same."
)


@forecast.command()
@click.argument("source", metavar="FILE|CELL")
@click.option("--horizon", type=int, required=True, help="Periods ahead.")
@_draws_option
@_seed_option
@as_of_option
@country_option
@store_option
@json_option
def run(
    source: str,
    horizon: int,
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
    from qonys.forecast.running import forecast as forecast_of

    series = _series(source, as_of, country, store)
    with progress("forecasting") as step:
        step(f"{len(series)} series")
        found = forecast_of(series, horizon, draws=draws, seed=seed)
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
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--origins", type=click.IntRange(1, 500), required=True, help="How many.")
@click.option("--horizon", type=click.IntRange(1, 120), help="Periods; a year if not given.")
@json_option
def backtest(file: Path, origins: int, horizon: int | None, as_json: bool) -> None:
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
        scores = backtest_of(series, origins, ahead)
    if as_json:
        print_json([asdict(one) for one in scores])
        return
    if not any(one.releases for one in series):
        click.echo("Of the newest values: what was known at the time was less.")
    rows = [
        [
            one.model,
            *(f"{value:.3f}" for value in (one.crps, one.mase, one.interval_score_95)),
            f"{one.coverage_80:.0%}",
            f"{one.coverage_95:.0%}",
        ]
        for one in sorted(scores, key=lambda one: one.crps)
        if one.series is None and one.horizon is None
    ]
    print_table(["model", "crps", "mase", "interval 95", "in 80 %", "in 95 %"], rows)


@forecast.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--horizon", type=click.IntRange(1, 200), required=True, help="Periods ahead.")
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
    file: Path, horizon: int, iterations: int, draws: int, seed: int, as_json: bool
) -> None:
    """Net migration rates of all countries at once, by a hierarchical AR(1).

    FILE is a CSV with the columns country, period (years, equally far apart), rate (a person
    and period), and population or not: with it the world's net is nought on every path.
    """
    from qonys.forecast.world import fit_world, outlooks, project_world, read_rates

    rates = read_rates(file)
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
        click.echo("No populations are told, so the countries' paths do not sum to nought.")


def _series(source: str, as_of: date | None, country: str, store: str | None) -> "list[Series]":
    """Series of a file, or of a cell of the store by year."""
    from qonys.forecast.series import read_series, yearly

    if Path(source).is_file():
        return read_series(Path(source))
    if ":" not in source:
        raise click.BadParameter(f"no such file, and no cell: {source}", param_hint="FILE|CELL")
    from qonys.core.country import load_country
    from qonys.core.observations import parse_cell
    from qonys.observations.reading import View
    from qonys.observations.store import open_store

    home = load_country(country)
    view = View(open_store(store, home), home, as_of)
    parts = source.split(":")
    cell = parse_cell(":".join([*parts, "2000"] if len(parts) == 3 else parts))
    rows = view.periods(cell)
    return [yearly(source, {period: row.value for period, row in rows.items()})]


def _print_forecast(found: "Forecast") -> None:
    def shown(value: float) -> str:
        return number(float(f"{value:.4g}"))

    def line(one: "Ahead") -> list[object]:
        values = (one.median, one.low_80, one.high_80, one.low_95, one.high_95)
        return [one.series, one.period, *map(shown, values)]

    heads = ["series", "period", *_POINTS]
    print_table(heads, [line(one) for one in found.ahead if one.model == "selected"])
    if found.years:
        click.echo("\nWhole years")
        print_table(heads, [line(one) for one in found.years])
    for name, note in found.notes.items():
        weights = sorted(found.weights[name].items(), key=lambda pair: -pair[1])
        told = ", ".join(f"{model} {100 * weight:.0f} %" for model, weight in weights)
        click.echo(f"\n{name}: {note}\n  {told}")
