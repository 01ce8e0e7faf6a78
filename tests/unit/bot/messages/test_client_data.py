"""What is kept of one client: every table is thought of, all of it is handed out, and nothing of it is left."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bot.domain import ConversationId, UnreachableReason
from bot.messages import client_data
from bot.messages.conversations import Address, find_by_address
from bot.privacy.audit import AuditTrail
from bot.storage import Database, conversation, metadata
from bot.storage.desk_tables import audit, handoff
from bot.storage.transaction import Transaction
from tests.support.gateway import ManualClock, Parts

# What is about nobody's conversation: agents and their log-ins, forms that were sent, notices by their id alone.
NOBODYS = {"agent", "backend_notice", "dead_letter", "desk_request", "desk_session", "halt", "login_failure"}
KEPT = {table.name for table in client_data.KEPT}
ABOUT_CLIENTS = {table.name for table in metadata.sorted_tables} - NOBODYS
KEY = b"k" * 32
ONE, OTHER = "client-a", "client-b"


def fill(tx: Transaction, words: str) -> int:
    """A row in every table for one client, whose `words` stand wherever there is room for words."""
    ids: dict[str, Any] = {}
    for table in metadata.sorted_tables:
        if table is audit:
            continue
        row = {column.name: value(column, words, ids) for column in table.columns if not given(column)}
        made = tx.execute(sa.insert(table).values(**row))
        ids[table.name] = made.inserted_primary_key[0]
    AuditTrail(KEY).append(tx, "agent:1", "reply", conversation_id=ids["conversation"])
    number: int = ids["conversation"]
    return number


def given(column: sa.Column[Any]) -> bool:
    """Whether the database counts it up by itself."""
    return column.name == "id" and not isinstance(column.type, sa.String)


def value(column: sa.Column[Any], words: str, ids: dict[str, Any]) -> Any:
    if column.foreign_keys:
        return ids[next(iter(column.foreign_keys)).column.table.name]
    if isinstance(column.type, sa.Enum):
        # Text columns whose few values are no client's words.
        return next(iter(column.type.enum_class))
    if isinstance(column.type, sa.String):
        return words
    if isinstance(column.type, sa.JSON):
        return {"words": words}
    return False if isinstance(column.type, sa.Boolean) else 1


def everything(tx: Transaction) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [dict(row) for row in tx.execute(sa.select(table)).mappings()]
        for table in metadata.sorted_tables
    }


@pytest.fixture
def two(database: Database) -> tuple[int, int]:
    """Two clients, of each of whom something lies in every table."""
    one, other = (database.transact(fill, words) for words in (ONE, OTHER))
    return one, other


def test_every_table_is_either_about_clients_or_known_to_be_about_nobody() -> None:
    found = {
        table.name
        for table in metadata.sorted_tables
        if client_data._about(table, ConversationId(1)) is not None
    }
    assert found == ABOUT_CLIENTS, (
        "a new table: hand out and erase what it holds of a client, or add it above"
    )


def test_all_that_is_kept_of_a_client_is_handed_out_and_nothing_of_anybody_else(
    database: Database, two: tuple[int, int]
) -> None:
    collected = database.transact(client_data.collect, two[0])
    assert set(collected) == ABOUT_CLIENTS
    assert all(len(rows) == 1 for rows in collected.values())
    assert OTHER not in str(collected)
    assert "sealed" not in collected["vault"][0]


def test_nothing_is_left_of_an_erased_client_and_everything_of_the_others(
    database: Database, two: tuple[int, int]
) -> None:
    before = database.transact(everything)
    assert database.transact(client_data.erase, two[0]) is False
    after = database.transact(everything)
    for table in ABOUT_CLIENTS - KEPT - {"conversation"}:
        assert len(after[table]) == 1, table
        assert ONE not in str(after[table]), table
    for table, rows in before.items():
        assert [row for row in rows if OTHER in str(row)] == [
            row for row in after[table] if OTHER in str(row)
        ]
    told = next(row for row in after["handoff"] if row["conversation_id"] == two[0])
    assert (told["context"], told["summary"], told["inbound_id"]) == (None, None, None)


def test_the_conversations_number_stays_taken_and_names_nobody(
    database: Database, two: tuple[int, int]
) -> None:
    database.transact(client_data.erase, two[0])
    rows = {row["id"]: row for row in database.transact(everything)["conversation"]}
    left = rows[two[0]]
    assert left["peer"].startswith("erased-")
    assert ONE not in (left["peer"], left["name"])
    assert left["unreachable"] == "unusable"
    assert (left["handoff_id"], left["agent_id"], left["epoch"]) == (None, None, 2)


def test_the_audit_trail_stays_whole(database: Database, two: tuple[int, int]) -> None:
    rows = database.transact(everything)["audit"]
    database.transact(client_data.erase, two[0])
    assert database.transact(everything)["audit"] == rows
    assert database.transact(AuditTrail(KEY).first_broken) is None


async def test_a_stop_by_text_message_outlives_the_client(database: Database, clock: ManualClock) -> None:
    parts = Parts(database, clock)
    await parts.receive("STOP", channel="sms", peer="+15550101234")
    row = (await database.run(client_data.conversations_of, "+15550101234"))[0]
    assert row["unreachable"] == UnreachableReason.OPTED_OUT
    assert await database.run(client_data.erase, row["id"]) is True
    found = await database.run(find_by_address, Address("sms", "+15550101234"))
    assert found is not None
    assert found.unreachable == UnreachableReason.OPTED_OUT
    assert found.name != row["name"]
    assert set(await database.run(client_data.collect, found.id)) == {"conversation"}
    # Only the client's own word ends it.
    await parts.receive("START", channel="sms", peer="+15550101234")
    again = await database.run(find_by_address, Address("sms", "+15550101234"))
    assert again is not None
    assert again.unreachable is None


async def test_what_was_under_way_for_an_erased_client_is_not_said(
    database: Database, clock: ManualClock
) -> None:
    parts = Parts(database, clock)
    accepted = await parts.receive("hello")
    row = (await database.run(client_data.conversations_of, "+819012345678"))[0]
    await database.run(client_data.erase, row["id"])
    assert accepted is not None
    assert await parts.texts() == []
    assert await parts.states() == []


def test_a_client_is_found_by_number_or_chat_id_on_all_channels_or_one(database: Database) -> None:
    def write(tx: Transaction) -> None:
        for number, channel in enumerate(("sms", "simulator.sms", "telegram")):
            tx.execute(
                sa.insert(conversation).values(
                    name=f"c{number}", channel=channel, peer="7", language="en", created_at=1.0
                )
            )

    database.transact(write)
    named = {
        peer: [row["channel"] for row in database.transact(client_data.conversations_of, peer)]
        for peer in ("7", "simulator.sms:7", "8", "sms:8")
    }
    assert named == {
        "7": ["sms", "simulator.sms", "telegram"],
        "simulator.sms:7": ["simulator.sms"],
        "8": [],
        "sms:8": [],
    }


def test_a_hand_off_that_was_open_has_ended(database: Database, clock: ManualClock) -> None:
    def open_one(tx: Transaction) -> int:
        number = fill(tx, ONE)
        tx.execute(sa.update(handoff).values(ended_at=None, outcome=None))
        return number

    number = database.transact(open_one)
    database.transact(client_data.erase, number)
    told = database.transact(everything)["handoff"][0]
    assert (told["ended_at"], told["outcome"]) == (clock.now, "cancelled")
