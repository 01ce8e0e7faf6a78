"""Entities as Rasa stores them in a message."""

from __future__ import annotations

from collections.abc import Iterable

from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message


def add_entities(message: Message, extractor: str, matches: Iterable[tuple[str, str, int, int]]) -> None:
    """Append an entity for each match, (entity, value, start, end), to those of the message."""
    found = [
        {
            "entity": entity,
            "value": value,
            "start": start,
            "end": end,
            "confidence_entity": 1.0,
            "extractor": extractor,
        }
        for entity, value, start, end in matches
    ]
    message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
