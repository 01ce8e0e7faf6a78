"""A client on one of the simulator's phones, who writes, reads and presses buttons."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any, Literal

import httpx

ANSWER_SECONDS = 60.0
CODE = re.compile(r"\b(\d{6})\b")
NUMBERED = re.compile(r"(?m)^(\d+) (.+)$")
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

# How an SMS client answers a numbered menu.
By = Literal["number", "full-width number", "label"]


class Conversation:
    """One client. `replies` are the messages of the last turn, `messages` all messages so far."""

    def __init__(self, url: str, channel: str, peer: str | None = None, language: str | None = None) -> None:
        self.channel = channel
        self.peer = peer or f"test-{uuid.uuid4().hex[:10]}"
        self.messages: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self._language = language
        # Without certificates and proxies, which a loopback address does not need: tests make many clients.
        self._http = httpx.Client(
            base_url=f"{url}/simulator/{channel}/{self.peer}", timeout=40, verify=False, trust_env=False
        )

    def say(self, text: str) -> Conversation:
        """Send a text and wait until the turn ends."""
        return self._send({"text": text})

    def press(self, title: str, by: By = "number") -> Conversation:
        """Choose `title`: by its button on Telegram, by its number (or as `by` says) by SMS."""
        assert title in self.choices, f"no choice {title!r} in {self.text!r} {self.choices}"
        if self.channel == "telegram":
            return self._send({"button": self.buttons[title]})
        if by == "label":
            return self.say(title)
        number = str(self.choices.index(title) + 1)
        return self.say(number.translate(FULL_WIDTH) if by == "full-width number" else number)

    @property
    def text(self) -> str:
        """The texts of the assistant's last replies."""
        return "\n".join(message["text"] for message in self.replies if message["from"] == "bot")

    @property
    def buttons(self) -> dict[str, str]:
        """The buttons of the last replies: title -> token."""
        return {b["title"]: b["token"] for message in self.replies for b in message["buttons"]}

    @property
    def choices(self) -> list[str]:
        """The choices of the last replies in order: buttons on Telegram, numbered lines by SMS."""
        if self.channel == "telegram":
            return list(self.buttons)
        numbered = [(int(number), title) for number, title in NUMBERED.findall(self.text)]
        menu = numbered[next((i for i in reversed(range(len(numbered))) if numbered[i][0] == 1), 0) :]
        assert [number for number, _ in menu] == list(range(1, len(menu) + 1)), self.text
        return [title for _, title in menu]

    def offers(self, title: str) -> bool:
        """Return whether the last replies offer a choice with this title."""
        return title in self.choices

    def code(self, which: int = -1, count: int = 1) -> str:
        """Return the code in an SMS of the brokerage; wait until `count` of them have arrived."""
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end:
            sent = [m["text"] for m in self._get(0, 1)["messages"] if m["from"] == "backend"]
            codes = [found[1] for text in sent if (found := CODE.search(text.partition("\n")[2]))]
            if len(codes) >= count:
                return codes[which]
            time.sleep(0.05)
        raise AssertionError(f"fewer than {count} SMS with a code have arrived")

    @property
    def transcript(self) -> str:
        """All messages on the phone so far, for the report of a failed test."""
        return "\n".join(
            f"{m['from']}: {m['text']} {[b['title'] for b in m['buttons']]}" for m in self.messages
        )

    def post(self, body: dict[str, Any]) -> None:
        """Post a message until it is acknowledged, as a platform does. A repetition has no effect."""
        body = {"id": uuid.uuid4().hex, **body}
        if self._language:
            body["language_code"] = self._language
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                self._http.post("/messages", json=body).raise_for_status()
                return
            except (httpx.TransportError, httpx.HTTPStatusError):
                assert time.monotonic() < end, "the gateway does not accept messages"
                time.sleep(0.05)

    def settle(self) -> list[dict[str, Any]]:
        """Return all messages on the phone once the conversation is idle."""
        end = time.monotonic() + 2 * ANSWER_SECONDS
        while time.monotonic() < end:
            answer = self._get(0, 10)
            if answer["idle"]:
                return list(answer["messages"])
        raise AssertionError(f"{self.peer} did not become idle")

    def _send(self, body: dict[str, Any]) -> Conversation:
        self.post(body)
        self.replies = []
        idle = False
        while not idle:
            after = self.messages[-1]["id"] if self.messages else 0
            answer = self._get(after, 20)
            self.replies += answer["messages"]
            self.messages += answer["messages"]
            idle = answer["idle"]
        return self

    def _get(self, after: int, wait: int) -> dict[str, Any]:
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                answer = self._http.get("/messages", params={"after": after, "wait": wait})
                return dict(answer.raise_for_status().json())
            except httpx.TransportError:
                assert time.monotonic() < end, "the gateway does not answer"
                time.sleep(0.05)
