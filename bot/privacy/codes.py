"""Codes that clients type: found at the edge, so that they go into the vault and never into a table or to Rasa."""

from __future__ import annotations

import re
import unicodedata

# No mobile number has fewer digits, whatever its country.
SHORTEST_NUMBER = 7

_HYPHEN = r"\-‐–—−ー・"
_JOINED = rf"[ {_HYPHEN}]{{0,2}}"
_NO_DATE = r"(?!(?:19|20)\d\d-\d\d?-\d)"

# A message that is nothing but 4 to 8 digits (spaces or hyphens between them allowed) is taken for a code or PIN.
_ONLY_DIGITS = re.compile(
    rf"[^\da-z]{{0,2}}{_NO_DATE}(\d(?:{_JOINED}\d){{3,7}})[^\da-z]{{0,2}}", re.IGNORECASE
)
# What goes on before or after is a longer number, such as a phone's.
_BEGIN = rf"(?<![\d+])(?<!\d[ {_HYPHEN}]){_NO_DATE}"
_UNBROKEN = re.compile(rf"{_BEGIN}(\d{{6,8}})(?![{_HYPHEN}]?\d)")
_GROUPED = re.compile(rf"{_BEGIN}(\d(?:{_JOINED}\d){{5,7}})(?!{_JOINED}\d)")


def find_code(text: str, expected_input: str | None) -> str | None:
    """The code in `text`, as ASCII digits only, or None.

    While a code is expected ("code") one may stand anywhere in the message; otherwise only a message that is all
    digits is one, and while a phone number is expected only if it is too short for that.
    """
    plain = _plain(text)
    match = _ONLY_DIGITS.fullmatch(plain)
    if match and expected_input == "phone_number" and len(re.sub(r"\D", "", match[1])) >= SHORTEST_NUMBER:
        return None
    if match is None and expected_input == "code":
        match = _UNBROKEN.search(plain) or _GROUPED.search(plain)
    return re.sub(r"\D", "", match[1]) if match else None


def _plain(text: str) -> str:
    """`text` in normal width, without invisible characters, every script's digits as ASCII ones."""
    return "".join(
        str(unicodedata.decimal(sign, sign))
        for sign in unicodedata.normalize("NFKC", text).strip()
        if unicodedata.category(sign) != "Cf"
    )
