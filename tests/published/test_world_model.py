"""The hierarchical AR(1) against R's bayesMig 1.0: 52 states and 201 countries.

The stored posteriors lie in the shared folder; its README says which quantities of R had not
converged (of the world), where a long run of another sampler stands in their place.
"""

import csv
import gzip
import io

import numpy as np
import pytest

from qonys.forecast.world import Rates, fit_world

pytestmark = pytest.mark.oracle


def rows(path):
    return list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))


@pytest.mark.parametrize(
    ("inputs", "posterior"),
    [
        ("us_rates_input.csv.gz", "us_posterior_country.csv.gz"),
        ("wpp2019_rates_input.csv.gz", "wpp2019_own_numpy_longrun_country.csv.gz"),
    ],
)
def test_every_country_has_the_posterior_of_the_oracle(shared, inputs, posterior):
    folder = shared / "data" / "oracles" / "bayesMig"
    told = rows(folder / inputs)
    years = [int(name) for name in told[0] if name.isdigit()]
    values = np.array([[float(row[str(year)]) for year in years] for row in told])
    names = tuple(row["code"] for row in told)
    found = fit_world(Rates(names, tuple(years), values), iterations=30_000)
    assert found.r_hat < 1.02
    assert found.effective > 400
    for column, name in enumerate(("mu_c", "phi_c", "sigma_c")):
        oracle = {row["code"]: row for row in rows(folder / posterior) if row["param"] == name}
        mean = np.array([float(oracle[code]["mean"]) for code in names])
        sd = np.array([float(oracle[code]["sd"]) for code in names])
        ours = found.country[:, :, column]
        assert np.abs((ours.mean(axis=0) - mean) / sd).max() < 0.15
        assert ours.std(axis=0) / sd == pytest.approx(np.ones(len(names)), abs=0.12)


def test_the_world_of_the_states_is_that_of_r(shared):
    folder = shared / "data" / "oracles" / "bayesMig"
    told = rows(folder / "us_rates_input.csv.gz")
    years = [int(name) for name in told[0] if name.isdigit()]
    values = np.array([[float(row[str(year)]) for year in years] for row in told])
    found = fit_world(Rates(tuple(r["code"] for r in told), tuple(years), values))
    text = (folder / "us_posterior_global.csv").read_text(encoding="utf-8")
    oracle = {row["param"]: row for row in csv.DictReader(io.StringIO(text))}
    for column, name in enumerate(("mu_global", "sigma2_mu", "a", "b")):
        mean, sd = float(oracle[name]["mean"]), float(oracle[name]["sd"])
        # R's chain of a is worth 519 draws only, and rests longer in its tail.
        reach = 0.3 if name in ("a", "b") else 0.15
        assert abs(found.world[:, column].mean() - mean) < reach * sd, name
