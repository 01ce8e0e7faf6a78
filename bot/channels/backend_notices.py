"""What the auth backend tells by itself, as sandbox/openapi.yaml has it: verified, stored, told to the client once."""

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
from bot.messages import conversations, inbox, outbox
from bot.messages.conversations import Address
from bot.messages.outbox import Choice
from bot.storage import Database, backend_notice
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction
from knowledge import Knowledge
from knowledge.wording import placeholders

TOPIC = "backend_notices"
TYPES = {
    "link.confirmed": "link_confirmed",
    "link.declined": "link_declined",
    "link.ended": "link_ended",
    "device_sharing.pending": "device_sharing_pending",
    "device_sharing.approved": "device_sharing_approved",
    "device_sharing.refused": "device_sharing_refused_{reason}",
}
# What Compliance has to decide, and what was refused, a person can look into.
FOR_A_PERSON = ("device_sharing_pending", "device_sharing_refused_")
PERSON = "human"
# Whoever wrote so lately is in the middle of what they were offered last.
BUSY_SECONDS = 600.0
# What stands for each placeholder of the texts.
VALUES = {"name": "username_masked", "receipt": "receipt"}
# Nothing else gets into a text for clients: no sentence, no address, no markup.
_VALUE = re.compile(r"[\w*+.-]{1,64}")
_ID = re.compile(r"[\x21-\x7e]{1,100}")


class BackendNotices:
    """Verifies a notice, stores what is to be told, acknowledges. Where there is no `secret`, nothing is accepted."""

    def __init__(
        self, database: Database, knowledge: Knowledge, clock: Clock, secret: str, stored: Callable[[], None]
    ) -> None:
        self._database = database
        self._knowledge = knowledge
        self._clock = clock
        self._webhook = Webhook(secret)
        self._stored = stored

    def routes(self) -> list[BaseRoute]:
        """The one route."""
        return [Route("/webhooks/backend", self.receive, methods=["POST"])]

    async def receive(self, request: Request) -> Response:
        """202 once the notice is stored, also when it was before; 401 without a good signature; 400 if malformed."""
        body = await read_body(request)
        try:
            self._webhook.verify(body, dict(request.headers))
        except (WebhookVerificationError, ValueError):
            raise HTTPException(401, "the signature is missing, wrong or too old") from None
        notice = json_object(body)
        id = request.headers["webhook-id"]
        if not _ID.fullmatch(id):
            raise HTTPException(400, "webhook-id must be 1 to 100 visible ASCII characters")
        name, values = _said_by(notice)
        wanted = placeholders(self._text(name, self._knowledge.default_language))
        if not wanted <= set(values):
            raise HTTPException(400, f"data must have {', '.join(sorted(VALUES[each] for each in wanted))}")
        if await self._database.run(self._store, id, _address(notice), name, values):
            self._stored()
        return JSONResponse({}, status_code=202)

    def _store(
        self, tx: Transaction, id: str, address: Address, name: str, values: Mapping[str, str]
    ) -> bool:
        """Store what is to be said. False when there is nobody to tell, or it was stored before."""
        if not insert_if_new(tx, backend_notice, {"id": id, "received_at": tx.now}):
            return False
        to = conversations.find_by_address(tx, address)
        if to is None:
            return False
        text = self._text(name, to.language, to.address.kind).format_map(values)
        label = self._knowledge.label(PERSON, to.language)
        offered: tuple[Choice, ...] = ()
        if name.startswith(FOR_A_PERSON) and to.state == "ASSISTANT":
            if choices.is_open(tx, to.id) and inbox.has_written(tx, to.id, tx.now - BUSY_SECONDS):
                # A button here would take away those of the step that the client is at.
                words = self._text("person_by_word", to.language, to.address.kind)
                text = f"{text}\n\n{words.format(person=label)}"
            else:
                choices.close_menus(tx, to.id)
                offered = (Choice(label, f"/{PERSON}"),)
        # system: it is told whoever speaks with the client just now.
        outbox.add(tx, to, origin="system", text=text, choices=offered)
        return True

    def _text(self, name: str, language: str, kind: str = "telegram") -> str:
        try:
            return self._knowledge.text(TOPIC, name, language, kind)
        except KeyError:
            raise HTTPException(400, "unknown type or reason") from None


def _said_by(notice: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The name of the text that says the notice, and the values for its placeholders."""
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
