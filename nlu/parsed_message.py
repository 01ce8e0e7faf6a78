"""What a parsed message holds: intents with a meaning of their own, and the keys of our components. Without Rasa."""

from __future__ import annotations

from typing import TypedDict

from contracts.enums import StrEnum

INFORM = "inform"
"""The intent of a bare answer to a question: a phone number, the name of a phone."""
OUT_OF_SCOPE = "out_of_scope"
"""The intent of a message about something that no topic covers."""
FALLBACK = "nlu_fallback"
"""Rasa's intent of a message that was not understood; set by AmbiguityClassifier."""

AMBIGUITY_KEY = "ambiguity"
"""Holds the AmbiguityKind of a message whose intent is FALLBACK."""
CLAUSE_KEY = "clause"
"""Marks a message as a clause of the one before: true if a word announced it as another matter. Internal: absent from
the result."""
SECOND_TOPIC_KEY = "second_topic"
"""Holds {name, confidence, announced} of the second topic of a message."""


class IntentScore(TypedDict):
    """An intent of a message, or one entry of its ranking."""

    name: str
    confidence: float
    """Between 0 and 1."""


class AmbiguityKind(StrEnum):
    """Why a message cannot be answered as it is."""

    NO_TOPIC = "no_topic"
    """No topic is likely enough."""
    CLOSE_TOPICS = "close_topics"
    """The first two topics are about equally likely."""
