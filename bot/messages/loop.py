"""A loop over rows that are due: woken when there is something, asleep until the next one is due otherwise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from bot.clock import Clock

logger = logging.getLogger(__name__)

# Another process may have stored something without being able to wake us.
LONGEST_SLEEP_SECONDS = 1.0
# With the requests still open this must fit into the 15 s that the supervisor gives.
STOP_SECONDS = 8.0


class Loop:
    """Takes items while there are any and works on up to `at_once` of them at a time."""

    def __init__(self, name: str, clock: Clock, at_once: int) -> None:
        self.clock = clock
        self._name = name
        self._at_once = at_once
        self._running: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()
        self._main: asyncio.Task[None] | None = None

    async def take(self, limit: int) -> Sequence[Any]:
        """Items to work on now, at most `limit`; each is given out once."""
        raise NotImplementedError

    async def next_due(self) -> float | None:
        """When the next item becomes due (clock time), or None."""
        raise NotImplementedError

    async def work(self, item: Any) -> None:
        """Work on one item. Must not raise for what can be foreseen."""
        raise NotImplementedError

    def wake(self) -> None:
        """Look for items now."""
        self._awake.set()

    def start(self) -> None:
        """Begin, as a task of the running event loop."""
        self._main = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Take nothing more, and wait for what is being worked on; what does not end in time is cut off."""
        if self._main is not None:
            self._main.cancel()
            await asyncio.gather(self._main, return_exceptions=True)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()

    async def _run(self) -> None:
        while True:
            self._awake.clear()
            try:
                free = self._at_once - len(self._running)
                for item in await self.take(free) if free else ():
                    task = asyncio.create_task(self._work(item))
                    self._running.add(task)
                    task.add_done_callback(self._done)
                due = await self.next_due()
            except Exception:
                logger.exception("%s could not read its rows", self._name)
                due = None
            sleep = LONGEST_SLEEP_SECONDS
            if due is not None and len(self._running) < self._at_once:
                sleep = min(sleep, max(0.01, due - self.clock()))
            try:
                await asyncio.wait_for(self._awake.wait(), timeout=sleep)
            except asyncio.TimeoutError:
                continue

    async def _work(self, item: Any) -> None:
        try:
            await self.work(item)
        except Exception:
            # The row's lease ends by itself; it will be taken up again.
            logger.exception("%s failed on an item", self._name)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        # The next message of the same conversation may have waited for this one.
        self._awake.set()
