"""Which readers there are, what each is of, and which one fits a file.

For the command line and the `observations` room. Main functions: `readers`, `detect`, `stage`,
`read_source_card`. Reads no figures itself and loads nothing heavy until `stage` is called.
"""

import difflib
import importlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qonys.core.errors import Fault, SourceError

if TYPE_CHECKING:
    import duckdb

    from qonys.sources.staging import Context, Report

META_SUFFIX = ".meta.json"


@dataclass(frozen=True)
class SourceCard:
    """What a reader's `source.toml` says.

    Parameters
    ----------
    id, title, producer, licence, citation, url : str
        Who makes the figures, on what terms, how to cite them.
    hosts : tuple of str
        Hosts that a download may come from, with their subdomains.
    settings : Mapping
        The rest: format notes, measures, requests.
    """

    id: str
    title: str
    producer: str
    licence: str
    citation: str
    url: str
    hosts: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


@cache
def readers() -> Mapping[str, str]:
    """Name and title of every reader."""
    folder = files("qonys.sources")
    names = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir() and (entry / "source.toml").is_file()
    )
    return MappingProxyType({name: _card(name).title for name in names})


def read_source_card(name: str) -> SourceCard:
    """The card of a reader.

    Parameters
    ----------
    name : str
        Name of the reader.

    Raises
    ------
    SourceError
        When there is no such reader.
    """
    if name not in readers():
        near = difflib.get_close_matches(name, readers(), n=1)
        way_out = f"Did you mean {near[0]}?" if near else f"Readers: {', '.join(readers())}."
        raise SourceError(Fault("no such reader", value=name, way_out=way_out))
    return _card(name)


@cache
def _card(name: str) -> SourceCard:
    text = (files("qonys.sources") / name / "source.toml").read_text(encoding="utf-8")
    card = tomllib.loads(text)
    own = {key: str(card.pop(key)) for key in SourceCard.__dataclass_fields__ if key in _TEXTS}
    return SourceCard(
        **own, hosts=tuple(card.pop("hosts", ())), settings=MappingProxyType(card)
    )


_TEXTS = {"id", "title", "producer", "licence", "citation", "url"}


def stage(
    name: str, con: "duckdb.DuckDBPyConnection", path: Path, context: "Context"
) -> "Report":
    """Fill the temporary table `staged` from a file by the reader of that name.

    Parameters
    ----------
    name : str
        Name of the reader, or ``auto``.
    con : DuckDBPyConnection
        The connection.
    path : Path
        The file.
    context : Context
        What the reader must know.

    Raises
    ------
    SourceError
        With every fault of the file.
    """
    chosen = read_source_card(detect(path) if name == "auto" else name).id
    module = importlib.import_module(f"qonys.sources.{chosen}.read")
    report: Report = module.stage(con, path, context)
    return report


def detect(path: Path) -> str:
    """Name of the reader that fits a file, by its first bytes.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    SourceError
        When there is no such file or no reader knows it.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise SourceError(Fault(f"cannot be opened: {error.strerror}", str(path))) from None
    if head.startswith(b"PAR1"):
        return "table"
    if head.startswith(b"PK\x03\x04"):
        return "excel"
    if not head.strip() or head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "table"  # which says that it is empty, or in UTF-16
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    if text[:1] == "{" or (text[:1] == "[" and text[1:].lstrip()[:1] in {"{", "]", ""}):
        pulled = str(read_meta(path).get("reader", ""))
        cube = pulled == "opendata" or path.name.startswith("opendata-")
        return "opendata" if cube else "taldau"
    if text.lower().startswith(("<!doctype", "<html")):
        raise SourceError(
            Fault("a web page, no data", path.name, way_out="Fetch the file itself.")
        )
    if b"\0" in head or text[:1] in {"", "<"}:
        raise SourceError(Fault("no reader knows this file", path.name, way_out=_known_files()))
    header = text.splitlines()[0]
    return "opendata" if '"NAM"\t' in header or header.startswith("NAM\t") else "table"


def _known_files() -> str:
    return "Known are CSV, Parquet, xlsx and the JSON of taldau.stat.gov.kz and stat.gov.kz."


def file_head(path: Path) -> bytes:
    """The first 4,096 bytes of a file, without a byte order mark and blanks before them.

    Parameters
    ----------
    path : Path
        The file.
    """
    with path.open("rb") as stream:
        return stream.read(4096).lstrip(b"\xef\xbb\xbf \r\n\t")


def read_meta(path: Path) -> Mapping[str, Any]:
    """What `pull` wrote beside a file; empty when there is nothing.

    Parameters
    ----------
    path : Path
        The file.
    """
    beside = path.with_name(path.name + META_SUFFIX)
    try:
        meta = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return meta if isinstance(meta, dict) else {}
