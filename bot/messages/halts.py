"""The operator's switch: nothing is sent on a halted channel, and its messages wait in the outbox."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.sql.elements import ColumnElement

from bot.storage import conversation
from bot.storage import halt as table
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction

# The channels that can be halted, also before they are set up.
CHANNELS = ("telegram", "sms", "simulator.telegram", "simulator.sms")


def halt(tx: Transaction, channel: str) -> bool:
    """Stop sending on `channel`. False when it was halted before."""
    return insert_if_new(tx, table, {"channel": channel, "halted_at": tx.now})


def resume(tx: Transaction, channel: str) -> bool:
    """Send again, the oldest message first. False when the channel was not halted."""
    return bool(tx.execute(delete(table).where(table.c.channel == channel)).rowcount)


def list_halted(tx: Transaction) -> dict[str, float]:
    """Return the halted channels, each with the time of its halt."""
    return {row.channel: row.halted_at for row in tx.execute(select(table)).all()}


def is_not_halted() -> ColumnElement[bool]:
    """Return the condition that a row's conversation is on a channel that is not halted."""
    condition: ColumnElement[bool] = conversation.c.channel.not_in(select(table.c.channel))
    return condition
