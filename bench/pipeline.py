"""Trains and asks one NLU pipeline inside Rasa, in a process of its own: `python -m bench.pipeline`.

Reads a PipelineRun as JSON from standard input; the last line of standard output is a PipelineReport as JSON. Stock is
Rasa's default pipeline. Both pipelines go through the same commands of Rasa; ours, as in service, without TensorFlow.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TypeAlias, TypedDict

import yaml

PipelineConfig: TypeAlias = list[dict[str, object]]
"""The `pipeline` of a config.yml."""

# What `rasa init` writes for English in 3.6.
STOCK: PipelineConfig = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]
# The components of config.yml that find the topic of a message.
OURS = ("ScriptTokenizer", "SentenceFeaturizer", "TopicClassifier")


class PipelineRun(TypedDict):
    """What to train and to ask."""

    pipeline: str
    """ "ours" or "stock"."""
    train: tuple[list[str], list[str]]
    """Texts and intents."""
    test: tuple[list[str], list[str]]
    """Texts and intents."""


class PipelineReport(TypedDict):
    """The quality and cost of a pipeline."""

    accuracy: float
    train_seconds: float
    p50_ms: float
    p99_ms: float
    resident_mb: int
    """Of the process that has trained and then asked."""


def main() -> None:
    """Run what standard input asks for and print the report."""
    run: PipelineRun = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as folder:
        pipeline = prepare_ours(Path(folder)) if run["pipeline"] == "ours" else STOCK
        report = asyncio.run(measure(pipeline, run, Path(folder)))
    print(json.dumps(report))


def prepare_ours(folder: Path) -> PipelineConfig:
    """Return our pipeline, with an empty cache of vectors in `folder`. Stubs TensorFlow."""
    from nlu.tensorflow_stub import stub_tensorflow

    stub_tensorflow()
    from nlu.fingerprint import ROOT

    components = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    ours = {component["name"].rpartition(".")[2]: component for component in components}
    ours["SentenceFeaturizer"]["cache_folder"] = str(folder / "vectors")
    return [ours[name] for name in OURS]


async def measure(pipeline: PipelineConfig, run: PipelineRun, folder: Path) -> PipelineReport:
    """Train in `folder`, then ask every test message."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    # The cache of an earlier run would make the training shorter.
    os.environ["RASA_CACHE_DIRECTORY"] = str(folder / "cache")
    import psutil
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    (folder / "nlu.yml").write_text(
        yaml.safe_dump(_training_data(*run["train"]), allow_unicode=True), encoding="utf-8"
    )
    config = {"recipe": "default.v1", "language": "en", "pipeline": pipeline}
    (folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    started = time.perf_counter()
    model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder))
    seconds = time.perf_counter() - started
    agent = Agent.load(model)
    times, right = [], 0
    for text, intent in zip(*run["test"], strict=True):
        began = time.perf_counter()
        parsed = await agent.parse_message(text)
        times.append(time.perf_counter() - began)
        ranking = [score["name"] for score in parsed["intent_ranking"] if score["name"] != "nlu_fallback"]
        right += ranking[:1] == [intent]
    times.sort()
    return {
        "accuracy": round(right / len(times), 4),
        "train_seconds": round(seconds, 1),
        "p50_ms": round(1000 * times[len(times) // 2], 1),
        "p99_ms": round(1000 * times[len(times) * 99 // 100], 1),
        "resident_mb": round(psutil.Process().memory_info().rss / 1e6),
    }


def _training_data(texts: list[str], intents: list[str]) -> dict[str, object]:
    """Return the examples as the content of Rasa's nlu.yml."""
    by_intent: dict[str, list[str]] = {}
    for text, intent in zip(texts, intents, strict=True):
        by_intent.setdefault(intent, []).append(" ".join(text.split()))
    return {
        "version": "3.1",
        "nlu": [
            {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts_of_intent)}
            for intent, texts_of_intent in by_intent.items()
        ],
    }


if __name__ == "__main__":
    main()
