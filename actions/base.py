"""The base of all actions: one turn in, texts and events out, and never silence."""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions import human, other_languages
from actions.backend import Backend
from actions.turn import Turn, TurnMustWait
from knowledge import Knowledge

# The intents of messages that no topic answers.
NOT_UNDERSTOOD = frozenset({"out_of_scope", "nlu_fallback"})
logger = logging.getLogger(__name__)


class SupportAction(Action):
    """An action of this assistant. Subclasses say their name and `act`; what they raise becomes an honest text."""

    class Meta:
        """rasa_sdk's mark of a class that is not to be registered."""

        abstract = True

    def __init__(self, knowledge: Knowledge, backend: Backend) -> None:
        self.knowledge = knowledge
        self._backend = backend

    async def act(self, turn: Turn) -> None:
        """Answer the turn."""
        raise NotImplementedError

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Run `act`. A fault in it leaves the conversation where it stood and tells the client so."""
        turn = Turn(tracker, self.knowledge)
        if turn.intent not in NOT_UNDERSTOOD:
            turn.misses = 0
        try:
            turn.was_waiting = turn.places.take_waiting(turn.intent)
            if turn.second_topic is not None:
                turn.places.remember(turn.second_topic)
            if other_languages.tell(turn, understood=turn.intent not in NOT_UNDERSTOOD):
                return turn.flush(dispatcher)
            await self.act(turn)
            await human.introduce(turn, self._backend)
        except TurnMustWait:
            raise
        except Exception:
            logger.exception("%s failed on message %s", self.name(), turn.message_id)
            turn = Turn(tracker, self.knowledge)
            turn.say("guide__failed", [turn.topic_button("human")])
        return turn.flush(dispatcher)
