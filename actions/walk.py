"""A walk through a guide: which question or step comes next. Plain functions of the topic and the answers."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge import GuideItem, ItemKind, Topic


def applies(item: GuideItem, answers: Mapping[str, str]) -> bool:
    """Whether the item belongs to the walk, by the answers given so far."""
    return all(answers.get(question) in wanted for question, wanted in item.when.items())


def first_item(topic: Topic, answers: Mapping[str, str]) -> GuideItem | None:
    """Where the walk begins: the first question without an answer, or the first step."""
    return _next_from(topic, 0, answers)


def item_after(topic: Topic, name: str, answers: Mapping[str, str]) -> GuideItem | None:
    """The item after `name`, or None at the end."""
    return _next_from(topic, _index(topic, name) + 1, answers)


def open_question(topic: Topic, answers: Mapping[str, str]) -> GuideItem | None:
    """The first question of this walk that has no answer yet."""
    asked = (item for item in topic.guide if item.kind == ItemKind.QUESTION and applies(item, answers))
    return next((item for item in asked if item.name not in answers), None)


def step_before(topic: Topic, name: str, answers: Mapping[str, str]) -> GuideItem | None:
    """The step before `name` (questions are not asked again), or None at the beginning."""
    before = topic.guide[: _index(topic, name)]
    return next((i for i in reversed(before) if i.kind == "step" and applies(i, answers)), None)


def after_correction(
    topic: Topic, name: str, before: Mapping[str, str], answers: Mapping[str, str]
) -> GuideItem | None:
    """Where the walk goes on when the answers change from `before` to `answers` at the item `name`.

    A question that has come up by it is asked first. An item that still belongs to the walk stays; else the walk
    goes on behind the last step that both walks have.
    """
    index = _index(topic, name)
    passed = topic.guide[:index]
    for item in passed:
        if item.kind == ItemKind.QUESTION and applies(item, answers) and item.name not in answers:
            return item
    if applies(topic.guide[index], answers):
        return topic.guide[index]
    both = [i for i in passed if i.kind == "step" and applies(i, before) and applies(i, answers)]
    return item_after(topic, both[-1].name, answers) if both else first_item(topic, answers)


def steps(topic: Topic, answers: Mapping[str, str]) -> list[str]:
    """The names of all steps of this walk, in order."""
    return [item.name for item in topic.guide if item.kind == "step" and applies(item, answers)]


def answer_to(item: GuideItem, entities: Mapping[str, str]) -> str | None:
    """The answer to a question that a message's entities hold, if it is one of the choices."""
    value = entities.get(item.name)
    return value if value in item.choices or (value and not item.choices) else None


def known_answers(topic: Topic, entities: Mapping[str, str]) -> dict[str, str]:
    """All of the topic's questions that a message's entities answer."""
    found = {item.name: answer_to(item, entities) for item in topic.guide if item.kind == ItemKind.QUESTION}
    return {question: answer for question, answer in found.items() if answer}


def _index(topic: Topic, name: str) -> int:
    return next(index for index, item in enumerate(topic.guide) if item.name == name)


def _next_from(topic: Topic, index: int, answers: Mapping[str, str]) -> GuideItem | None:
    for item in topic.guide[index:]:
        if applies(item, answers) and not (item.kind == ItemKind.QUESTION and item.name in answers):
            return item
    return None
