"""Tables of people whose columns are facts: opened, typed, every cell checked.

For `tables` and `reforms`. Main functions: `open_people`, `check_people`; main type: `People`.
Nothing is read into memory, and a cell that cannot be read is a fault, never unknown.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from qonys.core.errors import DataError, Fault, listed
from qonys.rules.columns import EPOCH
from qonys.rules.facts import EARLIEST, checked
from qonys.rules.law import FactType, Law, Rule

if TYPE_CHECKING:
    from ibis import Table

#: What DuckDB may hold in memory, and how many different codes of a column are looked at.
MEMORY, DISTINCT = "1GB", 10_000
ENDINGS = (".csv", ".parquet")
#: Columns of the answer.
DECISION, FAILED, UNKNOWN = "decision", "failed", "unknown"
#: Beginnings of the names of columns while a table is worked on.
INNER = ("_fact_", "_before_", "_after_", "_people", "_blocking")
_TYPES = {
    "bool": "Give a column of booleans, or of text.",
    "int": "Give a column of whole numbers, or of text.",
    "list": "Give a column of lists of whole numbers, or of text.",
    "date": "Give a column of days, or of text.",
    "code": "Give a column of text.",
    "number": "Give a column of text.",
}


@dataclass(frozen=True)
class People:
    """A table of people whose columns are facts, typed and checked.

    Parameters
    ----------
    given : Table
        The table as it came.
    typed : Table
        The same columns and, under a name of its own, each fact in its type.
    facts : tuple of str
        Facts that have a column.
    others : tuple of str
        Columns that are no facts of the law.
    form : str
        ``csv`` or ``parquet``.
    strange : Mapping of str to tuple of str
        By fact, codes that the law does not know: they count as none of its own.
    name : str
        Its name in messages.
    """

    given: "Table"
    typed: "Table"
    facts: tuple[str, ...]
    others: tuple[str, ...]
    form: str
    strange: Mapping[str, tuple[str, ...]]
    name: str


def open_people(
    law: Law, path: Path, day: date, rules: Sequence[Rule], *, answer: bool = True
) -> People:
    """Open a file of people; nothing is read into memory.

    Parameters
    ----------
    law : Law
        The law.
    path : Path
        CSV or Parquet, a fact a column. In CSV a list is ``a;b;c`` and an empty cell unknown.
    day : date
        The day asked for: no fact may lie after it.
    rules : Sequence of Rule
        The rules that will be asked; one may understand a fact in its own way.
    answer : bool
        Whether the answer's columns will be added to the table.

    Returns
    -------
    People
        The table.

    Raises
    ------
    DataError
        When the file cannot be read, or with the faults of its cells, each with its row.
    """
    import ibis

    form = path.suffix.lower().lstrip(".")
    if path.suffix.lower() not in ENDINGS:
        way_out = f"Endings: {', '.join(ENDINGS)}."
        raise DataError(Fault("no table has this ending", value=path.name, way_out=way_out))
    if not path.is_file():
        problem = "a folder, not a file" if path.is_dir() else "no such file"
        raise DataError(Fault(problem, str(path)))
    names = _header(path) if form == "csv" else _schema_names(path)
    _require_names(names, path.name)
    connection = ibis.duckdb.connect()
    connection.raw_sql(f"SET memory_limit = '{MEMORY}'")
    connection.raw_sql("SET preserve_insertion_order = true")
    literal = re.sub(r"([*?\[])", r"[\1]", str(path.resolve()))
    with readable(path.name):
        if form == "csv":
            options: dict[str, Any] = {"auto_detect": False, "strict_mode": True}
            options |= {"header": True, "delim": ",", "quote": '"', "escape": '"'}
            columns = dict.fromkeys(names, "VARCHAR")
            given = connection.read_csv(literal, columns=columns, **options)
        else:
            given = connection.read_parquet(literal)
        return check_people(law, given, day, rules, form=form, name=path.name, answer=answer)


def _header(path: Path) -> list[str]:
    """Names of the columns of a CSV file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file), [])
    except UnicodeDecodeError as error:
        raise DataError(Fault(f"not UTF-8: {error.reason}", path.name)) from None
    except csv.Error as error:
        raise DataError(Fault(f"not CSV: {error}", path.name, 1)) from None
    if not names:
        raise DataError(Fault("empty", path.name))
    for other, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and other in names[0]:
            way_out = "Separate the columns by commas; semicolons separate the parts of a list."
            raise DataError(
                Fault(f"columns separated by {word}", path.name, 1, way_out=way_out)
            )
    return names


def _schema_names(path: Path) -> list[str]:
    """Names of the columns of a Parquet file."""
    import pyarrow.parquet as pa_parquet

    try:
        return list(pa_parquet.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise DataError(Fault(f"not Parquet: {first}", path.name)) from None


def _require_names(names: list[str], file: str) -> None:
    """Every column has a name, and no two have the same but for their case."""
    faults = []
    seen: dict[str, str] = {}
    for place, name in enumerate(names, 1):
        if not name.strip() or not name.isprintable():
            faults.append(Fault(f"column {place} has no readable name", file, 1))
        elif name.casefold() in seen:
            faults.append(Fault("a column stands twice", file, 1, name))
        seen[name.casefold()] = name
    if faults:
        raise DataError(faults)


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what DuckDB says of a broken file into a fault.

    Parameters
    ----------
    name : str
        Name of the file.

    Raises
    ------
    DataError
        With the row where DuckDB names one.
    """
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        text = str(error)
        row = re.search(r"[Ll]ine:? ?(\d+)", text)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        plain = next((line for line in lines if "Expected Number" in line), lines[0])
        plain = re.sub(r"^[A-Z]\w+(?: \w+)* Error: ", "", plain)
        raise DataError(
            Fault(
                f"cannot be read: {plain[:200]}",
                name,
                int(row[1]) if row else None,
                way_out='Every row must have as many cells as the header; quote cells with ".',
            )
        ) from None


def check_people(
    law: Law,
    given: "Table",
    day: date,
    rules: Sequence[Rule],
    *,
    form: str = "parquet",
    name: str = "people",
    answer: bool = True,
) -> People:
    """Give the columns of any Ibis table their types, and check every cell.

    Parameters
    ----------
    law : Law
        The law.
    given : Table
        The table.
    day : date
        The day asked for.
    rules : Sequence of Rule
        The rules that will be asked.
    form : str
        What it came from.
    name : str
        Its name in messages.
    answer : bool
        Whether the answer's columns will be added to the table.

    Raises
    ------
    DataError
        With the faults of its cells.
    """
    rule = rules[0] if rules else None
    taken = {DECISION, FAILED, UNKNOWN} if answer else set()
    for column in given.columns:
        if column.casefold() in taken or column.casefold().startswith(INNER):
            way_out = "Rename it: this name is for the answer."
            raise DataError(
                Fault("the table has a column of this name", name, 1, column, "", way_out)
            )
    kinds = {}
    for column in given.columns:
        kind = law.fact(column, rule)
        if kind is not None:
            kinds[column] = kind
    if not kinds:
        way_out = "Columns are named like facts; see qonys rules show RULE."
        raise DataError(Fault("no column is a fact", name, 1, way_out=way_out))
    wrong = [
        Fault(
            "no column of this type",
            name,
            1,
            column,
            str(given[column].type()),
            _TYPES[kind.kind],
        )
        for column, kind in kinds.items()
        if not _fits(given[column].type(), kind.kind)
    ]
    if wrong:
        raise DataError(wrong)
    typed = {typed_name(column): _cast(given[column], kind) for column, kind in kinds.items()}
    bad = {
        column: _bad(given[column], typed[typed_name(column)], kind, day)
        for column, kind in kinds.items()
    }
    _require_clean(given, bad, kinds, name, 2 if form == "csv" else 1)
    strange = _strange_codes(given, kinds, name, day)
    others = tuple(column for column in given.columns if column not in kinds)
    return People(given, given.mutate(**typed), tuple(kinds), others, form, strange, name)


def _fits(form: Any, kind: str) -> bool:
    """Whether a column's type can hold a fact; text is read cell by cell."""
    if form.is_string() or form.is_null():
        return True
    if kind == "list":
        return bool(form.is_array() and form.value_type.is_integer())
    if kind == "int":
        whole = form.is_decimal() and form.scale == 0
        return bool(form.is_integer() or form.is_floating() or whole)
    if kind == "date":
        return bool(form.is_date() or form.is_timestamp())
    return kind == "bool" and bool(form.is_boolean())


def typed_name(column: str) -> str:
    """Name of the typed column of a fact.

    Parameters
    ----------
    column : str
        The fact.
    """
    return f"_fact_{column}"


def _cast(column: Any, kind: FactType) -> Any:
    """A column in the type of its fact; what cannot be read is null, and found by `_bad`."""
    text = column.type().is_string()
    if kind.kind == "bool":
        if not text:
            return column.cast("boolean")
        low = column.strip().lower()
        return _cases((low.isin(["true", "1"]), True), (low.isin(["false", "0"]), False))
    if kind.kind == "int":
        return _whole(column.strip()) if text else _typed_whole(column)
    if kind.kind == "date":
        if not text:
            return _ordinal(column.cast("date"))
        shaped = column.strip().re_search(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
        return _ordinal(shaped.ifelse(column.strip(), None).try_cast("date"))
    if kind.kind == "list":
        return _list(column) if text else column
    if not text:
        column = column.cast("string")
    column = column.strip().nullif("") if text else column
    return column.substitute(dict(kind.aliases)) if kind.aliases else column


def _cases(*pairs: tuple[Any, bool]) -> Any:
    import ibis

    return ibis.cases(*pairs, else_=None)


def _whole(text: Any) -> Any:
    return text.re_search(r"^-?[0-9]{1,15}$").ifelse(text, None).try_cast("int64")


def _typed_whole(column: Any) -> Any:
    if column.type().is_floating():
        small = (~column.isnan() & (column.abs() < 1e15)).ifelse(column, None)
        return (small == small.floor()).ifelse(small, None).cast("int64")
    return column.cast("int64")


def _ordinal(column: Any) -> Any:
    import ibis

    return column.delta(ibis.date(1970, 1, 1), unit="day") + EPOCH


def _list(column: Any) -> Any:
    """``a;b;c`` as a list of numbers; an empty part is unknown."""
    parts = column.strip().nullif("").split(";")
    return parts.map(lambda part: _whole(part.strip()))


def _bad(column: Any, typed: Any, kind: FactType, day: date) -> Any:
    """Where a cell cannot be read, or cannot be."""
    import ibis

    text = column.type().is_string()
    given = column.notnull()
    if text:
        given = given & (column.strip() != "")
    elif column.type().is_floating():
        given = given & ~column.isnan()
    if kind.kind == "list":
        return given & _bad_list(column, typed, kind)
    bad = given & typed.isnull()
    if kind.kind == "int":
        bad = bad | (typed < kind.low) | (typed > kind.high)
    elif kind.kind == "date":
        bad = bad | (typed > day.toordinal()) | (typed < EARLIEST.toordinal())
    elif kind.kind == "code" and kind.closed:
        bad = bad | ~typed.isin(list(kind.codes))
    return bad.fill_null(ibis.literal(value=False))


def _bad_list(column: Any, typed: Any, kind: FactType) -> Any:
    outside = typed.filter(lambda item: (item < kind.low) | (item > kind.high)).length() > 0
    if not column.type().is_string():
        return outside
    parts = column.strip().split(";")
    whole = r"^\s*(-?[0-9]{1,15})?\s*$"
    return outside | (parts.filter(lambda part: ~part.re_search(whole)).length() > 0)


def _require_clean(
    given: "Table", bad: dict[str, Any], kinds: dict[str, FactType], name: str, first: int
) -> None:
    import ibis

    counts = given.aggregate(
        **{column: found.cast("int64").sum() for column, found in bad.items()}
    ).to_pyarrow()
    wrong = {column: counts[column][0].as_py() for column in bad if counts[column][0].as_py()}
    if not wrong:
        return
    faults = []
    numbered = given.mutate(_row=ibis.row_number() + first)
    for column, count in wrong.items():
        shown = numbered.filter(bad[column]).select("_row", column).limit(200).to_pyarrow()
        way_out = _wanted(kinds[column])
        faults += [
            Fault("cannot be read", name, row, column, str(value)[:60], way_out)
            for row, value in zip(
                shown["_row"].to_pylist(), shown[column].to_pylist(), strict=True
            )
        ]
        if count > len(shown):
            text = f"and {count - len(shown):,} more cells of this column"
            faults.append(Fault(text, name, column=column))
    raise DataError(listed(faults))


def _strange_codes(
    given: "Table", kinds: dict[str, FactType], name: str, day: date
) -> dict[str, tuple[str, ...]]:
    """Codes that the law does not know; one that looks like a slip of the pen is refused."""
    faults = []
    strange: dict[str, tuple[str, ...]] = {}
    for column, kind in kinds.items():
        if kind.kind != "code":
            continue
        text = given[column].cast("string").strip().nullif("").name("code")
        found = given.select(text).distinct().limit(DISTINCT).to_pyarrow()["code"].to_pylist()
        codes = sorted(item for item in found if item is not None)
        for code in codes:
            fault = checked(kind, code, day)
            if isinstance(fault, Fault):
                faults.append(Fault(fault.problem, name, None, column, code, fault.way_out))
        other = tuple(code for code in codes if kind.strange(code))
        if other:
            strange[column] = other
    if faults:
        raise DataError(listed(faults))
    return strange


def _wanted(kind: FactType) -> str:
    if kind.kind == "bool":
        return "Write true, false, or leave it empty."
    if kind.kind == "date":
        return "Write a day as 2025-01-15, not after the day asked for."
    if kind.kind in {"int", "list"}:
        unit = f" of {kind.unit}" if kind.unit else ""
        many = "s, as a;b;c," if kind.kind == "list" else ""
        return f"Write whole number{many}{unit} between {kind.low:,} and {kind.high:,}."
    return f"One of: {', '.join(kind.codes)}."
