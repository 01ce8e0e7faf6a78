"""Requests for a person: each asking message once, counted for the operators."""

from __future__ import annotations

import asyncio

from prometheus_client import REGISTRY

from bot.handoff import service
from bot.storage import handoff
from tests.support.gateway import Parts, rows


async def record(parts: Parts, inbound_id: int, reason: str = "asked") -> bool:
    owner = await parts.conversation("a")
    return await parts.database.run(
        service.record,
        owner,
        reason=reason,
        priority="normal",
        inbound_id=inbound_id,
        now=parts.clock(),
    )


def counted(reason: str) -> float:
    return REGISTRY.get_sample_value("assistant_handoff_total", {"reason": reason}) or 0.0


async def test_a_request_is_new_once(parts: Parts) -> None:
    accepted = await parts.receive("a person please", peer="a")

    assert await record(parts, accepted.id)
    assert not await record(parts, accepted.id, "another reason")

    (row,) = await rows(parts.database, handoff)
    assert (row["reason"], row["priority"], row["language"]) == ("asked", "normal", "en")


async def test_several_who_record_the_same_request_make_one(parts: Parts) -> None:
    accepted = await parts.receive("a person please", peer="a")

    assert sum(await asyncio.gather(*(record(parts, accepted.id) for _ in range(8)))) == 1
    assert len(await rows(parts.database, handoff)) == 1


async def test_each_message_that_asks_is_a_request_of_its_own(parts: Parts) -> None:
    for _ in range(2):
        accepted = await parts.receive("a person please", peer="a")
        assert await record(parts, accepted.id)
    assert len(await rows(parts.database, handoff)) == 2


async def test_only_new_requests_are_counted(parts: Parts) -> None:
    accepted = await parts.receive("a person please", peer="a")
    before = counted("test_reason")
    for _ in range(3):
        await record(parts, accepted.id, "test_reason")
    assert counted("test_reason") == before + 1
