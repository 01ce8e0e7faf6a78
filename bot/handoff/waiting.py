"""The queue: who comes next, and how long that may take. What is promised to a client is read here."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.engine import Connection

from bot.handoff.states import ASSIGNED, HUMAN, OFFLINE_SECONDS, QUEUED
from bot.storage.desk_tables import agent, handoff
from bot.storage.tables import conversation

# How long a case takes, from claim to end, as long as too few have ended to know better.
USUAL_CASE_SECONDS = 360.0
RECENT_CASES = 30
FEWEST_CASES = 5


@dataclass(frozen=True)
class Outlook:
    """What a waiting client can expect. `minutes` is None while nobody is at the desk."""

    position: int
    minutes: int | None


def outlook(connection: Connection, handoff_id: int, now: float) -> Outlook:
    """The place of a queued case and the wait to expect: full rounds of the agents at the desk."""
    position = _before(connection, handoff_id) + 1
    agents = len(at_desk(connection, now))
    if not agents:
        return Outlook(position, None)
    busy = _count(connection, conversation.c.state.in_((ASSIGNED, HUMAN)))
    ahead = max(0, position - max(0, agents - busy))
    seconds = _usual_case(connection) * ahead / agents
    return Outlook(position, max(1, math.ceil(seconds / 60)))


def at_desk(connection: Connection, now: float) -> list[int]:
    """The agents who are there just now."""
    rows = connection.execute(
        select(agent.c.id).where(
            agent.c.active, agent.c.role.in_(("agent", "lead")), agent.c.seen_at > now - OFFLINE_SECONDS
        )
    )
    return [int(row.id) for row in rows]


def is_there(connection: Connection, agent_id: int | None, now: float) -> bool:
    """Whether that agent is at the desk."""
    return agent_id in at_desk(connection, now)


def queue_length(connection: Connection) -> int:
    """How many clients wait for a person."""
    return _count(connection, conversation.c.state == QUEUED)


def _before(connection: Connection, handoff_id: int) -> int:
    mine = connection.execute(
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
        .select_from(handoff.join(conversation, conversation.c.handoff_id == handoff.c.id))
        .where(conversation.c.state == QUEUED, or_(handoff.c.rank > mine.rank, earlier))
    )
    return int(connection.execute(query).scalar_one())


def _usual_case(connection: Connection) -> float:
    rows = connection.execute(
        select((handoff.c.ended_at - handoff.c.claimed_at).label("seconds"))
        .where(handoff.c.ended_at.is_not(None), handoff.c.claimed_at.is_not(None))
        .order_by(handoff.c.id.desc())
        .limit(RECENT_CASES)
    ).all()
    if len(rows) < FEWEST_CASES:
        return USUAL_CASE_SECONDS
    return max(60.0, statistics.median(float(row.seconds) for row in rows))


def _count(connection: Connection, which: object) -> int:
    query = select(func.count()).select_from(conversation).where(which)
    return int(connection.execute(query).scalar_one())
