"""The Rasa agent of this assistant: a turn is saved whole or not at all.

Stock Rasa 3.6 saves a turn whose action server could not be reached (the client gets silence), wraps the
tracker store so that a broken database is silently replaced by memory, and re-reads the whole session at each
message, so that long chats grow slow. The three overrides below fix that. Rasa is pinned to 3.6.21, so the methods
overridden here do not move.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from contracts.codec import ContractError, convert
from contracts.directives import Directive
from contracts.turns import Button, Reply, TurnResponse
from knowledge import Knowledge
from nlu.conversation_language import conversation_language

logger = logging.getLogger(__name__)

# A session is rotated after this many events: Rasa re-reads and replays all of them at every message.
MAX_SESSION_EVENTS = 200
ACTION_TIMEOUT_SECONDS = 25


class TurnFailedError(Exception):
    """The turn could not be finished. Nothing of it was saved, so it can be tried again."""


@dataclass
class _TurnProgress:
    """The turn that the current task works on."""

    error: BaseException | None = None
    """What the action server's endpoint raised."""
    tracker: DialogueStateTracker | None = None
    """The tracker as it was saved."""


_current_turn: ContextVar[_TurnProgress] = ContextVar("current_turn")


class SilentOutput(OutputChannel):
    """An output channel that sends nothing: replies are read from the saved tracker, and the gateway sends them."""

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Do nothing."""


class ActionEndpoint(EndpointConfig):
    """The action server's endpoint. It remembers that a call failed, since Rasa's processor swallows the error."""

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """Call the action server."""
        kwargs["timeout"] = ACTION_TIMEOUT_SECONDS
        try:
            return await super().request(*args, **kwargs)
        except Exception as error:
            turn = _current_turn.get(None)
            if turn is not None:
                turn.error = error
            raise


class AssistantProcessor(MessageProcessor):
    """Rasa's processor: the language is decided before the dialogue, and failed turns are not saved."""

    knowledge: Knowledge

    async def _handle_message_with_tracker(self, message: UserMessage, tracker: DialogueStateTracker) -> None:
        await super()._handle_message_with_tracker(message, tracker)
        chosen = conversation_language(
            self.knowledge,
            current=tracker.get_slot("language"),
            chosen=tracker.get_slot("language_chosen"),
            hint=(message.metadata or {}).get("language"),
            parse_data=tracker.latest_message.parse_data,
        )
        for name, value in (("language", chosen.language), ("language_chosen", chosen.chosen)):
            if tracker.get_slot(name) != value:
                tracker.update(SlotSet(name, value), self.domain)

    def _has_session_expired(self, tracker: DialogueStateTracker) -> bool:
        return len(tracker.events) > MAX_SESSION_EVENTS or super()._has_session_expired(tracker)

    async def save_tracker(self, tracker: DialogueStateTracker) -> None:
        """Save the turn. Raises TurnFailedError when its action could not be run."""
        turn = _current_turn.get()
        if turn.error is not None:
            raise TurnFailedError("the action server did not answer") from turn.error
        await super().save_tracker(tracker)
        turn.tracker = tracker


class AssistantAgent(Agent):
    """The agent behind the gateway's channel; `turn` is idempotent by the message's id."""

    def __init__(self, knowledge: Knowledge, **kwargs: Any) -> None:
        self._knowledge = knowledge
        super().__init__(**kwargs)

    @staticmethod
    def _create_tracker_store(store: TrackerStore | None, domain: Domain | None) -> TrackerStore:
        # No fail-safe wrapper: a storage failure must fail the turn, not move the conversation into memory.
        if store is None:
            raise ValueError("endpoints.yml must name a tracker store")
        store.domain = domain
        return store

    def load_model(self, model_path: str, fingerprint: str | None = None) -> None:  # type: ignore[override]
        """Load the model at `model_path` with this assistant's processor."""
        AssistantProcessor.knowledge = self._knowledge
        self.processor = AssistantProcessor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            generator=self.nlg,
            action_endpoint=self.action_endpoint,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain

    async def turn(self, message: UserMessage) -> TurnResponse:
        """Return the replies to `message`. A message that was already handled gets the same replies again.

        Raises TurnFailedError when an action could not be run; any other exception leaves nothing saved either.
        """
        progress = _TurnProgress()
        token = _current_turn.set(progress)
        try:
            async with self.lock_store.lock(message.sender_id):
                tracker = await self.processor.get_tracker(message.sender_id)
                response = find_response(tracker, message.message_id)
                if response is None:
                    await self.processor.handle_message(message)
                    saved = progress.tracker
                    response = find_response(saved, message.message_id) if saved else None
        finally:
            _current_turn.reset(token)
        if response is None:
            raise TurnFailedError("the turn left no trace in the tracker")
        return response


def find_response(tracker: DialogueStateTracker, message_id: str) -> TurnResponse | None:
    """Return what the tracker says was answered to a message; None when it never handled that message."""
    events = list(tracker.events)
    starts = [
        index
        for index, event in enumerate(events)
        if isinstance(event, UserUttered) and event.message_id == message_id
    ]
    if not starts:
        return None
    replies: list[Reply] = []
    directives: list[Directive] = []
    for event in events[starts[-1] + 1 :]:
        if isinstance(event, UserUttered):
            break
        if not isinstance(event, BotUttered):
            continue
        data: Mapping[str, Any] = event.data or {}
        custom = data.get("custom") or {}
        if "directive" in custom:
            try:
                directives.append(convert(custom["directive"], Directive))
            except ContractError as error:
                # Of a message that the version before this one has handled.
                logger.error("unreadable directive dropped: message %s: %s", message_id, error)
        if event.text:
            buttons = data.get("buttons") or ()
            replies.append(Reply(event.text, tuple(Button(b["title"], b["payload"]) for b in buttons)))
    message: UserUttered = events[starts[-1]]
    return TurnResponse(tuple(replies), tuple(directives), tracker.get_slot("language"), message.intent_name)
