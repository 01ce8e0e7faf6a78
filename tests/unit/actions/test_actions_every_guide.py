from __future__ import annotations

import itertools

import pytest

from data.knowledge import Topic, load
from tests.support.action_turn import ActionChat

KNOWLEDGE = load()
GUIDES = [topic for topic in KNOWLEDGE.topics.values() if topic.guide]
NEXT, BACK = "/step_done", "/step_back"


def branches(topic: Topic) -> list[dict[str, str]]:
    """Every combination of answers to the topic's questions."""
    questions = [item for item in topic.guide if item.kind == "ask" and item.choices]
    return [
        dict(zip([q.name for q in questions], answers, strict=True))
        for answers in itertools.product(*(q.choices for q in questions))
    ]


CASES = [(topic, branch) for topic in GUIDES for branch in branches(topic)]
WALKS = [case for case in CASES if case[0].kind == "guide"]
SPLIT = [case for case in WALKS if case[1]]


def ids(cases: list[tuple[Topic, dict[str, str]]]) -> list[str]:
    return ["-".join([topic.id, *branch.values()]) for topic, branch in cases]


def numbers(chat: ActionChat) -> tuple[int, int]:
    values = chat.last.values(chat.last.said[-1])
    return values["step"], values["steps"]


async def questions_answered(chat: ActionChat, topic: Topic, branch: dict[str, str]) -> None:
    """Begin the topic and press an answer for each question that comes."""
    await chat.say(topic.id)
    asked = {item.name for item in topic.guide if item.kind == "ask"}
    while chat.at and chat.at[0] == topic.id and chat.at[1] in asked:
        question = chat.at[1]
        await chat.press(f'/inform{{"{question}": "{branch[question]}"}}')


@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
@pytest.mark.parametrize(("topic", "branch"), WALKS, ids=ids(WALKS))
async def test_every_guide_can_be_walked_to_its_end_and_back(
    topic: Topic, branch: dict[str, str], language: str
) -> None:
    chat = ActionChat(KNOWLEDGE, language=language)
    await questions_answered(chat, topic, branch)
    seen, counts = [chat.at], [numbers(chat)]
    while counts[-1][0] < counts[-1][1]:
        await chat.press(NEXT)
        seen.append(chat.at)
        counts.append(numbers(chat))
    assert counts == [(number, len(counts)) for number in range(1, len(counts) + 1)]
    for step in reversed(seen[:-1]):
        await chat.press(BACK)
        assert chat.at == step
    for _ in seen:
        await chat.press(NEXT)
    assert chat.last.said == [f"{topic.id}__finished"]
    assert chat.last.payloads == [f"/{offer}" for offer in topic.offers]
    assert chat.at is None


@pytest.mark.parametrize(("topic", "branch"), WALKS, ids=ids(WALKS))
async def test_every_step_of_every_guide_has_help_that_can_be_left_again(
    topic: Topic, branch: dict[str, str]
) -> None:
    chat = ActionChat(KNOWLEDGE)
    await questions_answered(chat, topic, branch)
    while chat.at:
        step = chat.at
        shown = chat.last.said
        await chat.press("/step_stuck")
        await chat.press('/inform{"walk": "repeat"}')
        assert (chat.at, chat.last.said) == (step, shown)
        await chat.press(NEXT)


@pytest.mark.parametrize(("topic", "branch"), CASES, ids=ids(CASES))
async def test_a_message_that_says_everything_is_asked_nothing(topic: Topic, branch: dict[str, str]) -> None:
    chat = ActionChat(KNOWLEDGE)
    answered = await chat.say(topic.id, **branch)
    questions = {f"{topic.id}__{item.name}" for item in topic.guide if item.kind == "ask"}
    assert not questions & set(answered.said)


@pytest.mark.parametrize(("topic", "branch"), SPLIT, ids=ids(SPLIT))
async def test_the_first_answer_can_be_corrected_at_every_step(topic: Topic, branch: dict[str, str]) -> None:
    question = next(item for item in topic.guide if item.name in branch)
    for other in question.choices:
        chat = ActionChat(KNOWLEDGE)
        await questions_answered(chat, topic, branch)
        while chat.at:
            before = list(chat.places)
            await chat.say("inform", **{question.name: other})
            item = topic.item(chat.places[-1]["at"])
            answers = chat.places[-1]["answers"]
            assert answers[question.name] == other
            assert all(answers.get(name) in wanted for name, wanted in item.when.items())
            chat.slots["place"] = before
            await chat.say("inform", walk="repeat")
            await chat.press(NEXT)
