"""The client's message as Rasa has understood it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker

from contracts.codec import convert
from contracts.enums import ChannelKind
from contracts.turns import MessageMetadata
from knowledge import Knowledge

# Where the gateway took a secret out of a message.
REDACTED_MARK = "⟦secret:"


@dataclass(frozen=True)
class RankedTopic:
    """A topic that the message may be about, with its confidence between 0 and 1."""

    topic: str
    confidence: float


@dataclass(frozen=True)
class UnderstoodMessage:
    """One message of the client, with what Rasa's end has found in it."""

    id: str
    text: str
    intent: str
    entities: Mapping[str, str]
    ranking: tuple[RankedTopic, ...]
    client: str
    """`<channel>:<peer>`: how the auth backend knows the chat."""
    channel: ChannelKind
    language: str
    """The language that the message is in, `other` for none that is served, "" when that cannot be told."""
    second_topic: str | None
    """The other topic that the message is about, None when there is none."""

    @classmethod
    def from_tracker(cls, tracker: Tracker, knowledge: Knowledge) -> UnderstoodMessage:
        """Read the tracker's latest message. Raises ContractError when its metadata is not the gateway's."""
        message: Mapping[str, Any] = tracker.latest_message or {}
        metadata: MessageMetadata = convert(message.get("metadata") or {}, MessageMetadata)
        return cls(
            id=str(message.get("message_id") or ""),
            text=str(message.get("text") or ""),
            intent=str((message.get("intent") or {}).get("name") or ""),
            entities={str(e["entity"]): str(e["value"]) for e in message.get("entities") or ()},
            ranking=tuple(
                RankedTopic(str(ranked["name"]), float(ranked["confidence"]))
                for ranked in message.get("intent_ranking") or ()
            ),
            client=metadata.client,
            channel=metadata.channel,
            language=str(message.get("language") or ""),
            second_topic=_second_topic(message, knowledge),
        )


def _second_topic(message: Mapping[str, Any], knowledge: Knowledge) -> str | None:
    """Return the other topic that the message is about.

    Two sentences that announce nothing of the kind are often one matter told at length ("I have a new phone. How do
    I move IB Key?"), where the topics are neighbours: then the one offers the other anyway.
    """
    first = knowledge.topics.get(str((message.get("intent") or {}).get("name")))
    found = message.get("second_topic") or {}
    second = knowledge.topics.get(str(found.get("name")))
    if first is None or second is None:
        return None
    are_neighbours = second.id in first.next_topics or first.id in second.next_topics
    return None if are_neighbours and not found.get("announced") else second.id
