"""Which rows and covariates a PPML estimate can rest on, without labels and files.

For `gravity`. Main functions: `lasting`, `dependent`, `separated`. Exact for one and two fixed
effects: a tree of rows ties the levels of both, and what a covariate keeps after the tree is
what the effects cannot say. Fits nothing.
"""

from collections.abc import Sequence

import numpy as np

NOTHING = 1e-7  #: Of its standard deviation: what is less than this is rounding.


def lasting(flow: np.ndarray, levels: Sequence[np.ndarray]) -> np.ndarray:
    """Rows that stay once levels of only zeros, and levels of one row, have gone.

    Parameters
    ----------
    flow : ndarray, shape (n,)
        At least 0.
    levels : Sequence of ndarray, shape (n,), int
        Of each fixed effect, counted from 0.

    Returns
    -------
    ndarray, shape (n,), bool
        A level of zeros would be fitted by minus infinity; one of a single row by itself.
    """
    kept = np.ones(len(flow), bool)
    while True:
        before = kept.sum()
        for level in levels:
            sums = np.bincount(level, flow * kept)
            counts = np.bincount(level, kept)
            kept &= ((sums > 0) & (counts > 1))[level]
        if kept.sum() == before:
            return kept


def dependent(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Columns that two effects and the columns before them say already.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Covariates of mean 0 and standard deviation 1, or all 0.
    first, second : ndarray, shape (n,), int
        Levels of the effects, counted from 0.

    Returns
    -------
    ndarray, shape (k,), bool
        True for what must be dropped.
    """
    rest, _ = _beyond(values, first, second, np.ones(len(values), bool))
    basis = np.empty((len(values), 0))
    found = np.zeros(values.shape[1], bool)
    for column, kept in enumerate(rest.T):
        for _ in range(2):  # twice is enough (Kahan, in Parlett 1980, section 6-9)
            kept = kept - basis @ (basis.T @ kept)
        size = np.linalg.norm(kept)
        found[column] = size <= NOTHING * np.sqrt(len(values))
        if not found[column]:
            basis = np.column_stack([basis, kept / size])
    return found


def separated(
    flow: np.ndarray, values: np.ndarray, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Zeros that some sum of covariates and effects predicts perfectly.

    Parameters
    ----------
    flow : ndarray, shape (n,)
        At least 0.
    values : ndarray, shape (n, k)
        Covariates of mean 0 and standard deviation 1.
    first, second : ndarray, shape (n,), int
        Levels of the effects, counted from 0.

    Returns
    -------
    ndarray, shape (n,), bool
        The largest set of rows on which a sum is positive that is 0 where people moved and
        nowhere negative (Correia, Guimarães and Zylkin 2019, proposition 1 and eq. 6).
    """
    from scipy import optimize, sparse

    moved = flow > 0
    found = np.zeros(len(flow), bool)
    rest, part = _beyond(values, first, second, moved)
    _, sizes, rows = np.linalg.svd(np.linalg.qr(rest[moved], mode="r"))
    free = np.ones(values.shape[1], bool)
    free[: len(sizes)] = sizes <= NOTHING * np.sqrt(moved.sum())
    along = rest[~moved] @ rows[free].T
    start, end = part[first[~moved]], part[first.max() + 1 + second[~moved]]
    across = start != end
    if not (along.size or across.any()):
        return found
    along[np.abs(along) < NOTHING] = 0
    said = across | along.any(axis=1)
    n, parts = said.sum(), part.max() + 1
    at = np.flatnonzero(across[said])
    between = sparse.coo_array(
        (
            np.repeat([1.0, -1.0], len(at)),
            (np.tile(at, 2), np.r_[start[said][at], end[said][at]]),
        ),
        shape=(n, parts),
    )
    sums = sparse.hstack([sparse.coo_array(along[said]), between])
    unknown = sums.shape[1]
    solved = optimize.linprog(
        np.r_[np.zeros(unknown), -np.ones(n)],
        A_ub=sparse.hstack([-sums, sparse.eye_array(n)]).tocsr(),
        b_ub=np.zeros(n),
        bounds=[(None, None)] * unknown + [(0, 1)] * n,
        method="highs",
    )
    found[np.flatnonzero(~moved)[said]] = solved.x[unknown:] > 0.5
    return found


def _beyond(
    values: np.ndarray, first: np.ndarray, second: np.ndarray, among: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Covariates less the effects that fit a tree of rows; the part that each level belongs to.

    A sum of covariates is one of effects alone on the rows `among` if and only if what is left
    of it there is 0. Levels of the second effect are numbered after those of the first.
    """
    from scipy import sparse
    from scipy.sparse import csgraph

    p, q = int(first.max()) + 1, int(second.max()) + 1
    rows = np.flatnonzero(among)
    _, one = np.unique(first[rows] * q + second[rows], return_index=True)
    rows = rows[one]
    start, end = first[rows], p + second[rows]
    size = p + q
    graph = sparse.coo_array((rows + 1, (start, end)), shape=(size, size)).tocsr()
    _, part = csgraph.connected_components(graph, directed=False)
    roots = np.unique(part, return_index=True)[1]
    ends = np.r_[start, np.full(len(roots), size)], np.r_[end, roots]
    numbers = np.r_[rows + 1, np.full(len(roots), -1)]
    tree = sparse.coo_array((numbers, ends), shape=(size + 1, size + 1)).tocsr()
    order, before = csgraph.breadth_first_order(tree, size, directed=False)
    order = order[1:]
    above = before[order]
    number = np.asarray((tree + tree.T).tocsr()[order, above]).ravel()
    effects = np.zeros((size + 1, values.shape[1]))
    for node, parent, row in zip(order, above, number, strict=True):
        if row > 0:
            effects[node] = values[row - 1] - effects[parent]
    return values - effects[first] - effects[p + second], part
