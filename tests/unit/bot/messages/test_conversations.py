"""Conversations: one for each client, begun in the language that the client most likely reads."""

from __future__ import annotations

import dataclasses

import pytest

from bot.domain import Epoch
from bot.messages import conversations
from bot.messages.conversations import Address
from bot.storage import conversation
from tests.support.gateway import ENGLISH_NUMBER, NUMBER, Parts, rows
from tests.support.knowledge import KNOWLEDGE


@pytest.mark.parametrize(
    ("channel", "peer", "hint", "language"),
    [
        ("sms", NUMBER, None, "ja"),
        ("simulator.sms", NUMBER, None, "ja"),
        ("simulator.sms", ENGLISH_NUMBER, None, "en"),
        ("simulator.sms", NUMBER, "en-GB", "en"),
        ("simulator.sms", ENGLISH_NUMBER, "ja", "ja"),
        ("simulator.sms", "8190", None, "en"),
        ("telegram", "4711", None, "en"),
        ("simulator.telegram", NUMBER, None, "en"),
        ("simulator.telegram", "4711", "ja_JP", "ja"),
        ("simulator.telegram", "4711", "JA", "ja"),
        ("simulator.telegram", "4711", "fr", "en"),
        ("simulator.telegram", "4711", "", "en"),
        ("simulator.telegram", "4711", "\ud800", "en"),
    ],
)
def test_a_conversation_begins_in_the_language_of_the_device_else_of_the_number(
    channel: str, peer: str, hint: str | None, language: str
) -> None:
    assert conversations.first_language(KNOWLEDGE, Address(channel, peer), hint) == language


@pytest.mark.parametrize(
    ("address", "kind", "client"),
    [
        (Address("simulator.sms", NUMBER), "sms", f"simulator.sms:{NUMBER}"),
        (Address("telegram", "4711"), "telegram", "telegram:4711"),
    ],
)
def test_an_address_tells_the_kind_of_phone_and_the_reference_for_the_backend(
    address: Address, kind: str, client: str
) -> None:
    assert (address.kind, address.client) == (kind, client)


async def test_a_client_has_one_conversation_on_each_channel(parts: Parts) -> None:
    first = await parts.conversation(NUMBER)
    again = await parts.conversation(NUMBER)
    other_channel = await parts.conversation(NUMBER, "simulator.telegram")
    other_client = await parts.conversation(ENGLISH_NUMBER)

    assert again == first
    assert len({first.id, other_channel.id, other_client.id}) == 3
    assert len({first.name, other_channel.name, other_client.name}) == 3
    assert len(await rows(parts.database, conversation)) == 3


async def test_a_client_who_never_wrote_has_none(parts: Parts) -> None:
    assert await parts.database.run(conversations.find_by_address, Address("simulator.sms", NUMBER)) is None


async def test_a_conversation_is_found_as_it_was_changed(parts: Parts) -> None:
    begun = await parts.conversation()
    await parts.database.run(
        conversations.change, begun.id, language="en", epoch=Epoch(3), outage_notified_at=5.0
    )

    found = await parts.database.run(conversations.find, begun.id)
    assert found == dataclasses.replace(begun, language="en", epoch=Epoch(3), outage_notified_at=5.0)
    assert await parts.database.run(conversations.find, begun.id, lock=True) == found
    assert await parts.database.run(conversations.find_by_address, begun.address) == found


async def test_what_is_expected_is_expected_until_its_time_is_over(parts: Parts) -> None:
    begun = await parts.conversation()
    assert begun.expects(parts.clock()) is None

    await parts.change(expected_input="code", expected_input_until=parts.clock() + 10)

    waiting = await parts.conversation()
    assert waiting.expects(parts.clock() + 9.9) == "code"
    assert waiting.expects(parts.clock() + 10) is None
