"""The migration briefing of a country: which sections, in which order.

For the command line and the app. Main function: `compose`. A section that the data cannot
fill is left out; the country's folder decides what there is to say.
"""

from qonys.briefs import balance, context, evidence, flows, law, outlook, people, places, survey
from qonys.briefs.composing import DOUBTS, Composer
from qonys.core.document import (
    Block,
    Bullets,
    Chart,
    Document,
    KeyFigures,
    Paragraph,
    Ref,
    Table,
    Text,
)
from qonys.observations.reading import View

DOWNLOADS = ("download_figures", "download_data", "download_provenance")
SECTIONS = (
    flows.headline,
    flows.departures,
    flows.within_year,
    balance.net,
    outlook.outlook,
    people.population,
    places.regions,
    places.partners,
    places.mirror,
    survey.survey,
    law.pathways,
    context.statements,
    evidence.revisions,
    evidence.changes,
    evidence.gaps,
)


def compose(view: View, lang: str) -> Document:
    """The migration briefing in one language.

    Parameters
    ----------
    view : View
        What was known, of which country, on which day.
    lang : str
        ``en``, ``ru`` or ``kk``.

    Returns
    -------
    Document
        With every figure that it prints.
    """
    composer = Composer(view, lang)
    blocks: list[Block] = []
    for section in SECTIONS:
        blocks += section(composer)
    blocks = _with_legend(composer, blocks)
    country = composer.name(view.country.code)
    day = view.as_of.isoformat()
    return Document(
        title=composer.word("title").format(country=country),
        lang=lang,
        as_of=day,
        subtitle=composer.word("subtitle"),
        blocks=tuple(blocks),
        figures=dict(sorted(composer.figures.items())),
        labels=_labels(composer),
    )


def _with_legend(composer: Composer, blocks: list[Block]) -> list[Block]:
    """The blocks with what each mark of doubt means, below the first block that bears it."""
    told: list[Block] = []
    waiting = {name: mark for name, mark in DOUBTS.items() if name in composer.doubts}
    for block in blocks:
        told.append(block)
        seen = [name for name, mark in waiting.items() if mark in printed(block)]
        if seen:
            words = " ".join(composer.word(f"doubt_{name}") for name in seen)
            told.append(Paragraph((words,), "note"))
        waiting = {name: mark for name, mark in waiting.items() if name not in seen}
    return told


def printed(block: Block) -> str:
    """Every number that a block prints, in one text.

    Parameters
    ----------
    block : Block
        The block.
    """
    texts: list[Text] = []
    if isinstance(block, Paragraph):
        texts = [block.text]
    elif isinstance(block, Bullets):
        texts = list(block.items)
    elif isinstance(block, KeyFigures):
        texts = [part for item in block.items for part in ((item.number,), item.detail)]
    elif isinstance(block, Table):
        texts = [cell for row in block.rows for cell in row]
    elif isinstance(block, Chart):
        return " ".join(point.text for series in block.series for point in series.points)
    return " ".join(part.text for text in texts for part in text if isinstance(part, Ref))


def _labels(composer: Composer) -> dict[str, str]:
    """Names of the codes that the figures use, for the renderers."""
    labels = {key: composer.word(key) for key in DOWNLOADS}
    for source in composer.country.sources.values():
        labels[f"producer:{source.producer}"] = composer.producer(source.id)
    for figure in composer.figures.values():
        if figure.measure:
            labels[f"measure:{figure.measure}"] = composer.name(figure.measure, "measure")
        for code in (figure.ref_area, figure.counterpart_area):
            labels[f"area:{code}"] = composer.name(code)
        for pair in filter(None, figure.breakdown.split(",")):
            dim, _, code = pair.partition("=")
            labels[f"{dim}:{code}"] = composer.name(code, dim)
    return labels
