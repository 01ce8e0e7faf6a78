"""A person is asked for: the gateway records it, and the client is told honestly what that means today."""

from __future__ import annotations

from actions.offers import offer_return, offers
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
    turn.direct("handoff", reason=urgent or "asked", priority="urgent" if urgent else "normal")
    turn.say("human", offers(turn, turn.knowledge.topics[TOPIC]), number=turn.message_number)
    offer_return(turn)
