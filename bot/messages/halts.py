"""The operator's switch: nothing is sent on a halted channel, and all that is to be said on it waits."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.sql.elements import ColumnElement

from bot.storage import conversation
from bot.storage import halt as table
from bot.storage.database import insert_if_new
from bot.storage.transaction import Transaction

# What can be halted, also while it is not set up.
CHANNELS = ("telegram", "sms", "simulator.telegram", "simulator.sms")


def halt(tx: Transaction, channel: str) -> bool:
    """Send nothing on `channel` from now on. False when it was halted before."""
    return insert_if_new(tx, table, {"channel": channel, "halted_at": tx.now})


def resume(tx: Transaction, channel: str) -> bool:
    """Send again, beginning with what has waited. False when the channel was not halted."""
    return bool(tx.execute(delete(table).where(table.c.channel == channel)).rowcount)


def halted(tx: Transaction) -> dict[str, float]:
    """The halted channels, and since when."""
    return {row.channel: row.halted_at for row in tx.execute(select(table)).all()}


def is_on() -> ColumnElement[bool]:
    """Whether the conversation of a row is on a channel that is not halted."""
    on: ColumnElement[bool] = conversation.c.channel.not_in(select(table.c.channel))
    return on
