"""Databases that are up to date, made once: migrating takes longer than most tests."""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from bot.storage import Database


@lru_cache(maxsize=1)
def migrated_file() -> bytes:
    """A SQLite file that is up to date and has no rows, to be written wherever one is needed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "assistant.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


def migrate(url: str) -> None:
    """Bring the database at `url` up to date."""
    database = Database(url)
    database.migrate()
    with ThreadPoolExecutor(1) as elsewhere:
        # A test that asks for this may be in its event loop already.
        elsewhere.submit(asyncio.run, database.close()).result()
