"""`qonys survey`: what surveys of intentions can say, and what they cannot."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qonys.cli.terminal import (
    Verb,
    country_option,
    fail_on_findings,
    json_option,
    print_json,
)
from qonys.core.errors import DataError, Fault

if TYPE_CHECKING:
    from qonys.survey.published import Published
    from qonys.survey.tables import Differing, Examined

_SIGNS = {
    "possible": "✓",
    "impossible if unweighted": "✗",
    "cannot test": "?",
    "order": ">",
    "no order": "~",
}


class _Verbs(click.Group):
    command_class = Verb


@click.group(cls=_Verbs)
def survey() -> None:
    """Examine surveys of which shares and a sample size were printed."""


@survey.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@country_option
@json_option
def table(files: tuple[Path, ...], country: str, as_json: bool) -> None:
    """Margins and tests of printed shares (TOML); without a file, those of the country.

    Several files that tell of one survey are compared. Margins are of sampling alone: they say
    nothing of people who did not answer. Exit code 1 where something is impossible unweighted,
    or where two tellings differ.
    """
    from qonys.core.country import load_country
    from qonys.survey.published import built_in, read_published
    from qonys.survey.tables import IMPOSSIBLE, compare_tellings, examine

    for file in files:
        if file.is_dir():
            raise DataError(Fault("a folder, not a file", str(file)))
    surveys = [read_published(file) for file in files] or built_in(load_country(country))
    if not surveys:
        way_out = "Give a TOML file."
        raise DataError(Fault("this country has no surveys", country, way_out=way_out))
    examined = [(one, examine(one)) for one in surveys]
    differing = compare_tellings(surveys)
    if as_json:
        print_json(_as_json(examined, differing))
    else:
        _print(examined, differing)
    wrong = [
        test
        for _, questions in examined
        for question in questions
        for test in question.tests
        if test.verdict == IMPOSSIBLE
    ]
    fail_on_findings([*wrong, *differing])


def _as_json(
    examined: list[tuple["Published", list["Examined"]]], differing: list["Differing"]
) -> dict[str, Any]:
    return {
        "surveys": [
            {
                "id": one.id,
                "title": one.title,
                "n": one.n,
                "field_dates": one.field_dates or None,
                "mode": one.mode or None,
                "weighting": one.weighting or None,
                "response_rate": one.response_rate,
                "source": one.source,
                "note": one.note or None,
                "questions": [_question(question) for question in questions],
            }
            for one, questions in examined
        ],
        "tellings_differ": [
            {"question": d.question, "sources": list(d.sources), "says": d.says}
            for d in differing
        ],
    }


def _question(found: "Examined") -> dict[str, Any]:
    return {
        "id": found.question.id,
        "wording": found.question.wording,
        "base": found.question.base or None,
        "multiple": found.question.multiple,
        "answers": [
            {
                "text": margin.answer.text,
                "share": margin.answer.share,
                "rounding": list(margin.answer.bounds),
                "margins": [
                    {"deff": effect, "low": low, "high": high}
                    for effect, low, high in margin.margins
                ],
            }
            for margin in found.margins
        ],
        "tests": [
            {"test": t.test, "verdict": t.verdict, "says": t.says, **t.numbers}
            for t in found.tests
        ],
    }


def _print(
    examined: list[tuple["Published", list["Examined"]]], differing: list["Differing"]
) -> None:
    for one, questions in examined:
        click.echo(f"{one.title or one.id}: {one.n:,} respondents ({one.source})")
        told = {"mode": one.mode, "weights": one.weighting}
        missing = [name for name, text in told.items() if not text]
        missing += ["response rate"] if one.response_rate is None else []
        if missing:
            click.echo(f"  Not told: {', '.join(missing)}.")
        if one.response_rate is not None:
            click.echo(
                f"  {one.response_rate:g} % answered; the margins say nothing of the others."
            )
        for found in questions:
            _print_question(found)
        click.echo("")
    for differ in differing:
        click.echo(f"✗ {differ.question}, {' and '.join(differ.sources)}: {differ.says}")


def _print_question(found: "Examined") -> None:
    click.echo(f"\n  {found.question.wording}")
    width = max(len(margin.answer.text) for margin in found.margins)
    effects = [effect for effect, _, _ in found.margins[0].margins]
    head = "".join(f"{f'deff {effect:g}':>14}" for effect in effects)
    click.echo(f"    {'':{width}}  {'%':>5}{head}")
    for margin in found.margins:
        ends = "".join(f"{f'{low:.1f}-{high:.1f}':>14}" for _, low, high in margin.margins)
        click.echo(f"    {margin.answer.text:{width}}  {margin.answer.share:>5g}{ends}")
    for test in found.tests:
        click.echo(f"  {_SIGNS[test.verdict]} {test.test}: {test.says}")
