"""Tickets: requests that no agent could take at once, kept until one has answered."""

from __future__ import annotations

from sqlalchemy import func, select, update

from bot.domain import AgentId, ConversationId, HandoffId, Outcome, TicketReason, TicketStatus
from bot.storage.database import insert_if_new
from bot.storage.desk_tables import handoff, ticket
from bot.storage.transaction import Transaction


def make(
    tx: Transaction, conversation_id: ConversationId, handoff_id: HandoffId, reason: TicketReason
) -> int:
    """Create the ticket of a case, unless it has one."""
    values = {
        "conversation_id": conversation_id,
        "handoff_id": handoff_id,
        "reason": reason,
        "state": TicketStatus.OPEN,
        "created_at": tx.now,
    }
    insert_if_new(tx, ticket, values)
    return int(tx.execute(select(ticket.c.id).where(ticket.c.handoff_id == handoff_id)).scalar_one())


def close_all(tx: Transaction, conversation_id: ConversationId, agent_id: AgentId | None) -> None:
    """Close the open tickets of a client whom an agent has answered."""
    tx.execute(
        update(ticket)
        .where(ticket.c.conversation_id == conversation_id, ticket.c.state == TicketStatus.OPEN)
        .values(state=TicketStatus.DONE, closed_at=tx.now, agent_id=agent_id)
    )


def find_open_case(tx: Transaction, conversation_id: ConversationId) -> HandoffId | None:
    """Return the case of the conversation's newest open ticket; None when there is none."""
    found = tx.execute(
        select(func.max(ticket.c.handoff_id)).where(
            ticket.c.conversation_id == conversation_id, ticket.c.state == TicketStatus.OPEN
        )
    ).scalar()
    return HandoffId(int(found)) if found is not None else None


def end_case(tx: Transaction, handoff_id: HandoffId | None, outcome: Outcome) -> None:
    """End the case, unless it has ended."""
    tx.execute(
        update(handoff)
        .where(handoff.c.id == handoff_id, handoff.c.ended_at.is_(None))
        .values(ended_at=tx.now, outcome=outcome)
    )
