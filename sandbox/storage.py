"""The sandbox's database: one SQLite file of its own, written in SQLAlchemy 2.0 style for 1.4 and 2.x."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

METADATA = MetaData()

# Times are seconds since 1970 (UTC) by the sandbox's clock. Codes are kept as keyed digests only.
clock = Table("clock", METADATA, Column("offset_seconds", Float, nullable=False))

users = Table(
    "users",
    METADATA,
    Column("client", String(200), primary_key=True),
    Column("active_device", String(20)),
    Column("created_at", Float, nullable=False),
)

verifications = Table(
    "phone_verifications",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("client", String(200), nullable=False),
    Column("number", String(20), nullable=False),
    Column("code_digest", String(64), nullable=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("sends", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("sent_at", Float, nullable=False),
    Column("verified_at", Float),
    Column("receipt", String(20)),
)

sms = Table(
    "sms",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("client", String(200), nullable=False),
    Column("number", String(20), nullable=False),
    # Encrypted, and gone as soon as the message is delivered or given up.
    Column("sealed_text", LargeBinary),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("created_at", Float, nullable=False),
    Column("next_try_at", Float, nullable=False),
    Index("sms_by_number", "number", "created_at"),
    Index("sms_by_state", "state", "sequence"),
)

answers = Table(
    "answers",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("idempotency_key", String(200), nullable=False, unique=True),
    Column("request_digest", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("answered_at", Float, nullable=False),
)


class Storage:
    """Opens the database, making it when there is none. Raises SQLAlchemy's DatabaseError."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine: Engine = create_engine(
            f"sqlite:///{path}",
            future=True,
            # An error message would otherwise carry the values of the statement into the log.
            hide_parameters=True,
            poolclass=QueuePool,
            # As many as the threads that FastAPI runs routes in, and one for the courier.
            pool_size=8,
            max_overflow=40,
            connect_args={"check_same_thread": False, "timeout": 5},
        )
        event.listen(self._engine, "connect", _prepare_connection)
        event.listen(self._engine, "begin", _begin_for_writing)
        with self.transaction() as tx:
            METADATA.create_all(tx)
            if tx.execute(select(clock.c.offset_seconds)).first() is None:
                tx.execute(insert(clock).values(offset_seconds=0.0))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back on an exception.

        It holds the write lock from the start, so what it reads stays true until it commits: two
        checks of one code at the same moment cannot both count as the first.
        """
        with self._engine.begin() as connection:
            yield connection

    def clock_offset(self) -> float:
        with self.transaction() as tx:
            return float(tx.execute(select(clock.c.offset_seconds)).scalar_one())

    def keep_clock_offset(self, seconds: float) -> None:
        with self.transaction() as tx:
            tx.execute(update(clock).values(offset_seconds=seconds))

    def close(self) -> None:
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
