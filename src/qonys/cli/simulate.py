"""`qonys oversight simulate`: a bank of invented clients, whose mules are known."""

from pathlib import Path

import click

from qonys.cli.terminal import Verb, json_option, print_json, print_table, progress


@click.command(cls=Verb)
@click.argument(
    "spec", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the files: transactions, accounts, labels and more.",
)
@json_option
def simulate(spec: Path | None, output: Path, as_json: bool) -> None:
    """A bank of invented clients, for trying rules and rankings; SPEC (TOML) changes it.

    Keys of SPEC are those of the parameters that spec.json lists with what came of them:
    accounts, days, start, seed, mule_share, newcomer_share, drift, noise and rates. The same
    parameters give the same bytes.
    """
    from qonys.oversight.simulator import read_spec, write
    from qonys.oversight.simulator import simulate as simulated

    resolved = read_spec(spec)
    with progress("simulating") as step:
        step(f"{resolved.accounts:,} accounts, {resolved.days:,} days")
        bank = simulated(resolved)
        step("writing")
        files = write(bank, output)
    told = bank.summary()
    if as_json:
        print_json({**told, "files": [str(path) for path in files]})
        return
    single = {name: value for name, value in told.items() if not isinstance(value, dict)}
    for name, value in single.items():
        click.echo(f"{name.replace('_', ' ')}: {value:,}")
    for table in ("typologies", "look_alikes"):
        click.echo("")
        print_table([table.replace("_", " "), "accounts"], list(told[table].items()))
    click.echo("")
    for path in files:
        click.echo(path)
