"""The sender: takes what the outbox holds to the channels, in order, and tries again what did not go through."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from bot.clock import Clock
from bot.messages.claims import Outgoing
from bot.messages.dispatch import Dispatch, Receipt
from bot.messages.loop import Loop
from bot.telemetry import outbound_total, segments_total

logger = logging.getLogger(__name__)

# After this many tries a fault that nobody has foreseen is taken to be the message's own.
MAX_ATTEMPTS = 10
# For so long a provider that is away is waited for; later an answer is more confusing than none.
GIVE_UP_SECONDS = 4 * 3_600.0
LONGEST_PAUSE_SECONDS = 60.0


class ChannelSender(Protocol):
    """What the outbox needs of a channel.

    `send` and `resolve` raise one of the outcomes below, or anything else for a fault that nobody has foreseen.
    """

    gap_seconds: float
    """Between two messages to one client."""

    def parts(self, outgoing: Outgoing) -> Sequence[Any]:
        """The message as this channel shows it, in as many parts as it takes."""
        ...

    async def send(self, outgoing: Outgoing, part: Any) -> Receipt:
        """Send the next part."""
        ...

    async def resolve(self, outgoing: Outgoing, part: Any) -> Receipt | None:
        """An earlier try may have gone through: its receipt if it did, None if it is to be sent (again).

        Raises Unknown if it is not to be repeated.
        """
        ...


class Refused(Exception):
    """The channel will never take the message; `error` says why in one word. `reach`: nor any other message to this
    client (see reachability)."""

    def __init__(self, error: str, *, reach: str | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.reach = reach


class Later(Exception):
    """The channel has not taken the message, but will. `seconds`: how long it has asked to be left alone, with
    this client (None: not at all, so the pauses grow by themselves)."""

    def __init__(self, error: str, seconds: float | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.seconds = seconds


class InDoubt(Exception):
    """The channel may have taken the message: its answer was lost. `seconds`: how long to wait until one can know."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds = seconds


class Unknown(Exception):
    """The channel may have taken the message, nobody can find out, and twice would be worse than not at all."""


class Sender(Loop):
    """Sends stored messages, several conversations at once."""

    def __init__(
        self,
        dispatch: Dispatch,
        channels: Mapping[str, ChannelSender],
        clock: Clock,
        changed: Callable[[], None],
        at_once: int = 16,
    ) -> None:
        super().__init__("sender", clock, at_once)
        self._dispatch = dispatch
        self._channels = channels
        self._changed = changed

    async def take(self, limit: int) -> list[Outgoing]:
        return await self._dispatch.take(limit)

    async def next_due(self) -> float | None:
        return await self._dispatch.next_due()

    async def work(self, item: Outgoing) -> None:
        outcome = await self._send(item)
        outbound_total.labels(item.address.channel, outcome).inc()
        if outcome != "retried":
            self._changed()

    async def _send(self, item: Outgoing) -> str:  # noqa: PLR0911 - one way out for each outcome
        """Send the next part of `item`; gives back what became of it."""
        channel = self._channels.get(item.address.channel)
        try:
            if channel is None:
                raise Refused("no_channel")
            parts = channel.parts(item)
            part = parts[item.parts_sent]
            receipt = await channel.resolve(item, part) if item.unconfirmed_attempts else None
            receipt = receipt or await channel.send(item, part)
        except Refused as refusal:
            logger.warning("message %d was refused: %s", item.id, refusal.error)
            await self._dispatch.failed(item.id, refusal.error, reach=refusal.reach)
            return "failed"
        except Unknown:
            logger.warning("message %d may or may not have been sent", item.id)
            await self._dispatch.unknown(item.id)
            return "unknown"
        except Later as later:
            return await self._later(item, later)
        except InDoubt as doubt:
            logger.warning("message %d: no answer from the channel (try %d)", item.id, item.attempts)
            pause = max(doubt.seconds, _pause(item))
            await self._dispatch.again(item.id, self.clock() + pause, error="no_answer", in_doubt=True)
            return "retried"
        except Exception:
            logger.exception("message %d could not be sent (try %d)", item.id, item.attempts)
            if item.attempts >= MAX_ATTEMPTS:
                await self._dispatch.failed(item.id, "fault")
                return "failed"
            await self._dispatch.again(item.id, self.clock() + _pause(item))
            return "retried"
        last = item.parts_sent + 1 >= len(parts)
        segments_total.labels(item.address.channel).inc(receipt.segments)
        await self._dispatch.sent(item, receipt, last=last, quiet_seconds=channel.gap_seconds)
        return "sent"

    async def _later(self, item: Outgoing, later: Later) -> str:
        now = self.clock()
        if now - item.created_at >= GIVE_UP_SECONDS:
            logger.error("message %d is given up: %s", item.id, later.error)
            await self._dispatch.failed(item.id, later.error)
            return "failed"
        if later.seconds is None:
            logger.warning("message %d waits (try %d): %s", item.id, item.attempts, later.error)
            await self._dispatch.again(item.id, now + _pause(item), error=later.error)
        else:
            await self._dispatch.quiet(item.id, now + later.seconds)
            await self._dispatch.again(item.id, now + later.seconds, error=later.error)
        return "retried"


def _pause(item: Outgoing) -> float:
    """How long to wait before the next try, in seconds: longer each time."""
    return min(LONGEST_PAUSE_SECONDS, 0.5 * float(2 ** min(item.attempts, 10)))


async def settle(*loops: Loop) -> None:
    """Stop the loops, letting what they are doing finish."""
    await asyncio.gather(*(loop.stop() for loop in loops))
