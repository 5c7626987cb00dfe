"""`qonys oversight case` and `audit`: cases about accounts, and the trail that proves them."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qonys.cli.rules import LANG
from qonys.cli.terminal import (
    F,
    Verb,
    counted,
    country_option,
    json_option,
    print_json,
    print_table,
)
from qonys.core.errors import DataError, Fault
from qonys.oversight.case_roles import ROLES
from qonys.oversight.cases import GRADES, OUTCOMES

if TYPE_CHECKING:
    from qonys.oversight.audit import Verdict
    from qonys.oversight.case_operations import Opening, Operation
    from qonys.oversight.case_roles import Actor
    from qonys.oversight.case_store import CaseStore


class _Verbs(click.Group):
    command_class = Verb


@click.group("case", cls=_Verbs)
def case_group() -> None:
    """Cases about accounts: suspicions, holds that end, decisions, appeals.

    Who acts is taken on trust: let only programs that know their users call these.
    """


@click.group("audit", cls=_Verbs)
def audit_group() -> None:
    """The trail of everything that was done to cases, chained so that changes show."""


def _place_option(command: F) -> F:
    """Add `--store` of cases."""
    return click.option(
        "--store",
        metavar="FILE|URL",
        help="Where the cases are: a file, or postgresql://...; else in QONYS_HOME.",
    )(command)


def _actor_options(command: F) -> F:
    """Add who acts, and where the cases are."""
    options = (
        click.option("--actor", required=True, metavar="NAME", help="Your pseudonym."),
        click.option(
            "--role",
            required=True,
            type=click.Choice(ROLES),
            help="The role in which you act.",
        ),
        click.option("--unit", required=True, metavar="NAME", help="The unit of the cases."),
        _place_option,
        country_option,
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _change_options(command: F) -> F:
    """Add what every change takes."""
    options = (
        click.option("--key", metavar="TEXT", help="Of this call: repeated, it is done once."),
        click.option(
            "--expect",
            type=click.IntRange(1),
            help="The version of the case that you saw; another one is a conflict.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return _actor_options(command)


_CASE = click.argument("case")


def _open(store: str | None, country: str, *, create: bool = False) -> "CaseStore":
    from qonys.oversight.case_store import open_cases

    return open_cases(_place(store), country, create=create)


def _place(store: str | None) -> str | Path:
    """A file or an address; a folder holds the file, as the home of figures does."""
    chosen = store or click.get_current_context().find_root().obj
    if chosen and "://" in chosen:
        return str(chosen)
    if chosen and not Path(chosen).is_dir() and store:
        return Path(chosen)
    if chosen:
        return Path(chosen) / "oversight" / "cases.sqlite"
    from qonys.observations.store import default_home

    return default_home() / "oversight" / "cases.sqlite"


def _actor(given: dict[str, Any]) -> "Actor":
    from qonys.oversight.case_roles import Actor

    return Actor(given["actor"], given["role"], given["unit"])


def _do(case: str, operation: "Operation", given: dict[str, Any]) -> None:
    """Do one thing to a case, and say what stands written."""
    with _open(given["store"], given["country"]) as cases:
        receipt = cases.perform(
            case,
            operation,
            _actor(given),
            key=given["key"] or "",
            expected=given["expect"],
        )
    _print_receipt(asdict(receipt), given["as_json"])


def _print_receipt(receipt: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(receipt)
        return
    again = " (done before, not again)" if receipt["repeated"] else ""
    click.echo(f"{receipt['case']} version {receipt['version']}{again}")
    click.echo(f"entry {receipt['seq']:,}, head {receipt['head']}")


@case_group.command("open")
@click.argument("alert", metavar="FILE", type=click.File(encoding="utf-8"))
@click.option("--key", metavar="TEXT", help="Of this call: repeated, it is done once.")
@_actor_options
def open_verb(alert: Any, key: str | None, **given: Any) -> None:
    """Open a case on an alert: a JSON file, or - for standard input.

    It has alert, account and reasons (each with sign, says, and client: texts by language),
    and may have evidence (name, sha256, about) and silent. Accounts are pseudonyms.
    """
    opening = _opening(alert.read(), Path(alert.name).name)
    with _open(given["store"], given["country"], create=True) as cases:
        receipt = cases.open(opening, _actor(given), key or "")
    _print_receipt(asdict(receipt), given["as_json"])


@case_group.command("show")
@_CASE
@_actor_options
def show_verb(case: str, **given: Any) -> None:
    """Show the part of a case that your role reads; the reading goes on the trail."""
    with _open(given["store"], given["country"]) as cases:
        data = cases.show(case, _actor(given))
    if given["as_json"]:
        print_json(data)
        return
    for name, value in data.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            click.echo(f"{name}:")
            for one in value:
                parts = (f"{key} {_short(part)}" for key, part in one.items() if part)
                click.echo(f"  - {', '.join(parts)}")
        elif value not in ("", [], None):
            click.echo(f"{name}: {_short(value)}")


@case_group.command("list")
@click.option("--status", default="", help="Only cases of this status.")
@_actor_options
def list_verb(status: str, **given: Any) -> None:
    """List the cases of your unit; the reading goes on the trail."""
    with _open(given["store"], given["country"]) as cases:
        found = cases.cases(_actor(given), status)
    _print_cases(found, given["as_json"])


@case_group.command("overdue")
@click.option("--at", "moment", metavar="MOMENT", help="At this moment, e.g. 2026-03-02T09:00.")
@_actor_options
def overdue_verb(moment: str | None, **given: Any) -> None:
    """List cases whose clock has run out. Exit code 1 when there are some."""
    with _open(given["store"], given["country"]) as cases:
        found = cases.overdue(_actor(given), _moment(moment) if moment else None)
    _print_cases(found, given["as_json"])
    sys.exit(1 if found else 0)


@case_group.command("assign")
@_CASE
@click.option("--to", required=True, metavar="NAME", help="Who examines it.")
@_change_options
def assign_verb(case: str, to: str, **given: Any) -> None:
    """Take a case to examine it; a supervisor gives it to somebody."""
    from qonys.oversight.case_operations import Assign

    _do(case, Assign(to), given)


@case_group.command("note")
@_CASE
@click.option("--text", required=True, help="The note.")
@_change_options
def note_verb(case: str, text: str, **given: Any) -> None:
    """Write a note."""
    from qonys.oversight.case_operations import AddNote

    _do(case, AddNote(text), given)


@case_group.command("evidence")
@_CASE
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--about",
    type=click.Choice(["client", "others"]),
    default="others",
    show_default=True,
    help="Whether it names other people than the client; the client's desk sees no such file.",
)
@_change_options
def evidence_verb(case: str, file: Path, about: str, **given: Any) -> None:
    """Add a file by its name and SHA-256; the file itself is not kept here."""
    from qonys.oversight.case_operations import AddEvidence

    with file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    _do(case, AddEvidence(file.name, sha256, about), given)


@case_group.command("propose")
@_CASE
@click.argument("grade", type=click.Choice(GRADES))
@click.option("--reason", required=True, help="Why, for the staff.")
@click.option("--scope", default="", help="The transaction, amount or channel it reaches.")
@click.option("--clock", default="", help="The clock that ends it, if not the usual one.")
@click.option("--list", "lists", multiple=True, help="A list or system that it enters.")
@click.option("--four-eyes", is_flag=True, help="Ask a second person though none is needed.")
@_change_options
def propose_verb(
    case: str,
    grade: str,
    reason: str,
    scope: str,
    clock: str,
    lists: tuple[str, ...],
    four_eyes: bool,
    **given: Any,
) -> None:
    """Propose a hold. One of the account waits for an approver; the others begin at once."""
    from qonys.oversight.case_holds import ProposeHold

    _do(case, ProposeHold(grade, reason, scope, clock, lists, four_eyes), given)


@case_group.command("approve")
@_CASE
@click.argument("hold", type=click.IntRange(1))
@_change_options
def approve_verb(case: str, hold: int, **given: Any) -> None:
    """Approve a proposed hold; not who proposed it."""
    from qonys.oversight.case_holds import ApproveHold

    _do(case, ApproveHold(hold), given)


@case_group.command("lift")
@_CASE
@click.argument("hold", type=click.IntRange(1))
@click.option("--reason", required=True, help="Why.")
@_change_options
def lift_verb(case: str, hold: int, reason: str, **given: Any) -> None:
    """End a hold before its clock does, or withdraw a proposal."""
    from qonys.oversight.case_holds import LiftHold

    _do(case, LiftHold(hold, reason), given)


@case_group.command("decide")
@_CASE
@click.argument("outcome", type=click.Choice(OUTCOMES))
@click.option("--reason", required=True, help="Why.")
@click.option("--list", "lists", multiple=True, help="A list or system that it enters.")
@click.option("--cleared", multiple=True, help="A list or system told to take it off.")
@_change_options
def decide_verb(
    case: str,
    outcome: str,
    reason: str,
    lists: tuple[str, ...],
    cleared: tuple[str, ...],
    **given: Any,
) -> None:
    """Decide a case. Unless it is confirmed, every hold ends and every list is cleared."""
    from qonys.oversight.case_decisions import Decide

    _do(case, Decide(outcome, reason, lists, cleared), given)


@case_group.command("tell")
@_CASE
@click.option("--channel", required=True, help="Where: branch, telephone, application, letter.")
@click.option("--said", default="", help="What was said beside the notice.")
@LANG
@_change_options
def tell_verb(case: str, channel: str, said: str, lang: str, **given: Any) -> None:
    """Write down that the client was shown the notice of this moment."""
    from qonys.oversight.case_operations import TellClient

    _do(case, TellClient(channel, lang, said), given)


@case_group.command("appeal")
@_CASE
@click.option("--text", required=True, help="What the client says, in their words.")
@_change_options
def appeal_verb(case: str, text: str, **given: Any) -> None:
    """Take in what the client says against it; a clock for the answer begins."""
    from qonys.oversight.case_decisions import FileAppeal

    _do(case, FileAppeal(text), given)


@case_group.command("review")
@_CASE
@click.argument("result", type=click.Choice(["granted", "refused"]))
@click.option("--answer", required=True, help="Why; the client reads it.")
@_change_options
def review_verb(case: str, result: str, answer: str, **given: Any) -> None:
    """Answer an appeal, as somebody who took no part in the case."""
    from qonys.oversight.case_decisions import ReviewAppeal

    _do(case, ReviewAppeal(result == "granted", answer), given)


@case_group.command("reverse")
@_CASE
@click.option("--reason", required=True, help="Why.")
@click.option("--cleared", multiple=True, help="A list or system told to take it off.")
@click.option("--rest-until", required=True, metavar="DATE", help="Signs rest until this day.")
@_change_options
def reverse_verb(
    case: str, reason: str, cleared: tuple[str, ...], rest_until: str, **given: Any
) -> None:
    """Take everything back: holds end, lists are cleared, the signs rest for a while."""
    from qonys.oversight.case_decisions import Reverse

    _do(case, Reverse(reason, cleared, _day(rest_until)), given)


@case_group.command("close")
@_CASE
@_change_options
def close_verb(case: str, **given: Any) -> None:
    """Close a case that is decided or reversed."""
    from qonys.oversight.case_decisions import CloseCase

    _do(case, CloseCase(), given)


@case_group.command("feedback")
@_CASE
@click.argument("sign")
@click.option("--until", required=True, metavar="DATE", help="The day it counts again.")
@_change_options
def feedback_verb(case: str, sign: str, until: str, **given: Any) -> None:
    """Let a sign rest for this account until a day."""
    from qonys.oversight.case_decisions import GiveFeedback

    _do(case, GiveFeedback(sign, _day(until)), given)


@case_group.command("notice")
@_CASE
@LANG
@_actor_options
def notice_verb(case: str, lang: str, **given: Any) -> None:
    """Print what the client is told: why, what still works, how to object, by when."""
    with _open(given["store"], given["country"]) as cases:
        text = cases.notice(case, lang, _actor(given))
    if given["as_json"]:
        print_json({"case": case, "lang": lang, "notice": text})
    else:
        click.echo(text, nl=False)


@audit_group.command("verify")
@click.argument(
    "file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--head", default="", metavar="HASH", help="A head noted earlier: must be there.")
@_place_option
@country_option
@json_option
def verify_verb(
    file: Path | None, head: str, store: str | None, country: str, as_json: bool
) -> None:
    """Check the trail of a store, or an exported FILE without the store.

    Exit code 1 when it does not hold; the first broken entry is named. Without a head noted
    earlier and kept elsewhere, a trail that was rewritten from some entry to its end holds.
    """
    from qonys.oversight.audit import read_trail, require_head, verify

    head = require_head(head)
    if file is not None:
        verdict = verify(read_trail(file), head)
    else:
        with _open(store, country) as cases:
            verdict = cases.verify(head)
    _print_verdict(verdict, as_json)
    sys.exit(0 if verdict.holds else 1)


@audit_group.command("export")
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write: JSON lines.",
)
@_actor_options
def export_verb(out: Path, **given: Any) -> None:
    """Write the trail as JSON lines, which `verify` checks without the store."""
    from qonys.oversight.audit import read_line

    beside = out.with_name(f".{out.name}.part")
    count, last = 0, ""
    try:
        with (
            _open(given["store"], given["country"]) as cases,
            beside.open("w", encoding="ascii", newline="\n") as file,
        ):
            for line in cases.export(_actor(given)):
                file.write(f"{line}\n")
                count, last = count + 1, line
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    entry = read_line(last)
    head = entry.hash if entry is not None else ""
    if given["as_json"]:
        print_json({"file": str(out), "entries": count, "head": head})
    else:
        click.echo(f"{out}: {_entries(count)}, head {head}")


def _print_verdict(verdict: "Verdict", as_json: bool) -> None:
    if as_json:
        print_json({"holds": verdict.holds, **asdict(verdict)})
        return
    if verdict.broken is not None:
        click.echo(f"entry {verdict.broken.place:,}: {verdict.broken.problem}")
        click.echo(f"{_entries(verdict.entries)} before it hold, head {verdict.head}")
        return
    for fault in verdict.cases:
        click.echo(str(fault))
    click.echo(f"{_entries(verdict.entries)} hold, head {verdict.head}")


def _entries(count: int) -> str:
    return counted(count, "entry") if count == 1 else f"{count:,} entries"


def _print_cases(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [
        [
            one["id"],
            one["status"],
            one["version"],
            (one["clock"] or {}).get("until", ""),
            "overdue" if one["overdue"] else "",
            ", ".join(hold["grade"] for hold in one["holds"] if hold["state"] == "in force"),
        ]
        for one in found
    ]
    if rows:
        print_table(["case", "status", "version", "due", "", "holds in force"], rows)
    click.echo(counted(len(rows), "case"))


def _short(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {part}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return str(value)


def _day(text: str) -> date:
    from qonys.core.periods import parse_day

    return parse_day(text)


def _moment(text: str) -> datetime:
    """A moment; UTC unless it names a zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        way_out = "Write it as 2026-03-02T09:00."
        raise DataError(Fault("no moment", "--at", value=text[:40], way_out=way_out)) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _opening(text: str, file: str) -> "Opening":
    """The alert of a JSON text, or all of its faults."""
    from qonys.oversight.case_operations import Opening
    from qonys.oversight.cases import Reason

    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        row, column = getattr(error, "lineno", None), str(getattr(error, "colno", ""))
        raise DataError(Fault("not JSON", file, row, column)) from None
    told = told if isinstance(told, dict) else {}
    faults: list[Fault] = []

    def take(data: Any, path: str, good: Callable[[Any], bool], expected: str) -> Any:
        """A field, with a fault where it is not as expected."""
        value = data.get(path.rpartition(".")[2]) if isinstance(data, dict) else None
        if not good(value):
            faults.append(
                Fault("missing or wrong", file, None, path, "", f"Expected {expected}.")
            )
        return value

    def is_text(value: Any) -> bool:
        return isinstance(value, str) and bool(value.strip())

    def is_texts(value: Any) -> bool:
        return value is None or (isinstance(value, dict) and all(map(is_text, value.values())))

    alert, account = (take(told, name, is_text, "a text") for name in ("alert", "account"))
    listed = take(
        told, "reasons", lambda value: isinstance(value, list) and bool(value), "a list"
    )
    reasons = [
        (
            take(one, f"reasons[{n}].sign", is_text, "a text"),
            take(one, f"reasons[{n}].says", is_text, "a text"),
            take(one, f"reasons[{n}].client", is_texts, "texts by language") or {},
        )
        for n, one in enumerate(listed if isinstance(listed, list) else [])
    ]
    files = told.get("evidence") or []
    evidence = [
        tuple(
            take(one, f"evidence[{n}].{name}", is_text, "a text")
            for name in ("name", "sha256", "about")
        )
        for n, one in enumerate(files if isinstance(files, list) else [])
    ]
    silent = told.get("silent", False)
    if not isinstance(silent, bool):
        faults.append(Fault("missing or wrong", file, None, "silent", "", "true or false."))
    if faults:
        raise DataError(faults)
    return Opening(
        alert, account, tuple(Reason(*one) for one in reasons), tuple(evidence), silent
    )
