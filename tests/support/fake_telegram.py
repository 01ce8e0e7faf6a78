"""A strict fake of the Bot API on a loopback port, with scripted faults, and the clients who write to it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import threading
import time
from typing import Any

from tests.support.bot_api import violations
from tests.support.scripted_server import Answer, Call, ScriptedServer

BOT_TOKEN = "4242:test_token_of_no_bot"
BOT_ID = 4242
USERNAME = "assistant_test_bot"
SECRET = "a-webhook-secret-of-no-bot"

_updates = itertools.count(1000)


def refusal(status: int, description: str, **parameters: Any) -> Answer:
    """Return an error in the Bot API's form."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return Answer(status, body | ({"parameters": parameters} if parameters else {}))


def too_many(seconds: int) -> Answer:
    """Return the refusal of a call that came too early."""
    return refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


BLOCKED = refusal(403, "Forbidden: bot was blocked by the user")


class FakeTelegram(ScriptedServer):
    """The fake API. `calls` are all calls, `wrong` the violations of the API's description.

    `chats[id]` are the messages that the chat shows: text, entities, and reply_markup as it is now.
    """

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.times: list[tuple[float, int]] = []
        self.wrong: list[str] = []
        self.chats: dict[int, list[dict[str, Any]]] = {}
        self.updates: list[dict[str, Any]] = []
        self.webhook: dict[str, Any] = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        self.commands: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._waiting = asyncio.Event()

    def name(self, call: Call) -> str:
        return call.path.rpartition("/")[2]

    async def handle(self, call: Call) -> Answer:
        token, _, method = call.path.removeprefix("/bot").partition("/")
        if token != BOT_TOKEN:
            return refusal(401, "Unauthorized")
        problems = violations(method, call.form)
        form = {name: _value(text) for name, text in call.form.items()}
        with self._lock:
            self.calls.append((method, form))
            self.wrong += problems
        if problems:
            return refusal(400, f"Bad Request: {problems[0]}")
        if method == "getUpdates":
            await self._hold(form)
        do = getattr(self, re.sub(r"([A-Z])", lambda sign: f"_{sign[1].lower()}", f"_{method}"), None)
        result = do(form) if do else True
        return result if isinstance(result, Answer) else Answer(200, {"ok": True, "result": result})

    def called(self, method: str) -> list[dict[str, Any]]:
        """Return the forms of the calls of one method."""
        return [form for name, form in list(self.calls) if name == method]

    def texts(self, chat: int) -> list[str]:
        """Return the texts of the assistant's messages in the chat."""
        return [message["text"] for message in list(self.chats.get(chat, ()))]

    def keyboard(self, chat: int) -> dict[str, str]:
        """Return the inline buttons that the chat shows: title -> token."""
        shown: dict[str, str] = {}
        for message in list(self.chats.get(chat, ())):
            for row in (message.get("reply_markup") or {}).get("inline_keyboard", ()):
                shown |= {button["text"]: button["callback_data"] for button in row}
        return shown

    def _send_message(self, form: dict[str, Any]) -> dict[str, Any]:
        chat = int(form["chat_id"])
        self.times.append((time.monotonic(), chat))
        message = {
            "message_id": next(self._ids),
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private", "first_name": "x"},
            "from": {"id": BOT_ID, "is_bot": True, "first_name": "Assistant"},
            "text": str(form["text"]),
        }
        self.chats.setdefault(chat, []).append(
            message | {"reply_markup": form.get("reply_markup"), "entities": form.get("entities", [])}
        )
        return message

    def _edit_message_reply_markup(self, form: dict[str, Any]) -> Any:
        for message in self.chats.get(int(form["chat_id"]), ()):
            if message["message_id"] == int(form["message_id"]):
                message["reply_markup"] = form.get("reply_markup")
                return True
        return refusal(400, "Bad Request: message to edit not found")

    def _get_me(self, form: dict[str, Any]) -> dict[str, Any]:
        return {"id": BOT_ID, "is_bot": True, "first_name": "Assistant", "username": USERNAME}

    def deliver(self, *updates: dict[str, Any]) -> None:
        """Offer updates to the next `getUpdates`."""
        with self._lock:
            self.updates += updates
        self._loop.call_soon_threadsafe(self._waiting.set)

    async def _hold(self, form: dict[str, Any]) -> None:
        """Hold a `getUpdates` call until there is an update, for at most its `timeout`."""
        offset = int(form.get("offset", 0))
        with self._lock:
            self._waiting.clear()
            self.updates = [update for update in self.updates if update["update_id"] >= offset]
        with self._arrived:
            # Confirmed updates are removed now, although this call has no answer yet.
            self._arrived.notify_all()
        if not self.updates and not self.webhook["url"]:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._waiting.wait(), float(form.get("timeout", 0)))

    def _get_updates(self, form: dict[str, Any]) -> Any:
        if self.webhook["url"]:
            return refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        with self._lock:
            return list(self.updates)

    def _get_webhook_info(self, form: dict[str, Any]) -> dict[str, Any]:
        return self.webhook

    def _set_webhook(self, form: dict[str, Any]) -> bool:
        self.webhook = {
            "url": form["url"],
            "has_custom_certificate": False,
            "pending_update_count": 0,
            "allowed_updates": form["allowed_updates"],
        }
        return True

    def _delete_webhook(self, form: dict[str, Any]) -> bool:
        self.webhook = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        return True

    def _get_my_commands(self, form: dict[str, Any]) -> Any:
        return self.commands.get(form.get("language_code", ""), [])

    def _set_my_commands(self, form: dict[str, Any]) -> bool:
        self.commands[form.get("language_code", "")] = form["commands"]
        return True


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict | list) else text


class Person:
    """A client on Telegram; its methods return the updates that the platform would send."""

    def __init__(self, chat: int, language: str = "en") -> None:
        self.chat = chat
        self.user = {"id": chat, "is_bot": False, "first_name": "Client", "language_code": language}
        self._messages = itertools.count(chat * 1000)

    def update(self, **content: Any) -> dict[str, Any]:
        """Return an update with a new id."""
        return {"update_id": next(_updates), **content}

    def message(self, **content: Any) -> dict[str, Any]:
        """Return an update with a message of any kind."""
        return self.update(message=self._message(**content))

    def text(self, text: str) -> dict[str, Any]:
        """Return the update of a text."""
        return self.message(text=text)

    def edit(self, text: str) -> dict[str, Any]:
        """Return the update of an edited text."""
        return self.update(edited_message=self._message(text=text, edit_date=1_700_000_001))

    def contact(self, number: str, user_id: int | None = None) -> dict[str, Any]:
        """Return the update of a shared contact, the client's own unless `user_id` is given."""
        owner = self.chat if user_id is None else user_id
        return self.message(contact={"phone_number": number, "first_name": "x", "user_id": owner})

    def tap(self, token: str | None, message_id: int | None = 1) -> dict[str, Any]:
        """Return the update of a tapped button."""
        number = next(_updates)
        query: dict[str, Any] = {"id": f"query-{number}", "from": self.user, "chat_instance": "1"}
        if token is not None:
            query["data"] = token
        if message_id is not None:
            chat = {"id": self.chat, "type": "private", "first_name": "Client"}
            query["message"] = {"message_id": message_id, "date": 1_700_000_000, "chat": chat, "text": "?"}
        return {"update_id": number, "callback_query": query}

    def member(self, status: str, **chat: Any) -> dict[str, Any]:
        """Return the update of a changed membership of the bot, in the private chat or in `chat`."""
        bot = {"id": BOT_ID, "is_bot": True, "first_name": "Assistant"}
        where = chat or {"id": self.chat, "type": "private", "first_name": "Client"}
        until = {"until_date": 0} if status == "kicked" else {}
        return self.update(
            my_chat_member={
                "chat": where,
                "from": self.user,
                "date": 1_700_000_000,
                "old_chat_member": {"status": "left", "user": bot},
                "new_chat_member": {"status": status, "user": bot, **until},
            }
        )

    def _message(self, **content: Any) -> dict[str, Any]:
        return {
            "message_id": next(self._messages),
            "date": 1_700_000_000,
            "chat": {"id": self.chat, "type": "private", "first_name": "Client"},
            "from": self.user,
            **content,
        }
