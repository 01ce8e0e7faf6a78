"""`assistant export PEER` and `assistant erase PEER`: all that is kept of one client. Work beside a running stack."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.channels.simulator.phones import Phones
from bot.cli.logs import say
from bot.desk.keys import audit_key, desk_key
from bot.messages import client_data
from bot.messages.conversations import Address
from bot.privacy.audit import AuditTrail
from bot.privacy.tracker import Tracker
from bot.settings import Settings
from bot.storage import Database, StorageError
from bot.storage.transaction import Transaction

OPERATOR = "operator"
SIMULATED = "simulator."


def export(peer: str) -> int:
    """Prints everything about the client as JSON; 1 when there is none, or it could not be read."""

    def work(settings: Settings, database: Database, found: list[Any]) -> int:
        tracker = Tracker(settings.state_dir)

        def read(tx: Transaction) -> list[dict[str, Any]]:
            _write_down(tx, settings, "client_exported", found)
            return [client_data.collect(tx, row["id"]) for row in found]

        kept = database.transact(read)
        told = [
            {**rows, "tracker": tracker.events(row["name"])} for row, rows in zip(found, kept, strict=True)
        ]
        print(json.dumps({"conversations": told}, ensure_ascii=False, indent=2))
        return 0

    return _with(peer, work)


def erase(peer: str, *, ask: bool) -> int:
    """Deletes everything about the client; 1 when there is none, it could not be done, or `ask` was answered by no."""

    def work(settings: Settings, database: Database, found: list[Any]) -> int:
        addresses = [Address(row["channel"], row["peer"]) for row in found]
        named = ", ".join(address.client for address in addresses)
        if ask and not _agreed(f"Erase all that is kept of {named}? This cannot be undone. Type yes: "):
            say(sys.stderr, "nothing was erased")
            return 1

        def delete(tx: Transaction) -> list[bool]:
            stopped = [client_data.erase(tx, row["id"]) for row in found]
            _write_down(tx, settings, "client_erased", found)
            return stopped

        tracker = Tracker(settings.state_dir)
        # First, for only the gateway's database knows the names, in case that it has to be tried again; and once
        # more, for a turn that was under way.
        for row in found:
            tracker.erase(row["name"])
        stopped = database.transact(delete)
        for row, address in zip(found, addresses, strict=True):
            tracker.erase(row["name"])
            if address.channel.startswith(SIMULATED):
                _forget_phone(settings, address)
        say(sys.stderr, f"erased: {named}")
        if any(stopped):
            say(sys.stderr, "kept: that no text message may be sent to the number, as its owner has asked")
        return 0

    return _with(peer, work)


def _with(peer: str, work: Callable[[Settings, Database, list[Any]], int]) -> int:
    settings = Settings.read()
    try:
        database = Database(settings.database_url)
        database.migrate()
        found = database.transact(client_data.conversations_of, peer)
        if not found:
            say(sys.stderr, f"nothing is kept of {peer!r}")
            return 1
        return work(settings, database, found)
    except StorageError as error:
        say(sys.stderr, str(error))
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        say(sys.stderr, f"not done: {str(getattr(error, 'orig', error)).splitlines()[0]}. Try again.")
    return 1


def _agreed(question: str) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def _write_down(tx: Transaction, settings: Settings, action: str, found: list[Any]) -> None:
    """In the audit trail, by the conversation's number alone."""
    trail = AuditTrail(audit_key(desk_key(settings)))
    for row in found:
        trail.append(tx, OPERATOR, action, conversation_id=row["id"])


def _forget_phone(settings: Settings, address: Address) -> None:
    phones = Phones(settings.state_dir / "simulator.db")
    phones.forget(address.kind, address.peer)
    phones.close()
