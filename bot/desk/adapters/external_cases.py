"""The state of a case at an external desk, and what that desk must get next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from bot.desk.adapters.desk_adapter import Case, Entry
from bot.desk.context_words import ContextWords
from bot.desk.masking import masked, masked_peer
from bot.domain import Consumer, ConversationId, HandoffId
from bot.handoff import schedule
from bot.handoff.agent_commands import Agent
from bot.handoff.context import read_context
from bot.messages import conversations, inbox
from bot.messages.conversations import Conversation
from bot.storage.database import insert_if_new
from bot.storage.desk_tables import agent, desk_link, desk_request, handoff
from bot.storage.tables import conversation as conversation_table
from bot.storage.tables import inbound, outbound
from bot.storage.transaction import Transaction

TOLD = 20


@dataclass(frozen=True)
class Work:
    """A case, its state at the external desk, and the client's messages since.

    `over`: the case has ended. `newest`: the client's newest message, delivered or about to be.
    """

    case: Case
    external_id: str | None
    cursor: str
    entries: list[Entry]
    delivered: int
    over: bool
    newest: int
    epoch_told: int


def open_cases(tx: Transaction) -> list[HandoffId]:
    """Return the open cases, and those that the external desk does not know to be closed."""
    opened = (
        select(handoff.c.id)
        .join(conversation_table, conversation_table.c.handoff_id == handoff.c.id)
        .where(conversation_table.c.state.in_(sorted(schedule.IN_CASE)))
    )
    linked = select(desk_link.c.handoff_id).where(desk_link.c.closed_at.is_(None))
    found = {HandoffId(int(row[0])) for query in (opened, linked) for row in tx.execute(query)}
    return sorted(found)


def work_on(tx: Transaction, handoff_id: HandoffId, facts: ContextWords) -> Work:
    """Return the case as it stands."""
    case_row = tx.execute(select(handoff).where(handoff.c.id == handoff_id)).one()
    conversation = conversations.find(tx, case_row.conversation_id)
    known = tx.execute(select(desk_link).where(desk_link.c.handoff_id == handoff_id)).first()
    since = known.inbound_id if known else (case_row.inbound_id or 0)
    rows = tx.execute(
        select(inbound)
        .where(
            inbound.c.conversation_id == conversation.id,
            inbound.c.id > since,
            inbound.c.consumer == Consumer.DESK,
        )
        .order_by(inbound.c.id)
    )
    entries = [Entry(row.id, _readable(row), row.received_at) for row in rows]
    case = Case(
        handoff_id=handoff_id,
        conversation_id=conversation.id,
        conversation=conversation.name,
        epoch=conversation.epoch,
        client=masked_peer(conversation.address.peer),
        channel=conversation.address.kind,
        language=conversation.language,
        about=[
            facts.say(
                "elsewhere_request",
                number=handoff_id,
                channel=conversation.address.kind,
                speaks=conversation.language,
            ),
            *facts.lines(case_row.reason, read_context(case_row.context)),
        ],
        told=_told(tx, conversation.id, case_row.created_at),
    )
    return Work(
        case,
        known.external_id if known else None,
        known.cursor if known else "",
        entries,
        known.delivered if known else 0,
        is_over(conversation, handoff_id),
        inbox.newest(tx, conversation.id),
        known.epoch if known else conversation.epoch,
    )


def is_over(conversation: Conversation, handoff_id: HandoffId) -> bool:
    """Whether the case has ended: the client is with the assistant, or in another case."""
    return conversation.handoff_id != handoff_id or conversation.state not in schedule.IN_CASE


def _told(tx: Transaction, conversation_id: ConversationId, until: float) -> list[str]:
    """Return the last messages before the hand-off, without secrets, each with its sender."""
    lines: list[tuple[float, str]] = []
    for table, by, text, at in (
        (inbound, "client", inbound.c.content, inbound.c.received_at),
        (outbound, "assistant", outbound.c.text, outbound.c.created_at),
    ):
        query = select(text.label("text"), at.label("at")).where(
            table.c.conversation_id == conversation_id, at <= until
        )
        if table is inbound:
            query = query.where(inbound.c.kind == "text")
        rows = tx.execute(query.order_by(table.c.id.desc()).limit(TOLD))
        lines += [(row.at, f"{by}: {masked(row.text)}") for row in rows]
    return [line for _, line in sorted(lines)[-TOLD:]]


def _readable(row: Any) -> str:
    return masked(row.content) if row.kind == "text" else f"({row.kind})"


def link(tx: Transaction, case: Case, external_id: str) -> None:
    """Store the external desk's id of the case."""
    first = tx.execute(select(handoff.c.inbound_id).where(handoff.c.id == case.handoff_id)).scalar()
    insert_if_new(
        tx,
        desk_link,
        {
            "handoff_id": case.handoff_id,
            "conversation_id": case.conversation_id,
            "external_id": external_id,
            "inbound_id": first or 0,
            "delivered": 0,
            "cursor": "",
            "epoch": case.epoch,
        },
    )


def delivered_now(tx: Transaction, work: Work) -> None:
    """Note that the external desk has everything so far."""
    # What is told of a case that was over is told because it goes on.
    values = {
        "epoch": work.case.epoch,
        "delivered": desk_link.c.delivered + len(work.entries),
        "closed_at": None,
    }
    if work.entries:
        values["inbound_id"] = work.entries[-1].id
    tx.execute(update(desk_link).where(desk_link.c.handoff_id == work.case.handoff_id).values(**values))


def close(tx: Transaction, handoff_id: HandoffId) -> None:
    """Note that the external desk knows that the case is closed."""
    tx.execute(update(desk_link).where(desk_link.c.handoff_id == handoff_id).values(closed_at=tx.now))


def read_up_to(tx: Transaction, handoff_id: HandoffId, cursor: str) -> None:
    """Store the cursor up to which external acts were executed."""
    tx.execute(update(desk_link).where(desk_link.c.handoff_id == handoff_id).values(cursor=cursor))


def is_done(tx: Transaction, key: str) -> bool:
    """Whether an external act was executed."""
    return tx.execute(select(desk_request.c.at).where(desk_request.c.key == key)).first() is not None


def forget(tx: Transaction, handoff_id: HandoffId) -> None:
    """Forget a case that the external desk lost; an open one is opened there again."""
    tx.execute(delete(desk_link).where(desk_link.c.handoff_id == handoff_id))


def agent_from_elsewhere(tx: Transaction, name: str) -> Agent:
    """Return the row for an agent of the external desk. Nobody can log in with it."""
    shown = (name or "agent")[:40]
    key = f"elsewhere/{shown}"
    if tx.execute(select(agent.c.id).where(agent.c.name == key)).first() is None:
        tx.execute(
            insert(agent).values(
                name=key,
                shown_as=shown,
                role="agent",
                password_hash="",
                totp_sealed="",
                totp_step=0,
                active=False,
                created_at=tx.now,
            )
        )
    # Working there is being at the desk here.
    tx.execute(update(agent).where(agent.c.name == key).values(seen_at=tx.now))
    row = tx.execute(select(agent).where(agent.c.name == key)).one()
    return Agent(row.id, row.name, row.shown_as, row.role)
