"""From a provider's file or address into the store.

For the command line. Main functions: `add_file`, `pull_and_add`. Chooses the reader, names
source and release, and reports what was added and what was passed over.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from qonys.core.country import Country
from qonys.core.errors import DataError, Fault
from qonys.core.periods import parse_release
from qonys.observations.store import Store, file_sha256

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
        `file`, `rows`, `releases`, `already`, `skipped`.

    Raises
    ------
    DataError
        All faults of the file at once.
    """
    from qonys.sources.registry import detect, stage
    from qonys.sources.staging import Context, Report

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
        settings["mapping"] = str(mapping)
    context = Context(country, source or "", released or "", settings)
    reports: list[Report] = []

    def fill(con: duckdb.DuckDBPyConnection) -> None:
        reports.append(stage(name, con, path, context))

    digest = file_sha256(path)
    origin = {"kind": "file", "name": path.name, "sha256": digest, "reader": name}
    before = {entry.file for entry in store.manifest.files}
    entry = store.add(country, fill, origin)
    return {
        "file": path.name,
        "rows": entry.rows,
        "releases": sorted(entry.releases),
        "already": entry.file in before,
        "skipped": [text for report in reports for text in _passed_over(report)],
    }


def _passed_over(report: "Report") -> list[str]:
    """What a reader left out, in words."""
    told = [f"{count} rows of {what}" for what, count in report.skipped.items()]
    if report.missing:
        told.append(f"{report.missing} cells marked as missing: no figure, not 0")
    return told + [str(finding) for finding in report.findings]


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
        Release day; none takes the provider's own.
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

    pulled = pull(
        source,
        country,
        store.home / "cache" / source,
        base_url=base_url,
        refresh=refresh,
        progress=progress,
    )
    results: list[dict[str, Any]] = []
    for item in pulled:
        if add:
            results.append(
                add_file(
                    store,
                    country,
                    item.path,
                    reader=item.reader,
                    source=item.source,
                    released=released or item.released,
                    options=item.options,
                )
            )
        else:
            results.append({"file": str(item.path)})
    return results
