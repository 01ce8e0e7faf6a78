"""Compares our message understanding with stock Rasa's default pipeline: `python -m bench.nlu`.

BANKING77 with ten examples per intent (drawn with --seeds) and with all of them; CLINC150 with its messages of no
intent. With --stock, also both pipelines inside Rasa, each in a process of its own, on the messages of the first draw;
stock Rasa takes ten minutes for that.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.pipeline import PipelineReport, PipelineRun
from bench.public_sets import DatasetSplit, banking77, clinc150, draw_per_intent
from nlu.arrays import Float32Array
from nlu.calibration import fit_familiarity
from nlu.embedding_cache import CACHE_FOLDER, CachedEncoder
from nlu.encoder import SentenceEncoder, load_encoder
from nlu.example_set import ExampleSet
from nlu.intent_model import IntentModel, SimilaritySettings
from nlu.intent_training import train_intent_model

ENCODERS = ("nlu.encoder.UniversalSentenceEncoder", "nlu.encoder.SmallE5")
RIDGE = 0.2
FALSE_REFUSAL_SHARE = 0.05


def main() -> int:
    """Print one line per run and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.nlu", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--seeds", type=int, default=5, metavar="N", help="draws of ten examples (default: 5)"
    )
    parser.add_argument("--full", action="store_true", help="also BANKING77 with all examples, and CLINC150")
    parser.add_argument(
        "--stock", action="store_true", help="also both pipelines inside Rasa, on the first draw"
    )
    parser.add_argument("--cache", type=Path, default=CACHE_FOLDER, help="folder that keeps vectors")
    options = parser.parse_args()
    benchmark = ClassifierBenchmark([CachedEncoder(load_encoder(path), options.cache) for path in ENCODERS])
    banking = banking77()
    draws = [draw_per_intent(banking["train"], 10, seed) for seed in range(options.seeds)]
    results = [
        benchmark.run(f"BANKING77, ten each, seed {seed}", draw, banking["test"])
        for seed, draw in enumerate(draws)
    ]
    print(f"mean of {len(results)} draws: accuracy {np.mean(results):.4f}", flush=True)
    if options.full:
        benchmark.run("BANKING77, all", banking["train"], banking["test"])
        clinc = clinc150()
        benchmark.run("CLINC150", clinc["train"], clinc["test"], clinc)
    if options.stock:
        for pipeline in ("ours", "stock"):
            report = run_inside_rasa(pipeline, draws[0], banking["test"])
            line = {"set": f"BANKING77, ten each, seed 0, {pipeline} inside Rasa", **report}
            print(json.dumps(line), flush=True)
    return 0


class _Predictions(NamedTuple):
    """The classifier's answers to m messages."""

    labels: list[str]
    scores: Float32Array
    """(m,): the score of each label."""
    nearest: Float32Array
    """(m,): the cosine of the nearest example."""


class ClassifierBenchmark:
    """Trains and asks the intent model with the given encoders, outside Rasa."""

    def __init__(self, encoders: Sequence[SentenceEncoder]) -> None:
        self._encoders = encoders
        self._blocks = tuple(encoder.dimension for encoder in encoders)

    def encode(self, split: DatasetSplit) -> Float32Array:
        """Return the concatenated vectors of the encoders, (n, d)."""
        return np.hstack([encoder.encode(split.texts) for encoder in self._encoders])

    def run(
        self,
        name: str,
        train: DatasetSplit,
        test: DatasetSplit,
        splits: dict[str, DatasetSplit] | None = None,
    ) -> float:
        """Print and return the accuracy on `test`.

        With the `splits` of CLINC150, print also how well messages of no intent are detected.
        """
        vectors = self.encode(train)
        started = time.perf_counter()
        examples = ExampleSet(vectors, self._blocks, train.texts, train.intents)
        model = train_intent_model(examples, ridge=RIDGE, settings=SimilaritySettings())
        seconds = time.perf_counter() - started
        predicted = self._predict(model, test).labels
        accuracy = float(np.mean(np.asarray(predicted) == np.asarray(test.intents)))
        line: dict[str, str | float] = {
            "set": name,
            "accuracy": round(accuracy, 4),
            "fit_seconds": round(seconds, 1),
        }
        if splits:
            line |= self._measure_out_of_scope(model, splits)
        print(json.dumps(line), flush=True)
        return accuracy

    def _predict(self, model: IntentModel, split: DatasetSplit) -> _Predictions:
        scores, nearest = model.scores(self.encode(split), split.texts)
        return _Predictions(
            [model.labels[label] for label in scores.argmax(axis=1)], scores.max(axis=1), nearest
        )

    def _measure_out_of_scope(self, model: IntentModel, splits: dict[str, DatasetSplit]) -> dict[str, float]:
        """Return how well messages of no intent are detected by best score and nearest example.

        Weights and threshold are fitted on the validation splits; no test message influences them.
        """
        predictions = {name: self._predict(model, split) for name, split in splits.items() if name != "train"}
        inside_validation, outside_validation = (
            predictions["val"],
            [predictions["oos_val"], predictions["oos_train"]],
        )
        familiarity = fit_familiarity(
            inside_validation.scores,
            inside_validation.nearest,
            np.concatenate([part.scores for part in outside_validation]),
            np.concatenate([part.nearest for part in outside_validation]),
        )
        likelihood = {
            name: familiarity.likelihood(part.scores, part.nearest) for name, part in predictions.items()
        }
        threshold = np.quantile(likelihood["val"], FALSE_REFUSAL_SHARE)
        inside, outside = likelihood["test"], likelihood["oos_test"]
        ranks = np.concatenate([inside, outside]).argsort().argsort()[: len(inside)] + 1
        area = (ranks.sum() - len(inside) * (len(inside) + 1) / 2) / (len(inside) * len(outside))
        return {
            "auroc": round(float(area), 4),
            "recall": round(float((outside < threshold).mean()), 4),
            "false_refusals": round(float((inside < threshold).mean()), 4),
        }


def run_inside_rasa(pipeline: str, train: DatasetSplit, test: DatasetSplit) -> PipelineReport:
    """Train and ask one pipeline inside Rasa in a process of its own; see bench/pipeline.py."""
    request: PipelineRun = {
        "pipeline": pipeline,
        "train": (train.texts, train.intents),
        "test": (test.texts, test.intents),
    }
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.pipeline"],
        input=json.dumps(request),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    report: PipelineReport = json.loads(run.stdout.splitlines()[-1])
    return report


if __name__ == "__main__":
    sys.exit(main())
