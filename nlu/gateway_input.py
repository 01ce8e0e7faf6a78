"""The Rasa end of the gateway's channel: one route, for the gateway alone, that answers with the replies."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json, raw

from contracts.codec import ContractError, decode, encode, to_builtins
from contracts.turns import MessageMetadata, TurnRequest
from nlu.agent import SilentOutput, TurnFailedError
from nlu.text import clean_input

logger = logging.getLogger(__name__)

MIN_TOKEN_CHARACTERS = 32


class GatewayInput(InputChannel):
    """`POST /webhooks/gateway/turns`: a TurnRequest, answered with a TurnResponse (see contracts/turns.py).

    Answers 200; 401 without the stack's token; 400 for a malformed body; 503 when the turn failed and nothing was
    saved.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    @classmethod
    def name(cls) -> str:
        """Return the channel's name in Rasa: the first part of its path."""
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GatewayInput:
        """Read credentials.yml. Raises ValueError when the token is missing or too short."""
        token = str((credentials or {}).get("token") or "")
        if len(token) < MIN_TOKEN_CHARACTERS or token.startswith("${"):
            raise ValueError(
                f"credentials.yml: the gateway's channel needs INTERNAL_TOKEN ({MIN_TOKEN_CHARACTERS} "
                "characters or more)"
            )
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the route. `on_new_message` is not used, since it returns nothing."""
        blueprint = Blueprint("gateway_channel")

        @blueprint.get("/")
        async def health(_: Request) -> HTTPResponse:
            return json({"status": "ok"})

        @blueprint.post("/turns")
        async def turns(request: Request) -> HTTPResponse:
            given = request.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
                return json({"error": "unauthorized"}, status=401)
            try:
                message = user_message(decode(request.body, TurnRequest))
            except ContractError as error:
                logger.warning("malformed turn request: %s", error)
                return json({"error": "malformed"}, status=400)
            try:
                response = await request.app.ctx.agent.turn(message)
            except TurnFailedError as failure:
                logger.warning("turn failed: message %s: %s", message.message_id, failure)
                return json({"error": "turn failed"}, status=503)
            return raw(encode(response), content_type="application/json")

        return blueprint


def user_message(turn: TurnRequest) -> UserMessage:
    """Return the message of a turn as Rasa handles it. Raises ContractError when it has no content.

    `text` is what a client typed: a leading slash is stripped, since Rasa reads it as an intent. `payload` is an
    intent that the gateway vouches for (a button's, or a vault reference).
    """
    if turn.payload is not None and turn.payload.startswith("/"):
        content = turn.payload
    elif turn.text is not None:
        content = clean_input(turn.text)
    else:
        raise ContractError("neither text nor payload")
    metadata = MessageMetadata(turn.channel, turn.language, turn.client)
    return UserMessage(
        content,
        output_channel=SilentOutput(),
        sender_id=turn.conversation,
        input_channel=GatewayInput.name(),
        message_id=turn.message,
        metadata=to_builtins(metadata),
    )
