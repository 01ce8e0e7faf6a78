"""The client's side of the simulator's HTTP interface."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from contracts.enums import StrEnum

MAX_WAIT_SECONDS = 20
RETRY_SECONDS = 60.0
MAX_RETRY_DELAY_SECONDS = 2.0


class MessageSender(StrEnum):
    """Who wrote a message to the client."""

    ASSISTANT = "bot"
    """The assistant."""
    AGENT = "agent"
    """An agent at the desk."""
    BACKEND = "backend"
    """The auth backend, by SMS: a code, for example."""


@dataclass(frozen=True)
class ChatButton:
    """A button under a message. Sending its token presses it."""

    title: str
    token: str


@dataclass(frozen=True)
class ChatMessage:
    """A message to the client. Ids increase."""

    id: int
    sender: MessageSender
    text: str
    buttons: tuple[ChatButton, ...]


class ServerUnavailableError(Exception):
    """The server did not answer within the time for retries."""


class RequestRejectedError(Exception):
    """The server rejected a request; `status` is the HTTP status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"refused with status {status}: {detail}")
        self.status = status


class ChatApi:
    """One client's side of a conversation.

    If the server does not answer, or answers with 429 or 5xx, the request is repeated for `retry_seconds`, after one
    line to `on_retry`. This is safe because a message keeps its id, by which the server recognises it.
    """

    def __init__(
        self,
        base_url: str,
        channel: str,
        peer: str,
        *,
        language: str | None,
        on_retry: Callable[[str], None],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._url = f"{base_url}/simulator/{channel}/{quote(peer, safe='+')}/messages"
        self._language = {"language_code": language} if language else {}
        self._on_retry = on_retry
        self._retry_seconds = retry_seconds
        # trust_env: a proxy from the environment must not see a conversation with this machine.
        timeout = httpx.Timeout(10.0, read=MAX_WAIT_SECONDS + 10.0)
        self._http = httpx.Client(trust_env=False, timeout=timeout)
        self._last_id = 0

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send_text(self, text: str) -> None:
        """Send a text of the client. Raise RequestRejectedError, ServerUnavailableError."""
        self._send({"text": text})

    def press(self, token: str) -> None:
        """Press the button with `token`. Raise RequestRejectedError, ServerUnavailableError."""
        self._send({"button": token})

    def receive(self, wait_seconds: int = MAX_WAIT_SECONDS) -> tuple[list[ChatMessage], bool]:
        """Return the messages since the last call, and whether nothing more is to come for now.

        Wait at most `wait_seconds` for a message. Raise RequestRejectedError, ServerUnavailableError.
        """
        answer = self._request("GET", params={"after": self._last_id, "wait": wait_seconds})
        try:
            page = answer.json()
            messages = [_message(item) for item in page["messages"]]
            idle = bool(page["idle"])
        except (ValueError, KeyError, TypeError) as error:
            raise RequestRejectedError(answer.status_code, "this is not the assistant's gateway") from error
        self._last_id = max([self._last_id, *(message.id for message in messages)])
        return messages, idle

    def skip_history(self) -> None:
        """Skip all messages sent so far. Raise RequestRejectedError, ServerUnavailableError."""
        while self.receive(wait_seconds=0)[0]:
            pass

    def _send(self, body: dict[str, str]) -> None:
        self._request("POST", json={**body, "id": str(uuid.uuid4()), **self._language})

    def _request(
        self, method: str, *, json: dict[str, str] | None = None, params: dict[str, int] | None = None
    ) -> httpx.Response:
        deadline = None
        delay = 0.1
        while True:
            try:
                answer = self._http.request(method, self._url, json=json, params=params)
                if answer.is_success:
                    return answer
                problem = f"status {answer.status_code}"
                if answer.status_code < 500 and answer.status_code != 429:
                    raise RequestRejectedError(answer.status_code, _detail(answer))
            except httpx.TransportError as error:
                problem = str(error) or type(error).__name__
            now = time.monotonic()
            if deadline is None:
                deadline = now + self._retry_seconds
                self._on_retry(f"the server does not answer ({problem}); trying again")
            if now + delay > deadline:
                raise ServerUnavailableError(
                    f"the server did not answer for {self._retry_seconds:.0f} s ({problem})"
                )
            time.sleep(delay)
            delay = min(2 * delay, MAX_RETRY_DELAY_SECONDS)


def _message(item: dict[str, object]) -> ChatMessage:
    buttons = item.get("buttons") or ()
    if not isinstance(buttons, list | tuple):
        raise TypeError("buttons must be a list")
    return ChatMessage(
        id=int(str(item["id"])),
        sender=MessageSender(item["from"]),
        text=str(item["text"]),
        buttons=tuple(ChatButton(str(button["title"]), str(button["token"])) for button in buttons),
    )


def _detail(answer: httpx.Response) -> str:
    try:
        body = answer.json()
        return str(body.get("detail") or body.get("error") or body)
    except (ValueError, AttributeError):
        return " ".join(answer.text.split())[:200]
