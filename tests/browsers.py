"""Finds the machine's Chromium and launches it for browser tests."""

import contextlib
import functools
import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MISSING = "no browser here: install Chromium, or name one in PODLIFE_CHROMIUM, to run this test"


@functools.cache
def chromium() -> str | None:
    """The path of a Chromium, or None where there is none."""
    named = os.environ.get("PODLIFE_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def is_required() -> bool:
    """Whether a missing browser is a failure, as in continuous integration."""
    return os.environ.get("PODLIFE_REQUIRE_BROWSER", "") not in ("", "0")


@contextlib.contextmanager
def launched(**options):
    """A running headless Chromium, as Playwright's Browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"], **options)
        try:
            yield browser
        finally:
            browser.close()
