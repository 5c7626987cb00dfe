"""The hierarchical AR(1) against R's bayesMig 1.0: 52 states and 201 countries.

The stored posteriors lie in the shared folder; its README says which quantities of R had not
converged (of the world), where a long run of another sampler stands in their place.
"""

import csv
import gzip
import io

import numpy as np
import pytest

from qonys.forecast.world import Rates, fit_world, hold_out

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


@pytest.mark.parametrize("periods", [1, 3])
def test_held_out_periods_are_forecast_as_well_as_by_another_sampler(shared, periods):
    """Five-year rates of 201 countries; the stored run is of an independent NumPy sampler."""
    folder = shared / "data" / "oracles" / "bayesMig"
    told = rows(folder / "wpp2019_rates_input.csv.gz")
    years = [int(name) for name in told[0] if name.isdigit()]
    values = np.array([[float(row[str(year)]) for year in years] for row in told])
    rates = Rates(tuple(row["code"] for row in told), tuple(years), values)
    text = (folder / "own_numpy_out_of_sample.csv").read_text(encoding="utf-8")
    oracle = next(
        row
        for row in csv.DictReader(io.StringIO(text))
        if (row["data"], row["holdout_periods"]) == ("WPP2019 5y", str(periods))
    )
    found = hold_out(rates, periods, iterations=4000)
    whole = found[-1]
    assert [one.horizon for one in found] == [*range(1, periods + 1), None]
    for ours, name in (
        (1000 * whole.mean_error, "MAE_BHM"),
        (1000 * whole.last_value, "MAE_persist"),
        (1000 * whole.past_mean, "MAE_mean"),
        (1000 * whole.nought, "MAE_zero"),
        (1000 * whole.crps, "CRPS"),
    ):
        assert ours == pytest.approx(float(oracle[name]), rel=0.015), name
    assert whole.coverage_80 == pytest.approx(float(oracle["cov80"]), abs=0.015)
    assert whole.coverage_95 == pytest.approx(float(oracle["cov95"]), abs=0.015)
    assert whole.mean_error < whole.last_value
