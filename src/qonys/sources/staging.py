"""What readers share: the context, the collector of faults and the table `staged`.

For every reader and for the `observations` room, which checks codes and keys afterwards.
Main types: `Context`, `Faults`, `Report`; main functions: `stage_batches`, `create_staged`.
Computes no intervals and stores nothing.

A reader puts every row that it could read into `staged` before it raises what is wrong with the
others, so that the checks that follow can be made as well and a user gets all faults at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa

from qonys.core.codes import DIMENSIONS, TOTAL
from qonys.core.country import Country
from qonys.core.errors import FAULT_LIMIT, DataError, Fault, Rest, SourceError, listed
from qonys.core.observations import RAW_SCHEMA

if TYPE_CHECKING:
    import duckdb

STAGED = "staged"
#: Rows with an unreadable cell, which is NULL here; made only when there are faults.
HALF_READ = "half_read"
DEFAULTS: Mapping[str, str] = {
    "counterpart_area": "WORLD",
    **dict.fromkeys(DIMENSIONS, TOTAL),
    "obs_status": "A",
    "qualifier": "",
    "note": "",
}
CONSTANT_OPTIONS = ("measure", "ref_area", "unit", *DEFAULTS)
_BATCH = 65_536


@dataclass(frozen=True)
class Context:
    """What a reader must know beside the file.

    Parameters
    ----------
    country : Country
        Whose places the file names.
    source : str
        Id of the source that every row gets.
    vintage : str
        The release, a day, month or year, or ``undated``.
    options : Mapping of str to Any
        Settings of the reader, e.g. ``measure`` or ``mapping``.
    """

    country: Country
    source: str
    vintage: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def constants(self) -> dict[str, str]:
        """Columns that the options fix for every row, with source and vintage."""
        fixed = {k: str(v) for k, v in self.options.items() if k in CONSTANT_OPTIONS}
        return {**fixed, "source": self.source, "vintage": self.vintage}


@dataclass(frozen=True)
class Report:
    """What a reader did beside filling `staged`.

    Parameters
    ----------
    rows : int
        Rows in `staged`.
    missing : int
        Cells that the file marks as missing; they have no row.
    skipped : Mapping of str to int
        Rows left out by what they are about, e.g. a district that is no area of the country.
    findings : tuple of Fault
        What a reader of the figures should know but what does not stop the load.
    """

    rows: int
    missing: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Unexplained(Fault):
    """A fault whose way out takes long to find; it is looked for when the fault is listed.

    Parameters
    ----------
    explain : callable
        Gives the way out.
    """

    explain: Callable[[], str] = str

    def explained(self) -> Fault:
        """The same with its way out."""
        where = (self.file, self.row, self.column, self.value)
        return Fault(self.problem, *where, self.explain())


class Faults:
    """Collects the faults of one file; lists the first thousand by row, counts the rest.

    Parameters
    ----------
    file : str
        Base name of the file.
    limit : int
        How many are listed.
    """

    def __init__(self, file: str, limit: int = FAULT_LIMIT) -> None:
        self.file = file
        self.limit = limit
        self.more = 0
        self.unreadable = False  # the file as a whole: what was read of it says nothing
        self._kept: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self._kept) or self.more > 0

    def __len__(self) -> int:
        return len(self._kept) + self.more

    def add(
        self,
        problem: str | Fault,
        row: int | None = None,
        column: str = "",
        value: object = "",
        way_out: str = "",
    ) -> None:
        """Note one fault, given in words or ready made (then its place is filled in).

        Parameters
        ----------
        problem : str or Fault
            What is wrong.
        row : int or None
            Line of the file.
        column : str
            Name of the column.
        value : object
            The offending text.
        way_out : str
            What the user can do.
        """
        fault = problem if isinstance(problem, Fault) else Fault(problem, way_out=way_out)
        self._kept.append(
            replace(
                fault,
                file=fault.file or self.file,
                row=fault.row if row is None else row,
                column=column or fault.column,
                value=_shortened(str(value)) or _shortened(fault.value),
            )
        )
        if len(self._kept) == 2 * self.limit:
            *self._kept, rest = listed(self._kept, self.limit)
            self.more += rest.count if isinstance(rest, Rest) else 1

    def count(self, more: int) -> None:
        """Add to the number of faults that are not kept."""
        self.more += more

    def all(self) -> tuple[Fault, ...]:
        """Faults in the order of the file, and a last one that counts the rest."""
        found = listed([*self._kept, Rest("", self.file, count=self.more)], self.limit)
        return tuple(
            fault.explained() if isinstance(fault, Unexplained) else fault for fault in found
        )

    def throw(self) -> NoReturn:
        """Raise all of them."""
        raise SourceError(self.all())

    def throw_if_any(self) -> None:
        """Raise all of them if there are any."""
        if self:
            self.throw()


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def name_quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def staged_select(expressions: Mapping[str, str], relation: str) -> str:
    """The query that gives the columns of `RAW_SCHEMA`.

    Parameters
    ----------
    expressions : Mapping of str to str
        SQL of the columns that the file has; the rest take their default.
    relation : str
        What stands behind FROM.

    Raises
    ------
    KeyError
        When a column that has no default is not given.
    """
    parts = []
    for column in RAW_SCHEMA:
        sql = expressions.get(column.name)
        if sql is None:
            sql = quoted(DEFAULTS[column.name])
        parts.append(f"{sql} AS {name_quoted(column.name)}")
    return f"SELECT {', '.join(parts)} FROM {relation}"


def create_staged(con: "duckdb.DuckDBPyConnection", select: str) -> None:
    """Create the temporary table `staged` from a query.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    select : str
        The query, e.g. of `staged_select`.
    """
    con.execute(f"DROP TABLE IF EXISTS {HALF_READ}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE {STAGED} AS {select}")


def stage_batches(
    con: "duckdb.DuckDBPyConnection",
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    constants: Mapping[str, str],
) -> int:
    """Stream record batches into `staged` and return the number of rows.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    batches : iterable of RecordBatch
        Rows; any subset of the columns of `RAW_SCHEMA`. Must not raise: note faults instead.
    schema : Schema
        Columns of the batches.
    constants : Mapping of str to str
        Value of the columns that are the same in every row.
    """
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    expressions = {name: quoted(text) for name, text in constants.items()}
    expressions |= {name: name_quoted(name) for name in schema.names}
    con.register("qonys_batches", reader)
    try:
        create_staged(con, staged_select(expressions, "qonys_batches"))
    finally:
        con.unregister("qonys_batches")
    return staged_rows(con)


def batched(rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Record batches of rows, a bounded number at a time.

    Parameters
    ----------
    rows : iterable of tuple
        Values in the order of the schema.
    schema : Schema
        Columns.
    """
    kept: list[tuple[Any, ...]] = []
    for row in rows:
        kept.append(row)
        if len(kept) == _BATCH:
            yield _record_batch(kept, schema)
            kept.clear()
    if kept:
        yield _record_batch(kept, schema)


def _record_batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [
        pa.array(values, column.type) for values, column in zip(columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def staged_rows(con: "duckdb.DuckDBPyConnection", table: str = STAGED) -> int:
    """Number of rows of a temp table, 0 when there is no such table.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    table : str
        Name of the table.
    """
    held = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE temporary AND table_name = ?", [table]
    ).fetchone()
    return int(con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]) if held else 0


def find_missing_totals(con: "duckdb.DuckDBPyConnection", country: Country) -> list[Fault]:
    """Measures that have regions but, in some periods, no national total in `staged`.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection that holds `staged`.
    country : Country
        Whose regions are looked at.

    Returns
    -------
    list of Fault
        Findings; empty is good.
    """
    nation = quoted(country.code)
    areas = ", ".join(quoted(code) for code in country.areas if code != country.code) or "''"
    lacking = (
        f"SELECT measure, time_period FROM {STAGED} GROUP BY measure, time_period"
        f" HAVING NOT bool_or(ref_area = {nation})"
    )
    if not con.execute(f"{lacking} LIMIT 1").fetchall():
        return []
    rows = con.execute(
        f"SELECT measure, count(*), min(time_period), max(time_period), min(file) FROM ("
        f" SELECT measure, time_period, min(file) AS file FROM {STAGED} JOIN ({lacking})"
        f" USING (measure, time_period) WHERE ref_area IN ({areas})"
        " GROUP BY measure, time_period) GROUP BY measure ORDER BY measure"
    ).fetchall()
    return [
        Fault(
            f"no total for {country.code} of {measure} in {count} periods ({first} … {last})"
            if count > 1
            else f"no total for {country.code} of {measure} in {first}",
            file,
            way_out="Regions were read; the total is not added up from them.",
        )
        for measure, count, first, last, file in rows
    ]


def skip_findings(file: str, skipped: Mapping[str, int], limit: int = 20) -> list[Fault]:
    """One finding that counts the rows left out and names what they are about.

    Parameters
    ----------
    file : str
        Base name of the file.
    skipped : Mapping of str to int
        Number of rows by name.
    limit : int
        How many names are spelt out.
    """
    if not skipped:
        return []
    names = ", ".join(f"{name} ({rows})" for name, rows in list(skipped.items())[:limit])
    if len(skipped) > limit:
        names += f" and {len(skipped) - limit} more"
    rows = sum(skipped.values())
    return [
        Fault(
            f"{rows} rows of {len(skipped)} places that are no areas of the country"
            f" were left out: {names}",
            file,
            way_out="Add a place to areas.csv and aliases.csv to read it.",
        )
    ]


def no_rows(faults: Faults, missing: int = 0, skipped: int = 0) -> None:
    """Note that a file gave no row at all, and why.

    Parameters
    ----------
    faults : Faults
        The collector.
    missing : int
        Cells marked as missing.
    skipped : int
        Rows left out.
    """
    reason = (
        f"; {missing} cells are missing, {skipped} rows left out" if missing + skipped else ""
    )
    faults.add(f"no rows{reason}", way_out="Check that it is the right file.")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn failures of the machinery while reading a file into a `SourceError`.

    Parameters
    ----------
    path : Path
        The file.
    """
    import duckdb

    if not path.is_file():
        raise SourceError(Fault("no such file", str(path)))
    try:
        yield
    except (DataError, duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except (duckdb.Error, OSError, UnicodeError, pa.ArrowInvalid) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SourceError(
            Fault(f"cannot be read: {lines[0]}", path.name, way_out="Is the file damaged?")
        ) from error


def encoding_fault(path: Path, *, mapping: bool = False) -> Fault | None:
    """The fault that says a file is not UTF-8 and what it is instead; none when it is UTF-8.

    Parameters
    ----------
    path : Path
        The file; it is read in pieces.
    mapping : bool
        Whether its reader takes a mapping, which can say the encoding.
    """
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                # Bytes held back from the chunk before stand in front and hold no line end.
                line += error.object[: error.start].count(b"\n")
                return _not_utf8(path, line, mapping=mapping)
            line += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _not_utf8(path, line, mapping=mapping)
    return None


def _not_utf8(path: Path, line: int, *, mapping: bool) -> Fault:
    way_out = "Save it as UTF-8."
    with path.open("rb") as stream:
        head = stream.read(4)
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return Fault("not UTF-8 but UTF-16", path.name, line, way_out=way_out)
    if _decodes(path, "cp1251"):
        way_out = (
            "It decodes as cp1251 (Windows Cyrillic): save it as UTF-8"
            " (`iconv -f cp1251 -t utf-8`)"
        )
        way_out += ', or say encoding = "cp1251" in a mapping.' if mapping else "."
    return Fault("not UTF-8", path.name, line, way_out=way_out)


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open("r", encoding=encoding, newline="") as stream:
            while stream.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True
