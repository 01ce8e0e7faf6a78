"""The simulator's page with a slow, failing or stopped gateway: no message is lost or duplicated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support.browser import chromium
from tests.support.fake_simulator import NUMBER, PERSON, FakeSimulator, Received, open_simulator

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

RECONNECTING = "No answer from the assistant. Reconnecting…"
WAITING = "Not sent yet. It will be sent again."


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


async def test_messages_written_while_the_server_is_down_are_sent_in_order_later(
    browser: Browser,
) -> None:
    async with open_simulator(browser) as (page, simulator):
        await page.ask("telegram", "zero")
        await simulator.stop()
        await page.reconnecting("telegram")
        await expect(page.phone("telegram").get_by_role("status")).to_have_text(RECONNECTING)

        await page.send("telegram", "one")
        await page.send("telegram", "two")
        await expect(page.messages("telegram").get_by_text(WAITING)).to_be_visible()
        await expect(page.phone("telegram")).to_have_attribute("data-idle", "false")

        await simulator.start()
        await page.wait_idle("telegram")
        await page.reconnecting("telegram", False)
        await expect(page.phone("telegram").get_by_role("status")).to_have_text("")
        await expect(page.messages("telegram").get_by_text(WAITING)).to_have_count(0)
        assert await page.texts("telegram", "client") == ["zero", "one", "two"]
        assert [r.body["text"] for r in simulator.received] == ["zero", "one", "two"]
        assert await page.texts("telegram", "bot") == ["You said: zero", "You said: one", "You said: two"]


async def test_a_message_without_an_acknowledgement_is_sent_again_with_its_id(
    browser: Browser,
) -> None:
    gone = asyncio.Event()

    async with open_simulator(browser) as (page, simulator):
        await page.wait_idle("sms")

        async def vanish() -> None:
            simulator.before_acknowledging = None
            simulator.cut_connections()
            gone.set()

        simulator.before_acknowledging = vanish
        await page.send("sms", "only once")
        await asyncio.wait_for(gone.wait(), 10)
        await page.wait_idle("sms")

        ids = [post.body["id"] for post in simulator.posts]
        assert len(ids) == 2
        assert ids[0] == ids[1]
        assert len(simulator.received) == 1
        assert await page.conversation("sms") == [("client", "only once"), ("bot", "You said: only once")]


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_message_is_sent_again_after_a_temporary_error(browser: Browser, status: int) -> None:
    async with open_simulator(browser) as (page, simulator):
        await page.wait_idle("telegram")
        simulator.refusals = [status]

        assert await page.ask("telegram", "please") == ["You said: please"]
        assert [post.body["id"] for post in simulator.posts] == [simulator.received[0].body["id"]] * 2


async def test_a_rejected_message_is_marked_and_does_not_delay_the_next(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        await page.wait_idle("telegram")
        simulator.refusals = [422]
        await page.send("telegram", "refused")
        await expect(page.messages("telegram").get_by_text("Not accepted by the assistant.")).to_be_visible()

        assert await page.ask("telegram", "taken") == ["You said: taken"]
        assert [post.body["text"] for post in simulator.posts] == ["refused", "taken"]


async def test_an_unsent_message_keeps_its_id_after_a_reload(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        await page.wait_idle("sms")
        simulator.refusals = [503] * 3
        await page.send("sms", "still here")
        await expect(page.messages("sms").get_by_text(WAITING)).to_be_visible()

        await page.page.reload()
        await page.wait_for_text("sms", "You said: still here")

        assert await page.texts("sms") == ["still here", "You said: still here"]
        assert len({post.body["id"] for post in simulator.posts}) == 1


async def test_messages_that_arrive_during_a_restart_are_shown_once_and_in_order(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        await page.ask("sms", "before")
        await simulator.stop()
        await page.reconnecting("sms")
        simulator.deliver("sms", NUMBER, "Your code is 482913", origin="backend")
        simulator.deliver("sms", NUMBER, "Did it arrive?")
        await simulator.start()
        await page.wait_for_text("sms", "Did it arrive?")
        await page.wait_idle("sms")

        assert await page.conversation("sms") == [
            ("client", "before"),
            ("bot", "You said: before"),
            ("backend", "Your code is 482913"),
            ("bot", "Did it arrive?"),
        ]


async def test_a_slow_answer_to_one_phone_does_not_delay_the_other(browser: Browser) -> None:
    go_on = asyncio.Event()

    async def slow_on_telegram(simulator: FakeSimulator, received: Received) -> None:
        if received.channel == "telegram":
            await go_on.wait()
        simulator.deliver(received.channel, received.peer, "Done")

    async with open_simulator(browser, slow_on_telegram) as (page, _):
        await page.send("telegram", "slow")
        assert await page.ask("sms", "quick") == ["Done"]
        assert await page.texts("telegram") == ["slow"]

        go_on.set()
        await page.wait_idle("telegram")
        assert await page.texts("telegram") == ["slow", "Done"]


async def test_messages_sent_quickly_arrive_in_order(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        written = [f"message {n}" for n in range(6)]
        for text in written:
            await page.send("telegram", text)
        await page.wait_idle("telegram")

        assert [r.body["text"] for r in simulator.received] == written
        assert await page.texts("telegram", "client") == written
        assert await page.texts("telegram", "bot") == [f"You said: {text}" for text in written]


async def test_a_long_conversation_is_fetched_completely(browser: Browser) -> None:
    async with open_simulator(browser) as (page, simulator):
        total = 230  # more than one request returns
        for n in range(total):
            simulator.phones.deliver("telegram", PERSON, "bot", f"line {n}", [], [], f"many-{n}")
        await expect(page.messages("telegram")).to_have_count(total)
        assert await page.texts("telegram") == [f"line {n}" for n in range(total)]
