"""The limit on calls to Telegram over all chats. The outbox paces the messages of one chat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.clock import Clock

CALLS_PER_SECOND = 30


class RateLimiter:
    """Allows CALLS_PER_SECOND calls per second, and none while Telegram has asked for a pause."""

    def __init__(self, clock: Clock, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._chats_held_until: dict[str, float] = {}
        self._all_held_until = 0.0

    def remaining_pause(self) -> float:
        """Return for how many more seconds no call may be made."""
        return max(0.0, self._all_held_until - self._clock())

    def is_free(self) -> bool:
        """Whether a call may be made without waiting."""
        return not self.remaining_pause() and self._next <= self._clock()

    async def acquire(self) -> None:
        """Wait until the caller may make one call."""
        now = self._clock()
        at = max(now, self._next)
        self._next = at + 1 / CALLS_PER_SECOND
        if at > now:
            await self._sleep(at - now)

    def back_off(self, chat: str, seconds: float) -> None:
        """Note that Telegram refuses messages to `chat` for `seconds`.

        One refused chat concerns that chat alone. Two at the same time mean that the whole bot is too fast: then all
        calls pause, since Telegram extends the refusal for a bot that goes on.
        """
        now = self._clock()
        self._chats_held_until = {
            known: until for known, until in self._chats_held_until.items() if until > now
        }
        self._chats_held_until[chat] = now + seconds
        if len(self._chats_held_until) > 1:
            self._all_held_until = max(self._chats_held_until.values())
