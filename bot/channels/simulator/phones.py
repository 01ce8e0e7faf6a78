"""The simulated phones: the messages that arrived on each of them, in order.

This is the client's side of the conversation, in place of a real phone's screen. It has a file of its own beside the
assistant's database: a gateway that restarts, or sends a message twice after a crash, finds the phone unchanged.
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

PhoneSender = Literal["bot", "agent", "backend"]

RETENTION_DAYS = 30
SECONDS_A_DAY = 86_400
# How long a writer waits for another process that holds the file.
LOCK_TIMEOUT_SECONDS = 5.0

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

    `entities` are `{"type": "bold", "offset", "length"}` in UTF-16 units; `buttons` are `{"title", "token"}`, empty on
    the SMS phone.
    """

    id: int
    origin: PhoneSender
    text: str
    entities: list[dict[str, Any]]
    buttons: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Return the message as the simulator's page and `assistant chat` read it."""
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
        """Open the file, create it if needed, and delete messages older than 30 days.

        `clock` returns UTC seconds since 1970.
        """
        self._clock = clock
        self._lock = threading.Lock()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Autocommit: each statement below is a transaction of its own.
        self._connection = sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=LOCK_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)
        self._connection.execute(
            "DELETE FROM message WHERE delivered_at < ?", (clock() - RETENTION_DAYS * SECONDS_A_DAY,)
        )

    def deliver(
        self,
        channel: str,
        peer: str,
        origin: PhoneSender,
        text: str,
        entities: list[dict[str, Any]],
        buttons: list[dict[str, Any]],
        key: str,
    ) -> int:
        """Put a message on a phone and return its id.

        Ids grow over all phones. A repeated `key` changes nothing and returns the first id. An unknown
        `origin` raises `sqlite3.IntegrityError`.
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
        """Return at most `limit` messages of the phone with an id above `after`, oldest first."""
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
        """Delete all messages of a phone."""
        with self._lock:
            self._connection.execute("DELETE FROM message WHERE channel = ? AND peer = ?", (channel, peer))

    def last_id(self) -> int:
        """Return the highest id on any phone so far, 0 when there is none."""
        with self._lock:
            found = self._connection.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'message'"
            ).fetchone()
        return 0 if found is None else int(found[0])

    def close(self) -> None:
        """Close the file. No other method may be called afterwards."""
        with self._lock:
            self._connection.close()
