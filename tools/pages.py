"""Write docs/sources.md and docs/validation.md from the data and the tests.

For whoever adds a source or a published reference number. `python tools/pages.py` writes
the pages, `--check` only says whether they are current (exit code 1 when they are not).
"""

import ast
import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTE = "<!-- Written by tools/pages.py. Change the data or the tests, then run it again. -->\n"


def sources() -> Iterator[str]:
    """Yield the page of sources: readers, then each country's sources with their rows."""
    from qonys.core.country import built_in, load_country
    from qonys.sources.registry import read_source_card, readers

    yield f"# Sources\n\n{NOTE}\n## Readers\n\n"
    yield "Formats that `qonys data add` and `qonys data pull` understand.\n\n"
    yield "| reader | what | producer | licence |\n|---|---|---|---|\n"
    for name in readers():
        card = read_source_card(name)
        yield f"| `{name}` | {card.title} | {card.producer} | {card.licence} |\n"
    for code in built_in():
        country = load_country(code)
        rows: Counter[str] = Counter()
        for path in sorted(
            (ROOT / "src/qonys/countries" / code.lower()).glob("observations/*.csv")
        ):
            with path.open(encoding="utf-8", newline="") as stream:
                rows.update(row["source"] for row in csv.DictReader(stream))
        yield f"\n## {country.name(code)}\n\n"
        yield (
            f"{len(country.sources)} sources, {sum(rows.values()):,} figures. A smaller rank "
            "is preferred. Sources that repeat one release are no evidence for one another.\n\n"
        )
        yield "| source | producer | printed by | kind | rank | repeats | figures |\n"
        yield "|---|---|---|---|--:|---|--:|\n"
        order = sorted(country.sources.values(), key=lambda s: (s.rank, s.id))
        for source in order:
            title = source.publisher or source.producer
            printed = f"[{title}]({source.url})" if source.url else title
            yield (
                f"| `{source.id}` | {source.producer} | {printed} | {source.kind} | "
                f"{source.rank} | {source.repeats} | {rows[source.id]} |\n"
            )


def validation() -> Iterator[str]:
    """Yield the page of validation: what the tests demand, from their docstrings."""
    yield f"# Validation\n\n{NOTE}\n"
    yield "Published numbers that the program must reproduce; `make test` checks each.\n"
    for path in sorted((ROOT / "tests/published").rglob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        title = path.relative_to(ROOT).as_posix()
        yield f"\n## {title}\n\n{ast.get_docstring(module) or ''}\n\n"
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                doc = ast.get_docstring(node)
                words = " ".join(doc.split()) if doc else node.name[5:].replace("_", " ")
                yield f"- {words}\n"


PAGES = {"sources.md": sources, "validation.md": validation}


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` compare them with what stands there."""
    stale = []
    for name, make in PAGES.items():
        path = ROOT / "docs" / name
        text = "".join(make())
        if arguments != ["--check"]:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    for name in stale:
        print(f"docs/{name} is not current. Run: python tools/pages.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
