"""The topics' texts as Rasa responses: names, languages and SMS variants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from knowledge import Knowledge, Text, composed_texts


class SharedNameError(ValueError):
    """Two texts would become responses of the same name."""


def responses(knowledge: Knowledge) -> dict[str, list[dict[str, Any]]]:
    """Response name -> its variations, sorted by name. Each one has its language as a condition; a shorter
    one for SMS stands before the general one of its language.

    Raises SharedNameError.
    """
    named: dict[str, list[dict[str, Any]]] = {}
    for _, topic in sorted(knowledge.topics.items()):
        for code in sorted(topic.languages):
            for said_as, text in composed_texts(knowledge, topic, code):
                name = f"utter_{said_as}"
                variations = named.setdefault(name, [])
                if any(variation["condition"][0]["value"] == code for variation in variations):
                    raise SharedNameError(
                        f"{topic.group}/{topic.id}: two texts would be called {name} in {code}"
                    )
                variations.extend(_variations(text, code))
    return dict(sorted(named.items()))


def _variations(text: Text, code: str) -> Iterator[dict[str, Any]]:
    condition = [{"type": "slot", "name": "language", "value": code}]
    if text.sms is not None:
        yield {"text": text.sms, "condition": condition, "channel": "sms"}
    yield {"text": text.text, "condition": condition}
