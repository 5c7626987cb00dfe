"""Typed claims from a YAML file, the interface for any other extractor.

For `checking`. Main function: `read_claims`. All faults of a file are reported at once, with
line and column.
"""

import re
from pathlib import Path
from typing import Any

from qonys.claims.dating import earlier
from qonys.claims.numbers import counted, printed_interval, whole_place
from qonys.claims.typed import KINDS, SENSES, Claim
from qonys.core.codes import DIMENSIONS
from qonys.core.country import Country
from qonys.core.errors import DataError, Fault
from qonys.core.intervals import QUALIFIERS, Interval
from qonys.core.periods import parse_period
from qonys.rules.documents import Item, open_document

_KNOWN = (
    "id start end text kind measure area counterpart period value unit interval sense "
    "compared_with breakdown qualifier precision members doubts notes"
)
_NUMBERED = frozenset(
    ["value", "percent_change", "ratio", "difference", "share", "survey_share", "count", "sum"]
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE]\+?\d{1,2})?")


def read_claims(path: Path, country: Country) -> list[Claim]:
    """Typed claims of a file.

    Parameters
    ----------
    path : Path
        The YAML file: a list of claims, or a mapping with `claims`.
    country : Country
        Whose codes they use.

    Raises
    ------
    DataError
        With all faults of the file.
    """
    if path.stat().st_size > 4_000_000:
        raise DataError(Fault("larger than 4 million bytes", path.name))
    document, faults = open_document(path)
    claims: list[Claim] = []
    if document is not None:
        listed = document
        if document.node.id == "mapping":
            listed = document.fields("claims consistency implied document", "claims").get(
                "claims", document
            )
        if listed.node.id == "sequence":
            claims = [
                _claim(entry, country, number) for number, entry in enumerate(listed.items(), 1)
            ]
        elif not faults.found:
            listed.fault("expected a list of claims")
    seen: set[str] = set()
    for claim in claims:
        if claim.id in seen:
            faults.found.append(Fault("an id stands twice", path.name, value=claim.id))
        seen.add(claim.id)
    if faults.found:
        raise DataError(faults.found)
    return claims


def _claim(entry: Item, country: Country, number: int) -> Claim:
    parts = entry.fields("", "kind")
    unknown = [name for name in parts if name not in _KNOWN.split() and name not in _IGNORED]
    for name in unknown:
        parts[name].fault("unknown name", way_out=f"Known here: {', '.join(_KNOWN.split())}.")
    kind = parts["kind"].choice(" | ".join(KINDS)) if "kind" in parts else KINDS[0]
    texts = {name: _text(parts.get(name)) for name in _KNOWN.split()}
    _require_codes(parts, texts, country)
    value, sense = _value(parts.get("value"), texts["sense"])
    digits = texts["value"] if value is not None else ""
    precision = _precision(digits, texts["precision"])
    unit = texts["unit"] or _unit(kind)
    claim = Claim(
        id=texts["id"] or f"c{number}",
        kind=kind,
        measure=texts["measure"],
        area=texts["area"] or country.code,
        counterpart=texts["counterpart"] or "WORLD",
        period=_period(parts.get("period")),
        value=value,
        unit=unit,
        start=_offset(parts.get("start")),
        end=_offset(parts.get("end")),
        text=texts["text"],
        sense=sense,
        compared_with=_period(parts.get("compared_with"), history=True),
        breakdown={name: item.text() for name, item in _mapping(parts.get("breakdown"))},
        qualifier=texts["qualifier"] if texts["qualifier"] in QUALIFIERS else "",
        precision=precision,
        members=parts["members"].texts() if "members" in parts else (),
        doubts=parts["doubts"].texts() if "doubts" in parts else (),
        notes=parts["notes"].texts() if "notes" in parts else (),
    )
    if kind in _NUMBERED and value is None and not claim.doubts:
        entry.fault("value is missing", way_out=f"A claim of the kind {kind} has a number.")
    return _completed(claim, parts.get("interval"))


_IGNORED = frozenset(
    ("verdict", "reason", "arithmetic", "observations", "vintages", "suggestion")
)


def _completed(claim: Claim, given: Item | None) -> Claim:
    """The claim with its interval, its direction and the year before to compare with."""
    value, sense = claim.value, claim.sense
    if claim.kind == "percent_change" and value is not None:
        if sense == "down":
            value = -abs(value)
        sense = sense or ("down" if value < 0 else "up")
    compared = claim.compared_with
    if (
        not compared
        and claim.period
        and claim.kind in {"percent_change", "ratio", "difference", "trend"}
    ):
        compared = earlier(claim.period)
    if claim.kind == "record" and not compared:
        compared = "history"
    interval = _given(given)
    if interval is None and value is not None:
        precision, whole = claim.precision or 1.0, counted(claim.unit)
        interval = printed_interval(value, precision, claim.qualifier, whole=whole)[0]
    return claim.changed(value=value, sense=sense, compared_with=compared, interval=interval)


def _text(item: Item | None) -> str:
    if item is None or item.is_null() or item.node.id != "scalar":
        return ""
    return item.text()


def _require_codes(parts: dict[str, Item], texts: dict[str, str], country: Country) -> None:
    for name, codes in (
        ("measure", country.measures),
        ("area", country.places),
        ("counterpart", country.places),
    ):
        if texts[name] and texts[name] not in codes:
            fault = codes.fault(texts[name])
            parts[name].fault(fault.problem, value=texts[name], way_out=fault.way_out)


def _value(item: Item | None, sense: str) -> tuple[float | None, str]:
    text = _text(item)
    if item is None or not text:
        return None, sense
    if text in SENSES:
        return None, text
    plain = text.replace("_", "").replace("\u2212", "-")
    if _NUMBER.fullmatch(plain):
        return float(plain), sense
    item.fault("no number", value=text, way_out=f"A number, or one of: {', '.join(SENSES)}.")
    return None, sense


def _precision(digits: str, given: str) -> float:
    if _NUMBER.fullmatch(given):
        return float(given)
    if not digits:
        return 0.0
    plain = digits.replace("_", "").lstrip("+-\u2212")
    whole, point, places = plain.partition(".")
    if point and places.strip("0"):
        return float(10.0 ** -len(places))
    return float(whole_place(whole))


def _unit(kind: str) -> str:
    if kind in {"percent_change", "share", "survey_share"}:
        return "percent"
    return "ratio" if kind == "ratio" else "person"


def _period(item: Item | None, *, history: bool = False) -> str:
    text = _text(item)
    if item is None or not text or (history and text == "history"):
        return text
    try:
        return parse_period(text).text
    except DataError as error:
        fault = error.faults[0]
        item.fault(fault.problem, value=text, way_out=fault.way_out)
        return ""


def _offset(item: Item | None) -> int:
    return item.integer(-1, 10**9) if item is not None and not item.is_null() else -1


def _mapping(item: Item | None) -> list[tuple[str, Item]]:
    if item is None or item.is_null():
        return []
    return list(item.fields(" ".join(DIMENSIONS)).items())


def _given(item: Item | None) -> Interval | None:
    if item is None or item.is_null():
        return None
    ends: list[Any] = item.items()
    texts = [_text(end) for end in ends]
    if len(ends) != 2 or not all(_NUMBER.fullmatch(text) or not text for text in texts):
        item.fault("expected two numbers, [low, high]")
        return None
    low = float(texts[0]) if texts[0] else float("-inf")
    high = float(texts[1]) if texts[1] else float("inf")
    if low > high:
        item.fault("an interval runs from low to high")
        return None
    return Interval(low, high)
