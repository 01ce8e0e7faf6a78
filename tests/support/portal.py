"""A user of the brokerage's portal, for tests on the whole stack."""

from __future__ import annotations

import re
import time

import httpx

from knowledge import Knowledge
from tests.support.conversation import Conversation
from tests.support.stack import Stack

WORDS = {
    "en": {
        "status": "What is the status of my device sharing request?",
        "opt in": "How do I opt back into SLS?",
        "share": "I want to share my DSC+ with my other username",
    },
    "ja": {
        "status": "デバイス共有の申請の状況を教えてください",
        "opt in": "SLSに再登録するには？",
        "share": "別のユーザーとDSC+を共有したいです",
    },
}


class Portal:
    """Makes the requests of one user in the sandbox's portal."""

    def __init__(self, stack: Stack, username: str) -> None:
        self._stack = stack
        self._username = username
        self._url = f"http://127.0.0.1:{stack.sandbox_port}/portal"

    def token(self) -> str:
        return str(self._post("/link-tokens", {"username": self._username}).json()["token"])

    def confirm(self) -> None:
        self._post(f"/users/{self._username}/confirmed-link")

    def finish_sharing(self) -> str:
        """Finish the user's last request, and return its id."""
        last = [row for row in self._stack.ledger()["sharing"] if row["username"] == self._username][-1]
        self._post(f"/sharing-requests/{last['id']}/finish")
        return str(last["id"])

    def _post(self, path: str, body: object = None) -> httpx.Response:
        answer = httpx.post(self._url + path, json=body, trust_env=False)
        assert answer.status_code in {200, 201, 303}, answer.text
        return answer


def told(client: Conversation, words: str) -> str:
    """Wait for a message that contains `words`, and return its text."""
    end = time.monotonic() + 20
    while True:
        for message in client.settle():
            if words in message["text"]:
                return str(message["text"])
        assert time.monotonic() < end, f"no message contains: {words}"
        time.sleep(0.05)


def shown(knowledge: Knowledge, topic: str, name: str, language: str, channel: str) -> str:
    """Return the first part of a text of data/ that has no placeholder, as the phone shows it."""
    text = knowledge.text(topic, name, language, channel).replace("**", "")
    return next(part.strip() for part in re.split(r"\{\w+\}", text) if part.strip())
