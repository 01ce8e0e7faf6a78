"""The operator's switch: a halted channel sends nothing, loses nothing, and holds up no other."""

from __future__ import annotations

from bot.messages import halts, outbound_queue, outbox
from bot.messages.outbound_queue import Receipt
from tests.support.gateway import Parts


async def say(parts: Parts, text: str, channel: str = "telegram", peer: str = "a", **more: bool) -> None:
    to = await parts.conversation(peer, channel)
    await parts.database.run(outbox.add, to, origin="assistant", text=text, **more)


async def taken(parts: Parts) -> list[str]:
    return [message.text for message in await parts.claim_outbound(10)]


async def test_nothing_is_sent_on_a_halted_channel_and_the_others_go_on(parts: Parts) -> None:
    await parts.database.run(halts.halt, "telegram")
    await say(parts, "by Telegram")
    await say(parts, "by SMS", "sms")
    assert await taken(parts) == ["by SMS"]


async def test_a_confirmation_of_stop_waits_like_everything_else(parts: Parts) -> None:
    await parts.database.run(halts.halt, "telegram")
    await say(parts, "you will get no more messages", bypass_opt_out=True)
    assert await taken(parts) == []


async def test_what_has_waited_is_sent_in_order_once_it_is_resumed(parts: Parts) -> None:
    await parts.database.run(halts.halt, "telegram")
    for text in ("first", "second"):
        await say(parts, text)
    parts.clock.advance(10 * 3_600)
    assert await taken(parts) == []

    await parts.database.run(halts.resume, "telegram")
    (first,) = await parts.claim_outbound(10)
    await parts.mark_sent(first, Receipt("1"))
    (second,) = await parts.claim_outbound(10)
    assert [first.text, second.text] == ["first", "second"]


async def test_the_rest_of_a_message_in_parts_waits_too(parts: Parts) -> None:
    await say(parts, "one|two")
    (message,) = await parts.claim_outbound(10)
    await parts.database.run(halts.halt, "telegram")
    await parts.mark_sent(message, Receipt("1"), is_last=False)
    assert await taken(parts) == []
    await parts.database.run(halts.resume, "telegram")
    (rest,) = await parts.claim_outbound(10)
    assert rest.parts_sent == 1


async def test_the_sender_sleeps_while_all_that_waits_is_halted(parts: Parts) -> None:
    await say(parts, "hello")
    await parts.database.run(halts.halt, "telegram")
    assert await parts.database.run(outbound_queue.QUEUE.next_due) is None


async def test_a_channel_is_halted_and_resumed_once(parts: Parts) -> None:
    begin = parts.clock()
    assert await parts.database.run(halts.halt, "sms")
    parts.clock.advance(5)
    assert not await parts.database.run(halts.halt, "sms")
    assert await parts.database.run(halts.list_halted) == {"sms": begin}
    assert await parts.database.run(halts.resume, "sms")
    assert not await parts.database.run(halts.resume, "sms")
    assert await parts.database.run(halts.list_halted) == {}
