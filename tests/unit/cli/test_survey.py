"""The command `qonys survey table`."""

import json

from click.testing import CliRunner

from qonys.cli import main


def run(*arguments):
    return CliRunner().invoke(main, ["survey", "table", *arguments])


def test_the_built_in_survey_is_examined_and_its_tellings_compared():
    result = run()
    assert result.exit_code == 1  # reasons from no base, and two tellings that differ
    assert "0.4 to 0.8 %" in result.output
    assert "Not told: mode, weights, response rate." in result.output
    assert "no order can be told" in result.output


def test_json_has_margins_tests_and_differences():
    answer = json.loads(run("--json").stdout)
    first = answer["surveys"][0]["questions"][0]["answers"][0]
    assert [margin["deff"] for margin in first["margins"]] == [1.0, 1.5, 2.0]
    assert first["rounding"] == [78.45, 78.55]
    assert len(answer["tellings_differ"]) == 2


def test_a_good_file_ends_well_and_a_bad_one_is_a_fault(tmp_path):
    good = tmp_path / "good.toml"
    good.write_text(
        'n = 1000\nresponse_rate = 9.6\nsource = "x"\n[[question]]\nwording = "w"\n'
        'answers = [{text = "yes", share = "60.0"}, {text = "no", share = "40.0"}]\n',
        encoding="utf-8",
    )
    result = run(str(good))
    assert result.exit_code == 0
    assert "9.6 % answered" in result.output
    assert run(str(tmp_path / "none.toml")).exit_code == 2
    assert run(str(tmp_path)).exit_code == 2
