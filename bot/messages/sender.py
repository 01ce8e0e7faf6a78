"""The sender: takes what the outbox holds to the channels, in order, and tries again what did not go through."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from bot.clock import Clock
from bot.messages.loop import Loop
from bot.messages.outbox import Outbox, Outgoing
from bot.telemetry import outbound_total

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 10


class ChannelSender(Protocol):
    """What the outbox needs of a channel. Raises SendError, or anything else for a passing fault."""

    async def send(self, outgoing: Outgoing) -> str:
        """Send one message; gives back the provider's id of it."""
        ...


class SendError(Exception):
    """The channel refused the message for good."""


class Sender(Loop):
    """Sends stored messages, several conversations at once."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, ChannelSender],
        clock: Clock,
        changed: Callable[[], None],
        at_once: int = 16,
    ) -> None:
        super().__init__("sender", clock, at_once)
        self._outbox = outbox
        self._channels = channels
        self._changed = changed

    async def take(self, limit: int) -> list[Outgoing]:
        return await self._outbox.take(limit)

    async def next_due(self) -> float | None:
        return await self._outbox.next_due()

    async def work(self, item: Outgoing) -> None:
        channel = self._channels.get(item.address.channel)
        try:
            if channel is None:
                raise SendError(f"no channel {item.address.channel}")
            provider_id = await channel.send(item)
        except SendError as refusal:
            logger.error("message %d was refused: %s", item.id, refusal)
            await self._finish(item, "failed")
        except Exception:
            logger.exception("message %d could not be sent (try %d)", item.id, item.attempts)
            if item.attempts >= MAX_ATTEMPTS:
                await self._finish(item, "failed")
            else:
                await self._outbox.again(item.id, self.clock() + min(60.0, 0.5 * 2**item.attempts))
                outbound_total.labels(item.address.channel, "retried").inc()
        else:
            await self._outbox.sent(item.id, provider_id)
            outbound_total.labels(item.address.channel, "sent").inc()
            self._changed()

    async def _finish(self, item: Outgoing, outcome: str) -> None:
        await self._outbox.failed(item.id)
        outbound_total.labels(item.address.channel, outcome).inc()
        self._changed()


async def settle(*loops: Loop) -> None:
    """Stop the loops, letting what they are doing finish."""
    await asyncio.gather(*(loop.stop() for loop in loops))
