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
    IntentModel,
    Settings,
    compact,
    gaussian,
    restored,
    softmax,
    weighted,
)
from nlu.ngrams import ngrams
from nlu.space import Floats, Numbers, Space

FOLDS = 5
# Of a client's messages, about one in seven is about something that no topic covers.
OUTSIDE_SHARE = 0.15
# An n-gram that more than this share of the examples have tells nothing and costs most of the time.
_COMMON = 0.2


@dataclass(frozen=True)
class Examples:
    """What the model is made from: the encoders' vectors (n, d) row by row with texts and intents."""

    vectors: Floats
    blocks: tuple[int, ...]
    """The dimensions of each encoder; d together."""
    texts: Sequence[str]
    intents: Sequence[str]

    def among(self, chosen: Numbers) -> Examples:
        """Those with the numbers `chosen`."""
        return Examples(
            self.vectors[chosen],
            self.blocks,
            [self.texts[at] for at in chosen],
            [self.intents[at] for at in chosen],
        )


def fit(examples: Examples, *, ridge: float, settings: Settings, outside: str | None = None) -> IntentModel:
    """The model of the examples.

    `ridge` is the regularisation; `outside` the intent whose examples belong to no topic, if there is one. The
    same examples in the same order give the same model. Raises ValueError with fewer than two intents.
    """
    labels, targets = encoded(examples.intents)
    rarity = document_rarity(examples.texts, settings)
    hashed = design(examples.texts, rarity, settings)
    temperature, familiarity = _calibrated(examples, hashed, ridge, settings, outside)
    space = Space.learned(examples.vectors, examples.blocks, targets)
    placed = compact(space.place(examples.vectors))
    weights = solve(kernel(restored(placed), hashed, settings), targets, ridge)
    return IntentModel(
        labels=labels,
        settings=settings,
        outside=outside if outside in labels else None,
        temperature=temperature,
        familiarity=familiarity,
        space=space,
        examples=placed,
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
    """Inverse document frequency of each bucket; 0 for those that tell nothing."""
    having: Counter[int] = Counter()
    for text in texts:
        having.update(ngrams(text, settings.buckets, settings.longest).keys())
    counts = np.zeros(settings.buckets)
    counts[list(having.keys())] = list(having.values())
    rarity = np.log((1 + len(texts)) / (1 + counts)) + 1
    rarity[counts > max(2.0, _COMMON * len(texts))] = 0
    return rarity.astype(np.float16)


def design(texts: Sequence[str], rarity: NDArray[np.float16], settings: Settings) -> sparse.csr_matrix:
    """The n-grams of the examples, (n, buckets), each row of length 1."""
    rows = [weighted(ngrams(text, settings.buckets, settings.longest), rarity) for text in texts]
    values = np.concatenate([values for _, values in rows])
    columns = np.concatenate([buckets for buckets, _ in rows])
    starts = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    matrix = sparse.csr_matrix((values, columns, starts), shape=(len(texts), settings.buckets))
    matrix.eliminate_zeros()
    return matrix


def kernel(placed: Floats, hashed: sparse.csr_matrix, settings: Settings) -> Floats:
    """How alike the examples are, pair by pair (n, n)."""
    likeness = gaussian(placed @ placed.T, settings.sharpness)
    for start in range(0, len(placed), 1000):  # the n-grams' part is dense: not all of it at once
        rows = slice(start, start + 1000)
        likeness[rows] += settings.share * (hashed[rows] @ hashed.T).toarray()
    return likeness


def solve(likeness: Floats, targets: Numbers, ridge: float) -> Floats:
    """Weights (n, c) of the ridge regression of the labels. An example of a rare topic counts for more.

    Overwrites `likeness`.
    """
    counts = np.bincount(targets)
    wanted = np.eye(len(counts), dtype=likeness.dtype)[targets]
    importance = np.sqrt(counts[counts > 0].mean() / counts[targets])
    likeness[np.diag_indices(len(targets))] += (ridge / importance).astype(likeness.dtype)
    factor = linalg.cho_factor(likeness, lower=True, overwrite_a=True, check_finite=False)
    solution: Floats = linalg.cho_solve(factor, wanted, overwrite_b=True, check_finite=False)
    return solution


def folds(targets: Numbers) -> Numbers:
    """A fold for each example; each label is spread evenly, in the order of its examples."""
    turn: Counter[int] = Counter()
    numbers = []
    for target in targets.tolist():
        numbers.append(turn[target] % FOLDS)
        turn[target] += 1
    return np.asarray(numbers, dtype=np.int64)


def _calibrated(
    examples: Examples, hashed: sparse.csr_matrix, ridge: float, settings: Settings, outside: str | None
) -> tuple[float, Familiarity]:
    """The temperature, and what is familiar, by messages that a model has not seen: a fifth of the examples.

    Of the examples of `outside` that model knows none, since no list of what clients may ask beside the topics
    is ever complete. Everything is familiar where there are no such examples.
    """
    intents = np.asarray(examples.intents)
    inner = np.flatnonzero(intents != outside)
    if len(set(intents[inner])) < 2:
        return 1.0, Familiarity()
    _, targets = encoded(list(intents[inner]))
    held_out = folds(targets) == FOLDS - 1
    if not held_out.any():
        return 1.0, Familiarity()
    seen, near, far = inner[~held_out], inner[held_out], np.flatnonzero(intents == outside)
    space = Space.learned(examples.vectors[seen], examples.blocks, targets[~held_out])
    placed = space.place(examples.vectors[seen])
    weights = solve(kernel(placed, hashed[seen], settings), targets[~held_out], ridge)

    def judged(unseen: Numbers) -> tuple[Floats, Floats]:
        cosines = space.place(examples.vectors[unseen]) @ placed.T
        likeness = gaussian(cosines, settings.sharpness)
        likeness += settings.share * (hashed[unseen] @ hashed[seen].T).toarray()
        return likeness @ weights, cosines.max(axis=1)

    of_near, nearest = judged(near)
    temperature = best_temperature(of_near, targets[held_out])
    if not len(far):
        return temperature, Familiarity()
    of_far, nearest_of_far = judged(far)
    return temperature, familiarity_of(of_near.max(axis=1), nearest, of_far.max(axis=1), nearest_of_far)


def best_temperature(scores: NDArray[Any], targets: Numbers) -> float:
    """The temperature at which the confidences of held-out examples are most honest (least log loss)."""
    scores = scores.astype(np.float64)

    def loss(temperature: Any) -> float:
        chances = softmax(scores / float(temperature))[np.arange(len(targets)), targets]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    found = optimize.minimize_scalar(loss, bounds=(0.02, 1.0), method="bounded")
    return round(float(found.x), 4)


def familiarity_of(best: Floats, nearest: Floats, best_of_far: Floats, nearest_of_far: Floats) -> Familiarity:
    """The logistic regression that parts messages of a topic from messages of none."""
    near = np.column_stack([best, nearest, np.ones(len(best))])
    far = np.column_stack([best_of_far, nearest_of_far, np.ones(len(best_of_far))])

    def loss(parameters: NDArray[Any]) -> float:
        of_near = np.logaddexp(0, -(near @ parameters)).mean()
        of_far = np.logaddexp(0, far @ parameters).mean()
        return float(
            (1 - OUTSIDE_SHARE) * of_near + OUTSIDE_SHARE * of_far + 1e-5 * (parameters[:2] ** 2).sum()
        )

    of_score, of_nearest, offset = optimize.minimize(loss, np.array([1.0, 1.0, 0.0])).x
    return Familiarity(*(round(float(value), 3) for value in (of_score, of_nearest, offset)))
