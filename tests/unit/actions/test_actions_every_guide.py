"""Every guide, found in data/topics, walked to its end: each branch, in each language, on each channel.

What must come is worked out here from topic.yml alone, and read as the client's screen shows it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import smsutil

from bot.channels.render import RenderedPart
from knowledge import ItemKind, Knowledge, Topic
from tests.support.action_turn import ActionChat
from tests.support.knowledge import KNOWLEDGE

CLIENTS = {"telegram": "simulator.telegram:person-1", "sms": "simulator.sms:+447400123456"}
NEXT, BACK, STUCK, LIST = "/step_done", "/step_back", "/step_stuck", '/inform{"guide_command": "show_all"}'
JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
LEFT_OVER = re.compile(r"[{}]|\*\*")
PROGRESS = {"en": "Step {} of {}", "ja": "手順 {}/{}"}


@dataclass(frozen=True)
class Walk:
    """One branch of a guide: the answers given, and the steps that topic.yml has for them."""

    topic: Topic
    answers: dict[str, str]
    steps: list[str]

    def __str__(self) -> str:
        return "-".join([self.topic.id, *self.answers.values()])


def branches(topic: Topic) -> list[dict[str, str]]:
    """Every combination of answers in which each question that applies is answered, and no other."""
    found: list[dict[str, str]] = [{}]
    for item in topic.guide:
        if item.kind is ItemKind.QUESTION:
            found = [
                {**answers, item.name: choice} if applies(item.when, answers) else answers
                for answers in found
                for choice in (item.choices if applies(item.when, answers) else ("",))
            ]
    return found


def applies(when: object, answers: dict[str, str]) -> bool:
    return all(answers.get(question) in wanted for question, wanted in dict(when).items())  # type: ignore[call-overload]


def walks(topic: Topic) -> list[Walk]:
    return [
        Walk(
            topic,
            answers,
            [i.name for i in topic.guide if i.kind is ItemKind.STEP and applies(i.when, answers)],
        )
        for answers in branches(topic)
    ]


GUIDED = [
    walk for topic in KNOWLEDGE.topics.values() if topic.action == "action_guide" for walk in walks(topic)
]
ASKING = [
    walk
    for topic in KNOWLEDGE.topics.values()
    if topic.action == "action_answer" and topic.guide
    for walk in walks(topic)
]
SPLIT = [walk for walk in GUIDED if walk.answers]


def everywhere() -> Iterator[ActionChat]:
    """A new conversation in each language on each channel."""
    for language, channel in itertools.product(KNOWLEDGE.languages, CLIENTS):
        yield ActionChat(KNOWLEDGE, language=language, client=CLIENTS[channel])


async def answered(chat: ActionChat, walk: Walk) -> None:
    """Begin the topic and press an answer for each question that comes."""
    await chat.say(walk.topic.id)
    while chat.position and walk.topic.item(chat.position[1]).kind is ItemKind.QUESTION:
        question = chat.position[1]
        check_screens(chat, steps=True)
        await chat.press(f'/inform{{"{question}": "{walk.answers[question]}"}}')


def check_screens(chat: ActionChat, *, steps: bool) -> None:
    """What the client sees is finished, in one language, and no longer than its budget."""
    for screen in chat.shown:
        assert screen.text.strip()
        assert not LEFT_OVER.search(screen.text), screen.text
        japanese = bool(JAPANESE.search(screen.text))
        assert japanese == (chat.slots["language"] == "ja"), screen.text
        if chat.channel == "sms":
            budget = 2 if steps else 4
            parts = len(smsutil.split(screen.text).parts)
            assert parts <= budget, f"{parts} segments: {screen.text}"
        else:
            assert len(screen.text) <= 4096


def text_of(knowledge: Knowledge, walk: Walk, step: str, chat: ActionChat) -> str:
    """The step's own words as they stand on the screen, without marks of any channel."""
    text = knowledge.item_text(walk.topic.id, step, chat.slots["language"], chat.channel)
    return bare(text)


def bare(text: str) -> str:
    return re.sub(r"[*\"「」]", "", text)


@pytest.mark.parametrize("walk", GUIDED, ids=str)
async def test_every_guide_can_be_walked_to_its_end(walk: Walk) -> None:
    for chat in everywhere():
        await answered(chat, walk)
        last = len(walk.steps)
        for number, step in enumerate(walk.steps, start=1):
            assert chat.position == (walk.topic.id, step)
            check_screens(chat, steps=number > 1)
            screen = chat.shown[-1]
            if last > 1:
                assert screen.text.startswith(PROGRESS[chat.slots["language"]].format(number, last) + "\n")
            assert text_of(KNOWLEDGE, walk, step, chat) in bare(screen.text)
            assert chat.last.payloads == expected_choices(number, last)
            await chat.press(NEXT)
        assert chat.position is None
        check_end(chat, walk)


def expected_choices(number: int, last: int) -> list[str]:
    between = [BACK] if number > 1 else [LIST] if last > 1 else []
    return [NEXT, *between, STUCK]


def check_end(chat: ActionChat, walk: Walk) -> None:
    """The end names its sources and what may follow."""
    assert chat.last.said == [f"{walk.topic.id}/finished"]
    check_screens(chat, steps=False)
    assert all(article in chat.shown[0].text for article in walk.topic.source)
    language = chat.slots["language"]
    titles = {KNOWLEDGE.label(offer, language): f"/{offer}" for offer in walk.topic.next_topics}
    assert chat.last.buttons == titles


@pytest.mark.parametrize("walk", GUIDED, ids=str)
async def test_back_leads_through_every_guide_to_its_beginning(walk: Walk) -> None:
    chat = ActionChat(KNOWLEDGE)
    await answered(chat, walk)
    for _ in walk.steps[1:]:
        await chat.press(NEXT)
    for step in reversed(walk.steps[:-1]):
        await chat.press(BACK)
        assert chat.position == (walk.topic.id, step)


@pytest.mark.parametrize("walk", GUIDED, ids=str)
async def test_every_step_has_help_that_can_be_left_again(walk: Walk) -> None:
    for chat in everywhere():
        await answered(chat, walk)
        while chat.position:
            step, shown = chat.position, chat.shown[-1]
            await chat.press(STUCK)
            check_screens(chat, steps=True)
            assert chat.shown[-1].text != shown.text
            await chat.press('/inform{"guide_command": "repeat"}')
            assert (chat.position, chat.shown) == (step, [shown])
            await chat.press(NEXT)


@pytest.mark.parametrize("walk", GUIDED, ids=str)
async def test_all_steps_can_be_read_at_once_and_the_step_is_kept(walk: Walk) -> None:
    for chat in everywhere():
        await answered(chat, walk)
        if len(walk.steps) > 1:
            await chat.press(NEXT)
        step = chat.position
        await chat.say("step_back", guide_command="show_all")
        check_screens(chat, steps=False)
        *lists, end = chat.shown
        assert numbered(lists) == [
            f"{number}. {text_of(KNOWLEDGE, walk, name, chat)}"
            for number, name in enumerate(walk.steps, start=1)
        ]
        assert KNOWLEDGE.label(walk.topic.id, chat.slots["language"]) in lists[0].text
        assert all(article in end.text for article in walk.topic.source)
        await chat.press('/inform{"guide_command": "resume"}')
        assert (chat.position, chat.last.said) == (step, [f"{walk.topic.id}/{step[1]}"])  # type: ignore[index]
        await chat.say("inform", guide_command="show_all")
        await chat.press('/inform{"guide_command": "finish"}')
        check_end(chat, walk)


def numbered(screens: list[RenderedPart]) -> list[str]:
    """The numbered steps in these messages, one string each."""
    text = bare("\n\n".join(screen.text for screen in screens))
    found = re.split(r"\n\n(?=\d+\. )", text)
    return found[1:]


@pytest.mark.parametrize("walk", GUIDED, ids=str)
async def test_asked_for_at_once_the_list_comes_after_the_questions(walk: Walk) -> None:
    chat = ActionChat(KNOWLEDGE)
    await chat.say(walk.topic.id, guide_command="show_all")
    while "guide/all_steps" not in chat.last.said:
        assert chat.position
        question = chat.position[1]
        await chat.press(f'/inform{{"{question}": "{walk.answers[question]}"}}')
    assert chat.position == (walk.topic.id, walk.steps[0])


@pytest.mark.parametrize("walk", ASKING, ids=str)
async def test_an_answer_that_depends_on_something_is_given_after_its_questions(walk: Walk) -> None:
    for chat in everywhere():
        await answered(chat, walk)
        assert chat.position is None
        check_screens(chat, steps=False)
        assert text_of(KNOWLEDGE, walk, walk.steps[0], chat) in bare(chat.shown[-1].text)
        assert all(article in chat.shown[-1].text for article in walk.topic.source)
        assert len(walk.steps) == 1


@pytest.mark.parametrize("walk", [*GUIDED, *ASKING], ids=str)
async def test_a_message_that_says_everything_is_asked_nothing(walk: Walk) -> None:
    chat = ActionChat(KNOWLEDGE)
    said = (await chat.say(walk.topic.id, **dict[str, Any](walk.answers))).said
    assert said[-1] == f"{walk.topic.id}/{walk.steps[0]}"


@pytest.mark.parametrize("walk", SPLIT, ids=str)
async def test_an_answer_can_be_corrected_at_every_step(walk: Walk) -> None:
    question = next(item for item in walk.topic.guide if item.name in walk.answers)
    for other in question.choices:
        chat = ActionChat(KNOWLEDGE)
        await answered(chat, walk)
        while chat.position:
            before = list(chat.frames)
            await chat.say("inform", **dict[str, Any]({question.name: other}))
            item = walk.topic.item(chat.frames[-1]["step_id"])
            assert chat.frames[-1]["answers"][question.name] == other
            assert applies(item.when, chat.frames[-1]["answers"])
            chat.slots["dialogue_stack"] = before
            await chat.say("inform", guide_command="repeat")
            await chat.press(NEXT)


def test_there_are_guides_to_walk() -> None:
    assert {"pin_forgotten", "ibkey_activate", "ibkey_login", "challenge_response"} <= {
        w.topic.id for w in GUIDED
    }
    assert len(GUIDED) > len({walk.topic.id for walk in GUIDED})
