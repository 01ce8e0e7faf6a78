"""The support desk's settings: when it is open, how long its queue may be, and whom it tells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.settings import reader as read
from bot.settings.hours import ALWAYS, Hours, holidays, hours
from bot.settings.reader import Reader, SettingsError

QUEUE_LIMIT = 50


@dataclass(frozen=True)
class ChatwootSettings:
    """An API inbox of a Chatwoot account. `webhook_secret` is that of the inbox's webhook."""

    url: str
    account: int
    inbox: int
    token: str = field(repr=False)
    webhook_secret: str = field(repr=False)


@dataclass(frozen=True)
class DeskSettings:
    """When the desk is open, and what is tied to it. `key` seals second factors; "" when it is still to be made."""

    hours: Hours = field(default_factory=Hours)
    queue_limit: int = QUEUE_LIMIT
    key: str = field(default="", repr=False)
    webhook_url: str | None = None
    webhook_secret: str = field(default="", repr=False)
    chatwoot: ChatwootSettings | None = None

    @classmethod
    def read(cls, value: Reader) -> DeskSettings:
        """Raises SettingsError."""
        open_hours = replace(
            value("DESK_HOURS", hours, hours(ALWAYS)),
            holidays=value("DESK_HOLIDAYS", holidays, frozenset()),
        )
        url = value("DESK_WEBHOOK_URL", read.http_url, None)
        secret = value("DESK_WEBHOOK_SECRET", read.webhook_secret, "")
        if bool(url) != bool(secret):
            given, missing = ("URL", "SECRET") if url else ("SECRET", "URL")
            raise SettingsError(f"DESK_WEBHOOK_{missing} must be set when DESK_WEBHOOK_{given} is set")
        return cls(
            hours=open_hours,
            queue_limit=value("DESK_QUEUE_LIMIT", read.positive_number, QUEUE_LIMIT),
            key=value("DESK_KEY", read.fernet_key, ""),
            webhook_url=url,
            webhook_secret=secret,
            chatwoot=_chatwoot(value),
        )


def _chatwoot(value: Reader) -> ChatwootSettings | None:
    url = value("CHATWOOT_URL", read.http_url, None)
    if url is None:
        return None
    account = value("CHATWOOT_ACCOUNT", read.positive_number, 0)
    inbox = value("CHATWOOT_INBOX", read.positive_number, 0)
    token = value("CHATWOOT_TOKEN", str, "")
    secret = value("CHATWOOT_WEBHOOK_SECRET", str, "")
    for name, given in {"ACCOUNT": account, "INBOX": inbox, "TOKEN": token, "WEBHOOK_SECRET": secret}.items():
        if not given:
            raise SettingsError(f"CHATWOOT_{name} must be set when CHATWOOT_URL is set")
    return ChatwootSettings(url, account, inbox, token, secret)
