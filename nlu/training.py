"""Runs Rasa's training graph, without Rasa's command line.

That one imports every tool Rasa has, keeps a cache on disk and reports to telemetry.
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


class _NoCache(TrainingCache):  # type: ignore[misc]
    """Models are cached whole, by fingerprint; Rasa's cache of parts would only cost time."""

    def cache_output(self, *_: Any, **__: Any) -> None:
        pass

    def get_cached_output_fingerprint(self, fingerprint_key: str) -> None:
        return None

    def get_cached_result(self, *_: Any, **__: Any) -> None:
        return None


def train_model(config: Path, data: Path, path: Path) -> None:
    """Train on the folder `data` as `config` says and write the model to `path`. Raises RasaException."""
    # Unconfigured, structlog prints every debug line of every rule.
    configure_structlog(logging.ERROR)
    # Without the wrappers of `rasa train`, which look for what we have not (end-to-end stories, retrieval intents)
    # and copy all examples time and again for it.
    importer = TopicImporter(str(config), data=str(data))
    recipe = Recipe.recipe_for_name(importer.get_config().get("recipe"))
    graph = recipe.graph_config_for_recipe(importer.get_config(), {}, training_type=TrainingType.BOTH)
    rasa.engine.validation.validate(graph)
    with tempfile.TemporaryDirectory() as folder:
        trainer = GraphTrainer(LocalModelStorage(Path(folder)), _NoCache(), DaskGraphRunner)
        trainer.train(graph, importer, path, force_retraining=True)
