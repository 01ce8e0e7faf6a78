"""Server-sent events: a page is told that something it shows has changed, and asks for that part of itself again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import func, select, update

from bot.clock import Clock
from bot.desk.acts import note_presence
from bot.desk.sessions import Session, find
from bot.handoff import states
from bot.messages.signal import Signal
from bot.storage import Database
from bot.storage.desk_tables import agent, handoff_event, note, presence, ticket
from bot.storage.tables import conversation, inbound, outbound
from bot.storage.transaction import Transaction

# An open page shows in this rhythm that its agent is there; two of them missed, and the agent is gone.
HEARTBEAT_SECONDS = 15.0
LONGEST_SECONDS = 15 * 60.0


class Live:
    """Streams changes to open pages, for as long as their session lasts."""

    def __init__(self, database: Database, changed: Signal, clock: Clock) -> None:
        self._database = database
        self._changed = changed
        self._clock = clock

    async def stream(self, token: str, session: Session, conversation_id: int | None) -> AsyncIterator[str]:
        """Lines of an event stream: `changed` with what is now true, and comments to keep it open.

        It ends after LONGEST_SECONDS; the browser then asks anew, and its session is looked at again.
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
                if now - began > LONGEST_SECONDS or not await self._still(token, session, conversation_id):
                    return
                yield ": here\n\n"
            await self._changed.wait(seen, 1.0)

    async def _still(self, token: str, session: Session, conversation_id: int | None) -> bool:
        found = await self._database.run(find, token)
        if found is None:
            return False
        await self._database.run(self._beat, session, conversation_id)
        return True

    def _beat(self, tx: Transaction, session: Session, conversation_id: int | None) -> None:
        tx.execute(update(agent).where(agent.c.id == session.agent.id).values(seen_at=tx.now))
        if conversation_id is not None:
            note_presence(tx, conversation_id, session.agent.id, writing=False)

    def _state(self, tx: Transaction, conversation_id: int | None) -> str:
        """Something that is different whenever what the page shows is."""
        if conversation_id is None:
            return "-".join(
                str(tx.execute(query).scalar() or 0)
                for query in (
                    select(func.max(handoff_event.c.id)),
                    select(func.max(inbound.c.id)).where(inbound.c.consumer == "desk"),
                    select(func.count()).select_from(ticket).where(ticket.c.state == "open"),
                    select(func.count())
                    .select_from(conversation)
                    .where(conversation.c.state == states.HUMAN, conversation.c.awaiting == "agent"),
                )
            )
        return "-".join(str(part) for part in self._of_conversation(tx, conversation_id))

    def _of_conversation(self, tx: Transaction, conversation_id: int) -> list[Any]:
        def newest(table: Any) -> Any:
            query = select(func.max(table.c.id)).where(table.c.conversation_id == conversation_id)
            return tx.execute(query).scalar() or 0

        unsettled = (
            select(func.count())
            .select_from(outbound)
            .where(outbound.c.conversation_id == conversation_id, outbound.c.state.in_(("queued", "sent")))
        )
        sent = unsettled.where(outbound.c.state == "sent")
        looking = tx.execute(
            select(presence.c.agent_id, presence.c.writing_at, presence.c.seen_at)
            .where(presence.c.conversation_id == conversation_id)
            .order_by(presence.c.agent_id)
        )
        there = [
            f"{row.agent_id}{'w' if (row.writing_at or 0) > tx.now - 10 else ''}"
            for row in looking
            if row.seen_at > tx.now - 40
        ]
        return [
            *(newest(table) for table in (inbound, outbound, note, handoff_event)),
            tx.execute(unsettled).scalar(),
            tx.execute(sent).scalar(),
            ".".join(there),
        ]
