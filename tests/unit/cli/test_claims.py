"""`qonys claims` as a user meets it."""

import json

import pytest
from click.testing import CliRunner

from qonys.cli import main


@pytest.fixture
def run(tmp_path):
    def call(text, *options, name="text.txt"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        arguments = ["claims", "check", str(path), *options]
        return CliRunner().invoke(main, arguments)

    return call


def test_exit_codes_tell_whether_something_is_contradicted(run):
    assert run("In 2024, 12,732 people left Kazakhstan.").exit_code == 0
    assert run("In 2023, 12,732 people left Kazakhstan.").exit_code == 1
    assert run("").exit_code == 0


def test_json_has_the_fields_of_the_contract(run):
    result = run("В 2024 году из Казахстана выехали 12 732 человека.", "--json")
    answer = json.loads(result.output)
    assert {"claims", "consistency", "implied"} <= set(answer)
    (claim,) = answer["claims"]
    fields = (
        "id start end text kind measure area counterpart period value unit interval verdict "
        "reason arithmetic observations vintages"
    )
    assert set(fields.split()) <= set(claim)
    text = answer["document"]["text"]
    assert text[claim["start"] : claim["end"]] == claim["text"]
    assert (claim["measure"], claim["period"], claim["value"]) == ("emigrants", "2024", 12732)
    assert claim["verdict"] == "holds"


def test_what_was_known_on_a_day_decides(run):
    text = "In 2024, 29,948 people arrived in Kazakhstan."
    then = json.loads(run(text, "--json", "--as-of", "2025-03-01").output)["claims"][0]
    now = json.loads(run(text, "--json").output)["claims"][0]
    assert (then["verdict"], now["verdict"]) == ("holds", "compatible")


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_the_page_is_one_file_and_the_review_another(run, tmp_path, lang):
    page, review = tmp_path / "report.html", tmp_path / "review.json"
    text = "In 2024, 12,732 people left Kazakhstan. <script>alert(1)</script>"
    result = run(text, "-o", str(page), "--claim-review", str(review), "--lang", lang)
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    assert f'lang="{lang}"' in html
    assert "<script>alert" not in html
    assert json.loads(review.read_text(encoding="utf-8"))["@graph"]


def test_faults_are_lines_and_never_tracebacks(run, tmp_path):
    missing = CliRunner().invoke(main, ["claims", "check", str(tmp_path / "none.txt")])
    same = run("x", "-o", str(tmp_path / "text.txt"))
    assert (missing.exit_code, same.exit_code) == (2, 2)
    assert "none.txt" in missing.output
    assert "one file" in same.output
