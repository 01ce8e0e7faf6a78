"""What the tests of the gateway's rooms share: a clock, both kinds of database, and the parts on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.storage import Database
from tests.support.gateway import FakeEngine, ManualClock, Parts
from tests.support.postgres import own_schema


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'assistant.db'}"
    else:
        with own_schema() as url:
            yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database that is up to date, on SQLite and on PostgreSQL."""
    opened = Database(database_url)
    opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    """A database that is up to date, on SQLite alone."""
    opened = Database(f"sqlite:///{tmp_path / 'assistant.db'}")
    opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture
def parts(database: Database, clock: ManualClock) -> Parts:
    """Inbox, outbox and vault on both kinds of database."""
    return Parts(database, clock)


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    """A dialogue engine on a loopback port that answers as it is told."""
    with FakeEngine() as running:
        yield running
