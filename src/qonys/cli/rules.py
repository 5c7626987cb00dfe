"""`qonys rules`: ask the law of a day, about one person or many; check it; try a reform."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qonys.cli.terminal import (
    Verb,
    counted,
    country_option,
    fail_on_findings,
    json_option,
    print_json,
    print_table,
    progress,
)
from qonys.core.errors import DataError, Fault

if TYPE_CHECKING:
    from qonys.rules.deciding import Engine
    from qonys.rules.law import FactType, Law, Rule
    from qonys.rules.people import People

LANG = click.option(
    "--lang",
    type=click.Choice(["en", "ru", "kk"]),
    default="en",
    show_default=True,
    help="Language of the texts.",
)
#: Answers that a person may type for "I do not know".
_UNKNOWN = {"?", "null", "unknown", "не знаю", "білмеймін"}
_YES = {"yes", "y", "true", "да", "иә", "1"}
_NO = {"no", "n", "false", "нет", "жоқ", "0"}


def _on_option(command: Any) -> Any:
    """Add `--on`, today unless given."""

    def parsed(_: click.Context, __: click.Parameter, value: str | None) -> date:
        """Read the day."""
        return _day_of_law(value) if value else date.today()

    return click.option(
        "--on",
        "day",
        metavar="DATE",
        callback=parsed,
        help="The day asked for, e.g. 2025-06-01; today unless given.",
    )(command)


def _day(text: str) -> date:
    from qonys.core.periods import parse_day

    return parse_day(text)


def _day_of_law(text: str) -> date:
    day = _day(text)
    if not 1900 <= day.year <= 2199:
        raise DataError(Fault("no law of that day", "--on", value=str(day)))
    return day


_KNOWN = click.option(
    "--known-on",
    metavar="DATE",
    callback=lambda _context, _param, value: _day(value) if value else None,
    help="Only law that could be known on this day.",
)


class _Verbs(click.Group):
    command_class = Verb


@click.group(cls=_Verbs)
def rules() -> None:
    """Ask what the law says on a day, for one person or for many.

    Unofficial, no legal advice. Every rule names its sources and its doubts.
    """


def _law(country: str) -> "Law":
    from qonys.rules.reading import load_law

    return load_law(country)


def _engine(country: str, known_on: date | None = None) -> "Engine":
    from qonys.rules.deciding import Engine
    from qonys.rules.law import as_known

    law = _law(country)
    return Engine(law if known_on is None else as_known(law, known_on))


def _facts(path: str) -> Any:
    """Facts from a JSON file, or from standard input."""
    text = sys.stdin.read() if path == "-" else _read(Path(path))
    return _parsed(text, path)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(Fault(f"not UTF-8: {error.reason}", path.name)) from None


def _parsed(text: str, name: str, row: int | None = None) -> Any:
    try:
        return json.loads(text, parse_constant=_refused, object_pairs_hook=_once)
    except _JsonError as error:
        raise DataError(Fault(str(error), name, row)) from None
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        why = "nested too deep" if deep else "a number is too long"
        problem = f"not JSON: {getattr(error, 'msg', why)}"
        line = row if row is not None else getattr(error, "lineno", None)
        column = str(getattr(error, "colno", ""))
        way_out = 'Write an object of facts, e.g. {"age": 30}.'
        raise DataError(Fault(problem, name, line, column, way_out=way_out)) from None


class _JsonError(ValueError):
    """Something that JSON allows and facts do not."""


def _refused(text: str) -> None:
    raise _JsonError(f"{text} is no value")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _JsonError(f"{name!r} stands twice")
        found[name] = value
    return found


@rules.command("list")
@_on_option
@LANG
@country_option
@json_option
def list_(day: date, lang: str, country: str, as_json: bool) -> None:
    """List the rules and their state on a day."""
    from qonys.rules.wording import say, state_words

    law = _law(country)
    rows = []
    for rule in law.rules.values():
        version = rule.version(day)
        rows.append(
            {
                "rule": rule.id,
                "kind": rule.kind,
                "state": rule.shown_state(day),
                "from": version.start.isoformat() if version else None,
                "to": version.end.isoformat() if version and version.end else None,
                "title": law.say(f"{rule.id}.title", lang, rule.title),
            }
        )
    if as_json:
        print_json(rows)
        return
    shown = [
        (
            row["rule"],
            state_words(str(row["state"]), lang),
            row["from"],
            row["to"],
            row["title"],
        )
        for row in rows
    ]
    print_table(("rule", say("col_state", lang), "from", "to", ""), shown)


@rules.command()
@click.argument("rule")
@_on_option
@LANG
@country_option
@json_option
def show(rule: str, day: date, lang: str, country: str, as_json: bool) -> None:
    """Show a rule as it stands on a day, with its facts and sources."""
    from qonys.rules.describing import described
    from qonys.rules.telling import told_rule

    law = _law(country)
    found = law.rule(rule)
    if as_json:
        print_json(described(law, found, day, lang))
        return
    for line in told_rule(law, found, day, lang):
        click.echo(line)


@rules.command()
@click.argument("rule", required=False)
@_on_option
@click.option("--facts", metavar="FILE", help="Facts as a JSON object; - reads standard input.")
@click.option("--cases", metavar="FILE", help="Many cases, one JSON object a line.")
@_KNOWN
@LANG
@country_option
@json_option
def decide(
    rule: str | None,
    day: date,
    facts: str | None,
    cases: str | None,
    known_on: date | None,
    lang: str,
    country: str,
    as_json: bool,
) -> None:
    """Decide a person's case by a RULE, with reasons.

    With --cases, each line holds id, rule, on and facts, and each is answered by a line; a line
    with faults is answered by its faults, and the exit code is 2.
    """
    from qonys.rules.answers import answer
    from qonys.rules.telling import told_answer

    if cases is not None:
        source = click.get_current_context().get_parameter_source("day")
        on = source is not click.core.ParameterSource.DEFAULT
        if rule is not None or facts is not None or on:
            problem = "--cases brings its own rules, days and facts"
            raise DataError(f"{problem}: omit RULE, --on and --facts")
        _decide_cases(_engine(country, known_on), cases, lang)
        return
    if rule is None or facts is None:
        raise DataError("give a RULE and --facts FILE, or --cases FILE")
    engine = _engine(country, known_on)
    found = answer(engine, rule, day, _facts(facts), lang)
    if as_json:
        print_json(found.plain())
        return
    for line in told_answer(engine.law, found, lang):
        click.echo(line)


def _decide_cases(engine: "Engine", path: str, lang: str) -> None:
    faulty = row = 0
    with progress("cases") as step:
        for row, line in enumerate(_lines(path), 1):
            if not line.strip():
                continue
            plain = _case(engine, line, row, path, lang)
            faulty += "errors" in plain
            click.echo(json.dumps(plain, ensure_ascii=False))
            if row % 1000 == 0:
                step(f"{row:,}")
    if not row:
        click.echo("no case: a line holds id, rule, on, facts", err=True)
    if faulty:
        click.echo(f"error: {counted(faulty, 'case')} with faults", err=True)
        sys.exit(2)


def _lines(path: str) -> Iterator[str]:
    if path == "-":
        yield from sys.stdin
        return
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            yield from file
    except UnicodeDecodeError as error:
        raise DataError(Fault(f"not UTF-8: {error.reason}", path)) from None


def _case(engine: "Engine", line: str, row: int, path: str, lang: str) -> dict[str, Any]:
    """The answer to a line, or its faults."""
    from qonys.rules.answers import answer

    name: Any = None
    try:
        entry = _entry(line, row, path)
        name = entry["id"]
        found = answer(engine, str(entry["rule"]), _day(str(entry["on"])), entry["facts"], lang)
    except DataError as error:
        return {"id": name, "errors": [str(fault) for fault in error.faults]}
    return {"id": name, **found.plain()}


def _entry(line: str, row: int, path: str) -> dict[str, Any]:
    """A case as an object with all that it must have."""
    entry = _parsed(line, path, row)
    if not isinstance(entry, dict):
        raise DataError(Fault("a case is an object: id, rule, on, facts", path, row))
    missing = [key for key in ("id", "rule", "on", "facts") if key not in entry]
    if missing:
        raise DataError([Fault("missing", path, row, key) for key in missing])
    return entry


@rules.command()
@_on_option
@click.option(
    "--facts", metavar="FILE", required=True, help="Facts as a JSON object; - reads stdin."
)
@LANG
@country_option
@json_option
def paths(day: date, facts: str, lang: str, country: str, as_json: bool) -> None:
    """Try all pathways at once, best first."""
    from qonys.rules.answers import pathways

    engine = _engine(country)
    found = pathways(engine, day, _facts(facts), lang)
    if as_json:
        print_json([item.plain() for item in found])
        return
    rows = []
    for item in found:
        rule = item.decision.snapshot.rule
        changes = item.smallest_change
        needed = "" if changes is None else _short([change.fact for change in changes])
        if changes is None and item.eligible_from:
            needed = f"from {item.eligible_from}"
        rows.append(
            (
                rule.id,
                item.decision.decision,
                ", ".join(item.decision.failed),
                needed,
            )
        )
    print_table(("rule", "decision", "not met", "would need"), rows)


def _short(names: list[str]) -> str:
    """The first few of some names, and how many more there are."""
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 4 else ", ".join(names)


@rules.command()
@click.argument("rule")
@_on_option
@click.option("--facts", metavar="FILE", help="What is known already, as a JSON object.")
@LANG
@country_option
@json_option
def ask(
    rule: str, day: date, facts: str | None, lang: str, country: str, as_json: bool
) -> None:
    """Interview: ask only what still matters, then answer."""
    from qonys.rules.answers import answered, next_question
    from qonys.rules.telling import told_answer
    from qonys.rules.wording import day_words, say

    engine = _engine(country)
    found_rule = engine.law.rule(rule)
    given = _facts(facts) if facts else {}
    decision = engine.decision(rule, day, given)
    known: dict[str, Any] = dict(given)
    title = engine.law.say(f"{found_rule.id}.title", lang, found_rule.title)
    click.echo(say("ask_intro", lang, title=title, day=day_words(day, lang)), err=True)
    skipped: set[str] = set()
    while question := next_question(engine.law, decision, lang, frozenset(skipped)):
        name = question.fact.partition("[")[0]
        click.echo(f"\n{question.text}\n  ({question.why})", err=True)
        reply = _reply(engine, found_rule, name, day, lang)
        if reply is _STOP:
            break
        if reply is None:
            skipped.add(name)
        else:
            known[name] = reply
            decision = engine.decision(rule, day, known)
    click.echo("", err=True)
    found = answered(engine, decision, lang)
    if as_json:
        print_json(found.plain())
        return
    for line in told_answer(engine.law, found, lang):
        click.echo(line)


_STOP = object()


def _reply(engine: "Engine", rule: Any, name: str, day: date, lang: str) -> Any:
    """What a person typed, in the type of the fact; None when unknown."""
    from qonys.rules.facts import checked
    from qonys.rules.wording import say

    kind = engine.law.fact(name, rule)
    assert kind is not None
    while True:
        click.echo(f"{name}: ", err=True, nl=False)
        line = sys.stdin.readline()
        text = line.strip()
        if not line or text == "q":
            return _STOP
        if not text or text.casefold() in _UNKNOWN:
            return None
        value = _typed(kind.kind, text)
        fault = checked(kind, value, day)
        strange = isinstance(value, str) and kind.strange(value)
        if not isinstance(fault, Fault) and not strange:
            return value
        problem = _how(kind, lang)
        if isinstance(fault, Fault) and (not problem or lang == "en"):
            problem = f"{fault.problem}; {problem or fault.way_out}"
        click.echo(say("ask_again", lang, problem=problem), err=True)


def _how(kind: "FactType", lang: str) -> str:
    """How to answer a question, in the person's language."""
    from qonys.rules.wording import say

    keys = {"bool": "ask_yes_no", "int": "ask_number", "list": "ask_list", "date": "ask_day"}
    if kind.kind == "code" and kind.codes:
        return say("ask_code", lang, codes=", ".join(kind.codes))
    return say(keys[kind.kind], lang) if kind.kind in keys else ""


def _typed(kind: str, text: str) -> Any:
    """Text as a value; what does not fit is left as text, and then refused."""
    if kind == "bool":
        low = text.casefold()
        return True if low in _YES else False if low in _NO else text
    if kind == "int":
        return _whole(text)
    if kind == "list":
        return [_whole(part) for part in text.replace(";", " ").replace(",", " ").split()]
    return text


def _whole(text: str) -> Any:
    plain = re.sub(r"[ ,\u202f\u00a0](?=\d{3}\b)", "", text)
    digits = plain.removeprefix("-")
    whole = digits.isascii() and digits.isdigit() and len(digits) <= 15
    return int(plain) if whole else text


@rules.command()
@click.option("--cases", metavar="FILE", help="Cases; those beside the law unless given.")
@country_option
@json_option
def check(cases: str | None, country: str, as_json: bool) -> None:
    """Check the law without a person: gaps, overlaps, contradictions, untried conditions."""
    from qonys.core.country import load_country
    from qonys.rules.checks import check_law, read_cases
    from qonys.rules.reading import load_law

    place = load_country(country)
    law = load_law(place)
    path = Path(cases) if cases else place.folder / "law" / "cases.jsonl"
    found = check_law(law, read_cases(path) if path.is_file() or cases else None)
    if as_json:
        print_json([item.plain() for item in found])
    else:
        for item in found:
            where = f"{item.place.file}:{item.place.row}: " if item.place.file else ""
            name = f"{item.rule}.{item.condition}" if item.condition else item.rule
            click.echo(f"{where}{name}: {item.check}: {item.problem}")
        click.echo(f"{counted(len(law.rules), 'rule')}, {counted(len(found), 'finding')}")
    fail_on_findings(found)


@rules.command()
@click.argument("rule")
@click.argument("file", type=click.Path(path_type=Path))
@_on_option
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV or Parquet to write.",
)
@country_option
@json_option
def population(
    rule: str, file: Path, day: date, output: Path, country: str, as_json: bool
) -> None:
    """Decide for every row of a table; each column is a fact.

    Further columns, such as an id or a region, are kept. An empty cell is unknown.
    """
    from qonys.observations.export import replacing
    from qonys.rules.people import open_people
    from qonys.rules.tables import write_decisions

    law = _law(country)
    found = law.rule(rule)
    form = _form(output, file)
    with progress("population") as step:
        people = open_people(law, file, day, [found])
        with replacing(output) as beside:
            counts = write_decisions(law, people, found, day, beside, form, step)
    if as_json:
        print_json({"rule": found.id, "on": day, "file": str(output), "decisions": counts})
        return
    _say_unused(found, people)
    print_table(("decision", "people"), list(counts.items()))
    click.echo(output)


def _form(output: Path, source: Path) -> str:
    """Format of the file to write, which must not be the one that is read."""
    form = output.suffix.lower().lstrip(".")
    if form not in {"csv", "parquet"}:
        way_out = "Endings: .csv, .parquet."
        raise DataError(Fault("no format has this ending", value=output.name, way_out=way_out))
    if output.exists() and source.exists() and output.samefile(source):
        raise DataError(Fault("is the file that is read", str(output), way_out="Name another."))
    return form


def _say_unused(rule: "Rule", people: "People") -> None:
    """Say which facts have no column, which columns are no facts, which codes are not known."""
    asked = dict.fromkeys(slot.name for slot in rule.slots())
    absent = [name for name in asked if name not in people.facts]
    if absent:
        click.echo(f"unknown for everybody (no column): {', '.join(absent)}", err=True)
    if people.others:
        click.echo(f"kept, no facts: {', '.join(people.others)}", err=True)
    for name, codes in people.strange.items():
        if name in asked:
            shown = ", ".join(codes[:5]) + (" ..." if len(codes) > 5 else "")
            click.echo(f"{name}: no known codes, count as none of them: {shown}", err=True)


@rules.command()
@click.argument("reform", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--on", "on", metavar="DATE", help="The day; the first of the reform unless given."
)
@click.option(
    "--rule", "names", multiple=True, metavar="RULE", help="Only this rule; repeatable."
)
@click.option("--by", "by", multiple=True, metavar="COLUMN", help="Group by it; repeatable.")
@country_option
@json_option
def compare(
    reform: Path,
    file: Path,
    on: str | None,
    names: tuple[str, ...],
    by: tuple[str, ...],
    country: str,
    as_json: bool,
) -> None:
    """Count who gains and who loses by a REFORM over a table of people, with reasons."""
    from qonys.rules.people import open_people
    from qonys.rules.reforms import compare as compared
    from qonys.rules.reforms import read_reform

    law = _law(country)
    changed = read_reform(law, reform)
    day = _day_of_law(on) if on else changed.start
    found = [law.rule(name) for name in names] or [law.rule(name) for name in changed.rules]
    results = []
    with progress("compare") as step:
        for rule in found:
            step(rule.id)
            people = open_people(law, file, day, [rule], answer=False)
            results.append(compared(law, changed.law, people, rule.id, day, by))
            _say_unused(changed.law.rule(rule.id), people)
    if as_json:
        print_json([item.plain() for item in results])
        return
    for item in results:
        counts = [f"{item.count('gains'):,} gain", f"{item.count('loses'):,} lose"]
        if item.count("unclear"):
            counts.append(f"{item.count('unclear'):,} unclear (the law is not known)")
        counts.append(f"{item.count('same'):,} as before")
        click.echo(f"{item.rule} on {item.on}: {', '.join(counts)}")
        rows = [
            (
                *[group.group[name] for name in by],
                group.before,
                group.after,
                group.effect,
                f"{group.people:,}",
                " ".join(group.reasons),
            )
            for group in item.groups
        ]
        print_table((*by, "before", "after", "effect", "people", "reasons"), rows)
        click.echo("-x: no longer in the way; +x: newly in the way")


@rules.command()
@_on_option
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/rules"),
    show_default=True,
    help="Folder to write to.",
)
@click.option(
    "--lang",
    type=click.Choice(["en", "ru", "kk", "all"]),
    default="all",
    show_default=True,
    help="Language of the page; all writes the three.",
)
@country_option
@json_option
def page(day: date, output: Path, lang: str, country: str, as_json: bool) -> None:
    """Write the pathways of the day as an offline page."""
    from qonys.briefs.pages import write_page
    from qonys.core.country import load_country
    from qonys.rules.pages import pathways_document
    from qonys.rules.reading import load_law

    place = load_country(country)
    law = load_law(place)
    languages = ("en", "ru", "kk") if lang == "all" else (lang,)
    documents = [
        pathways_document(law, day, code, place.name(place.code, code)) for code in languages
    ]
    files = write_page(documents, output, "pathways")
    if as_json:
        print_json([str(path) for path in files])
        return
    for path in files:
        click.echo(path)
