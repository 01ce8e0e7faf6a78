"""What is offered next: related topics, and the way back to what lies open."""

from __future__ import annotations

from actions.place import WAITING
from actions.turn import Button, Turn
from knowledge import Topic


def offers(turn: Turn, topic: Topic) -> list[Button]:
    """Buttons for the topics that a topic offers."""
    return [turn.topic_button(other) for other in topic.next_topics]


def offer_return(turn: Turn) -> None:
    """Ask whether to go on with what is on top, if there is anything: a guide, a task, or what was only spoken of."""
    if turn.places.current is None or turn.handing_over is not None:
        return
    place = turn.places.update(paused=True)
    if place.at != WAITING:
        buttons = _yes_or_no(turn, "resume_yes", "resume_no")
        turn.say("guide__resume", buttons, title=turn.label(place.topic))
    elif "urgent" in place.data:
        turn.say("guide__person_now", _yes_or_no(turn, "person_now_yes", "not_now"))
    else:
        turn.say("guide__also", _yes_or_no(turn, "also_yes", "not_now"), title=turn.label(place.topic))


def _yes_or_no(turn: Turn, yes: str, no: str) -> list[Button]:
    return [
        Button(turn.guide_label(yes), '/inform{"walk": "resume"}'),
        Button(turn.guide_label(no), '/inform{"walk": "stop"}'),
    ]
