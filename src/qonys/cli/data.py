"""`qonys data`: list, check, show, add, pull, compare, retract and export figures."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qonys.cli.terminal import (
    Verb,
    as_of_option,
    counted,
    country_option,
    fail_on_findings,
    json_option,
    number,
    print_json,
    print_json_stream,
    print_table,
    progress,
    store_option,
)

if TYPE_CHECKING:
    from qonys.core.country import Country
    from qonys.core.observations import Observation, Observations
    from qonys.observations.store import Store

CERTAINTIES = {
    "known": "",
    "perhaps": "Perhaps known on that day (its release day is known only as a span):",
    "undated": "Release day unknown:",
}
#: Rows that are turned into Python objects at once.
BATCH = 1000


class _Verbs(click.Group):
    command_class = Verb


@click.group(cls=_Verbs)
def data() -> None:
    """List, check, add, compare and export figures.

    A cell is measure:area:counterpart:period[:dim=code,...], e.g.
    emigrants:KAZ:WORLD:2024-01/2024-04. A vintage is a release day, or SOURCE@DAY.
    """


def _open(store: str | None, country: str) -> "tuple[Store, Country]":
    from qonys.core.country import load_country
    from qonys.observations.store import open_store

    place = load_country(country)
    return open_store(store, place), place


def _measure(place: "Country", text: str) -> str:
    """Code of a measure given as code or as name in any language."""
    from qonys.core.codes import fold

    for code, entry in place.measures.items():
        if fold(text) in {fold(code), *map(fold, entry.names.values())}:
            return code
    return place.measures[text].code


@data.command("list")
@click.option("--measure", metavar="M", help="Only this measure: a code, e.g. emigrants.")
@click.option("--area", metavar="A", help="Only this place: a code or name, e.g. Astana.")
@click.option("--partner", metavar="P", help="Only this other end: a code or name, e.g. RUS.")
@click.option("--period", metavar="T", help="Only this period, e.g. 2024, 2025-01/2025-04.")
@click.option("--all-vintages", is_flag=True, help="List every release and source of a cell.")
@as_of_option
@country_option
@store_option
@json_option
def list_(
    measure: str | None,
    area: str | None,
    partner: str | None,
    period: str | None,
    all_vintages: bool,
    as_of: date | None,
    country: str,
    store: str | None,
    as_json: bool,
) -> None:
    """List figures, the preferred row of each cell.

    Places go by code or name, in English, Russian or Kazakh; `qonys data codes` lists the
    codes. Figures that are rounded carry a ~.
    """
    from qonys.core.periods import parse_period
    from qonys.observations.reading import Query, read

    opened, place = _open(store, country)
    query = Query(
        measure=_measure(place, measure) if measure else "",
        ref_area=place.aliases.resolve(area) if area else "",
        counterpart_area=place.aliases.resolve(partner) if partner else "",
        time_period=parse_period(period).text if period else "",
        as_of=as_of,
        preferred=not all_vintages,
    )
    rows = read(opened, place, query)
    if as_json:
        print_json_stream(_records(rows))
        return
    if rows:
        _print_rows(list(rows), as_of)
    else:
        given = {"measure": measure, "area": area, "partner": partner, "period": period}
        _say_none([f"--{name}" for name, value in given.items() if value], as_of)
    _hint_borders(place, query.ref_area)


def _records(rows: "Observations") -> Any:
    for batch in rows.table.to_batches(max_chunksize=BATCH):
        yield from batch.to_pylist()


def _print_rows(rows: "list[Observation]", as_of: date | None) -> None:
    headers = ("cell", "value", "unit", "status", "release", "source", "note")
    for certainty, title in CERTAINTIES.items():
        part = [
            (
                row.cell,
                ("~" if row.qualifier or row.low != row.high else "") + number(row.value),
                row.unit,
                row.obs_status,
                row.vintage,
                row.source,
                row.note[:60],
            )
            for row in rows
            if (row.certainty == certainty if as_of else certainty == "known")
        ]
        if part:
            if title:
                click.echo(f"\n{title}")
            print_table(headers, part)
    click.echo(
        f"\n{counted(len(rows), 'row')}. ~ is rounded; "
        "status P provisional, B break, U unreliable."
    )


def _say_none(given: list[str], as_of: date | None) -> None:
    """Say that there is nothing, and what to try."""
    ways = [f"another {' or '.join(given)}"] if given else []
    ways += ["fewer conditions"] if len(given) > 1 else []
    ways += ["a later --as-of"] if as_of else []
    click.echo(f"No figures. Try {', or '.join(ways)}." if ways else "No figures.")


def _hint_borders(place: "Country", area: str) -> None:
    former = [
        f"{code} ({entry.name('en')})"
        for code, entry in place.areas.items()
        if area
        and area in entry.fields.get("members", "").split(";")
        and entry.fields.get("kind") != "group"
    ]
    if former:
        click.echo(f"Borders changed: earlier figures are under {', '.join(former)}.")


@data.command()
@click.argument("cell")
@as_of_option
@country_option
@store_option
@json_option
def show(cell: str, as_of: date | None, country: str, store: str | None, as_json: bool) -> None:
    """Show one CELL: every release and source, with its doubts."""
    from qonys.core.errors import CodeError
    from qonys.core.observations import parse_cell
    from qonys.observations.reading import Query, breakdown, read

    opened, place = _open(store, country)
    wanted = parse_cell(cell)
    wanted = wanted.at(
        ref_area=place.aliases.resolve(wanted.ref_area),
        counterpart_area=place.aliases.resolve(wanted.counterpart_area),
    )
    if wanted.measure not in place.measures:
        raise CodeError(place.measures.fault(wanted.measure))
    for dim, code in wanted.dims.items():
        if code not in place.dimensions[dim]:
            raise CodeError(place.dimensions[dim].fault(code))
    query = Query(
        wanted.measure,
        wanted.ref_area,
        wanted.counterpart_area,
        wanted.time_period,
        breakdown(wanted),
        as_of,
        preferred=False,
    )
    rows = read(opened, place, query)
    if as_json:
        print_json_stream(_records(rows))
    elif not len(rows):
        click.echo(f"Nothing known of {wanted}.")
    else:
        _say_cell(place, list(rows))
    fail_on_findings([] if len(rows) else ["nothing"])


def _say_cell(place: "Country", rows: "list[Observation]") -> None:
    cell = rows[0].cell
    click.echo(str(cell))
    click.echo(
        f"{place.name(cell.measure, dimension='measure')}, {place.name(cell.ref_area)}, "
        f"{place.name(cell.counterpart_area)}, {cell.time_period}\n"
    )
    for index, row in enumerate(rows):
        source = place.sources[row.source]
        span = (
            ""
            if row.low == row.high
            else f"  stands for {number(row.low)} to {number(row.high)}"
        )
        preferred = "  <- preferred" if index == 0 else ""
        click.echo(f"{number(row.value)} {row.unit}{span}{preferred}")
        click.echo(f"    {source.producer}: {source.title} ({source.publisher})")
        click.echo(
            f"    {row.source}@{row.vintage}, status {row.obs_status}, {_when_public(row)}"
        )
        for text in (
            f"repeats {source.repeats}" if source.repeats else "",
            row.note,
            source.url,
        ):
            if text:
                click.echo(f"    {text}")


def _when_public(row: "Observation") -> str:
    """When a row became public, and whether the release itself says so, in plain words."""
    from qonys.core.periods import parse_release

    first, last = row.released_from, row.released_to
    if last is None:
        text = f"release day unknown, not before {first}" if first else "release day unknown"
    elif first == last:
        text = f"public on {last}"
    else:
        text = f"public between {first} and {last}" if first else f"public by {last}"
    if (first, last) != parse_release(row.vintage):
        text += " (inferred)"
    return f"{text}, perhaps public on that day" if row.certainty == "perhaps" else text


@data.command()
@as_of_option
@click.option("--kind", metavar="KIND", help="Only findings of this kind, e.g. rival.")
@country_option
@store_option
@json_option
def check(
    as_of: date | None, kind: str | None, country: str, store: str | None, as_json: bool
) -> None:
    """Check the figures against each other.

    Exit code 1 says that there are findings, 0 that there are none.
    """
    from qonys.core.errors import DataError, Fault
    from qonys.observations.reading import View
    from qonys.observations.reconcile import KINDS, check_country

    if kind is not None and kind not in KINDS:
        way_out = f"Kinds: {', '.join(KINDS)}."
        raise DataError(Fault("no such kind of finding", "--kind", value=kind, way_out=way_out))
    opened, place = _open(store, country)
    findings = [
        finding
        for finding in check_country(View(opened, place, as_of))
        if kind in (None, finding.kind)
    ]
    if as_json:
        print_json([finding.to_json() for finding in findings])
    elif findings:
        rows = [(f.severity, f.kind, f.cell, f.left, f.right, f.detail) for f in findings]
        print_table(("severity", "kind", "cell", "left", "right", "why"), rows)
        errors = sum(f.severity == "error" for f in findings)
        click.echo(
            f"\n{counted(len(findings), 'finding')}, {errors} that cannot both be right."
        )
    else:
        click.echo("No findings.")
    fail_on_findings(findings)


@data.command()
@click.argument("old")
@click.argument("new")
@click.option("--same", is_flag=True, help="List the equal cells too.")
@country_option
@store_option
@json_option
def diff(
    old: str, new: str, same: bool, country: str, store: str | None, as_json: bool
) -> None:
    """Compare two vintages, OLD and NEW, cell by cell.

    A vintage is a release day, or SOURCE@DAY; `qonys data vintages` lists them. Exit code 1
    says that there are differences.
    """
    from qonys.observations.compare import diff_vintages

    opened, place = _open(store, country)
    changes = diff_vintages(opened, place, old, new, same=same)
    if as_json:
        print_json([change.to_json() for change in changes])
    elif changes:
        rows = [
            (c.change, c.cell, *(v if v is None else number(v) for v in (c.before, c.after)))
            for c in changes
        ]
        print_table(("change", "cell", "before", "after"), rows)
    else:
        click.echo("No differences.")
    fail_on_findings(changes)


@data.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", metavar="ID", help="Source of the figures, a code.")
@click.option("--released", metavar="DAY", help="Release day of the file, e.g. 2025-05-20.")
@click.option(
    "--format",
    "reader",
    metavar="NAME",
    help="Reader: taldau, opendata, excel or table; otherwise it is recognised.",
)
@click.option(
    "--mapping",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Mapping of the columns, a TOML file.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="Setting of the reader; give it as often as needed.",
)
@country_option
@store_option
@json_option
def add(
    file: Path,
    source: str | None,
    released: str | None,
    reader: str | None,
    mapping: Path | None,
    options: tuple[str, ...],
    country: str,
    store: str | None,
    as_json: bool,
) -> None:
    """Add the figures of a FILE as a new vintage: all, or none."""
    from qonys.observations.adding import add_file

    opened, place = _open(store, country)
    for option in options:
        if "=" not in option:
            raise click.BadParameter(f"{option!r}: write KEY=VALUE", param_hint="--option")
    pairs = dict(option.partition("=")[::2] for option in options)
    with progress("adding") as step:
        step(file.name)
        added = add_file(
            opened,
            place,
            file,
            reader=reader,
            source=source,
            released=released,
            mapping=mapping,
            options=pairs,
        )
    _say_added(added, as_json)


def _say_added(added: Any, as_json: bool) -> None:
    if as_json:
        print_json(added)
        return
    state = "there already" if added["already"] else "added"
    click.echo(f"{counted(added['rows'], 'row')} {state}: {', '.join(added['releases'])}")
    for text in added["notes"]:
        click.echo(f"  {text}")


@data.command()
@click.argument("source")
@click.option("--base-url", metavar="URL", help="Another address of the provider.")
@click.option("--released", metavar="DAY", help="Release day, in place of the provider's own.")
@click.option("--refresh", is_flag=True, help="Ask again even where an answer is kept.")
@click.option("--no-add", is_flag=True, help="Only download, add nothing.")
@country_option
@store_option
@json_option
def pull(
    source: str,
    base_url: str | None,
    released: str | None,
    refresh: bool,
    no_add: bool,
    country: str,
    store: str | None,
    as_json: bool,
) -> None:
    """Fetch the newest release from a SOURCE and add it.

    SOURCE is taldau or opendata. This is the only command that uses the network.
    """
    from qonys.observations.adding import pull_and_add

    opened, place = _open(store, country)
    with progress("pulling") as step:
        results = pull_and_add(
            opened,
            place,
            source,
            base_url=base_url,
            released=released,
            refresh=refresh,
            add=not no_add,
            progress=step,
        )
    if as_json:
        print_json(results)
        return
    for result in results:
        click.echo(f"{result['file']}")
        if "rows" in result:
            _say_added(result, as_json=False)


@data.command()
@click.argument("vintage")
@click.option("--reason", required=True, help="Why it is hidden.")
@country_option
@store_option
@json_option
def retract(vintage: str, reason: str, country: str, store: str | None, as_json: bool) -> None:
    """Hide a VINTAGE and say why; nothing is deleted.

    A vintage is a release day, or SOURCE@DAY; `qonys data vintages` lists them.
    """
    opened, place = _open(store, country)
    rows = opened.retract(place.code, vintage, reason)
    if as_json:
        print_json({"vintage": vintage, "rows": rows, "reason": reason})
    else:
        verb = "is" if rows == 1 else "are"
        click.echo(f"{counted(rows, 'row')} of {vintage} {verb} hidden from now on: {reason}")


@data.command()
@country_option
@store_option
@json_option
def vintages(country: str, store: str | None, as_json: bool) -> None:
    """List the releases in the store, hidden ones with the reason."""
    opened, place = _open(store, country)
    reasons = {r.vintage: r.reason for r in opened.manifest.retractions}
    hidden = opened.hidden_releases(place.code)
    rows = []
    for name, count in sorted(opened.releases(place.code).items()):
        source, _, day = name.partition("@")
        reason = reasons.get(name) or reasons.get(day) or "" if name in hidden else ""
        rows.append(
            {
                "vintage": name,
                "source": source,
                "release": day,
                "rows": count,
                "retracted": reason,
            }
        )
    if as_json:
        print_json(rows)
    else:
        print_table(list(rows[0]) if rows else ["vintage"], [list(r.values()) for r in rows])


@data.command()
@click.argument("what", default="measure")
@click.option(
    "--lang",
    default="en",
    show_default=True,
    type=click.Choice(["en", "ru", "kk"]),
    help="Language of the names.",
)
@country_option
@json_option
def codes(what: str, lang: str, country: str, as_json: bool) -> None:
    """List the codes of WHAT, with their names.

    WHAT is measure (unless you name another), area, unit, source, or a breakdown such as
    ethnicity.
    """
    from qonys.core.country import load_country
    from qonys.core.errors import DataError, Fault

    place = load_country(country)
    lists: dict[str, Any] = {
        "measure": place.measures,
        "area": place.places,
        "unit": place.units,
        **place.dimensions,
    }
    if what == "source":
        rows = [(s.id, f"{s.producer}: {s.title}") for s in place.sources.values()]
    elif what in lists:
        rows = [(code, entry.name(lang)) for code, entry in lists[what].items()]
    else:
        raise DataError(
            Fault("no such list", value=what, way_out=f"Lists: {', '.join(lists)}, source.")
        )
    if as_json:
        print_json([{"code": code, "name": name} for code, name in rows])
    else:
        print_table(("code", "name"), rows)


@data.command()
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File to write, e.g. figures.csv or figures.parquet.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet", "sdmx-csv"]),
    help="Format; otherwise the ending of the file decides.",
)
@click.option("--all-vintages", is_flag=True, help="Write every release and source of a cell.")
@as_of_option
@country_option
@store_option
@json_option
def export(
    output: Path,
    form: str | None,
    all_vintages: bool,
    as_of: date | None,
    country: str,
    store: str | None,
    as_json: bool,
) -> None:
    """Write the figures to a file: CSV, Parquet or SDMX-CSV 2.0."""
    from qonys.observations.export import export_observations, format_of
    from qonys.observations.reading import Query, read

    chosen = form or format_of(output)
    opened, place = _open(store, country)
    rows = read(opened, place, Query(as_of=as_of, preferred=not all_vintages))
    export_observations(rows, output, chosen)
    if as_json:
        print_json({"file": str(output), "rows": len(rows), "format": chosen})
    else:
        click.echo(f"{counted(len(rows), 'row')} written to {output}")
