"""The simulator's page and routes: from this machine only, and only with SIMULATOR=on."""

from __future__ import annotations

import asyncio
import re
import uuid
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.channels.http import read_json, require_loopback, require_token
from bot.channels.simulator.phones import PhoneMessage, Phones
from bot.domain import InboundKind
from bot.messages import conversations, inbox, outbox
from bot.messages.conversations import Address
from bot.messages.inbox import Inbox
from bot.messages.parsing import InboundMessage
from bot.messages.signal import Signal
from bot.storage import Database
from bot.storage.transaction import Transaction

PAGE = Path(__file__).parent / "page"
# The page loads nothing from elsewhere and runs its own scripts only.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
MAX_WAIT_SECONDS = 30.0
_PEER = re.compile(r"[A-Za-z0-9+][A-Za-z0-9_.@+-]{0,63}")
_ID = re.compile(r"[\x21-\x7e]{1,64}")


class PageFiles(StaticFiles):
    """The page's scripts and styles, revalidated at each load, so that an upgrade never mixes old and new files."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the file with the header that makes browsers revalidate it."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


class Simulator:
    """The simulator's routes. They use the same inbox as the live channels."""

    def __init__(
        self, the_inbox: Inbox, database: Database, phones: Phones, changed: Signal, token: str
    ) -> None:
        self._inbox = the_inbox
        self._database = database
        self._phones = phones
        self._changed = changed
        self._token = token

    def routes(self) -> list[BaseRoute]:
        """Return all routes below /simulator."""
        messages = "/simulator/{kind}/{peer}/messages"
        return [
            Route("/simulator", self.page),
            Route("/simulator/sms", self.text_message, methods=["POST"]),
            Route(messages, self.post, methods=["POST"]),
            Route(messages, self.get),
            Mount("/simulator/static", PageFiles(directory=PAGE)),
        ]

    async def page(self, request: Request) -> Response:
        """Serve the page with the two phones."""
        require_loopback(request)
        return FileResponse(PAGE / "index.html", headers=SECURITY_HEADERS)

    async def post(self, request: Request) -> Response:
        """Receive a client's message {"text" | "button", "id"?, "language_code"?}: 202 {"id", "duplicate"}."""
        require_loopback(request)
        address = _address(request)
        body = await read_json(request)
        text, button = body.get("text"), body.get("button")
        if isinstance(text, str) == isinstance(button, str):
            raise HTTPException(400, 'a message needs either "text" or "button", as a string')
        external_id = body.get("id", uuid.uuid4().hex)
        hint = body.get("language_code")
        if not isinstance(external_id, str) or not _ID.fullmatch(external_id):
            raise HTTPException(400, '"id" must be a string of 1 to 64 visible ASCII characters')
        if hint is not None and not isinstance(hint, str):
            raise HTTPException(400, '"language_code" must be a string such as "en" or "ja-JP"')
        accepted = await self._inbox.accept(
            InboundMessage(
                address=address,
                external_id=external_id,
                kind=InboundKind.TEXT if isinstance(text, str) else InboundKind.BUTTON,
                content=str(text if isinstance(text, str) else button),
                language_hint=hint,
            )
        )
        return JSONResponse({"id": external_id, "duplicate": accepted.duplicate}, status_code=202)

    async def get(self, request: Request) -> Response:
        """Return the phone's messages after an id: ?after=ID&wait=SECONDS -> {"messages", "idle"}."""
        require_loopback(request)
        address = _address(request)
        after = int(_number(request, "after", 0.0))
        wait = min(_number(request, "wait", 0.0), MAX_WAIT_SECONDS)
        end = asyncio.get_running_loop().time() + wait
        while True:
            seen = self._changed.now()
            # Read `idle` first, so that a message that arrives between the two reads is shown.
            idle = await self._database.run(_is_idle, address)
            messages = await self._messages(address, after)
            left = end - asyncio.get_running_loop().time()
            if messages or idle or left <= 0:
                break
            await self._changed.wait(seen, left)
        return JSONResponse({"messages": [message.as_json() for message in messages], "idle": idle})

    async def text_message(self, request: Request) -> Response:
        """Deliver a text message of the sandbox backend to a simulated phone."""
        require_loopback(request)
        require_token(request, self._token)
        body = await read_json(request)
        client, to, text, key = (body.get(name) for name in ("client", "to", "text", "id"))
        channel, _, peer = str(client).partition(":")
        kind = channel.removeprefix("simulator.")
        known = kind in {"telegram", "sms"} and _PEER.fullmatch(peer)
        if not known or not all(isinstance(value, str) for value in (to, text, key)):
            raise HTTPException(400, "a text message needs client, to, text and id")
        await asyncio.to_thread(
            self._phones.deliver, kind, peer, "backend", f"{to}\n{text}", [], [], f"backend-{key}"
        )
        self._changed.set()
        return JSONResponse({}, status_code=202)

    async def _messages(self, address: Address, after: int) -> list[PhoneMessage]:
        return await asyncio.to_thread(self._phones.messages, address.kind, address.peer, after)


def _is_idle(tx: Transaction, address: Address) -> bool:
    conversation = conversations.find_by_address(tx, address)
    return conversation is None or not (
        inbox.is_open(tx, conversation.id) or outbox.is_pending(tx, conversation.id)
    )


def _address(request: Request) -> Address:
    kind, peer = request.path_params["kind"], request.path_params["peer"]
    if kind not in {"telegram", "sms"}:
        raise HTTPException(404, "the simulated channels are telegram and sms")
    if not _PEER.fullmatch(peer):
        raise HTTPException(400, "a peer is 1 to 64 letters, digits and _ . @ + -")
    return Address(f"simulator.{kind}", peer)


def _number(request: Request, name: str, default: float) -> float:
    given: Any = request.query_params.get(name, default)
    try:
        number = float(given)
    except ValueError:
        number = -1.0
    if not 0 <= number < 2**53:
        raise HTTPException(400, f"{name} must be a number from 0 on")
    return number
