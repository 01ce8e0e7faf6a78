"""Server-sent events: they tell a page that something it shows has changed, and the page reloads that part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import func, select, update

from bot.clock import Clock
from bot.desk.form_commands import note_presence
from bot.desk.sessions import Session, find
from bot.desk.thread import PRESENT_SECONDS, WRITING_SECONDS
from bot.domain import Awaiting, Consumer, ConversationId, ConversationState, OutboundStatus, TicketStatus
from bot.messages.signal import Signal
from bot.storage import Database
from bot.storage.desk_tables import agent, handoff_event, note, presence, ticket
from bot.storage.tables import conversation, inbound, outbound
from bot.storage.transaction import Transaction

# An open page shows in this rhythm that its agent is there; two of them missed, and the agent is gone.
HEARTBEAT_SECONDS = 15.0
MAX_STREAM_SECONDS = 15 * 60.0


class Live:
    """Streams changes to open pages while their session lasts."""

    def __init__(self, database: Database, changed: Signal, clock: Clock) -> None:
        self._database = database
        self._changed = changed
        self._clock = clock

    async def stream(
        self, token: str, session: Session, conversation_id: ConversationId | None
    ) -> AsyncIterator[str]:
        """Yield the lines of an event stream: `changed` with the new state, and comments that keep it open.

        The stream ends after MAX_STREAM_SECONDS; the browser reconnects, and its session is checked again.
        """
        told = ""
        began = last = asyncio.get_running_loop().time()
        await self._database.run(self._beat, session, conversation_id)
        while True:
            seen = self._changed.now()
            state = await self._database.run(self._state, conversation_id)
            now = asyncio.get_running_loop().time()
            if state != told:
                told = state
                yield f"event: changed\ndata: {state}\n\n"
            if now - last >= HEARTBEAT_SECONDS:
                last = now
                if now - began > MAX_STREAM_SECONDS or not await self._still(token, session, conversation_id):
                    return
                yield ": here\n\n"
            await self._changed.wait(seen, 1.0)

    async def _still(self, token: str, session: Session, conversation_id: ConversationId | None) -> bool:
        found = await self._database.run(find, token)
        if found is None:
            return False
        await self._database.run(self._beat, session, conversation_id)
        return True

    def _beat(self, tx: Transaction, session: Session, conversation_id: ConversationId | None) -> None:
        tx.execute(update(agent).where(agent.c.id == session.agent.id).values(seen_at=tx.now))
        if conversation_id is not None:
            note_presence(tx, conversation_id, session.agent.id, writing=False)

    def _state(self, tx: Transaction, conversation_id: ConversationId | None) -> str:
        """Return a value that changes whenever the page's content changes."""
        if conversation_id is None:
            return "-".join(
                str(tx.execute(query).scalar() or 0)
                for query in (
                    select(func.max(handoff_event.c.id)),
                    select(func.max(inbound.c.id)).where(inbound.c.consumer == Consumer.DESK),
                    select(func.count()).select_from(ticket).where(ticket.c.state == TicketStatus.OPEN),
                    select(func.count())
                    .select_from(conversation)
                    .where(
                        conversation.c.state == ConversationState.HUMAN,
                        conversation.c.awaiting == Awaiting.AGENT,
                    ),
                )
            )
        return "-".join(str(part) for part in self._of_conversation(tx, conversation_id))

    def _of_conversation(self, tx: Transaction, conversation_id: ConversationId) -> list[Any]:
        def newest(table: Any) -> Any:
            query = select(func.max(table.c.id)).where(table.c.conversation_id == conversation_id)
            return tx.execute(query).scalar() or 0

        unsettled = (
            select(func.count())
            .select_from(outbound)
            .where(
                outbound.c.conversation_id == conversation_id,
                outbound.c.state.in_((OutboundStatus.QUEUED, OutboundStatus.SENT)),
            )
        )
        sent = unsettled.where(outbound.c.state == OutboundStatus.SENT)
        looking = tx.execute(
            select(presence.c.agent_id, presence.c.writing_at, presence.c.seen_at)
            .where(presence.c.conversation_id == conversation_id)
            .order_by(presence.c.agent_id)
        )
        there = [
            f"{row.agent_id}{'w' if (row.writing_at or 0) > tx.now - WRITING_SECONDS else ''}"
            for row in looking
            if row.seen_at > tx.now - PRESENT_SECONDS
        ]
        return [
            *(newest(table) for table in (inbound, outbound, note, handoff_event)),
            tx.execute(unsettled).scalar(),
            tx.execute(sent).scalar(),
            ".".join(there),
        ]
