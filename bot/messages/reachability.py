"""Whether a client may and can be written to: their own wish first, then what the platform says."""

from __future__ import annotations

from sqlalchemy import update

from bot.storage import conversation
from bot.storage.transaction import Transaction

# The client has said stop; only their own "start" ends it.
STOPPED = "stopped"
# The client has blocked the bot, or deleted their account.
BLOCKED = "blocked"
# The number or chat takes no messages: a landline, an unknown handset.
UNUSABLE = "unusable"


def lose(tx: Transaction, conversation_id: int, reason: str) -> None:
    """Send nothing more, because of `reason` (one of the above). A client's own stop is not overwritten."""
    tx.execute(
        update(conversation)
        .where(
            conversation.c.id == conversation_id,
            conversation.c.unreachable.is_(None) | (conversation.c.unreachable != STOPPED),
        )
        .values(unreachable=reason, unreachable_since=tx.now)
    )


def regain(tx: Transaction, conversation_id: int) -> None:
    """The client may be written to again."""
    tx.execute(
        update(conversation)
        .where(conversation.c.id == conversation_id)
        .values(unreachable=None, unreachable_since=None)
    )
