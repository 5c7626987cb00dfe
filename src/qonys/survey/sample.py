"""A checked design in svy's words: the only module that knows how svy wants it.

For `estimates` and `calibrating`. Main function: `to_sample`. Kept
in mind: svy's bootstrap takes replicates less one as degrees of freedom (ours are of the
design), and it passes over what it does not understand.
"""

from typing import Any

import numpy as np
import polars as pl
from svy import Design as SvyDesign
from svy import Sample
from svy.core.design import PopSize, WgtAdjustment
from svy.core.repwgts import BootstrapWgts, BrrWgts, JackknifeWgts, SdrWgts

from qonys.core.errors import DataError, Fault
from qonys.survey.microdata import Microdata, auxiliary, population_size

_W, _BEFORE, _REPLICATE = "_weight", "_weight_before", "_replicate"


def to_sample(data: Microdata, variables: pl.DataFrame) -> Sample:
    """Respondents as svy takes them.

    Parameters
    ----------
    data : Microdata
        Respondents, checked.
    variables : DataFrame
        What is estimated from, a row a respondent; the design's columns are added to it under
        names that begin with an underscore.
    """
    design, frame = data.design, data.frame
    columns = [frame[design.weights].cast(pl.Float64).alias(_W)]
    given: dict[str, Any] = {"wgt": _W}
    if design.replicate_weights:
        columns += [
            frame[name].cast(pl.Float64).alias(f"{_REPLICATE}{number}")
            for number, name in enumerate(design.replicate_weights, 1)
        ]
        given["rep_wgts"] = _replicate_weights(data)
    else:
        columns += _stages(data, given)
        columns += _calibrated(data, given)
    with_design = variables.with_columns(columns)
    return Sample(with_design, SvyDesign(**given))


def _stages(data: Microdata, given: dict[str, Any]) -> list[pl.Series]:
    design, frame = data.design, data.frame
    columns = []
    for word, names in (("stratum", design.strata), ("psu", design.cluster[:1])):
        for name in names:
            columns.append(frame[name].cast(pl.String).alias(f"_{word}"))
            given[word] = f"_{word}"
    sizes = []
    for stage in range(len(design.fpc)):
        columns.append(population_size(data, stage).alias(f"_size{stage}"))
        sizes.append(f"_size{stage}")
    if len(sizes) > 1:
        # A second stage adds to a variance only where the first has a finite population.
        columns.append(frame[design.cluster[1]].cast(pl.String).alias("_ssu"))
        given |= {"ssu": "_ssu", "pop_size": PopSize(psu=sizes[0], ssu=sizes[1])}
    elif sizes:
        given["pop_size"] = sizes[0]
    if sizes and design.strata:
        given["singleton"] = "skip"  # `check` leaves only those without another in the stratum
    return columns


def _calibrated(data: Microdata, given: dict[str, Any]) -> list[pl.Series]:
    """Columns that let the variance know how the weights were fitted."""
    calibration = data.design.calibration
    if calibration is None:
        return []
    before = data.frame[calibration.weights].cast(pl.Float64).alias(_BEFORE)
    matrix = auxiliary(data.frame, calibration.categories, calibration.numbers)
    columns = [pl.Series(f"_aux{number}", column) for number, column in enumerate(matrix.T)]
    # Of every method the residuals of a regression with the weights before (Deville and Särndal
    # 1992, eq. 3.4). svy's own record of a raking, as R's, leaves those weights out of it.
    given["wgt_adjustment"] = WgtAdjustment(
        kind="calibration",
        prev_wgt=_BEFORE,
        new_wgt=_W,
        aux=tuple(column.name for column in columns),
    )
    return [before, *columns]


def _replicate_weights(data: Microdata) -> Any:
    design, names = data.design, data.design.replicate_weights
    given: dict[str, Any] = {
        "prefix": _REPLICATE,
        "n_reps": len(names),
        "df": max(data.df, 1),
    }
    scale = design.replicate_scale or _own_scale(data)
    if scale:
        given["scale"] = scale[0] if len(scale) == 1 else tuple(scale)
    kind = design.replicate_kind
    if kind in ("BRR", "Fay"):
        return BrrWgts(fay_coef=design.fay_rho if kind == "Fay" else 0.0, **given)
    if kind in ("JK1", "JKn"):
        return JackknifeWgts(**given)
    return (SdrWgts if kind == "SDR" else BootstrapWgts)(**given)


def _own_scale(data: Microdata) -> tuple[float, ...]:
    """Factors of the squared deviations where svy's own are not R's.

    Of a bootstrap 1/(R - 1). Of a jackknife (n - 1)/n, times the part of the population that
    was not drawn; of JKn in the stratum of those to whom the replicate gives no weight.
    """
    design = data.design
    if design.replicate_kind == "bootstrap":
        return (1 / (len(design.replicate_weights) - 1),)
    if design.replicate_kind == "JK1":
        count = len(design.replicate_weights)
        drawn, rows = np.full(count, count), np.zeros(count, dtype=np.int64)
    elif design.replicate_kind == "JKn":
        rows = _dropped(data)
        drawn = _clusters_of_stratum(data)[rows]
    else:
        return ()
    return tuple(((drawn - 1) / drawn * _left(data, rows, drawn)).tolist())


def _clusters_of_stratum(data: Microdata) -> np.ndarray:
    """Clusters in the stratum of each respondent."""
    counted = pl.col(data.design.cluster[0]).n_unique().over(data.design.strata[0])
    return np.asarray(data.frame.select(counted).to_series().to_numpy())


def _dropped(data: Microdata) -> np.ndarray:
    """A respondent of the stratum that each replicate of JKn leaves a cluster out of."""
    design, frame = data.design, data.frame
    strata = frame[design.strata[0]]
    rows, faults = [], []
    for name in design.replicate_weights:
        dropped = np.flatnonzero(frame[name].to_numpy() == 0)
        if not len(dropped) or strata.gather(dropped).n_unique() > 1:
            problem = "leaves no cluster of just one stratum out, so is no JKn replicate"
            faults.append(Fault(problem, data.file, None, name, "", "Give replicate_scale."))
        else:
            rows.append(int(dropped[0]))
    if faults:
        raise DataError(faults)
    return np.array(rows)


def _left(data: Microdata, rows: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The part of the population that was not drawn, by replicate; 1 without fpc."""
    if not data.design.fpc:
        return np.ones(len(rows))
    size = population_size(data, 0).to_numpy()[rows]
    return np.asarray(1 - drawn / size)
