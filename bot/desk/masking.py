"""Mask what agents see of a client: no secrets, and only the ends of numbers and addresses."""

from __future__ import annotations

import re

from bot.privacy.redaction import redact

# Longer runs of digits can be a phone number, an account or a code.
_NUMBER = re.compile(r"(?<![\w⟧])\+?\d(?:[\s\-().]{0,2}\d){5,18}(?![\w⟦])")
# Only from the start of a run, so that each run is read once.
_ADDRESS = re.compile(r"(?<![\w.+\-])([\w.+\-])[\w.+\-]*(@[\w\-]+(?:\.[\w\-]+)+)")
_WORD = re.compile(r"\b(?!KB\d)[A-Za-z][A-Za-z0-9]{5,}\b")
# A word that ends in so many digits can be a user name.
USER_NAME_DIGITS = 3
KEPT_DIGITS = 2


def masked(text: str) -> str:
    """Return `text` with secrets, e-mail addresses and numbers of six or more digits masked."""
    shown = redact(text).text
    shown = _ADDRESS.sub(r"\1•••\2", shown)
    shown = _NUMBER.sub(lambda found: _covered(found[0]), shown)
    return _WORD.sub(lambda found: _cover_user_name(found[0]), shown)


def masked_peer(peer: str) -> str:
    """Return the client's masked number or name on the channel, such as "+81 ••• 78"."""
    digits = [sign for sign in peer if sign.isdigit()]
    if peer.startswith("+") and len(digits) > 6:
        return f"{peer[:3]} ••• {peer[-KEPT_DIGITS:]}"
    return f"{peer[:3]}•••{peer[-KEPT_DIGITS:]}" if len(peer) > 6 else peer


def shortened(text: str, most: int) -> str:
    """Return at most `most` characters of `text`, with an ellipsis where it was cut."""
    if len(text) <= most:
        return text
    begun = text[: most - 1]
    if begun.rfind("⟦") > begun.rfind("⟧"):
        # Half a mark would be shown as it stands.
        begun = begun[: begun.rfind("⟦")]
    return begun.rstrip() + "…"


def _covered(number: str) -> str:
    digits = [sign for sign in number if sign.isdigit()]
    begin = "+" if number.startswith("+") else ""
    return f"{begin}•••{''.join(digits[-KEPT_DIGITS:])}"


def _cover_user_name(word: str) -> str:
    return f"{word[0]}•••{word[-KEPT_DIGITS:]}" if word[-USER_NAME_DIGITS:].isdigit() else word
