"""Transactions: whole or not at all, on the disk when they end, and tried again after a lost race."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.storage import Database, conversation, inbound
from bot.storage.database import insert_if_new
from tests.support.gateway import rows

SOMEBODY = {
    "channel": "simulator.sms",
    "peer": "+815550101234",
    "language": "en",
    "state": "BOT",
    "epoch": 0,
    "created_at": 1.0,
}


def pragma(name: str) -> Any:
    return lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def add_somebody(connection: Connection) -> int:
    result = connection.execute(sa.insert(conversation).values(**SOMEBODY))
    return int(result.inserted_primary_key[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("busy_timeout", 5000),
    ],
)
async def test_sqlite_runs_with_what_survives_a_power_cut(sqlite: Database, name: str, value: object) -> None:
    assert await sqlite.run(pragma(name)) == value


async def test_a_row_of_nobody_is_refused(database: Database) -> None:
    orphan = {
        "conversation_id": 4711,
        "external_id": "x",
        "kind": "text",
        "content": "",
        "due_at": 1.0,
        "received_at": 1.0,
    }
    with pytest.raises(IntegrityError):
        await database.run(lambda connection: connection.execute(sa.insert(inbound).values(**orphan)))


async def test_a_transaction_that_raises_leaves_nothing_behind(database: Database) -> None:
    def fail(connection: Connection) -> None:
        add_somebody(connection)
        raise ValueError("not today")

    with pytest.raises(ValueError, match="not today"):
        await database.run(fail)

    assert await rows(database, conversation) == []


async def test_what_was_committed_is_seen_by_whoever_opens_the_database_anew(
    database: Database, database_url: str
) -> None:
    await database.run(add_somebody)

    other = Database(database_url)
    assert [row["peer"] for row in await rows(other, conversation)] == [SOMEBODY["peer"]]
    await other.close()


async def test_a_row_is_inserted_once_only(database: Database) -> None:
    assert await database.run(insert_if_new, conversation, SOMEBODY)
    assert not await database.run(insert_if_new, conversation, SOMEBODY)
    assert len(await rows(database, conversation)) == 1


async def test_twenty_who_insert_the_same_row_at_once_make_one(database: Database) -> None:
    made = await asyncio.gather(*(database.run(insert_if_new, conversation, SOMEBODY) for _ in range(20)))

    assert sum(made) == 1
    assert len(await rows(database, conversation)) == 1


async def test_a_lost_race_is_tried_again_and_leaves_one_row(database: Database) -> None:
    tries = []

    def lose_once(connection: Connection) -> int:
        tries.append(1)
        made = add_somebody(connection)
        if len(tries) == 1:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        return made

    await database.run(lose_once)

    assert len(tries) == 2
    assert len(await rows(database, conversation)) == 1


async def test_a_race_that_is_always_lost_is_given_up_after_three_tries(database: Database) -> None:
    tries = []

    def lose(_: Connection) -> None:
        tries.append(1)
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    with pytest.raises(OperationalError, match="locked"):
        await database.run(lose)
    assert len(tries) == 3


async def test_another_process_that_holds_the_file_is_waited_for(sqlite: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "assistant.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(sqlite.run(add_somebody))
    # Another thread has begun to wait for the lock, or will find it gone: right either way.
    await asyncio.to_thread(other.execute, "COMMIT")

    assert await waiting == 1
    other.close()


async def test_closing_waits_for_work_that_has_begun(database: Database, database_url: str) -> None:
    working = [
        asyncio.create_task(database.run(insert_if_new, conversation, SOMEBODY | {"peer": str(n)}))
        for n in range(10)
    ]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*working)

    other = Database(database_url)
    assert len(await rows(other, conversation)) == 10
    await other.close()
