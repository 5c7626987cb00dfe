"""`qonys brief`: from the store to a finished briefing."""

from datetime import date
from pathlib import Path

import click

from qonys.cli.terminal import (
    Verb,
    as_of_option,
    json_option,
    print_json,
    progress,
    store_option,
)


@click.command(cls=Verb)
@click.argument("country", default="KAZ")
@as_of_option
@click.option(
    "--lang",
    type=click.Choice(["en", "ru", "kk", "all"]),
    default="all",
    show_default=True,
    help="Language of the briefing; all writes the three.",
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/brief"),
    show_default=True,
    help="Folder to write to.",
)
@store_option
@json_option
def brief(
    country: str,
    as_of: date | None,
    lang: str,
    output: Path,
    store: str | None,
    as_json: bool,
) -> None:
    """Write a finished migration briefing, with its data.

    COUNTRY is a built-in country (KAZ unless you name another), or the path of a country
    folder. The briefing comes as HTML, PDF and Markdown, without any network.
    """
    from qonys.briefs.writing import write_brief
    from qonys.core.country import load_country
    from qonys.observations.reading import View
    from qonys.observations.store import open_store

    place = load_country(country)
    opened = open_store(store, place)
    languages = ("en", "ru", "kk") if lang == "all" else (lang,)
    with progress("briefing") as step:
        files = write_brief(View(opened, place, as_of), languages, output, progress=step)
    if as_json:
        print_json([str(path) for path in files])
        return
    for path in files:
        click.echo(path)
