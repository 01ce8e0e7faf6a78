"""A small made-up repository for the importer and the training, and components outside a graph."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nlu.no_tensorflow import leave_out
from tests.support.small_repository import Repository

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")

# As in the processes of the assistant: TensorFlow would take half of the time that these tests take.
leave_out()

# On other Pythons than Rasa's, what needs Rasa is not even imported.
if find_spec("rasa") is None:
    collect_ignore = [
        "test_nlu_classifier.py",
        "test_nlu_e5_batches.py",
        "test_nlu_evaluate.py",
        "test_nlu_no_tensorflow.py",
        "test_nlu_space.py",
        "test_nlu_unclear.py",
        "test_nlu_components.py",
        "test_nlu_importer.py",
        "test_nlu_language.py",
        "test_nlu_measure.py",
        "test_nlu_second_topic.py",
    ]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def graph(tmp_path: Path) -> Any:
    """What a component's `create` and `load` take: a place for its files, and a context without content."""
    from rasa.engine.graph import ExecutionContext, GraphSchema
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.engine.storage.resource import Resource

    folder = tmp_path / "model"
    folder.mkdir()
    return LocalModelStorage(folder), Resource("component"), ExecutionContext(GraphSchema({}))
