"""Where everything that must survive is written down: SQLite on one machine, PostgreSQL on many."""

from bot.storage.database import Database, StorageError
from bot.storage.desk_tables import handoff
from bot.storage.tables import (
    backend_notice,
    button,
    conversation,
    dead_letter,
    delivery,
    halt,
    inbound,
    metadata,
    outbound,
    reminder,
    unclear,
    vault,
)

__all__ = [
    "Database",
    "StorageError",
    "backend_notice",
    "button",
    "conversation",
    "dead_letter",
    "delivery",
    "halt",
    "handoff",
    "inbound",
    "metadata",
    "outbound",
    "reminder",
    "unclear",
    "vault",
]
