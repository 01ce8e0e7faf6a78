"""What the engine asks for besides speaking: applied once, with the turn's replies."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation import directives
from bot.conversation.directives import MAX_EXPECT_SECONDS
from bot.storage import handoff
from contracts.directives import Directive, ExpectInput, RequestHandoff
from contracts.enums import ExpectedInput, HandoffReason, Priority
from contracts.handoff import BackendFailure, HandoffContext
from contracts.turns import Reply, TurnResponse
from tests.support.gateway import Parts, rows

CODE = ExpectInput(ExpectedInput.CODE)


async def apply(parts: Parts, *asked: Directive) -> None:
    """Apply directives to the conversation with the client a."""
    inbound_id = (await parts.receive("?", peer="a")).id
    conversation = await parts.conversation("a")
    await parts.database.run(directives.apply, conversation, asked, inbound_id=inbound_id)


async def answer(parts: Parts, *asked: Directive) -> int:
    """Let the client a write, and the engine answer with directives; return the message's id."""
    accepted = await parts.receive("?", peer="a")
    (message,) = [each for each in await parts.claim_inbound() if each.id == accepted.id] or (None,)
    if message is not None:
        turn = await parts.database.run(parts.pipeline.prepare, message)
        if turn.outcome is None:
            await parts.database.run(
                parts.pipeline.commit, turn, TurnResponse((Reply("One moment."),), asked)
            )
    return accepted.id


async def expected(parts: Parts, seconds: float = 0) -> str | None:
    return (await parts.conversation("a")).expects(parts.clock() + seconds)


@pytest.mark.parametrize("what", list(ExpectedInput))
async def test_input_is_expected_for_as_long_as_was_asked(parts: Parts, what: ExpectedInput) -> None:
    await apply(parts, ExpectInput(what, 120))

    assert await expected(parts, 119.9) == what
    assert await expected(parts, 120) is None


async def test_without_a_time_it_is_ten_minutes_and_never_more_than_an_hour(parts: Parts) -> None:
    await apply(parts, CODE)
    assert await expected(parts, 599) == "code"
    assert await expected(parts, 600) is None

    await apply(parts, ExpectInput(ExpectedInput.CODE, 10.0**9))
    assert await expected(parts, MAX_EXPECT_SECONDS - 1) == "code"
    assert await expected(parts, MAX_EXPECT_SECONDS) is None
    assert MAX_EXPECT_SECONDS == 3600


async def test_nothing_is_expected_any_more(parts: Parts) -> None:
    await apply(parts, CODE)
    await apply(parts, ExpectInput(None))
    assert await expected(parts) is None


async def test_the_last_of_several_expectations_holds(parts: Parts) -> None:
    await apply(parts, ExpectInput(ExpectedInput.PHONE_NUMBER), CODE)
    assert await expected(parts) == "code"


async def test_a_turn_that_hands_over_leaves_nothing_expected(parts: Parts) -> None:
    """A code that is typed to an agent is a text for them, not for the assistant."""
    await answer(parts, RequestHandoff(HandoffReason.ASKED), CODE)
    assert await expected(parts) is None


async def test_a_request_for_a_person_is_recorded_with_its_reason_and_language(parts: Parts) -> None:
    inbound_id = await answer(parts, RequestHandoff(HandoffReason.URGENT, Priority.URGENT))

    (row,) = await rows(parts.database, handoff)
    assert (row["reason"], row["priority"], row["language"]) == ("urgent", "urgent", "en")
    assert (row["inbound_id"], row["created_at"]) == (inbound_id, parts.clock())


async def test_a_request_without_details_is_recorded_too(parts: Parts) -> None:
    await answer(parts, RequestHandoff(HandoffReason.ASKED))
    (row,) = await rows(parts.database, handoff)
    assert (row["reason"], row["priority"], row["context"]) == ("asked", "normal", {})


async def test_one_message_asks_for_a_person_once(parts: Parts) -> None:
    await answer(parts, RequestHandoff(HandoffReason.TASK_FAILED), RequestHandoff(HandoffReason.ASKED))
    assert [row["reason"] for row in await rows(parts.database, handoff)] == ["task_failed"]


async def test_one_message_asks_for_a_person_once_also_when_its_turn_is_stored_twice(parts: Parts) -> None:
    accepted = await parts.receive("?", peer="a")
    conversation = await parts.conversation("a")
    for reason in (HandoffReason.TASK_FAILED, HandoffReason.ASKED):
        await parts.database.run(
            parts.handoffs.request,
            conversation,
            reason=reason,
            priority=Priority.NORMAL,
            inbound_id=accepted.id,
        )
    assert [row["reason"] for row in await rows(parts.database, handoff)] == ["task_failed"]


async def test_a_client_in_the_queue_is_not_queued_again(parts: Parts) -> None:
    await answer(parts, RequestHandoff(HandoffReason.TASK_FAILED))
    await answer(parts, RequestHandoff(HandoffReason.ASKED))
    assert [row["reason"] for row in await rows(parts.database, handoff)] == ["task_failed"]


async def test_what_the_assistant_knew_is_kept_for_the_agent(parts: Parts) -> None:
    context = HandoffContext(
        topic="pin_forgotten",
        step="uninstall",
        answers=("platform: iphone", "my PIN is 4711"),
        errors=(BackendFailure("locked", "r-1"), BackendFailure("late")),
    )
    await answer(parts, RequestHandoff(HandoffReason.TASK_FAILED, context=context))
    (row,) = await rows(parts.database, handoff)
    assert row["topic"] == "pin_forgotten"
    assert row["context"]["step"] == "uninstall"
    assert row["context"]["errors"] == [
        {"code": "locked", "request_id": "r-1"},
        {"code": "late", "request_id": ""},
    ]
    assert row["context"]["sources"] == list(parts.knowledge.topics["pin_forgotten"].source)
    assert "4711" not in str(row["context"])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (HandoffContext(topic="no_such_topic"), {}),
        (HandoffContext(step="x" * 1000), {"step": "x" * 200}),
        (HandoffContext(tried=tuple(str(n) for n in range(20))), {"tried": [str(n) for n in range(8, 20)]}),
        (HandoffContext(answers=("あ" * 200,) * 12, step="s"), {"step": "s"}),
    ],
)
async def test_a_context_is_stored_within_its_limits(
    parts: Parts, given: HandoffContext, kept: dict[str, Any]
) -> None:
    await answer(parts, RequestHandoff(HandoffReason.ASKED, context=given))
    assert [row["context"] for row in await rows(parts.database, handoff)] == [kept]
