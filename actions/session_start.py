"""The start of a session: the last value of a few slots is carried over, not the history of all of them."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, EventType, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from typing_extensions import override

CARRIED_SLOTS = ("language", "language_chosen", "dialogue_stack", "misses", "other_language")


class ActionSessionStart(Action):
    """Replaces Rasa's own action, which copies every slot event of the old session into the new one for ever."""

    @override
    def name(self) -> str:
        return "action_session_start"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Begin a session with what the client expects to be remembered."""
        carried = [
            SlotSet(name, value) for name in CARRIED_SLOTS if (value := tracker.get_slot(name)) is not None
        ]
        return [SessionStarted(), *carried, ActionExecuted("action_listen")]
