"""Sessions of logged-in agents: an opaque cookie, stored as a digest, for at most 12 hours."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from bot.handoff.agent_commands import Agent
from bot.storage.desk_tables import agent, desk_session
from bot.storage.transaction import Transaction

MAX_SESSION_SECONDS = 12 * 3600.0
IDLE_SECONDS = 2 * 3600.0
# Seen is written down this often at most.
SEEN_EVERY_SECONDS = 15.0


@dataclass(frozen=True)
class Session:
    """A session: the agent, and the token that its forms carry against forgery."""

    agent: Agent
    csrf: str
    digest: str
    language: str | None

    def is_theirs(self, csrf: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode())


def begin(tx: Transaction, of: Agent) -> str:
    """Begin a session and return the cookie's value."""
    tx.execute(delete(desk_session).where(desk_session.c.created_at < tx.now - MAX_SESSION_SECONDS))
    token = secrets.token_urlsafe(32)
    tx.execute(
        insert(desk_session).values(
            digest=_digest(token),
            agent_id=of.id,
            csrf=secrets.token_urlsafe(24),
            created_at=tx.now,
            seen_at=tx.now,
        )
    )
    return token


def find(tx: Transaction, token: str) -> Session | None:
    """Return the session of a cookie; None when it is unknown or over, or its agent is inactive."""
    row = tx.execute(
        select(desk_session, agent.c.name, agent.c.shown_as, agent.c.role, agent.c.language)
        .join(agent, agent.c.id == desk_session.c.agent_id)
        .where(
            desk_session.c.digest == _digest(token),
            desk_session.c.created_at > tx.now - MAX_SESSION_SECONDS,
            desk_session.c.seen_at > tx.now - IDLE_SECONDS,
            agent.c.active,
        )
    ).first()
    if row is None:
        return None
    if row.seen_at < tx.now - SEEN_EVERY_SECONDS:
        tx.execute(update(desk_session).where(desk_session.c.digest == row.digest).values(seen_at=tx.now))
        tx.execute(update(agent).where(agent.c.id == row.agent_id).values(seen_at=tx.now))
    return Session(Agent(row.agent_id, row.name, row.shown_as, row.role), row.csrf, row.digest, row.language)


def end(tx: Transaction, session: Session) -> None:
    """End the session. An agent without another session has left the desk."""
    tx.execute(delete(desk_session).where(desk_session.c.digest == session.digest))
    others = select(desk_session.c.digest).where(desk_session.c.agent_id == session.agent.id)
    if tx.execute(others).first() is None:
        tx.execute(update(agent).where(agent.c.id == session.agent.id).values(seen_at=None))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
