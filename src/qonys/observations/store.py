"""The store: immutable Parquet files named in a manifest, read by DuckDB.

For everybody who keeps figures. Main functions: `open_store`, `Store.add`, `Store.retract`.
Append-only: nothing is overwritten, a retraction hides. One writer at a time, readers never
wait. Layout: docs/data-model.md, section 7.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb

from qonys.core import intervals, periods
from qonys.core.country import Country
from qonys.core.errors import DataError, Fault, StoreError
from qonys.core.observations import KEY
from qonys.observations import corrections, load
from qonys.observations.corrections import Correction
from qonys.observations.load import prepare, stage_pack, unmatched_corrections
from qonys.sources.staging import STAGED, quoted

FORMAT = 2
Stage = Callable[[duckdb.DuckDBPyConnection], None]


@dataclass(frozen=True)
class VintageFile:
    """One immutable file of the store.

    Parameters
    ----------
    file : str
        Name in the folder `vintages`.
    sha256 : str
        Hash of the file.
    country : str
        Country whose lists it was checked against.
    rows : int
        Number of rows.
    releases : dict of str to int
        Rows by ``SOURCE@DAY``.
    origin : dict of str to str
        `kind` (``pack`` or ``file``), `name`, `sha256` of what was read.
    added : str
        When it was added, UTC.
    superseded : bool
        Whether a newer edition of the same pack took its place.
    """

    file: str
    sha256: str
    country: str
    rows: int
    releases: dict[str, int]
    origin: dict[str, str]
    added: str
    superseded: bool = False


@dataclass(frozen=True)
class Retraction:
    """A release that is hidden.

    Parameters
    ----------
    country : str
        Country.
    vintage : str
        A day, or ``SOURCE@DAY``.
    reason : str
        Why.
    added : str
        When, UTC.
    upto : int
        Number of files of the manifest when it was retracted: what is added later, in its
        right form, is not hidden.
    """

    country: str
    vintage: str
    reason: str
    added: str
    upto: int


@dataclass(frozen=True)
class Manifest:
    """What the store holds.

    Parameters
    ----------
    format : int
        Format of the store.
    files : tuple of VintageFile
        In the order of adding.
    retractions : tuple of Retraction
        In the order of adding.
    """

    format: int = FORMAT
    files: tuple[VintageFile, ...] = ()
    retractions: tuple[Retraction, ...] = ()

    def to_text(self) -> str:
        """JSON, stable."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


@dataclass
class Store:
    """A folder with a manifest and its vintage files.

    Parameters
    ----------
    home : Path
        The folder.
    manifest : Manifest
        As read when the store was opened; later writers do not change it.
    """

    home: Path
    manifest: Manifest = field(default_factory=Manifest)

    @property
    def folder(self) -> Path:
        """Folder of the vintage files."""
        return self.home / "vintages"

    def files(self, country: str) -> tuple[VintageFile, ...]:
        """Files of a country that are in use."""
        return tuple(
            entry
            for entry in self.manifest.files
            if entry.country == country and not entry.superseded
        )

    def hidden(self, country: str) -> list[tuple[str, list[str]]]:
        """Each retracted vintage with the paths of the files in which it is hidden."""
        found = []
        for retraction in self.manifest.retractions:
            if retraction.country == country:
                paths = [
                    str(self.folder / entry.file)
                    for number, entry in enumerate(self.manifest.files)
                    if number < retraction.upto or entry.origin["kind"] == "pack"
                ]
                found.append((retraction.vintage, paths))
        return found

    def hidden_releases(self, country: str) -> set[str]:
        """Releases of which no row is visible any more."""
        seen: dict[str, bool] = {}
        hidden = self.hidden(country)
        for entry in self.files(country):
            gone = self._gone(entry, hidden)
            for name in entry.releases:
                seen[name] = seen.get(name, True) and name in gone
        return {name for name, gone in seen.items() if gone}

    def releases(self, country: str) -> dict[str, int]:
        """Number of rows by ``SOURCE@DAY``, retracted ones included."""
        counts: dict[str, int] = {}
        for entry in self.files(country):
            for name, rows in entry.releases.items():
                counts[name] = counts.get(name, 0) + rows
        return counts

    def add(self, country: Country, stage: Stage, origin: dict[str, str]) -> VintageFile:
        """Check what `stage` puts into the table `staged`, then store it as one file.

        Parameters
        ----------
        country : Country
            Lists and corrections to check against.
        stage : callable
            Takes a DuckDB connection and fills the temp table `staged`.
        origin : dict of str to str
            `kind`, `name` and `sha256` of what is read.

        Returns
        -------
        VintageFile
            The new file, or the old one when the same content is in the store already.

        Raises
        ------
        DataError
            All faults at once; the store is unchanged.
        StoreError
            When the folder cannot be written.
        """
        with self._writing():
            hidden = self.hidden(country.code)
            for entry in self.files(country.code):
                if entry.origin == origin and not self._gone(entry, hidden):
                    return entry
            self.folder.mkdir(parents=True, exist_ok=True)
            with _scratch(self.folder) as scratch:
                written = self._write(country, stage, origin, scratch)
            if isinstance(written, set):
                return self._holder(country.code, written)
            entry = written
            kept = [self._aged(old, entry) for old in self.manifest.files]
            self._replace_manifest(replace(self.manifest, files=(*kept, entry)))
        return entry

    def retract(self, country: str, vintage: str, reason: str) -> int:
        """Hide a release; deletes nothing.

        Parameters
        ----------
        country : str
            Country.
        vintage : str
            A release as published, or ``SOURCE@RELEASE``.
        reason : str
            Why; must not be empty.

        Returns
        -------
        int
            Number of rows hidden.

        Raises
        ------
        DataError
            When there is no such release or no reason.
        """
        if not reason.strip():
            raise DataError(Fault("a retraction needs a reason", way_out="Add --reason."))
        with self._writing():
            rows = sum(
                count
                for name, count in self.releases(country).items()
                if name_matches(name, vintage)
            )
            if not rows:
                raise DataError(
                    Fault(
                        "no such release in the store",
                        value=vintage,
                        way_out="See `qonys data vintages`.",
                    )
                )
            upto = len(self.manifest.files)
            new = Retraction(country, vintage, reason.strip(), _now(), upto)
            kept = self.manifest.retractions
            self._replace_manifest(replace(self.manifest, retractions=(*kept, new)))
        return rows

    def _holder(self, country: str, releases: set[str]) -> VintageFile:
        """The newest file that holds a release."""
        return [e for e in self.files(country) if releases & e.releases.keys()][-1]

    def _gone(self, entry: VintageFile, hidden: list[tuple[str, list[str]]]) -> set[str]:
        """Releases of a file that were retracted in it; `hidden` is of its country."""
        path = str(self.folder / entry.file)
        vintages = [vintage for vintage, paths in hidden if path in paths]
        return {name for name in entry.releases if any(name_matches(name, v) for v in vintages)}

    def _write(
        self, country: Country, stage: Stage, origin: dict[str, str], scratch: Path
    ) -> VintageFile | set[str]:
        """The new file, or the releases of its rows when the store holds every one."""
        target = scratch / "new.parquet"
        con = _connect(scratch)
        try:
            stage(con)
            query = prepare(con, country)
            if origin["kind"] == "pack":
                _require_used(unmatched_corrections(con, country))
            given = releases = _count_releases(con)
            if origin["kind"] != "pack":
                self._drop_known(con, country.code, releases)
                releases = _count_releases(con)
            if not releases:
                return set(given)
            con.execute(f"COPY ({query}) TO {quoted(str(target))} (FORMAT parquet)")
        finally:
            con.interrupt()  # else a stopped query holds the connection until it ends
            con.close()
        digest = file_sha256(target)
        name = f"{digest}.parquet"
        _sync(target)
        target.replace(self.folder / name)
        return VintageFile(
            file=name,
            sha256=digest,
            country=country.code,
            rows=sum(releases.values()),
            releases=releases,
            origin=origin,
            added=_now(),
        )

    def _drop_known(
        self, con: duckdb.DuckDBPyConnection, country: str, releases: dict[str, int]
    ) -> None:
        """Drop staged rows that the store holds; raise where it holds another value."""
        rivals = [
            entry for entry in self.files(country) if releases.keys() & entry.releases.keys()
        ]
        if not rivals:
            return
        files = [str(self.folder / entry.file) for entry in rivals]
        conditions, values = visible(self.hidden(country))
        con.execute(
            "CREATE OR REPLACE TEMP TABLE held AS SELECT s.rowid AS number, "
            "s.obs_value IS NOT DISTINCT FROM o.obs_value AND s.unit = o.unit AND "
            "s.obs_status = o.obs_status AS same, o.obs_value AS stored, o.obs_status AS was "
            "FROM staged s JOIN read_parquet($files, filename = true) o "
            f"USING ({', '.join(KEY)}) "
            f"WHERE {' AND '.join(['true', *conditions])}",
            {"files": files, **values},
        )
        other = con.execute(
            "SELECT s.file, s.row, s.measure, s.ref_area, s.time_period, s.source, s.vintage, "
            "s.obs_value, s.obs_status, h.stored, h.was FROM held h JOIN staged s "
            "ON h.number = s.rowid WHERE NOT h.same ORDER BY s.row LIMIT 1000"
        ).fetchall()
        if other:
            raise DataError(_other_value(*row) for row in other)
        con.execute("DELETE FROM staged WHERE rowid IN (SELECT number FROM held)")

    @staticmethod
    def _aged(old: VintageFile, new: VintageFile) -> VintageFile:
        same_pack = old.origin.get("kind") == new.origin["kind"] == "pack"
        if same_pack and old.country == new.country:
            return replace(old, superseded=True)
        return old

    def _replace_manifest(self, manifest: Manifest) -> None:
        write_atomically(self.home / "manifest.json", manifest.to_text())
        self.manifest = manifest

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the writer's lock, with the newest manifest."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            with (self.home / "lock").open("a+b") as lock:
                _lock(lock.fileno())
                self.manifest = _read_manifest(self.home)
                yield
        except PermissionError as error:
            raise StoreError(
                f"cannot write to the store {self.home}: {error.strerror}. "
                "Choose another folder with --store DIR or QONYS_HOME."
            ) from None


def open_store(home: str | Path | None = None, country: Country | None = None) -> Store:
    """Open a store, and put a country's built-in figures into it if they are not there.

    Parameters
    ----------
    home : str or Path or None
        The folder; none takes `QONYS_HOME`, else the user's data directory.
    country : Country or None
        The country whose pack must be present.

    Raises
    ------
    StoreError
        When the folder holds a newer format or a broken manifest.
    """
    folder = Path(home) if home else default_home()
    store = Store(folder, _read_manifest(folder))
    if store.manifest.format < FORMAT:
        with store._writing():
            store._replace_manifest(_upgraded(folder, store.manifest))
    if country is not None:
        digest = pack_sha256(country)
        if not any(f.origin.get("sha256") == digest for f in store.files(country.code)):
            origin = {"kind": "pack", "name": country.code, "sha256": digest}
            store.add(country, lambda con: stage_pack(con, country), origin)
    return store


def _count_releases(con: duckdb.DuckDBPyConnection, relation: str = STAGED) -> dict[str, int]:
    """Number of rows by ``SOURCE@RELEASE``."""
    counts = con.execute(
        f"SELECT source || '@' || vintage, count(*) FROM {relation} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return {name: int(rows) for name, rows in counts}


def _other_value(file: str, row: int, *said: Any) -> Fault:
    """A row whose cell the store holds with another value for the same release."""
    measure, area, period, source, vintage, value, status, stored, was = said
    return Fault(
        f"the store has {stored:,.10g} ({was}) for this release of this cell",
        file,
        row,
        "obs_value",
        f"{value:,.10g} ({status}) {measure}:{area}:{period} {source}@{vintage}",
        "Give the file its own release day, or retract the old one.",
    )


def _require_used(unmatched: list[Correction]) -> None:
    """Raise when a correction of a country answers to no row of it."""
    if unmatched:
        raise DataError(
            Fault(
                f"{correction.id}: corrects no row",
                "corrections.csv",
                way_out="Mend what it names, or remove it.",
            )
            for correction in unmatched
        )


def default_home() -> Path:
    """`QONYS_HOME`, else the user's data directory."""
    chosen = os.environ.get("QONYS_HOME")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_data_dir("qonys", appauthor=False))


def pack_sha256(country: Country) -> str:
    """Hash of everything that shapes a country's stored rows: its data, and how it is read.

    Parameters
    ----------
    country : Country
        The country.
    """
    digest = hashlib.sha256(f"format {FORMAT}\n".encode())
    for module in (load, corrections, intervals, periods):
        digest.update(Path(str(module.__file__)).read_bytes())
    for name, entry in sorted(_walk(country.folder, "")):
        digest.update(f"{name}\n".encode())
        digest.update(entry.read_bytes())
    return digest.hexdigest()


def visible(hidden: list[tuple[str, list[str]]]) -> tuple[list[str], dict[str, object]]:
    """Conditions that leave out retracted rows `o`, and their parameters.

    Parameters
    ----------
    hidden : list of (str, list of str)
        As `Store.hidden` gives it; the rows must carry `filename`.
    """
    conditions: list[str] = []
    values: dict[str, object] = {}
    for number, (vintage, paths) in enumerate(hidden):
        conditions.append(
            f"NOT ($vintage{number} IN (o.vintage, o.source || '@' || o.vintage) "
            f"AND o.filename IN (SELECT unnest($paths{number})))"
        )
        values[f"vintage{number}"] = vintage
        values[f"paths{number}"] = paths
    return conditions, values


def name_matches(release: str, vintage: str) -> bool:
    """Whether ``SOURCE@DAY`` answers to a vintage, which is a day or ``SOURCE@DAY``."""
    return vintage in (release, release.partition("@")[2])


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces.

    Parameters
    ----------
    path : Path
        The file.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Write a text file beside, then rename it into place.

    Parameters
    ----------
    path : Path
        The file.
    text : str
        Its content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, f"{name}/")
        elif name.endswith((".csv", ".toml")):
            yield name, entry


def _read_manifest(home: Path) -> Manifest:
    path = home / "manifest.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Manifest()
    except NotADirectoryError:
        raise StoreError(f"{home} is no folder. Name another store with --store DIR.") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise _unreadable(path) from None
    known = data.get("format") if isinstance(data, dict) else None
    if not isinstance(known, int):
        raise _unreadable(path)
    if known > FORMAT:
        raise StoreError(
            f"{home} was written by a newer Qonys (format {known}, this one knows {FORMAT}). "
            "Install the newer Qonys, or name another store with --store DIR."
        )
    try:
        files = tuple(VintageFile(**{"releases": {}, **entry}) for entry in data["files"])
        later = {"upto": len(files)}
        retractions = tuple(Retraction(**{**later, **entry}) for entry in data["retractions"])
    except (KeyError, TypeError):
        raise _unreadable(path) from None
    for entry in files:
        if not entry.superseded and not (home / "vintages" / entry.file).is_file():
            raise StoreError(
                f"{home}: the file vintages/{entry.file} is gone. Restore it from a backup, or "
                "name another store with --store DIR."
            )
    return Manifest(known, files, retractions)


def _unreadable(path: Path) -> StoreError:
    return StoreError(
        f"{path} is not readable as a manifest. Restore it from a backup, or name another "
        "store with --store DIR."
    )


def _upgraded(home: Path, manifest: Manifest) -> Manifest:
    """Format 1 did not count the rows of each release."""
    files = []
    with duckdb.connect() as con:
        for entry in manifest.files:
            rows = f"read_parquet({quoted(str(home / 'vintages' / entry.file))})"
            files.append(replace(entry, releases=_count_releases(con, rows)))
    return Manifest(FORMAT, tuple(files), manifest.retractions)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder beside the vintages for what is not finished; sweeps what a crash left."""
    import shutil

    for left in folder.glob(".new-*"):
        shutil.rmtree(left, ignore_errors=True)
    path = Path(tempfile.mkdtemp(dir=folder, prefix=".new-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("SET enable_progress_bar = false")
    con.execute(f"SET temp_directory = {quoted(str(scratch / 'spill'))}")
    return con


def _lock(handle: int) -> None:
    """Wait for the writer's lock; the system frees it when the process ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        windows: Any = msvcrt
        windows.locking(handle, windows.LK_LOCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX)


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
