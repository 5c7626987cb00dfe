"""Reads the open-data files of stat.gov.kz: the tab-separated CSV and the JSON cube.

For the `observations` room. Main function: `stage`. Places below all areas are left out and
counted; any breakdown but town and village is a fault, never summed.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qonys.core.codes import TOTAL, fold
from qonys.core.errors import DataError, Fault
from qonys.sources.columns import Answer, Raw, open_csv, stage_raw
from qonys.sources.numbers import NumberFormat
from qonys.sources.places import Places
from qonys.sources.registry import read_meta, read_source_card
from qonys.sources.staging import (
    STAGED,
    Context,
    Faults,
    Report,
    quoted,
    reading,
    skip_findings,
    staged_rows,
)
from qonys.sources.wording import period_of_end, read_label, read_period_name

if TYPE_CHECKING:
    import duckdb

_FORM = NumberFormat(decimal=",")
_ELEMENT = re.compile(r"opendata-(\d+)\b", re.ASCII)


def stage(con: "duckdb.DuckDBPyConnection", path: Path, context: Context) -> Report:
    """Create the temporary table `staged` from an open-data file.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    path : Path
        The file, CSV or JSON.
    context : Context
        Options: ``element`` (number of the file on the site, for JSON), ``codes`` (spelling
        of a place to code).

    Raises
    ------
    SourceError
        With every fault of the file.
    """
    with reading(path):
        with path.open("rb") as stream:
            head = stream.read(16).lstrip(b"\xef\xbb\xbf \r\n\t")
        if head[:1] in {b"[", b"{"}:
            return _stage_cube(con, path, context)
        faults = Faults(path.name)
        raw = open_csv(con, path, faults, delimiter="\t")
        try:
            return _stage_csv(raw, context, faults)
        finally:
            raw.drop()


def _stage_csv(raw: Raw, context: Context, faults: Faults) -> Report:
    card = read_source_card("opendata").settings
    ragged = len(faults)
    roles = _columns(raw, card["columns"], faults)
    if len(faults) > ragged:
        faults.throw()
    places = Places(context.country, context.options.get("codes"))
    nation = context.country.code

    def texts(*names: str) -> list[tuple[str, str]]:
        return [(name, f"COALESCE({raw.names[name]}, '')") for name in names]

    _require_totals(raw, texts(*roles["totals"]), faults)
    (period,), _ = raw.map_values(
        texts(*roles["period_name"], *roles["period_end"]), ["period"], _period, faults
    )
    (area,), skipped = raw.map_values(
        texts(*roles["place"]), ["area"], lambda name: _place(places, name), faults
    )
    (locality,), _ = raw.map_values(texts(*roles["locality"]), ["spot"], _locality, faults)
    outputs = ["whole", "whole_other", "part", "part_other", "unit_code"]
    found, _ = raw.map_values(
        texts(*roles["name"]), outputs, lambda name: _measure(name, card["measures"]), faults
    )
    is_whole = f"{area} = {quoted(nation)} AND {locality} = {quoted(TOTAL)}"
    expressions = {
        **{name: quoted(text) for name, text in context.constants().items()},
        "measure": f"CASE WHEN {is_whole} THEN {found[0]} ELSE {found[2]} END",
        "counterpart_area": f"CASE WHEN {is_whole} THEN {found[1]} ELSE {found[3]} END",
        "ref_area": area,
        "time_period": period,
        "locality": locality,
        "unit": found[4],
    }
    missing = stage_raw(raw, expressions, roles["value"][0], _FORM, faults, skipped)
    return _report(raw.con, raw.file, context, missing, skipped)


def _report(
    con: "duckdb.DuckDBPyConnection",
    file: str,
    context: Context,
    missing: int,
    skipped: Mapping[str, int],
) -> Report:
    findings = skip_findings(file, skipped) + _total_findings(con, file, context)
    return Report(staged_rows(con), missing, skipped, tuple(findings))


def _total_findings(
    con: "duckdb.DuckDBPyConnection", file: str, context: Context
) -> list[Fault]:
    """Periods with regions but without the country, whatever the measure is called there."""
    nation = quoted(context.country.code)
    rows = con.execute(
        f"SELECT time_period FROM {STAGED} GROUP BY time_period"
        f" HAVING NOT bool_or(ref_area = {nation} AND locality = {quoted(TOTAL)})"
        " ORDER BY time_period"
    ).fetchall()
    if not rows:
        return []
    periods = ", ".join(period for (period,) in rows)
    return [Fault(f"no total for {context.country.code} in {periods}", file)]


def _bare(header: str) -> str:
    return fold(header.replace("(по каталогу)", ""))


def _columns(raw: Raw, wanted: Mapping[str, Any], faults: Faults) -> dict[str, list[str]]:
    """Headers of each role; a missing or unknown column is a fault."""
    found = {_bare(header): header for header in raw.names}
    roles: dict[str, list[str]] = {}
    known = set()
    for role, names in wanted.items():
        listed = [names] if isinstance(names, str) else names
        known |= {_bare(name) for name in listed}
        roles[role] = [found[_bare(name)] for name in listed if _bare(name) in found]
        for name in listed:
            if _bare(name) not in found and role != "ignored":
                way_out = f"There are: {', '.join(raw.names)}. It may be another table."
                faults.add("no such column", 1, name, "", way_out)
    for bare, header in found.items():
        if bare not in known:
            faults.add(
                "unknown column, perhaps a breakdown",
                1,
                header,
                "",
                "Read it by the reader table.",
            )
    return roles


def _require_totals(raw: Raw, columns: list[tuple[str, str]], faults: Faults) -> None:
    for number, column in enumerate(columns):

        def total(text: str) -> Answer:
            if read_label(text) == ("", TOTAL):
                return ("",)
            return Fault("a breakdown that is not read", way_out="Only «Всего» is read here.")

        raw.map_values([column], [f"total{number}"], total, faults)


def _period(name: str, end: str) -> Answer:
    period = read_period_name(name)
    if period is None:
        return Fault(
            "not a period", column="DAT", value=name, way_out="Expected as «2022 год»."
        )
    if re.fullmatch(r"\d{6}", end, re.ASCII) is None:
        return Fault(
            "not a year and month", column="PERIOD", value=end, way_out="Expected 202212."
        )
    try:
        month = period_of_end("month", int(end[:4]), int(end[4:]))
    except DataError as error:
        return Fault(str(error), column="PERIOD", value=end)
    kinds = ("year", "quarter", "cumulated", "month")
    for kind in kinds:
        try:
            if period_of_end(kind, int(end[:4]), int(end[4:])) == period:
                return (period,)
        except DataError:
            continue
    return Fault(f"its name says {period} but it ends with {month}", column="PERIOD", value=end)


def _place(places: Places, name: str) -> Answer:
    if not name.strip():
        return Fault("a row without a place")
    found = places.find(name)
    return (found,) if isinstance(found, str) else found


def _locality(text: str) -> Answer:
    label = read_label(text)
    if label is None or label[0] not in {"", "locality"}:
        way_out = "Known are «Всего», «городская местность», «сельская местность»."
        return Fault("unknown locality", way_out=way_out)
    return (label[1],)


def _measure(name: str, table: Mapping[str, Any]) -> Answer:
    entries = {fold(key).replace(" ", ""): entry for key, entry in table.items()}
    entry = entries.get(fold(name).replace(" ", ""))
    if entry is None:
        return Fault(
            "not a known name of a measure",
            way_out=f"Known are: {', '.join(table)}. Read others by the reader table.",
        )
    whole, part = entry["national"], entry["parts"]
    return (
        whole["measure"],
        whole["counterpart_area"],
        part["measure"],
        part["counterpart_area"],
        entry["unit"],
    )


def _stage_cube(con: "duckdb.DuckDBPyConnection", path: Path, context: Context) -> Report:
    """The JSON of an element: flat entries, then the measure by place and locality."""
    from qonys.sources.taldau.read import Reading, finish, read_flat

    faults = Faults(path.name)
    named = _ELEMENT.match(path.name)
    element = context.options.get("element") or read_meta(path).get("element")
    element = str(element or (named[1] if named else ""))
    measures = read_source_card("opendata").settings["measures"]
    entry = next((e for e in measures.values() if e["element"] == element), None)
    if entry is None:
        known = ", ".join(e["element"] for e in measures.values())
        way_out = f"Say element, one of {known}."
        faults.add("the element is not known", None, "element", element, way_out)
        faults.throw()
    state = Reading(faults, Places(context.country, context.options.get("codes")), "year")
    constants = {
        **context.constants(),
        "unit": entry["unit"],
        "measure": entry["parts"]["measure"],
        "counterpart_area": entry["parts"]["counterpart_area"],
    }
    report = finish(con, _checked(read_flat(path, state), faults), state, constants, context)
    whole = entry["national"]
    con.execute(
        f"UPDATE {STAGED} SET measure = {quoted(whole['measure'])},"
        f" counterpart_area = {quoted(whole['counterpart_area'])} WHERE ref_area ="
        f" {quoted(context.country.code)} AND locality = {quoted(TOTAL)}"
    )
    return _report(con, path.name, context, report.missing, report.skipped)


def _checked(rows: Iterator[Any], faults: Faults) -> Iterator[Any]:
    for row in rows:
        if row[2] != TOTAL:
            faults.add("a breakdown that is not read", row[-1], "termNames", row[2])
        else:
            yield row
