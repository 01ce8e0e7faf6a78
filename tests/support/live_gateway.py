"""The gateway on both live channels, with fakes of the platforms and a scripted engine."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.fake_telegram import BOT_TOKEN, SECRET, FakeTelegram, Person
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
    """Return the settings of a gateway on both channels, by webhook."""
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
    """A running gateway and the fakes of both platforms."""

    def __init__(
        self, folder: Path, running: RunningGateway, telegram: FakeTelegram, twilio: FakeTwilio
    ) -> None:
        self.folder = folder
        self.running = running
        self.telegram = telegram
        self.twilio = twilio
        self.http = running.http

    def stored(self) -> list[tuple[str, str, str | None]]:
        """Return peer, state and error of each outbound message, in order."""
        return self.running.read(
            "SELECT peer, outbound.state, error FROM outbound JOIN conversation "
            "ON conversation.id = conversation_id ORDER BY outbound.id"
        )

    def shown(self, client: Person, count: int = 1) -> list[str]:
        """Return the texts in the client's Telegram chat once there are `count`."""
        self.telegram.wait_for(lambda: len(self.telegram.texts(client.chat)) >= count)
        return self.telegram.texts(client.chat)

    def arrived(self, number: str, count: int = 1) -> list[str]:
        """Return the SMS to the number once there are `count`."""
        self.twilio.wait_for(lambda: len(self.twilio.bodies(number)) >= count)
        return self.twilio.bodies(number)

    def outgoing(self, number: str) -> list[tuple[str, str | None]]:
        """Return state and error of each message to a number, once none is queued."""
        end = time.monotonic() + 20
        while True:
            found = [(state, error) for to, state, error in self.stored() if to == number]
            if found and all(state != "queued" for state, _ in found):
                return found
            assert time.monotonic() < end, found
            time.sleep(0.01)

    def figure(self, name: str) -> float:
        """Return one of the gateway's metrics."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.http.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def heard(self, channel: str) -> int:
        """Return the numbers of a channel's stored messages and dead letters."""
        ((messages,),) = self.running.read(
            "SELECT count(*) FROM inbound JOIN conversation ON conversation.id = conversation_id "
            "WHERE channel = ?",
            channel,
        )
        ((letters,),) = self.running.read("SELECT count(*) FROM dead_letter WHERE channel = ?", channel)
        return int(messages) + int(letters)

    def update(self, update: dict[str, Any]) -> httpx.Response:
        """Deliver an update as Telegram does."""
        return self.http.post("/webhooks/telegram", json=update, headers=HEADERS)

    def sms(self, sender: str, body: str, **fields: str) -> httpx.Response:
        """Deliver an SMS as Twilio does."""
        return self.form("/webhooks/sms", incoming(sender, body, **fields))

    def form(self, path: str, fields: list[tuple[str, str]], query: str = "") -> httpx.Response:
        """Post a signed form."""
        target, body, headers = signed(path, fields, query)
        return self.http.post(target, content=body, headers=headers)

    def report(self, message: dict[str, Any], status: str, code: int | None = None) -> httpx.Response:
        """Report the delivery of a message to its status callback."""
        address = message["status_callback"].removeprefix(PUBLIC_URL)
        path, _, query = address.partition("?")
        fields = {"MessageSid": message["sid"], "MessageStatus": status, "AccountSid": ACCOUNT}
        if code is not None:
            fields["ErrorCode"] = str(code)
        return self.form(path, list(fields.items()), query)


@contextmanager
def live_gateway(folder: Path, engine_port: int, **changed: str) -> Iterator[LiveGateway]:
    """Run a gateway between fakes of both platforms."""
    with FakeTelegram() as telegram, FakeTwilio() as twilio:
        settings = live_settings(telegram.url, twilio.url, **changed)
        with running_gateway(folder, engine_port, **settings) as running:
            yield LiveGateway(folder, running, telegram, twilio)
