"""The database: short transactions, run in threads, so that the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from bot.clock import Clock
from bot.storage.threads import URGENT, Threads
from bot.storage.transaction import Transaction

T = TypeVar("T")

MIGRATIONS = Path(__file__).parent / "migrations"
POSTGRESQL_CONNECTIONS = 8
# Any number that nothing else on the server uses.
MIGRATION_LOCK = 7_305_116_042
BUSY_TIMEOUT_MS = 5_000


_AGAIN = Retrying(
    retry=retry_if_exception_type(OperationalError),
    stop=stop_after_attempt(3),
    wait=wait_random_exponential(multiplier=0.05, max=0.5),
    reraise=True,
)


class StorageError(Exception):
    """The database could not be opened or brought up to date; the message is one clear line."""


class Database:
    """The gateway's database. Raises StorageError when the folder of a file cannot be made.

    SQLite gets one writer thread (it has one writer anyway, and a queue beats lock errors); PostgreSQL gets a pool.
    """

    def __init__(self, url: str, clock: Clock = time.time) -> None:
        self._clock = clock
        parsed = make_url(url)
        self.sqlite = parsed.get_backend_name() == "sqlite"
        if self.sqlite:
            if parsed.database and parsed.database != ":memory:":
                _make_folder(Path(parsed.database).parent)
            self._engine = sa.create_engine(
                url,
                # SQLAlchemy 1.4 would open a file again for each transaction.
                poolclass=QueuePool,
                pool_size=1,
                connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
                hide_parameters=True,
            )
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
            sa.event.listen(self._engine, "begin", _begin_immediate)
        else:
            self._engine = sa.create_engine(
                parsed.set(drivername="postgresql+psycopg2"),
                pool_size=POSTGRESQL_CONNECTIONS,
                pool_pre_ping=True,
                # An error must not quote what a client wrote.
                hide_parameters=True,
            )
        threads = 1 if self.sqlite else POSTGRESQL_CONNECTIONS
        self._threads = Threads(threads)

    def migrate(self) -> None:
        """Bring the tables up to date. Raises StorageError with one line when that cannot be done."""
        try:
            # Again after a lock: a SQLite file that two open for the first time is not waited for.
            _AGAIN.copy()(self._upgrade)
        except (SQLAlchemyError, CommandError) as error:
            # CommandError: a later version of the assistant has been here.
            reason = str(getattr(error, "orig", error)).splitlines()[0]
            raise StorageError(f"the database cannot be used: {reason}") from error

    def _upgrade(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        # One transaction, so that of several gateways that start together one migrates and the others wait.
        with self._engine.begin() as connection:
            if not self.sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def connect(self) -> Connection:
        """Return a connection for migrations; everything else goes through `run`."""
        return self._engine.connect()

    async def run(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run `work(tx, *args, **kwargs)` in one transaction, in a thread.

        It commits when `work` returns and rolls back when it raises. A lost race or a lock (PostgreSQL
        serialisation, SQLite busy) is tried again, so `work` must do nothing but talk to the database.
        """
        return await asyncio.wrap_future(self._threads.submit(lambda: self.transact(work, *args, **kwargs)))

    async def run_first(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run as `run` does, before all work that waits: a request from outside waits for this."""
        return await asyncio.wrap_future(
            self._threads.submit(lambda: self.transact(work, *args, **kwargs), URGENT)
        )

    def transact(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run as `run` does, in the calling thread."""

        def once() -> T:
            with self._engine.begin() as connection:
                return work(Transaction(connection, self._clock()), *args, **kwargs)

        return _AGAIN.copy()(once)

    async def close(self) -> None:
        """Wait for the work that has been submitted, and close all connections."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.close)
        self._engine.dispose()


def insert_if_new(tx: Transaction, table: sa.Table, values: dict[str, Any]) -> bool:
    """Insert one row unless a unique rule forbids it. True when it was inserted."""
    if tx.dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    return bool(tx.execute(insert(table).values(**values).on_conflict_do_nothing()).rowcount)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"the database cannot be used: {error}") from error


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # pysqlite would open transactions by itself, too late and deferred; BEGIN is ours (see below).
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: with NORMAL a committed transaction may be gone after a power cut.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    # A redeemed code's bytes are overwritten, not just unlinked.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # Take the write lock at once: a transaction that reads first and writes later could fail half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
