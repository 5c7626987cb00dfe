"""Respondents with the design that drew them.

For the whole room. Main type: `Microdata`; main functions: `population_size`, `auxiliary`. Read
by `reading`, checked by `checking`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from qonys.survey.design import Design


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
        return self.df_of(pl.repeat(True, self.frame.height, eager=True))

    def df_of(self, domain: pl.Series) -> int:
        """Degrees of freedom of a domain, from its own clusters or replicates.

        Parameters
        ----------
        domain : Series
            Who belongs to it, bool of shape (n,).
        """
        design = self.design
        if design.replicate_weights and not (design.strata or design.cluster):
            return _rank(self.frame, design.replicate_weights, domain) - 1
        size = int(domain.sum())
        inside = self.frame.filter(domain)
        strata = inside[design.strata[0]].n_unique() if design.strata else min(size, 1)
        if not design.cluster:
            return size - strata
        return inside.select(*design.strata, design.cluster[0]).n_unique() - strata


def is_fraction(frame: pl.DataFrame, column: str) -> bool:
    """Whether a column of population sizes holds fractions instead.

    Parameters
    ----------
    frame : DataFrame
        Respondents.
    column : str
        The column.
    """
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
    if not is_fraction(frame, design.fpc[stage]):
        return size
    within = [*design.strata, *design.cluster[:stage]]
    unit = design.cluster[stage : stage + 1]
    drawn = pl.struct(unit).n_unique() if unit else pl.len()
    return frame.select(drawn.over(within) if within else drawn.first()).to_series() / size


def categories_of(values: pl.Series) -> pl.Series:
    """Categories as texts; codes that a table holds as 1.0 are 1.

    Parameters
    ----------
    values : Series
        A column.
    """
    if values.dtype.is_float() and bool((values == values.round()).all()):
        return values.cast(pl.Int64).cast(pl.String)
    return values.cast(pl.String)


def auxiliary(
    frame: pl.DataFrame, categories: tuple[str, ...], numbers: tuple[str, ...]
) -> np.ndarray:
    """Columns whose totals are fitted: one a category, of all margins but the first one less.

    Parameters
    ----------
    frame : DataFrame
        Respondents.
    categories, numbers : tuple of str
        Columns; without categories a constant stands for the size of the population only where
        it is named.

    Returns
    -------
    ndarray
        Float64 of shape (n, columns), independent of each other by margin.
    """
    columns = []
    for at, name in enumerate(categories):
        values = categories_of(frame[name])
        for level in values.unique().sort().to_list()[bool(at) :]:
            columns.append((values == level).cast(pl.Float64).to_numpy())
    columns += [frame[name].cast(pl.Float64).to_numpy() for name in numbers]
    return np.column_stack(columns)


def _rank(frame: pl.DataFrame, names: tuple[str, ...], domain: pl.Series) -> int:
    """Rank of the replicate weights; a part of the rows settles it where it is full."""
    inside = np.flatnonzero(domain.to_numpy())
    few = inside[:: max(len(inside) // (4 * len(names)), 1)]
    part = frame.select(names)[few].cast(pl.Float64).to_numpy()
    if len(part) >= len(names):
        crossed = part.T @ part
        if np.linalg.matrix_rank(crossed, hermitian=True) == len(names):
            return len(names)
    whole = frame.select(names)[inside].cast(pl.Float64).to_numpy()
    return int(np.linalg.matrix_rank(np.asarray(np.linalg.qr(whole, mode="r"))))
