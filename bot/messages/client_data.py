"""All data of one client in the database: find, export and erase it."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from bot.domain import ConversationId, ConversationState, Outcome, UnreachableReason
from bot.messages.conversations import Address
from bot.storage import conversation, handoff, metadata
from bot.storage.desk_tables import audit, handoff_event, webhook_delivery
from bot.storage.transaction import Transaction
from contracts.enums import ChannelKind

# What agents and timers did: it holds no word of the client's, and names nobody once the conversation is erased. It
# stays, so that the audit trail remains whole, the desk's figures true, and no event is delivered twice.
KEPT = (audit, handoff, handoff_event, webhook_delivery)
# The columns of a hand-off that tell of the client.
_ABOUT_CLIENT = {"inbound_id": None, "context": None, "summary": None}
# Sealed for minutes, under a key that only the running stack has.
_NOT_EXPORTED = {"vault": ("sealed",)}


def conversations_of(tx: Transaction, peer: str) -> list[Any]:
    """Return the rows of the client's conversations. `peer` is a number or chat id, or `<channel>:<peer>`."""
    channel, _, rest = peer.rpartition(":")
    found = select(conversation).where(conversation.c.peer == (rest if channel else peer))
    found = found.where(conversation.c.channel == channel) if channel else found
    return list(tx.execute(found.order_by(conversation.c.id)).mappings())


def collect(tx: Transaction, conversation_id: ConversationId) -> dict[str, list[dict[str, Any]]]:
    """Return all rows about a conversation, by table; tables without any are left out."""
    found = {}
    for table in metadata.sorted_tables:
        where = _about(table, conversation_id)
        if where is None:
            continue
        hidden = _NOT_EXPORTED.get(table.name, ())
        columns = [column for column in table.columns if column.name not in hidden]
        rows = tx.execute(select(*columns).where(where).order_by(*table.primary_key)).mappings()
        found[table.name] = [dict(row) for row in rows]
    return {name: rows for name, rows in found.items() if rows}


def erase(tx: Transaction, conversation_id: ConversationId) -> bool:
    """Delete all that is about a client, and remove the peer from the conversation. True if an opt-out was kept.

    The conversation's row stays without a name, since the audit trail refers to its id, which must not be used again.
    An opt-out by SMS is kept in a new row that holds nothing else: the law forbids messages to that number also after
    an erasure.
    """
    row = tx.execute(select(conversation).where(conversation.c.id == conversation_id)).mappings().one()
    tx.execute(update(handoff).where(handoff.c.conversation_id == conversation_id).values(**_ABOUT_CLIENT))
    tx.execute(
        update(handoff)
        .where(handoff.c.conversation_id == conversation_id, handoff.c.ended_at.is_(None))
        .values(ended_at=tx.now, outcome=Outcome.CANCELLED)
    )
    for table in reversed(metadata.sorted_tables):
        where = _about(table, conversation_id)
        if where is not None and table is not conversation and table not in KEPT:
            tx.execute(delete(table).where(where))
    nameless = {
        **{column.name: None for column in conversation.columns if column.nullable},
        "name": secrets.token_hex(12),
        "peer": f"erased-{secrets.token_hex(8)}",
        "state": ConversationState.ASSISTANT,
        # Whatever is about to be sent or changed belongs to an earlier epoch now.
        "epoch": row["epoch"] + 1,
        "deadline_index": 0,
        "unreachable": UnreachableReason.UNUSABLE,
        "unreachable_since": tx.now,
    }
    tx.execute(update(conversation).where(conversation.c.id == conversation_id).values(**nameless))
    stopped = (
        row["unreachable"] is UnreachableReason.OPTED_OUT
        and Address(row["channel"], row["peer"]).kind == ChannelKind.SMS
    )
    if stopped:
        kept = ("channel", "peer", "language", "unreachable", "unreachable_since")
        new = {name: row[name] for name in kept}
        tx.execute(insert(conversation).values(**new, name=secrets.token_hex(12), created_at=tx.now))
    return stopped


def _about(table: Table, conversation_id: ConversationId) -> ColumnElement[bool] | None:
    """Return the condition for a table's rows about the conversation; None where none can be.

    Derived from the columns, so that no new table is forgotten: the conversation's id, else a reference to a table
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
