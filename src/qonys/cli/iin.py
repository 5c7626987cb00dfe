"""`qonys iin`: check identification numbers, and make numbers of nobody for tests."""

import sys
from typing import TYPE_CHECKING, Any

import click

from qonys.cli.rules import LANG
from qonys.cli.terminal import Verb, country_option, json_option, print_json
from qonys.core.errors import DataError, Fault

if TYPE_CHECKING:
    from qonys.rules.numbers import NumberScheme


class _Verbs(click.Group):
    command_class = Verb


@click.group(cls=_Verbs)
def iin() -> None:
    """Check individual identification numbers."""


@iin.command()
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@LANG
@country_option
@json_option
def check(numbers: tuple[str, ...], lang: str, country: str, as_json: bool) -> None:
    """Check the digits of numbers; - reads them from standard input, one a line.

    A right check digit proves neither that a number was issued nor to whom. Exit code 1 when a
    number is invalid.
    """
    from qonys.rules.numbers import VERDICTS

    scheme = _scheme(country)
    given = _given(numbers)
    if len(given) > 1000 and not as_json:
        verdicts = scheme.verdicts(scheme.digit_rows(given))
        wrong = 0
        for number, code in zip(given, verdicts.tolist(), strict=True):
            wrong += code != 0
            click.echo(f"{number}\t{'valid' if code == 0 else VERDICTS[code]}")
        sys.exit(1 if wrong else 0)
    entries = [_entry(scheme, number, lang) for number in given]
    if as_json:
        print_json(entries)
    else:
        for entry in entries:
            click.echo(f"{entry['iin']}  {entry['decision']}: {entry['reason']}")
            for note in entry["notes"]:
                click.echo(f"    {note}")
    sys.exit(1 if any(entry["decision"] != "valid" for entry in entries) else 0)


def _scheme(country: str) -> "NumberScheme":
    """How the numbers of a country are built."""
    from qonys.rules.reading import load_law

    for rule in load_law(country).rules.values():
        if rule.scheme is not None:
            return rule.scheme
    raise DataError(Fault("no numbers are known of this country", value=country))


def _given(numbers: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for number in numbers:
        if number == "-":
            found += [_plain(line.strip("\r\n")) for line in sys.stdin if line.strip()]
        else:
            found.append(number)
    return found


def _plain(text: str) -> str:
    """Text that can be printed again, whatever bytes came in."""
    return text.encode("utf-8", "replace").decode()


def _entry(scheme: "NumberScheme", number: str, lang: str) -> dict[str, Any]:
    from qonys.rules.wording import say

    verdict = scheme.verdict(number)
    return {
        "iin": number,
        "decision": "valid" if verdict == "valid" else "invalid",
        "reason": say(f"number_{verdict}", lang, count=str(scheme.digits)),
        "notes": [say(key, lang, **parts) for key, parts in scheme.notes(number)],
    }


@iin.command()
@click.argument("count", type=click.IntRange(1, 1_000_000))
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Same seed, same numbers.",
)
@country_option
@json_option
def impossible(count: int, seed: int, country: str, as_json: bool) -> None:
    """Make well-formed numbers for tests.

    Their third and fourth digits, the month in the layout before 2013, are above 12, which no
    number of that layout has.
    """
    found = _scheme(country).impossible(count, seed)
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(found))
