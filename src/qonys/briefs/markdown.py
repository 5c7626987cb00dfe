"""A document as plain Markdown that reads well on GitHub and in any editor.

For the command line. Main function: `render_markdown`. Numbers link to an appendix; a chart is
a picture, if its file is there, its words and its table.
"""

import re
from collections.abc import Mapping

from qonys.briefs.appendix import (
    Entry,
    Group,
    anchor,
    as_of_words,
    chart_table,
    check,
    entries,
    numeric_columns,
    safe_link,
)
from qonys.briefs.labels import Words, words
from qonys.core.country import Source
from qonys.core.document import (
    Block,
    Bullets,
    Chart,
    Document,
    Heading,
    KeyFigures,
    Link,
    Paragraph,
    Ref,
    Table,
    Text,
)
from qonys.core.observations import Observation

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$])")
_LINE_START = re.compile(r"^(\s*)(\d+)([.)])(?=\s)|^(\s*)([-+=])(?=[\s\-+=]|$)")


def render_markdown(
    document: Document,
    *,
    observations: Mapping[str, Observation],
    sources: Mapping[str, Source],
    chart_dir: str | None = "figures",
) -> str:
    """A Markdown file.

    Parameters
    ----------
    document : Document
        What to print.
    observations : Mapping of str to Observation
        Published values by id.
    sources : Mapping of str to Source
        Sources by id.
    chart_dir : str or None
        Folder of the charts, ``<anchor>.<lang>.svg`` each; none leaves the pictures out.

    Raises
    ------
    DataError
        When a number of the document leads nowhere.
    """
    check(document, observations)
    own = words(document)
    day = own.fill("as_of", as_of_words(document.as_of, document.lang))
    parts = [f"# {_plain(document.title)}", _plain(document.subtitle), f"*{_plain(day)}*"]
    parts += [_block(block, document, own, chart_dir) for block in document.blocks]
    groups = entries(document, own, observations, sources)
    if groups:
        parts += [f"## {_plain(own['figures_title'])}", _plain(own["figures_intro"])]
    for group in groups:
        parts += _group(group, own)
    return "\n\n".join(part for part in parts if part) + "\n"


def chart_file(chart: Chart, lang: str) -> str:
    """Name of a chart's file.

    Parameters
    ----------
    chart : Chart
        The chart.
    lang : str
        Language.
    """
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', chart.anchor)}.{lang}.svg"


def _plain(text: str) -> str:
    """Text in which nothing is markup."""
    text = _SPECIAL.sub(r"\\\1", " ".join(text.split("\n")))
    return _LINE_START.sub(_escape_start, text)


def _escape_start(found: re.Match[str]) -> str:
    if found[2]:
        return f"{found[1]}{found[2]}\\{found[3]}"
    return f"{found[4]}\\{found[5]}"


def _inline(text: Text) -> str:
    parts = []
    for part in text:
        if isinstance(part, Ref):
            parts.append(f"[{_inner(part.text)}](#{anchor(part.figure)})")
        elif isinstance(part, Link):
            href = safe_link(part.href)
            parts.append(_link(part.text, href))
        else:
            parts.append(_inner(part))
    return _LINE_START.sub(_escape_start, "".join(parts))


def _inner(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split("\n")))


def _link(text: str, href: str) -> str:
    safe = re.sub(r"[\s<>()\\]", lambda found: f"%{ord(found[0]):02X}", href)
    return f"[{_inner(text)}]({safe})" if safe else _inner(text)


def _block(block: Block, document: Document, own: Words, chart_dir: str | None) -> str:
    if isinstance(block, Heading):
        mark = f'<a id="{_attribute(block.anchor)}"></a>\n\n' if block.anchor else ""
        return (
            f"{mark}{'#' * max(block.level, 2)} {_plain(block.text)}" if block.level > 1 else ""
        )
    if isinstance(block, Paragraph):
        text = _inline(block.text)
        return {"note": f"*{text}*", "caution": f"> {text}"}.get(block.role, text)
    if isinstance(block, Bullets):
        return "\n".join(f"- {_inline(item)}" for item in block.items)
    if isinstance(block, KeyFigures):
        return "\n".join(
            f"- {_plain(item.label)}: **{_inline((item.number,))}**"
            + (f" ({_plain(item.tag)})" if item.tag else "")
            + (f", {_inline(item.detail)}" if item.detail else "")
            for item in block.items
        )
    if isinstance(block, Table):
        return _table(block)
    return _chart(block, document, own, chart_dir)


def _attribute(text: str) -> str:
    return re.sub(r"[^\w.-]", "_", text)


def _chart(block: Chart, document: Document, own: Words, chart_dir: str | None) -> str:
    mark = f'<a id="{_attribute(block.anchor)}"></a>'
    parts = [f"{mark}\n\n**{_plain(block.title)}**", _plain(block.subtitle)]
    if chart_dir is not None:
        path = f"{chart_dir}/{chart_file(block, document.lang)}"
        parts.append(f"![{_inner(block.title)}]({path})")
    parts += [
        _plain(block.alt),
        _rows(chart_table(block, document, own)),
        _inline(block.source),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(block: Table) -> str:
    mark = f'<a id="{_attribute(block.anchor)}"></a>\n\n' if block.anchor else ""
    parts = [f"{mark}**{_plain(block.caption)}**", _rows(block), _inline(block.note)]
    return "\n\n".join(part for part in parts if part)


def _rows(block: Table) -> str:
    """The lines of a table."""
    lines = ["| " + " | ".join(_inner(name) for name in block.columns) + " |"]
    sides = ["---:" if numeric else ":---" for numeric in numeric_columns(block)]
    lines.append("| " + " | ".join(sides) + " |")
    lines += ["| " + " | ".join(_inline(cell) for cell in row) + " |" for row in block.rows]
    return "\n".join(lines)


def _group(group: Group, own: Words) -> list[str]:
    return [f"### {_plain(group.title)}", *(_entry(item, own) for item in group.entries)]


def _entry(item: Entry, own: Words) -> str:
    """One figure: an anchor, what it is, and what it is made from."""
    status = f" ({_inner(item.status)})" if item.status else ""
    compared = f", {_inner(item.compared)}" if item.compared else ""
    lines = [
        f'<a id="{item.anchor}"></a>',
        f"**{_inner(item.value)}**{status} {_inner(item.what)}{compared}  ",
    ]
    interval = f"; {own['interval'].lower()}: {_inner(item.interval)}" if item.interval else ""
    lines.append(f"{_plain(item.formula)}{interval}\n")
    for made in item.inputs:
        if made.anchor:
            lines.append(f"- [{_inner(made.text)}](#{made.anchor}) {_inner(made.what)}")
        else:
            rest = "".join(f"; {_inner(part)}" for part in made.details)
            lines.append(f"- {_inner(made.text)}: {_link(made.title, made.url)}{rest}")
    return "\n".join(lines)
