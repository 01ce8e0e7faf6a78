"""How fast Telegram may be written to, all chats together. The pace of one chat is the outbox's business."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.clock import Clock

PER_SECOND = 30


class Pace:
    """Hands out turns, PER_SECOND at most, and none while Telegram has asked for silence."""

    def __init__(self, clock: Clock, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._held: dict[str, float] = {}
        self._all_held_until = 0.0

    def held(self) -> float:
        """For how many seconds Telegram still wants to hear nothing from us at all."""
        return max(0.0, self._all_held_until - self._clock())

    def is_free(self) -> bool:
        """Whether a call would have to wait for nobody."""
        return not self.held() and self._next <= self._clock()

    async def turn(self) -> None:
        """Return when it is the caller's turn."""
        now = self._clock()
        at = max(now, self._next)
        self._next = at + 1 / PER_SECOND
        if at > now:
            await self._sleep(at - now)

    def told_to_wait(self, chat: str, seconds: float) -> None:
        """Telegram has refused a message to `chat` for `seconds`.

        One chat's flood is its own affair; when a second one is refused meanwhile it is ours, and all are spared,
        since whoever goes on is refused for longer.
        """
        now = self._clock()
        self._held = {known: until for known, until in self._held.items() if until > now}
        self._held[chat] = now + seconds
        if len(self._held) > 1:
            self._all_held_until = max(self._held.values())
