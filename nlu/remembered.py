"""Vectors of texts kept on disk: most of a training goes into reading examples that were read before."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from nlu.encoder import SentenceEncoder, Vectors
from nlu.fingerprint import ROOT

VECTORS = ROOT / "models" / "vectors"
"""Where the vectors of examples are kept from one training to the next."""

# With more than this many kept, those that are not needed just now are dropped.
_MOST = 40_000


class Remembering:
    """An encoder that reads each text once and keeps its vector in `folder`, by encoder and its version.

    Texts are kept as digests only. A file that cannot be read is made anew; of two processes the last one wins.
    """

    def __init__(self, encoder: SentenceEncoder, folder: Path) -> None:
        self._encoder = encoder
        self.package = encoder.package
        self.dimension = encoder.dimension
        self._path = folder / f"{type(encoder).__name__}-{version(encoder.package)}.npz"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See SentenceEncoder."""
        known = self._read()
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            known.update(zip(new, self._encoder.encode(list(new.values())), strict=True))
            self._write(known if len(known) <= _MOST else {key: known[key] for key in keys})
        if not keys:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.vstack([known[key] for key in keys])

    def _read(self) -> dict[bytes, Vectors]:
        try:
            with np.load(self._path, allow_pickle=False) as kept:
                return {bytes(key): row for key, row in zip(kept["keys"], kept["vectors"], strict=True)}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return {}

    def _write(self, known: dict[bytes, Vectors]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_name(f".{os.getpid()}-{self._path.name}")
        keys = np.array([np.frombuffer(key, dtype=np.uint8) for key in known])
        np.savez(unfinished, keys=keys, vectors=np.vstack(list(known.values())))
        unfinished.replace(self._path)
