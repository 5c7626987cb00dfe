"""A text with each of its statements marked in place, and what was found about it.

For the command line and the app. Main types: `AnnotatedPage`, `Entry`; main function:
`render_annotated`. Prints sentences as they are given, into one file where no script runs.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import chain, groupby, islice
from typing import Any, NamedTuple

from qonys.briefs.appendix import as_of_words, safe_link
from qonys.briefs.colours import css_variables
from qonys.briefs.html import environment, language_links, tidied
from qonys.briefs.labels import LABELS, Words
from qonys.core.errors import DataError, Fault

#: Verdicts and the sign of each, the worst first.
SIGNS = {"contradicted": "✗", "cannot_check": "?", "compatible": "≈", "holds": "✓"}
#: The order in which a reader is told of them.
TOLD = ("holds", "compatible", "contradicted", "cannot_check")
FINDINGS = ("contradiction", "caution")
#: How many statements of one place its card tells in full, and how many it names.
IN_FULL, NAMED = 3, 12


@dataclass(frozen=True)
class Entry:
    """One statement and what was found about it.

    Parameters
    ----------
    id : str
        Unique on its page.
    start, end : int
        Offsets into the text; -1 where it does not stand in the text.
    text : str
        The words, in the language of the text.
    kind_word : str
        What kind of statement it is.
    verdict : str
        A key of `SIGNS`.
    reasons : tuple of str
        Why, the most important first.
    arithmetic : str
        The computation; may be empty.
    sources : tuple of (str, str)
        Label and address; the address may be empty.
    releases : tuple of (str, str)
        Label of a release and its verdict.
    suggestion : str
        The sentence that the data support; may be empty.
    """

    id: str
    start: int
    end: int
    text: str
    kind_word: str
    verdict: str
    reasons: tuple[str, ...]
    arithmetic: str = ""
    sources: tuple[tuple[str, str], ...] = ()
    releases: tuple[tuple[str, str], ...] = ()
    suggestion: str = ""


@dataclass(frozen=True)
class AnnotatedPage:
    """What a page prints.

    Parameters
    ----------
    lang : str
        ``en``, ``ru`` or ``kk``.
    title : str
        Name of the file.
    as_of : str
        The day whose knowledge was used, ``2026-02-15``.
    country : str
        Name of the country.
    text : str
        The text as read, a paragraph a line; empty for typed claims.
    entries : tuple of Entry
        In the order of the text.
    findings : tuple of (str, str, str, tuple of str)
        One of `FINDINGS`, reason, computation and ids of the statements.
    implied : tuple of (str, str, str, tuple of str)
        What follows from the text, its value, computation and ids of the statements.
    claim_review : str
        JSON-LD to embed; may be empty.
    siblings : Mapping of str to str
        File of the same page by language.
    text_lang : str
        Language of the text where it is not that of the page.
    """

    lang: str
    title: str
    as_of: str
    country: str
    text: str
    entries: tuple[Entry, ...]
    findings: tuple[tuple[str, str, str, tuple[str, ...]], ...] = ()
    implied: tuple[tuple[str, str, str, tuple[str, ...]], ...] = ()
    claim_review: str = ""
    siblings: Mapping[str, str] = field(default_factory=dict)
    text_lang: str = ""


class Row(NamedTuple):
    """A statement and its number on the page."""

    number: int
    entry: Entry


class Piece(NamedTuple):
    """A piece of a paragraph; `rows` are the statements it belongs to, the worst first."""

    text: str
    anchor: str = ""
    rows: tuple[Row, ...] = ()
    unnamed: int = 0

    @property
    def verdict(self) -> str:
        """The worst verdict."""
        return self.rows[0].entry.verdict


def render_annotated(page: AnnotatedPage) -> str:
    """One self-contained page.

    Parameters
    ----------
    page : AnnotatedPage
        What it prints.

    Raises
    ------
    DataError
        When a statement lies outside the text, or something names a statement that is not
        there.
    """
    _check(page)
    rows = [Row(number, entry) for number, entry in enumerate(page.entries, 1)]
    numbers = {row.entry.id: row.number for row in rows}
    paragraphs = _paragraphs(page.text, rows)
    own = Words(page.lang, {k: v for k, v in _texts(page.lang).items() if isinstance(v, str)})
    kinds = Counter(finding[0] for finding in page.findings)
    rendered = (
        environment()
        .get_template("annotated.html.j2")
        .render(
            page=page,
            words=own,
            as_of=own.fill("as_of", as_of_words(page.as_of, page.lang)),
            answer=_answer(page),
            bad=[row.number for row in rows if row.entry.verdict == "contradicted"],
            itself=kinds["contradiction"],
            rows=rows,
            paragraphs=paragraphs,
            places=_places(paragraphs),
            findings=[(*f[:3], _numbers(f[3], numbers)) for f in page.findings],
            implied=[(*i[:3], _numbers(i[3], numbers)) for i in page.implied],
            siblings=language_links(page.lang, page.siblings),
            claim_review=_embedded(page.claim_review),
            signs=SIGNS,
            told=TOLD,
            in_full=IN_FULL,
            address=safe_link,
            light=css_variables(0),
            dark=css_variables(1),
        )
    )
    return tidied(rendered)


def _check(page: AnnotatedPage) -> None:
    """Raise, with all faults at once, when the page does not hold together."""
    faults = list(_faults(page))
    if faults:
        raise DataError(faults)


def _faults(page: AnnotatedPage) -> Iterator[Fault]:
    if page.lang not in LABELS:
        yield Fault("no such language", column="lang", value=page.lang)
    ids = Counter(entry.id for entry in page.entries)
    yield from (Fault("two statements of one id", value=key) for key in ids if ids[key] > 1)
    for entry in page.entries:
        where = f"{entry.id} {entry.start}–{entry.end}"
        if entry.start != -1 and not 0 <= entry.start < entry.end <= len(page.text):
            yield Fault("the statement lies outside the text", value=where)
        for verdict in dict.fromkeys((entry.verdict, *(of for _, of in entry.releases))):
            if verdict not in SIGNS:
                yield Fault(f"no such verdict at {entry.id}", value=verdict)
    for kind, *_ in page.findings:
        if kind not in FINDINGS:
            yield Fault("no such finding", value=kind)
    for *_, named in (*page.findings, *page.implied):
        yield from (Fault("no such statement", value=key) for key in named if key not in ids)


@lru_cache(maxsize=3)
def _texts(lang: str) -> Mapping[str, Any]:
    """Words of the page in a language."""
    path = files("qonys.briefs") / "texts" / "annotated" / f"{lang}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _answer(page: AnnotatedPage) -> str:
    """How many statements there are, and how many of each verdict, in one sentence."""
    if not page.entries:
        return str(_texts(page.lang)["none_found"])
    verdicts = Counter(entry.verdict for entry in page.entries)
    parts = [_counted(key, verdicts[key], page.lang) for key in TOLD if verdicts[key]]
    total = _counted("statements", len(page.entries), page.lang)
    return f"{total}: {', '.join(parts)}."


def _counted(key: str, count: int, lang: str) -> str:
    from babel import Locale

    forms = _texts(lang)["counted"][key]
    form = forms.get(Locale.parse(lang).plural_form(count), forms["other"])
    return str(form).replace("{}", str(count))


def _numbers(ids: tuple[str, ...], numbers: Mapping[str, int]) -> list[int]:
    return sorted({numbers[key] for key in ids})


def _paragraphs(text: str, rows: list[Row]) -> list[list[Piece]]:
    """Lines of the text that are not blank, cut where statements begin and end."""
    lines: list[list[Piece]] = [[]]
    marked = 0
    for words, covering, count in _stretches(text, rows):
        for index, part in enumerate(words.split("\n")):
            if index:
                lines.append([])
            bare = part.strip()
            if not (covering and bare):
                lines[-1].append(Piece(part))
                continue
            marked += 1
            before, _, after = part.partition(bare)
            piece = Piece(bare, f"s{marked}", covering, count - len(covering))
            lines[-1] += [Piece(before), piece, Piece(after)]
    kept = ([piece for piece in line if piece.text] for line in lines)
    return [line for line in kept if not all(piece.text.isspace() for piece in line)]


def _stretches(text: str, rows: list[Row]) -> Iterator[tuple[str, tuple[Row, ...], int]]:
    """The text in stretches; for each the statements that cover it, and how many they are."""
    placed = [row for row in rows if row.entry.start >= 0]
    edges = [(row.entry.start, True, row) for row in placed]
    edges += [(row.entry.end, False, row) for row in placed]
    edges.sort(key=lambda edge: edge[0])
    covering: dict[str, dict[int, Row]] = {verdict: {} for verdict in SIGNS}
    at = 0
    for position, group in groupby(edges, key=lambda edge: edge[0]):
        if position > at:
            worst_first = chain.from_iterable(some.values() for some in covering.values())
            count = sum(map(len, covering.values()))
            yield text[at:position], tuple(islice(worst_first, NAMED)), count
        for _, opens, row in group:
            some = covering[row.entry.verdict]
            if opens:
                some[row.number] = row
            else:
                del some[row.number]
        at = position
    yield text[at:], (), 0


def _places(paragraphs: list[list[Piece]]) -> dict[int, str]:
    """Anchor of the first piece of each statement, by its number."""
    places: dict[int, str] = {}
    for piece in chain.from_iterable(paragraphs):
        for row in piece.rows:
            places.setdefault(row.number, piece.anchor)
    return places


def _embedded(json: str) -> Any:
    """JSON that no text in it can end the element around it."""
    from markupsafe import Markup

    for sign in "<>&\u2028\u2029":
        json = json.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(json)
