"""Base classes of the graph components: Rasa's four-argument constructors, written once."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, TypeVar

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

Stateless = TypeVar("Stateless", bound="StatelessComponent")
Trainable = TypeVar("Trainable", bound="TrainableComponent")


class StatelessComponent(GraphComponent):  # type: ignore[misc]
    """A component that learns nothing: its configuration is all it needs."""

    @classmethod
    def from_config(cls: type[Stateless], config: dict[str, Any]) -> Stateless:
        """Return the component for `config`, its section of config.yml. By default the section is empty."""
        return cls()

    @classmethod
    def create(
        cls: type[Stateless],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Stateless:
        """See GraphComponent."""
        return cls.from_config(config)


class TrainableComponent(GraphComponent):  # type: ignore[misc]
    """A component that learns from the training data and stores what it learned in the model."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource

    @classmethod
    def create(
        cls: type[Trainable],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Trainable:
        """Return an untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls: type[Trainable],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> Trainable:
        """Return the component of a trained model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            component.read_from(directory)
        return component

    def _persist(self) -> Resource:
        """Store what was learned; return its place in the model."""
        with self._storage.write_to(self._resource) as directory:
            self.write_to(directory)
        return self._resource

    @abstractmethod
    def read_from(self, directory: Path) -> None:
        """Read what `write_to` wrote."""

    @abstractmethod
    def write_to(self, directory: Path) -> None:
        """Write what was learned to files in `directory`."""
