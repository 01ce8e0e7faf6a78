"""Urgent topics: first whatever is open, with a person at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.enums import HandoffReason, Priority
from tests.support.action_turn import ActionChat
from tests.support.knowledge import KNOWLEDGE

NewChat = Callable[..., ActionChat]

URGENT = [topic.id for topic in KNOWLEDGE.topics.values() if topic.urgent]
YES, NO = '/inform{"guide_command": "resume"}', '/inform{"guide_command": "stop"}'


def urgency(chat: ActionChat) -> tuple[HandoffReason, Priority]:
    """Reason and priority of the hand-off that the last answer asked for."""
    handoff = chat.last.handoff
    assert handoff is not None
    return handoff.reason, handoff.priority


def test_a_lost_phone_and_a_suspicious_message_are_urgent() -> None:
    assert set(URGENT) == {"phone_lost", "suspicious_message"}


@pytest.mark.parametrize("topic", URGENT)
@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
async def test_an_urgent_topic_asks_at_once_whether_a_person_shall_help(topic: str, language: str) -> None:
    chat = ActionChat(KNOWLEDGE, language=language)
    answered = await chat.say(topic)
    assert answered.said == [f"{topic}/answer", "guide/person_now"]
    assert answered.payloads[:2] == [YES, NO]
    assert "/human" not in answered.payloads, "a person is in the menu already"
    others = [offer for offer in KNOWLEDGE.topics[topic].next_topics if offer != "human"]
    assert answered.payloads[2:] == [f"/{offer}" for offer in others]


@pytest.mark.parametrize("topic", URGENT)
@pytest.mark.parametrize("say", ["the button", "yes", "a person please"])
async def test_the_person_is_called_urgently(topic: str, say: str) -> None:
    chat = ActionChat(KNOWLEDGE)
    await chat.say(topic)
    if say == "the button":
        await chat.press(YES)
    else:
        await chat.say("affirm" if say == "yes" else "human")
    assert urgency(chat) == (HandoffReason.URGENT, Priority.URGENT)
    assert chat.last.handoff is not None
    assert chat.last.handoff.context.topic == topic
    assert chat.last.said == ["human/answer"]
    assert chat.position is None


async def test_without_an_urgent_topic_a_person_is_called_as_always(chat: ActionChat) -> None:
    await chat.say("human")
    assert urgency(chat) == (HandoffReason.ASKED, Priority.NORMAL)


async def test_who_declines_is_not_urgent_any_more(chat: ActionChat) -> None:
    await chat.say("phone_lost")
    assert (await chat.say("deny")).said == ["guide/another_time"]
    await chat.say("human")
    assert urgency(chat) == (HandoffReason.ASKED, Priority.NORMAL)


async def test_an_urgent_topic_comes_first_and_the_open_guide_afterwards(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    await chat.press("/step_done")
    answered = await chat.say("phone_lost")
    assert answered.said == ["phone_lost/answer", "guide/person_now"]
    assert (await chat.press(YES)).said == ["human/answer"]
    assert urgency(chat) == (HandoffReason.URGENT, Priority.URGENT)
    assert chat.last.handoff is not None
    assert chat.last.handoff.context.topic == "phone_lost"
    assert chat.position == ("setup", "scan_android"), "where the client goes on after the person"


async def test_an_urgent_topic_comes_before_an_open_task(chat: ActionChat) -> None:
    await chat.say("verify_phone")
    assert (await chat.say("suspicious_message")).said == ["suspicious_message/answer", "guide/person_now"]
    assert (await chat.press(NO)).said == ["guide/another_time", "guide/resume"]
    assert chat.position == ("verify_phone", "number")


async def test_the_question_stays_when_the_language_changes(chat: ActionChat) -> None:
    await chat.say("phone_lost")
    chat.slots["language"] = "ja"
    assert (await chat.say("language_japanese")).said == ["language_japanese/answer", "guide/person_now"]
    assert (await chat.press(YES)).said == ["human/answer"]
    assert urgency(chat) == (HandoffReason.URGENT, Priority.URGENT)
    assert chat.last.handoff is not None
    assert chat.last.handoff.context.topic == "phone_lost"
