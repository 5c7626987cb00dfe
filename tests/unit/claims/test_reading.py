"""Press texts as read."""

import pytest

from qonys.claims.reading import language, read_text, to_source
from qonys.core.errors import DataError


def test_html_gives_what_a_reader_sees():
    page = (
        "<html><head><title>T</title><style>p{}</style></head><body><nav>N</nav>"
        "<p>In 2024, 12,732&nbsp;people <b>left</b>.</p><script>var x = 5</script>"
        "<p hidden>no</p></body></html>"
    )
    source = to_source(page, "page.html")
    text, title = source.text, source.title
    assert text == "N\nIn 2024, 12,732 people left."
    assert title == "T"


def test_markdown_keeps_its_offsets():
    raw = "# Title\n\nIn **2024**, [12,732](https://example.org/2025) people left.\n"
    source = to_source(raw, "a.md")
    assert len(source.plain) == len(source.text) == len(raw)
    assert source.plain.index("12,732") == raw.index("12,732")
    assert "2025" not in source.plain
    assert "*" not in source.plain


@pytest.mark.parametrize(
    "page", ["<![x", "<a href='", "<!--", "</p></p>", "&#xD800;", "<p>" * 5000]
)
def test_broken_pages_are_read(page):
    to_source(page, "page.html")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\x00\x01\x02")
    with pytest.raises(DataError, match="not a text file"):
        read_text(path)
    path.write_bytes(b"\xff\xff\xff abc")
    with pytest.raises(DataError, match="UTF-8"):
        read_text(path)


def test_language_is_told_by_letters():
    assert [language(t) for t in ("people left", "выехали", "көшіп кетті")] == [
        "en",
        "ru",
        "kk",
    ]


def test_menus_and_footers_are_seen_but_not_read():
    page = (
        "<html><nav>Top 2,024 people left</nav><p>In 2024, 12,732 people<br>left.</p>"
        "<footer>In 2025, 5 people left</footer></html>"
    )
    source = to_source(page, "page.html")
    assert len(source.plain) == len(source.text)
    assert "2,024" in source.text
    assert "2,024" not in source.plain
    assert "2025" not in source.plain
    assert "12,732 people left." in source.plain
