"""A real browser for tests: the Chromium that the machine has, driven by Playwright.

Nothing is downloaded. Where there is no Chromium, the tests that ask for one are skipped and say why.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Page, Request

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = (1280, 800)
NARROW = (390, 844)
# The time limit of a wait for a page, in milliseconds.
PATIENCE = 10_000


def chromium_path() -> str | None:
    """Return the path of the browser: the one in $CHROMIUM, else the first on the path, else None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run a browser for the block; skip the test when the machine has none."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on this machine (looked at $CHROMIUM and for " + ", ".join(NAMES) + ")")
    api = pytest.importorskip("playwright.async_api", reason="Playwright is not installed")
    api.expect.set_options(timeout=PATIENCE)
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Complaints:
    """Errors and outside requests of a page while it was open.

    `errors` are exceptions and all errors in the browser's console, violations of the content
    security policy included; failed requests are left out, since tests stop the server on purpose.
    `outside` are requested addresses of other hosts.
    """

    home: str
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Record the errors and requests of `page` from now on."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "about:")):
            self.outside.append(request.url)


@asynccontextmanager
async def new_page(
    browser: Browser,
    home: str,
    *,
    size: tuple[int, int] = WIDE,
    locale: str = "en-US",
    dark: bool = False,
    touch: bool = False,
) -> AsyncIterator[Page]:
    """Open a page without storage or cache; close it at the end of the block.

    `home` is the address that everything has to come from, such as "http://127.0.0.1:8080". When the block
    ends, the page must have raised no error and must have asked no other host for anything.
    """
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=locale,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        has_touch=touch,
    )
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    complaints = Complaints(home)
    complaints.watch(page)
    try:
        yield page
        assert complaints.errors == []
        assert complaints.outside == []
    finally:
        await context.close()


async def screenshot(page: Page, name: str) -> Path | None:
    """Save a screenshot as NAME.png in $SCREENSHOTS and return its path; None when that is not set."""
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return None
    path = Path(folder) / f"{name}.png"
    await page.screenshot(path=path)
    return path
