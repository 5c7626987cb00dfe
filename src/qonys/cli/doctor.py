"""`qonys doctor`: what is installed and what the store holds."""

import importlib.metadata
import platform
import sys

import click

from qonys.cli.terminal import (
    country_option,
    fail_on_findings,
    json_option,
    print_json,
    store_option,
)

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


@click.command()
@country_option
@store_option
@json_option
def doctor(country: str, store: str | None, as_json: bool) -> None:
    """Say what is installed, where the store is and what it holds."""
    from qonys import __version__
    from qonys.core.country import built_in, load_country
    from qonys.observations.reading import newest_release
    from qonys.observations.store import open_store

    parts = {name: _version(name) for name in PARTS}
    place = load_country(country)
    opened = open_store(store, place)
    report = {
        "qonys": __version__,
        "python": platform.python_version(),
        "parts": parts,
        "missing": [name for name, version in parts.items() if version is None],
        "countries": list(built_in()),
        "store": str(opened.home),
        "format": opened.manifest.format,
        "files": len(opened.manifest.files),
        "rows": sum(entry.rows for entry in opened.files(place.code)),
        "retractions": len(opened.manifest.retractions),
        "newest_release": newest_release(opened, place).isoformat(),
    }
    if as_json:
        print_json(report)
    else:
        _say(report, parts)
    fail_on_findings(list(report["missing"]))  # type: ignore[call-overload]


def _say(report: dict[str, object], parts: dict[str, str | None]) -> None:
    click.echo(f"Qonys {report['qonys']}, Python {report['python']} on {sys.platform}")
    for name, version in parts.items():
        mark = version or f"MISSING: pip install {name}"
        click.echo(f"  {name:20} {mark:12} {PARTS[name]}")
    click.echo(f"Store {report['store']}, format {report['format']}")
    click.echo(
        f"  {report['files']} files, {report['rows']} rows in use, "
        f"{report['retractions']} retractions, newest release {report['newest_release']}"
    )


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
