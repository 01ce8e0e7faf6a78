"""Kernel ridge regression of the labels on vectors and n-grams. Needs SciPy, and only for training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg, sparse  # type: ignore[import-untyped]

from nlu.arrays import Float16Array, Float32Array, Int64Array
from nlu.intent_model import SimilaritySettings, gaussian_kernel, weigh_ngrams

# An n-gram that a larger share of the examples has says nothing and costs most of the time.
_MAX_DOCUMENT_SHARE = 0.2
# The rows of the kernel that are computed at once: the whole would need several times its own memory.
_KERNEL_ROWS = 1000


def inverse_document_frequency(counts: Sequence[dict[int, float]], buckets: int) -> Float16Array:
    """Return the weight of each bucket, (b,); 0 for those that are too common. `counts`: the n-grams of each text."""
    frequency = np.zeros(buckets)
    for text_counts in counts:
        frequency[list(text_counts)] += 1
    weights = np.log((1 + len(counts)) / (1 + frequency)) + 1
    weights[frequency > max(2.0, _MAX_DOCUMENT_SHARE * len(counts))] = 0
    return weights.astype(np.float16)


def ngram_matrix(counts: Sequence[dict[int, float]], weights: Float16Array) -> sparse.csr_matrix:
    """Return the weighted n-grams of the examples, (n, b), each row of norm 1.

    `weights`, (b,), is the inverse document frequency.
    """
    rows = [weigh_ngrams(text_counts, weights) for text_counts in counts]
    values = np.concatenate([values for _, values in rows])
    columns = np.concatenate([buckets for buckets, _ in rows])
    starts = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    matrix = sparse.csr_matrix((values, columns, starts), shape=(len(counts), len(weights)))
    matrix.eliminate_zeros()
    return matrix


def training_kernel(
    projected: Float32Array, ngrams: sparse.csr_matrix, settings: SimilaritySettings
) -> Float32Array:
    """Return the kernel of the examples, (n, n): only the lower triangle, which is all that `solve` reads.

    `projected` is (n, k), `ngrams` (n, b).
    """
    kernel = np.zeros((len(projected), len(projected)), dtype=np.float32)
    for start in range(0, len(projected), _KERNEL_ROWS):
        stop = min(start + _KERNEL_ROWS, len(projected))
        kernel[start:stop, :stop] = combined_kernel(
            projected[start:stop] @ projected[:stop].T, ngrams[start:stop], ngrams[:stop], settings
        )
    return kernel


def combined_kernel(
    cosines: Float32Array, left: sparse.csr_matrix, right: sparse.csr_matrix, settings: SimilaritySettings
) -> Float32Array:
    """Return the kernel, (m, n), of messages with these `cosines`, (m, n), and n-grams, (m, b) and (n, b)."""
    kernel = gaussian_kernel(cosines, settings.gamma)
    kernel += settings.ngram_weight * (left @ right.T).toarray()
    return kernel


def solve(kernel: Float32Array, targets: Int64Array, ridge: float) -> Float32Array:
    """Return the weights, (n, c), of the ridge regression of the labels. An example of a rare topic counts for more.

    Reads the lower triangle of `kernel`, (n, n), and overwrites it. `targets`, (n,), holds label indices.
    """
    counts = np.bincount(targets)
    wanted = np.eye(len(counts), dtype=kernel.dtype)[targets]
    importance = np.sqrt(counts[counts > 0].mean() / counts[targets])
    kernel[np.diag_indices(len(targets))] += (ridge / importance).astype(kernel.dtype)
    factor = linalg.cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)
    solution: Float32Array = linalg.cho_solve(factor, wanted, overwrite_b=True, check_finite=False)
    return solution
