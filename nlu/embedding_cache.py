"""A cache of sentence vectors on disk: reading the examples takes most of a training."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from nlu.arrays import Float32Array
from nlu.encoder import SentenceEncoder
from nlu.fingerprint import ROOT

CACHE_FOLDER = ROOT / "models" / "vectors"
"""The cache of a training."""

# A larger cache is reduced to the texts of the current call.
_MAX_VECTORS = 40_000


class CachedEncoder:
    """A SentenceEncoder that encodes each text once and keeps its vector in `folder`.

    There is one file per encoder and version. It holds digests instead of texts. An unreadable file is written
    anew. Of two processes that write, the last one wins.
    """

    def __init__(self, encoder: SentenceEncoder, folder: Path) -> None:
        self._encoder = encoder
        self.package = encoder.package
        self.dimension = encoder.dimension
        self._path = folder / f"{type(encoder).__name__}-{version(encoder.package)}.npz"

    def encode(self, texts: Sequence[str]) -> Float32Array:
        """See SentenceEncoder."""
        known = self._read()
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            known.update(zip(new, self._encoder.encode(list(new.values())), strict=True))
            self._write(known if len(known) <= _MAX_VECTORS else {key: known[key] for key in keys})
        if not keys:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.vstack([known[key] for key in keys])

    def _read(self) -> dict[bytes, Float32Array]:
        try:
            with np.load(self._path, allow_pickle=False) as stored:
                return {bytes(key): row for key, row in zip(stored["keys"], stored["vectors"], strict=True)}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return {}

    def _write(self, known: dict[bytes, Float32Array]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{os.getpid()}-{self._path.name}")
        keys = np.array([np.frombuffer(key, dtype=np.uint8) for key in known])
        np.savez(temporary, keys=keys, vectors=np.vstack(list(known.values())))
        temporary.replace(self._path)
