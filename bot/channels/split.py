"""Split a long text between paragraphs, else lines, sentences or words; never inside a character."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

# The preferred boundary first. Each match ends where the next part may begin.
_BOUNDARIES = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n\s*"),
    re.compile(r"[.!?]['\")\]]*\s+|[。！？][」』）]*\s*"),
    re.compile(r"\s+|[、,，]\s*"),
)
# A boundary before this share of the room would make too many parts.
_MIN_FILLED = 0.25
_JOINER = "\u200d"


def utf16(text: str) -> int:
    """Return the length of `text` in UTF-16 units, as Telegram and SMS count."""
    return len(text.encode("utf-16-le")) // 2


def split(text: str, limit: int, whole: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """Return the parts of `text` as (start, end) in characters, each at most `limit` UTF-16 units long.

    White space between two parts belongs to neither. The ranges in `whole` (start, end) are kept together where
    possible.
    """
    parts = []
    start = 0
    while utf16(text[start:]) > limit:
        room = _fitting(text, start, limit)
        end, following = _boundary(text, start, room, whole)
        parts.append((start, end))
        start = following
    if text[start:].strip() or not parts:
        parts.append((start, len(text)))
    return parts


def _fitting(text: str, start: int, limit: int) -> int:
    """Return the end of the longest range from `start` that fits into `limit` UTF-16 units."""
    end, units = start, 0
    while end < len(text):
        units += 2 if ord(text[end]) > 0xFFFF else 1
        if units > limit:
            break
        end += 1
    return end


def _boundary(text: str, start: int, room: int, whole: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return where the part from `start` ends, at most at `room`, and where the next one begins."""
    least = start + int((room - start) * _MIN_FILLED)
    for boundary in _BOUNDARIES:
        # One character more: white space just behind the room is a boundary too.
        found = [
            (end, match.end())
            for match in boundary.finditer(text, start, min(len(text), room + 1))
            if least < (end := _end(match)) <= room and not _inside(match.end(), whole)
        ]
        if found:
            return found[-1]
    for end in _whole_characters(text, start, room):
        if not _inside(end, whole) and end > least:
            return end, end
    end = next(_whole_characters(text, start, room), room)
    return end, end


def _end(match: re.Match[str]) -> int:
    return match.start() + len(match[0].rstrip())


def _inside(position: int, whole: Sequence[tuple[int, int]]) -> bool:
    return any(start < position < end for start, end in whole)


def _whole_characters(text: str, start: int, room: int) -> Iterator[int]:
    """Yield ends from `room` downwards that split no grapheme: an emoji with its skin tone, an accented letter."""
    for end in range(room, start, -1):
        following = text[end : end + 1]
        joined = (
            (
                unicodedata.combining(following)
                or following in {_JOINER, "\ufe0f"}
                or "\U0001f3fb" <= following <= "\U0001f3ff"
                or text[end - 1] == _JOINER
            )
            if following
            else False
        )
        if not joined:
            yield end
