"""Migrations: they make the tables that the code reads, once, and say in one line when they cannot."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from bot.storage import Database, StorageError, conversation, metadata
from bot.storage.database import MIGRATIONS
from tests.support.gateway import Parts, rows


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def names(connection: Connection) -> dict[str, set[str | None]]:
    inspector = sa.inspect(connection)
    return {
        table: {
            *(column["name"] for column in inspector.get_columns(table)),
            *(index["name"] for index in inspector.get_indexes(table)),
            *(unique["name"] for unique in inspector.get_unique_constraints(table)),
            *(key["name"] for key in inspector.get_foreign_keys(table)),
        }
        for table in inspector.get_table_names()
    }


@pytest.fixture
async def migrated(empty_url: str) -> AsyncIterator[Database]:
    opened = Database(empty_url)
    opened.migrate()
    yield opened
    await opened.close()


async def test_the_migrations_make_exactly_the_tables_of_the_code(migrated: Database) -> None:
    assert await migrated.run(lambda tx: differences(tx.connection)) == []


async def test_the_names_of_tables_columns_and_rules_are_those_of_the_code(migrated: Database) -> None:
    found = await migrated.run(lambda tx: names(tx.connection))
    assert set(found) == {*metadata.tables, "alembic_version"}

    # Written by SQLAlchemy itself into a database of its own: what the code means.
    meant = sa.create_engine("sqlite://")
    with meant.begin() as connection:
        metadata.create_all(connection)
        expected = names(connection)
    for table, parts in expected.items():
        # PostgreSQL tells of a unique rule as an index too, under the same name.
        assert found[table] == parts


async def test_a_database_that_is_up_to_date_is_left_as_it_is(database: Database, parts: Parts) -> None:
    await parts.receive("hello")
    before = await rows(database, conversation)

    database.migrate()

    assert await rows(database, conversation) == before
    assert await database.run(lambda tx: differences(tx.connection)) == []


def test_there_is_one_line_of_migrations_with_one_end() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


async def test_the_file_and_its_folder_are_made(tmp_path: Path) -> None:
    opened = Database(f"sqlite:///{tmp_path / 'state' / 'deep' / 'assistant.db'}")
    opened.migrate()
    await opened.close()
    assert (tmp_path / "state" / "deep" / "assistant.db").is_file()


def a_directory(path: Path) -> None:
    path.mkdir()


def a_text(path: Path) -> None:
    path.write_text("this is no database, however long it may be\n" * 100)


def a_folder_that_is_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("a file where a folder should be")


def a_database_of_another_program(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE conversation (title TEXT)")
    other.close()


def a_database_of_a_later_version(path: Path) -> None:
    with sqlite3.connect(path) as later:
        later.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        later.execute("INSERT INTO alembic_version VALUES ('9999')")
    later.close()


@pytest.mark.parametrize(
    "obstacle",
    [
        a_directory,
        a_text,
        a_folder_that_is_a_file,
        a_database_of_another_program,
        a_database_of_a_later_version,
    ],
)
def test_an_unusable_file_is_one_clear_line(tmp_path: Path, obstacle: object) -> None:
    path = tmp_path / "state" / "assistant.db"
    path.parent.mkdir()
    obstacle(path)  # type: ignore[operator]

    with pytest.raises(StorageError) as told:
        Database(f"sqlite:///{path}").migrate()

    line = str(told.value)
    assert line.startswith("the database cannot be used: ")
    assert "\n" not in line
    assert len(line) > len("the database cannot be used: ")


def test_a_server_that_does_not_answer_is_one_clear_line_without_its_password() -> None:
    with pytest.raises(StorageError) as told:
        Database("postgresql://someone:hunter2@127.0.0.1:1/nowhere").migrate()

    assert str(told.value).startswith("the database cannot be used: ")
    assert "\n" not in str(told.value)
    assert "hunter2" not in str(told.value)


def test_several_gateways_that_start_at_once_make_the_tables_once(empty_url: str) -> None:
    program = "import sys; from bot.storage import Database; Database(sys.argv[1]).migrate()"
    starting = [
        subprocess.Popen([sys.executable, "-c", program, empty_url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]

    assert [(one.communicate(timeout=60)[1], one.returncode) for one in starting] == [("", 0)] * 3
    assert Database(empty_url).transact(lambda tx: differences(tx.connection)) == []
