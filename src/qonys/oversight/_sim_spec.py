"""What a simulated bank is made of: parameters with their sources, and a user's changes.

For `simulator`. Main type: `Spec`; main function: `read_spec`. Every fault of a spec file is
told at once, with its key; a default has a source or says that it is assumed.
"""

import difflib
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from qonys.core.errors import DataError, Fault

PROFILES = (
    "employee",
    "freelancer",
    "pensioner",
    "benefits",
    "student",
    "trader",
    "irregular",
)
BANDS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")


@dataclass(frozen=True)
class Spec:
    """Parameters of a simulated bank.

    Parameters
    ----------
    values : Mapping of str to object
        By key, parts joined by dots, e.g. ``look_alikes.dormitory.newcomers``.
    """

    values: Mapping[str, Any]

    def number(self, key: str) -> float:
        """A parameter that is a number.

        Parameters
        ----------
        key : str
            Its key.
        """
        return float(self.values[key])

    def whole(self, key: str) -> int:
        """A parameter that is a whole number.

        Parameters
        ----------
        key : str
            Its key.
        """
        return int(self.values[key])

    def numbers(self, key: str) -> np.ndarray:
        """A parameter that is a list.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        ndarray of float64
        """
        return np.array(self.values[key], dtype=np.float64)

    def pair(self, key: str) -> tuple[float, float]:
        """A parameter that is a list of two.

        Parameters
        ----------
        key : str
            Its key.
        """
        first, second = self.values[key]
        return float(first), float(second)

    def names(self, table: str) -> tuple[str, ...]:
        """Names below a table, in the order of the file.

        Parameters
        ----------
        table : str
            Its key.
        """
        head = f"{table}."
        found = [
            key[len(head) :].partition(".")[0]
            for key in self.values
            if key[: len(head)] == head
        ]
        return tuple(dict.fromkeys(found))

    @property
    def accounts(self) -> int:
        """How many clients."""
        return self.whole("accounts")

    @property
    def days(self) -> int:
        """Length of the period."""
        return self.whole("days")

    @property
    def seed(self) -> int:
        """Seed of every draw."""
        return self.whole("seed")

    @property
    def start(self) -> np.datetime64:
        """First day."""
        return np.datetime64(self.values["start"], "D")


def read_spec(path: Path | None = None, changes: Mapping[str, Any] | None = None) -> Spec:
    """Parameters, with a user's file and changes in place of the defaults.

    Parameters
    ----------
    path : Path, optional
        TOML with plain values under the keys of ``parameters.toml``.
    changes : Mapping of str to object, optional
        More changes by key (``mule_share``, ``noise.missed``), which win over the file's.

    Raises
    ------
    DataError
        With all faults: unknown keys, wrong types, impossible values.

    Examples
    --------
    >>> read_spec(changes={"accounts": 100}).accounts
    100
    """
    faults: list[Fault] = []
    known = _defaults()
    values = {key: leaf["value"] for key, leaf in known.items()}
    given = [("spec", dict(changes or {}))]
    if path is not None:
        given.insert(0, (path.name, dict(_flat(_load(path)))))
    for file, changed in given:
        for key, value in changed.items():
            if key not in known:
                faults.append(Fault("unknown key", file, None, key, way_out=_near(key, known)))
                continue
            problem = _problem(value, known[key])
            if problem:
                faults.append(Fault(problem, file, None, key, str(value)))
            values[key] = value
    faults = faults or _together(values, given[0][0] if path else "spec")
    if faults:
        raise DataError(faults)
    return Spec(values)


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(Fault(f"not TOML: {error}", path.name)) from error


def _flat(table: Mapping[str, Any], head: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{head}{name}.")
        else:
            yield f"{head}{name}", value


@cache
def _defaults() -> dict[str, dict[str, Any]]:
    text = (files("qonys.oversight") / "parameters.toml").read_text(encoding="utf-8")
    return dict(_leaves(tomllib.loads(text)))


def _leaves(table: Mapping[str, Any], head: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in table.items():
        if "value" in value:
            yield f"{head}{name}", value
        else:
            yield from _leaves(value, f"{head}{name}.")


def _near(key: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(key, known, 3, 0.7)
    inside = sorted(name for name in known if name.startswith(f"{key}."))
    if inside:
        return f"It is a table: {', '.join(inside[:4])}."
    return f"Near: {', '.join(near)}." if near else "See parameters.toml."


def _problem(value: Any, leaf: Mapping[str, Any]) -> str:
    """What is wrong with a value; empty where nothing is."""
    usual = leaf["value"]
    if isinstance(usual, str):
        return "" if isinstance(value, str) and _is_day(value) else "expected a day, 2025-03-01"
    if isinstance(usual, bool):
        return "" if isinstance(value, bool) else "expected true or false"
    if isinstance(usual, list):
        return _list_problem(value, usual, leaf)
    return _number_problem(value, leaf)


def _list_problem(value: Any, usual: list[Any], leaf: Mapping[str, Any]) -> str:
    if not isinstance(value, list) or len(value) != len(usual):
        return f"expected a list of {len(usual)} numbers"
    problem = next((told for told in (_number_problem(one, leaf) for one in value) if told), "")
    if not problem and leaf.get("rising") and sorted(value) != value:
        return "expected numbers that do not fall"
    return problem


def _number_problem(value: Any, leaf: Mapping[str, Any]) -> str:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
    ):
        return "expected a number"
    if leaf.get("whole") and value != int(value):
        return "expected a whole number"
    low, high = leaf.get("low", -math.inf), leaf.get("high", math.inf)
    return "" if low <= value <= high else f"expected {low} to {high}"


def _is_day(text: str) -> bool:
    try:
        return 1990 <= int(str(np.datetime64(text, "D"))[:4]) <= 2200 and len(text) == 10
    except ValueError:
        return False


def _together(values: Mapping[str, Any], file: str) -> list[Fault]:
    """What single values do not show."""
    faults = []
    if values["newcomer_share"] + values["absent_share"] > 1:
        text = f"{values['newcomer_share']} + {values['absent_share']}"
        faults.append(
            Fault("more than all accounts", file, None, "newcomer_share + absent_share", text)
        )
    weighted = [
        "people.bands",
        "people.household",
        "base.p2p.to",
        "devices.places",
        "mules.speeds",
    ]
    faults += [
        Fault("expected a sum above 0", file, None, key, str(values[key]))
        for key in weighted
        if not sum(values[key]) > 0
    ]
    for table, leaf in (
        ("typologies", ".weight"),
        ("people.status", ""),
        ("people.citizenship", ""),
    ):
        keys = [key for key in values if key.startswith(f"{table}.") and key.endswith(leaf)]
        if not sum(values[key] for key in keys) > 0:
            faults.append(Fault("expected a sum above 0", file, None, table))
    bands = zip(*(values[f"people.profiles.{name}"] for name in PROFILES), strict=True)
    faults += [
        Fault("expected a sum above 0", file, None, "people.profiles", band)
        for band, shares in zip(BANDS, bands, strict=True)
        if not sum(shares) > 0
    ]
    return faults
