"""Find the token of a deep link (`/start TOKEN`), so that it goes into the vault and into no other table."""

from __future__ import annotations

import re

# Telegram passes on at most 64 of these characters. Shorter ones are words, such as a campaign's name.
_START = re.compile(r"\s*[/／]start(?:@\w{1,64})?\s+([A-Za-z0-9_-]{16,64})\s*", re.IGNORECASE)


def find_link_token(text: str) -> str | None:
    """Return the token in `text`, or None."""
    match = _START.fullmatch(text)
    return match[1] if match else None
