"""Linked clients on the whole stack, in each language and on each channel: link, opt back in, share a device."""

from __future__ import annotations

import time

import httpx
import pytest

from data.knowledge import Knowledge
from tests.support.conversation import Conversation
from tests.support.script import new_client
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.rasa]

WAYS = [("telegram", "en"), ("telegram", "ja"), ("sms", "en"), ("sms", "ja")]
WORDS = {
    "en": {
        "opt in": "How do I opt back into SLS?",
        "share": "I want to share my DSC+ with my other username",
    },
    "ja": {"opt in": "SLSに再登録するには？", "share": "別のユーザーとDSC+を共有したいです"},
}


class Portal:
    """The sandbox's portal, as the user sees it."""

    def __init__(self, stack: Stack, username: str) -> None:
        self._stack = stack
        self._username = username
        self._url = f"http://127.0.0.1:{stack.sandbox_port}/portal"

    def token(self) -> str:
        return str(self._post("/link-tokens", {"username": self._username}).json()["token"])

    def confirm(self) -> None:
        self._post(f"/users/{self._username}/confirmed-link")

    def finish_sharing(self) -> None:
        last = [row for row in self._stack.ledger()["sharing"] if row["username"] == self._username][-1]
        self._post(f"/sharing-requests/{last['id']}/finish")

    def _post(self, path: str, body: object = None) -> httpx.Response:
        answer = httpx.post(self._url + path, json=body, trust_env=False)
        assert answer.status_code in {200, 201, 303}, answer.text
        return answer


def told(client: Conversation, words: str) -> None:
    """Wait until the client was told `words` by itself."""
    end = time.monotonic() + 20
    while not any(words in message["text"] for message in client.settle()):
        assert time.monotonic() < end, f"never told: {words}"
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "channel", "language"), [(n, *way) for n, way in enumerate(WAYS, 1)])
def test_a_client_links_the_chat_opts_back_in_and_shares_a_device(
    stack: Stack, knowledge: Knowledge, number: int, channel: str, language: str
) -> None:
    client = new_client(stack, channel, language)
    portal = Portal(stack, f"aya3{number}")

    def text(topic: str, name: str) -> str:
        return knowledge.text(topic, name, language, channel).partition("{")[0].replace("**", "").strip()

    def label(topic: str) -> str:
        return knowledge.label(topic, language)

    token = portal.token()
    assert text("linking", "confirm_in_portal") in client.say(f"/start {token}").text
    portal.confirm()
    told(client, text("backend_notices", "link_confirmed"))

    client.say(WORDS[language]["opt in"])
    assert text("opting_in", "confirm") in client.text
    client.press(label("affirm"))
    assert text("opting_in", "sent") in client.text
    client.say(client.code())
    assert text("opting_in", "done") in client.text
    assert stack.ledger()["secure_login"][f"aya3{number}"] == "enrolled"

    client.say(WORDS[language]["share"])
    assert text("sharing", "confirm_self") in client.text
    client.press(label("affirm"))
    assert text("sharing", "awaiting_portal") in client.text
    portal.finish_sharing()
    told(client, text("backend_notices", "device_sharing_approved"))

    log = stack.log
    for file in stack.state_dir.glob("*.db*"):
        assert token.encode() not in file.read_bytes(), file.name
    assert token not in log
