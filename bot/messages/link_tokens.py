"""The token of a deep link (`/start TOKEN`): found at the edge, so that it goes into the vault and into no table."""

from __future__ import annotations

import re

# Telegram passes at most 64 of these characters on. Shorter ones are no tokens but words, such as a campaign's name.
_START = re.compile(r"\s*[/／]start(?:@\w{1,64})?\s+([A-Za-z0-9_-]{16,64})\s*", re.IGNORECASE)


def find_link_token(text: str) -> str | None:
    """The token in `text`, or None when it is anything else."""
    match = _START.fullmatch(text)
    return match[1] if match else None
