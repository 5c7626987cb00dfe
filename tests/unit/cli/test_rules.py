"""`qonys rules` and `qonys iin`, on the invented law of Borovia."""

import csv
import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
from click.testing import CliRunner, Result

from qonys.cli import main

KEYS = [
    "rule",
    "on",
    "decision",
    "deciding_rule",
    "failed",
    "missing",
    "relevant_missing",
    "not_examined",
    "next_question",
    "smallest_change",
    "citations",
    "disputes",
    "readings",
    "chain",
    "notes",
]
WORKER = {
    "wage": [900, 900, 900],
    "trade": "clockmaker",
    "age": 30,
    "course_ended": "2030-01-01",
    "lamp_key": True,
}


@pytest.fixture
def run(fictional):
    """A command on the invented country."""

    def call(*args: str, stdin: str | bytes | None = None) -> Result:
        where = ("--country", str(fictional.folder))
        return CliRunner().invoke(main, [*args, *where], input=stdin)

    return call


@pytest.fixture
def facts_file(tmp_path):
    """A file of facts."""

    def make(facts: object, name: str = "facts.json") -> str:
        path = tmp_path / name
        data = facts if isinstance(facts, bytes) else json.dumps(facts).encode()
        path.write_bytes(data)
        return str(path)

    return make


def good(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def fault(result: Result, *says: str) -> None:
    """Lines on standard error, exit code 2, never a traceback."""
    assert result.exit_code == 2, result.output
    lines = result.stderr.splitlines()
    assert lines
    assert all(line.startswith("error: ") for line in lines), result.stderr
    for text in ("Traceback", "unforeseen"):
        assert text not in result.output
    for text in says:
        assert text in result.stderr


# list, show.


def test_rules_are_listed_with_their_state(run):
    rows = json.loads(good(run("rules", "list", "--on", "2032-05-15", "--json")))
    states = {row["rule"]: row["state"] for row in rows}
    assert states["LN@ferry"] == "closed"
    assert states["W1"] == "in force"
    assert rows[0].keys() == {"rule", "kind", "state", "from", "to", "title"}
    text = good(run("rules", "list", "--on", "2031-08-05", "--lang", "ru"))
    assert "Разрешение фонарщика" in text


def test_a_rule_is_shown(run):
    text = good(run("rules", "show", "w1", "--on", "2030-05-01"))
    assert text.startswith("W1  Lamplighter's permit\n")
    assert "wage (must be shown): The least wage in each of three months." in text
    plain = json.loads(good(run("rules", "show", "S.loss", "--on", "2030-05-01", "--json")))
    assert plain["conditions"][0]["expression"] == "days_away > 183"
    fault(run("rules", "show", "W2", "--on", "2030-05-01"), "no such rule ('W2'). Near: W1")
    fault(run("rules", "show", "W1", "--on", "May"), "May")


# decide.


def test_a_decision_as_text_and_as_data(run, facts_file):
    path = facts_file(WORKER)
    text = good(run("rules", "decide", "W1", "--on", "2030-03-01", "--facts", path))
    assert text.splitlines()[:3] == [
        "W1  Lamplighter's permit, on 1 March 2030",
        "Yes: the conditions listed are met. A body still decides.",
        "Decided by W1.clockmaker",
    ]
    result = run("rules", "decide", "W1", "--on", "2030-03-01", "--facts", path, "--json")
    plain = json.loads(good(result))
    assert list(plain) == KEYS
    assert plain["decision"] == "eligible"


def test_facts_from_standard_input_and_with_a_mark(run, facts_file):
    args = ("rules", "decide", "W1", "--on", "2030-03-01", "--json")
    text = json.dumps({**WORKER, "age": 17})
    plain = json.loads(good(run(*args, "--facts", "-", stdin=text)))
    assert (plain["decision"], plain["failed"]) == ("ineligible", ["age"])
    marked = facts_file(b"\xef\xbb\xbf" + json.dumps(WORKER).encode())
    assert json.loads(good(run(*args, "--facts", marked)))["decision"] == "eligible"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", ["not JSON"]),
        (b"{", ["not JSON", "row 1"]),
        (b"[]", ["facts are an object of names and values"]),
        (b"null", ["facts are an object of names and values"]),
        (b"\xff\xfe", ["not UTF-8"]),
        (b'{"age": NaN}', ["NaN is no value"]),
        (b'{"age": Infinity}', ["Infinity is no value"]),
        (b'{"age": 1, "age": 2}', ["'age' stands twice"]),
        (
            b'{"age": "30", "agee": 1, "trade": "lampligter"}',
            ["not a whole number", "no such fact", "Did you mean lamplighter?"],
        ),
        (b"[" * 100_000, ["not JSON: nested too deep"]),
        (b'{"age": ' + b"9" * 5_000 + b"}", ["not JSON: a number is too long"]),
        (b'{"age": 1e999}', ["not a whole number"]),
        (b'{"trade": "' + b"x" * 1_000_000 + b'"}', ["no code"]),
        (b'{"wage": [' + b"1," * 100_000 + b"1]}", ["more elements than can be"]),
    ],
)
def test_bad_facts_are_faults(run, facts_file, data, says):
    for verb in ("decide", "ask"):
        args = ("rules", verb, "W1", "--on", "2030-03-01", "--facts")
        fault(run(*args, facts_file(data)), *says)


def test_what_decide_wants(run, facts_file, tmp_path):
    fault(run("rules", "decide", "W1"), "give a RULE and --facts FILE")
    fault(run("rules", "decide", "--facts", facts_file({})), "give a RULE and --facts FILE")
    fault(run("rules", "decide", "W1", "--cases", "x.jsonl"), "omit RULE, --on and --facts")
    cases = ("--cases", "x.jsonl", "--on", "2030-03-01")
    fault(run("rules", "decide", *cases), "omit RULE, --on and --facts")
    fault(run("rules", "decide", "W1", "--facts", str(tmp_path / "none.json")), "none.json")
    fault(run("rules", "decide", "W1", "--facts", str(tmp_path)), str(tmp_path))
    fault(run("rules", "decide", "", "--facts", facts_file({})), "empty")


# decide --cases.


def test_cases_are_answered_in_order_with_faults_by_line(run, law_cases, tmp_path):
    lines = law_cases.read_text(encoding="utf-8").splitlines()
    wanted = [json.loads(line) for line in lines]
    answered = good(run("rules", "decide", "--cases", str(law_cases)))
    found = [json.loads(line) for line in answered.splitlines()]
    assert [item["id"] for item in found] == [case["id"] for case in wanted]
    for item, case in zip(found, wanted, strict=True):
        assert list(item) == ["id", *KEYS]
        expect = case["expect"]
        assert item["decision"] in {expect["decision"], expect.get("alternative")}
    bad = [
        lines[0],
        "{",
        "",
        '{"id": 7, "rule": "W1"}',
        "[1]",
        '{"id": 8, "rule": "X", "on": "2030-03-01", "facts": {}}',
        '{"id": 9, "rule": "W1", "on": "soon", "facts": {}}',
        '{"id": 10, "rule": "W1", "on": "2030-03-01", "facts": {"age": "x", "agee": 1}}',
        lines[1],
    ]
    result = run("rules", "decide", "--cases", "-", stdin="\n".join(bad))
    assert result.exit_code == 2
    assert result.stderr == "error: 6 cases with faults\n"
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [item["id"] for item in told] == ["bor-001", None, None, None, 8, 9, 10, "bor-002"]
    assert "row 2" in told[1]["errors"][0]
    assert [len(item.get("errors", [])) for item in told] == [0, 1, 2, 1, 1, 1, 2, 0]


def test_cases_that_cannot_be_read(run, tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_bytes(b"\xff\n")
    fault(run("rules", "decide", "--cases", str(path)), "not UTF-8")
    fault(run("rules", "decide", "--cases", str(tmp_path / "none")), "none")
    path.write_bytes(b"")
    assert good(run("rules", "decide", "--cases", str(path))) == ""


@pytest.fixture
def law_cases(fictional) -> Path:
    return Path(str(fictional.folder)) / "law" / "cases.jsonl"


# paths, ask.


def test_all_pathways_at_once(run, facts_file):
    path = facts_file({"in_person": True, "trade": "ferryman"})
    rows = json.loads(
        good(run("rules", "paths", "--on", "2030-05-01", "--facts", path, "--json"))
    )
    assert [row["rule"] for row in rows[:2]] == ["LN@office", "LN@ferry"]
    assert list(rows[0]) == KEYS
    text = good(run("rules", "paths", "--on", "2030-05-01", "--facts", path))
    assert text.splitlines()[0].split() == ["rule", "decision", "not", "met", "would", "need"]


def test_an_interview_asks_until_it_is_decided(run):
    replies = ["no", "boatman", "--5", "9" * 5_000, "30", "maybe", "yes", "900; 900 ;900"]
    replies += ["30 May", "2030-01-01"]
    args = ("rules", "ask", "W1", "--on", "2030-03-01", "--json")
    result = run(*args, stdin="\n".join(replies) + "\n")
    plain = json.loads(good(result))
    assert plain["decision"] == "eligible"
    assert plain["next_question"] is None
    assert "Not understood: no day; write the day as 2025-01-15" in result.stderr
    assert "Not understood: neither true nor false" in result.stderr
    assert "Were you born on the islands?" in result.stderr


def test_an_interview_can_be_skipped_and_stopped(run, facts_file):
    args = ("rules", "ask", "W1", "--on", "2030-03-01", "--json")
    skipped = run(*args, stdin="?\n\nне знаю\nunknown\n?\n?\n?\n?\n")
    assert json.loads(good(skipped))["decision"] == "undetermined"
    stopped = run(*args, stdin="q\n")
    assert json.loads(good(stopped))["decision"] == "undetermined"
    ended = run(*args, stdin="no\n")
    assert json.loads(good(ended))["decision"] == "undetermined"
    facts = facts_file({**WORKER, "age": None})
    known = run(*args, "--facts", facts, stdin="30\n")
    assert json.loads(good(known))["decision"] == "eligible"
    text = good(run(*args[:-1], "--lang", "kk", "--facts", facts, stdin="30\n"))
    assert text.startswith("W1  Шамшы рұқсаты")


def test_an_interview_in_russian_takes_russian_words(run):
    args = ("rules", "ask", "LN@office", "--on", "2030-03-01", "--json", "--lang", "ru")
    assert json.loads(good(run(*args, stdin="Да\n")))["decision"] == "eligible"
    assert json.loads(good(run(*args, stdin="нет\n")))["decision"] == "ineligible"
    fault(run("rules", "ask", "LN@offce"), "no such rule")


# check.


def test_a_good_law_has_no_findings(run):
    assert good(run("rules", "check")).splitlines() == ["7 rules, 0 findings"]
    assert json.loads(good(run("rules", "check", "--json"))) == []


def test_findings_are_exit_code_1_with_their_places(run, tmp_path):
    cases = tmp_path / "cases.jsonl"
    cases.write_text("")
    result = run("rules", "check", "--cases", str(cases))
    assert result.exit_code == 1
    assert (
        "work.yaml:31: W1.wage: untried: no case in which it is failed or met" in result.stdout
    )
    assert result.stdout.splitlines()[-1].startswith("7 rules, ")
    cases.write_text("{\n")
    fault(run("rules", "check", "--cases", str(cases)), "cases.jsonl, row 1: no case")
    cases.write_bytes(b"\xff")
    fault(run("rules", "check", "--cases", str(cases)), "not UTF-8")
    fault(run("rules", "check", "--cases", str(tmp_path / "none")), "none")


# population, compare.


PEOPLE = """\
id,wage,trade,age,course_ended,lamp_key,islander
1,900;900;900,clockmaker,30,2030-01-01,true,
2,899;900;900,clockmaker,30,2030-01-01,true,
3,,poet,30,2030-01-01,true,
"""


def test_a_population_in_csv_and_parquet(run, tmp_path):
    source, out = tmp_path / "people.csv", tmp_path / "out.csv"
    source.write_text(PEOPLE)
    args = ("rules", "population", "W1", str(source), "--on", "2030-03-01", "-o")
    result = run(*args, str(out))
    assert "eligible" in good(result)
    assert "kept, no facts: id" in result.stderr
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["decision"], row["failed"]) for row in rows] == [
        ("1", "eligible", ""),
        ("2", "ineligible", "wage"),
        ("3", "ineligible", "trade"),
    ]
    parquet = tmp_path / "out.parquet"
    plain = json.loads(good(run(*args, str(parquet), "--json")))
    assert plain["decisions"] == {"eligible": 1, "ineligible": 2}
    assert pa_parquet.read_table(parquet)["decision"].to_pylist() == [
        "eligible",
        "ineligible",
        "ineligible",
    ]


def test_a_population_of_parquet_without_all_columns(run, tmp_path):
    source, out = tmp_path / "people.parquet", tmp_path / "out.csv"
    pa_parquet.write_table(pa.table({"wage": [[900, 900, 900], None], "age": [30, 3]}), source)
    result = run("rules", "population", "W1", str(source), "--on", "2030-03-01", "-o", str(out))
    good(result)
    assert "unknown for everybody (no column): savings, debts, islander, trade" in result.stderr
    assert out.read_text(encoding="utf-8").splitlines()[1].startswith('"900;900;900",30,"undet')


def test_bad_populations_leave_nothing_behind(run, tmp_path):
    source, out = tmp_path / "people.csv", tmp_path / "out.csv"
    args = ("rules", "population", "W1", str(source), "--on", "2030-03-01", "-o", str(out))
    fault(run(*args), "no such file")
    for text, says in [
        ("", "people.csv"),
        ("shoe\n1\n", "no column is a fact"),
        (PEOPLE.replace("899", "few"), "people.csv, row 3, column wage: cannot be read"),
        ("age,decision\n1,2\n", "the table has a column of this name"),
        ("age,Failed\n1,2\n", "column Failed: the table has a column of this name"),
        ("age,_blocking\n1,2\n", "column _blocking: the table has a column of this name"),
    ]:
        source.write_text(text)
        fault(run(*args), says)
        assert list(tmp_path.iterdir()) == [source]
    fault(run(*args[:-1], str(tmp_path / "out.xlsx")), "out.xlsx")


def test_a_reform_is_compared(run, tmp_path):
    source, reform = tmp_path / "people.csv", tmp_path / "reform.yaml"
    source.write_text(PEOPLE)
    reform.write_text(
        "title: Less\nchanges:\n  - {parameter: wage_min, from: 2030-05-01, value: 899}\n"
    )
    (plain,) = json.loads(good(run("rules", "compare", str(reform), str(source), "--json")))
    assert (plain["rule"], plain["on"]) == ("W1", "2030-05-01")
    assert (plain["people"], plain["gains"], plain["loses"], plain["same"]) == (3, 1, 0, 2)
    text = good(run("rules", "compare", str(reform), str(source), "--by", "trade"))
    assert text.startswith("W1 on 2030-05-01: 1 gain, 0 lose, 2 as before\n")
    assert "-wage" in text
    before = run("rules", "compare", str(reform), str(source), "--on", "2030-04-30", "--json")
    assert json.loads(good(before))[0]["gains"] == 0
    fault(run("rules", "compare", str(reform), str(source), "--by", "x"), "no such column")
    fault(run("rules", "compare", str(reform), str(source), "--on", "2200-01-01"), "no law of")
    source.write_text(PEOPLE.replace("id,", "people,").replace(",age", ",before_decision"))
    asked = run("rules", "compare", str(reform), str(source), "--by", "people", "--json")
    assert len(json.loads(good(asked))[0]["groups"]) == 3
    source.write_text(PEOPLE)
    fault(run("rules", "compare", str(reform), str(source), "--rule", "X"), "no such rule")
    reform.write_text("title: Less\nchanges:\n  - {parameter: wage, from: 2030-05-01}\n")
    fault(run("rules", "compare", str(reform), str(source)), "reform.yaml, row 3, column 17")


def test_a_page_of_the_law_is_written(run, tmp_path):
    out = tmp_path / "page"
    result = run(
        "rules", "page", "--on", "2030-05-01", "-o", str(out), "--lang", "ru", "--json"
    )
    files = [Path(name) for name in json.loads(good(result))]
    assert files
    assert all(path.is_file() for path in files)


# Countries and languages.


def test_a_country_without_law_and_a_faulty_law(tmp_path):
    (tmp_path / "country.toml").write_text('code = "XBP"\n')
    where = ("--country", str(tmp_path))
    call = CliRunner().invoke
    fault(call(main, ["rules", "list", *where]), "no folder of law files")
    law = tmp_path / "law"
    law.mkdir()
    (law / "rule.yaml").write_text("rules:\n  - {rule: R}\n  - {rule: Q, kind: odd}\n")
    result = call(main, ["rules", "list", *where])
    fault(result, "rule.yaml, row 2, column 5", "rule.yaml, row 3, column 5")
    fault(call(main, ["iin", "check", "1", *where]), "rule.yaml")
    (law / "rule.yaml").unlink()
    (law / "acts.yaml").write_text("act: {title: x, kind: law}\n")
    fault(call(main, ["iin", "check", "1", *where]), "no numbers are known of this country")
    fault(
        call(main, ["iin", "impossible", "1", *where]), "no numbers are known of this country"
    )


def test_today_is_asked_for_unless_a_day_is_given(run):
    rows = json.loads(good(run("rules", "show", "S", "--json")))
    assert rows["on"] == date.today().isoformat()


# iin.


def test_numbers_are_checked(run):
    text = good(run("iin", "check", "2000004"))
    assert text.splitlines()[0] == "2000004  valid: The check digit is right."
    assert "Position 3 does not enter" in text
    result = run("iin", "check", "2000004", "2000005", "20000O4", "1", "1002090", "--json")
    assert result.exit_code == 1
    plain = json.loads(result.stdout)
    assert [list(item) for item in plain] == [["iin", "decision", "reason", "notes"]] * 5
    assert [item["decision"] for item in plain] == ["valid", *["invalid"] * 4]
    assert plain[3]["reason"] == "It must have exactly 7 digits."
    ru = run("iin", "check", "2000005", "--lang", "ru")
    assert ru.exit_code == 1
    assert "2000005  invalid: " in ru.stdout
    fault(run("iin", "check", ""), "empty")
    assert run("iin", "check").exit_code == 2


def test_numbers_from_standard_input(run):
    result = run("iin", "check", "-", stdin="2000004\r\n\n2000005\n ٢000004\n")
    assert result.exit_code == 1
    assert [line.split()[1] for line in result.stdout.splitlines() if line[:4] != "    "] == [
        "valid:",
        "invalid:",
        "invalid:",
    ]
    many = ["2000004"] * 1_000 + ["2000005", "x" * 10_000]
    result = run("iin", "check", "-", stdin="\n".join(many))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "2000004\tvalid"
    assert lines[-2] == "2000005\tcheck_digit"
    assert lines[-1].endswith("\tdigits")
    assert good(run("iin", "check", "-", stdin="")) == ""


def test_numbers_that_nobody_can_have(run):
    numbers = good(run("iin", "impossible", "20")).split()
    assert len(set(numbers)) == 20
    good(run("iin", "check", *numbers))
    assert numbers == good(run("iin", "impossible", "20", "--seed", "0")).split()
    assert numbers != good(run("iin", "impossible", "20", "--seed", "1")).split()
    assert run("iin", "impossible", "0").exit_code == 2
    assert run("iin", "impossible", "many").exit_code == 2
    negative = run("iin", "impossible", "1", "--seed", "-1")
    assert negative.exit_code == 2
    assert "unforeseen" not in negative.stderr
