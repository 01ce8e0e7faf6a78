"""The simulator's page in a real browser: messages, buttons and suggestions on the two phones."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support.browser import chromium, new_page
from tests.support.fake_simulator import NUMBER, PERSON, FakeSimulator, Received, open_simulator
from tests.support.simulator_page import SimulatorPage

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

HOSTILE = "<img src=x onerror='window.hacked = true'><b>bold</b>&lt;"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


async def ask_which_phone(simulator: FakeSimulator, received: Received) -> None:
    """Answer a text with a menu, and a pressed button with its token."""
    if pressed := received.body.get("button"):
        simulator.deliver(received.channel, received.peer, f"Pressed {pressed}")
    else:
        simulator.deliver(received.channel, received.peer, "Which phone?", buttons=["iPhone", "Android"])


async def test_a_written_message_is_answered_on_the_phone_that_wrote_it(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        assert await page.ask("telegram", "Hello") == ["You said: Hello"]
        assert await page.ask("sms", "Hi there") == ["You said: Hi there"]

        assert await page.conversation("telegram") == [("client", "Hello"), ("bot", "You said: Hello")]
        assert [(r.channel, r.peer, r.body["text"]) for r in simulator.received] == [
            ("telegram", PERSON, "Hello"),
            ("sms", NUMBER, "Hi there"),
        ]


async def test_bold_ranges_are_counted_in_utf16_units_as_by_telegram(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        simulator.deliver("telegram", PERSON, "🙂 Tap Services, then More", bold=[(7, 8), (22, 4)])
        await page.wait_for_text("telegram", "Tap")

        assert await page.messages("telegram").locator("b").all_text_contents() == ["Services", "More"]
        assert await page.texts("telegram") == ["🙂 Tap Services, then More"]


async def test_a_pressed_button_sends_its_token_and_removes_its_keyboard(browser: Browser) -> None:
    async with open_simulator(browser, ask_which_phone) as (page, simulator):
        await page.ask("telegram", "I forgot my PIN")
        assert await page.buttons("telegram") == ["iPhone", "Android"]

        await page.choose("telegram", "Android")

        assert await page.buttons("telegram") == []
        token = simulator.received[-1].body["button"]
        assert token.endswith(":Android")
        assert "text" not in simulator.received[-1].body
        assert await page.conversation("telegram") == [
            ("client", "I forgot my PIN"),
            ("bot", "Which phone?"),
            ("client", "Android"),
            ("bot", f"Pressed {token}"),
        ]


async def test_buttons_are_removed_by_a_newer_message_of_the_assistant(browser: Browser) -> None:
    async with open_simulator(browser, ask_which_phone) as (page, simulator):
        await page.ask("telegram", "first")
        await page.ask("telegram", "second")
        assert await page.buttons("telegram") == ["iPhone", "Android"]

        simulator.deliver("telegram", PERSON, "Are you still there?")
        await page.wait_for_text("telegram", "still there")
        assert await page.buttons("telegram") == []


async def test_a_reloaded_page_shows_the_conversation_without_used_buttons(browser: Browser) -> None:
    async with open_simulator(browser, ask_which_phone) as (page, simulator):
        await page.ask("telegram", "first")
        await page.choose("telegram", "iPhone")
        await page.ask("sms", "by SMS")
        before = await page.conversation("telegram"), await page.conversation("sms")

        await page.page.reload()
        await page.wait_idle("telegram")
        await page.wait_idle("sms")

        assert (await page.conversation("telegram"), await page.conversation("sms")) == before
        assert await page.buttons("telegram") == []
        assert len(simulator.posts) == 3


async def test_a_pressed_button_is_not_shown_after_a_reload_before_the_answer(
    browser: Browser,
) -> None:
    async def silent_when_pressed(simulator: FakeSimulator, received: Received) -> None:
        if "text" in received.body:
            await ask_which_phone(simulator, received)

    async with open_simulator(browser, silent_when_pressed) as (page, _):
        await page.ask("telegram", "first")
        assert await page.choose("telegram", "iPhone") == []
        await page.page.reload()
        await page.wait_idle("telegram")

        assert await page.texts("telegram") == ["first", "Which phone?", "iPhone"]
        assert await page.buttons("telegram") == []


async def test_the_telegram_phone_shows_typing_until_the_turn_ends(browser: Browser) -> None:
    go_on = asyncio.Event()

    async def slow(simulator: FakeSimulator, received: Received) -> None:
        simulator.deliver(received.channel, received.peer, "One moment")
        await go_on.wait()
        simulator.deliver(received.channel, received.peer, "Here you are")

    async with open_simulator(browser, slow) as (page, _):
        await page.send("telegram", "Hello")
        await page.wait_for_text("telegram", "One moment")
        typing = page.phone("telegram").get_by_text("typing…")
        await expect(typing).to_be_visible()
        await expect(page.phone("telegram")).to_have_attribute("data-idle", "false")

        go_on.set()
        await page.wait_idle("telegram")
        await expect(typing).to_be_hidden()
        assert await page.texts("telegram", "bot") == ["One moment", "Here you are"]


async def test_an_sms_of_the_brokerage_is_labelled_and_its_code_is_large(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        await page.ask("sms", "Verify my mobile number")
        text = f"{NUMBER}\nYour code is 482913. Sent 2026-11-22, 14:05."
        simulator.deliver("sms", NUMBER, text, origin="backend")
        await page.wait_for_text("sms", "482913", "backend")

        message = page.messages("sms", "backend")
        await expect(message.get_by_text("SMS from the brokerage")).to_be_visible()
        code = message.locator(".code")
        assert await code.all_text_contents() == ["482913"]
        size, usual = [
            await part.evaluate("part => parseFloat(getComputedStyle(part).fontSize)")
            for part in (code, message.locator(".bubble"))
        ]
        assert size >= 1.5 * usual
        assert await page.messages("sms", "bot").locator(".code").count() == 0


async def test_an_agents_message_is_labelled_and_keeps_the_assistants_buttons(browser: Browser) -> None:
    async with open_simulator(browser, ask_which_phone) as (page, simulator):
        await page.ask("telegram", "Hello")
        simulator.deliver("telegram", PERSON, "This is Anna.", origin="agent")
        await page.wait_for_text("telegram", "Anna", "agent")

        await expect(page.messages("telegram", "agent").get_by_text("Support agent")).to_be_visible()
        assert await page.buttons("telegram") == ["iPhone", "Android"]


async def test_html_in_a_message_is_shown_as_text(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        for origin in ("bot", "agent", "backend"):
            simulator.deliver("telegram", PERSON, HOSTILE, origin=origin, buttons=[HOSTILE], bold=[(0, 60)])
        await expect(page.messages("telegram")).to_have_count(3)
        await page.ask("sms", HOSTILE)

        assert await page.texts("telegram") == [HOSTILE] * 3
        assert await page.texts("sms") == [HOSTILE, f"You said: {HOSTILE}"]
        # The range (0, 60) ends after the text, so nothing is bold.
        assert await page.page.locator(".log img, .log b").count() == 0
        assert await page.page.evaluate("window.hacked") is None


async def test_an_empty_phone_offers_suggestions_that_are_sent_by_one_tap(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        await page.wait_idle("sms")
        assert await page.suggestions("sms") == [
            "I forgot my IB Key PIN",
            "Verify my mobile number",
            "My code does not arrive",
            "Talk to a person",
        ]

        await page.suggest("sms", "My code does not arrive")
        await page.wait_for_text("sms", "You said: My code does not arrive")

        assert await page.suggestions("sms") == []
        assert len(await page.suggestions("telegram")) == 4
        assert [r.body["text"] for r in simulator.received] == ["My code does not arrive"]


async def test_a_new_person_has_two_empty_phones_and_is_kept_by_a_reload(
    browser: Browser,
) -> None:
    async with open_simulator(browser) as (page, simulator):
        await page.ask("telegram", "I am the first one")
        await page.new_person()
        await expect(page.messages("telegram")).to_have_count(0)
        name, number = await page.peer("telegram"), await page.peer("sms")

        assert re.fullmatch(r"person-[0-9a-f]{4}", name)
        assert re.fullmatch(r"\+81 90-[1-9]\d{3}-\d{4}", number)
        assert await page.ask("telegram", "I am new") == ["You said: I am new"]
        assert simulator.received[-1].peer == name

        await page.page.reload()
        await page.wait_idle("telegram")
        assert (await page.peer("telegram"), await page.peer("sms")) == (name, number)
        assert await page.texts("telegram", "client") == ["I am new"]


async def test_a_first_visit_gets_the_peers_that_a_later_visit_uses(browser: Browser) -> None:
    async with FakeSimulator().serving() as simulator, new_page(browser, simulator.home) as tab:
        page = SimulatorPage(tab, simulator.home)
        await page.open()
        first = await page.peer("telegram"), await page.peer("sms")
        await page.open(telegram="somebody", sms="+15550100")
        assert (await page.peer("telegram"), await page.peer("sms")) == ("somebody", "+15550100")
        await page.open()
        assert (await page.peer("telegram"), await page.peer("sms")) == first


async def test_shift_enter_adds_a_line_and_enter_sends(browser: Browser) -> None:
    async with open_simulator(browser) as (page, _):
        field = page.phone("telegram").get_by_role("textbox")
        await field.press_sequentially("one")
        await field.press("Shift+Enter")
        await field.press_sequentially("two")
        await field.press("Enter")
        await page.wait_idle("telegram")

        assert await page.texts("telegram") == ["one\ntwo", "You said: one\ntwo"]
        await expect(field).to_have_value("")


async def test_enter_that_confirms_a_japanese_conversion_does_not_send(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        field = page.phone("telegram").get_by_role("textbox")
        await field.fill("けいたい")
        await field.evaluate(
            "field => field.dispatchEvent(new KeyboardEvent('keydown',"
            " {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
        )
        await expect(field).to_have_value("けいたい")

        await field.press("Enter")
        await page.wait_idle("telegram")
        assert [r.body["text"] for r in simulator.received] == ["けいたい"]
