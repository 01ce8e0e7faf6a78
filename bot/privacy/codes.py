"""Codes that clients type, found before a message is stored: they go into the vault, never into a table or to Rasa."""

from __future__ import annotations

import re
import unicodedata

from bot.privacy.normalization import normalize_text

# No country has shorter mobile numbers.
MIN_PHONE_DIGITS = 7

_HYPHEN = r"\-‐–—−ー・"
_JOINED = rf"[ {_HYPHEN}]{{0,2}}"
_NO_DATE = r"(?!(?:19|20)\d\d-\d\d?-\d)"

# A message of 4 to 8 digits and nothing else, with spaces or hyphens between them or not, is read as a code or PIN.
_ONLY_DIGITS = re.compile(
    rf"[^\da-z]{{0,2}}{_NO_DATE}(\d(?:{_JOINED}\d){{3,7}})[^\da-z]{{0,2}}", re.IGNORECASE
)
# Digits directly before or after belong to a longer number, such as a phone number.
_BEGIN = rf"(?<![\d+])(?<!\d[ {_HYPHEN}]){_NO_DATE}"
_UNBROKEN = re.compile(rf"{_BEGIN}(\d{{6,8}})(?![{_HYPHEN}]?\d)")
_GROUPED = re.compile(rf"{_BEGIN}(\d(?:{_JOINED}\d){{5,7}})(?!{_JOINED}\d)")


def find_code(text: str, expected_input: str | None) -> str | None:
    """Return the code in `text` as ASCII digits, or None.

    While a code is expected, it may stand anywhere in the message. Otherwise the message must consist of the code, and
    while a phone number is expected, digits that can be one are not a code.
    """
    plain = _plain(text)
    match = _ONLY_DIGITS.fullmatch(plain)
    if match and expected_input == "phone_number" and len(re.sub(r"\D", "", match[1])) >= MIN_PHONE_DIGITS:
        return None
    if match is None and expected_input == "code":
        match = _UNBROKEN.search(plain) or _GROUPED.search(plain)
    return re.sub(r"\D", "", match[1]) if match else None


def _plain(text: str) -> str:
    """Return `text` in normal width, without invisible characters, and each script's digits as ASCII digits."""
    return "".join(str(unicodedata.decimal(char, char)) for char in normalize_text(text).strip())
