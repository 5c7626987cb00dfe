"""Gravity against a second version of it: dense dummies, a linear programme, plain NumPy."""

import warnings

import numpy as np
import pytest

from qonys.core.errors import DataError
from qonys.forecast._gravity_kernels import dependent, separated
from qonys.forecast.gravity import Flows, fit_gravity
from tests.twins.plain_gravity import dummies, fit, perfect

EFFECTS = (
    ("origin^year", "destination^year"),
    ("origin", "destination"),
    ("origin^destination", "year"),
    ("origin^destination",),
    ("origin", "destination", "year"),
    ("origin^year", "destination^year", "origin^destination"),
)


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """Import pyfixest once, so that no test is timed by it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyfixest

        assert pyfixest.fepois


def drawn(seed: int) -> Flows:
    """Few people between few places, so that many zeros are predicted perfectly."""
    rng = np.random.default_rng(seed)
    n, years = int(rng.integers(4, 8)), int(rng.integers(1, 4))
    i, j, t = (axis.ravel() for axis in np.indices((n, n, years)))
    i, j, t = (axis[i != j] for axis in (i, j, t))
    distance = rng.normal(10_000, 100, len(i))
    ban = (rng.random(len(i)) < rng.choice([0.03, 0.1, 0.3])).astype(float)
    wealth = rng.normal(size=(n, years))[i, t]
    busy = rng.normal(size=(n, years))[i, t] + rng.normal(size=(n, years))[j, t]
    flow = rng.poisson(rng.choice([0.3, 1, 3, 10]) * np.exp(busy - (distance - 1e4) / 200))
    names = np.array([f"p{at}" for at in range(n)])
    covariates = {"distance": distance, "ban": ban, "wealth": wealth}
    return Flows(names[i], names[j], flow.astype(float), covariates, 2000 + t)


def levels(flows: Flows, effects: tuple[str, ...]) -> list[np.ndarray]:
    return [
        np.array(
            [
                "^".join(map(str, one))
                for one in zip(*(getattr(flows, p) for p in effect.split("^")), strict=True)
            ]
        )
        for effect in effects
    ]


@pytest.mark.parametrize("seed", range(36))
def test_rows_covariates_estimates_and_errors_agree(seed: int) -> None:
    flows, effects = drawn(seed), EFFECTS[seed % 6]
    cluster = ("pair", "none")[seed // 6 % 2]
    clusters = np.char.add(flows.origin, flows.destination) if cluster == "pair" else None
    asked = tuple(flows.covariates)
    X = np.column_stack(list(flows.covariates.values()))
    try:
        twin = fit(flows.flow, X, levels(flows, effects), clusters)
    except ValueError:
        with pytest.raises(DataError):
            fit_gravity(flows, asked, effects=effects, cluster=cluster)
        return
    found = fit_gravity(flows, asked, effects=effects, cluster=cluster)
    assert found.rows == len(twin.rows)
    assert list(found.dropped) == [asked[at] for at in twin.dropped]
    given = [one.estimate for one in found.terms]
    np.testing.assert_allclose(given, twin.coefficients, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.deviance, twin.deviance, rtol=1e-6, atol=1e-6)
    if cluster == "none" or "origin^destination" not in effects:
        # pyfixest does not count levels inside clusters as parameters; the twin counts all.
        errors = [one.standard_error for one in found.terms]
        np.testing.assert_allclose(errors, twin.errors, rtol=1e-4)


@pytest.mark.parametrize("seed", range(60))
def test_zeros_without_an_estimate_and_covariates_said_twice_agree(seed: int) -> None:
    flows = drawn(seed)
    effects = EFFECTS[seed % 4]
    codes = [np.unique(level, return_inverse=True)[1] for level in levels(flows, effects)] + [
        np.zeros(len(flows.flow), int)
    ]
    first, second = codes[:2]
    rng = np.random.default_rng(seed)
    plain = np.column_stack(list(flows.covariates.values()))
    said = rng.normal(size=99)[first] + rng.normal(size=99)[second]
    X = np.column_stack([plain, plain[:, 0] + 3 * plain[:, 1], said])
    X = X - X.mean(axis=0)
    X = X / np.where(X.std(axis=0) > 0, X.std(axis=0), 1)
    all_columns = np.c_[X, dummies(first), dummies(second)]
    if flows.flow.any():
        given = separated(flows.flow, X, first, second)
        assert (given == perfect(flows.flow, all_columns)).all()
    effects_alone = np.c_[dummies(first), dummies(second)]
    ranks = [np.linalg.matrix_rank(np.c_[effects_alone, X[:, :k]], tol=1e-6) for k in range(6)]
    assert (dependent(X, first, second) == (np.diff(ranks) == 0)).all()
