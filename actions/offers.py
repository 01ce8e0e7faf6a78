"""What is offered next: related topics, and the way back to what lies open."""

from __future__ import annotations

from actions.turn import Button, Turn
from data.knowledge import Topic


def offers(turn: Turn, topic: Topic) -> list[Button]:
    """Buttons for the topics that a topic offers."""
    return [turn.topic_button(other) for other in topic.offers]


def offer_return(turn: Turn) -> None:
    """Ask whether to go on with the guide or task on top, if there is one."""
    if turn.places.current is None:
        return
    place = turn.places.update(paused=True)
    turn.say(
        "guide__resume",
        [
            Button(turn.guide_label("resume_yes"), '/inform{"walk": "resume"}'),
            Button(turn.guide_label("resume_no"), '/inform{"walk": "stop"}'),
        ],
        title=turn.label(place.topic),
    )
