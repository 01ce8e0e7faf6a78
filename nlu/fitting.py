"""Fits the intent model. The only module that needs scikit-learn, and only while training."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from nlu.intents import IntentModel, Settings, Vectors, ngrams, softmax

SEED = 20240101


def fit(
    vectors: Vectors,
    texts: Sequence[str],
    intents: Sequence[str],
    *,
    strength: float,
    folds: int,
    settings: Settings,
) -> IntentModel:
    """The model for the examples, `vectors` (examples x dimensions) row by row with `texts` and `intents`.

    `strength` is the inverse of the regularisation; `folds` of the cross-validation that sets the temperature.
    The same examples in the same order give the same model. Raises ValueError with fewer than two intents.
    """
    labels, targets = np.unique(np.asarray(intents), return_inverse=True)
    if len(labels) < 2:
        raise ValueError("at least two topics need examples")
    inputs = design(vectors, texts, settings)
    held_out = cross_validated_scores(inputs, targets, strength=strength, folds=folds)
    temperature = best_temperature(held_out, targets)
    weights, bias = _regress(inputs, targets, strength)
    dimension = vectors.shape[1]
    return IntentModel(
        labels=tuple(map(str, labels)),
        dense=weights[:, :dimension].astype(np.float32),
        hashed=weights[:, dimension:].astype(np.float32),
        bias=bias.astype(np.float32),
        temperature=temperature,
        settings=settings,
    ).rounded()


def design(vectors: Vectors, texts: Sequence[str], settings: Settings) -> sparse.csr_matrix:
    """The examples as the regression sees them: sentence vectors, then n-gram buckets."""
    if not settings.buckets:
        return sparse.csr_matrix(vectors.astype(np.float64))
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        for bucket, weight in ngrams(text, settings).items():
            rows.append(row)
            columns.append(bucket)
            values.append(weight)
    hashed = sparse.csr_matrix((values, (rows, columns)), shape=(len(texts), settings.buckets))
    return sparse.hstack([sparse.csr_matrix(vectors.astype(np.float64)), hashed], format="csr")


def cross_validated_scores(
    inputs: sparse.csr_matrix, targets: NDArray[np.int64], *, strength: float, folds: int
) -> NDArray[np.float64]:
    """Scores (examples x intents) of each example from models that have not seen it."""
    from sklearn.model_selection import StratifiedKFold

    classes = int(targets.max()) + 1
    scores = np.zeros((len(targets), classes))
    splitter = StratifiedKFold(n_splits=folds, shuffle=True, random_state=SEED)
    with warnings.catch_warnings():
        # A topic with fewer examples than folds is for the data's checks to refuse, not for us.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        splits = list(splitter.split(np.zeros(len(targets)), targets))
    for seen, unseen in splits:
        present = np.unique(targets[seen])
        scores[unseen] = -30.0
        weights, bias = _regress(inputs[seen], np.searchsorted(present, targets[seen]), strength)
        scores[np.ix_(unseen, present)] = inputs[unseen] @ weights.T + bias
    return scores


def best_temperature(scores: NDArray[np.float64], targets: NDArray[np.int64]) -> float:
    """The temperature at which the confidences of held-out examples are most honest (least log loss)."""

    def loss(temperature: float) -> float:
        chances = softmax(scores / temperature)[np.arange(len(targets)), targets]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    found = optimize.minimize_scalar(loss, bounds=(0.05, 5.0), method="bounded")
    return round(float(found.x), 4)


def _regress(inputs: Any, targets: NDArray[np.int64], strength: float) -> tuple[NDArray[Any], NDArray[Any]]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=300, tol=1e-3, solver="lbfgs")
    with warnings.catch_warnings():
        # Stopping a little early changes no decision.
        warnings.filterwarnings("ignore", message="lbfgs failed to converge")
        model.fit(inputs, targets)
    weights, bias = model.coef_, model.intercept_
    if len(weights) == 1:  # two classes share one row
        weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return weights, bias
