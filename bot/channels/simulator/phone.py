"""The memory of the simulated phones: what has arrived on each of them, and in which order.

This is the client's side of the conversation. It stands in for the screen of a real phone, so it lives in
a file of its own and not in the assistant's database: a gateway that is restarted, or that sends a message
a second time after a crash, must find the phone as the client left it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Origin = Literal["bot", "agent", "backend"]

KEPT_DAYS = 30
SECONDS_A_DAY = 86_400
# How long a writer waits for another process that holds the file, in seconds.
LOCK_PATIENCE = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    peer TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('bot', 'agent', 'backend')),
    text TEXT NOT NULL,
    entities TEXT NOT NULL,
    buttons TEXT NOT NULL,
    delivered_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS message_of_phone ON message (channel, peer, id);
CREATE INDEX IF NOT EXISTS message_by_age ON message (delivered_at);
"""


@dataclass(frozen=True)
class PhoneMessage:
    """One message on a simulated phone.

    `entities` are stretches of the text, `{"type": "bold", "offset", "length"}` counted in UTF-16 units;
    `buttons` are `{"title", "token"}`, empty on the SMS phone.
    """

    id: int
    origin: Origin
    text: str
    entities: list[dict[str, Any]]
    buttons: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """The message in the shape that the simulator's page and `assistant chat` read."""
        return {
            "id": self.id,
            "from": self.origin,
            "text": self.text,
            "entities": self.entities,
            "buttons": self.buttons,
        }


class Phones:
    """All simulated phones of one stack, in one SQLite file (or in memory when `path` is None).

    A phone is a channel and a peer: `("telegram", "person-4f2a")`, `("sms", "+819012345678")`. The methods
    block and may be called from several threads at once. Each raises `sqlite3.Error` when the file cannot
    be read or written; a `deliver` that returned has reached the disk.
    """

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.time) -> None:
        """Open the phones, made anew when the file does not exist, and drop messages older than 30 days.

        `clock` gives seconds since the epoch.
        """
        self._clock = clock
        self._lock = threading.Lock()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Autocommit: every statement below is whole in itself, so there is no transaction to leave open.
        self._connection = sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=LOCK_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)
        self._connection.execute(
            "DELETE FROM message WHERE delivered_at < ?", (clock() - KEPT_DAYS * SECONDS_A_DAY,)
        )

    def deliver(
        self,
        channel: str,
        peer: str,
        origin: Origin,
        text: str,
        entities: list[dict[str, Any]],
        buttons: list[dict[str, Any]],
        key: str,
    ) -> int:
        """Put a message on a phone and return its id.

        Ids grow over all phones. The same `key` a second time changes nothing and returns the first id,
        whatever else is given with it. An unknown `origin` raises `sqlite3.IntegrityError`.
        """
        row = (key, channel, peer, origin, text, json.dumps(entities), json.dumps(buttons), self._clock())
        with self._lock:
            self._connection.execute(
                "INSERT INTO message (key, channel, peer, origin, text, entities, buttons, delivered_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                row,
            )
            found = self._connection.execute("SELECT id FROM message WHERE key = ?", (key,)).fetchone()
        return int(found[0])

    def messages(self, channel: str, peer: str, after: int, limit: int = 200) -> list[PhoneMessage]:
        """The phone's messages with an id above `after`, oldest first, at most `limit` of them."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, origin, text, entities, buttons FROM message"
                " WHERE channel = ? AND peer = ? AND id > ? ORDER BY id LIMIT ?",
                (channel, peer, after, limit),
            ).fetchall()
        return [
            PhoneMessage(id, origin, text, json.loads(entities), json.loads(buttons))
            for id, origin, text, entities, buttons in rows
        ]

    def forget(self, channel: str, peer: str) -> None:
        """Take all messages off a phone."""
        with self._lock:
            self._connection.execute("DELETE FROM message WHERE channel = ? AND peer = ?", (channel, peer))

    def last_id(self) -> int:
        """The highest id given so far on any phone, 0 when there is none.

        Given as `after`, it leaves only what arrives from now on.
        """
        with self._lock:
            found = self._connection.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'message'"
            ).fetchone()
        return 0 if found is None else int(found[0])

    def close(self) -> None:
        """Close the file. No other method may be called afterwards."""
        with self._lock:
            self._connection.close()
