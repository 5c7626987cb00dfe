"""A folder with the data behind documents: figures, provenance, observations with a schema.

For the command line. Main function: `write_package`. Writes `figures.json`, `provenance.json`
and a Frictionless data package in `data/`. Each file is written beside and renamed.
"""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from qonys.briefs.appendix import check
from qonys.briefs.provenance import prov_json
from qonys.core.codes import DIMENSIONS, TOTAL
from qonys.core.country import Country, Source
from qonys.core.document import Document
from qonys.core.errors import DataError, Fault
from qonys.core.observations import KEY, SCHEMA, STATUSES, Observation
from qonys.core.periods import FREQ
from qonys.core.provenance import Figure
from qonys.observations.export import replacing

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_MEANING = {
    "measure": "What was counted",
    "freq": "A year, Q quarter, M month, C cumulated, D day, R range, O open, U unspecified",
    "ref_area": "The place that is described",
    "counterpart_area": "The other end of a flow",
    "time_period": "2024, 2024-Q1, 2024-01, 2025-01/2025-04, 2024-01-01, 2023-01/..",
    "obs_value": "The value as printed, in unit",
    "unit": "Code of the unit; shares are percent, 0-100",
    "obs_status": ", ".join(f"{code} {text}" for code, text in STATUSES.items()),
    "precision": "Size of the last printed place",
    "qualifier": "The source's own word: about, over, under or empty",
    "low": "Lower end of what the printed figure can stand for",
    "high": "Upper end of what the printed figure can stand for",
    "source": "Id of the source",
    "vintage": "The release as published",
    "released_from": "First day on which it can have become public",
    "released_to": "Last day on which it can have become public",
    "note": "What a reader must know",
    "file": "File it was read from",
    "row": "Line of that file",
}


def write_package(
    folder: Path,
    documents: Sequence[Document],
    *,
    observations: Mapping[str, Observation],
    sources: Mapping[str, Source],
    country: Country,
    vintage_files: Sequence[Mapping[str, str]],
) -> tuple[Path, ...]:
    """Write the data behind documents.

    Parameters
    ----------
    folder : Path
        Where to; made when missing.
    documents : sequence of Document
        The same brief in one or more languages.
    observations : Mapping of str to Observation
        Published values by id; all of them are written.
    sources : Mapping of str to Source
        Sources by id.
    country : Country
        For the name of the package.
    vintage_files : sequence of Mapping with name and sha256
        The files that the observations were read from.

    Returns
    -------
    tuple of Path
        The files, in the order of writing.

    Raises
    ------
    DataError
        When a number leads nowhere, or one id stands for two figures.
    """
    for document in documents:
        check(document, observations)
    figures = _figures(documents)
    graph = prov_json(
        documents, figures, observations=observations, sources=sources, files=vintage_files
    )
    table = _csv(observations)
    used = {key: sources[key] for key in sorted({o.source for o in observations.values()})}
    title = documents[0].title if documents else country.code
    descriptor = _descriptor(table, used, country, title)
    contents = {
        "figures.json": _json([figures[key].to_json() for key in sorted(figures)]),
        "provenance.json": _json(graph),
        "data/observations.csv": table,
        "data/datapackage.json": _json(descriptor),
    }
    return tuple(_write(folder / path, content) for path, content in contents.items())


def _figures(documents: Sequence[Document]) -> dict[str, Figure]:
    """The figures of all documents; languages share them."""
    figures: dict[str, Figure] = {}
    faults: dict[Fault, None] = {}
    for document in documents:
        for key, figure in document.figures.items():
            if figures.setdefault(key, figure) != figure:
                faults[Fault("one id stands for two figures", document.lang, value=key)] = None
    if faults:
        raise DataError(faults)
    return figures


def _json(data: Any) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _write(path: Path, content: bytes) -> Path:
    with replacing(path) as beside:
        beside.write_bytes(content)
    return path


def _csv(observations: Mapping[str, Observation]) -> bytes:
    rows = [_row(row) for row in observations.values()]
    rows.sort(key=lambda row: tuple(row[column] for column in KEY))
    text = io.StringIO()
    writer = csv.DictWriter(text, SCHEMA.names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _row(row: Observation) -> dict[str, str]:
    cell = row.cell
    dims = {dim: cell.dims.get(dim, TOTAL) for dim in DIMENSIONS}
    days = {
        column: day.isoformat() if day else ""
        for column, day in (
            ("released_from", row.released_from),
            ("released_to", row.released_to),
        )
    }
    return {
        "measure": cell.measure,
        "freq": cell.period.freq,
        "ref_area": cell.ref_area,
        "counterpart_area": cell.counterpart_area,
        "time_period": cell.time_period,
        **dims,
        "obs_value": plain_number(row.value),
        "unit": row.unit,
        "obs_status": row.obs_status,
        "precision": plain_number(row.precision),
        "qualifier": row.qualifier,
        "low": plain_number(row.low),
        "high": plain_number(row.high),
        "source": row.source,
        "vintage": row.vintage,
        **days,
        "note": row.note,
        "file": row.file,
        "row": str(row.row),
    }


def plain_number(value: float) -> str:
    """A number as data: no exponent, no dust of binary fractions, no trailing zeros.

    Parameters
    ----------
    value : float
        The number.

    Examples
    --------
    >>> plain_number(0.1 + 0.2), plain_number(7608.0)
    ('0.3', '7608')
    """
    text = format(Decimal(f"{value:.12g}"), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _descriptor(
    table: bytes, sources: Mapping[str, Source], country: Country, title: str
) -> dict[str, Any]:
    """A Data Package, version 2, with one resource."""
    resource = {
        "name": "observations",
        "type": "table",
        "path": "observations.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(table),
        "hash": f"sha256:{hashlib.sha256(table).hexdigest()}",
        "schema": {
            "fields": [_field(field) for field in SCHEMA],
            "primaryKey": list(KEY),
            "missingValues": [""],
        },
    }
    package: dict[str, Any] = {
        "$schema": PROFILE,
        "name": f"qonys-{country.code.lower()}-observations",
        "title": title,
        "sources": [_source(source) for source in sources.values()],
        "resources": [resource],
    }
    licences = sorted({source.licence for source in sources.values() if source.licence})
    if licences:
        package["licenses"] = [_licence(text) for text in licences]
    return package


def _source(source: Source) -> dict[str, str]:
    by = ", ".join(dict.fromkeys((source.producer, source.publisher)))
    entry = {"title": f"{source.id}: {source.title} ({by})"}
    return {**entry, "path": source.url} if source.url.startswith("http") else entry


def _licence(text: str) -> dict[str, str]:
    if text.startswith("http"):
        return {"path": text}
    return {"name": text.replace(" ", "-"), "title": text}


def _field(field: pa.Field) -> dict[str, Any]:
    """Type and rules of one column."""
    name = field.name
    kinds = {pa.float64(): "number", pa.int64(): "integer", pa.date32(): "date"}
    kind = kinds.get(field.type, "string")
    rules: dict[str, Any] = {}
    if name not in {"qualifier", "note", "released_from", "released_to", "file", "row"}:
        rules["required"] = True
    enums = {"obs_status": sorted(STATUSES), "freq": sorted(FREQ.values())}
    if name in enums:
        rules["enum"] = enums[name]
    entry = {
        "name": name,
        "type": kind,
        "description": _MEANING.get(name, "Breakdown; _T is the total"),
    }
    return {**entry, "constraints": rules} if rules else entry
