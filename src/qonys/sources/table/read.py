"""Reads any CSV or Parquet table into `staged`, by a mapping or by its own column names.

For users' own files and a country's observations. Main function: `stage`. All in SQL; places
and periods are looked up once for each spelling. Does not check other codes: the loader does.
"""

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qonys.core.errors import DataError, Fault, SourceError
from qonys.core.observations import RAW_SCHEMA, SCHEMA
from qonys.core.periods import parse_period
from qonys.sources.columns import (
    Answer,
    Raw,
    as_utf8,
    number_fault,
    open_csv,
    open_parquet,
    stage_raw,
)
from qonys.sources.numbers import (
    MISSING,
    NumberFormat,
    is_missing,
    number_sql,
    parse_number,
)
from qonys.sources.places import Places
from qonys.sources.staging import (
    DEFAULTS,
    Context,
    Faults,
    Report,
    find_missing_totals,
    quoted,
    reading,
    staged_rows,
)

if TYPE_CHECKING:
    import duckdb

TARGETS = tuple(name for name in RAW_SCHEMA.names if name not in {"file", "row"})
_CODED = tuple(name for name in TARGETS if name not in {"obs_value", "precision"})
_REQUIRED = ("measure", "ref_area", "time_period", "obs_value", "unit")
_PLACES = ("ref_area", "counterpart_area")
_LOOKED_UP = {*_PLACES, "time_period"}
# Columns of our own exports that are worked out anew.
_DERIVED = {name for name in SCHEMA.names if name not in TARGETS}
_SDMX = {"unit_measure": "unit", "time": "time_period", "value": "obs_value"}


@dataclass(frozen=True)
class Mapped:
    """A mapping from a file's columns to ours, as in source.toml."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    delimiter: str | None = None
    decimal: str = "."
    thousands: str = ""
    encoding: str = "utf-8"
    missing: tuple[str, ...] = tuple(MISSING)


def stage(con: "duckdb.DuckDBPyConnection", path: Path, context: Context) -> Report:
    """Create the temporary table `staged` from a CSV or Parquet file.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    path : Path
        The file.
    context : Context
        Options: ``mapping`` (path of a TOML file, or its content as a mapping); any column of
        `staged` as a constant.

    Raises
    ------
    SourceError
        With every fault of the file.
    """
    mapped = read_mapping(context.options.get("mapping"))
    with reading(path), as_utf8(path, mapped.encoding) as utf8:
        faults = Faults(path.name)
        with utf8.open("rb") as stream:
            is_parquet = stream.read(4) == b"PAR1"
        if is_parquet:
            raw = open_parquet(con, utf8)
        else:
            raw = open_csv(con, utf8, faults, delimiter=mapped.delimiter, mapping=True)
        try:
            return _stage(raw, mapped, context, faults)
        finally:
            raw.drop()


def _stage(raw: Raw, mapped: Mapped, context: Context, faults: Faults) -> Report:
    form = NumberFormat(mapped.decimal, mapped.thousands, frozenset(mapped.missing))
    fixed = {**mapped.constants, **context.constants()}
    ragged = len(faults)
    columns, ignored = _match(raw, mapped, fixed, faults)
    # Then it may not be known what a column is: no row is whole.
    misread = len(faults) > ragged
    if "obs_value" not in columns:
        faults.throw()
    value = columns.pop("obs_value")
    expressions = {name: quoted(text) for name, text in fixed.items() if name in _CODED}
    # A file's own columns of source and vintage stand above what the caller says of the file.
    coded = [
        header for target, header in columns.items() if target not in {"precision", "note"}
    ]
    blank, empty = raw.odd_columns(coded)
    precision = _precision(raw, columns.pop("precision", None), fixed, form, faults)
    for target, header in columns.items():
        expressions[target] = _text(raw, header, target, trim=header in blank | empty)
    for target in columns:
        answer = _answers(target, mapped, context)
        if answer is not None and (
            target in _LOOKED_UP or columns[target] in blank | empty or target in mapped.codes
        ):
            header, sql = columns[target], expressions[target]
            (expressions[target],), _ = raw.map_values(
                [(header, sql)], [f"{target}_code"], answer, faults
            )
    _check_constants(fixed, expressions, mapped, context, faults)
    if misread:
        raw.sound.append("false")
        expressions = {name: "CAST(NULL AS VARCHAR)" for name in _CODED} | expressions
    missing = stage_raw(raw, expressions, value, form, faults, precision=precision)
    findings = find_missing_totals(raw.con, context.country)
    findings += [
        Fault("the column is not in the mapping and was not read", raw.file, 1, name)
        for name in ignored
    ]
    return Report(staged_rows(raw.con), missing, {}, tuple(findings))


def _text(raw: Raw, header: str, target: str, *, trim: bool) -> str:
    """SQL of a code column: trimmed where needed, empty cells as the default."""
    sql = raw.names[header]
    if raw.is_number(header):
        sql = f"CAST({sql} AS VARCHAR)"
    default = DEFAULTS.get(target)
    trimmed = f"NULLIF(trim({sql}), '')" if trim else sql
    return trimmed if default is None else f"COALESCE({trimmed}, {quoted(default)})"


def _precision(
    raw: Raw,
    header: str | None,
    fixed: Mapping[str, str],
    form: NumberFormat,
    faults: Faults,
) -> str:
    """SQL of the precision that the file or the mapping states, NULL where neither does."""

    def check(text: str | None) -> Answer:
        good = text is None or is_missing(text, form) or parse_number(text, form) is not None
        return (text,) if good else number_fault(str(text), form)

    if header is None:
        text = fixed.get("precision")
        answer = check(text)
        if isinstance(answer, Fault):
            faults.add(answer, None, "precision", text)
        return "CAST(NULL AS DOUBLE)" if text is None else _double(quoted(text), form)
    if raw.is_number(header):
        return f"CAST({raw.names[header]} AS DOUBLE)"
    (sql,), _ = raw.map_values([(header, raw.names[header])], ["precision_text"], check, faults)
    return _double(sql, form)


def _double(text: str, form: NumberFormat) -> str:
    return f"CAST({number_sql(text, form)} AS DOUBLE)"


def _answers(
    target: str, mapped: Mapped, context: Context
) -> Callable[[str | None], Answer] | None:
    """The look-up of a column, none when it is taken as it stands."""
    codes = mapped.codes.get(target, {})
    if target in _PLACES:
        places = Places(context.country, codes, strict=True)
        return lambda text: _empty() if text is None else _one(places.find(text))
    if target == "time_period":
        return lambda text: _empty() if text is None else _period(codes.get(text, text))
    if codes:
        return lambda text: _empty() if text is None else (codes.get(text, text),)
    if target in _REQUIRED or target in {"source", "vintage"}:
        return lambda text: _empty() if text is None else (text,)
    return None


def _empty() -> Fault:
    return Fault("empty", way_out="Every row needs it.")


def _one(found: str | Fault | None) -> Answer:
    return (found,) if isinstance(found, str) else found


def _period(text: str) -> Answer:
    try:
        return (parse_period(text).text,)
    except DataError as error:
        return error.faults[0]


def _check_constants(
    fixed: Mapping[str, str],
    expressions: dict[str, str],
    mapped: Mapped,
    context: Context,
    faults: Faults,
) -> None:
    for target in (*_PLACES, "time_period"):
        if target in fixed:
            answer = _answers(target, mapped, context)
            found = answer(fixed[target]) if answer else None
            if isinstance(found, Fault):
                faults.add(found, None, target, fixed[target])
            elif found:
                expressions[target] = quoted(str(found[0]))


def _match(
    raw: Raw, mapped: Mapped, fixed: Mapping[str, str], faults: Faults
) -> tuple[dict[str, str], list[str]]:
    """Header of each of our columns, and the headers that are not read."""
    if mapped.columns:
        columns = {}
        for target, header in mapped.columns.items():
            if header in raw.names:
                columns[target] = header
            else:
                near = difflib.get_close_matches(header, raw.names, n=1)
                way_out = f"Did you mean {near[0]}?" if near else f"There are: {_list(raw)}."
                faults.add("no such column", 1, header, "", way_out)
        ignored = [name for name in raw.names if name not in mapped.columns.values()]
    else:
        columns, ignored = _own_names(raw, faults)
    for target in sorted(set(columns) & set(fixed)):
        if target not in {"source", "vintage"}:
            header = columns[target]
            faults.add(f"{target} is a column and a constant at once", 1, header, fixed[target])
    given = {*columns, *mapped.columns, *(name for name in fixed if name != "obs_value")}
    for target in _REQUIRED:
        if target not in given:
            way_out = f"There are: {_list(raw)}. Give a mapping."
            faults.add("no such column", 1, target, "", way_out)
    return columns, ignored


def _own_names(raw: Raw, faults: Faults) -> tuple[dict[str, str], list[str]]:
    columns: dict[str, str] = {}
    ignored = []
    for header in raw.names:
        name = header.lower()
        target = name if name in TARGETS else _SDMX.get(name, name)
        if target in columns:
            faults.add(f"a second column for {target}", 1, header)
        elif target in TARGETS:
            columns[target] = header
        elif target in _DERIVED:
            ignored.append(header)
        else:
            near = difflib.get_close_matches(name, TARGETS, n=1)
            way_out = f"Did you mean {near[0]}?" if near else "Rename it or give a mapping."
            faults.add("unknown column", 1, header, "", way_out)
    return columns, ignored


def _list(raw: Raw) -> str:
    return ", ".join(raw.names)


def read_mapping(given: str | Path | Mapping[str, Any] | None) -> Mapped:
    """Read and check a mapping.

    Parameters
    ----------
    given : str, Path, Mapping or None
        Path of a TOML file, its content, or none.

    Raises
    ------
    SourceError
        With every fault of the mapping.
    """
    if given is None:
        return Mapped()
    file = "mapping" if isinstance(given, Mapping) else Path(given).name
    content = given if isinstance(given, Mapping) else _read_toml(Path(given))
    faults = Faults(file)
    for key, value in content.items():
        kind = _SETTINGS.get(key)
        if kind is None:
            known = ", ".join(_SETTINGS)
            faults.add("unknown setting", None, str(key), "", f"Settings: {known}.")
        elif not isinstance(value, kind):
            faults.add("wrong kind of value", None, key, value)
    faults.throw_if_any()
    for part in ("columns", "constants", "codes"):
        for name in content.get(part, {}):
            if name not in TARGETS:
                near = difflib.get_close_matches(str(name), TARGETS, n=1)
                way_out = (
                    f"Did you mean {near[0]}?" if near else f"Columns: {', '.join(TARGETS)}."
                )
                faults.add(
                    "no such column of observations", None, f"{part}.{name}", "", way_out
                )
    faults.throw_if_any()
    return _mapped(content, faults)


_SETTINGS: Mapping[str, type | tuple[type, ...]] = {
    "columns": Mapping,
    "constants": Mapping,
    "codes": Mapping,
    "delimiter": str,
    "decimal": str,
    "thousands": str,
    "encoding": str,
    "missing": (list, tuple),
}


def _mapped(content: Mapping[str, Any], faults: Faults) -> Mapped:
    decimal, thousands = content.get("decimal", "."), content.get("thousands", "")
    if decimal not in {".", ","} or decimal in thousands or len(thousands) > 1:
        faults.add(
            "decimal is a point or comma, thousands another mark", None, "decimal", decimal
        )
    if thousands and (thousands.isalnum() or thousands in "+-eE"):
        faults.add("no mark of thousands", None, "thousands", thousands)
    delimiter = content.get("delimiter")
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        faults.add("a delimiter is one character", None, "delimiter", delimiter)
    for name, table in content.get("codes", {}).items():
        if not isinstance(table, Mapping):
            faults.add("not a table of codes", None, f"codes.{name}", table)
    faults.throw_if_any()
    return Mapped(
        columns={k: str(v) for k, v in content.get("columns", {}).items()},
        constants={k: str(v) for k, v in content.get("constants", {}).items()},
        codes={
            name: {str(k): str(v) for k, v in table.items()}
            for name, table in content.get("codes", {}).items()
        },
        delimiter=delimiter,
        decimal=decimal,
        thousands=thousands,
        encoding=content.get("encoding", "utf-8"),
        missing=tuple(str(mark).strip().lower() for mark in content.get("missing", MISSING)),
    )


def _read_toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceError(Fault("no such mapping", str(path))) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(Fault(f"not TOML: {error}", path.name)) from None
