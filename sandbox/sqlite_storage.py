"""The sandbox's database: one SQLite file, written in SQLAlchemy 2.0 style for 1.4 and 2.x."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, delete, event, insert, inspect, select, update
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

from sandbox.schema import METADATA, VERSION, clock_offset


class SqliteStorage:
    """Opens the database, or creates it; `created` says which. Raises SQLAlchemy's DatabaseError."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine: Engine = create_engine(
            f"sqlite:///{path}",
            future=True,
            # An error message would otherwise carry the values of the statement into the log.
            hide_parameters=True,
            poolclass=QueuePool,
            # One for each thread that FastAPI runs routes in, and one for the delivery loop.
            pool_size=8,
            max_overflow=40,
            connect_args={"check_same_thread": False, "timeout": 5},
        )
        event.listen(self._engine, "connect", _prepare_connection)
        event.listen(self._engine, "begin", _begin_for_writing)
        with self.transaction() as tx:
            self.created = tx.exec_driver_sql("PRAGMA user_version").scalar_one() != VERSION
            if self.created:
                for name in inspect(tx).get_table_names():
                    tx.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"')
                METADATA.create_all(tx)
                tx.execute(insert(clock_offset).values(offset_seconds=0.0))
                tx.exec_driver_sql(f"PRAGMA user_version = {VERSION}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run one transaction: committed at the end, rolled back on an exception.

        It holds the write lock from its beginning, so what it reads stays true until it commits: of two simultaneous
        checks of a code, the second sees the first.
        """
        with self._engine.begin() as connection:
            yield connection

    def clear(self, tx: Connection) -> None:
        """Delete all rows, and set the clock to the machine's."""
        for table in METADATA.sorted_tables:
            tx.execute(delete(table))
        tx.execute(insert(clock_offset).values(offset_seconds=0.0))

    def read_clock_offset(self) -> float:
        """Return how far the sandbox's clock is ahead of the machine's, in seconds."""
        with self.transaction() as tx:
            return float(tx.execute(select(clock_offset.c.offset_seconds)).scalar_one())

    def store_clock_offset(self, seconds: float) -> None:
        """Store how far the sandbox's clock is ahead of the machine's."""
        with self.transaction() as tx:
            tx.execute(update(clock_offset).values(offset_seconds=seconds))

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _prepare_connection(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, and only before the first write.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin_for_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
