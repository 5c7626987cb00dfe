"""How a sample was drawn, and therefore what its answers can bear.

For `microdata` and the command line. Main types: `Design`, `Calibration`; main functions:
`read_design`, `write_design`. Two classes of inference are kept apart: a full design (strata,
clusters or replicate weights) and weights alone.
"""

import json
import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from qonys.core.errors import DataError, Fault
from qonys.survey.files import FITS, load_toml

FULL, WEIGHTS_ONLY = "full design", "weights only"
KINDS = ("bootstrap", "BRR", "Fay", "JK1", "JKn", "SDR")
CENTRES = ("mean", "estimate")
STAGES = 2  #: Stages of selection that count towards a variance; svy knows no third.


@dataclass(frozen=True)
class Calibration:
    """How the weights were fitted to known totals, for the variance must know it.

    Parameters
    ----------
    weights : str
        Column of the weights before.
    method : str
        ``rake``, ``linear``, ``truncated`` or ``logit``.
    categories, numbers : tuple of str
        Columns whose totals were fitted: by category, and of a number.
    reached : tuple of float
        Totals of the columns of `microdata.auxiliary` that the new weights give; a file whose
        weights give others is not the one that was fitted.
    """

    weights: str
    method: str
    categories: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    reached: tuple[float, ...] = ()


@dataclass(frozen=True)
class Design:
    """Which columns say how the respondents were drawn.

    Parameters
    ----------
    weights : str
        Column of the weights: how many people a respondent stands for.
    strata, cluster : tuple of str
        Columns, one a stage of selection. Clusters are numbered within their stratum.
    fpc : tuple of str
        Columns with the size of the population, one a stage: units in the stratum, then in the
        cluster; or, where all values are at most 1, the fraction that was drawn.
    replicate_weights : tuple of str
        Columns, or one pattern such as ``rw*``.
    replicate_kind : str
        One of `KINDS`.
    replicate_scale : tuple of float
        Factors of the squared deviations (R's ``scale`` times ``rscales``), one for all or one
        each; empty for those of the kind.
    replicate_centre : str
        ``mean`` of the replicates (R's default) or ``estimate``.
    fay_rho : float
        Of Fay's method: 0 up to, not including, 1.
    population : float or None
        What the weights must sum to, where it is known.
    calibration : Calibration or None
        How the weights were fitted to totals.
    file : str
        Where it was read.
    """

    weights: str
    strata: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    fpc: tuple[str, ...] = ()
    replicate_weights: tuple[str, ...] = ()
    replicate_kind: str = ""
    replicate_scale: tuple[float, ...] = ()
    replicate_centre: str = "mean"
    fay_rho: float = 0.0
    population: float | None = None
    calibration: Calibration | None = None
    file: str = field(default="", compare=False)

    @property
    def inference(self) -> str:
        """`FULL` or `WEIGHTS_ONLY`."""
        drawn = self.strata or self.cluster or self.fpc or self.replicate_weights
        return FULL if drawn else WEIGHTS_ONLY

    def columns(self, present: list[str]) -> list[str]:
        """Columns of a file that the design needs.

        Parameters
        ----------
        present : list of str
            Columns of the file.

        Raises
        ------
        DataError
            Naming every column that is not there.
        """
        calibrated = self.calibration
        asked = [self.weights, *self.strata, *self.cluster, *self.fpc]
        if calibrated:
            asked += [calibrated.weights, *calibrated.categories, *calibrated.numbers]
        faults = [
            Fault("the design names a column that the file has not", self.file, value=name)
            for name in asked
            if name not in present
        ]
        asked += self.replicates(present, faults)
        if faults:
            raise DataError(faults)
        return list(dict.fromkeys(asked))

    def replicates(self, present: list[str], faults: list[Fault] | None = None) -> list[str]:
        """Columns of the replicate weights, a pattern resolved by the number in their name.

        Parameters
        ----------
        present : list of str
            Columns of the file.
        faults : list of Fault or None
            Takes what is wrong.
        """
        found = []
        for name in self.replicate_weights:
            head, star, tail = name.partition("*")
            if star:
                numbered = [
                    column
                    for column in present
                    if column.startswith(head)
                    and column.endswith(tail)
                    and column[len(head) : len(column) - len(tail)].isdigit()
                ]
                cut = slice(len(head), -len(tail) if tail else None)
                matching = sorted(numbered, key=lambda column: int(column[cut]))
            else:
                matching = [name] if name in present else []
            if not matching and faults is not None:
                problem = "the design names replicate weights that the file has not"
                faults.append(Fault(problem, self.file, value=name))
            found += matching
        doubled = sorted({name for name in found if found.count(name) > 1})
        if faults is not None:
            faults += [Fault("a replicate is named twice", self.file, value=n) for n in doubled]
        return found


class _Reader:
    """Takes fields of the file and gathers all faults."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, problem: str, name: str, value: object, way_out: str = "") -> None:
        self.faults.append(Fault(problem, self.file, None, name, str(value), way_out))

    def text(self, given: dict[str, Any], name: str, default: str = "") -> str:
        value = given.get(name, default)
        if not isinstance(value, str):
            self.fault("expected a name", name, value)
            return default
        return value

    def names(self, given: dict[str, Any], name: str) -> tuple[str, ...]:
        value = given.get(name, [])
        value = value if isinstance(value, list) else [value]
        if not all(isinstance(part, str) and part for part in value):
            self.fault("expected a column, or a list of columns", name, value)
            return ()
        if len(set(value)) < len(value):
            self.fault("a column is named twice", name, value)
        return tuple(value)

    def number(self, name: str, value: object) -> float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(float(str(value))):
            self.fault("expected a number", name, value)
            return 0.0
        return float(str(value))

    def choice(self, given: dict[str, Any], name: str, known: tuple[str, ...]) -> str:
        value = self.text(given, name)
        match = next((one for one in known if one.casefold() == value.casefold()), "")
        if value and not match:
            self.fault("unknown value", name, value, f"Known: {', '.join(known)}.")
        return match


def read_design(path: Path) -> Design:
    """The design of a TOML file.

    Parameters
    ----------
    path : Path
        The file; its fields are those of `Design`, `[calibration]` those of `Calibration`.

    Raises
    ------
    DataError
        With all faults of the file.
    """
    given = load_toml(path)
    read = _Reader(path.name)
    known = [one.name for one in fields(Design) if one.name != "file"]
    for name in given:
        if name not in known:
            read.fault("unknown field", name, given[name], f"Known: {', '.join(known)}.")
    scale = given.get("replicate_scale", [])
    population = given.get("population")
    design = Design(
        weights=read.text(given, "weights"),
        strata=read.names(given, "strata"),
        cluster=read.names(given, "cluster"),
        fpc=read.names(given, "fpc"),
        replicate_weights=read.names(given, "replicate_weights"),
        replicate_kind=read.choice(given, "replicate_kind", KINDS),
        replicate_scale=tuple(
            read.number("replicate_scale", one)
            for one in (scale if isinstance(scale, list) else [scale])
        ),
        replicate_centre=read.choice(given, "replicate_centre", CENTRES) or "mean",
        fay_rho=read.number("fay_rho", given.get("fay_rho", 0.0)),
        population=None if population is None else read.number("population", population),
        calibration=_calibration(read, given.get("calibration")),
        file=path.name,
    )
    _check(read, design)
    if read.faults:
        raise DataError(read.faults)
    return design


def _calibration(read: _Reader, given: object) -> Calibration | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        read.fault("expected a table", "calibration", given)
        return None
    known = [one.name for one in fields(Calibration)]
    for name in given:
        if name not in known:
            read.fault(
                "unknown field",
                f"calibration.{name}",
                given[name],
                f"Known: {', '.join(known)}.",
            )
    found = Calibration(
        read.text(given, "weights"),
        read.choice(given, "method", FITS),
        read.names(given, "categories"),
        read.names(given, "numbers"),
        tuple(read.number("calibration.reached", one) for one in given.get("reached", [])),
    )
    if not found.weights or not found.method or not (found.categories or found.numbers):
        read.fault("needs weights (before), method, and what was fitted", "calibration", given)
    return found


def _check(read: _Reader, design: Design) -> None:
    if not design.weights:
        read.fault("no weights", "weights", "", "Name the column of the weights.")
    for name, stages in (("cluster", design.cluster), ("fpc", design.fpc)):
        if len(stages) > STAGES:
            read.fault(
                f"more than {STAGES} stages",
                name,
                ", ".join(stages),
                "Give the first two: later stages hardly move a variance.",
            )
    if len(design.strata) > 1:
        read.fault(
            "strata of a later stage",
            "strata",
            ", ".join(design.strata),
            "Give those of the first stage; without later ones a variance is a little larger.",
        )
    if len(design.fpc) > max(len(design.cluster), 1):
        read.fault("more stages than clusters", "fpc", ", ".join(design.fpc))
    if design.population is not None and design.population <= 0:
        read.fault("expected a number above 0", "population", design.population)
    _check_replicates(read, design)


def _check_replicates(read: _Reader, design: Design) -> None:
    if design.replicate_weights and not design.replicate_kind:
        read.fault(
            "needed with replicate_weights", "replicate_kind", "", f"Known: {', '.join(KINDS)}."
        )
    if design.replicate_kind and not design.replicate_weights:
        read.fault("no replicate_weights", "replicate_weights", "")
    if not 0 <= design.fay_rho < 1:
        read.fault("expected 0 up to, not including, 1", "fay_rho", design.fay_rho)
    if (design.replicate_kind == "Fay") != bool(design.fay_rho):
        read.fault("goes with Fay's method, and only with it", "fay_rho", design.fay_rho)
    if design.fpc and design.replicate_kind not in ("", "JK1", "JKn"):
        read.fault(
            "counts with the jackknife alone",
            "fpc",
            ", ".join(design.fpc),
            "Give replicate_scale with the part that was not drawn in it.",
        )
    known = design.replicate_scale or (design.strata and design.cluster)
    if design.replicate_kind == "JKn" and not known:
        read.fault(
            "JKn needs to know its strata",
            "replicate_kind",
            "JKn",
            "Name strata and cluster, or give replicate_scale.",
        )
    if any(scale <= 0 for scale in design.replicate_scale):
        read.fault("expected factors above 0", "replicate_scale", design.replicate_scale)


def write_design(design: Design) -> str:
    """The design as TOML.

    Parameters
    ----------
    design : Design
        The design.
    """
    plain = Design("")
    lines = []
    for one in fields(Design):
        value = getattr(design, one.name)
        if one.name in ("calibration", "file") or value == getattr(plain, one.name):
            continue
        lines.append(f"{one.name} = {_toml(value)}")
    if design.calibration:
        lines += ["", "[calibration]"]
        lines += [
            f"{one.name} = {_toml(getattr(design.calibration, one.name))}"
            for one in fields(Calibration)
        ]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
