"""Vectors of texts kept on disk, for measurements that read the same texts again and again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from nlu.encoder import SentenceEncoder, Vectors


class Remembering:
    """An encoder that reads each text once and keeps its vector in `folder`, by encoder and its version."""

    def __init__(self, encoder: SentenceEncoder, folder: Path) -> None:
        self._encoder = encoder
        self.package = encoder.package
        self.dimension = encoder.dimension
        self._path = folder / f"{type(encoder).__name__}-{version(encoder.package)}.npz"
        self._known: dict[bytes, Vectors] = {}
        if self._path.is_file():
            with np.load(self._path, allow_pickle=False) as kept:
                self._known = {
                    bytes(key): vector for key, vector in zip(kept["keys"], kept["vectors"], strict=True)
                }

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See SentenceEncoder."""
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if new:
            self._known.update(zip(new, self._encoder.encode(list(new.values())), strict=True))
            self._path.parent.mkdir(parents=True, exist_ok=True)
            digests = np.array([np.frombuffer(key, dtype=np.uint8) for key in self._known])
            np.savez(self._path, keys=digests, vectors=np.vstack(list(self._known.values())))
        return (
            np.vstack([self._known[key] for key in keys])
            if keys
            else np.zeros((0, self.dimension), np.float32)
        )
