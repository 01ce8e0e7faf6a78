"""Guides: which question or step comes next, and what is said there.

Pure functions of a topic, a frame, a command and answers. They know no language and no channel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from msgspec.structs import replace

from actions.dialogue_commands import Command
from actions.dialogue_stack import Frame
from actions.flow_states import StepListRequest
from actions.replies import (
    ButtonDraft,
    ChoiceLabel,
    ReplyDraft,
    TextLabel,
    TopicTitle,
    guide_button,
    next_topic_buttons,
    topic_button,
)
from contracts.payloads import Payload
from knowledge import GuideItem, ItemKind, OnNo, Topic, TopicKind
from knowledge.rendering import ANSWER, TextId

Answers: TypeAlias = Mapping[str, str]
"""The client's answer to each question, by the question's name."""


@dataclass(frozen=True)
class StepList:
    """All steps of a guide, to be said in as few messages as the channel allows."""

    topic: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class GuideOutcome:
    """The result of a command: the guide's frame, None when the guide is closed, and the replies."""

    frame: Frame | None
    says: tuple[ReplyDraft | StepList, ...]
    asks_return: bool = False
    """Whether the client is asked next whether to go on with what is on top of the stack then."""


def open_guide(topic: Topic, answers: Answers, *, shows_all: bool = False) -> GuideOutcome:
    """Begin a guide. Raises ValueError when it has nothing for these answers."""
    item = first_item(topic, answers)
    if item is None:
        raise ValueError(f"the guide {topic.id} has nothing for {answers}")
    frame = Frame(topic.id, item.name, dict(answers))
    outcome = list_steps(topic, frame) if shows_all else show(topic, frame)
    return _preceded(_text(topic, ANSWER), outcome) if _has_introduction(topic) else outcome


def reopen(topic: Topic, frame: Frame, answers: Answers, *, shows_all: bool = False) -> GuideOutcome:
    """Go on with a guide that is open already: where it stands, or by what the client said anew."""
    if dict(frame.answers) | dict(answers) != frame.answers:
        return _answer(topic, frame, answers)
    if shows_all:
        return list_steps(topic, frame)
    return show(topic, frame) if topic.item(frame.step_id).kind is ItemKind.QUESTION else _where(topic, frame)


def advance(topic: Topic, frame: Frame, command: Command, answers: Answers) -> GuideOutcome:
    """Carry out a command in the open guide; `answers` are those that the message holds."""
    if command is Command.ANSWER:
        return _answer(topic, frame, answers)
    if command in _ANYWHERE:
        return _ANYWHERE[command](topic, frame)
    if topic.item(frame.step_id).kind is ItemKind.QUESTION:
        return _preceded(_guide_text("choose"), show(topic, frame))
    return _AT_STEP.get(command, show)(topic, frame)


def show(topic: Topic, frame: Frame) -> GuideOutcome:
    """Say the question or step at which the guide stands."""
    frame = replace(frame, paused=False)
    item = topic.item(frame.step_id)
    if item.kind is ItemKind.QUESTION:
        choices = tuple(
            ButtonDraft(
                ChoiceLabel(topic.id, item.name, choice), Payload.answer(**{item.name: choice}).encode()
            )
            for choice in item.choices
        )
        return GuideOutcome(frame, (_text(topic, item.name, choices),))
    if isinstance(frame.state, StepListRequest):
        return list_steps(topic, frame)
    if topic.kind is TopicKind.ANSWER:
        # An answer that depends on something ends with its one step.
        return GuideOutcome(None, (_text(topic, item.name, next_topic_buttons(topic)),), asks_return=True)
    steps = step_names(topic, frame.answers)
    number = steps.index(item.name) + 1
    is_last = item_after(topic, item.name, frame.answers) is None
    buttons = [_done_button(is_last)]
    if number > 1:
        buttons.append(topic_button("step_back"))
    elif not is_last:
        buttons.append(guide_button("all", Command.SHOW_ALL))
    buttons.append(topic_button("step_stuck"))
    return GuideOutcome(frame, (_text(topic, item.name, tuple(buttons), step=number, steps=len(steps)),))


def list_steps(topic: Topic, frame: Frame) -> GuideOutcome:
    """Show all steps at once; the guide stays where it is.

    A question that decides which steps there are, and is still open, is asked first.
    """
    if topic.kind is TopicKind.ANSWER:
        return show(topic, frame)
    step_id = frame.state.step_id if isinstance(frame.state, StepListRequest) else frame.step_id
    question = open_question(topic, frame.answers)
    if question is not None:
        return show(topic, replace(frame, step_id=question.name, state=StepListRequest(step_id)))
    steps = step_names(topic, frame.answers)
    step_id = step_id if step_id in steps else frame.step_id
    buttons = (guide_button("one_by_one", Command.RESUME), guide_button("finish", Command.FINISH))
    listed = _text(topic, "listed", buttons, step=steps.index(step_id) + 1, steps=len(steps))
    return GuideOutcome(
        replace(frame, step_id=step_id, state=None, paused=True), (StepList(topic.id, steps), listed)
    )


def applies(item: GuideItem, answers: Answers) -> bool:
    """Return whether the item belongs to the guide's branch, by the answers given so far."""
    return all(answers.get(question) in wanted for question, wanted in item.when.items())


def first_item(topic: Topic, answers: Answers) -> GuideItem | None:
    """Return the first question without an answer, or the first step."""
    return _next_from(topic, 0, answers)


def item_after(topic: Topic, name: str, answers: Answers) -> GuideItem | None:
    """Return the item after `name`, or None at the end."""
    return _next_from(topic, _index(topic, name) + 1, answers)


def open_question(topic: Topic, answers: Answers) -> GuideItem | None:
    """Return the first question of this branch that has no answer yet."""
    questions = (item for item in topic.guide if item.kind is ItemKind.QUESTION and applies(item, answers))
    return next((item for item in questions if item.name not in answers), None)


def step_before(topic: Topic, name: str, answers: Answers) -> GuideItem | None:
    """Return the step before `name` (questions are not asked again), or None at the beginning."""
    before = topic.guide[: _index(topic, name)]
    return next((i for i in reversed(before) if i.kind is ItemKind.STEP and applies(i, answers)), None)


def item_after_correction(topic: Topic, name: str, before: Answers, answers: Answers) -> GuideItem | None:
    """Return where the guide goes on when the answers change from `before` to `answers` at the item `name`.

    A question that has come up by it is asked first. An item that still belongs to the branch stays; else the guide
    goes on behind the last step that both branches have.
    """
    index = _index(topic, name)
    passed = topic.guide[:index]
    for item in passed:
        if item.kind is ItemKind.QUESTION and applies(item, answers) and item.name not in answers:
            return item
    if applies(topic.guide[index], answers):
        return topic.guide[index]
    both = [i for i in passed if i.kind is ItemKind.STEP and applies(i, before) and applies(i, answers)]
    return item_after(topic, both[-1].name, answers) if both else first_item(topic, answers)


def step_names(topic: Topic, answers: Answers) -> tuple[str, ...]:
    """Return the names of all steps of this branch, in order."""
    return tuple(item.name for item in topic.guide if item.kind is ItemKind.STEP and applies(item, answers))


def answer_to(item: GuideItem, entities: Mapping[str, str]) -> str | None:
    """Return the answer to a question that a message's entities hold, if it is one of the choices."""
    value = entities.get(item.name)
    return value if value in item.choices or (value and not item.choices) else None


def answers_in(topic: Topic, entities: Mapping[str, str]) -> dict[str, str]:
    """Return the answers to the topic's questions that a message's entities hold."""
    found = {item.name: answer_to(item, entities) for item in topic.guide if item.kind is ItemKind.QUESTION}
    return {question: answer for question, answer in found.items() if answer}


def _answer(topic: Topic, frame: Frame, new: Answers) -> GuideOutcome:
    """Take an answer to a question, or the correction of an earlier answer in the middle of the guide."""
    item = topic.item(frame.step_id)
    answers = {**frame.answers, **new}
    if item.kind is ItemKind.QUESTION and item.name in answers:
        following = item_after(topic, item.name, answers)
    else:
        following = item_after_correction(topic, item.name, frame.answers, answers)
    return _go_to(topic, replace(frame, answers=answers), following)


def _leave(topic: Topic, frame: Frame) -> GuideOutcome:
    return GuideOutcome(None, (_guide_text("left"),), asks_return=True)


def _where(topic: Topic, frame: Frame) -> GuideOutcome:
    return _preceded(_guide_text("where", title=TopicTitle(topic.id)), show(topic, frame))


def _finish(topic: Topic, frame: Frame) -> GuideOutcome:
    return GuideOutcome(None, (_text(topic, "finished", next_topic_buttons(topic)),), asks_return=True)


def _back(topic: Topic, frame: Frame) -> GuideOutcome:
    before = step_before(topic, frame.step_id, frame.answers)
    if before is None:
        return _preceded(_guide_text("first_step"), show(topic, frame))
    return show(topic, replace(frame, step_id=before.name))


def _go_to(topic: Topic, frame: Frame, item: GuideItem | None) -> GuideOutcome:
    return _finish(topic, frame) if item is None else show(topic, replace(frame, step_id=item.name))


def _next(topic: Topic, frame: Frame) -> GuideOutcome:
    return _go_to(topic, frame, item_after(topic, frame.step_id, frame.answers))


def _decline(topic: Topic, frame: Frame) -> GuideOutcome:
    """No to a step that asks something calls for its help; a bare no closes nothing unasked."""
    if topic.item(frame.step_id).on_no is OnNo.HELP:
        return _help(topic, frame)
    return GuideOutcome(frame, (), asks_return=True)


def _help(topic: Topic, frame: Frame) -> GuideOutcome:
    """Help with a step that does not work; the guide stays where it is."""
    # Every language has the same texts: the checks of the data see to it.
    page = next(iter(topic.languages.values()))
    has_help = page.guide[frame.step_id].help is not None
    is_last = item_after(topic, frame.step_id, frame.answers) is None
    buttons = (guide_button("again", Command.REPEAT), _done_button(is_last), topic_button("human"))
    text = TextId(topic.id, frame.step_id, is_help=True) if has_help else TextId("guide", "no_help")
    return GuideOutcome(frame, (ReplyDraft(text, buttons),))


def _has_introduction(topic: Topic) -> bool:
    return topic.kind is not TopicKind.ANSWER and ANSWER in next(iter(topic.languages.values())).texts


def _done_button(is_last: bool) -> ButtonDraft:
    label = TextLabel("guide", "finish") if is_last else TopicTitle("step_done")
    return ButtonDraft(label, Payload("step_done").encode())


def _text(topic: Topic, name: str, buttons: tuple[ButtonDraft, ...] = (), **values: object) -> ReplyDraft:
    return ReplyDraft(TextId(topic.id, name), buttons, values)


def _guide_text(name: str, **values: object) -> ReplyDraft:
    return ReplyDraft(TextId("guide", name), (), values)


def _preceded(reply: ReplyDraft, outcome: GuideOutcome) -> GuideOutcome:
    return GuideOutcome(outcome.frame, (reply, *outcome.says), outcome.asks_return)


def _index(topic: Topic, name: str) -> int:
    return next(index for index, item in enumerate(topic.guide) if item.name == name)


def _next_from(topic: Topic, index: int, answers: Answers) -> GuideItem | None:
    for item in topic.guide[index:]:
        if applies(item, answers) and not (item.kind is ItemKind.QUESTION and item.name in answers):
            return item
    return None


_Handler: TypeAlias = Callable[[Topic, Frame], GuideOutcome]
_ANYWHERE: Mapping[Command, _Handler] = {
    Command.STOP: _leave,
    Command.WHERE: _where,
    Command.SHOW_ALL: list_steps,
    Command.FINISH: _finish,
    Command.REPEAT: show,
    Command.RESUME: show,
}
"""The commands that work at a question as well as at a step."""
_AT_STEP: Mapping[Command, _Handler] = {
    Command.STUCK: _help,
    Command.NO: _decline,
    Command.BACK: _back,
    Command.NEXT: _next,
    Command.YES: _next,
}
"""The commands that work at a step only. Any other command shows the step again."""
