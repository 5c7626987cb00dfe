"""A document as a tagged PDF on A4, the same bytes on every run.

For the command line. Main function: `render_pdf`. Strings go to Typst as data, never as markup.
Fonts are those inside Typst, so that no machine's own fonts matter; they hold Kazakh letters.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

from qonys.briefs.appendix import (
    Group,
    anchor,
    as_of_words,
    check,
    entries,
    numeric_columns,
    prominent_ids,
    safe_link,
)
from qonys.briefs.charts import render_svg
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
from qonys.core.errors import DataError
from qonys.core.observations import Observation
from qonys.core.periods import parse_day

FONT = "Libertinus Serif"
CHART_WIDTH = 720
TILES_WIDTH = 500
TILES_SHARE = 66  # percent of the line
LETTERS_A_LINE = 84


def render_pdf(
    document: Document,
    *,
    observations: Mapping[str, Observation],
    sources: Mapping[str, Source],
) -> bytes:
    """A PDF that follows PDF/UA-1.

    Parameters
    ----------
    document : Document
        What to print.
    observations : Mapping of str to Observation
        Published values by id.
    sources : Mapping of str to Source
        Sources by id.

    Raises
    ------
    DataError
        When a number of the document leads nowhere.
    """
    import typst

    check(document, observations)
    own = words(document)
    groups = entries(document, own, observations, sources)
    data = json.dumps(_data(document, own, groups), ensure_ascii=False, sort_keys=True)
    template = (files("qonys.briefs") / "templates" / "brief.typ").read_bytes()
    day = _day(document.as_of) or date(2000, 1, 1)
    pdf: bytes = typst.compile(
        template,
        sys_inputs={"data": data},
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards="ua-1",
        timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
    )
    return pdf


def _day(text: str) -> date | None:
    try:
        return parse_day(text)
    except DataError:
        return None


def _data(document: Document, own: Words, groups: tuple[Group, ...]) -> dict[str, Any]:
    """All that the template prints, as plain data."""
    targets = prominent_ids(document)
    blocks = [_block(block, document, targets) for block in document.blocks]
    shown = _groups(groups)
    place = next((i for i, b in enumerate(blocks) if b["kind"] == "heading"), len(blocks))
    sections = sum(block["kind"] == "heading" and block["level"] == 1 for block in blocks)
    listed = sections + bool(shown)
    if listed:
        blocks.insert(place, {"kind": "contents", "lines": (listed + 1) // 2})
    day = _day(document.as_of)
    pages = own["page"].split("{}")
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "lang": document.lang,
        "as_of": own.fill("as_of", as_of_words(document.as_of, document.lang)),
        "day": {"year": day.year, "month": day.month, "day": day.day} if day else None,
        "page_words": [*pages, "", "", ""][:3],
        "words": {
            "contents": own["contents"],
            "figures_title": own["figures_title"],
            "figures_intro": own["figures_intro"],
            "interval": own["interval"].lower(),
        },
        "blocks": blocks,
        "groups": shown,
    }


def _groups(groups: tuple[Group, ...]) -> list[dict[str, Any]]:
    """Entries of the figures that sentences and key figures print."""
    shown = []
    for group in groups:
        items = [
            {
                "anchor": item.anchor,
                "value": item.value,
                "status": item.status,
                "what": item.what,
                "compared": item.compared,
                "formula": item.formula,
                "interval": item.interval,
                "brief": len(item.inputs) > 4 and all(made.anchor for made in item.inputs),
                "inputs": [
                    {
                        "text": made.text,
                        "what": made.what,
                        "title": made.title,
                        "url": made.url,
                        "rest": "".join(f"; {part}" for part in made.details),
                    }
                    for made in item.inputs
                ],
            }
            for item in group.entries
            if item.prominent
        ]
        if items:
            shown.append({"title": group.title, "entries": items})
    return shown


def _inline(text: Text, targets: set[str]) -> list[dict[str, str]]:
    parts = []
    for part in text:
        if isinstance(part, Ref):
            target = anchor(part.figure) if part.figure in targets else ""
            parts.append({"kind": "number", "text": part.text, "target": target})
        elif isinstance(part, Link):
            href = safe_link(part.href)
            outside = href if href.startswith(("http", "mailto")) else ""
            parts.append({"kind": "link", "text": part.text, "target": outside})
        else:
            parts.append({"kind": "text", "text": part, "target": ""})
    return parts


def _block(block: Block, document: Document, targets: set[str]) -> dict[str, Any]:
    if isinstance(block, Heading):
        level = max(block.level - 1, 1)
        return {"kind": "heading", "level": level, "text": block.text, "anchor": block.anchor}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "role": block.role, "text": _inline(block.text, targets)}
    if isinstance(block, Bullets):
        return {"kind": "bullets", "items": [_inline(item, targets) for item in block.items]}
    if isinstance(block, KeyFigures):
        return {"kind": "keyfigures", "items": _cards(block, targets)}
    if isinstance(block, Table):
        return _table(block)
    return _chart(block, document)


def _cards(block: KeyFigures, targets: set[str]) -> list[dict[str, Any]]:
    return [
        {
            "label": item.label,
            "tag": item.tag,
            "number": _inline((item.number,), targets)[0],
            "detail": _inline(item.detail, targets),
        }
        for item in block.items
    ]


def _table(block: Table) -> dict[str, Any]:
    """A table; a column of numbers is set to the right."""
    columns = len(block.columns)
    sides = ["n" if numeric else "t" for numeric in numeric_columns(block)]
    rows = [
        [{"parts": _inline(cell, set())} for cell in (*row, *((),) * (columns - len(row)))]
        for row in block.rows
    ]
    return {
        "kind": "table",
        "caption": block.caption,
        "columns": list(block.columns),
        "align": sides,
        "widths": _shares(block, sides),
        "rows": rows,
        "note": _inline(block.note, set()),
    }


def _shares(block: Table, sides: list[str]) -> list[int]:
    """Shares of the width for columns of words; 0 leaves a column to its contents."""
    lengths, longest = [], []
    for index, name in enumerate(block.columns):
        cells = (row[index] for row in block.rows if index < len(row))
        texts = ["".join(p if isinstance(p, str) else p.text for p in cell) for cell in cells]
        lengths.append(max(map(len, [name, *texts])))
        longest.append(
            max(len(word) for text in [name, *texts] for word in (text or " ").split(" "))
        )
    if sum(lengths) <= LETTERS_A_LINE:
        return [0] * len(lengths)
    return [
        0 if side == "n" and length <= 18 else max(min(length, 36), round(1.4 * word))
        for side, length, word in zip(sides, lengths, longest, strict=True)
    ]


def _chart(block: Chart, document: Document) -> dict[str, Any]:
    tiles = block.kind == "tiles"
    width = TILES_WIDTH if tiles else CHART_WIDTH
    svg = render_svg(
        block,
        document.lang,
        dark=False,
        width=width,
        labels=document.labels,
        font=FONT,
    )
    return {
        "kind": "chart",
        "title": block.title,
        "subtitle": block.subtitle,
        "alt": block.alt or block.title,
        "svg": svg,
        "width": TILES_SHARE if tiles else 100,
        "source": _inline(block.source, set()),
    }
