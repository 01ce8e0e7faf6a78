from __future__ import annotations

import logging
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.backend import Backend
from actions.base import SupportAction
from actions.place import Place
from actions.turn import Turn, TurnMustWait
from knowledge import Knowledge
from tests.support.action_turn import NOWHERE, ActionChat

TROUBLE = {"errors": [{"task": "verify_phone", "code": "expired", "request_id": "r1"}], "told": ["sh_1"]}
PLACE = [Place("setup", "open", answers={"platform": "android"}).as_json()]


class Breaks(SupportAction):
    """Says something, closes everything, asks for a person, and then fails."""

    def name(self) -> str:
        return "action_breaks"

    async def act(self, turn: Turn) -> None:
        turn.say("restart")
        turn.places.clear()
        turn.hand_over("asked")
        raise RuntimeError("hunter2 in the middle of it")


async def broken(knowledge: Knowledge) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The messages of a turn that failed, and the slots that it set."""
    tracker = Tracker(
        "c1",
        {"language": "en", "place": PLACE, "misses": 1, "trouble": TROUBLE},
        {"text": "x", "intent": {"name": "out_of_scope"}, "entities": [], "message_id": "5"},
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
    assert [message["response"] for message in messages] == ["utter_guide__failed"]
    assert [button["payload"] for button in messages[0]["buttons"]] == ["/human"]


async def test_a_fault_in_an_action_asks_the_gateway_for_nothing(knowledge: Knowledge) -> None:
    messages, _ = await broken(knowledge)
    assert [message["custom"] for message in messages] == [{}]


async def test_a_fault_in_an_action_leaves_the_place_and_the_misses(knowledge: Knowledge) -> None:
    _, slots = await broken(knowledge)
    assert slots == {"place": PLACE, "misses": 1, "trouble": TROUBLE, "other_language": None}


async def test_a_fault_in_an_action_is_in_the_log_with_the_message_it_was_about(
    knowledge: Knowledge, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="actions.base"):
        await broken(knowledge)
    assert [record.getMessage() for record in caplog.records] == ["action_breaks failed on message 5"]


async def test_a_turn_that_cannot_be_done_just_now_says_nothing_and_changes_nothing(
    chat: ActionChat,
) -> None:
    # No vault is within reach: the gateway brings the message again.
    waiting = Place("verify_phone", "code", data={"number": "+819012345678", "id": "pv_1"}).as_json()
    chat.slots["place"] = [waiting]
    with pytest.raises(TurnMustWait):
        await chat.say("inform", code="ref-1")
    assert chat.places == [waiting]
    assert (await chat.say("inform")).said == ["codes__waiting_code"]
