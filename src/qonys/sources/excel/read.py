"""Reads xlsx tables of the Bureau of National Statistics, whatever their layout.

For the `observations` room. Main function: `stage`. The layouts are in layouts.py, the opening
of the file in workbook.py. Adds nothing up and reads no formulas.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from qonys.core.codes import TOTAL, fold
from qonys.core.errors import DataError, Fault
from qonys.core.periods import parse_period
from qonys.sources.excel.layouts import LAYOUTS, Cell, NoFit, Words
from qonys.sources.excel.workbook import Sheet, cell_name, read_sheets
from qonys.sources.numbers import EITHER_MARK, is_missing, parse_number, precision_of
from qonys.sources.places import Places
from qonys.sources.registry import read_source_card
from qonys.sources.staging import (
    Context,
    Faults,
    Report,
    batched,
    find_missing_totals,
    no_rows,
    reading,
    skip_findings,
    stage_batches,
)

if TYPE_CHECKING:
    import duckdb

_FIELDS = pa.schema(
    [
        ("measure", pa.string()),
        ("ref_area", pa.string()),
        ("time_period", pa.string()),
        ("sex", pa.string()),
        ("locality", pa.string()),
        ("obs_value", pa.float64()),
        ("obs_status", pa.string()),
        ("precision", pa.float64()),
        ("file", pa.string()),
        ("row", pa.int64()),
    ]
)
_OPTIONS = {"measure", "unit", "layout", "headings", "codes", "instant"}


def stage(con: "duckdb.DuckDBPyConnection", path: Path, context: Context) -> Report:
    """Create the temporary table `staged` from a workbook.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    path : Path
        The file, xlsx.
    context : Context
        Options as in source.toml.

    Raises
    ------
    SourceError
        With every fault of the file; where no layout fits, with each one's reason.
    """
    with reading(path):
        reader = _Reader(path, context)
        reader.faults.throw_if_any()
        rows = list(reader.rows())
        constants = {k: v for k, v in context.constants().items() if k not in _FIELDS.names}
        staged = stage_batches(con, batched(rows, _FIELDS), _FIELDS, constants)
        skipped = reader.skipped
        if not staged and not reader.faults:
            no_rows(reader.faults, reader.missing, sum(skipped.values()))
        reader.faults.throw_if_any()
        findings = find_missing_totals(con, context.country)
        findings += skip_findings(path.name, skipped)
        findings += reader.findings
        return Report(staged, reader.missing, skipped, tuple(findings))


class _Reader:
    """Reads the sheets of one workbook and keeps what it noticed."""

    def __init__(self, path: Path, context: Context) -> None:
        options = context.options
        self.path = path
        self.faults = Faults(path.name)
        self.findings: list[Fault] = []
        self.skipped: dict[str, int] = {}
        self.missing = 0
        self._unplaced = ("", -1)  # the row whose place was last found faulty
        self.fixed = context.constants()
        headings = {fold(k): str(v) for k, v in dict(options.get("headings", {})).items()}
        card = read_source_card("excel").settings["measures"]
        measures = {fold(word): code for code, words in card.items() for word in words}
        places = Places(context.country, options.get("codes"), near=True)
        self.words = Words(places, headings, measures)
        self._cells: dict[tuple[str, ...], list[tuple[str, int, str]]] = {}
        self._unsaid = False
        self.layout = str(options.get("layout", "")) or None
        self.instant = str(options.get("instant", ""))
        if self.layout not in {None, *LAYOUTS}:
            known = ", ".join(LAYOUTS)
            self.faults.add("no such layout", None, "layout", self.layout, f"Layouts: {known}.")
        may_name = headings or self.layout in {None, "year_subcolumns"}
        if "measure" not in self.fixed and not may_name:
            self._not_said("measure")
        if "unit" not in self.fixed:
            self._not_said("unit")

    def _not_said(self, column: str) -> None:
        self.faults.add(f"the {column} is not said", None, column, "", "Say it as option.")

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows of all sheets that a layout fits."""
        skipped = read_source_card("excel").settings["skipped_sheets"]
        fitting, failed = 0, []
        for sheet in read_sheets(self.path, skipped):
            found = self._fit(sheet)
            if isinstance(found, Fault):
                failed.append(found)
                continue
            fitting += 1
            for cell in found:
                row = self._row(sheet, cell)
                if row is not None and self._is_first(sheet, cell, row):
                    yield row
        self._note_twice()
        if not fitting:
            for fault in failed:
                self.faults.add(fault)
        else:
            self.findings += failed

    def _is_first(self, sheet: Sheet, cell: Cell, row: tuple[Any, ...]) -> bool:
        """Whether no row before has the same key."""
        held = self._cells.setdefault(row[:5], [])
        held.append(
            (f"{self.path.name}#{sheet.name}", cell.row, cell_name(cell.row, cell.column))
        )
        return len(held) == 1

    def _note_twice(self) -> None:
        for key, held in self._cells.items():
            if len(held) > 1:
                (file, row, column), *others = held
                also = ", ".join(
                    name if other == file else f"{name} of {other.partition('#')[2]}"
                    for other, _, name in others[:5]
                )
                self.faults.add(
                    Fault(
                        f"a key stands {len(held)} times, again in {also}",
                        file,
                        way_out="One cell per measure, place, period and breakdown.",
                    ),
                    row + 1,
                    column,
                    ":".join(part for part in key if part != TOTAL),
                )

    def _fit(self, sheet: Sheet) -> list[Cell] | Fault:
        reasons = []
        for name, layout in LAYOUTS.items():
            if self.layout not in {None, name}:
                continue
            words = replace(self.words, strays=[])
            try:
                cells = layout(sheet, words)
            except NoFit as reason:
                reasons.append(f"{name}: {reason}")
                continue
            for row, column, text, problem in words.strays:
                self._fault(sheet, row, column, problem, text)
            return cells
        return Fault(
            f"no layout fits the sheet ({'; '.join(reasons)})",
            f"{self.path.name}#{sheet.name}",
            way_out="Say layout, or read it by the reader table.",
        )

    def _fault(
        self, sheet: Sheet, row: int, column: int, problem: str | Fault, value: object
    ) -> None:
        fault = problem if isinstance(problem, Fault) else Fault(problem)
        named = replace(fault, file=f"{self.path.name}#{sheet.name}")
        self.faults.add(named, row + 1, cell_name(row, column), value)

    def _row(self, sheet: Sheet, cell: Cell) -> tuple[Any, ...] | None:
        if isinstance(cell.code, Fault):
            if (sheet.name, cell.row) != self._unplaced:
                self._unplaced = (sheet.name, cell.row)
                self._fault(sheet, cell.row, cell.column, cell.code, cell.place)
        elif cell.code is None:
            self.skipped[cell.place] = self.skipped.get(cell.place, 0) + 1
        number = self._number(sheet, cell)
        if not isinstance(cell.code, str):
            return None
        period = self._period(sheet, cell)
        if number is None or period is None:
            return None
        value, precision, starred = number
        dims: Mapping[str, str] = {**self.fixed, **cell.dims}
        if not dims.get("measure"):
            if self.words.headings:
                self._fault(sheet, cell.row, cell.column, "no heading says the measure", value)
            elif not self._unsaid:
                self._unsaid = True
                self._not_said("measure")
            return None
        return (
            dims.get("measure", ""),
            cell.code,
            period,
            dims.get("sex", TOTAL),
            dims.get("locality", TOTAL),
            value,
            "P" if starred or cell.provisional else self.fixed.get("obs_status", "A"),
            precision,
            f"{self.path.name}#{sheet.name}",
            cell.row + 1,
        )

    def _number(self, sheet: Sheet, cell: Cell) -> tuple[float, float, bool] | None:
        value = cell.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value), precision_of(float(value)), False
        text = value.strip() if isinstance(value, str) else str(value)
        bare = text.rstrip("* ")
        if isinstance(value, str) and is_missing(text):
            self.missing += isinstance(cell.code, str)
            return None
        number = parse_number(bare, EITHER_MARK) if isinstance(value, str) else None
        if number is None:
            self._fault(sheet, cell.row, cell.column, "not a number", text)
            return None
        return number, precision_of(bare, EITHER_MARK), bare != text

    def _period(self, sheet: Sheet, cell: Cell) -> str | None:
        if not self.instant:
            return cell.period
        try:
            return parse_period(f"{cell.period}-{self.instant}").text
        except DataError as error:
            self._fault(sheet, cell.row, cell.column, error.faults[0], cell.period)
            return None
