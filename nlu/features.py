"""A message as one vector, by a sentence encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.encoder import SentenceEncoder, load_encoder
from nlu.numbers import without_numbers


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(GraphComponent):  # type: ignore[misc]
    """Adds the vector of the encoder at the path `encoder` to each message, as a dense sentence feature."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The encoder that config.yml names unless told otherwise."""
        return {"encoder": "nlu.encoder.UniversalSentenceEncoder"}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceFeaturizer:
        """A featurizer with the encoder of the configuration, which is shared by the whole process."""
        return cls(load_encoder(config["encoder"]))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add vectors to all examples, in one go."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add a vector to each message that has a text."""
        written = [message for message in messages if isinstance(message.get(TEXT), str)]
        vectors = self._encoder.encode([without_numbers(message.get(TEXT)) for message in written])
        for message, vector in zip(written, vectors, strict=True):
            message.add_features(
                Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, type(self).__name__)
            )
        return messages
