"""Entities by word lists: the `terms` of the topics, in all languages at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.component import TrainableComponent
from nlu.entities import add_entities
from nlu.text import MAX_MESSAGE_CHARS, normalise

_FILE = "terms.json"


@dataclass(frozen=True, order=True)
class Term:
    """A word that names a value of an entity."""

    entity: str
    value: str
    word: str


class TermMatcher:
    """Finds terms in a text, in NFKC and ignoring case; of one entity's words the longest match wins.

    A Latin word matches only as a whole word ("ios" does not match in "curiosity"). A Japanese one matches anywhere,
    since Japanese has no spaces. A space in a term matches any white space.
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
        """Return the (term, start, end) of the matches in `text` with original offsets, by entity, then in order."""
        normalised = normalise(text[:MAX_MESSAGE_CHARS], casefold=True)
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
class TermExtractor(TrainableComponent):
    """Adds an entity for each term in a message. The terms come with the training data."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, storage, resource)
        self.matcher = TermMatcher(())

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the terms from the lookup tables ({name: entity, value, elements: words}) and store them."""
        self.matcher = TermMatcher(
            Term(table["name"], table["value"], word)
            for table in training_data.lookup_tables
            for word in table["elements"]
        )
        return self._persist()

    def read_from(self, directory: Path) -> None:
        """See TrainableComponent."""
        rows = json.loads((directory / _FILE).read_text(encoding="utf-8"))
        self.matcher = TermMatcher(Term(*row) for row in rows)

    def write_to(self, directory: Path) -> None:
        """See TrainableComponent."""
        rows = [[term.entity, term.value, term.word] for term in self.matcher.terms]
        (directory / _FILE).write_text(json.dumps(rows, ensure_ascii=False, indent=0), encoding="utf-8")

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the terms of each message to its entities."""
        for message in messages:
            matches = self.matcher.find(message.get(TEXT) or "")
            add_entities(
                message,
                type(self).__name__,
                ((term.entity, term.value, start, end) for term, start, end in matches),
            )
        return messages
