"""The vectors of a message, one per sentence encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.arrays import Float32Array
from nlu.component import StatelessComponent
from nlu.embedding_cache import CACHE_FOLDER, CachedEncoder
from nlu.encoder import SentenceEncoder, load_encoder
from nlu.phone_matcher import mask_phone_numbers

_VECTORS_KEY = "vectors"


class MessageVectors:
    """The vectors of one message, computed on demand.

    The later encoders take many times as long as the first and are seldom needed.
    """

    def __init__(self, text: str, encoders: Sequence[SentenceEncoder]) -> None:
        self.text = mask_phone_numbers(text)
        self._encoders = encoders
        self._vectors: list[Float32Array] = []

    @property
    def dimensions(self) -> tuple[int, ...]:
        """The dimension of each encoder; d is their sum."""
        return tuple(encoder.dimension for encoder in self._encoders)

    def by_first_encoder(self) -> Float32Array:
        """Return the vector (d,) by the first encoder, with zeros for the others."""
        rest = sum(self.dimensions[1:])
        return np.concatenate([self._compute(1)[0], np.zeros(rest, np.float32)])

    def by_all_encoders(self) -> Float32Array:
        """Return the concatenated vectors (d,) by all encoders."""
        return np.concatenate(self._compute(len(self._encoders)))

    def append(self, vector: Float32Array) -> None:
        """Store the next encoder's vector, computed together with those of other messages."""
        self._vectors.append(vector)

    def _compute(self, count: int) -> list[Float32Array]:
        for encoder in self._encoders[len(self._vectors) : count]:
            self.append(encoder.encode([self.text])[0])
        return self._vectors[:count]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(StatelessComponent):
    """Adds a MessageVectors to each message that has a text."""

    def __init__(self, encoders: Sequence[SentenceEncoder], cache_folder: Path = CACHE_FOLDER) -> None:
        self._encoders = tuple(encoders)
        self._cache_folder = cache_folder

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options.

        `encoders`: dotted paths of classes with the interface of nlu.encoder.SentenceEncoder. `cache_folder`: keeps the
        vectors of the examples from one training to the next.
        """
        return {
            "encoders": ["nlu.encoder.UniversalSentenceEncoder", "nlu.encoder.SmallE5"],
            "cache_folder": str(CACHE_FOLDER),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SentenceFeaturizer:
        """Return a featurizer with the configured encoders, which the whole process shares."""
        encoders = [load_encoder(path) for path in config["encoders"]]
        return cls(encoders, Path(config["cache_folder"]))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors of all encoders to each example."""
        cached = [CachedEncoder(encoder, self._cache_folder) for encoder in self._encoders]
        _encode(self._add_vectors(training_data.training_examples), cached)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector of the first encoder to each message; those of the others follow on demand."""
        _encode(self._add_vectors(messages), self._encoders[:1])
        return messages

    def _add_vectors(self, messages: list[Message]) -> list[MessageVectors]:
        added = []
        for message in messages:
            text = message.get(TEXT)
            if isinstance(text, str):
                added.append(MessageVectors(text, self._encoders))
                message.set(_VECTORS_KEY, added[-1])
        return added


def _encode(messages: Sequence[MessageVectors], encoders: Sequence[SentenceEncoder]) -> None:
    for encoder in encoders:
        rows = encoder.encode([vectors.text for vectors in messages])
        for vectors, row in zip(messages, rows, strict=True):
            vectors.append(row)


def vectors_of(message: Message) -> MessageVectors | None:
    """Return what SentenceFeaturizer added to the message; None if the message has no text."""
    vectors: MessageVectors | None = message.get(_VECTORS_KEY)
    return vectors
