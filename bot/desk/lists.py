"""The desk's lists: the queue, the tickets, and the results of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.engine import Row

from bot.desk.context_words import reason_name
from bot.desk.masking import masked, masked_peer, shortened
from bot.domain import AgentId, Awaiting, ConversationId, ConversationState, Epoch, Origin, TicketStatus
from bot.handoff import schedule
from bot.handoff.handoff_service import URGENT_RANK
from bot.storage.desk_tables import agent, handoff, note, ticket
from bot.storage.tables import conversation, inbound, outbound
from bot.storage.transaction import Transaction

FOUND = 50
SNIPPET = 120


@dataclass(frozen=True)
class Waiting:
    """One line of the queue. Times are UTC seconds since 1970."""

    conversation_id: ConversationId
    epoch: Epoch
    state: str
    peer: str
    channel: str
    language: str
    reason: str
    topic: str | None
    urgent: bool
    raised: bool
    since: float
    agent_id: AgentId | None
    agent: str | None
    client_waits: bool
    snippet: str


def queue(tx: Transaction) -> list[Waiting]:
    """List the conversations that wait for an agent or are with one, in the order of service."""
    rows = tx.execute(
        select(
            conversation,
            handoff.c.reason,
            handoff.c.topic,
            handoff.c.priority,
            handoff.c.rank,
            handoff.c.created_at.label("asked_at"),
            agent.c.shown_as,
            _client_wrote().label("snippet"),
        )
        .join(handoff, handoff.c.id == conversation.c.handoff_id)
        .outerjoin(agent, agent.c.id == conversation.c.agent_id)
        .where(conversation.c.state.in_(sorted(schedule.IN_CASE)))
        .order_by(
            case((conversation.c.state == ConversationState.QUEUED, 0), else_=1),
            handoff.c.rank.desc(),
            handoff.c.created_at,
            handoff.c.id,
        )
    ).all()
    return [_waiting(row) for row in rows]


def _waiting(row: Row[Any]) -> Waiting:
    client_waits = row.state == ConversationState.HUMAN and row.awaiting == Awaiting.AGENT
    urgent = row.priority == "urgent"
    return Waiting(
        conversation_id=row.id,
        epoch=row.epoch,
        state=row.state,
        peer=masked_peer(row.peer),
        channel=row.channel.rpartition(".")[2],
        language=row.language,
        reason=reason_name(row.reason, row.topic),
        topic=row.topic,
        urgent=urgent,
        raised=row.rank > (URGENT_RANK if urgent else 0),
        since=row.asked_at if row.state == ConversationState.QUEUED else row.state_since,
        agent_id=row.agent_id,
        agent=row.shown_as,
        client_waits=client_waits or row.state != ConversationState.HUMAN,
        snippet=shortened(masked(row.snippet or ""), SNIPPET),
    )


@dataclass(frozen=True)
class Found:
    """A conversation in the list of tickets or of search results."""

    conversation_id: ConversationId
    peer: str
    channel: str
    language: str
    state: str
    at: float
    snippet: str
    reason: str | None = None
    topic: str | None = None
    ticket_reason: str | None = None
    number: int | None = None
    urgent: bool = False


def open_tickets(tx: Transaction) -> list[Found]:
    """List the open tickets: urgent ones first, then the oldest."""
    written = _client_wrote(inbound.c.received_at >= handoff.c.created_at)
    rows = tx.execute(
        select(
            ticket.c.reason.label("ticket_reason"),
            ticket.c.created_at,
            ticket.c.handoff_id,
            conversation.c.id,
            conversation.c.peer,
            conversation.c.channel,
            conversation.c.language,
            conversation.c.state,
            handoff.c.reason,
            handoff.c.topic,
            handoff.c.priority,
            written.label("snippet"),
        )
        .join(conversation, conversation.c.id == ticket.c.conversation_id)
        .join(handoff, handoff.c.id == ticket.c.handoff_id)
        .where(ticket.c.state == TicketStatus.OPEN)
        .order_by(handoff.c.rank.desc(), ticket.c.created_at)
    ).all()
    return [
        _found(
            row,
            row.created_at,
            reason=reason_name(row.reason, row.topic),
            topic=row.topic,
            ticket_reason=row.ticket_reason,
            number=row.handoff_id,
            urgent=row.priority == "urgent",
        )
        for row in rows
    ]


def search(tx: Transaction, words: str) -> list[Found]:
    """Find conversations by words in them, by the client or by the request number; newest first."""
    pattern = f"%{_escaped(words)}%"
    in_text = or_(
        _said_in(inbound, inbound.c.content, pattern, inbound.c.kind == "text"),
        _said_in(outbound, outbound.c.text, pattern, outbound.c.origin.in_((Origin.AGENT, Origin.ASSISTANT))),
        _said_in(note, note.c.text, pattern),
        conversation.c.peer.ilike(pattern, escape="\\"),
    )
    if words.isdecimal() and len(words) < 16:
        of_case = select(handoff.c.conversation_id).where(handoff.c.id == int(words))
        in_text = or_(in_text, conversation.c.id.in_(of_case))
    last = (
        select(func.max(inbound.c.received_at))
        .where(inbound.c.conversation_id == conversation.c.id)
        .scalar_subquery()
    )
    snippet = _client_wrote(before=[inbound.c.content.ilike(pattern, escape="\\").desc()])
    rows = tx.execute(
        select(conversation, last.label("last"), snippet.label("snippet"))
        .where(in_text)
        .order_by(last.desc())
        .limit(FOUND)
    ).all()
    return [_found(row, row.last or row.created_at) for row in rows]


def _client_wrote(*more: Any, before: Sequence[Any] = ()) -> Any:
    """Build a subquery for the client's last text that meets the conditions."""
    return (
        select(inbound.c.content)
        .where(inbound.c.conversation_id == conversation.c.id, inbound.c.kind == "text", *more)
        .order_by(*before, inbound.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _said_in(table: Any, column: Any, pattern: str, *more: Any) -> Any:
    return conversation.c.id.in_(
        select(table.c.conversation_id).where(column.ilike(pattern, escape="\\"), *more)
    )


def _found(row: Any, at: float, **more: Any) -> Found:
    return Found(
        conversation_id=row.id,
        peer=masked_peer(row.peer),
        channel=row.channel.rpartition(".")[2],
        language=row.language,
        state=row.state,
        at=at,
        snippet=shortened(masked(row.snippet or ""), SNIPPET),
        **more,
    )


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
