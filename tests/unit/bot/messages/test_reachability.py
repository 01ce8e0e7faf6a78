"""Who may be written to: the client's own wish, what the platform says, and what is recorded of both."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain import InboundKind
from bot.messages import outbox
from bot.messages.conversations import Address
from bot.messages.outbound_queue import Receipt
from bot.messages.outbox import Choice
from bot.messages.parsing import InboundMessage
from bot.storage import conversation, inbound, outbound
from contracts.payloads import REQUEST_CONTACT
from tests.support.gateway import NUMBER, Parts, rows


async def unreachable(parts: Parts) -> str | None:
    (row,) = await rows(parts.database, conversation)
    return row["unreachable"]  # type: ignore[no-any-return]


async def event(parts: Parts, name: str, external_id: str, channel: str = "telegram") -> None:
    await parts.inbox.accept(InboundMessage(Address(channel, NUMBER), external_id, InboundKind.EVENT, name))


async def taken(parts: Parts) -> list[str]:
    return [message.text for message in await parts.claim_outbound(10)]


async def test_a_stop_is_recorded_and_drops_what_waits_but_not_its_confirmation(parts: Parts) -> None:
    to = await parts.conversation()
    await parts.database.run(outbox.add, to, origin="assistant", text="too late")
    await parts.receive("停止")
    assert await taken(parts) == [parts.notice("stopped", "ja")]
    assert await unreachable(parts) == "stopped"
    (message,) = await rows(parts.database, inbound)
    assert (message["kind"], message["content"], message["state"]) == ("command", "stop", "done")
    dropped = [(row["state"], row["error"]) for row in await rows(parts.database, outbound, text="too late")]
    assert dropped == [("dropped", "stopped")]


async def test_neither_bot_nor_agent_can_write_to_a_client_who_has_stopped(parts: Parts) -> None:
    await parts.receive("停止")
    await taken(parts)
    to = await parts.conversation()
    for origin in ("assistant", "agent", "backend", "system"):
        await parts.database.run(outbox.add, to, origin=origin, text=origin)
    assert await taken(parts) == []
    states = {row["text"]: row["state"] for row in await rows(parts.database, outbound)}
    assert all(states[origin] == "dropped" for origin in ("assistant", "agent", "backend", "system"))


async def test_what_a_stopped_client_writes_is_recorded_and_nothing_is_done_about_it(parts: Parts) -> None:
    await parts.receive("停止")
    await parts.receive("my password is Hunter2x")
    await parts.receive("hello")
    assert await parts.states() == ["done", "done", "done"]
    assert "Hunter2x" not in str(await rows(parts.database, inbound))
    assert len(await parts.texts()) == 1


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (["blocked"], "blocked"),
        (["blocked", "unblocked"], None),
        (["unblocked"], None),
    ],
)
async def test_a_block_lasts_until_it_is_lifted(parts: Parts, events: list[str], state: str | None) -> None:
    for n, name in enumerate(events):
        await event(parts, name, str(n))
    assert await unreachable(parts) == state


async def test_a_stop_outlasts_a_block(parts: Parts) -> None:
    await parts.receive("/stop", channel="telegram")
    await event(parts, "blocked", "1")
    await event(parts, "unblocked", "2")
    assert await unreachable(parts) == "stopped"
    await parts.receive("/start", channel="telegram")
    assert await unreachable(parts) is None


async def test_words_stop_nothing_on_telegram(parts: Parts) -> None:
    for word in ("stop", "停止", "cancel", "help"):
        await parts.receive(word, channel="telegram")
    assert await unreachable(parts) is None
    assert {row["kind"] for row in await rows(parts.database, inbound)} == {"text"}


async def test_a_keyboard_for_a_contact_is_open_until_a_message_could_take_it_away(parts: Parts) -> None:
    to = await parts.conversation(channel="telegram")

    async def say(text: str, choices: list[Choice]) -> bool:
        await parts.database.run(outbox.add, to, origin="assistant", text=text, choices=choices)
        (message,) = await parts.claim_outbound(1)
        await parts.mark_sent(message, Receipt("x"))
        return message.clears_keyboard

    assert await say("hello", []) is False
    assert await say("Which number?", [Choice("Share", REQUEST_CONTACT)]) is False
    assert await say("This one?", [Choice("Right", "/affirm")]) is True
    assert await say("Thank you", []) is True
    assert await say("Anything else?", []) is False


async def test_by_sms_no_contact_is_asked_for_and_the_numbers_stay_right(parts: Parts) -> None:
    to = await parts.conversation()
    await parts.database.run(
        outbox.add,
        to,
        origin="assistant",
        text="Which number?",
        choices=[Choice("Share", REQUEST_CONTACT), Choice("Leave it", "/deny")],
    )
    (message,) = await parts.claim_outbound(1)
    assert [shown.title for shown in message.buttons] == ["Leave it"]


async def test_a_message_that_cannot_be_stored_spoils_none_that_came_with_it(parts: Parts) -> None:
    address = Address("telegram", NUMBER)
    messages = [
        InboundMessage(address, "1", InboundKind.TEXT, "first"),
        InboundMessage(address, "2", InboundKind.EVENT, "no such event"),
        InboundMessage(address, "3", InboundKind.TEXT, "second"),
    ]
    results = await asyncio.gather(*map(parts.inbox.accept, messages), return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["Accepted", "ValueError", "Accepted"]
    assert [row["content"] for row in await rows(parts.database, inbound)] == ["first", "second"]
