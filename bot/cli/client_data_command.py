"""`assistant export PEER` and `assistant erase PEER`: the data of one client. Work beside a running stack."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.channels.simulator.phones import Phones
from bot.cli.log_output import print_line
from bot.cli.operator_audit import OperatorAction, record_action
from bot.messages import client_data
from bot.messages.conversations import Address
from bot.privacy.tracker import Tracker
from bot.settings import Settings
from bot.storage import Database, StorageError
from bot.storage.transaction import Transaction

SIMULATED_PREFIX = "simulator."

# A row of the table of conversations.
ConversationRow = Mapping[str, Any]


def export(peer: str) -> int:
    """Print all data of the client as JSON. Return 1 if there is none or it cannot be read."""

    def work(settings: Settings, database: Database, conversations: Sequence[ConversationRow]) -> int:
        def read(tx: Transaction) -> list[dict[str, Any]]:
            _record(tx, settings, OperatorAction.CLIENT_EXPORTED, conversations)
            return [client_data.collect(tx, row["id"]) for row in conversations]

        tracker = Tracker(settings.state_dir)
        collected = database.transact(read)
        exported = [
            {**tables, "tracker": tracker.events(row["name"])}
            for row, tables in zip(conversations, collected, strict=True)
        ]
        print(json.dumps({"conversations": exported}, ensure_ascii=False, indent=2))
        return 0

    return _run(peer, work)


def erase(peer: str, *, ask: bool) -> int:
    """Delete all data of the client. Return 1 if there is none, it failed, or the answer to `ask` was no."""

    def work(settings: Settings, database: Database, conversations: Sequence[ConversationRow]) -> int:
        addresses = [Address(row["channel"], row["peer"]) for row in conversations]
        clients = ", ".join(address.client for address in addresses)
        if ask and not _confirm(f"Erase all data of {clients}? This cannot be undone. Type yes: "):
            print_line(sys.stderr, "nothing was erased")
            return 1

        def delete(tx: Transaction) -> list[bool]:
            opted_out = [client_data.erase(tx, row["id"]) for row in conversations]
            _record(tx, settings, OperatorAction.CLIENT_ERASED, conversations)
            return opted_out

        tracker = Tracker(settings.state_dir)
        # The tracker comes first: only the gateway's database knows the names, and a second try needs them. It comes
        # again afterwards, for a turn that was being answered meanwhile.
        for row in conversations:
            tracker.erase(row["name"])
        opted_out = database.transact(delete)
        for row, address in zip(conversations, addresses, strict=True):
            tracker.erase(row["name"])
            if address.channel.startswith(SIMULATED_PREFIX):
                _erase_simulated_phone(settings, address)
        print_line(sys.stderr, f"erased: {clients}")
        if any(opted_out):
            print_line(sys.stderr, "kept: the opt-out of the number, so that it gets no text messages")
        return 0

    return _run(peer, work)


def _run(peer: str, work: Callable[[Settings, Database, Sequence[ConversationRow]], int]) -> int:
    settings = Settings.read()
    try:
        database = Database(settings.database_url)
        database.migrate()
        conversations = database.transact(client_data.conversations_of, peer)
        if not conversations:
            print_line(sys.stderr, f"nothing is kept of {peer!r}")
            return 1
        return work(settings, database, conversations)
    except StorageError as error:
        print_line(sys.stderr, str(error))
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        print_line(sys.stderr, f"not done: {reason}. Try again.")
    return 1


def _confirm(question: str) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def _record(
    tx: Transaction, settings: Settings, action: OperatorAction, conversations: Sequence[ConversationRow]
) -> None:
    """Record the action with the ids of the conversations alone."""
    for row in conversations:
        record_action(tx, settings, action, conversation_id=row["id"])


def _erase_simulated_phone(settings: Settings, address: Address) -> None:
    phones = Phones(settings.state_dir / "simulator.db")
    phones.forget(address.kind, address.peer)
    phones.close()
