"""YAML documents in which every value knows its line and column.

For `reading` and `reforms`. Main types: `Faults`, `Item`. Values are read as the law file's
reader asks (a day, a number, a text), never as YAML guesses; all faults of a file are
collected, and a syntax fault in one entry does not hide those of the others.
"""

import re
from collections.abc import Iterator
from datetime import date
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from qonys.core.errors import Fault
from qonys.rules.expressions import MAX_NUMBER
from qonys.rules.law import Place

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_SIZE = 4_000_000
#: Nesting allowed, and from how many brackets and dashes on it is looked at.
_DEEP, _MANY = 100, 2_000


class Faults:
    """Faults of a file, in the order found.

    Parameters
    ----------
    file : str
        Name of the file, for messages.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def add(self, problem: str, place: Place, *, value: str = "", way_out: str = "") -> None:
        """Note a fault."""
        self.found.append(place.fault(problem, value=value, way_out=way_out))


class Item:
    """A value of a document.

    Parameters
    ----------
    node : yaml.Node
        The node.
    faults : Faults
        Where its faults go.
    name : str
        What it is, for messages.
    """

    def __init__(self, node: yaml.Node, faults: Faults, name: str = "the file") -> None:
        self.node, self.faults, self.name = node, faults, name

    @property
    def place(self) -> Place:
        """Where it stands."""
        mark = self.node.start_mark
        return Place(self.faults.file, mark.line + 1, mark.column + 1)

    def inside(self, offset: int) -> Place:
        """The place of a character of its text.

        Parameters
        ----------
        offset : int
            Offset in the text.
        """
        mark = self.node.start_mark
        quoted = getattr(self.node, "style", None) in {"'", '"'}
        single = mark.line == self.node.end_mark.line
        column = mark.column + 1 + (offset + quoted if single else 0)
        return Place(self.faults.file, mark.line + 1, column)

    def fault(self, problem: str, *, value: str = "", way_out: str = "") -> None:
        """Note a fault of this value."""
        self.faults.add(f"{self.name}: {problem}", self.place, value=value, way_out=way_out)

    def fields(self, known: str, required: str = "") -> "dict[str, Item]":
        """Entries of a mapping.

        Parameters
        ----------
        known : str
            Names that may stand here, with spaces between; empty for any.
        required : str
            Names that must.
        """
        if not isinstance(self.node, yaml.MappingNode):
            self.fault("expected 'name: value' lines")
            return {}
        allowed, found = known.split(), {}
        for key, value in self.node.value:
            name = str(getattr(key, "value", ""))
            mark = key.start_mark
            place = Place(self.faults.file, mark.line + 1, mark.column + 1)
            if not isinstance(key, yaml.ScalarNode):
                self.faults.add("a name is no plain text", place)
            elif allowed and name not in allowed:
                way_out = f"Known here: {', '.join(allowed)}."
                self.faults.add("unknown name", place, value=name, way_out=way_out)
            elif name in found:
                self.faults.add("stands twice", place, value=name)
            else:
                found[name] = Item(value, self.faults, name)
        for name in required.split():
            if name not in found:
                self.fault(f"{name} is missing")
        return found

    def items(self) -> "list[Item]":
        """Elements of a list; a single value is a list of one."""
        if isinstance(self.node, yaml.SequenceNode):
            return [Item(node, self.faults, self.name) for node in self.node.value]
        return [] if self.is_null() else [self]

    def is_null(self) -> bool:
        """Whether nothing stands here."""
        node = self.node
        if not isinstance(node, yaml.ScalarNode) or node.style:
            return False
        return node.value in {"", "~", "null"}

    def text(self) -> str:
        """A text."""
        if not isinstance(self.node, yaml.ScalarNode):
            self.fault("expected a text")
            return ""
        return str(self.node.value).strip()

    def texts(self) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(entry.text() for entry in self.items())

    def choice(self, choices: str) -> str:
        """One of some texts; the first of them in place of a fault."""
        text, allowed = self.text(), [name.strip() for name in choices.split("|")]
        if text in allowed:
            return text
        self.fault("not known", value=text, way_out=f"One of: {', '.join(allowed)}.")
        return allowed[0]

    def day(self) -> date | None:
        """A day; none where nothing stands."""
        if self.is_null():
            return None
        text = self.text()
        try:
            if re.fullmatch(r"(19|20|21)\d\d-\d\d-\d\d", text, re.ASCII):
                return date.fromisoformat(text)
        except ValueError:
            pass
        self.fault("no day", value=text, way_out="Write it as 2025-01-15; 1900 to 2199.")
        return None

    def integer(self, low: int = -MAX_NUMBER, high: int = MAX_NUMBER) -> int:
        """A whole number."""
        text = self.text().replace("_", "")
        if not re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
            self.fault("not a whole number", value=text[:40], way_out="Money is whole units.")
            return low if low > -MAX_NUMBER else 0
        value = int(text)
        if not low <= value <= high:
            self.fault(f"outside {low:,} to {high:,}", value=text)
        return min(max(value, low), high)

    def truth(self) -> bool:
        """True or false."""
        return self.choice("false|true") == "true"


def open_document(path: Traversable) -> tuple[Item | None, Faults]:
    """Read a file of YAML.

    Parameters
    ----------
    path : Traversable
        The file.

    Returns
    -------
    Item or None, Faults
        The document, as far as it can be read, and its faults.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        faults = Faults(path.name)
        faults.add(f"not UTF-8: {error.reason}", Place(path.name))
        return None, faults
    return read_document(text, path.name)


def read_document(text: str, file: str) -> tuple[Item | None, Faults]:
    """Read a document; syntax faults are collected entry by entry.

    Parameters
    ----------
    text : str
        The document.
    file : str
        Its name, for messages.

    Returns
    -------
    Item or None, Faults
        The document, as far as it can be read, and its faults.
    """
    faults = Faults(file)
    if len(text) > _MAX_SIZE:
        faults.add("larger than 4 million characters", Place(file, 1, 1))
        return None, faults
    if sum(map(text.count, ("[", "{", "- ", "? "))) > _MANY and _too_deep(text):
        faults.add(f"not YAML: nested deeper than {_DEEP}", Place(file, 1, 1))
        return None, faults
    lines = text.splitlines()
    for _ in range(50):
        try:
            node = yaml.compose("\n".join(lines), Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            row = min(mark.line, len(lines) - 1) if mark else 0
            problem = f"not YAML: {error.problem or error}"
            place = Place(file, row + 1, mark.column + 1 if mark else 1)
            faults.add(problem, place, way_out="Quote a text that holds ': ' or ' #'.")
            if not _drop_entry(lines, row):
                return None, faults
            continue
        except (yaml.YAMLError, RecursionError) as error:
            faults.add(f"not YAML: {str(error).splitlines()[0]}", Place(file, 1, 1))
            return None, faults
        if node is None:
            faults.add("empty", Place(file, 1, 1))
            return None, faults
        if any(_aliases(node)):
            faults.add("references (&, *) are not read", Place(file, 1, 1))
            return None, faults
        return Item(node, faults), faults
    return None, faults


def _too_deep(text: str) -> bool:
    """Whether a document is nested so deep that the C parser would run out of stack."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEP:
                return True
    except yaml.YAMLError:
        pass  # told by whoever composes it
    return False


def _aliases(root: yaml.Node) -> Iterator[bool]:
    """Whether a node is met twice: an alias, which could also hide a bomb."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        yield id(node) in seen
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            stack += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            stack += node.value


def _drop_entry(lines: list[str], row: int) -> bool:
    """Blank the entry around a line so that the rest can be read; false if nothing is left."""
    while row >= 0 and not lines[row].strip():
        row -= 1
    first = row
    while first > 0 and not re.match(r"\s*- |\S", lines[first]):
        first -= 1
    if first < 0:
        return False
    indent = len(lines[first]) - len(lines[first].lstrip())
    last = first + 1
    while last < len(lines) and (
        not lines[last].strip() or len(lines[last]) - len(lines[last].lstrip()) > indent
    ):
        last += 1
    for index in range(first, max(last, row + 1)):
        lines[index] = ""
    return any(line.strip() for line in lines)
