"""Trains and asks one NLU pipeline inside Rasa, in a process of its own: `python -m bench.pipeline`.

Stock is Rasa's default pipeline. Both go through the same commands of Rasa; ours, as in service, without TensorFlow.
Standard input: {"pipeline": "ours" or "stock", "train": [texts, intents], "test": [texts, intents]}; the last line of
standard output: one JSON object with accuracy, training seconds, milliseconds a message and resident megabytes.
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
from typing import Any

import yaml

# What `rasa init` writes for English in 3.6.
STOCK: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]
# Of config.yml, what reads the topic of a message.
OURS = ("ScriptTokenizer", "SentenceFeaturizer", "TopicClassifier")


def main() -> None:
    """See the module."""
    asked = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as folder:
        pipeline = ours(Path(folder)) if asked["pipeline"] == "ours" else STOCK
        report = asyncio.run(measured(pipeline, asked, Path(folder)))
    print(json.dumps(report))


def ours(folder: Path) -> list[dict[str, Any]]:
    """Our pipeline, which neither loads TensorFlow nor finds vectors that an earlier training kept."""
    from nlu.no_tensorflow import leave_out

    leave_out()
    import nlu.features
    from nlu.fingerprint import ROOT

    nlu.features.VECTORS = folder / "vectors"
    parts = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    return [part for part in parts if part["name"].rpartition(".")[2] in OURS]


async def measured(pipeline: list[dict[str, Any]], asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Train in `folder`, then ask every test message."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    # What an earlier run left would make the training shorter.
    os.environ["RASA_CACHE_DIRECTORY"] = str(folder / "cache")
    import psutil
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    by_intent: dict[str, list[str]] = {}
    for text, intent in zip(*asked["train"], strict=True):
        by_intent.setdefault(intent, []).append(" ".join(text.split()))
    data = {
        "version": "3.1",
        "nlu": [
            {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
            for intent, texts in by_intent.items()
        ],
    }
    (folder / "nlu.yml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    config = {"recipe": "default.v1", "language": "en", "pipeline": pipeline}
    (folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    started = time.perf_counter()
    model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder))
    seconds = time.perf_counter() - started
    agent = Agent.load(model)
    times, right = [], 0
    for text, intent in zip(*asked["test"], strict=True):
        began = time.perf_counter()
        parsed = await agent.parse_message(text)
        times.append(time.perf_counter() - began)
        ranking = [one["name"] for one in parsed["intent_ranking"] if one["name"] != "nlu_fallback"]
        right += ranking[:1] == [intent]
    times.sort()
    return {
        "accuracy": round(right / len(times), 4),
        "train_seconds": round(seconds, 1),
        "p50_ms": round(1000 * times[len(times) // 2], 1),
        "p99_ms": round(1000 * times[len(times) * 99 // 100], 1),
        "resident_mb": round(psutil.Process().memory_info().rss / 1e6),
    }


if __name__ == "__main__":
    main()
