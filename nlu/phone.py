"""Telephone numbers as entities."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.numbers import find_numbers


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PhoneExtractor(GraphComponent):  # type: ignore[misc]
    """Adds the entities phone_number and number."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PhoneExtractor:
        """It has nothing to set up."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the numbers found to each message's entities."""
        for message in messages:
            found = [
                {
                    "entity": number.entity,
                    "value": number.value,
                    "start": number.start,
                    "end": number.end,
                    "confidence_entity": 1.0,
                    "extractor": type(self).__name__,
                }
                for number in find_numbers(message.get(TEXT) or "")
            ]
            message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
