"""Settings of the Telegram channel."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from bot.settings import reader as read
from bot.settings.reader import Reader, SettingsError

API_BASE_URL = "https://api.telegram.org"
_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,200}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")

Mode = Literal["polling", "webhook"]


@dataclass(frozen=True)
class TelegramSettings:
    """The bot's token, how updates come in, and where the Bot API is (Telegram's own, or a self-hosted server).

    In webhook mode `webhook_url` and `webhook_secret` are set; in polling mode both are empty.
    """

    token: str = field(repr=False)
    mode: Mode
    webhook_url: str
    webhook_secret: str = field(repr=False)
    api_base_url: str

    @classmethod
    def read(cls, value: Reader, public_url: str | None) -> TelegramSettings | None:
        """The settings as `value` reads them; None without TELEGRAM_BOT_TOKEN. Raises SettingsError."""
        token = value("TELEGRAM_BOT_TOKEN", _token, "")
        by_default: Mode = "webhook" if public_url else "polling"
        mode = value("TELEGRAM_MODE", _mode, by_default)
        secret = value("TELEGRAM_WEBHOOK_SECRET", _secret, "")
        base = value("TELEGRAM_API_BASE_URL", read.http_url, API_BASE_URL)
        if not token:
            return None
        if mode == "polling":
            return cls(token, mode, "", "", base)
        for name, given in (("PUBLIC_URL", public_url), ("TELEGRAM_WEBHOOK_SECRET", secret)):
            if not given:
                raise SettingsError(f"{name} must be set for Telegram's webhook, or TELEGRAM_MODE to polling")
        return cls(token, mode, f"{public_url}/webhooks/telegram", secret, base)


# Each parser's ValueError finishes the sentence "NAME must be ...". A secret's value is never repeated.


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise ValueError("the token that BotFather gave: digits, a colon, letters and digits")
    return text


def _mode(text: str) -> Mode:
    if text == "polling":
        return "polling"
    if text == "webhook":
        return "webhook"
    raise ValueError(f"polling or webhook, not {text!r}")


def _secret(text: str) -> str:
    if not _SECRET.fullmatch(text):
        raise ValueError("1 to 256 characters out of A-Z, a-z, 0-9, _ and -")
    return text
