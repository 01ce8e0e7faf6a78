"""The whole gateway over real HTTP, in a thread of the test process, with a scripted dialogue engine."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from bot.app import Gateway
from bot.settings import Settings
from tests.support.asgi_server import AsgiServer
from tests.support.databases import migrated_file
from tests.support.gateway import ENGLISH_NUMBER, TOKEN, VAULT_KEY
from tests.support.knowledge import KNOWLEDGE

# The pause between two messages to one client, short so that tests do not wait for the platforms' second.
GAP_SECONDS = 0.02


class RunningGateway:
    """A running gateway; `http` calls it from this machine."""

    def __init__(self, url: str, file: Path) -> None:
        self.url = url
        self._file = file
        self.http = httpx.Client(base_url=url, timeout=40, trust_env=False)

    def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        """Post `body` as JSON."""
        return self.http.post(path, json=body, **more)

    def send(
        self, text: str, peer: str = ENGLISH_NUMBER, channel: str = "sms", **more: Any
    ) -> dict[str, Any]:
        """Send a client's message and return the replies of the gateway."""
        answer = self.post(f"/simulator/{channel}/{peer}/messages", {"text": text, **more})
        assert answer.status_code == 202, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def tap(self, token: str, peer: str, channel: str = "telegram") -> None:
        """Tap a button."""
        answer = self.post(f"/simulator/{channel}/{peer}/messages", {"button": token})
        assert answer.status_code == 202, answer.text

    def look(
        self, peer: str = ENGLISH_NUMBER, channel: str = "sms", *, after: int = 0, wait: float = 0
    ) -> dict[str, Any]:
        """Return the current state of the client's phone."""
        answer = self.http.get(f"/simulator/{channel}/{peer}/messages", params={"after": after, "wait": wait})
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def drained(self) -> None:
        """Wait until all inbound messages are answered."""
        end = time.monotonic() + 20
        while self.read("SELECT 1 FROM inbound WHERE state = 'queued' LIMIT 1"):
            assert time.monotonic() < end, "the gateway still has messages to answer"
            time.sleep(0.01)

    def read(self, query: str, *values: Any) -> list[Any]:
        """Return rows of the database, without the gateway."""
        with closing(sqlite3.connect(self._file)) as connection:
            return connection.execute(query, values).fetchall()

    def settled(self, peer: str = ENGLISH_NUMBER, channel: str = "sms") -> list[dict[str, Any]]:
        """Return all messages on the client's phone once the conversation is idle."""
        messages: list[dict[str, Any]] = []
        while True:
            shown = self.look(peer, channel, after=messages[-1]["id"] if messages else 0, wait=20)
            messages += shown["messages"]
            if shown["idle"]:
                return messages


@contextmanager
def running_gateway(folder: Path, engine_port: int, **environ: str) -> Iterator[RunningGateway]:
    """Run a gateway with its databases in `folder`; the engine also stands in for the action server's health."""
    given = {
        "STATE_DIR": str(folder),
        "RASA_PORT": str(engine_port),
        "ACTIONS_PORT": str(engine_port),
        "INTERNAL_TOKEN": TOKEN,
        "VAULT_KEY": VAULT_KEY,
        "SIMULATOR": "on",
    }
    settings = Settings.read(given | environ, folder / "no-such-file.env").in_stack()
    file = folder / "assistant.db"
    if settings.database_url.startswith("sqlite") and not file.exists():
        file.write_bytes(migrated_file())
    gateway = Gateway(settings, KNOWLEDGE)
    if not gateway.database.sqlite:
        gateway.database.migrate()
    for channel in gateway.channels:
        for sender in channel.senders.values():
            sender.gap_seconds = GAP_SECONDS
    with AsgiServer(gateway.app) as server:
        running = RunningGateway(server.url, file)
        try:
            yield running
        finally:
            running.http.close()
