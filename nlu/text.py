"""Text normalisation with offsets into the original text.

NFKC makes full-width and half-width letters, digits and katakana equal, but changes the length of a text. Entities
and tokens must point into the original, so each normalised character keeps its original offsets.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

MAX_MESSAGE_CHARS = 4096
"""The longest message that a channel carries. The rest of a longer text is not read."""
# Half-width voiced and semi-voiced marks belong to the katakana before them, like combining characters.
_HALF_WIDTH_MARKS = "\uff9e\uff9f"
# How much of a long text the encoders read, in columns: their time grows with the length.
_HEAD_COLUMNS, _TAIL_COLUMNS = 280, 160


@dataclass(frozen=True)
class CharacterCluster:
    """A base character with its marks: `text` is normalised, `start` and `end` are original offsets."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class NormalisedText:
    """Normalised text; `starts[i]` and `ends[i]` are the original offsets of its i-th character."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original (start, end) of the normalised range [start, end), which must not be empty."""
        return self.starts[start], self.ends[end - 1]


def clean_input(text: str) -> str:
    """Return what a client typed, cut to MAX_MESSAGE_CHARS and without leading slashes.

    Rasa would read a text with a leading slash as an intent.
    """
    return text[:MAX_MESSAGE_CHARS].lstrip("/／ \t\r\n\u3000")


def replace_unprintable(text: str) -> str:
    """Return `text` with spaces for control characters and for lone surrogates, which no encoder accepts."""
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text)


def truncate_middle(text: str) -> str:
    """Return the beginning and the end of a text that is too long to be encoded whole, cut between words.

    Clients say what they want at the beginning, or at the end after the story. A wide letter (Japanese, Chinese,
    Korean) counts as two columns: it says about as much as two Latin letters and takes an encoder as long.
    """
    limit = _HEAD_COLUMNS + _TAIL_COLUMNS
    if len(text) <= limit and sum(map(_columns, text)) <= limit:
        return text
    # Slicing first keeps the cost of a megabyte at that of a page.
    head, tail = text[: _HEAD_COLUMNS + 1], text[-_TAIL_COLUMNS - 1 :]
    return f"{_cut_to_columns(head, _HEAD_COLUMNS)} {_cut_to_columns(tail[::-1], _TAIL_COLUMNS)[::-1]}"


def _columns(letter: str) -> int:
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _cut_to_columns(text: str, limit: int) -> str:
    """Return as many whole words of `text` as fit into `limit` columns, or letters if there is no word border."""
    columns = 0
    for index, letter in enumerate(text):
        columns += _columns(letter)
        if columns > limit:
            border = max(text.rfind(mark, index // 2, index) for mark in " \n\u3000。、")
            return text[: border + 1 if border > 0 else index]
    return text


def split_clusters(text: str) -> list[CharacterCluster]:
    """Split `text` into characters with their marks, each in NFKC. The clusters cover the whole text."""
    if text.isascii():
        return [CharacterCluster(character, index, index + 1) for index, character in enumerate(text)]
    clusters: list[CharacterCluster] = []
    start = 0
    for index in range(1, len(text) + 1):
        at_end = index == len(text)
        if not at_end and (unicodedata.combining(text[index]) or text[index] in _HALF_WIDTH_MARKS):
            continue
        clusters.append(CharacterCluster(unicodedata.normalize("NFKC", text[start:index]), start, index))
        start = index
    return clusters


def normalise(text: str, *, casefold: bool = False) -> NormalisedText:
    """Return `text` in NFKC, optionally case-folded, with the original offsets of each character."""
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for cluster in split_clusters(text):
        piece = cluster.text.casefold() if casefold else cluster.text
        characters.append(piece)
        starts.extend([cluster.start] * len(piece))
        ends.extend([cluster.end] * len(piece))
    return NormalisedText("".join(characters), tuple(starts), tuple(ends))


def normalise_casefold(text: str) -> str:
    """Return `normalise(text, casefold=True).text`, faster because it computes no offsets."""
    if text.isascii():
        return text.casefold()
    return "".join(cluster.text.casefold() for cluster in split_clusters(text))
