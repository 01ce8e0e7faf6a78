from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.directives import ExpectInput
from contracts.enums import ExpectedInput
from tests.support.action_turn import ActionChat

NewChat = Callable[..., ActionChat]

NUMBER = "+819012345678"
CHANGE, LEAVE = '/inform{"task_command": "change_number"}', '/inform{"task_command": "leave"}'
BY_MYSELF = '/inform{"task_command": "how"}'
GO_ON = '/inform{"guide_command": "resume"}'


async def test_the_task_begins_by_asking_for_the_number(chat: ActionChat) -> None:
    answered = await chat.say("verify_phone")
    assert answered.said == ["verify_phone/ask_number"]
    assert answered.payloads == [BY_MYSELF, LEAVE]
    assert answered.directives == [ExpectInput(ExpectedInput.PHONE_NUMBER, 600)]
    assert chat.position == ("verify_phone", "number")


async def test_a_client_who_wants_to_do_it_alone_reads_how_and_may_still_go_on(chat: ActionChat) -> None:
    await chat.say("verify_phone")
    answered = await chat.say("inform", task_command="how")
    assert answered.said == ["verify_phone/how", "verify_phone/ask_number"]
    assert chat.position == ("verify_phone", "number")


@pytest.mark.parametrize("intent", ["sms_missing", "verify_phone", "nlu_fallback", "inform"])
async def test_a_command_about_the_open_task_is_carried_out_whatever_its_words_were_taken_for(
    chat: ActionChat, intent: str
) -> None:
    await chat.say("verify_phone", phone_number=NUMBER)
    answered = await chat.say(intent, task_command="change_number")
    assert answered.said == ["verify_phone/ask_number"]


async def test_a_number_in_the_first_message_is_not_asked_for(chat: ActionChat) -> None:
    answered = await chat.say("verify_phone", phone_number=NUMBER)
    assert answered.said == ["verify_phone/confirm_number"]
    assert answered.values("verify_phone/confirm_number") == {"number": "+81 *** 5678"}
    assert answered.payloads == ["/affirm", CHANGE, LEAVE]
    assert answered.expects == "phone_number"


async def test_a_number_given_later_is_read_back_before_anything_is_sent(chat: ActionChat) -> None:
    await chat.say("verify_phone")
    answered = await chat.say("inform", phone_number=NUMBER)
    assert answered.said == ["verify_phone/confirm_number"]
    assert chat.position == ("verify_phone", "confirm")


async def test_a_number_is_heard_whatever_the_message_was_taken_for(chat: ActionChat) -> None:
    await chat.say("verify_phone")
    assert (await chat.say("affirm", phone_number=NUMBER)).said == ["verify_phone/confirm_number"]


async def test_an_sms_clients_national_number_is_of_their_country(new_chat: NewChat) -> None:
    chat = new_chat(client="simulator.sms:+819011112222")
    await chat.say("verify_phone")
    answered = await chat.say("inform", number="08012345678")
    assert answered.values("verify_phone/confirm_number") == {"number": "+81 *** 5678"}


@pytest.mark.parametrize(
    ("entities", "text"),
    [
        ({"phone_number": "+81312345678"}, "number_landline"),
        ({"phone_number": "+8190123"}, "number_too_short"),
        ({"phone_number": "+81990123456"}, "number_premium"),
    ],
    ids=["landline", "too short", "premium"],
)
async def test_a_number_that_cannot_be_used_is_asked_for_again(
    chat: ActionChat, entities: dict[str, Any], text: str
) -> None:
    await chat.say("verify_phone")
    answered = await chat.say("inform", **entities)
    assert answered.said == [f"verify_phone/{text}"]
    assert answered.expects == "phone_number"
    assert chat.position == ("verify_phone", "number")


async def test_a_code_instead_of_a_number_is_no_number(chat: ActionChat) -> None:
    await chat.say("verify_phone")
    assert (await chat.say("inform", code="ref-1")).said == ["verify_phone/number_invalid"]


@pytest.mark.parametrize("intent", ["inform", "affirm", "step_done", "step_stuck", "step_back"])
async def test_whatever_is_no_number_brings_the_question_again(chat: ActionChat, intent: str) -> None:
    await chat.say("verify_phone")
    assert (await chat.say(intent)).said == ["verify_phone/ask_number"]
    assert chat.position == ("verify_phone", "number")


@pytest.mark.parametrize("by", ["button", "no", "back"])
async def test_another_number_may_be_given_before_the_code_is_sent(chat: ActionChat, by: str) -> None:
    await chat.say("verify_phone", phone_number=NUMBER)
    answered = await (
        chat.press(CHANGE) if by == "button" else chat.say("deny" if by == "no" else "step_back")
    )
    assert answered.said == ["verify_phone/ask_number"]
    answered = await chat.say("inform", phone_number="+819087654321")
    assert answered.values("verify_phone/confirm_number") == {"number": "+81 *** 4321"}


async def test_a_corrected_number_takes_the_place_of_the_first(chat: ActionChat) -> None:
    await chat.say("verify_phone", phone_number=NUMBER)
    answered = await chat.say("inform", phone_number="+819087654321")
    assert answered.values("verify_phone/confirm_number") == {"number": "+81 *** 4321"}


@pytest.mark.parametrize("way", ["button", "no", "stop"])
async def test_the_task_can_be_left_while_the_number_is_asked(chat: ActionChat, way: str) -> None:
    await chat.say("verify_phone")
    if way == "button":
        answered = await chat.press(LEAVE)
    else:
        answered = await (chat.say("deny") if way == "no" else chat.say("deny", guide_command="stop"))
    assert answered.said == ["codes/cancelled"]
    assert answered.expects == "nothing"
    assert chat.position is None


async def test_leaving_the_task_leads_back_to_the_guide_below(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    await chat.say("verify_phone")
    answered = await chat.press(LEAVE)
    assert answered.said == ["codes/cancelled", "guide/resume"]
    assert (await chat.press(GO_ON)).said == ["setup/open"]


async def test_yes_after_a_side_question_means_going_on_and_sends_nothing(chat: ActionChat) -> None:
    await chat.say("verify_phone", phone_number=NUMBER)
    assert (await chat.say("thanks")).said == ["thanks/answer", "guide/resume"]
    # No backend is within reach: sending would say so.
    assert (await chat.say("affirm")).said == ["verify_phone/confirm_number"]


async def test_no_after_a_side_question_means_leaving_the_task(chat: ActionChat) -> None:
    await chat.say("verify_phone", phone_number=NUMBER)
    await chat.say("thanks")
    assert (await chat.say("deny")).said == ["codes/cancelled"]
    assert chat.position is None


async def test_asking_for_the_task_again_goes_on_with_it(chat: ActionChat) -> None:
    await chat.say("verify_phone", phone_number=NUMBER)
    await chat.say("setup", platform="android")
    assert (await chat.say("verify_phone")).said == ["verify_phone/confirm_number"]
    assert [frame["topic"] for frame in chat.frames] == ["setup", "verify_phone"]


async def test_the_language_may_change_at_each_point(chat: ActionChat) -> None:
    await chat.say("verify_phone")
    answered = await chat.say("language_japanese")
    assert answered.said == ["language_japanese/answer", "verify_phone/ask_number"]
    await chat.say("inform", phone_number=NUMBER)
    answered = await chat.say("language_english")
    assert answered.said == ["language_english/answer", "verify_phone/confirm_number"]
    assert chat.position == ("verify_phone", "confirm")


async def test_a_number_without_its_country_is_asked_for_it(chat: ActionChat) -> None:
    answered = await chat.say("verify_phone", number="09876543210")
    assert answered.said == ["verify_phone/ask_region"]
    assert answered.expects == "phone_number"
    answered = await chat.press('/inform{"region": "in"}')
    assert answered.said == ["verify_phone/trunk_prefix", "verify_phone/confirm_number"]
    assert answered.values("verify_phone/confirm_number") == {"number": "+91 *** 3210"}


async def test_the_country_may_be_said_with_the_number(chat: ActionChat) -> None:
    answered = await chat.say("verify_phone", number="9876543210", region="in")
    assert answered.said == ["verify_phone/confirm_number"]


async def test_a_trunk_prefix_that_was_left_out_is_explained(chat: ActionChat) -> None:
    answered = await chat.say("verify_phone", "090-1234-5678", phone_number=NUMBER)
    assert answered.said == ["verify_phone/trunk_prefix", "verify_phone/confirm_number"]


async def test_who_has_a_live_telegram_may_share_their_number_by_a_button(new_chat: NewChat) -> None:
    assert "request_contact" in (await new_chat(client="telegram:5312").say("verify_phone")).payloads
    assert "request_contact" not in (await new_chat().say("verify_phone")).payloads
