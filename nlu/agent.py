"""The Rasa agent of this assistant: a turn is saved whole or not at all.

Stock Rasa 3.6 saves a turn whose action server could not be reached (the client gets silence), wraps the
tracker store so that a broken database is silently replaced by memory, and re-reads the whole session at each
message, so that long chats grow slow. The three overrides below mend that. Rasa is pinned to 3.6.21, so the
methods overridden here do not move.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from knowledge import Knowledge
from nlu.conversation_language import conversation_language

# A session is rotated after this many events: Rasa re-reads and replays all of them at every message.
SESSION_EVENTS = 200
ACTION_TIMEOUT_SECONDS = 25


class TurnFailed(Exception):
    """The turn could not be finished; nothing of it was saved, so it may be tried again."""


@dataclass
class _Turn:
    """What is known of the turn that the current task works on."""

    failed: BaseException | None = None
    tracker: DialogueStateTracker | None = None


_current_turn: ContextVar[_Turn] = ContextVar("current_turn")


@dataclass(frozen=True)
class Reply:
    """What the assistant would say: messages in order, directives for the gateway, the language now in use, and
    the topic that the message was taken for."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    directives: list[dict[str, Any]] = field(default_factory=list)
    language: str | None = None
    topic: str | None = None


class SilentOutput(OutputChannel):
    """An output channel that sends nothing: replies are read from the saved tracker instead.

    Its name is the client's channel ("telegram" or "sms"), because Rasa picks channel variants of texts by it.
    """

    def __init__(self, channel: str) -> None:
        self._channel = channel

    def name(self) -> str:  # type: ignore[override]
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Do nothing: the gateway's outbox is the only sender."""


class ActionEndpoint(EndpointConfig):
    """The action server's endpoint; remembers that a call failed, since Rasa's processor swallows it."""

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["timeout"] = ACTION_TIMEOUT_SECONDS
        try:
            return await super().request(*args, **kwargs)
        except Exception as error:
            turn = _current_turn.get(None)
            if turn is not None:
                turn.failed = error
            raise


class AssistantProcessor(MessageProcessor):
    """Rasa's processor with the language decided before the dialogue and failed turns left unsaved."""

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
        return len(tracker.events) > SESSION_EVENTS or super()._has_session_expired(tracker)

    async def save_tracker(self, tracker: DialogueStateTracker) -> None:
        turn = _current_turn.get()
        if turn.failed is not None:
            raise TurnFailed("the action server did not answer") from turn.failed
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
        if isinstance(self.nlg, TemplatedNaturalLanguageGenerator):
            self.nlg.responses = self.domain.responses

    async def turn(self, message: UserMessage) -> Reply:
        """The replies to `message`. A message that was already handled gives the same replies again.

        Raises TurnFailed when an action could not be run; any other exception likewise leaves nothing saved.
        """
        turn = _Turn()
        token = _current_turn.set(turn)
        try:
            async with self.lock_store.lock(message.sender_id):
                tracker = await self.processor.get_tracker(message.sender_id)
                reply = reply_to(tracker, message.message_id)
                if reply is None:
                    await self.processor.handle_message(message)
                    reply = reply_to(turn.tracker, message.message_id) if turn.tracker else None
        finally:
            _current_turn.reset(token)
        if reply is None:
            raise TurnFailed("the turn left no trace in the tracker")
        return reply


def reply_to(tracker: DialogueStateTracker, message_id: str) -> Reply | None:
    """What the tracker says was answered to message `message_id`; None when it never handled that message."""
    events = list(tracker.events)
    starts = [
        index
        for index, event in enumerate(events)
        if isinstance(event, UserUttered) and event.message_id == message_id
    ]
    if not starts:
        return None
    messages: list[dict[str, Any]] = []
    directives: list[dict[str, Any]] = []
    for event in events[starts[-1] + 1 :]:
        if isinstance(event, UserUttered):
            break
        if not isinstance(event, BotUttered):
            continue
        data: Mapping[str, Any] = event.data or {}
        custom = data.get("custom") or {}
        if "directive" in custom:
            directives.append(custom["directive"])
        if event.text:
            messages.append({"text": event.text, "buttons": list(data.get("buttons") or [])})
    asked: UserUttered = events[starts[-1]]
    return Reply(messages, directives, tracker.get_slot("language"), asked.intent_name)
