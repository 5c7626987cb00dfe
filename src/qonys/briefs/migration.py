"""The migration briefing of a country: which sections, in which order.

For the command line and the app. Main function: `compose`. A section that the data cannot
fill is left out; the country's folder decides what there is to say.
"""

from qonys.briefs import balance, context, evidence, flows, people, places
from qonys.briefs.composing import DOUBTS, Composer
from qonys.core.document import Block, Document, Heading, Paragraph
from qonys.observations.reading import View

DOWNLOADS = ("download_figures", "download_data", "download_provenance")
SECTIONS = (
    flows.headline,
    flows.departures,
    flows.within_year,
    balance.net,
    people.population,
    places.regions,
    places.partners,
    places.mirror,
    context.survey,
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
    """The blocks with what the marks of doubt mean, before the first section."""
    words = [composer.word(f"doubt_{name}") for name in DOUBTS if name in composer.doubts]
    if not words:
        return blocks
    place = next((n for n, block in enumerate(blocks) if isinstance(block, Heading)), 0)
    return [*blocks[:place], Paragraph((" ".join(words),), "note"), *blocks[place:]]


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
