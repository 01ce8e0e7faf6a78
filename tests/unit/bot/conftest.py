"""What the tests of the gateway's rooms share: a clock, both kinds of database, and the parts on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.storage import Database, metadata
from tests.support.databases import migrate, migrated_file
from tests.support.gateway import FakeEngine, ManualClock, Parts
from tests.support.postgres import delete_rows, own_schema
from tests.support.stack import folder_in_memory


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory: every transaction is on disk when it ends, and most of these tests' time would go into that."""
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'assistant.db'}"
    else:
        with own_schema() as url:
            yield url


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A schema that is up to date, for one test after the other."""
    with own_schema() as url:
        migrate(url)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that is up to date and has no rows, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return _new_file(tmp_path)
    url: str = request.getfixturevalue("postgresql_url")
    delete_rows(url, metadata)
    return url


@pytest.fixture
async def database(database_url: str, clock: ManualClock) -> AsyncIterator[Database]:
    """The database of `database_url`, opened."""
    opened = Database(database_url, clock)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Database]:
    """A database that is up to date and has no rows, on SQLite alone: tmp_path/assistant.db."""
    opened = Database(_new_file(tmp_path), clock)
    yield opened
    await opened.close()


def _new_file(folder: Path) -> str:
    (folder / "assistant.db").write_bytes(migrated_file())
    return f"sqlite:///{folder / 'assistant.db'}"


@pytest.fixture
def parts(database: Database, clock: ManualClock) -> Parts:
    """Inbox, outbox and vault on both kinds of database."""
    return Parts(database, clock)


@pytest.fixture
def sqlite_parts(sqlite: Database, clock: ManualClock) -> Parts:
    """Inbox, outbox and vault on SQLite alone, for what is the same on both."""
    return Parts(sqlite, clock)


@pytest.fixture(scope="session")
def listening_engine() -> Iterator[FakeEngine]:
    """Starting and stopping takes longer than most tests."""
    with FakeEngine() as running:
        yield running


@pytest.fixture
def engine(listening_engine: FakeEngine) -> FakeEngine:
    """A dialogue engine on a loopback port that answers as it is told."""
    listening_engine.forget()
    return listening_engine
