"""The intent model: numbers only, no Rasa, no pickle. Made by nlu.fitting, used by nlu.classifier.

Kernel ridge regression on two views of a message: how near it is to each example in a space that was learned
from them (a Gaussian kernel, nlu.space), and which n-grams it has (a linear one). A second, tiny regression
tells by the best score and the nearest example whether the message is of a kind that was seen at all
(docs/understanding.md).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.ngrams import ngrams
from nlu.space import Floats, Space, unit

_NUMBERS = "intents.npz"
_ABOUT = "intents.json"
_INT8 = 127.0


@dataclass(frozen=True)
class Settings:
    """How messages are compared. Part of the model, since messages must be read as the examples were."""

    sharpness: float = 2.0
    """Of the Gaussian kernel: exp(-sharpness * squared distance of two vectors)."""
    share: float = 0.2
    """Weight of the n-gram kernel; the Gaussian one has 1."""
    buckets: int = 8192
    """Hash buckets of the n-grams."""
    longest: int = 4
    """Letters of the longest n-gram."""


@dataclass(frozen=True, eq=False)
class Columns:
    """A matrix in a quarter of the space: int8, and for each column what 127 stands for."""

    numbers: NDArray[np.int8]
    scale: Floats
    """(columns,)"""

    @classmethod
    def of(cls, matrix: Floats) -> Columns:
        """`matrix` with each column to its nearest 127th of the column's largest number."""
        scale = np.abs(matrix).max(axis=0, initial=0.0).astype(np.float32)
        parts = matrix * (_INT8 / np.where(scale, scale, 1.0))
        return cls(np.rint(parts).astype(np.int8), scale)

    def restored(self) -> Floats:
        """The matrix that `of` was given, as near as that."""
        result: Floats = self.numbers * (self.scale / np.float32(_INT8))
        return result


@dataclass(frozen=True)
class Familiarity:
    """How likely a message is to be of a topic, by its best score and the cosine of the nearest example."""

    of_score: float = 0.0
    of_nearest: float = 0.0
    offset: float = 100.0  # everything is familiar

    def likelihood(self, best: Floats, nearest: Floats) -> NDArray[np.float64]:
        """Between 0 and 1 for each message."""
        sure = self.of_score * best + self.of_nearest * nearest + self.offset
        likely: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(sure, -500, 500).astype(np.float64)))
        return likely


@dataclass(frozen=True, eq=False)
class IntentModel:
    """n examples, c labels, k dimensions of the space, b buckets."""

    labels: tuple[str, ...]
    settings: Settings
    outside: str | None
    """The label of what belongs to no topic, if there is one."""
    temperature: float
    """Scores are divided by it, so that of the messages with confidence 0.8 eight in ten are right."""
    familiarity: Familiarity
    """How likely a message is to be of any topic at all."""
    space: Space
    examples: NDArray[np.int8]
    """(n, k): the examples' vectors in the space, times 127."""
    weights: Columns
    """(n, c): how much nearness to an example speaks for each label."""
    rarity: NDArray[np.float16]
    """(b,): how few examples have an n-gram of the bucket, as inverse document frequency; 0 where nearly all do."""
    grams: Columns
    """(b, c): how much a bucket speaks for each label."""
    _examples: Floats = field(init=False, repr=False)
    _weights: Floats = field(init=False, repr=False)
    _grams: Floats = field(init=False, repr=False)
    _inner: NDArray[np.bool_] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Full precision for computing; the small types are for the disk.
        object.__setattr__(self, "_examples", restored(self.examples))
        object.__setattr__(self, "_weights", self.weights.restored())
        object.__setattr__(self, "_grams", self.grams.restored())
        object.__setattr__(self, "_inner", np.array([label != self.outside for label in self.labels]))

    def scores(self, vectors: Floats, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """The score of each label (m, c) for each message, and the cosine to its nearest example (m,)."""
        cosines = self.space.place(vectors) @ self._examples.T
        nearest = cosines.max(axis=1)
        scores = gaussian(cosines, self.settings.sharpness) @ self._weights
        for row, text in enumerate(texts):
            counts = ngrams(text, self.settings.buckets, self.settings.longest)
            buckets, values = weighted(counts, self.rarity)
            scores[row] += values @ self._grams[buckets]
        return scores, nearest

    def probabilities(self, vectors: Floats, texts: Sequence[str]) -> NDArray[np.float64]:
        """The confidence of each label (m, c), in the order of `labels`. What is missing to 1 is the chance that the
        message belongs to none of them."""
        scores, nearest = self.scores(vectors, texts)
        likely = self.familiarity.likelihood(scores[:, self._inner].max(axis=1), nearest)
        chances: NDArray[np.float64] = softmax(scores.astype(np.float64) / self.temperature)
        return chances * likely[:, np.newaxis]

    def ranking(self, chances: NDArray[np.float64]) -> list[tuple[str, float]]:
        """(label, confidence) of one message, the best first; equal ones by name."""
        return sorted(zip(self.labels, chances.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))

    def save(self, directory: Path) -> None:
        """Write the model as one .npz and one .json file."""
        np.savez_compressed(
            directory / _NUMBERS,
            centre=self.space.centre,
            turn=self.space.turn,
            examples=self.examples,
            weights=self.weights.numbers,
            weights_scale=self.weights.scale,
            rarity=self.rarity,
            grams=self.grams.numbers,
            grams_scale=self.grams.scale,
        )
        about = {
            "labels": list(self.labels),
            "outside": self.outside,
            "blocks": list(self.space.blocks),
            "temperature": self.temperature,
            "familiarity": asdict(self.familiarity),
            "settings": asdict(self.settings),
        }
        (directory / _ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> IntentModel:
        """The model that `save` wrote; it gives the same confidences."""
        about = json.loads((directory / _ABOUT).read_text(encoding="utf-8"))
        with np.load(directory / _NUMBERS, allow_pickle=False) as numbers:
            return cls(
                tuple(about["labels"]),
                Settings(**about["settings"]),
                about["outside"],
                about["temperature"],
                Familiarity(**about["familiarity"]),
                Space(tuple(about["blocks"]), numbers["centre"], numbers["turn"]),
                numbers["examples"],
                Columns(numbers["weights"], numbers["weights_scale"]),
                numbers["rarity"],
                Columns(numbers["grams"], numbers["grams_scale"]),
            )


def gaussian(cosines: Floats, sharpness: float) -> Floats:
    """exp(-sharpness * squared distance) of unit vectors with these `cosines`."""
    result: Floats = cosines - 1
    result *= 2 * sharpness
    return np.exp(result, out=result)


def weighted(counts: dict[int, float], rarity: NDArray[np.float16]) -> tuple[NDArray[np.int64], Floats]:
    """Buckets and their values by rarity, of length 1 together; both empty when there are none."""
    buckets = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
    values = np.fromiter(counts.values(), dtype=np.float32, count=len(counts)) * rarity[buckets].astype(
        np.float32
    )
    length = float(np.linalg.norm(values))
    return buckets, values / length if length else values


def compact(vectors: Floats) -> NDArray[np.int8]:
    """Unit vectors in a quarter of the space."""
    result: NDArray[np.int8] = np.rint(vectors * _INT8).astype(np.int8)
    return result


def restored(vectors: NDArray[np.int8]) -> Floats:
    """The vectors of `compact`, of length 1 again."""
    return unit(vectors.astype(np.float32))


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return result
