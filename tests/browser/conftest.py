"""Chromium for the tests of this folder, driven by Playwright."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # a run without the browser extra still collects this folder
    from playwright.sync_api import Browser

CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome"]
FLAGS = [
    "--headless",
    "--no-sandbox",  # for containers, where all runs as root; only our own files are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    program = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if program is None:
        pytest.exit(
            f"Chromium is missing: none of {', '.join(CHROMIUM_NAMES)} is on the PATH.\n"
            "Get it from your system's packages, for example on Debian or Ubuntu: "
            "sudo apt install chromium fonts-dejavu",
            returncode=2,
        )
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.exit("Playwright is missing. Run these tests with: make browser", returncode=2)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()
