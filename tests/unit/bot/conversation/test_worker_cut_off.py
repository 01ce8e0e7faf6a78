"""Turns that are cut off, taken up twice or take long: in the end there is one answer."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.engine import Engine
from bot.conversation.worker import Worker
from bot.messages.inbound_queue import LEASE_SECONDS
from bot.storage import inbound
from contracts.turns import TurnRequest, TurnResponse
from tests.support.gateway import FakeEngine, Parts, rows


class CutOff(Engine):
    """A client whose gateway dies just when the answer has come."""

    async def turn(self, request: TurnRequest) -> TurnResponse:
        await super().turn(request)
        raise asyncio.CancelledError


async def test_a_turn_cut_off_before_its_answer_was_stored_is_asked_again_and_answered_once(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    dying = CutOff(engine.url, "t" * 32)
    await sqlite_parts.receive("hello")
    with pytest.raises(asyncio.CancelledError):
        await sqlite_parts.work_off(sqlite_parts.worker(dying))
    await dying.close()
    assert await sqlite_parts.texts() == []

    await sqlite_parts.restart()
    await sqlite_parts.work_off(worker)

    assert [turn["message"] for turn in engine.turns] == [engine.turns[0]["message"]] * 2
    assert await sqlite_parts.texts() == ["you said hello"]
    assert await sqlite_parts.states() == ["done"]


async def test_two_who_answer_the_same_message_store_one_answer(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine
) -> None:
    engine.hold()
    await sqlite_parts.receive("hello")
    slow = asyncio.create_task(sqlite_parts.work_off(worker))
    await engine.asked()
    sqlite_parts.clock.advance(LEASE_SECONDS)
    late = asyncio.create_task(sqlite_parts.work_off(worker))
    await engine.asked()

    engine.release()
    await asyncio.gather(slow, late)

    assert await sqlite_parts.texts() == ["you said hello"]


async def test_a_message_that_is_being_worked_on_keeps_its_lease(
    sqlite_parts: Parts, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.worker.LEASE_SECONDS", 0.03)
    client = engine.client()
    engine.hold()
    await sqlite_parts.receive("hello")
    turn = asyncio.create_task(sqlite_parts.work_off(sqlite_parts.worker(client)))
    await engine.asked()

    sqlite_parts.clock.advance(100)
    while (await rows(sqlite_parts.database, inbound))[0]["due_at"] < sqlite_parts.clock():  # noqa: ASYNC110
        await asyncio.sleep(0.01)

    (row,) = await rows(sqlite_parts.database, inbound)
    assert row["due_at"] == pytest.approx(sqlite_parts.clock() + 0.03)
    engine.release()
    await turn
    assert await sqlite_parts.texts() == ["you said hello"]
    await client.close()
