"""Notices of the auth backend (see sandbox/openapi.yaml): verify, store, and tell the client once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.http import json_object, read_body
from bot.clock import Clock
from bot.conversation import choices
from bot.domain import ConversationState, Origin
from bot.messages import conversations, inbox, outbox
from bot.messages.conversations import Address
from bot.messages.outbox import Choice
from bot.storage import Database, backend_notice
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction
from knowledge import Knowledge
from knowledge.markup import placeholders

TOPIC = "backend_notices"
TYPES = {
    "link.confirmed": "link_confirmed",
    "link.declined": "link_declined",
    "link.ended": "link_ended",
    "device_sharing.pending": "device_sharing_pending",
    "device_sharing.approved": "device_sharing_approved",
    "device_sharing.refused": "device_sharing_refused_{reason}",
}
# A person can look into what is pending at Compliance or was refused.
FOR_A_PERSON = ("device_sharing_pending", "device_sharing_refused_")
PERSON = "human"
# A client who wrote this recently is still using the last menu.
BUSY_SECONDS = 600.0
# The field of `data` behind each placeholder of the texts.
VALUES = {"name": "username_masked", "receipt": "receipt"}
# Values with anything else never reach a text for clients: no sentence, no URL, no markup.
_VALUE = re.compile(r"[\w*+.-]{1,64}")
_ID = re.compile(r"[\x21-\x7e]{1,100}")


class BackendNoticeReceiver:
    """Verifies a notice, stores its message, and acknowledges it."""

    def __init__(
        self, database: Database, knowledge: Knowledge, clock: Clock, secret: str, stored: Callable[[], None]
    ) -> None:
        self._database = database
        self._knowledge = knowledge
        self._clock = clock
        self._webhook = Webhook(secret)
        self._stored = stored

    def routes(self) -> list[BaseRoute]:
        """Return the one route."""
        return [Route("/webhooks/backend", self.receive, methods=["POST"])]

    async def receive(self, request: Request) -> Response:
        """Answer 202 once the notice is stored, also earlier; 401 without a valid signature; 400 if malformed."""
        body = await read_body(request)
        try:
            self._webhook.verify(body, dict(request.headers))
        except (WebhookVerificationError, ValueError):
            raise HTTPException(401, "the signature is missing, wrong or too old") from None
        notice = json_object(body)
        id = request.headers["webhook-id"]
        if not _ID.fullmatch(id):
            raise HTTPException(400, "webhook-id must be 1 to 100 visible ASCII characters")
        name, values = _parse_notice(notice)
        wanted = placeholders(self._text(name, self._knowledge.default_language))
        if not wanted <= set(values):
            raise HTTPException(400, f"data must have {', '.join(sorted(VALUES[each] for each in wanted))}")
        if await self._database.run(self._store, id, _address(notice), name, values):
            self._stored()
        return JSONResponse({}, status_code=202)

    def _store(
        self, tx: Transaction, id: str, address: Address, name: str, values: Mapping[str, str]
    ) -> bool:
        """Store the message. Returns False when the client is unknown, or the notice was stored before."""
        if not insert_if_new(tx, backend_notice, {"id": id, "received_at": tx.now}):
            return False
        to = conversations.find_by_address(tx, address)
        if to is None:
            return False
        text = self._text(name, to.language, to.address.kind).format_map(values)
        label = self._knowledge.label(PERSON, to.language)
        offered: tuple[Choice, ...] = ()
        if name.startswith(FOR_A_PERSON) and to.state is ConversationState.ASSISTANT:
            if choices.is_open(tx, to.id) and inbox.has_written(tx, to.id, tx.now - BUSY_SECONDS):
                # A new button would close the menu of the current step.
                words = self._text("person_by_word", to.language, to.address.kind)
                text = f"{text}\n\n{words.format(person=label)}"
            else:
                choices.close_menus(tx, to.id)
                offered = (Choice(label, f"/{PERSON}"),)
        # Origin SYSTEM: it is sent whoever owns the conversation.
        outbox.add(tx, to, origin=Origin.SYSTEM, text=text, choices=offered)
        return True

    def _text(self, name: str, language: str, kind: str = "telegram") -> str:
        try:
            return self._knowledge.text(TOPIC, name, language, kind)
        except KeyError:
            raise HTTPException(400, "unknown type or reason") from None


def _parse_notice(notice: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the name of the notice's text, and the values of its placeholders."""
    data = notice.get("data")
    kind = TYPES.get(str(notice.get("type")))
    if kind is None or not isinstance(data, dict):
        raise HTTPException(400, "a notice has a known type, a client and data")
    values = {
        name: str(data[member])
        for name, member in VALUES.items()
        if isinstance(data.get(member), str) and _VALUE.fullmatch(data[member])
    }
    return kind.format(reason=data.get("reason")), values


def _address(notice: Mapping[str, Any]) -> Address:
    channel, _, peer = str(notice.get("client")).partition(":")
    if not channel or not peer:
        raise HTTPException(400, "client must be <channel>:<peer>")
    return Address(channel, peer)
