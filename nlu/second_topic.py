"""Two problems in one message: which topic comes first, and which one is remembered.

ClauseSplitter appends the clauses of a message as messages of their own, so that the components after it read them.
SecondTopicDetector evaluates the result and removes the clauses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.component import StatelessComponent
from nlu.parsed_message import CLAUSE_KEY, SECOND_TOPIC_KEY, IntentScore
from nlu.topic_priority import TopicPriorityComponent
from nlu.training_data import TopicPriority

# Shorter clauses say nothing about a topic ("ok", "あの").
_MIN_LETTERS = {"cjk": 4, "latin": 8}
_SENTENCE_END = re.compile(r"(?<=[.!?;。！？；\n])\s*")
# Words that announce another matter: what follows is a second problem, not more about the first.
_ANNOUNCEMENT = re.compile(
    r"(?:[,、]\s*)?\b(?:and also|also|and another thing|another thing|besides|plus|secondly|second question|"
    r"one more thing|additionally|as well as|on top of that|by the way)\b[,:]?\s*"
    r"|(?:^|(?<=[。、！？\n 　]))"
    r"(?:あと|それと|それから|また|ついでに|もう一つ|もうひとつ|加えて|他に|ほかに|別件ですが|ちなみに)"
    r"(?:ですが|なんですが)?[、,]?\s*"
    # "The fee, and the way back": と after a noun; after a verb it means "when".
    r"|(?<![るうくすつぬむぶぐだいた])と、",
    re.IGNORECASE,
)
_CONJUNCTION = re.compile(r",?(?<!\s)\s+\band\b\s+|(?<=[すたいる])(?:し|が)、|、", re.IGNORECASE)
_CJK = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")


class Clause(NamedTuple):
    """A part of a message."""

    text: str
    announced: bool
    """Whether a word before it announces another matter."""


def split_clauses(text: str, max_clauses: int) -> list[Clause]:
    """Return the clauses of `text`; an empty list if there are fewer than two or more than `max_clauses`."""
    found: list[Clause] = []
    for sentence in _SENTENCE_END.split(text):
        for number, part in enumerate(_ANNOUNCEMENT.split(sentence)):
            pieces = [piece for piece in _CONJUNCTION.split(part) if _is_meaningful(piece)]
            whole = [part] if len(pieces) < 2 else pieces
            found += [
                Clause(piece.strip(), number > 0 and index == 0)
                for index, piece in enumerate(whole)
                if _is_meaningful(piece)
            ]
    return found if 2 <= len(found) <= max_clauses else []


def _is_meaningful(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return len(letters) >= _MIN_LETTERS["cjk" if _CJK.search(text) else "latin"]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ClauseSplitter(StatelessComponent):
    """Inserts the clauses of a message behind it, for the components that follow to read."""

    def __init__(self, max_clauses: int) -> None:
        self._max_clauses = max_clauses

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options. `max_clauses`: messages with more clauses are read as a whole only."""
        return {"max_clauses": 4}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> ClauseSplitter:
        """See StatelessComponent."""
        return cls(int(config["max_clauses"]))

    def process(self, messages: list[Message]) -> list[Message]:
        """Return each message followed by its clauses. A button's payload has none."""
        split: list[Message] = []
        for message in messages:
            text = message.get(TEXT) or ""
            clauses = [] if text.startswith("/") else split_clauses(text, self._max_clauses)
            split.append(message)
            split += [Message({TEXT: clause.text, CLAUSE_KEY: clause.announced}) for clause in clauses]
        return split


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class SecondTopicDetector(TopicPriorityComponent):
    """Sets the intent of a message to the topic that comes first, and `second_topic` to {name, confidence, announced}.

    `announced` is whether the client's words said that another matter follows. If not, two sentences may be about one
    and the same matter.
    """

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, storage, resource)
        self._min_confidence = float(config["min_confidence"])
        self._min_confidence_unannounced = float(config["min_confidence_unannounced"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the options.

        `min_confidence`: a clause with less is not a problem of its own. `min_confidence_unannounced`: the same if the
        message as a whole is understood and no word announces another matter.
        """
        return {"min_confidence": 0.6, "min_confidence_unannounced": 0.95}

    def process(self, messages: list[Message]) -> list[Message]:
        """Rank the topics of each message and return the messages without their clauses."""
        whole: list[Message] = []
        clauses: list[list[Message]] = []
        for message in messages:
            if message.get(CLAUSE_KEY) is None:
                whole.append(message)
                clauses.append([])
            else:
                clauses[-1].append(message)
        for message, clauses_of_it in zip(whole, clauses, strict=True):
            self._rank(message, clauses_of_it)
        return whole

    def _rank(self, message: Message, clauses: Sequence[Message]) -> None:
        """Choose the first and the second topic from those of the whole message and of its clauses."""
        whole: IntentScore = message.get(INTENT)
        topics, announced = self._topics_of(clauses, self._threshold(whole, clauses))
        if not topics:
            return
        if self.priorities.get(whole["name"]) is TopicPriority.URGENT:
            topics = {whole["name"]: whole, **{n: i for n, i in topics.items() if n != whole["name"]}}
        urgent = [name for name in topics if self.priorities[name] is TopicPriority.URGENT]
        if len(topics) < 2 and not urgent:
            return
        order = list(topics)
        if urgent:
            first = urgent[0]
        elif whole["name"] in topics and not announced:
            # Sentences that explain each other: the topic of the whole message is the problem.
            first = whole["name"]
        else:
            first = order[0]
        _set_first(message, topics[first])
        rest = [name for name in order if name != first]
        if rest:
            second = {**topics[rest[0]], "announced": announced}
            message.set(SECOND_TOPIC_KEY, second, add_to_output=True)

    def _threshold(self, whole: IntentScore, clauses: Sequence[Message]) -> float:
        """Return the confidence that a clause needs.

        Half a sentence is easily misread, so clauses of a message that is understood as a whole need more, unless one
        is announced.
        """
        understood = whole["name"] in self.priorities and whole["confidence"] >= self._min_confidence
        if understood and not any(clause.get(CLAUSE_KEY) for clause in clauses):
            return self._min_confidence_unannounced
        return self._min_confidence

    def _topics_of(
        self, clauses: Sequence[Message], min_confidence: float
    ) -> tuple[dict[str, IntentScore], bool]:
        """Return the intents of the clauses by topic, in order, and whether one after the first was announced."""
        topics: dict[str, IntentScore] = {}
        announced = False
        for clause in clauses:
            intent: IntentScore = clause.get(INTENT)
            if intent["name"] in self.priorities and intent["confidence"] >= min_confidence:
                announced = announced or (bool(topics) and bool(clause.get(CLAUSE_KEY)))
                topics.setdefault(intent["name"], intent)
        return topics, announced


def _set_first(message: Message, intent: IntentScore) -> None:
    ranking = [known for known in message.get(INTENT_RANKING_KEY) or [] if known["name"] != intent["name"]]
    message.set(INTENT, intent, add_to_output=True)
    message.set(INTENT_RANKING_KEY, [intent, *ranking], add_to_output=True)
