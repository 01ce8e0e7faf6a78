"""The built-in desk as a DeskAdapter, on the tables that its pages read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.clock import Clock
from bot.desk.adapters.desk_adapter import CLAIM, REPLY, RESOLVE, AgentAct, Case, Entry
from bot.handoff.agent_commands import add_note
from bot.messages.signal import Signal
from bot.storage import Database
from bot.storage.desk_tables import agent, handoff_event
from bot.storage.tables import outbound
from bot.storage.transaction import Transaction

_EVENTS = {"claimed": CLAIM, "taken_over": CLAIM, "resolved": RESOLVE}


class BuiltInDesk:
    """A DeskAdapter. Inbound messages are in its tables already; opening and appending notify the open pages."""

    def __init__(self, database: Database, changed: Signal, clock: Clock) -> None:
        self._database = database
        self._changed = changed
        self._clock = clock

    async def open(self, case: Case) -> str:
        self._changed.set()
        return str(case.conversation_id)

    async def append(self, external_id: str, entries: Sequence[Entry], delivered: int, epoch: int) -> None:
        self._changed.set()

    async def note(self, external_id: str, text: str) -> None:
        await self._database.run(add_note, int(external_id), None, text)
        self._changed.set()

    async def poll(self, external_id: str, after: str) -> tuple[list[AgentAct], str]:
        events, replies = (int(part) for part in (after or "0-0").split("-"))
        return await self._database.run(self._acts, int(external_id), events, replies)

    async def close(self, external_id: str, epoch: int) -> None:
        self._changed.set()

    def _acts(
        self, tx: Transaction, conversation_id: int, event_id: int, outbound_id: int
    ) -> tuple[list[AgentAct], str]:
        names = {row.id: row.shown_as for row in tx.execute(select(agent.c.id, agent.c.shown_as))}
        acts: list[tuple[float, int, AgentAct]] = []
        for row in tx.execute(
            select(handoff_event)
            .where(handoff_event.c.conversation_id == conversation_id, handoff_event.c.id > event_id)
            .order_by(handoff_event.c.id)
        ):
            event_id = row.id
            if row.event in _EVENTS and row.actor.startswith("agent:"):
                name = names.get(int(row.actor.removeprefix("agent:")), "")
                kind = _EVENTS[row.event]
                acts.append((row.at, 2 if kind == RESOLVE else 0, AgentAct(f"event-{row.id}", kind, name)))
        for row in tx.execute(
            select(outbound)
            .where(
                outbound.c.conversation_id == conversation_id,
                outbound.c.id > outbound_id,
                outbound.c.origin == "agent",
            )
            .order_by(outbound.c.id)
        ):
            outbound_id = row.id
            act = AgentAct(f"reply-{row.id}", REPLY, names.get(row.agent_id, ""), row.text)
            acts.append((row.created_at, 1, act))
        acts.sort(key=lambda one: one[:2])
        return [act for _, _, act in acts], f"{event_id}-{outbound_id}"
