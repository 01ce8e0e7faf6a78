"""The gateway on both live channels, between stand-ins for the platforms and an engine told what to say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.fake_telegram import BOT_TOKEN, SECRET, FakeTelegram
from tests.support.fake_twilio import (
    ACCOUNT,
    AUTH_TOKEN,
    OUR_NUMBER,
    PUBLIC_URL,
    FakeTwilio,
    incoming,
    signed,
)
from tests.support.gateway_app import RunningGateway, running_gateway

HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


def live_settings(telegram_url: str, twilio_url: str, **changed: str) -> dict[str, str]:
    """The settings of a gateway on both channels, by webhook."""
    return {
        "PUBLIC_URL": PUBLIC_URL,
        "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        "TELEGRAM_API_BASE_URL": telegram_url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM": OUR_NUMBER,
        "TWILIO_API_BASE_URL": twilio_url,
        "SIMULATOR": "on",
        **changed,
    }


class LiveGateway:
    """What the platforms see of the gateway."""

    def __init__(
        self, folder: Path, running: RunningGateway, telegram: FakeTelegram, twilio: FakeTwilio
    ) -> None:
        self.folder = folder
        self.running = running
        self.telegram = telegram
        self.twilio = twilio
        self.http = running.http

    def stored(self) -> list[tuple[str, str, str | None]]:
        """Peer, state and error of each message in the outbox, in order."""
        with closing(sqlite3.connect(self.folder / "assistant.db")) as connection:
            return connection.execute(
                "SELECT peer, outbound.state, error FROM outbound JOIN conversation "
                "ON conversation.id = conversation_id ORDER BY outbound.id"
            ).fetchall()

    def update(self, update: dict[str, Any]) -> httpx.Response:
        """Deliver an update as Telegram does."""
        return self.http.post("/webhooks/telegram", json=update, headers=HEADERS)

    def sms(self, sender: str, body: str, **fields: str) -> httpx.Response:
        """Deliver a text message as Twilio does."""
        return self.form("/webhooks/sms", incoming(sender, body, **fields))

    def form(self, path: str, fields: list[tuple[str, str]], query: str = "") -> httpx.Response:
        """Post a signed form."""
        target, body, headers = signed(path, fields, query)
        return self.http.post(target, content=body, headers=headers)

    def report(self, message: dict[str, Any], status: str, code: int | None = None) -> httpx.Response:
        """Tell what became of a message, at the address that it was sent with."""
        address = message["status_callback"].removeprefix(PUBLIC_URL)
        path, _, query = address.partition("?")
        fields = {"MessageSid": message["sid"], "MessageStatus": status, "AccountSid": ACCOUNT}
        if code is not None:
            fields["ErrorCode"] = str(code)
        return self.form(path, list(fields.items()), query)


@contextmanager
def live_gateway(folder: Path, engine_port: int, **changed: str) -> Iterator[LiveGateway]:
    """A gateway that serves, with both platforms faked."""
    with FakeTelegram() as telegram, FakeTwilio() as twilio:
        settings = live_settings(telegram.url, twilio.url, **changed)
        with running_gateway(folder, engine_port, **settings) as running:
            yield LiveGateway(folder, running, telegram, twilio)
