"""`qonys claims`: check the sentences of a press text against the published figures."""

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
    print_json,
    progress,
    store_option,
)
from qonys.core.errors import DataError, Fault

if TYPE_CHECKING:
    from qonys.claims.typed import Report
    from qonys.core.country import Country

_SIGNS = {"holds": "✓", "compatible": "≈", "contradicted": "✗", "cannot_check": "?"}


class _Verbs(click.Group):
    command_class = Verb


@click.group(cls=_Verbs)
def claims() -> None:
    """Check sentences of the press against published figures.

    The text is read by a grammar, in English, Russian and partly Kazakh; what it does not
    understand it does not judge.
    """


@claims.command()
@click.argument("file", type=click.Path(path_type=Path))
@country_option
@as_of_option
@click.option(
    "--lang",
    type=click.Choice(["en", "ru", "kk"]),
    default="en",
    show_default=True,
    help="Language of the reasons and of the page.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the text with its claims marked, as one offline HTML page.",
)
@click.option(
    "--claim-review",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the decided claims as schema.org ClaimReview (JSON-LD).",
)
@store_option
@json_option
def check(
    file: Path,
    country: str,
    as_of: date | None,
    lang: str,
    output: Path | None,
    claim_review: Path | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Check a text (plain, Markdown, HTML), or a YAML file of typed claims.

    Exit code 1 when something is contradicted, by the figures or by the text itself.
    """
    from qonys.claims.checking import check_file
    from qonys.claims.telling import as_json as told
    from qonys.core.country import load_country
    from qonys.observations.reading import View
    from qonys.observations.store import open_store

    _require_other(file, output, claim_review)
    place = load_country(country)
    with progress("checking claims") as step:
        step("reading the store")
        view = View(open_store(store, place), place, as_of)
        step(file.name)
        report = check_file(file, view)
    _write(report, place, lang, output, claim_review)
    if as_json:
        print_json(told(report, place, lang))
    else:
        _print(report, place, lang)
    fail_on_findings([report] if report.contradicted else [])


def _require_other(file: Path, *outputs: Path | None) -> None:
    for output in outputs:
        if output is not None and output.resolve() == file.resolve():
            raise DataError(Fault("output and input are one file", str(output)))
    named = [output.resolve() for output in outputs if output is not None]
    if len(set(named)) < len(named):
        raise DataError(Fault("two outputs are one file", str(outputs[0])))
    if file.is_dir():
        raise DataError(Fault("a folder, not a file", str(file)))


def _write(
    report: "Report", country: "Country", lang: str, output: Path | None, review: Path | None
) -> None:
    from qonys.claims.telling import claim_review
    from qonys.observations.export import replacing

    if output is None and review is None:
        return
    text = claim_review(report, country, lang)
    if review is not None:
        with replacing(review) as beside:
            beside.write_text(text + "\n", encoding="utf-8")
    if output is not None:
        from qonys.briefs.annotated import render_annotated
        from qonys.briefs.checked import to_page

        page = render_annotated(to_page(report, country, lang, text))
        with replacing(output) as beside:
            beside.write_text(page, encoding="utf-8")


def _print(report: "Report", country: "Country", lang: str) -> None:
    from qonys.claims.telling import as_json as told

    answer = told(report, country, lang)
    for claim in answer["claims"]:
        _print_claim(claim)
    for finding in answer["consistency"]:
        sign = "✗" if finding["kind"] == "contradiction" else "!"
        numbers = ", ".join(finding["claims"])
        click.echo(f"{sign} {finding['reason']} ({numbers}) {finding['arithmetic']}")
    for found in answer["implied"]:
        cell = ":".join(str(found[n]) for n in ("measure", "area", "counterpart", "period"))
        click.echo(f"→ {cell}: {found['arithmetic']}")
    counts = {name: 0 for name in _SIGNS}
    for claim in answer["claims"]:
        counts[claim["verdict"]] += 1
    named = ", ".join(f"{count} {name}" for name, count in counts.items())
    click.echo(f"{counted(len(answer['claims']), 'claim')}: {named}")


def _print_claim(claim: dict[str, Any]) -> None:
    words = " ".join((claim["text"] or "").split())
    shown = words if len(words) < 90 else words[:87] + "..."
    click.echo(f"{_SIGNS[claim['verdict']]} {claim['id']} {shown}")
    click.echo(f"    {claim['reason']}")
    if claim["arithmetic"]:
        click.echo(f"    {claim['arithmetic']}")
    if claim["suggestion"]:
        click.echo(f"    {claim['suggestion']}")
