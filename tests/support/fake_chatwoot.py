"""A strict fake of Chatwoot's application API, after its own description (swagger/ of chatwoot/chatwoot).

An unknown path, a missing token, an unknown field or one of the wrong type is refused. `agent_*` act as people do on
its pages. Each call consumes one of `faults`: "lose" handles the call and fails before the answer, "double" returns
each message twice and in reverse order, "ok" is no fault, a number is the status, "timeout" does not answer, "page"
answers with HTML, "list" and "empty" with JSON that does not match the description.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.desk.adapters.chatwoot import Chatwoot
from bot.settings.desk_settings import ChatwootSettings

SETTINGS = ChatwootSettings(
    "http://chatwoot.test", account=3, inbox=7, token="agent-token", webhook_secret="s" * 32
)
_CONTACT = {"inbox_id": int, "name": str, "identifier": str}
_CONVERSATION = {
    "source_id": str,
    "inbox_id": int,
    "contact_id": int,
    "status": str,
    "custom_attributes": dict,
}
_MESSAGE = {"content": str, "message_type": str, "private": bool}
INCOMING, OUTGOING = 0, 1
_STATUSES = {"open", "resolved", "pending", "snoozed"}


class FakeChatwoot:
    """One account with one API inbox."""

    def __init__(self) -> None:
        self.contacts: dict[int, dict[str, Any]] = {}
        self.conversations: dict[int, dict[str, Any]] = {}
        self.messages: dict[int, list[dict[str, Any]]] = {}
        self.faults: deque[str] = deque()
        self._ids = itertools.count(100)
        base = "/api/v1/accounts/3"
        here = base + "/conversations/{id:int}"
        self.app = Starlette(
            routes=[
                Route(base + "/contacts/search", self._search),
                Route(base + "/contacts", self._make_contact, methods=["POST"]),
                Route(base + "/contacts/{id:int}/conversations", self._of_contact),
                Route(base + "/conversations", self._make_conversation, methods=["POST"]),
                Route(here, self._conversation),
                Route(here + "/messages", self._list, methods=["GET"]),
                Route(here + "/messages", self._write, methods=["POST"]),
                Route(here + "/toggle_status", self._toggle, methods=["POST"]),
                Route(here + "/custom_attributes", self._attributes, methods=["POST"]),
            ]
        )

    def adapter(self) -> Chatwoot:
        """Return the adapter under test, connected to this fake."""
        return Chatwoot(SETTINGS, transport=_Faulty(self))

    def agent_writes(self, conversation: int, text: str, agent: str = "Emi", private: bool = False) -> int:
        """Add an agent's reply, or a private note."""
        return self._add(conversation, text, 1, private, {"id": 55, "name": agent, "type": "user"})

    def agent_sends_a_file(self, conversation: int) -> None:
        self._add(conversation, None, OUTGOING, False, {"id": 55, "name": "Emi", "type": "user"})

    def somebody_deletes(self, conversation: int) -> None:
        del self.conversations[conversation], self.messages[conversation]

    def agent_takes(self, conversation: int, agent: str = "Emi") -> None:
        self.conversations[conversation]["meta"] = {"assignee": {"id": 55, "name": agent}}

    def agent_resolves(self, conversation: int) -> None:
        self.conversations[conversation]["status"] = "resolved"
        self._add(conversation, "Conversation was marked resolved", 2, False, None)

    def shown(self, conversation: int, private: bool = False) -> list[str]:
        """Return the client's messages of a conversation, or its private notes."""
        kind = 1 if private else 0
        return [
            message["content"]
            for message in self.messages[conversation]
            if message["message_type"] == kind and message["private"] == private
        ]

    async def _search(self, request: Request) -> Response:
        found = [one for one in self.contacts.values() if request.query_params["q"] in one["identifier"]]
        return JSONResponse({"meta": {"count": len(found), "current_page": "1"}, "payload": found})

    async def _make_contact(self, request: Request) -> Response:
        body = await _body(request, _CONTACT, {"inbox_id"})
        if any(one["identifier"] == body["identifier"] for one in self.contacts.values()):
            return JSONResponse({"message": "Identifier has already been taken"}, status_code=422)
        number = next(self._ids)
        inbox = {"source_id": f"source-{number}", "inbox": {"id": body["inbox_id"]}}
        self.contacts[number] = {**body, "id": number, "contact_inboxes": [inbox]}
        return JSONResponse({"payload": {"contact": self.contacts[number], "contact_inbox": inbox}})

    async def _of_contact(self, request: Request) -> Response:
        contact = request.path_params["id"]
        found = [one for one in self.conversations.values() if one["contact_id"] == contact]
        return JSONResponse({"payload": found})

    async def _make_conversation(self, request: Request) -> Response:
        body = await _body(request, _CONVERSATION, {"source_id"})
        known = self.contacts[body["contact_id"]]["contact_inboxes"][0]
        if body["source_id"] != known["source_id"] or body["inbox_id"] != known["inbox"]["id"]:
            return JSONResponse({"error": "Resource could not be found"}, status_code=404)
        number = next(self._ids)
        self.conversations[number] = {**body, "id": number, "meta": {}}
        self.messages[number] = []
        return JSONResponse({"id": number, "account_id": 3, "inbox_id": body["inbox_id"]})

    async def _conversation(self, request: Request) -> Response:
        return JSONResponse(self.conversations[self._known(request)])

    async def _list(self, request: Request) -> Response:
        messages = self.messages[self._known(request)]
        after = request.query_params.get("after")
        messages = messages[-20:] if not after else [one for one in messages if one["id"] > int(after)][:100]
        if self.faults and self.faults[0] == "double":
            self.faults.popleft()
            messages = [message for message in reversed(messages) for _ in range(2)]
        # JSON escapes allow a lone surrogate, which UTF-8 cannot encode.
        return Response(json.dumps({"meta": {}, "payload": messages}), media_type="application/json")

    async def _write(self, request: Request) -> Response:
        body = await _body(request, _MESSAGE, {"content"})
        assert body["message_type"] in {"incoming", "outgoing"}
        kind = 0 if body["message_type"] == "incoming" else 1
        here = self._known(request)
        if kind == INCOMING and self.conversations[here]["status"] == "resolved":
            # As in app/models/message.rb.
            self.conversations[here]["status"] = "open"
        number = self._add(here, body["content"], kind, body["private"], {"id": 9, "name": "Assistant"})
        return JSONResponse({"id": number, "content": body["content"], "message_type": kind})

    async def _toggle(self, request: Request) -> Response:
        body = await _body(request, {"status": str}, {"status"})
        assert body["status"] in _STATUSES
        number = self._known(request)
        self.conversations[number]["status"] = body["status"]
        return JSONResponse({"meta": {}, "payload": {"success": True, "conversation_id": number}})

    async def _attributes(self, request: Request) -> Response:
        body = await _body(request, {"custom_attributes": dict, "merge": bool}, {"custom_attributes"})
        kept = self.conversations[self._known(request)]
        merged = body.get("merge", False)
        kept["custom_attributes"] = ({**kept["custom_attributes"]} if merged else {}) | body[
            "custom_attributes"
        ]
        return JSONResponse({"custom_attributes": kept["custom_attributes"]})

    def _known(self, request: Request) -> int:
        number = int(request.path_params["id"])
        if number not in self.conversations:
            raise HTTPException(404)
        return number

    def _add(self, conversation: int, text: str | None, kind: int, private: bool, sender: Any) -> int:
        number = next(self._ids)
        self.messages[conversation].append(
            {"id": number, "content": text, "message_type": kind, "private": private, "sender": sender}
        )
        return number


_ANSWERS = {
    "page": httpx.Response(200, html="<h1>We are upgrading</h1>"),
    "list": httpx.Response(200, json=["unexpected"]),
    "empty": httpx.Response(200, json={}),
}


class _Faulty(httpx.AsyncBaseTransport):
    def __init__(self, chatwoot: FakeChatwoot) -> None:
        self._chatwoot = chatwoot
        self._inner = httpx.ASGITransport(app=chatwoot.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("api_access_token") != SETTINGS.token:
            return httpx.Response(401, json={"errors": ["Invalid Access Token"]})
        fault = self._chatwoot.faults[0] if self._chatwoot.faults else ""
        if fault in _ANSWERS or fault.isdigit():
            self._chatwoot.faults.popleft()
            return _ANSWERS.get(fault) or httpx.Response(int(fault), json={"error": "no"})
        if fault == "ok":
            self._chatwoot.faults.popleft()
        if fault == "timeout":
            self._chatwoot.faults.popleft()
            raise httpx.ReadTimeout("no answer in time")
        answer = await self._inner.handle_async_request(request)
        if fault == "lose" and request.method == "POST":
            self._chatwoot.faults.popleft()
            raise httpx.ReadTimeout("no answer in time")
        return answer


async def _body(request: Request, fields: dict[str, type], required: set[str]) -> dict[str, Any]:
    body: dict[str, Any] = await request.json()
    assert required <= set(body) <= set(fields), f"{request.url.path}: {sorted(body)}"
    for name, value in body.items():
        assert isinstance(value, fields[name]), f"{request.url.path}: {name} is {value!r}"
    return body
