import numpy as np
import pytest

from qonys.core.draws import uniform

IDS = np.arange(100_000)


def test_adding_ids_changes_nobody_elses_draw():
    few = uniform(7, "leave", "2025", IDS[:1000])
    many = uniform(7, "leave", "2025", IDS)
    assert np.array_equal(few, many[:1000])


def test_the_order_of_ids_does_not_matter():
    order = np.random.default_rng(1).permutation(IDS)
    drawn = uniform(7, "leave", "2025", order)
    assert np.array_equal(drawn[np.argsort(order)], uniform(7, "leave", "2025", IDS))


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint32, np.uint64])
def test_the_type_of_the_ids_does_not_matter(kind):
    ids = np.array([0, 1, 2, 2**31 - 1])
    assert np.array_equal(
        uniform(7, "leave", "2025", ids.astype(kind)), uniform(7, "leave", "2025", ids)
    )


@pytest.mark.parametrize(
    "other", [(8, "leave", "2025"), (7, "arrive", "2025"), (7, "leave", "2026")]
)
def test_another_seed_purpose_or_day_gives_unrelated_draws(other):
    one, two = uniform(7, "leave", "2025", IDS), uniform(*other, IDS)
    assert not np.any(one == two)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.015  # 4.7 standard errors of 100,000 draws


def test_parts_of_the_key_do_not_run_together():
    assert not np.array_equal(uniform(1, "12", "3", IDS[:9]), uniform(1, "1", "23", IDS[:9]))


def test_draws_are_uniform_coarsely():
    drawn = uniform(7, "leave", "2025", IDS)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    counts, _ = np.histogram(drawn, bins=50, range=(0, 1))
    chi2 = float(np.sum((counts - 2000) ** 2 / 2000))
    assert chi2 < 95  # 49 degrees of freedom: the 0.9999 quantile is 94.1
    neighbours = np.corrcoef(drawn[:-1], drawn[1:])[0, 1]
    assert abs(neighbours) < 0.015
    assert len(np.unique(drawn)) > 99_990


def test_draws_are_the_same_on_every_machine():
    """Kept from the first version: a change here changes every simulation."""
    drawn = uniform(1, "leave", "2025", np.array([0, 7, 2**40]))
    assert drawn.tolist() == [0.3218216576948676, 0.9948471265055164, 0.11706950050965392]
