"""How messages are read, ours against stock Rasa's default pipeline: `python -m bench.nlu`.

BANKING77 with ten examples for each intent (drawn with --seeds) and with all of them, CLINC150 with its messages
of no intent. Where --stock is given, also our pipeline and stock Rasa's inside Rasa, each in a process of its own, on
the same messages of the first draw; stock Rasa takes ten minutes for that.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.public_sets import Part, banking77, clinc150, some_of_each
from nlu.encoder import load_encoder
from nlu.fitting import Examples, familiarity_of, fit
from nlu.intents import IntentModel, Settings
from nlu.remembered import VECTORS, Remembering

ENCODERS = ("nlu.encoder.UniversalSentenceEncoder", "nlu.encoder.SmallE5")
RIDGE = 0.2
FALSE_REFUSALS = 0.05


def main() -> int:
    """Print one line for each run."""
    parser = argparse.ArgumentParser(prog="python -m bench.nlu", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--seeds", type=int, default=5, metavar="N", help="draws of ten examples (default: 5)"
    )
    parser.add_argument("--full", action="store_true", help="also BANKING77 with all examples, and CLINC150")
    parser.add_argument(
        "--stock", action="store_true", help="also both pipelines inside Rasa, on the first draw"
    )
    parser.add_argument("--cache", type=Path, default=VECTORS, help="folder that keeps vectors")
    options = parser.parse_args()
    bench = Bench([Remembering(load_encoder(path), options.cache) for path in ENCODERS])
    banking = banking77()
    draws = [some_of_each(banking["train"], 10, seed) for seed in range(options.seeds)]
    results = [
        bench.run(f"BANKING77, ten each, seed {seed}", draw, banking["test"])
        for seed, draw in enumerate(draws)
    ]
    print(f"mean of {len(results)} draws: accuracy {np.mean(results):.4f}", flush=True)
    if options.full:
        bench.run("BANKING77, all", banking["train"], banking["test"])
        clinc = clinc150()
        bench.run("CLINC150", clinc["train"], clinc["test"], clinc)
    if options.stock:
        for pipeline in ("ours", "stock"):
            line = inside_rasa(pipeline, "BANKING77, ten each, seed 0", draws[0], banking["test"])
            print(json.dumps(line), flush=True)
    return 0


class Bench:
    """Fits and asks the classifier with the given encoders."""

    def __init__(self, encoders: list[Remembering]) -> None:
        self._encoders = encoders
        self._blocks = tuple(encoder.dimension for encoder in encoders)

    def vectors(self, part: Part) -> Any:
        """The encoders' vectors side by side."""
        return np.hstack([encoder.encode(part.texts) for encoder in self._encoders])

    def run(self, name: str, train: Part, test: Part, unknown: dict[str, Part] | None = None) -> float:
        """The accuracy on `test`; prints it, with what telling unknown messages apart gives."""
        vectors = self.vectors(train)
        started = time.perf_counter()
        examples = Examples(vectors, self._blocks, train.texts, train.intents)
        model = fit(examples, ridge=RIDGE, settings=Settings())
        seconds = time.perf_counter() - started
        best, _, _ = self._judged(model, test)
        accuracy = float(np.mean(np.asarray(best) == np.asarray(test.intents)))
        line = {"set": name, "accuracy": round(accuracy, 4), "fit_seconds": round(seconds, 1)}
        if unknown:
            line |= self._unknown(model, unknown)
        print(json.dumps(line), flush=True)
        return accuracy

    def _judged(self, model: IntentModel, part: Part) -> tuple[list[str], Any, Any]:
        scores, nearest = model.scores(self.vectors(part), part.texts)
        return [model.labels[at] for at in scores.argmax(axis=1)], scores.max(axis=1), nearest

    def _unknown(self, model: IntentModel, parts: dict[str, Part]) -> dict[str, float]:
        """How messages of no intent are told from others by best score and nearest example.

        Weights and threshold are fitted on the validation parts; no test message has a say in them.
        """
        judged = {name: self._judged(model, part)[1:] for name, part in parts.items() if name != "train"}
        outer = [np.concatenate(pair) for pair in zip(judged["oos_val"], judged["oos_train"], strict=True)]
        familiarity = familiarity_of(*judged["val"], *outer)
        likely = {name: familiarity.likelihood(*both) for name, both in judged.items()}
        threshold = np.quantile(likely["val"], FALSE_REFUSALS)
        inside, outside = likely["test"], likely["oos_test"]
        ranks = np.concatenate([inside, outside]).argsort().argsort()[: len(inside)] + 1
        area = (ranks.sum() - len(inside) * (len(inside) + 1) / 2) / (len(inside) * len(outside))
        return {
            "auroc": round(float(area), 4),
            "recall": round(float((outside < threshold).mean()), 4),
            "false_refusals": round(float((inside < threshold).mean()), 4),
        }


def inside_rasa(pipeline: str, name: str, train: Part, test: Part) -> dict[str, Any]:
    """What training and asking one pipeline inside Rasa gives and costs: see bench/pipeline.py."""
    asked = {
        "pipeline": pipeline,
        "train": [train.texts, train.intents],
        "test": [test.texts, test.intents],
    }
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.pipeline"],
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return {"set": f"{name}, {pipeline} inside Rasa", **json.loads(run.stdout.splitlines()[-1])}


if __name__ == "__main__":
    sys.exit(main())
