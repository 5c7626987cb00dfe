"""What the commands share: the group, options, messages and exit codes.

For the files of this folder. Main functions: `main`, `fail_on_findings`, `print_json`,
`progress`.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, TypeVar

import click

from qonys import __version__
from qonys.core.errors import QonysError

F = TypeVar("F", bound=Callable[..., Any])
NOUNS = {
    "brief": ("qonys.cli.brief", "brief", "Write a finished migration briefing."),
    "data": ("qonys.cli.data", "data", "List, check, add, compare and export figures."),
    "doctor": ("qonys.cli.doctor", "doctor", "Say what is installed and what the store holds."),
}
EXAMPLES = """\
Qonys, an open migration observatory. Three things to try:

  qonys brief -o out                      a finished briefing on Kazakhstan, offline
  qonys data list --measure emigrants --partner RUS
                                          people who left for Russia, year by year
  qonys data show emigrants:KAZ:WORLD:2024
                                          one figure: every release, source and doubt

All commands: qonys --help
"""


class _Nouns(click.Group):
    """Loads a noun's module only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return None
        module, name, _ = NOUNS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(noun, text) for noun, (_, _, text) in NOUNS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a noun; a reader such as `head` that has seen enough is no fault."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        return result

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run; faults become lines and exit code 2, never a traceback."""
        alone = kwargs.pop("standalone_mode", True)
        run: Callable[..., Any] = super().main
        if not alone:
            return run(*args, standalone_mode=False, **kwargs)
        try:
            code = run(*args, standalone_mode=False, **kwargs)
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except click.Abort:
            click.echo("stopped: nothing half-written was left behind", err=True)
            code = 130
        except Exception as error:
            code = _say_fault(error)
        sys.exit(code if isinstance(code, int) else 0)


def _say_fault(error: Exception) -> int:
    """Print an error as lines that a user can act on."""
    if isinstance(error, QonysError):
        for line in str(error).splitlines():
            click.echo(f"error: {line}", err=True)
    elif isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {place}{error.strerror or error}", err=True)
    elif os.environ.get("QONYS_DEBUG"):
        raise error
    else:
        click.echo(
            f"error: something unforeseen: {type(error).__name__}: {error}. "
            "Please report it; QONYS_DEBUG=1 shows where.",
            err=True,
        )
    return 2


@click.group(
    cls=_Nouns,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
@click.version_option(__version__, prog_name="qonys")
@click.option("--store", metavar="DIR", help="Folder of the store (else QONYS_HOME).")
@click.pass_context
def main(ctx: click.Context, store: str | None) -> None:
    """Migration figures with their sources, releases and doubts."""
    ctx.obj = store
    if ctx.invoked_subcommand is None:
        click.echo(EXAMPLES)


def store_option(command: F) -> F:
    """Add `--store`, which wins over the one given before the noun."""

    def chosen(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
        """Take this command's folder, else the one given before the noun."""
        return value or ctx.find_root().obj

    option = click.option(
        "--store", metavar="DIR", callback=chosen, help="Folder of the store (else QONYS_HOME)."
    )
    return option(command)


def country_option(command: F) -> F:
    """Add `--country`."""
    return click.option(
        "--country",
        default="KAZ",
        show_default=True,
        metavar="CODE",
        help="A built-in country, or the path of a country folder.",
    )(command)


def json_option(command: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def as_of_option(command: F) -> F:
    """Add `--as-of`."""

    def parsed(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
        """Read the day."""
        from qonys.core.periods import parse_day

        return parse_day(value) if value else None

    return click.option(
        "--as-of", metavar="DATE", callback=parsed, help="Only what was known on this day."
    )(command)


def print_json(data: object) -> None:
    """Print data as JSON.

    Parameters
    ----------
    data : object
        Plain data.
    """
    click.echo(json.dumps(data, ensure_ascii=False, indent=1, default=_plain))


def print_json_stream(items: Iterable[object]) -> None:
    """Print a long list as JSON, item by item.

    Parameters
    ----------
    items : Iterable of object
        Plain data.
    """
    before = "["
    for item in items:
        text = json.dumps(item, ensure_ascii=False, default=_plain)
        click.echo(f"{before}\n {text}", nl=False)
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in aligned columns, numbers to the right.

    Parameters
    ----------
    headers : Sequence of str
        Names of the columns.
    rows : Sequence of Sequence
        The cells.
    """
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [
        max([len(header), *(len(row[i]) for row in texts)]) for i, header in enumerate(headers)
    ]
    right = [
        bool(texts) and all(_numeric(row[i]) for row in texts if row[i])
        for i in range(len(headers))
    ]

    def line(cells: Sequence[str]) -> str:
        """One row, padded."""
        padded = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(cells, widths, right, strict=True)
        ]
        return "  ".join(padded).rstrip()

    click.echo(line(headers))
    click.echo("  ".join("-" * width for width in widths))
    for row in texts:
        click.echo(line(row))


def number(value: float) -> str:
    """A number with thousands and no needless places.

    Parameters
    ----------
    value : float
        The number.
    """
    return f"{value:,.0f}" if value % 1 == 0 else f"{value:,.10g}"


def fail_on_findings(findings: Sequence[object]) -> None:
    """Exit with code 1 when there are findings.

    Parameters
    ----------
    findings : Sequence
        Any findings.
    """
    if findings:
        sys.exit(1)


@contextmanager
def progress(label: str, *, after: float = 1.0) -> Iterator[Callable[[str], None]]:
    """Say on the terminal what goes on, if it takes longer than a second.

    Parameters
    ----------
    label : str
        What goes on.
    after : float, seconds
        When to begin to speak.
    """
    started = time.monotonic()
    shown = False

    def step(text: str) -> None:
        """Say what goes on now."""
        nonlocal shown
        if sys.stderr.isatty() and time.monotonic() - started > after:
            click.echo(f"\r\033[K{label}: {text}", err=True, nl=False)
            shown = True

    try:
        yield step
    finally:
        if shown:
            click.echo("\r\033[K", err=True, nl=False)


def _numeric(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).lstrip("-+").isdigit()


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not plain data: {type(value).__name__}")
