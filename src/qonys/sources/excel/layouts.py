"""The ways in which offices lay out a sheet: where its places, periods and breakdowns stand.

For read.py. `LAYOUTS` holds one function a layout; it gives the figures of a sheet or raises
`NoFit` with the reason. Reads no numbers; a cell goes on as it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qonys.core.codes import fold
from qonys.core.errors import Fault
from qonys.sources.excel.workbook import Sheet
from qonys.sources.numbers import is_missing
from qonys.sources.places import Places
from qonys.sources.wording import (
    heal_cyrillic,
    read_label,
    read_period_name,
    without_footnote,
)


class NoFit(Exception):  # noqa: N818 - says that a layout does not fit, no error of the file
    """A layout does not fit a sheet; the text says why."""


@dataclass(frozen=True)
class Cell:
    """One figure of a sheet.

    Parameters
    ----------
    row, column : int
        Where it stands, from 0.
    place : str
        Name of the place in the file.
    code : str or Fault or None
        What `Places.find` says of it.
    period : str
        Canonical period.
    dims : Mapping of str to str
        Breakdowns that are not the total, and ``measure`` when a heading names it.
    value : Any
        The cell.
    provisional : bool
        Whether its period carries a star.
    """

    row: int
    column: int
    place: str
    code: str | Fault | None
    period: str
    dims: Mapping[str, str]
    value: Any
    provisional: bool = False


@dataclass
class Words:
    """What a layout needs to understand labels.

    Parameters
    ----------
    places : Places
        Looks up places.
    headings : Mapping of str to str
        Heading of a column to measure, folded.
    measures : Mapping of str to str
        Word below a year to measure, folded.
    strays : list of (int, int, str, str)
        Row, column, text and problem of what could not be understood.
    """

    places: Places
    headings: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    strays: list[tuple[int, int, str, str]] = field(default_factory=list)

    def label(self, text: str) -> dict[str, str] | None:
        """What a heading says: a measure, a breakdown, a total (empty); none if unknown."""
        bare = without_footnote(text)[0]
        measure = self.headings.get(fold(bare))
        if measure:
            return {"measure": measure}
        found = read_label(bare)
        if found is None:
            return None
        return {found[0]: found[1]} if found[0] else {}

    def below_year(self, text: str) -> dict[str, str] | None:
        """What a word below a year says, as `label` does."""
        said = self.label(text)
        if said is not None:
            return said
        bare = without_footnote(text)[0]
        measure = self.measures.get(fold(bare)) or self.measures.get(fold(heal_cyrillic(bare)))
        return {"measure": measure} if measure else None

    def place(self, text: str) -> str | Fault | None:
        """What `Places.find` says."""
        return self.places.find(text)


Periods = dict[int, tuple[str, bool]]


def cell_period(cell: Any) -> tuple[str, bool] | None:
    """Period of a cell and whether it is provisional; none when it is no period."""
    if isinstance(cell, bool) or cell == "":
        return None
    if isinstance(cell, int | float):
        whole = float(cell).is_integer() and 1900 <= cell <= 2199
        return (str(int(cell)), False) if whole else None
    if not isinstance(cell, str):
        return None
    text, starred = without_footnote(cell)
    period = read_period_name(text)
    return (period, starred) if period else None


def _period_header(row: list[Any]) -> Periods:
    """Periods of a row that holds nothing else to the right of its first period."""
    found = {n: cell_period(cell) for n, cell in enumerate(row)}
    periods = {n: period for n, period in found.items() if period}
    if not periods:
        return {}
    first = min(periods)
    rest = [n for n, cell in enumerate(row) if n > first and cell != "" and n not in periods]
    texts = [period for period, _ in periods.values()]
    if rest or len(set(texts)) < len(texts):
        return {}
    return periods


def _headers(sheet: Sheet, words: Words) -> dict[int, Periods]:
    """Rows that head columns with periods."""
    headers = {}
    for number, row in enumerate(sheet.rows):
        periods = _period_header(row)
        if not periods:
            continue
        labels = [
            cell for cell in row[: min(periods)] if isinstance(cell, str) and cell.strip()
        ]
        if any(isinstance(words.place(text), str) for text in labels):
            continue  # a row of figures that look like years
        if min(periods) == 0 and len(periods) < 2:
            continue  # a period below which rows stand, not a header
        headers[number] = periods
    return headers


def _across(sheet: Sheet, words: Words) -> tuple[list[Cell], int]:
    """Figures of a sheet with periods across, and how many titles of groups it has."""
    headers = _headers(sheet, words)
    if not headers:
        msg = "no row of periods such as 2023, 2024 год"
        raise NoFit(msg)
    cells: list[Cell] = []
    periods: Periods = {}
    dims: dict[str, str] = {}
    groups = 0
    for number, row in enumerate(sheet.rows):
        periods = headers.get(number, periods)
        title = _row_labels(row, min(periods) if periods else len(row))
        if number in headers or not _holds(row, periods):
            said = next(
                (label for text in title if (label := words.label(text)) is not None), None
            )
            if said is not None:
                dims, groups = said, groups + 1
            continue
        cells.extend(_row_cells(number, row, title, periods, dims, words))
        right = (n for n in _filled(row) if n > min(periods) and n not in periods)
        lone = next((n for n in right if isinstance(row[n], int | float)), None)
        if lone is not None:
            problem = "figures without a period above them"
            words.strays.append((number, lone, f"{row[lone]:.15g}", problem))
    return cells, groups


def _holds(row: list[Any], columns: Iterable[int]) -> bool:
    """Whether a row has a cell in one of some columns."""
    return any(n < len(row) and row[n] != "" for n in columns)


def _row_labels(row: list[Any], end: int) -> list[str]:
    texts = (str(int(c)) if isinstance(c, float) and c.is_integer() else c for c in row[:end])
    return [text.strip() for text in texts if isinstance(text, str) and text.strip()]


def _row_cells(
    number: int,
    row: list[Any],
    labels: list[str],
    periods: Periods,
    dims: Mapping[str, str],
    words: Words,
) -> Iterator[Cell]:
    if not labels:
        words.strays.append((number, 0, "", "figures without a place beside them"))
        return
    named = next((text for text in labels if isinstance(words.place(text), str)), None)
    text = named or max(labels, key=len)
    code = words.place(text)
    if named is None and any(words.label(label) is not None for label in labels):
        words.strays.append((number, 0, text, "figures of a breakdown whose place is not said"))
        return
    for column, (period, starred) in periods.items():
        if column < len(row):
            yield Cell(number, column, text, code, period, dims, row[column], starred)


def periods_across(sheet: Sheet, words: Words) -> list[Cell]:
    """Places down, periods across."""
    cells, _ = _across(sheet, words)
    _require_places(cells)
    return cells


def group_blocks(sheet: Sheet, words: Words) -> list[Cell]:
    """Titles of breakdowns above blocks of places down and periods across."""
    cells, groups = _across(sheet, words)
    if not groups:
        msg = "no title row such as Городское население"
        raise NoFit(msg)
    _require_places(cells)
    return cells


Subcolumns = dict[int, tuple[str, bool, Mapping[str, str]]]


def year_subcolumns(sheet: Sheet, words: Words) -> list[Cell]:
    """Periods across, each above several columns that a second row names; places down."""
    headers = _headers_of_two_rows(sheet, words)
    if not headers:
        msg = "no row of periods with a row of headings below it"
        raise NoFit(msg)
    cells: list[Cell] = []
    first, columns = 0, Subcolumns()
    title: Mapping[str, str] = {}
    for number, row in enumerate(sheet.rows):
        if number in headers:
            first, columns = headers[number]
            continue
        labels = _row_labels(row, first or len(row))
        if not _holds(row, columns):
            said = (label for text in labels if (label := words.label(text)) is not None)
            title = next(said, title)
            continue
        periods = {n: (period, starred) for n, (period, starred, _) in columns.items()}
        for cell in _row_cells(number, row, labels, periods, title, words):
            cells.append(replace(cell, dims={**title, **columns[cell.column][2]}))
    if any(columns for _, columns in headers.values()):  # else none of them is known
        _require_places(cells)
    return cells


def _headers_of_two_rows(sheet: Sheet, words: Words) -> dict[int, tuple[int, Subcolumns]]:
    """First column and columns by the row of headings; the row of periods above has none."""
    headers: dict[int, tuple[int, Subcolumns]] = {}
    for number, row in enumerate(sheet.rows):
        periods = _merged_header(row)
        if not periods:
            continue
        below = next(
            (n for n in range(number + 1, len(sheet.rows)) if any(_filled(sheet.rows[n]))), None
        )
        if below is not None and _names_columns(sheet.rows[below], periods, words):
            headers[number] = min(periods), {}
            end = _next_header(sheet, below)
            headers[below] = min(periods), _subcolumns(sheet, below, end, periods, words)
    return headers


def _filled(row: list[Any]) -> Iterator[int]:
    return (n for n, cell in enumerate(row) if cell != "")


def _merged_header(row: list[Any]) -> Periods:
    """Periods of a header row; one may stand again beside itself, as in cells once merged."""
    found = {n: cell_period(row[n]) for n in _filled(row)}
    periods = {n: period for n, period in found.items() if period}
    if not periods:
        return {}
    texts = [text for text, _ in periods.values()]
    apart = [text for text, before in zip(texts, ["", *texts], strict=False) if text != before]
    alone = all(n < min(periods) for n in found if n not in periods)
    return periods if alone and len(apart) == len(set(apart)) else {}


def _names_columns(row: list[Any], periods: Periods, words: Words) -> bool:
    """Whether a row below periods holds nothing but texts that name columns."""
    first = min(periods)
    if any(isinstance(words.place(text), str) for text in _row_labels(row, first)):
        return False
    right = {n: row[n] for n in _filled(row) if n >= first}
    named = all(isinstance(text, str) and not is_missing(text) for text in right.values())
    if not named or len(right) < 2 or any(cell_period(text) for text in right.values()):
        return False
    known = all(words.below_year(text) is not None for text in right.values())
    return known or any(n not in periods for n in right)


def _next_header(sheet: Sheet, below: int) -> int:
    later = range(below + 1, len(sheet.rows))
    return next((n for n in later if _merged_header(sheet.rows[n])), len(sheet.rows))


def _subcolumns(
    sheet: Sheet, below: int, end: int, periods: Periods, words: Words
) -> Subcolumns:
    """Period and meaning of each column; one that is unknown or without a name is a stray."""
    row, first = sheet.rows[below], min(periods)
    used = {n for n in _filled(row) if n >= first}
    for body in sheet.rows[below:end]:
        used |= {n for n in _filled(body) if n >= first and isinstance(body[n], int | float)}
    columns: Subcolumns = {}
    for n in sorted(used):
        text = row[n].strip() if n < len(row) and isinstance(row[n], str) else ""
        said = words.below_year(text) if text else None
        if said is None:
            problem = "a heading that is not known; say headings" if text else "no heading"
            words.strays.append((below, n, text, problem))
            continue
        period, starred = periods[max(at for at in periods if at <= n)]
        columns[n] = (period, starred, said)
    return columns


def _require_places(cells: list[Cell]) -> None:
    if not any(isinstance(cell.code, str) for cell in cells):
        seen = ", ".join(dict.fromkeys(cell.place for cell in cells[:200]))[:120]
        msg = f"no known place beside the figures{f': {seen}' if seen else ''}"
        raise NoFit(msg)


def sheet_per_year(sheet: Sheet, words: Words) -> list[Cell]:
    """The sheet's name is a period; places down, headings across."""
    period = cell_period(sheet.name)
    if period is None:
        msg = f"the name of the sheet is no period: {sheet.name}"
        raise NoFit(msg)
    first = next((n for n, row in enumerate(sheet.rows) if _place_of(row, words)), None)
    if first is None:
        msg = "no row begins with a known place"
        raise NoFit(msg)
    column = _place_column(sheet.rows[first], words)
    headings = _column_headings(sheet, first, column, words)
    cells = []
    for number, row in enumerate(sheet.rows[first:], first):
        if not _holds(row, headings):
            continue
        labels = _row_labels(row, min(headings))
        periods = dict.fromkeys(headings, period)
        for cell in _row_cells(number, row, labels, periods, {}, words):
            cells.append(replace(cell, dims=headings[cell.column]))
    _require_places(cells)
    return cells


def _place_of(row: list[Any], words: Words) -> str | None:
    return next(
        (t for t in _row_labels(row, len(row)) if isinstance(words.place(t), str)), None
    )


def _place_column(row: list[Any], words: Words) -> int:
    return next(
        n for n, c in enumerate(row) if isinstance(c, str) and isinstance(words.place(c), str)
    )


def _column_headings(
    sheet: Sheet, first: int, left: int, words: Words
) -> dict[int, dict[str, str]]:
    """What the headings above the first row say of each column right of the labels."""
    body = sheet.rows[first:]
    width = max(len(row) for row in body)
    columns = [
        n
        for n in range(left + 1, width)
        if any(n < len(row) and isinstance(row[n], int | float) for row in body)
    ]
    if not columns:
        msg = "no numbers to the right of the labels"
        raise NoFit(msg)
    said: dict[int, dict[str, str]] = {n: {} for n in columns}
    known = dict.fromkeys(columns, False)
    last: dict[int, str] = {}
    for number, row in enumerate(sheet.rows[:first]):
        held, at = "", 0
        for n in range(left + 1, min(width, len(row))):
            if isinstance(row[n], str) and row[n].strip():
                held, at = row[n], n
            if not held or n not in said or (at != n and number == first - 1):
                continue
            last[n] = held
            label = words.label(held)
            if label is not None:
                said[n].update(label)
                known[n] = True
    _check_headings(said, known, last, first, words)
    return said


def _check_headings(
    said: Mapping[int, Mapping[str, str]],
    known: Mapping[int, bool],
    last: Mapping[int, str],
    first: int,
    words: Words,
) -> None:
    if len(said) == 1:
        return
    for n, is_known in known.items():
        if not is_known:
            problem = "a heading that is not known; say headings"
            words.strays.append((max(first - 1, 0), n, last.get(n, ""), problem))


def region_blocks(sheet: Sheet, words: Words) -> list[Cell]:
    """A row with the name of a place, below it a row for each period."""
    column = _period_column(sheet)
    first = next(n for n, row in enumerate(sheet.rows) if _period_at(row, column))
    top = next(
        (n for n, row in enumerate(sheet.rows) if _place_of(row[: column + 1], words)), None
    )
    if top is None or top > first:
        msg = "no place is named above the first period"
        raise NoFit(msg)
    headings = _column_headings(
        Sheet(sheet.name, [*sheet.rows[:top], *sheet.rows[first:]]), top, column, words
    )
    cells: list[Cell] = []
    place = ""
    for number, row in enumerate(sheet.rows[top:], top):
        labels = _row_labels(row, column + 1)
        period = _period_at(row, column)
        named = [text for text in labels if cell_period(text) is None]
        place = named[0] if named and (period or not _holds(row, headings)) else place
        if period is None:
            if _holds(row, headings):
                words.strays.append(
                    (number, column, " ".join(labels), "figures without a period")
                )
            continue
        code = words.place(place)
        for n, dims in headings.items():
            if n < len(row):
                cells.append(Cell(number, n, place, code, period[0], dims, row[n], period[1]))
    _require_places(cells)
    return cells


def _period_at(row: list[Any], column: int) -> tuple[str, bool] | None:
    return cell_period(row[column]) if column < len(row) else None


def _period_column(sheet: Sheet) -> int:
    """The first column with at least two periods and otherwise texts."""
    width = max(len(row) for row in sheet.rows)
    for column in range(width):
        cells = [row[column] for row in sheet.rows if column < len(row) and row[column] != ""]
        periods = [cell for cell in cells if cell_period(cell)]
        if len(periods) >= 2 and all(isinstance(c, str) or cell_period(c) for c in cells):
            return column
    msg = "no column of periods such as 2023, 2024 год"
    raise NoFit(msg)


LAYOUTS: Mapping[str, Callable[[Sheet, Words], list[Cell]]] = {
    "year_subcolumns": year_subcolumns,
    "group_blocks": group_blocks,
    "periods_across": periods_across,
    "sheet_per_year": sheet_per_year,
    "region_blocks": region_blocks,
}
