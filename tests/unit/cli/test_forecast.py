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
