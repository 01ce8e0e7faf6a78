"""Which topics are problems of a client, and which of them are urgent.

Shared by SecondTopicDetector and AmbiguityClassifier.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, METADATA, METADATA_EXAMPLE
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.component import TrainableComponent
from nlu.training_data import PRIORITY_METADATA, TopicPriority

_FILE = "topic_priorities.json"


class TopicPriorityComponent(TrainableComponent):
    """A component that learns the priorities of the topics from the metadata of the examples.

    `priorities` maps the name of a topic to its priority; topics without one are absent.
    """

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, storage, resource)
        self.priorities: dict[str, TopicPriority] = {}

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the priorities from the examples and store them."""
        for example in training_data.intent_examples:
            metadata = (example.get(METADATA) or {}).get(METADATA_EXAMPLE) or {}
            if PRIORITY_METADATA in metadata:
                self.priorities[example.get(INTENT)] = TopicPriority(metadata[PRIORITY_METADATA])
        return self._persist()

    def read_from(self, directory: Path) -> None:
        """See TrainableComponent."""
        stored: dict[str, str] = json.loads((directory / _FILE).read_text(encoding="utf-8"))
        self.priorities = {topic: TopicPriority(priority) for topic, priority in stored.items()}

    def write_to(self, directory: Path) -> None:
        """See TrainableComponent."""
        (directory / _FILE).write_text(json.dumps(self.priorities, sort_keys=True), encoding="utf-8")
