from __future__ import annotations

import logging
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.backend import Backend
from actions.dialogue_stack import DialogueStack, Frame
from actions.flow_states import CodeEntry
from actions.support_action import SupportAction
from actions.turn import Turn, TurnDeferredError
from contracts.enums import HandoffReason
from knowledge import Knowledge
from tests.support.action_turn import NOWHERE, ActionChat

FAILURES = {
    "errors": [{"task": "verify_phone", "code": "expired", "request_id": "r1"}],
    "escalated_ids": ["sh_1"],
}
STACK = DialogueStack([Frame("setup", "open", answers={"platform": "android"})]).to_slot()
MESSAGE = {
    "text": "x",
    "intent": {"name": "out_of_scope"},
    "entities": [],
    "message_id": "5",
    "metadata": {"channel": "telegram", "language": "en", "client": "telegram:1"},
}


class Breaks(SupportAction):
    """Says something, closes everything, asks for a person, and then fails."""

    def name(self) -> str:
        return "action_breaks"

    async def act(self, turn: Turn) -> None:
        turn.say("restart")
        turn.stack.clear()
        turn.hand_over(HandoffReason.ASKED)
        raise RuntimeError("hunter2 in the middle of it")


async def broken(knowledge: Knowledge) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The messages of a turn that failed, and the slots that it set."""
    tracker = Tracker(
        "c1",
        {"language": "en", "dialogue_stack": STACK, "misses": 1, "failure_log": FAILURES},
        MESSAGE,
        [],
        False,
        None,
        {},
        "action_listen",
    )
    dispatcher = CollectingDispatcher()
    events = await Breaks(knowledge, Backend(NOWHERE, "token")).run(dispatcher, tracker, {})
    return dispatcher.messages, {event["name"]: event["value"] for event in events}


async def test_a_fault_in_an_action_is_told_instead_of_what_it_had_said(knowledge: Knowledge) -> None:
    messages, _ = await broken(knowledge)
    assert [message["text_id"] for message in messages] == ["guide/failed"]
    assert [button["payload"] for button in messages[0]["buttons"]] == ["/human"]


async def test_a_fault_in_an_action_asks_the_gateway_for_nothing(knowledge: Knowledge) -> None:
    messages, _ = await broken(knowledge)
    assert [message["custom"] for message in messages] == [{}]


async def test_a_fault_in_an_action_leaves_the_stack_and_the_misses(knowledge: Knowledge) -> None:
    _, slots = await broken(knowledge)
    assert slots == {"dialogue_stack": STACK, "misses": 1, "failure_log": FAILURES, "other_language": None}


async def test_a_fault_in_an_action_is_in_the_log_with_the_message_it_was_about(
    knowledge: Knowledge, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="actions.support_action"):
        await broken(knowledge)
    assert [record.getMessage() for record in caplog.records] == ["action failed: action_breaks on message 5"]


async def test_a_turn_that_cannot_be_done_just_now_says_nothing_and_changes_nothing(
    chat: ActionChat,
) -> None:
    # No vault is within reach: the gateway brings the message again.
    waiting = DialogueStack([Frame.of_task("verify_phone", CodeEntry("pv_1"))]).to_slot()
    chat.slots["dialogue_stack"] = waiting
    with pytest.raises(TurnDeferredError):
        await chat.say("inform", code="ref-1")
    assert chat.frames == waiting
    assert (await chat.say("inform")).said == ["codes/waiting_code"]
