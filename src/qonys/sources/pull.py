"""Fetches a provider's answers for a country and leaves them as files for the readers.

For the command line. Main function: `pull`, for `taldau` and `opendata`. Reads no figures: the
files, each with a note of address and SHA-256 beside it, are read like any other.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qonys.core.country import Country
from qonys.core.errors import Fault, SourceError
from qonys.sources.fetching import Limits, Request, fetch
from qonys.sources.registry import SourceCard, file_head, read_source_card

_JSON = ("application/json", "text/json", "text/plain")
_CSV = (
    "text/csv",
    "text/plain",
    "application/csv",
    "application/octet-stream",
    "text/tab-separated-values",
    "application/vnd.ms-excel",
)
Progress = Callable[[str], None]


def pull(
    source: str,
    country: Country,
    into: Path,
    *,
    base_url: str | None = None,
    refresh: bool = False,
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> list[Path]:
    """Fetch everything that a source has for a country.

    Parameters
    ----------
    source : str
        ``taldau`` or ``opendata``.
    country : Country
        The country.
    into : Path
        Folder of the files.
    base_url : str or None
        Address in place of the source's own.
    refresh : bool
        Whether to fetch what is there already and unchanged.
    progress : callable or None
        Gets one line a file.
    limits : Limits or None
        Time-outs, number of repeats, size.

    Returns
    -------
    list of Path
        The files, in the order of the requests.

    Raises
    ------
    SourceError
        When a file cannot be had. What came before it stays.
    """
    card = read_source_card(source)
    makers = {"taldau": _taldau, "opendata": _opendata}
    if source not in makers:
        raise SourceError(
            Fault("nothing to fetch", value=source, way_out=f"Sources: {', '.join(makers)}.")
        )
    if card.settings["country"] != country.code:
        raise SourceError(
            Fault(
                f"{source} has figures of {card.settings['country']} only", value=country.code
            )
        )
    base = (base_url or card.url).rstrip("/")
    tell = progress or (lambda line: None)
    return makers[source](card, base, into, refresh, tell, limits or Limits())


def _hosts(card: SourceCard, base: str) -> tuple[str, ...]:
    own = (urlsplit(base).hostname or "").lower()
    return card.hosts if own in card.hosts else (own,)


def _taldau(
    card: SourceCard, base: str, into: Path, refresh: bool, tell: Progress, limits: Limits
) -> list[Path]:
    files = []
    for index, entry in card.settings["indices"].items():
        for period in card.settings["pull"]["periods"]:
            tell(f"taldau {index} ({entry['measure']}), period {period}")
            about = {"reader": "taldau", "index": index, "period_id": period}
            files += _taldau_index(card, base, into, about, refresh, tell, limits)
    return files


def _taldau_index(
    card: SourceCard,
    base: str,
    into: Path,
    about: dict[str, str],
    refresh: bool,
    tell: Progress,
    limits: Limits,
) -> list[Path]:
    """The tree of one index: the country and, where they can be had, its regions.

    The flat list stands in only when there is no tree of the country.
    """
    settings = card.settings["pull"]
    name = f"taldau-{about['index']}-{about['period_id']}"

    def get(path: str, file: str, form: dict[str, str] | None) -> Path:
        request = Request(
            base + path, into / file, _hosts(card, base), _JSON, form, about, settings["hints"]
        )
        return fetch(request, limits=limits, refresh=refresh, check=_check_json(base + path))

    def tree(part: str, parent: str) -> Path:
        return get(settings["tree"], f"{name}-{part}.json", _form(settings, about, parent))

    try:
        files = [tree("country", "")]
    except SourceError as error:
        tell(f"no tree ({error.faults[0]}): asking for the flat list")
        path = settings["flat"].format(index=about["index"], period=about["period_id"])
        try:
            return [get(path, f"{name}-flat.json", None)]
        except SourceError as second:
            raise SourceError([*error.faults, *second.faults]) from None
    try:
        files.append(tree("regions", settings["root"]))
    except SourceError as error:
        tell(f"no regions ({error.faults[0]}): the country alone is kept")
    return files


def _form(settings: Any, about: dict[str, str], parent: str) -> dict[str, str]:
    return {
        "p_parent_id": parent,
        "p_index_id": about["index"],
        "p_period_id": about["period_id"],
        **settings["form"],
        "id": parent,
    }


def _check_json(url: str) -> Callable[[Path], Fault | None]:
    def check(path: Path) -> Fault | None:
        """A fault when the answer is no list or an empty one."""
        text = file_head(path)
        if text[:1] == b"<":
            return Fault("sent a web page in place of JSON", url, way_out="Try again later.")
        if text[:1] != b"[":
            return Fault("sent no list", url, value=text[:80].decode("utf-8", "replace"))
        if text[1:].lstrip()[:1] == b"]":
            return Fault("sent an empty list", url, way_out="Check index and period.")
        return None

    return check


def _opendata(
    card: SourceCard, base: str, into: Path, refresh: bool, tell: Progress, limits: Limits
) -> list[Path]:
    files = []
    for element in card.settings["pull"]["elements"]:
        tell(f"opendata {element}")
        url = base + card.settings["pull"]["path"].format(element=element)
        about = {"reader": "opendata", "element": element}
        target = into / f"opendata-{element}.csv"
        request = Request(url, target, _hosts(card, base), _CSV, None, about)
        files.append(fetch(request, limits=limits, refresh=refresh, check=_check_csv(url)))
    return files


def _check_csv(url: str) -> Callable[[Path], Fault | None]:
    def check(path: Path) -> Fault | None:
        """A fault when the answer is a web page or empty."""
        head = file_head(path)
        if head[:1] in {b"<", b""}:
            what = "a web page" if head else "nothing"
            return Fault(f"sent {what} in place of a table", url, way_out="Try again later.")
        return None

    return check
