"""Fetches one file over HTTP: time-outs, repeats, resuming, a note of what was fetched.

For pull.py. Main function: `fetch`. Follows redirects only to listed hosts, never from https to
http, and writes beside and renames. Knows nothing of what the file holds.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from qonys.core.errors import Fault, SourceError
from qonys.sources.registry import META_SUFFIX, read_meta

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

_AGAIN = (429, 500, 502, 503, 504)
_MOVED = (301, 302, 303, 307, 308)
_PIECE = 1 << 16
_REDIRECTS = 5
_HINTED_PAUSE_S = 1.0


@dataclass(frozen=True)
class Limits:
    """Bounds of one download.

    Parameters
    ----------
    connect_s, read_s : float, seconds
        Time-outs of connecting and between two pieces.
    attempts : int
        How often a request is repeated after a failure, and a cut transfer resumed.
    backoff_s : float, seconds
        First pause before a repeat; doubles each time.
    retry_after_s : int, seconds
        The longest wait that a server may ask for.
    size : int, bytes
        The largest file.
    """

    connect_s: float = 10.0
    read_s: float = 60.0
    attempts: int = 5
    backoff_s: float = 1.0
    retry_after_s: int = 120
    size: int = 2 << 30


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Parameters
    ----------
    url : str
        Address.
    target : Path
        Where it is put.
    hosts : tuple of str
        Hosts that it may come from, with their subdomains.
    types : tuple of str
        Content types that are accepted.
    form : Mapping of str to str or None
        Fields of a POST; none for GET.
    about : Mapping of str to str
        Written into the note beside the file.
    hints : Mapping of str to str
        What an HTTP status means at this provider; such an answer is asked for once more only.
    """

    url: str
    target: Path
    hosts: tuple[str, ...]
    types: tuple[str, ...]
    form: Mapping[str, str] | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)


class _CutError(Exception):
    """The transfer was cut; what came is kept."""


def fetch(
    request: Request,
    *,
    limits: Limits = Limits(),
    refresh: bool = False,
    check: Callable[[Path], Fault | None] | None = None,
) -> Path:
    """Fetch a file, or keep the one that is there when the server says it has not changed.

    Parameters
    ----------
    request : Request
        What is asked for.
    limits : Limits
        Bounds.
    refresh : bool
        Whether to fetch it even if it is there and unchanged.
    check : callable or None
        Looks at the fetched file before it is put in place; gives a fault or none.

    Raises
    ------
    SourceError
        When it cannot be had; nothing is left half-written.
    """
    import urllib3

    _require_allowed(request.url, request)
    held = {} if refresh else _held(request)
    if held and not (held.get("etag") or held.get("last_modified")):
        return request.target
    request.target.parent.mkdir(parents=True, exist_ok=True)
    part = request.target.with_name(request.target.name + ".part")
    retry = urllib3.Retry(
        total=limits.attempts,
        status_forcelist=[code for code in _AGAIN if str(code) not in request.hints],
        allowed_methods=None,  # the POST of taldau asks and changes nothing
        redirect=False,
        backoff_factor=limits.backoff_s,
        backoff_max=60,
        retry_after_max=limits.retry_after_s,
        raise_on_status=False,
    )
    timeout = urllib3.Timeout(connect=limits.connect_s, read=limits.read_s)
    with urllib3.PoolManager(retries=retry, timeout=timeout) as pool:
        try:
            meta = _attempts(pool, request, part, held, limits)
        except urllib3.exceptions.HTTPError as error:
            raise SourceError(_unreachable(request, error)) from None
    if meta is None:
        return request.target
    return _put(request, part, meta, check)


def _put(
    request: Request,
    part: Path,
    meta: Mapping[str, Any],
    check: Callable[[Path], Fault | None] | None,
) -> Path:
    fault = check(part) if check else None
    if fault is not None:
        part.unlink()
        _part_note(part).unlink(missing_ok=True)
        raise SourceError(fault)
    note = {**request.about, **meta, "size": part.stat().st_size, "sha256": _sha256(part)}
    beside = request.target.with_name(request.target.name + META_SUFFIX)
    fresh = beside.with_name(beside.name + ".part")
    fresh.write_text(
        json.dumps(note, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8"
    )
    # The note goes first: a note that does not fit its file makes the file be fetched anew.
    fresh.replace(beside)
    part.replace(request.target)
    _part_note(part).unlink(missing_ok=True)
    return request.target


def _held(request: Request) -> Mapping[str, Any]:
    """The note of a file that is there, whole, and an answer to the same request."""
    meta = read_meta(request.target)
    if not meta or not request.target.is_file() or meta.get("request") != _identity(request):
        return {}
    return meta if meta.get("sha256") == _sha256(request.target) else {}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _identity(request: Request) -> str:
    form = json.dumps(request.form, sort_keys=True) if request.form else ""
    return hashlib.sha256(f"{request.url}\n{form}".encode()).hexdigest()


def _attempts(
    pool: "PoolManager",
    request: Request,
    part: Path,
    held: Mapping[str, Any],
    limits: Limits,
) -> dict[str, Any] | None:
    """Fetch into `part`, resuming after a cut; none when the server says nothing changed."""
    pause = limits.backoff_s
    for attempt in range(limits.attempts + 1):
        try:
            return _once(pool, request, part, held, limits)
        except _CutError as error:
            if attempt == limits.attempts:
                raise SourceError(
                    Fault(
                        f"the connection was cut {attempt + 1} times ({error})",
                        request.url,
                        way_out="Run it again: it goes on where it stopped.",
                    )
                ) from None
            time.sleep(pause)
            pause = min(pause * 2, 60)
    raise AssertionError


def _once(
    pool: "PoolManager",
    request: Request,
    part: Path,
    held: Mapping[str, Any],
    limits: Limits,
) -> dict[str, Any] | None:
    headers = {"Accept-Encoding": "identity", "User-Agent": "qonys"}
    begun = _begun(part, request)
    if begun:
        headers |= {"Range": f"bytes={part.stat().st_size}-", "If-Range": begun}
    elif held:
        named = {
            "If-None-Match": held.get("etag"),
            "If-Modified-Since": held.get("last_modified"),
        }
        headers |= {name: value for name, value in named.items() if value}
    answer, url = _ask(pool, request, headers)
    if str(answer.status) in request.hints:  # it has a reason that waiting does not mend
        answer.close()
        time.sleep(min(limits.backoff_s, _HINTED_PAUSE_S))
        answer, url = _ask(pool, request, headers)
    try:
        if answer.status == 304 and held:
            return None
        if answer.status == 416:
            part.unlink(missing_ok=True)
            msg = "the rest could not be had"
            raise _CutError(msg)
        _require_good(answer, request, url)
        meta = {
            "request": _identity(request),
            "url": url,
            "etag": answer.headers.get("ETag", ""),
            "last_modified": answer.headers.get("Last-Modified", ""),
            "content_type": answer.headers.get("Content-Type", ""),
        }
        _receive(answer, request, part, meta, limits)
    finally:
        answer.close()
    return meta


def _ask(
    pool: "PoolManager", request: Request, headers: Mapping[str, str]
) -> tuple["BaseHTTPResponse", str]:
    """The answer after redirects, each to an allowed host, and its address."""
    url, form = request.url, request.form
    for _ in range(_REDIRECTS + 1):
        answer = (
            pool.request(
                "POST",
                url,
                fields=dict(form),
                encode_multipart=False,
                headers=dict(headers),
                preload_content=False,
                redirect=False,
            )
            if form is not None
            else pool.request(
                "GET", url, headers=dict(headers), preload_content=False, redirect=False
            )
        )
        location = answer.headers.get("Location")
        if answer.status not in _MOVED or not location:
            return answer, url
        answer.close()
        old, url = url, urljoin(url, location)
        if urlsplit(old).scheme == "https" and urlsplit(url).scheme != "https":
            raise SourceError(Fault("redirected from https to http", old, value=url))
        _require_allowed(url, request)
        form = form if answer.status in {307, 308} else None
    raise SourceError(Fault(f"more than {_REDIRECTS} redirects", request.url))


def _receive(
    answer: "BaseHTTPResponse",
    request: Request,
    part: Path,
    meta: Mapping[str, str],
    limits: Limits,
) -> None:
    import urllib3

    resumed = answer.status == 206
    if resumed and not _goes_on(answer, part):
        part.unlink(missing_ok=True)
        msg = "the server sent another piece than was asked for"
        raise _CutError(msg)
    size = part.stat().st_size if resumed else 0
    _require_small(size + int(answer.headers.get("Content-Length") or 0), request, limits)
    _part_note(part).write_text(json.dumps(meta), "utf-8")
    try:
        with part.open("ab" if resumed else "wb") as stream:
            for piece in answer.stream(_PIECE, decode_content=False):
                size += len(piece)
                _require_small(size, request, limits)
                stream.write(piece)
    except SourceError:
        part.unlink()
        _part_note(part).unlink(missing_ok=True)
        raise
    except (urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError):
            raise
        raise _CutError(type(error).__name__) from error


def _goes_on(answer: "BaseHTTPResponse", part: Path) -> bool:
    wanted = f"bytes {part.stat().st_size}-" if part.is_file() else "bytes 0-"
    return answer.headers.get("Content-Range", "").startswith(wanted)


def _part_note(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _begun(part: Path, request: Request) -> str:
    """What names the version of a begun file; empty when it cannot be resumed."""
    if not part.is_file() or not part.stat().st_size:
        return ""
    try:
        meta = json.loads(_part_note(part).read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    if meta.get("request") != _identity(request):
        return ""
    etag = str(meta.get("etag", ""))
    return etag if etag and not etag.startswith("W/") else str(meta.get("last_modified", ""))


def _require_small(size: int, request: Request, limits: Limits) -> None:
    if size > limits.size:
        raise SourceError(
            Fault(f"larger than {limits.size:,} bytes, the most that is fetched", request.url)
        )


def _require_allowed(url: str, request: Request) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise SourceError(Fault("only http and https are fetched", value=url))
    host = (parts.hostname or "").lower()
    allowed = [*request.hosts, (urlsplit(request.url).hostname or "").lower()]
    if not any(host == name or host.endswith(f".{name}") for name in allowed if name):
        raise SourceError(
            Fault(
                "redirected to a host that is not listed",
                request.url,
                value=host,
                way_out="If it is the provider's, add it to hosts in source.toml.",
            )
        )


def _require_good(answer: "BaseHTTPResponse", request: Request, url: str) -> None:
    if answer.status not in {200, 206}:
        hint = request.hints.get(str(answer.status), "Try again later.")
        raise SourceError(Fault(f"HTTP {answer.status}", url, way_out=hint))
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind and kind not in request.types:
        raise SourceError(
            Fault(
                f"sent {kind} in place of {request.types[0]}",
                url,
                way_out="It is probably a page with an error; open the address in a browser.",
            )
        )


def _unreachable(request: Request, error: Exception) -> Fault:
    reason = getattr(error, "reason", None) or error
    text = str(reason).split("object at 0x")[-1].partition(">: ")[2] or str(reason)
    return Fault(
        f"cannot be reached: {type(reason).__name__}: {text}",
        request.url,
        way_out="Try again later.",
    )
