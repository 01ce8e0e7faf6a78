"""The Rasa end of the gateway's channel: one route, for the gateway alone, that answers with the replies."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from nlu.agent import SilentOutput, TurnFailed
from nlu.text import clean_input

logger = logging.getLogger(__name__)

_FIELDS = ("conversation", "message", "channel", "language", "client")


class GatewayInput(InputChannel):
    """`POST /webhooks/gateway/turns`: see docs/architecture.md for the fields.

    Answers 200 with replies, directives and language; 401 without the stack's token; 400 for a malformed body;
    503 when the turn failed and nothing was saved.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    @classmethod
    def name(cls) -> str:
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GatewayInput:
        token = str((credentials or {}).get("token") or "")
        if len(token) < 32 or token.startswith("${"):
            raise ValueError(
                "credentials.yml: the gateway's channel needs INTERNAL_TOKEN (32 characters or more)"
            )
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The route; `on_new_message` is not used, since it gives back nothing."""
        blueprint = Blueprint("gateway_channel")

        @blueprint.get("/")
        async def health(_: Request) -> HTTPResponse:
            return json({"status": "ok"})

        @blueprint.post("/turns")
        async def turns(request: Request) -> HTTPResponse:
            given = request.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
                return json({"error": "unauthorized"}, status=401)
            message = user_message(request.json)
            if message is None:
                return json({"error": "malformed"}, status=400)
            try:
                reply = await request.app.ctx.agent.turn(message)
            except TurnFailed as failure:
                logger.warning("turn %s failed: %s", message.message_id, failure)
                return json({"error": "turn failed"}, status=503)
            return json(
                {
                    "replies": reply.messages,
                    "directives": reply.directives,
                    "language": reply.language,
                    "topic": reply.topic,
                }
            )

        return blueprint


def user_message(body: Any) -> UserMessage | None:
    """The message in a turn's body, or None when a field is missing or of the wrong type.

    `text` is what a client typed: a leading slash is taken off, since Rasa reads it as an intent. `payload` is
    an intent that the gateway vouches for (a button's or a vault reference).
    """
    if not isinstance(body, dict):
        return None
    fields = {name: str(body.get(name) or "") for name in _FIELDS}
    if not all(fields.values()):
        return None
    payload, text = body.get("payload"), body.get("text")
    if isinstance(payload, str) and payload.startswith("/"):
        content = payload
    elif isinstance(text, str):
        content = clean_input(text)
    else:
        return None
    return UserMessage(
        content,
        output_channel=SilentOutput(fields["channel"]),
        sender_id=fields["conversation"],
        input_channel=fields["channel"],
        message_id=fields["message"],
        metadata={"language": fields["language"], "client": fields["client"]},
    )
