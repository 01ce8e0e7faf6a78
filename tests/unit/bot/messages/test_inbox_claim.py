"""Handing messages out: in order within a conversation, each to one worker, and again when that one is gone."""

from __future__ import annotations

import asyncio

from bot.domain import InboundStatus
from bot.messages import inbound_queue, inbox
from bot.messages.inbound_queue import LEASE_SECONDS, QUEUE
from bot.storage import Database, inbound
from tests.support.gateway import ManualClock, Parts, rows


async def taken(parts: Parts, limit: int = 10) -> list[str]:
    return [item.content for item in await parts.claim_inbound(limit)]


async def finish(parts: Parts, content: str, state: str = "done") -> bool:
    (row,) = await rows(parts.database, inbound, content=content)
    return await parts.database.run(inbound_queue.finish, row["id"], InboundStatus(state))


async def test_the_messages_of_a_conversation_are_given_out_one_after_the_other(parts: Parts) -> None:
    for content in ("first", "second", "third"):
        await parts.receive(content)

    answered = []
    while items := await taken(parts):
        answered += items
        await finish(parts, items[0])

    assert answered == ["first", "second", "third"]


async def test_only_the_oldest_open_message_of_each_conversation_is_given_out(parts: Parts) -> None:
    for content in ("a1", "b1", "a2", "b2"):
        await parts.receive(content, peer=content[0])

    assert await taken(parts) == ["a1", "b1"]
    assert await taken(parts) == []
    await finish(parts, "b1")
    assert await taken(parts) == ["b2"]


async def test_a_message_given_up_lets_the_next_one_through(parts: Parts) -> None:
    await parts.receive("poison")
    await parts.receive("next")
    await taken(parts)

    await finish(parts, "poison", "dead")

    assert await taken(parts) == ["next"]


async def test_different_conversations_are_given_out_together_up_to_the_limit(parts: Parts) -> None:
    for n in range(6):
        await parts.receive(f"from {n}", peer=f"peer{n}")

    assert await taken(parts, 4) == ["from 0", "from 1", "from 2", "from 3"]
    assert await taken(parts, 4) == ["from 4", "from 5"]


async def test_several_takers_at_once_never_get_the_same_message(parts: Parts) -> None:
    for n in range(30):
        await parts.receive(str(n), peer=f"peer{n}")
    given = await asyncio.gather(*(parts.claim_inbound(4) for _ in range(10)))

    contents = [item.content for items in given for item in items]
    assert len(contents) == len(set(contents))
    # Whoever was in another's way got less; nothing is lost.
    assert sorted([*contents, *await taken(parts, 30)], key=int) == [str(n) for n in range(30)]


async def test_a_taken_message_comes_back_after_its_lease_and_counts_its_tries(parts: Parts) -> None:
    await parts.receive("hello")
    (first,) = await parts.claim_inbound(1)

    parts.clock.advance(LEASE_SECONDS - 0.1)
    assert await parts.claim_inbound(1) == []
    parts.clock.advance(0.1)
    (again,) = await parts.claim_inbound(1)

    assert (again.id, again.key, again.content) == (first.id, first.key, first.content)
    assert [first.attempts, again.attempts] == [1, 2]


async def test_a_lease_that_is_kept_up_does_not_end(parts: Parts) -> None:
    await parts.receive("hello")
    (item,) = await parts.claim_inbound(1)

    for _ in range(5):
        parts.clock.advance(LEASE_SECONDS / 3)
        await parts.database.run(QUEUE.extend_lease, item.id)
    assert await parts.claim_inbound(1) == []


async def test_a_message_put_back_comes_again_when_it_was_said(parts: Parts) -> None:
    await parts.receive("hello")
    (item,) = await parts.claim_inbound(1)

    await parts.database.run(QUEUE.retry, item.id, parts.clock() + 2)
    assert await taken(parts) == []
    parts.clock.advance(2)
    assert await taken(parts) == ["hello"]


async def test_a_message_put_back_without_its_fault_does_not_count_the_try(parts: Parts) -> None:
    await parts.receive("hello")
    for _ in range(7):
        (item,) = await parts.claim_inbound(1)
        assert item.attempts == 1
        await parts.database.run(QUEUE.release, item.id, parts.clock())


async def test_a_message_is_closed_once_only(parts: Parts) -> None:
    await parts.receive("hello")
    (item,) = await parts.claim_inbound(1)

    closed = await asyncio.gather(*(finish(parts, "hello") for _ in range(5)))

    assert sorted(closed) == [False] * 4 + [True]
    assert not await finish(parts, "hello", "dead")
    assert [row["state"] for row in await rows(parts.database, inbound)] == ["done"]
    # Nor does a late word about it open it again.
    await parts.database.run(QUEUE.retry, item.id, parts.clock())
    await parts.database.run(QUEUE.release, item.id, parts.clock())
    assert await taken(parts) == []


async def test_a_new_start_gives_back_what_was_taken_up(parts: Parts) -> None:
    for content in ("a1", "b1", "a2"):
        await parts.receive(content, peer=content[0])
    await taken(parts)
    await finish(parts, "b1")

    await parts.restart()

    assert await taken(parts) == ["a1"]


async def test_the_next_due_time_is_that_of_the_messages_that_may_be_taken(parts: Parts) -> None:
    assert await parts.database.run(QUEUE.next_due) is None
    await parts.receive("first")
    await parts.receive("second")
    assert await parts.database.run(QUEUE.next_due) == parts.clock()

    (first,) = await parts.claim_inbound(5)
    # The second one waits for the first; looking for it now would find nothing, again and again.
    assert await parts.database.run(QUEUE.next_due) == parts.clock() + LEASE_SECONDS

    await parts.database.run(QUEUE.retry, first.id, parts.clock() + 0.3)
    assert await parts.database.run(QUEUE.next_due) == parts.clock() + 0.3
    await finish(parts, "first")
    assert await parts.database.run(QUEUE.next_due) == parts.clock()
    await finish(parts, "second")
    assert await parts.database.run(QUEUE.next_due) is None


async def test_open_messages_are_counted_and_known_by_conversation(parts: Parts) -> None:
    await parts.receive("a1", peer="a")
    await parts.receive("a2", peer="a")
    await parts.receive("b1", peer="b")
    mine, other = await parts.conversation("a"), await parts.conversation("b")
    assert await parts.database.run(QUEUE.count) == 3

    await finish(parts, "b1")

    assert await parts.database.run(QUEUE.count) == 2
    assert await parts.database.run(inbox.is_open, mine.id)
    assert not await parts.database.run(inbox.is_open, other.id)


async def test_a_message_is_known_by_the_same_key_whoever_takes_it(
    parts: Parts, database_url: str, clock: ManualClock
) -> None:
    await parts.receive("a", peer="a")
    await parts.receive("b", peer="b")
    before = {item.content: item.key for item in await parts.claim_inbound(5)}

    reopened = Database(database_url, clock)
    after = Parts(reopened, clock)
    await after.restart()

    assert {item.content: item.key for item in await after.claim_inbound(5)} == before
    assert len(set(before.values())) == 2
    await reopened.close()
