"""The intent model: numbers only, no Rasa, no pickle. Made by nlu.fitting, used by nlu.classifier.

Kernel ridge regression on two views of a message: how near its sentence vector is to each example's (a
Gaussian kernel), and which n-grams it has (a linear one). On texts this short it is as good as logistic
regression and is solved at once, not by iteration. A second, tiny regression tells by the nearest example
whether the message is of a kind that was seen at all (docs/adr/0004).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.ngrams import ngrams

Floats = NDArray[np.float32]

_NUMBERS = "intents.npz"
_ABOUT = "intents.json"
_INT8 = 127.0


@dataclass(frozen=True)
class Settings:
    """How messages are compared. Part of the model, since messages must be read as the examples were."""

    sharpness: float = 0.8
    """Of the Gaussian kernel: exp(-sharpness * squared distance of two vectors)."""
    share: float = 0.2
    """Weight of the n-gram kernel; the Gaussian one has 1."""
    buckets: int = 8192
    """Hash buckets of the n-grams."""
    longest: int = 4
    """Letters of the longest n-gram."""


@dataclass(frozen=True)
class Familiarity:
    """How likely a message is to be of a topic, by the cosine of its vector and the nearest example's."""

    slope: float = 0.0
    offset: float = 100.0  # everything is familiar

    def likelihood(self, nearest: NDArray[np.float64]) -> NDArray[np.float64]:
        """Between 0 and 1 for each cosine in `nearest`."""
        likely: NDArray[np.float64] = 1 / (1 + np.exp(-(self.slope * nearest + self.offset)))
        return likely


@dataclass(frozen=True, eq=False)
class IntentModel:
    """n examples, c labels, d dimensions of a vector, b buckets."""

    labels: tuple[str, ...]
    settings: Settings
    temperature: float
    """Scores are divided by it, so that of the messages with confidence 0.8 eight in ten are right."""
    familiarity: Familiarity
    """How likely a message is to be of any topic at all."""
    examples: NDArray[np.int8]
    """(n, d): the examples' vectors, times 127."""
    weights: NDArray[np.float16]
    """(n, c): how much nearness to an example speaks for each label."""
    rarity: NDArray[np.float16]
    """(b,): how few examples have an n-gram of the bucket, as inverse document frequency."""
    grams: NDArray[np.float16]
    """(b, c): how much a bucket speaks for each label."""
    _examples: Floats = field(init=False, repr=False)
    _weights: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Full precision for computing; the small types are for the disk.
        object.__setattr__(self, "_examples", restored(self.examples))
        object.__setattr__(self, "_weights", self.weights.astype(np.float32))

    def probabilities(self, vector: Floats, text: str) -> NDArray[np.float64]:
        """The confidence of each label, in the order of `labels`. What is missing to 1 is the chance that the
        message belongs to none of them."""
        cosines = (self._examples @ vector)[np.newaxis, :]
        scores = gaussian(cosines, self.settings.sharpness) @ self._weights
        buckets, values = weighted(ngrams(text, self.settings.buckets, self.settings.longest), self.rarity)
        scores = scores + values @ self.grams[buckets].astype(np.float32)
        likely = self.familiarity.likelihood(cosines.max(axis=1).astype(np.float64))
        chances: NDArray[np.float64] = softmax(scores.astype(np.float64) / self.temperature)[0] * likely
        return chances

    def ranking(self, vector: Floats, text: str) -> list[tuple[str, float]]:
        """(label, confidence), the best first; equal ones by name."""
        pairs = zip(self.labels, self.probabilities(vector, text).tolist(), strict=True)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def save(self, directory: Path) -> None:
        """Write the model as one .npz and one .json file."""
        np.savez_compressed(
            directory / _NUMBERS,
            examples=self.examples,
            weights=self.weights,
            rarity=self.rarity,
            grams=self.grams,
        )
        about = {
            "labels": list(self.labels),
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
                about["temperature"],
                Familiarity(**about["familiarity"]),
                numbers["examples"],
                numbers["weights"],
                numbers["rarity"],
                numbers["grams"],
            )


def gaussian(cosines: Floats, sharpness: float) -> Floats:
    """exp(-sharpness * squared distance) of unit vectors with these `cosines`."""
    result: Floats = np.exp(2 * sharpness * (cosines - 1))
    return result


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
    rows = vectors.astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: Floats = rows / np.where(lengths > 0, lengths, 1)
    return result


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row-wise softmax."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result
