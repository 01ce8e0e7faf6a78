"""The simulator's page on the real stack: the conversation of the README in both languages, with a screenshot."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.support.browser import chromium, new_page, screenshot
from tests.support.simulator_page import SimulatorPage
from tests.support.stack import Stack

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.rasa,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


STORIES = {
    "en": {
        "wish": "I want to verify my mobile number",
        "number": "+81 90 1234 5605",
        "yes": "Right",
        "verified": "is verified",
        "forgot": "I forgot my IB Key PIN",
        "phone": "1",
    },
    "ja": {
        "wish": "携帯番号を確認したいです",
        "number": "090-1234-0002",
        "yes": "はい",
        "verified": "完了しました",
        "forgot": "IB KeyのPINを忘れました",
        "phone": "２",
    },
}


@pytest.mark.parametrize("language", STORIES)
async def test_a_number_is_verified_on_one_phone_and_a_guide_is_read_on_the_other(
    browser: Browser, shared_stack: Stack, language: str
) -> None:
    story = STORIES[language]
    async with new_page(browser, shared_stack.url) as page:
        simulator = SimulatorPage(page, shared_stack.url)
        await simulator.open(
            telegram=f"reader-{language}", sms=f"+8180123400{language == 'ja':02d}", language=language
        )

        await simulator.ask("telegram", story["wish"])
        await simulator.ask("telegram", story["number"])
        await simulator.choose("telegram", story["yes"])
        await simulator.wait_for_text("telegram", "confirm code", "backend")
        (message,) = await simulator.texts("telegram", "backend")
        code = re.search(r"\b(\d{6})\b", message)
        assert code, message
        assert any(story["verified"] in text for text in await simulator.ask("telegram", code[1]))

        (question,) = await simulator.ask("sms", story["forgot"])
        assert "1 iPhone" in question
        assert "2 Android" in question
        (first,) = await simulator.ask("sms", story["phone"])
        assert "1/" in first or "Step 1 of" in first
        (second,) = await simulator.ask("sms", "１")
        assert "2/" in second or "Step 2 of" in second
        assert await simulator.sideways() == 0
        await screenshot(page, f"simulator-{language}")
