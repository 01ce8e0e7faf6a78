"""The sender: takes messages to their channels in order, and tries again what did not go through."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest

from bot.domain import Origin, UnreachableReason
from bot.messages import outbox
from bot.messages.loop import stop_all
from bot.messages.outbound_queue import OutboundMessage, Receipt
from bot.messages.sender import (
    MAX_ATTEMPTS,
    MAX_OUTAGE_SECONDS,
    SendDeferredError,
    Sender,
    SendRejectedError,
    SendUnconfirmedError,
    SendUnknownError,
)
from bot.storage import Database, delivery, outbound
from tests.support.gateway import NUMBER, ManualClock, Parts, rows


class Channel:
    """A channel that takes down what it is given; raises the next of its `faults` before."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.faults: deque[Exception] = deque()
        self.resolved: list[tuple[str, int]] = []
        self.answers: deque[Receipt | Exception | None] = deque()

    gap_seconds = 0.0

    def parts(self, message: OutboundMessage) -> list[str]:
        return message.text.split("|")

    async def send(self, message: OutboundMessage, part: str) -> Receipt:
        if self.faults:
            raise self.faults.popleft()
        self.sent.append(part)
        return Receipt(f"provider-{len(self.sent)}")

    async def resolve(self, message: OutboundMessage, part: str) -> Receipt | None:
        self.resolved.append((part, message.unconfirmed_attempts))
        if self.answers:
            answer = self.answers.popleft()
            if isinstance(answer, Exception):
                raise answer
            return answer
        return None


class Sending:
    """A sender on a channel, worked by hand: `round` does what the loop would do now."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.channel = Channel()
        self.changes = 0
        self.sender = Sender(parts.database, {"simulator.sms": self.channel}, parts.clock, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    async def say(self, text: str, peer: str = "a", channel: str = "simulator.sms") -> None:
        to = await self.parts.conversation(peer, channel)
        await self.parts.database.run(outbox.add, to, origin=Origin.ASSISTANT, text=text)

    async def round(self) -> None:
        await asyncio.gather(*(self.sender.work(item) for item in await self.sender.claim(16)))

    async def states(self) -> list[str]:
        return [row["state"] for row in await rows(self.parts.database, outbound)]


@pytest.fixture
def sending(sqlite: Database, clock: ManualClock) -> Sending:
    return Sending(Parts(sqlite, clock))


async def test_a_message_is_sent_once_and_its_provider_id_kept(sending: Sending) -> None:
    await sending.say("hello")
    await sending.round()
    await sending.round()

    assert sending.channel.sent == ["hello"]
    assert [row["provider_id"] for row in await rows(sending.parts.database, outbound)] == ["provider-1"]
    assert sending.changes == 1


async def test_a_passing_fault_is_tried_again_later_each_time_and_keeps_the_order(sending: Sending) -> None:
    sending.channel.faults.extend([ConnectionError("gone"), TimeoutError("slow")])
    await sending.say("first")
    await sending.say("second")
    begin = sending.parts.clock()

    waits = []
    for _ in range(2):
        await sending.round()
        due = await sending.sender.next_due()
        assert due is not None
        waits.append(due - sending.parts.clock())
        await sending.round()
        assert sending.channel.sent == []
        sending.parts.clock.advance(waits[-1])
    await sending.round()
    await sending.round()

    assert waits == sorted(waits)
    assert waits[0] >= 0.5
    assert waits[1] > waits[0]
    assert sending.parts.clock() - begin < 60
    assert sending.channel.sent == ["first", "second"]


async def test_a_message_that_never_goes_through_is_given_up_and_the_next_one_sent(sending: Sending) -> None:
    sending.channel.faults.extend(OSError("down") for _ in range(MAX_ATTEMPTS))
    await sending.say("first")
    await sending.say("second")

    for _ in range(MAX_ATTEMPTS):
        await sending.round()
        sending.parts.clock.advance(61)
    assert await sending.states() == ["failed", "queued"]
    assert sending.changes == 1

    await sending.round()
    assert sending.channel.sent == ["second"]


async def test_a_refused_message_is_not_tried_again(sending: Sending) -> None:
    sending.channel.faults.append(SendRejectedError("blocked", unreachable=UnreachableReason.BLOCKED))
    await sending.say("hello")
    await sending.round()
    sending.parts.clock.advance(3600)
    await sending.round()

    assert sending.channel.sent == []
    assert await sending.states() == ["failed"]
    assert sending.changes == 1


async def test_a_message_to_a_channel_that_is_not_there_fails(sending: Sending) -> None:
    await sending.say("hello", channel="telegram")
    await sending.round()
    assert await sending.states() == ["failed"]


async def test_one_client_in_trouble_does_not_hold_up_another(sending: Sending) -> None:
    sending.channel.faults.append(ConnectionError("gone"))
    await sending.say("to a")
    await sending.round()
    await sending.say("to b", "b")
    await sending.round()
    assert sending.channel.sent == ["to b"]


async def test_the_running_sender_sends_everything_in_order_and_settles(sending: Sending) -> None:
    everything_sent = asyncio.Event()
    sender = Sender(
        sending.parts.database,
        {"simulator.sms": sending.channel},
        sending.parts.clock,
        lambda: everything_sent.set() if len(sending.channel.sent) == 12 else None,
    )
    for n in range(4):
        for peer in "abc":
            await sending.say(f"{peer}{n}", peer)

    sender.start()
    await asyncio.wait_for(everything_sent.wait(), 20)
    await stop_all(sender)

    for peer in "abc":
        assert [text for text in sending.channel.sent if text[0] == peer] == [f"{peer}{n}" for n in range(4)]
    assert await sending.states() == ["sent"] * 12


async def outbound_rows(sending: Sending) -> list[dict[str, object]]:
    return await rows(sending.parts.database, outbound)


async def test_an_hour_without_the_provider_loses_nothing_and_keeps_the_order(sending: Sending) -> None:
    for text in ("first", "second", "third"):
        await sending.say(text)
    began = sending.parts.clock()
    while sending.parts.clock() - began < 3600:
        sending.channel.faults.append(SendDeferredError("provider_down"))
        await sending.round()
        due = await sending.sender.next_due()
        assert due is not None
        assert due - sending.parts.clock() <= 60
        sending.parts.clock.advance(due - sending.parts.clock())
    assert sending.channel.sent == []
    assert [row["error"] for row in await outbound_rows(sending)] == ["provider_down", None, None]

    sending.channel.faults.clear()
    for _ in range(3):
        await sending.round()

    assert sending.channel.sent == ["first", "second", "third"]
    assert [(row["state"], row["error"]) for row in await outbound_rows(sending)] == [("sent", None)] * 3


async def test_a_provider_that_stays_away_is_given_up_after_hours_with_the_reason(sending: Sending) -> None:
    await sending.say("hello")
    sending.channel.faults.extend([SendDeferredError("provider_down")] * 2)
    await sending.round()
    sending.parts.clock.advance(MAX_OUTAGE_SECONDS)
    await sending.round()
    (row,) = await outbound_rows(sending)
    assert (row["state"], row["error"]) == ("failed", "provider_down")


async def test_a_channel_that_asks_for_a_pause_gets_it_for_that_client_alone(sending: Sending) -> None:
    sending.channel.faults.append(SendDeferredError("rate_limited", 17.0))
    await sending.say("to a")
    await sending.round()
    await sending.say("also to a")
    await sending.say("to b", "b")
    await sending.round()
    assert sending.channel.sent == ["to b"]

    sending.parts.clock.advance(16.9)
    await sending.round()
    assert sending.channel.sent == ["to b"]
    sending.parts.clock.advance(0.1)
    assert await sending.sender.next_due() == sending.parts.clock()
    await sending.round()
    await sending.round()
    assert sending.channel.sent == ["to b", "to a", "also to a"]


async def test_between_two_messages_to_one_client_the_channels_pace_is_kept(sending: Sending) -> None:
    sending.channel.gap_seconds = 1.0
    for peer in "ab":
        await sending.say(f"{peer}1", peer)
        await sending.say(f"{peer}2", peer)
    await sending.round()
    # What is decided meanwhile waits as well.
    await sending.say("a3", "a")
    await sending.round()
    assert sorted(sending.channel.sent) == ["a1", "b1"]
    sending.parts.clock.advance(1.0)
    await sending.round()
    assert sorted(sending.channel.sent[2:]) == ["a2", "b2"]


async def test_a_long_message_leaves_in_parts_and_goes_on_where_it_was_cut_off(sending: Sending) -> None:
    await sending.say("one|two|three")
    await sending.say("next")
    await sending.round()
    sending.channel.faults.append(SendDeferredError("provider_down"))
    await sending.round()
    sending.parts.clock.advance(60)
    for _ in range(3):
        await sending.round()
    assert sending.channel.sent == ["one", "two", "three", "next"]
    assert await sending.states() == ["sent", "sent"]
    parts = [(row["part"], row["provider_id"]) for row in await rows(sending.parts.database, delivery)]
    assert parts[:3] == [(0, "provider-1"), (1, "provider-2"), (2, "provider-3")]


async def test_a_try_without_an_answer_is_cleared_up_before_the_next(sending: Sending) -> None:
    await sending.say("hello")
    sending.channel.faults.append(SendUnconfirmedError())
    sending.channel.answers.append(Receipt("found-1"))
    await sending.round()
    sending.parts.clock.advance(60)
    await sending.round()

    assert sending.channel.resolved == [("hello", 1)]
    assert sending.channel.sent == []
    (row,) = await outbound_rows(sending)
    assert (row["state"], row["provider_id"]) == ("sent", "found-1")


async def test_a_try_without_an_answer_that_did_not_arrive_is_made_again(sending: Sending) -> None:
    await sending.say("hello")
    sending.channel.faults.extend([SendUnconfirmedError(), SendUnconfirmedError()])
    for _ in range(3):
        await sending.round()
        sending.parts.clock.advance(60)
    assert sending.channel.resolved == [("hello", 1), ("hello", 2)]
    assert sending.channel.sent == ["hello"]


async def test_what_nobody_can_find_out_is_unknown_and_the_next_message_goes_on(sending: Sending) -> None:
    await sending.say("hello")
    await sending.say("next")
    sending.channel.faults.append(SendUnconfirmedError())
    sending.channel.answers.append(SendUnknownError())
    await sending.round()
    sending.parts.clock.advance(60)
    await sending.round()
    await sending.round()
    assert sending.channel.sent == ["next"]
    assert await sending.states() == ["unknown", "sent"]


async def test_a_sender_killed_in_mid_send_leaves_a_doubt(sending: Sending) -> None:
    await sending.say("hello")
    await sending.sender.claim(16)
    await sending.parts.restart()
    await sending.round()
    assert sending.channel.resolved == [("hello", 1)]
    assert sending.channel.sent == ["hello"]


async def test_a_client_who_blocks_gets_nothing_more_until_they_write_again(sending: Sending) -> None:
    sending.channel.faults.append(SendRejectedError("blocked", unreachable=UnreachableReason.BLOCKED))
    await sending.say("first", NUMBER)
    await sending.say("second", NUMBER)
    await sending.round()
    await sending.round()
    assert [(row["state"], row["error"]) for row in await outbound_rows(sending)] == [
        ("failed", "blocked"),
        ("dropped", "blocked"),
    ]
    await sending.parts.receive("I am back")
    await sending.say("third", NUMBER)
    await sending.round()
    assert sending.channel.sent == ["third"]
