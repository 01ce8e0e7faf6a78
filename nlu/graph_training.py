"""Runs Rasa's training graph without Rasa's command line.

The command line imports all of Rasa's tools, keeps a cache on disk and reports telemetry.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import rasa.engine.validation
from rasa.engine.caching import TrainingCache
from rasa.engine.recipes.recipe import Recipe
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.training.graph_trainer import GraphTrainer
from rasa.shared.data import TrainingType
from rasa.utils.log_utils import configure_structlog

from nlu.importer import TopicImporter


class _DisabledTrainingCache(TrainingCache):  # type: ignore[misc]
    """Whole models are cached by fingerprint; Rasa's cache of their parts would only cost time."""

    def cache_output(self, *_: Any, **__: Any) -> None:
        pass

    def get_cached_output_fingerprint(self, fingerprint_key: str) -> None:
        return None

    def get_cached_result(self, *_: Any, **__: Any) -> None:
        return None


def train_model(config: Path, data: Path, path: Path) -> None:
    """Train on the folder `data` with the configuration `config` and write the model to `path`.

    Raises RasaException.
    """
    # Unconfigured, structlog prints every debug line of every rule.
    configure_structlog(logging.ERROR)
    # The importers that `rasa train` wraps around this one look for end-to-end stories and retrieval intents, of which
    # there are none, and copy all examples several times for it.
    importer = TopicImporter(str(config), data=str(data))
    recipe = Recipe.recipe_for_name(importer.get_config().get("recipe"))
    graph = recipe.graph_config_for_recipe(importer.get_config(), {}, training_type=TrainingType.BOTH)
    rasa.engine.validation.validate(graph)
    with tempfile.TemporaryDirectory() as folder:
        trainer = GraphTrainer(LocalModelStorage(Path(folder)), _DisabledTrainingCache(), DaskGraphRunner)
        trainer.train(graph, importer, path, force_retraining=True)
