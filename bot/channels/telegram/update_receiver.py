"""The one entry for updates, from webhook and polling: parse, store, then make the best-effort calls."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy.exc import OperationalError

from bot.channels.telegram.background_calls import BackgroundCalls
from bot.channels.telegram.update_parser import ParsedUpdate, UnreadableUpdateError, parse_update
from bot.domain import InboundKind
from bot.messages.dead_letters import DeadLetters
from bot.messages.inbox import Inbox
from bot.telemetry import ignored_total

logger = logging.getLogger(__name__)


class UpdateReceiver:
    """Stores updates. When `receive` returns, the update may be acknowledged."""

    def __init__(self, inbox: Inbox, background_calls: BackgroundCalls, dead_letters: DeadLetters) -> None:
        self._inbox = inbox
        self._background_calls = background_calls
        self._dead_letters = dead_letters

    async def receive(self, update: dict[str, Any]) -> None:
        """Store the update's messages; an update that cannot be parsed or stored becomes a dead letter.

        Raises OperationalError when the database is unavailable, so that Telegram delivers again.
        """
        try:
            parsed = parse_update(update)
        except UnreadableUpdateError as error:
            await self._dead_letter(update, f"unreadable: {error}")
            return
        try:
            await self._store(parsed)
        except OperationalError:
            raise
        except Exception as error:
            # If Telegram delivered it again and again, it would block the updates behind it.
            logger.exception("an update could not be stored")
            await self._dead_letter(update, f"not stored: {type(error).__name__}")

    async def _store(self, parsed: ParsedUpdate) -> None:
        if parsed.ignored:
            ignored_total.labels("telegram", parsed.ignored).inc()
        secret = answering = False
        for message in parsed.messages:
            accepted = await self._inbox.accept(message)
            secret = secret or accepted.secret
            answering = answering or (
                message.kind in {InboundKind.TEXT, InboundKind.BUTTON} and not accepted.duplicate
            )
        self._background_calls.start(parsed, secret=secret, answering=answering)

    async def _dead_letter(self, update: dict[str, Any], reason: str) -> None:
        await self._dead_letters.keep("telegram", reason, update)
        ignored_total.labels("telegram", "unreadable").inc()
        logger.warning("dead letter: update not stored (%s); fields: %s", reason, ", ".join(_fields(update)))


def _fields(update: dict[str, Any]) -> list[str]:
    """Return the names of the update's fields, never their values."""
    return [name for name in list(update)[:5] if name.isidentifier() and len(name) < 40]
