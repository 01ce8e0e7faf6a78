"""The platforms' descriptions of their interfaces: excerpts in this folder, and the full ones under PUBLIC_DATA.

The excerpts hold the calls that the gateway makes, so that tests check outgoing calls on any machine. PUBLIC_DATA is a
folder with the full descriptions, `api/tg_api.json` (github.com/PaulSonOfLars/telegram-bot-api-spec) and
`api/twilio_api_v2010.json` (github.com/twilio/twilio-oai, Apache 2.0), to compare the excerpts with.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

EXCERPTS = Path(__file__).parent / "descriptions"
TELEGRAM = EXCERPTS / "telegram.json"
"""Per method and per type: the fields that the gateway sends or must send, with their types and lengths."""
TWILIO = EXCERPTS / "twilio.json"
"""An OpenAPI document."""


@cache
def excerpt(path: Path) -> dict[str, Any]:
    """Return the content of an excerpt."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def full_description(name: str) -> dict[str, Any] | None:
    """Return a full description, None when PUBLIC_DATA is not set. Raises FileNotFoundError."""
    folder = os.environ.get("PUBLIC_DATA")
    if not folder:
        return None
    return dict(json.loads((Path(folder) / "api" / name).read_text(encoding="utf-8")))
