"""The learned projection, the cache of vectors, and the writing styles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nlu.arrays import Float32Array, Int64Array
from nlu.writing_styles import WritingStyle, group_by_style

pytestmark = pytest.mark.rasa


def noisy_topics(count: int = 40) -> tuple[Float32Array, Int64Array]:
    """Return vectors and targets of two topics that differ in one of 24 directions; the others are noise."""
    random = np.random.default_rng(3)
    vectors = random.normal(size=(2 * count, 24)).astype(np.float32)
    targets = np.repeat([0, 1], count)
    vectors[:, 0] += np.where(targets == 0, 3.0, -3.0)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), targets


def contrast(projected: Float32Array, targets: Int64Array) -> float:
    """Return the mean cosine within topics less that between them."""
    same = targets[:, None] == targets[None, :]
    cosines = projected @ projected.T
    return float(cosines[same].mean() - cosines[~same].mean())


def test_the_projection_separates_the_topics_further() -> None:
    from nlu.embedding_projection import EmbeddingProjection, centre

    vectors, targets = noisy_topics()
    projection = EmbeddingProjection.fit(vectors, (16, 8), targets)
    before = centre(vectors, (16, 8), vectors.mean(axis=0))
    assert contrast(projection.project(vectors), targets) > 1.02 * contrast(before, targets)


def test_the_same_examples_give_the_same_projection() -> None:
    from nlu.embedding_projection import EmbeddingProjection

    vectors, targets = noisy_topics()
    first, second = (EmbeddingProjection.fit(vectors, (24,), targets) for _ in range(2))
    assert np.array_equal(first.matrix, second.matrix)


def test_a_row_of_zeros_stays_zeros() -> None:
    from nlu.embedding_projection import EmbeddingProjection

    vectors, targets = noisy_topics()
    projection = EmbeddingProjection.fit(vectors, (24,), targets)
    assert not projection.project(np.zeros((1, 24), np.float32)).any()


class RecordingEncoder:
    """An encoder that records the texts it encodes."""

    package = "numpy"
    dimension = 3

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> Float32Array:
        self.texts += texts
        return np.array([[len(text), 1, 2] for text in texts], dtype=np.float32)


def test_a_text_is_encoded_once(tmp_path: Path) -> None:
    from nlu.embedding_cache import CachedEncoder

    first, second = RecordingEncoder(), RecordingEncoder()
    before = CachedEncoder(first, tmp_path).encode(["a", "bb", "a", "\ud800"])
    after = CachedEncoder(second, tmp_path).encode(["bb", "ccc", "a"])
    assert first.texts == ["a", "bb", "\ud800"]
    assert second.texts == ["ccc"]
    assert before[:, 0].tolist() == [1, 2, 1, 1]
    assert after[:, 0].tolist() == [2, 3, 1]


def test_a_broken_cache_file_is_written_anew(tmp_path: Path) -> None:
    from nlu.embedding_cache import CachedEncoder

    CachedEncoder(RecordingEncoder(), tmp_path).encode(["a"])
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"PK nothing")
    again = RecordingEncoder()
    assert CachedEncoder(again, tmp_path).encode(["a"]).tolist() == [[1, 1, 2]]
    assert again.texts == ["a"]


def test_writing_styles_follow_their_rules() -> None:
    texts = ["the verification failed"] * 8 + [
        "the verificaton failed",
        "cant log in pls",
        "pin wo wasureta",
        "パスコードが",
    ]
    languages = ["en"] * 10 + ["ja"] * 2
    found = group_by_style(texts, languages)
    assert found[WritingStyle.TYPO] == [8]
    assert found[WritingStyle.CASUAL] == [9]
    assert found[WritingStyle.ROMAJI] == [10]
    assert found[WritingStyle.KANA] == [11]
