"""What a claim is, and what was found about it.

For every module of this room and for the page of `briefs`. Main types: `Claim`, `Checked`,
`Finding`, `Implied`, `Report`; main function: `as_json`. Holds data only: sentences are made in
`wording`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qonys.core.intervals import Interval
from qonys.core.observations import Cell, Observation

KINDS = (
    "value",
    "ratio",
    "percent_change",
    "difference",
    "share",
    "rank",
    "record",
    "streak",
    "trend",
    "turning_points",
    "balance",
    "sum",
    "survey_share",
    "legal_threshold",
    "count",
)
VERDICTS = ("holds", "compatible", "contradicted", "cannot_check")
#: What a claim says without a number; a typed claim may write it as its `value`.
SENSES = (
    "up",
    "down",
    "positive",
    "negative",
    "lowest",
    "highest",
    "only",
    "except",
    "begins",
    "stops",
    "lifts",
)


@dataclass(frozen=True)
class Said:
    """A sentence to be said in the reader's language.

    Parameters
    ----------
    key : str
        Key of the sentence in `texts`.
    parts : Mapping of str to object
        What goes into its slots: texts, numbers, or codes wrapped by `wording`.
    """

    key: str
    parts: Mapping[str, Any] = field(default_factory=dict)


def said(key: str, **parts: Any) -> Said:
    """A sentence with its parts.

    Parameters
    ----------
    key : str
        Its key.
    **parts : object
        Its parts.
    """
    return Said(key, parts)


@dataclass(frozen=True)
class Claim:
    """One statement that can be true or false.

    Parameters
    ----------
    id : str
        Unique in its text.
    kind : str
        One of `KINDS`.
    measure, area, counterpart, period : str
        Codes and a period of docs/data-model.md; empty where the text does not say.
    value : float or None
        In `unit`; none where the claim has no number.
    unit : str
        Code of the unit.
    interval : Interval or None
        What the printed number can stand for, in the strict sense.
    start, end : int
        Offsets into the text as read; -1 for a typed claim without a text.
    text : str
        The words.
    sense : str
        One of `SENSES`, or empty.
    compared_with : str
        The other period, or the span of a record, trend or streak.
    breakdown : Mapping of str to str
        Dimensions that are not the total, e.g. sex.
    qualifier : str
        ``about``, ``over``, ``under`` or empty.
    precision : float
        Size of the last printed place.
    members : tuple of str
        Codes of a list: regions of a rank, periods of turning points, parts of a sum.
    doubts : tuple of str
        Keys of reasons for which nothing can be decided.
    notes : tuple of str
        Marks of how it was read, e.g. ``dash`` (a dash that may be a minus).
    alternatives : tuple of Cell
        Other cells the words may mean, e.g. the region beside the city.
    readings : tuple of Cell
        Cells of all measures, places and periods of the sentence: where one of them has the
        number, the sentence was perhaps bound wrongly.
    lang : str
        Language of its sentence.
    """

    id: str
    kind: str
    measure: str = ""
    area: str = ""
    counterpart: str = ""
    period: str = ""
    value: float | None = None
    unit: str = ""
    interval: Interval | None = None
    start: int = -1
    end: int = -1
    text: str = ""
    sense: str = ""
    compared_with: str = ""
    breakdown: Mapping[str, str] = field(default_factory=dict)
    qualifier: str = ""
    precision: float = 0.0
    members: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    alternatives: tuple[Cell, ...] = ()
    readings: tuple[Cell, ...] = ()
    lang: str = "en"

    @property
    def cell(self) -> Cell:
        """The cell that the claim is about."""
        return Cell(self.measure, self.area, self.counterpart, self.period, self.breakdown)

    def changed(self, **parts: Any) -> "Claim":
        """The same claim with some parts changed."""
        return replace(self, **parts)


@dataclass(frozen=True)
class Release:
    """What one release says of a claim.

    Parameters
    ----------
    row : Observation
        A row of that release.
    verdict : str
        One of `VERDICTS`.
    """

    row: Observation
    verdict: str


@dataclass(frozen=True)
class Checked:
    """A claim with its verdict.

    Parameters
    ----------
    claim : Claim
        The claim.
    verdict : str
        One of `VERDICTS`.
    reasons : tuple of Said
        Why, the most important first.
    arithmetic : str
        The computation in intervals, in signs that every language reads.
    rows : tuple of Observation
        Figures used, and those that speak against it.
    releases : tuple of Release
        Verdict by release, where releases differ.
    suggestion : Said or None
        The sentence that the data does support.
    """

    claim: Claim
    verdict: str
    reasons: tuple[Said, ...]
    arithmetic: str = ""
    rows: tuple[Observation, ...] = ()
    releases: tuple[Release, ...] = ()
    suggestion: Said | None = None


@dataclass(frozen=True)
class Finding:
    """Claims of one text that do not fit together.

    Parameters
    ----------
    kind : str
        ``contradiction``, or ``caution``: it fits, but not in the way that a reader expects.
    claims : tuple of str
        Ids of the claims, those of the narrowest circle only.
    reason : Said
        Why.
    arithmetic : str
        The computation.
    """

    kind: str
    claims: tuple[str, ...]
    reason: Said
    arithmetic: str


@dataclass(frozen=True)
class Implied:
    """A figure that the text does not print but that follows from it.

    Parameters
    ----------
    cell : Cell
        What it is about.
    interval : Interval
        Where it must lie.
    unit : str
        Code of the unit.
    claims : tuple of str
        Ids of the claims it follows from.
    arithmetic : str
        The computation.
    """

    cell: Cell
    interval: Interval
    unit: str
    claims: tuple[str, ...]
    arithmetic: str


@dataclass(frozen=True)
class Report:
    """Everything found about a text.

    Parameters
    ----------
    file : str
        Its name.
    form : str
        ``text``, ``markdown``, ``html`` or ``claims``.
    text : str
        The text as read, into which offsets point; empty for typed claims.
    lang : str
        Language of the text.
    country : str
        Code of the country.
    as_of : str
        The day whose knowledge was used.
    origin : tuple of str
        Ids of the sources that are this text, or copies of the release it repeats.
    claims : tuple of Checked
        In the order of the text.
    consistency : tuple of Finding
        The text against itself.
    implied : tuple of Implied
        What follows from it.
    """

    file: str
    form: str
    text: str
    lang: str
    country: str
    as_of: str
    origin: tuple[str, ...]
    claims: tuple[Checked, ...]
    consistency: tuple[Finding, ...]
    implied: tuple[Implied, ...]

    @property
    def contradicted(self) -> bool:
        """Whether data, or the text itself, contradicts something."""
        return any(checked.verdict == "contradicted" for checked in self.claims) or any(
            finding.kind == "contradiction" for finding in self.consistency
        )
