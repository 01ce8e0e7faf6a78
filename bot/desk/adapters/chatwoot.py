"""Chatwoot as the desk, through its API channel and its application API. Source: Chatwoot's swagger/ description.

Its webhooks are sent once with a short timeout, so they only trigger a poll of the API. The client's messages become
incoming messages; the assistant's messages and the context become private notes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from typing_extensions import override

from bot.desk.adapters.desk_adapter import (
    CLAIM,
    REPLY,
    RESOLVE,
    AgentAct,
    Case,
    DeskAdapter,
    DeskUnavailableError,
    Entry,
    UnknownCaseError,
)
from bot.domain import Epoch, HandoffId
from bot.settings.desk_settings import ChatwootSettings

CONNECT_SECONDS, TOTAL_SECONDS = 1.0, 5.0
INCOMING, OUTGOING = 0, 1
# A webhook older than this is not believed: somebody may have kept it.
FRESH_SECONDS = 300.0


class Chatwoot(DeskAdapter):
    """The DeskAdapter for Chatwoot. Raises DeskUnavailableError without an answer that follows its API."""

    def __init__(self, settings: ChatwootSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._inbox = settings.inbox
        self._http = httpx.AsyncClient(
            base_url=f"{settings.url}/api/v1/accounts/{settings.account}",
            headers={"api_access_token": settings.token},
            timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            transport=transport,
            trust_env=False,
        )

    @override
    async def open(self, case: Case) -> str:
        with _as_described():
            contact, source = await self._contact(case)
            known = await self._conversation_of(contact, case.handoff_id)
            if known is None:
                made = await self._call(
                    "POST",
                    "/conversations",
                    {
                        "source_id": source,
                        "inbox_id": self._inbox,
                        "contact_id": contact,
                        "status": "open",
                        "custom_attributes": {"handoff": case.handoff_id, "epoch": case.epoch},
                    },
                )
                known = int(made["id"])
            else:
                await self._set_status(str(known), "open")
            # Also where the conversation was made, and then the answer or we were lost.
            if not any(message["private"] for message in await self._messages(str(known))):
                await self._message(known, _introduction(case), private=True)
            return str(known)

    @override
    async def append(self, external_id: str, entries: Sequence[Entry], delivered: int, epoch: Epoch) -> None:
        with _as_described():
            messages = await self._messages(external_id)
            there = sum(1 for message in messages if message["message_type"] == INCOMING)
            # What was taken before an answer got lost is there already.
            for entry in entries[max(0, there - delivered) :]:
                await self._message(int(external_id), entry.text, message_type="incoming")
            await self._epoch(external_id, epoch)

    @override
    async def note(self, external_id: str, text: str) -> None:
        await self._message(int(external_id), text, private=True)

    @override
    async def poll(self, external_id: str, after: str) -> tuple[list[AgentAct], str]:
        with _as_described():
            seen, claimed, resolved = (after or "0||").split("|")
            conversation = await self._call("GET", f"/conversations/{external_id}")
            acts: list[AgentAct] = []
            assignee = (conversation.get("meta") or {}).get("assignee") or {}
            if assignee and str(assignee["id"]) != claimed:
                claimed = str(assignee["id"])
                acts.append(AgentAct(f"{external_id}-claim-{claimed}", CLAIM, str(assignee["name"])))
            # In order of their ids, each once, whatever order and however often the API tells them.
            messages = {
                int(message["id"]): message for message in await self._messages(external_id, int(seen))
            }
            for number in sorted(messages):
                message = messages[number]
                seen = str(number)
                if message["message_type"] == OUTGOING and not message["private"]:
                    name = str((message.get("sender") or {}).get("name") or "")
                    acts.append(
                        AgentAct(
                            f"{external_id}-{number}", REPLY, name, _clean(str(message.get("content") or ""))
                        )
                    )
            if conversation["status"] == "resolved" and resolved != "resolved":
                acts.append(
                    AgentAct(f"{external_id}-resolve-{seen}", RESOLVE, str(assignee.get("name") or ""))
                )
            resolved = "resolved" if conversation["status"] == "resolved" else ""
            return acts, f"{seen}|{claimed}|{resolved}"

    @override
    async def close(self, external_id: str, epoch: Epoch) -> None:
        await self._epoch(external_id, epoch)
        await self._set_status(external_id, "resolved")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _contact(self, case: Case) -> tuple[int, str]:
        """Return the client's contact, found by the conversation's random name, and its source id."""
        found = await self._call("GET", "/contacts/search", params={"q": case.conversation})
        for contact in found["payload"]:
            if contact.get("identifier") == case.conversation:
                for inbox in contact.get("contact_inboxes") or []:
                    if inbox["inbox"]["id"] == self._inbox:
                        return int(contact["id"]), str(inbox["source_id"])
        body = {"inbox_id": self._inbox, "name": case.client, "identifier": case.conversation}
        made = (await self._call("POST", "/contacts", body))["payload"]
        return int(made["contact"]["id"]), str(made["contact_inbox"]["source_id"])

    async def _conversation_of(self, contact: int, handoff_id: HandoffId) -> int | None:
        known = await self._call("GET", f"/contacts/{contact}/conversations")
        for one in known["payload"]:
            if (one.get("custom_attributes") or {}).get("handoff") == handoff_id:
                return int(one["id"])
        return None

    async def _message(
        self, external_id: int, text: str, *, message_type: str = "outgoing", private: bool = False
    ) -> None:
        body = {"content": text, "message_type": message_type, "private": private}
        with _as_described():
            # Without the id it was somebody else who answered.
            int((await self._call("POST", f"/conversations/{external_id}/messages", body))["id"])

    async def _set_status(self, external_id: str, status: str) -> None:
        path = f"/conversations/{external_id}/toggle_status"
        with _as_described():
            (await self._call("POST", path, {"status": status}))["payload"]

    async def _messages(self, external_id: str, after: int = 0) -> list[dict[str, Any]]:
        """Return the messages after that id. Without one, Chatwoot returns the newest twenty; with one, pages."""
        found: list[dict[str, Any]] = []
        while True:
            path = f"/conversations/{external_id}/messages"
            page = list((await self._call("GET", path, params={"after": str(after)}))["payload"])
            newer = [message for message in page if int(message["id"]) > after]
            if not newer:
                return found
            found += newer
            after = max(int(message["id"]) for message in newer)

    async def _epoch(self, external_id: str, epoch: Epoch) -> None:
        body = {"custom_attributes": {"epoch": epoch}, "merge": True}
        await self._call("POST", f"/conversations/{external_id}/custom_attributes", body)

    async def _call(
        self, method: str, path: str, body: Any = None, params: dict[str, str] | None = None
    ) -> Any:
        try:
            answer = await self._http.request(method, path, json=body, params=params)
            answer.raise_for_status()
            return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == 404:
                raise UnknownCaseError(f"{method} {path}") from None
            # Not the error's text: it may quote what a client wrote.
            raise DeskUnavailableError(f"{method} {path}: {type(error).__name__}") from None


def is_genuine(secret: str, timestamp: str, body: bytes, signature: str, now: float) -> bool:
    """Whether a webhook is genuine: `sha256=` and the HMAC of `<timestamp>.<body>`, and recent."""
    try:
        age = abs(now - float(timestamp))
    except ValueError:
        return False
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    genuine = hmac.compare_digest(f"sha256={expected}".encode(), signature.encode())
    return bool(secret) and genuine and age <= FRESH_SECONDS


def _introduction(case: Case) -> str:
    return "\n".join([*case.about, "", *case.told])


@contextmanager
def _as_described() -> Iterator[None]:
    """Turn an answer of another shape into DeskUnavailableError."""
    try:
        yield
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise DeskUnavailableError(f"an answer that makes no sense: {type(error).__name__}") from None


def _clean(text: str) -> str:
    """Return `text` without lone surrogates, which JSON can carry and databases cannot."""
    return text.encode("utf-8", "ignore").decode()
