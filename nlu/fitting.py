"""Makes the intent model from the examples. Needs SciPy, and only while training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse  # type: ignore[import-untyped]

from nlu.intents import (
    Familiarity,
    Floats,
    IntentModel,
    Settings,
    compact,
    gaussian,
    restored,
    softmax,
    weighted,
)
from nlu.ngrams import ngrams

Matrix = NDArray[np.float64]
Numbers = NDArray[np.int64]

FOLDS = 5
# Of a client's messages, about one in seven is about something that no topic covers. The examples have fewer.
OUTSIDE_SHARE = 0.15


def fit(
    vectors: Floats,
    texts: Sequence[str],
    intents: Sequence[str],
    *,
    ridge: float,
    settings: Settings,
    outside: str | None = None,
) -> IntentModel:
    """The model of the examples: `vectors` (n, d) row by row with `texts` and `intents`.

    `ridge` is the regularisation; `outside` the intent whose examples belong to no topic, if there is one. The
    same examples in the same order give the same model. Raises ValueError with fewer than two intents.
    """
    labels, targets = encoded(intents)
    examples = compact(vectors)
    rarity = document_rarity(texts, settings)
    hashed = design(texts, rarity, settings)
    likeness = Likeness.of(restored(examples), hashed, settings)
    weights = solve(likeness.kernel, targets, ridge)
    held_out = HeldOut.of(likeness, targets, ridge)
    return IntentModel(
        labels=labels,
        settings=settings,
        temperature=best_temperature(held_out.scores, targets),
        familiarity=familiarity_of(likeness, labels, targets, ridge, outside),
        examples=examples,
        weights=weights.astype(np.float16),
        rarity=rarity,
        grams=(settings.share * (hashed.T @ weights)).astype(np.float16),
    )


def encoded(intents: Sequence[str]) -> tuple[tuple[str, ...], Numbers]:
    """The sorted labels, and the number of each example's label. Raises ValueError with fewer than two."""
    labels, targets = np.unique(np.asarray(intents), return_inverse=True)
    if len(labels) < 2:
        raise ValueError("at least two topics need examples")
    return tuple(map(str, labels)), targets.astype(np.int64)


def document_rarity(texts: Sequence[str], settings: Settings) -> NDArray[np.float16]:
    """Inverse document frequency of each bucket."""
    having: Counter[int] = Counter()
    for text in texts:
        having.update(ngrams(text, settings.buckets, settings.longest).keys())
    counts = np.zeros(settings.buckets)
    counts[list(having.keys())] = list(having.values())
    rarity: NDArray[np.float16] = (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float16)
    return rarity


def design(texts: Sequence[str], rarity: NDArray[np.float16], settings: Settings) -> sparse.csr_matrix:
    """The n-grams of the examples, (n, buckets), each row of length 1."""
    rows = [weighted(ngrams(text, settings.buckets, settings.longest), rarity) for text in texts]
    values = np.concatenate([values for _, values in rows])
    columns = np.concatenate([buckets for buckets, _ in rows])
    starts = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    return sparse.csr_matrix((values, columns, starts), shape=(len(texts), settings.buckets))


@dataclass(frozen=True, eq=False)
class Likeness:
    """How alike the examples are, pair by pair (n, n): the cosines of their vectors, and the whole kernel."""

    cosines: Matrix
    kernel: Matrix

    @classmethod
    def of(cls, vectors: Floats, hashed: sparse.csr_matrix, settings: Settings) -> Likeness:
        """Of examples with these vectors (of length 1) and n-grams."""
        cosines = vectors @ vectors.T
        kernel = gaussian(cosines, settings.sharpness).astype(np.float64)
        kernel += settings.share * (hashed @ hashed.T).toarray()
        return cls(cosines.astype(np.float64), kernel)

    def among(self, chosen: Numbers) -> Likeness:
        """The part for the examples with the numbers `chosen`."""
        square = np.ix_(chosen, chosen)
        return Likeness(self.cosines[square], self.kernel[square])


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Each example as a model sees it that was made without it and a fifth of the others."""

    scores: Matrix
    """(n, c)."""
    nearest: Matrix
    """(n,): the cosine to the nearest example of that model."""

    @classmethod
    def of(cls, likeness: Likeness, targets: Numbers, ridge: float) -> HeldOut:
        """By cross-validation."""
        fold = folds(targets)
        scores = np.zeros((len(targets), int(targets.max()) + 1))
        nearest = np.zeros(len(targets))
        for number in range(FOLDS):
            seen, unseen = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            if len(unseen) and len(seen):
                weights = solve(likeness.kernel[np.ix_(seen, seen)], targets[seen], ridge)
                scores[unseen, : weights.shape[1]] = likeness.kernel[np.ix_(unseen, seen)] @ weights
                nearest[unseen] = likeness.cosines[np.ix_(unseen, seen)].max(axis=1)
        return cls(scores, nearest)


def solve(kernel: Matrix, targets: Numbers, ridge: float) -> Matrix:
    """Weights (n, c) of the ridge regression of the labels. An example of a rare topic counts for more."""
    counts = np.bincount(targets)
    wanted = np.eye(len(counts))[targets]
    importance = np.sqrt(counts[counts > 0].mean() / counts[targets])
    system = kernel + np.diag(ridge / importance)
    solution: Matrix = linalg.solve(system, wanted, assume_a="pos", overwrite_a=True)
    return solution


def folds(targets: Numbers) -> Numbers:
    """A fold for each example; each label is spread evenly, in the order of its examples."""
    turn: Counter[int] = Counter()
    numbers = []
    for target in targets.tolist():
        numbers.append(turn[target] % FOLDS)
        turn[target] += 1
    return np.asarray(numbers, dtype=np.int64)


def best_temperature(scores: Matrix, targets: Numbers) -> float:
    """The temperature at which the confidences of held-out examples are most honest (least log loss)."""

    def loss(temperature: Any) -> float:
        chances = softmax(scores / float(temperature))[np.arange(len(targets)), targets]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    found = optimize.minimize_scalar(loss, bounds=(0.02, 1.0), method="bounded")
    return round(float(found.x), 4)


def familiarity_of(
    likeness: Likeness, labels: tuple[str, ...], targets: Numbers, ridge: float, outside: str | None
) -> Familiarity:
    """How near a message of a topic is to its nearest example, against one of no topic.

    The examples of `outside` are judged as if none of them was known, since no list of what clients may ask
    beside the topics is ever complete. Everything is familiar where there are no such examples.
    """
    if outside not in labels or len(labels) < 3:
        return Familiarity()
    is_outside = targets == labels.index(outside)
    inner, outer = np.flatnonzero(~is_outside), np.flatnonzero(is_outside)
    _, inner_targets = np.unique(targets[inner], return_inverse=True)
    near = HeldOut.of(likeness.among(inner), inner_targets.astype(np.int64), ridge).nearest
    far = likeness.cosines[np.ix_(outer, inner)].max(axis=1)

    def loss(parameters: NDArray[Any]) -> float:
        slope, offset = parameters
        of_near = np.logaddexp(0, -(slope * near + offset)).mean()
        of_far = np.logaddexp(0, slope * far + offset).mean()
        return float((1 - OUTSIDE_SHARE) * of_near + OUTSIDE_SHARE * of_far)

    slope, offset = optimize.minimize(loss, np.array([1.0, 0.0])).x
    return Familiarity(round(float(slope), 3), round(float(offset), 3))
