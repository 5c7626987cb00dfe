"""`qonys survey`: what surveys of intentions can say, and what they cannot."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qonys.cli.survey_shown import (
    examined_json,
    print_areas,
    print_calibrated,
    print_differences,
    print_estimates,
    print_examined,
    print_potential,
    say_class,
)
from qonys.cli.terminal import (
    Verb,
    as_of_option,
    country_option,
    fail_on_findings,
    json_option,
    print_json,
    progress,
    store_option,
)
from qonys.core.errors import DataError, Fault
from qonys.survey.files import FEWEST, FITS, INTERVALS, STATISTICS

if TYPE_CHECKING:
    import polars as pl

    from qonys.core.country import Country
    from qonys.survey.calibrating import Calibrated
    from qonys.survey.estimates import Estimate
    from qonys.survey.microdata import Microdata
    from qonys.survey.potential import Potential
    from qonys.survey.published import Published


class _Verbs(click.Group):
    command_class = Verb


@click.group(cls=_Verbs)
def survey() -> None:
    """Examine surveys: printed tables, and microdata with the design that drew them."""


_design_option = click.option(
    "--design",
    "design_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="TOML: weights, strata, cluster, fpc, or replicate_weights and replicate_kind.",
)
_ci_option = click.option(
    "--ci",
    type=click.Choice(INTERVALS),
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
        print_json(examined_json(examined, differing))
    else:
        print_examined(examined, differing)
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
    wanted = [(kind, name) for kind in STATISTICS for name in asked[kind]]
    if not wanted:
        raise click.UsageError(f"Ask for one of: {', '.join(f'--{k}' for k in STATISTICS)}.")
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
    say_class(data)
    print_estimates(found, data.frame.height)


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
    say_class(data)
    print_differences(found)
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
    say_class(data)
    for statistic in ("share of respondents", "share of answers"):
        click.echo(f"\n{statistic.capitalize()}")
        print_estimates([one for one in found.shares if one.statistic == statistic])
    click.echo("\nGave both")
    print_estimates(found.overlaps)
    click.echo("")
    print_differences(found.differences)


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
@click.option("--minimum", type=click.IntRange(2), default=FEWEST, show_default=True,
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
        say_class(data)
        print_areas(found)
    # A model that nobody needs may fit or not.
    fail_on_findings([one for one in found.areas if one.shown == "suppressed"])


def _table_file(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    if path and path.suffix not in (".csv", ".parquet"):
        raise click.BadParameter("expected a name ending in .csv or .parquet")
    return path


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
    callback=_table_file,
    required=True,
    help="CSV or Parquet: the file with the new weights; its design is written beside.",
)
@click.option(
    "--method",
    type=click.Choice(FITS),
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
    print_calibrated(found, changed)
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
    callback=_table_file,
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
    print_potential(found)


def _read(
    file: Path, design_file: Path, variables: Sequence[str], texts: Sequence[str]
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
    frame = read_untouched(file)
    way_out = "Use --name."
    taken = [
        Fault("the file has this column already", file.name, value=one, way_out=way_out)
        for one in new
        if one in frame.columns
    ]
    if taken:
        raise DataError(taken)
    with replacing(beside) as told:
        told.write_text(write_design(design), encoding="utf-8", newline="\n")
        _write_frame(frame.with_columns(found.data.frame.select(new)), output)


def _write_draws(found: "Potential", output: Path) -> None:
    import polars as pl

    draws = {"draw": range(len(found.draws["moves"])), **found.draws}
    _write_frame(pl.DataFrame(draws), output)


def _write_frame(frame: "pl.DataFrame", output: Path) -> None:
    from qonys.observations.export import replacing

    with replacing(output) as path:
        if output.suffix == ".csv":
            frame.write_csv(path)
        else:
            frame.write_parquet(path)


def _names(surveys: Sequence["Published"], country: "Country") -> dict[str, str]:
    """Names of the sources that the country knows."""
    known = country.sources
    found = {}
    for one in surveys:
        if one.source in known:
            source = known[one.source]
            found[one.source] = f"{source.producer} ({source.publisher})"
    return found
