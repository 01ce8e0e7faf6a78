"""Checks how Telegram is set up: the token, the bot's own settings, and how updates come in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
from telegram import Bot, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.channels.findings import Finding, note, ok, wrong
from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.update_parser import ALLOWED_UPDATES
from bot.clock import Clock
from bot.settings import TelegramMode, TelegramSettings

SHORT_SECRET = 16
MANY_PENDING = 20
RECENT_SECONDS = 3_600.0


async def findings(settings: TelegramSettings, clock: Clock) -> AsyncIterator[Finding]:
    """What is right and wrong with the Telegram channel."""
    async with TelegramClient(settings) as bot:
        try:
            me = await bot.get_me()
            yield ok(f"Telegram knows the token: the bot is @{me.username}, https://t.me/{me.username}")
            if me.can_join_groups:
                yield note(
                    "the bot can be added to groups, which it then leaves at once",
                    "Tell BotFather: /setjoingroups, Disable.",
                )
            async for finding in _updates(bot, settings, clock):
                yield finding
        except InvalidToken:
            yield wrong(
                "Telegram does not know TELEGRAM_BOT_TOKEN",
                "Copy the token again from BotFather (/mybots, API Token); after /revoke the old one is void.",
            )
        except TelegramError as error:
            yield _no_answer(error, settings.api_base_url)


def _no_answer(error: TelegramError, url: str) -> Finding:
    if isinstance(error.__cause__, httpx.HTTPError):
        return wrong(
            f"Telegram cannot be reached at {url} ({type(error.__cause__).__name__})",
            "Look at the machine's internet connection and firewall, and at TELEGRAM_API_BASE_URL.",
        )
    return wrong(
        f"Telegram answers with an error ({error.message})",
        "Try again in a few minutes. If it stays, look at TELEGRAM_API_BASE_URL.",
    )


async def _updates(bot: Bot, settings: TelegramSettings, clock: Clock) -> AsyncIterator[Finding]:
    info = await bot.get_webhook_info()
    if settings.mode is TelegramMode.POLLING:
        if info.url:
            yield wrong(
                "TELEGRAM_MODE is polling, but a webhook is registered for this bot",
                "Start the assistant: it removes the webhook. If it comes back, another installation uses this bot.",
            )
        else:
            yield ok("updates are fetched (TELEGRAM_MODE is polling); no public address is needed for that")
        return
    if len(settings.webhook_secret) < SHORT_SECRET:
        yield note(
            f"TELEGRAM_WEBHOOK_SECRET has fewer than {SHORT_SECRET} characters",
            'Make a longer one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    for finding in _webhook(info, settings, clock()):
        yield finding


def _webhook(info: WebhookInfo, settings: TelegramSettings, now: float) -> list[Finding]:
    found = []
    if info.url != settings.webhook_url:
        found.append(
            wrong(
                f"Telegram calls {info.url or 'nobody'} instead of {settings.webhook_url}",
                "Start the assistant: it registers its address. If that changes again, another installation uses "
                "this bot.",
            )
        )
    elif set(info.allowed_updates or ()) != set(ALLOWED_UPDATES):
        found.append(
            wrong(
                "Telegram sends other kinds of updates than the assistant needs",
                "Start the assistant: it asks for the right ones.",
            )
        )
    else:
        found.append(ok(f"Telegram calls {info.url}"))
    at = info.last_error_date.timestamp() if info.last_error_date else 0.0
    if info.last_error_message and now - at < RECENT_SECONDS:
        found.append(
            wrong(
                f"Telegram could not deliver an update {int(now - at)} seconds ago: {info.last_error_message}",
                _mend(info.last_error_message),
            )
        )
    if info.pending_update_count > MANY_PENDING:
        found.append(
            note(
                f"{info.pending_update_count} updates wait at Telegram",
                "They are delivered once the assistant answers; Telegram keeps them for 24 hours.",
            )
        )
    return found


def _mend(said: str) -> str:
    """What helps against a failed delivery, by Telegram's own words for it."""
    words = said.lower()
    if "ssl" in words or "certificate" in words:
        return "PUBLIC_URL needs a certificate that is publicly trusted, with its whole chain: docs/going-live.md."
    if "403" in words:
        return (
            "The secret has changed, or the proxy drops its header. Start the assistant: it registers anew."
        )
    return "Look whether the assistant runs, and whether the proxy passes /webhooks/telegram on to it."
