"""Word segmentation for any script, Japanese included, without a dictionary.

A word ends where the script changes. In Japanese this separates particles from nouns most of the time. No character
is lost.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from nlu.text import CharacterCluster, split_clusters

PLACEHOLDER = re.compile(r"⟦[^⟦⟧]*⟧")
"""What redaction leaves in the place of a secret ("⟦card⟧"): one word, whatever is inside."""
_APOSTROPHES = "'’"  # inside a word: don't
_SPACE = "space"
_SYMBOL = "symbol"


@lru_cache(maxsize=4096)
def script_of(character: str) -> str:
    """Return the script of `character`: "latin", "hiragana", "cjk", ..., or "symbol" or "space".

    Digits count as latin, so that "2FA" and "iOS17" are single words.
    """
    if character.isspace():
        return _SPACE
    if character.isdecimal():
        return "latin"
    if character == "々":
        return "cjk"
    if character == "ー":
        return "katakana"
    if not unicodedata.category(character).startswith(("L", "M")):
        return _SYMBOL
    return unicodedata.name(character, _SYMBOL).split()[0].casefold()


def _script_of_cluster(cluster: CharacterCluster) -> str:
    return next((script for script in map(script_of, cluster.text) if script != _SPACE), _SPACE)


def segment_words(text: str) -> list[tuple[int, int, str]]:
    """Return the (start, end, normalised text) of each word and each symbol of `text`, in order."""
    words: list[list[CharacterCluster]] = []
    placeholders = [match.span() for match in PLACEHOLDER.finditer(text)]
    previous = _SPACE
    for cluster in split_clusters(text):
        placeholder = next((start for start, end in placeholders if start <= cluster.start < end), None)
        script = _script_of_cluster(cluster) if placeholder is None else f"placeholder {placeholder}"
        if script == _SYMBOL and cluster.text in _APOSTROPHES and previous == "latin":
            script = "latin"
        if script == _SPACE:
            pass
        elif script == previous and script != _SYMBOL:
            words[-1].append(cluster)
        else:
            words.append([cluster])
        previous = script
    return [(word[0].start, word[-1].end, "".join(cluster.text for cluster in word)) for word in words]
