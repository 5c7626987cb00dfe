"""What `qonys survey` prints: tables of estimates, differences, weights, regions and draws."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from qonys.cli.terminal import print_table
from qonys.survey.files import FEWEST

if TYPE_CHECKING:
    from qonys.survey.areas import SmallAreas
    from qonys.survey.calibrating import Calibrated, Outcome
    from qonys.survey.comparing import Difference
    from qonys.survey.estimates import Estimate
    from qonys.survey.microdata import Microdata
    from qonys.survey.potential import Potential
    from qonys.survey.published import Published
    from qonys.survey.tables import Differing, Examined

_SIGNS = {
    "possible": "✓",
    "impossible if unweighted": "✗",
    "cannot test": "?",
    "order": ">",
    "no order": "~",
}


def print_potential(found: "Potential") -> None:
    """Quantities in a table, and what was realised."""

    def shown(value: float, unit: str) -> str:
        """A quantity with the places that its unit deserves."""
        if unit == "share":
            return f"{100 * value:.2g} %"
        return f"{value:.2f}" if unit == "year" else f"{float(f'{value:.3g}'):,.0f}"

    rows = [
        [
            one.name.replace("_", " "),
            one.unit,
            *(shown(value, one.unit) for value in one.learnt),
            "{} .. {}".format(*(shown(one.prior[at], one.unit) for at in (0, 2))),
        ]
        for one in found.summaries
    ]
    print_table(["quantity", "unit", "2.5 %", "middle", "97.5 %", "before the flows"], rows)
    click.echo("")
    for one in found.realised:
        click.echo(
            f"At the pace of {one.year} ({one.registered:,.0f} registered) "
            f"{100 * one.middle:.1f} % of those who intend to leave would be registered "
            f"as having left ({100 * one.low:.1f} to {100 * one.high:.1f} %)."
        )
    click.echo("The share is no forecast: moves follow from priors and from the flows.")


def say_class(data: "Microdata") -> None:
    """How many answered, and which class of inference theirs is."""
    from qonys.survey.design import WEIGHTS_ONLY

    click.echo(f"{data.frame.height:,} respondents, {data.design.inference}.")
    if data.design.inference == WEIGHTS_ONLY:
        click.echo("No strata, clusters or replicates are known: the errors may be too small.")


def print_estimates(found: Sequence["Estimate"], asked: int = 0) -> None:
    """Estimates in a table, domains of few answers marked."""
    rows = []
    for one in found:
        what = [f"{name} {value}" for name, value in one.by.items()]
        what += [] if one.level is None else [str(one.level)]
        numbers = (one.estimate, one.se, one.low, one.high)
        rows.append(
            [
                one.statistic,
                one.variable,
                ", ".join(what),
                *(None if x is None else f"{x:.6g}" for x in numbers),
                f"{one.df:g}",
                None if one.deff is None else f"{one.deff:.3f}",
                f"{one.n}{'!' if one.n < FEWEST else ''}",
            ]
        )
    heads = ["statistic", "variable", "of", "estimate", "se", "low", "high", "df", "deff", "n"]
    print_table(heads, rows)
    totals = {one.variable: one.n for one in found if one.statistic == "total" and not one.by}
    for variable, n in totals.items():
        if n < asked:
            click.echo(f"{asked - n:,} gave no {variable}: the total leaves them out.")
    if any(one.n < FEWEST for one in found):
        click.echo(f"! fewer than {FEWEST} answers: too few to publish.")


def print_areas(found: "SmallAreas") -> None:
    """Regions in a table, with the check of the model."""
    rows = [
        [
            one.area,
            one.n,
            one.shown,
            *(
                None if x is None else f"{x:.4g}"
                for x in (one.estimate, one.se, one.low, one.high, one.model, one.model_se)
            ),
            None if one.weight is None else f"{one.weight:.2f}",
        ]
        for one in found.areas
    ]
    heads = ["region", "n", "shown", "estimate", "se", "low", "high", "model", "se", "weight"]
    print_table(heads, rows)
    check = found.check
    if check.fits:
        click.echo(
            f"\nThe model fits: {check.left_out:.0%} of {check.areas} regions lie in the 95 % "
            f"interval that the others give; the farthest {check.farthest:.1f} errors away; "
            f"residuals normal (p = {check.normality:.2g})."
        )
    for reason in check.says:
        click.echo(f"\n✗ The model is not shown: {reason}.")


def print_differences(found: Sequence["Difference"]) -> None:
    """Differences in a table."""
    rows = []
    for one in found:
        numbers = (one.difference, one.se, one.low, one.high, one.t, one.p, one.p_holm)
        rows.append(
            [
                one.variable if one.level is None else f"{one.variable} {one.level}",
                f"{one.first} - {one.second}",
                *(None if x is None else f"{x:.4g}" for x in numbers),
            ]
        )
    heads = ["variable", "pair", "difference", "se", "low", "high", "t", "p", "p (Holm)"]
    print_table(heads, rows)


def print_calibrated(found: "Calibrated", changed: Sequence["Outcome"]) -> None:
    """Margins in a table, with what the weights cost."""
    rows = [
        [
            one.variable if one.category is None else f"{one.variable} {one.category}",
            *(f"{x:,.6g}" for x in (one.target, one.before, one.after)),
            f"{one.error:.1e}",
        ]
        for one in found.margins
    ]
    print_table(["margin", "target", "before", "after", "error"], rows)
    click.echo(
        f"\nweights {found.weights[0]:.6g} to {found.weights[1]:.6g}, "
        f"{found.ratios[0]:.4g} to {found.ratios[1]:.4g} times those before; "
        f"Kish's design effect {found.kish[0]:.3f}, after {found.kish[1]:.3f}"
    )
    if found.trimmed:
        click.echo(f"{found.trimmed} weights were cut: see the errors of the margins.")
    for one in changed:
        before, after = (
            f"{value:.6g} (se {'?' if se is None else f'{se:.4g}'}, "
            f"deff {'?' if deff is None else f'{deff:.3f}'})"
            for value, se, deff in zip(one.estimate, one.se, one.deff, strict=True)
        )
        click.echo(f"mean {one.variable}: {before}, after {after}")


def examined_json(
    examined: list[tuple["Published", list["Examined"]]], differing: list["Differing"]
) -> dict[str, Any]:
    """Examined tables as plain data."""
    return {
        "surveys": [
            {
                "id": one.id or one.file.removesuffix(".toml"),
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
            {"test": t.test, "verdict": t.verdict, "says": t.says(), **t.numbers}
            for t in found.tests
        ],
    }


def print_examined(
    examined: list[tuple["Published", list["Examined"]]], differing: list["Differing"]
) -> None:
    """Examined tables with margins, tests and differing tellings."""
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
    if found.narrower():
        click.echo(f"    {found.narrower()}")
    for test in found.tests:
        click.echo(f"  {_SIGNS[test.verdict]} {test.test}: {test.says()}")
