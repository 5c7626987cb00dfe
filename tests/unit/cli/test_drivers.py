"""The commands `gravity` and `decompose`."""

import json
import math

import pytest
from click.testing import CliRunner

from qonys.cli.drivers import decompose, gravity
from qonys.core.errors import DataError


def run(command, *arguments):
    return CliRunner().invoke(command, [str(one) for one in arguments])


@pytest.fixture
def flows(tmp_path):
    path = tmp_path / "flows.csv"
    rows = ["origin,destination,year,flow,km,visa_free,note"]
    for t in range(3):
        for i in range(8):
            for j in range(8):
                if i == j:
                    continue
                km = 100 + (i * 977 + j * 577) % 1000
                free = (i + 2 * j + t) % 3 == 0
                noise = 1 + ((i * 31 + j * 17 + t * 7) % 11) / 11
                flow = round(1e5 / km * math.exp(0.3 * free) * noise) * (i != 5)
                rows.append(f"A{i},A{j},{2015 + t},{flow},{km},{free:d},x")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_gravity_tells_a_table_and_what_was_left_out(flows):
    asked = ["--log", "km", "--covariate", "visa_free"]
    shown = run(gravity, flows, *asked).output
    assert "log km" in shown
    assert "+10 %" in shown
    assert "Standard errors clustered by pair (49 clusters), t with 48 degrees" in shown
    assert "Left out: 21 zeros that are predicted perfectly." in shown
    assert "Gone with them: origin^year A5^2015" in shown
    assert "no cause" in shown
    answer = json.loads(run(gravity, flows, *asked, "--json").stdout)
    assert [one["name"] for one in answer["terms"]] == ["visa_free", "km"]
    assert answer["terms"][1]["change"] == pytest.approx(-0.09, abs=0.03)
    assert (answer["rows"], answer["zeros_left_out"]) == (147, 21)


def test_gravity_takes_effects_and_clusters(flows):
    asked = [
        "--log",
        "km",
        "--covariate",
        "visa_free",
        "--effect",
        "origin",
        "--effect",
        "year",
    ]
    shown = run(gravity, flows, *asked, "--cluster", "none").output
    assert "fixed effects origin, year." in shown
    assert "robust to unequal variances" in shown
    assert "Only 7 clusters" in run(gravity, flows, *asked, "--cluster", "origin").output
    dropped = run(gravity, flows, *asked[:4], "--effect", "origin^destination").output
    assert "Dropped: km: the same everywhere inside origin^destination." in dropped


def test_gravity_tells_faults(flows, tmp_path):
    for asked in (["--covariate", "nix"], ["--log", "visa_free"], ["--covariate", ""], []):
        assert isinstance(run(gravity, flows, *asked).exception, DataError), asked
    assert run(gravity, tmp_path / "no.csv").exit_code == 2
    assert run(gravity, flows, "--cluster", "nix").exit_code == 2


@pytest.fixture
def leavers(tmp_path):
    path = tmp_path / "leavers.csv"
    rows = ["year,age,destination,population,emigrants"]
    for year, people, left in ((2019, 1000, (30, 10)), (2025, 2000, (20, 90))):
        for age in (20, 60):
            for place, number in zip(("RUS", "DEU"), left, strict=True):
                rows.append(f"{year},{age},{place},{people},{number // (age // 20)}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_decompose_tells_destinations_and_ages(leavers):
    shown = run(decompose, leavers, "--from", "2019", "--to", "2025").output
    assert "By destination, the largest change first" in shown
    assert shown.index("DEU") < shown.index("RUS")
    assert "By age" in shown
    assert "no cause" in shown
    answer = json.loads(run(decompose, leavers, "--from", 2019, "--to", 2025, "--json").stdout)
    total = answer["total"]
    assert (total["before"], total["after"], total["destination"]) == (53, 146, 0)
    parts = total["size"] + total["age"] + total["rate"]
    assert parts == pytest.approx(total["change"]) == 93


def test_decompose_tells_a_file_without_destinations_and_faults(tmp_path):
    path = tmp_path / "leavers.csv"
    rows = "year,age,population,emigrants\n2019,all,100,5\n2025,all,100,7\n"
    path.write_text(rows, encoding="utf-8")
    shown = run(decompose, path, "--from", "2019", "--to", "2025").output
    assert "By destination" not in shown
    assert "where to" not in shown
    wrong = run(decompose, path, "--from", "2018", "--to", "2025")
    assert isinstance(wrong.exception, DataError)
    assert run(decompose, path, "--from", "2019").exit_code == 2
