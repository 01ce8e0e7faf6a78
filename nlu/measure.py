"""How well the topics are told apart: `python -m nlu.measure`. Cross-validation, without Rasa.

Each example is judged by a model that has not seen it, nor a fifth of the others. The thresholds of
config.yml are chosen by this table.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from data.knowledge import Knowledge, load
from nlu import fitting
from nlu.encoder import load_encoder
from nlu.fingerprint import ROOT, configuration
from nlu.intents import Settings, compact, restored, softmax
from nlu.numbers import without_numbers

OUT_OF_SCOPE = "out_of_scope"
THRESHOLDS = (0.0, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


def main(arguments: list[str] | None = None) -> int:
    """Print the table for the topics of --root."""
    parser = argparse.ArgumentParser(prog="python -m nlu.measure", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--root", type=Path, default=ROOT, help="folder with data/ (and config.yml, if it differs)"
    )
    parser.add_argument("--wrong", action="store_true", help="list the examples that were misread")
    options = parser.parse_args(arguments)
    pipeline = yaml.safe_load(configuration(options.root).read_text(encoding="utf-8"))["pipeline"]
    for line in table(load(options.root / "data"), pipeline, list_wrong=options.wrong):
        print(line)
    return 0


def table(knowledge: Knowledge, pipeline: list[dict[str, Any]], *, list_wrong: bool = False) -> Iterable[str]:
    """The lines of the report."""
    texts, intents, languages = _examples(knowledge)
    started = time.monotonic()
    scores, labels, targets = held_out(texts, intents, pipeline)
    temperature = fitting.best_temperature(scores, targets)
    chances = softmax(scores / temperature)
    best = chances.argmax(axis=1)
    right = best == targets
    yield f"{len(texts)} examples, {len(labels)} topics, {time.monotonic() - started:.1f} s"
    yield f"accuracy {right.mean():.3f}" + "".join(
        f", {code} {right[languages == code].mean():.3f}" for code in np.unique(languages)
    )
    confidence = chances.max(axis=1)
    yield f"temperature {temperature}, mean confidence {confidence.mean():.3f}"
    if OUT_OF_SCOPE in labels:
        outside = targets == labels.index(OUT_OF_SCOPE)
        yield "threshold   out of scope found   in scope refused   right of those answered   right in all"
        for threshold in THRESHOLDS:
            refused = (best == labels.index(OUT_OF_SCOPE)) | (confidence < threshold)
            good = np.where(outside, refused, right & ~refused)
            yield (
                f"{threshold:9.2f}   {refused[outside].mean():18.3f}   {refused[~outside].mean():16.3f}   "
                f"{right[~refused].mean():23.3f}   {good.mean():12.3f}"
            )
    if list_wrong:
        for index in np.flatnonzero(~right):
            yield f"{intents[index]} read as {labels[best[index]]} ({confidence[index]:.2f}): {texts[index]}"


def held_out(
    texts: list[str], intents: list[str], pipeline: list[dict[str, Any]]
) -> tuple[NDArray[np.float64], tuple[str, ...], NDArray[np.int64]]:
    """Cross-validated scores (examples x labels), the labels, and the number of each example's label."""
    components = {component["name"].rpartition(".")[2]: component for component in pipeline}
    classifier = components["TopicClassifier"]
    settings = Settings(**{name: classifier[name] for name in vars(Settings())})
    plain = [without_numbers(text) for text in texts]
    vectors = restored(compact(load_encoder(components["SentenceFeaturizer"]["encoder"]).encode(plain)))
    labels, targets = fitting.encoded(intents)
    hashed = fitting.design(plain, fitting.document_rarity(plain, settings), settings)
    kernel = fitting.kernel_matrix(vectors, hashed, settings)
    return fitting.held_out_scores(kernel, targets, classifier["ridge"]), labels, targets


def _examples(knowledge: Knowledge) -> tuple[list[str], list[str], NDArray[np.str_]]:
    found = {
        (topic.id, text.lstrip("/")): code
        for _, topic in sorted(knowledge.topics.items())
        if topic.kind != "texts"
        for code, page in sorted(topic.languages.items(), reverse=True)
        for text in page.examples
    }
    return [text for _, text in found], [topic for topic, _ in found], np.asarray(list(found.values()))


if __name__ == "__main__":
    sys.exit(main())
