"""Two problems in one message: which topic comes first, and which one is remembered.

ClauseSplitter lets the components after it read the clauses of a message as messages of their own, behind the
message itself; SecondTopic takes what they found, and leaves the message alone again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.standings import URGENT, KnowsStandings

# Clauses shorter than this many letters say nothing about a topic ("ok", "あの").
_LETTERS = {"cjk": 4, "latin": 8}
_ENDS = re.compile(r"(?<=[.!?;。！？；\n])\s*")
# Words by which people pass to another matter. What stands behind one is a second problem, not more of the first.
_ANOTHER = re.compile(
    r"(?:[,、]\s*)?\b(?:and also|also|and another thing|another thing|besides|plus|secondly|second question|"
    r"one more thing|additionally|as well as|on top of that|by the way)\b[,:]?\s*"
    r"|(?:^|(?<=[。、！？\n 　]))"
    r"(?:あと|それと|それから|また|ついでに|もう一つ|もうひとつ|加えて|他に|ほかに|別件ですが|ちなみに)"
    r"(?:ですが|なんですが)?[、,]?\s*"
    # "The fee, and the way back": と after a noun; after a verb it means "when".
    r"|(?<![るうくすつぬむぶぐだいた])と、",
    re.IGNORECASE,
)
_AND = re.compile(r",?\s+\band\b\s+|(?<=[すたいる])(?:し|が)、|、", re.IGNORECASE)
_CJK = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")


def clauses(text: str, most: int) -> list[tuple[str, bool]]:
    """The clauses of `text`, `most` at most, each with whether a word before it announces another matter.

    An empty list when there are fewer than two that say something.
    """
    found: list[tuple[str, bool]] = []
    for sentence in _ENDS.split(text):
        announced = False
        for number, part in enumerate(_ANOTHER.split(sentence)):
            announced = number > 0
            pieces = [piece for piece in _AND.split(part) if _says_something(piece)]
            whole = [part] if len(pieces) < 2 else pieces
            found += [
                (piece.strip(), announced and place == 0)
                for place, piece in enumerate(whole)
                if _says_something(piece)
            ]
    return found if 2 <= len(found) <= most else []


def _says_something(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return len(letters) >= _LETTERS["cjk" if _CJK.search(text) else "latin"]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ClauseSplitter(GraphComponent):  # type: ignore[misc]
    """Puts the clauses of a message behind it, for the components that follow to read."""

    def __init__(self, most: int) -> None:
        self._most = most

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`most`: messages of more clauses are read as a whole only."""
        return {"most": 4}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ClauseSplitter:
        """A splitter of as many clauses as the configuration says."""
        return cls(int(config["most"]))

    def process(self, messages: list[Message]) -> list[Message]:
        """Each message, then its clauses. A button's payload has none."""
        split: list[Message] = []
        for message in messages:
            text = message.get(TEXT) or ""
            found = [] if text.startswith("/") else clauses(text, self._most)
            split.append(message)
            split += [Message({TEXT: clause, "clause": announced}) for clause, announced in found]
        return split


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class SecondTopic(KnowsStandings):
    """Sets a message's intent to the topic that comes first, and `second_topic`: {name, confidence, announced}.

    `announced` is whether the client's words said that another matter follows; if not, two sentences may be about
    one and the same.
    """

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, standings: dict[str, str]
    ) -> None:
        super().__init__(config, storage, resource, standings)
        self._sure = float(config["sure"])
        self._sure_unannounced = float(config["sure_unannounced"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`sure`: the confidence from which a clause counts as a problem of its own. `sure_unannounced`: the same
        where the message as a whole is understood and no word says that another matter follows."""
        return {"sure": 0.6, "sure_unannounced": 0.95}

    def process(self, messages: list[Message]) -> list[Message]:
        """The messages without their clauses."""
        whole: list[Message] = []
        parts: list[list[Message]] = []
        for message in messages:
            if message.get("clause") is None:
                whole.append(message)
                parts.append([])
            else:
                parts[-1].append(message)
        for message, clauses_of_it in zip(whole, parts, strict=True):
            self._rank(message, clauses_of_it)
        return whole

    def _rank(self, message: Message, clauses_of_it: Sequence[Message]) -> None:
        """Choose the first and the second topic by what the clauses are about."""
        whole = message.get(INTENT)
        # Half a sentence, torn from the rest, is easily taken for something else than the whole is about.
        understood = whole["name"] in self.standings and whole["confidence"] >= self._sure
        alone = understood and not any(clause.get("clause") for clause in clauses_of_it)
        sure = self._sure_unannounced if alone else self._sure
        topics: dict[str, dict[str, Any]] = {}
        announced = False
        for clause in clauses_of_it:
            intent = clause.get(INTENT)
            if intent["name"] in self.standings and intent["confidence"] >= sure:
                announced = announced or (bool(topics) and bool(clause.get("clause")))
                topics.setdefault(intent["name"], intent)
        if not topics:
            return
        if self.standings.get(whole["name"]) == URGENT:
            topics = {whole["name"]: whole, **{n: i for n, i in topics.items() if n != whole["name"]}}
        urgent = [name for name in topics if self.standings[name] == URGENT]
        if len(topics) < 2 and not urgent:
            return
        order = list(topics)
        if urgent:
            first = urgent[0]
        elif whole["name"] in topics and not announced:
            # Sentences that explain each other: what the message as a whole is about is its problem.
            first = whole["name"]
        else:
            first = order[0]
        self._set_first(message, topics[first])
        rest = [name for name in order if name != first]
        if rest:
            message.set("second_topic", {**topics[rest[0]], "announced": announced}, add_to_output=True)

    def _set_first(self, message: Message, intent: dict[str, Any]) -> None:
        ranking = [
            known for known in message.get(INTENT_RANKING_KEY) or [] if known["name"] != intent["name"]
        ]
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [intent, *ranking], add_to_output=True)
