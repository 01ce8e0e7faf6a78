"""A client at one of the simulator's phones: says something, reads what comes, presses a button."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import httpx

ANSWER_SECONDS = 60.0
CODE = re.compile(r"\b(\d{6})\b")


class Conversation:
    """One client. What came in answer to the last words is in `replies`; everything so far in `messages`."""

    def __init__(self, url: str, channel: str, peer: str | None = None, language: str | None = None) -> None:
        self.channel = channel
        self.peer = peer or f"test-{uuid.uuid4().hex[:10]}"
        self.messages: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self._language = language
        self._http = httpx.Client(base_url=f"{url}/simulator/{channel}/{self.peer}", timeout=40)

    def say(self, text: str) -> Conversation:
        """Write something and wait until everything is answered."""
        return self._send({"text": text})

    def press(self, title: str) -> Conversation:
        """Choose what `title` says: its button on Telegram, its number by SMS."""
        if self.channel == "telegram":
            return self._send({"button": self.buttons[title]})
        numbered = re.search(rf"(?m)^(\d) {re.escape(title)}$", self.text)
        assert numbered, f"no choice {title!r} in {self.text!r}"
        return self.say(numbered[1])

    @property
    def text(self) -> str:
        """What the assistant said last, all messages of the answer."""
        return "\n".join(message["text"] for message in self.replies if message["from"] == "bot")

    @property
    def buttons(self) -> dict[str, str]:
        """The buttons of the last answer: title -> token."""
        return {b["title"]: b["token"] for message in self.replies for b in message["buttons"]}

    def offers(self, title: str) -> bool:
        """Whether the last answer offers a choice of that name, as a button or with a number."""
        return title in self.buttons or re.search(rf"(?m)^\d {re.escape(title)}$", self.text) is not None

    def code(self, which: int = -1) -> str:
        """The code in a text message from the brokerage; waits for the first one."""
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end:
            sent = [m["text"] for m in self._get(0, 1)["messages"] if m["from"] == "backend"]
            codes = [CODE.search(text.partition("\n")[2]) for text in sent]
            if codes and codes[which]:
                return codes[which][1]  # type: ignore[index]
            time.sleep(0.05)
        raise AssertionError("no text message with a code has come")

    def post(self, body: dict[str, Any]) -> None:
        """Hand a message in until it is acknowledged, as a platform does; the same one again changes nothing."""
        body = {"id": uuid.uuid4().hex, **body}
        if self._language:
            body["language_code"] = self._language
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                self._http.post("/messages", json=body).raise_for_status()
                return
            except (httpx.TransportError, httpx.HTTPStatusError):
                assert time.monotonic() < end, "the gateway does not take messages"
                time.sleep(0.05)

    def settle(self) -> list[dict[str, Any]]:
        """Everything on the phone once nothing is left to answer or to send."""
        end = time.monotonic() + 2 * ANSWER_SECONDS
        while time.monotonic() < end:
            answer = self._get(0, 10)
            if answer["idle"]:
                return list(answer["messages"])
        raise AssertionError(f"{self.peer} is still waiting")

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
