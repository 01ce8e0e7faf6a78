"""Messages that are not clear enough to be answered: about no known topic, or between two topics.

Replaces Rasa's FallbackClassifier, which has one threshold and one margin for all intents.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message

from nlu.parsed_message import AMBIGUITY_KEY, FALLBACK, AmbiguityKind
from nlu.topic_priority import TopicPriorityComponent
from nlu.training_data import TopicPriority


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class AmbiguityClassifier(TopicPriorityComponent, IntentClassifier):  # type: ignore[misc]
    """Sets the intent of an ambiguous message to `nlu_fallback` and its `ambiguity` to the kind."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, storage, resource)
        self._min_confidence = float(config["min_confidence"])
        self._min_ratio = float(config["min_ratio"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options.

        `min_confidence`: a first topic with less is not answered. `min_ratio`: the client is asked if the first topic
        is less than this many times as likely as the second; 1 for never.
        """
        return {"min_confidence": 0.15, "min_ratio": 1.0}

    def process(self, messages: list[Message]) -> list[Message]:
        """Mark the ambiguous messages. Their ranking keeps the candidates, behind `nlu_fallback`."""
        normal = {name for name, priority in self.priorities.items() if priority is TopicPriority.NORMAL}
        for message in messages:
            ranking = message.get(INTENT_RANKING_KEY) or []
            kind = find_ambiguity(
                [(candidate["name"], candidate["confidence"]) for candidate in ranking],
                min_confidence=self._min_confidence,
                min_ratio=self._min_ratio,
                normal_topics=normal,
                problem_topics=self.priorities,
            )
            if kind is None:
                continue
            fallback = {"name": FALLBACK, "confidence": self._min_confidence}
            message.set(INTENT, fallback, add_to_output=True)
            message.set(INTENT_RANKING_KEY, [fallback, *ranking], add_to_output=True)
            message.set(AMBIGUITY_KEY, kind.value, add_to_output=True)
        return messages


def find_ambiguity(
    ranking: Sequence[tuple[str, float]],
    *,
    min_confidence: float,
    min_ratio: float,
    normal_topics: Container[str],
    problem_topics: Container[str],
) -> AmbiguityKind | None:
    """Return why the message with this `ranking` of (topic, confidence) cannot be answered; None if it can.

    CLOSE_TOPICS needs a first topic in `normal_topics` and a second one in `problem_topics`: an urgent topic does
    not wait for a question, and small talk is not worth one.
    """
    if not ranking or ranking[0][1] < min_confidence:
        return AmbiguityKind.NO_TOPIC
    if len(ranking) > 1 and ranking[0][0] in normal_topics and ranking[1][0] in problem_topics:
        (_, first), (_, second) = ranking[:2]
        if first < min_ratio * second:
            return AmbiguityKind.CLOSE_TOPICS
    return None
