"""Transactions: whole or not at all, on the disk when they end, and tried again after a lost race."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.storage import Database
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction
from tests.support.gateway import rows

# Tables of the tests alone, so that they say nothing about the gateway's.
_metadata = sa.MetaData()
person = sa.Table(
    "test_person",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
)
pet = sa.Table("test_pet", _metadata, sa.Column("owner", sa.ForeignKey("test_person.id"), primary_key=True))


@pytest.fixture
async def people(empty_url: str) -> AsyncIterator[Database]:
    database = Database(empty_url)
    await database.run(lambda tx: _metadata.create_all(tx.connection))
    yield database
    await database.close()


def pragma(name: str) -> Any:
    return lambda tx: tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def add_somebody(tx: Transaction) -> int:
    result = tx.execute(sa.insert(person).values(name="Aki"))
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


async def test_a_row_that_belongs_to_nobody_is_refused(people: Database) -> None:
    with pytest.raises(IntegrityError):
        await people.run(lambda tx: tx.execute(sa.insert(pet).values(owner=4711)))

    owner = await people.run(add_somebody)
    await people.run(lambda tx: tx.execute(sa.insert(pet).values(owner=owner)))
    assert await rows(people, pet) == [{"owner": owner}]


async def test_a_transaction_that_raises_leaves_nothing_behind(people: Database) -> None:
    def fail(tx: Transaction) -> None:
        add_somebody(tx)
        raise ValueError("not today")

    with pytest.raises(ValueError, match="not today"):
        await people.run(fail)

    assert await rows(people, person) == []


async def test_what_was_committed_is_seen_by_whoever_opens_the_database_anew(
    people: Database, empty_url: str
) -> None:
    await people.run(add_somebody)

    other = Database(empty_url)
    assert [row["name"] for row in await rows(other, person)] == ["Aki"]
    await other.close()


async def test_a_row_is_inserted_once_only(people: Database) -> None:
    assert await people.run(insert_if_new, person, {"name": "Aki"})
    assert not await people.run(insert_if_new, person, {"name": "Aki"})
    assert len(await rows(people, person)) == 1


async def test_twenty_who_insert_the_same_row_at_once_make_one(people: Database) -> None:
    made = await asyncio.gather(*(people.run(insert_if_new, person, {"name": "Aki"}) for _ in range(20)))

    assert sum(made) == 1
    assert len(await rows(people, person)) == 1


async def test_a_lost_race_is_tried_again_and_leaves_one_row(people: Database) -> None:
    tries = []

    def lose_once(tx: Transaction) -> int:
        tries.append(1)
        made = add_somebody(tx)
        if len(tries) == 1:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        return made

    await people.run(lose_once)

    assert len(tries) == 2
    assert len(await rows(people, person)) == 1


async def test_a_race_that_is_always_lost_is_given_up_after_three_tries(people: Database) -> None:
    tries = []

    def lose(_: Transaction) -> None:
        tries.append(1)
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    with pytest.raises(OperationalError, match="locked"):
        await people.run(lose)
    assert len(tries) == 3


async def test_another_process_that_holds_the_file_is_waited_for(sqlite: Database, tmp_path: Path) -> None:
    await sqlite.run(lambda tx: _metadata.create_all(tx.connection))
    other = sqlite3.connect(tmp_path / "assistant.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(sqlite.run(add_somebody))
    # Whether the writer waits by now, or will find the file free: it gets through.
    await asyncio.to_thread(other.execute, "COMMIT")

    assert await waiting == 1
    other.close()


async def test_closing_waits_for_work_that_has_begun(people: Database, empty_url: str) -> None:
    working = [asyncio.create_task(people.run(insert_if_new, person, {"name": str(n)})) for n in range(10)]
    await asyncio.sleep(0)
    await people.close()
    await asyncio.gather(*working)

    other = Database(empty_url)
    assert len(await rows(other, person)) == 10
    await other.close()
