"""Call-back tickets: a wish for a person that could not be met at once, kept until an agent has answered it."""

from __future__ import annotations

from sqlalchemy import func, select, update

from bot.storage.database import insert_if_new
from bot.storage.desk_tables import handoff, ticket
from bot.storage.transaction import Transaction


def make(tx: Transaction, conversation_id: int, handoff_id: int, why: str) -> int:
    """The ticket of a case, made unless it has one: `why` is closed, busy, nobody_came, asked_for or too_long."""
    values = {
        "conversation_id": conversation_id,
        "handoff_id": handoff_id,
        "reason": why,
        "state": "open",
        "created_at": tx.now,
    }
    insert_if_new(tx, ticket, values)
    return int(tx.execute(select(ticket.c.id).where(ticket.c.handoff_id == handoff_id)).scalar_one())


def close_all(tx: Transaction, conversation_id: int, agent_id: int | None) -> None:
    """An agent has dealt with the client: their open tickets are done."""
    tx.execute(
        update(ticket)
        .where(ticket.c.conversation_id == conversation_id, ticket.c.state == "open")
        .values(state="done", closed_at=tx.now, agent_id=agent_id)
    )


def open_of(tx: Transaction, conversation_id: int) -> int | None:
    """The hand-off of the conversation's newest open ticket; None when there is none."""
    found = tx.execute(
        select(func.max(ticket.c.handoff_id)).where(
            ticket.c.conversation_id == conversation_id, ticket.c.state == "open"
        )
    ).scalar()
    return int(found) if found is not None else None


def end_case(tx: Transaction, handoff_id: int | None, outcome: str) -> None:
    """The case is over, unless it already was."""
    tx.execute(
        update(handoff)
        .where(handoff.c.id == handoff_id, handoff.c.ended_at.is_(None))
        .values(ended_at=tx.now, outcome=outcome)
    )
