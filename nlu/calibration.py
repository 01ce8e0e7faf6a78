"""Calibration of the confidences on held-out examples. Needs SciPy, and only for training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse  # type: ignore[import-untyped]

from nlu.arrays import Float32Array, Int64Array
from nlu.embedding_projection import EmbeddingProjection
from nlu.example_set import FOLDS, ExampleSet, assign_folds, encode_labels
from nlu.intent_model import Familiarity, SimilaritySettings, softmax
from nlu.kernel_ridge import combined_kernel, solve, training_kernel

# About one in seven messages of clients is about something that no topic covers.
_OUT_OF_SCOPE_SHARE = 0.15


def calibrate(
    examples: ExampleSet,
    ngrams: sparse.csr_matrix,
    ridge: float,
    settings: SimilaritySettings,
    out_of_scope: str | None,
) -> tuple[float, Familiarity]:
    """Return the temperature and the familiarity, fitted on a fifth of the examples by a model that has not seen them.

    That model knows no example of `out_of_scope` either, since no list of what clients ask beside the topics is
    complete. Without such examples everything is familiar.
    """
    intents = np.asarray(examples.intents)
    in_scope = np.flatnonzero(intents != out_of_scope)
    if len(set(intents[in_scope])) < 2:
        return 1.0, Familiarity()
    _, targets = encode_labels(list(intents[in_scope]))
    held_out = assign_folds(targets) == FOLDS - 1
    if not held_out.any():
        return 1.0, Familiarity()
    seen, near, far = in_scope[~held_out], in_scope[held_out], np.flatnonzero(intents == out_of_scope)
    projection = EmbeddingProjection.fit(examples.vectors[seen], examples.blocks, targets[~held_out])
    projected = projection.project(examples.vectors[seen])
    weights = solve(training_kernel(projected, ngrams[seen], settings), targets[~held_out], ridge)

    def score(unseen: Int64Array) -> tuple[Float32Array, Float32Array]:
        cosines = projection.project(examples.vectors[unseen]) @ projected.T
        kernel = combined_kernel(cosines, ngrams[unseen], ngrams[seen], settings)
        return kernel @ weights, cosines.max(axis=1)

    near_scores, near_nearest = score(near)
    temperature = fit_temperature(near_scores, targets[held_out])
    if not len(far):
        return temperature, Familiarity()
    far_scores, far_nearest = score(far)
    familiarity = fit_familiarity(near_scores.max(axis=1), near_nearest, far_scores.max(axis=1), far_nearest)
    return temperature, familiarity


def fit_temperature(scores: NDArray[Any], targets: Int64Array) -> float:
    """Return the temperature with the least log loss on held-out examples. `scores` is (m, c), `targets` (m,)."""
    scores = scores.astype(np.float64)

    def loss(temperature: Any) -> float:
        likelihood = softmax(scores / float(temperature))[np.arange(len(targets)), targets]
        return float(-np.log(np.maximum(likelihood, 1e-12)).mean())

    found = optimize.minimize_scalar(loss, bounds=(0.02, 1.0), method="bounded")
    return round(float(found.x), 4)


def fit_familiarity(
    near_best: Float32Array, near_nearest: Float32Array, far_best: Float32Array, far_nearest: Float32Array
) -> Familiarity:
    """Return the logistic regression that separates messages of a topic (near) from those of none (far).

    `..._best`: the best score of each message; `..._nearest`: the cosine of its nearest example.
    """
    near = np.column_stack([near_best, near_nearest, np.ones(len(near_best))])
    far = np.column_stack([far_best, far_nearest, np.ones(len(far_best))])

    def loss(parameters: NDArray[Any]) -> float:
        near_loss = np.logaddexp(0, -(near @ parameters)).mean()
        far_loss = np.logaddexp(0, far @ parameters).mean()
        penalty = 1e-5 * (parameters[:2] ** 2).sum()
        return float((1 - _OUT_OF_SCOPE_SHARE) * near_loss + _OUT_OF_SCOPE_SHARE * far_loss + penalty)

    parameters = optimize.minimize(loss, np.array([1.0, 1.0, 0.0])).x
    return Familiarity(*(round(float(value), 3) for value in parameters))
