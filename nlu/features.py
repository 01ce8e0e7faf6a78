"""A message as vectors, one by each sentence encoder."""

from __future__ import annotations

from collections.abc import Sequence
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

from nlu.encoder import SentenceEncoder, Vectors, load_encoder
from nlu.numbers import without_numbers
from nlu.remembered import VECTORS, Remembering


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(GraphComponent):  # type: ignore[misc]
    """Adds the vector of each encoder to each message, as dense sentence features in the encoders' order."""

    def __init__(self, encoders: Sequence[SentenceEncoder]) -> None:
        self._encoders = tuple(encoders)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`encoders`: dotted paths of classes with the methods of nlu.encoder.SentenceEncoder."""
        return {"encoders": ["nlu.encoder.UniversalSentenceEncoder", "nlu.encoder.SmallE5"]}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceFeaturizer:
        """A featurizer with the encoders of the configuration, which are shared by the whole process."""
        return cls([load_encoder(path) for path in config["encoders"]])

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add vectors to all examples, in one go."""
        remembering = [Remembering(encoder, VECTORS) for encoder in self._encoders]
        _add_vectors(training_data.training_examples, remembering)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add vectors to each message that has a text."""
        _add_vectors(messages, self._encoders)
        return messages


def _add_vectors(messages: list[Message], encoders: Sequence[SentenceEncoder]) -> None:
    written = [message for message in messages if isinstance(message.get(TEXT), str)]
    texts = [without_numbers(message.get(TEXT)) for message in written]
    for number, encoder in enumerate(encoders):
        for message, vector in zip(written, encoder.encode(texts), strict=True):
            features = Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, f"encoder {number}")
            message.add_features(features)


def vectors_of(message: Message) -> list[Vectors]:
    """What the featurizer added to the message, encoder by encoder; empty when it has no text."""
    return [
        features.features[0]
        for features in message.features
        if features.attribute == TEXT and features.type == FEATURE_TYPE_SENTENCE and features.is_dense()
    ]
