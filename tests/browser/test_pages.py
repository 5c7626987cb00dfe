"""The pages as readers meet them: three languages, light and dark, telephone and desk.

`make browser` writes the briefing, the page of the law and a marked press text, and names the
folder that holds their folders in QONYS_PAGES.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "out/screens"
PAGES = {
    "brief": "brief/brief",
    "pathways": "rules/pathways",
    "claims": "claims/press",
    "survey": "survey/survey",
}
VIEWS = [
    (page, language, scheme, width)
    for page in PAGES
    for language in ["en", "ru", "kk"]
    for scheme in ["light", "dark"]
    for width in [360, 1280]
]

UNNAMED_PICTURES = """() => {
    const byId = id => document.getElementById(id)?.textContent ?? "";
    const name = e => e.getAttribute("aria-label")
        || (e.getAttribute("aria-labelledby") ?? "").split(/\\s+/).map(byId).join(" ").trim()
        || e.getAttribute("alt")
        || e.querySelector(":scope > title")?.textContent || "";
    const hidden = e => e.closest("[aria-hidden=true]")
        || e.getAttribute("role") === "presentation";
    return [...document.querySelectorAll("img, svg[role=img], [role=img]")]
        .filter(e => !hidden(e) && !name(e).trim()).map(e => e.outerHTML.slice(0, 160));
}"""
LOST_FRAGMENTS = """() => [...document.querySelectorAll("a[href^='#'], [*|href^='#']:not(a)")]
    .map(e => e.getAttribute("href") ?? e.getAttribute("xlink:href"))
    .filter(h => h !== "#top" && !document.getElementById(decodeURIComponent(h.slice(1))))"""
RELATIVE_LINKS = """() => [...document.querySelectorAll("a[href]")]
    .filter(a => a.protocol === "file:").map(a => a.href)"""
FOCUS = """() => {
    const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
    return {
        at: [...document.querySelectorAll("a[href]")].indexOf(e),
        what: e.outerHTML.slice(0, 160),
        seen: box.width > 1 && box.height > 1 && box.bottom > 0 && box.right > 0,
        marked: s.outlineStyle !== "none" || s.boxShadow !== "none",
    };
}"""
WIDER_THAN_PAGE = """() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const wide = [...document.body.querySelectorAll("*")]
        .filter(e => e.getBoundingClientRect().right > room + 1);
    return ["page", ...wide.map(e => e.outerHTML.slice(0, 120))];
}"""


@dataclass
class View:
    """One page as one reader sees it, and what it asked for while it opened."""

    tab: "Page"
    file: Path
    language: str
    name: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def hear(self, message: "ConsoleMessage") -> None:
        if message.type == "error":
            self.errors.append(message.text)


@pytest.fixture(scope="module")
def folder() -> Path:
    name = os.environ.get("QONYS_PAGES")
    if not name:
        pytest.exit("QONYS_PAGES is not set. Run these tests with: make browser", returncode=2)
    return (ROOT / name).resolve()


@pytest.fixture(scope="module", params=VIEWS, ids=lambda view: "-".join(map(str, view)))
def view(browser: "Browser", folder: Path, request: pytest.FixtureRequest) -> Iterator[View]:
    page, language, scheme, width = request.param
    file = folder / f"{PAGES[page]}.{language}.html"
    if not file.is_file():
        pytest.fail(f"{file.name} is not in the folder of the pages", pytrace=False)
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    view = View(context.new_page(), file, language, f"{page}.{language}.{scheme}.{width}")
    view.tab.on("request", lambda request: view.requests.append(request.url))
    view.tab.on("pageerror", lambda error: view.errors.append(str(error)))
    view.tab.on("console", view.hear)
    view.tab.goto(file.as_uri(), wait_until="load")
    SCREENS.mkdir(parents=True, exist_ok=True)
    view.tab.screenshot(path=SCREENS / f"{view.name}.png", full_page=True)
    yield view
    context.close()


def test_opens_without_the_network_and_without_errors(view: View):
    schemes = {urlsplit(url).scheme for url in view.requests}
    assert schemes <= {"file", "data", "blob"}, view.requests
    assert not view.errors


def test_axe_finds_nothing(view: View):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(view.tab)
    assert found.violations_count == 0, found.generate_report()


def test_says_its_language_and_title(view: View):
    assert view.tab.get_attribute("html", "lang") == view.language
    assert view.tab.title().strip()


def test_never_scrolls_sideways(view: View):
    assert view.tab.evaluate(WIDER_THAN_PAGE) == []


def test_every_picture_has_a_name(view: View):
    assert view.tab.evaluate(UNNAMED_PICTURES) == []


def test_every_link_inside_leads_somewhere(view: View):
    assert view.tab.evaluate(LOST_FRAGMENTS) == []
    files = {unquote(urlsplit(url).path) for url in view.tab.evaluate(RELATIVE_LINKS)}
    assert [name for name in sorted(files) if not Path(name).exists()] == []


def test_tab_reaches_the_first_links_and_shows_where_it_is(view: View):
    stops = []
    for _ in range(3):
        view.tab.keyboard.press("Tab")
        stops.append(view.tab.evaluate(FOCUS))
    links = [stop["at"] for stop in stops if stop["at"] >= 0]
    assert links[:1] == [0], stops
    assert links == sorted(set(links)), stops
    assert all(stop["seen"] and stop["marked"] for stop in stops), stops
