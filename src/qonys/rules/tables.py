"""The same rules on tables that do not fit in memory, or stand on a cluster.

For policy analysts. Main functions: `open_people`, `with_decisions`, `write_decisions`. A rule
becomes an Ibis expression, so that DuckDB, Spark or any other engine of Ibis works it out;
files are read and written in batches. SQL's own logic is three-valued as the law's is here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add, and_, or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from qonys.core.errors import DataError, Fault, listed
from qonys.rules.columns import EPOCH
from qonys.rules.deciding import DECISIONS, called
from qonys.rules.expressions import (
    And,
    Compare,
    Constant,
    Fixed,
    Formula,
    Member,
    Not,
    Slot,
    Truth,
)
from qonys.rules.facts import checked
from qonys.rules.law import FactType, Law, Rule
from qonys.rules.programs import Part, Programs, Snapshot

if TYPE_CHECKING:
    from ibis import Table
    from ibis.expr.types import Value

#: Rows of a batch, and what DuckDB may hold in memory.
BATCH, MEMORY = 100_000, "1GB"
#: How many different codes of a column are held against the known ones.
DISTINCT = 10_000
ENDINGS = (".csv", ".parquet")
DECISION, FAILED, UNKNOWN = "decision", "failed", "unknown"
Progress = Callable[[str], None]
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
    """

    given: "Table"
    typed: "Table"
    facts: tuple[str, ...]
    others: tuple[str, ...]
    form: str


def open_people(law: Law, path: Path, day: date, rules: Sequence[Rule]) -> People:
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

    Returns
    -------
    People
        The table.

    Raises
    ------
    DataError
        When the file cannot be read, or with the faults of its cells, each with its row.
    """
    import duckdb
    import ibis

    form = path.suffix.lower().lstrip(".")
    if path.suffix.lower() not in ENDINGS:
        way_out = f"Endings: {', '.join(ENDINGS)}."
        raise DataError(Fault("no table has this ending", value=path.name, way_out=way_out))
    if not path.is_file():
        raise DataError(Fault("no such file", str(path)))
    connection = ibis.duckdb.connect()
    connection.raw_sql(f"SET memory_limit = '{MEMORY}'")
    connection.raw_sql("SET preserve_insertion_order = true")
    try:
        if form == "csv":
            given = connection.read_csv(path, all_varchar=True, header=True, delim=",")
        else:
            given = connection.read_parquet(path)
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise DataError(Fault(f"cannot be read: {first}", path.name)) from None
    return check_people(law, given, day, rules, form=form, name=path.name)


def check_people(
    law: Law,
    given: "Table",
    day: date,
    rules: Sequence[Rule],
    *,
    form: str = "parquet",
    name: str = "people",
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

    Raises
    ------
    DataError
        With the faults of its cells.
    """
    rule = rules[0] if rules else None
    for taken in (DECISION, FAILED, UNKNOWN):
        if taken in given.columns:
            way_out = "Rename it: this name is for the answer."
            raise DataError(
                Fault("the table has a column of this name", name, 1, taken, "", way_out)
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
    typed = {_typed(column): _cast(given[column], kind) for column, kind in kinds.items()}
    bad = {
        column: _bad(given[column], typed[_typed(column)], kind, day)
        for column, kind in kinds.items()
    }
    _require_clean(given, bad, kinds, name, 2 if form == "csv" else 1)
    _require_codes(given, kinds, name, day)
    others = tuple(column for column in given.columns if column not in kinds)
    return People(given, given.mutate(**typed), tuple(kinds), others, form)


def _fits(form: Any, kind: str) -> bool:
    """Whether a column's type can hold a fact; text is read cell by cell."""
    if form.is_string() or form.is_null():
        return True
    if kind == "list":
        return bool(form.is_array() and form.value_type.is_integer())
    if kind == "int":
        return bool(form.is_integer() or form.is_floating())
    if kind == "date":
        return bool(form.is_date() or form.is_timestamp())
    return kind == "bool" and bool(form.is_boolean())


def _typed(column: str) -> str:
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
        bad = bad | (typed > day.toordinal()) | (typed < date(1850, 1, 1).toordinal())
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


def _require_codes(given: "Table", kinds: dict[str, FactType], name: str, day: date) -> None:
    """Refuse codes that look like a slip of a known one: they would pass for another."""
    faults = []
    for column, kind in kinds.items():
        if kind.kind != "code":
            continue
        text = given[column].cast("string").strip().nullif("").name("code")
        found = given.select(text).distinct().limit(DISTINCT).to_pyarrow()["code"].to_pylist()
        for code in sorted(item for item in found if item is not None):
            fault = checked(kind, code, day)
            if isinstance(fault, Fault):
                faults.append(Fault(fault.problem, name, None, column, code, fault.way_out))
    if faults:
        raise DataError(listed(faults))


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


# --- a rule as an expression ----------------------------------------------------------------


class _Expressions:
    """Formulas as Ibis expressions over typed columns."""

    def __init__(self, table: "Table", snapshot: Snapshot) -> None:
        self.table, self.program = table, snapshot.program
        self.fixed = snapshot.constants

    def of(self, formula: Formula) -> Any:
        """The three-valued truth of a formula."""
        import ibis

        if isinstance(formula, Fixed):
            return ibis.literal(formula.value)
        if isinstance(formula, Not):
            return ~self.of(formula.item)
        if isinstance(formula, (Compare, Member, Truth)):
            return self.of_leaf(formula)
        joined = and_ if isinstance(formula, And) else or_
        return reduce(joined, [self.of(item) for item in formula.items])

    def of_leaf(self, formula: Compare | Member | Truth) -> Any:
        """A comparison."""
        if isinstance(formula, Truth):
            return self.value(formula.slot)
        constant = self.constant(formula.constant)
        if isinstance(formula, Member):
            assert isinstance(constant, frozenset)
            value = self.value(formula.slot)
            inside = value.isin(sorted(constant)) if constant else value != value
            return value.notnull().ifelse(inside, None)
        total = reduce(add, [self.value(slot) * times for times, slot in formula.terms])
        tests: dict[str, Callable[[Any, Any], Any]] = {
            "<": lambda left, right: left < right,
            "<=": lambda left, right: left <= right,
            ">": lambda left, right: left > right,
            ">=": lambda left, right: left >= right,
            "==": lambda left, right: left == right,
            "!=": lambda left, right: left != right,
        }
        return tests[formula.op](total, constant)

    def constant(self, constant: Constant) -> object:
        """Value of a constant."""
        return self.fixed[self.program.constant_places[constant]]

    def value(self, slot: Slot) -> Any:
        """A fact, or an element of a list; unknown where there is no column."""
        import ibis

        name = _typed(slot.name)
        if name not in self.table.columns:
            kinds = {"bool": "boolean", "int": "int64", "date": "int64"}
            return ibis.null(kinds.get(slot.kind, "string"))
        column: Any = self.table[name]
        if not slot.index:
            return column
        length = column.length()
        place = slot.index - 1 + (length > slot.of).ifelse(length - slot.of, 0)
        return (length > place).ifelse(column[place], None).cast("int64")


def with_decisions(
    law: Law,
    table: "Table",
    rule: Rule,
    day: date,
    *,
    prefix: str = "",
    reading: tuple[str, ...] = (),
    programs: Programs | None = None,
) -> tuple["Table", Snapshot]:
    """A table with the decision of a rule on every row, as an expression.

    Parameters
    ----------
    law : Law
        The law.
    table : Table
        Typed people, as `check_people` gives them (`People.typed`), on any engine of Ibis.
    rule : Rule
        The rule.
    day : date
        The day asked for.
    prefix : str
        Before the names of the new columns.
    reading : tuple of str
        Alternative readings to take.
    programs : Programs or None
        Snapshots already made.

    Returns
    -------
    Table, Snapshot
        The table with three columns more: ``decision`` (place in
        `qonys.rules.deciding.DECISIONS`), ``failed`` and ``unknown`` (bit masks over the
        snapshot's conditions).

    Raises
    ------
    DataError
        For a rule on the digits of numbers, which is no question of a table of facts.
    """
    import ibis

    if rule.scheme is not None:
        way_out = "Use: qonys iin check."
        raise DataError(Fault("asks for digits, not for facts", value=rule.id, way_out=way_out))
    snapshot = (programs or Programs(law)).snapshot(rule, day, reading)
    names = [f"{prefix}{name}" for name in (DECISION, FAILED, UNKNOWN)]
    if snapshot.state != "in force":
        code = 5 if snapshot.state == "unknown" else 4
        literals = {
            name: ibis.literal(value).cast("int64")
            for name, value in zip(names, (code, 0, 0), strict=True)
        }
        return table.mutate(**literals), snapshot
    expressions = _Expressions(table, snapshot)
    zero = ibis.literal(0).cast("int64")
    failed, unknown, blocking = [zero], [zero], [zero]
    for place, part in enumerate(snapshot.program.parts):
        broken, open_, blocked = _states(expressions, part)
        failed.append(broken.ifelse(1 << place, 0))
        unknown.append(open_.ifelse(1 << place, 0))
        if blocked is not None:
            blocking.append(blocked.ifelse(1 << place, 0))
    block = f"{prefix}_blocking"
    masks = {
        names[1]: reduce(add, failed),
        names[2]: reduce(add, unknown),
        block: reduce(add, blocking),
    }
    table = table.mutate(**masks)
    code = _decision(table, snapshot, names[1], names[2], block)
    return table.mutate(**{names[0]: code}).drop(block), snapshot


def _states(expressions: _Expressions, part: Part) -> tuple[Any, Any, Any]:
    """Whether a condition is failed, unknown, or unknown in a way that blocks."""
    import ibis

    no = ibis.literal(value=False)
    good = part.condition.role != "ground"
    if part.law_known:
        value = expressions.of(part.formula)
        true, false = value.fill_null(no), (~value).fill_null(no)
        met, broken = (true, false) if good else (false, true)
    else:
        met = broken = no
    if not part.exemptions:
        return broken, ~(met | broken), None
    exempt = [expressions.of(item.formula) for item in part.exemptions]
    freed = reduce(or_, [item.fill_null(no) for item in exempt])
    met, broken = met | freed, broken & ~freed
    if not part.condition.state_shows:
        return broken, ~(met | broken), None
    bound = reduce(and_, [(~item).fill_null(no) for item in exempt])
    blocked, broken = broken & ~bound, broken & bound
    return broken, ~(met | broken), blocked


def _decision(
    table: "Table", snapshot: Snapshot, failed: str, unknown: str, blocking: str
) -> "Value":
    """The decision from the masks, as `deciding` makes it."""
    import ibis

    program = snapshot.program
    bits: Any = table[unknown]

    def any_of(mask: int) -> Any:
        """Whether one of these conditions is unknown."""
        return (bits & mask) != 0

    cases = [
        (table[failed] != 0, 1),
        (any_of(program.unknown_law & ~program.grounds), 5),
        (any_of(program.requirements) | (table[blocking] != 0), 2),
    ]
    if snapshot.rule.kind == "grounds":
        cases.append((bits == program.grounds, 2))
    cases.append((any_of(program.consents), 3))
    return ibis.cases(*cases, else_=0).cast("int64")


# --- files ----------------------------------------------------------------------------------


def write_decisions(
    law: Law,
    people: People,
    rule: Rule,
    day: date,
    path: Path,
    form: str,
    progress: Progress,
) -> dict[str, int]:
    """Write the rows of a table with their decisions, batch by batch.

    Parameters
    ----------
    law : Law
        The law.
    people : People
        The table.
    rule : Rule
        The rule.
    day : date
        The day asked for.
    path : Path
        The file to write.
    form : str
        ``csv`` or ``parquet``.
    progress : callable
        Told how far it is.

    Returns
    -------
    dict of str to int
        How many people got which decision.
    """
    table, snapshot = with_decisions(law, people.typed, rule, day)
    csv = form == "csv"
    given = [_flat(table[name]).name(name) if csv else name for name in people.given.columns]
    table = table.select(*given, DECISION, FAILED, UNKNOWN)
    counts = np.zeros(len(DECISIONS), np.int64)
    writer: Any = None
    done = 0
    try:
        for batch in table.to_pyarrow_batches(chunk_size=BATCH):
            found = _named(batch, snapshot, counts, csv=csv)
            if writer is None:
                writer = _writer(path, found.schema, csv=csv)
            writer.write_table(found)
            done += batch.num_rows
            progress(f"{done:,} people")
        if writer is None:
            schema = _named(_empty(table), snapshot, counts, csv=csv).schema
            writer = _writer(path, schema, csv=csv)
    finally:
        if writer is not None:
            writer.close()
    names = [called(rule.kind, name) for name in DECISIONS]
    return {name: int(count) for name, count in zip(names, counts, strict=True) if count}


def _flat(column: Any) -> Any:
    """A column that CSV can hold: a list as ``a;b;c``."""
    if column.type().is_array():
        return column.map(lambda item: item.cast("string").fill_null("")).join(";")
    return column.cast("string") if column.type().is_nested() else column


def _empty(table: "Table") -> pa.RecordBatch:
    schema = table.schema().to_pyarrow()
    return pa.RecordBatch.from_pylist([], schema=schema)


def _writer(path: Path, schema: pa.Schema, *, csv: bool) -> Any:
    if csv:
        import pyarrow.csv as pa_csv

        return pa_csv.CSVWriter(
            path, schema, write_options=pa_csv.WriteOptions(quoting_style="needed")
        )
    import pyarrow.parquet as pa_parquet

    return pa_parquet.ParquetWriter(path, schema, compression="zstd")


def _named(batch: pa.RecordBatch, snapshot: Snapshot, counts: Any, *, csv: bool) -> pa.Table:
    """A batch with decisions and conditions in words."""
    found = pa.Table.from_batches([batch])
    codes = found[DECISION].to_numpy()
    counts += np.bincount(codes, minlength=len(DECISIONS))
    names = pa.array([called(snapshot.rule.kind, name) for name in DECISIONS])
    columns = {DECISION: names.take(pa.array(codes))}
    ids = [part.condition.id for part in snapshot.program.parts]
    for name in (FAILED, UNKNOWN):
        masks, places = np.unique(found[name].to_numpy(), return_inverse=True)
        lists = [list(_bits(int(mask), ids)) for mask in masks]
        words = pa.array([";".join(item) for item in lists] if csv else lists)
        if not csv:
            words = words.cast(pa.list_(pa.string()))
        elif not len(lists):
            words = words.cast(pa.string())
        columns[name] = words.take(pa.array(places))
    for name, column in columns.items():
        found = found.set_column(found.schema.get_field_index(name), name, column)
    return found


def _bits(mask: int, ids: Sequence[str]) -> Iterator[str]:
    for place, name in enumerate(ids):
        if mask >> place & 1:
            yield name
