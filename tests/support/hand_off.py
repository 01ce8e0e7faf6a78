"""A hand-off as a story: the client asks for a person, agents act, time passes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.conversation.worker import Worker
from bot.domain import AgentId
from bot.handoff import handoff_notices
from bot.handoff.agent_commands import Agent, AgentCommands
from bot.handoff.deadlines import Deadlines
from bot.messages import inbox
from bot.messages.conversations import Conversation
from bot.storage import button, handoff, outbound
from bot.storage.desk_tables import agent, handoff_event, ticket
from bot.storage.transaction import Transaction
from tests.support.gateway import FakeEngine, Parts, reply, request_handoff, rows

PEER = "4711"
CHANNEL = "simulator.telegram"
ANNA = Agent(AgentId(1), "anna", "Anna", "agent")
KEN = Agent(AgentId(2), "ken", "Ken", "lead")


def add_agents(tx: Transaction) -> None:
    """Store two agents who are at the desk at `now`; they have no passwords."""
    for one in (ANNA, KEN):
        tx.execute(
            sa.insert(agent).values(
                id=one.id,
                name=one.name,
                shown_as=one.shown_as,
                role=one.role,
                password_hash="",
                totp_sealed="",
                seen_at=tx.now,
                created_at=tx.now,
            )
        )


class HandOffStory:
    """One client on Telegram, and the desk."""

    def __init__(self, parts: Parts, engine: FakeEngine, worker: Worker) -> None:
        self.parts = parts
        self.engine = engine
        self.worker = worker
        self.agents = AgentCommands(parts.handoffs)
        self.deadlines = Deadlines(parts.database, parts.handoffs, parts.clock, lambda: None)

    async def writes(self, text: str, peer: str = PEER, hint: str = "en") -> int:
        """Write a text as the client and let the worker answer it."""
        accepted = await self.parts.receive(text, peer=peer, channel=CHANNEL, hint=hint)
        await self.parts.work_off(self.worker)
        return accepted.id

    async def asks(self, peer: str = PEER, hint: str = "en", **directive: Any) -> int:
        """Write a text as the client, which the assistant answers with a hand-off."""
        self.engine.answers.append(
            reply(
                "One moment.",
                language=hint,
                directives=[request_handoff(**directive)],
            )
        )
        return await self.writes("a person please", peer, hint)

    async def taps(self, choice: str, peer: str = PEER) -> None:
        """Choose from the newest menu as the client; `choice` begins its payload."""
        (token,) = await self.parts.database.run(
            lambda tx: tx.execute(
                sa.select(button.c.token)
                .where(button.c.payload.startswith(choice), button.c.used_at.is_(None))
                .order_by(button.c.outbound_id.desc())
                .limit(1)
            ).one()
        )
        await self.parts.receive(token, peer=peer, channel=CHANNEL, kind="button")
        await self.parts.work_off(self.worker)

    async def who(self, peer: str = PEER) -> Conversation:
        """Return the conversation as it is stored now."""
        return await self.parts.conversation(peer, CHANNEL)

    async def state(self, peer: str = PEER) -> str:
        return (await self.who(peer)).state

    async def does(self, what: str, by: Agent, *values: Any, peer: str = PEER) -> Conversation:
        """Act as an agent who has seen the newest message and epoch."""
        who = await self.who(peer)
        if what in {"resolve", "give_back"}:
            values = (await self.parts.database.run(inbox.newest, who.id), *values)
        work = getattr(self.agents, what)
        return await self.parts.database.run(work, who.id, by, who.epoch, *values)

    async def passes(self, seconds: float, *, there: bool = True) -> None:
        """Move the clock from deadline to deadline; agents stay at the desk if `there`."""
        end = self.parts.clock() + seconds
        while self.parts.clock() < end:
            due = await self.deadlines.next_due()
            # A postponed deadline is due soon, so the clock must always move.
            self.parts.clock.now = min(end, max(self.parts.clock() + 1, end if due is None else due))
            if there:
                await self.parts.database.run(lambda tx: tx.execute(sa.update(agent).values(seen_at=tx.now)))
            for item in await self.deadlines.claim(50):
                await self.deadlines.work(item)

    async def told(self) -> list[str]:
        """Return the notices of the gateway so far, in order."""
        return await self.parts.texts("system")

    async def last_told(self) -> str:
        return (await self.told())[-1]

    def notice(self, name: str, language: str = "en", **values: Any) -> str:
        """Return a notice of the desk as it is sent."""
        return self.parts.knowledge.text(handoff_notices.TOPIC, name, language).format(**values)

    async def case(self) -> dict[str, Any]:
        """Return the newest case."""
        return (await rows(self.parts.database, handoff))[-1]

    async def events(self) -> list[str]:
        return [row["event"] for row in await rows(self.parts.database, handoff_event)]

    async def tickets(self) -> list[dict[str, Any]]:
        return await rows(self.parts.database, ticket)

    async def sent_by_agents(self) -> list[str]:
        return [row["text"] for row in await rows(self.parts.database, outbound, origin="agent")]
