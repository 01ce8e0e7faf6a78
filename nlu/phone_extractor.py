"""Phone numbers as entities."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.component import StatelessComponent
from nlu.entities import add_entities
from nlu.phone_matcher import find_phone_numbers


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PhoneExtractor(StatelessComponent):
    """Adds the entities phone_number and number."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the phone numbers of each message to its entities."""
        for message in messages:
            matches = find_phone_numbers(message.get(TEXT) or "")
            add_entities(
                message,
                type(self).__name__,
                ((match.entity, match.value, match.start, match.end) for match in matches),
            )
        return messages
