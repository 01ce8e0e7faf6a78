"""The webhook route, and its registration with Telegram, which is checked while the gateway runs."""

from __future__ import annotations

import hmac
import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from telegram import Bot, WebhookInfo

from bot.channels.http import read_json
from bot.channels.telegram.update_parser import ALLOWED_UPDATES
from bot.channels.telegram.update_receiver import UpdateReceiver
from bot.settings import TelegramSettings
from bot.telemetry import rejected_request_total, telegram_pending_updates

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a name, no secret
MAX_CONNECTIONS = 40
# An update holds text, formatting and the message that it replies to.
MAX_UPDATE_BYTES = 512 * 1024


class TelegramWebhook:
    """`POST /webhooks/telegram`. Answers 200 once the update is stored or kept as a dead letter.

    403 without Telegram's secret, before the body is read; 400 and 413 for a malformed or too large body.
    """

    def __init__(self, receiver: UpdateReceiver, settings: TelegramSettings) -> None:
        self._receiver = receiver
        self._secret = settings.webhook_secret.encode()

    async def post(self, request: Request) -> Response:
        """Receive one update."""
        given = request.headers.get(SECRET_HEADER, "").encode("latin-1", "replace")
        if not self._secret or not hmac.compare_digest(given, self._secret):
            rejected_request_total.labels("telegram", "secret").inc()
            raise HTTPException(403, "not from Telegram")
        try:
            update = await read_json(request, MAX_UPDATE_BYTES)
        except HTTPException:
            rejected_request_total.labels("telegram", "body").inc()
            raise
        await self._receiver.receive(update)
        return Response(status_code=200)


class WebhookRegistration:
    """Registers the webhook with Telegram whenever the registration differs from the settings."""

    def __init__(self, bot: Bot, settings: TelegramSettings) -> None:
        self._bot = bot
        self._settings = settings
        self._set_at = 0.0

    async def check(self) -> None:
        """Compare the registration with the settings, and correct it. Raises TelegramError."""
        info = await self._bot.get_webhook_info()
        telegram_pending_updates.set(info.pending_update_count)
        if difference := self._difference(info):
            logger.warning("registering the webhook again: %s", difference)
            await self._bot.set_webhook(
                self._settings.webhook_url,
                secret_token=self._settings.webhook_secret,
                allowed_updates=list(ALLOWED_UPDATES),
                max_connections=MAX_CONNECTIONS,
            )
            self._set_at = _error_time(info)
        elif info.last_error_message and _error_time(info) > self._set_at:
            self._set_at = _error_time(info)
            logger.warning("Telegram could not deliver an update: %s", info.last_error_message)

    def _difference(self, info: WebhookInfo) -> str:
        """Describe how the registration differs from the settings; "" if it does not."""
        if info.url != self._settings.webhook_url:
            return "another address was registered" if info.url else "none was registered"
        if set(info.allowed_updates or ()) != set(ALLOWED_UPDATES):
            return "it asked for other kinds of updates"
        # Telegram does not tell which secret it uses. A refusal of ours shows that it uses an old one.
        refused = "403" in (info.last_error_message or "") and _error_time(info) > self._set_at
        return "Telegram used another secret" if refused else ""


def _error_time(info: WebhookInfo) -> float:
    return info.last_error_date.timestamp() if info.last_error_date else 0.0
