"""A slow, obvious second version of the gravity estimate: dense dummies and plain NumPy.

Rows that have no finite estimate are found by a linear programme over all columns (Correia,
Guimarães and Zylkin 2019, section 3), the estimate by iterated least squares (McCullagh and
Nelder 1989, section 2.5), its errors by the sandwich of clustered scores.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog


@dataclass
class Plain:
    coefficients: np.ndarray
    errors: np.ndarray
    rows: np.ndarray
    dropped: list[int]
    deviance: float


def dummies(level: np.ndarray) -> np.ndarray:
    return (level[:, None] == np.unique(level)).astype(float)


def perfect(flow: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Rows of zeros on which some X @ g > 0, where X @ g = 0 if people moved, else >= 0."""
    moved = flow > 0
    zeros, columns = X[~moved], X.shape[1]
    solved = linprog(
        np.r_[np.zeros(columns), -np.ones(len(zeros))],
        A_ub=np.c_[-zeros, np.eye(len(zeros))],
        b_ub=np.zeros(len(zeros)),
        A_eq=np.c_[X[moved], np.zeros((moved.sum(), len(zeros)))],
        b_eq=np.zeros(moved.sum()),
        bounds=[(None, None)] * columns + [(0, 1)] * len(zeros),
    )
    found = np.zeros(len(flow), bool)
    found[~moved] = solved.x[columns:] > 0.5
    return found


def alone(levels: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Rows, of those given, that are the only one of a level."""
    return np.array(
        [any((level[rows] == level[at]).sum() == 1 for level in levels) for at in rows], bool
    )


def fit(
    flow: np.ndarray,
    covariates: np.ndarray,
    levels: list[np.ndarray],
    clusters: np.ndarray | None,
) -> Plain:
    """Poisson pseudo maximum likelihood, errors with the usual two corrections for few.

    Without clusters the errors are those of single rows, times n / (n - parameters). Raises
    where no row or covariate is left, or not a row more than parameters.
    """
    effects = np.hstack([dummies(level) for level in levels])
    rows = np.flatnonzero(~perfect(flow, np.c_[covariates, effects]))
    while (lone := alone(levels, rows)).any():
        rows = rows[~lone]
    if not len(rows):
        raise ValueError("no row is left")
    flow, X = flow[rows], covariates[rows]
    effects = effects[rows][:, effects[rows].any(axis=0)]
    dropped, kept = [], np.empty((len(rows), 0))
    for column in range(X.shape[1]):
        said = np.c_[effects, kept]
        rest = X[:, column] - said @ np.linalg.lstsq(said, X[:, column], rcond=None)[0]
        if np.abs(rest).max() < 1e-8 * max(1, np.abs(X[:, column]).max()):
            dropped.append(column)
        else:
            kept = np.c_[kept, X[:, column]]
    X, k = np.c_[kept, effects], kept.shape[1]
    n, parameters = len(rows), X.shape[1] - (len(levels) - 1)
    if not k or n <= parameters:
        raise ValueError("not enough is left")
    mean = (flow + flow.mean()) / 2
    for _ in range(200):
        root = np.sqrt(mean)
        target = np.log(mean) + (flow - mean) / mean
        b = np.linalg.lstsq(X * root[:, None], target * root, rcond=None)[0]
        mean, before = np.exp(X @ b), mean
        if np.abs(np.log(mean / before)).max() < 1e-11:
            break
    root = np.sqrt(mean)
    influence = np.linalg.pinv(X * root[:, None], rcond=1e-13) * ((flow - mean) / root)
    if clusters is None:
        few = n / (n - parameters)
    else:
        influence = influence @ dummies(clusters[rows])
        groups = influence.shape[1]
        few = (n - 1) / (n - parameters) * groups / (groups - 1)
    variance = few * influence @ influence.T
    ratio = np.log(np.where(flow > 0, flow, 1) / np.where(flow > 0, mean, 1))
    deviance = 2 * (flow * ratio - (flow - mean)).sum()
    return Plain(b[:k], np.sqrt(np.diag(variance)[:k]), rows, dropped, deviance)
