"""We call Telegram: long polling, for a machine that has no public address."""

from __future__ import annotations

import asyncio
import logging
import warnings
from typing import Any

from telegram import Bot
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.channels.telegram.client import ANSWER_SECONDS, POLL_SECONDS
from bot.channels.telegram.receiver import Receiver
from bot.channels.telegram.updates import ALLOWED_UPDATES

logger = logging.getLogger(__name__)

# Updates are fetched as they are, since one that the library cannot read must not hide the others.
warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'")

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)


class Polling:
    """Fetches updates and gives them to the receiver. An update is fetched for good only once it is stored."""

    def __init__(self, bot: Bot, receiver: Receiver) -> None:
        self._bot = bot
        self._receiver = receiver
        self._offset: int | None = None
        self._webhook_gone = False

    async def run(self) -> None:
        """Fetch for ever; whatever goes wrong is tried again."""
        failures = 0
        while True:
            try:
                await self.fetch()
                failures = 0
            except Exception as error:
                if failures == 0 or not isinstance(error, TelegramError):
                    logger.warning("updates cannot be fetched: %s", _in_words(error))
                await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1

    async def fetch(self, wait_seconds: int = POLL_SECONDS) -> None:
        """Fetch and store once. Raises TelegramError, or whatever the storage raises."""
        if not self._webhook_gone:
            # Telegram gives updates to one or the other.
            if (await self._bot.get_webhook_info()).url:
                logger.warning("a webhook was registered; it is removed, since TELEGRAM_MODE is polling")
                await self._bot.delete_webhook()
            self._webhook_gone = True
        wanted: dict[str, Any] = {"timeout": wait_seconds, "allowed_updates": list(ALLOWED_UPDATES)}
        if self._offset is not None:
            wanted["offset"] = self._offset
        try:
            updates = await self._bot.do_api_request(
                "getUpdates", api_kwargs=wanted, read_timeout=wait_seconds + ANSWER_SECONDS
            )
        except Conflict:
            self._webhook_gone = False
            raise
        for update in updates if isinstance(updates, list) else ():
            if isinstance(update, dict):
                await self._receiver.take(update)
                if isinstance(update.get("update_id"), int):
                    self._offset = update["update_id"] + 1


def _in_words(error: Exception) -> str:
    if isinstance(error, Conflict):
        return "another program fetches this bot's updates, or a webhook is registered"
    if isinstance(error, InvalidToken):
        return "Telegram does not know TELEGRAM_BOT_TOKEN"
    return f"{type(error).__name__}"
