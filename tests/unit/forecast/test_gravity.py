"""Gravity: reference numbers, simulated truth, zeros without an estimate, and bad files."""

import math
import sys
import warnings
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from qonys.core.errors import DataError
from qonys.forecast.gravity import Flows, fit_gravity, read_flows

TERMS = ("log_dist", "contig", "visa_free")


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """Import pyfixest once, so that no test is timed by it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyfixest

        assert pyfixest.fepois


def panel(n: int, years: int, seed: int) -> Flows:
    """Flows of n places, much wider than Poisson's: -1.1, 0.5 and 0.3 are true."""
    rng = np.random.default_rng(seed)
    log_dist = np.log(rng.lognormal(7, 0.7, (n, n)))
    log_dist = np.triu(log_dist, 1) + np.triu(log_dist, 1).T
    contig = np.triu(rng.random((n, n)) < 0.2, 1)
    contig = (contig | contig.T).astype(float)
    free_from = rng.integers(0, 2 * years, (n, n))
    leaving, taking = rng.normal(4.2, 0.9, (n, years)), rng.normal(4.2, 0.9, (n, years))
    rows = []
    for t in range(years):
        for i in range(n):
            for j in range(n):
                if i == j:
                    continue
                free = float(free_from[i, j] <= t)
                says = -1.1 * log_dist[i, j] + 0.5 * contig[i, j] + 0.3 * free
                mu = np.exp(leaving[i, t] + taking[j, t] + says)
                flow = rng.negative_binomial(0.9, 0.9 / (0.9 + mu))
                covariates = log_dist[i, j], contig[i, j], free
                rows.append((f"o{i:02d}", f"o{j:02d}", 2015 + t, flow, *covariates))
    origin, destination, year, flow, *covariates = (
        np.array(one) for one in zip(*rows, strict=True)
    )
    named = dict(zip(TERMS, covariates, strict=True))
    return Flows(origin, destination, flow.astype(float), named, year)


@pytest.fixture(scope="module")
def flows() -> Flows:
    return panel(12, 3, 3)


def told(found, field="estimate"):
    return [getattr(term, field) for term in found.terms]


def test_the_reference_panel_is_the_one_that_other_programs_have_read(flows):
    assert (len(flows.flow), flows.flow.sum(), flows.flow.max()) == (396, 3505, 282)


def test_estimates_are_those_of_pyfixest_statsmodels_and_plain_numpy(flows):
    # pyfixest 0.60.0 `fepois`, statsmodels 0.15.0 `GLM` with a dummy for each level, and
    # least squares iterated in NumPy 2.4.6 agree to 1e-12.
    found = fit_gravity(flows, TERMS)
    expected = [-1.3221158665, 0.2569863452, 0.1212079440]
    assert told(found) == pytest.approx(expected, abs=1e-9)
    assert found.deviance == pytest.approx(2237.9077761, abs=1e-6)


@pytest.mark.parametrize(
    ("cluster", "raw", "factor", "degrees"),
    [
        # Without corrections, by statsmodels 0.15.0 (`use_correction=False`), times the
        # corrections that pyfixest takes: rows for parameters, clusters for one less.
        ("pair", [0.0889045412, 0.1621530913, 0.1515868494], 395 / 322 * 132 / 131, 131),
        ("origin", [0.0978056301, 0.1714679176, 0.1758612415], 1.2070282658517952, 11),
        ("none", [0.0920094575, 0.1609755001, 0.1482632482], 396 / 322, 322),
    ],
)
def test_standard_errors_are_those_of_statsmodels_but_for_the_correction(
    flows, cluster, raw, factor, degrees
):
    found = fit_gravity(flows, TERMS, cluster=cluster)
    expected = [error * math.sqrt(factor) for error in raw]
    assert told(found, "standard_error") == pytest.approx(expected, abs=1e-8)
    assert found.degrees == degrees
    if cluster == "pair":
        t = 1.978238539  # of 131 degrees of freedom, by scipy 1.17
        for one in found.terms:
            assert one.low_95 == pytest.approx(one.estimate - t * one.standard_error)
            assert one.high_95 == pytest.approx(one.estimate + t * one.standard_error)


def test_what_pyfixest_calls_pseudo_r2_is_told(flows):
    # 1 - loglik / loglik_null of pyfixest 0.60.0 on this panel.
    assert fit_gravity(flows, TERMS).pseudo_r2 == pytest.approx(0.7172606625)


def test_simulated_truth_is_found_again():
    found = fit_gravity(panel(40, 4, 11), TERMS)
    for one, true in zip(found.terms, (-1.1, 0.5, 0.3), strict=True):
        assert abs(one.estimate - true) < 3 * one.standard_error, one
        assert one.standard_error < 0.1


def test_a_change_is_told_for_one_more_or_for_ten_per_cent_more(flows):
    dist = np.exp(flows.covariates["log_dist"])
    logged = replace(flows, covariates={**flows.covariates, "dist": dist})
    plain, ten = (
        fit_gravity(logged, ["contig", "visa_free"], logs=["dist"]),
        fit_gravity(logged, TERMS),
    )
    (dist_term,) = (one for one in plain.terms if one.logged)
    assert dist_term.name == "dist"
    assert dist_term.estimate == pytest.approx(ten.terms[0].estimate)
    assert dist_term.change == pytest.approx(1.1**dist_term.estimate - 1)
    assert plain.terms[0].change == pytest.approx(math.expm1(plain.terms[0].estimate))
    assert dist_term.change_low_95 < dist_term.change < dist_term.change_high_95


def test_units_of_a_covariate_do_not_matter(flows):
    scaled = {**flows.covariates, "contig": 1e9 * flows.covariates["contig"] + 5e9}
    found = fit_gravity(replace(flows, covariates=scaled), TERMS)
    assert found.terms[1].estimate * 1e9 == pytest.approx(0.2569863452)
    assert told(found)[0] == pytest.approx(-1.3221158665)


def test_a_level_of_zeros_is_left_out_and_named(flows):
    flow = np.where(flows.origin == "o05", 0, flows.flow)
    found = fit_gravity(replace(flows, flow=flow), TERMS)
    assert (found.rows, found.zeros_left_out, found.single_left_out) == (363, 33, 0)
    assert "origin^year o05^2016" in found.levels_left_out
    assert len(found.levels_left_out) == 3
    # NumPy on the panel without these rows.
    expected = [-1.202556836918827, 0.10609678334504125, 0.06693341538780828]
    assert told(found) == pytest.approx(expected, abs=1e-9)


def test_a_covariate_that_predicts_zeros_perfectly_is_left_out_with_them(flows):
    # Without `separation_check=["fe", "ir"]` pyfixest 0.60.0 gives it -15.7 with an error 0.19.
    banned = np.zeros(len(flows.flow))
    zeros = np.flatnonzero(flows.flow == 0)
    banned[np.random.default_rng(4).choice(zeros, 20, replace=False)] = 1
    with_it = replace(flows, covariates={**flows.covariates, "ban": banned})
    found = fit_gravity(with_it, [*TERMS, "ban"])
    assert list(found.dropped) == ["ban"]
    assert "predicts their zeros perfectly" in found.dropped["ban"]
    assert (found.rows, found.zeros_left_out) == (376, 20)
    # NumPy on the panel without these rows.
    expected = [-1.2985654009443888, 0.24997936811845634, 0.11912696735826955]
    assert told(found) == pytest.approx(expected, abs=1e-9)


def test_zeros_that_only_a_sum_of_covariates_predicts_are_left_out(flows):
    # Neither marks zeros alone; their difference does, and stays so under three effects.
    banned = np.zeros(len(flows.flow))
    banned[np.flatnonzero(flows.flow == 0)[:25]] = 1
    mixed = flows.covariates["contig"] + banned
    both = replace(flows, covariates={**flows.covariates, "mixed": mixed})
    found = fit_gravity(both, [*TERMS, "mixed"])
    assert (found.rows, list(found.dropped)) == (371, ["mixed"])
    more = fit_gravity(both, [*TERMS, "mixed"], effects=("origin", "destination", "year"))
    assert (more.rows, list(more.dropped)) == (371, ["mixed"])


def test_what_says_nothing_inside_the_effects_is_dropped_with_its_reason(flows):
    number = {name: at for at, name in enumerate(np.unique(flows.origin).tolist())}
    wealth = np.array([1e12 * math.sin(number[name]) for name in flows.origin.tolist()])
    taken = np.array([math.cos(number[name]) for name in flows.destination.tolist()])
    odd = {
        "wealth": wealth,
        "sum": wealth / 1e12 + taken,
        "one": np.ones(len(wealth)),
        "twice": 2 * flows.covariates["contig"],
    }
    found = fit_gravity(replace(flows, covariates=flows.covariates | odd), [*TERMS, *odd])
    assert found.dropped == {
        "wealth": "the same everywhere inside origin^year",
        "sum": "a sum of the effects and of covariates named before it",
        "one": "the same in all rows",
        "twice": "a sum of the effects and of covariates named before it",
    }
    assert told(found) == pytest.approx(told(fit_gravity(flows, TERMS)))


def test_a_row_alone_in_its_level_is_left_out(flows):
    origin = flows.origin.copy()
    busiest = int(flows.flow.argmax())
    origin[busiest] = "o99"
    found = fit_gravity(replace(flows, origin=origin), TERMS)
    assert (found.rows, found.single_left_out) == (395, 1)
    assert found.levels_left_out == (f"origin^year o99^{flows.year[busiest]}",)


def test_without_years_origins_and_destinations_are_the_effects(flows):
    first = flows.year == 2015
    cross = Flows(
        flows.origin[first],
        flows.destination[first],
        flows.flow[first],
        {name: flows.covariates[name][first] for name in ("log_dist", "contig")},
    )
    found = fit_gravity(cross, ["log_dist", "contig"])
    assert found.effects == ("origin", "destination")
    assert (found.clusters, found.degrees) == (found.rows, found.rows - 1)


def test_few_clusters_are_told(flows):
    assert "Only 12 clusters" in fit_gravity(flows, TERMS, cluster="origin").notes[0]
    assert fit_gravity(flows, TERMS).notes == ()


@pytest.mark.parametrize(
    ("changes", "asked", "text"),
    [
        ({}, {"terms": ["contig", "nix"]}, "no such covariate ('nix'). There are: log_dist"),
        ({}, {"terms": []}, "no covariate is asked for"),
        ({}, {"terms": ["contig"], "logs": ["visa_free"]}, "expected more than 0 ('0')"),
        ({}, {"terms": TERMS, "effects": ["origin^nix"]}, "no such effect ('origin^nix')"),
        ({}, {"terms": TERMS, "effects": ["origin^origin"]}, "no such effect"),
        ({"year": None}, {"terms": TERMS, "effects": ["origin^year"]}, "no such effect"),
        ({}, {"terms": TERMS, "cluster": "nix"}, "no such cluster ('nix')"),
        ({"flow": np.zeros(396)}, {"terms": TERMS}, "only zeros"),
        ({"flow": np.full(396, np.nan)}, {"terms": TERMS}, "expected at least 0"),
        ({"flow": np.eye(1, 396)[0]}, {"terms": TERMS}, "no estimate was found"),
        ({"covariates": {"a": np.full(396, np.nan)}}, {"terms": ["a"]}, "expected numbers"),
        (
            {"covariates": {"a": np.ones(396)}},
            {"terms": ["a"]},
            "column a: no estimate: the same in all rows",
        ),
    ],
)
def test_what_cannot_be_fitted_is_a_fault(flows, changes, asked, text):
    with pytest.raises(DataError) as caught:
        fit_gravity(replace(flows, **changes), **asked)
    assert text in str(caught.value)


def test_fewer_rows_than_parameters_are_a_fault():
    rng = np.random.default_rng(1)
    origin, destination = np.array(list(permutations("abc", 2))).T
    few = Flows(origin, destination, np.arange(1.0, 7), {"x": rng.normal(size=6)})
    with pytest.raises(DataError, match="6 rows for 6 covariates and levels of effects"):
        fit_gravity(few, ["x"])


def test_where_pyfixest_is_missing_the_way_out_is_told(flows, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyfixest", None)
    with pytest.raises(DataError, match=r"pip install 'qonys\[drivers\]'"):
        fit_gravity(flows, TERMS)


BAD = """\
origin,destination,year,flow,dist
A,A,2019,3,10
A,B,2019,,10
A,C,2019,-4,10
B,A,2019,x,10
B,C,2019,5,abc
B,C,2019,6,3
C,A,2019.5,7,NA
,B,2019,1,1
C,B,2019,1e999,0
"""


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(BAD, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_flows(path)
    told = [(one.row, one.column, one.problem) for one in caught.value.faults]
    assert told == [
        (2, "origin", "origin is destination"),
        (3, "flow", "missing"),
        (4, "flow", "expected at least 0"),
        (5, "flow", "expected a number"),
        (6, "dist", "expected a number"),
        (7, "", "stands twice"),
        (8, "year", "expected a year"),
        (8, "dist", "missing"),
        (9, "origin", "missing"),
        (10, "flow", "expected a number"),
    ]
    assert "A missing flow is no zero" in caught.value.faults[1].way_out
    assert "'B^C^2019'). See row 6" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "covariates", "problem"),
    [
        ("", (), "no such column"),
        ("origin,destination,flow\n", (), "no rows"),
        ("origin,destination,flow\nA,B,1\n", ("nix",), "column nix: no such column"),
        ("origin,destination,flow\nA,B,1\n", ("flow",), "column flow: is no covariate"),
        ("origin,destination,flow,to\nA,B,1,x\nB,A,1,y\n", (), "column to: holds no numbers"),
    ],
)
def test_what_is_no_table_of_flows_is_a_fault(tmp_path, text, covariates, problem):
    path = tmp_path / "flows.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=problem):
        read_flows(path, covariates)


def test_a_table_is_read_with_the_covariates_that_are_asked_for(tmp_path):
    path = tmp_path / "flows.csv"
    rows = "origin,destination,note,flow,dist\nA,B,x,1.5,7\nB,A,y,0,7\n"
    path.write_text(rows, encoding="utf-8")
    found = read_flows(path, ["dist"])
    assert (found.flow.tolist(), list(found.covariates)) == ([1.5, 0.0], ["dist"])
    assert found.year is None
