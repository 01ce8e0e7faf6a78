"""A worker beside an engine that is told what to answer; on SQLite, since the rows are tried on both elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.conversation.worker import Worker
from tests.support.gateway import FakeEngine, Parts


@pytest.fixture
async def worker(sqlite_parts: Parts, engine: FakeEngine) -> AsyncIterator[Worker]:
    """A worker that is not running; Parts.work_off lets it work."""
    client = engine.client()
    yield sqlite_parts.worker(client)
    await client.close()
