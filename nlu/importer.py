"""Rasa's view of the topics. There is no domain.yml and no rules.yml: everything is built from data/topics."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.exceptions import RasaException
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_config_file

from knowledge import KnowledgeError, load
from nlu.training_data import FORMAT_VERSION, domain, lookup_tables, rules, topic_examples


class DataError(RasaException):  # type: ignore[misc]
    """The data has problems; the text has one line for each: file:line: message."""


class ExampleMessage(Message):  # type: ignore[misc]
    """An example of a topic, identified by its text and intent alone.

    Rasa would digest each one with its tokens and vectors again and again, for a cache that is not used here.
    """

    def fingerprint(self) -> str:
        """Return the identity in hexadecimal, as Rasa wants it."""
        return hashlib.sha256(f"{self.get(INTENT)}\n{self.get(TEXT)}".encode("utf-8", "replace")).hexdigest()


class TopicImporter(TrainingDataImporter):  # type: ignore[misc]
    """Rasa's importer of the folder `data` beside the configuration file, or of the folder given."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        data: str | None = None,
    ) -> None:
        """Read the data. Raises DataError with everything that is wrong with it."""
        self._config_file = config_file
        folder = Path(data) if data else Path(config_file or "config.yml").resolve().parent / "data"
        try:
            self.knowledge = load(folder)
        except KnowledgeError as error:
            raise DataError(str(error)) from error

    def get_config(self) -> dict[str, Any]:
        """Return config.yml."""
        return read_config_file(self._config_file) if self._config_file else {}

    def get_config_file_for_auto_config(self) -> str | None:
        """Return the path of config.yml."""
        return self._config_file

    def get_domain(self) -> Domain:
        """Return intents, entities, slots and actions. Texts are no part of it: the actions render them."""
        return Domain.from_dict(domain(self.knowledge))

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """Return one rule for each intent."""
        return StoryGraph(
            YAMLStoryReader().read_from_parsed_yaml(
                {"version": FORMAT_VERSION, "rules": rules(self.knowledge)}
            )
        )

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return the examples and terms of all languages; `language` is Rasa's and has no effect here."""
        examples = [
            ExampleMessage.build(example.text, example.topic, example_metadata=example.metadata)
            for example in topic_examples(self.knowledge)
        ]
        return TrainingData(examples, lookup_tables=lookup_tables(self.knowledge))
