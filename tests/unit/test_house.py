"""The house keeps what docs/architecture.md and CONTRIBUTING.md promise."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS_ON_PAGE = re.compile(r"^\| `([a-z_]+)/", re.MULTILINE)
HEAVY = {"pandas", "pyarrow", "duckdb", "numba", "xarray", "polars", "svy", "scipy"}
# A path that exists on one machine only. Part of an address (host/home/...) is no such path.
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])(?:/(?:home|root|work|Users)/[\w.]|[A-Z]:\\Users\\)")
TEXT_LIMIT = 5_000_000


def rooms_on_disk() -> set[str]:
    package = ROOT / "src/qonys"
    files = (path.relative_to(package) for path in package.glob("*/**/*") if path.is_file())
    return {file.parts[0] for file in files if "__pycache__" not in file.parts}


def tracked_files() -> list[Path]:
    git = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, check=False
    )
    if git.returncode != 0:
        pytest.skip("not a git checkout, so there are no tracked files to look at")
    return [ROOT / name for name in git.stdout.decode().split("\0") if name]


def test_architecture_page_names_every_room_and_no_other():
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert set(ROOMS_ON_PAGE.findall(page)) == rooms_on_disk()


def test_import_contract_names_every_room_of_code():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    layers = {room for layer in contract["layers"] for room in layer.split(" | ")}
    assert layers | set(contract["exhaustive_ignores"]) == rooms_on_disk()


def test_help_loads_nothing_heavy():
    ask = (
        "import json, sys\n"
        "from qonys.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    loaded = set(json.loads(answer.stdout.splitlines()[-1]))
    assert not loaded & HEAVY


def test_no_tracked_file_names_a_machine_path():
    found = []
    for path in tracked_files():
        if not path.is_file() or path.stat().st_size > TEXT_LIMIT:
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(lines, start=1)
            if MACHINE_PATH.search(line)
        ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("see " + "/home" + "/anna/x.csv", True),
        ('"' + "/root" + '/.cache"', True),
        ("C:" + r"\Users\anna", True),
        ("https://stat.example/home/page", False),
        ("../work/notes", False),
    ],
)
def test_what_counts_as_a_machine_path(text: str, is_one: bool):
    assert bool(MACHINE_PATH.search(text)) is is_one


def test_command_line_page_is_current():
    answer = subprocess.run(
        [sys.executable, str(ROOT / "tools/cli_page.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
