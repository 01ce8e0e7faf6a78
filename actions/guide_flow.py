"""Guides in a conversation: the pure guide's outcome, put onto the dialogue stack and said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from actions import guide
from actions.dialogue_commands import GUIDE_COMMAND, Command, Situation, named_command, resolve_command
from actions.dialogue_stack import Frame
from actions.guide import GuideOutcome, StepList
from actions.patterns import offer_return
from actions.replies import TopicTitle
from actions.turn import Turn
from contracts.enums import ChannelKind
from knowledge import ItemKind, Topic, as_plain, count_segments

# With room for the title; Telegram takes 4096 characters.
MAX_LIST_CHARACTERS = 3_500
# With the title, four: as much as an answer.
MAX_LIST_SEGMENTS = 3


def begin(turn: Turn, topic_id: str, answers: Mapping[str, str] | None = None) -> None:
    """Open a guide. What the client has said already, now or in what is open, is not asked again.

    A guide that is open already goes on where it stands.
    """
    topic = turn.topic(topic_id)
    said = guide.answers_in(topic, turn.message.entities) | dict(answers or {})
    shows_all = wants_all_steps(turn)
    opened = turn.stack.bring_to_front(lambda frame: frame.topic == topic_id and not frame.is_pending)
    if opened is not None:
        _carry_out(turn, guide.reopen(topic, opened, said, shows_all=shows_all))
        return
    known = {
        item.name: answer
        for item in topic.guide
        if item.kind is ItemKind.QUESTION and (answer := turn.stack.find_answer(item.name)) in item.choices
    }
    outcome = guide.open_guide(topic, {**known, **said}, shows_all=shows_all)
    turn.stack.push(outcome.frame or Frame(topic_id, topic.guide[-1].name))
    _carry_out(turn, outcome)


def proceed(turn: Turn, frame: Frame) -> None:
    """Go on in the guide on top, by what the client wants."""
    topic = turn.topic(frame.topic)
    answers = guide.answers_in(topic, turn.message.entities)
    command = resolve_command(turn.message.intent, turn.message.entities, _situation(topic, frame, answers))
    _carry_out(turn, guide.advance(topic, frame, command, answers))


def show(turn: Turn, frame: Frame) -> None:
    """Say the question or step at which the guide on top stands."""
    _carry_out(turn, guide.show(turn.topic(frame.topic), frame))


def list_steps(turn: Turn, frame: Frame) -> None:
    """Show all steps of the guide on top; it stays where it is."""
    _carry_out(turn, guide.list_steps(turn.topic(frame.topic), frame))


def wants_all_steps(turn: Turn) -> bool:
    """Return whether the message asks for all steps at once."""
    return named_command(turn.message.entities, GUIDE_COMMAND) is Command.SHOW_ALL


def asks_question(turn: Turn) -> bool:
    """Return whether a guide is on top and waits for the answer to a question."""
    frame = turn.stack.current
    if frame is None or frame.is_pending or not turn.topic(frame.topic).guide:
        return False
    return turn.topic(frame.topic).item(frame.step_id).kind is ItemKind.QUESTION


def pack(texts: Sequence[str], fits: Callable[[str], bool]) -> list[str]:
    """Join the texts by blank lines, in order, as many in each part as fit; a text is never divided."""
    parts: list[str] = []
    for text in texts:
        longer = f"{parts[-1]}\n\n{text}" if parts else text
        if parts and fits(longer):
            parts[-1] = longer
        else:
            parts.append(text)
    return parts


def _situation(topic: Topic, frame: Frame, answers: Mapping[str, str]) -> Situation:
    return Situation(
        is_guide=True,
        is_at_step=topic.item(frame.step_id).kind is ItemKind.STEP,
        is_paused=frame.paused,
        is_answer={**frame.answers, **answers} != frame.answers,
    )


def _carry_out(turn: Turn, outcome: GuideOutcome) -> None:
    if outcome.frame is None:
        turn.stack.pop()
    else:
        turn.stack.replace_top(outcome.frame)
    for reply in outcome.says:
        if isinstance(reply, StepList):
            _say_list(turn, reply)
        else:
            turn.say_draft(reply)
    if outcome.asks_return:
        offer_return(turn)


def _say_list(turn: Turn, steps: StepList) -> None:
    """Say the steps, numbered, in one message or several."""
    texts = (
        turn.knowledge.item_text(steps.topic, step, turn.language, turn.message.channel)
        for step in steps.steps
    )
    numbered = [f"{number}. {text}" for number, text in enumerate(texts, start=1)]
    first, *more = pack(numbered, lambda text: _fits(turn, text))
    turn.say("guide", "all_steps", title=TopicTitle(steps.topic), list=first)
    for part in more:
        turn.say("guide", "more_steps", list=part)


def _fits(turn: Turn, text: str) -> bool:
    if turn.message.channel is not ChannelKind.SMS:
        return len(text) <= MAX_LIST_CHARACTERS
    return count_segments(as_plain(text, (), turn.knowledge.languages[turn.language])) <= MAX_LIST_SEGMENTS
