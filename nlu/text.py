"""Text as the components compare it, with the way back to the text that the client wrote.

NFKC makes full-width and half-width letters, digits and katakana equal, but changes the length of the text.
Entities and tokens must point into the original, so every normalised character remembers where it came from.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

# Half-width voiced and semi-voiced marks: they belong to the katakana before them, like combining characters.
_HALF_WIDTH_MARKS = "\uff9e\uff9f"


@dataclass(frozen=True)
class Chunk:
    """A base character with its marks: `text` is normalised, `start` and `end` are original offsets."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Normalised:
    """Normalised text; `starts[i]` and `ends[i]` are the original offsets of its i-th character."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original (start, end) of the normalised, non-empty stretch [start, end)."""
        return self.starts[start], self.ends[end - 1]


def printable(text: str) -> str:
    """`text` with spaces for what is no character: controls, and lone surrogates, which no encoder takes."""
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text)


def chunks(text: str) -> list[Chunk]:
    """`text` cut into characters with their marks, each in NFKC. Nothing is left out."""
    if text.isascii():
        return [Chunk(character, index, index + 1) for index, character in enumerate(text)]
    cut: list[Chunk] = []
    start = 0
    for index in range(1, len(text) + 1):
        at_end = index == len(text)
        if not at_end and (unicodedata.combining(text[index]) or text[index] in _HALF_WIDTH_MARKS):
            continue
        cut.append(Chunk(unicodedata.normalize("NFKC", text[start:index]), start, index))
        start = index
    return cut


def normalise(text: str, *, casefold: bool = False) -> Normalised:
    """`text` in NFKC, case-folded if asked, with the original offsets of each character."""
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for chunk in chunks(text):
        piece = chunk.text.casefold() if casefold else chunk.text
        characters.append(piece)
        starts.extend([chunk.start] * len(piece))
        ends.extend([chunk.end] * len(piece))
    return Normalised("".join(characters), tuple(starts), tuple(ends))
