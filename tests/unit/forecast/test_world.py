"""The hierarchical AR(1): what it learns of made-up worlds, its balance, and bad files."""

import numpy as np
import pytest

from qonys.core.errors import DataError
from qonys.forecast._world_kernels import _gamma_part
from qonys.forecast.world import (
    Rates,
    effective_draws,
    fit_world,
    project_world,
    read_rates,
)


def made_up(countries=12, periods=15, seed=0, population=True):
    rng = np.random.default_rng(seed)
    mean = 0.002 * rng.normal(size=countries)
    rates = np.empty((countries, periods))
    now = mean + 0.002 * rng.normal(size=countries)
    for t in range(periods):
        now = mean + 0.6 * (now - mean) + 0.001 * rng.normal(size=countries)
        rates[:, t] = now
    people = rng.uniform(1e6, 1e8, countries) if population else None
    names = tuple(f"C{at}" for at in range(countries))
    return Rates(names, tuple(range(2000, 2000 + periods)), rates, people), mean


def test_the_incomplete_gamma_function_is_scipys():
    from scipy import special

    for shape in (0.5, 3.0, 60.0, 900.0):
        for x in (0.1, shape / 2, shape, 2 * shape):
            assert _gamma_part(shape, x) == pytest.approx(special.gammainc(shape, x), rel=1e-9)


def test_means_lastingness_and_noise_are_learnt():
    rates, mean = made_up(40, 60)
    found = fit_world(rates, iterations=4000)
    assert found.country.shape == (3600, 40, 3)
    assert np.median(found.country[:, :, 1]) == pytest.approx(0.6, abs=0.08)
    assert np.median(found.country[:, :, 2]) == pytest.approx(0.001, rel=0.1)
    inside = (
        (np.quantile(found.country[:, :, 0], 0.025, axis=0) < mean)
        & (mean < np.quantile(found.country[:, :, 0], 0.975, axis=0))
    )  # fmt: skip
    assert inside.mean() > 0.85
    assert found.r_hat < 1.1


def test_the_same_seed_gives_the_same_draws():
    rates, _ = made_up()
    one, two, three = (fit_world(rates, iterations=400, seed=seed) for seed in (1, 1, 2))
    assert (one.country == two.country).all()
    assert (one.country != three.country).any()


def test_the_worlds_net_is_nought_on_every_path_where_populations_are_known():
    rates, _ = made_up()
    found = fit_world(rates, iterations=1000)
    paths = project_world(rates, found, 5, draws=200)
    assert paths.shape == (12, 5, 200)
    net = (paths * rates.population[:, None, None]).sum(axis=0)
    assert np.abs(net).max() < 1e-6
    free = project_world(made_up(population=False)[0], found, 5, draws=200)
    assert np.abs((free * rates.population[:, None, None]).sum(axis=0)).max() > 1e3


def test_far_ahead_a_path_forgets_where_it_began():
    rates, _ = made_up(population=False)
    found = fit_world(rates, iterations=2000)
    paths = project_world(rates, found, 60, draws=4000)
    means = found.country[:, :, 0].mean(axis=0)
    assert paths[:, -1].mean(axis=1) == pytest.approx(means, abs=3e-4)


def test_a_chain_of_the_same_step_is_worth_less():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=20_000)
    chain = np.empty(20_000)
    chain[0] = noise[0]
    for at in range(1, 20_000):
        chain[at] = 0.9 * chain[at - 1] + noise[at]
    assert effective_draws(noise) == pytest.approx(20_000, rel=0.1)
    assert effective_draws(chain) == pytest.approx(20_000 * 0.1 / 1.9, rel=0.3)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("A,2000,0.1\n", "1 countries of 1 periods"),
        ("A,2000,x\nA,2001,1\n", "row 2, column rate: expected a number ('x')"),
        ("A,2000,1\nA,2000,1\n", "a period stands twice"),
        (
            "".join(f"{c},{y},0.00{y % 7}\n" for c in "ABC" for y in (2000, 2001, 2005)),
            "periods are not equally far apart",
        ),
        (
            "".join(f"{c},{y},0.001\n" for c in "ABC" for y in (2000, 2001, 2002))
            + "D,2000,0.1\nD,2001,0.1\n",
            "not the periods of the others (D)",
        ),
    ],
)
def test_what_is_no_table_of_rates_is_a_fault(tmp_path, rows, text):
    path = tmp_path / "rates.csv"
    path.write_text("country,period,rate\n" + rows, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_rates(path)
    assert text in "\n".join(str(fault) for fault in caught.value.faults)


def test_a_table_is_read_with_its_populations(tmp_path):
    path = tmp_path / "rates.csv"
    lines = ["country,period,rate,population"]
    lines += [f"{c},{y},0.00{y % 7},{1000 + y}" for c in "ABC" for y in (2000, 2005, 2010)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = read_rates(path)
    assert (found.countries, found.step) == (("A", "B", "C"), 5)
    assert found.population.tolist() == [3010] * 3
    flat = Rates(("A", "B", "C"), (1, 2, 3), np.array([[0.1, 0.1, 0.1]] * 3))
    with pytest.raises(DataError, match="never changes"):
        fit_world(flat)
    with pytest.raises(DataError, match="1 to 200 periods"):
        project_world(found, fit_world(made_up()[0], iterations=200), 0)


@pytest.mark.statistical
def test_simulated_worlds_rank_evenly_among_their_draws():
    """Simulation-based calibration (Talts and others 2018) of mean, lastingness and noise."""
    rng = np.random.default_rng(3)
    ranks = []
    for world in range(150):
        centre, spread = rng.uniform(-0.1, 0.1), rng.uniform(0, 0.1)
        a = rng.uniform(1, 10)
        b = rng.uniform(0, (a - 1) / 10)
        mean = centre + spread * rng.normal(size=6)
        lasting = rng.uniform(0, 1, 6)
        sd = np.sqrt(np.maximum(b / rng.gamma(a, size=6), 1e-8))
        rates = np.empty((6, 12))
        rates[:, 0] = mean + sd * rng.normal(size=6)
        for t in range(1, 12):
            before = rates[:, t - 1]
            rates[:, t] = mean + lasting * (before - mean) + sd * rng.normal(size=6)
        table = Rates(tuple("ABCDEF"), tuple(range(12)), rates)
        found = fit_world(table, iterations=3000, chains=1, seed=world)
        truth = np.stack([mean, lasting, sd], axis=1)[0]
        ranks.append((found.country[:, 0] < truth).mean(axis=0))
    for column in np.array(ranks).T:
        counts = np.histogram(column, bins=5, range=(0, 1))[0]
        assert ((counts - 30) ** 2 / 30).sum() < 18.5  # chi square of 4 df at one in a thousand
