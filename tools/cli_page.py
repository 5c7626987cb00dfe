"""Write docs/reference/cli.md from the help texts of the command line.

For whoever changes a command. `python tools/cli_page.py` writes the page, `--check` only says
whether it is current (exit code 1 when it is not). It reads `qonys.cli:main`, nothing else.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"
WIDTH = 88
HEAD = """# Command line

<!-- Written by tools/cli_page.py from the help texts. Change those, then run it again. -->
"""


def walk(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    """Yield a section for a command and for each command below it, in alphabetical order."""
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for child in sorted(command.list_commands(context)):
            found = command.get_command(context, child)
            if found is not None and not found.hidden:
                yield from walk(found, child, context)


def render() -> str:
    """Return the whole page."""
    return HEAD + "".join(walk(import_module("qonys.cli").main, "qonys", None))


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` compare it with what stands there."""
    text = render()
    if arguments == ["--check"]:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        if not current:
            print(f"docs/reference/{PAGE.name} is not current. Run: python tools/cli_page.py")
        return 0 if current else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
