"""The sender: takes the outbox's messages to the channels, in order, and tries again what failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.clock import Clock
from bot.domain import UnreachableReason
from bot.messages import outbound_queue
from bot.messages.backoff import backoff
from bot.messages.loop import Loop
from bot.messages.outbound_queue import NO_ANSWER, OutboundMessage, Receipt
from bot.storage import Database
from bot.telemetry import outbound_total, segments_total
from contracts.enums import StrEnum

logger = logging.getLogger(__name__)

# After as many attempts an unforeseen error is taken to be the message's own.
MAX_ATTEMPTS = 10
# How long a provider's outage is waited for; an answer that comes later confuses more than it helps.
MAX_OUTAGE_SECONDS = 4 * 3_600.0
FIRST_PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 60.0
MAX_CONCURRENT_SENDS = 16


class SendOutcome(StrEnum):
    """What became of one attempt to send."""

    SENT = "sent"
    RETRIED = "retried"
    FAILED = "failed"
    UNKNOWN = "unknown"


class SendError(Exception):
    """The channel did not confirm that it accepted the message."""


class SendRejectedError(SendError):
    """The channel will never accept the message; `error` says why in one word.

    With `unreachable` it accepts no other message to this client either.
    """

    def __init__(self, error: str, *, unreachable: UnreachableReason | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.unreachable = unreachable


class SendDeferredError(SendError):
    """The channel has not accepted the message yet, but will.

    `seconds`: how long it asks to be left alone, with this client. None: it does not say, and the pauses grow.
    """

    def __init__(self, error: str, seconds: float | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.seconds = seconds


class SendUnconfirmedError(SendError):
    """The channel may have accepted the message: its answer was lost. `seconds`: how long until one can know."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds = seconds


class SendUnknownError(SendError):
    """The channel may have accepted the message, nobody can find out, and it must not be sent twice."""


class ChannelSender(Protocol):
    """What the outbox needs of a channel. `send` and `resolve` raise a SendError, or any error that is unforeseen."""

    gap_seconds: float
    """The least time between two messages to one client."""

    def parts(self, message: OutboundMessage) -> Sequence[Any]:
        """Return the message as this channel shows it, in as many parts as it takes."""
        ...

    async def send(self, message: OutboundMessage, part: Any) -> Receipt:
        """Send the next part."""
        ...

    async def resolve(self, message: OutboundMessage, part: Any) -> Receipt | None:
        """Find out about an earlier attempt: its receipt if it succeeded, None if the part must be sent (again).

        Raises SendUnknownError if it must not be repeated.
        """
        ...


@dataclass(frozen=True)
class SentPart:
    """A part that the channel accepted."""

    receipt: Receipt
    is_last: bool
    gap_seconds: float


class Sender(Loop[OutboundMessage]):
    """Sends stored messages, several conversations at once."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, ChannelSender],
        clock: Clock,
        on_message_settled: Callable[[], None],
    ) -> None:
        super().__init__("sender", clock, MAX_CONCURRENT_SENDS)
        self._database = database
        self._channels = channels
        self._on_message_settled = on_message_settled

    async def claim(self, limit: int) -> list[OutboundMessage]:
        """Claim due messages."""
        return await self._database.run(outbound_queue.claim, limit)

    async def next_due(self) -> float | None:
        """Return when the next message is due."""
        return await self._database.run(outbound_queue.QUEUE.next_due)

    async def work(self, item: OutboundMessage) -> None:
        """Send the next part of a message."""
        outcome = await self._attempt(item)
        outbound_total.labels(item.address.channel, outcome.value).inc()
        if outcome is not SendOutcome.RETRIED:
            self._on_message_settled()

    async def _attempt(self, message: OutboundMessage) -> SendOutcome:  # noqa: PLR0911 - one for each error
        """Send the next part, and record what became of it."""
        try:
            part = await self._send_next_part(message)
        except SendRejectedError as error:
            logger.warning("message %d was rejected: %s", message.id, error.error)
            return await self._fail(message, error.error, error.unreachable)
        except SendUnknownError:
            logger.warning("message %d may or may not have been sent", message.id)
            await self._database.run(outbound_queue.mark_unknown, message)
            return SendOutcome.UNKNOWN
        except SendDeferredError as error:
            return await self._defer(message, error)
        except SendUnconfirmedError as error:
            logger.warning(
                "message %d: no answer from the channel (attempt %d)", message.id, message.attempts
            )
            pause = max(error.seconds, _pause(message))
            return await self._retry(message, pause, error=NO_ANSWER, is_unconfirmed=True)
        except Exception:
            logger.exception("message %d could not be sent (attempt %d)", message.id, message.attempts)
            if message.attempts >= MAX_ATTEMPTS:
                return await self._fail(message, "fault")
            return await self._retry(message, _pause(message))
        # Outside the try: if this cannot be recorded, the part must not count as unsent.
        segments_total.labels(message.address.channel).inc(part.receipt.segments)
        await self._database.run(
            outbound_queue.mark_sent,
            message,
            part.receipt,
            is_last=part.is_last,
            gap_seconds=part.gap_seconds,
        )
        return SendOutcome.SENT

    async def _send_next_part(self, message: OutboundMessage) -> SentPart:
        channel = self._channels.get(message.address.channel)
        if channel is None:
            raise SendRejectedError("no_channel")
        parts = channel.parts(message)
        part = parts[message.parts_sent]
        receipt = await channel.resolve(message, part) if message.unconfirmed_attempts else None
        receipt = receipt or await channel.send(message, part)
        return SentPart(receipt, message.parts_sent + 1 >= len(parts), channel.gap_seconds)

    async def _defer(self, message: OutboundMessage, deferred: SendDeferredError) -> SendOutcome:
        if self.clock() - message.created_at >= MAX_OUTAGE_SECONDS:
            logger.error("message %d is given up: %s", message.id, deferred.error)
            return await self._fail(message, deferred.error)
        if deferred.seconds is None:
            logger.warning("message %d waits (attempt %d): %s", message.id, message.attempts, deferred.error)
            return await self._retry(message, _pause(message), error=deferred.error)
        until = self.clock() + deferred.seconds
        await self._database.run(outbound_queue.throttle, message, until)
        return await self._retry(message, deferred.seconds, error=deferred.error)

    async def _retry(
        self,
        message: OutboundMessage,
        pause_seconds: float,
        *,
        error: str | None = None,
        is_unconfirmed: bool = False,
    ) -> SendOutcome:
        due_at = self.clock() + pause_seconds
        await self._database.run(
            outbound_queue.retry, message, due_at, error=error, is_unconfirmed=is_unconfirmed
        )
        return SendOutcome.RETRIED

    async def _fail(
        self, message: OutboundMessage, error: str, unreachable: UnreachableReason | None = None
    ) -> SendOutcome:
        await self._database.run(outbound_queue.mark_failed, message, error, unreachable=unreachable)
        return SendOutcome.FAILED


def _pause(message: OutboundMessage) -> float:
    return backoff(message.attempts, first_seconds=FIRST_PAUSE_SECONDS, max_seconds=MAX_PAUSE_SECONDS)
