"""The intent of a message: which topic the client means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.features import MessageVectors, vectors_of
from nlu.intents import IntentModel, Settings
from nlu.numbers import NUMBER, PHONE

# The intent of a bare answer to a question.
INFORM = "inform"
RANKING_LENGTH = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent, IntentClassifier):  # type: ignore[misc]
    """Sets a message's intent and ranking. Needs SentenceFeaturizer before it."""

    def __init__(
        self,
        config: dict[str, Any],
        storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None = None,
    ) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self.model = model

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See config.yml for what each one means."""
        return {
            "answers": [PHONE, NUMBER],
            "sure_alone": 0.9,
            "ridge": 0.2,
            "outside": None,
            **asdict(Settings()),
        }

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TopicClassifier:
        """A classifier that knows no topic yet."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> TopicClassifier:
        """The classifier of a trained model."""
        with model_storage.read_from(resource) as directory:
            return cls(config, model_storage, resource, IntentModel.load(directory))

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the model to the examples and keep it."""
        from nlu.fitting import Examples, fit

        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        vectors = [found for example in examples if (found := vectors_of(example))]
        self.model = fit(
            Examples(
                np.vstack([found.all() for found in vectors]),
                vectors[0].dimensions(),
                [found.text for found in vectors],
                [example.get(INTENT) for example in examples],
            ),
            ridge=self._config["ridge"],
            outside=self._config["outside"],
            settings=Settings(**{name: self._config[name] for name in asdict(Settings())}),
        )
        with self._storage.write_to(self._resource) as directory:
            self.model.save(directory)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking of each message; one with nothing to read gets no confidence."""
        for message, ranking in zip(messages, self._rankings(messages), strict=True):
            named = [{"name": name, "confidence": chance} for name, chance in ranking[:RANKING_LENGTH]]
            message.set(INTENT, named[0] if named else {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set(INTENT_RANKING_KEY, named, add_to_output=True)
        return messages

    def _rankings(self, messages: list[Message]) -> list[list[tuple[str, float]]]:
        model = self.model
        if model is None:
            return [[] for _ in messages]
        rankings: dict[int, list[tuple[str, float]]] = {}
        written: dict[int, MessageVectors] = {}
        for number, message in enumerate(messages):
            vectors = vectors_of(message)
            if INFORM in model.labels and is_only(message, self._config["answers"]):
                rankings[number] = [(INFORM, 1.0)]
            elif vectors and vectors.first().any():
                written[number] = vectors
            else:
                rankings[number] = [(label, 0.0) for label in model.labels]
        if written:
            rows = np.vstack([vectors.first() for vectors in written.values()])
            alone = model.probabilities(rows, [vectors.text for vectors in written.values()])
            for (number, vectors), chances in zip(written.items(), alone, strict=True):
                if self._is_enough(messages[number], vectors, chances):
                    rankings[number] = model.ranking(chances)
                else:
                    (by_all,) = model.probabilities(vectors.all()[np.newaxis], [vectors.text])
                    rankings[number] = model.ranking(by_all)
        return [rankings[number] for number in range(len(messages))]

    def _is_enough(self, message: Message, vectors: MessageVectors, alone: NDArray[np.float64]) -> bool:
        """Whether the first encoder need not be followed by the others, if there are any. A clause that no word
        announces counts only where it is very sure: it is not worth their time."""
        sure = bool(alone.max() >= self._config["sure_alone"])
        return sure or message.get("clause") is False or len(vectors.dimensions()) == 1


def is_only(message: Message, entities: Sequence[str]) -> bool:
    """Whether the message is one of these entities and has no other letter or digit."""
    text = message.get(TEXT) or ""
    found = [entity for entity in message.get(ENTITIES, []) if entity["entity"] in entities]
    if len(found) != 1:
        return False
    rest = text[: found[0]["start"]] + text[found[0]["end"] :]
    return not any(character.isalnum() for character in rest)
