"""`qonys doctor`: what is installed and what the store holds."""

import importlib.metadata
import platform
import sys
from typing import TYPE_CHECKING, Any

import click

from qonys.cli.terminal import (
    Verb,
    counted,
    country_option,
    fail_on_findings,
    json_option,
    print_json,
    store_option,
)

if TYPE_CHECKING:
    from qonys.core.country import Country
    from qonys.observations.store import Store

PARTS = {
    "duckdb": "the store",
    "pyarrow": "the store",
    "numpy": "draws",
    "jinja2": "HTML",
    "babel": "numbers in three languages",
    "vl-convert-python": "charts",
    "typst": "PDF",
    "python-calamine": "Excel files",
    "ijson": "large JSON files",
    "urllib3": "qonys data pull",
    "platformdirs": "the place of the store",
    "click": "the command line",
}


@click.command(cls=Verb)
@country_option
@store_option
@json_option
def doctor(country: str, store: str | None, as_json: bool) -> None:
    """Say what is installed, where the store is and what it holds."""
    from qonys import __version__
    from qonys.core.country import built_in, load_country
    from qonys.core.errors import DataError
    from qonys.observations.store import open_store

    parts = {name: _version(name) for name in PARTS}
    missing = [name for name, version in parts.items() if version is None]
    place = load_country(country)
    faults: list[str] = []
    try:
        opened = open_store(store, place)
    except DataError as error:
        opened = open_store(store)
        faults = [str(fault) for fault in error.faults]
    report = {
        "qonys": __version__,
        "python": platform.python_version(),
        "parts": parts,
        "missing": missing,
        "countries": list(built_in()),
        "store": str(opened.home),
        "format": opened.manifest.format,
        "files": len(opened.manifest.files),
        "rows": sum(entry.rows for entry in opened.files(place.code)),
        "retractions": len(opened.manifest.retractions),
        "newest_release": _newest(opened, place),
        "faults": faults,
    }
    if as_json:
        print_json(report)
    else:
        _say(report, parts)
    fail_on_findings([*missing, *faults])


def _newest(store: "Store", place: "Country") -> str | None:
    """The newest release day, none when no row has one."""
    from qonys.core.errors import DataError
    from qonys.observations.reading import newest_release

    try:
        return newest_release(store, place).isoformat()
    except DataError:
        return None


def _say(report: dict[str, Any], parts: dict[str, str | None]) -> None:
    click.echo(f"Qonys {report['qonys']}, Python {report['python']} on {sys.platform}")
    for name, version in parts.items():
        mark = version or f"MISSING: pip install {name}"
        click.echo(f"  {name:20} {mark:12} {PARTS[name]}")
    click.echo(f"Store {report['store']}, format {report['format']}")
    click.echo(
        f"  {counted(report['files'], 'file')}, {counted(report['rows'], 'row')} in use, "
        f"{counted(report['retractions'], 'retraction')}, "
        f"newest release {report['newest_release'] or 'unknown: no row in use has a day'}"
    )
    for fault in report["faults"]:
        click.echo(f"  {fault}")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
