"""Against a server on a free loopback port that answers in the documented format."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from qonys.core.errors import SourceError
from qonys.sources.fetching import Limits
from qonys.sources.pull import pull

SPECIMENS = Path(__file__).parents[2] / "specimens"
TREE = (SPECIMENS / "taldau/taldau-2929753-7-tree.json").read_bytes()
FLAT = (SPECIMENS / "taldau/taldau-2929753-7-flat.json").read_bytes()
TABLE = (SPECIMENS / "opendata/migration_balance.csv").read_bytes() * 200
QUICK = Limits(connect_s=2, read_s=0.5, attempts=3, backoff_s=0.01, retry_after_s=1)
ELEMENT = "/api/iblock/element/6567/csv/file/ru/"
STATIC = "/upload/6567.csv"
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each request by the function that stands under its path."""

    protocol_version = "HTTP/1.1"
    server: "Office"

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, body: str) -> None:
        form = {key: value[0] for key, value in parse_qs(body, keep_blank_values=True).items()}
        self.server.seen.append((self.command, self.path, dict(self.headers), form))
        answer = self.server.answers.get(self.path.partition("?")[0])
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        (answer or status(404))(self)

    def send(self, code: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Office(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Any] = {}
        self.seen: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no matter here."""


def send(body: bytes, kind: str = "application/json; charset=utf-8", **headers: str) -> Answer:
    return lambda to: to.send(200, body, kind, **headers)


def status(code: int, body: bytes = b"<html>error</html>", **headers: str) -> Answer:
    return lambda to: to.send(code, body, "text/html", **headers)


def moved(to_url: str) -> Answer:
    return lambda to: to.send(302, b"", "text/html", Location=to_url)


def slow(then: Answer, seconds: float) -> Answer:
    def answer(to: Handler) -> None:
        time.sleep(seconds)
        then(to)

    return answer


def cut(body: bytes, at: int, **headers: str) -> Answer:
    """Promises the whole body, sends a part of it and hangs up."""

    def answer(to: Handler) -> None:
        to.send(200, body[:at], "text/csv", Content_Length=str(len(body)), **headers)
        to.close_connection = True

    return answer


def ranged(body: bytes, etag: str) -> Answer:
    def answer(to: Handler) -> None:
        asked = to.headers.get("Range")
        if asked and to.headers.get("If-Range") == etag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            span = f"bytes {start}-{len(body) - 1}/{len(body)}"
            to.send(206, body[start:], "text/csv", Content_Range=span, ETag=etag)
        else:
            to.send(200, body, "text/csv", ETag=etag)

    return answer


@pytest.fixture
def office() -> Iterator[Office]:
    server = Office()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def taldau(office, country, tmp_path):
    def run(**options: Any) -> list[Path]:
        return pull("taldau", country, tmp_path, base_url=office.url, limits=QUICK, **options)

    return run


@pytest.fixture
def table(office, country, tmp_path):
    def run(limits: Limits = QUICK, **options: Any) -> Path:
        (path,) = pull(
            "opendata", country, tmp_path, base_url=office.url, limits=limits, **options
        )
        return path

    return run


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if ".part" in path.name)


def test_taldau_asks_for_the_tree_and_the_files_can_be_read(office, taldau, stage, tmp_path):
    office.answers["/ru/NewIndex/GetIndexTreeData"] = send(TREE)
    lines: list[str] = []
    files = taldau(progress=lines.append)
    assert [path.name for path in files] == [
        f"taldau-{index}-7-{part}.json"
        for index in (2929752, 2929753)
        for part in ("country", "regions")
    ]
    assert len(lines) == 2
    method, path, headers, form = office.seen[2]
    assert (method, path) == ("POST", "/ru/NewIndex/GetIndexTreeData")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form == {
        "p_parent_id": "", "p_index_id": "2929753", "p_keyword": "", "p_period_id": "7",
        "p_measure_id": "23", "p_term_id": "741880", "p_terms": "741880,741917,39360,741935",
        "p_dicIds": "67,749,76,576", "idx": "0", "id": "",
        "filter": '[{"property":null,"value":null}]',
    }  # fmt: skip
    assert office.seen[3][3]["p_parent_id"] == "741880"
    meta = json.loads((tmp_path / f"{files[0].name}.meta.json").read_text("utf-8"))
    assert meta["sha256"] == hashlib.sha256(TREE).hexdigest()
    assert (meta["index"], meta["size"]) == ("2929752", len(TREE))
    assert stage(files[2]).rows == 5
    assert not leftovers(tmp_path)


def test_what_is_there_is_not_fetched_again_unless_asked(office, taldau):
    office.answers["/ru/NewIndex/GetIndexTreeData"] = send(TREE)
    taldau()
    taldau()
    assert len(office.seen) == 4
    taldau(refresh=True)
    assert len(office.seen) == 8


def test_a_changed_file_is_fetched_again(office, taldau):
    office.answers["/ru/NewIndex/GetIndexTreeData"] = send(TREE)
    first, *_ = taldau()
    first.write_text("spoilt")
    taldau()
    assert first.read_bytes() == TREE
    assert len(office.seen) == 5


@pytest.mark.parametrize(
    "tree", [send(b"[]"), status(500), send(b"<html>", "text/html"), send(b'{"error": 1}')]
)
def test_without_a_tree_the_flat_list_is_asked_for(office, taldau, tree):
    office.answers["/ru/NewIndex/GetIndexTreeData"] = tree
    for index in (2929752, 2929753):
        office.answers[f"/ru/Api/GetIndexData/{index}"] = send(FLAT)
    assert [path.name for path in taldau()] == [
        "taldau-2929752-7-flat.json",
        "taldau-2929753-7-flat.json",
    ]
    assert office.seen[-1][1] == "/ru/Api/GetIndexData/2929753?period=7&dics=67"


@pytest.mark.parametrize("regions", [send(b"[]"), status(404), status(500)])
def test_without_regions_the_country_is_kept(office, taldau, regions):
    def tree(to: Handler) -> None:
        (regions if to.server.seen[-1][3]["p_parent_id"] else send(TREE))(to)

    office.answers["/ru/NewIndex/GetIndexTreeData"] = tree
    lines: list[str] = []
    files = taldau(progress=lines.append)
    assert [path.name for path in files] == [
        "taldau-2929752-7-country.json",
        "taldau-2929753-7-country.json",
    ]
    said = [line for line in lines if line.startswith("no regions (")]
    assert len(said) == 2
    assert said[0].endswith("the country alone is kept")


def test_a_status_with_a_hint_is_asked_for_once_more_only(office, taldau):
    tree, flat = "/ru/NewIndex/GetIndexTreeData", "/ru/Api/GetIndexData/2929752"
    office.answers[tree] = office.answers[flat] = status(500)
    with pytest.raises(SourceError):
        taldau()
    assert [path.partition("?")[0] for _, path, _, _ in office.seen] == [tree] * 2 + [flat] * 2
    office.answers[tree] = [status(500), send(TREE)]
    assert len(taldau()) == 4


def test_a_status_without_a_hint_is_asked_for_again_as_ever(office, taldau):
    failing = status(503)
    office.answers["/ru/NewIndex/GetIndexTreeData"] = [failing, failing, send(TREE)]
    assert len(taldau()) == 4
    assert len(office.seen) == 6


def test_neither_gives_both_reasons_and_leaves_nothing(office, taldau, tmp_path):
    office.answers["/ru/NewIndex/GetIndexTreeData"] = status(500)
    office.answers["/ru/Api/GetIndexData/2929752"] = send(b" [ ] ")
    with pytest.raises(SourceError) as caught:
        taldau()
    wrong, empty = caught.value.faults
    assert wrong.problem == "HTTP 500"
    assert "dictionaries do not fit" in wrong.way_out
    assert empty.problem == "sent an empty list"
    assert list(tmp_path.iterdir()) == []


def test_a_slow_answer_is_asked_for_again(office, table):
    office.answers[ELEMENT] = [slow(send(TABLE, "text/csv"), 1.0), send(TABLE, "text/csv")]
    assert table().read_bytes() == TABLE
    assert len(office.seen) == 2


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_failing_server_is_asked_again(office, table, code: int):
    failing = status(code, Retry_After="0")
    office.answers[ELEMENT] = [failing, failing, send(TABLE, "text/csv")]
    assert table().read_bytes() == TABLE
    assert len(office.seen) == 3


def test_a_cut_transfer_goes_on_where_it_stopped(office, table, tmp_path):
    office.answers[ELEMENT] = [cut(TABLE, 100_000, ETag='"v1"'), ranged(TABLE, '"v1"')]
    assert table().read_bytes() == TABLE
    assert office.seen[1][2]["Range"] == "bytes=100000-"
    assert not leftovers(tmp_path)


def test_a_cut_transfer_begins_anew_when_the_file_has_changed(office, table):
    office.answers[ELEMENT] = [cut(TABLE, 100_000, ETag='"v1"'), ranged(TABLE + b"x", '"v2"')]
    assert table().read_bytes() == TABLE + b"x"


def test_a_cut_transfer_without_a_version_begins_anew(office, table):
    office.answers[ELEMENT] = [cut(TABLE, 100_000), send(TABLE, "text/csv")]
    assert table().read_bytes() == TABLE
    assert "Range" not in office.seen[1][2]


def test_a_second_run_goes_on_where_the_first_gave_up(office, table, tmp_path):
    office.answers[ELEMENT] = cut(TABLE, 100_000, ETag='"v1"')
    with pytest.raises(SourceError, match="was cut 4 times"):
        table()
    assert leftovers(tmp_path)
    assert not (tmp_path / "opendata-6567.csv").exists()
    office.answers[ELEMENT] = ranged(TABLE, '"v1"')
    assert table().read_bytes() == TABLE
    assert office.seen[-1][2]["Range"] == "bytes=100000-"


def test_a_redirect_on_the_same_host(office, table, stage):
    office.answers[ELEMENT] = moved(STATIC)
    office.answers[STATIC] = send(TABLE[: len(TABLE) // 200], "application/octet-stream")
    assert stage(table()).rows == 7


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://evil.example/x.csv", "a host that is not listed"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://127.0.0.1/x", "only http and https"),
    ],
)
def test_a_redirect_elsewhere_is_refused(office, table, target: str, words: str):
    office.answers[ELEMENT] = moved(target)
    with pytest.raises(SourceError, match=words):
        table()


def test_a_redirect_in_a_circle(office, table):
    office.answers[ELEMENT] = moved(ELEMENT)
    with pytest.raises(SourceError, match="more than 5 redirects"):
        table()


def test_unchanged_by_its_etag(office, table):
    office.answers[ELEMENT] = send(TABLE, "text/csv", ETag='"v1"')
    path = table()
    office.answers[ELEMENT] = lambda to: to.send(304, b"", "text/csv", ETag='"v1"')
    assert table() == path
    assert office.seen[-1][2]["If-None-Match"] == '"v1"'
    office.answers[ELEMENT] = send(TABLE + b"x", "text/csv", Last_Modified="today")
    assert table().read_bytes() == TABLE + b"x"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (send(b"<html>", "text/html"), "sent text/html in place of text/csv"),
        (send(b"<html>", "text/csv"), "sent a web page"),
        (send(b"", "text/csv"), "sent nothing"),
        (status(403), "HTTP 403"),
        (status(404), "HTTP 404"),
    ],
)
def test_what_is_no_table(office, table, tmp_path, answer: Answer, words: str):
    office.answers[ELEMENT] = answer
    with pytest.raises(SourceError, match=words):
        table()
    assert list(tmp_path.iterdir()) == []


def test_size_is_limited_by_what_is_said_and_by_what_comes(office, table, tmp_path):
    limits = Limits(attempts=1, backoff_s=0.01, size=1000)
    office.answers[ELEMENT] = send(TABLE, "text/csv")
    with pytest.raises(SourceError, match="larger than 1,000 bytes"):
        table(limits)

    def chunked(to: Handler) -> None:
        to.send(200, b"", "text/csv", Transfer_Encoding="chunked", Content_Length="")
        to.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(TABLE), TABLE))

    office.answers[ELEMENT] = chunked
    with pytest.raises(SourceError):
        table(limits)


def test_nobody_there(country, tmp_path, office):
    office.server_close()
    limits = Limits(connect_s=0.5, attempts=1, backoff_s=0.01)
    with pytest.raises(SourceError, match="cannot be reached"):
        pull("opendata", country, tmp_path, base_url=office.url, limits=limits)


def test_what_can_be_pulled(country, tmp_path):
    with pytest.raises(SourceError, match="nothing to fetch"):
        pull("excel", country, tmp_path)
    with pytest.raises(SourceError, match="no such reader"):
        pull("taldu", country, tmp_path)
    with pytest.raises(SourceError, match="only http and https"):
        pull("opendata", country, tmp_path, base_url="file:///tmp")
