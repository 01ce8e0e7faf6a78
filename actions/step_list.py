"""All steps of a guide at once, in as few messages as the channel allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actions.turn import Turn
from knowledge import Topic, as_plain, count_segments

# What a place's `data` holds while a question must be answered before the steps can be listed: the step to be kept.
WISHED = "list"
# With room for the title; Telegram takes 4096 characters.
TELEGRAM_CHARACTERS = 3_500
# With the title, four: as much as an answer.
SMS_SEGMENTS = 3


def say(turn: Turn, topic: Topic, names: Sequence[str]) -> None:
    """Say the steps `names` of `topic`, numbered, in one message or several."""
    texts = [turn.knowledge.item_text(topic.id, name, turn.language, turn.channel) for name in names]
    numbered = [f"{number}. {text}" for number, text in enumerate(texts, start=1)]
    first, *more = packed(numbered, lambda text: _fits(turn, text))
    turn.say("guide__all_steps", title=turn.label(topic.id), list=first)
    for part in more:
        turn.say("guide__more_steps", list=part)


def packed(texts: Sequence[str], fits: Callable[[str], bool]) -> list[str]:
    """The texts joined by blank lines, in order, as many in each part as fit; a text is never divided."""
    parts: list[str] = []
    for text in texts:
        longer = f"{parts[-1]}\n\n{text}" if parts else text
        if parts and fits(longer):
            parts[-1] = longer
        else:
            parts.append(text)
    return parts


def _fits(turn: Turn, text: str) -> bool:
    if turn.channel != "sms":
        return len(text) <= TELEGRAM_CHARACTERS
    return count_segments(as_plain(text, (), turn.knowledge.languages[turn.language])) <= SMS_SEGMENTS
