"""The vector space in which messages are compared: a learned projection of the encoders' vectors.

An encoder says what a sentence means in general; only the examples say which differences of meaning matter here. A
linear map is learned from them that brings the examples of one topic together and separates those of others (softmax
over the cosines to one learned direction per topic). It starts as the identity and is stopped early, so that a few
examples per topic are enough (figures: docs/understanding-experiments.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from nlu.arrays import Float16Array, Float32Array, Int64Array

DIMENSIONS = 256
"""Dimensions of the space. The map is learned in all of the encoders' dimensions, most of which hold next to nothing
afterwards."""

_BATCH_EXAMPLES = 128
_LEARNING_RATE = 3e-4
_MIN_STEPS, _MIN_EPOCHS, _MAX_EPOCHS = 140, 6, 12


@dataclass(frozen=True)
class _Regularisation:
    temperature: float
    """Divisor of the cosines; a higher one stops sooner at topics that are separated already."""
    dropout: float
    """Share of a vector's numbers that each step leaves out, so that no topic depends on a few of them."""


# With fewer examples per topic than this, _FOR_FEW measures better; otherwise _FOR_MANY.
_MANY_EXAMPLES_PER_TOPIC = 30
_FOR_FEW, _FOR_MANY = _Regularisation(0.2, 0.1), _Regularisation(0.1, 0.3)

# Share of the examples that each step sees by the first encoder only, so that messages that are clear to it need not
# go to the others (`min_first_encoder_confidence` in config.yml).
_FIRST_ENCODER_ONLY_SHARE = 0.3


@dataclass(frozen=True, eq=False)
class EmbeddingProjection:
    """Maps the encoders' concatenated vectors to vectors of norm 1 that are compared by their cosine.

    d is the sum of the encoders' dimensions, k at most DIMENSIONS.
    """

    blocks: tuple[int, ...]
    """The dimension of each encoder."""
    mean: Float16Array
    """(d,): the mean vector of the examples. What all have in common says nothing."""
    matrix: Float16Array
    """(d, k)."""
    _mean: Float32Array = field(init=False, repr=False)
    _matrix: Float32Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_mean", self.mean.astype(np.float32))
        object.__setattr__(self, "_matrix", self.matrix.astype(np.float32))

    def project(self, vectors: Float32Array) -> Float32Array:
        """Map (n, d) to (n, k). A row of zeros stays zeros."""
        return scale_rows_to_unit(centre(vectors, self.blocks, self._mean) @ self._matrix)

    @classmethod
    def fit(
        cls, vectors: Float32Array, blocks: Sequence[int], targets: Int64Array, seed: int = 0
    ) -> EmbeddingProjection:
        """Return the projection that separates the examples `vectors`, (n, d), by topic.

        `targets`, (n,), holds the index of each example's topic.
        """
        mean = vectors.mean(axis=0)
        centred = centre(vectors, blocks, mean)
        matrix = _learn(centred, blocks[0], targets, np.random.default_rng(seed))
        matrix = matrix @ _principal_directions(scale_rows_to_unit(centred @ matrix))
        return cls(tuple(blocks), mean.astype(np.float16), matrix.astype(np.float16))


def centre(vectors: Float32Array, blocks: Sequence[int], mean: Float32Array) -> Float32Array:
    """Subtract `mean`, (d,), from `vectors`, (n, d), and scale the rows to norm 1.

    Each encoder's block has an equal share of the norm. A block of zeros stays zeros.
    """
    result = np.empty_like(vectors)
    start = 0
    for width in blocks:
        block = slice(start, start + width)
        shifted = vectors[:, block] - mean[block] * vectors[:, block].any(axis=1, keepdims=True)
        result[:, block] = scale_rows_to_unit(shifted) / np.float32(len(blocks)) ** 0.5
        start += width
    return result


def scale_rows_to_unit(rows: Float32Array) -> Float32Array:
    """Scale rows to norm 1. A row of zeros stays zeros."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    result: Float32Array = rows / np.where(norms > 0, norms, 1).astype(rows.dtype)
    return result


def _principal_directions(rows: Float32Array) -> Float32Array:
    """Return the first DIMENSIONS principal directions of `rows`, (n, d), about the origin, as columns (d, k)."""
    _, directions = np.linalg.eigh(rows.T @ rows)
    return np.ascontiguousarray(directions[:, ::-1][:, :DIMENSIONS])


def _learn(
    vectors: Float32Array, first_block: int, targets: Int64Array, random: np.random.Generator
) -> Float32Array:
    """Return the map (d, d), learned by Adam on batches of the examples.

    `first_block` is the dimension of the first encoder.
    """
    count, dimensions = vectors.shape
    topics = int(targets.max()) + 1
    regularisation = _FOR_MANY if count >= _MANY_EXAMPLES_PER_TOPIC * topics else _FOR_FEW
    matrix = np.eye(dimensions, dtype=np.float32)
    heads = scale_rows_to_unit(np.eye(topics, dtype=np.float32)[targets].T @ vectors)
    adam = _Adam([matrix, heads])
    for chosen in _iterate_batches(count, random):
        kept = random.random((len(chosen), dimensions), dtype=np.float32) > regularisation.dropout
        kept[:, first_block:] &= random.random((len(chosen), 1), dtype=np.float32) > _FIRST_ENCODER_ONLY_SHARE
        inputs = vectors[chosen] * kept / np.float32(1 - regularisation.dropout)
        outputs = inputs @ matrix
        norms = np.linalg.norm(outputs, axis=1, keepdims=True) + 1e-9
        head_norms = np.linalg.norm(heads, axis=1, keepdims=True) + 1e-9
        projected, directions = outputs / norms, heads / head_norms
        scores = projected @ directions.T / regularisation.temperature
        error = np.exp(scores - scores.max(axis=1, keepdims=True))
        error /= error.sum(axis=1, keepdims=True)
        error[np.arange(len(chosen)), targets[chosen]] -= 1
        error /= len(chosen) * regularisation.temperature
        projected_gradient, direction_gradient = error @ directions, error.T @ projected
        adam.step(
            [
                inputs.T
                @ ((projected_gradient - projected * _row_dot(projected_gradient, projected)) / norms),
                (direction_gradient - directions * _row_dot(direction_gradient, directions)) / head_norms,
            ]
        )
    return matrix


def _row_dot(left: Float32Array, right: Float32Array) -> Float32Array:
    product: Float32Array = np.einsum("ij,ij->i", left, right)[:, np.newaxis]
    return product


def _iterate_batches(count: int, random: np.random.Generator) -> Iterator[Int64Array]:
    size = min(_BATCH_EXAMPLES, max(16, count // 12))
    epochs = min(_MAX_EPOCHS, max(_MIN_EPOCHS, _MIN_STEPS * size // count))
    for _ in range(epochs):
        order = random.permutation(count)
        for start in range(0, count, size):
            yield order[start : start + size]


class _Adam:
    """Adam (Kingma and Ba 2015); changes `parameters` in place."""

    def __init__(self, parameters: list[Float32Array]) -> None:
        self._parameters = parameters
        self._means = [np.zeros_like(parameter) for parameter in parameters]
        self._squares = [np.zeros_like(parameter) for parameter in parameters]
        # Allocating arrays of this size in each step would take longer than the arithmetic.
        self._scratch = [np.empty_like(parameter) for parameter in parameters]
        self._steps = 0

    def step(self, gradients: Sequence[Float32Array]) -> None:
        self._steps += 1
        rate = np.float32(_LEARNING_RATE * (1 - 0.999**self._steps) ** 0.5 / (1 - 0.9**self._steps))
        for index, gradient in enumerate(gradients):
            mean, square, scratch = self._means[index], self._squares[index], self._scratch[index]
            np.subtract(gradient, mean, out=scratch)
            scratch *= np.float32(0.1)
            mean += scratch
            np.multiply(gradient, gradient, out=scratch)
            scratch -= square
            scratch *= np.float32(0.001)
            square += scratch
            np.sqrt(square, out=scratch)
            scratch += np.float32(1e-8)
            np.divide(mean, scratch, out=scratch)
            scratch *= rate
            self._parameters[index] -= scratch
