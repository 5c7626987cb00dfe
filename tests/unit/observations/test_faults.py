"""A bad file reports all its faults at once, with file, row and column, and adds nothing."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qonys.core.country import Country
from qonys.core.errors import DataError, Fault, Rest
from qonys.observations.adding import add_file
from qonys.observations.store import open_store

HEAD = "measure,ref_area,time_period,obs_value,unit,precision,source,vintage,sex"
REST = ",person,1,xbo-office,2026-03-20,"


@pytest.fixture
def bor(fictional, tmp_path):
    return open_store(tmp_path / "bor", fictional)


def faults_of(bor, country, add_rows, rows):
    before = (bor.home / "manifest.json").read_bytes()
    files = sorted(path.name for path in bor.folder.iterdir())
    with pytest.raises(DataError) as caught:
        add_rows(bor, country, rows)
    assert (bor.home / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in bor.folder.iterdir()) == files
    return caught.value.faults


ONE = [
    ({"measure": "emigrans"}, "measure", "emigrants"),
    ({"ref_area": "XB-Z"}, "ref_area", "XB-"),
    ({"counterpart_area": "RU"}, "counterpart_area", "RUS"),
    ({"time_period": "2025-13"}, "time_period", "2025-01/2025-04"),
    ({"time_period": ""}, "time_period", "2024-Q1"),
    ({"time_period": None}, "time_period", "2024-Q1"),
    ({"sex": "FEMALE"}, "sex", ""),
    ({"obs_value": None}, "obs_value", "missing row"),
    ({"obs_value": float("nan")}, "obs_value", "missing row"),
    ({"obs_value": float("inf")}, "obs_value", "missing row"),
    ({"unit": ""}, "unit", "Every row needs one"),
    ({"unit": None}, "unit", "Every row needs one"),
    ({"unit": "people"}, "unit", ""),
    ({"obs_status": "Z"}, "obs_status", "Known: A, P"),
    ({"precision": 0.0}, "precision", ""),
    ({"precision": -1.0}, "precision", ""),
    ({"precision": None}, "precision", ""),
    ({"qualifier": "roughly"}, "qualifier", "about"),
    ({"source": "herold"}, "source", "sources.csv"),
    ({"vintage": "last spring"}, "vintage", "undated"),
    ({"vintage": None}, "vintage", "undated"),
    ({"vintage": "2025-02-30"}, "vintage", "undated"),
]


@pytest.mark.parametrize(("change", "column", "says"), ONE)
def test_one_fault_names_file_row_column_and_way_out(
    bor, fictional, raw_row, add_rows, change, column, says
):
    rows = [raw_row(row=2), raw_row(**({"counterpart_area": "DEU", "row": 3} | change))]
    (fault,) = faults_of(bor, fictional, add_rows, rows)
    assert (fault.file, fault.row, fault.column) == ("new.csv", 3, column)
    assert says in str(fault)


def test_all_faults_come_at_once(bor, fictional, raw_row, add_rows):
    rows = [raw_row(time_period="2001", row=1)] + [
        raw_row(**({"time_period": str(2000 + number)} | change | {"row": number}))
        for number, (change, _, _) in enumerate(ONE, 2)
    ]
    rows.append(raw_row(time_period="2001", row=99))
    faults = faults_of(bor, fictional, add_rows, rows)
    found = {(fault.column, fault.row) for fault in faults if fault.column}
    assert found == {(column, number) for number, (_, column, _) in enumerate(ONE, 2)}
    (twice,) = [fault for fault in faults if not fault.column]
    assert "a key stands 2 times, again in row 99" in str(twice)
    assert twice.row == 1


def test_a_duplicate_key_names_both_rows(bor, fictional, raw_row, add_rows):
    rows = [raw_row(row=5), raw_row(row=9, obs_value=1.0)]
    (fault,) = faults_of(bor, fictional, add_rows, rows)
    assert (fault.file, fault.row) == ("new.csv", 5)
    assert "again in row 9" in str(fault)
    assert "emigrants:XBO:WORLD:2025 xbo-office@2026-03-20" in str(fault)


def test_two_spellings_of_one_period_are_one_key(bor, fictional, raw_row, add_rows):
    rows = [raw_row(row=5), raw_row(row=9, time_period="2025-01/2025-12")]
    (fault,) = faults_of(bor, fictional, add_rows, rows)
    assert "a key stands 2 times" in str(fault)


def test_a_file_without_rows_is_a_fault(bor, fictional, add_rows):
    (fault,) = faults_of(bor, fictional, add_rows, [])
    assert "no rows" in str(fault)


def test_a_code_that_is_wrong_a_thousand_times_is_one_fault(bor, fictional, raw_row, add_rows):
    rows = [
        raw_row(measure="emigrans", time_period=f"{1900 + n % 100}-{1 + n // 100:02d}", row=n)
        for n in range(2, 1000)
    ]
    (fault,) = faults_of(bor, fictional, add_rows, rows)
    assert fault.row == 2
    assert "and 997 more rows" in str(fault)


def test_a_lower_case_code_is_not_taken_for_the_right_one(bor, fictional, raw_row, add_rows):
    (fault,) = faults_of(bor, fictional, add_rows, [raw_row(ref_area="xbo")])
    assert "Did you mean" in str(fault)
    assert "XBO" in str(fault)


@pytest.fixture
def refused(bor, fictional, tmp_path) -> Callable[..., tuple[Fault, ...]]:
    """Faults of a file that is not added; the store stays as it was."""

    def run(text: str, name: str = "bad.csv", **settings: object) -> tuple[Fault, ...]:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        before = (bor.home / "manifest.json").read_bytes()
        files = sorted(path.name for path in bor.folder.iterdir())
        with pytest.raises(DataError) as caught:
            add_file(bor, fictional, path, **settings)
        assert (bor.home / "manifest.json").read_bytes() == before
        assert sorted(path.name for path in bor.folder.iterdir()) == files
        return caught.value.faults

    return run


def places(faults: tuple[Fault, ...]) -> list[tuple[int | None, str]]:
    return [(fault.row, fault.column) for fault in faults]


def table(*lines: str, head: str = HEAD) -> str:
    return "\n".join([head, *lines]) + "\n"


def test_faults_of_every_phase_come_at_once_and_none_twice(refused):
    faults = refused(
        table(
            "emigrans,XBO,2001,1" + REST,
            "emigrants,Narnia,in May,many" + REST,
            "emigrants,XBO,2002,1" + REST,
            "emigrants,XBO,2003,1,person,0,xbo-office,2026-03-20,",
            "emigrants,XBO,2004,1" + REST,
            "emigrants,XBO,2004,2" + REST,
            "emigrnts,XBO,2005,many" + REST,
            "emigrants,XBO,2006,-5" + REST,
            "emigrants,XBO,2030,5" + REST,
            "emigrants,XBO,2007,5,person,1,xbo-office,soon,",
            "emigrants,Mordor,2008,5,people,fine,herold,2026-03-20,X",
            "emigrants,XBO,2009",
            ",XBO,2010,many,person,-1,xbo-office,2026-03-20,",
            "emigrunts,XBO,2011,…" + REST,
            "immigrants,XBO,later,-6,person,1,xbo-office,2026-03-20,",
        )
    )
    assert places(faults) == sorted(places(faults), key=lambda place: place[0] or 0)
    assert sorted(places(faults)) == sorted(
        [
            (2, "measure"),
            (3, "ref_area"),
            (3, "time_period"),
            (3, "obs_value"),
            (5, "precision"),
            (6, ""),
            (8, "measure"),
            (8, "obs_value"),
            (9, "obs_value"),
            (10, "vintage"),
            (11, "vintage"),
            (12, "ref_area"),
            (12, "unit"),
            (12, "precision"),
            (12, "source"),
            (12, "sex"),
            (13, ""),
            (14, "measure"),
            (14, "obs_value"),
            (14, "precision"),
            (16, "time_period"),
            (16, "obs_value"),
        ]
    )
    said = {(fault.row, fault.column): str(fault) for fault in faults}
    assert "unknown measure ('emigrans'). Did you mean emigrants" in said[2, "measure"]
    assert "again in row 7" in said[6, ""]
    assert "a count cannot be below zero ('-5.0')" in said[9, "obs_value"]
    assert "released before its period ends ('2026-03-20')" in said[10, "vintage"]
    assert "not a number ('fine')" in said[12, "precision"]
    assert "empty" in said[14, "measure"]
    assert "must be above 0 ('-1.0')" in said[14, "precision"]


def test_every_cell_of_one_row_is_named(refused):
    faults = refused(table("emigrans,Narnia,in May,many,people,0,herold,soon,X"))
    columns = {*HEAD.split(",")}
    assert len(faults) == len(columns)
    assert set(places(faults)) == {(2, column) for column in columns}


def test_a_key_stands_twice_though_one_of_its_numbers_is_unreadable(refused):
    faults = refused(table("emigrants,XBO,2001,1" + REST, "emigrants,XBO,2001,one" + REST))
    assert places(faults) == [(2, ""), (3, "obs_value")]


def test_rows_whose_key_is_not_known_are_no_duplicates(refused):
    faults = refused(table(*["emigrants,XBO,in May,1" + REST] * 3))
    assert places(faults) == [(2, "time_period"), (3, "time_period"), (4, "time_period")]


def test_a_column_that_is_not_known_hides_no_other_fault(refused):
    faults = refused(
        table(
            "emigrants,XBO,2001,1,person,M",
            "emigrants,XBO,2001,2,person,F",
            "emigrans,Narnia,2002,many,people,F",
            head="measure,ref_area,time_period,obs_value,unit,sexx",
        ),
        source="xbo-office",
        released="2026-03-20",
    )
    assert places(faults)[0] == (1, "sexx")
    columns = {"ref_area", "obs_value", "measure", "unit"}
    assert set(places(faults)[1:]) == {(4, column) for column in columns}
    assert len(faults) == 5


def test_a_constant_of_a_mapping_is_checked_with_the_rows(refused, tmp_path):
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[columns]\nref_area = "a"\ntime_period = "t"\nobs_value = "n"\n'
        '[constants]\nmeasure = "emigrans"\nunit = "person"\nprecision = "coarse"\n'
    )
    faults = refused(
        table("XBO,2001,1", "XBO,2002,many", head="a,t,n"),
        mapping=mapping,
        source="xbo-office",
        released="2026-03-20",
    )
    assert places(faults) == [(None, "precision"), (2, "measure"), (3, "n")]


def tree(*numbers: str) -> str:
    nodes = [
        {"id": 1, "text": "Боровия", f"y12{2001 + n}": number}
        for n, number in enumerate(numbers)
    ]
    return json.dumps([*nodes, {"id": 2, "text": "Боровия", "y122001": "7"}])


def test_faults_of_json_and_of_its_rows_come_together(refused):
    settings = {"reader": "taldau", "source": "xbo-office", "released": "2026-03-20"}
    faults = refused(
        tree("1", "many", "-5"),
        "bad.json",
        options={"measure": "emigrants", "unit": "people"},
        **settings,
    )
    assert places(faults) == [(1, "y122001"), (1, "unit"), (2, "y122002"), (3, "obs_value")]


def test_of_a_file_that_is_broken_only_the_reader_speaks(refused):
    settings = {"reader": "taldau", "source": "xbo-office", "released": "2026-03-20"}
    options = {"measure": "emigrans", "unit": "people"}
    faults = refused(tree("1", "many")[:-5], "bad.json", options=options, **settings)
    assert [str(fault).partition(": ")[2][:9] for fault in faults] == ["not a num", "not JSON:"]
    (fault,) = refused("measure,ref_area\nemigrans,XBO", "bad.csv")[:1]
    assert "no such column" in str(fault)


@pytest.mark.parametrize("which", ["measure", "area", "period", "all"])
def test_a_hundred_thousand_slips_are_quick_and_a_thousand_are_listed(refused, which):
    rows = 100_000
    text = table(
        *(
            ",".join(
                [
                    f"emigrants{n}" if which in {"measure", "all"} else "emigrants",
                    f"North Region {n}" if which in {"area", "all"} else "XBO",
                    f"{n}-13"
                    if which in {"period", "all"}
                    else f"{1100 + n // 120}-{n // 10 % 12 + 1:02d}-{n % 10 + 10}",
                    "1",
                ]
            )
            + REST
            for n in range(rows)
        )
    )
    started = time.monotonic()
    faults = refused(text)
    assert time.monotonic() - started < 20
    *first, rest = faults
    assert len(first) == 1000
    assert isinstance(rest, Rest)
    assert str(rest).startswith(("and ", "bad.csv: and "))
    assert rest.count == (3 if which == "all" else 1) * rows - 1000
    assert [fault.row for fault in first] == sorted(fault.row for fault in first)
    assert first[-1].row <= 1002
    assert first[0].row == 2


SIGNS = [
    ({"obs_value": -5.0}, ["obs_value"]),
    ({"measure": "population", "obs_value": -5.0}, ["obs_value"]),
    ({"measure": "survey_share", "unit": "percent", "obs_value": -0.5}, ["obs_value"]),
    ({"obs_value": 0.0}, []),
    ({"obs_value": -0.0}, []),
    ({"measure": "net_migration", "obs_value": -5.0}, []),
    ({"measure": "emigrants_change", "unit": "percent", "obs_value": -5.0}, []),
    ({"measure": "visa", "unit": "visa", "obs_value": -5.0}, []),
]


@pytest.mark.parametrize(("change", "columns"), SIGNS)
def test_only_what_is_signed_may_lie_below_zero(
    bor, fictional, raw_row, add_rows, change, columns
):
    if not columns:
        assert add_rows(bor, fictional, [raw_row(**change)]).rows == 1
        return
    faults = faults_of(bor, fictional, add_rows, [raw_row(**change)])
    assert [fault.column for fault in faults] == columns
    assert "a count cannot be below zero" in str(faults[0])


EARLY = [
    ({"time_period": "2025", "vintage": "2024-12-31"}, True),
    ({"time_period": "2025", "vintage": "2024"}, True),
    ({"time_period": "2025-06/..", "vintage": "2025-05"}, True),
    ({"measure": "population", "time_period": "2025-01-01", "vintage": "2024-12-31"}, True),
    ({"time_period": "2025", "vintage": "2025-12-30"}, True),
    ({"time_period": "2025", "vintage": "2025-12"}, False),
    ({"time_period": "2025-01/2025-04", "vintage": "2025-04-12"}, True),
    ({"time_period": "1991/2025-04", "vintage": "2025-04-12"}, False),
    ({"time_period": "2025", "vintage": "2025-05-12", "obs_status": "E"}, False),
    ({"time_period": "2025-06/..", "vintage": "2025"}, False),
    ({"time_period": "2025", "vintage": "undated"}, False),
    ({"time_period": "unspecified", "vintage": "1999"}, False),
    ({"time_period": "2025", "vintage": "2024", "obs_status": "F"}, False),
    ({"measure": "permits_quota", "unit": "permit", "vintage": "2024-12-24"}, False),
]


@pytest.mark.parametrize(("change", "wrong"), EARLY)
def test_a_count_is_not_released_before_its_period_ends(
    bor, fictional, raw_row, add_rows, change, wrong
):
    if not wrong:
        assert add_rows(bor, fictional, [raw_row(**change)]).rows == 1
        return
    (fault,) = faults_of(bor, fictional, add_rows, [raw_row(**change)])
    assert (fault.file, fault.row, fault.column) == ("new.csv", 2, "vintage")
    assert "released before its period ends" in str(fault)


def test_every_measure_says_whether_it_is_signed(kaz):
    said = {entry.fields["signed"] for entry in kaz.measures.values()}
    assert said == {"yes", "no"}
    signed = {code for code, entry in kaz.measures.items() if entry.fields["signed"] == "yes"}
    assert signed >= {"net_migration", "net_migration_estimate", "emigrants_change"}
    assert not signed & {"emigrants", "immigrants", "population", "qandas"}


def test_a_declared_correction_mends_a_sign_and_a_day(fictional, tmp_path, raw_row, add_rows):
    folder = Path(shutil.copytree(str(fictional.folder), tmp_path / "mended"))
    with (folder / "observations/flows.csv").open("a", encoding="utf-8") as stream:
        stream.write(
            "emigrants,XBO,WORLD,2022,-7,person,A,1,,herald,2024-06-01,\n"
            "emigrants,XBO,WORLD,2030,7,person,A,1,,herald,2024-06-01,\n"
        )
    country = Country(folder)
    with pytest.raises(DataError) as caught:
        open_store(tmp_path / "store", country)
    assert [fault.column for fault in caught.value.faults] == ["obs_value", "vintage"]
    with (folder / "corrections.csv").open("a", encoding="utf-8") as stream:
        stream.write(
            "t-1,herald,emigrants,XBO,2022,obs_value,-7,7,A slip.,2025-06-01\n"
            "t-2,herald,emigrants,XBO,2030,released,2024-06-01,2031-06-01,A slip.,2025-06-01\n"
        )
    assert open_store(tmp_path / "store", Country(folder)).manifest.files


def test_a_pack_tells_the_faults_of_every_phase_at_once(fictional, tmp_path):
    folder = Path(shutil.copytree(str(fictional.folder), tmp_path / "faulty"))
    path = folder / "observations/flows.csv"
    lines = path.read_text("utf-8").splitlines()
    head = lines[0].split(",")
    first = dict(zip(head, lines[1].split(","), strict=True))
    for change in ({"obs_value": "many"}, {"measure": "emigrans", "time_period": "1950"}):
        lines.append(",".join({**first, **change}.values()))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(DataError) as caught:
        open_store(tmp_path / "store", Country(folder))
    last = len(lines)
    assert places(caught.value.faults) == [
        (2, ""),
        (last - 1, "obs_value"),
        (last, "measure"),
    ]
