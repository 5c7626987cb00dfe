"""The command `qonys survey table`."""

import json

import numpy as np
import pytest
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


PEOPLE = "weight,region,village,income,plans,work,study\n" + "\n".join(
    f"{weight},{region},{village},{income},{plans},{work},{study}"
    for weight, region, village, income, plans, work, study in [
        (10, "north", 1, 3, "stay", 1, 0),
        (10, "north", 1, 5, "leave", 0, 0),
        (12, "north", 2, "NA", "stay", 1, 1),
        (12, "north", 2, 4, "stay", 1, 0),
        (20, "south", 1, 1, "leave", 0, 1),
        (20, "south", 1, 2, "stay", 1, 1),
        (25, "south", 2, 2, "stay", 0, 0),
        (25, "south", 2, 4, "leave", 1, 1),
    ]
)


@pytest.fixture
def people(tmp_path):
    file, design = tmp_path / "people.csv", tmp_path / "design.toml"
    file.write_text(PEOPLE + "\n", encoding="utf-8")
    design.write_text(
        'weights = "weight"\nstrata = "region"\ncluster = "village"\n', encoding="utf-8"
    )
    return str(file), "--design", str(design)


def survey(verb, *arguments):
    return CliRunner().invoke(main, ["survey", verb, *arguments])


def test_estimate_gives_one_row_a_domain_with_the_fields_of_the_contract(people):
    result = survey("estimate", *people, "--mean", "income", "--by", "region", "--json")
    rows = json.loads(result.stdout)
    assert [row["by"] for row in rows] == [{"region": "north"}, {"region": "south"}]
    fields = "statistic variable level by estimate se low high df deff n"
    assert set(fields.split()) <= set(rows[0])
    assert rows[0]["n"] == 3
    assert (rows[0]["statistic"], rows[0]["level"]) == ("mean", None)


def test_estimate_takes_every_statistic_at_once(people):
    asked = ["--mean", "income", "--total", "work", "--ratio", "work/income", "--proportion",
             "plans", "--quantile", "income:0.5", "--ci", "beta"]  # fmt: skip
    rows = json.loads(survey("estimate", *people, *asked, "--json").stdout)
    assert [row["statistic"] for row in rows] == [
        "mean", "total", "ratio", "proportion", "proportion", "quantile",
    ]  # fmt: skip
    assert [row["level"] for row in rows][3:] == ["leave", "stay", 0.5]
    text = survey("estimate", *people, *asked).output
    assert "8 respondents, full design." in text
    assert "! fewer than 30 answers: too few to publish." in text


def test_weights_alone_are_said_to_be_weights_alone(people, tmp_path):
    alone = tmp_path / "alone.toml"
    alone.write_text('weights = "weight"\n', encoding="utf-8")
    result = survey("estimate", people[0], "--design", str(alone), "--mean", "income")
    assert "weights only" in result.output
    assert "the errors may be too small" in result.output


def test_faults_of_data_and_design_end_with_code_2(people):
    result = survey("estimate", *people, "--mean", "incom", "--by", "town")
    assert result.exit_code == 2
    assert "('incom'). Near: income." in result.output
    assert "('town')" in result.output
    assert survey("estimate", *people).exit_code == 2


def test_compare_and_multiple(people):
    found = json.loads(
        survey("compare", *people, "--proportion", "plans", "--by", "region", "--json").stdout
    )
    assert found["association"]["df1"] == 1
    assert len(found["differences"]) == 2
    assert (
        "Rao and Scott"
        in survey("compare", *people, "--proportion", "plans", "--by", "region").output
    )
    assert survey("compare", *people, "--by", "region").exit_code == 2
    both = json.loads(survey("multiple", *people, "--items", "work,study", "--json").stdout)
    assert [len(both[key]) for key in ("shares", "overlaps", "differences")] == [4, 1, 1]
    text = survey("multiple", *people, "--items", "work, study").output
    assert "Share of answers" in text
    assert "work - study" in text


def test_rake_writes_weights_and_a_design_that_knows_of_them(people, tmp_path):
    margins, out = tmp_path / "margins.toml", tmp_path / "out" / "raked.csv"
    margins.write_text("[plans]\nleave = 40\nstay = 94\n", encoding="utf-8")
    arguments = ["--margins", str(margins), "-o", str(out), "--outcome", "work"]
    found = json.loads(survey("rake", *people, *arguments, "--json").stdout)
    assert found["margins"][0]["after"] == pytest.approx(40)
    assert found["outcomes"][0]["variable"] == "work"
    again = survey(
        "estimate", str(out), "--design", found["design"], "--proportion", "plans", "--json"
    )
    leave = json.loads(again.stdout)[0]
    assert leave["estimate"] == pytest.approx(40 / 134)
    assert leave["se"] == pytest.approx(0, abs=1e-9)
    text = survey("rake", *people, *arguments).output
    assert "Kish's design effect" in text


def test_rake_leaves_no_file_where_a_margin_cannot_be_reached(people, tmp_path):
    margins, out = tmp_path / "margins.toml", tmp_path / "raked.csv"
    margins.write_text("[plans]\nleave = 40\nwait = 94\n", encoding="utf-8")
    result = survey("rake", *people, "--margins", str(margins), "-o", str(out))
    assert result.exit_code == 2
    assert "no respondent in the category wait of plans" in result.output
    assert "no total for the category stay of plans" in result.output
    assert not out.exists()
    assert survey("rake", *people, "--margins", str(margins), "-o", "x.txt").exit_code == 2
    wrong = survey("rake", *people, "--margins", str(margins), "-o", str(out), "--bounds", "a")
    assert wrong.exit_code == 2


def test_potential_gives_draws_of_moves_and_says_what_the_share_is_not(tmp_path):
    out = tmp_path / "draws.csv"
    result = survey("potential", "--draws", "500", "-o", str(out))
    assert result.exit_code == 0
    assert "At the pace of 2024 (12,732 registered) 3." in result.output
    assert "The share is no forecast" in result.output
    assert len(out.read_text(encoding="utf-8").splitlines()) == 501
    answer = json.loads(survey("potential", "--draws", "500", "--then", "9", "--json").stdout)
    assert {one["name"] for one in answer["quantities"]} >= {"moves", "then_moves"}
    assert all(prior["source"] for prior in answer["priors"].values())


def test_potential_knows_only_what_was_known_on_the_day():
    result = survey("potential", "--draws", "500", "--as-of", "2024-12-20")
    assert "At the pace of 2023" in result.output
    assert survey("potential", "--share", "120").exit_code == 2
    assert survey("potential", "-o", "x.doc").exit_code == 2


def test_areas_show_a_model_only_with_its_check(tmp_path):
    rng = np.random.default_rng(3)
    rows = ["w,region,y"]
    for region in range(12):
        level = rng.normal()
        for _ in range(10 + 5 * region):
            rows.append(f"{rng.uniform(9, 11):.4f},R{region:02d},{level + rng.normal():.4f}")
    file, design = tmp_path / "a.csv", tmp_path / "d.toml"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    design.write_text('weights = "w"\nstrata = "region"\n', encoding="utf-8")
    people = (str(file), "--design", str(design), "--by", "region")
    result = survey("areas", *people, "--mean", "y")
    assert "The model fits" in result.output
    assert "modelled" in result.output
    assert result.exit_code == 0
    answer = json.loads(survey("areas", *people, "--mean", "y", "--json").stdout)
    assert answer["check"]["fits"]
    assert [one["shown"] for one in answer["areas"]] == ["modelled"] * 4 + ["direct"] * 8
    assert survey("areas", *people).exit_code == 2
    assert survey("areas", *people, "--proportion", "y").exit_code == 2


def test_table_writes_an_offline_page_in_each_language(tmp_path):
    result = run("-o", str(tmp_path / "pages"))
    assert result.exit_code == 1
    names = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert names == ["survey.en.html", "survey.kk.html", "survey.ru.html"]
    page = (tmp_path / "pages" / "survey.en.html").read_text(encoding="utf-8")
    assert "DEMOSCOPE (Adaladam.kz)" in page
    assert "<svg" in page


def test_rake_leaves_other_columns_and_its_own_input_alone(people, tmp_path):
    margins = tmp_path / "margins.toml"
    margins.write_text("[plans]\nleave = 40\nstay = 94\n", encoding="utf-8")
    same = survey("rake", *people, "--margins", str(margins), "-o", people[0])
    assert same.exit_code == 2
    assert "is read here: write elsewhere" in same.output
    out = tmp_path / "out.csv"
    assert survey("rake", *people, "--margins", str(margins), "-o", str(out)).exit_code == 0
    before = PEOPLE.splitlines()
    after = out.read_text(encoding="utf-8").splitlines()
    assert [line.rpartition(",")[0] for line in after] == before


def test_rake_never_takes_the_name_of_another_column(people, tmp_path):
    margins, out = tmp_path / "margins.toml", tmp_path / "out.csv"
    margins.write_text("[plans]\nleave = 40\nstay = 94\n", encoding="utf-8")
    result = survey(
        "rake", *people, "--margins", str(margins), "-o", str(out), "--name", "income"
    )
    assert result.exit_code == 2
    assert "the file has this column already ('income'). Use --name." in result.output
    assert not out.exists()
    assert not (tmp_path / "out.design.toml").exists()


def test_a_total_says_how_many_it_leaves_out(people):
    text = survey("estimate", *people, "--total", "income").output
    assert "1 gave no income: the total leaves them out." in text


def test_potential_before_the_survey_was_asked_is_a_fault():
    result = survey("potential", "--as-of", "2020-01-01")
    assert result.exit_code == 2
    assert "the survey was not asked yet" in result.output


def test_tellings_without_an_id_are_compared(tmp_path):
    text = 'n = {n}\nsource = "{s}"\n[[question]]\nid = "q"\nwording = "w"\nanswers = [{a}]\n'
    for name, n, answers in (
        ("a", 1100, '{text = "yes", share = "24.5"}, {text = "no", share = "75.5"}'),
        ("b", 900, '{text = "yes", share = "34.5"}'),
    ):
        told = text.replace("{n}", str(n)).replace("{s}", name).replace("{a}", answers)
        (tmp_path / f"{name}.toml").write_text(told, encoding="utf-8")
    found = json.loads(run(str(tmp_path / "a.toml"), str(tmp_path / "b.toml"), "--json").stdout)
    says = [one["says"] for one in found["tellings_differ"]]
    assert says[0] == "1,100 and 900 respondents"
    assert says[1] == "yes: 24.5 % and 34.5 %"
    assert "told by the first alone" in says[2]
