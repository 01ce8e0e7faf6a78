"""A person is asked for. What can be promised, and what happens next, the gateway says."""

from __future__ import annotations

from actions.offers import offer_return
from actions.place import Place
from actions.turn import Turn

TOPIC = "human"


def offer_urgently(turn: Turn) -> None:
    """Ask at once whether a person shall help with the urgent topic of this message."""
    turn.places.remember(TOPIC)
    if turn.places.raise_to_top(lambda place: place.topic == TOPIC) is not None:
        turn.places.update(data={"urgent": turn.intent})
    offer_return(turn)


def ask_for_person(turn: Turn, waiting: Place | None) -> None:
    """Hand over to a person; urgently when `waiting` says that an urgent topic led here."""
    urgent = waiting.data.get("urgent") if waiting else None
    about = {"topic": urgent} if urgent else {}
    turn.hand_over(urgent or "asked", "urgent" if urgent else "normal", **about)
    turn.say("human")
