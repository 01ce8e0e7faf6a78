"""The queue of clients: places and expected waits."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from bot.domain import WORKING_ROLES, AgentId, ConversationState, HandoffId
from bot.handoff.schedule import OFFLINE_SECONDS
from bot.storage.desk_tables import agent, handoff
from bot.storage.tables import conversation as conversation_table
from bot.storage.transaction import Transaction

# How long a case takes, from claim to end, as long as too few have ended to know better.
USUAL_CASE_SECONDS = 360.0
RECENT_CASES = 30
MIN_CASES = 5


@dataclass(frozen=True)
class Outlook:
    """The outlook of a waiting client. `minutes` is None while nobody is at the desk."""

    position: int
    minutes: int | None


def outlook(tx: Transaction, handoff_id: HandoffId) -> Outlook:
    """Return the place of a queued case and its expected wait, in full rounds of the agents at the desk."""
    position = _before(tx, handoff_id) + 1
    agents = len(at_desk(tx))
    if not agents:
        return Outlook(position, None)
    busy = count_conversations(
        tx, conversation_table.c.state.in_((ConversationState.ASSIGNED, ConversationState.HUMAN))
    )
    ahead = max(0, position - max(0, agents - busy))
    seconds = _usual_case(tx) * ahead / agents
    return Outlook(position, max(1, math.ceil(seconds / 60)))


def at_desk(tx: Transaction) -> list[int]:
    """Return the agents who are at the desk now."""
    rows = tx.execute(
        select(agent.c.id).where(
            agent.c.active, agent.c.role.in_(WORKING_ROLES), agent.c.seen_at > tx.now - OFFLINE_SECONDS
        )
    )
    return [int(row.id) for row in rows]


def is_there(tx: Transaction, agent_id: AgentId | None) -> bool:
    """Whether the agent is at the desk."""
    return agent_id in at_desk(tx)


def queue_length(tx: Transaction) -> int:
    """Count the clients who wait for an agent."""
    return count_conversations(tx, conversation_table.c.state == ConversationState.QUEUED)


def _before(tx: Transaction, handoff_id: HandoffId) -> int:
    mine = tx.execute(
        select(handoff.c.rank, handoff.c.created_at, handoff.c.id).where(handoff.c.id == handoff_id)
    ).one()
    earlier = and_(
        handoff.c.rank == mine.rank,
        or_(
            handoff.c.created_at < mine.created_at,
            and_(handoff.c.created_at == mine.created_at, handoff.c.id < mine.id),
        ),
    )
    query = (
        select(func.count())
        .select_from(handoff.join(conversation_table, conversation_table.c.handoff_id == handoff.c.id))
        .where(
            conversation_table.c.state == ConversationState.QUEUED, or_(handoff.c.rank > mine.rank, earlier)
        )
    )
    return int(tx.execute(query).scalar_one())


def _usual_case(tx: Transaction) -> float:
    rows = tx.execute(
        select((handoff.c.ended_at - handoff.c.claimed_at).label("seconds"))
        .where(handoff.c.ended_at.is_not(None), handoff.c.claimed_at.is_not(None))
        .order_by(handoff.c.id.desc())
        .limit(RECENT_CASES)
    ).all()
    if len(rows) < MIN_CASES:
        return USUAL_CASE_SECONDS
    return max(60.0, statistics.median(float(row.seconds) for row in rows))


def count_conversations(tx: Transaction, condition: ColumnElement[bool]) -> int:
    """Count the conversations that meet a condition."""
    query = select(func.count()).select_from(conversation_table).where(condition)
    return int(tx.execute(query).scalar_one())
