"""The one way in for updates, however they came: read, store, and only then do what else they ask for."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy.exc import OperationalError

from bot.channels.telegram.errands import Errands
from bot.channels.telegram.updates import Heard, Unreadable, read
from bot.messages.dead_letters import DeadLetters
from bot.messages.inbox import Inbox
from bot.telemetry import ignored_total

logger = logging.getLogger(__name__)


class Receiver:
    """Takes updates. When `take` returns, the update may be acknowledged."""

    def __init__(self, inbox: Inbox, errands: Errands, dead_letters: DeadLetters) -> None:
        self._inbox = inbox
        self._errands = errands
        self._dead_letters = dead_letters

    async def take(self, update: dict[str, Any]) -> None:
        """Store what the update says; what cannot be read or stored goes to the dead letters.

        Raises when the database cannot be used: Telegram then delivers again.
        """
        try:
            heard = read(update)
        except Unreadable as error:
            await self._lay_aside(update, f"unreadable: {error}")
            return
        try:
            await self._store(heard)
        except OperationalError:
            raise
        except Exception as error:
            # Delivered again and again, it would keep back all that its client, or any by polling, writes after it.
            logger.exception("an update could not be stored")
            await self._lay_aside(update, f"not stored: {type(error).__name__}")

    async def _store(self, heard: Heard) -> None:
        if heard.ignored:
            ignored_total.labels("telegram", heard.ignored).inc()
        secret = answering = False
        for message in heard.messages:
            accepted = await self._inbox.accept(message)
            secret = secret or accepted.secret
            answering = answering or (message.kind in {"text", "button"} and not accepted.duplicate)
        self._errands.after(heard, secret=secret, answering=answering)

    async def _lay_aside(self, update: dict[str, Any], reason: str) -> None:
        await self._dead_letters.keep("telegram", reason, update)
        ignored_total.labels("telegram", "unreadable").inc()
        logger.warning("an update was laid aside (%s); it has %s", reason, ", ".join(_fields(update)))


def _fields(update: dict[str, Any]) -> list[str]:
    """The names of the update's fields as far as they are names: what they hold is nobody's business."""
    return [name for name in list(update)[:5] if name.isidentifier() and len(name) < 40]
