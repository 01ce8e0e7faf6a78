"""The space that messages are compared in: the encoders' vectors, turned so that topics stand apart.

An encoder tells what a sentence means in general; which differences of meaning matter here, only the examples
tell. A linear map is learned from them by which examples of one topic come together and others part (the
softmax of the cosines to one learned direction for each topic). It begins as the map that changes nothing and
is stopped early, so that a few examples for each topic are enough (docs/understanding.md has the figures).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

DIMENSIONS = 256
"""Of the space. The map is learned in all of the encoders' dimensions; most of them hold next to nothing then."""

_BATCH = 128
_RATE = 3e-4
_LEAST_STEPS, _MOST_EPOCHS, _FEW_EPOCHS = 140, 12, 6


@dataclass(frozen=True)
class _Care:
    """How carefully the map is learned."""

    softness: float
    """Cosines are divided by it; the higher, the less the map parts what it has parted already."""
    forgotten: float
    """Share of a vector's numbers that are left out in each step: no topic may hang on a few of them."""


_FEW = 30
"""Below this number of examples for each topic, `_OF_FEW` measures better, above it `_OF_MANY`."""
_OF_FEW, _OF_MANY = _Care(0.2, 0.1), _Care(0.1, 0.3)

_ALONE = 0.3
"""Share of the examples that are seen in each step by the first encoder only: a message that is clear to that one
need not be shown to the others (`sure_alone` in config.yml)."""


@dataclass(frozen=True, eq=False)
class Space:
    """From the encoders' vectors, side by side, to vectors of length 1 that are compared by their cosine."""

    blocks: tuple[int, ...]
    """The dimensions of each encoder."""
    centre: NDArray[np.float16]
    """(d,): the mean vector of the examples. What all have in common says nothing."""
    turn: NDArray[np.float16]
    """(d, k)."""
    _centre: Floats = field(init=False, repr=False)
    _turn: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_centre", self.centre.astype(np.float32))
        object.__setattr__(self, "_turn", self.turn.astype(np.float32))

    def place(self, vectors: Floats) -> Floats:
        """(n, d) -> (n, k). A row of zeros stays one."""
        return unit(centred(vectors, self.blocks, self._centre) @ self._turn)

    @classmethod
    def learned(cls, vectors: Floats, blocks: Sequence[int], targets: Numbers, seed: int = 0) -> Space:
        """The space in which these examples, whose topics are the numbers `targets`, stand apart by topic."""
        centre = vectors.mean(axis=0)
        plain = centred(vectors, blocks, centre)
        turn = _learn(plain, blocks[0], targets, np.random.default_rng(seed))
        turn = turn @ _main_directions(unit(plain @ turn))
        return cls(tuple(blocks), centre.astype(np.float16), turn.astype(np.float16))


def centred(vectors: Floats, blocks: Sequence[int], centre: Floats) -> Floats:
    """Each encoder's part without the mean, all parts of equal length, and together of length 1."""
    result = np.empty_like(vectors)
    start = 0
    for width in blocks:
        part = slice(start, start + width)
        moved = vectors[:, part] - centre[part] * vectors[:, part].any(axis=1, keepdims=True)
        result[:, part] = unit(moved) / np.float32(len(blocks)) ** 0.5
        start += width
    return result


def unit(rows: Floats) -> Floats:
    """Rows of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: Floats = rows / np.where(lengths > 0, lengths, 1).astype(rows.dtype)
    return result


def _main_directions(rows: Floats) -> Floats:
    """The directions that hold most of `rows` about the origin, (d, k), the first one the most."""
    _, directions = np.linalg.eigh(rows.T @ rows)
    return np.ascontiguousarray(directions[:, ::-1][:, :DIMENSIONS])


def _learn(vectors: Floats, first: int, targets: Numbers, random: np.random.Generator) -> Floats:
    """The map (d, d), by Adam on batches of examples. `first`: the dimensions of the first encoder."""
    count, dimensions = vectors.shape
    topics = int(targets.max()) + 1
    care = _OF_MANY if count >= _FEW * topics else _OF_FEW
    turn = np.eye(dimensions, dtype=np.float32)
    heads = unit(np.eye(topics, dtype=np.float32)[targets].T @ vectors)
    adam = _Adam([turn, heads])
    for chosen in _batches(count, random):
        kept = random.random((len(chosen), dimensions), dtype=np.float32) > care.forgotten
        kept[:, first:] &= random.random((len(chosen), 1), dtype=np.float32) > _ALONE
        seen = vectors[chosen] * kept / np.float32(1 - care.forgotten)
        turned = seen @ turn
        lengths = np.linalg.norm(turned, axis=1, keepdims=True) + 1e-9
        head_lengths = np.linalg.norm(heads, axis=1, keepdims=True) + 1e-9
        placed, directions = turned / lengths, heads / head_lengths
        scores = placed @ directions.T / care.softness
        error = np.exp(scores - scores.max(axis=1, keepdims=True))
        error /= error.sum(axis=1, keepdims=True)
        error[np.arange(len(chosen)), targets[chosen]] -= 1
        error /= len(chosen) * care.softness
        of_placed, of_directions = error @ directions, error.T @ placed
        adam.step(
            [
                seen.T @ ((of_placed - placed * _dot(of_placed, placed)) / lengths),
                (of_directions - directions * _dot(of_directions, directions)) / head_lengths,
            ]
        )
    return turn


def _dot(left: Floats, right: Floats) -> Floats:
    product: Floats = np.einsum("ij,ij->i", left, right)[:, np.newaxis]
    return product


def _batches(count: int, random: np.random.Generator) -> Iterator[Numbers]:
    size = min(_BATCH, max(16, count // 12))
    epochs = min(_MOST_EPOCHS, max(_FEW_EPOCHS, _LEAST_STEPS * size // count))
    for _ in range(epochs):
        order = random.permutation(count)
        for start in range(0, count, size):
            yield order[start : start + size]


class _Adam:
    """Adam (Kingma and Ba, 2015); changes `parameters` in place."""

    def __init__(self, parameters: list[Floats]) -> None:
        self._parameters = parameters
        self._means = [np.zeros_like(parameter) for parameter in parameters]
        self._squares = [np.zeros_like(parameter) for parameter in parameters]
        # New arrays of this size in each step would take longer than the arithmetic.
        self._scratch = [np.empty_like(parameter) for parameter in parameters]
        self._steps = 0

    def step(self, gradients: Sequence[Floats]) -> None:
        self._steps += 1
        rate = np.float32(_RATE * (1 - 0.999**self._steps) ** 0.5 / (1 - 0.9**self._steps))
        for at, gradient in enumerate(gradients):
            mean, square, scratch = self._means[at], self._squares[at], self._scratch[at]
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
            self._parameters[at] -= scratch
