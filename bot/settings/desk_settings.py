"""Settings of the support desk: opening hours, the length of its queue, and external desks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from bot.settings import parsers
from bot.settings.declaration import Setting, SettingsSource, require, require_both
from bot.settings.hours import Hours, parse_holidays, parse_hours

DEFAULT_QUEUE_LIMIT = 50

DESK_HOURS = Setting(
    "DESK_HOURS",
    parse_hours,
    Hours(),
    "Opening hours, such as `Mon-Fri 09:00-18:00, Sat 10:00-14:00 Asia/Tokyo`.",
    default_text="always",
)
DESK_HOLIDAYS: Setting[frozenset[date]] = Setting(
    "DESK_HOLIDAYS",
    parse_holidays,
    frozenset(),
    "Days on which the desk is closed, such as 2026-12-31, 2027-01-01.",
)
DESK_QUEUE_LIMIT = Setting(
    "DESK_QUEUE_LIMIT",
    parsers.positive_number,
    DEFAULT_QUEUE_LIMIT,
    "Number of waiting clients from which on a new hand-off becomes a call-back.",
)
DESK_KEY = Setting(
    "DESK_KEY",
    parsers.fernet_key,
    "",
    "Fernet key that seals second factors and the audit trail. Use the same one on every machine.",
    default_text="created in STATE_DIR/desk.key",
)
DESK_WEBHOOK_URL: Setting[str | None] = Setting(
    "DESK_WEBHOOK_URL", parsers.http_url, None, "Address to which every change of ownership is posted."
)
DESK_WEBHOOK_SECRET = Setting(
    "DESK_WEBHOOK_SECRET", parsers.webhook_secret, "", "whsec_..., with which these posts are signed."
)
CHATWOOT_URL: Setting[str | None] = Setting(
    "CHATWOOT_URL", parsers.http_url, None, "Address of Chatwoot, if agents work there."
)
CHATWOOT_ACCOUNT = Setting("CHATWOOT_ACCOUNT", parsers.positive_number, 0, "Number of the Chatwoot account.")
CHATWOOT_INBOX = Setting(
    "CHATWOOT_INBOX", parsers.positive_number, 0, "Number of the inbox, which is of the kind API."
)
CHATWOOT_TOKEN = Setting("CHATWOOT_TOKEN", str, "", "Access token of an agent.")
CHATWOOT_WEBHOOK_SECRET = Setting("CHATWOOT_WEBHOOK_SECRET", str, "", "Secret of the inbox's webhook.")


@dataclass(frozen=True)
class ChatwootSettings:
    """An API inbox of a Chatwoot account. `webhook_secret` belongs to the webhook of the inbox."""

    url: str
    account: int
    inbox: int
    token: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    @classmethod
    def read(cls, source: SettingsSource) -> ChatwootSettings | None:
        """Return the settings, or None without CHATWOOT_URL. Raise SettingsError."""
        url = source.read(CHATWOOT_URL)
        if url is None:
            return None
        account, inbox = source.read(CHATWOOT_ACCOUNT), source.read(CHATWOOT_INBOX)
        token, secret = source.read(CHATWOOT_TOKEN), source.read(CHATWOOT_WEBHOOK_SECRET)
        condition = f"{CHATWOOT_URL.name} is set"
        require(CHATWOOT_ACCOUNT, account, condition)
        require(CHATWOOT_INBOX, inbox, condition)
        require(CHATWOOT_TOKEN, token, condition)
        require(CHATWOOT_WEBHOOK_SECRET, secret, condition)
        return cls(url, account, inbox, token, secret)


@dataclass(frozen=True)
class DeskSettings:
    """Opening hours, the queue's limit, and external desks. `key` is "" if it must still be created."""

    hours: Hours = field(default_factory=Hours)
    queue_limit: int = DEFAULT_QUEUE_LIMIT
    key: str = field(default="", repr=False)
    webhook_url: str | None = None
    webhook_secret: str = field(default="", repr=False)
    chatwoot: ChatwootSettings | None = None

    @classmethod
    def read(cls, source: SettingsSource) -> DeskSettings:
        """Return the settings. Raise SettingsError."""
        hours = replace(source.read(DESK_HOURS), holidays=source.read(DESK_HOLIDAYS))
        webhook_url = source.read(DESK_WEBHOOK_URL)
        webhook_secret = source.read(DESK_WEBHOOK_SECRET)
        require_both(source, DESK_WEBHOOK_URL, DESK_WEBHOOK_SECRET)
        return cls(
            hours=hours,
            queue_limit=source.read(DESK_QUEUE_LIMIT),
            key=source.read(DESK_KEY),
            webhook_url=webhook_url,
            webhook_secret=webhook_secret,
            chatwoot=ChatwootSettings.read(source),
        )
