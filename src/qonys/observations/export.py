"""Figures to files that others read: CSV, Parquet, SDMX-CSV 2.0.

For analysts and other programs. Main functions: `export_observations`, `format_of`. Writes
beside, then renames. SDMX-CSV follows the SDMX-CSV 2.0 field guide (2023): structure
columns, dimensions, measure, attributes.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from qonys.core.errors import DataError, Fault
from qonys.core.observations import SCHEMA, Observations

STRUCTURE_ID = "QONYS:MIGRATION(1.0)"
ENDINGS = {".csv": "csv", ".parquet": "parquet"}


def format_of(path: Path) -> str:
    """The format that a file's ending stands for.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    DataError
        When the ending stands for none.
    """
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        way_out = f"Endings: {', '.join(ENDINGS)}. Or choose with --format."
        raise DataError(Fault("no format has this ending", value=path.name, way_out=way_out))
    return form


def export_observations(rows: Observations, path: Path, form: str) -> None:
    """Write rows to a file.

    Parameters
    ----------
    rows : Observations
        What to write.
    path : Path
        The file; replaced only when everything is written.
    form : str
        ``csv``, ``parquet`` or ``sdmx-csv``.

    Raises
    ------
    DataError
        When the format is unknown.
    """
    writers: dict[str, Callable[[pa.Table, Path], None]] = {
        "csv": _write_csv,
        "parquet": _write_parquet,
        "sdmx-csv": _write_sdmx,
    }
    if form not in writers:
        raise DataError(
            Fault("unknown format", value=form, way_out=f"Formats: {', '.join(writers)}.")
        )
    with replacing(path) as beside:
        writers[form](rows.table, beside)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write beside another, whose place it takes at the end; gone after an error.

    Parameters
    ----------
    path : Path
        The file that readers see: the old one or the new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _write_csv(table: pa.Table, path: Path) -> None:
    pa_csv.write_csv(table, path, pa_csv.WriteOptions(quoting_style="needed"))


def _write_parquet(table: pa.Table, path: Path) -> None:
    pa_parquet.write_table(table, path)


def _write_sdmx(table: pa.Table, path: Path) -> None:
    count = table.num_rows
    constants = {"STRUCTURE": "dataflow", "STRUCTURE_ID": STRUCTURE_ID, "ACTION": "I"}
    columns = {name: pa.array([text] * count) for name, text in constants.items()}
    rename = {"unit": "UNIT_MEASURE"}
    for name in SCHEMA.names:
        columns[rename.get(name, name.upper())] = table[name]
    _write_csv(pa.table(columns), path)
