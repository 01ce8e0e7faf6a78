from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actions.dialogue_stack import DialogueStack, Frame
from actions.flow_states import OptInConfirmation
from actions.guide_flow import pack
from tests.support.action_turn import ActionChat

NewChat = Callable[..., ActionChat]

NEXT, BACK, STUCK = "/step_done", "/step_back", "/step_stuck"
IPHONE, ANDROID = '/inform{"platform": "iphone"}', '/inform{"platform": "android"}'
GO_ON, LEAVE = '/inform{"guide_command": "resume"}', '/inform{"guide_command": "stop"}'
AGAIN = '/inform{"guide_command": "repeat"}'
ALL = '/inform{"guide_command": "show_all"}'


async def begun(chat: ActionChat, platform: str = "android") -> ActionChat:
    """The guide `setup` at its first step."""
    await chat.say(
        "setup", platform=platform, **dict[str, Any]({"lock": "face"} if platform == "iphone" else {})
    )
    assert chat.position == ("setup", "open")
    return chat


async def test_a_guide_begins_with_its_question_and_the_choices(chat: ActionChat) -> None:
    answered = await chat.say("setup")
    assert answered.said == ["setup/platform"]
    assert answered.buttons == {"Iphone": IPHONE, "Android": ANDROID}
    assert chat.position == ("setup", "platform")


async def test_a_question_that_the_message_answers_is_skipped(chat: ActionChat) -> None:
    assert (await chat.say("setup", platform="android")).said == ["setup/open"]
    assert (await chat.say("setup", platform="iphone")).said == ["setup/lock"]


async def test_what_was_answered_in_an_open_guide_is_not_asked_in_the_next(chat: ActionChat) -> None:
    await begun(chat)
    assert (await chat.say("pair")).said == ["pair/pair_android"]


async def test_an_answer_opens_the_next_question_or_the_first_step(chat: ActionChat) -> None:
    await chat.say("setup")
    assert (await chat.press("Iphone")).said == ["setup/lock"]
    assert (await chat.press("Touch")).said == ["setup/open"]


async def test_what_answers_no_question_brings_it_again_with_its_choices(chat: ActionChat) -> None:
    await chat.say("setup")
    for intent in ("step_done", "affirm", "step_back", "deny", "step_stuck", "inform"):
        answered = await chat.say(intent)
        assert answered.said == ["guide/choose", "setup/platform"], intent
        assert answered.payloads == [IPHONE, ANDROID]


async def test_each_step_says_which_one_it_is_and_of_how_many(chat: ActionChat) -> None:
    await begun(chat)
    assert chat.last.values("setup/open") == {"step": "1", "steps": "3"}
    await chat.press(NEXT)
    assert chat.last.values("setup/scan_android") == {"step": "2", "steps": "3"}


async def test_the_number_of_steps_is_that_of_the_clients_branch(chat: ActionChat) -> None:
    await begun(chat, "iphone")
    assert chat.last.values("setup/open") == {"step": "1", "steps": "4"}


async def test_a_step_offers_what_can_be_done_there(chat: ActionChat) -> None:
    await begun(chat)
    assert chat.last.payloads == [NEXT, ALL, STUCK]
    await chat.press(NEXT)
    assert chat.last.payloads == [NEXT, BACK, STUCK]
    await chat.press(NEXT)
    assert chat.position == ("setup", "close")
    assert chat.last.payloads == [NEXT, BACK, STUCK]


async def test_the_last_step_is_finished_and_not_followed(chat: ActionChat) -> None:
    await begun(chat)
    label = chat.knowledge.label("step_done", "en")
    finish = chat.knowledge.text("guide", "finish", "en")
    assert label in chat.last.buttons
    await chat.press(label)
    await chat.press(label)
    assert finish in chat.last.buttons
    assert label not in chat.last.buttons


async def test_next_walks_to_the_end_and_offers_what_may_follow(chat: ActionChat) -> None:
    await begun(chat, "iphone")
    walked = [chat.position]
    while chat.position:
        await chat.press(NEXT)
        walked.append(chat.position)
    assert walked == [("setup", step) for step in ("open", "scan_iphone", "look", "close")] + [None]
    assert chat.last.said == ["setup/finished"]
    assert chat.last.payloads == ["/pair"]


@pytest.mark.parametrize("word", ["step_done", "affirm"])
async def test_done_and_yes_both_mean_next(chat: ActionChat, word: str) -> None:
    await begun(chat)
    assert (await chat.say(word)).said == ["setup/scan_android"]


async def test_back_goes_one_step_back(chat: ActionChat) -> None:
    await begun(chat)
    await chat.press(NEXT)
    assert (await chat.press(BACK)).said == ["setup/open"]


async def test_back_at_the_first_step_says_so_and_asks_nothing_again(chat: ActionChat) -> None:
    await begun(chat, "iphone")
    answered = await chat.say("step_back")
    assert answered.said == ["guide/first_step", "setup/open"]
    assert chat.frames[-1]["answers"] == {"platform": "iphone", "lock": "face"}


async def test_repeat_shows_the_step_again(chat: ActionChat) -> None:
    await begun(chat)
    await chat.press(NEXT)
    for intent in ("inform", "step_back", "affirm"):
        assert (await chat.say(intent, guide_command="repeat")).said == ["setup/scan_android"]


async def test_where_names_the_guide_in_the_clients_language(new_chat: NewChat) -> None:
    for language in ("en", "ja"):
        chat = await begun(new_chat(language=language))
        answered = await chat.say("inform", guide_command="where")
        assert answered.said == ["guide/where", "setup/open"]
        assert answered.values("guide/where") == {"title": f"setup {language}"}


async def test_stuck_brings_the_steps_help_and_stays_there(chat: ActionChat) -> None:
    await begun(chat)
    answered = await chat.press(STUCK)
    assert answered.said == ["setup/open/help"]
    assert answered.payloads == [AGAIN, NEXT, "/human"]
    assert chat.position == ("setup", "open")
    assert (await chat.press(AGAIN)).said == ["setup/open"]


async def test_stuck_at_a_step_without_help_of_its_own_says_what_always_helps(chat: ActionChat) -> None:
    await begun(chat)
    await chat.press(NEXT)
    await chat.press(NEXT)
    assert (await chat.press(STUCK)).said == ["guide/no_help"]


async def test_it_does_not_work_again_is_a_call_for_help(chat: ActionChat) -> None:
    await begun(chat)
    assert (await chat.say("step_stuck", guide_command="repeat")).said == ["setup/open/help"]


async def test_stop_closes_the_guide(chat: ActionChat) -> None:
    await begun(chat)
    assert (await chat.say("deny", guide_command="stop")).said == ["guide/left"]
    assert chat.position is None


async def test_a_bare_no_asks_before_it_closes_anything(chat: ActionChat) -> None:
    await begun(chat)
    answered = await chat.say("deny")
    assert answered.said == ["guide/resume"]
    assert answered.payloads == [GO_ON, LEAVE]
    assert (await chat.say("deny")).said == ["guide/left"]
    assert chat.position is None


@pytest.mark.parametrize("by", ["button", "word"])
async def test_after_a_side_question_the_guide_goes_on_where_it_was(chat: ActionChat, by: str) -> None:
    await begun(chat)
    await chat.press(NEXT)
    answered = await chat.say("screen")
    assert answered.said == ["screen/android", "guide/resume"]
    assert answered.values("guide/resume") == {"title": "setup en"}
    again = await (chat.press(GO_ON) if by == "button" else chat.say("affirm"))
    assert again.said == ["setup/scan_android"]
    assert (await chat.press(NEXT)).said == ["setup/close"]


async def test_a_turn_has_one_menu_in_which_every_button_still_works(chat: ActionChat) -> None:
    await begun(chat)
    answered = await chat.say("screen")
    # First what was asked last, then what the answer itself offers.
    assert answered.payloads == [GO_ON, LEAVE, "/setup"]
    assert [bool(message["buttons"]) for message in answered.messages] == [False, True]


async def test_a_guide_may_be_left_after_a_side_question(chat: ActionChat) -> None:
    await begun(chat)
    await chat.say("screen")
    assert (await chat.press(LEAVE)).said == ["guide/left"]
    assert chat.position is None


async def test_a_correction_in_mid_guide_shows_the_other_phones_step(chat: ActionChat) -> None:
    await begun(chat)
    await chat.press(NEXT)
    assert (await chat.say("inform", platform="iphone")).said == ["setup/lock"]
    await chat.press("Face")
    assert chat.frames[-1]["answers"] == {"platform": "iphone", "lock": "face"}
    assert (await chat.say("inform", platform="android")).said == ["setup/open"]


async def test_a_correction_at_the_first_step_shows_the_first_step_of_the_other_phone(
    chat: ActionChat,
) -> None:
    await chat.say("pair", platform="android")
    assert (await chat.say("inform", platform="iphone")).said == ["pair/pair_iphone"]
    assert chat.last.values("pair/pair_iphone") == {"step": "1", "steps": "2"}


async def test_a_correction_of_the_first_answer_while_the_second_is_asked(chat: ActionChat) -> None:
    await chat.say("setup", platform="iphone")
    assert chat.position == ("setup", "lock")
    assert (await chat.say("inform", platform="android")).said == ["setup/open"]


async def test_saying_the_same_answer_again_shows_the_same_step(chat: ActionChat) -> None:
    await begun(chat)
    assert (await chat.say("inform", platform="android")).said == ["setup/open"]


async def test_a_guide_over_a_guide_leads_back_to_the_first(chat: ActionChat) -> None:
    await begun(chat)
    await chat.press(NEXT)
    await chat.say("pair")
    assert [frame["topic"] for frame in chat.frames] == ["setup", "pair"]
    await chat.press(NEXT)
    answered = await chat.press(NEXT)
    assert answered.said == ["pair/finished", "guide/resume"]
    assert (await chat.press(GO_ON)).said == ["setup/scan_android"]
    assert [frame["topic"] for frame in chat.frames] == ["setup"]


async def test_leaving_the_upper_guide_offers_the_lower_one(chat: ActionChat) -> None:
    await begun(chat)
    await chat.say("pair")
    answered = await chat.say("deny", guide_command="stop")
    assert answered.said == ["guide/left", "guide/resume"]
    assert chat.position == ("setup", "open")


async def test_an_answer_that_depends_on_something_asks_and_is_then_done(chat: ActionChat) -> None:
    assert (await chat.say("screen")).said == ["screen/platform"]
    answered = await chat.press("Iphone")
    assert answered.said == ["screen/iphone"]
    assert answered.payloads == ["/setup"]
    assert chat.position is None


@pytest.mark.parametrize(("chosen", "language"), [("language_english", "en"), ("language_japanese", "ja")])
async def test_another_language_keeps_the_step(new_chat: NewChat, chosen: str, language: str) -> None:
    chat = await begun(new_chat(language="ja" if language == "en" else "en"))
    await chat.press(NEXT)
    chat.slots["language"] = language  # Rasa's end sets it before the action runs
    answered = await chat.say(chosen)
    assert answered.said == [f"{chosen}/answer", "setup/scan_android"]
    assert chat.knowledge.label("step_back", language) in answered.buttons


async def test_a_guide_that_is_asked_for_again_goes_on_where_it_is(chat: ActionChat) -> None:
    await begun(chat)
    await chat.press(NEXT)
    assert (await chat.say("setup")).said == ["guide/where", "setup/scan_android"]
    assert (await chat.say("setup", platform="iphone")).said == ["setup/lock"], "what is said anew counts"


async def test_a_guide_that_lies_below_goes_on_where_it_was(chat: ActionChat) -> None:
    await begun(chat)
    await chat.press(NEXT)
    await chat.say("pair")
    assert (await chat.say("setup")).said == ["guide/where", "setup/scan_android"]
    assert [frame["topic"] for frame in chat.frames] == ["pair", "setup"]


async def test_all_steps_are_listed_by_the_button_and_in_words(chat: ActionChat) -> None:
    await begun(chat)
    by_button = await chat.press(ALL)
    assert by_button.said == ["guide/all_steps", "setup/listed"]
    listed = by_button.values("guide/all_steps")
    assert listed == {"title": "setup en", "list": "1. setup open\n\n2. setup scan_android\n\n3. setup close"}
    assert by_button.values("setup/listed") == {"step": "1", "steps": "3"}
    for intent in ("inform", "step_back", "capabilities", "nlu_fallback", "setup"):
        assert (await chat.say(intent, guide_command="show_all")).said == by_button.said, intent


async def test_words_about_something_else_list_no_steps(chat: ActionChat) -> None:
    await begun(chat)
    assert (await chat.say("out_of_scope", guide_command="show_all")).said == [
        "out_of_scope/answer",
        "guide/resume",
    ]


async def test_all_steps_of_another_guide_are_those_of_the_other(chat: ActionChat) -> None:
    await begun(chat)
    answered = await chat.say("pair", guide_command="show_all")
    assert answered.values("guide/all_steps")["title"] == "pair en"
    assert chat.position == ("pair", "pair_android")


async def test_after_the_list_yes_goes_through_the_steps_and_no_closes_them(chat: ActionChat) -> None:
    await begun(chat)
    await chat.press(NEXT)
    await chat.say("inform", guide_command="show_all")
    assert (await chat.say("affirm")).said == ["setup/scan_android"]
    await chat.say("inform", guide_command="show_all")
    assert (await chat.say("deny")).said == ["guide/left"]


async def test_an_open_question_is_asked_before_the_list(chat: ActionChat) -> None:
    await chat.say("setup")
    assert (await chat.say("inform", guide_command="show_all")).said == ["setup/platform"]
    assert (await chat.press("Iphone")).said == ["setup/lock"]
    answered = await chat.press("Face")
    assert answered.said == ["guide/all_steps", "setup/listed"]
    assert chat.position == ("setup", "open")
    assert (await chat.press(GO_ON)).said == ["setup/open"], "the list comes once"


def test_a_long_list_is_divided_between_steps() -> None:
    assert pack(["a" * 5, "b" * 5, "c" * 5], lambda text: len(text) <= 12) == ["aaaaa\n\nbbbbb", "ccccc"]
    assert pack(["a" * 50], lambda text: len(text) <= 12) == ["a" * 50]
    assert pack([], lambda text: True) == []


async def test_all_steps_within_a_task_are_those_to_do_it_oneself_and_the_task_stays(
    chat: ActionChat,
) -> None:
    await chat.say("verify_phone")
    for intent in ("inform", "capabilities", "nlu_fallback", "verify_phone"):
        assert (await chat.say(intent, guide_command="show_all")).said == [
            "verify_phone/how",
            "verify_phone/ask_number",
        ], intent
        assert chat.position == ("verify_phone", "number")


async def test_all_steps_within_a_task_that_has_a_guide_are_the_guides_and_lie_above_it(
    chat: ActionChat,
) -> None:
    task = Frame.of_task("opting_in", OptInConfirmation("+44 ••• 123", "m1"))
    chat.slots["dialogue_stack"] = DialogueStack([task]).to_slot()
    assert (await chat.say("inform", guide_command="show_all")).said == [
        "sls_opt_in/answer",
        "guide/all_steps",
        "sls_opt_in/listed",
    ]
    assert [frame["topic"] for frame in chat.frames] == ["opting_in", "sls_opt_in"]
    assert (await chat.press('/inform{"guide_command": "finish"}')).said[-1] == "guide/resume"
    assert (await chat.press(GO_ON)).said == ["opting_in/confirm"]


async def test_no_to_a_step_that_asks_calls_for_its_help_and_yes_goes_on(chat: ActionChat) -> None:
    await chat.say("pin_forgotten", platform="iphone")
    assert (await chat.say("deny")).said == ["pin_forgotten/number/help"]
    assert (await chat.say("affirm")).said == ["pin_forgotten/uninstall"]
    assert (await chat.say("deny")).said == ["guide/resume"], "a step that asks nothing"


async def test_a_command_about_steps_with_none_open_is_told_so(chat: ActionChat) -> None:
    for command in ("where", "show_all", "repeat"):
        answered = await chat.say("inform", guide_command=command)
        assert answered.said == ["guide/nothing_open"], command
        assert answered.payloads, "what the assistant can do is offered"
