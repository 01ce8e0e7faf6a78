"""Migrated databases, created once because a migration takes longer than most tests."""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from bot.storage import Database


@lru_cache(maxsize=1)
def migrated_file() -> bytes:
    """Return the bytes of a migrated SQLite file without rows."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "assistant.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


def migrate(url: str) -> None:
    """Migrate the database at `url`."""
    database = Database(url)
    database.migrate()
    with ThreadPoolExecutor(1) as executor:
        # The calling test may run in an event loop already.
        executor.submit(asyncio.run, database.close()).result()
