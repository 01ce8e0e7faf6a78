"""Text as the components compare it, with the way back to the text that the client wrote.

NFKC makes full-width and half-width letters, digits and katakana equal, but changes the length of the text.
Entities and tokens must point into the original, so every normalised character remembers where it came from.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

# Half-width voiced and semi-voiced marks: they belong to the katakana before them, like combining characters.
_HALF_WIDTH_MARKS = "\uff9e\uff9f"
# Of a long text this much is read, in letters of an alphabet: the time that an encoder takes grows with it.
_HEAD, _TAIL = 280, 160
LONGEST = 4096
"""Letters of the longest message that a channel carries. Nothing behind them is read."""


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


def readable(text: str) -> str:
    """What a client typed, as Rasa takes it: a leading slash would be read as an intent, and nothing behind the
    longest message that a channel carries is read at all."""
    return text[:LONGEST].lstrip("/／ \t\r\n\u3000")


def printable(text: str) -> str:
    """`text` with spaces for what is no character: controls, and lone surrogates, which no encoder takes."""
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text)


def shortened(text: str) -> str:
    """The beginning and the end of a text that is too long to be read whole, cut between words.

    What a client wants stands at either end: people begin with it, or come to it after the story. A letter of
    Japanese, Chinese or Korean counts for two, as it says about as much and takes an encoder as long.
    """
    if len(text) <= _HEAD + _TAIL and sum(map(_width, text)) <= _HEAD + _TAIL:
        return text
    # No more of it than could fit is even looked at: a megabyte costs no more than a page.
    head, tail = text[: _HEAD + 1], text[-_TAIL - 1 :]
    return f"{_fitting(head, _HEAD)} {_fitting(tail[::-1], _TAIL)[::-1]}"


def _width(letter: str) -> int:
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _fitting(text: str, most: int) -> str:
    """As many words of `text` as fit, or letters where there is no word to part."""
    width = 0
    for at, letter in enumerate(text):
        width += _width(letter)
        if width > most:
            border = max(text.rfind(mark, at // 2, at) for mark in " \n\u3000。、")
            return text[: border + 1 if border > 0 else at]
    return text


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


def folded(text: str) -> str:
    """The text of `normalise` with `casefold`, for those who need no offsets; quicker."""
    return text.casefold() if text.isascii() else "".join(chunk.text.casefold() for chunk in chunks(text))
