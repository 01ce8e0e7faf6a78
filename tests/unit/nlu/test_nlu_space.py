"""The learned space, the vectors that are kept, and the ways of writing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.rasa


def blobs(count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Two topics that differ in one small direction, beneath much that says nothing."""
    random = np.random.default_rng(3)
    vectors = random.normal(size=(2 * count, 24)).astype(np.float32)
    targets = np.repeat([0, 1], count)
    vectors[:, 0] += np.where(targets == 0, 3.0, -3.0)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), targets


def contrast(placed: np.ndarray, targets: np.ndarray) -> float:
    same = targets[:, None] == targets[None, :]
    cosines = placed @ placed.T
    return float(cosines[same].mean() - cosines[~same].mean())


def test_topics_stand_further_apart_in_the_learned_space() -> None:
    from nlu.space import Space, centred

    vectors, targets = blobs()
    space = Space.learned(vectors, (16, 8), targets)
    before = centred(vectors, (16, 8), vectors.mean(axis=0))
    assert contrast(space.place(vectors), targets) > 1.02 * contrast(before, targets)


def test_the_same_examples_give_the_same_space() -> None:
    from nlu.space import Space

    vectors, targets = blobs()
    first, second = (Space.learned(vectors, (24,), targets) for _ in range(2))
    assert np.array_equal(first.turn, second.turn)


def test_what_is_nothing_stays_nothing() -> None:
    from nlu.space import Space

    vectors, targets = blobs()
    space = Space.learned(vectors, (24,), targets)
    assert not space.place(np.zeros((1, 24), np.float32)).any()


class Counting:
    package = "numpy"
    dimension = 3

    def __init__(self) -> None:
        self.read: list[str] = []

    def encode(self, texts: list[str]) -> np.ndarray:
        self.read += texts
        return np.array([[len(text), 1, 2] for text in texts], dtype=np.float32)


def test_a_text_is_read_by_the_encoder_once(tmp_path: Path) -> None:
    from nlu.remembered import Remembering

    first, second = Counting(), Counting()
    before = Remembering(first, tmp_path).encode(["a", "bb", "a", "\ud800"])
    after = Remembering(second, tmp_path).encode(["bb", "ccc", "a"])
    assert first.read == ["a", "bb", "\ud800"]
    assert second.read == ["ccc"]
    assert before[:, 0].tolist() == [1, 2, 1, 1]
    assert after[:, 0].tolist() == [2, 3, 1]


def test_a_broken_file_of_vectors_is_made_anew(tmp_path: Path) -> None:
    from nlu.remembered import Remembering

    Remembering(Counting(), tmp_path).encode(["a"])
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"PK nothing")
    again = Counting()
    assert Remembering(again, tmp_path).encode(["a"]).tolist() == [[1, 1, 2]]
    assert again.read == ["a"]


def test_kinds_of_writing_are_told_by_their_rules() -> None:
    from nlu.kinds import kinds

    texts = ["the verification failed"] * 8 + [
        "the verificaton failed",
        "cant log in pls",
        "pin wo wasureta",
        "パスコードが",
    ]
    languages = ["en"] * 10 + ["ja"] * 2
    found = kinds(texts, languages)
    assert found["typo"] == [8]
    assert found["casual"] == [9]
    assert found["romaji"] == [10]
    assert found["kana"] == [11]
