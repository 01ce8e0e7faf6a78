"""Long polling, for a machine without a public address; and the token, which is in no log."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from bot.messages.parsing import InboundMessage, InboundParser, ParsedMessage
from tests.support.fake_telegram import BOT_TOKEN, SECRET, Person, refusal
from tests.support.gateway import FakeEngine
from tests.support.live_gateway import HEADERS, live_gateway

_chats = itertools.count(9_000)


def polling(tmp_path: Path, engine: FakeEngine) -> Any:
    return live_gateway(tmp_path, engine.port, TELEGRAM_MODE="polling", TELEGRAM_WEBHOOK_SECRET="")


def test_without_a_public_address_updates_are_fetched(tmp_path: Path, engine: FakeEngine) -> None:
    client = Person(next(_chats))
    with polling(tmp_path, engine) as live:
        live.telegram.deliver(client.text("first"), client.update(message={"odd": 1}))
        assert live.shown(client) == ["you said first"]
        live.telegram.wait_for(lambda: live.telegram.updates == [])
        live.telegram.deliver(client.text("second"))
        assert live.shown(client, 2) == ["you said first", "you said second"]
        assert live.http.post("/webhooks/telegram", json=client.text("x"), headers=HEADERS).status_code == 404


def test_a_webhook_of_former_times_is_removed_and_errors_are_waited_out(
    tmp_path: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.polling.MAX_PAUSE_SECONDS", 0.01)
    client = Person(next(_chats))
    with polling(tmp_path, engine) as live:
        live.telegram.webhook["url"] = "https://former.example"
        live.telegram.faults["getUpdates"].extend(
            [refusal(502, "Bad Gateway"), "drop", refusal(429, "Too Many Requests", retry_after=1), "garbage"]
        )
        live.telegram.deliver(client.text("hello"))
        assert live.shown(client) == ["you said hello"]
        assert live.telegram.webhook["url"] == ""


def test_an_update_that_cannot_be_stored_holds_up_nobody(
    tmp_path: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(parser: InboundParser, message: InboundMessage) -> ParsedMessage:
        if message.content == "poison":
            raise ValueError("a fault of ours")
        return sound(parser, message)

    sound = InboundParser.parse
    monkeypatch.setattr(InboundParser, "parse", parse)
    client = Person(next(_chats))
    with polling(tmp_path, engine) as live:
        live.telegram.deliver(client.text("poison"), client.text("hello"))
        assert live.shown(client) == ["you said hello"]
        live.telegram.wait_for(lambda: live.telegram.updates == [])
        assert live.figure('assistant_ignored_total{channel="telegram",reason="unreadable"}') >= 1


def test_the_token_is_in_no_log(tmp_path: Path, engine: FakeEngine, caplog: pytest.LogCaptureFixture) -> None:
    client = Person(next(_chats))
    with caplog.at_level("DEBUG"), live_gateway(tmp_path, engine.port) as live:
        live.telegram.faults["sendMessage"].extend([refusal(401, "Unauthorized"), "garbage"])
        live.update(client.text("hello"))
        live.update(Person(next(_chats)).text("hello"))
        live.telegram.wait_for(lambda: not live.telegram.faults["sendMessage"])
    assert BOT_TOKEN.partition(":")[2] not in caplog.text
    assert SECRET not in caplog.text
