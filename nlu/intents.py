"""The intent model: numbers only, no Rasa, no pickle. Trained by nlu.fitting, used by nlu.classifier.

A message is its sentence vector beside hashed n-grams of its letters. The vector carries the meaning across
languages and wordings; the n-grams carry the words that tell neighbouring topics apart.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.text import normalise
from nlu.words import spans

Vectors = NDArray[np.float32]

_WEIGHTS = "weights.npz"
_LABELS = "labels.json"


@dataclass(frozen=True)
class Settings:
    """What a model is made with; part of it, since messages must be read as the examples were."""

    buckets: int = 16384
    """Number of hash buckets of the n-grams, 0 for none."""
    shortest: int = 1
    longest: int = 4
    """Lengths of the letter n-grams."""
    share: float = 0.6
    """Length of the n-gram part; the sentence vector has length 1."""


def ngrams(text: str, settings: Settings) -> dict[int, float]:
    """Bucket -> weight of the n-grams within the words of `text`; the weights have length `share` in all."""
    if not settings.buckets:
        return {}
    counts: Counter[int] = Counter()
    for _, _, word in spans(normalise(text).text):
        folded = f"^{word.casefold()[:40]}$"
        found = {folded}
        for length in range(settings.shortest, settings.longest + 1):
            found.update(folded[at : at + length] for at in range(len(folded) - length + 1))
        counts.update(zlib.crc32(gram.encode("utf-8", "replace")) % settings.buckets for gram in sorted(found))
    weights = {bucket: 1.0 + float(np.log(count)) for bucket, count in sorted(counts.items())}
    length_of_all = sum(weight * weight for weight in weights.values()) ** 0.5
    return {bucket: settings.share * weight / length_of_all for bucket, weight in weights.items()}


@dataclass(frozen=True)
class IntentModel:
    """Weights of a multinomial logistic regression: `dense` (intents x dimensions), `hashed` (intents x buckets)
    and `bias`; scores are divided by `temperature`, so that a confidence of 0.8 is right eight times in ten."""

    labels: tuple[str, ...]
    dense: Vectors
    hashed: Vectors
    bias: Vectors
    temperature: float
    settings: Settings

    def probabilities(self, vector: Vectors, text: str) -> NDArray[np.float64]:
        """The confidence of each label, in the order of `labels`; they sum up to 1."""
        scores = self.dense @ vector.astype(np.float32) + self.bias
        grams = ngrams(text, self.settings)
        if grams:
            columns = np.fromiter(grams.keys(), dtype=np.int64, count=len(grams))
            values = np.fromiter(grams.values(), dtype=np.float32, count=len(grams))
            scores = scores + self.hashed[:, columns] @ values
        return softmax(scores.astype(np.float64)[np.newaxis, :] / self.temperature)[0]

    def ranking(self, vector: Vectors, text: str) -> list[tuple[str, float]]:
        """(label, confidence), the best first; equal ones by name."""
        pairs = zip(self.labels, map(float, self.probabilities(vector, text)))
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def save(self, directory: Path) -> None:
        """Write the model as one .npz and one .json file. Weights are halved in precision, which no decision feels."""
        np.savez_compressed(
            directory / _WEIGHTS,
            dense=self.dense.astype(np.float16),
            hashed=self.hashed.astype(np.float16),
            bias=self.bias.astype(np.float32),
        )
        about = {"labels": list(self.labels), "temperature": self.temperature, "settings": vars(self.settings)}
        (directory / _LABELS).write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> IntentModel:
        """The model that `save` wrote."""
        about = json.loads((directory / _LABELS).read_text(encoding="utf-8"))
        with np.load(directory / _WEIGHTS, allow_pickle=False) as arrays:
            return cls(
                labels=tuple(about["labels"]),
                dense=arrays["dense"].astype(np.float32),
                hashed=arrays["hashed"].astype(np.float32),
                bias=arrays["bias"].astype(np.float32),
                temperature=about["temperature"],
                settings=Settings(**about["settings"]),
            )

    def rounded(self) -> IntentModel:
        """The model as it will be after saving and loading, so that both give the same confidences."""
        return IntentModel(
            self.labels,
            self.dense.astype(np.float16).astype(np.float32),
            self.hashed.astype(np.float16).astype(np.float32),
            self.bias.astype(np.float32),
            self.temperature,
            self.settings,
        )


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row-wise softmax."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result


def untrained(labels: Sequence[str] = (), dimension: int = 0) -> IntentModel:
    """A model that knows nothing; every label is equally likely."""
    count = len(labels)
    zeros = np.zeros((count, dimension), dtype=np.float32)
    return IntentModel(
        tuple(labels), zeros, np.zeros((count, 0), np.float32), np.zeros(count, np.float32), 1.0, Settings(buckets=0)
    )
