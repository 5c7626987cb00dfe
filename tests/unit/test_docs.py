"""The documentation cannot rot: generated pages are current, the tutorial's commands run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from qonys.cli import main

ROOT = Path(__file__).parents[2]


def tutorial_commands() -> list[tuple[str, list[str]]]:
    """Every command of the tutorial with the lines shown below it."""
    text = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE):
        lines = [line.strip() for line in block.splitlines()]
        for line in lines:
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found:
                found[-1][1].append(" ".join(line.split()))
    return found


@pytest.mark.parametrize(("command", "shown"), tutorial_commands(), ids=lambda x: str(x)[:50])
def test_tutorial_shows_what_the_commands_print(command, shown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(command)
    assert program == "qonys"
    result = CliRunner().invoke(main, arguments, standalone_mode=True)
    printed = " ".join((result.output + result.stderr).split())
    assert result.exit_code in {0, 1, 2}
    for line in shown:
        assert line in printed, f"{line!r} is not printed by {command}"


def test_generated_pages_are_current():
    run = subprocess.run(
        [sys.executable, ROOT / "tools/pages.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
