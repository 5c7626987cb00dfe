"""Microdata of a file, refused with all its faults before anything is estimated.

For the command line. Main functions: `read_microdata`, `read_frame`. CSV (also compressed) and
Parquet; empty texts, NA and not-a-numbers are missing in both.
"""

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import csv as pa_csv
from pyarrow import parquet as pa_parquet

from qonys.core.errors import DataError, Fault
from qonys.survey.checking import check
from qonys.survey.design import Design
from qonys.survey.microdata import Microdata

_NOT_UTF8 = "the text is not in UTF-8"
_SAVE_UTF8 = "Save it as UTF-8 (in Excel: CSV UTF-8)."
MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "."]


def read_microdata(
    path: Path,
    design: Design,
    variables: Sequence[str] | None = None,
    texts: Sequence[str] = (),
) -> Microdata:
    """Respondents of a CSV or Parquet file, checked against their design.

    Parameters
    ----------
    path : Path
        The file; ``.csv``, also compressed (``.csv.gz``), or ``.parquet``.
    design : Design
        The design.
    variables : Sequence of str or None
        Other columns to read; none for all.
    texts : Sequence of str
        Those that are codes, though they look like numbers: "01" stays "01".

    Raises
    ------
    DataError
        With all faults of the file and its design.
    """
    present = _columns(path)
    doubled = sorted({name for name in present if present.count(name) > 1})
    if doubled:
        raise DataError([Fault("two columns of one name", path.name, value=n) for n in doubled])
    faults = []
    try:
        needed = design.columns(present)
    except DataError as error:
        faults += list(error.faults)
    asked = present if variables is None else list(variables)
    faults += [
        Fault("no such column", path.name, value=name, way_out=_near(name, present))
        for name in asked
        if name not in present
    ]
    if faults:
        raise DataError(faults)
    columns = list(dict.fromkeys([*asked, *needed])) if variables is not None else asked
    resolved = replace(design, replicate_weights=tuple(design.replicates(present)))
    calibrated = design.calibration.categories if design.calibration else ()
    codes = {*design.strata, *design.cluster, *calibrated, *texts} & set(columns)
    data = Microdata(read_frame(path, columns, sorted(codes)), resolved, path.name)
    check(data)
    return data


def _near(name: str, present: list[str]) -> str:
    near = difflib.get_close_matches(name, present, 3, 0.5)
    return f"Near: {', '.join(near)}." if near else ""


def _kind(path: Path) -> str:
    packed = path.suffix.lower() in (".gz", ".bz2", ".zst")
    kind = "".join(path.suffixes[-2:] if packed else path.suffix).lower()
    if kind.startswith(".csv") or kind == ".parquet":
        return kind
    way_out = "Known: .csv, .csv.gz, .parquet. Export SPSS and Stata files as CSV."
    raise DataError(Fault("unknown kind of file", path.name, way_out=way_out))


def _columns(path: Path) -> list[str]:
    try:
        if _kind(path) == ".parquet":
            return list(pa_parquet.read_schema(path).names)
        _refuse_other_text(path)
        with pa.input_stream(path) as stream, pa_csv.open_csv(stream) as reader:
            return list(reader.schema.names)
    except UnicodeDecodeError as error:
        raise DataError(Fault(_NOT_UTF8, path.name, 1, "", "", _SAVE_UTF8)) from error
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _refuse_other_text(path: Path) -> None:
    """UTF-16, and fields that something else than commas separates."""
    with pa.input_stream(path) as stream:
        head = stream.read(65536)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(Fault(_NOT_UTF8, path.name, 1, "", "UTF-16", _SAVE_UTF8))
    first = head.partition(b"\n")[0]
    for mark in (b";", b"\t", b"|"):
        if first.count(mark) > first.count(b","):
            problem = "fields are not separated by commas"
            way_out = "Save it with commas between the fields and points in the numbers."
            raise DataError(Fault(problem, path.name, 1, "", mark.decode(), way_out))


def read_frame(
    path: Path, columns: list[str] | None = None, texts: Sequence[str] = ()
) -> pl.DataFrame:
    """Rows of a CSV or Parquet file; empty texts, NA and the like are missing.

    Parameters
    ----------
    path : Path
        The file.
    columns : list of str or None
        Which columns; none for all.
    texts : Sequence of str
        Columns of a CSV file that stay texts though they look like numbers: codes.
    """
    try:
        if _kind(path) == ".parquet":
            table = pa_parquet.read_table(path, columns=columns)
        else:
            options = pa_csv.ConvertOptions(
                null_values=MISSING,
                strings_can_be_null=True,
                include_columns=columns or [],
                column_types={name: pa.string() for name in texts},
            )
            with pa.input_stream(path) as stream:
                table = pa_csv.read_csv(stream, convert_options=options)
        named = list(zip(table.column_names, table.schema.types, strict=True))
    except UnicodeDecodeError as error:
        raise DataError(Fault(_NOT_UTF8, path.name, 1, "", "", _SAVE_UTF8)) from error
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error
    binary = [
        n for n, kind in named if pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    ]
    if binary:
        raise DataError([Fault(_NOT_UTF8, path.name, None, n, "", _SAVE_UTF8) for n in binary])
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame) or frame.is_empty():
        raise DataError(Fault("no respondents", path.name))
    words, floats = pl.selectors.string(), pl.selectors.float()
    return frame.with_columns(
        pl.when(~words.is_in(MISSING)).then(words),
    ).with_columns(pl.when(floats.is_not_nan()).then(floats))


def read_untouched(path: Path) -> pl.DataFrame:
    """A file as it stands: every field of a CSV file a text, nothing missing.

    Parameters
    ----------
    path : Path
        The file.
    """
    if _kind(path) == ".parquet":
        return pl.read_parquet(path)
    names = _columns(path)
    options = pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in names}, strings_can_be_null=False
    )
    with pa.input_stream(path) as stream:
        frame = pl.from_arrow(pa_csv.read_csv(stream, convert_options=options))
    assert isinstance(frame, pl.DataFrame)
    return frame


def _unreadable(path: Path, error: Exception) -> DataError:
    if isinstance(error, OSError) and error.errno:
        return DataError(Fault(error.strerror or str(error), path.name))
    if "Empty CSV" in str(error):
        return DataError(Fault("no respondents", path.name))
    return DataError(Fault(f"cannot be read: {str(error).splitlines()[0]}", path.name))
