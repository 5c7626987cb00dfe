"""Respondents with the design that drew them, read and checked before anything is estimated.

For `estimates` and `calibrating`. Main type: `Microdata`; main functions: `read_microdata`,
`read_frame`, `check`. A design that would give a wrong error is refused with all its faults.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from pyarrow import csv as pa_csv
from pyarrow import parquet as pa_parquet

from qonys.core.errors import DataError, Fault
from qonys.survey.design import Design

MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "."]
#: How far the sum of the weights may lie from the size of the population that the file states.
TOLERANCE = 0.05
_EXAMPLES = 5


@dataclass(frozen=True)
class Microdata:
    """Respondents and their design.

    Parameters
    ----------
    frame : DataFrame
        A row a respondent.
    design : Design
        How they were drawn; a pattern of replicate weights is resolved to columns.
    file : str
        Where they were read.
    """

    frame: pl.DataFrame
    design: Design
    file: str = ""

    @property
    def weights(self) -> np.ndarray:
        """Weights, float64 of shape (n,)."""
        return self.frame[self.design.weights].cast(pl.Float64).to_numpy()

    @cached_property
    def df(self) -> int:
        """Degrees of freedom: clusters less strata; of bare replicates their rank less one."""
        design, frame = self.design, self.frame
        if design.replicate_weights and not (design.strata or design.cluster):
            return _rank(frame, design) - 1
        return self.df_of(pl.repeat(True, frame.height, eager=True))

    def df_of(self, domain: pl.Series) -> int:
        """Degrees of freedom of a domain; with replicate weights those of the design.

        Parameters
        ----------
        domain : Series
            Who belongs to it, bool of shape (n,).
        """
        design = self.design
        if design.replicate_weights and not (design.strata or design.cluster):
            return self.df
        inside = self.frame.filter(domain)
        strata = inside[design.strata[0]].n_unique() if design.strata else min(inside.height, 1)
        if not design.cluster:
            return inside.height - strata
        return inside.select(*design.strata, design.cluster[0]).n_unique() - strata


def read_microdata(
    path: Path, design: Design, variables: Sequence[str] | None = None
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
    data = Microdata(read_frame(path, columns), resolved, path.name)
    check(data)
    return data


def _near(name: str, present: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, present, 3, 0.5)
    return f"Near: {', '.join(near)}." if near else ""


def _kind(path: Path) -> str:
    kind = "".join(
        path.suffixes[-2:] if path.suffix in (".gz", ".bz2", ".zst") else path.suffix
    )
    if kind.startswith(".csv") or kind == ".parquet":
        return kind
    way_out = "Known: .csv, .csv.gz, .parquet. Export SPSS and Stata files as CSV."
    raise DataError(Fault("unknown kind of file", path.name, way_out=way_out))


def _columns(path: Path) -> list[str]:
    try:
        if _kind(path) == ".parquet":
            return list(pa_parquet.read_schema(path).names)
        with pa.input_stream(path) as stream, pa_csv.open_csv(stream) as reader:
            return list(reader.schema.names)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def read_frame(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """Rows of a CSV or Parquet file; empty texts, NA and the like are missing.

    Parameters
    ----------
    path : Path
        The file.
    columns : list of str or None
        Which columns; none for all.
    """
    try:
        if _kind(path) == ".parquet":
            table = pa_parquet.read_table(path, columns=columns)
        else:
            options = pa_csv.ConvertOptions(
                null_values=MISSING, strings_can_be_null=True, include_columns=columns or []
            )
            with pa.input_stream(path) as stream:
                table = pa_csv.read_csv(stream, convert_options=options)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame) or frame.is_empty():
        raise DataError(Fault("no respondents", path.name))
    return frame


def _unreadable(path: Path, error: Exception) -> DataError:
    if isinstance(error, OSError) and error.errno:
        return DataError(Fault(error.strerror or str(error), path.name))
    if "Empty CSV" in str(error):
        return DataError(Fault("no respondents", path.name))
    return DataError(Fault(f"cannot be read: {str(error).splitlines()[0]}", path.name))


class _Checks:
    """Faults of the rows, a few named and the rest counted."""

    def __init__(self, data: Microdata) -> None:
        self.data, self.faults = data, list[Fault]()
        self.numbered = data.file.endswith((".csv", ".gz", ".bz2", ".zst"))

    def rows(self, wrong: pl.Series, problem: str, column: str, way_out: str = "") -> None:
        at = np.flatnonzero(wrong.fill_null(True).to_numpy())
        values = self.data.frame[column]
        for row in at[:_EXAMPLES].tolist():
            value = values[row]
            shown = "" if value is None else str(value)
            # A CSV file counts its lines from 1, with the header.
            self.faults.append(Fault(problem, self.data.file, row + 2, column, shown, way_out))
        if len(at) > _EXAMPLES:
            rest = f"{problem} in {len(at) - _EXAMPLES} more rows"
            self.faults.append(Fault(rest, self.data.file, None, column))

    def add(self, problem: str, column: str, value: object = "", way_out: str = "") -> None:
        self.faults.append(Fault(problem, self.data.file, None, column, str(value), way_out))

    def numbers(self, column: str, least: float, problem: str, way_out: str = "") -> bool:
        """Whether a column holds numbers above (not at) the least."""
        values = self.data.frame[column]
        if not (values.dtype.is_numeric() or values.dtype.is_decimal()):
            self.add("expected numbers", column, values.drop_nulls().head(1).to_list())
            return False
        before = len(self.faults)
        wrong = values.is_null() | ~values.cast(pl.Float64).is_finite() | ~(values > least)
        self.rows(wrong, problem, column, way_out)
        return len(self.faults) == before


def check(data: Microdata) -> None:
    """Refuse a design that would give a wrong standard error.

    Parameters
    ----------
    data : Microdata
        Respondents and design.

    Raises
    ------
    DataError
        With all faults.
    """
    checks = _Checks(data)
    design = data.design
    way_out = "Every respondent stands for somebody: drop the row or mend its weight."
    sound = checks.numbers(design.weights, 0.0, "expected a weight above 0", way_out)
    if data.frame.height < 2:
        checks.add("needs at least two respondents", design.weights)
    for column in (*design.strata, *design.cluster):
        checks.rows(data.frame[column].is_null(), "missing value in the design", column)
    if sound:
        _sums(checks)
    if not checks.faults:
        _sizes(checks)
        _lone_clusters(checks)
    if sound:
        _replicates(checks)
    if checks.faults:
        raise DataError(checks.faults)


def _sums(checks: _Checks) -> None:
    """Whether the weights sum to the population that the design states."""
    design, population = checks.data.design, checks.data.design.population
    total = float(checks.data.weights.sum())
    if population is not None and abs(total - population) > TOLERANCE * population:
        checks.add(
            f"the weights sum to {total:,.6g}, the population is {population:,.6g}",
            design.weights,
            way_out=f"They may differ by {TOLERANCE:.0%}: mend the weights or rake them.",
        )


def _fraction(frame: pl.DataFrame, column: str) -> bool:
    """Whether a column of population sizes holds fractions instead."""
    return bool((frame[column] <= 1).all()) and bool((frame[column] < 1).any())


def population_size(data: Microdata, stage: int) -> pl.Series:
    """Units of the population from which those of a stage were drawn, a row a respondent.

    Parameters
    ----------
    data : Microdata
        Respondents.
    stage : int
        0 for the first.
    """
    design, frame = data.design, data.frame
    size = frame[design.fpc[stage]].cast(pl.Float64)
    if not _fraction(frame, design.fpc[stage]):
        return size
    within = [*design.strata, *design.cluster[:stage]]
    unit = design.cluster[stage : stage + 1]
    drawn = pl.struct(unit).n_unique() if unit else pl.len()
    return frame.select(drawn.over(within) if within else drawn.first()).to_series() / size


def _sizes(checks: _Checks) -> None:
    """Population sizes: one a stratum (then a cluster), not below what was drawn."""
    data, design = checks.data, checks.data.design
    within = list(design.strata)
    for stage, column in enumerate(design.fpc):
        if not checks.numbers(column, 0.0, "expected a size of the population above 0"):
            return
        unit = design.cluster[stage] if stage < len(design.cluster) else None
        fraction = _fraction(data.frame, column)
        counted = pl.struct(unit).n_unique() if unit else pl.len()
        grouped = data.frame.group_by(within or pl.lit("all").alias("all")).agg(
            counted.alias("_drawn"),
            pl.col(column).min().alias("_low"),
            pl.col(column).max().alias("_high"),
            pl.col(design.weights).cast(pl.Float64).sum().alias("_sum"),
        )
        for row in grouped.sort(grouped.columns[0]).iter_rows(named=True):
            where = ", ".join(f"{name} {row[name]}" for name in within) or "the sample"
            if row["_high"] > row["_low"]:
                problem = f"two population sizes in one stratum ({where})"
                checks.add(problem, column, f"{row['_low']} and {row['_high']}")
            elif not fraction and row["_high"] < row["_drawn"]:
                problem = f"{row['_drawn']} drawn of fewer ({where})"
                checks.add(problem, column, row["_high"])
            elif not design.cluster and not design.calibration:
                _summed(checks, row, column, fraction, where)
        within = [*within, *design.cluster[stage : stage + 1]]


def _summed(
    checks: _Checks, row: dict[str, float], column: str, fraction: bool, where: str
) -> None:
    size = row["_drawn"] / row["_high"] if fraction else row["_high"]
    if abs(row["_sum"] - size) <= TOLERANCE * size:
        return
    checks.add(
        f"the weights sum to {row['_sum']:,.6g}, the population is {size:,.6g} ({where})",
        checks.data.design.weights,
        way_out=f"They may differ by {TOLERANCE:.0%}: mend the weights or the column {column}.",
    )


def _lone_clusters(checks: _Checks) -> None:
    """Strata with one cluster only, unless the population has no other."""
    data, design = checks.data, checks.data.design
    if design.replicate_weights:
        return
    counted = pl.col(design.cluster[0]).n_unique() if design.cluster else pl.len()
    by = list(design.strata)
    grouped = data.frame.group_by(by or pl.lit("all").alias("all")).agg(
        counted.alias("_drawn"), *(pl.col(name).max().alias("_size") for name in design.fpc[:1])
    )
    lone = grouped.filter(pl.col("_drawn") == 1)
    if design.fpc:
        lone = lone.filter(pl.col("_size") != 1)
    unit = f"one {design.cluster[0]}" if design.cluster else "one respondent"
    for row in lone.sort(lone.columns[0]).iter_rows(named=True):
        where = f"in the stratum {row[by[0]]}" if by else "in the sample"
        checks.add(
            f"{unit} only {where}: no variance can be told",
            by[0] if by else (design.cluster or (design.weights,))[0],
            way_out="Join it with one like it, or give its fpc as 1 if there is no other.",
        )
    if len(design.fpc) > 1:
        _lone_second(checks)


def _lone_second(checks: _Checks) -> None:
    """Clusters of which one of several units was drawn at the second stage."""
    design = checks.data.design
    drawn = checks.data.frame.group_by([*design.strata, design.cluster[0]]).agg(
        pl.col(design.cluster[1]).n_unique().alias("_drawn"),
        pl.col(design.fpc[1]).max().alias("_size"),
    )
    lone = drawn.filter((pl.col("_drawn") == 1) & (pl.col("_size") != 1))
    for name in lone[design.cluster[0]].sort().head(_EXAMPLES).to_list():
        checks.add(
            f"one {design.cluster[1]} of several drawn in the cluster {name}",
            design.cluster[1],
            way_out="Leave out the second stage: the first alone nearly gives the error.",
        )


def _replicates(checks: _Checks) -> None:
    """Replicate weights: numbers from 0 on, near the weights in sum."""
    data, design = checks.data, checks.data.design
    names = design.replicate_weights
    if not names:
        return
    if len(names) < 2:
        checks.add("needs at least two replicate weights", names[0])
    scales = design.replicate_scale
    if len(scales) not in (0, 1, len(names)):
        checks.add(f"{len(scales)} factors for {len(names)} replicates", "replicate_scale")
    total = float(data.weights.sum())
    for name in names:
        before = len(checks.faults)
        problem = "expected a replicate weight of 0 or more"
        if not checks.numbers(name, -math.ulp(0.0), problem):
            if len(checks.faults) > before + _EXAMPLES * 2:
                return
            continue
        summed = float(data.frame[name].cast(pl.Float64).sum())
        if not total / 2 <= summed <= total * 2:
            checks.add(
                f"sums to {summed:,.6g}, the weights to {total:,.6g}",
                name,
                way_out="Replicate weights must be multiplied by the weights already.",
            )
            return


def _rank(frame: pl.DataFrame, design: Design) -> int:
    """Rank of the replicate weights; a part of the rows settles it where it is full."""
    names = list(design.replicate_weights)
    part = frame.select(names)
    if part.height > 8 * len(names):
        few = part.gather_every(part.height // (4 * len(names))).cast(pl.Float64).to_numpy()
        if np.linalg.matrix_rank(few) == len(names):
            return len(names)
    triangle = np.asarray(np.linalg.qr(part.cast(pl.Float64).to_numpy(), mode="r"))
    return int(np.linalg.matrix_rank(triangle))
