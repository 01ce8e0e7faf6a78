"""Rasa's memory of a conversation, which lies in a file of its own beside the gateway's database."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

FILE = "tracker.db"
# How long Rasa may hold the file, in seconds.
PATIENCE = 10.0


class Tracker:
    """The events that Rasa has kept, by the conversation's name (see endpoints.yml). Raises sqlite3.Error."""

    def __init__(self, state_dir: Path) -> None:
        self._file = state_dir / FILE

    def events(self, name: str) -> list[Any]:
        """The conversation's events, the oldest first."""
        rows = self._execute("SELECT data FROM events WHERE sender_id = ? ORDER BY id", name)
        return [json.loads(data) for (data,) in rows]

    def erase(self, name: str) -> None:
        """Delete them."""
        self._execute("DELETE FROM events WHERE sender_id = ?", name)

    def _execute(self, statement: str, name: str) -> list[Any]:
        # Nothing is there before the first message.
        if not self._file.exists():
            return []
        with contextlib.closing(sqlite3.connect(self._file, timeout=PATIENCE)) as connection, connection:
            # What is erased is overwritten, not just unlinked.
            connection.execute("PRAGMA secure_delete=ON")
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
                return []
            return connection.execute(statement, (name,)).fetchall()
