"""`qonys survey`: what surveys of intentions can say, and what they cannot."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from qonys.cli.terminal import (
    Verb,
    as_of_option,
    country_option,
    fail_on_findings,
    json_option,
    print_json,
    print_table,
    progress,
    store_option,
)
from qonys.core.errors import DataError, Fault

if TYPE_CHECKING:
    from qonys.core.country import Country
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


F = TypeVar("F", bound=Callable[..., Any])
_STATISTICS = ("mean", "total", "ratio", "proportion", "quantile")
_INTERVALS = ("logit", "beta", "wilson", "likelihood", "asin", "mean")
_FEW = 30  #: Answers under which a domain is flagged.


class _Verbs(click.Group):
    command_class = Verb


@click.group(cls=_Verbs)
def survey() -> None:
    """Examine surveys: printed tables, and microdata with the design that drew them."""


def _design_option(command: F) -> F:
    return click.option(
        "--design",
        "design_file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        required=True,
        help="TOML: weights, strata, cluster, fpc, or replicate_weights and replicate_kind.",
    )(command)


_ci_option = click.option(
    "--ci",
    type=click.Choice(_INTERVALS),
    default="logit",
    show_default=True,
    help="Interval of proportions.",
)
_microdata = click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)


@survey.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for an offline page with pictures, the wording beside.",
)
@click.option(
    "--lang",
    type=click.Choice(["en", "ru", "kk", "all"]),
    default="all",
    show_default=True,
    help="Of the page; answers stay as printed.",
)
@country_option
@json_option
def table(
    files: tuple[Path, ...], output: Path | None, lang: str, country: str, as_json: bool
) -> None:
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
    home = load_country(country)
    surveys = [read_published(file) for file in files] or built_in(home)
    if not surveys:
        way_out = "Give a TOML file."
        raise DataError(Fault("this country has no surveys", country, way_out=way_out))
    examined = [(one, examine(one)) for one in surveys]
    differing = compare_tellings(surveys)
    if output:
        from qonys.briefs.pages import write_page
        from qonys.survey.pages import survey_document

        languages = ("en", "ru", "kk") if lang == "all" else (lang,)
        documents = [
            survey_document(examined, differing, code, _names(surveys, home))
            for code in languages
        ]
        for path in write_page(documents, output, "survey"):
            click.echo(path, err=True)
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


@survey.command()
@_microdata
@_design_option
@click.option("--mean", multiple=True, metavar="VAR", help="Mean of a number.")
@click.option("--total", multiple=True, metavar="VAR", help="Total of a number.")
@click.option("--ratio", multiple=True, metavar="A/B", help="Total of A over total of B.")
@click.option("--proportion", multiple=True, metavar="VAR", help="Share of each category.")
@click.option("--quantile", multiple=True, metavar="VAR:Q", help="Such as income:0.5.")
@click.option("--by", multiple=True, metavar="VAR", help="Domains; several are crossed.")
@_ci_option
@json_option
def estimate(
    file: Path, design_file: Path, by: tuple[str, ...], ci: str, as_json: bool, **asked: Any
) -> None:
    """Estimates from microdata (CSV, Parquet), with the errors that their design gives.

    Intervals are of 95 %. Respondents without an answer count as outside the domain.
    """
    wanted = [(kind, name) for kind in _STATISTICS for name in asked[kind]]
    if not wanted:
        raise click.UsageError(f"Ask for one of: {', '.join(f'--{k}' for k in _STATISTICS)}.")
    from qonys.survey.estimates import columns_of
    from qonys.survey.estimates import estimate as estimated

    names = [name for kind, given in wanted for name in columns_of(kind, given)[0]]
    data = _read(file, design_file, [*names, *by], [*by, *asked["proportion"]])
    found: list[Estimate] = []
    with progress("estimating") as step:
        for kind, given in wanted:
            step(f"{kind} {given}")
            found += estimated(data, kind, given, by, ci=ci)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    _say_class(data)
    _print_estimates(found, data.frame.height)


@survey.command()
@_microdata
@_design_option
@click.option("--mean", metavar="VAR", help="Compare the mean of a number.")
@click.option("--proportion", metavar="VAR", help="Compare the share of each category.")
@click.option("--by", required=True, metavar="VAR", help="Whose domains are compared.")
@json_option
def compare(
    file: Path,
    design_file: Path,
    mean: str | None,
    proportion: str | None,
    by: str,
    as_json: bool,
) -> None:
    """Differences between domains, with their covariance; of shares also Rao and Scott's test.

    Each pair is tested; p (Holm) allows for their number.
    """
    if (mean is None) == (proportion is None):
        raise click.UsageError("Ask for --mean or for --proportion.")
    from qonys.survey.comparing import associate
    from qonys.survey.comparing import compare as compared

    variable = str(mean or proportion)
    data = _read(file, design_file, [variable, by], [by] + [variable] * bool(proportion))
    found = compared(data, "mean" if mean else "proportion", variable, by)
    test = associate(data, variable, by) if proportion else None
    if as_json:
        print_json(
            {
                "inference": data.design.inference,
                "differences": [asdict(one) for one in found],
                "association": asdict(test) if test else None,
            }
        )
        return
    _say_class(data)
    _print_differences(found)
    if test:
        click.echo(
            f"\nRao and Scott: F = {test.f:.4g} with {test.df1:.4g} and {test.df2:.4g} df, "
            f"p = {test.p:.3g}"
        )


@survey.command()
@_microdata
@_design_option
@click.option("--items", required=True, metavar="A,B,...", help="Columns, one an answer.")
@_ci_option
@json_option
def multiple(file: Path, design_file: Path, items: str, ci: str, as_json: bool) -> None:
    """A question with several answers: shares, overlaps, and every pair tested.

    Each item is a column with 1 where the answer was given and 0 where it was not.
    """
    from qonys.survey.comparing import multiple as several

    names = [name.strip() for name in items.split(",") if name.strip()]
    data = _read(file, design_file, names, ())
    found = several(data, names, ci)
    if as_json:
        print_json({"inference": data.design.inference, **asdict(found)})
        return
    _say_class(data)
    for statistic in ("share of respondents", "share of answers"):
        click.echo(f"\n{statistic.capitalize()}")
        _print_estimates([one for one in found.shares if one.statistic == statistic])
    click.echo("\nGave both")
    _print_estimates(found.overlaps)
    click.echo("")
    _print_differences(found.differences)


@survey.command()
@_microdata
@_design_option
@click.option("--mean", metavar="VAR", help="Mean of a number.")
@click.option("--proportion", metavar="VAR:LEVEL", help="Share of one category.")
@click.option("--by", required=True, metavar="VAR", help="The region.")
@click.option(
    "--covariates",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV: a row a region, the column of the region and numbers that tell of it.",
)
@click.option("--minimum", type=click.IntRange(2), default=30, show_default=True,
              help="Answers from which a region's own estimate is shown.")  # fmt: skip
@json_option
def areas(
    file: Path,
    design_file: Path,
    mean: str | None,
    proportion: str | None,
    by: str,
    covariates: Path | None,
    minimum: int,
    as_json: bool,
) -> None:
    """Regions: their own estimate where enough answered, else a checked model's, else nothing.

    The model (Fay and Herriot) is checked first; where it does not fit, regions with few
    answers are suppressed. The exit code is 1 where one is.
    """
    if (mean is None) == (proportion is None):
        raise click.UsageError("Ask for --mean or for --proportion.")
    from qonys.survey.areas import small_areas
    from qonys.survey.reading import read_frame

    variable, level = str(mean), None
    if proportion:
        variable, _, level = proportion.rpartition(":")
        if not variable:
            raise click.BadParameter("expected VAR:LEVEL", param_hint="--proportion")
    data = _read(file, design_file, [variable, by], [by] + [variable] * bool(proportion))
    found = small_areas(
        data,
        "proportion" if proportion else "mean",
        variable,
        by,
        level=level,
        covariates=read_frame(covariates, texts=[by]) if covariates else None,
        minimum=minimum,
    )
    if as_json:
        print_json(
            {
                "inference": data.design.inference,
                "check": asdict(found.check),
                "areas": [asdict(one) for one in found.areas],
            }
        )
    else:
        _say_class(data)
        _print_areas(found)
    # A model that nobody needs may fit or not.
    fail_on_findings([one for one in found.areas if one.shown == "suppressed"])


def _pair(
    ctx: click.Context, param: click.Parameter, text: str | None
) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"expected two numbers such as 0.5,2, not {text!r}") from None
    return low, high


@survey.command()
@_microdata
@_design_option
@click.option(
    "--margins",
    "margins_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="TOML: a table of totals for each column, or column = total of a number.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="CSV or Parquet: the file with the new weights; its design is written beside.",
)
@click.option(
    "--method",
    type=click.Choice(["rake", "linear", "truncated", "logit"]),
    default="rake",
    show_default=True,
    help="Raking, GREG, or either kind of GREG within --bounds.",
)
@click.option("--bounds", callback=_pair, metavar="L,H", help="Of weight after over before.")
@click.option("--trim", callback=_pair, metavar="L,H", help="Cut the weights to these at last.")
@click.option("--tolerance", type=float, default=1e-10, show_default=True, metavar="PART",
              help="Largest relative error of a margin.")  # fmt: skip
@click.option("--shares", is_flag=True, help="The margins are shares, not totals.")
@click.option("--name", default="calibrated", show_default=True, help="Column of the weights.")
@click.option("--outcome", multiple=True, metavar="VAR", help="Show what it did to this mean.")
@json_option
def rake(
    file: Path,
    design_file: Path,
    margins_file: Path,
    output: Path,
    method: str,
    bounds: tuple[float, float] | None,
    trim: tuple[float, float] | None,
    tolerance: float,
    shares: bool,
    name: str,
    outcome: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fit weights to known totals, and report what it cost.

    Estimate from OUTPUT with the design written beside it (it ends in .design.toml): its
    variance knows of the fit.
    """
    from qonys.survey.calibrating import calibrate, outcomes, read_margins

    if output.suffix not in (".csv", ".parquet"):
        raise click.BadParameter("expected a name ending in .csv or .parquet", param_hint="-o")
    margins = read_margins(margins_file)
    beside = output.with_name(f"{output.stem}.design.toml")
    for path in (output, beside):
        if path.resolve() in {one.resolve() for one in (file, design_file, margins_file)}:
            raise click.BadParameter(f"{path} is read here: write elsewhere", param_hint="-o")
    wanted = [*margins.categories, *margins.numbers, *outcome]
    data = _read(file, design_file, wanted, list(margins.categories))
    with progress("fitting") as step:
        step(method)
        found = calibrate(
            data,
            margins,
            method,
            bounds=bounds,
            name=name,
            tolerance=tolerance,
            limits=trim,
            shares=shares,
        )
        changed = outcomes(data, found.data, outcome)
        step("writing")
        _write(found, file, output, beside)
    if as_json:
        print_json(
            {
                "method": method,
                "margins": [asdict(one) for one in found.margins],
                "weights": found.weights,
                "ratios": found.ratios,
                "kish": {"before": found.kish[0], "after": found.kish[1]},
                "trimmed": found.trimmed,
                "outcomes": [asdict(one) for one in changed],
                "output": str(output),
                "design": str(beside),
            }
        )
        return
    _print_calibrated(found, changed)
    click.echo(f"\n{output}\n{beside}")


@survey.command()
@click.option("--share", type=float, metavar="PERCENT", help="Another share than the survey's.")
@click.option("--n", type=int, metavar="N", help="Respondents behind it, if not the survey's.")
@click.option("--then", type=float, metavar="PERCENT", help="Moves if the share came to this.")
@click.option("--draws", type=int, default=20_000, show_default=True, help="How many.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same gives the same.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Parquet or CSV: every draw, for forecasts and simulations.",
)
@as_of_option
@country_option
@store_option
@json_option
def potential(
    share: float | None,
    n: int | None,
    then: float | None,
    draws: int,
    seed: int,
    output: Path | None,
    as_of: date | None,
    country: str,
    store: str | None,
    as_json: bool,
) -> None:
    """From the share who intend to leave to moves: draws, never the share itself.

    The survey, the priors and their sources stand in the country's models/potential.toml; what
    was registered after the year of the field work, and what partners counted, come from the
    store.
    """
    from qonys.core.country import load_country
    from qonys.observations.reading import View
    from qonys.observations.store import open_store
    from qonys.survey.potential import (
        built_in_answer,
        estimate_potential,
        read_flows,
        read_settings,
        year_of,
    )
    from qonys.survey.published import Answer

    if output and output.suffix not in (".csv", ".parquet"):
        raise click.BadParameter("expected a name ending in .csv or .parquet", param_hint="-o")
    home = load_country(country)
    settings = read_settings(home)
    told, question, answer = built_in_answer(home, settings)
    if share is not None:
        if not 0.01 <= share <= 99.99:
            raise click.BadParameter("expected 0.01 to 99.99", param_hint="--share")
        places = len(str(share).partition(".")[2].rstrip("0"))
        answer = Answer(answer.text, share, places, answer.code)
    view = View(open_store(store, home), home, as_of)
    if str(view.as_of) < told.field_dates[:10]:
        raise DataError(Fault("the survey was not asked yet", value=told.field_dates))
    with progress("drawing") as step:
        step(f"{draws:,} draws")
        found = estimate_potential(
            settings,
            answer,
            told.n if n is None else n,
            read_flows(view, settings),
            asked_in=year_of(told),
            then=then,
            draws=draws,
            seed=seed,
        )
    if output:
        _write_draws(found, output)
    if as_json:
        print_json(
            {
                "survey": told.id,
                "wording": question.wording,
                "answer": answer.text,
                "share": answer.share,
                "n": told.n if n is None else n,
                "then": then,
                "priors": {name: asdict(prior) for name, prior in settings.priors.items()},
                "quantities": [asdict(one) for one in found.summaries],
                "realised_and_registered": [asdict(one) for one in found.realised],
                "spread": found.spread,
                "effective_draws": found.effective,
                "output": str(output) if output else None,
            }
        )
        return
    asked = told.n if n is None else n
    click.echo(f"{question.wording}: {answer.text}, {answer.share:g} % of {asked:,}.\n")
    _print_potential(found)


def _read(
    file: Path, design_file: Path, variables: Sequence[str] | None, texts: Sequence[str]
) -> "Microdata":
    from qonys.survey.design import read_design
    from qonys.survey.reading import read_microdata

    with progress("reading") as step:
        step(file.name)
        return read_microdata(file, read_design(design_file), variables, texts)


def _write(found: "Calibrated", file: Path, output: Path, beside: Path) -> None:
    """The file as it stands with the new weights at its end, and the design beside."""
    from qonys.observations.export import replacing
    from qonys.survey.design import write_design
    from qonys.survey.reading import read_untouched

    design = found.data.design
    new = [design.weights, *design.replicate_weights]
    frame = read_untouched(file).with_columns(found.data.frame.select(new))
    with replacing(output) as path, replacing(beside) as told:
        if output.suffix == ".csv":
            frame.write_csv(path)
        else:
            frame.write_parquet(path)
        told.write_text(write_design(design), encoding="utf-8", newline="\n")


def _write_draws(found: "Potential", output: Path) -> None:
    import polars as pl

    from qonys.observations.export import replacing

    frame = pl.DataFrame({"draw": range(len(found.draws["moves"])), **found.draws})
    with replacing(output) as path:
        if output.suffix == ".csv":
            frame.write_csv(path)
        else:
            frame.write_parquet(path)


def _print_potential(found: "Potential") -> None:
    def shown(value: float, unit: str) -> str:
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


def _say_class(data: "Microdata") -> None:
    from qonys.survey.design import WEIGHTS_ONLY

    click.echo(f"{data.frame.height:,} respondents, {data.design.inference}.")
    if data.design.inference == WEIGHTS_ONLY:
        click.echo("No strata, clusters or replicates are known: the errors may be too small.")


def _print_estimates(found: Sequence["Estimate"], asked: int = 0) -> None:
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
                f"{one.n}{'!' if one.n < _FEW else ''}",
            ]
        )
    heads = ["statistic", "variable", "of", "estimate", "se", "low", "high", "df", "deff", "n"]
    print_table(heads, rows)
    totals = {one.variable: one.n for one in found if one.statistic == "total" and not one.by}
    for variable, n in totals.items():
        if n < asked:
            click.echo(f"{asked - n:,} gave no {variable}: the total leaves them out.")
    if any(one.n < _FEW for one in found):
        click.echo(f"! fewer than {_FEW} answers: too few to publish.")


def _print_areas(found: "SmallAreas") -> None:
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


def _print_differences(found: Sequence["Difference"]) -> None:
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


def _print_calibrated(found: "Calibrated", changed: Sequence["Outcome"]) -> None:
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


def _names(surveys: Sequence["Published"], country: "Country") -> dict[str, str]:
    """Names of the sources that the country knows."""
    known = country.sources
    found = {}
    for one in surveys:
        if one.source in known:
            source = known[one.source]
            found[one.source] = f"{source.producer} ({source.publisher})"
    return found


def _as_json(
    examined: list[tuple["Published", list["Examined"]]], differing: list["Differing"]
) -> dict[str, Any]:
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
    if found.narrower():
        click.echo(f"    {found.narrower()}")
    for test in found.tests:
        click.echo(f"  {_SIGNS[test.verdict]} {test.test}: {test.says()}")
