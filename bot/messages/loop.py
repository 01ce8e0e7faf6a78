"""Loops over due rows: awake when there is something to do, asleep until the next row is due otherwise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import Any, Generic, TypeVar

from bot.clock import Clock

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

# Another process may have stored something without being able to wake this one.
MAX_SLEEP_SECONDS = 1.0
MIN_SLEEP_SECONDS = 0.01
# Together with the open requests this must fit into the 15 s that the supervisor gives.
STOP_SECONDS = 8.0


class Loop(Generic[Item]):
    """Claims items while there are any, and works on up to `concurrency` of them at a time."""

    def __init__(self, name: str, clock: Clock, concurrency: int) -> None:
        self.clock = clock
        self._name = name
        self._concurrency = concurrency
        self._running: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()
        self._main: asyncio.Task[None] | None = None
        self._stopping = False

    async def claim(self, limit: int) -> Sequence[Item]:
        """Return items to work on now, at most `limit`; each is returned once."""
        raise NotImplementedError

    async def next_due(self) -> float | None:
        """Return when the next item becomes due (clock time), or None."""
        raise NotImplementedError

    async def work(self, item: Item) -> None:
        """Work on one item. Must not raise for what can be foreseen."""
        raise NotImplementedError

    def wake(self) -> None:
        """Look for items now."""
        self._awake.set()

    def start(self) -> None:
        """Begin, as a task of the running event loop."""
        self._main = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Claim nothing more, and wait for what is being worked on; cancel what does not end in time."""
        # Not by cancelling at once: what was just claimed would be lost until its lease ends, and before Python 3.12
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
                free = self._concurrency - len(self._running)
                for item in await self.claim(free) if free else ():
                    task = asyncio.create_task(self._work(item))
                    self._running.add(task)
                    task.add_done_callback(self._done)
                due = await self.next_due()
            except Exception:
                logger.exception("%s could not read its rows", self._name)
                due = None
            sleep = MAX_SLEEP_SECONDS
            if due is not None and len(self._running) < self._concurrency:
                sleep = min(sleep, max(MIN_SLEEP_SECONDS, due - self.clock()))
            try:
                await asyncio.wait_for(self._awake.wait(), timeout=sleep)
            except asyncio.TimeoutError:
                continue

    async def _work(self, item: Item) -> None:
        try:
            await self.work(item)
        except Exception:
            # The row's lease ends by itself; it is claimed again then.
            logger.exception("%s failed on an item", self._name)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        # The next message of the same conversation may have waited for this one.
        self._awake.set()


class PeriodicTask(Loop[None]):
    """Does one thing every `period_seconds`, and at once when asked to; never twice at a time."""

    def __init__(self, name: str, clock: Clock, period_seconds: float) -> None:
        super().__init__(name, clock, concurrency=1)
        self._period_seconds = period_seconds
        self._next = 0.0

    async def run_once(self) -> None:
        """Do it. Must not raise for what can be foreseen."""
        raise NotImplementedError

    def run_soon(self) -> None:
        """Do it now rather than at the end of the period."""
        self._next = 0.0
        self.wake()

    async def claim(self, limit: int) -> Sequence[None]:
        """Return one item when the period is over."""
        if self.clock() < self._next:
            return ()
        self._next = self.clock() + self._period_seconds
        return (None,)

    async def next_due(self) -> float | None:
        """Return the end of the period."""
        return self._next

    async def work(self, item: None) -> None:
        """Do it."""
        await self.run_once()


async def stop_all(*loops: Loop[Any]) -> None:
    """Stop the loops, letting what they are doing finish."""
    await asyncio.gather(*(loop.stop() for loop in loops))


async def _finish(tasks: Collection[asyncio.Task[None]], end: float) -> None:
    """Wait for `tasks` until the event loop's time `end`, then cancel them."""
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=max(0.0, end - asyncio.get_running_loop().time()))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
