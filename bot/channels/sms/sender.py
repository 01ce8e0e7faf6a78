"""Send outbound messages by SMS, and map Twilio's answers to the outbox's outcomes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import httpx

from bot.channels.render import SMS, RenderedPart, render
from bot.channels.sms.client import TwilioClient, TwilioError
from bot.channels.sms.error_codes import meaning
from bot.messages.outbound_queue import OutboundMessage, Receipt
from bot.messages.sender import SendDeferredError, SendRejectedError, SendUnconfirmedError
from knowledge import Knowledge
from knowledge.sms_segments import count_segments

logger = logging.getLogger(__name__)

# Twilio's list of messages lags a little behind.
LOOKUP_DELAY_SECONDS = 10.0
# The tolerance between the two clocks; Twilio counts whole seconds.
CLOCK_TOLERANCE_SECONDS = 10.0
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
)


class SmsSender:
    """The ChannelSender for SMS."""

    # Carriers do not keep the order of messages sent at the same time.
    gap_seconds = 1.0

    def __init__(
        self,
        client: TwilioClient,
        knowledge: Knowledge,
        status_url: str,
        is_ours: Callable[[str], Awaitable[bool]],
    ) -> None:
        """`is_ours` tells whether Twilio's id belongs to a message that is recorded as sent."""
        self._client = client
        self._knowledge = knowledge
        self._status_url = status_url
        self._is_ours = is_ours

    def parts(self, outgoing: OutboundMessage) -> list[RenderedPart]:
        """Render the message, in parts within Twilio's limit."""
        return render(outgoing.text, outgoing.buttons, SMS, self._knowledge.languages[outgoing.language])

    async def send(self, outgoing: OutboundMessage, part: RenderedPart) -> Receipt:
        """Send one part. Raises SendRejectedError, SendDeferredError or SendUnconfirmedError."""
        # The query lets a status report find its message when Twilio's answer, and so the id, was lost.
        report_to = f"{self._status_url}?message={outgoing.id}.{outgoing.parts_sent}"
        try:
            message = await self._client.send(outgoing.address.peer, part.text, report_to)
        except TwilioError as error:
            raise _outcome(error) from error
        except _NOT_SENT as error:
            raise SendDeferredError("provider_down") from error
        except (httpx.HTTPError, ValueError) as error:
            raise SendUnconfirmedError(LOOKUP_DELAY_SECONDS) from error
        return Receipt(message.sid, count_segments(part.text))

    async def resolve(self, outgoing: OutboundMessage, part: RenderedPart) -> Receipt | None:
        """Ask Twilio whether an earlier attempt succeeded. Raises SendDeferredError when Twilio cannot be asked."""
        try:
            messages = await self._client.recent(outgoing.address.peer)
        except (TwilioError, httpx.HTTPError, ValueError) as error:
            raise SendDeferredError("provider_down") from error
        for message in messages:
            ours = message.outbound and message.body == part.text
            if not ours or message.created_at is None:
                continue
            late_enough = message.created_at.timestamp() >= outgoing.created_at - CLOCK_TOLERANCE_SECONDS
            if late_enough and not await self._is_ours(message.sid):
                return Receipt(message.sid, count_segments(part.text))
        return None


def _outcome(error: TwilioError) -> Exception:
    """Map Twilio's refusal to an outcome of the outbox."""
    if error.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return SendUnconfirmedError(LOOKUP_DELAY_SECONDS)
    found = meaning(error.code)
    if found.ours:
        logger.error("Twilio refuses to send (code %d): %s", error.code, found.error)
    if error.status == httpx.codes.TOO_MANY_REQUESTS:
        return SendDeferredError("rate_limited", error.retry_after)
    if error.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN} and not error.code:
        return SendDeferredError("not_set_up")
    if found.passing:
        return SendDeferredError(found.error, error.retry_after)
    return SendRejectedError(found.error, unreachable=found.unreachable)
