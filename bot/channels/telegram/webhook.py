"""Telegram calls us: the route, and its registration, which is looked after as long as the gateway runs."""

from __future__ import annotations

import hmac
import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from telegram import Bot, WebhookInfo

from bot.channels.http import read_json
from bot.channels.telegram.receiver import Receiver
from bot.channels.telegram.updates import ALLOWED_UPDATES
from bot.settings import TelegramSettings
from bot.telemetry import refused_total, webhook_pending

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a name, no secret
MOST_CONNECTIONS = 40
# An update can be larger than what clients may send elsewhere: text, formatting, and the message that it replies to.
UPDATE_LIMIT = 512 * 1024


class Webhook:
    """`POST /webhooks/telegram`. Answers 200 once the update is stored, or is none that anybody could read.

    403 without Telegram's secret, before a byte of the body is read; 400 and 413 for what Telegram never sends.
    """

    def __init__(self, receiver: Receiver, settings: TelegramSettings) -> None:
        self._receiver = receiver
        self._secret = settings.webhook_secret.encode()

    async def post(self, request: Request) -> Response:
        """Take one update."""
        given = request.headers.get(SECRET_HEADER, "").encode("latin-1", "replace")
        if not self._secret or not hmac.compare_digest(given, self._secret):
            refused_total.labels("telegram", "secret").inc()
            raise HTTPException(403, "not from Telegram")
        try:
            update = await read_json(request, UPDATE_LIMIT)
        except HTTPException:
            refused_total.labels("telegram", "body").inc()
            raise
        await self._receiver.take(update)
        return Response(status_code=200)


class Registration:
    """Tells Telegram where to call, when what it has been told is something else."""

    def __init__(self, bot: Bot, settings: TelegramSettings) -> None:
        self._bot = bot
        self._settings = settings
        self._set_at = 0.0

    async def check(self) -> None:
        """Look at what Telegram knows, and set it right. Raises TelegramError."""
        info = await self._bot.get_webhook_info()
        webhook_pending.set(info.pending_update_count)
        if wrong := self._wrong(info):
            logger.warning("the webhook is registered anew: %s", wrong)
            await self._bot.set_webhook(
                self._settings.webhook_url,
                secret_token=self._settings.webhook_secret,
                allowed_updates=list(ALLOWED_UPDATES),
                max_connections=MOST_CONNECTIONS,
            )
            self._set_at = _error_time(info)
        elif info.last_error_message and _error_time(info) > self._set_at:
            self._set_at = _error_time(info)
            logger.warning("Telegram could not deliver an update: %s", info.last_error_message)

    def _wrong(self, info: WebhookInfo) -> str:
        """What is wrong with the registration, in words; "" if nothing is."""
        if info.url != self._settings.webhook_url:
            return "another address was registered" if info.url else "none was registered"
        if set(info.allowed_updates or ()) != set(ALLOWED_UPDATES):
            return "other kinds of updates were asked for"
        # Telegram does not tell which secret it uses. That we refuse it means that it is an old one.
        refused = "403" in (info.last_error_message or "") and _error_time(info) > self._set_at
        return "we refused Telegram's secret" if refused else ""


def _error_time(info: WebhookInfo) -> float:
    return info.last_error_date.timestamp() if info.last_error_date else 0.0
