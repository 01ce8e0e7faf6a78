"""The letters of a text as hashed n-grams: they tell topics apart whose meanings are alike."""

from __future__ import annotations

import math
import zlib
from collections import Counter

from nlu.text import folded, shortened


def ngrams(text: str, buckets: int, longest: int) -> dict[int, float]:
    """Bucket (0 to buckets - 1) -> 1 + log of how often an n-gram of up to `longest` letters fell into it.

    N-grams reach to the borders of words, which are marked, and not beyond. A text without spaces, such as a
    Japanese one, is one word. CRC-32 is the hash: the same on every machine and in every process.
    """
    counts: Counter[bytes] = Counter()
    for word in folded(shortened(text)).split():
        marked = f" {word} "
        for length in range(1, longest + 1):
            counts.update(
                marked[at : at + length].encode("utf-8", "replace") for at in range(len(marked) - length + 1)
            )
    found: dict[int, int] = {}
    for gram, count in counts.items():
        bucket = zlib.crc32(gram) % buckets
        found[bucket] = found.get(bucket, 0) + count
    return {bucket: 1.0 + math.log(count) for bucket, count in sorted(found.items())}
