"""The simulator's page over the real stack: the story of the README, in both languages, with its picture."""

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


@pytest.mark.parametrize(
    ("language", "wish", "number", "yes", "verified", "forgot", "phone"),
    [
        ("en", "I want to verify my mobile number", "+81 90 1234 0001", "Right", "is verified")
        + ("I forgot my IB Key PIN", "iPhone"),
        ("ja", "携帯番号を確認したいです", "090-1234-0002", "はい", "完了しました")
        + ("IB KeyのPINを忘れました", "Android"),
    ],
    ids=["en", "ja"],
)
async def test_a_number_is_verified_on_one_phone_and_a_guide_walked_on_the_other(
    browser: Browser,
    shared_stack: Stack,
    language: str,
    wish: str,
    number: str,
    yes: str,
    verified: str,
    forgot: str,
    phone: str,
) -> None:
    async with new_page(browser, shared_stack.url) as page:
        simulator = SimulatorPage(page, shared_stack.url)
        await simulator.open(
            telegram=f"reader-{language}", sms=f"+8180123400{language == 'ja':02d}", language=language
        )

        await simulator.ask("telegram", wish)
        await simulator.ask("telegram", number)
        await simulator.choose("telegram", yes)
        await simulator.wait_for_text("telegram", "confirm code", "backend")
        (message,) = await simulator.texts("telegram", "backend")
        code = re.search(r"\b(\d{6})\b", message)
        assert code, message
        assert any(verified in text for text in await simulator.ask("telegram", code[1]))

        (question,) = await simulator.ask("sms", forgot)
        assert "1 iPhone" in question
        assert "2 Android" in question
        (first,) = await simulator.ask("sms", "1" if phone == "iPhone" else "２")
        assert "1/" in first or "Step 1 of" in first
        (second,) = await simulator.ask("sms", "１")
        assert "2/" in second or "Step 2 of" in second
        assert await simulator.sideways() == 0
        await screenshot(page, f"simulator-{language}")
