"""Chatwoot's webhooks: believed only when they are signed and fresh, and never more than a reason to look."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.http import MAX_BODY_BYTES
from bot.desk.adapters.bridge import POLL_SECONDS
from tests.support.desk_places import AtChatwoot
from tests.support.fake_chatwoot import SETTINGS
from tests.support.gateway import FakeEngine
from tests.support.gateway_app import RunningGateway, running_gateway

BODY = json.dumps({"event": "message_created", "content": "Hello"}).encode()
FRESH, OLD = 0.0, -301.0


def signature(secret: str, stamp: str, body: bytes = BODY) -> str:
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder: Path = tmp_path_factory.mktemp("hints")
    with (
        FakeEngine() as engine,
        running_gateway(
            folder,
            engine.port,
            CHATWOOT_URL="http://127.0.0.1:9",
            CHATWOOT_ACCOUNT="3",
            CHATWOOT_INBOX="7",
            CHATWOOT_TOKEN=SETTINGS.token,
            CHATWOOT_WEBHOOK_SECRET=SETTINGS.webhook_secret,
        ) as running,
    ):
        yield running


def hinted(
    gateway: RunningGateway, secret: str = SETTINGS.webhook_secret, age: float = FRESH, body: bytes = BODY
) -> int:
    stamp = str(int(time.time() + age))
    headers = {
        "x-chatwoot-timestamp": stamp,
        "x-chatwoot-signature": signature(secret, stamp),
        "content-type": "application/json",
    }
    return gateway.http.post("/webhooks/chatwoot", content=body, headers=headers).status_code


def test_a_signed_and_fresh_webhook_is_taken_also_the_second_time(gateway: RunningGateway) -> None:
    assert [hinted(gateway) for _ in range(2)] == [204, 204]


def test_any_other_is_refused(gateway: RunningGateway) -> None:
    assert hinted(gateway, secret="another" * 5) == 401
    assert hinted(gateway, age=OLD) == 401
    assert hinted(gateway, age=-OLD) == 401
    assert hinted(gateway, body=BODY + b" ") == 401
    assert gateway.http.post("/webhooks/chatwoot", content=BODY).status_code == 401
    strange = {"x-chatwoot-timestamp": "nan", "x-chatwoot-signature": "sha256="}
    assert gateway.http.post("/webhooks/chatwoot", content=BODY, headers=strange).status_code == 401
    signed = {
        "x-chatwoot-timestamp": "nan",
        "x-chatwoot-signature": signature(SETTINGS.webhook_secret, "nan"),
    }
    assert gateway.http.post("/webhooks/chatwoot", content=BODY, headers=signed).status_code == 401


def test_a_huge_one_is_not_read_to_its_end(gateway: RunningGateway) -> None:
    assert hinted(gateway, body=b"x" * (MAX_BODY_BYTES + 1)) == 413


async def test_a_hint_is_a_reason_to_look_at_once_and_however_many_one_look(elsewhere: AtChatwoot) -> None:
    bridge = elsewhere.bridge
    assert await bridge.claim(1) == (None,)
    assert await bridge.claim(1) == ()
    for _ in range(3):
        bridge.run_soon()
    assert await bridge.claim(1) == (None,)
    assert await bridge.claim(1) == ()
    elsewhere.story.parts.clock.advance(POLL_SECONDS)
    assert await bridge.claim(1) == (None,)


@pytest.mark.parametrize("hinted_first", [True, False])
async def test_a_reply_comes_once_whether_the_hint_or_the_look_is_first(
    elsewhere: AtChatwoot, hinted_first: bool
) -> None:
    await elsewhere.story.asks()
    await elsewhere.settles()
    await elsewhere.replies("Hello")
    if hinted_first:
        elsewhere.bridge.run_soon()
    for item in await elsewhere.bridge.claim(1):
        await elsewhere.bridge.work(item)
    elsewhere.bridge.run_soon()
    for item in await elsewhere.bridge.claim(1):
        await elsewhere.bridge.work(item)
    assert await elsewhere.story.sent_by_agents() == ["Hello"]
