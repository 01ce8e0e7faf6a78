"""A loop over rows that are due: woken when there is something, asleep until the next one is due otherwise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
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
        self._stopping = False

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
        # Not by cancelling: what has just been taken would be lost until its lease ends, and before Python 3.12
        # wait_for forgets a cancellation that comes together with what it waits for.
        self._stopping = True
        self.wake()
        end = asyncio.get_running_loop().time() + STOP_SECONDS
        if self._main is not None:
            await _finish({self._main}, end)
        await _finish(self._running, end)

    async def _run(self) -> None:
        while not self._stopping:
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


async def _finish(tasks: Collection[asyncio.Task[None]], end: float) -> None:
    """Wait for `tasks` until the event loop's time `end`, then cut them off."""
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=max(0.0, end - asyncio.get_running_loop().time()))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
