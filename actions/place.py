"""Where a conversation stands: the guides and tasks that are open, the current one on top."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from knowledge import Topic

# How many things may lie open under each other; the oldest is let go.
DEPTH = 3
# Where a place stands that was only spoken of: the second of two problems in one message.
WAITING = "waiting"


@dataclass(frozen=True)
class Place:
    """One open guide or task.

    `at` is the guide's item or the task's state; `answers` what the client said to its questions; `data` what a
    task must remember; `paused` is True after another question was answered in between. Of a topic that was only
    spoken of, and waits to be asked about, `at` is WAITING.
    """

    topic: str
    at: str
    answers: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    paused: bool = False

    def as_json(self) -> dict[str, Any]:
        """The place as the tracker's slot keeps it."""
        return {
            "topic": self.topic,
            "at": self.at,
            "answers": self.answers,
            "data": self.data,
            "paused": self.paused,
        }


class Places:
    """The stack of open places."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self._places = list(places)

    @classmethod
    def from_slot(cls, value: Any, topics: Mapping[str, Topic]) -> Places:
        """The places in the tracker's slot; those of a topic or a guide's item that is gone since are left out."""
        return cls(
            Place(
                topic=item["topic"],
                at=item["at"],
                answers=dict(item.get("answers") or {}),
                data=dict(item.get("data") or {}),
                paused=bool(item.get("paused")),
            )
            for item in value or ()
            if _exists(item, topics)
        )

    def as_json(self) -> list[dict[str, Any]]:
        """The stack as the tracker's slot keeps it, the current place last."""
        return [place.as_json() for place in self._places]

    @property
    def current(self) -> Place | None:
        """The place on top, or None when nothing is open."""
        return self._places[-1] if self._places else None

    def answer(self, question: str) -> str | None:
        """What the client has answered to `question` in any open place."""
        return next((p.answers[question] for p in reversed(self._places) if question in p.answers), None)

    def remember(self, topic: str) -> None:
        """Note on top that the client also spoke of `topic`, unless it is open already."""
        if not any(place.topic == topic for place in self._places):
            self.open(Place(topic, WAITING, paused=True))

    def take_waiting(self, topic: str) -> Place | None:
        """Take out what was to be asked about `topic`, and give it back; None when there was nothing."""
        waiting = next((p for p in self._places if p.topic == topic and p.at == WAITING), None)
        self.drop(lambda place: place is waiting)
        return waiting

    def open(self, place: Place) -> None:
        """Put `place` on top; the same topic further down is taken out."""
        self._places = [*[p for p in self._places if p.topic != place.topic][-(DEPTH - 1) :], place]

    def raise_to_top(self, wanted: Callable[[Place], bool]) -> Place | None:
        """Put the topmost place that is `wanted` on top and give it back; None when there is none."""
        place = next((p for p in reversed(self._places) if wanted(p)), None)
        if place is not None:
            self.open(place)
        return place

    def update(self, **values: Any) -> Place:
        """Change the place on top and give it back."""
        self._places[-1] = replace(self._places[-1], **values)
        return self._places[-1]

    def close(self) -> None:
        """Take the place on top away; the one below goes on as paused."""
        if self._places:
            self._places.pop()
        if self._places:
            self.update(paused=True)

    def drop(self, unwanted: Callable[[Place], bool]) -> None:
        """Take out every place that is `unwanted`."""
        self._places = [place for place in self._places if not unwanted(place)]

    def clear(self) -> None:
        """Close everything."""
        self._places = []


def _exists(item: Mapping[str, Any], topics: Mapping[str, Topic]) -> bool:
    topic = topics.get(str(item.get("topic")))
    at = item.get("at")
    return topic is not None and (at == WAITING or not topic.guide or any(i.name == at for i in topic.guide))
