"""The intent model: numbers only, no Rasa, no pickle. Made by nlu.intent_training, used by nlu.classifier.

Kernel ridge regression on two views of a message: its similarity to each example in a learned space (a Gaussian
kernel, nlu.embedding_projection), and its n-grams (a linear kernel). A logistic regression on the best score and the
nearest example tells whether the message is of any known kind (docs/understanding.md).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from nlu.arrays import BoolArray, Float16Array, Float32Array, Float64Array, Int8Array, Int64Array
from nlu.embedding_projection import EmbeddingProjection, scale_rows_to_unit
from nlu.ngrams import hash_ngrams

_ARRAYS_FILE = "intents.npz"
_METADATA_FILE = "intents.json"
_INT8_MAX = 127.0


@dataclass(frozen=True)
class SimilaritySettings:
    """How messages are compared. Part of the model, since messages must be read as the examples were."""

    gamma: float = 2.0
    """Of the Gaussian kernel: exp(-gamma * squared distance of two vectors)."""
    ngram_weight: float = 0.2
    """Weight of the n-gram kernel; that of the Gaussian kernel is 1."""
    ngram_buckets: int = 8192
    """Hash buckets of the n-grams."""
    max_ngram_letters: int = 4
    """Length of the longest n-gram."""


@dataclass(frozen=True, eq=False)
class QuantisedMatrix:
    """A matrix in a quarter of the memory: int8 values, and for each column the number that 127 stands for."""

    values: Int8Array
    """(rows, columns)."""
    scale: Float32Array
    """(columns,)."""

    @classmethod
    def quantise(cls, matrix: Float32Array) -> QuantisedMatrix:
        """Round each column of `matrix` to the nearest 127th of its largest absolute value."""
        scale = np.abs(matrix).max(axis=0, initial=0.0).astype(np.float32)
        parts = matrix * (_INT8_MAX / np.where(scale, scale, 1.0))
        return cls(np.rint(parts).astype(np.int8), scale)

    def dequantise(self) -> Float32Array:
        """Return the matrix, up to the rounding."""
        result: Float32Array = self.values * (self.scale / np.float32(_INT8_MAX))
        return result


@dataclass(frozen=True)
class Familiarity:
    """How likely a message is about any topic: a logistic regression on its best score and nearest example.

    With the defaults everything is familiar.
    """

    score_weight: float = 0.0
    nearest_weight: float = 0.0
    intercept: float = 100.0

    def likelihood(self, best: Float32Array, nearest: Float32Array) -> Float64Array:
        """Return a number between 0 and 1 per message, (m,), from the best scores and nearest cosines, both (m,)."""
        logits = self.score_weight * best + self.nearest_weight * nearest + self.intercept
        likelihood: Float64Array = 1 / (1 + np.exp(-np.clip(logits, -500, 500).astype(np.float64)))
        return likelihood


@dataclass(frozen=True, eq=False)
class IntentModel:
    """n examples, c labels, d dimensions of the encoders, k dimensions of the projection, b n-gram buckets."""

    labels: tuple[str, ...]
    settings: SimilaritySettings
    out_of_scope: str | None
    """The label of messages that no topic covers, if there is one."""
    temperature: float
    """Divisor of the scores, fitted so that of the messages with confidence 0.8 eight in ten are right."""
    familiarity: Familiarity
    projection: EmbeddingProjection
    examples: Int8Array
    """(n, k): the projected examples, times 127."""
    weights: QuantisedMatrix
    """(n, c): how much similarity to an example speaks for each label."""
    inverse_document_frequency: Float16Array
    """(b,): 0 for buckets that nearly all examples have."""
    ngram_weights: QuantisedMatrix
    """(b, c): how much a bucket speaks for each label."""
    _examples: Float32Array = field(init=False, repr=False)
    _weights: Float32Array = field(init=False, repr=False)
    _ngram_weights: Float32Array = field(init=False, repr=False)
    _in_scope: BoolArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Full precision for computing; the small types are for the disk.
        object.__setattr__(self, "_examples", dequantise_unit_rows(self.examples))
        object.__setattr__(self, "_weights", self.weights.dequantise())
        object.__setattr__(self, "_ngram_weights", self.ngram_weights.dequantise())
        object.__setattr__(self, "_in_scope", np.array([label != self.out_of_scope for label in self.labels]))

    def scores(self, vectors: Float32Array, texts: Sequence[str]) -> tuple[Float32Array, Float32Array]:
        """Return the score of each label, (m, c), and the cosine of the nearest example, (m,), for m messages.

        `vectors` is (m, d).
        """
        cosines = self.projection.project(vectors) @ self._examples.T
        nearest = cosines.max(axis=1)
        scores = gaussian_kernel(cosines, self.settings.gamma) @ self._weights
        for row, text in enumerate(texts):
            counts = hash_ngrams(text, self.settings.ngram_buckets, self.settings.max_ngram_letters)
            buckets, values = weigh_ngrams(counts, self.inverse_document_frequency)
            scores[row] += values @ self._ngram_weights[buckets]
        return scores, nearest

    def probabilities(self, vectors: Float32Array, texts: Sequence[str]) -> Float64Array:
        """Return the confidence of each label, (m, c), in the order of `labels`, for `vectors`, (m, d).

        The rest to 1 is the probability that the message belongs to none of them.
        """
        scores, nearest = self.scores(vectors, texts)
        likelihood = self.familiarity.likelihood(scores[:, self._in_scope].max(axis=1), nearest)
        probabilities: Float64Array = softmax(scores.astype(np.float64) / self.temperature)
        return probabilities * likelihood[:, np.newaxis]

    def ranking(self, probabilities: Float64Array) -> list[tuple[str, float]]:
        """Return the (label, confidence) of one message, the best first, ties by name. `probabilities` is (c,)."""
        return sorted(
            zip(self.labels, probabilities.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0])
        )

    def save(self, directory: Path) -> None:
        """Write the model as one .npz and one .json file."""
        np.savez_compressed(
            directory / _ARRAYS_FILE,
            mean=self.projection.mean,
            matrix=self.projection.matrix,
            examples=self.examples,
            weights=self.weights.values,
            weights_scale=self.weights.scale,
            inverse_document_frequency=self.inverse_document_frequency,
            ngram_weights=self.ngram_weights.values,
            ngram_weights_scale=self.ngram_weights.scale,
        )
        metadata = {
            "labels": list(self.labels),
            "out_of_scope": self.out_of_scope,
            "blocks": list(self.projection.blocks),
            "temperature": self.temperature,
            "familiarity": asdict(self.familiarity),
            "settings": asdict(self.settings),
        }
        text = json.dumps(metadata, ensure_ascii=False, indent=1)
        (directory / _METADATA_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> IntentModel:
        """Return the model that `save` wrote; its confidences are the same."""
        metadata = json.loads((directory / _METADATA_FILE).read_text(encoding="utf-8"))
        with np.load(directory / _ARRAYS_FILE, allow_pickle=False) as arrays:
            return cls(
                tuple(metadata["labels"]),
                SimilaritySettings(**metadata["settings"]),
                metadata["out_of_scope"],
                metadata["temperature"],
                Familiarity(**metadata["familiarity"]),
                EmbeddingProjection(tuple(metadata["blocks"]), arrays["mean"], arrays["matrix"]),
                arrays["examples"],
                QuantisedMatrix(arrays["weights"], arrays["weights_scale"]),
                arrays["inverse_document_frequency"],
                QuantisedMatrix(arrays["ngram_weights"], arrays["ngram_weights_scale"]),
            )


def gaussian_kernel(cosines: Float32Array, gamma: float) -> Float32Array:
    """Return exp(-gamma * squared distance) of unit vectors with these `cosines`; any shape."""
    result: Float32Array = cosines - 1
    result *= 2 * gamma
    return np.exp(result, out=result)


def weigh_ngrams(
    counts: dict[int, float], inverse_document_frequency: Float16Array
) -> tuple[Int64Array, Float32Array]:
    """Return the buckets and their weighted values, scaled to norm 1; both empty if there are no n-grams."""
    buckets = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
    weights = inverse_document_frequency[buckets].astype(np.float32)
    values = np.fromiter(counts.values(), dtype=np.float32, count=len(counts)) * weights
    norm = float(np.linalg.norm(values))
    return buckets, values / norm if norm else values


def quantise_unit_rows(rows: Float32Array) -> Int8Array:
    """Return rows of norm 1 in a quarter of the memory."""
    result: Int8Array = np.rint(rows * _INT8_MAX).astype(np.int8)
    return result


def dequantise_unit_rows(rows: Int8Array) -> Float32Array:
    """Return the rows of `quantise_unit_rows`, scaled to norm 1 again."""
    return scale_rows_to_unit(rows.astype(np.float32))


def softmax(scores: Float64Array) -> Float64Array:
    """Return the softmax along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: Float64Array = powers / powers.sum(axis=-1, keepdims=True)
    return result
