"""Makes the intent model from the examples. Needs SciPy, and only while training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from nlu.intents import (
    Columns,
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
    counts = [ngrams(text, settings.buckets, settings.longest) for text in examples.texts]
    rarity = document_rarity(counts, settings)
    hashed = design(counts, rarity, settings)
    # The calibration needs a model of its own; one processor for each is better shared out than each product.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(1) as aside:
        calibrated = aside.submit(_calibrated, examples, hashed, ridge, settings, outside)
        space = Space.learned(examples.vectors, examples.blocks, targets)
        placed = compact(space.place(examples.vectors))
        weights = solve(kernel(restored(placed), hashed, settings), targets, ridge)
        temperature, familiarity = calibrated.result()
    return IntentModel(
        labels=labels,
        settings=settings,
        outside=outside if outside in labels else None,
        temperature=temperature,
        familiarity=familiarity,
        space=space,
        examples=placed,
        weights=Columns.of(weights),
        rarity=rarity,
        grams=Columns.of(settings.share * (hashed.T @ weights)),
    )


def encoded(intents: Sequence[str]) -> tuple[tuple[str, ...], Numbers]:
    """The sorted labels, and the number of each example's label. Raises ValueError with fewer than two."""
    labels, targets = np.unique(np.asarray(intents), return_inverse=True)
    if len(labels) < 2:
        raise ValueError("at least two topics need examples")
    return tuple(map(str, labels)), targets.astype(np.int64)


def document_rarity(counts: Sequence[dict[int, float]], settings: Settings) -> NDArray[np.float16]:
    """Inverse document frequency of each bucket; 0 for those that tell nothing. `counts`: each text's n-grams."""
    having = np.zeros(settings.buckets)
    for one in counts:
        having[list(one)] += 1
    rarity = np.log((1 + len(counts)) / (1 + having)) + 1
    rarity[having > max(2.0, _COMMON * len(counts))] = 0
    return rarity.astype(np.float16)


def design(
    counts: Sequence[dict[int, float]], rarity: NDArray[np.float16], settings: Settings
) -> sparse.csr_matrix:
    """The n-grams of the examples, (n, buckets), each row of length 1."""
    rows = [weighted(one, rarity) for one in counts]
    values = np.concatenate([values for _, values in rows])
    columns = np.concatenate([buckets for buckets, _ in rows])
    starts = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    matrix = sparse.csr_matrix((values, columns, starts), shape=(len(counts), settings.buckets))
    matrix.eliminate_zeros()
    return matrix


def kernel(placed: Floats, hashed: sparse.csr_matrix, settings: Settings) -> Floats:
    """How alike the examples are, pair by pair (n, n): only the lower half, which is all that `solve` reads."""
    likeness = np.zeros((len(placed), len(placed)), dtype=np.float32)
    for start in range(
        0, len(placed), 1000
    ):  # a piece at a time: the whole takes as long as its memory is large
        stop = min(start + 1000, len(placed))
        likeness[start:stop, :stop] = alike(
            placed[start:stop] @ placed[:stop].T, hashed[start:stop], hashed[:stop], settings
        )
    return likeness


def alike(cosines: Floats, left: sparse.csr_matrix, right: sparse.csr_matrix, settings: Settings) -> Floats:
    """The kernel of messages with these `cosines` and n-grams."""
    likeness = gaussian(cosines, settings.sharpness)
    likeness += settings.share * (left @ right.T).toarray()
    return likeness


def solve(likeness: Floats, targets: Numbers, ridge: float) -> Floats:
    """Weights (n, c) of the ridge regression of the labels. An example of a rare topic counts for more.

    Reads the lower half of `likeness`, and overwrites it.
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
        likeness = alike(cosines, hashed[unseen], hashed[seen], settings)
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
