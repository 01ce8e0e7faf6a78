"""Sends what the outbox holds as text messages, and says what became of it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import httpx

from bot.channels.render import SMS, Rendered, render
from bot.channels.sms.client import TwilioClient, TwilioError
from bot.channels.sms.errors import meaning
from bot.messages.claims import Outgoing
from bot.messages.dispatch import Receipt
from bot.messages.sender import InDoubt, Later, Refused
from knowledge import Knowledge
from knowledge.segments import segments

logger = logging.getLogger(__name__)

# After a lost answer Twilio's list is asked, which may be a little behind.
LOOK_SECONDS = 10.0
# Our clock and Twilio's, and whole seconds there.
CLOCK_SECONDS = 10.0
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
)


class SmsSender:
    """A channel's sender (see bot.messages.sender)."""

    # Carriers do not keep the order of what is sent at once.
    gap_seconds = 1.0

    def __init__(
        self,
        client: TwilioClient,
        knowledge: Knowledge,
        status_url: str,
        is_ours: Callable[[str], Awaitable[bool]],
    ) -> None:
        """`is_ours`: whether Twilio's id belongs to a message that is known to have been sent."""
        self._client = client
        self._knowledge = knowledge
        self._status_url = status_url
        self._is_ours = is_ours

    def parts(self, outgoing: Outgoing) -> list[Rendered]:
        """The message in parts that Twilio takes."""
        return render(outgoing.text, outgoing.buttons, SMS, self._knowledge.languages[outgoing.language])

    async def send(self, outgoing: Outgoing, part: Rendered) -> Receipt:
        """Send one part. Raises Refused, Later or InDoubt."""
        # By this a report finds its message even where Twilio's answer, and with it the id, was lost.
        report_to = f"{self._status_url}?message={outgoing.id}.{outgoing.parts_sent}"
        try:
            message = await self._client.send(outgoing.address.peer, part.text, report_to)
        except TwilioError as error:
            raise _outcome(error) from error
        except _NOT_SENT as error:
            raise Later("provider_down") from error
        except (httpx.HTTPError, ValueError) as error:
            raise InDoubt(LOOK_SECONDS) from error
        return Receipt(message.sid, segments(part.text))

    async def resolve(self, outgoing: Outgoing, part: Rendered) -> Receipt | None:
        """Ask Twilio whether an earlier try went through. Raises Later when it cannot be asked."""
        try:
            messages = await self._client.recent(outgoing.address.peer)
        except (TwilioError, httpx.HTTPError, ValueError) as error:
            raise Later("provider_down") from error
        for message in messages:
            ours = message.outbound and message.body == part.text
            if not ours or message.created_at is None:
                continue
            late_enough = message.created_at.timestamp() >= outgoing.created_at - CLOCK_SECONDS
            if late_enough and not await self._is_ours(message.sid):
                return Receipt(message.sid, segments(part.text))
        return None


def _outcome(error: TwilioError) -> Exception:
    """What Twilio's refusal means to the outbox."""
    if error.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return InDoubt(LOOK_SECONDS)
    found = meaning(error.code)
    if found.ours:
        logger.error("Twilio refuses to send (code %d): %s", error.code, found.error)
    if error.status == httpx.codes.TOO_MANY_REQUESTS:
        return Later("rate_limited", error.retry_after)
    if error.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN} and not error.code:
        return Later("not_set_up")
    if found.passing:
        return Later(found.error, error.retry_after)
    return Refused(found.error, reach=found.reach)
