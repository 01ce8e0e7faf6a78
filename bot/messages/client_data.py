"""Everything that the database holds of one client: found, handed out, erased."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from bot.messages.conversations import Address
from bot.messages.reachability import STOPPED, UNUSABLE
from bot.storage import conversation, handoff, metadata
from bot.storage.desk_tables import audit, handoff_event, webhook_delivery
from bot.storage.transaction import Transaction

# What people and timers did: no word of the client's, and nothing that says whose conversation it was once that is
# gone. They stay, so that the audit trail remains whole, the desk's figures true, and no event is told twice.
KEPT = (audit, handoff, handoff_event, webhook_delivery)
# Of a hand-off itself, what tells of the client.
_TOLD = {"inbound_id": None, "context": None, "summary": None}
# Sealed under a key that only the running stack has, for minutes.
_NOT_HANDED_OUT = {"vault": ("sealed",)}


def conversations_of(tx: Transaction, peer: str) -> list[Any]:
    """The rows of the client's conversations. `peer` is a number or chat id, or a channel before it: sms:+81..."""
    channel, _, rest = peer.rpartition(":")
    found = select(conversation).where(conversation.c.peer == (rest if channel else peer))
    found = found.where(conversation.c.channel == channel) if channel else found
    return list(tx.execute(found.order_by(conversation.c.id)).mappings())


def collect(tx: Transaction, conversation_id: int) -> dict[str, list[dict[str, Any]]]:
    """All rows about a conversation, by table; tables with none are left out."""
    found = {}
    for table in metadata.sorted_tables:
        where = _about(table, conversation_id)
        if where is None:
            continue
        hidden = _NOT_HANDED_OUT.get(table.name, ())
        columns = [column for column in table.columns if column.name not in hidden]
        rows = tx.execute(select(*columns).where(where).order_by(*table.primary_key)).mappings()
        found[table.name] = [dict(row) for row in rows]
    return {name: rows for name, rows in found.items() if rows}


def erase(tx: Transaction, conversation_id: int) -> bool:
    """Delete all that is about a client, and take the peer off the conversation.

    The conversation's row stays as a nameless one, for its number must not become somebody else's: the audit trail
    names it. A stop by text message outlives it, in a new row without anything else, since the law forbids to write to
    that number whatever else is forgotten. True where that was so.
    """
    row = tx.execute(select(conversation).where(conversation.c.id == conversation_id)).mappings().one()
    tx.execute(update(handoff).where(handoff.c.conversation_id == conversation_id).values(**_TOLD))
    tx.execute(
        update(handoff)
        .where(handoff.c.conversation_id == conversation_id, handoff.c.ended_at.is_(None))
        .values(ended_at=tx.now, outcome="cancelled")
    )
    for table in reversed(metadata.sorted_tables):
        where = _about(table, conversation_id)
        if where is not None and table is not conversation and table not in KEPT:
            tx.execute(delete(table).where(where))
    nameless = {
        **{column.name: None for column in conversation.columns if column.nullable},
        "name": secrets.token_hex(12),
        "peer": f"erased-{secrets.token_hex(8)}",
        "state": "ASSISTANT",
        # What was about to be sent or changed is of another epoch now.
        "epoch": row["epoch"] + 1,
        "deadline_index": 0,
        "unreachable": UNUSABLE,
        "unreachable_since": tx.now,
    }
    tx.execute(update(conversation).where(conversation.c.id == conversation_id).values(**nameless))
    stopped = row["unreachable"] == STOPPED and Address(row["channel"], row["peer"]).kind == "sms"
    if stopped:
        kept = ("channel", "peer", "language", "unreachable", "unreachable_since")
        new = {name: row[name] for name in kept}
        tx.execute(insert(conversation).values(**new, name=secrets.token_hex(12), created_at=tx.now))
    return stopped


def _about(table: Table, conversation_id: int) -> ColumnElement[bool] | None:
    """Which rows of a table are about the conversation; None where none can be.

    Read off the columns, so that a new table is not forgotten: the conversation's id, else a reference to a table
    that has it.
    """
    if table is conversation:
        return table.c.id == conversation_id
    if "conversation_id" in table.c:
        return table.c.conversation_id == conversation_id
    for key in table.foreign_keys:
        where = _about(key.column.table, conversation_id)
        if where is not None:
            return key.parent.in_(select(key.column).where(where))
    return None
