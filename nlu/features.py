"""A message as vectors, one by each sentence encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.encoder import SentenceEncoder, Vectors, load_encoder
from nlu.numbers import without_numbers
from nlu.remembered import VECTORS, Remembering

_VECTORS = "vectors"


class MessageVectors:
    """The vectors of one message. An encoder is asked when its vector is wanted for the first time: the later ones
    take many times as long as the first and are seldom needed."""

    def __init__(self, text: str, encoders: Sequence[SentenceEncoder]) -> None:
        self.text = without_numbers(text)
        self._encoders = encoders
        self._known: list[Vectors] = []

    def first(self) -> Vectors:
        """By the first encoder, and zeros in the place of the others; side by side."""
        rest = sum(encoder.dimension for encoder in self._encoders[1:])
        return np.concatenate([self._up_to(1)[0], np.zeros(rest, np.float32)])

    def all(self) -> Vectors:
        """By each encoder, side by side."""
        return np.concatenate(self._up_to(len(self._encoders)))

    def dimensions(self) -> tuple[int, ...]:
        """Of each encoder."""
        return tuple(encoder.dimension for encoder in self._encoders)

    def know(self, vector: Vectors) -> None:
        """Take the next encoder's vector from somebody who has read many messages at once."""
        self._known.append(vector)

    def _up_to(self, count: int) -> list[Vectors]:
        for encoder in self._encoders[len(self._known) : count]:
            self.know(encoder.encode([self.text])[0])
        return self._known[:count]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(GraphComponent):  # type: ignore[misc]
    """Gives each message its vectors."""

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
        """Give all examples all their vectors."""
        keeping = [Remembering(encoder, VECTORS) for encoder in self._encoders]
        _read(self._begun(training_data.training_examples), keeping)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Give each message that has a text its first vector; the others are made when they are wanted."""
        _read(self._begun(messages), self._encoders[:1])
        return messages

    def _begun(self, messages: list[Message]) -> list[MessageVectors]:
        found = []
        for message in messages:
            if isinstance(message.get(TEXT), str):
                found.append(MessageVectors(message.get(TEXT), self._encoders))
                message.set(_VECTORS, found[-1])
        return found


def _read(found: Sequence[MessageVectors], encoders: Sequence[SentenceEncoder]) -> None:
    for encoder in encoders:
        rows = encoder.encode([vectors.text for vectors in found])
        for vectors, row in zip(found, rows, strict=True):
            vectors.know(row)


def vectors_of(message: Message) -> MessageVectors | None:
    """What the featurizer added to the message; None when it has no text."""
    found: MessageVectors | None = message.get(_VECTORS)
    return found
