"""Two problems in one message: the first is handled, the second is remembered and asked about."""

from __future__ import annotations

import pytest

from tests.support.action_turn import ActionChat
from tests.support.knowledge import KNOWLEDGE

YES, NO, NEXT = '/inform{"guide_command": "resume"}', '/inform{"guide_command": "stop"}', "/step_done"


async def test_after_an_answer_the_other_problem_is_asked_about(chat: ActionChat) -> None:
    answered = await chat.say("ibkey_what", second="setup")
    assert answered.said == ["ibkey_what/answer", "guide/also"]
    assert answered.values("guide/also") == {"title": "setup en"}
    assert answered.payloads[:2] == [YES, NO]
    assert (await chat.press(YES)).said == ["setup/platform"]


async def test_a_guide_is_walked_to_its_end_before_the_other_problem(chat: ActionChat) -> None:
    await chat.say("setup", second="ibkey_what", platform="android")
    assert chat.last.said == ["setup/open"], "one thing at a time"
    for _ in range(2):
        await chat.press(NEXT)
    assert (await chat.press(NEXT)).said == ["setup/finished", "guide/also"]
    assert (await chat.say("affirm")).said == ["ibkey_what/answer"]
    assert chat.position is None


async def test_who_leaves_the_guide_is_asked_about_the_other_problem(chat: ActionChat) -> None:
    await chat.say("setup", second="pair", platform="android")
    assert (await chat.say("deny", guide_command="stop")).said == ["guide/left", "guide/also"]
    assert (await chat.press(YES)).said == ["pair/platform"], "what was closed answers nothing any more"


async def test_the_other_problem_may_be_a_task(chat: ActionChat) -> None:
    assert (await chat.say("ibkey_what", second="verify_phone")).said == ["ibkey_what/answer", "guide/also"]
    assert (await chat.press(YES)).said == ["verify_phone/ask_number"]
    assert chat.position == ("verify_phone", "number")


async def test_after_a_task_the_other_problem_is_asked_about(chat: ActionChat) -> None:
    await chat.say("verify_phone", second="ibkey_what")
    assert chat.last.said == ["verify_phone/ask_number"]
    assert (await chat.press('/inform{"task_command": "leave"}')).said == ["codes/cancelled", "guide/also"]


async def test_below_both_lies_what_was_open_before(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    assert (await chat.say("ibkey_what", second="screen")).said == ["ibkey_what/answer", "guide/also"]
    assert (await chat.press(YES)).said == ["screen/android", "guide/resume"]
    assert (await chat.press(YES)).said == ["setup/open"]


@pytest.mark.parametrize("no", ["deny", NO])
async def test_the_other_problem_may_be_let_go(chat: ActionChat, no: str) -> None:
    await chat.say("ibkey_what", second="setup")
    answered = await (chat.say(no) if no == "deny" else chat.press(no))
    assert answered.said == ["guide/another_time"]
    assert chat.position is None


async def test_what_is_neither_yes_nor_no_brings_the_question_again(chat: ActionChat) -> None:
    await chat.say("ibkey_what", second="setup")
    assert (await chat.say("inform", platform="android")).said == ["guide/also"]


async def test_asking_for_it_in_words_is_a_yes(chat: ActionChat) -> None:
    await chat.say("ibkey_what", second="setup")
    assert (await chat.say("setup", platform="android")).said == ["setup/open"]
    assert len(chat.frames) == 1


async def test_what_is_open_already_is_not_pending_twice(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    assert (await chat.say("ibkey_what", second="setup")).said == ["ibkey_what/answer", "guide/resume"]
    assert chat.position == ("setup", "open")


async def test_an_unclear_message_meanwhile_keeps_it(chat: ActionChat) -> None:
    await chat.say("ibkey_what", second="setup")
    assert (await chat.say("out_of_scope")).said == ["out_of_scope/answer", "guide/also"]
    assert (await chat.press(YES)).said == ["setup/platform"]


async def test_starting_over_forgets_it(chat: ActionChat) -> None:
    await chat.say("ibkey_what", second="setup")
    assert (await chat.say("restart")).said == ["restart/answer"]
    assert chat.position is None


async def test_a_code_still_finds_its_task_below_it(chat: ActionChat) -> None:
    await chat.say("setup", platform="android")
    await chat.say("ibkey_what", second="pair")
    assert (await chat.say("inform", code="made-up")).said[0] == "codes/unexpected_code"
    assert chat.position == ("pair", "pending")


@pytest.mark.parametrize(
    "topic", [t.id for t in KNOWLEDGE.topics.values() if t.group not in {"conversation", "tasks"}]
)
async def test_every_topic_can_be_the_second(topic: str) -> None:
    chat = ActionChat(KNOWLEDGE)
    first = "ibkey_what" if topic != "ibkey_what" else "sls_what"
    await chat.say(first, second=topic)
    assert chat.last.values("guide/also") == {"title": KNOWLEDGE.label(topic, "en")}
    direct = await ActionChat(KNOWLEDGE).say(topic)
    again = await chat.press(YES)
    assert again.said == direct.said[: len(again.said)]
    assert again.said


async def test_neighbouring_topics_in_two_sentences_are_one_matter_unless_the_words_say_otherwise(
    chat: ActionChat,
) -> None:
    assert "pair" in chat.knowledge.topics["setup"].next_topics
    for first, second in (("setup", "pair"), ("pair", "setup")):
        await chat.say("restart")
        await chat.say(first, second=second, announced=False, platform="android")
        assert [frame["topic"] for frame in chat.frames] == [first]
        await chat.say("restart")
        await chat.say(first, second=second, announced=True, platform="android")
        assert [frame["topic"] for frame in chat.frames] == [second, first]


async def test_topics_that_are_no_neighbours_are_two_matters(chat: ActionChat) -> None:
    await chat.say("setup", second="ibkey_what", announced=False, platform="android")
    assert [frame["topic"] for frame in chat.frames] == ["ibkey_what", "setup"]
