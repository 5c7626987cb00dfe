"""The cards of a marked text: pointing, the keyboard, a finger; wide and narrow."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qonys.briefs.annotated import AnnotatedPage, Entry, render_annotated

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

TEXT = "In 2025 some 7,608 people left, 40% fewer than before.\n" + "w" * 5000
REASON = "The published figure leaves no other value possible than the one that is printed. "
SEEN = """() => [...document.querySelectorAll(".card")].filter(e => {
    const s = getComputedStyle(e);
    return s.display !== "none" && s.visibility === "visible";
}).map(e => e.id)"""
COVERED = """() => {
    const card = document.querySelector(".card:popover-open").getBoundingClientRect();
    return [...document.querySelectorAll("#s2 > label")].flatMap(e => [...e.getClientRects()])
        .some(r => r.bottom > card.top + 1 && r.top < card.bottom - 1
            && r.right > card.left && r.left < card.right);
}"""
Opened = Callable[..., "Page"]


@pytest.fixture
def opened(browser: "Browser", tmp_path: Path) -> Iterator[Opened]:
    contexts: list[Any] = []

    def open_page(width: int, **more: Any) -> "Page":
        entries = (
            Entry(
                "a", 8, 30, "7,608", "value", "holds", (REASON,), sources=(("Office", "#all"),)
            ),
            Entry("b", 32, 53, "40% fewer", "change", "contradicted", (REASON * 3,), "1 ≠ 2"),
            Entry("c", 55, len(TEXT), "w", "value", "cannot_check", (REASON,)),
        )
        page = AnnotatedPage("en", "press.txt", "2026-02-15", "Kazakhstan", TEXT, entries)
        file = tmp_path / "press.html"
        file.write_text(render_annotated(page), encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, **more))
        tab: Page = contexts[-1].new_page()
        tab.goto(file.as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()


def wait_for(tab: "Page", cards: list[str]) -> None:
    tab.wait_for_function(f"wanted => String(({SEEN})()) === String(wanted)", arg=cards)


def test_pointing_shows_a_card_that_can_be_pointed_at(opened: Opened):
    tab = opened(1280)
    tab.hover("#s2 > label")
    wait_for(tab, ["ps2"])
    tab.hover("#ps2 .sum")
    tab.wait_for_timeout(600)
    wait_for(tab, ["ps2"])
    tab.mouse.move(2, 2)
    wait_for(tab, [])


@pytest.mark.parametrize("width", [360, 1280])
def test_focus_shows_a_card_and_escape_closes_it(opened: Opened, width: int):
    tab = opened(width)
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.id") == "bs2":
            break
    wait_for(tab, ["ps2"])
    tab.keyboard.press("Escape")
    wait_for(tab, [])
    assert tab.evaluate("document.activeElement.id") == "bs2"


def test_a_finger_opens_and_closes_a_card(opened: Opened):
    tab = opened(360, has_touch=True, is_mobile=True)
    tab.tap("#s2 > label")
    wait_for(tab, ["ps2"])
    assert not tab.evaluate(COVERED)
    tab.tap("#ps2 .close")
    wait_for(tab, [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_an_open_card_passes_axe_and_nothing_scrolls_sideways(opened, width: int, scheme: str):
    from axe_playwright_python.sync_playwright import Axe

    tab = opened(width, color_scheme=scheme, reduced_motion="reduce")
    tab.click("#s2 > label")
    wait_for(tab, ["ps2"])
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
