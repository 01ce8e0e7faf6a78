"""The checks of the Telegram channel: the token, the settings of the bot, and how updates come in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
from telegram import Bot, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.channels.check_results import CheckResult
from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.update_parser import ALLOWED_UPDATES
from bot.clock import Clock
from bot.settings import TelegramMode, TelegramSettings

MIN_SECRET_CHARACTERS = 16
MAX_PENDING_UPDATES = 20
MAX_ERROR_AGE_SECONDS = 3_600.0


async def check_telegram(settings: TelegramSettings, clock: Clock) -> AsyncIterator[CheckResult]:
    """Check the Telegram channel through the Bot API, without changing anything."""
    async with TelegramClient(settings) as bot:
        try:
            me = await bot.get_me()
            yield CheckResult.ok(
                f"Telegram knows the token: the bot is @{me.username}, https://t.me/{me.username}"
            )
            if me.can_join_groups:
                yield CheckResult.note(
                    "the bot can be added to groups, which it then leaves at once",
                    "Tell BotFather: /setjoingroups, Disable.",
                )
            async for result in _updates(bot, settings, clock):
                yield result
        except InvalidToken:
            yield CheckResult.error(
                "Telegram does not know TELEGRAM_BOT_TOKEN",
                "Copy the token again from BotFather (/mybots, API Token); after /revoke the old one is void.",
            )
        except TelegramError as error:
            yield _no_answer(error, settings.api_base_url)


def _no_answer(error: TelegramError, url: str) -> CheckResult:
    if isinstance(error.__cause__, httpx.HTTPError):
        return CheckResult.error(
            f"Telegram cannot be reached at {url} ({type(error.__cause__).__name__})",
            "Check the machine's internet connection and firewall, and TELEGRAM_API_BASE_URL.",
        )
    return CheckResult.error(
        f"Telegram answers with an error ({error.message})",
        "Try again in a few minutes. If it stays, check TELEGRAM_API_BASE_URL.",
    )


async def _updates(bot: Bot, settings: TelegramSettings, clock: Clock) -> AsyncIterator[CheckResult]:
    info = await bot.get_webhook_info()
    if settings.mode is TelegramMode.POLLING:
        if info.url:
            yield CheckResult.error(
                "TELEGRAM_MODE is polling, but a webhook is registered for this bot",
                "Start the assistant: it removes the webhook. If it comes back, another installation uses this bot.",
            )
        else:
            yield CheckResult.ok(
                "updates are fetched (TELEGRAM_MODE is polling); no public address is needed for that"
            )
        return
    if len(settings.webhook_secret) < MIN_SECRET_CHARACTERS:
        yield CheckResult.note(
            f"TELEGRAM_WEBHOOK_SECRET has fewer than {MIN_SECRET_CHARACTERS} characters",
            'Make a longer one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    for result in _webhook(info, settings, clock()):
        yield result


def _webhook(info: WebhookInfo, settings: TelegramSettings, now: float) -> list[CheckResult]:
    results = []
    if info.url != settings.webhook_url:
        results.append(
            CheckResult.error(
                f"Telegram calls {info.url or 'nobody'} instead of {settings.webhook_url}",
                "Start the assistant: it registers its address. If that changes again, another installation uses "
                "this bot.",
            )
        )
    elif set(info.allowed_updates or ()) != set(ALLOWED_UPDATES):
        results.append(
            CheckResult.error(
                "Telegram sends other kinds of updates than the assistant needs",
                "Start the assistant: it asks for the right ones.",
            )
        )
    else:
        results.append(CheckResult.ok(f"Telegram calls {info.url}"))
    at = info.last_error_date.timestamp() if info.last_error_date else 0.0
    if info.last_error_message and now - at < MAX_ERROR_AGE_SECONDS:
        results.append(
            CheckResult.error(
                f"Telegram could not deliver an update {int(now - at)} seconds ago: {info.last_error_message}",
                _delivery_hint(info.last_error_message),
            )
        )
    if info.pending_update_count > MAX_PENDING_UPDATES:
        results.append(
            CheckResult.note(
                f"{info.pending_update_count} updates wait at Telegram",
                "They are delivered once the assistant answers; Telegram keeps them for 24 hours.",
            )
        )
    return results


def _delivery_hint(error: str) -> str:
    """Return how to fix a failed delivery, by the words of Telegram's error."""
    words = error.lower()
    if "ssl" in words or "certificate" in words:
        return "PUBLIC_URL needs a certificate that is publicly trusted, with its whole chain: docs/going-live.md."
    if "403" in words:
        return "The secret has changed, or the proxy drops its header. Start the assistant: it registers it again."
    return "Check whether the assistant runs, and whether the proxy passes /webhooks/telegram on to it."
