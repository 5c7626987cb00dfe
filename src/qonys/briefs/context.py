"""Sections on the survey of intentions, pathways, numbers and the oversight of money.

For `migration`. Main functions: `survey`, `pathways`, `numbers`, `oversight`, `returning`.
Published statements with their sources; nothing is estimated here but sampling margins.
"""

from collections.abc import Iterator

from qonys.briefs.composing import Composer
from qonys.core.document import (
    Block,
    Chart,
    Heading,
    Link,
    Paragraph,
    Series,
    Table,
    Text,
)
from qonys.core.intervals import Interval
from qonys.core.observations import Cell, Observation
from qonys.core.provenance import Figure, derived, slug

Z95 = 1.959963984540054
DESIGN_EFFECTS = (1.0, 2.0)


def wilson(share: float, n: float) -> Interval:
    """95 percent interval of a share, by Wilson (1927), JASA 22, 209-212.

    Parameters
    ----------
    share : float
        0 to 1.
    n : float
        Respondents, divided by the design effect.
    """
    centre = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * (share * (1 - share) / n + Z95**2 / (4 * n**2)) ** 0.5
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


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
    blocks += _option_sum(composer, options)
    blocks += [
        Paragraph(composer.say("survey_caution", n=composer.ref(size)), "caution"),
        *_told_once(composer, size),
        *_other_questions(composer, questions, intention, size),
    ]
    return blocks


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
    low = wilson(figure.low / 100, size.value / effect).low
    high = wilson(figure.high / 100, size.value / effect).high
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


def statements(composer: Composer) -> list[Block]:
    """Tables of single published statements, as the country's folder names them."""
    blocks: list[Block] = []
    for entry in composer.country.settings.get("statements", []):
        blocks += _statements(
            composer,
            str(entry["name"]),
            tuple(entry["measures"]),
            int(entry.get("newest", 0)),
            named=bool(entry.get("named", False)),
        )
    return blocks


def _statements(
    composer: Composer, name: str, measures: tuple[str, ...], newest: int, *, named: bool
) -> list[Block]:
    rows: list[tuple[Text, ...]] = []
    used = []
    for measure in measures:
        cells = composer.view.cells(measure)
        chosen = _newest(list(cells), newest) if newest else list(cells)
        for cell in sorted(chosen, key=lambda cell: (str(cell.dims), cell.time_period)):
            start = cell.period.start
            for row in _told(cells[cell]):
                if row.certainty != "known" and start and start > composer.view.as_of:
                    continue
                figure = composer.row(row)
                used.append(figure)
                rows.append(_statement(composer, cell, row, figure, named=named))
    if not rows:
        return []
    return [
        Heading(composer.word(f"h_{name}"), 2, name),
        composer.paragraph(f"{name}_intro"),
        *([composer.paragraph(f"{name}_more")] if composer.has(f"{name}_more") else []),
        Table(
            composer.word(f"t_{name}"),
            tuple(composer.word(k) for k in ("what", "value", "unit", "when", "source")),
            tuple(rows),
            (),
            f"{name}-table",
        ),
        Paragraph(composer.say(f"{name}_gap"), "note"),
    ]


def _told_by(composer: Composer, name: str) -> Text:
    """Who made the figure, and who printed it."""
    source = composer.country.sources[name]
    producer = composer.producer(name)
    if not source.publisher or source.publisher in {source.producer, producer}:
        return (Link(source.url, producer) if source.url else producer,)
    printed = Link(source.url, source.publisher) if source.url else source.publisher
    return (f"{producer} (", printed, ")")


def _newest(cells: list[Cell], count: int) -> list[Cell]:
    """The newest periods of each undivided count."""
    plain = [
        cell
        for cell in cells
        if cell.counterpart_area == "WORLD" and cell.period.kind != "unspecified"
    ]
    totals = [cell for cell in plain if not cell.dims] or plain
    return sorted(totals, key=lambda cell: str(cell.period.end or cell.period.start))[-count:]


def _told(rows: tuple[Observation, ...]) -> list[Observation]:
    """The preferred row, and others that print another number or unit."""
    told: list[Observation] = []
    for row in rows:
        if row.obs_status == "U" and told:
            continue
        if all((row.value, row.unit) != (other.value, other.unit) for other in told):
            told.append(row)
    return told


def _statement(
    composer: Composer, cell: Cell, row: Observation, figure: Figure, *, named: bool
) -> tuple[Text, ...]:
    what = composer.breakdown(figure) or composer.name(cell.measure, "measure")
    if composer.breakdown(figure) and not named:
        what = f"{composer.name(cell.measure, 'measure')}: {what}"
    if cell.ref_area != composer.country.code:
        what += f" ({composer.name(cell.ref_area)})"
    qualifier = composer.word(f"qualifier_{row.qualifier}") + " " if row.qualifier else ""
    number = composer.ref(figure, plain=bool(row.qualifier))
    shown: Text = (qualifier, number) if qualifier else (number,)
    return (
        (what,),
        shown,
        (composer.name(row.unit, "unit"),),
        (composer.period(cell.time_period),),
        _told_by(composer, row.source),
    )
