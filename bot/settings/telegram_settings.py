"""Settings of the Telegram channel."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.settings import parsers
from bot.settings.declaration import Setting, SettingsError, SettingsSource
from contracts.enums import StrEnum

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,200}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class TelegramMode(StrEnum):
    """How updates come in."""

    POLLING = "polling"
    """The gateway asks Telegram for them."""
    WEBHOOK = "webhook"
    """Telegram posts them to the public address."""


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise ValueError("the token that BotFather gave: digits, a colon, letters and digits")
    return text


def _mode(text: str) -> TelegramMode:
    try:
        return TelegramMode(text)
    except ValueError:
        raise ValueError(f"polling or webhook, not {text!r}") from None


def _secret(text: str) -> str:
    if not _SECRET.fullmatch(text):
        raise ValueError("1 to 256 characters out of A-Z, a-z, 0-9, _ and -")
    return text


BOT_TOKEN = Setting(
    "TELEGRAM_BOT_TOKEN",
    _token,
    "",
    "Token of the bot, from BotFather. It connects the assistant to Telegram.",
)
MODE: Setting[TelegramMode | None] = Setting(
    "TELEGRAM_MODE",
    _mode,
    None,
    "How updates come in: webhook or polling.",
    default_text="webhook with PUBLIC_URL, else polling",
)
WEBHOOK_SECRET = Setting(
    "TELEGRAM_WEBHOOK_SECRET",
    _secret,
    "",
    "Secret that Telegram sends with each update; required for the webhook.",
)
API_BASE_URL = Setting(
    "TELEGRAM_API_BASE_URL",
    parsers.http_url,
    "https://api.telegram.org",
    "Address of the Bot API, if it is self-hosted.",
)


@dataclass(frozen=True)
class TelegramSettings:
    """The token of the bot, how updates come in, and the address of the Bot API.

    `webhook_url` and `webhook_secret` are set in webhook mode and empty in polling mode.
    """

    token: str = field(repr=False)
    mode: TelegramMode
    webhook_url: str
    webhook_secret: str = field(repr=False)
    api_base_url: str

    @classmethod
    def read(cls, source: SettingsSource, public_url: str | None) -> TelegramSettings | None:
        """Return the settings, or None without TELEGRAM_BOT_TOKEN. Raise SettingsError."""
        token = source.read(BOT_TOKEN)
        mode = source.read(MODE) or (TelegramMode.WEBHOOK if public_url else TelegramMode.POLLING)
        secret = source.read(WEBHOOK_SECRET)
        api_base_url = source.read(API_BASE_URL)
        if not token:
            return None
        if mode is TelegramMode.POLLING:
            return cls(token, mode, "", "", api_base_url)
        for name, value in (("PUBLIC_URL", public_url), (WEBHOOK_SECRET.name, secret)):
            if not value:
                raise SettingsError(f"{name} must be set for Telegram's webhook, or TELEGRAM_MODE to polling")
        return cls(token, mode, f"{public_url}/webhooks/telegram", secret, api_base_url)
