"""Files of columns (CSV, Parquet) as text in DuckDB, every row with its line.

For the readers `table` and `opendata`. Main functions: `open_csv`, `open_parquet`, `stage_raw`,
`Raw.map_values`. No row passes through Python: a value is looked up once and joined back.
"""

import csv
import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from qonys.core.errors import Fault, SourceError
from qonys.sources.numbers import (
    PLAIN,
    NumberFormat,
    finite_sql,
    missing_sql,
    number_sql,
    precision_of_double_sql,
    precision_sql,
)
from qonys.sources.staging import (
    HALF_READ,
    STAGED,
    Faults,
    create_staged,
    encoding_fault,
    name_quoted,
    no_rows,
    quoted,
    staged_rows,
    staged_select,
)

if TYPE_CHECKING:
    import duckdb

Answer = Sequence[str | None] | Fault | None
_CSV, _RAW, _REJECTS = "qonys_csv", "qonys_raw", "qonys_rejects"
_LINES = "qonys_lines"
_ROW = "qonys_row"
_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_PROBLEMS = {
    "MISSING COLUMNS": "too few fields",
    "TOO MANY COLUMNS": "too many fields",
    "UNQUOTED VALUE": "a quotation mark is not closed or stands inside a field",
    "LINE SIZE OVER MAXIMUM": "the line is too long",
}


@dataclass
class Raw:
    """A file in DuckDB, one text column for each of its columns.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    file : str
        Base name of the file.
    names : Mapping of str to str
        SQL of a column as text, by its header.
    types : Mapping of str to str
        DuckDB type of a column, by its header.
    joins : list of str
        Tables of what was looked up.
    wanted : list of str
        Conditions of the rows that are not left out.
    sound : list of str
        Conditions of the rows whose cells could be read.
    tables : set of str
        Names of the tables looked up.
    """

    con: "duckdb.DuckDBPyConnection"
    file: str
    names: Mapping[str, str]
    types: Mapping[str, str]
    joins: list[str] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    sound: list[str] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)

    @property
    def relation(self) -> str:
        """The file and everything joined to it, for FROM: the rows that could be read."""
        return self.where(*self.wanted, *self.sound)

    def where(self, *conditions: str) -> str:
        """The file and everything joined to it, for FROM.

        Parameters
        ----------
        *conditions : str
            Conditions on the rows.
        """
        joined = " ".join([_RAW, *self.joins])
        return joined + (f" WHERE {' AND '.join(conditions)}" if conditions else "")

    def map_values(
        self,
        sources: Sequence[tuple[str, str]],
        outputs: Sequence[str],
        answer: Callable[..., Answer],
        faults: Faults,
    ) -> tuple[list[str], dict[str, int]]:
        """Look up each distinct value of some columns once and join the answers.

        Parameters
        ----------
        sources : sequence of (str, str)
            Header and SQL of the columns.
        outputs : sequence of str
            Names of what an answer holds, unique in the file.
        answer : callable
            Takes the texts (none when empty); gives the outputs, a fault, or none to leave the
            rows out.
        faults : Faults
            Gets one fault for each row with a faulty value.

        Returns
        -------
        list of str
            SQL of the outputs.
        dict of str to int
            Rows left out, by the first of the texts.
        """
        keys = [sql for _, sql in sources]
        found = self._distinct(keys)
        answers = [(key, answer(*key)) for key in found]
        bad = [(key, reply) for key, reply in answers if isinstance(reply, Fault)]
        if bad:
            self._note(bad, sources, faults)
        good = [(key, reply) for key, reply in answers if not isinstance(reply, Fault)]
        gone = [key for key, reply in good if reply is None]
        same = len(keys) == len(outputs) and not bad
        if same and all(key == tuple(reply or ()) for key, reply in good):
            return keys, {}
        table = f"qonys_map_{outputs[0]}"
        columns = [f"k{n}" for n in range(len(keys))] + list(outputs) + ["sound"]
        nothing = (None,) * len(outputs)
        rows = [(*key, *reply, "yes") for key, reply in good if reply is not None]
        self._lookup(table, columns, rows + [(*key, *nothing, "no") for key, _ in bad])
        on = " AND ".join(
            f"{sql} IS NOT DISTINCT FROM {table}.k{n}" for n, sql in enumerate(keys)
        )
        self.joins.append(f"LEFT JOIN {table} ON {on}")
        if gone:
            self.wanted.append(f"{table}.sound IS NOT NULL")
        if bad:
            self.sound.append(f"{table}.sound = 'yes'")
        return [f"{table}.{name}" for name in outputs], self._counts(gone, keys)

    def _distinct(self, keys: Sequence[str]) -> list[tuple[str | None, ...]]:
        sql = ", ".join(keys)
        return self.con.execute(f"SELECT DISTINCT {sql} FROM {_RAW} ORDER BY ALL").fetchall()

    def _lookup(
        self, table: str, columns: Sequence[str], rows: Sequence[tuple[str | None, ...]]
    ) -> None:
        arrays = [pa.array([row[n] for row in rows], pa.string()) for n in range(len(columns))]
        held = pa.table(arrays, names=list(columns))
        self.tables.add(table)
        self.con.register("qonys_lookup", held)
        try:
            self.con.execute(
                f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM qonys_lookup"
            )
        finally:
            self.con.unregister("qonys_lookup")

    def _counts(
        self, gone: Sequence[tuple[str | None, ...]], keys: Sequence[str]
    ) -> dict[str, int]:
        if not gone:
            return {}
        self._lookup("qonys_gone", ["k"], [(key[0],) for key in gone])
        rows = self.con.execute(
            f"SELECT {keys[0]}, count(*) FROM {_RAW} WHERE {keys[0]} IN"
            " (SELECT k FROM qonys_gone) GROUP BY 1 ORDER BY 1"
        ).fetchall()
        return {name: int(count) for name, count in rows}

    def _note(
        self,
        bad: Sequence[tuple[tuple[str | None, ...], Fault]],
        sources: Sequence[tuple[str, str]],
        faults: Faults,
    ) -> None:
        keys = [sql for _, sql in sources]
        replies = dict(bad)
        self._lookup("qonys_bad", [f"k{n}" for n in range(len(keys))], [key for key, _ in bad])
        on = " AND ".join(f"{sql} IS NOT DISTINCT FROM b.k{n}" for n, sql in enumerate(keys))
        relation = f"{_RAW} JOIN qonys_bad AS b ON {on}"
        held = ", ".join(f"b.k{n}" for n in range(len(keys)))
        rows = self.con.execute(
            f"SELECT {_ROW}, count(*) OVER (), {held} FROM {relation}"
            f" ORDER BY 1 LIMIT {faults.limit}"
        ).fetchall()
        header = ", ".join(name for name, _ in sources)
        for row, _, *key in rows:
            fault = replies[tuple(key)]
            value = fault.value or " ".join(text or "" for text in key)
            faults.add(fault, row, fault.column or header, value)
        faults.count(rows[0][1] - len(rows) if rows else 0)

    def odd_columns(self, headers: Sequence[str]) -> tuple[set[str], set[str]]:
        """Headers of the columns with a blank inside a text, and with an empty text.

        Parameters
        ----------
        headers : sequence of str
            Columns to look at, in one pass.
        """
        if not headers:
            return set(), set()
        tests = []
        for name in headers:
            sql = self.names[name]
            text = f"CAST({sql} AS VARCHAR)" if self.is_number(name) else sql
            tests.append(f"COALESCE(bool_or(contains({text}, ' ')), false)")
            tests.append(f"COALESCE(bool_or({sql} IS NULL OR {text} = ''), false)")
        (found,) = self.con.execute(f"SELECT {', '.join(tests)} FROM {_RAW}").fetchall()
        blank = {name for name, odd in zip(headers, found[::2], strict=True) if odd}
        empty = {name for name, odd in zip(headers, found[1::2], strict=True) if odd}
        return blank, empty

    def is_number(self, header: str) -> bool:
        """Whether a column holds numbers already, as in Parquet."""
        return self.types[header].partition("(")[0].lstrip("U") in _NUMERIC

    def drop(self) -> None:
        """Forget the file and everything that was looked up for it."""
        self.con.execute(f"DROP VIEW IF EXISTS {_RAW}")
        for table in (_CSV, _LINES, *self.tables):
            self.con.execute(f"DROP TABLE IF EXISTS {table}")


def stage_raw(
    raw: Raw,
    expressions: Mapping[str, str],
    value: str,
    form: NumberFormat,
    faults: Faults,
    skipped: Mapping[str, int] | None = None,
    precision: str = "CAST(NULL AS DOUBLE)",
) -> int:
    """Fill `staged` from a file of columns and return how many figures are missing.

    Where there are faults, the rows that could be read in part go into `half_read`.

    Parameters
    ----------
    raw : Raw
        The file.
    expressions : Mapping of str to str
        SQL of every column but the value, its precision, its row and its file.
    value : str
        Header of the column of values.
    form : NumberFormat
        How numbers are written.
    faults : Faults
        Gets every text that is no number; is raised at the end.
    skipped : Mapping of str to int
        Rows left out, to explain an empty result.
    precision : str
        SQL of the precision that the file states; where it is NULL, it is the last place of
        the value.
    """
    parts = {
        "obs_value": _number(raw, value, form)[0],
        **expressions,
        "precision": f"COALESCE({precision}, {value_precision(raw, value, form)})",
        "file": quoted(raw.file),
        "row": _ROW,
    }
    create_staged(raw.con, staged_select(parts, raw.relation))
    bad = f"NOT {finite_sql('obs_value')}"
    missing = 0
    odd = raw.con.execute(f"SELECT count(*) FROM {STAGED} WHERE {bad}").fetchall()[0][0]
    if odd or faults:  # rows with another faulty cell are not in `staged`
        missing = _check_numbers(raw, value, form, faults)
        raw.con.execute(f"DELETE FROM {STAGED} WHERE {bad}")
    if faults:
        _keep_half_read(raw, parts, value, form, precision)
    elif not staged_rows(raw.con):
        no_rows(faults, missing, sum((skipped or {}).values()))
    faults.throw_if_any()
    return missing


def _keep_half_read(
    raw: Raw, parts: Mapping[str, str], value: str, form: NumberFormat, precision: str
) -> None:
    """Keep the rows with a faulty cell, NULL there, for the checks of their other cells."""
    number, missing = _number(raw, value, form)
    finite = finite_sql(number)
    halves = {
        **parts,
        "obs_value": f"CASE WHEN {finite} THEN {number} END",
        "precision": f"CASE WHEN {finite} THEN {parts['precision']} ELSE {precision} END",
    }
    sound = " AND ".join([*raw.sound, finite])
    rows = raw.where(*raw.wanted, f"NOT {missing}", f"NOT ({sound})")
    raw.con.execute(f"CREATE TEMP TABLE {HALF_READ} AS {staged_select(halves, rows)}")


def _number(raw: Raw, value: str, form: NumberFormat) -> tuple[str, str]:
    """SQL of the number in a column of values, and of whether it is missing."""
    text = raw.names[value]
    if raw.is_number(value):
        return f"CAST({text} AS DOUBLE)", f"({text} IS NULL)"
    return f"CAST({number_sql(text, form)} AS DOUBLE)", missing_sql(text, form)


def value_precision(raw: Raw, value: str, form: NumberFormat) -> str:
    """SQL of the size of the last printed place of a column of values.

    Parameters
    ----------
    raw : Raw
        The file.
    value : str
        Header of the column.
    form : NumberFormat
        How numbers are written.
    """
    text = raw.names[value]
    if not raw.is_number(value):
        return precision_sql(text, form)
    return precision_of_double_sql(f"CAST({text} AS DOUBLE)")


def _check_numbers(raw: Raw, value: str, form: NumberFormat, faults: Faults) -> int:
    """Note every value that is no number; count those that are marked as missing."""
    text = raw.names[value]
    number, missing = _number(raw, value, form)
    bad = f"NOT {missing} AND NOT {finite_sql(number)}"
    rows = raw.con.execute(
        f"SELECT {_ROW}, CAST({text} AS VARCHAR), count(*) OVER () FROM {_RAW} WHERE {bad}"
        f" ORDER BY 1 LIMIT {faults.limit}"
    ).fetchall()
    for row, shown, _ in rows:
        faults.add(number_fault(shown, form), row, value, shown)
    faults.count(rows[0][2] - len(rows) if rows else 0)
    absent = f"SELECT count(*) FILTER ({missing}) FROM {raw.relation}"
    return int(raw.con.execute(absent).fetchall()[0][0])


def number_fault(text: str, form: NumberFormat = PLAIN) -> Fault:
    """The fault that says a text is no number, with the likely way out.

    Parameters
    ----------
    text : str
        The cell.
    form : NumberFormat
        How the file is said to write numbers.
    """
    way_out = "A missing figure is left empty or written - or …; it is never 0."
    for decimal, thousands in ((",", ""), (",", "."), (".", ",")):
        if NumberFormat(decimal, thousands).pattern.fullmatch(text.strip()):
            words = f'decimal = "{decimal}"'
            words += f', thousands = "{thousands}"' if thousands else ""
            way_out = f"If the file writes numbers so, say {words}."
            break
    return Fault("not a number", way_out=way_out)


def open_csv(
    con: "duckdb.DuckDBPyConnection",
    path: Path,
    faults: Faults,
    *,
    delimiter: str | None = None,
    mapping: bool = False,
) -> Raw:
    """Load a UTF-8 CSV as text; each row keeps its line, blank lines and all.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    path : Path
        The file.
    faults : Faults
        Gets the lines with too many or too few fields and open quotation marks.
    delimiter : str or None
        What stands between fields; none to take the one that the header has most of.
    mapping : bool
        Whether the reader takes a mapping, for what a fault advises.

    Raises
    ------
    SourceError
        When it is no text, not UTF-8 or has no header.
    """
    try:
        header, first, delimiter = _read_header(path, delimiter)
    except UnicodeDecodeError:
        fault = encoding_fault(path, mapping=mapping)
        raise SourceError(fault or Fault("not UTF-8", path.name)) from None
    con.execute("SET preserve_insertion_order = true")
    columns = ", ".join(f"c{n}: 'VARCHAR'" for n in range(len(header)))
    scan = (
        f"read_csv({_glob_quoted(path)}, auto_detect=false, header=true, compression='none',"
        f" quote='\"', escape='\"', delim={quoted(delimiter)}, columns={{{columns}}}"
    )
    rejected = _load(con, path, scan + ")", scan, faults, mapping=mapping)
    line = _line_sql(con, path, first, rejected, faults)
    con.execute(f"CREATE OR REPLACE TEMP VIEW {_RAW} AS SELECT t.*, {line}")
    names = {name: f"c{n}" for n, name in enumerate(header)}
    return Raw(con, path.name, names, dict.fromkeys(header, "VARCHAR"))


def _load(
    con: "duckdb.DuckDBPyConnection",
    path: Path,
    scan: str,
    opened: str,
    faults: Faults,
    *,
    mapping: bool,
) -> set[int]:
    """Create the table of texts; after a fault once more, noting each faulty line."""
    import duckdb

    create = f"CREATE OR REPLACE TEMP TABLE {_CSV} AS SELECT * FROM "
    try:
        con.execute(create + scan)
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error:
        fault = encoding_fault(path, mapping=mapping)
        if fault is not None:
            raise SourceError(fault) from None
    else:
        return set()
    tables = f"rejects_table='{_REJECTS}', rejects_scan='{_REJECTS}_scan', rejects_limit=0"
    con.execute(f"{create}{opened}, store_rejects=true, {tables})")
    rows = con.execute(
        f"SELECT line, min(error_type::VARCHAR), any_value(csv_line), min(error_message)"
        f" FROM {_REJECTS} GROUP BY line ORDER BY line"
    ).fetchall()
    for name in (_REJECTS, f"{_REJECTS}_scan"):
        con.execute(f"DROP TABLE IF EXISTS {name}")
    for line, kind, text, message in rows:
        faults.add(
            _PROBLEMS.get(kind, str(message).splitlines()[0]),
            line,
            "",
            (text or "").strip()[:120],
            "Put a field with a delimiter or line end in it between quotation marks.",
        )
    return {line for line, *_ in rows}


def _line_sql(
    con: "duckdb.DuckDBPyConnection", path: Path, first: int, rejected: set[int], faults: Faults
) -> str:
    """SQL that names the line of a row, and the tables it comes from."""
    records = int(con.execute(f"SELECT count(*) FROM {_CSV}").fetchall()[0][0])
    plain = f"rowid + {first} AS {_ROW} FROM {_CSV} AS t"
    if not rejected and _count_lines(path) == records + first - 1:
        return plain
    schema = pa.schema([("record", pa.int64()), ("line", pa.int64())])
    reader = pa.RecordBatchReader.from_batches(schema, _line_batches(path, rejected, schema))
    con.register("qonys_line_batches", reader)
    try:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {_LINES} AS SELECT * FROM qonys_line_batches"
        )
    finally:
        con.unregister("qonys_line_batches")
    known = int(con.execute(f"SELECT count(*) FROM {_LINES}").fetchall()[0][0])
    if known != records:
        if rejected:
            faults.throw()
        return plain
    return f"l.line AS {_ROW} FROM {_CSV} AS t JOIN {_LINES} AS l ON l.record = t.rowid"


def _count_lines(path: Path) -> int:
    """Lines of a file, blank ones at its end left out."""
    count, tail = 0, b"\n"
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 22):
            count += chunk.count(b"\n")
            tail = (tail + chunk)[-4096:]
    rest = tail.rstrip(b"\r\n")
    ends = tail[len(rest) :].count(b"\n")
    return count - ends + 1


def _line_batches(
    path: Path, rejected: set[int], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Number of the line on which each record starts, header and rejected lines left out."""
    numbers = itertools.islice(_record_lines(path), 1, None)
    kept = ((n, line) for n, line in enumerate(x for x in numbers if x not in rejected))
    while piece := list(itertools.islice(kept, 65_536)):
        yield pa.RecordBatch.from_arrays(
            [pa.array(column, pa.int64()) for column in zip(*piece, strict=True)], schema=schema
        )


def _record_lines(path: Path) -> Iterator[int]:
    inside = False
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not inside and line.strip(b"\r\n"):
                yield number
            inside ^= line.count(b'"') % 2 == 1


def _read_header(path: Path, delimiter: str | None) -> tuple[list[str], int, str]:
    """Header, line of the first row and delimiter."""
    _require_text(path)
    try:
        with path.open("r", encoding="utf-8-sig", newline="") as stream:
            line = stream.readline(1 << 20)
            stream.seek(0)
            mark = delimiter or max("\t;|,", key=line.count)
            reader = csv.reader(stream, delimiter=mark, strict=True)
            header = next(reader, [])
            first = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(Fault(f"no CSV header: {error}", path.name, 1)) from None
    header = [name.strip() for name in header]
    if not any(header):
        raise SourceError(Fault("no rows and no header", path.name, 1))
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise SourceError(
            [
                Fault("a column stands twice", path.name, 1, name, "", "Rename one.")
                for name in twice
            ]
        )
    return header, first, mark


def _require_text(path: Path) -> None:
    with path.open("rb") as stream:
        head = stream.read(4096)
    if not head.strip():
        raise SourceError(Fault("no rows: the file is empty", path.name))
    kinds = {b"PK\x03\x04": "a zip or xlsx file", b"\x1f\x8b": "compressed", b"PAR1": "Parquet"}
    for magic, kind in kinds.items():
        if head.startswith(magic):
            raise SourceError(
                Fault(
                    f"not a CSV but {kind}", path.name, way_out="Unpack it or name its reader."
                )
            )
    if b"\0" in head and head[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise SourceError(Fault("not a text file", path.name, way_out="Give a CSV in UTF-8."))
    lowered = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if lowered.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise SourceError(
            Fault("a web page, not a table", path.name, way_out="Fetch the file itself.")
        )


def open_parquet(con: "duckdb.DuckDBPyConnection", path: Path) -> Raw:
    """Open a Parquet file; columns that are not numbers are read as text.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    path : Path
        The file. Rows count from 1, for it has no header line.

    Raises
    ------
    SourceError
        When it is damaged, empty or has columns of lists or structures.
    """
    scan = f"read_parquet({_glob_quoted(path)}, file_row_number=true)"
    described = con.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    types = {name: kind for name, kind, *_ in described if name != "file_row_number"}
    nested = [
        name
        for name, kind in types.items()
        if kind.endswith(("]", ")")) and "DECIMAL" not in kind and "ENUM" not in kind
    ]
    if nested:
        raise SourceError(
            [Fault("a column of lists or structures", path.name, None, name) for name in nested]
        )
    raw = Raw(con, path.name, {}, types)
    full = {name: f"{_RAW}.{name_quoted(name)}" for name in types}
    raw.names = {
        name: full[name]
        if kind == "VARCHAR" or raw.is_number(name)
        else f"CAST({full[name]} AS VARCHAR)"
        for name, kind in types.items()
    }
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {_RAW} AS"
        f" SELECT *, file_row_number + 1 AS {_ROW} FROM {scan}"
    )
    return raw


def _glob_quoted(path: Path) -> str:
    """A path as an SQL literal in which no letter stands for others."""
    text = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
    return quoted(text)


@contextmanager
def as_utf8(path: Path, encoding: str) -> Iterator[Path]:
    """The file itself, or a copy in UTF-8 that is deleted afterwards.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str
        Its encoding, e.g. ``cp1251``.

    Raises
    ------
    SourceError
        When the encoding is unknown or does not fit.
    """
    if encoding.lower().replace("_", "-") in {"utf-8", "utf8", "utf-8-sig"}:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        try:
            with (
                path.open("r", encoding=encoding, newline="") as old,
                copy.open("w", encoding="utf-8", newline="") as new,
            ):
                while piece := old.read(1 << 20):
                    new.write(piece)
        except LookupError:
            raise SourceError(
                Fault("no such encoding", "mapping", None, "encoding", encoding)
            ) from None
        except UnicodeError as error:
            raise SourceError(
                Fault(
                    f"not {encoding}: {getattr(error, 'reason', error)}",
                    path.name,
                )
            ) from None
        yield copy
