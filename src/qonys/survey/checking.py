"""Designs that would give a wrong standard error, refused with every fault.

For `reading` and whoever builds `Microdata` by hand. Main function: `check`.
"""

import math

import numpy as np
import polars as pl

from qonys.core.errors import DataError, Fault
from qonys.survey.microdata import Microdata, auxiliary, is_fraction

#: How far the sum of the weights may lie from the size of the population that is stated.
TOLERANCE = 0.05
_EXAMPLES = 5
_SAME = 1e-6  #: Totals that calibrated weights must still give.


class _Checks:
    """Faults of the rows, a few named and the rest counted."""

    def __init__(self, data: Microdata) -> None:
        self.data, self.faults = data, list[Fault]()
        # A CSV file counts its lines from 1, with the header; other files their rows.
        self.first = 1 if data.file.endswith(".parquet") else 2

    def rows(self, wrong: pl.Series, problem: str, column: str, way_out: str = "") -> None:
        at = np.flatnonzero(wrong.fill_null(True).to_numpy())
        values = self.data.frame[column]
        for row in at[:_EXAMPLES].tolist():
            value = values[row]
            shown = "" if value is None else str(value)
            row += self.first
            self.faults.append(Fault(problem, self.data.file, row, column, shown, way_out))
        if len(at) > _EXAMPLES:
            rest = f"{problem} in {len(at) - _EXAMPLES} more rows"
            self.faults.append(Fault(rest, self.data.file, None, column))

    def add(self, problem: str, column: str, value: object = "", way_out: str = "") -> None:
        self.faults.append(Fault(problem, self.data.file, None, column, str(value), way_out))

    def numbers(self, column: str, least: float, problem: str, way_out: str = "") -> bool:
        """Whether a column holds numbers above (not at) the least."""
        values = self.data.frame[column]
        if not (values.dtype.is_numeric() or values.dtype.is_decimal()):
            wrong = (
                values.is_not_null()
                & values.cast(pl.String).cast(pl.Float64, strict=False).is_null()
            )
            way_out = "Numbers have a point, no comma and no spaces."
            self.rows(wrong if wrong.any() else values.is_not_null(), "expected a number",
                      column, way_out)  # fmt: skip
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
        _calibration(checks)
    if not checks.faults:
        _sizes(checks)
    if not checks.faults:
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
            way_out=f"They may differ by {TOLERANCE:.0%}. To rake them leave population out.",
        )


def _sizes(checks: _Checks) -> None:
    """Population sizes: one a stratum (then a cluster), not below what was drawn."""
    data, design = checks.data, checks.data.design
    within = list(design.strata)
    for stage, column in enumerate(design.fpc):
        if not checks.numbers(column, 0.0, "expected a size of the population above 0"):
            return
        unit = design.cluster[stage] if stage < len(design.cluster) else None
        fraction = is_fraction(data.frame, column)
        counted = pl.struct(unit).n_unique() if unit else pl.len()
        grouped = data.frame.group_by(within or pl.lit("all").alias("all")).agg(
            counted.alias("qonys drawn"),
            pl.col(column).min().alias("qonys low"),
            pl.col(column).max().alias("qonys high"),
            pl.col(design.weights).cast(pl.Float64).sum().alias("qonys sum"),
        )
        for row in grouped.sort(grouped.columns[0]).iter_rows(named=True):
            where = ", ".join(f"{name} {row[name]}" for name in within) or "the sample"
            if row["qonys high"] > row["qonys low"]:
                problem = f"two population sizes in one stratum ({where})"
                checks.add(problem, column, f"{row['qonys low']} and {row['qonys high']}")
            elif not fraction and row["qonys high"] < row["qonys drawn"]:
                problem = f"{row['qonys drawn']} drawn of fewer ({where})"
                checks.add(problem, column, row["qonys high"])
            elif not design.cluster and not design.calibration:
                _summed(checks, row, column, fraction, where)
        within = [*within, *design.cluster[stage : stage + 1]]


def _summed(
    checks: _Checks, row: dict[str, float], column: str, fraction: bool, where: str
) -> None:
    size = row["qonys drawn"] / row["qonys high"] if fraction else row["qonys high"]
    if abs(row["qonys sum"] - size) <= TOLERANCE * size:
        return
    checks.add(
        f"the weights sum to {row['qonys sum']:,.6g}, the population is {size:,.6g} ({where})",
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
        counted.alias("qonys drawn"),
        *(pl.col(name).max().alias("qonys size") for name in design.fpc[:1]),
    )
    lone = grouped.filter(pl.col("qonys drawn") == 1)
    if design.fpc:
        lone = lone.filter(pl.col("qonys size") != 1)
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
        pl.col(design.cluster[1]).n_unique().alias("qonys drawn"),
        pl.col(design.fpc[1]).max().alias("qonys size"),
    )
    lone = drawn.filter((pl.col("qonys drawn") == 1) & (pl.col("qonys size") != 1))
    for name in lone[design.cluster[0]].sort().head(_EXAMPLES).to_list():
        checks.add(
            f"one {design.cluster[1]} of several drawn in the cluster {name}",
            design.cluster[1],
            way_out="Leave out the second stage: the first alone nearly gives the error.",
        )


def _calibration(checks: _Checks) -> None:
    """Columns of the fit: whole, and still giving the totals that were reached."""
    data, calibration = checks.data, checks.data.design.calibration
    if calibration is None:
        return
    before = len(checks.faults)
    checks.numbers(calibration.weights, 0.0, "expected a weight above 0")
    for column in calibration.categories:
        checks.rows(data.frame[column].is_null(), "missing value in the calibration", column)
    for column in calibration.numbers:
        checks.numbers(column, -math.inf, "expected a number")
    if len(checks.faults) > before or not calibration.reached:
        return
    matrix = auxiliary(data.frame, calibration.categories, calibration.numbers)
    wanted = np.array(calibration.reached)
    scale = np.maximum(np.abs(wanted), 1e-300)
    if matrix.shape[1] != len(wanted) or (
        (np.abs(matrix.T @ data.weights - wanted) > _SAME * scale).any()
    ):
        checks.add(
            "the weights do not give the totals that they were fitted to",
            data.design.weights,
            way_out="Rows were lost or weights changed since: fit them again.",
        )


def _replicates(checks: _Checks) -> None:
    """Replicate weights: numbers from 0 on, near the weights in sum and in each row."""
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
    way_out = "Replicate weights must be multiplied by the weights already."
    for name in names:
        if not checks.numbers(name, -math.ulp(0.0), "expected a replicate weight of 0 or more"):
            return
        summed = float(data.frame[name].cast(pl.Float64).sum())
        if not total / 2 <= summed <= total * 2:
            problem = f"sums to {summed:,.6g}, the weights to {total:,.6g}"
            checks.add(problem, name, way_out=way_out)
            return
    if _unmultiplied(data):
        checks.add("the replicates do not follow the weights", names[0], way_out=way_out)
    _jackknife(checks)


def _unmultiplied(data: Microdata) -> bool:
    """Whether the mean of many replicates of a row has nothing to do with its weight."""
    names, weights = data.design.replicate_weights, data.weights
    if len(names) < 20 or weights.std() < 0.1 * weights.mean():
        return False
    mean = data.frame.select(pl.mean_horizontal(names)).to_series().to_numpy()
    return bool(mean.std() == 0 or np.corrcoef(mean, weights)[0, 1] < 0.2)


def _jackknife(checks: _Checks) -> None:
    """A jackknife leaves out each cluster once."""
    design = checks.data.design
    if design.replicate_kind not in ("JK1", "JKn") or design.replicate_scale:
        return
    if design.replicate_kind == "JKn" and not (design.strata and design.cluster):
        way_out = "Name strata and cluster, or give replicate_scale."
        checks.add("JKn needs to know its strata", "replicate_kind", "JKn", way_out)
        return
    if not design.cluster:
        return
    clusters = checks.data.frame.select(*design.strata, design.cluster[0]).n_unique()
    if clusters != len(design.replicate_weights):
        checks.add(
            f"{len(design.replicate_weights)} replicates of {clusters} clusters",
            design.cluster[0],
            way_out="A jackknife has one for each; name them all, or give replicate_scale.",
        )
