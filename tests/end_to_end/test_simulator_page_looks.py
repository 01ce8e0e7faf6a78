"""The simulator's page on small screens, by keyboard, with screen readers, in dark mode, and in Japanese."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support.browser import NARROW, WIDE, chromium, new_page, screenshot
from tests.support.fake_simulator import NUMBER, PERSON, FakeSimulator, Received, open_simulator
from tests.support.simulator_page import PhoneName, SimulatorPage

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

UNBROKEN = "https://example.invalid/" + "x" * 120
# Returns the lowest contrast of all visible text by the formula of WCAG 2.2, and the text that has it.
LOWEST_CONTRAST = """() => {
  const channels = colour => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = part => {
    for (let at = part; at; at = at.parentElement) {
      const found = channels(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const found = [...document.querySelectorAll("body *")].filter(part => part.offsetWidth > 2
      && [...part.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(part => [light(channels(getComputedStyle(part).color)), light(behind(part)), part.textContent.trim()])
    .map(([one, other, text]) => [(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), text]);
  return found.sort((a, b) => a[0] - b[0])[0];
}"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


async def ask_which_phone(simulator: FakeSimulator, received: Received) -> None:
    """Answer every message with a menu."""
    simulator.deliver(received.channel, received.peer, "Which phone?", buttons=["iPhone", "Android"])


async def fill(page: SimulatorPage, simulator: FakeSimulator) -> None:
    """Show one message of every kind on both phones."""
    both: list[tuple[PhoneName, str]] = [("telegram", PERSON), ("sms", NUMBER)]
    for phone, peer in both:
        await page.ask(phone, "Hello")
        for origin in ("agent", "backend"):
            simulator.deliver(phone, peer, "Your code is 482913", origin=origin)
        await expect(page.messages(phone)).to_have_count(4)


async def test_a_wide_screen_shows_both_phones_and_explains_the_page(browser: Browser) -> None:
    async with open_simulator(browser, size=WIDE) as (page, _):
        left, right = await page.phone("telegram").bounding_box(), await page.phone("sms").bounding_box()
        assert left is not None
        assert right is not None
        assert left["x"] + left["width"] <= right["x"]
        assert right["x"] + right["width"] <= WIDE[0]
        assert left["y"] + left["height"] <= WIDE[1]
        await expect(page.page.get_by_role("tab")).to_have_count(0)
        await expect(page.page.get_by_text("on your own machine")).to_contain_text(
            "Nothing is sent to Telegram or by SMS."
        )


@pytest.mark.parametrize("width", [390, 320])
async def test_a_narrow_screen_shows_one_phone_without_horizontal_scrolling(
    browser: Browser, width: int
) -> None:
    async with open_simulator(browser, ask_which_phone, size=(width, 844)) as (page, simulator):
        simulator.deliver("telegram", PERSON, UNBROKEN, buttons=["The longest title of a button"] * 2)
        simulator.deliver("sms", NUMBER, UNBROKEN, origin="backend")
        await page.wait_for_text("telegram", UNBROKEN)
        await expect(page.phone("telegram")).to_be_visible()
        await expect(page.phone("sms")).to_be_hidden()
        assert await page.sideways() == 0

        await page.show("sms")
        await expect(page.phone("sms")).to_be_visible()
        await expect(page.phone("telegram")).to_be_hidden()
        assert await page.ask("sms", "Hello") == ["Which phone?"]
        assert await page.sideways() == 0


async def test_the_tab_of_the_hidden_phone_counts_its_new_messages(browser: Browser) -> None:
    async with open_simulator(browser, size=NARROW) as (page, simulator):
        await page.wait_idle("sms")
        tab = page.page.get_by_role("tab", name="SMS")
        simulator.deliver("sms", NUMBER, "Your code is 482913", origin="backend")
        simulator.deliver("sms", NUMBER, "Type it here")
        await expect(tab).to_have_accessible_name("SMS 2 new messages")

        await tab.click()
        await expect(tab).to_have_accessible_name("SMS")


async def test_everything_can_be_done_by_keyboard(browser: Browser) -> None:
    async with open_simulator(browser, ask_which_phone) as (page, simulator):
        await page.wait_idle("telegram")
        keys, phone = page.page.keyboard, page.phone("telegram")
        await phone.get_by_role("log").focus()
        await keys.press("Tab")
        await expect(phone.get_by_role("button", name="I forgot my IB Key PIN")).to_be_focused()
        await keys.press("Enter")
        await expect(phone.get_by_role("textbox")).to_be_focused()
        await page.wait_idle("telegram")

        await keys.press("Shift+Tab")
        await expect(phone.get_by_role("button", name="Android")).to_be_focused()
        outline = await phone.get_by_role("button", name="Android").evaluate(
            "button => parseFloat(getComputedStyle(button).outlineWidth)"
        )
        assert outline >= 2
        await keys.press("Enter")
        await expect(phone.get_by_role("textbox")).to_be_focused()
        await page.wait_idle("telegram")

        await keys.type("thank you")
        await keys.press("Enter")
        await page.wait_idle("telegram")
        assert await page.texts("telegram", "client") == ["I forgot my IB Key PIN", "Android", "thank you"]
        assert simulator.received[1].body["button"].endswith(":Android")


async def test_the_arrow_keys_change_the_tab_of_a_narrow_screen(browser: Browser) -> None:
    async with open_simulator(browser, size=NARROW) as (page, _):
        await page.page.get_by_role("tab", name="Telegram").focus()
        await page.page.keyboard.press("ArrowRight")

        await expect(page.page.get_by_role("tab", name="SMS")).to_be_focused()
        await expect(page.page.get_by_role("tab", name="SMS", selected=True)).to_be_visible()
        await expect(page.page.get_by_role("tabpanel", name="SMS phone")).to_be_visible()


async def test_focus_moves_to_the_log_when_the_focused_button_is_removed(browser: Browser) -> None:
    async with open_simulator(browser, ask_which_phone) as (page, simulator):
        await page.ask("telegram", "Hello")
        await page.phone("telegram").get_by_role("button", name="iPhone").focus()
        simulator.deliver("telegram", PERSON, "Are you still there?")
        await page.wait_for_text("telegram", "still there")

        await expect(page.phone("telegram").get_by_role("log")).to_be_focused()


async def test_a_screen_reader_gets_senders_and_only_new_messages(browser: Browser) -> None:
    async with open_simulator(browser, ask_which_phone) as (page, simulator):
        await fill(page, simulator)
        region = page.page.get_by_role("region", name="Telegram phone")
        log = region.get_by_role("log", name="Conversation")
        await expect(log).to_have_attribute("aria-live", "polite")
        await expect(log).not_to_have_attribute("aria-busy", "true")
        assert [line.split("\n")[0] for line in await page.messages("telegram").all_inner_texts()] == [
            "You",
            "Assistant",
            "Support agent",
            "SMS from the brokerage",
        ]
        await expect(log.get_by_role("group", name="Choices").get_by_role("button")).to_have_count(2)
        await expect(region.get_by_role("textbox", name="Write a message")).to_be_visible()
        await expect(region.get_by_role("button", name="Send")).to_be_visible()
        await expect(page.page.get_by_role("group", name="Language of the phones")).to_be_visible()


async def test_the_language_of_the_phones_changes_the_labels_and_is_sent(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        await page.ask("telegram", "Hello")
        simulator.deliver("telegram", PERSON, "482913", origin="backend")
        await page.wait_for_text("telegram", "482913")
        await page.choose_language("ja")

        await expect(page.page.locator("html")).to_have_attribute("lang", "ja")
        await expect(page.page.get_by_role("heading", level=1)).to_contain_text(
            "セキュア・ログイン・アシスタント"
        )
        await expect(page.phone("telegram").get_by_role("textbox", name="メッセージを入力")).to_be_visible()
        await expect(page.messages("telegram", "backend").get_by_text("証券会社からのSMS")).to_be_visible()
        assert (await page.suggestions("sms"))[0] == "IB KeyのPINを忘れました"
        await page.suggest("sms", "担当者と話したい")
        await page.wait_idle("sms")
        assert [r.body["language_code"] for r in simulator.received] == ["en", "ja"]
        await expect(page.messages("sms", "bot").locator(".bubble")).to_have_attribute("lang", "ja")

        await page.page.reload()
        await expect(page.page.locator("html")).to_have_attribute("lang", "ja")


async def test_a_japanese_browser_is_greeted_in_japanese(browser: Browser) -> None:
    async with (
        FakeSimulator().serving() as simulator,
        new_page(browser, simulator.home, locale="ja-JP") as tab,
    ):
        page = SimulatorPage(tab, simulator.home)
        await page.open()
        await expect(page.page.get_by_role("button", name="別の人にする")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_all_text_has_enough_contrast_in_light_and_dark_mode(browser: Browser, dark: bool) -> None:
    async with open_simulator(browser, ask_which_phone, dark=dark) as (page, simulator):
        await page.wait_idle("telegram")
        empty = await page.page.evaluate(LOWEST_CONTRAST)
        await fill(page, simulator)
        simulator.refusals = [422]
        await page.send("telegram", "refused")
        await expect(page.messages("telegram").get_by_text("Not accepted")).to_be_visible()
        full = await page.page.evaluate(LOWEST_CONTRAST)
        await simulator.stop()
        await page.reconnecting("telegram")
        disconnected = await page.page.evaluate(LOWEST_CONTRAST)

        assert min(empty, full, disconnected)[0] >= 4.5, (empty, full, disconnected)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_a_long_answer_is_shown_from_its_beginning(browser: Browser, size: tuple[int, int]) -> None:
    go_on = asyncio.Event()

    async def at_length(simulator: FakeSimulator, received: Received) -> None:
        await go_on.wait()
        simulator.deliver(received.channel, received.peer, "\n".join(f"Line {n}" for n in range(60)))

    async with open_simulator(browser, at_length, size=size) as (page, _):
        await page.send("telegram", "Tell me everything")
        go_on.set()
        await page.wait_idle("telegram")
        await screenshot(page.page, f"long-{size[0]}")

        log = await page.phone("telegram").get_by_role("log").bounding_box()
        answer = await page.messages("telegram", "bot").bounding_box()
        assert log is not None
        assert answer is not None
        assert log["y"] <= answer["y"] <= log["y"] + 40
