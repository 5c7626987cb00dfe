"""Reads answers of taldau.stat.gov.kz: the tree of nodes and the flat list.

For the `observations` room. Main functions: `stage`, and `read_flat` for the open-data cube of
the same shape. Streams: no more than one path of the tree or one flat entry is in memory.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from qonys.core.codes import TOTAL, fold
from qonys.core.errors import DataError, Fault, SourceError
from qonys.core.periods import parse_period
from qonys.sources.numbers import EITHER_MARK, is_missing, parse_number, precision_of
from qonys.sources.places import Places
from qonys.sources.registry import file_head, read_meta, read_source_card
from qonys.sources.staging import (
    STAGED,
    Context,
    Faults,
    Report,
    batched,
    encoding_fault,
    find_missing_totals,
    no_rows,
    reading,
    skip_findings,
    stage_batches,
)
from qonys.sources.wording import period_of_end, read_label, read_period_name

if TYPE_CHECKING:
    import duckdb

Row = tuple[str, str, str, str, float, float, int]
FIELDS = pa.schema(
    [
        ("ref_area", pa.string()),
        ("time_period", pa.string()),
        ("sex", pa.string()),
        ("locality", pa.string()),
        ("obs_value", pa.float64()),
        ("precision", pa.float64()),
        ("row", pa.int64()),
    ]
)
_KEY = re.compile(r"y(\d{2})(\d{4})", re.ASCII)
_DATE = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})", re.ASCII)
_NAMED = re.compile(r"taldau-(\d+)-(\d+)\b", re.ASCII)
_ABOUT = {"index", "period_id"}
_TEXTS = ("text", "name")
_DEPTH = 64
_PAGE = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")


@dataclass
class Reading:
    """State of reading one file.

    Parameters
    ----------
    faults : Faults
        The collector.
    places : Places
        Looks up places.
    period : str
        ``year``, ``quarter`` or ``cumulated``.
    tree : bool
        Whether the file is a tree; otherwise it is flat.
    """

    faults: Faults
    places: Places
    period: str
    tree: bool = False
    missing: int = 0
    records: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    def skip(self, name: str, rows: int) -> None:
        """Count rows of a place that is below all areas."""
        self.skipped[name] = self.skipped.get(name, 0) + rows

    def number(self, value: object, row: int, column: str) -> tuple[float, float] | None:
        """Value and precision of a cell; none when it is missing or faulty (then noted)."""
        if value is None:
            self.missing += 1
            return None
        if isinstance(value, bool | dict | list):
            self.faults.add("not a number", row, column, value)
            return None
        text = str(value)
        if is_missing(text):
            self.missing += 1
            return None
        number = parse_number(text, EITHER_MARK)
        if number is None:
            self.faults.add("not a number", row, column, text)
            return None
        return number, precision_of(text, EITHER_MARK)


def stage(con: "duckdb.DuckDBPyConnection", path: Path, context: Context) -> Report:
    """Create the temporary table `staged` from an answer of taldau.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    path : Path
        The file, JSON.
    context : Context
        Options: ``index``, ``period_id``, or ``measure`` and ``unit``; breakdowns as constants.

    Raises
    ------
    SourceError
        With every fault of the file.
    """
    with reading(path):
        faults = Faults(path.name)
        constants, period = _about(path, context, faults)
        faults.throw_if_any()
        tree = not _is_flat(path)
        places = Places(context.country, context.options.get("codes"))
        state = Reading(faults, places, period, tree)
        rows = _read_tree(path, state) if tree else read_flat(path, state)
        return finish(con, rows, state, constants, context)


def finish(
    con: "duckdb.DuckDBPyConnection",
    rows: Iterator[Row],
    state: Reading,
    constants: Mapping[str, str],
    context: Context,
) -> Report:
    """Stream rows into `staged`; raise every fault or report what was left out.

    Parameters
    ----------
    con : DuckDBPyConnection
        The connection.
    rows : iterator of tuple
        Rows in the order of `FIELDS`.
    state : Reading
        Gets the faults while the rows are read.
    constants : Mapping of str to str
        The other columns.
    context : Context
        What the reader was told.
    """
    names = [name for name in FIELDS.names if name not in constants]
    held = {**constants, "file": state.faults.file}
    # A breakdown that the user fixes stands above the one that the file has (a total there).
    schema = pa.schema([FIELDS.field(name) for name in names])
    batches = (batch.select(names) for batch in batched(rows, FIELDS))
    staged = stage_batches(con, batches, schema, held)
    if not staged and not state.faults:
        no_rows(state.faults, state.missing, sum(state.skipped.values()))
    if state.faults.unreadable:
        con.execute(f"DROP TABLE {STAGED}")
    elif staged:
        _note_twice(con, state)
    state.faults.throw_if_any()
    findings = find_missing_totals(con, context.country)
    findings += skip_findings(state.faults.file, state.skipped)
    return Report(staged, state.missing, state.skipped, tuple(findings))


def _note_twice(con: "duckdb.DuckDBPyConnection", state: Reading) -> None:
    """Note every key that stands twice and leave its first row only."""
    key = "ref_area, time_period, sex, locality"  # the rest is the same in the whole file
    if not con.execute(
        f"SELECT 1 FROM {STAGED} GROUP BY hash({key}) HAVING count(*) > 1 LIMIT 1"
    ).fetchall():
        return
    found = con.execute(
        f"SELECT {key}, list(row ORDER BY row), count(*) OVER () FROM {STAGED} GROUP BY {key}"
        f" HAVING count(*) > 1 ORDER BY min(row) LIMIT {state.faults.limit}"
    ).fetchall()
    for area, period, sex, locality, rows, _ in found:
        also = ", ".join(str(row) for row in rows[1:6])
        state.faults.add(
            f"a key stands {len(rows)} times, again in record {also}",
            rows[0],
            _period_key(period) if state.tree else f"value of {period}",
            ":".join(part for part in (area, sex, locality, period) if part != TOTAL),
            "One record per place, breakdown and period.",
        )
    state.faults.count(found[0][-1] - len(found) if found else 0)
    con.execute(
        f"DELETE FROM {STAGED} WHERE rowid NOT IN"
        f" (SELECT arg_min(rowid, row) FROM {STAGED} GROUP BY {key})"
    )


def _period_key(text: str) -> str:
    """The key of a tree that stands for a period."""
    end = parse_period(text).end
    return f"y{end:%m%Y}" if end else text


def _about(path: Path, context: Context, faults: Faults) -> tuple[dict[str, str], str]:
    """Constant columns and kind of period: from options, the note beside, the file's name."""
    card = read_source_card("taldau").settings
    named = _NAMED.match(path.name)
    told = {"index": named[1], "period_id": named[2]} if named else {}
    told |= {key: str(value) for key, value in read_meta(path).items() if key in _ABOUT}
    told |= {key: str(value) for key, value in context.options.items() if key in _ABOUT}
    constants = context.constants()
    index = card["indices"].get(told.get("index", ""), {})
    for column in ("measure", "unit"):
        if column not in constants and column not in index:
            known = ", ".join(
                f"{key} ({entry['measure']})" for key, entry in card["indices"].items()
            )
            way_out = f"Say index, one of {known}; or measure and unit."
            faults.add(
                f"the {column} is not known", None, "index", told.get("index", ""), way_out
            )
        constants.setdefault(column, index.get(column, ""))
    period = card["periods"].get(told.get("period_id", "7"))
    if period is None:
        known = ", ".join(f"{key} ({kind})" for key, kind in card["periods"].items())
        faults.add(
            "unknown period id", None, "period_id", told["period_id"], f"Known: {known}."
        )
    return constants, period or "year"


@contextmanager
def json_faults(path: Path, faults: Faults, state: "Reading | None" = None) -> Iterator[None]:
    """Note what makes a file no JSON, in place of an exception.

    Parameters
    ----------
    path : Path
        The file.
    faults : Faults
        The collector.
    state : Reading or None
        Says at which record it was.
    """
    import ijson

    try:
        yield
    except (ijson.JSONError, UnicodeDecodeError, ValueError, RecursionError) as error:
        head = file_head(path)
        faults.unreadable = True
        row = state.records + 1 if state else None
        fault = encoding_fault(path)
        if not head:
            faults.add("no rows: the file is empty")
        elif head.lower().startswith(_PAGE):
            faults.add(
                "a web page, not JSON", way_out="The site answered with an error: try again."
            )
        elif fault is not None:
            faults.add(fault)
        else:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            faults.add(f"not JSON: {lines[0]}", row, way_out="Was it cut off? Fetch it again.")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with path.open("rb") as stream:
        if stream.read(3) != b"\xef\xbb\xbf":
            stream.seek(0)
        yield stream


def _is_flat(path: Path) -> bool:
    """Whether the first record is flat; raises when it is neither flat nor a tree."""
    import ijson

    keys: set[str] = set()
    faults = Faults(path.name)
    top, depth, events = "", 0, 0
    with json_faults(path, faults), _opened(path) as stream:
        for event, value in ijson.basic_parse(stream):
            top, events = top or event, events + 1
            depth += event in {"start_map", "start_array"}
            depth -= event in {"end_map", "end_array"}
            if event == "map_key" and depth == 2:
                keys.add(str(value))
            if depth < 2 and event in {"end_map", "end_array"}:
                break
            if {"terms", "termNames", "periods"} & keys or {"id", "children"} & keys:
                break
    faults.throw_if_any()
    if {"terms", "termNames", "periods"} & keys:
        return True
    if {"id", "children", *_TEXTS} & keys:
        return False
    raise SourceError(_neither(path.name, keys, empty=top == "start_array" and events == 2))


def _neither(file: str, keys: set[str], *, empty: bool) -> Fault:
    if empty:
        return Fault("no rows: the list is empty", file, way_out="Check index and period.")
    found = f"; it has {', '.join(sorted(keys)[:8])}" if keys else ""
    return Fault(
        f"neither a tree nor a flat list of taldau{found}",
        file,
        way_out="Expected a list of {id, text, y122009: …} or of {terms, termNames, periods}.",
    )


@dataclass
class _Node:
    row: int
    level: int
    scalars: dict[str, Any] = field(default_factory=dict)

    def put(self, key: str, value: object, faults: Faults) -> None:
        if key in self.scalars:
            faults.add("a key stands twice in one node", self.row, key, value)
        self.scalars[key] = value


def _read_tree(path: Path, state: Reading) -> Iterator[Row]:
    with json_faults(path, state.faults, state), _opened(path) as stream:
        for node in _nodes(stream, state):
            yield from _node_rows(node, state)


def _nodes(stream: Any, state: Reading) -> Iterator[_Node]:
    """Every node of the tree, children before their parent, without holding the tree."""
    import ijson

    open_nodes: list[_Node] = []
    other = 0  # depth inside something that is no node
    key = ""
    for event, value in ijson.basic_parse(stream):
        if other or (event == "start_map" and open_nodes and key != "children"):
            other += event in {"start_map", "start_array"}
            other -= event in {"end_map", "end_array"}
        elif event == "map_key":
            key = value
        elif event == "start_map":
            state.records += 1
            open_nodes.append(_Node(state.records, len(open_nodes)))
            if len(open_nodes) > _DEPTH:
                msg = f"more than {_DEPTH} levels"
                raise ValueError(msg)
        elif event == "end_map":
            yield open_nodes.pop()
            key = "children"
        elif event == "start_array" and open_nodes and key != "children":
            other = 1
        elif event not in {"start_array", "end_array"} and open_nodes:
            open_nodes[-1].put(key, value, state.faults)
        elif event not in {"start_array", "end_array"}:
            state.faults.add("not a node", state.records + 1, "", value)


def _node_rows(node: _Node, state: Reading) -> Iterator[Row]:
    name = next((str(node.scalars[key]) for key in _TEXTS if node.scalars.get(key)), "")
    cells = {key: value for key, value in node.scalars.items() if _KEY.fullmatch(key)}
    for key in node.scalars:
        if re.match(r"y\d", key) and key not in cells:
            state.faults.add("not a period key", node.row, key, "", "Expected yMMYYYY.")
    area = _node_place(node, name, state)
    if area is None:
        state.skip(name, len(cells))
        return
    for key, value in cells.items():
        period = _key_period(key, node.row, state)
        number = state.number(value, node.row, key)
        if period and number and area:
            yield area, period, TOTAL, TOTAL, *number, node.row


def _node_place(node: _Node, name: str, state: Reading) -> str | None:
    """Code of a node's place; empty when faulty (then noted), none when left out."""
    term = str(node.scalars.get("id", ""))
    by_term, by_name = state.places.find(term), state.places.find(name) if name else None
    column = next((key for key in _TEXTS if node.scalars.get(key)), "id")
    if isinstance(by_term, str):
        if isinstance(by_name, str) and by_name != by_term:
            state.faults.add(
                f"term {term} is {by_term} but its name is {by_name}", node.row, column, name
            )
            return ""
        return by_term
    if isinstance(by_name, Fault):
        state.faults.add(by_name, node.row, column, name)
        return ""
    if by_name is None and node.level == 0 and not name:
        state.faults.add("a node without a name", node.row, column, term)
        return ""
    return by_name


def _key_period(key: str, row: int, state: Reading) -> str | None:
    month, year = int(key[1:3]), int(key[3:])
    try:
        return period_of_end(state.period, year, month)
    except DataError as error:
        state.faults.add(
            str(error), row, key, "", "Check period_id: 7 year, 5 quarter, 9 cumulated."
        )
        return None


def read_flat(path: Path, state: Reading) -> Iterator[Row]:
    """Rows of a flat answer.

    Parameters
    ----------
    path : Path
        The file.
    state : Reading
        Gets the faults.
    """
    import ijson

    with json_faults(path, state.faults, state), _opened(path) as stream:
        for entry in ijson.items(stream, "item"):
            state.records += 1
            if isinstance(entry, dict):
                yield from _entry_rows(entry, state)
            else:
                state.faults.add("not an entry", state.records, "", entry)


def _entry_rows(entry: Mapping[str, Any], state: Reading) -> Iterator[Row]:
    row = state.records
    periods = entry.get("periods")
    if not isinstance(periods, list) or not all(isinstance(p, dict) for p in periods):
        state.faults.add(
            "no list of periods", row, "periods", "" if periods is None else periods
        )
        return
    about = _entry_about(entry, row, state)
    if about is None:
        return
    area, sex, locality = about
    for place, part in enumerate(periods, 1):
        said = str(part.get("name") or part.get("date") or f"period {place}")[:40]
        period = _entry_period(part, row, said, state)
        number = state.number(part.get("value"), row, f"value of {said}")
        if period and number and area:
            yield area, period, sex, locality, *number, row


def _entry_about(
    entry: Mapping[str, Any], row: int, state: Reading
) -> tuple[str, str, str] | None:
    """Place, sex and locality; none when the place is left out or a term is faulty."""
    terms = [str(term) for term in entry.get("terms") or ()]
    names = [str(name) for name in entry.get("termNames") or ()]
    if not names or (terms and len(terms) != len(names)):
        state.faults.add("terms and termNames do not fit", row, "termNames", ", ".join(names))
        return None
    area: str | None = None
    dims = {"sex": TOTAL, "locality": TOTAL}
    for number, name in enumerate(names):
        label = read_label(name)
        if label is not None:
            dims.update([label] if label[0] else [])
            continue
        found = state.places.find_first([terms[number] if terms else "", name])
        if isinstance(found, str) and area is None:
            area = found
            continue
        _left_out(found, name, number, entry, state)
        return None
    if area is None:
        state.faults.add("no place among the terms", row, "termNames", ", ".join(names))
        return None
    return area, dims["sex"], dims["locality"]


def _left_out(
    found: str | Fault | None, name: str, number: int, entry: Mapping[str, Any], state: Reading
) -> None:
    row = state.records
    if isinstance(found, str):
        state.faults.add("a second place among the terms", row, "termNames", name)
    elif isinstance(found, Fault):
        state.faults.add(found, row, "termNames", name)
    elif number == 0:
        state.skip(name, len(entry["periods"]))
    else:
        way_out = "Only places, sex and town or village are read; add the word to labels.toml."
        state.faults.add("unknown breakdown", row, "termNames", name, way_out)


def _entry_period(part: Mapping[str, Any], row: int, said: str, state: Reading) -> str | None:
    """Canonical period of a part; none when it is faulty (then noted, named as `said`)."""
    name, date = str(part.get("name") or ""), str(part.get("date") or "")
    cumulated = state.period == "cumulated"
    named = read_period_name(name, cumulated=cumulated) if name else None
    match = _DATE.fullmatch(date)
    if named is None and name:
        state.faults.add("not a period", row, "name", name, "Expected as «2004 год».")
        return None
    if match is None:
        if named is None or date:
            state.faults.add(
                "not a day", row, f"date of {said}", date, "Expected as 31.12.2004."
            )
        return named if not date else None
    try:
        dated = period_of_end(state.period, int(match[3]), int(match[2]))
    except DataError as error:
        state.faults.add(str(error), row, f"date of {said}", date)
        return None
    if named is not None and fold(named) != fold(dated):
        state.faults.add(f"its name is {named} but its day says {dated}", row, "name", name)
        return None
    return dated
