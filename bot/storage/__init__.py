"""The gateway's database: SQLite on one machine, PostgreSQL on many."""

from bot.storage.database import Database, StorageError
from bot.storage.desk_tables import handoff
from bot.storage.tables import (
    backend_notice,
    button,
    clarification,
    conversation,
    dead_letter,
    delivery,
    halt,
    inbound,
    metadata,
    outbound,
    reminder,
    vault,
)
from bot.storage.transaction import Transaction

__all__ = [
    "Database",
    "StorageError",
    "Transaction",
    "backend_notice",
    "button",
    "clarification",
    "conversation",
    "dead_letter",
    "delivery",
    "halt",
    "handoff",
    "inbound",
    "metadata",
    "outbound",
    "reminder",
    "vault",
]
