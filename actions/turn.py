"""One turn as an action sees it: what the client said, where the conversation stands, what is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backend import BackendError
from actions.place import Place, Places
from actions.trouble import Trouble
from knowledge import Knowledge

# Where the gateway took a secret out of a message.
REDACTED_MARK = "⟦secret:"


class TurnMustWait(Exception):
    """Nothing could be done just now. The action fails as a whole, and the gateway brings the message again."""


@dataclass(frozen=True)
class Button:
    """A choice offered with a message: its label and the payload that stands for it."""

    title: str
    payload: str


def _second_topic(message: Mapping[str, Any], knowledge: Knowledge) -> str | None:
    """The other topic that the message is about; None when there is none.

    Two sentences that announce nothing of the kind are often one matter told at length ("I have a new phone. How do
    I move IB Key?"), where the topics are neighbours: then the one offers the other anyway.
    """
    first = knowledge.topics.get(str((message.get("intent") or {}).get("name")))
    found = message.get("second_topic") or {}
    second = knowledge.topics.get(str(found.get("name")))
    if first is None or second is None:
        return None
    neighbours = second.id in first.next_topics or first.id in second.next_topics
    return None if neighbours and not found.get("announced") else second.id


class Turn:
    """Collects what is answered; `flush` hands it over once the action has finished."""

    def __init__(self, tracker: Tracker, knowledge: Knowledge) -> None:
        message = tracker.latest_message or {}
        metadata = message.get("metadata") or {}
        self.knowledge = knowledge
        self.language = str(tracker.get_slot("language") or knowledge.default_language)
        self.channel = str(tracker.get_latest_input_channel() or "telegram")
        self.client = str(metadata.get("client") or "")
        self.message_id = str(message.get("message_id") or "")
        self.text = str(message.get("text") or "")
        self.intent = str((message.get("intent") or {}).get("name") or "")
        self.ranking: list[dict[str, Any]] = list(message.get("intent_ranking") or [])
        self.entities: dict[str, str] = {
            str(entity["entity"]): str(entity["value"]) for entity in message.get("entities") or []
        }
        self.second_topic = _second_topic(message, knowledge)
        self.other_language: str | None = tracker.get_slot("other_language")
        self.written_in = str(message.get("language") or "")
        self.places = Places.from_slot(tracker.get_slot("place"), knowledge.topics)
        self.misses = int(tracker.get_slot("misses") or 0)
        self.trouble = Trouble.from_slot(tracker.get_slot("trouble"))
        self.was_waiting: Place | None = None
        """What the client was to be asked about and asks for by this message."""
        self.handing_over: dict[str, Any] | None = None
        """What the gateway is told when it is asked for a person; None when it is not."""
        self._messages: list[dict[str, Any]] = []

    def say(self, response: str, buttons: Sequence[Button] = (), **values: Any) -> None:
        """Answer with a text of data/: `response` is its name without "utter_", `values` fill its {placeholders}."""
        self._messages.append(
            {
                "response": f"utter_{response}",
                "buttons": [{"title": b.title, "payload": b.payload} for b in buttons],
                **values,
            }
        )

    def direct(self, kind: str, **values: Any) -> None:
        """Ask the gateway to do something: see bot/conversation/directives.py."""
        self._messages.append({"json_message": {"directive": {"type": kind, **values}}})

    def hand_over(self, reason: str, priority: str = "normal", **known: Any) -> None:
        """Ask the gateway for a person, once the action has finished, and tell them where the conversation stands.

        `known` may add what bot/handoff/packet.py keeps. Of several wishes in one turn the first is heard.
        """
        if self.handing_over is not None:
            return
        place = self.places.current
        open_places = {"topic": place.topic, "step": place.at} if place else {}
        answers = [f"{question}: {answer}" for question, answer in (place.answers if place else {}).items()]
        known = {**open_places, "answers": answers, **known}
        self.handing_over = {"reason": reason, "priority": priority, **known}

    def failed(self, task: str, error: BackendError, opened_as: str) -> None:
        """Note that the backend has refused a task or not answered; the third failure calls a person.

        `task` is the topic that it answers, `opened_as` that of its places.
        """
        self.trouble.note(task, error)
        if self.trouble.is_enough(task):
            place = self.places.current
            step = place.at if place and place.topic == opened_as else ""
            self.hand_over("task_failed", topic=task, step=step, tried=[task])

    def said(self) -> list[str]:
        """The names of the texts answered so far."""
        return [m["response"].removeprefix("utter_") for m in self._messages if "response" in m]

    def label(self, topic: str) -> str:
        """A topic's title in the client's language."""
        return self.knowledge.label(topic, self.language)

    def topic_button(self, topic: str) -> Button:
        """A button that opens a topic."""
        return Button(self.label(topic), f"/{topic}")

    def text_button(self, topic: str, name: str, payload: str) -> Button:
        """A button whose label is the text `name` of a topic."""
        return Button(self.knowledge.text(topic, name, self.language), payload)

    def guide_label(self, name: str) -> str:
        """A label that belongs to no topic (see data/topics/conversation/guide)."""
        return self.knowledge.text("guide", name, self.language)

    def discard(self) -> None:
        """Take back what was answered so far in this turn."""
        self._messages = []

    def flush(self, dispatcher: CollectingDispatcher) -> list[EventType]:
        """Hand the answers to Rasa and give back the events that keep the place."""
        if self.handing_over is None:
            self._gather_buttons()
        else:
            self._pass_on(self.handing_over)
        for message in self._messages:
            dispatcher.utter_message(**message)
        return [
            SlotSet("place", self.places.as_json()),
            SlotSet("misses", self.misses),
            SlotSet("trouble", self.trouble.as_json()),
            SlotSet("other_language", self.other_language),
        ]

    def _pass_on(self, known: dict[str, Any]) -> None:
        """Ask for the person last of all: what else is directed is over then. Nothing is left to choose."""
        for message in self._messages:
            message.pop("buttons", None)
        self.direct("handoff", **known)
        self.trouble.clear()

    def _gather_buttons(self) -> None:
        """Put all buttons of the turn under its last text that has any.

        Only the newest menu of a conversation can be used: taps on an older one are refused, and by SMS each
        menu is numbered from 1.
        """
        menus = [message["buttons"] for message in self._messages if message.get("buttons")]
        for earlier in menus[:-1]:
            menus[-1].extend(button for button in earlier if button not in menus[-1])
            earlier.clear()
