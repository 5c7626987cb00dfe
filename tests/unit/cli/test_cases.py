"""The commands `case` and `audit`, as `qonys oversight` holds them."""

import json

import pytest
from click.testing import CliRunner

from qonys.cli.cases import audit_group, case_group
from qonys.core.errors import DataError, StoreError
from qonys.oversight.case_roles import ConflictError, RefusedError

ALERT = {
    "alert": "A1",
    "account": "acc-7",
    "reasons": [
        {"sign": "shared_device", "says": "3 strangers", "client": {"en": "One telephone."}}
    ],
    "evidence": [{"name": "rows.csv", "sha256": "1" * 64, "about": "others"}],
}


@pytest.fixture
def run(tmp_path):
    """Run a verb on a store of its own as somebody."""

    def runs(verb, *arguments, role="analyst", name=None, unit="north", text=None):
        who = ["--actor", name or role.replace("_", "-"), "--role", role, "--unit", unit]
        where = ["--store", str(tmp_path / "cases.sqlite")]
        asked = [verb, *map(str, arguments), *who, *where]
        group = audit_group if verb == "export" else case_group
        answer = CliRunner().invoke(group, asked, input=text)
        if answer.exception is not None and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        return answer

    return runs


@pytest.fixture
def begun(run):
    """A store with one case."""
    answer = run("open", "-", text=json.dumps(ALERT))
    assert answer.output.startswith("C000001 version 1\nentry 1, head ")
    return run


def test_a_case_goes_its_way_at_the_command_line(begun, tmp_path):
    paper = tmp_path / "papers.pdf"
    paper.write_bytes(b"papers")
    one = "C000001"
    begun("assign", one, "--to", "analyst")
    begun("note", one, "--text", "asked at the branch")
    begun("evidence", one, paper, "--about", "client")
    begun("propose", one, "account", "--reason", "goes on", "--list", "gray")
    begun("approve", one, 1, role="approver")
    notice = begun("notice", one, "--lang", "ru", role="client_desk").output
    assert "Заработная плата, пенсии" in notice
    begun("tell", one, "--channel", "branch", "--lang", "ru", role="client_desk")
    begun("decide", one, "confirmed", "--reason", "papers", role="approver")
    begun("appeal", one, "--text", "It was rent.", role="client_desk")
    begun("review", one, "granted", "--answer", "It was rent.", role="reviewer")
    until = ["--rest-until", "2099-01-01"]
    with pytest.raises(DataError, match="no end of a rest"):
        begun("reverse", one, "--reason", "x", "--cleared", "gray", *until, role="reviewer")
    shown = json.loads(begun("show", one, "--json", role="auditor").output)
    assert (shown["status"], shown["version"]) == ("granted", 10)
    text = begun("show", one, role="client_desk").output
    assert "status: granted" in text
    assert "strangers" not in text
    listed = begun("list", "--status", "granted").output
    assert "C000001  granted" in listed
    assert listed.endswith("1 case\n")


def test_lift_feedback_close_and_reverse(begun):
    from datetime import date, timedelta

    one, day = "C000001", (date.today() + timedelta(days=90)).isoformat()
    begun("assign", one, "--to", "analyst")
    begun("propose", one, "limit", "--reason", "x", "--scope", "100", "--list", "gray")
    begun("lift", one, 1, "--reason", "rent")
    begun("decide", one, "confirmed", "--reason", "papers", role="approver")
    begun("feedback", one, "shared_device", "--until", day, role="approver")
    mend = ["--reason", "mistake", "--cleared", "gray", "--rest-until", day]
    begun("reverse", one, *mend, role="supervisor")
    answer = json.loads(begun("close", one, "--json").output)
    assert set(answer) == {"case", "version", "seq", "head", "repeated"}
    assert answer["version"] == 8


def test_a_key_is_done_once_and_a_stale_version_is_a_conflict(begun):
    first = json.loads(begun("note", "C000001", "--text", "x", "--key", "k", "--json").output)
    again = begun("note", "C000001", "--text", "x", "--key", "k")
    assert "C000001 version 2 (done before, not again)" in again.output
    assert first["head"] in again.output
    with pytest.raises(ConflictError, match="version 2, not 1"):
        begun("note", "C000001", "--text", "y", "--expect", 1)


def test_what_a_role_may_not_is_a_fault(begun):
    with pytest.raises(RefusedError, match="May: approver"):
        begun("approve", "C000001", 1)
    with pytest.raises(RefusedError, match="no such case in your unit"):
        begun("show", "C000001", unit="south")


def test_overdue_finds(begun):
    assert begun("overdue").exit_code == 0
    late = begun("overdue", "--at", "2999-01-01T00:00")
    assert late.exit_code == 1
    assert "overdue" in late.output
    with pytest.raises(DataError, match="no moment"):
        begun("overdue", "--at", "soon")


def test_the_trail_is_checked_and_exported(begun, tmp_path):
    begun("note", "C000001", "--text", "x")
    out = tmp_path / "trail.jsonl"
    told = begun("export", "-o", out, role="auditor").output
    assert "3 entries, head " in told
    head = told.rsplit(" ", 1)[1].strip()
    store = ["verify", "--store", str(tmp_path / "cases.sqlite")]
    for asked in (store, ["verify", str(out)]):
        answer = CliRunner().invoke(audit_group, [*asked, "--head", head])
        assert (answer.exit_code, answer.output) == (0, f"3 entries hold, head {head}\n")
    lines = out.read_text(encoding="ascii").splitlines(keepends=True)
    out.write_text(lines[0] + lines[1].replace("note", "view") + lines[2], encoding="ascii")
    answer = CliRunner().invoke(audit_group, ["verify", str(out)])
    assert answer.exit_code == 1
    assert answer.output.startswith("entry 2: what it says does not give its hash\n1 entry")
    out.write_text(lines[0], encoding="ascii")
    answer = CliRunner().invoke(audit_group, ["verify", str(out), "--head", head, "--json"])
    assert answer.exit_code == 1
    assert json.loads(answer.output)["broken"]["kind"] == "cut"


def test_an_export_that_is_refused_leaves_no_file(begun, tmp_path):
    before = set(tmp_path.iterdir())
    with pytest.raises(RefusedError):
        begun("export", "-o", tmp_path / "trail.jsonl")
    assert set(tmp_path.iterdir()) == before


def test_reading_makes_no_store(run, tmp_path):
    with pytest.raises(StoreError, match="no cases at"):
        run("list")
    assert not (tmp_path / "cases.sqlite").exists()


def test_all_faults_of_an_alert_are_told_at_once(run):
    wrong = {"account": 7, "reasons": [{"says": "x", "client": {"en": 1}}], "silent": "no"}
    with pytest.raises(DataError) as caught:
        run("open", "-", text=json.dumps(wrong))
    columns = {fault.column for fault in caught.value.faults}
    assert columns == {"alert", "account", "reasons[0].sign", "reasons[0].client", "silent"}
    with pytest.raises(DataError, match="not JSON"):
        run("open", "-", text="{")


def test_without_a_store_the_home_of_figures_holds_it(begun, tmp_path, monkeypatch):
    monkeypatch.setenv("QONYS_HOME", str(tmp_path / "home"))
    who = ["--actor", "anna", "--role", "analyst", "--unit", "north"]
    answer = CliRunner().invoke(case_group, ["open", "-", *who], input=json.dumps(ALERT))
    assert answer.exit_code == 0
    assert (tmp_path / "home" / "oversight" / "cases.sqlite").is_file()
    folder = tmp_path / "other"
    folder.mkdir()
    asked = ["open", "-", *who, "--store", str(folder)]
    assert CliRunner().invoke(case_group, asked, input=json.dumps(ALERT)).exit_code == 0
    assert (folder / "oversight" / "cases.sqlite").is_file()


@pytest.mark.parametrize("group", [case_group, audit_group])
def test_every_verb_and_option_has_a_sentence(group):
    for name, verb in group.commands.items():
        assert verb.help, name
        assert any("--json" in param.opts for param in verb.params), name
        for param in verb.params:
            if "--" in param.opts[0]:
                assert param.help, f"{name} {param.opts[0]}"
