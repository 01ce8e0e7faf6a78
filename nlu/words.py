"""Where words begin and end, in any script, Japanese included. Nothing is lost.

A cut comes where the script changes, which for Japanese parts particles from nouns most of the time and needs
no dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from nlu.text import Chunk, chunks

# Stands for something that was taken out of the message ("⟦card⟧"): one word, whatever is inside.
PLACEHOLDER = re.compile(r"⟦[^⟧]*⟧")
_JOINERS = "'’"  # inside a word: don't
_SPACE = "space"
_SYMBOL = "symbol"


@lru_cache(maxsize=4096)
def script(character: str) -> str:
    """The kind of writing that `character` belongs to: "latin", "hiragana", "cjk", ..., "symbol" or "space".

    Digits count as latin, so that "2FA" and "iOS17" stay whole.
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


def _kind(chunk: Chunk) -> str:
    return next((kind for kind in map(script, chunk.text) if kind != _SPACE), _SPACE)


def spans(text: str) -> list[tuple[int, int, str]]:
    """The (start, end, normalised text) of each word and each symbol of `text`, in order."""
    words: list[list[Chunk]] = []
    placeholders = [match.span() for match in PLACEHOLDER.finditer(text)]
    previous = _SPACE
    for chunk in chunks(text):
        inside = next((start for start, end in placeholders if start <= chunk.start < end), None)
        kind = f"placeholder {inside}" if inside is not None else _kind(chunk)
        if kind == _SYMBOL and chunk.text in _JOINERS and previous == "latin":
            kind = "latin"
        if kind == _SPACE:
            pass
        elif kind == previous and kind != _SYMBOL:
            words[-1].append(chunk)
        else:
            words.append([chunk])
        previous = kind
    return [(word[0].start, word[-1].end, "".join(chunk.text for chunk in word)) for word in words]
