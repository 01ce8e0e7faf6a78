"""The simulator's HTTP interface as a client of the assistant sees it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import httpx

WAIT_SECONDS = 20
PATIENCE_SECONDS = 60.0
LONGEST_RETRY_DELAY = 2.0


@dataclass(frozen=True)
class Button:
    """A button under a message; its token presses it."""

    title: str
    token: str


@dataclass(frozen=True)
class Message:
    """A message to the client; `sender` is bot, agent or backend; `id` grows."""

    id: int
    sender: str
    text: str
    buttons: tuple[Button, ...]


class ServerLostError(Exception):
    """The server did not answer for so long that nobody waits any longer."""


class RefusedError(Exception):
    """The server refused what was sent; `status` is the HTTP status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"refused with status {status}: {detail}")
        self.status = status


class ChatApi:
    """One client's side of a conversation.

    A server that does not answer, or answers with 429 or 5xx, is asked again for `patience` seconds, after
    one line to `complain`. That is safe: a message keeps its id, by which the server knows it again.
    """

    def __init__(
        self,
        base_url: str,
        channel: str,
        peer: str,
        *,
        language: str | None,
        complain: Callable[[str], None],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._url = f"{base_url}/simulator/{channel}/{quote(peer, safe='+')}/messages"
        self._language = {"language_code": language} if language else {}
        self._complain = complain
        self._patience = patience
        # trust_env: a proxy of the environment must not see a conversation with this machine.
        self._http = httpx.Client(trust_env=False, timeout=httpx.Timeout(10.0, read=WAIT_SECONDS + 10.0))
        self._last = 0

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def send_text(self, text: str) -> None:
        """The client writes `text`. Raises RefusedError, ServerLostError."""
        self._send({"text": text})

    def press(self, token: str) -> None:
        """The client presses the button with `token`. Raises RefusedError, ServerLostError."""
        self._send({"button": token})

    def receive(self, wait: int = WAIT_SECONDS) -> tuple[list[Message], bool]:
        """What came since the last call, and whether the assistant has nothing more to say for now.

        Holds up to `wait` seconds for news. Raises RefusedError, ServerLostError.
        """
        answer = self._ask("GET", params={"after": self._last, "wait": wait})
        try:
            page = answer.json()
            messages = [_message(item) for item in page["messages"]]
            idle = bool(page["idle"])
        except (ValueError, KeyError, TypeError) as error:
            raise RefusedError(answer.status_code, "this is not the assistant's gateway") from error
        self._last = max([self._last, *(message.id for message in messages)])
        return messages, idle

    def skip_history(self) -> None:
        """Passes over everything said so far. Raises RefusedError, ServerLostError."""
        while self.receive(wait=0)[0]:
            pass

    def _send(self, body: dict[str, str]) -> None:
        self._ask("POST", json={**body, "id": str(uuid.uuid4()), **self._language})

    def _ask(
        self, method: str, *, json: dict[str, str] | None = None, params: dict[str, int] | None = None
    ) -> httpx.Response:
        deadline = None
        delay = 0.1
        while True:
            try:
                answer = self._http.request(method, self._url, json=json, params=params)
                if answer.is_success:
                    return answer
                trouble = f"status {answer.status_code}"
                if answer.status_code < 500 and answer.status_code != 429:
                    raise RefusedError(answer.status_code, _detail(answer))
            except httpx.TransportError as error:
                trouble = str(error) or type(error).__name__
            now = time.monotonic()
            if deadline is None:
                deadline = now + self._patience
                self._complain(f"the server does not answer ({trouble}); trying again")
            if now + delay > deadline:
                raise ServerLostError(f"the server did not answer for {self._patience:.0f} s ({trouble})")
            time.sleep(delay)
            delay = min(2 * delay, LONGEST_RETRY_DELAY)


def _message(item: dict[str, object]) -> Message:
    buttons = item.get("buttons") or ()
    if not isinstance(buttons, list | tuple):
        raise TypeError("buttons must be a list")
    return Message(
        id=int(str(item["id"])),
        sender=str(item["from"]),
        text=str(item["text"]),
        buttons=tuple(Button(str(button["title"]), str(button["token"])) for button in buttons),
    )


def _detail(answer: httpx.Response) -> str:
    try:
        body = answer.json()
        return str(body.get("detail") or body.get("error") or body)
    except (ValueError, AttributeError):
        return " ".join(answer.text.split())[:200]
