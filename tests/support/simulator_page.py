"""The simulator's page as a person uses it. Works with any gateway that serves the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from playwright.async_api import expect

from tests.support.browser import PATIENCE

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

PhoneName = Literal["telegram", "sms"]
Speaker = Literal["client", "bot", "agent", "backend"]


class SimulatorPage:
    """One open simulator page with its two phones.

    Methods that expect something on the page wait for at most the browser's time limit, and raise
    `AssertionError` or Playwright's `TimeoutError` when it does not appear.
    """

    def __init__(self, page: Page, home: str) -> None:
        """`home` is the gateway's address without a path, such as "http://127.0.0.1:8080"."""
        self.page = page
        self.home = home

    async def open(
        self, *, telegram: str | None = None, sms: str | None = None, language: str | None = None
    ) -> None:
        """Open the page, with these peers and in this language if they are given."""
        given = {"telegram": telegram, "sms": sms, "lang": language}
        query = urlencode({name: value for name, value in given.items() if value is not None})
        await self.page.goto(f"{self.home}/simulator" + (f"?{query}" if query else ""))
        await expect(self.phone("telegram")).to_have_count(1)

    def phone(self, phone: PhoneName) -> Locator:
        """Return the element of the phone."""
        return self.page.locator(f'[data-phone="{phone}"]')

    def messages(self, phone: PhoneName, speaker: Speaker | None = None) -> Locator:
        """Return the messages on a phone, oldest first, or only those of one sender."""
        wanted = ".message" if speaker is None else f'.message[data-from="{speaker}"]'
        return self.phone(phone).locator(wanted)

    async def show(self, phone: PhoneName) -> None:
        """Show a phone; on a wide screen both are visible already."""
        tab = self.page.locator(f"#tab-{phone}")
        if await tab.is_visible():
            await tab.click()

    async def send(self, phone: PhoneName, text: str) -> None:
        """Write a message and send it. Returns before it is answered: see `wait_idle`."""
        await self.show(phone)
        await self.phone(phone).locator("textarea").fill(text)
        await self.phone(phone).locator(".send").click()

    async def press(self, phone: PhoneName, title: str) -> None:
        """Press the button with this title under the newest message that has buttons."""
        await self.show(phone)
        await self.phone(phone).locator(".choice").get_by_text(title, exact=True).click()

    async def suggest(self, phone: PhoneName, text: str) -> None:
        """Tap one of the suggestions of an empty phone."""
        await self.show(phone)
        await self.phone(phone).locator(".chip").get_by_text(text, exact=True).click()

    async def texts(self, phone: PhoneName, speaker: Speaker | None = None) -> list[str]:
        """Return the texts on a phone, oldest first, or only those of one sender."""
        return await self.messages(phone, speaker).locator(".bubble").all_text_contents()

    async def conversation(self, phone: PhoneName) -> list[tuple[str, str]]:
        """Return the messages on a phone as (sender, text), oldest first."""
        speakers = await self.messages(phone).evaluate_all("all => all.map(one => one.dataset.from)")
        return list(zip(speakers, await self.texts(phone), strict=True))

    async def buttons(self, phone: PhoneName) -> list[str]:
        """Return the titles of the buttons that can be pressed now."""
        return await self.phone(phone).locator(".choice").all_text_contents()

    async def suggestions(self, phone: PhoneName) -> list[str]:
        """Return the suggestions of an empty phone; none when it is not empty."""
        shown = self.phone(phone).locator(".suggestions:not([hidden]) .chip")
        return await shown.all_text_contents()

    async def wait_idle(self, phone: PhoneName) -> None:
        """Wait until everything sent from a phone has been answered."""
        await expect(self.phone(phone)).to_have_attribute("data-idle", "true", timeout=3 * PATIENCE)

    async def wait_for_text(self, phone: PhoneName, text: str, speaker: Speaker | None = None) -> None:
        """Wait until a message that contains `text` is on a phone."""
        await expect(self.messages(phone, speaker).filter(has_text=text).first).to_be_attached()

    async def ask(self, phone: PhoneName, text: str) -> list[str]:
        """Send a message, wait for the answer, and return the assistant's new texts."""
        return await self._answers(phone, lambda: self.send(phone, text))

    async def choose(self, phone: PhoneName, title: str) -> list[str]:
        """Press a button, wait for the answer, and return the assistant's new texts."""
        return await self._answers(phone, lambda: self.press(phone, title))

    async def _answers(self, phone: PhoneName, act: Callable[[], Awaitable[None]]) -> list[str]:
        await self.wait_idle(phone)
        before = len(await self.texts(phone, "bot"))
        await act()
        await self.wait_idle(phone)
        return (await self.texts(phone, "bot"))[before:]

    async def choose_language(self, code: str) -> None:
        """Set the language of the phones, "en" or "ja"."""
        await self.page.locator(f'input[name="language"][value="{code}"]').check()

    async def new_person(self) -> None:
        """Give both phones to a new person."""
        await self.page.locator("#new-person").click()

    async def peer(self, phone: PhoneName) -> str:
        """Return the peer as the phone shows it, a Japanese number with its spaces and hyphens."""
        return await self.phone(phone).locator(".peer").inner_text()

    async def reconnecting(self, phone: PhoneName, expected: bool = True) -> None:
        """Wait until a phone shows that it has lost the gateway, or (False) no longer shows it."""
        await expect(self.phone(phone)).to_have_attribute("data-connected", "false" if expected else "true")

    async def sideways(self) -> int:
        """Return by how many pixels the page is wider than the screen: 0 without horizontal scrolling."""
        return int(
            await self.page.evaluate(
                "Math.max(...[document.documentElement, ...document.querySelectorAll('.log')]"
                ".map(part => part.scrollWidth - part.clientWidth))"
            )
        )
