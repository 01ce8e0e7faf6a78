"""The examples as arrays: what the intent model is trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlu.arrays import Float32Array, Int64Array

FOLDS = 5
"""Parts of a cross-validation."""


@dataclass(frozen=True)
class ExampleSet:
    """n examples, row by row."""

    vectors: Float32Array
    """(n, d): the concatenated vectors of the encoders."""
    blocks: tuple[int, ...]
    """The dimension of each encoder; d is their sum."""
    texts: Sequence[str]
    intents: Sequence[str]

    def select(self, rows: Int64Array) -> ExampleSet:
        """Return the examples with these indices."""
        return ExampleSet(
            self.vectors[rows],
            self.blocks,
            [self.texts[row] for row in rows],
            [self.intents[row] for row in rows],
        )


def encode_labels(intents: Sequence[str]) -> tuple[tuple[str, ...], Int64Array]:
    """Return the sorted labels and the index of each example's label, (n,).

    Raises ValueError with fewer than two labels.
    """
    labels, targets = np.unique(np.asarray(intents), return_inverse=True)
    if len(labels) < 2:
        raise ValueError("at least two topics need examples")
    return tuple(map(str, labels)), targets.astype(np.int64)


def assign_folds(targets: Int64Array) -> Int64Array:
    """Return the fold of each example, (n,); the examples of each label are spread evenly, in their order."""
    assigned: Counter[int] = Counter()
    folds = []
    for target in targets.tolist():
        folds.append(assigned[target] % FOLDS)
        assigned[target] += 1
    return np.asarray(folds, dtype=np.int64)
