"""A small repository for the importer and the training, and the constructor arguments of components."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nlu.tensorflow_stub import stub_tensorflow
from tests.support.small_repository import Repository

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")

# As in the processes of the assistant: importing TensorFlow would take half of the time of these tests.
stub_tensorflow()

# On a Python without Rasa, the modules that need it cannot even be imported.
if find_spec("rasa") is None:
    collect_ignore = [
        "test_nlu_ambiguity.py",
        "test_nlu_gateway_input.py",
        "test_nlu_classifier.py",
        "test_nlu_components.py",
        "test_nlu_e5_batch_encoder.py",
        "test_nlu_embeddings.py",
        "test_nlu_evaluate.py",
        "test_nlu_importer.py",
        "test_nlu_language.py",
        "test_nlu_measure.py",
        "test_nlu_second_topic.py",
        "test_nlu_tensorflow_stub.py",
    ]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def graph(tmp_path: Path) -> Any:
    """The arguments of a component's `create` and `load`: storage, resource and an empty context."""
    from rasa.engine.graph import ExecutionContext, GraphSchema
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.engine.storage.resource import Resource

    folder = tmp_path / "model"
    folder.mkdir()
    return LocalModelStorage(folder), Resource("component"), ExecutionContext(GraphSchema({}))
