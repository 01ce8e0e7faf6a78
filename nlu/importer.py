"""From data/topics to Rasa's training data, domain and rules. There is no domain.yml and no rules.yml.

Rasa merges domain files in the order of the disk and keeps one of two equal response names, lets a variant
for a channel beat one for a language, and says nothing when no variant fits. So everything is built here, in
sorted order, and every variation carries its language as a condition.
"""

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

from knowledge import Knowledge, KnowledgeError, Topic, load
from nlu.responses import SharedNameError, responses
from nlu.topic_priority import PRIORITY_METADATA, TopicPriority

_FORMAT = "3.1"
FALLBACK_ACTION = "action_fallback"
# Found by the extractors or sent by the gateway, so they exist whatever the topics say.
FIXED_ENTITIES = ("code", "link", "number", "phone_number", "task")
SESSION_MINUTES = 60
# The group of topics that are no problem of a client's.
SMALL_TALK = "conversation"


class UnusableData(RasaException):  # type: ignore[misc]
    """The data has problems; the text has one line for each: file:line: message."""


class Example(Message):  # type: ignore[misc]
    """An example of a topic. It is told from others by its text and intent alone: Rasa would digest each one with
    its tokens and vectors again and again, for a cache of which there is none."""

    def fingerprint(self) -> str:
        """As Rasa wants it: hexadecimal."""
        return hashlib.sha256(f"{self.get(INTENT)}\n{self.get(TEXT)}".encode("utf-8", "replace")).hexdigest()


class TopicImporter(TrainingDataImporter):  # type: ignore[misc]
    """Rasa's view of the topics. Reads the folder `data` beside the configuration file, or the one given."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        data: str | None = None,
    ) -> None:
        """Read the data. Raises UnusableData with everything that is wrong with it."""
        self._config_file = config_file
        folder = Path(data) if data else Path(config_file or "config.yml").resolve().parent / "data"
        try:
            self.knowledge = load(folder)
        except KnowledgeError as error:
            raise UnusableData(str(error)) from error

    def get_config(self) -> dict[str, Any]:
        """config.yml."""
        return read_config_file(self._config_file) if self._config_file else {}

    def get_config_file_for_auto_config(self) -> str | None:
        """The path of config.yml."""
        return self._config_file

    def get_domain(self) -> Domain:
        """Intents, entities, slots, responses and actions. Raises UnusableData when two texts share a name."""
        try:
            return Domain.from_dict(domain(self.knowledge))
        except SharedNameError as error:
            raise UnusableData(str(error)) from error

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """One rule for each intent."""
        return StoryGraph(
            YAMLStoryReader().read_from_parsed_yaml({"version": _FORMAT, "rules": rules(self.knowledge)})
        )

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The examples and terms of all languages; `language` is Rasa's and has no say here."""
        return TrainingData(examples(self.knowledge), lookup_tables=lookup_tables(self.knowledge))


def actions(knowledge: Knowledge) -> dict[str, str]:
    """The action that answers each intent, by intent, sorted."""
    return {
        name: topic.action
        for name, topic in sorted(knowledge.topics.items())
        if topic.kind != "texts" and topic.action
    }


def domain(knowledge: Knowledge) -> dict[str, Any]:
    """The domain as the mapping that a domain file would hold."""
    by_intent = actions(knowledge)
    return {
        "version": _FORMAT,
        "session_config": {
            "session_expiration_time": SESSION_MINUTES,
            "carry_over_slots_to_new_session": True,
        },
        # What a message says beside its intent is the actions' business: rules look at the intent alone.
        "intents": [{intent: {"use_entities": []}} for intent in by_intent],
        "entities": sorted({*knowledge.entities(), *FIXED_ENTITIES}),
        "slots": slots(knowledge),
        "responses": responses(knowledge),
        "actions": sorted({*by_intent.values(), FALLBACK_ACTION, "action_session_start"}),
    }


def slots(knowledge: Knowledge) -> dict[str, Any]:
    """The slots: set by the server and the actions only, and unseen by the rules."""
    ours = {"influence_conversation": False, "mappings": [{"type": "custom"}]}
    return {
        # Never unset: with no language Rasa finds no response and says nothing.
        "language": {
            "type": "categorical",
            "values": sorted(knowledge.languages),
            "initial_value": knowledge.default_language,
            **ours,
        },
        "language_chosen": {"type": "any", **ours},
        "misses": {"type": "any", "initial_value": 0, **ours},
        "place": {"type": "any", **ours},
        "trouble": {"type": "any", **ours},
        "other_language": {"type": "any", **ours},
    }


def rules(knowledge: Knowledge) -> list[dict[str, Any]]:
    """For each intent the rule that runs its topic's action; what was not understood has one too."""
    by_intent = {**actions(knowledge), "nlu_fallback": FALLBACK_ACTION}
    return [
        {"rule": intent, "steps": [{"intent": intent}, {"action": action}]}
        for intent, action in sorted(by_intent.items())
    ]


def examples(knowledge: Knowledge) -> list[Message]:
    """Every example with its topic as intent and its language as metadata; the same text once per intent."""
    built: dict[tuple[str, str], Message] = {}
    for intent in actions(knowledge):
        for code, page in sorted(knowledge.topics[intent].languages.items()):
            for example in page.examples:
                # The gateway takes leading slashes off, since Rasa would read "/restart" as an intent.
                text = example.lstrip("/")
                about = {"language": code, **_priority(knowledge.topics[intent])}
                message = Example.build(text, intent, example_metadata=about)
                built.setdefault((intent, text), message)
    return list(built.values())


def _priority(topic: Topic) -> dict[str, str]:
    """The metadata with the topic's priority; empty for small talk and navigation."""
    if topic.urgent:
        return {PRIORITY_METADATA: TopicPriority.URGENT.value}
    return {PRIORITY_METADATA: TopicPriority.NORMAL.value} if topic.group != SMALL_TALK else {}


def lookup_tables(knowledge: Knowledge) -> list[dict[str, Any]]:
    """The words that name each value of each entity, in all languages, for TermExtractor."""
    return [
        {"name": entity, "value": value, "elements": sorted(set().union(*by_language.values()))}
        for entity in knowledge.entities()
        for value, by_language in sorted(knowledge.terms(entity).items())
    ]
