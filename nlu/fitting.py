"""Makes the intent model from the examples. Needs SciPy, and only while training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse  # type: ignore[import-untyped]

from nlu.intents import Floats, IntentModel, Settings, compact, gaussian, restored, softmax, weighted
from nlu.ngrams import ngrams

FOLDS = 5


def fit(
    vectors: Floats, texts: Sequence[str], intents: Sequence[str], *, ridge: float, settings: Settings
) -> IntentModel:
    """The model of the examples: `vectors` (n, d) row by row with `texts` and `intents`.

    `ridge` is the regularisation. The same examples in the same order give the same model. Raises ValueError
    with fewer than two intents.
    """
    labels, targets = encoded(intents)
    examples = compact(vectors)
    rarity = document_rarity(texts, settings)
    hashed = design(texts, rarity, settings)
    kernel = kernel_matrix(restored(examples), hashed, settings)
    weights = solve(kernel, targets, ridge)
    return IntentModel(
        labels=labels,
        settings=settings,
        temperature=best_temperature(held_out_scores(kernel, targets, ridge), targets),
        examples=examples,
        weights=weights.astype(np.float16),
        rarity=rarity,
        grams=(settings.share * (hashed.T @ weights)).astype(np.float16),
    )


def encoded(intents: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
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


def kernel_matrix(vectors: Floats, hashed: sparse.csr_matrix, settings: Settings) -> NDArray[np.float64]:
    """How alike the examples are, (n, n)."""
    likeness = gaussian(vectors, vectors, settings.sharpness).astype(np.float64)
    likeness += settings.share * (hashed @ hashed.T).toarray()
    return likeness


def solve(kernel: NDArray[np.float64], targets: NDArray[np.int64], ridge: float) -> NDArray[np.float64]:
    """Weights (n, c) of the ridge regression of the labels. An example of a rare topic counts for more."""
    counts = np.bincount(targets)
    wanted = np.eye(len(counts))[targets]
    importance = np.sqrt(counts[counts > 0].mean() / counts[targets])
    system = kernel + np.diag(ridge / importance)
    solution: NDArray[np.float64] = linalg.solve(system, wanted, assume_a="pos", overwrite_a=True)
    return solution


def held_out_scores(
    kernel: NDArray[np.float64], targets: NDArray[np.int64], ridge: float
) -> NDArray[np.float64]:
    """Scores (n, c) of each example by a model that was made without it and a fifth of the others."""
    fold = folds(targets)
    scores = np.zeros((len(targets), int(targets.max()) + 1))
    for number in range(FOLDS):
        seen, unseen = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(unseen) and len(seen):
            weights = solve(kernel[np.ix_(seen, seen)], targets[seen], ridge)
            scores[unseen, : weights.shape[1]] = kernel[np.ix_(unseen, seen)] @ weights
    return scores


def folds(targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """A fold for each example; each label is spread evenly, in the order of its examples."""
    turn: Counter[int] = Counter()
    numbers = []
    for target in targets.tolist():
        numbers.append(turn[target] % FOLDS)
        turn[target] += 1
    return np.asarray(numbers, dtype=np.int64)


def best_temperature(scores: NDArray[np.float64], targets: NDArray[np.int64]) -> float:
    """The temperature at which the confidences of held-out examples are most honest (least log loss)."""

    def loss(temperature: Any) -> float:
        chances = softmax(scores / float(temperature))[np.arange(len(targets)), targets]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    found = optimize.minimize_scalar(loss, bounds=(0.02, 1.0), method="bounded")
    return round(float(found.x), 4)
