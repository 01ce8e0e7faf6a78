from __future__ import annotations

from typing import Any

from actions.session_start import CARRIED_SLOTS
from knowledge import Knowledge
from tests.support.action_turn import ActionChat

USER: dict[str, Any] = {"text": "/session_start", "intent": {"name": "session_start"}, "entities": []}


def events_of(answered: Any) -> list[tuple[str, Any]]:
    return [(event["event"], event.get("name")) for event in answered.events]


async def test_a_new_session_remembers_the_language_and_the_stack(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    chat.slots |= {"language": "ja", "language_chosen": True}
    frames = chat.frames
    answered = await chat.run("action_session_start", USER)
    slots = {event["name"]: event["value"] for event in answered.events if event["event"] == "slot"}
    assert slots == {"language": "ja", "language_chosen": True, "dialogue_stack": frames, "misses": 0}


async def test_each_slot_is_carried_over_once_with_its_last_value(chat: ActionChat) -> None:
    await chat.say("out_of_scope")
    await chat.say("greet")
    answered = await chat.run("action_session_start", USER)
    assert [name for event, name in events_of(answered) if event == "slot"] == [
        "language",
        "dialogue_stack",
        "misses",
    ]


async def test_no_other_slot_is_carried_over(chat: ActionChat) -> None:
    chat.slots["made_up"] = "something"
    answered = await chat.run("action_session_start", USER)
    assert {name for event, name in events_of(answered) if event == "slot"} <= set(CARRIED_SLOTS)


async def test_a_session_begins_and_then_listens(chat: ActionChat) -> None:
    events = events_of(await chat.run("action_session_start", USER))
    assert events[0] == ("session_started", None)
    assert events[-1] == ("action", "action_listen")


async def test_nothing_is_said_at_the_start_of_a_session(chat: ActionChat) -> None:
    assert (await chat.run("action_session_start", USER)).messages == []


async def test_the_first_session_has_nothing_to_remember(knowledge: Knowledge) -> None:
    chat = ActionChat(knowledge)
    chat.slots = {}
    assert [event for event, _ in events_of(await chat.run("action_session_start", USER))] == [
        "session_started",
        "action",
    ]
