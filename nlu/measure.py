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
THRESHOLDS = (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)


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
    labels, targets = fitting.encoded(intents)
    chances, unseen = held_out_chances(texts, labels, targets, pipeline)
    best, confidence = chances.argmax(axis=1), chances.max(axis=1)
    right = best == targets
    yield f"{len(texts)} examples, {len(labels)} topics, {time.monotonic() - started:.1f} s"
    yield f"accuracy {right.mean():.3f}" + "".join(
        f", {code} {right[languages == code].mean():.3f}" for code in np.unique(languages)
    )
    if len(unseen):
        first, second = np.sort(chances, axis=1)[:, ::-1][:, :2].T
        close = first - second < _component(pipeline, "FallbackClassifier")["ambiguity_threshold"]
        outside = targets == labels.index(OUT_OF_SCOPE)
        yield "            out of scope found      in scope   right of        right"
        yield "threshold   all     unseen kinds    refused    those answered  in all"
        for threshold in THRESHOLDS:
            refused = (best == labels.index(OUT_OF_SCOPE)) | (confidence < threshold) | close
            good = np.where(outside, refused, right & ~refused)
            yield (
                f"{threshold:9.2f}   {refused[outside].mean():.3f}   {(unseen < threshold).mean():.3f}           "
                f"{refused[~outside].mean():.3f}      {right[~refused].mean():.3f}           {good.mean():.3f}"
            )
    if list_wrong:
        for index in np.flatnonzero(~right):
            yield f"{intents[index]} read as {labels[best[index]]} ({confidence[index]:.2f}): {texts[index]}"


def held_out_chances(
    texts: list[str], labels: tuple[str, ...], targets: NDArray[np.int64], pipeline: list[dict[str, Any]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Confidences (examples x labels) by models that have not seen the example; and the highest confidence of
    each out-of-scope example by a model that has seen none of them."""
    classifier = _component(pipeline, "TopicClassifier")
    settings, ridge = Settings(**{name: classifier[name] for name in vars(Settings())}), classifier["ridge"]
    plain = [without_numbers(text) for text in texts]
    vectors = load_encoder(_component(pipeline, "SentenceFeaturizer")["encoder"]).encode(plain)
    hashed = fitting.design(plain, fitting.document_rarity(plain, settings), settings)
    likeness = fitting.Likeness.of(restored(compact(vectors)), hashed, settings)
    familiarity = fitting.familiarity_of(likeness, labels, targets, ridge, classifier["outside"])
    held_out = fitting.HeldOut.of(likeness, targets, ridge)
    temperature = fitting.best_temperature(held_out.scores, targets)
    likely = familiarity.likelihood(held_out.nearest)[:, np.newaxis]
    chances = softmax(held_out.scores / temperature) * likely
    if OUT_OF_SCOPE not in labels:
        return chances, np.zeros(0)
    is_outside = targets == labels.index(OUT_OF_SCOPE)
    inner, outer = np.flatnonzero(~is_outside), np.flatnonzero(is_outside)
    _, inner_targets = np.unique(targets[inner], return_inverse=True)
    weights = fitting.solve(likeness.kernel[np.ix_(inner, inner)], inner_targets, ridge)
    inner_held_out = fitting.HeldOut.of(likeness.among(inner), inner_targets, ridge)
    temperature = fitting.best_temperature(inner_held_out.scores, inner_targets)
    far = softmax(likeness.kernel[np.ix_(outer, inner)] @ weights / temperature).max(axis=1)
    return chances, far * familiarity.likelihood(likeness.cosines[np.ix_(outer, inner)].max(axis=1))


def _component(pipeline: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(component for component in pipeline if component["name"].rpartition(".")[2] == name)


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
