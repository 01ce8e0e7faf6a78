from __future__ import annotations

import pytest

from actions.fallback import MIN_CONFIDENCE
from contracts.directives import RecordClarification, RequestHandoff
from contracts.enums import HandoffReason
from tests.support.action_turn import ActionChat

GUESSES = [
    {"name": "pin_forgotten", "confidence": 0.29},
    {"name": "sms_missing", "confidence": 0.28},
    {"name": "verify_phone", "confidence": 0.2},
]
NONE = "/out_of_scope"


async def test_an_unclear_message_is_asked_back_with_the_two_likeliest_topics(chat: ActionChat) -> None:
    answered = await chat.say("nlu_fallback", ranking=[{"name": "nlu_fallback", "confidence": 0.3}, *GUESSES])
    assert answered.said == ["out_of_scope/which"]
    assert answered.payloads == ["/pin_forgotten", "/sms_missing", NONE]


@pytest.mark.parametrize("language", ["en", "ja"])
async def test_the_way_out_of_the_guesses_has_a_label_of_its_own(chat: ActionChat, language: str) -> None:
    chat.slots["language"] = language
    answered = await chat.say("nlu_fallback", ranking=GUESSES)
    assert answered.buttons[chat.knowledge.text("out_of_scope", "none", language)] == NONE


async def test_a_guess_opens_its_topic(chat: ActionChat) -> None:
    await chat.say("nlu_fallback", ranking=GUESSES)
    assert (await chat.press("/pin_forgotten")).said == ["pin_forgotten/platform"]
    assert chat.slots["misses"] == 0


async def test_none_of_the_guesses_leads_to_a_person(chat: ActionChat) -> None:
    await chat.say("nlu_fallback", ranking=GUESSES)
    answered = await chat.press(NONE)
    assert answered.said == ["out_of_scope/again"]
    assert answered.payloads == ["/human", "/capabilities"]


async def test_small_talk_and_unlikely_topics_are_not_guessed(chat: ActionChat) -> None:
    ranking = [
        {"name": "greet", "confidence": 0.29},
        {"name": "sms_missing", "confidence": MIN_CONFIDENCE - 0.01},
        {"name": "a topic of an older model", "confidence": 0.2},
    ]
    assert (await chat.say("nlu_fallback", ranking=ranking)).said == ["out_of_scope/answer"]


async def test_out_of_scope_is_not_guessed_at(chat: ActionChat) -> None:
    assert (await chat.say("out_of_scope", ranking=GUESSES)).said == ["out_of_scope/answer"]


async def test_what_is_not_understood_twice_is_handed_to_a_person(chat: ActionChat) -> None:
    await chat.say("nlu_fallback")
    answered = await chat.say("nlu_fallback", ranking=GUESSES)
    assert answered.said == ["human/not_understood"]
    assert [type(directive) for directive in answered.directives] == [RecordClarification, RequestHandoff]
    assert answered.handoff is not None
    assert answered.handoff.reason is HandoffReason.NOT_UNDERSTOOD


async def test_what_is_no_business_of_ours_twice_is_offered_a_person(chat: ActionChat) -> None:
    await chat.say("out_of_scope")
    answered = await chat.say("out_of_scope")
    assert answered.said == ["out_of_scope/again"]
    assert "/human" in answered.payloads
    assert [type(directive) for directive in answered.directives] == [RecordClarification], (
        "kept, and nobody called"
    )


async def test_an_understood_message_in_between_begins_the_count_anew(chat: ActionChat) -> None:
    await chat.say("out_of_scope")
    await chat.say("greet")
    assert (await chat.say("out_of_scope")).said == ["out_of_scope/answer"]


async def test_a_person_is_not_only_offered_but_can_be_chosen_in_the_middle_of_a_guide(
    chat: ActionChat,
) -> None:
    await chat.say("setup", platform="android")
    await chat.say("out_of_scope")
    answered = await chat.say("out_of_scope")
    assert answered.said == ["out_of_scope/again", "guide/resume"]
    assert (await chat.press("/human")).said == ["human/answer"]


async def test_an_unclear_answer_to_a_question_brings_the_question_again(chat: ActionChat) -> None:
    await chat.say("setup")
    answered = await chat.say("nlu_fallback", "the blue one", ranking=GUESSES)
    assert answered.said == ["guide/choose", "setup/platform"]
    assert chat.slots["misses"] == 1


async def test_an_unclear_message_may_still_hold_the_answer(chat: ActionChat) -> None:
    await chat.say("setup")
    assert (await chat.say("nlu_fallback", ranking=GUESSES, platform="android")).said == ["setup/open"]


async def test_two_unclear_answers_offer_a_person(chat: ActionChat) -> None:
    await chat.say("setup")
    await chat.say("out_of_scope")
    answered = await chat.say("out_of_scope")
    assert answered.said == ["out_of_scope/again", "guide/resume"]
    assert chat.position == ("setup", "platform")


async def test_in_the_middle_of_a_guide_the_way_back_is_offered(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    assert (await chat.say("out_of_scope")).said == ["out_of_scope/answer", "guide/resume"]
    assert chat.position == ("setup", "open")


async def test_nothing_is_added_to_the_word_about_a_removed_secret(chat: ActionChat) -> None:
    answered = await chat.say("out_of_scope", "my password is ⟦secret:password⟧")
    assert answered.said == []
    assert chat.slots["misses"] == 0
