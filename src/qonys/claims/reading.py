"""A press text as it is read: plain, Markdown or HTML, with offsets that stay.

For `checking`. Main functions: `read_text`, `to_source`, `language`. Markdown marks and
addresses become blanks of the same length, so that offsets point into the file; HTML is read as
its visible text. Does not look for claims.
"""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from qonys.core.errors import DataError, Fault

#: Larger texts are refused: no press text is as long, and an answer must come in time.
MAX_SIZE = 20_000_000
_BLOCKS = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    )
)
_HIDDEN = frozenset(
    (
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "math",
        "select",
        "textarea",
        "iframe",
        "object",
        "video",
        "audio",
    )
)
_VOID = frozenset(
    (
        "br",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "area",
        "base",
        "col",
        "embed",
        "source",
        "track",
        "wbr",
    )
)
#: Seen, but no part of the article.
_AROUND = frozenset(("nav", "footer", "aside"))
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"[^\S\n]*\n\s*")
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_MARKDOWN = (
    re.compile(r"^(?:```|~~~).*?^(?:```|~~~)[^\n]*$", re.DOTALL | re.MULTILINE),  # code
    re.compile(r"<!--.{0,20000}?-->", re.DOTALL),
    re.compile(r"(?<=\])\([^()\n]{0,2000}\)"),  # the address of a link
    re.compile(r"(?<=\])\[[^\[\]\n]{0,200}\]"),  # the name of a reference
    re.compile(r"^\[[^\]\n]{1,200}\]:[^\n]*$", re.MULTILINE),  # the reference itself
    re.compile(r"https?://[^\s<>\]]{1,2000}"),
    re.compile(r"</?[A-Za-z][^<>\n]{0,500}>"),
    re.compile(r"^[^\S\n]{0,3}(?:#{1,6}|>|[*+])(?=[^\S\n])", re.MULTILINE),
    re.compile(r"^[|:\s-]{3,}$", re.MULTILINE),  # the rule below a table's header
    re.compile(r"\*{1,3}|__|(?<!\w)_|_(?!\w)|`|!?\[|\]|~~"),
)
#: Ends of lines inside a paragraph: of Markdown, and of plain text that is wrapped.
_WRAPPED_MARKDOWN = re.compile(r"(?<=[^\n|])\n(?=[^\n\s|#>*+-])(?!\d+[.)]\s)")
_WRAPPED = re.compile(r"(?<=[^\n.!?:;|])\n(?=[a-zа-яёәғқңөұүһі\d(])(?!\d+[.)]\s)")
_KAZAKH = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """A text as read.

    Parameters
    ----------
    file : str
        Name of the file.
    form : str
        ``text``, ``markdown`` or ``html``.
    text : str
        What offsets point into.
    plain : str
        Of the same length, with marks blanked.
    title : str
        Its title, where it names one.
    """

    file: str
    form: str
    text: str
    plain: str
    title: str = ""


def read_text(path: Path) -> Source:
    """Read a press text.

    Parameters
    ----------
    path : Path
        The file: ``.md`` is Markdown, ``.html`` HTML, everything else is looked at.

    Raises
    ------
    DataError
        When it is no text, or larger than 20 million bytes.
    """
    if path.stat().st_size > MAX_SIZE:
        way_out = "Give the article alone."
        raise DataError(Fault("larger than 20 million bytes", path.name, way_out=way_out))
    raw = path.read_bytes()
    if b"\0" in raw[:4096] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        way_out = "Give plain text, Markdown or HTML."
        raise DataError(Fault("not a text file", path.name, way_out=way_out))
    return to_source(_decoded(raw, path.name), path.name)


def to_source(text: str, file: str = "text.txt") -> Source:
    """A text by its name and looks.

    Parameters
    ----------
    text : str
        The text of the file.
    file : str
        Its name.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    suffix = Path(file).suffix.lower()
    if suffix in {".html", ".htm", ".xhtml"} or re.match(
        r"\s*(?:<!doctype html|<html)", text, re.IGNORECASE
    ):
        parser = _seen(text)
        seen, title = _lines(parser.parts), " ".join("".join(parser.title).split())
        plain = _WRAPPED.sub(" ", _without(seen, parser.around))
        return Source(file, "html", seen, plain, title)
    if suffix in {".md", ".markdown"}:
        plain = _WRAPPED_MARKDOWN.sub(" ", _blanked(text)) if text.strip() else text
        return Source(file, "markdown", text, plain, _heading(text))
    return Source(file, "text", text, _WRAPPED.sub(" ", text), _heading(text))


def _decoded(raw: bytes, name: str) -> str:
    for encoding in (
        ("utf-8-sig", "utf-16") if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig",)
    ):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    way_out = "Save it as UTF-8."
    raise DataError(Fault("not UTF-8", name, way_out=way_out))


def _heading(text: str) -> str:
    first = text.lstrip().partition("\n")[0].strip()
    return first.lstrip("# ").strip() if len(first) < 300 else ""


def _blanked(text: str) -> str:
    """Markdown without its marks, of the same length."""

    def blank(match: re.Match[str]) -> str:
        """Spaces in place of everything but line ends."""
        return re.sub(r"[^\n]", " ", match.group())

    text = _FRONT.sub(blank, text)
    for pattern in _MARKDOWN:
        text = pattern.sub(blank, text)
    return text


class _Visible(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self._hidden: list[str] = []
        self._in_title = False
        self.around: list[list[str]] = []  # texts of menus and footers
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._hidden:
            if tag not in _VOID:
                self._hidden.append(tag)
            return
        unseen = tag in _HIDDEN or "hidden" in given or given.get("aria-hidden") == "true"
        unseen = unseen or "display:none" in (given.get("style") or "").replace(" ", "")
        if unseen and tag not in _VOID:
            self._hidden.append(tag)
        self._in_title = tag == "title" and not self._hidden
        if tag in _AROUND and not self._hidden:
            self._depth += 1
            self.around += [[]] if self._depth == 1 else []
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if tag == "title":
            self._in_title = False
        self._break(tag)
        if tag in _AROUND and self._depth:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._in_title:
            self.title.append(data.replace("\n", " "))
        else:
            self._add(data.replace("\n", " "))

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._add("\n")
        elif tag in {"td", "th"}:
            self._add("\t")

    def _add(self, part: str) -> None:
        self.parts.append(part)
        if self._depth:
            self.around[-1].append(part)


def _seen(html: str) -> _Visible:
    parser = _Visible()
    try:
        parser.feed(html)
        parser.close()
    except (AssertionError, ValueError):  # declarations that are none, e.g. "<![x"
        parser.handle_data(re.sub(r"<[^<>]{0,500}>", " ", parser.rawdata))
    return parser


def _lines(parts: list[str]) -> str:
    return _LINES.sub("\n", _SPACES.sub(" ", "".join(parts))).strip()


def _without(text: str, around: list[list[str]]) -> str:
    """The text with menus and footers blanked, of the same length."""
    at = 0
    for parts in around:
        piece = _lines(parts)
        found = text.find(piece, at) if piece else -1
        if found >= 0:
            at = found + len(piece)
            blank = re.sub(r"[^\n]", " ", piece)
            text = text[:found] + blank + text[at:]
    return text


def language(text: str) -> str:
    """Language of a text by its letters.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        ``kk``, ``ru`` or ``en``.

    Examples
    --------
    >>> language("из Казахстана выехали"), language("Елден көшіп кетті"), language("left")
    ('ru', 'kk', 'en')
    """
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    kazakh = len(_KAZAKH.findall(text))
    if cyrillic + kazakh <= latin:
        return "en"
    return "kk" if kazakh * 25 > cyrillic + kazakh else "ru"
