"""Reminders: said once when the time has come, in the language spoken then, and never to somebody who has answered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec import structs

from bot.conversation import directives
from bot.conversation.reminders import ReminderLoop
from bot.storage import button, conversation, outbound, reminder
from contracts.directives import ReminderChoice, ScheduleReminder
from tests.support.gateway import NUMBER, Parts, rows

ASKED = ScheduleReminder(
    seconds=180,
    topic="codes",
    text="reminder",
    choices=(ReminderChoice("resend", '/inform{"task": "resend"}'),),
)


@pytest.fixture
def reminders(parts: Parts) -> ReminderLoop:
    return ReminderLoop(parts.database, parts.knowledge, parts.clock, lambda: None)


async def remind(parts: Parts, **changed: Any) -> int:
    """A turn whose answer asks to be reminded; the message's id."""
    accepted = await parts.receive("send it")
    owner = await parts.conversation()
    asked = structs.replace(ASKED, **changed)
    await parts.database.run(directives.apply, owner, [asked], inbound_id=accepted.id)
    return accepted.id


async def fire(reminders: ReminderLoop) -> None:
    await asyncio.gather(*(reminders.work(item) for item in await reminders.claim(8)))


async def test_who_has_not_answered_after_the_time_is_reminded_once(
    parts: Parts, reminders: ReminderLoop
) -> None:
    await remind(parts)
    parts.clock.advance(179)
    await fire(reminders)
    assert await parts.texts() == []
    parts.clock.advance(1)
    await fire(reminders)
    parts.clock.advance(3_600)
    await fire(reminders)
    assert await parts.texts("assistant") == [parts.knowledge.text("codes", "reminder", "ja")]
    assert [row["payload"] for row in await rows(parts.database, button)] == ['/inform{"task": "resend"}']
    assert await rows(parts.database, reminder) == []


async def test_who_has_written_since_is_left_alone(parts: Parts, reminders: ReminderLoop) -> None:
    await remind(parts)
    await parts.receive("what is IB Key?")
    parts.clock.advance(180)
    await fire(reminders)
    assert await parts.texts() == []
    assert await rows(parts.database, reminder) == []


async def test_a_new_reminder_takes_the_place_of_the_old(parts: Parts, reminders: ReminderLoop) -> None:
    await remind(parts)
    parts.clock.advance(100)
    await remind(parts)
    parts.clock.advance(100)
    await fire(reminders)
    assert await parts.texts() == []
    parts.clock.advance(80)
    await fire(reminders)
    assert len(await parts.texts()) == 1


@pytest.mark.parametrize("owner", [{"state": "HUMAN"}, {"epoch": 1}])
async def test_where_a_person_has_taken_over_the_assistant_does_not_remind(
    parts: Parts, reminders: ReminderLoop, owner: dict[str, Any]
) -> None:
    await remind(parts)
    await parts.change(**owner)
    parts.clock.advance(180)
    await fire(reminders)
    assert await parts.texts() == []


async def test_it_is_said_in_the_language_that_is_spoken_then(parts: Parts, reminders: ReminderLoop) -> None:
    await remind(parts)
    await parts.change(NUMBER, language="en")
    parts.clock.advance(180)
    await fire(reminders)
    assert await parts.texts() == [parts.knowledge.text("codes", "reminder", "en")]
    assert [row["language"] for row in await rows(parts.database, outbound)] == ["en"]


async def test_two_gateways_that_take_the_same_reminder_say_it_once(
    parts: Parts, reminders: ReminderLoop
) -> None:
    await remind(parts)
    parts.clock.advance(180)
    item = (await reminders.claim(8))[0]
    assert await reminders.claim(8) == []
    await asyncio.gather(reminders.work(item), reminders.work(item))
    assert len(await parts.texts()) == 1


async def test_a_gateway_that_died_with_a_reminder_in_hand_leaves_it_to_the_next(
    parts: Parts, reminders: ReminderLoop
) -> None:
    await remind(parts)
    parts.clock.advance(180)
    await reminders.claim(8)
    parts.clock.advance(30)
    await fire(reminders)
    assert len(await parts.texts()) == 1


async def test_a_text_that_is_gone_is_not_said(parts: Parts, reminders: ReminderLoop) -> None:
    await remind(parts, text="long_gone")
    parts.clock.advance(180)
    await fire(reminders)
    assert await parts.texts() == []
    assert len(await rows(parts.database, conversation)) == 1
