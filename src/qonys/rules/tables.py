"""The same rules on tables that do not fit in memory, or stand on a cluster.

For policy analysts. Main functions: `with_decisions`, `write_decisions`. A rule becomes an Ibis
expression, so that DuckDB, Spark or any other engine of Ibis works it out; files are written in
batches. SQL's own logic is three-valued as the law's is here.
"""

from collections.abc import Callable, Iterator
from datetime import date
from functools import reduce
from itertools import chain
from operator import add, and_, or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from qonys.core.errors import DataError, Fault
from qonys.rules.columns import Column
from qonys.rules.deciding import DECISIONS, called, decision_of
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
from qonys.rules.law import Law, Rule
from qonys.rules.numbers import VERDICTS, NumberScheme
from qonys.rules.people import DECISION, FAILED, UNKNOWN, People, readable, typed_name
from qonys.rules.programs import Part, Programs, Snapshot

if TYPE_CHECKING:
    from ibis import Table
    from ibis.expr.types import Value

#: Rows of a batch.
BATCH = 100_000
Progress = Callable[[str], None]


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

        name = typed_name(slot.name)
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
    snapshot = Programs(law).snapshot(rule, day, reading)
    names = [f"{prefix}{name}" for name in (DECISION, FAILED, UNKNOWN)]
    if snapshot.state != "in force":
        code = DECISIONS.index(decision_of(snapshot, (0, 0, 0)))
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
    csv = form == "csv"
    if rule.scheme is None:
        table, snapshot = with_decisions(law, people.typed, rule, day)
    else:
        snapshot = Programs(law).snapshot(rule, day)
        table = _with_numbers(people.typed, rule.scheme)
    given = [_flat(table[name]).name(name) if csv else name for name in people.given.columns]
    table = table.select(*given, DECISION, FAILED, UNKNOWN)
    counts = np.zeros(len(DECISIONS), np.int64)
    writer: Any = None
    done = 0
    try:
        for batch in _batches(table, people.name, snapshot):
            found = _named(batch, snapshot, counts, csv=csv)
            if writer is None:
                writer = _writer(path, found.schema, csv=csv)
            if found.num_rows:
                writer.write_table(found)
            done += batch.num_rows
            progress(f"{done:,} people")
    finally:
        if writer is not None:
            writer.close()
    names = [called(rule.kind, name) for name in DECISIONS]
    return {name: int(count) for name, count in zip(names, counts, strict=True) if count}


def _with_numbers(table: "Table", scheme: NumberScheme) -> "Table":
    """A table with its numbers, as text, where the answer will stand."""
    import ibis

    name = typed_name(scheme.fact)
    number: Any = table[name] if name in table.columns else ibis.null("string")
    return table.mutate(**{DECISION: number, FAILED: 0, UNKNOWN: 0})


def _number_answers(snapshot: Snapshot) -> Column:
    """Decision, failed and unknown conditions by verdict on a number; the last: none given."""
    rows = []
    for verdict in (*VERDICTS, None):
        values = [verdict] * len(snapshot.program.slots)
        masks = (0, 0, 0)
        if snapshot.state == "in force":
            masks = snapshot.program.run(values, snapshot.constants)
        rows.append((DECISIONS.index(decision_of(snapshot, masks)), *masks[:2]))
    return np.asarray(rows, np.int64)


def _answered(batch: pa.RecordBatch, scheme: NumberScheme, answers: Column) -> pa.RecordBatch:
    """A batch with the answers on its numbers."""
    numbers = batch.column(DECISION)
    texts = numbers.cast(pa.string()).fill_null("").to_pylist()
    verdicts = scheme.verdicts(scheme.digit_rows(texts)).astype(np.int64)
    verdicts[numbers.is_null().to_numpy(zero_copy_only=False)] = len(VERDICTS)
    for place, name in enumerate((DECISION, FAILED, UNKNOWN)):
        column = pa.array(answers[verdicts, place])
        batch = batch.set_column(batch.schema.get_field_index(name), name, column)
    return batch


def _flat(column: Any) -> Any:
    """A column that CSV can hold: a list as ``a;b;c``."""
    if column.type().is_array():
        return column.map(lambda item: item.cast("string").fill_null("")).join(";")
    return column.cast("string") if column.type().is_nested() else column


def _batches(table: "Table", name: str, snapshot: Snapshot) -> Iterator[pa.RecordBatch]:
    """Rows of a table with their answers, as they come; an empty batch where there are none."""
    scheme = snapshot.rule.scheme
    with readable(name):
        empty = pa.RecordBatch.from_pylist([], schema=table.schema().to_pyarrow())
        read = iter(table.to_pyarrow_batches(chunk_size=BATCH))
        batches = chain([next(read, empty)], read)
        if scheme is None:
            yield from batches
            return
        answers = _number_answers(snapshot)
        for batch in batches:
            yield _answered(batch, scheme, answers)


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
    for name in (FAILED, UNKNOWN):
        masks, places = np.unique(found[name].to_numpy(), return_inverse=True)
        picked = [snapshot.program.picked(int(mask)) for mask in masks]
        lists = [[part.condition.id for part in parts] for parts in picked]
        words = pa.array([";".join(item) for item in lists] if csv else lists)
        if not csv:
            words = words.cast(pa.list_(pa.string()))
        elif not len(lists):
            words = words.cast(pa.string())
        columns[name] = words.take(pa.array(places))
    for name, column in columns.items():
        found = found.set_column(found.schema.get_field_index(name), name, column)
    return found
