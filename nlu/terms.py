"""Entities by word lists: the `terms` of the topics, in all languages at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.text import LONGEST, normalise

_FILE = "terms.json"


@dataclass(frozen=True, order=True)
class Term:
    """A word that names a value of an entity."""

    entity: str
    value: str
    word: str


class TermMatcher:
    """Finds terms in a text: in NFKC, whatever the case; of one entity's words the longest wins.

    A Latin word counts only where it stands alone ("ios" is not in "curiosity"); a Japanese one may stand
    anywhere, since Japanese has no spaces. A space in a term matches any white space.
    """

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms = tuple(sorted(set(terms)))
        self._values: dict[str, dict[str, str]] = {}
        for term in self.terms:
            self._values.setdefault(term.entity, {}).setdefault(_key(term.word), term.value)
        self._patterns = {
            entity: re.compile("|".join(_pattern(word) for word in sorted(words, key=lambda w: (-len(w), w))))
            for entity, words in self._values.items()
        }

    def find(self, text: str) -> list[tuple[Term, int, int]]:
        """The terms in `text` with their original offsets, by entity and then by place."""
        normalised = normalise(text[:LONGEST], casefold=True)
        found = []
        for entity, pattern in self._patterns.items():
            for match in pattern.finditer(normalised.text):
                word = _key(match.group())
                start, end = normalised.span(*match.span())
                found.append((Term(entity, self._values[entity][word], word), start, end))
        return found


def _key(word: str) -> str:
    return " ".join(normalise(word, casefold=True).text.split())


def _pattern(word: str) -> str:
    before = r"(?<![a-z0-9])" if re.match("[a-z0-9]", word) else ""
    after = r"(?![a-z0-9])" if re.search("[a-z0-9]$", word) else ""
    return before + r"\s+".join(map(re.escape, word.split())) + after


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class TermExtractor(GraphComponent):  # type: ignore[misc]
    """Adds an entity for every term in the message. The terms come with the training data."""

    def __init__(self, storage: ModelStorage, resource: Resource, matcher: TermMatcher) -> None:
        self._storage = storage
        self._resource = resource
        self.matcher = matcher

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TermExtractor:
        """An extractor that knows no term yet."""
        return cls(model_storage, resource, TermMatcher(()))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> TermExtractor:
        """The extractor of a trained model."""
        with model_storage.read_from(resource) as directory:
            rows = json.loads((directory / _FILE).read_text(encoding="utf-8"))
        return cls(model_storage, resource, TermMatcher(Term(*row) for row in rows))

    def train(self, training_data: TrainingData) -> Resource:
        """Take the terms from the lookup tables ({name: entity, value, elements: words}) and keep them."""
        self.matcher = TermMatcher(
            Term(table["name"], table["value"], word)
            for table in training_data.lookup_tables
            for word in table["elements"]
        )
        rows = [[term.entity, term.value, term.word] for term in self.matcher.terms]
        with self._storage.write_to(self._resource) as directory:
            (directory / _FILE).write_text(json.dumps(rows, ensure_ascii=False, indent=0), encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities found to each message."""
        for message in messages:
            found = [
                {
                    "entity": term.entity,
                    "value": term.value,
                    "start": start,
                    "end": end,
                    "confidence_entity": 1.0,
                    "extractor": type(self).__name__,
                }
                for term, start, end in self.matcher.find(message.get(TEXT) or "")
            ]
            message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
