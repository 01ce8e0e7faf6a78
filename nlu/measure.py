"""How well the topics are told apart: `python -m nlu.measure`. Without Rasa.

Cross-validation: each example is judged by a model that has seen neither it nor a fifth of the others. The tables show
the effect of the thresholds of config.yml. `--kinds` judges the examples of one writing style by a model that has seen
none of that style. `--pairs` lists the topics that are confused most.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge import Knowledge, TopicKind, load
from nlu.arrays import Float64Array, Int64Array
from nlu.embedding_cache import CachedEncoder
from nlu.encoder import load_encoder
from nlu.example_set import FOLDS, ExampleSet, assign_folds, encode_labels
from nlu.fingerprint import ROOT, configuration
from nlu.intent_model import IntentModel
from nlu.intent_training import train_intent_model
from nlu.parsed_message import OUT_OF_SCOPE
from nlu.phone_matcher import mask_phone_numbers
from nlu.pipeline_settings import PipelineSettings
from nlu.writing_styles import group_by_style

# The values of the thresholds in the tables.
_CONFIDENCES = (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
_RATIOS = (1.0, 1.5, 2.0, 3.0, 4.0)
_FIRST_ENCODER_CONFIDENCES = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
_MAX_PAIRS = 40


@dataclass(frozen=True)
class MeasuredExamples:
    """The examples, row by row, with the language of each."""

    examples: ExampleSet
    languages: NDArray[np.str_]
    """(n,)."""
    settings: PipelineSettings

    def train(self, rows: Int64Array) -> IntentModel:
        """Return the model of the examples with these indices."""
        return train_intent_model(
            self.examples.select(rows),
            ridge=self.settings.ridge,
            out_of_scope=self.settings.out_of_scope,
            settings=self.settings.similarity,
        )


@dataclass(frozen=True)
class CrossValidation:
    """n examples, each judged by a model that has not seen it; c labels."""

    labels: tuple[str, ...]
    targets: Int64Array
    """(n,): the index of each example's label."""
    probabilities: Float64Array
    """(n, c): the confidences by all encoders."""
    first_encoder: Float64Array
    """(n, c): the confidences by the first encoder alone."""

    @classmethod
    def run(cls, data: MeasuredExamples) -> CrossValidation:
        """Train and judge, fold by fold."""
        labels, targets = encode_labels(data.examples.intents)
        probabilities, first_encoder = np.zeros((2, len(targets), len(labels)))
        folds = assign_folds(targets)
        for fold in range(FOLDS):
            seen, unseen = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            if len(unseen):
                probabilities[unseen], first_encoder[unseen] = _judge(data, seen, unseen, labels)
        return cls(labels, targets, probabilities, first_encoder)


def main(arguments: list[str] | None = None) -> int:
    """Print the report on the topics of --root and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m nlu.measure", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--root", type=Path, default=ROOT, help="folder with data/ (and config.yml, if it differs)"
    )
    parser.add_argument("--wrong", action="store_true", help="list the misread examples")
    parser.add_argument("--pairs", action="store_true", help="list the topics that are confused most")
    parser.add_argument("--kinds", action="store_true", help="judge writing styles that were never seen")
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors for the next time")
    options = parser.parse_args(arguments)
    settings = PipelineSettings.from_file(configuration(options.root))
    data = read_examples(load(options.root / "data"), settings, options.cache)
    lines = report_styles(data) if options.kinds else report(data, wrong=options.wrong, pairs=options.pairs)
    for line in lines:
        print(line, flush=True)
    return 0


def read_examples(
    knowledge: Knowledge, settings: PipelineSettings, cache: Path | None = None
) -> MeasuredExamples:
    """Return the examples of all topics with their vectors, which are cached in the folder `cache`."""
    found = {
        (topic.id, text.lstrip("/")): code
        for _, topic in sorted(knowledge.topics.items())
        if topic.kind is not TopicKind.TEXTS
        for code, page in sorted(topic.languages.items(), reverse=True)
        for text in page.examples
    }
    texts = [mask_phone_numbers(text) for _, text in found]
    encoders = [load_encoder(path) for path in settings.encoders]
    cached = [CachedEncoder(encoder, cache) if cache else encoder for encoder in encoders]
    examples = ExampleSet(
        np.hstack([encoder.encode(texts) for encoder in cached]),
        tuple(encoder.dimension for encoder in encoders),
        texts,
        [topic for topic, _ in found],
    )
    return MeasuredExamples(examples, np.asarray(list(found.values())), settings)


def report(data: MeasuredExamples, *, wrong: bool = False, pairs: bool = False) -> Iterable[str]:
    """Yield the lines of the report."""
    intents, texts = data.examples.intents, data.examples.texts
    started = time.monotonic()
    result = CrossValidation.run(data)
    labels, targets = result.labels, result.targets
    best, confidence = result.probabilities.argmax(axis=1), result.probabilities.max(axis=1)
    right = best == targets
    yield f"{len(intents)} examples, {len(labels)} topics, {time.monotonic() - started:.1f} s"
    yield f"accuracy {right.mean():.3f}" + "".join(
        f", {code} {right[data.languages == code].mean():.3f}" for code in np.unique(data.languages)
    )
    if OUT_OF_SCOPE in labels:
        yield from _report_refusals(result)
    yield from _report_questions(result)
    if len(data.examples.blocks) > 1:
        yield from _report_first_encoder(result)
    if pairs:
        yield from _report_pairs(intents, [labels[label] for label in best])
    if wrong:
        for row in np.flatnonzero(~right):
            yield f"{intents[row]} read as {labels[best[row]]} ({confidence[row]:.2f}): {texts[row]}"


def _judge(
    data: MeasuredExamples, seen: Int64Array, unseen: Int64Array, labels: tuple[str, ...]
) -> tuple[Float64Array, Float64Array]:
    """Return the confidences of the examples `unseen`, (m, c), by a model of the examples `seen`.

    The first result is by all encoders, the second by the first encoder alone.
    """
    model = data.train(seen)
    columns = [labels.index(label) for label in model.labels]
    vectors, texts = data.examples.vectors[unseen], [data.examples.texts[row] for row in unseen]
    first_vectors = np.where(np.arange(vectors.shape[1]) < data.examples.blocks[0], vectors, 0)
    probabilities, first_encoder = np.zeros((2, len(unseen), len(labels)))
    probabilities[:, columns] = model.probabilities(vectors, texts)
    first_encoder[:, columns] = model.probabilities(first_vectors, texts)
    return probabilities, first_encoder


def _report_refusals(result: CrossValidation) -> Iterator[str]:
    """Yield the effect of `min_confidence` of AmbiguityClassifier."""
    label = result.labels.index(OUT_OF_SCOPE)
    best, confidence = result.probabilities.argmax(axis=1), result.probabilities.max(axis=1)
    outside, right = result.targets == label, best == result.targets
    yield "           out of scope   in scope   right of        right"
    yield "threshold  found          refused    those answered  in all"
    for threshold in _CONFIDENCES:
        refused = (best == label) | (confidence < threshold)
        if refused.all() or outside.all():
            continue
        good = np.where(outside, refused, right & ~refused)
        yield (
            f"{threshold:9.2f}  {refused[outside].mean():.3f}          {refused[~outside].mean():.3f}      "
            f"{right[~refused].mean():.3f}           {good.mean():.3f}"
        )


def _report_questions(result: CrossValidation) -> Iterator[str]:
    """Yield the effect of `min_ratio` of AmbiguityClassifier."""
    probabilities, targets = result.probabilities, result.targets
    order = np.argsort(-probabilities, axis=1)[:, :2]
    first, second = np.take_along_axis(probabilities, order, axis=1).T
    yield "ask if the first     share    right one   needless: the   right of those"
    yield "is below x second    asked    is offered  first is right  not asked"
    for ratio in _RATIOS:
        asked = first < ratio * second
        right, offered = order[:, 0] == targets, (order == targets[:, np.newaxis]).any(axis=1)
        if asked.any() and not asked.all():
            yield (
                f"{ratio:15.1f}      {asked.mean():.3f}    {offered[asked].mean():.3f}       "
                f"{right[asked].mean():.3f}           {right[~asked].mean():.3f}"
            )


def _report_first_encoder(result: CrossValidation) -> Iterator[str]:
    """Yield the effect of `min_first_encoder_confidence` of TopicClassifier."""
    targets, best = result.targets, result.probabilities.argmax(axis=1)
    first_best, confidence = result.first_encoder.argmax(axis=1), result.first_encoder.max(axis=1)
    yield "sure alone  share    read otherwise  right"
    yield "from        of all   than by all     in all"
    for threshold in _FIRST_ENCODER_CONFIDENCES:
        sure = confidence >= threshold
        if sure.any():
            chosen = np.where(sure, first_best, best)
            yield (
                f"{threshold:10.2f}  {sure.mean():.3f}    {(first_best != best)[sure].mean():.4f}          "
                f"{(chosen == targets).mean():.4f} ({(best == targets).mean():.4f})"
            )


def _report_pairs(wanted: Sequence[str], read_as: Sequence[str]) -> Iterator[str]:
    sizes = Counter(wanted)
    counts = Counter((one, other) for one, other in zip(wanted, read_as, strict=True) if one != other)
    for (one, other), count in counts.most_common(_MAX_PAIRS):
        yield f"{count:4d} of {sizes[one]} {one} read as {other}"


def report_styles(data: MeasuredExamples) -> Iterable[str]:
    """Yield, for each writing style, the accuracy of a model that has seen the style and of one that has not."""
    result = CrossValidation.run(data)
    right_if_seen = result.probabilities.argmax(axis=1) == result.targets
    rows = np.arange(len(result.targets))
    yield "kind     messages  seen   never seen"
    for style, numbers in sorted(group_by_style(data.examples.texts, data.languages.tolist()).items()):
        unseen = np.asarray(numbers)
        probabilities, _ = _judge(data, np.setdiff1d(rows, unseen), unseen, result.labels)
        right = probabilities.argmax(axis=1) == result.targets[unseen]
        yield f"{style:8s} {len(unseen):8d}  {right_if_seen[unseen].mean():.3f}  {right.mean():.3f}"


if __name__ == "__main__":
    sys.exit(main())
