"""A document as one HTML file: no script, nothing from outside, light and dark, any width.

For the command line and the app. Main function: `render_html`. Every number is a link to the
entry that says where it comes from.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from qonys.briefs.appendix import (
    anchor,
    as_of_words,
    chart_table,
    check,
    entries,
    numeric_columns,
    safe_link,
)
from qonys.briefs.charts import SLIM, WIDE, render_svg
from qonys.briefs.colours import css_variables
from qonys.briefs.labels import LABELS, LANGUAGE_NAMES, Words, words
from qonys.core.country import Source
from qonys.core.document import Chart, Document, Heading, Inline, Link, Ref
from qonys.core.observations import Observation

__all__ = ["LABELS", "render_html"]


def render_html(
    document: Document,
    *,
    observations: Mapping[str, Observation],
    sources: Mapping[str, Source],
    siblings: Mapping[str, str] | None = None,
    downloads: Sequence[tuple[str, str]] = (),
) -> str:
    """One self-contained page.

    Parameters
    ----------
    document : Document
        What to print.
    observations : Mapping of str to Observation
        Published values by id.
    sources : Mapping of str to Source
        Sources by id.
    siblings : Mapping of str to str or None
        File of the same document by language, for the language switch.
    downloads : sequence of (str, str)
        Label and address of further files.

    Raises
    ------
    DataError
        When a number of the document leads nowhere.
    """
    check(document, observations)
    own = words(document)
    page = (
        environment()
        .get_template("brief.html.j2")
        .render(
            document=document,
            words=own,
            as_of=own.fill("as_of", as_of_words(document.as_of, document.lang)),
            sections=[b for b in document.blocks if isinstance(b, Heading) and b.level == 2],
            groups=entries(document, own, observations, sources),
            siblings=language_links(document.lang, siblings or {}),
            downloads=[(label, safe_link(href)) for label, href in downloads],
            light=css_variables(0),
            dark=css_variables(1),
            chart=lambda chart: _chart(chart, document, own),
        )
    )
    return tidied(page)


def tidied(page: str) -> str:
    """A page without the empty lines and trailing spaces that its template leaves.

    Parameters
    ----------
    page : str
        As rendered.
    """
    lines = (line.rstrip() for line in page.split("\n"))
    return "\n".join(line for line in lines if line) + "\n"


def environment() -> Any:
    """The template engine: every text is escaped, and a missing name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    engine = Environment(
        loader=PackageLoader("qonys.briefs", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    engine.filters["kind"] = lambda block: type(block).__name__
    engine.filters["part"] = _part
    engine.filters["sides"] = numeric_columns
    return engine


def _part(part: Inline) -> tuple[str, str, str]:
    """Kind of an inline part, its text and its address."""
    if isinstance(part, Ref):
        return "number", part.text, "#" + anchor(part.figure)
    if isinstance(part, Link):
        href = safe_link(part.href)
        return ("link" if href else "text"), part.text, href
    return "text", part, ""


def language_links(lang: str, siblings: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Code, name and address of each language of a page; its own has no address.

    Parameters
    ----------
    lang : str
        Language of the page.
    siblings : Mapping of str to str
        File of the same page by language.
    """
    return [
        (code, LANGUAGE_NAMES.get(code, code), "" if code == lang else safe_link(name))
        for code, name in siblings.items()
    ]


def _chart(chart: Chart, document: Document, own: Words) -> dict[str, Any]:
    """Both pictures of a chart and its table."""
    from markupsafe import Markup

    pictures = [
        Markup(render_svg(chart, document.lang, width=width, labels=document.labels))
        for width in (WIDE, SLIM)
    ]
    return {
        "wide": pictures[0],
        "slim": pictures[1],
        "table": chart_table(chart, document, own),
    }
