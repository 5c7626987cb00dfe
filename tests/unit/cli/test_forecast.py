"""The command `qonys forecast`."""

import json
import math

from click.testing import CliRunner

from qonys.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["forecast", *arguments])


def months(tmp_path):
    path = tmp_path / "months.csv"
    rows = ["period,series,value"]
    for at in range(60):
        value = 100 + 30 * math.sin(at * math.pi / 6) + (at * 7919 % 13)
        rows.append(f"{2015 + at // 12}-{at % 12 + 1:02d},total,{value:.1f}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def test_run_forecasts_a_file_with_every_baseline(tmp_path):
    answer = json.loads(run("run", months(tmp_path), "--horizon", "12", "--json").stdout)
    models = {one["model"] for one in answer["forecast"]}
    assert models == {"naive", "seasonal_naive", "ets", "theta", "ensemble_log", "selected"}
    assert [one["period"] for one in answer["years"]] == ["2020"]
    assert len(answer["forecast"]) == 6 * 12
    text = run("run", months(tmp_path), "--horizon", "3").output
    assert "2020-03" in text
    assert "the last value at" in text


def test_run_forecasts_a_cell_as_it_was_known_on_a_day():
    arguments = ["run", "emigrants:KAZ:WORLD", "--horizon", "1", "--json"]
    now = json.loads(run(*arguments).stdout)
    then = json.loads(run(*arguments, "--as-of", "2025-04-20").stdout)
    assert then["forecast"][0]["period"] == "2025"
    assert now["forecast"][0]["period"] == "2026"
    selected = next(one for one in then["forecast"] if one["model"] == "selected")
    assert selected["low_95"] < 7608 < selected["high_95"]


def test_backtest_scores_every_model(tmp_path):
    path = months(tmp_path)
    found = json.loads(
        run("backtest", path, "--origins", "3", "--horizon", "2", "--json").stdout
    )
    fields = "series model horizon crps mase interval_score_95 coverage_80 coverage_95 origins"
    assert set(found[0]) == set(fields.split())
    text = run("backtest", path, "--origins", "3").output
    assert "what was known at the time was less" in text
    assert "selected" in text


def test_what_is_neither_file_nor_cell_is_a_fault(tmp_path):
    assert run("run", "nothing", "--horizon", "2").exit_code == 2
    assert run("run", "emigrants:KAZ:NOWHERE", "--horizon", "2").exit_code == 2
    assert run("run", months(tmp_path), "--horizon", "0").exit_code == 2
    assert run("backtest", str(tmp_path / "no.csv"), "--origins", "2").exit_code == 2


def test_world_forecasts_all_countries_together(tmp_path):
    path = tmp_path / "rates.csv"
    lines = ["country,period,rate,population"]
    for c in range(4):
        for year in range(2010, 2022):
            rate = 0.001 * math.sin(c + year * 1.7) + 0.0005 * c
            lines.append(f"C{c},{year},{rate:.6f},{1000000 * (c + 1)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    asked = ["world", str(path), "--horizon", "3", "--iterations", "600", "--draws", "200"]
    answer = json.loads(run(*asked, "--json").stdout)
    assert [one["period"] for one in answer["forecast"][:3]] == [2022, 2023, 2024]
    assert len(answer["forecast"]) == 12
    assert answer["world_net_is_nought"]
    assert "effective draws, R-hat" in run(*asked).output
    assert run("world", str(tmp_path / "no.csv"), "--horizon", "2").exit_code == 2
    asked[2:4] = ["--hold-out", "2"]
    held = json.loads(run(*asked, "--json").stdout)
    assert [(one["horizon"], one["rates"]) for one in held] == [(1, 4), (2, 4), (None, 8)]
    assert "Mean absolute errors per 1,000" in run(*asked).output
    assert run("world", str(path)).exit_code == 2
    assert "hold out 1 to" in run("world", str(path), "--hold-out", "11").output


def test_nowcast_tells_the_year_as_it_looked_from_april():
    """Final values: 7,608 left and 23,761 came in 2025 (Bureau of National Statistics)."""
    for cell, came in (("emigrants:KAZ:WORLD", 7608), ("immigrants:KAZ:WORLD", 23761)):
        arguments = ["nowcast", cell, "--as-of", "2025-05-31"]
        told = {one["basis"]: one for one in json.loads(run(*arguments, "--json").stdout)}
        assert told["nowcast"]["low_95"] < came < told["nowcast"]["high_95"]
        widths = {key: one["high_95"] - one["low_95"] for key, one in told.items()}
        assert widths["nowcast"] < 0.6 * widths["forecast"]
        assert "nowcast" in run(*arguments).output


def test_nowcast_tells_what_printed_figures_will_become(tmp_path):
    path = tmp_path / "releases.csv"
    rows = ["period,series,release,value"]
    for release in range(6, 25):
        for month in range(1, release + 1):
            short = 1 + 0.5 * 0.5 ** (release - month)
            period, label = (
                f"{2020 + (at - 1) // 12}-{(at - 1) % 12 + 1:02d}" for at in (month, release)
            )
            rows.append(f"{period},total,{label},{1000 / short:.0f}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    answer = json.loads(run("nowcast", str(path), "--json").stdout)
    newest = next(one for one in answer["nowcast"] if one["age"] == 0)
    assert newest["told"] == 667
    assert newest["low_80"] < 1000 < newest["high_80"]
    assert answer["law"][0]["revision_percent"] > 30
    early = json.loads(run("nowcast", str(path), "--as-of", "2021-06-30", "--json").stdout)
    assert max(one["period"] for one in early["nowcast"]) == "2021-06"
    assert "at age 0" in run("nowcast", str(path)).output


def test_as_of_of_a_file_takes_its_releases(tmp_path):
    path = tmp_path / "months.csv"
    rows = ["period,release,value"]
    for month in range(1, 13):
        rows += [f"2024-{month:02d},2025-01,{month}", f"2024-{month:02d},2025-06,{10 * month}"]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    arguments = ["run", str(path), "--horizon", "1", "--json"]
    then = json.loads(run(*arguments, "--as-of", "2025-03-01").stdout)["forecast"][0]
    now = json.loads(run(*arguments).stdout)["forecast"][0]
    assert (then["median"], now["median"]) == (12, 120)
    assert "no release up to" in run(*arguments, "--as-of", "2024-03-01").output
    assert (
        "needs a column of releases"
        in run("run", months(tmp_path), "--horizon", "1", "--as-of", "2025-03-01").output
    )


def test_alarms_tell_when_a_path_was_left(tmp_path):
    path = tmp_path / "months.csv"
    rows = ["period,value"]
    for at in range(60):
        value = (100 if at < 50 else 300) + at * 7919 % 13
        rows.append(f"{2015 + at // 12}-{at % 12 + 1:02d},{value}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    answer = json.loads(run("alarms", str(path), "--json").stdout)
    assert next(one["period"] for one in answer if one["alarm"]) == "2019-03"
    text = run("alarms", str(path), "--false-every", "500").output
    assert "rise" in text
    assert "where nothing changes there would be about 0" in text


def test_run_keeps_sums(tmp_path):
    path = tmp_path / "sums.csv"
    rows = ["period,series,value"]
    for at in range(48):
        came, left = 100 + at * 7919 % 13, 60 + at * 104729 % 11
        period = f"{2015 + at // 12}-{at % 12 + 1:02d}"
        rows += [f"{period},came,{came}", f"{period},left,{left}"]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    arguments = ["run", str(path), "--horizon", "12", "--identity", "net = came - left"]
    answer = json.loads(run(*arguments, "--json").stdout)
    assert {one["series"] for one in answer["forecast"] if one["model"] == "reconciled"} == {
        "net",
        "came",
        "left",
    }
    assert {one["series"] for one in answer["years"]} == {"net", "came", "left"}
    assert "net" in run(*arguments, "--reconcile", "bottom-up").output
    wrong = run("run", str(path), "--horizon", "2", "--identity", "net = came - gone")
    assert wrong.exit_code != 0
    sums = tmp_path / "sums.txt"
    sums.write_text("net = came - left\n\n", encoding="utf-8")
    assert "net" in run("run", str(path), "--horizon", "2", "--identity", str(sums)).output


def test_backtest_tells_breaks_apart(tmp_path):
    arguments = ["backtest", months(tmp_path), "--origins", "4", "--break", "2018-09/2018-12"]
    answer = json.loads(run(*arguments, "--json").stdout)
    assert {one["regime"] for one in answer} == {None, "inside", "outside"}
    assert "origins inside the breaks" in run(*arguments).output
    assert run(*arguments[:-1], "soon").exit_code == 2
