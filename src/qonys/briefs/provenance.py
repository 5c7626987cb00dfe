"""Provenance of documents as PROV-JSON: file → row → observation → figure → sentence.

For `package`. Main function: `prov_json`. After W3C PROV-DM (2013) and the PROV-JSON member
submission. The only time in it is the day of the documents; there is no clock.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qonys.briefs.appendix import printed, words_of
from qonys.core.country import Source
from qonys.core.document import Document, Heading
from qonys.core.observations import Observation
from qonys.core.provenance import Figure

PREFIXES = {
    kind: f"urn:qonys:{kind}:"
    for kind in ("file", "row", "obs", "fig", "text", "src", "agent", "act")
} | {"qonys": "urn:qonys:term:"}
Record = dict[str, Any]


class _Graph:
    """Records by kind, each once."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {"prefix": dict(sorted(PREFIXES.items()))}
        self._links = 0
        self._once: set[tuple[str, str]] = set()

    def add(self, kind: str, name: str, **attributes: Any) -> str:
        """One entity, activity or agent; empty attributes are left out."""
        kept = {
            key.replace("__", ":"): value for key, value in attributes.items() if value != ""
        }
        self.records.setdefault(kind, {}).setdefault(name, kept)
        return name

    def link(self, kind: str, **ends: str) -> None:
        """One relation between two records."""
        self._links += 1
        parts = {f"prov:{key}": value for key, value in ends.items()}
        self.records.setdefault(kind, {})[f"_:r{self._links}"] = parts

    def link_once(self, kind: str, mark: str, **ends: str) -> None:
        """A relation that several observations would state again."""
        if (kind, mark) not in self._once:
            self._once.add((kind, mark))
            self.link(kind, **ends)

    def derived(self, new: str, old: str) -> None:
        """A derivation."""
        self.link("wasDerivedFrom", generatedEntity=new, usedEntity=old)


def name(kind: str, text: str) -> str:
    """A qualified name that PROV readers accept.

    Parameters
    ----------
    kind : str
        Prefix.
    text : str
        Anything; letters that names cannot carry are replaced and told apart by a hash.

    Examples
    --------
    >>> name("fig", "emigrants.KAZ.WORLD.2025")
    'fig:emigrants.KAZ.WORLD.2025'
    """
    clean = re.sub(r"[^A-Za-z0-9_.-]", "_", text).strip(".") or "_"
    if clean != text:
        clean += "-" + hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{kind}:{clean}"


def prov_json(
    documents: Sequence[Document],
    figures: Mapping[str, Figure],
    *,
    observations: Mapping[str, Observation],
    sources: Mapping[str, Source],
    files: Iterable[Mapping[str, str]],
) -> Record:
    """Where every number of the documents comes from.

    Parameters
    ----------
    documents : sequence of Document
        The documents.
    figures : Mapping of str to Figure
        All their figures.
    observations : Mapping of str to Observation
        Published values by id; those that no figure needs are left out.
    sources : Mapping of str to Source
        Sources by id.
    files : iterable of Mapping with name and sha256
        The files that were read.
    """
    graph = _Graph()
    hashes = {str(file["name"]): str(file["sha256"]) for file in files}
    for file in sorted(hashes):
        _file(graph, file, hashes)
    used = {key for figure in figures.values() for key in figure.inputs if key in observations}
    for key in sorted(used):
        _observation(graph, key, observations[key], sources, hashes)
    for key in sorted(figures):
        _figure(graph, figures[key], observations)
    for document in documents:
        _sentences(graph, document)
    return graph.records


def _file(graph: _Graph, file: str, hashes: Mapping[str, str]) -> str:
    return graph.add(
        "entity",
        name("file", file),
        prov__type="qonys:file",
        prov__label=file,
        qonys__sha256=hashes.get(file, ""),
    )


def _observation(
    graph: _Graph,
    key: str,
    row: Observation,
    sources: Mapping[str, Source],
    hashes: Mapping[str, str],
) -> None:
    """File, row and observation, who made it and who printed it."""
    file = _file(graph, row.file, hashes)
    line = graph.add(
        "entity",
        name("row", f"{row.file}.{row.row}"),
        prov__type="qonys:row",
        qonys__line=row.row,
    )
    entity = graph.add(
        "entity",
        name("obs", key),
        prov__type="qonys:observation",
        prov__label=str(row.cell),
        prov__value=row.value,
        qonys__unit=row.unit,
        qonys__low=row.low,
        qonys__high=row.high,
        qonys__obs_status=row.obs_status,
        qonys__vintage=row.vintage,
        qonys__certainty=row.certainty,
        qonys__note=row.note,
    )
    reading = graph.add(
        "activity",
        name("act", f"read.{row.file}"),
        prov__type="qonys:read",
        prov__label=row.file,
    )
    graph.link_once("used", row.file, activity=reading, entity=file)
    graph.link_once("wasDerivedFrom", line, generatedEntity=line, usedEntity=file)
    graph.derived(entity, line)
    graph.link("wasGeneratedBy", entity=entity, activity=reading)
    if row.source in sources:
        _source(graph, entity, sources[row.source])


def _source(graph: _Graph, entity: str, source: Source) -> None:
    origin = graph.add(
        "entity",
        name("src", source.id),
        prov__type="qonys:source",
        prov__label=source.title,
        qonys__url=source.url,
        qonys__licence=source.licence,
    )
    producer, publisher = (
        graph.add("agent", name("agent", who), prov__label=who)
        for who in (source.producer, source.publisher)
    )
    graph.link("wasAttributedTo", entity=entity, agent=producer)
    graph.link_once("wasAttributedTo", source.id, entity=origin, agent=publisher)
    graph.derived(entity, origin)


def _figure(graph: _Graph, figure: Figure, observations: Mapping[str, Observation]) -> None:
    """A figure, and the activity that made it from its inputs."""
    entity = graph.add(
        "entity",
        name("fig", figure.id),
        prov__type="qonys:figure",
        prov__value=figure.value,
        qonys__unit=figure.unit,
        qonys__low=figure.low,
        qonys__high=figure.high,
        qonys__formula=figure.formula,
        qonys__measure=figure.measure,
        qonys__ref_area=figure.ref_area,
        qonys__counterpart_area=figure.counterpart_area,
        qonys__time_period=figure.time_period,
        qonys__breakdown=figure.breakdown,
        qonys__obs_status=figure.status,
        qonys__certainty=figure.certainty,
        qonys__compared_with=figure.compared_with,
    )
    deriving = graph.add(
        "activity",
        name("act", f"derive.{figure.id}"),
        prov__type="qonys:derive",
        prov__label=figure.formula,
    )
    graph.link("wasGeneratedBy", entity=entity, activity=deriving)
    for key in dict.fromkeys(figure.inputs):
        old = name("obs" if key in observations else "fig", key)
        graph.link("used", activity=deriving, entity=old)
        graph.derived(entity, old)


def _sentences(graph: _Graph, document: Document) -> None:
    """Each block that prints numbers, and the writing of the document."""
    writing = graph.add(
        "activity",
        name("act", f"write.{document.lang}"),
        prov__type="qonys:write",
        prov__label=document.title,
        **_time(document.as_of),
    )
    used: dict[str, None] = {}
    for number, block in enumerate(document.blocks, 1):
        keys = tuple(dict.fromkeys(printed(block)))
        if isinstance(block, Heading) or not keys:
            continue
        texts = (
            "".join(p if isinstance(p, str) else p.text for p in t) for t in words_of(block)
        )
        label = getattr(block, "title", "") or getattr(block, "caption", "")
        entity = graph.add(
            "entity",
            name("text", f"{document.lang}.{getattr(block, 'anchor', '') or number}"),
            prov__type=f"qonys:{type(block).__name__.lower()}",
            prov__value=label or " ".join(texts),
            qonys__language=document.lang,
        )
        graph.link("wasGeneratedBy", entity=entity, activity=writing)
        for key in keys:
            used[key] = None
            graph.derived(entity, name("fig", key))
    for key in used:
        graph.link("used", activity=writing, entity=name("fig", key))


def _time(day: str) -> dict[str, str]:
    exact = re.fullmatch(r"\d{4}-\d{2}-\d{2}", day)
    return {"prov__endTime": f"{day}T00:00:00"} if exact else {}
