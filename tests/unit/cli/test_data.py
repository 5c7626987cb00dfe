import csv
import json
import re
import shutil
import subprocess
import sys
import tracemalloc
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest
from click.testing import CliRunner, Result

from qonys.cli import data as data_noun
from qonys.cli import main
from qonys.core.observations import SCHEMA, Observations
from qonys.observations import export as export_room
from qonys.observations import reconcile
from qonys.observations.reading import View
from qonys.observations.reconcile import KINDS

REVISED = "emigrants:XBO:WORLD:2024"


@pytest.fixture
def folder(fictional) -> str:
    return str(fictional.folder)


@pytest.fixture
def run(tmp_path, folder):
    """`qonys data ...` on the invented country, with a store of one's own."""

    def call(*args: str, country: str = folder, store: str = "") -> Result:
        noun, verb, *rest = args
        where = [] if verb == "codes" else ["--store", store or str(tmp_path / "store")]
        return invoke(noun, verb, *rest, "--country", country, *where)

    return call


def invoke(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def good(result: Result) -> Result:
    assert result.exit_code == 0, result.output
    return result


def fault(result: Result, *says: str) -> str:
    """One line a fault on standard error, exit code 2, never a traceback."""
    assert result.exit_code == 2, result.output
    lines = result.stderr.splitlines()
    assert lines
    assert all(line.startswith("error: ") for line in lines), result.stderr
    for text in ("Traceback", "unforeseen"):
        assert text not in result.output
    for text in says:
        assert text in result.stderr
    return result.stderr


@pytest.fixture
def clean(fictional, tmp_path) -> str:
    """The invented country without what disagrees: no provisional and no unreliable rows."""
    folder = Path(shutil.copytree(str(fictional.folder), tmp_path / "clean"))
    without = {"observations/flows.csv": (",P,", ",8600,"), "corrections.csv": ("xbo-002",)}
    for name, marks in without.items():
        lines = Path(folder, name).read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not any(mark in line for mark in marks)]
        Path(folder, name).write_text("".join(kept), "utf-8")
    return str(folder)


def test_alone_it_shows_three_examples():
    text = good(invoke()).stdout
    examples = [line for line in text.splitlines() if line.startswith("  qonys ")]
    assert len(examples) == 3
    assert "qonys --help" in text


def test_help_lists_every_noun_in_a_line():
    text = good(invoke("--help")).stdout
    for noun in ("brief", "data", "doctor"):
        assert f"\n  {noun}" in text


def test_every_verb_has_help():
    names = ["list", "show", "check", "diff", "add", "pull", "retract"]
    names += ["vintages", "codes", "export"]
    text = good(invoke("data", "--help")).stdout
    for verb in names:
        assert f"\n  {verb}" in text
        assert "--help" in good(invoke("data", verb, "--help")).stdout


def test_list_as_json_has_the_columns_of_the_data_model(run):
    rows = json.loads(good(run("data", "list", "--json")).stdout)
    assert len(rows) == 60  # 67 less 3 provisional, 3 rivals and 1 copy
    assert all(set(row) == {*SCHEMA.names, "certainty"} for row in rows)
    assert all(name == name.lower() for name in rows[0])


def test_list_narrows(run):
    args = ("--measure", "emigrants", "--area", "the Coast", "--period", "2024", "--json")
    (row,) = json.loads(good(run("data", "list", *args)).stdout)
    assert (row["ref_area"], row["obs_value"], row["time_period"]) == ("XB-C", 2004, "2024")


def test_list_takes_names_and_any_spelling_of_a_period(run):
    args = ("--partner", "германия", "--period", "2024-01/2024-12", "--json")
    (row,) = json.loads(good(run("data", "list", *args)).stdout)
    assert (row["counterpart_area"], row["obs_value"]) == ("DEU", 1044)


def test_list_all_vintages(run):
    args = ("--measure", "emigrants", "--area", "XBO", "--partner", "WORLD", "--period", "2024")
    preferred = json.loads(good(run("data", "list", *args, "--json")).stdout)
    every = json.loads(good(run("data", "list", *args, "--all-vintages", "--json")).stdout)
    assert [row["obs_value"] for row in preferred] == [4718]
    assert [row["obs_value"] for row in every] == [4718, 4760]


def test_list_as_of(run):
    args = ("--measure", "emigrants", "--period", "2024", "--area", "XBO", "--partner", "WORLD")

    def on(day: str) -> list[tuple[float, str]]:
        rows = json.loads(good(run("data", "list", *args, "--as-of", day, "--json")).stdout)
        return [(row["obs_value"], row["certainty"]) for row in rows]

    assert on("2025-02-09") == []
    assert on("2025-02-10") == [(4760, "known")]
    assert on("2025-03-15") == [(4760, "known")]  # the final one is perhaps out
    assert on("2025-03-31") == [(4718, "known")]


def test_list_for_people_names_doubts(run):
    text = good(run("data", "list", "--measure", "emigrants")).stdout
    assert REVISED in text
    assert "4,718" in text
    assert "~1,100" in text


def test_list_of_a_former_unit_says_that_borders_changed(run):
    text = good(run("data", "list", "--area", "XB-U")).stdout
    assert "Borders changed" in text
    assert "XB-VAL" in text


def test_list_of_nothing_is_good_and_says_so(run):
    assert "No figures" in good(run("data", "list", "--period", "1950")).stdout
    assert json.loads(good(run("data", "list", "--period", "1950", "--json")).stdout) == []


def test_list_of_nothing_says_what_to_try(run):
    text = good(run("data", "list", "--area", "XBO", "--period", "1950")).stdout
    assert "another --area or --period, or fewer conditions" in text
    assert "codes" not in text
    assert "later --as-of" in good(run("data", "list", "--as-of", "1950-01-01")).stdout


def test_list_counts_its_rows_once(run):
    args = ("--measure", "emigrants", "--area", "the Coast", "--period", "2024")
    text = good(run("data", "list", *args)).stdout
    assert text.count("1 row. ") == 1
    assert "rows" not in text
    assert good(run("data", "list")).stdout.count("60 rows. ") == 1


def test_json_of_a_long_list_is_never_wholly_in_memory(raw_row):
    row = {**raw_row(note="x" * 200), "freq": "A", "low": 1.0, "high": 1.0}
    row = {"released_from": None, "released_to": None, **row}
    rows = Observations(pa.Table.from_pylist([row] * 20_000, schema=SCHEMA))
    records = data_noun._records(rows)
    tracemalloc.start()
    try:
        assert next(records)["obs_value"] == 4000
        assert tracemalloc.get_traced_memory()[1] < 8_000_000  # all of them: 30 million
    finally:
        tracemalloc.stop()
    assert 1 + sum(1 for _ in records) == 20_000


def test_show(run):
    text = good(run("data", "show", REVISED)).stdout
    assert text.index("4,718 person") < text.index("4,760 person")
    assert text.count("<- preferred") == 1
    for part in ("Statistical Office of Borovia", "xbo-office@2025-02-10", "status P"):
        assert part in text


def test_show_says_what_a_rounded_figure_stands_for_and_whom_it_repeats(run):
    text = good(run("data", "show", "emigrants:XBO:WORLD:2025-01/2025-04")).stdout
    assert "stands for 1,050 to 1,200" in text
    assert "repeats herald:2025-05" in text


def test_show_says_in_words_when_a_figure_became_public(run):
    text = good(run("data", "show", REVISED)).stdout
    assert "xbo-office@2025-02-10, status P, public on 2025-02-10\n" in text
    narrowed = "xbo-office@2025-03-20, status A, public between 2025-03-01 and 2025-03-31"
    assert f"{narrowed} (inferred)\n" in text
    text = good(run("data", "show", REVISED, "--as-of", "2025-03-15")).stdout
    assert f"{narrowed} (inferred), perhaps public on that day\n" in text
    text = good(run("data", "show", "population:XBO:WORLD:2024-01-01")).stdout
    assert "public between 2024-02-01 and 2024-02-28 (inferred)\n" in text


def test_show_says_that_a_release_day_is_unknown(run):
    rows = json.loads(good(run("data", "list", "--all-vintages", "--json")).stdout)
    (row,) = (row for row in rows if row["source"] == "courier" and not row["released_to"])
    cell = ":".join(
        row[name] for name in ("measure", "ref_area", "counterpart_area", "time_period")
    )
    assert "release day unknown, not before " in good(run("data", "show", cell)).stdout


def test_show_without_a_breakdown_shows_no_breakdown(store, kaz):
    where = ("--store", str(store.home), "--json")
    rows = json.loads(good(invoke("data", "show", "emigrants:KAZ:WORLD:2025", *where)).stdout)
    assert {row["sex"] for row in rows} == {"_T"}
    one = "emigrants:KAZ:WORLD:2025:sex=F"
    rows = json.loads(good(invoke("data", "show", one, *where)).stdout)
    assert {row["sex"] for row in rows} == {"F"}


def test_show_nothing_is_a_finding(run):
    result = run("data", "show", "emigrants:XBO:WORLD:1950")
    assert result.exit_code == 1
    assert "Nothing known" in result.stdout


def test_check_has_findings(run):
    result = run("data", "check", "--json")
    assert result.exit_code == 1
    kinds = [finding["kind"] for finding in json.loads(result.stdout)]
    assert sorted(kinds) == ["revision", "revision", "revision", "rival", "unreliable"]


def test_check_of_a_kind_without_findings_is_good(run):
    assert "No findings" in good(run("data", "check", "--kind", "balance")).stdout


def test_check_of_an_unknown_kind_lists_the_kinds(run):
    text = fault(run("data", "check", "--kind", "nope"), "--kind", "nope")
    assert all(kind in text for kind in KINDS)


def test_every_kind_of_finding_is_listed(run, kaz, store):
    source = Path(reconcile.__file__).read_text("utf-8")
    said = set(re.findall(r'(?:Finding|_against)\(\s*"(\w+)"', source))
    said |= set(re.findall(r'"(\w+)" if revision else "(\w+)"', source)[0])
    assert said == set(KINDS)
    found = {finding.kind for finding in reconcile.check_country(View(store, kaz))}
    assert found <= set(KINDS)


def test_check_of_a_clean_country_is_good(run, clean):
    result = good(run("data", "check", country=clean))
    assert "No findings" in result.stdout
    assert json.loads(good(run("data", "check", "--json", country=clean)).stdout) == []


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("net_migration,XBO,WORLD,2023,137", "net_migration,XBO,WORLD,2023,138", "balance"),
        ("emigrants,XB-C,WORLD,2024,2004", "emigrants,XB-C,WORLD,2024,2005", "regions"),
        ("population,XB-N,WORLD,2018-01-01,301200", "population,XB-N,WORLD,2018-01-01,301201",
         "regions"),
        ("emigrants,XBO,WORLD,2019,8200", "emigrants,XBO,WORLD,2019,8100", "rival"),
    ],
)  # fmt: skip
def test_check_finds_one_changed_figure(run, clean, old, new, kind):
    for path in Path(clean, "observations").iterdir():
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    result = run("data", "check", "--json", country=clean)
    assert result.exit_code == 1
    (finding,) = json.loads(result.stdout)
    assert (finding["kind"], finding["severity"]) == (kind, "error")


def test_diff(run):
    result = run("data", "diff", "xbo-office@2025-02-10", "xbo-office@2025-03-20", "--json")
    assert result.exit_code == 1
    changes = {change["cell"]: change for change in json.loads(result.stdout)}
    assert changes[REVISED]["change"] == "revised"
    assert (changes[REVISED]["before"], changes[REVISED]["after"]) == (4760, 4718)
    assert changes["emigrants:XBO:WORLD:2010"]["change"] == "added"
    same = run("data", "diff", "2025-02-10", "2025-02-10")
    assert "No differences" in good(same).stdout


def test_diff_of_empty_vintages_names_both(run):
    text = fault(run("data", "diff", "", " "), "OLD: empty", "NEW: empty")
    assert len(text.splitlines()) == 2


def test_diff_of_unknown_releases_names_both(run):
    text = fault(run("data", "diff", "2031-01-01", "2032-01-01"), "2031-01-01", "2032-01-01")
    assert len(text.splitlines()) == 2


def test_retract_hides(run):
    out = good(run("data", "retract", "xbo-office@2025-03-20", "--reason", "wrong file")).stdout
    assert "wrong file" in out
    (row,) = json.loads(good(run("data", "show", REVISED, "--json")).stdout)
    assert row["obs_value"] == 4760
    rows = json.loads(good(run("data", "vintages", "--json")).stdout)
    retracted = {row["vintage"]: row["retracted"] for row in rows}
    assert retracted["xbo-office@2025-03-20"] == "wrong file"
    assert retracted["xbo-office@2025-02-10"] == ""


def test_vintages(run):
    rows = json.loads(good(run("data", "vintages", "--json")).stdout)
    assert {row["vintage"]: row["rows"] for row in rows} == {
        "courier@2020": 1,
        "courier@2025-05": 1,
        "courier@undated": 1,
        "herald@2020-04-02": 1,
        "herald@2025-05-14": 4,
        "xbo-office@2025-02-10": 3,
        "xbo-office@2025-03-20": 47,
        "xbo-office@undated": 9,
    }
    assert "xbo-office@2025-03-20" in good(run("data", "vintages")).stdout


def test_a_retraction_in_one_country_shows_in_no_other(run, store, kaz, tmp_path):
    home = str(shutil.copytree(store.home, tmp_path / "both"))
    good(run("data", "retract", "undated", "--reason", "no day", store=home))
    rows = json.loads(good(invoke("data", "vintages", "--store", home, "--json")).stdout)
    assert not [row for row in rows if row["retracted"]]


def test_codes(run):
    rows = json.loads(good(run("data", "codes", "area", "--lang", "ru", "--json")).stdout)
    assert {"code": "XB-C", "name": "Побережье"} in rows
    assert "herald" in good(run("data", "codes", "source")).stdout
    assert "emigrants" in good(run("data", "codes")).stdout
    assert "F" in good(run("data", "codes", "sex")).stdout
    fault(run("data", "codes", "shoe"), "no such list", "measure")


@pytest.mark.parametrize("form", ["csv", "parquet", "sdmx-csv"])
def test_export(run, tmp_path, form):
    path = tmp_path / "out" / f"figures.{form}"
    good(run("data", "export", "-o", str(path), "--format", form, "--all-vintages"))
    if form == "parquet":
        rows = pa_parquet.read_table(path).to_pylist()
    else:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    assert len(rows) == 67
    upper = form == "sdmx-csv"
    columns = [name.upper() if upper else name for name in SCHEMA.names]
    if upper:
        columns[columns.index("UNIT")] = "UNIT_MEASURE"
        assert list(rows[0])[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    assert set(columns) <= set(rows[0])
    value = "OBS_VALUE" if upper else "obs_value"
    assert sum(float(row[value]) for row in rows) > 2_000_000
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_export_takes_the_format_from_the_ending(run, tmp_path):
    path = tmp_path / "figures.parquet"
    good(run("data", "export", "-o", str(path)))
    assert pa_parquet.read_table(path).num_rows == 60


def test_export_to_an_unknown_ending_is_a_fault(run, tmp_path):
    for name in ("x.json", "figures", "x.csv.gz"):
        path = tmp_path / name
        fault(run("data", "export", "-o", str(path)), name, ".csv, .parquet", "--format")
        assert not path.exists()
    path = tmp_path / "x.dat"
    good(run("data", "export", "-o", str(path), "--format", "csv"))
    assert path.read_text("utf-8").startswith('"measure",')
    good(run("data", "export", "-o", str(tmp_path / "X.CSV")))


def test_export_to_a_folder_is_a_fault(run, tmp_path):
    result = run("data", "export", "-o", str(tmp_path), "--format", "csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is a directory" in result.stderr


def test_export_as_json(run, tmp_path):
    path = tmp_path / "figures.csv"
    report = json.loads(good(run("data", "export", "-o", str(path), "--json")).stdout)
    assert report == {"file": str(path), "rows": 60, "format": "csv"}


def test_two_exports_are_equal_byte_by_byte(run, tmp_path):
    paths = [tmp_path / name for name in ("a.csv", "b.csv")]
    for number, path in enumerate(paths):
        good(run("data", "export", "-o", str(path), store=str(tmp_path / f"store{number}")))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_failed_export_leaves_the_old_file_and_no_other(run, tmp_path, monkeypatch):
    path = tmp_path / "out" / "figures.csv"
    path.parent.mkdir()
    path.write_text("old", encoding="utf-8")

    def full(table, where):
        where.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device", str(where))

    monkeypatch.setattr(export_room, "_write_csv", full)
    fault(run("data", "export", "-o", str(path)), "No space left")
    assert path.read_text("utf-8") == "old"
    assert [entry.name for entry in path.parent.iterdir()] == ["figures.csv"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("data", "list", "--measure", "emigrans"), ["emigrans", "emigrants"]),
        (("data", "list", "--area", "Cost"), ["Cost", "XB-C"]),
        (("data", "list", "--partner", "Germny"), ["Germny", "DEU"]),
        (("data", "list", "--area", "the Valley"), ["ambiguous", "XB-U", "XB-VAL"]),
        (("data", "list", "--period", "2024-13"), ["2024-13", "2025-01/2025-04"]),
        (("data", "list", "--as-of", "yesterday"), ["yesterday", "2025-05-20"]),
        (("data", "check", "--as-of", "2025-02-30"), ["2025-02-30"]),
        (("data", "export", "-o", "x.csv", "--as-of", "soon"), ["soon"]),
        (("data", "show", "emigrants"), ["not a cell", "emigrants:KAZ:WORLD:2024"]),
        (("data", "show", "emigrans:XBO:WORLD:2024"), ["emigrans", "emigrants"]),
        (("data", "show", "emigrants:XBO:WORLD:2024:sex=FEMALE"), ["FEMALE"]),
        (("data", "show", "emigrants:XBO:WORLD:2024:shoe=41"), ["shoe", "citizenship"]),
        (("data", "retract", "2031-01-01", "--reason", "x"), ["2031-01-01", "vintages"]),
        (("data", "retract", "2025-02-10", "--reason", " "), ["reason"]),
        (("data", "list", "--as-of", "2025-W20-2"), ["2025-W20-2", "2025-05-20"]),
        (("data", "list", "--measure", ""), ["--measure", "empty"]),
        (("data", "list", "--area="), ["--area", "empty"]),
        (("data", "list", "--as-of", " "), ["--as-of", "empty"]),
        (("data", "check", "--kind", ""), ["--kind", "empty"]),
        (("data", "add", "x.csv", "--option", ""), ["--option", "empty"]),
        (("data", "show", ""), ["CELL", "empty"]),
        (("data", "diff", "", "2025-02-10"), ["OLD", "empty"]),
        (("data", "add", "nowhere.csv"), ["nowhere.csv", "no such file"]),
    ],
)
def test_faults_are_one_line_with_the_way_out(run, args, says):
    assert len(fault(run(*args), *says).splitlines()) == 1


def test_almaty_alone_is_a_fault_that_names_both(store):
    where = ("--store", str(store.home))
    for args in (
        ("data", "list", "--area", "Almaty"),
        ("data", "show", "immigrants:Алматы:WORLD:2025-Q1"),
    ):
        fault(invoke(*args, *where), "ambiguous", "KZ-75", "KZ-19", "KZ-ALM")
    text = good(invoke("data", "show", "immigrants:Almaty city:WORLD:2025-Q1", *where)).stdout
    assert "687" in text


def test_an_unknown_country_is_a_fault(run):
    fault(run("data", "list", country="XYZ"), "XYZ", "KAZ")
    fault(run("data", "codes", country="XYZ"), "XYZ", "KAZ")


def test_every_fault_of_a_country_folder_has_its_line(run, clean):
    path = Path(clean, "observations/partners.csv")
    text = (
        path.read_text("utf-8").replace("RUS", "RUSS").replace("emigrants,XBO,DEU", "x,XBO,DEU")
    )
    path.write_text(text, "utf-8")
    lines = fault(run("data", "list", country=clean)).splitlines()
    assert len(lines) == 2
    assert all("partners.csv, row" in line and "column" in line for line in lines)


def test_the_store_can_be_named_before_and_after_the_noun(folder, tmp_path, monkeypatch):
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    monkeypatch.setenv("QONYS_HOME", str(third))
    tail = ("--country", folder)
    good(invoke("--store", str(first), "data", "vintages", *tail))
    assert (first / "manifest.json").exists()
    good(invoke("data", "vintages", "--store", str(second), *tail))
    assert (second / "manifest.json").exists()
    assert not third.exists()
    other = tmp_path / "other"
    good(invoke("--store", str(other), "data", "vintages", "--store", str(second), *tail))
    assert not other.exists()
    good(invoke("data", "vintages", *tail))
    assert (third / "manifest.json").exists()


def test_a_newer_store_is_a_fault(run, tmp_path):
    home = tmp_path / "newer"
    home.mkdir()
    manifest = {"format": 99, "files": [], "retractions": []}
    (home / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    fault(run("data", "list", store=str(home)), "newer Qonys", "--store DIR")


def test_a_broken_store_is_a_fault(run, tmp_path):
    home = tmp_path / "broken"
    home.mkdir()
    (home / "manifest.json").write_text("{", encoding="utf-8")
    fault(run("data", "list", store=str(home)), "manifest.json", "--store DIR")


def test_what_is_unforeseen_is_a_line_too(run, monkeypatch):
    import qonys.observations.reading as room

    def fail(*args, **kwargs):
        raise RuntimeError("the moon")

    monkeypatch.setattr(room, "read", fail)
    result = run("data", "list")
    assert result.exit_code == 2
    assert "something unforeseen: RuntimeError: the moon" in result.stderr
    assert "Traceback" not in result.output
    monkeypatch.setenv("QONYS_DEBUG", "1")
    assert isinstance(run("data", "list").exception, RuntimeError)


def test_doctor(folder, tmp_path):
    tail = ("--country", folder, "--store", str(tmp_path / "store"), "--json")
    result = invoke("doctor", *tail)
    report = json.loads(result.stdout)
    assert result.exit_code == (1 if report["missing"] else 0)
    assert report["rows"] == 67
    assert date.fromisoformat(report["newest_release"]) == date(2025, 5, 31)


def test_add_a_table_twice(run, tmp_path):
    """A file in our own column names: added once, known the second time."""
    path = tmp_path / "mine.csv"
    path.write_text(
        "measure,ref_area,counterpart_area,time_period,obs_value,unit,precision\n"
        "emigrants,XBO,WORLD,2025,4321,person,1\n"
        "emigrants,the Coast,Germany,2025,123,person,1\n",
        encoding="utf-8",
    )
    args = (str(path), "--source", "xbo-office", "--released", "2026-03-20", "--json")
    first = json.loads(good(run("data", "add", *args)).stdout)
    assert (first["rows"], first["already"]) == (2, False)
    second = json.loads(good(run("data", "add", *args)).stdout)
    assert second["already"]
    rows = json.loads(good(run("data", "list", "--period", "2025", "--json")).stdout)
    assert {(row["ref_area"], row["counterpart_area"], row["obs_value"]) for row in rows} == {
        ("XBO", "WORLD", 4321),
        ("XB-C", "DEU", 123),
    }


# Real processes: what a shell sees.


def shell(*args: str) -> subprocess.CompletedProcess:
    code = "import sys; from qonys.cli import main; main(sys.argv[1:], prog_name='qonys')"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *args],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_in_a_shell_a_fault_is_exit_code_2_and_no_traceback(store):
    answer = shell("--store", str(store.home), "data", "list", "--area", "Almaty")
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr.startswith("error: area is ambiguous")
    assert len(answer.stderr.splitlines()) == 1


def test_in_a_shell_findings_are_exit_code_1_and_good_is_0(store):
    where = ("--store", str(store.home), "--json")
    found = shell("data", "check", "--kind", "revision", *where)
    assert found.returncode == 1, found.stderr
    assert {finding["kind"] for finding in json.loads(found.stdout)} == {"revision"}
    listed = shell("data", "list", "--measure", "emigrants", "--partner", "RUS", *where)
    assert listed.returncode == 0, listed.stderr
    assert listed.stderr == ""
    assert json.loads(listed.stdout)


def test_a_pipe_that_closes_early_is_no_error(store):
    code = "import sys; from qonys.cli import main; main(sys.argv[1:])"
    lister = subprocess.Popen(
        [sys.executable, "-c", code, "data", "list", "--json", "--store", str(store.home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    lister.stdout.read(100)
    lister.stdout.close()
    error = lister.stderr.read()
    lister.stderr.close()
    assert lister.wait() == 0
    assert error == b""


def test_an_unknown_noun_is_a_usage_error():
    answer = shell("dta", "list")
    assert answer.returncode == 2
    assert "No such command 'dta'" in answer.stderr
