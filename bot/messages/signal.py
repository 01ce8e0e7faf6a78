"""Tells waiting requests of this process that something has changed."""

from __future__ import annotations

import asyncio


class Signal:
    """A counter that can be waited on: nothing is missed between looking and waiting."""

    # Another process may change what is waited for without being able to say so.
    LONGEST_WAIT_SECONDS = 1.0

    def __init__(self) -> None:
        self._count = 0
        self._event = asyncio.Event()

    def now(self) -> int:
        """The count to give to `wait` after having looked."""
        return self._count

    def set(self) -> None:
        """Wake everybody who waits."""
        self._count += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seen: int, seconds: float) -> None:
        """Return when something has changed since `seen`, at the latest after `seconds`."""
        if self._count != seen:
            return
        try:
            await asyncio.wait_for(self._event.wait(), min(seconds, self.LONGEST_WAIT_SECONDS))
        except asyncio.TimeoutError:
            return
