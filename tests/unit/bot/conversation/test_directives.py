"""What the engine asks for besides speaking: carried out once, and nothing breaks over what nobody knows."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bot.conversation import directives
from bot.conversation.directives import EXPECT_SECONDS_LIMIT
from bot.storage import handoff
from tests.support.gateway import Parts, rows


async def carry_out(parts: Parts, *asked: dict[str, Any], inbound_id: int | None = None) -> None:
    if inbound_id is None:
        inbound_id = (await parts.receive("?", peer="a")).id
    owner = await parts.conversation("a")
    await parts.database.run(directives.carry_out, parts.handoffs, owner, asked, inbound_id=inbound_id)


async def expected(parts: Parts, seconds: float = 0) -> str | None:
    return (await parts.conversation("a")).expects(parts.clock() + seconds)


@pytest.mark.parametrize("what", ["code", "phone_number"])
async def test_what_is_to_be_expected_is_for_as_long_as_was_said(parts: Parts, what: str) -> None:
    await carry_out(parts, {"type": "expect", "what": what, "seconds": 120})

    assert await expected(parts, 119.9) == what
    assert await expected(parts, 120) is None


async def test_without_a_time_it_is_ten_minutes_and_never_more_than_an_hour(parts: Parts) -> None:
    await carry_out(parts, {"type": "expect", "what": "code"})
    assert await expected(parts, 599) == "code"
    assert await expected(parts, 600) is None

    await carry_out(parts, {"type": "expect", "what": "code", "seconds": 10**9})
    assert await expected(parts, EXPECT_SECONDS_LIMIT - 1) == "code"
    assert await expected(parts, EXPECT_SECONDS_LIMIT) is None
    assert EXPECT_SECONDS_LIMIT == 3600


@pytest.mark.parametrize("what", ["nothing", None, "password", 4711])
async def test_nothing_is_expected_any_more(parts: Parts, what: object) -> None:
    await carry_out(parts, {"type": "expect", "what": "code"})
    await carry_out(parts, {"type": "expect", "what": what})
    assert await expected(parts) is None


async def test_the_last_of_several_expectations_holds(parts: Parts) -> None:
    await carry_out(parts, {"type": "expect", "what": "phone_number"}, {"type": "expect", "what": "code"})
    assert await expected(parts) == "code"


async def test_a_wish_for_a_person_is_recorded_with_its_reason_and_language(parts: Parts) -> None:
    accepted = await parts.receive("?", peer="a")
    await carry_out(
        parts, {"type": "handoff", "reason": "lost_phone", "priority": "urgent"}, inbound_id=accepted.id
    )

    (row,) = await rows(parts.database, handoff)
    assert (row["reason"], row["priority"], row["language"]) == ("lost_phone", "urgent", "en")
    assert (row["inbound_id"], row["created_at"]) == (accepted.id, parts.clock())


@pytest.mark.parametrize(
    ("asked", "reason", "priority"),
    [
        ({}, "asked", "normal"),
        ({"reason": "stuck", "priority": "normal"}, "stuck", "normal"),
        ({"reason": "stuck", "priority": "whatever"}, "stuck", "normal"),
        ({"reason": "x" * 200}, "x" * 64, "normal"),
    ],
)
async def test_a_wish_without_details_is_recorded_too(
    parts: Parts, asked: dict[str, str], reason: str, priority: str
) -> None:
    await carry_out(parts, {"type": "handoff", **asked})
    assert [(row["reason"], row["priority"]) for row in await rows(parts.database, handoff)] == [
        (reason, priority)
    ]


async def test_one_message_asks_for_a_person_once(parts: Parts) -> None:
    accepted = await parts.receive("?", peer="a")
    for reason in ("first", "second"):
        await carry_out(parts, {"type": "handoff", "reason": reason}, inbound_id=accepted.id)
    assert [row["reason"] for row in await rows(parts.database, handoff)] == ["first"]


async def test_who_has_asked_for_a_person_is_not_put_into_the_queue_again(parts: Parts) -> None:
    await carry_out(parts, {"type": "handoff", "reason": "first"})
    await carry_out(parts, {"type": "handoff", "reason": "asked again"})
    assert [row["reason"] for row in await rows(parts.database, handoff)] == ["first"]


async def test_what_the_bot_knew_is_kept_for_the_agent(parts: Parts) -> None:
    await carry_out(
        parts,
        {
            "type": "handoff",
            "topic": "pin_forgotten",
            "step": "uninstall",
            "errors": [{"code": "locked", "request_id": "r-1", "more": "left out"}, {"code": "late"}, "odd"],
            "anything_else": "is left out",
        },
    )
    (row,) = await rows(parts.database, handoff)
    assert row["topic"] == "pin_forgotten"
    assert row["context"]["step"] == "uninstall"
    assert row["context"]["errors"] == [
        {"code": "locked", "request_id": "r-1"},
        {"code": "late", "request_id": ""},
        {"code": "", "request_id": ""},
    ]
    assert row["context"]["sources"] == list(parts.knowledge.topics["pin_forgotten"].source)
    assert "anything_else" not in row["context"]


async def test_an_unknown_directive_is_logged_and_the_others_are_carried_out(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        await carry_out(parts, {"type": "dance"}, {}, {"type": None}, {"type": "expect", "what": "code"})

    assert await expected(parts) == "code"
    assert "unknown directive 'dance'" in caplog.text
