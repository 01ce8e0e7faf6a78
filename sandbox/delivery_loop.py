"""The loop that delivers queued text messages and notices in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy import Table
from sqlalchemy.engine import RowMapping

from sandbox import delivery_queue
from sandbox.adjustable_clock import AdjustableClock
from sandbox.delivery_queue import DeliveryOutcome, DeliveryQueue
from sandbox.sqlite_storage import SqliteStorage

log = logging.getLogger("sandbox.delivery")

PAUSE_AFTER_ERROR_SECONDS = 1.0


class DeliveryLoop:
    """Delivers the messages of several queues, each client's in order."""

    def __init__(
        self, storage: SqliteStorage, clock: AdjustableClock, queues: Sequence[DeliveryQueue]
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._queues = queues
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Look at the queues at once. May be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Deliver until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            try:
                pauses = [await self._deliver_due(queue) for queue in self._queues]
                pause = min((seconds for seconds in pauses if seconds is not None), default=None)
            except Exception:
                # Nothing would restart the loop, so no error may end it.
                log.exception("a round of deliveries failed")
                pause = PAUSE_AFTER_ERROR_SECONDS
            # The clock may be moved during the wait; that calls `wake`.
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except asyncio.TimeoutError:
                continue

    async def _deliver_due(self, queue: DeliveryQueue) -> float | None:
        """Try every message that is due. Return the seconds until the next one is, None if the queue is empty."""
        heads = await asyncio.to_thread(self._list_heads, queue.table)
        now = self._clock.now()
        due = [message for message in heads if message["next_try_at"] <= now]
        if not due:
            return min((message["next_try_at"] - now for message in heads), default=None)
        outcomes = await asyncio.gather(*(queue.deliver(message) for message in due))
        await asyncio.to_thread(self._record, queue, list(zip(due, outcomes, strict=True)), now)
        return 0.0

    def _list_heads(self, table: Table) -> list[RowMapping]:
        with self._storage.transaction() as tx:
            return delivery_queue.list_heads(tx, table)

    def _record(
        self, queue: DeliveryQueue, results: list[tuple[RowMapping, DeliveryOutcome | None]], tried_at: float
    ) -> None:
        table = queue.table
        with self._storage.transaction() as tx:
            for message, outcome in results:
                if outcome is not None:
                    delivery_queue.finish(tx, table, message, outcome.status, outcome.reason)
                elif not delivery_queue.retry(tx, table, message, tried_at, queue.retry_policy):
                    attempts = message["tries"] + 1
                    log.error("%s %s was given up after %d attempts", table.name, message["id"], attempts)
