"""What is to be said: in order, once, and only as long as whoever decided it still has the conversation."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain import Notice, Origin
from bot.messages import notices, outbound_queue, outbox
from bot.messages.outbound_queue import LEASE_SECONDS, Receipt
from bot.messages.outbox import Choice
from bot.storage import Database, button, outbound
from tests.support.databases import migrated_file
from tests.support.gateway import ManualClock, Parts, rows


async def say(parts: Parts, text: str, peer: str = "a", **more: Any) -> int:
    to = await parts.conversation(peer)
    more = {"origin": Origin.ASSISTANT} | more
    return await parts.database.run(outbox.add, to, text=text, **more)


async def taken(parts: Parts, limit: int = 10) -> list[str]:
    return [message.text for message in await parts.claim_outbound(limit)]


async def states(parts: Parts) -> dict[str, str]:
    return {row["text"]: row["state"] for row in await rows(parts.database, outbound)}


async def test_a_message_is_handed_out_as_it_was_stored(parts: Parts) -> None:
    message_id = await say(parts, "**Next** を押してください 🙂", language="ja")

    (message,) = await parts.claim_outbound(1)

    assert (message.id, message.text, message.language) == (
        message_id,
        "**Next** を押してください 🙂",
        "ja",
    )
    assert (message.address.channel, message.address.peer) == ("simulator.sms", "a")
    assert (message.origin, message.buttons, message.attempts) == ("assistant", (), 1)


async def test_a_message_is_in_the_language_of_the_conversation_unless_said_otherwise(parts: Parts) -> None:
    await say(parts, "はい", peer="+8190")
    assert [message.language for message in await parts.claim_outbound(1)] == ["ja"]


async def test_choices_become_buttons_with_tokens_that_say_nothing(parts: Parts) -> None:
    choices = [Choice("Yes", "/affirm"), Choice("いいえ", '/inform{"x": "y"}')]
    message_id = await say(parts, "Really?", choices=choices)

    (message,) = await parts.claim_outbound(1)
    stored = {row["token"]: row for row in await rows(parts.database, button)}

    assert [shown.title for shown in message.buttons] == ["Yes", "いいえ"]
    assert all(shown.kind is None for shown in message.buttons)
    for position, (shown, choice) in enumerate(zip(message.buttons, choices, strict=True), start=1):
        row = stored[shown.token]
        assert (row["position"], row["title"], row["payload"]) == (position, choice.title, choice.payload)
        assert (row["outbound_id"], row["used_at"]) == (message_id, None)
        # Telegram takes 64 bytes.
        assert 16 <= len(shown.token) <= 64
        assert shown.token.isascii()


async def test_the_messages_of_a_conversation_leave_one_after_the_other(parts: Parts) -> None:
    for text in ("first", "second", "third"):
        await say(parts, text)

    left = []
    while items := await parts.claim_outbound(5):
        assert len(items) == 1
        left += [items[0].text]
        await parts.mark_sent(items[0], Receipt("x"))

    assert left == ["first", "second", "third"]


async def test_different_conversations_are_served_together_up_to_the_limit(parts: Parts) -> None:
    for peer in "abc":
        await say(parts, f"{peer}1", peer)
        await say(parts, f"{peer}2", peer)

    assert await taken(parts, 2) == ["a1", "b1"]
    assert await taken(parts, 2) == ["c1"]


async def test_several_senders_at_once_never_get_the_same_message(parts: Parts) -> None:
    for n in range(20):
        await say(parts, str(n), f"peer{n}")
    given = await asyncio.gather(*(parts.claim_outbound(4) for _ in range(8)))

    texts = [message.text for items in given for message in items]
    assert len(texts) == len(set(texts))
    assert sorted([*texts, *await taken(parts, 20)], key=int) == [str(n) for n in range(20)]


async def test_a_message_whose_sender_died_is_handed_out_again_under_the_same_key(parts: Parts) -> None:
    await say(parts, "hello")
    (first,) = await parts.claim_outbound(1)

    parts.clock.advance(LEASE_SECONDS - 0.1)
    assert await parts.claim_outbound(1) == []
    parts.clock.advance(0.1)
    (again,) = await parts.claim_outbound(1)

    assert (again.id, again.key) == (first.id, first.key)
    assert [first.attempts, again.attempts] == [1, 2]


async def test_what_was_sent_or_refused_is_over_and_lets_the_next_through(parts: Parts) -> None:
    for text in ("sent", "refused", "last"):
        await say(parts, text)
    (first,) = await parts.claim_outbound(1)
    await parts.mark_sent(first, Receipt("SM123"))
    (second,) = await parts.claim_outbound(1)
    await parts.database.run(outbound_queue.mark_failed, second)

    assert await taken(parts) == ["last"]
    assert await states(parts) == {"sent": "sent", "refused": "failed", "last": "queued"}
    (row,) = await rows(parts.database, outbound, text="sent")
    assert (row["provider_id"], row["sent_at"]) == ("SM123", parts.clock())


async def test_a_message_to_be_tried_again_holds_up_the_later_ones(parts: Parts) -> None:
    await say(parts, "first")
    await say(parts, "second")
    (first,) = await parts.claim_outbound(1)
    await parts.database.run(outbound_queue.retry, first, parts.clock() + 5)

    assert await taken(parts) == []
    parts.clock.advance(5)
    assert await taken(parts) == ["first"]


async def test_what_the_bot_said_before_somebody_took_over_is_dropped_and_nothing_else(parts: Parts) -> None:
    await say(parts, "by the bot, before")
    await say(parts, "a notice", origin=Origin.SYSTEM)
    await say(parts, "to somebody else", "b")
    await say(parts, "by an agent, before", origin=Origin.AGENT)
    await parts.change("a", epoch=1)
    await say(parts, "by an agent, after", origin=Origin.AGENT)

    assert await taken(parts) == ["a notice", "to somebody else"]
    assert await states(parts) == {
        "by the bot, before": "dropped",
        "a notice": "queued",
        "to somebody else": "queued",
        "by an agent, before": "queued",
        "by an agent, after": "queued",
    }


async def test_what_is_on_its_way_when_somebody_takes_over_is_not_overtaken(parts: Parts) -> None:
    await say(parts, "by the bot")
    (first,) = await parts.claim_outbound(1)
    await parts.change("a", epoch=1)
    await say(parts, "by an agent", origin=Origin.AGENT)

    assert await taken(parts) == []
    await parts.mark_sent(first, Receipt("SM123"))
    assert await taken(parts) == ["by an agent"]
    assert (await states(parts))["by the bot"] == "sent"


async def test_what_a_dead_sender_had_when_somebody_took_over_is_dropped(parts: Parts) -> None:
    await say(parts, "by the bot")
    await parts.claim_outbound(1)
    await parts.change("a", epoch=1)
    await say(parts, "by an agent", origin=Origin.AGENT)
    parts.clock.advance(LEASE_SECONDS)

    assert await taken(parts) == ["by an agent"]
    assert (await states(parts))["by the bot"] == "dropped"


async def test_a_dropped_message_never_comes_back(parts: Parts) -> None:
    await say(parts, "before")
    await parts.change("a", epoch=1)
    assert await taken(parts) == []

    await parts.change("a", epoch=0)
    await parts.restart()

    assert await taken(parts) == []


async def test_the_same_answer_to_the_same_message_is_not_stored_twice(parts: Parts) -> None:
    accepted = await parts.receive("hello", peer="a")
    await say(parts, "one", inbound_id=accepted.id, seq=0)

    with pytest.raises(IntegrityError):
        await say(parts, "two", inbound_id=accepted.id, seq=0)
    await say(parts, "next", inbound_id=accepted.id, seq=1)
    await say(parts, "notice", inbound_id=accepted.id, seq=0, origin=Origin.SYSTEM)

    assert list(await states(parts)) == ["one", "next", "notice"]


async def test_messages_that_answer_nothing_may_be_many(parts: Parts) -> None:
    for text in ("reminder", "backend notice"):
        await say(parts, text)
    assert list(await states(parts)) == ["reminder", "backend notice"]


async def test_each_notice_has_its_place_its_language_and_its_variant(parts: Parts) -> None:
    accepted = await parts.receive("hello", peer="+8190")
    to = await parts.conversation("+8190")

    for name in Notice:
        await parts.database.run(notices.add, parts.knowledge, to, name, accepted.id, values={"bot": "a_bot"})

    stored = await rows(parts.database, outbound)
    assert [row["text"] for row in stored] == [
        parts.knowledge.text("notices", name, "ja", "sms").format(bot="a_bot") for name in Notice
    ]
    assert {(row["origin"], row["language"]) for row in stored} == {("system", "ja")}
    with pytest.raises(IntegrityError):
        await parts.database.run(notices.add, parts.knowledge, to, Notice.TOO_LONG, accepted.id)


async def test_the_next_due_time_is_that_of_the_messages_that_may_leave(parts: Parts) -> None:
    assert await parts.database.run(outbound_queue.QUEUE.next_due) is None
    await say(parts, "first")
    await say(parts, "second")
    assert await parts.database.run(outbound_queue.QUEUE.next_due) == parts.clock()

    (first,) = await parts.claim_outbound(5)
    # The second one waits for the first; looking for it now would find nothing, again and again.
    assert await parts.database.run(outbound_queue.QUEUE.next_due) == parts.clock() + LEASE_SECONDS

    await parts.mark_sent(first, Receipt("x"))
    assert await parts.database.run(outbound_queue.QUEUE.next_due) == parts.clock()


async def test_a_new_start_makes_everything_unsent_due(parts: Parts) -> None:
    for peer in "ab":
        await say(parts, peer, peer)
    first, second = await parts.claim_outbound(2)
    await parts.mark_sent(first, Receipt("x"))
    await parts.database.run(outbound_queue.retry, second, parts.clock() + 60)

    await parts.restart()

    assert await taken(parts) == ["b"]


async def test_whether_anything_is_left_to_send_is_known_by_conversation(parts: Parts) -> None:
    await say(parts, "hello", "a")
    mine, other = await parts.conversation("a"), await parts.conversation("b")
    assert await parts.database.run(outbox.is_pending, mine.id)
    assert not await parts.database.run(outbox.is_pending, other.id)

    (message,) = await parts.claim_outbound(1)
    assert await parts.database.run(outbox.is_pending, mine.id)
    await parts.mark_sent(message, Receipt("x"))
    assert not await parts.database.run(outbox.is_pending, mine.id)


async def test_a_key_is_that_of_no_message_of_another_database(
    sqlite: Database, tmp_path: Path, clock: ManualClock
) -> None:
    # As after a loss: the ids begin anew, and the phones remember what they were sent.
    (tmp_path / "anew.db").write_bytes(migrated_file())
    anew = Database(f"sqlite:///{tmp_path / 'anew.db'}", clock)
    before, after = Parts(sqlite, clock), Parts(anew, clock)
    for one in (before, after):
        await say(one, "hello")

    (first,), (second,) = await before.claim_outbound(5), await after.claim_outbound(5)

    assert first.id == second.id
    assert first.key != second.key
    await anew.close()
