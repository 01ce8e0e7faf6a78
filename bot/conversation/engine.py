"""The client of the dialogue engine: one call per turn, on loopback."""

from __future__ import annotations

import asyncio

import httpx

from contracts.codec import ContractError, decode, encode
from contracts.turns import TurnRequest, TurnResponse

CONNECT_SECONDS = 1.0
# An action may use the backend's whole budget (about 12 s), and a turn may run two.
TURN_SECONDS = 30.0
READY_SECONDS = 2.0
JSON_HEADERS = {"Content-Type": "application/json"}


class EngineError(Exception):
    """The engine gave no usable answer."""


class EngineUnavailableError(EngineError):
    """The engine or its action server cannot be reached; the turn can be tried again."""


class EngineResponseError(EngineError):
    """The engine answered with an error, too late, or in another shape; trying again may not help."""


class Engine:
    """The client of Rasa's gateway channel (see contracts/turns.py)."""

    def __init__(self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(TURN_SECONDS, connect=CONNECT_SECONDS),
            transport=transport,
            # The engine is on loopback: use neither the machine's proxies nor its .netrc.
            trust_env=False,
        )

    async def turn(self, request: TurnRequest) -> TurnResponse:
        """Return the replies to one message; the same message asked twice gets the same replies.

        Raises EngineUnavailableError or EngineResponseError.
        """
        try:
            # httpx counts the time between two pieces of a response; this limits the whole call.
            response = await asyncio.wait_for(
                self._http.post("/webhooks/gateway/turns", content=encode(request), headers=JSON_HEADERS),
                TURN_SECONDS,
            )
        except (httpx.ReadTimeout, asyncio.TimeoutError) as error:
            raise EngineResponseError("no answer in time") from error
        except httpx.TransportError as error:
            raise EngineUnavailableError(type(error).__name__) from error
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise EngineUnavailableError("the action server does not answer")
        if response.status_code != httpx.codes.OK:
            raise EngineResponseError(f"status {response.status_code}")
        try:
            return decode(response.content, TurnResponse)
        except ContractError as error:
            raise EngineResponseError(f"an answer of the wrong shape: {error}") from error

    async def is_ready(self) -> bool:
        """Return whether the engine has loaded its model."""
        try:
            return (await self._http.get("/livez", timeout=READY_SECONDS)).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
