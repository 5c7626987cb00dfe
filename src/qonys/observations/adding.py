"""From a provider's file or address into the store.

For the command line. Main functions: `add_file`, `pull_and_add`. Chooses the reader, names
source and release, gives units in old borders their own code, and reports what was added and
what was passed over.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from qonys.core.country import Country
from qonys.core.errors import DataError, Fault
from qonys.core.periods import parse_day, parse_period, parse_release
from qonys.observations.checks import with_checks
from qonys.observations.store import Store, file_sha256
from qonys.sources.staging import staged_rows

if TYPE_CHECKING:
    from qonys.sources.staging import Report


def add_file(
    store: Store,
    country: Country,
    path: Path,
    *,
    reader: str | None = None,
    source: str | None = None,
    released: str | None = None,
    mapping: Path | None = None,
    options: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Add a file as a new vintage: all of it, or nothing.

    Parameters
    ----------
    store : Store
        The store.
    country : Country
        Lists to check against.
    path : Path
        The file.
    reader : str or None
        Name of the reader; none detects it.
    source : str or None
        Id of the source, where the file does not say it itself.
    released : str or None
        Release, where the file does not say it itself.
    mapping : Path or None
        Mapping file for `table`.
    options : Mapping of str to str or None
        Further settings of the reader.

    Returns
    -------
    dict
        `file`, `rows`, `releases`, `already`, `notes`.

    Raises
    ------
    DataError
        All faults of the file at once.
    """
    from qonys.sources.registry import detect, stage
    from qonys.sources.staging import Context

    if not path.is_file():
        raise DataError(Fault("no such file", str(path)))
    if source is not None and source not in country.sources:
        raise DataError(
            Fault("unknown source", value=source, way_out="See `qonys data codes source`.")
        )
    if released is not None:
        parse_release(released)
    name = reader or ("table" if mapping else detect(path))
    settings: dict[str, str] = dict(options or {})
    if mapping:
        if not mapping.is_file():
            raise DataError(Fault("no such mapping file", str(mapping)))
        settings["mapping"] = str(mapping)
    context = Context(
        country,
        source or _usual_source(name, path, settings),
        released or _release_of(path),
        settings,
    )
    notes: list[str] = []

    def fill(con: duckdb.DuckDBPyConnection) -> None:
        """Stage the file and note what the reader said; its faults come with all others."""
        found: tuple[Fault, ...] = ()
        try:
            notes.extend(_told(stage(name, con, path, context)))
        except DataError as error:
            found = error.faults
        if name != "table" and staged_rows(con):
            notes.extend(use_old_borders(con, country))
        if found:
            raise DataError(with_checks(con, country, found))

    origin = {
        "kind": "file",
        "name": path.name,
        "sha256": file_sha256(path),
        "reader": name,
        "read_as": _read_as(context.source, context.vintage, settings, mapping),
    }
    before = {entry.file for entry in store.manifest.files}
    entry = store.add(country, fill, origin)
    return {
        "file": path.name,
        "rows": entry.rows,
        "releases": sorted(entry.releases),
        "already": entry.file in before,
        "notes": notes,
    }


def _read_as(
    source: str, vintage: str, settings: Mapping[str, str], mapping: Path | None
) -> str:
    """What a file was read as: the same bytes under another release are another vintage."""
    said = {**settings, "mapping": file_sha256(mapping)} if mapping else settings
    options = ";".join(f"{key}={said[key]}" for key in sorted(said))
    return f"{source}@{vintage};{options}"


def use_old_borders(con: duckdb.DuckDBPyConnection, country: Country) -> list[str]:
    """Give units in the borders of their day the code of those borders.

    A provider writes the name of a region that was later split both for its old and for its
    present borders. Rows of a period before the split are in old borders unless the file holds
    the unit that was split off for that period too: then the series was recast.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds `staged`.
    country : Country
        Its areas: a former unit names its members, the one that kept its name first.

    Returns
    -------
    list of str
        What was done, in words.
    """
    notes = []
    found = con.execute("SELECT DISTINCT time_period FROM staged").fetchall()
    ends = {text: parse_period(text).end for (text,) in found}
    for code, entry in country.areas.items():
        members = [m for m in entry.fields.get("members", "").split(";") if m]
        until = entry.fields.get("valid_to", "")
        if not members or not until:
            continue
        last = parse_day(until)
        early = [text for text, end in ends.items() if end and end <= last]
        changed = con.execute(
            "UPDATE staged SET ref_area = $code WHERE ref_area = $heir "
            "AND time_period IN (SELECT unnest($early)) AND (measure, time_period) NOT IN "
            "(SELECT (measure, time_period) FROM staged WHERE ref_area IN "
            "(SELECT unnest($others)))",
            {"code": code, "heir": members[0], "early": early, "others": members[1:]},
        ).fetchone()
        if changed and changed[0]:
            notes.append(
                f"{changed[0]} rows of {country.name(members[0])} before {last} are in old "
                f"borders: stored as {code}"
            )
    return notes


def pull_and_add(
    store: Store,
    country: Country,
    source: str,
    *,
    base_url: str | None = None,
    released: str | None = None,
    refresh: bool = False,
    add: bool = True,
    progress: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Fetch a provider's newest answers into the store's cache, and add them.

    Parameters
    ----------
    store : Store
        The store.
    country : Country
        Lists to check against.
    source : str
        ``taldau`` or ``opendata``.
    base_url : str or None
        Another address.
    released : str or None
        Release day; none takes the day on which the provider last changed the file, else the
        day on which it was fetched.
    refresh : bool
        Whether kept answers are asked for again.
    add : bool
        Whether to add what was fetched.
    progress : callable or None
        Is told what goes on.

    Returns
    -------
    list of dict
        One a file, as `add_file` gives it.
    """
    from qonys.sources.pull import pull

    into = store.home / "cache" / source
    files = pull(source, country, into, base_url=base_url, refresh=refresh, progress=progress)
    if not add:
        return [{"file": str(path)} for path in files]
    return [add_file(store, country, path, reader=source, released=released) for path in files]


def _told(report: "Report") -> list[str]:
    """What a reader left out or wondered about, in words."""
    told = [str(finding) for finding in report.findings]
    if report.missing:
        told.append(f"{report.missing} cells are marked as missing: no figure, never 0")
    return told


def _usual_source(reader: str, path: Path, settings: Mapping[str, str]) -> str:
    """The source that a provider's file belongs to, as the reader's card says; else empty."""
    from qonys.sources.registry import read_meta, read_source_card

    card = read_source_card(reader).settings
    said = {**read_meta(path), **settings}
    indices = card.get("indices", {})
    named = re.search(r"taldau-(\d+)", path.name)
    index = str(said.get("index", named.group(1) if named else ""))
    if indices:
        return str(indices.get(index, {}).get("source", ""))
    entries = list(card.get("measures", {}).values())
    element = said.get("element")
    fitting = [entry for entry in entries if element in (None, entry.get("element"))]
    sources = {str(entry.get("source", "")) for entry in fitting}
    return sources.pop() if len(sources) == 1 else ""


def _release_of(path: Path) -> str:
    """The day on which a fetched file was last changed or fetched; empty for other files."""
    from qonys.sources.registry import read_meta

    meta = read_meta(path)
    if not meta:
        return ""
    try:
        return parsedate_to_datetime(str(meta["last_modified"])).date().isoformat()
    except (KeyError, TypeError, ValueError):
        return _modified(path).isoformat()


def _modified(path: Path) -> date:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
