"""Where everything that must survive is written down: SQLite on one machine, PostgreSQL on many."""

from bot.storage.database import Database, StorageError
from bot.storage.desk_tables import handoff
from bot.storage.tables import button, conversation, inbound, metadata, outbound, vault

__all__ = [
    "Database",
    "StorageError",
    "button",
    "conversation",
    "handoff",
    "inbound",
    "metadata",
    "outbound",
    "vault",
]
