"""Requests for a person, written down with their reason."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from bot.messages.conversations import Conversation
from bot.storage import handoff
from bot.storage.database import insert_if_new
from bot.telemetry import handoff_total


def record(
    connection: Connection,
    conversation: Conversation,
    *,
    reason: str,
    priority: str,
    inbound_id: int,
    now: float,
) -> bool:
    """Record that a person is wanted; once for each message that asks. True when it is new.

    `priority` is normal or urgent. The number that the client is told is the asking message's id.
    """
    new = insert_if_new(
        connection,
        handoff,
        {
            "conversation_id": conversation.id,
            "inbound_id": inbound_id,
            "reason": reason,
            "priority": priority,
            "language": conversation.language,
            "created_at": now,
        },
    )
    if new:
        handoff_total.labels(reason).inc()
    return new
