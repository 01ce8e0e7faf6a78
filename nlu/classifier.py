"""The intent of a message: the topic that the client means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.arrays import Float64Array
from nlu.component import TrainableComponent
from nlu.features import MessageVectors, vectors_of
from nlu.intent_model import IntentModel, SimilaritySettings
from nlu.parsed_message import CLAUSE_KEY, INFORM, IntentScore
from nlu.phone_matcher import NUMBER_ENTITY, PHONE_ENTITY

_MAX_RANKING = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(TrainableComponent, IntentClassifier):  # type: ignore[misc]
    """Sets the intent and the ranking of a message. Needs SentenceFeaturizer before it."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, storage, resource)
        self.model: IntentModel | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options; config.yml says what each one means."""
        return {
            "answer_entities": [PHONE_ENTITY, NUMBER_ENTITY],
            "min_first_encoder_confidence": 0.9,
            "ridge": 0.2,
            "out_of_scope_intent": None,
            **asdict(SimilaritySettings()),
        }

    def train(self, training_data: TrainingData) -> Resource:
        """Train the model on the examples and store it."""
        from nlu.example_set import ExampleSet
        from nlu.intent_training import train_intent_model

        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        vectors = [found for example in examples if (found := vectors_of(example))]
        self.model = train_intent_model(
            ExampleSet(
                np.vstack([found.by_all_encoders() for found in vectors]),
                vectors[0].dimensions,
                [found.text for found in vectors],
                [example.get(INTENT) for example in examples],
            ),
            ridge=self._config["ridge"],
            out_of_scope=self._config["out_of_scope_intent"],
            settings=SimilaritySettings(
                **{name: self._config[name] for name in asdict(SimilaritySettings())}
            ),
        )
        return self._persist()

    def read_from(self, directory: Path) -> None:
        """See TrainableComponent."""
        self.model = IntentModel.load(directory)

    def write_to(self, directory: Path) -> None:
        """See TrainableComponent."""
        if self.model is not None:
            self.model.save(directory)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the ranking of each message. One with nothing to read gets the confidence 0."""
        for message, ranking in zip(messages, self._rankings(messages), strict=True):
            scores = [IntentScore(name=name, confidence=value) for name, value in ranking[:_MAX_RANKING]]
            intent = scores[0] if scores else {"name": None, "confidence": 0.0}
            message.set(INTENT, intent, add_to_output=True)
            message.set(INTENT_RANKING_KEY, scores, add_to_output=True)
        return messages

    def _rankings(self, messages: list[Message]) -> list[list[tuple[str, float]]]:
        """Return the (label, confidence) pairs of each message, the best first."""
        model = self.model
        if model is None:
            return [[] for _ in messages]
        rankings: dict[int, list[tuple[str, float]]] = {}
        unread: dict[int, MessageVectors] = {}
        for index, message in enumerate(messages):
            vectors = vectors_of(message)
            if INFORM in model.labels and is_bare_entity(message, self._config["answer_entities"]):
                rankings[index] = [(INFORM, 1.0)]
            elif vectors and vectors.by_first_encoder().any():
                unread[index] = vectors
            else:
                rankings[index] = [(label, 0.0) for label in model.labels]
        if unread:
            rows = np.vstack([vectors.by_first_encoder() for vectors in unread.values()])
            by_first = model.probabilities(rows, [vectors.text for vectors in unread.values()])
            for (index, vectors), probabilities in zip(unread.items(), by_first, strict=True):
                if self._is_first_encoder_enough(messages[index], vectors, probabilities):
                    rankings[index] = model.ranking(probabilities)
                else:
                    rows = vectors.by_all_encoders()[np.newaxis]
                    (by_all,) = model.probabilities(rows, [vectors.text])
                    rankings[index] = model.ranking(by_all)
        return [rankings[index] for index in range(len(messages))]

    def _is_first_encoder_enough(
        self, message: Message, vectors: MessageVectors, probabilities: Float64Array
    ) -> bool:
        """Return whether the other encoders can be skipped; `probabilities`, (c,), are by the first one.

        An unannounced clause counts only if its confidence is very high, so it is not worth their time.
        """
        confident = bool(probabilities.max() >= self._config["min_first_encoder_confidence"])
        return confident or message.get(CLAUSE_KEY) is False or len(vectors.dimensions) == 1


def is_bare_entity(message: Message, entities: Sequence[str]) -> bool:
    """Return whether the message is one of these entities and has no other letter or digit."""
    text = message.get(TEXT) or ""
    found = [entity for entity in message.get(ENTITIES, []) if entity["entity"] in entities]
    if len(found) != 1:
        return False
    rest = text[: found[0]["start"]] + text[found[0]["end"] :]
    return not any(character.isalnum() for character in rest)
