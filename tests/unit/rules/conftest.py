"""The invented law of Borovia, and small laws made on the spot."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from qonys.core.errors import DataError
from qonys.rules.deciding import Engine
from qonys.rules.law import Law
from qonys.rules.reading import load_law, read_law

ACTS = "act: {title: An act, kind: law}\n"
FACTS = """\
income: {type: int, unit: USD, low: 0, high: 10_000, says: income, ask: "How much?"}
savings: {type: int, unit: USD, low: 0, high: 10_000, says: savings}
married: {type: bool, says: married}
colour: {type: code, codes: [red, green], says: colour}
born: {type: date, fixed: true, says: born}
months: {type: list, length: 3, unit: USD, low: 0, high: 10_000, says: months}
"""
VERSION = "{from: 2030-01-01, says: In force, cite: {act: act}}"
RULE = """\
rules:
  - rule: R
    kind: pathway
    title: Rule
    says: A rule
    before: none
    after: unknown
    versions:
      - VERSION
    conditions:
      - {id: income, must: income >= 100, says: Enough, cite: {act: act}}
"""


@pytest.fixture(scope="session")
def law_folder(fictional) -> Path:
    """The law files of Borovia: to be copied, never changed."""
    return Path(str(fictional.folder)) / "law"


@pytest.fixture(scope="session")
def law(fictional) -> Law:
    """The law of Borovia."""
    return load_law(fictional)


@pytest.fixture(scope="session")
def engine(law) -> Engine:
    """Decides by the law of Borovia."""
    return Engine(law)


@pytest.fixture(scope="session")
def cases(law_folder) -> list[dict]:
    """The cases of Borovia as plain data."""
    lines = (law_folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def borovia(law_folder, tmp_path_factory) -> Callable[..., Path]:
    """A copy of Borovia's law in which texts of one file are replaced."""

    def make(name: str = "", *changes: tuple[str, str]) -> Path:
        folder = tmp_path_factory.mktemp("law") / "law"
        shutil.copytree(law_folder, folder)
        if name:
            text = (folder / name).read_text(encoding="utf-8")
            for old, new in changes:
                assert old in text, old
                text = text.replace(old, new)
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return make


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Callable[..., Path]:
    """A folder of a small law; name the files that differ."""

    def make(files: Mapping[str, str | bytes] | None = None, **changes: str) -> Path:
        folder = tmp_path_factory.mktemp("law") / "law"
        folder.mkdir()
        texts: dict[str, str | bytes] = {
            "acts.yaml": ACTS,
            "facts.yaml": FACTS,
            "rule.yaml": RULE.replace("VERSION", VERSION),
            **{f"{name}.yaml": text for name, text in changes.items()},
            **(files or {}),
        }
        for name, text in texts.items():
            (folder / name).parent.mkdir(exist_ok=True)
            data = text.encode() if isinstance(text, str) else text
            (folder / name).write_bytes(data)
        return folder

    return make


@pytest.fixture(scope="session")
def small_law(small) -> Callable[..., Law]:
    """A small law; conditions as lines of YAML, other files by name."""

    def make(*conditions: str, version: str = VERSION, **changes: str) -> Law:
        text = RULE.replace("VERSION", version)
        if conditions:
            head = text.partition("      - {id: income")[0]
            text = head + "".join(f"      - {line}\n" for line in conditions)
        return read_law(small(rule=text, **changes), "XBO")

    return make


@pytest.fixture(scope="session")
def faults_of() -> Callable[[Path], list]:
    """All faults of a folder of law files."""

    def read(folder: Path) -> list:
        with pytest.raises(DataError) as caught:
            read_law(folder, "XBO")
        return list(caught.value.faults)

    return read
