"""Text messages of the sandbox backend to real phones: only to numbers that the operator has named."""

from __future__ import annotations

from datetime import datetime

import httpx
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.http import read_json, require_loopback, require_token
from bot.channels.sms.client import TwilioClient, TwilioError
from bot.clock import Clock
from bot.domain import UnreachableReason
from bot.messages import conversations, halts
from bot.messages.conversations import Address
from bot.storage import Database
from bot.storage.transaction import Transaction

# How long the sandbox retries a message, and how long its code is valid.
DEDUPLICATION_SECONDS = 600.0


class SandboxMessages:
    """Sends the sandbox's codes past the outbox, since a code must not be stored or shown to agents.

    Only the numbers in SANDBOX_SMS_TO get messages, so that a demonstration texts nobody else.
    """

    def __init__(
        self, client: TwilioClient, numbers: frozenset[str], database: Database, clock: Clock, token: str
    ) -> None:
        self._client = client
        self._numbers = numbers
        self._database = database
        self._clock = clock
        self._token = token

    async def receive(self, request: Request) -> Response:
        """Send {"to", "text"}: 202 once it is sent, also earlier; 403 for other numbers; 503 to retry."""
        require_loopback(request)
        require_token(request, self._token)
        body = await read_json(request)
        to, text = body.get("to"), body.get("text")
        if not isinstance(to, str) or not isinstance(text, str) or not text:
            raise HTTPException(400, "a text message needs to and text")
        if to not in self._numbers:
            raise HTTPException(403, "SANDBOX_SMS_TO does not name that number")
        if await self._database.run(_has_opted_out, to):
            raise HTTPException(403, "the number's owner opted out")
        if "sms" in await self._database.run(halts.list_halted):
            raise HTTPException(503, "an operator halted sending")
        try:
            if not await self._was_sent(to, text):
                await self._client.send(to, text)
        except (TwilioError, httpx.HTTPError, ValueError) as error:
            raise HTTPException(503, "Twilio did not accept it") from error
        return JSONResponse({}, status_code=202)

    async def _was_sent(self, to: str, text: str) -> bool:
        """Whether an earlier attempt succeeded although its answer was lost. No two codes have the same text."""
        since = self._clock() - DEDUPLICATION_SECONDS
        return any(
            message.outbound and message.body == text and _seconds(message.created_at) >= since
            for message in await self._client.recent(to)
        )


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _has_opted_out(tx: Transaction, number: str) -> bool:
    found = conversations.find_by_address(tx, Address("sms", number))
    return found is not None and found.unreachable == UnreachableReason.OPTED_OUT
