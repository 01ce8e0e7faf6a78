"""The dialogue engine as the gateway sees it: one call a turn, on loopback."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

from bot.messages.outbox import Choice

CONNECT_SECONDS = 1.0
# An action may take the backend's whole budget (about 12 s) and be one of two in a turn.
TURN_SECONDS = 30.0


class EngineDown(Exception):
    """The engine, or its action server, cannot be reached; the turn may be tried again."""


class EngineFailed(Exception):
    """The engine answered with an error: trying again may or may not help."""


@dataclass(frozen=True)
class Reply:
    """One message that the engine would send."""

    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Turn:
    """What the engine says to one message."""

    replies: tuple[Reply, ...]
    directives: tuple[dict[str, Any], ...]
    language: str
    topic: str | None = None
    """What the message was taken for."""


class Engine:
    """Client of Rasa's gateway channel. `content` is {"text": ...} for typed words or {"payload": "/intent"}."""

    def __init__(self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(TURN_SECONDS, connect=CONNECT_SECONDS),
            transport=transport,
            # The engine is on loopback: no proxy of the machine and no credentials of its owner.
            trust_env=False,
        )

    async def turn(
        self,
        *,
        conversation: str,
        message_key: str,
        content: dict[str, str],
        channel: str,
        language: str,
        client: str,
    ) -> Turn:
        """Ask for the replies to one message; the same message asked twice gives the same replies.

        Raises EngineDown or EngineFailed.
        """
        body = {
            "conversation": conversation,
            "message": message_key,
            "channel": channel,
            "language": language,
            "client": client,
            **content,
        }
        try:
            # As a whole: httpx counts the time between two pieces of an answer.
            response = await asyncio.wait_for(
                self._http.post("/webhooks/gateway/turns", json=body), TURN_SECONDS
            )
        except (httpx.ReadTimeout, asyncio.TimeoutError) as error:
            raise EngineFailed("no answer in time") from error
        except httpx.TransportError as error:
            raise EngineDown(type(error).__name__) from error
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise EngineDown("the action server does not answer")
        if response.status_code != httpx.codes.OK:
            raise EngineFailed(f"status {response.status_code}")
        try:
            return _turn(response.json(), language)
        except (KeyError, TypeError, ValueError) as error:
            raise EngineFailed("an answer of the wrong shape") from error

    async def is_ready(self) -> bool:
        """Whether the engine has its model loaded."""
        try:
            return (await self._http.get("/livez", timeout=2.0)).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _turn(answer: Any, language: str) -> Turn:
    """The answer's parts. Raises KeyError, TypeError or ValueError when it is of another shape."""
    return Turn(
        replies=tuple(
            Reply(
                _text(reply["text"]),
                tuple(Choice(_text(b["title"]), _text(b["payload"])) for b in reply["buttons"]),
            )
            for reply in answer["replies"]
        ),
        directives=tuple(dict(directive) for directive in answer["directives"]),
        language=_text(answer["language"] or language),
        topic=_text(answer["topic"]) if answer.get("topic") else None,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of a text")
    return value
