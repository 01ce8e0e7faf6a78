"""The sender: takes messages to their channels in order, and tries again what did not go through."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest

from bot.messages import outbox
from bot.messages.outbox import Outgoing
from bot.messages.sender import MAX_ATTEMPTS, Sender, SendError, settle
from bot.storage import Database, outbound
from tests.support.gateway import ManualClock, Parts, rows


class Channel:
    """A channel that takes down what it is given; raises the next of its `faults` before."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.faults: deque[Exception] = deque()

    async def send(self, outgoing: Outgoing) -> str:
        if self.faults:
            raise self.faults.popleft()
        self.sent.append(outgoing.text)
        return f"provider-{len(self.sent)}"


class Sending:
    """A sender on a channel, worked by hand: `round` does what the loop would do now."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.channel = Channel()
        self.changes = 0
        self.sender = Sender(parts.outbox, {"simulator.sms": self.channel}, parts.clock, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    async def say(self, text: str, peer: str = "a", channel: str = "simulator.sms") -> None:
        to = await self.parts.conversation(peer, channel)
        await self.parts.database.run(outbox.add, to, origin="bot", text=text, now=self.parts.clock())

    async def round(self) -> None:
        await asyncio.gather(*(self.sender.work(item) for item in await self.sender.take(16)))

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
    sending.channel.faults.append(SendError("the client has blocked the assistant"))
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
        sending.parts.outbox,
        {"simulator.sms": sending.channel},
        sending.parts.clock,
        lambda: everything_sent.set() if len(sending.channel.sent) == 12 else None,
    )
    for n in range(4):
        for peer in "abc":
            await sending.say(f"{peer}{n}", peer)

    sender.start()
    await asyncio.wait_for(everything_sent.wait(), 20)
    await settle(sender)

    for peer in "abc":
        assert [text for text in sending.channel.sent if text[0] == peer] == [f"{peer}{n}" for n in range(4)]
    assert await sending.states() == ["sent"] * 12
