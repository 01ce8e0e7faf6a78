"""A client on the simulator and two agents at the desk: the whole story on the real pages, in both languages."""

from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import NARROW, WIDE, chromium, new_page, screenshot
from tests.support.desk import DeskPage, add_agent
from tests.support.desk_story import STORIES, a_week_before, handing_over, serious_faults
from tests.support.gateway import FakeEngine, reply
from tests.support.gateway_app import running_gateway
from tests.support.knowledge import KNOWLEDGE
from tests.support.simulator_page import SimulatorPage

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.browser

BUTTON_LABELS = {"en": ("Pass on", "Resolve"), "ja": ("引き継ぎ", "解決済みにする")}


@pytest.mark.parametrize("language", ["en", "ja"])
async def test_a_case_is_claimed_passed_on_resolved_and_scored(tmp_path: Path, language: str) -> None:
    from playwright.async_api import expect

    words = STORIES[language]

    def say(name: str, **values: object) -> str:
        return KNOWLEDGE.text("handoff", name, language).format(**values)

    async with AsyncExitStack() as stack:
        engine = stack.enter_context(FakeEngine())
        gateway = stack.enter_context(running_gateway(tmp_path, engine.port))
        logins = [
            add_agent(tmp_path, name, shown_as, role)
            for name, shown_as, role in zip(("first", "second"), words.agents, ("agent", "lead"), strict=True)
        ]
        a_week_before(tmp_path)
        browser = await stack.enter_async_context(chromium())

        async def open_page(size: tuple[int, int] = WIDE) -> Page:
            return await stack.enter_async_context(
                new_page(browser, gateway.url, size=size, locale=words.locale)
            )

        first, second = DeskPage(await open_page(), gateway.url), DeskPage(await open_page(), gateway.url)
        faults = []
        await first.open()
        faults += await serious_faults(first.page)
        await first.log_in(logins[0])
        await second.log_in(logins[1])
        await expect(first.rows()).to_have_count(0)
        faults += await serious_faults(first.page)

        # The client talks with the assistant, and asks for a person.
        client = SimulatorPage(await open_page(), gateway.url)
        await client.open(telegram="tomoko", language=language)
        choices = [(title, f'/inform{{"platform": "{title.lower()}"}}') for title in words.phones]
        engine.answers.append(
            reply(words.bot_asks, choices=choices, language=language, topic="pin_forgotten")
        )
        await client.ask("telegram", words.problem)
        engine.answers.append(handing_over(language, words))
        await client.ask("telegram", words.wish)
        await client.wait_for_text(
            "telegram", say("queued", position=1, minutes=1, number=_last_case(tmp_path))
        )
        asked = len(engine.turns)

        # Both open pages show the case without a reload; the first agent claims it.
        await expect(first.rows()).to_have_count(1)
        await expect(second.rows()).to_have_count(1)
        faults += await serious_faults(first.page)
        await screenshot(first.page, f"desk-queue-{language}")
        await first.page.keyboard.press("j")
        await first.page.keyboard.press("Enter")
        await expect(first.said("client")).to_have_count(2)
        await expect(first.page.locator("#context")).to_contain_text("too_many_sends")
        await expect(first.page.locator("#lines")).not_to_contain_text("1234-5678")
        conversation = first.page.url
        await first.page.keyboard.press("c")
        await expect(first.page.locator("#head.mine")).to_be_visible()

        # The second agent opens it too: the banner shows its owner, and that a colleague is writing.
        await second.page.goto(conversation)
        await expect(second.page.locator("#head")).to_contain_text(words.agents[0])
        await expect(first.page.locator("#looking")).to_contain_text(words.agents[1])
        await first.page.locator("#text").press_sequentially(words.answer[:12])
        await expect(second.page.locator(".collision.writing")).to_contain_text(words.agents[0])
        faults += await serious_faults(second.page)

        # A reply that asks for a secret is rejected, and stays in the form to be changed.
        await first.reply(words.asks_for_secret)
        await expect(first.page.locator(".error")).to_be_visible()
        await expect(first.page.locator("#text")).to_have_value(words.asks_for_secret)
        await first.reply(words.answer)
        await client.wait_for_text("telegram", words.answer, "agent")
        await expect(first.said("agent").locator(".delivery.sent")).to_be_visible()

        # The client answers the agent; the assistant stays quiet.
        await client.send("telegram", words.client_answers)
        await expect(first.said("client").last).to_contain_text(words.client_answers)
        await first.page.locator("#note-card summary").click()
        await first.page.locator("#note").fill(words.note)
        await first.page.locator("#note-card button").click()
        await expect(first.said("note")).to_contain_text(words.note)
        faults += await serious_faults(first.page)
        await screenshot(first.page, f"desk-conversation-{language}")

        # The first agent passes the case on; the second one continues and resolves it.
        acts = first.page.locator("#acts details")
        await acts.filter(has_text=BUTTON_LABELS[language][0]).locator("summary").click()
        await first.page.locator('select[name="to"]').select_option(label=words.agents[1])
        await first.page.locator('textarea[name="why"]').fill(words.pass_on)
        await acts.filter(has_text=BUTTON_LABELS[language][0]).locator("button").click()
        await first.page.locator("#queue").wait_for()
        await expect(second.page.locator("#head.mine")).to_be_visible()
        await second.reply(words.second_answer)
        await client.wait_for_text("telegram", say("with_agent", agent=words.agents[1]))
        await client.wait_for_text("telegram", words.second_answer.replace("**", ""), "agent")
        await screenshot(client.page, f"desk-client-{language}")
        await client.send("telegram", words.thanks)
        await expect(second.said("client").last).to_contain_text(words.thanks)
        assert len(engine.turns) == asked
        acts = second.page.locator("#acts details")
        await acts.filter(has_text=BUTTON_LABELS[language][1]).locator("summary").click()
        await second.page.locator('select[name="outcome"]').select_option("solved")
        await second.page.locator('textarea[name="summary"]').fill(words.summary)
        await acts.filter(has_text=BUTTON_LABELS[language][1]).locator("button").click()
        await second.page.locator("#queue").wait_for()

        # The client gives a score, and is with the assistant again.
        await client.wait_for_text("telegram", say("resolved"))
        await client.choose("telegram", say("score_5"))
        await client.wait_for_text("telegram", say("score_thanks"))
        await client.ask("telegram", words.problem)
        assert len(engine.turns) == asked + 1

        # The pages of a lead, and all pages on a narrow screen.
        for page in ("/desk/overview", "/desk/audit", "/desk/tickets", "/desk/search?q=PIN", "/desk/nowhere"):
            await second.open(page)
            faults += await serious_faults(second.page)
            if page == "/desk/overview":
                await expect(second.page.locator("svg.plot")).to_have_count(5)
                await screenshot(second.page, f"desk-overview-{language}")
        await second.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        for page in ("/desk/", conversation.removeprefix(gateway.url), "/desk/overview", "/desk/audit"):
            await second.open(page)
            assert await second.sideways() == 0, page
            faults += await serious_faults(second.page)
            name = page.rstrip("/").rpartition("/")[2] if not page[-1].isdigit() else "conversation"
            await screenshot(second.page, f"desk-phone-{name}-{language}")
        assert faults == []


def _last_case(folder: Path) -> int:
    with sqlite3.connect(folder / "assistant.db") as connection:
        return int(connection.execute("SELECT max(id) FROM handoff").fetchone()[0])
