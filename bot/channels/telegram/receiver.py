"""The one way in for updates, however they came: read, store, and only then do what else they ask for."""

from __future__ import annotations

import logging
from typing import Any

from bot.channels.telegram.errands import Errands
from bot.channels.telegram.updates import Unreadable, read
from bot.messages.inbox import Inbox
from bot.telemetry import ignored_total

logger = logging.getLogger(__name__)


class Receiver:
    """Takes updates. When `take` returns, the update may be acknowledged."""

    def __init__(self, inbox: Inbox, errands: Errands) -> None:
        self._inbox = inbox
        self._errands = errands

    async def take(self, update: dict[str, Any]) -> None:
        """Store what the update says. What cannot be read is counted and left: sent again it would be no better."""
        try:
            heard = read(update)
        except Unreadable as error:
            ignored_total.labels("telegram", "unreadable").inc()
            logger.warning("an update could not be read: %s; it has %s", error, ", ".join(_fields(update)))
            return
        if heard.ignored:
            ignored_total.labels("telegram", heard.ignored).inc()
        secret = answering = False
        for message in heard.messages:
            accepted = await self._inbox.accept(message)
            secret = secret or accepted.secret
            answering = answering or (message.kind in {"text", "button"} and not accepted.duplicate)
        self._errands.after(heard, secret=secret, answering=answering)


def _fields(update: dict[str, Any]) -> list[str]:
    """The names of the update's fields as far as they are names: what they hold is nobody's business."""
    return [name for name in list(update)[:5] if name.isidentifier() and len(name) < 40]
