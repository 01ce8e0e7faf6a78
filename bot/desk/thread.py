"""One conversation as an agent sees it: owner, messages, notes, events, and the other viewers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from bot.desk.context_words import reason_name
from bot.desk.masking import masked, masked_peer
from bot.domain import Awaiting, ConversationId, ConversationState, TicketStatus
from bot.handoff.context import read_context
from bot.messages import conversations, inbox
from bot.messages.conversations import Conversation
from bot.storage.desk_tables import agent, handoff, handoff_event, note, presence, ticket
from bot.storage.tables import button, inbound, outbound
from bot.storage.transaction import Transaction
from contracts.handoff import HandoffContext

LINES = 200
# Who has looked at a conversation within this time is still there.
PRESENT_SECONDS = 40.0
WRITING_SECONDS = 10.0


@dataclass(frozen=True)
class Line:
    """One line of a conversation: a message, a note or an event."""

    kind: str  # client | bot | system | agent | backend | note | event
    at: float
    id: int
    text: str
    by: str | None = None
    state: str | None = None
    removed: bool = False
    choices: tuple[str, ...] = ()
    topic: str | None = None


@dataclass(frozen=True)
class Thread:
    """A conversation with everything that its page shows."""

    conversation: Conversation
    peer: str
    agent: str | None
    case: Mapping[str, Any] | None
    context: HandoffContext
    reason: str
    ticket: Mapping[str, Any] | None
    lines: list[Line]
    has_earlier: bool
    newest: int
    looking: list[tuple[str, bool]] = field(default_factory=list)
    waiting_since: float | None = None


def thread(
    tx: Transaction, conversation_id: ConversationId, viewer: int, *, revealed: bool, earlier: bool
) -> Thread | None:
    """Return one conversation; None when there is none of that id. `revealed` shows numbers and addresses in full."""
    try:
        conversation = conversations.find(tx, conversation_id)
    except NoResultFound:
        return None
    names = {one.id: one.shown_as for one in tx.execute(select(agent.c.id, agent.c.shown_as))}
    # The newest case also when it is over: what happened to it is still worth a look.
    case_row = tx.execute(
        select(handoff)
        .where(handoff.c.conversation_id == conversation_id)
        .order_by(handoff.c.id.desc())
        .limit(1)
    ).first()
    open_ticket = tx.execute(
        select(ticket).where(ticket.c.conversation_id == conversation_id, ticket.c.state == TicketStatus.OPEN)
    ).first()
    lines = _lines(tx, conversation_id, names, revealed, None if earlier else LINES)
    context = read_context(case_row.context if case_row else None)
    return Thread(
        conversation=conversation,
        peer=conversation.address.peer if revealed else masked_peer(conversation.address.peer),
        agent=names.get(conversation.agent_id or 0),
        case=dict(case_row._mapping) if case_row else None,
        context=context,
        reason=reason_name(case_row.reason, context.topic) if case_row else "",
        ticket=dict(open_ticket._mapping) if open_ticket else None,
        lines=lines[-LINES:] if not earlier else lines,
        has_earlier=not earlier and len(lines) > LINES,
        newest=inbox.newest(tx, conversation_id),
        looking=_looking(tx, conversation_id, viewer, names),
        waiting_since=_waiting_since(conversation, case_row),
    )


def _waiting_since(conversation: Conversation, case_row: Any) -> float | None:
    if conversation.state in {ConversationState.QUEUED, ConversationState.ASSIGNED} and case_row is not None:
        return float(case_row.created_at)
    return (
        conversation.state_since
        if conversation.state == ConversationState.HUMAN and conversation.awaiting == Awaiting.AGENT
        else None
    )


def _lines(
    tx: Transaction,
    conversation_id: ConversationId,
    names: Mapping[int, str],
    revealed: bool,
    limit: int | None,
) -> list[Line]:
    def newest(table: Any) -> list[Any]:
        query = select(table).where(table.c.conversation_id == conversation_id).order_by(table.c.id.desc())
        return list(tx.execute(query.limit(limit + 1) if limit else query))

    titles = {
        row.token: row.title
        for row in tx.execute(
            select(button.c.token, button.c.title).where(button.c.conversation_id == conversation_id)
        )
    }
    show = (lambda text: text) if revealed else masked
    lines = [
        Line(
            kind="client",
            at=row.received_at,
            id=row.id,
            text=titles.get(row.content, "")
            if row.kind == "button"
            else ""
            if row.kind in {"code", "link"}
            else show(row.content),
            state=row.kind,
            removed=row.redacted,
            topic=row.topic,
        )
        for row in newest(inbound)
    ]
    lines += [
        Line(
            kind=row.origin,
            at=row.created_at,
            id=row.id,
            text=show(row.text) if row.origin != "system" else row.text,
            by=names.get(row.agent_id or 0),
            state=row.state,
            choices=tuple(choice["title"] for choice in row.buttons),
        )
        for row in newest(outbound)
    ]
    lines += [
        Line(kind="note", at=row.at, id=row.id, text=show(row.text), by=names.get(row.agent_id or 0))
        for row in newest(note)
    ]
    lines += [
        Line(
            kind="event",
            at=row.at,
            id=row.id,
            text=row.event,
            by=_actor(row.actor, names),
            state=names.get(row.agent_id or 0),
        )
        for row in newest(handoff_event)
    ]
    order = {"client": 0, "event": 1, "assistant": 2, "system": 3}
    return sorted(lines, key=lambda line: (line.at, order.get(line.kind, 4), line.id))


def _actor(actor: str, names: Mapping[int, str]) -> str:
    kind, _, number = actor.partition(":")
    return names.get(int(number), "?") if kind == "agent" and number.isdigit() else kind


def _looking(
    tx: Transaction, conversation_id: ConversationId, viewer: int, names: Mapping[int, str]
) -> list[tuple[str, bool]]:
    """Return the other agents who have the conversation open, and whether each is writing."""
    rows = tx.execute(
        select(presence).where(
            presence.c.conversation_id == conversation_id,
            presence.c.agent_id != viewer,
            presence.c.seen_at > tx.now - PRESENT_SECONDS,
        )
    )
    return [(names.get(row.agent_id, "?"), (row.writing_at or 0) > tx.now - WRITING_SECONDS) for row in rows]
