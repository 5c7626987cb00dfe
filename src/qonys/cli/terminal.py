"""What the commands share: the group, options, messages and exit codes.

For the files of this folder. Main functions: `main`, `Verb`, `fail_on_findings`,
`print_json`, `progress`. Knows DuckDB's errors by name only: help must not load it.
"""

import importlib
import io
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
from qonys.core.errors import DataError, Fault, QonysError

F = TypeVar("F", bound=Callable[..., Any])
NOUNS = {
    "brief": ("qonys.cli.brief", "brief", "Write a finished migration briefing."),
    "data": ("qonys.cli.data", "data", "List, check, add, compare and export figures."),
    "rules": (
        "qonys.cli.rules",
        "rules",
        "Ask the law of a day: may this person, and why not?",
    ),
    "iin": ("qonys.cli.iin", "iin", "Check identification numbers."),
    "claims": ("qonys.cli.claims", "claims", "Check sentences of the press against figures."),
    "survey": ("qonys.cli.survey", "survey", "Examine surveys of intentions."),
    "forecast": ("qonys.cli.forecast", "forecast", "Forecast series, and score the past."),
    "oversight": (
        "qonys.cli.oversight",
        "oversight",
        "Cases about accounts, and banks to try.",
    ),
    "doctor": ("qonys.cli.doctor", "doctor", "Say what is installed and what the store holds."),
}
STORE_HELP = "Folder of the store, in place of QONYS_HOME."
EXAMPLES = """\
Qonys, an open migration observatory. Three things to try:

  qonys brief -o out                      a finished briefing on Kazakhstan, offline
  qonys data list --measure emigrants --partner RUS
                                          people who left for Russia, year by year
  qonys data show emigrants:KAZ:WORLD:2024
                                          one figure: every release, source and doubt

All commands: qonys --help
"""


class Verb(click.Command):
    """A command that refuses an empty value, which would pass for "all" or "none given"."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, once none of them is empty."""
        _refuse_empty(self, ctx, args)
        return super().parse_args(ctx, args)


def _refuse_empty(command: click.Command, ctx: click.Context, args: list[str]) -> None:
    given, _, _ = command.make_parser(ctx).parse_args(list(args))
    faults = []
    for param in command.get_params(ctx):
        value = given.get(param.name or "")
        texts = value if isinstance(value, (list, tuple)) else [value]
        if any(isinstance(text, str) and not text.strip() for text in texts):
            way_out = "Give it a value." if param.required else "Give it a value or omit it."
            name = (
                param.opts[-1] if isinstance(param, click.Option) else str(param.name).upper()
            )
            faults.append(Fault("empty", name, way_out=way_out))
    if faults:
        raise DataError(faults)


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

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, once none of them is empty."""
        _refuse_empty(self, ctx, args)
        return super().parse_args(ctx, args)

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
        _write_utf8()
        try:
            code = run(*args, standalone_mode=False, **kwargs)
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except (Exception, KeyboardInterrupt) as error:
            code = _say_fault(error)
        sys.exit(code if isinstance(code, int) else 0)


def _write_utf8() -> None:
    """Files and pipes get UTF-8; a terminal that lacks a letter gets a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8")


def _say_fault(error: BaseException) -> int:
    """Print an error as lines that a user can act on."""
    if _interrupted(error):
        click.echo("stopped: nothing half-written was left behind", err=True)
        return 130
    if isinstance(error, QonysError):
        for line in str(error).splitlines():
            click.echo(f"error: {line}", err=True)
    elif isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {place}{error.strerror or error}", err=True)
    elif isinstance(error, MemoryError) or _of_duckdb(error, "OutOfMemoryException"):
        why = _first_line(error)
        click.echo(
            f"error: there is not enough memory{why}. Close other programs, or ask for less.",
            err=True,
        )
    elif _of_duckdb(error, "IOException"):
        why = _first_line(error)
        click.echo(
            f"error: a file cannot be read or written{why}. Free space on the disk, or name "
            "another store with --store DIR.",
            err=True,
        )
    elif os.environ.get("QONYS_DEBUG"):
        raise error
    else:
        click.echo(
            f"error: something unforeseen: {type(error).__name__}: {error}. "
            "Please report it; QONYS_DEBUG=1 shows where.",
            err=True,
        )
    return 2


def _interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: DuckDB and others wrap it in errors of their own."""
    while error is not None:
        if isinstance(error, (click.Abort, KeyboardInterrupt)):
            return True
        if _of_duckdb(error, "InterruptException"):
            return True
        error = error.__cause__ or error.__context__
    return False


def _of_duckdb(error: BaseException, name: str) -> bool:
    """Whether an error is DuckDB's of this name, or a kind of it."""
    return any(
        kind.__name__ == name and kind.__module__.lstrip("_").partition(".")[0] == "duckdb"
        for kind in type(error).__mro__
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return f" ({lines[0].rstrip('.')})" if lines else ""


@click.group(
    cls=_Nouns,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
@click.version_option(__version__, prog_name="qonys", message="%(prog)s %(version)s")
@click.option("--store", metavar="DIR", help=STORE_HELP)
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

    option = click.option("--store", metavar="DIR", callback=chosen, help=STORE_HELP)
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
    return click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")(
        command
    )


def as_of_option(command: F) -> F:
    """Add `--as-of`."""

    def parsed(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
        """Read the day."""
        from qonys.core.periods import parse_day

        return parse_day(value) if value else None

    return click.option(
        "--as-of",
        metavar="DATE",
        callback=parsed,
        help="Only what was known on this day, e.g. 2025-05-20.",
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


def counted(count: int, noun: str) -> str:
    """A number of things, e.g. ``1 row`` or ``1,857 rows``.

    Parameters
    ----------
    count : int
        How many.
    noun : str
        What one of them is called.
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


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
