"""The topics' texts as Rasa responses: names, languages and SMS variants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from knowledge import Knowledge, Text, TextId
from knowledge.rendering import ANSWER, find_text, text_ids


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
            for text_id in text_ids(knowledge, topic, code):
                text = find_text(knowledge, text_id, code)
                name = _response_name(text_id)
                variations = named.setdefault(name, [])
                if any(variation["condition"][0]["value"] == code for variation in variations):
                    raise SharedNameError(
                        f"{topic.group}/{topic.id}: two texts would be called {name} in {code}"
                    )
                variations.extend(_variations(text, code))
    return dict(sorted(named.items()))


def _response_name(text_id: TextId) -> str:
    """Return utter_<topic> for the answer, utter_<topic>__<name> for others, and ...__help for the help with a step."""
    name = "" if text_id.name == ANSWER else f"__{text_id.name}"
    return f"utter_{text_id.topic}{name}" + ("__help" if text_id.is_help else "")


def _variations(text: Text, code: str) -> Iterator[dict[str, Any]]:
    condition = [{"type": "slot", "name": "language", "value": code}]
    if text.sms is not None:
        yield {"text": text.sms, "condition": condition, "channel": "sms"}
    yield {"text": text.text, "condition": condition}
