"""Whether a client may and can be written to: their own wish first, then what the platform reports."""

from __future__ import annotations

from sqlalchemy import update

from bot.domain import ConversationId, ReachabilityChange, UnreachableReason
from bot.storage import conversation
from bot.storage.transaction import Transaction


def lose(tx: Transaction, conversation_id: ConversationId, reason: UnreachableReason) -> None:
    """Send nothing more, because of `reason`. A client's own opt-out is never overwritten."""
    tx.execute(
        update(conversation)
        .where(
            conversation.c.id == conversation_id,
            conversation.c.unreachable.is_(None)
            | (conversation.c.unreachable != UnreachableReason.OPTED_OUT),
        )
        .values(unreachable=reason, unreachable_since=tx.now)
    )


def regain(tx: Transaction, conversation_id: ConversationId) -> None:
    """Write to the client again."""
    tx.execute(
        update(conversation)
        .where(conversation.c.id == conversation_id)
        .values(unreachable=None, unreachable_since=None)
    )


def apply(tx: Transaction, conversation_id: ConversationId, change: ReachabilityChange | None) -> None:
    """Apply what an inbound message says about reachability; None changes nothing."""
    match change:
        case ReachabilityChange.REGAIN:
            regain(tx, conversation_id)
        case ReachabilityChange.OPT_OUT:
            lose(tx, conversation_id, UnreachableReason.OPTED_OUT)
        case ReachabilityChange.BLOCK:
            lose(tx, conversation_id, UnreachableReason.BLOCKED)
