"""Printed surveys as a document: how they were asked, pictures, what the shares can mean.

For the command line. Main function: `survey_document`. It arranges what `tables` found; only
`briefs` renders it.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from qonys.core.document import (
    Block,
    Bullets,
    Chart,
    Document,
    Heading,
    Inline,
    Link,
    Paragraph,
    Point,
    Series,
    Table,
    Text,
)
from qonys.survey.published import Published
from qonys.survey.tables import Differing, Examined, Margin, Tested
from qonys.survey.wording import decimal, say

_TOLD = ("field_dates", "mode", "weighting")


def survey_document(
    surveys: Sequence[tuple[Published, Sequence[Examined]]],
    differing: Sequence[Differing],
    lang: str,
    names: Mapping[str, str] | None = None,
) -> Document:
    """A page of surveys, each with its questions.

    Parameters
    ----------
    surveys : Sequence of (Published, Sequence of Examined)
        At least one survey with what `tables.examine` found.
    differing : Sequence of Differing
        Where two tellings differ.
    lang : str
        ``en``, ``ru`` or ``kk``; the answers stay as they were printed.
    names : Mapping of str to str or None
        Names of sources by id.
    """
    known = names or {}
    first = surveys[0][0]
    blocks: list[Block] = [Paragraph((say("lead", lang, n=first.n),), "lead")]
    if differing:
        blocks.append(_differing(differing, known, lang))
    for number, (survey, questions) in enumerate(surveys, 1):
        name = known.get(survey.source, survey.source)
        blocks += _survey(survey, questions, name, number, lang)
    return Document(
        title=first.title or first.id,
        lang=lang,
        as_of=_days(first.field_dates, lang),
        subtitle=say("subtitle", lang),
        blocks=tuple(blocks),
        figures={},
        labels={"as_of": say("as_of", lang)} if first.field_dates else {},
    )


def _days(text: str, lang: str) -> str:
    """Days of field work as the language writes them; other words stay."""
    from babel.dates import format_date

    try:
        days = [date.fromisoformat(part) for part in text.split("/")]
    except ValueError:
        return text
    return " – ".join(format_date(day, "long", locale=lang) for day in days)


def _differing(differing: Sequence[Differing], names: Mapping[str, str], lang: str) -> Table:
    return Table(
        say("differ", lang),
        (say("col_question", lang), say("source", lang), say("col_says", lang)),
        tuple(
            ((one.question,), (", ".join(names.get(x, x) for x in one.sources),), (one.says,))
            for one in differing
        ),
        (),
        "tellings",
    )


def _survey(
    survey: Published, questions: Sequence[Examined], name: str, number: int, lang: str
) -> list[Block]:
    source: Inline = Link(survey.url, name) if survey.url else name
    told: list[tuple[str, Text]] = [("respondents", (decimal(survey.n, lang),))]
    for key in _TOLD:
        value = getattr(survey, key)
        shown = _days(value, lang) if key == "field_dates" else value
        told.append((key, (shown or say("not_told", lang),)))
    rate = survey.response_rate
    told += [
        ("response_rate", (say("not_told", lang) if rate is None else decimal(rate, lang),)),
        ("source", (source,)),
    ]
    caution = say("caution", lang) if rate is None else say("caution_rate", lang, rate=rate)
    blocks: list[Block] = [
        Heading(say("h_how", lang, source=name), 2, f"survey-{number}"),
        Table(
            say("how", lang, source=name),
            (say("col_what", lang), say("col_told", lang)),
            tuple(((say(key, lang),), text) for key, text in told),
            (survey.note,) if survey.note else (),
            f"how-{number}",
        ),
        Paragraph((caution,), "caution"),
    ]
    for at, found in enumerate(questions, 1):
        blocks += _question(found, name, at, f"{number}-{at}", lang)
    return blocks


def _question(found: Examined, name: str, number: int, anchor: str, lang: str) -> list[Block]:
    question = found.question
    base = say("base", lang, base=question.base) if question.base else say("base_unknown", lang)
    asked = say("wording", lang, wording=question.wording)
    blocks: list[Block] = [
        Heading(say("h_question", lang, number=number), 3, f"question-{anchor}"),
        Paragraph((f"{asked} {base}",)),
        _chart(found, anchor, lang),
        _margins(found, name, number, anchor, lang),
        Paragraph((say("tests", lang) + ":",)),
        Bullets(tuple((_told(test, lang),) for test in found.tests)),
    ]
    if narrower := found.narrower(lang):
        blocks.insert(-2, Paragraph((narrower,), "note"))
    if question.note:
        blocks.append(Paragraph((question.note,), "note"))
    return blocks


def _told(test: Tested, lang: str) -> str:
    verdicts = {
        "possible": "possible",
        "impossible if unweighted": "impossible",
        "cannot test": "untestable",
        "order": "order",
        "no order": "no_order",
    }
    return f"{test.says(lang)} ({say(verdicts[test.verdict], lang)})"


def _chart(found: Examined, anchor: str, lang: str) -> Chart:
    points = tuple(_point(margin, lang) for margin in found.margins)
    alt = "; ".join(
        f"{point.x} {point.text} ({decimal(point.low or 0, lang, 1)}–"
        f"{decimal(point.high or 0, lang, 1)})"
        for point in points
    )
    return Chart(
        "intervals",
        f"shares-{anchor}",
        found.question.wording,
        say("chart_sub", lang),
        alt,
        (Series("survey_share", say("share", lang), points),),
        say("answer", lang),
    )


def _point(margin: Margin, lang: str) -> Point:
    answer = margin.answer
    _, low, high = margin.margins[-1]
    text = f"{decimal(answer.share, lang, answer.places)} %"
    return Point(answer.text, answer.share, low, high, text=text)


def _margins(found: Examined, name: str, number: int, anchor: str, lang: str) -> Table:
    effects = [effect for effect, _, _ in found.margins[0].margins]
    heads = [say("deff", lang, effect=effect) for effect in effects]
    rows = tuple(
        (
            (margin.answer.text,),
            (decimal(margin.answer.share, lang, margin.answer.places),),
            *(
                (f"{decimal(low, lang, 1)}–{decimal(high, lang, 1)}",)
                for _, low, high in margin.margins
            ),
        )
        for margin in found.margins
    )
    return Table(
        say("margins", lang, number=number, source=name),
        (say("answer", lang), say("share", lang), *heads),
        rows,
        (),
        f"margins-{anchor}",
    )
