"""Opens an xlsx safely and gives its sheets as rows of cells.

For the reader in read.py. Main function: `read_sheets`. Refuses archives that unpack to more
than they say or claim a sheet of billions of cells. Reads no formulas and runs nothing.
"""

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qonys.core.codes import fold
from qonys.core.errors import Fault, SourceError

MAX_UNPACKED = 1 << 30  # bytes; a sheet of a million rows and ten columns takes about 400 MB
MAX_RATIO = 250
MAX_CELLS = 30_000_000
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_ROWS = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="(\d{1,9})"')
_PIECE = 1 << 20


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Parameters
    ----------
    name : str
        Its name.
    rows : list of list
        Cells from the first row and column of the sheet on; an empty cell is ``""``.
    """

    name: str
    rows: list[list[Any]]


def read_sheets(path: Path, skipped: Iterable[str] = ()) -> Iterator[Sheet]:
    """Sheets of a workbook that hold something, one after the other.

    Parameters
    ----------
    path : Path
        The file.
    skipped : iterable of str
        Names of sheets that are left out.

    Raises
    ------
    SourceError
        When it is no xlsx, damaged, locked or too large.
    """
    _check_archive(path)
    leave = {fold(name) for name in skipped}
    with _calamine_faults(path):
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_path(path)
        names = [name for name in book.sheet_names if fold(name) not in leave]
    for name in names:
        with _calamine_faults(path, name):
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        if any(cell != "" for row in rows for cell in row):
            yield Sheet(name, rows)


class _calamine_faults:  # noqa: N801 - used as a function
    """Turns anything that calamine raises, its panics as well, into a `SourceError`."""

    def __init__(self, path: Path, sheet: str = "") -> None:
        self._file = f"{path.name}#{sheet}" if sheet else path.name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            return
        words = str(error).strip().splitlines() or [type(error).__name__]
        if type(error).__name__ == "PasswordError":
            words = ["locked by a password"]
        elif type(error).__name__ == "WorksheetNotFound":
            words = ["no table of cells"]
        way_out = "Open it in a spreadsheet program and save it as xlsx again."
        raise SourceError(
            Fault(f"cannot be read as xlsx: {words[0]}", self._file, way_out=way_out)
        ) from error


def _check_archive(path: Path) -> None:
    """Unpack every part once, in pieces, so that what follows cannot be surprised."""
    with path.open("rb") as stream:
        head = stream.read(8)
    if head == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise SourceError(
            Fault("an old .xls or a locked file", path.name, way_out="Save it as xlsx.")
        )
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            packed = max(path.stat().st_size, 1)
            if unpacked > MAX_UNPACKED or (unpacked > 50e6 and unpacked > MAX_RATIO * packed):
                raise SourceError(
                    Fault(f"unpacks to {unpacked:,} bytes, more than is read", path.name)
                )
            for part in parts:
                _check_part(archive, part, path)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
    ) as error:
        raise SourceError(
            Fault(f"not an xlsx: {error}", path.name, way_out="Was it cut off? Fetch it again.")
        ) from None


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, path: Path) -> None:
    is_sheet = "worksheets/" in part.filename and part.filename.endswith(".xml")
    right, low, tail = 0, 0, b""
    with archive.open(part) as stream:
        while piece := stream.read(_PIECE):
            if not is_sheet:
                continue
            text = tail + piece
            for column, row in _CELL.findall(text):
                right, low = max(right, _column(column)), max(low, int(row))
            low = max([low, *map(int, _ROWS.findall(text))])
            tail = text[-128:]
    if right * low > MAX_CELLS:
        raise SourceError(
            Fault(
                f"a sheet of {low:,} rows and {right:,} columns is more than is read",
                f"{path.name}#{part.filename}",
                way_out="Delete the stray cells far below or to the right.",
            )
        )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def cell_name(row: int, column: int) -> str:
    """Name of a cell from its row and column, both from 0, e.g. ``C5``."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"
