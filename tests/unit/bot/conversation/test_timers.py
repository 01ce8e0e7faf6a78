"""Reminders: said once when the time has come, in the language spoken then, and never to somebody who has answered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.conversation import directives
from bot.conversation.timers import Timers
from bot.storage import button, conversation, outbound, reminder
from tests.support.gateway import NUMBER, Parts, rows

ASKED: dict[str, Any] = {
    "type": "remind",
    "seconds": 180,
    "topic": "codes",
    "text": "reminder",
    "choices": [{"text": "resend", "payload": '/inform{"task": "resend"}'}],
}


@pytest.fixture
def timers(parts: Parts) -> Timers:
    return Timers(parts.database, parts.knowledge, parts.clock, lambda: None)


async def remind(parts: Parts, **changed: Any) -> int:
    """A turn whose answer asks to be reminded; the message's id."""
    accepted = await parts.receive("send it")
    owner = await parts.conversation()
    asked = {**ASKED, **changed}
    await parts.database.run(directives.carry_out, parts.handoffs, owner, [asked], inbound_id=accepted.id)
    return accepted.id


async def fire(timers: Timers) -> None:
    await asyncio.gather(*(timers.work(item) for item in await timers.take(8)))


async def test_who_has_not_answered_after_the_time_is_reminded_once(parts: Parts, timers: Timers) -> None:
    await remind(parts)
    parts.clock.advance(179)
    await fire(timers)
    assert await parts.texts() == []
    parts.clock.advance(1)
    await fire(timers)
    parts.clock.advance(3_600)
    await fire(timers)
    assert await parts.texts("assistant") == [parts.knowledge.text("codes", "reminder", "ja")]
    assert [row["payload"] for row in await rows(parts.database, button)] == ['/inform{"task": "resend"}']
    assert await rows(parts.database, reminder) == []


async def test_who_has_written_since_is_left_alone(parts: Parts, timers: Timers) -> None:
    await remind(parts)
    await parts.receive("what is IB Key?")
    parts.clock.advance(180)
    await fire(timers)
    assert await parts.texts() == []
    assert await rows(parts.database, reminder) == []


async def test_a_new_reminder_takes_the_place_of_the_old(parts: Parts, timers: Timers) -> None:
    await remind(parts)
    parts.clock.advance(100)
    await remind(parts)
    parts.clock.advance(100)
    await fire(timers)
    assert await parts.texts() == []
    parts.clock.advance(80)
    await fire(timers)
    assert len(await parts.texts()) == 1


@pytest.mark.parametrize("owner", [{"state": "HUMAN"}, {"epoch": 1}])
async def test_where_a_person_has_taken_over_the_assistant_does_not_remind(
    parts: Parts, timers: Timers, owner: dict[str, Any]
) -> None:
    await remind(parts)
    await parts.change(**owner)
    parts.clock.advance(180)
    await fire(timers)
    assert await parts.texts() == []


async def test_it_is_said_in_the_language_that_is_spoken_then(parts: Parts, timers: Timers) -> None:
    await remind(parts)
    await parts.change(NUMBER, language="en")
    parts.clock.advance(180)
    await fire(timers)
    assert await parts.texts() == [parts.knowledge.text("codes", "reminder", "en")]
    assert [row["language"] for row in await rows(parts.database, outbound)] == ["en"]


async def test_two_gateways_that_take_the_same_reminder_say_it_once(parts: Parts, timers: Timers) -> None:
    await remind(parts)
    parts.clock.advance(180)
    item = (await timers.take(8))[0]
    assert await timers.take(8) == []
    await asyncio.gather(timers.work(item), timers.work(item))
    assert len(await parts.texts()) == 1


async def test_a_gateway_that_died_with_a_reminder_in_hand_leaves_it_to_the_next(
    parts: Parts, timers: Timers
) -> None:
    await remind(parts)
    parts.clock.advance(180)
    await timers.take(8)
    parts.clock.advance(30)
    await fire(timers)
    assert len(await parts.texts()) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"seconds": "soon"}, {"topic": None, "seconds": None}, {"choices": ["x"]}, {"choices": 5}],
)
async def test_a_malformed_reminder_is_left_out(parts: Parts, timers: Timers, wrong: dict[str, Any]) -> None:
    await remind(parts, **wrong)
    assert await rows(parts.database, reminder) == []


async def test_a_text_that_is_gone_is_not_said(parts: Parts, timers: Timers) -> None:
    await remind(parts, text="long_gone")
    parts.clock.advance(180)
    await fire(timers)
    assert await parts.texts() == []
    assert len(await rows(parts.database, conversation)) == 1
