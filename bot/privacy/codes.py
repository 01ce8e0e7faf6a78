"""Codes that clients type: found at the edge, so that they go into the vault and never into a table or to Rasa."""

from __future__ import annotations

import re
import unicodedata

# A message that is nothing but 4 to 8 digits (spaces or hyphens between them allowed) is taken for a code or PIN.
_ONLY_DIGITS = re.compile(r"^\D{0,2}(\d(?:[ \-]?\d){3,7})\D{0,2}$")
_CODE_IN_TEXT = re.compile(r"(?<!\d)(\d(?:[ \-]?\d){5,7})(?!\d)")


def find_code(text: str, expecting: str | None) -> str | None:
    """The code in `text`, digits only, or None.

    While a code is expected ("code") one may stand anywhere in the message; while a phone number is expected
    nothing is taken for a code; otherwise only a message that is all digits is.
    """
    if expecting == "phone_number":
        return None
    normal = unicodedata.normalize("NFKC", text).strip()
    match = _ONLY_DIGITS.match(normal)
    if match is None and expecting == "code":
        match = _CODE_IN_TEXT.search(normal)
    return re.sub(r"\D", "", match[1]) if match else None
