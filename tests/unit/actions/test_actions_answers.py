from __future__ import annotations

from collections.abc import Callable
from unittest.mock import ANY

import pytest

from contracts.directives import RequestHandoff
from contracts.enums import HandoffReason, LinkStatus, Priority
from contracts.handoff import BackendFailure, HandoffContext
from tests.support.action_turn import ActionChat
from tests.support.knowledge import KNOWLEDGE

NewChat = Callable[..., ActionChat]

PLAIN_ANSWERS = [
    topic
    for topic in KNOWLEDGE.topics.values()
    if topic.action == "action_answer" and not topic.guide and not topic.urgent
]
CONTINUING = [topic.id for topic in KNOWLEDGE.topics.values() if topic.action == "action_continue"]
GO_ON = '/inform{"guide_command": "resume"}'


@pytest.mark.parametrize("topic", PLAIN_ANSWERS, ids=lambda topic: topic.id)
@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
async def test_every_answer_is_given_with_what_it_offers(topic, language: str) -> None:  # type: ignore[no-untyped-def]
    chat = ActionChat(KNOWLEDGE, language=language)
    answered = await chat.say(topic.id)
    assert answered.said == [f"{topic.id}/answer"]
    assert answered.buttons == {KNOWLEDGE.label(offer, language): f"/{offer}" for offer in topic.next_topics}
    assert answered.directives == []


async def test_an_answer_in_the_middle_of_a_guide_offers_the_way_back(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    answered = await chat.say("greet")
    assert answered.said == ["greet/answer", "guide/resume"]
    assert answered.payloads[0] == GO_ON
    assert chat.position == ("setup", "open")


@pytest.mark.parametrize("intent", CONTINUING)
async def test_a_word_without_anything_open_is_answered_with_the_menu(chat: ActionChat, intent: str) -> None:
    answered = await chat.say(intent)
    assert answered.said == [f"{intent}/answer"]
    assert answered.payloads == [f"/{offer}" for offer in KNOWLEDGE.topics["capabilities"].next_topics]
    assert chat.position is None


async def test_an_empty_code_reference_opens_nothing(chat: ActionChat) -> None:
    answered = await chat.say("inform", code="made-up")
    assert answered.said == ["codes/unexpected_code"]
    assert chat.position is None


async def test_a_code_that_nobody_waits_for_leaves_the_guide_where_it_is(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    answered = await chat.say("inform", code="made-up")
    assert answered.said == ["codes/unexpected_code", "guide/resume"]
    assert chat.position == ("setup", "open")


async def test_starting_over_closes_everything_and_expects_no_code_any_more(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    await chat.say("verify_phone")
    answered = await chat.say("restart")
    assert answered.said == ["restart/answer"]
    assert answered.expects == "nothing"
    assert chat.position is None
    # Not even the answer that had been given is remembered.
    assert (await chat.say("pair")).said == ["pair/platform"]


async def test_a_request_for_a_person_is_handed_to_the_gateway(chat: ActionChat) -> None:
    answered = await chat.say("human")
    (directive,) = answered.directives
    assert isinstance(directive, RequestHandoff)
    assert (directive.reason, directive.priority) == (HandoffReason.ASKED, Priority.NORMAL)
    # No backend is within reach here.
    assert directive.context == HandoffContext(
        linked=LinkStatus.UNKNOWN, errors=(BackendFailure("unavailable", ANY),)
    )
    assert answered.said == ["human/answer"]


async def test_the_agent_is_told_where_the_client_stands(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    handoff = (await chat.say("human")).handoff
    assert handoff is not None
    assert (handoff.context.topic, handoff.context.step) == ("setup", "open")
    assert handoff.context.answers == ("platform: android",)


async def test_back_from_a_person_the_client_is_where_they_were(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    await chat.say("human")
    assert chat.position == ("setup", "open")


@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
async def test_labels_are_in_the_clients_language(new_chat: NewChat, language: str) -> None:
    chat = new_chat(language=language)
    await chat.say("setup", platform="android")
    await chat.press("/step_done")
    labels = [KNOWLEDGE.label(topic, language) for topic in ("step_done", "step_back", "step_stuck")]
    assert list(chat.last.buttons) == labels


async def test_a_language_that_is_not_known_yet_is_the_default(chat: ActionChat) -> None:
    chat.slots["language"] = None
    assert KNOWLEDGE.label("verify_phone", KNOWLEDGE.default_language) in (await chat.say("greet")).buttons


async def test_choosing_a_language_with_nothing_open_offers_the_menu(chat: ActionChat) -> None:
    answered = await chat.say("language_japanese")
    assert answered.said == ["language_japanese/answer"]
    assert answered.payloads == ["/capabilities"]
