"""What is not clear enough to be answered: a message of no topic, or one between two.

Takes the place of Rasa's FallbackClassifier, which knows one threshold and one margin for all.
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

from nlu.standings import SUBJECT, URGENT, KnowsStandings

NOT_UNDERSTOOD = "nlu_fallback"
REFUSED, CLOSE = "refused", "close"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class UnclearClassifier(KnowsStandings, IntentClassifier):  # type: ignore[misc]
    """Sets the intent of an unclear message to `nlu_fallback` and its `unclear` to "refused" or "close"."""

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, standings: dict[str, str]
    ) -> None:
        super().__init__(config, storage, resource, standings)
        self._refuse_below = float(config["refuse_below"])
        self._ask_within = float(config["ask_within"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`refuse_below`: the confidence of the first topic below which nothing is guessed. `ask_within`: the
        client is asked where the first topic is not this many times as likely as the second; 1 for never."""
        return {"refuse_below": 0.15, "ask_within": 1.0}

    def process(self, messages: list[Message]) -> list[Message]:
        """Mark the unclear ones. Their ranking keeps what was thought of them, behind `nlu_fallback`."""
        subjects = {name for name, standing in self.standings.items() if standing == SUBJECT}
        known = subjects | {name for name, standing in self.standings.items() if standing == URGENT}
        for message in messages:
            ranking = message.get(INTENT_RANKING_KEY) or []
            why = unclear(
                [(one["name"], one["confidence"]) for one in ranking],
                refuse_below=self._refuse_below,
                ask_within=self._ask_within,
                subjects=subjects,
                others=known,
            )
            if why is None:
                continue
            nothing = {"name": NOT_UNDERSTOOD, "confidence": self._refuse_below}
            message.set(INTENT, nothing, add_to_output=True)
            message.set(INTENT_RANKING_KEY, [nothing, *ranking], add_to_output=True)
            message.set("unclear", why, add_to_output=True)
        return messages


def unclear(
    ranking: Sequence[tuple[str, float]],
    *,
    refuse_below: float,
    ask_within: float,
    subjects: Container[str],
    others: Container[str],
) -> str | None:
    """Why the message with this ranking cannot be answered: REFUSED, CLOSE, or None if it can.

    CLOSE only where the first topic is one of `subjects` and the second of `others`: an urgent topic is not
    made to wait for a question, and small talk is not worth one.
    """
    if not ranking or ranking[0][1] < refuse_below:
        return REFUSED
    if len(ranking) > 1 and ranking[0][0] in subjects and ranking[1][0] in others:
        (_, first), (_, second) = ranking[:2]
        if first < ask_within * second:
            return CLOSE
    return None
