"""The worker: claims stored messages, one at a time in each conversation, and answers them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from bot.clock import Clock
from bot.conversation.engine import Engine, EngineResponseError, EngineUnavailableError
from bot.conversation.pipeline import Pipeline
from bot.domain import InboundId, TurnOutcome
from bot.messages.backoff import backoff
from bot.messages.inbound_queue import LEASE_SECONDS, QUEUE, ClaimedMessage
from bot.messages.loop import Loop
from bot.storage import Database
from bot.telemetry import turn_seconds

logger = logging.getLogger(__name__)

# After as many failures of the engine a message is given up.
MAX_ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.3
MAX_PAUSE_SECONDS = 2.0
MAX_CONCURRENT_TURNS = 8


class Worker(Loop[ClaimedMessage]):
    """Answers stored messages: in order within a conversation, several conversations at once."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        pipeline: Pipeline,
        clock: Clock,
        on_reply_stored: Callable[[], None],
    ) -> None:
        super().__init__("worker", clock, MAX_CONCURRENT_TURNS)
        self._database = database
        self._engine = engine
        self._pipeline = pipeline
        self._on_reply_stored = on_reply_stored

    async def claim(self, limit: int) -> list[ClaimedMessage]:
        """Claim due messages."""
        return await self._database.run(QUEUE.claim, limit)

    async def next_due(self) -> float | None:
        """Return when the next message is due."""
        return await self._database.run(QUEUE.next_due)

    async def work(self, item: ClaimedMessage) -> None:
        """Answer one message, and keep its lease meanwhile."""
        began = self.clock()
        lease = asyncio.create_task(self._keep_lease(item.id))
        try:
            outcome = await self._answer(item)
        finally:
            lease.cancel()
            with suppress(asyncio.CancelledError):
                await lease
        turn_seconds.labels(outcome).observe(max(0.0, self.clock() - began))
        self._on_reply_stored()

    async def _answer(self, message: ClaimedMessage) -> str:
        """Answer one message, and return the outcome's label."""
        turn = await self._database.run(self._pipeline.prepare, message)
        if turn.outcome is not None:
            return turn.label
        try:
            response = await self._engine.turn(turn.request())
        except EngineUnavailableError as error:
            logger.warning("message %d waits: %s", message.id, error)
            await self._database.run(self._pipeline.postpone, message)
            return TurnOutcome.RETRIED.value
        except EngineResponseError as error:
            logger.error(
                "message %d failed in the engine (attempt %d): %s", message.id, message.attempts, error
            )
            return await self._retry(message)
        try:
            outcome = await self._database.run(self._pipeline.commit, turn, response)
        except (KeyError, TypeError, ValueError):
            logger.exception("the engine's response to message %d cannot be stored", message.id)
            return await self._retry(message)
        return outcome.value

    async def _retry(self, message: ClaimedMessage) -> str:
        if message.attempts >= MAX_ATTEMPTS:
            await self._database.run(self._pipeline.give_up, message)
            return TurnOutcome.GIVEN_UP.value
        pause = backoff(message.attempts, first_seconds=FIRST_PAUSE_SECONDS, max_seconds=MAX_PAUSE_SECONDS)
        await self._database.run(QUEUE.retry, message.id, self.clock() + pause)
        return TurnOutcome.RETRIED.value

    async def _keep_lease(self, message_id: InboundId) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            await self._database.run(QUEUE.extend_lease, message_id, LEASE_SECONDS)
