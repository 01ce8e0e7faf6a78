"""The base of all actions: one turn in, texts and events out, and never silence."""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions import other_languages
from actions.backend import Backend
from actions.handoff_request import attach_client_context
from actions.replies import topic_button
from actions.turn import Turn, TurnDeferredError
from knowledge import Knowledge

NOT_UNDERSTOOD = frozenset({"out_of_scope", "nlu_fallback"})
"""The intents of messages that no topic answers."""
logger = logging.getLogger(__name__)


class SupportAction(Action):
    """An action of this assistant. Subclasses define their name and `act`; their exceptions become an honest text."""

    class Meta:
        """rasa_sdk's mark of a class that must not be registered."""

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
        """Run `act`. A fault in it leaves the conversation where it stood and is told to the client.

        Raises TurnDeferredError when the turn must come again.
        """
        turn = Turn(tracker, self.knowledge)
        is_understood = turn.message.intent not in NOT_UNDERSTOOD
        if is_understood:
            turn.misses = 0
        try:
            turn.popped_pending = turn.stack.pop_pending(turn.message.intent)
            if turn.message.second_topic is not None:
                turn.stack.push_pending(turn.message.second_topic)
            if other_languages.say_languages(turn, is_understood=is_understood):
                return turn.flush(dispatcher)
            await self.act(turn)
            await attach_client_context(turn, self._backend)
        except TurnDeferredError:
            raise
        except Exception:
            logger.exception("action failed: %s on message %s", self.name(), turn.message.id)
            turn = Turn(tracker, self.knowledge)
            turn.say("guide", "failed", [topic_button("human")])
        return turn.flush(dispatcher)
