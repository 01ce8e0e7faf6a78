"""Notify the waiting requests of this process that something has changed."""

from __future__ import annotations

import asyncio


class Signal:
    """A counter to wait on: no change between looking and waiting is missed."""

    # Another process may change something without being able to notify this one.
    MAX_WAIT_SECONDS = 1.0

    def __init__(self) -> None:
        self._count = 0
        self._event = asyncio.Event()

    def now(self) -> int:
        """Return the count, to be given to `wait` after looking."""
        return self._count

    def set(self) -> None:
        """Wake all waiting requests."""
        self._count += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seen: int, seconds: float) -> None:
        """Wait until something has changed since `seen`, for at most `seconds`."""
        if self._count != seen:
            return
        try:
            await asyncio.wait_for(self._event.wait(), min(seconds, self.MAX_WAIT_SECONDS))
        except asyncio.TimeoutError:
            return
