"""Hashed n-grams of letters: they separate topics that have similar meanings."""

from __future__ import annotations

import math
import zlib
from collections import Counter

from nlu.text import normalise_casefold, truncate_middle


def hash_ngrams(text: str, buckets: int, max_letters: int) -> dict[int, float]:
    """Map each bucket (0 to `buckets` - 1) to 1 + log of the number of its n-grams in `text`.

    N-grams have 1 to `max_letters` letters. They include the borders of words, which are marked by spaces, and do
    not cross them. A text without spaces, such as a Japanese one, is one word. The hash is CRC-32, which is the same
    on every machine and in every process.
    """
    counts: Counter[bytes] = Counter()
    for word in normalise_casefold(truncate_middle(text)).split():
        marked = f" {word} "
        for length in range(1, max_letters + 1):
            counts.update(
                marked[start : start + length].encode("utf-8", "replace")
                for start in range(len(marked) - length + 1)
            )
    by_bucket: dict[int, int] = {}
    for ngram, count in counts.items():
        bucket = zlib.crc32(ngram) % buckets
        by_bucket[bucket] = by_bucket.get(bucket, 0) + count
    return {bucket: 1.0 + math.log(count) for bucket, count in sorted(by_bucket.items())}
