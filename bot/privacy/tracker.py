"""Rasa's tracker store: the events of each conversation, in a database file of its own."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

DATABASE_FILE = "tracker.db"
# How long to wait for a lock that Rasa holds.
MAX_LOCK_WAIT_SECONDS = 10.0


class Tracker:
    """Reads and deletes the events that Rasa stored, by conversation name (see endpoints.yml).

    Each method raises sqlite3.Error if the file cannot be read or is locked for longer than MAX_LOCK_WAIT_SECONDS.
    """

    def __init__(self, state_dir: Path) -> None:
        self._file = state_dir / DATABASE_FILE

    def events(self, name: str) -> list[Any]:
        """Return the events of the conversation, oldest first."""
        rows = self._execute("SELECT data FROM events WHERE sender_id = ? ORDER BY id", name)
        return [json.loads(data) for (data,) in rows]

    def erase(self, name: str) -> None:
        """Delete the events of the conversation."""
        self._execute("DELETE FROM events WHERE sender_id = ?", name)

    def _execute(self, statement: str, name: str) -> list[Any]:
        # Rasa creates the file at the first message.
        if not self._file.exists():
            return []
        with (
            contextlib.closing(sqlite3.connect(self._file, timeout=MAX_LOCK_WAIT_SECONDS)) as connection,
            connection,
        ):
            # Overwrite deleted rows on disk.
            connection.execute("PRAGMA secure_delete=ON")
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
                return []
            return connection.execute(statement, (name,)).fetchall()
