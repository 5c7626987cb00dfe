"""New Zealand's release of September 2021 against the figures of May 2026.

Stats NZ, "International migration", outcomes-based measure, provisional estimates with their
standard errors (CC BY 4.0). Month, direction, estimate and standard error as first printed, and
the value of May 2026.
"""

import numpy as np
import pytest

from qonys.forecast.revisions import learn, nowcast
from qonys.forecast.series import Series, step_on

FIRST, LATER = "2021-09", "2026-05"
FIGURES = [
    ("2020-06", "Arrivals", 2450, 0, 2450),
    ("2020-06", "Departures", 2068, 0, 2068),
    ("2020-07", "Arrivals", 3785, 3, 3783),
    ("2020-07", "Departures", 3713, 2, 3711),
    ("2020-08", "Arrivals", 5034, 8, 5025),
    ("2020-08", "Departures", 3744, 5, 3746),
    ("2020-09", "Arrivals", 5444, 9, 5437),
    ("2020-09", "Departures", 4856, 5, 4871),
    ("2020-10", "Arrivals", 5095, 24, 5063),
    ("2020-10", "Departures", 4260, 21, 4322),
    ("2020-11", "Arrivals", 4419, 72, 4848),
    ("2020-11", "Departures", 4349, 76, 5148),
    ("2020-12", "Arrivals", 4483, 78, 5103),
    ("2020-12", "Departures", 5570, 93, 7224),
    ("2021-01", "Arrivals", 4233, 84, 5031),
    ("2021-01", "Departures", 4279, 89, 5872),
    ("2021-02", "Arrivals", 4021, 99, 5025),
    ("2021-02", "Departures", 4107, 99, 5908),
    ("2021-03", "Arrivals", 3890, 79, 4908),
    ("2021-03", "Departures", 4115, 77, 6062),
    ("2021-04", "Arrivals", 4055, 110, 5613),
    ("2021-04", "Departures", 4158, 102, 6475),
    ("2021-05", "Arrivals", 4073, 100, 5259),
    ("2021-05", "Departures", 4219, 92, 6338),
    ("2021-06", "Arrivals", 4081, 92, 4833),
    ("2021-06", "Departures", 4251, 95, 6836),
    ("2021-07", "Arrivals", 4719, 125, 5735),
    ("2021-07", "Departures", 3827, 103, 6685),
    ("2021-08", "Arrivals", 2202, 57, 3039),
    ("2021-08", "Departures", 1991, 64, 4230),
    ("2021-09", "Arrivals", 1712, 61, 2827),
    ("2021-09", "Departures", 1059, 52, 3005),
]


def series(direction, *, final):
    """Months from 2019 on, of which the ones before June 2020 were final at once."""
    before = [step_on("2019-01", at) for at in range(17)]
    told = {period: 9000.0 for period in before}
    first = told | {month: float(one) for month, who, one, _, _ in FIGURES if who == direction}
    last = told | {month: float(one) for month, who, _, _, one in FIGURES if who == direction}
    releases = {FIRST: first} | ({LATER: last} if final else {})
    values = np.array(list((last if final else first).values()))
    return Series(direction, "month", tuple(first), values, releases)


def score(low, high, came):
    return high - low + 40 * (max(low - came, 0) + max(came - high, 0))


@pytest.fixture(scope="module")
def judged():
    """By direction: whether each interval held, its score, the office's, a plain one's."""
    found = {}
    for taught, asked in (("Arrivals", "Departures"), ("Departures", "Arrivals")):
        panel = [series(taught, final=True), series(asked, final=False)]
        told = {one.period: one for one in nowcast(panel, learn(panel)) if one.series == asked}
        logs = {m: np.log(last / one) for m, who, one, _, last in FIGURES if who == taught}
        spread = np.std(list(logs.values()), ddof=1)
        rows = []
        for month, who, one, error, last in FIGURES:
            if who == asked and error > 0:
                ours = told[month]
                office = (one - 1.96 * error, one + 1.96 * error)
                plain = one * np.exp(logs[month] + np.array([-1.96, 1.96]) * spread)
                rows.append(
                    (
                        ours.low_95 <= last <= ours.high_95,
                        score(ours.low_95, ours.high_95, last),
                        score(*office, last),
                        score(*plain, last),
                    )
                )
        found[asked] = np.array(rows, dtype=float)
    return found


def test_the_law_of_one_direction_holds_in_the_other(judged):
    rows = np.concatenate(list(judged.values()))
    assert len(rows) == 30
    assert rows[:, 0].sum() >= 26


@pytest.mark.parametrize("direction", ["Arrivals", "Departures"])
def test_its_interval_scores_beat_the_offices_and_a_plain_law_by_age(judged, direction):
    _, ours, office, plain = judged[direction].mean(axis=0)
    assert ours < plain
    assert ours < office / 4
