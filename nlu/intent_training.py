"""Trains the intent model on the examples. Needs SciPy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from nlu.calibration import calibrate
from nlu.embedding_projection import EmbeddingProjection
from nlu.example_set import ExampleSet, encode_labels
from nlu.intent_model import (
    IntentModel,
    QuantisedMatrix,
    SimilaritySettings,
    dequantise_unit_rows,
    quantise_unit_rows,
)
from nlu.kernel_ridge import inverse_document_frequency, ngram_matrix, solve, training_kernel
from nlu.ngrams import hash_ngrams


def train_intent_model(
    examples: ExampleSet, *, ridge: float, settings: SimilaritySettings, out_of_scope: str | None = None
) -> IntentModel:
    """Return the model of the examples. The same examples in the same order give the same model.

    `ridge` is the regularisation. `out_of_scope` is the intent of the examples that belong to no topic, if there is
    one. Raises ValueError with fewer than two intents.
    """
    labels, targets = encode_labels(examples.intents)
    counts = [
        hash_ngrams(text, settings.ngram_buckets, settings.max_ngram_letters) for text in examples.texts
    ]
    document_weights = inverse_document_frequency(counts, settings.ngram_buckets)
    ngrams = ngram_matrix(counts, document_weights)
    # The calibration trains a model of its own. One processor for each is faster than splitting each product.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(1) as executor:
        calibration = executor.submit(calibrate, examples, ngrams, ridge, settings, out_of_scope)
        projection = EmbeddingProjection.fit(examples.vectors, examples.blocks, targets)
        projected = quantise_unit_rows(projection.project(examples.vectors))
        kernel = training_kernel(dequantise_unit_rows(projected), ngrams, settings)
        weights = solve(kernel, targets, ridge)
        temperature, familiarity = calibration.result()
    return IntentModel(
        labels=labels,
        settings=settings,
        out_of_scope=out_of_scope if out_of_scope in labels else None,
        temperature=temperature,
        familiarity=familiarity,
        projection=projection,
        examples=projected,
        weights=QuantisedMatrix.quantise(weights),
        inverse_document_frequency=document_weights,
        ngram_weights=QuantisedMatrix.quantise(settings.ngram_weight * (ngrams.T @ weights)),
    )
