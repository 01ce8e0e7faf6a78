"""How many SMS a text is. Rules of 3GPP TS 23.038 and 23.040: 160 characters of the GSM alphabet, or 153 in each
part of several; with any other character 70 UTF-16 units, or 67."""

from __future__ import annotations

# Each character of the second set takes two places: an escape and itself.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM = (160, 153)
_UCS2 = (70, 67)


def strangers(text: str) -> frozenset[str]:
    """The characters that the GSM alphabet lacks; any of them more than halves what fits into an SMS."""
    return frozenset(text) - _BASIC - _EXTENDED


def segments(text: str) -> int:
    """The number of SMS parts that `text` takes; 0 for an empty one."""
    if strangers(text):
        limits, sizes = _UCS2, [2 if ord(character) > 0xFFFF else 1 for character in text]
    else:
        limits, sizes = _GSM, [2 if character in _EXTENDED else 1 for character in text]
    alone, part = limits
    if sum(sizes) <= alone:
        return 1 if text else 0
    parts, room = 1, part
    for size in sizes:
        # A character of two places is never divided between two parts.
        if size > room:
            parts, room = parts + 1, part
        room -= size
    return parts


def surplus(text: str, fit: int) -> int:
    """How many of its last characters `text` must lose to take at most `fit` parts."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if segments(text[:middle]) <= fit else (low, middle - 1)
    return len(text) - low
