"""The sandbox's database: one SQLite file of its own, written in SQLAlchemy 2.0 style for 1.4 and 2.x."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
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
    delete,
    event,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

METADATA = MetaData()
# A database of another shape is made anew: what is in it was made up anyway.
SHAPE = 2

# Times are seconds since 1970 (UTC) by the sandbox's clock. Codes are kept as keyed digests only.
clock = Table("clock", METADATA, Column("offset_seconds", Float, nullable=False))

users = Table(
    "users",
    METADATA,
    Column("username", String(64), primary_key=True),
    Column("account", String(20), nullable=False),
    # Users with the same one have the same identification data.
    Column("identity", String(20), nullable=False),
    Column("primary", Boolean, nullable=False),
    Column("secure_login", String(20), nullable=False),  # enrolled | opted_out
    Column("opt_in", String(10), nullable=False),  # here | portal
    Column("compliance", Boolean, nullable=False),
    # Names the user towards others: opaque, so that it says nothing.
    Column("reference", String(40), nullable=False, unique=True),
)

numbers = Table(
    "numbers",
    METADATA,
    Column("username", String(64), primary_key=True),
    Column("number", String(20), primary_key=True),
    Column("verified", Boolean, nullable=False),
)

devices = Table(
    "devices",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("username", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(10), nullable=False),  # active | inactive
    Column("shared_by", String(64)),
)

link_tokens = Table(
    "link_tokens",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("username", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("used_at", Float),
)

links = Table(
    "links",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("client", String(200), nullable=False),
    Column("username", String(64), nullable=False),
    Column("state", String(10), nullable=False),  # pending | linked | unlinked | declined | expired
    Column("ends_at", Float, nullable=False),
    Index("links_by_client", "client", "sequence"),
)

# A code under way: for a number, a link or an opt-in. Without a username it is a stranger's.
challenges = Table(
    "challenges",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("purpose", String(20), nullable=False),  # phone_verification | link | opt_in
    Column("client", String(200), nullable=False),
    Column("username", String(64)),
    Column("number", String(20), nullable=False),
    Column("code_digest", String(64), nullable=False),
    # No code was sent and none is right: what is asked about must not be told from what is there.
    Column("decoy", Boolean, nullable=False, default=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("sends", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("sent_at", Float, nullable=False),
    Column("done_at", Float),
    Column("receipt", String(20)),
    Index("challenges_by_client", "client", "created_at"),
)

sharing_requests = Table(
    "sharing_requests",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("client", String(200), nullable=False),
    Column("username", String(64), nullable=False),
    Column("partner", String(64), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("device", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(30)),
    Column("receipt", String(20)),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

sms = Table(
    "sms",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("challenge", String(40)),
    Column("purpose", String(20), nullable=False),
    Column("username", String(64)),
    Column("client", String(200), nullable=False),
    Column("number", String(20), nullable=False),
    # Encrypted, and gone as soon as the message is delivered or given up.
    Column("sealed_text", LargeBinary),
    # queued | delivered | undelivered | given_up | withheld (it only counts for the limits)
    Column("state", String(12), nullable=False),
    Column("reason", String(20)),
    Column("tries", Integer, nullable=False, default=0),
    Column("created_at", Float, nullable=False),
    Column("next_try_at", Float, nullable=False),
    Index("sms_by_number", "number", "created_at"),
    Index("sms_by_age", "created_at"),
    Index("sms_by_state", "state", "sequence"),
)

notices = Table(
    "notices",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("client", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(10), nullable=False),  # queued | delivered | given_up
    Column("tries", Integer, nullable=False, default=0),
    Column("created_at", Float, nullable=False),
    Column("next_try_at", Float, nullable=False),
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
    """Opens the database, making it when there is none; `new` tells which. Raises SQLAlchemy's DatabaseError."""

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
            self.new = tx.exec_driver_sql("PRAGMA user_version").scalar_one() != SHAPE
            if self.new:
                for name in inspect(tx).get_table_names():
                    tx.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"')
                METADATA.create_all(tx)
                tx.execute(insert(clock).values(offset_seconds=0.0))
                tx.exec_driver_sql(f"PRAGMA user_version = {SHAPE}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back on an exception.

        It holds the write lock from the start, so what it reads stays true until it commits: two
        checks of one code at the same moment cannot both count as the first.
        """
        with self._engine.begin() as connection:
            yield connection

    def empty(self, tx: Connection) -> None:
        """Forget everything; the clock is the machine's again."""
        for table in METADATA.sorted_tables:
            tx.execute(delete(table))
        tx.execute(insert(clock).values(offset_seconds=0.0))

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
