"""`qonys forecast gravity` and `decompose`: what goes with flows, what a change is made of."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qonys.cli.terminal import Verb, json_option, number, print_json, print_table, progress

if TYPE_CHECKING:
    from qonys.forecast.decomposing import Part
    from qonys.forecast.gravity import Gravity, Term

_SHOWN = 10  #: Levels left out that are named.
_file = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))


@click.command(cls=Verb)
@_file
@click.option(
    "--covariate",
    "covariates",
    multiple=True,
    metavar="NAME",
    help="A column that enters as it stands. If neither this nor --log is given: every column "
    "besides origin, destination, year and flow.",
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    metavar="NAME",
    help="A column that enters by its logarithm, such as a distance.",
)
@click.option(
    "--effect",
    "effects",
    multiple=True,
    metavar="PARTS",
    help="A fixed effect of origin, destination and year, joined by ^. If none is given: "
    "origin^year and destination^year, or origin and destination without years.",
)
@click.option(
    "--cluster",
    type=click.Choice(["pair", "origin", "destination", "none"]),
    default="pair",
    show_default=True,
    help="Rows whose errors may go together. A pair has a direction.",
)
@json_option
def gravity(
    file: Path,
    covariates: tuple[str, ...],
    logs: tuple[str, ...],
    effects: tuple[str, ...],
    cluster: str,
    as_json: bool,
) -> None:
    """What goes with flows between places: PPML with fixed effects.

    FILE is a CSV with the columns origin, destination, flow, and year or not, and covariates.
    Zeros count, a missing flow is no zero. Needs pip install 'qonys[drivers]'.
    """
    from qonys.forecast.gravity import fit_gravity, read_flows

    flows = read_flows(file, (*covariates, *logs))
    asked = covariates if covariates or logs else tuple(flows.covariates)
    with progress("fitting") as step:
        step(f"{len(flows.flow):,} rows")
        found = fit_gravity(flows, asked, logs=logs, effects=effects, cluster=cluster)
    if as_json:
        print_json(asdict(found))
        return
    _print_gravity(found)


def _print_gravity(found: "Gravity") -> None:
    heads = ["covariate", "for", "flow, %", "95 % low", "high"]
    print_table([*heads, "coefficient", "standard error"], [_line(one) for one in found.terms])
    errors = (
        "robust to unequal variances"
        if found.cluster == "none"
        else f"clustered by {found.cluster} ({found.clusters:,} clusters)"
    )
    click.echo(
        f"\nPPML, {found.rows:,} rows, fixed effects {', '.join(found.effects)}.\n"
        f"Standard errors {errors}, t with {found.degrees:,} degrees of freedom.\n"
        f"Deviance {found.deviance:,.1f}, pseudo R2 {found.pseudo_r2:.3f} (McFadden)."
    )
    for name, why in found.dropped.items():
        click.echo(f"Dropped: {name}: {why}.")
    if found.zeros_left_out:
        click.echo(f"Left out: {found.zeros_left_out:,} zeros that are predicted perfectly.")
    if found.single_left_out:
        click.echo(f"Left out: {found.single_left_out:,} rows alone in a level of an effect.")
    if found.levels_left_out:
        more = len(found.levels_left_out) - _SHOWN
        rest = f" and {more:,} more" if more > 0 else ""
        click.echo(f"Gone with them: {', '.join(found.levels_left_out[:_SHOWN])}{rest}.")
    for note in found.notes:
        click.echo(note)
    click.echo(
        "What goes together under these effects, no cause: whatever else differs between\n"
        "pairs and goes with a covariate is counted as its doing."
    )


def _line(one: "Term") -> list[object]:
    return [
        f"log {one.name}" if one.logged else one.name,
        "+10 %" if one.logged else "+1",
        *map(_percent, (one.change, one.change_low_95, one.change_high_95)),
        f"{one.estimate:.4g}",
        f"{one.standard_error:.2g}",
    ]


def _percent(share: float) -> str:
    return f"{100 * share:+.1f}" if share < 1000 else f"{100 * share:+.1e}"


@click.command(cls=Verb)
@_file
@click.option(
    "--from", "first", type=int, required=True, metavar="YEAR", help="The year before."
)
@click.option("--to", "last", type=int, required=True, metavar="YEAR", help="The year after.")
@json_option
def decompose(file: Path, first: int, last: int, as_json: bool) -> None:
    """What a change in the number of leavers is made of: size, ages, rates, destinations.

    FILE is a CSV with the columns year, age, population, emigrants, and destination or not.
    Effects are averaged over all orders in which they may come, and add up exactly.
    """
    from qonys.forecast.decomposing import decompose as decomposition
    from qonys.forecast.decomposing import read_leavers

    found = decomposition(read_leavers(file), first, last)
    if as_json:
        print_json(asdict(found))
        return
    going = bool(found.destinations)
    print_table(_heads("", first, last, going), [_row(found.total, going)])
    if going:
        click.echo("\nBy destination, the largest change first")
        _print_parts("destination", first, last, found.destinations, True)
    click.echo("\nBy age")
    _print_parts("age", first, last, found.ages, False)
    where = "; where to: other destinations" if going else ""
    click.echo(
        "\nPeople, rounded. size: a larger or smaller population; ages: more or fewer of them\n"
        f"at ages that leave; rates: leaving more or less often at the same age{where}.\n"
        "Arithmetic of these figures, no cause; return and arrival are not in it."
    )


def _heads(name: str, first: int, last: int, going: bool) -> list[str]:
    return [name, str(first), str(last), "change", "size", "ages", "rates"] + going * [
        "where to"
    ]


def _print_parts(
    name: str, first: int, last: int, parts: "Sequence[Part]", going: bool
) -> None:
    print_table(_heads(name, first, last, going), [_row(part, going) for part in parts])


def _row(part: "Part", going: bool) -> list[object]:
    changes = [part.change, part.size, part.age, part.rate] + going * [part.destination]
    return [part.name, number(part.before), number(part.after), *map(_signed, changes)]


def _signed(value: float) -> str:
    """People gained or lost, without parts of a person."""
    return f"{round(value):+,}" if round(value) else "0"
