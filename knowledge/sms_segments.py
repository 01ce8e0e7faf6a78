"""How many SMS segments a text takes, by 3GPP TS 23.038 and 23.040.

A text of the GSM alphabet has 160 characters in one segment, or 153 in each of several. With any other character it
has 70 UTF-16 units, or 67 in each of several.
"""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each of these takes two places: an escape and itself.
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM = (160, 153)
_UCS2 = (70, 67)


def non_gsm_characters(text: str) -> frozenset[str]:
    """Return the characters that the GSM alphabet lacks; one of them more than halves the room of a segment."""
    return frozenset(text) - _BASIC - _EXTENDED


def count_segments(text: str) -> int:
    """Return the number of segments that `text` takes; 0 for an empty one."""
    if non_gsm_characters(text):
        limits, sizes = _UCS2, [2 if ord(character) > 0xFFFF else 1 for character in text]
    else:
        limits, sizes = _GSM, [2 if character in _EXTENDED else 1 for character in text]
    alone, part = limits
    if sum(sizes) <= alone:
        return 1 if text else 0
    parts, room = 1, part
    for size in sizes:
        # A character of two places is never divided between two segments.
        if size > room:
            parts, room = parts + 1, part
        room -= size
    return parts


def excess_length(text: str, max_segments: int) -> int:
    """Return by how many characters at its end `text` is too long for `max_segments` segments."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count_segments(text[:middle]) <= max_segments else (low, middle - 1)
    return len(text) - low
