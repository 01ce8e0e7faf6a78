"""How the topics count where a message may be about two of them: what SecondTopic and UnclearClassifier both know."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, METADATA, METADATA_EXAMPLE
from rasa.shared.nlu.training_data.training_data import TrainingData

# The example's metadata that tells how its topic counts (see nlu.importer).
STANDING = "standing"
SUBJECT, URGENT = "subject", "urgent"
_FILE = "standings.json"

Self = TypeVar("Self", bound="KnowsStandings")


class KnowsStandings(GraphComponent):  # type: ignore[misc]
    """A component that learns from the examples which topics are problems of a client's, and which of them are
    urgent; `standings` has no others."""

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, standings: dict[str, str]
    ) -> None:
        self._storage = storage
        self._resource = resource
        self.standings = standings

    @classmethod
    def create(
        cls: type[Self],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Self:
        """One that knows no topics yet."""
        return cls(config, model_storage, resource, {})

    @classmethod
    def load(
        cls: type[Self],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> Self:
        """The one of a trained model."""
        with model_storage.read_from(resource) as directory:
            standings = json.loads((directory / _FILE).read_text(encoding="utf-8"))
        return cls(config, model_storage, resource, standings)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn them, and keep them."""
        for example in training_data.intent_examples:
            metadata = (example.get(METADATA) or {}).get(METADATA_EXAMPLE) or {}
            if STANDING in metadata:
                self.standings[example.get(INTENT)] = metadata[STANDING]
        with self._storage.write_to(self._resource) as directory:
            (directory / _FILE).write_text(json.dumps(self.standings, sort_keys=True), encoding="utf-8")
        return self._resource
