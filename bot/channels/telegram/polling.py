"""Long polling, for a machine without a public address."""

from __future__ import annotations

import asyncio
import logging
import warnings
from typing import Any

from telegram import Bot
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.channels.telegram.client import ANSWER_SECONDS, POLL_SECONDS
from bot.channels.telegram.update_parser import ALLOWED_UPDATES
from bot.channels.telegram.update_receiver import UpdateReceiver
from bot.messages.backoff import backoff

logger = logging.getLogger(__name__)

# Updates are fetched as raw JSON: one that the library cannot parse must not hide the others.
warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'")

FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 1.0, 30.0


class UpdatePoller:
    """Fetches updates and hands them to the receiver. An update is confirmed to Telegram only after it is stored."""

    def __init__(self, bot: Bot, receiver: UpdateReceiver) -> None:
        self._bot = bot
        self._receiver = receiver
        self._offset: int | None = None
        self._webhook_removed = False

    async def run(self) -> None:
        """Fetch until cancelled, and retry after every error."""
        failures = 0
        while True:
            try:
                await self.fetch()
                failures = 0
            except Exception as error:
                if failures == 0 or not isinstance(error, TelegramError):
                    logger.warning("updates cannot be fetched: %s", _describe(error))
                failures += 1
                pause = backoff(failures, first_seconds=FIRST_PAUSE_SECONDS, max_seconds=MAX_PAUSE_SECONDS)
                await asyncio.sleep(pause)

    async def fetch(self, wait_seconds: int = POLL_SECONDS) -> None:
        """Fetch and store once. Raises TelegramError, or any error of the storage."""
        if not self._webhook_removed:
            # Telegram delivers updates either to a webhook or to a poller.
            if (await self._bot.get_webhook_info()).url:
                logger.warning("removing the registered webhook, since TELEGRAM_MODE is polling")
                await self._bot.delete_webhook()
            self._webhook_removed = True
        parameters: dict[str, Any] = {"timeout": wait_seconds, "allowed_updates": list(ALLOWED_UPDATES)}
        if self._offset is not None:
            parameters["offset"] = self._offset
        try:
            updates = await self._bot.do_api_request(
                "getUpdates", api_kwargs=parameters, read_timeout=wait_seconds + ANSWER_SECONDS
            )
        except Conflict:
            self._webhook_removed = False
            raise
        for update in updates if isinstance(updates, list) else ():
            if isinstance(update, dict):
                await self._receiver.receive(update)
                if isinstance(update.get("update_id"), int):
                    self._offset = update["update_id"] + 1


def _describe(error: Exception) -> str:
    if isinstance(error, Conflict):
        return "another program fetches this bot's updates, or a webhook is registered"
    if isinstance(error, InvalidToken):
        return "Telegram does not know TELEGRAM_BOT_TOKEN"
    return f"{type(error).__name__}"
