"""The section on the survey of intentions: shares with intervals, what they can mean, moves.

For `migration`. Main function: `survey`. The rows are observations of the store; tests of the
shares and draws of moves are those of the room `survey`.
"""

from collections.abc import Iterator
from functools import lru_cache

from qonys.briefs.composing import Composer
from qonys.core.document import Block, Chart, Heading, Paragraph, Series, Table, Text
from qonys.core.intervals import Interval
from qonys.core.observations import Observation
from qonys.core.provenance import Figure, derived, slug
from qonys.observations.reading import View
from qonys.survey.potential import (
    Potential,
    Realised,
    Settings,
    built_in_answer,
    estimate_potential,
    has_settings,
    read_flows,
    read_settings,
    year_of,
)
from qonys.survey.published import built_in
from qonys.survey.tables import NO_ORDER, Examined, Tested, examine, wilson

DESIGN_EFFECTS = (1.0, 2.0)


def survey(composer: Composer) -> list[Block]:
    """Published shares of the newest survey, with what sampling alone leaves open."""
    questions = _questions(composer)
    size = _sample_size(composer)
    if not questions or size is None:
        return []
    intention = _survey(composer, "question")
    rows = [row for row in questions.get(intention, []) if "age" not in row.cell.dims]
    options = [composer.row(row) for row in rows if not _is_total(composer, row)]
    if not options:
        return []
    blocks: list[Block] = [Heading(composer.word("h_survey"), 2, "survey")]
    blocks += _intention_sentence(composer, options, size)
    blocks.append(_survey_chart(composer, intention, options, size))
    examined = _examined(composer)
    blocks += _option_sum(composer, options)
    blocks += _unlisted(composer, options, examined.get(intention))
    blocks += [
        Paragraph(composer.say("survey_caution", n=composer.ref(size)), "caution"),
        *_told_once(composer, size),
        *_moves(composer, options),
        *_other_questions(composer, questions, intention, size),
    ]
    for question, found in examined.items():
        if question != intention:
            blocks += _impossible(composer, questions.get(question, []), found)
    return blocks


def _examined(composer: Composer) -> dict[str, Examined]:
    """What the tests of the country's printed tables found, by question."""
    found: dict[str, Examined] = {}
    for told in built_in(composer.country):
        for one in examine(told):
            found.setdefault(one.question.id, one)
    return found


def _test(found: Examined | None, name: str) -> Tested | None:
    tests = found.tests if found else ()
    return next((test for test in tests if test.test == name), None)


def _unlisted(
    composer: Composer, options: list[Figure], found: Examined | None
) -> Iterator[Block]:
    """How large the answer is that was not printed, in people."""
    test = _test(found, "sum")
    if test is None or "unlisted_count_low" not in test.numbers:
        return
    low, high = (test.numbers[f"unlisted_count_{end}"] for end in ("low", "high"))
    figure = composer.keep(
        derived(
            slug("unlisted", options[0].id),
            options[0],
            tuple(options),
            value=(low + high) / 2,
            unit="person",
            interval=Interval(low, high),
            formula="respondents that the printed shares leave over, if unweighted",
            breakdown=options[0].breakdown.rpartition("category=")[0].rstrip(","),
        )
    )
    yield composer.paragraph("survey_unlisted", people=composer.span(figure, 0))


def _impossible(
    composer: Composer, rows: list[Observation], found: Examined
) -> Iterator[Block]:
    """From how few respondents the shares cannot come, and which two have no order."""
    told = [composer.row(row) for row in sorted(rows, key=lambda row: -row.value)]
    base = _test(found, "base")
    shares = {answer.share for answer in found.question.answers}
    if base is None or not told or {figure.value for figure in told} != shares:
        return
    if "smallest_possible" in base.numbers:
        least = composer.count(
            slug("base", told[0].id),
            int(base.numbers["smallest_possible"]),
            "smallest number of respondents from which all printed shares can come, unweighted",
            *told,
            unit="person",
        )
        yield Paragraph(composer.say("survey_base", n=composer.ref(least)), "note")
    ranking = _test(found, "ranking")
    if ranking and ranking.verdict == NO_ORDER:
        yield composer.paragraph(
            "survey_no_order",
            one=composer.breakdown(told[0]),
            one_share=composer.ref(told[0]),
            other=composer.breakdown(told[1]),
            other_share=composer.ref(told[1]),
        )


def _moves(composer: Composer, options: list[Figure]) -> Iterator[Block]:
    """From the share who intend to leave to moves: a range, and what was registered of it."""
    if not has_settings(composer.country):
        return
    settings = read_settings(composer.country)
    chosen = [figure for figure in options if f"category={settings.answer}" in figure.breakdown]
    found = _drawn(composer.view) if chosen else None
    if found is None:
        return
    measure, _, partner = settings.registered.split(":")
    registered = []
    for one in found.realised:
        figure = composer.fig(composer.cell(measure, partner, str(one.year)))
        if figure:
            registered.append(figure)
            yield _realised(composer, one, figure, chosen[0], settings)
    if registered:
        yield _leaving(composer, found, registered, chosen[0])


@lru_cache(maxsize=1)
def _drawn(view: View) -> Potential | None:
    """Draws of moves, the same in every language; none where nothing was registered."""
    settings = read_settings(view.country)
    told, _, answer = built_in_answer(view.country, settings)
    flows = read_flows(view, settings)
    if not flows.registered:
        return None
    return estimate_potential(settings, answer, told.n, flows, asked_in=year_of(told))


def _realised(
    composer: Composer, one: Realised, registered: Figure, share: Figure, settings: Settings
) -> Paragraph:
    adults, years = settings.priors["adults"], settings.priors["years"]
    people = f"{adults.low:.0f} to {adults.high:.0f} adults"
    horizon = f"{years.low:g} to {years.high:g} years"
    figure = composer.keep(
        derived(
            slug(f"realised-{one.year}", share.id),
            share,
            (registered, share),
            value=round(100 * one.middle, 1),
            unit="percent",
            interval=Interval(round(100 * one.low, 1), round(100 * one.high, 1)),
            formula=f"{one.registered:.0f} a year x {horizon} / ({people} x share), 95 %",
        )
    )
    return composer.paragraph(
        "survey_realised",
        period=composer.period(str(one.year)),
        registered=composer.ref(registered),
        share=composer.ref(figure, 1, plain=True),
        span=composer.span(figure, 1),
    )


def _leaving(
    composer: Composer, found: Potential, registered: list[Figure], share: Figure
) -> Paragraph:
    moves = next(one for one in found.summaries if one.name == "moves")
    low, middle, high = (float(f"{value:.2g}") for value in moves.learnt)
    figure = composer.keep(
        derived(
            slug("moves", share.id),
            share,
            (*registered, share),
            value=middle,
            unit="person",
            interval=Interval(low, high),
            formula="adults x (share x r1 + (1 - share) x r0), 95 %: priors of the country's "
            "models/potential.toml, learnt from registered departures and partners' figures",
        )
    )
    return composer.paragraph("survey_moves", span=composer.span(figure, 0))


def _told_once(composer: Composer, size: Figure) -> Iterator[Block]:
    """That only a page of the press tells how many were asked."""
    sources = [composer.country.sources[name] for name in size.sources]
    if all(source.kind == "press" for source in sources):
        told = ", ".join(source.publisher for source in sources)
        yield Paragraph(
            composer.say("survey_size_press", n=composer.ref(size), publisher=told), "note"
        )


def _questions(composer: Composer) -> dict[str, list[Observation]]:
    """Rows by question of the survey that the country names."""
    found: dict[str, list[Observation]] = {}
    family = _survey(composer, "family")
    for cell, rows in composer.view.cells("survey_share").items():
        question = cell.dims.get("question", "")
        if family and question.startswith(family):
            found.setdefault(question, []).append(rows[0])
    return found


def _survey(composer: Composer, key: str) -> str:
    """What the country's folder says of its survey."""
    return str(composer.country.settings.get("survey", {}).get(key, ""))


def _sample_size(composer: Composer) -> Figure | None:
    """Respondents of the survey that the country names."""
    family = _survey(composer, "family")
    for cell, rows in composer.view.cells("survey_n").items():
        if family and cell.dims.get("question") == family:
            return composer.row(rows[0])
    return None


def _is_total(composer: Composer, row: Observation) -> bool:
    return row.cell.dims.get("category") == _survey(composer, "total")


def _margin(composer: Composer, figure: Figure, size: Figure, effect: float) -> Figure:
    """The share with its 95 percent sampling interval at a design effect."""
    low, _ = wilson(figure.low / 100, size.value / effect)
    _, high = wilson(figure.high / 100, size.value / effect)
    return composer.keep(
        derived(
            slug(f"sampling-deff{effect:g}", figure.id),
            figure,
            (figure, size),
            value=figure.value,
            unit="percent",
            interval=Interval(low * 100, high * 100),
            formula=f"Wilson (1927), 95 %, n = {size.value:.0f} / {effect:g}",
        )
    )


def _intention_sentence(
    composer: Composer, options: list[Figure], size: Figure
) -> Iterator[Block]:
    chosen = [
        figure
        for figure in options
        if f"category={_survey(composer, 'answer')}" in figure.breakdown.split(",")
    ]
    if chosen:
        plain, wide = (_margin(composer, chosen[0], size, effect) for effect in DESIGN_EFFECTS)
        yield composer.paragraph(
            "survey_intend",
            share=composer.ref(chosen[0], 1),
            n=composer.ref(size),
            plain=composer.span(plain, 1),
            wide=composer.span(wide, 1),
            period=composer.period(chosen[0].time_period),
            answer=composer.breakdown(chosen[0]),
        )


def _survey_chart(
    composer: Composer, question: str, options: list[Figure], size: Figure
) -> Chart:
    order = sorted(options, key=lambda figure: -figure.value)
    margins = [_margin(composer, figure, size, DESIGN_EFFECTS[-1]) for figure in order]
    points = tuple(
        composer.point(margin, composer.breakdown(figure))
        for figure, margin in zip(order, margins, strict=True)
    )
    return Chart(
        "intervals",
        "survey-chart",
        composer.word("c_survey"),
        composer.word("c_survey_sub"),
        composer.word("c_bars_alt").format(
            items="; ".join(f"{point.x} {point.text}" for point in points)
        ),
        (Series("survey_share", composer.name(question, "question"), points),),
        composer.word("answer"),
        composer.source(*options),
    )


def _option_sum(composer: Composer, options: list[Figure]) -> Iterator[Block]:
    """Options that do not add up to a hundred, even with rounding."""
    total = sum(figure.value for figure in options)
    slack = sum((figure.high - figure.low) / 2 for figure in options)
    if len(options) >= 3 and abs(total - 100) > slack:
        figure = composer.keep(
            derived(
                slug("sum", options[0].id),
                options[0],
                tuple(options),
                value=round(total, 6),
                unit="percent",
                interval=Interval(round(total - slack, 6), round(total + slack, 6)),
                formula=" + ".join(f"{option.value:g}" for option in options),
                breakdown=options[0].breakdown.rpartition("category=")[0].rstrip(","),
            )
        )
        yield composer.paragraph(
            "survey_sum", total=composer.ref(figure, 1), span=composer.span(figure, 1)
        )


def _other_questions(
    composer: Composer, questions: dict[str, list[Observation]], done: str, size: Figure
) -> Iterator[Block]:
    rows: list[tuple[Text, ...]] = []
    used = []
    for question, answers in sorted(questions.items()):
        if question == done:
            answers = [
                row for row in answers if "age" in row.cell.dims or _is_total(composer, row)
            ]
        told = set()
        for row in sorted(answers, key=lambda row: (-row.value, row.source)):
            answer = (str(row.cell.dims), row.value)
            if answer in told:
                continue
            told.add(answer)
            figure = composer.row(row)
            used.append(figure)
            subgroup = "age" in row.cell.dims
            margin = None if subgroup else _margin(composer, figure, size, DESIGN_EFFECTS[-1])
            rows.append(
                (
                    (_sentence_case(composer.name(question, "question").rpartition(": ")[2]),),
                    (composer.breakdown(figure),),
                    (composer.ref(figure),),
                    (composer.span(margin, 1),) if margin else (composer.word("no_base"),),
                )
            )
    if rows:
        yield Table(
            composer.word("t_survey"),
            tuple(composer.word(k) for k in ("question", "answer", "share", "sampling_span")),
            tuple(rows),
            (*composer.source(*used), " ", *composer.say("survey_reasons_note")),
            "survey-table",
        )


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
