"""How well the topics are told apart: `python -m nlu.measure`. Without Rasa.

Cross-validation: each example is judged by a model that has not seen it, nor a fifth of the others; the
thresholds of config.yml are chosen by this table. `--kinds`: a model that has seen none of the examples of one
way of writing judges those. `--pairs`: the topics that are taken for each other most.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from knowledge import Knowledge, load
from nlu.encoder import load_encoder
from nlu.fingerprint import ROOT, configuration
from nlu.fitting import FOLDS, Examples, encoded, fit, folds
from nlu.intents import IntentModel, Settings
from nlu.kinds import kinds
from nlu.numbers import without_numbers
from nlu.remembered import Remembering

OUT_OF_SCOPE = "out_of_scope"
REFUSING = (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
ASKING = (1.0, 1.5, 2.0, 3.0, 4.0)
ALONE = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
PAIRS = 40


@dataclass(frozen=True)
class Data:
    """The examples, row by row, with the language of each."""

    examples: Examples
    languages: NDArray[np.str_]
    pipeline: list[dict[str, Any]]

    def model(self, chosen: NDArray[np.int64]) -> IntentModel:
        """The model made from the examples `chosen`."""
        classifier = component(self.pipeline, "TopicClassifier")
        return fit(
            self.examples.among(chosen),
            ridge=classifier["ridge"],
            outside=classifier["outside"],
            settings=Settings(**{name: classifier[name] for name in vars(Settings())}),
        )


def main(arguments: list[str] | None = None) -> int:
    """Print the table for the topics of --root."""
    parser = argparse.ArgumentParser(prog="python -m nlu.measure", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--root", type=Path, default=ROOT, help="folder with data/ (and config.yml, if it differs)"
    )
    parser.add_argument("--wrong", action="store_true", help="list the examples that were misread")
    parser.add_argument("--pairs", action="store_true", help="list the topics that are taken for each other")
    parser.add_argument("--kinds", action="store_true", help="judge ways of writing that were never seen")
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors for the next time")
    options = parser.parse_args(arguments)
    pipeline = yaml.safe_load(configuration(options.root).read_text(encoding="utf-8"))["pipeline"]
    data = read(load(options.root / "data"), pipeline, options.cache)
    lines = by_kind(data) if options.kinds else table(data, wrong=options.wrong, pairs=options.pairs)
    for line in lines:
        print(line, flush=True)
    return 0


def read(knowledge: Knowledge, pipeline: list[dict[str, Any]], cache: Path | None = None) -> Data:
    """The examples of all topics with their vectors."""
    found = {
        (topic.id, text.lstrip("/")): code
        for _, topic in sorted(knowledge.topics.items())
        if topic.kind != "texts"
        for code, page in sorted(topic.languages.items(), reverse=True)
        for text in page.examples
    }
    texts = [without_numbers(text) for _, text in found]
    encoders = [load_encoder(path) for path in component(pipeline, "SentenceFeaturizer")["encoders"]]
    kept = [Remembering(encoder, cache) if cache else encoder for encoder in encoders]
    examples = Examples(
        np.hstack([encoder.encode(texts) for encoder in kept]),
        tuple(encoder.dimension for encoder in encoders),
        texts,
        [topic for topic, _ in found],
    )
    return Data(examples, np.asarray(list(found.values())), pipeline)


def table(data: Data, *, wrong: bool = False, pairs: bool = False) -> Iterable[str]:
    """The lines of the report."""
    intents = np.asarray(data.examples.intents)
    labels, targets = encoded(data.examples.intents)
    started = time.monotonic()
    chances, alone = held_out_chances(data, labels, targets)
    best, confidence = chances.argmax(axis=1), chances.max(axis=1)
    right = best == targets
    yield f"{len(intents)} examples, {len(labels)} topics, {time.monotonic() - started:.1f} s"
    yield f"accuracy {right.mean():.3f}" + "".join(
        f", {code} {right[data.languages == code].mean():.3f}" for code in np.unique(data.languages)
    )
    if OUT_OF_SCOPE in labels:
        yield from _refusals(labels, targets, chances)
    yield from _askings(targets, chances)
    if len(data.examples.blocks) > 1:
        yield from _alone(targets, chances, alone)
    if pairs:
        yield from _pairs(data.examples.intents, [labels[at] for at in best])
    if wrong:
        for at in np.flatnonzero(~right):
            yield f"{intents[at]} read as {labels[best[at]]} ({confidence[at]:.2f}): {data.examples.texts[at]}"


def held_out_chances(
    data: Data, labels: tuple[str, ...], targets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Confidences (examples x labels) by models that have not seen the example: by all encoders, and by the first
    one alone."""
    chances, alone = np.zeros((2, len(targets), len(labels)))
    fold = folds(targets)
    for number in range(FOLDS):
        seen, unseen = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(unseen):
            chances[unseen], alone[unseen] = _judged(data, seen, unseen, labels)
    return chances, alone


def _judged(
    data: Data, seen: NDArray[np.int64], unseen: NDArray[np.int64], labels: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    model = data.model(seen)
    place = [labels.index(label) for label in model.labels]
    vectors, texts = data.examples.vectors[unseen], [data.examples.texts[at] for at in unseen]
    by_first = np.where(np.arange(vectors.shape[1]) < data.examples.blocks[0], vectors, 0)
    chances, alone = np.zeros((2, len(unseen), len(labels)))
    chances[:, place] = model.probabilities(vectors, texts)
    alone[:, place] = model.probabilities(by_first, texts)
    return chances, alone


def _refusals(
    labels: tuple[str, ...], targets: NDArray[np.int64], chances: NDArray[np.float64]
) -> Iterator[str]:
    """What a threshold for refusing costs and brings."""
    outer = labels.index(OUT_OF_SCOPE)
    best, confidence = chances.argmax(axis=1), chances.max(axis=1)
    outside, right = targets == outer, best == targets
    yield "           out of scope   in scope   right of        right"
    yield "threshold  found          refused    those answered  in all"
    for threshold in REFUSING:
        refused = (best == outer) | (confidence < threshold)
        if refused.all() or outside.all():
            continue
        good = np.where(outside, refused, right & ~refused)
        yield (
            f"{threshold:9.2f}  {refused[outside].mean():.3f}          {refused[~outside].mean():.3f}      "
            f"{right[~refused].mean():.3f}           {good.mean():.3f}"
        )


def _askings(targets: NDArray[np.int64], chances: NDArray[np.float64]) -> Iterator[str]:
    """What asking back between the two best topics costs and brings."""
    order = np.argsort(-chances, axis=1)[:, :2]
    first, second = np.take_along_axis(chances, order, axis=1).T
    yield "ask if the first     share    right one   needless: the   right of those"
    yield "is below x second    asked    is offered  first is right  not asked"
    for ratio in ASKING:
        asked = first < ratio * second
        right, offered = order[:, 0] == targets, (order == targets[:, np.newaxis]).any(axis=1)
        if asked.any() and not asked.all():
            yield (
                f"{ratio:15.1f}      {asked.mean():.3f}    {offered[asked].mean():.3f}       "
                f"{right[asked].mean():.3f}           {right[~asked].mean():.3f}"
            )


def _alone(
    targets: NDArray[np.int64], chances: NDArray[np.float64], alone: NDArray[np.float64]
) -> Iterator[str]:
    """What it costs and saves not to ask the other encoders where the first one is sure."""
    best, quick, confidence = chances.argmax(axis=1), alone.argmax(axis=1), alone.max(axis=1)
    yield "sure alone  share    read otherwise  right"
    yield "from        of all   than by all     in all"
    for threshold in ALONE:
        sure = confidence >= threshold
        if sure.any():
            chosen = np.where(sure, quick, best)
            yield (
                f"{threshold:10.2f}  {sure.mean():.3f}    {(quick != best)[sure].mean():.4f}          "
                f"{(chosen == targets).mean():.4f} ({(best == targets).mean():.4f})"
            )


def _pairs(wanted: Sequence[str], read_as: Sequence[str]) -> Iterator[str]:
    sizes = Counter(wanted)
    counts = Counter((one, other) for one, other in zip(wanted, read_as, strict=True) if one != other)
    for (one, other), count in counts.most_common(PAIRS):
        yield f"{count:4d} of {sizes[one]} {one} read as {other}"


def by_kind(data: Data) -> Iterable[str]:
    """For each way of writing: how it is read by a model that has seen none of it, and by one that has."""
    labels, targets = encoded(data.examples.intents)
    everything = np.arange(len(targets))
    usual = held_out_chances(data, labels, targets)[0].argmax(axis=1) == targets
    yield "kind     messages  seen   never seen"
    for kind, numbers in sorted(kinds(data.examples.texts, data.languages.tolist()).items()):
        unseen = np.asarray(numbers)
        seen = np.setdiff1d(everything, unseen)
        right = _judged(data, seen, unseen, labels)[0].argmax(axis=1) == targets[unseen]
        yield f"{kind:8s} {len(unseen):8d}  {usual[unseen].mean():.3f}  {right.mean():.3f}"


def component(pipeline: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The configuration of a component by the name of its class."""
    return next(part for part in pipeline if part["name"].rpartition(".")[2] == name)


if __name__ == "__main__":
    sys.exit(main())
