"""Keeps a desk elsewhere and ours the same: tells it of cases and of what clients write, carries out what agents do.

The gateway stays the owner: an agent's reply there is a reply here, in the epoch of now, and leaves by our outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.clock import Clock
from bot.desk.adapters import links
from bot.desk.adapters.base import (
    CLAIM,
    REPLY,
    RESOLVE,
    AgentAct,
    Case,
    CaseUnknown,
    DeskAdapter,
    DeskUnreachable,
)
from bot.desk.facts import Facts
from bot.desk.outgoing import refusal
from bot.handoff import states
from bot.handoff.agents import Agent, Agents, NotAllowed, Unread
from bot.messages import conversations
from bot.messages.conversations import Conversation
from bot.messages.loop import Loop
from bot.messages.parsing import MAX_TEXT_CHARACTERS
from bot.privacy.audit import AuditTrail
from bot.storage import Database
from bot.storage.database import insert_if_new
from bot.storage.desk_tables import desk_request
from bot.storage.transaction import Transaction

logger = logging.getLogger(__name__)

POLL_SECONDS = 20.0


class Bridge(Loop[int]):
    """Goes through the open cases every POLL_SECONDS, and at once when a webhook hints at something."""

    def __init__(
        self,
        database: Database,
        desk: DeskAdapter,
        agents: Agents,
        facts: Facts,
        audit: AuditTrail,
        clock: Clock,
        acted: Callable[[], None],
    ) -> None:
        super().__init__("desk bridge", clock, concurrency=1)
        self._database = database
        self._desk = desk
        self._agents = agents
        self._facts = facts
        self._audit = audit
        self._acted = acted
        self._next = 0.0

    def hint(self) -> None:
        """Something may have happened at the other desk."""
        self._next = 0.0
        self.wake()

    async def claim(self, limit: int) -> list[int]:
        if self.clock() < self._next:
            return []
        self._next = self.clock() + POLL_SECONDS
        return [0]

    async def next_due(self) -> float | None:
        return self._next

    async def work(self, item: int) -> None:
        await self.synchronise()

    async def synchronise(self) -> None:
        """Bring every case that is open, or was at the last time, up to date on both sides."""
        for handoff_id in await self._database.run(links.open_cases):
            try:
                await self._one(handoff_id)
            except CaseUnknown as error:
                logger.warning("the desk no longer has a case: %s", error)
                await self._database.run(links.forget, handoff_id)
            except DeskUnreachable as error:
                logger.warning("the desk does not answer: %s", error)

    async def _one(self, handoff_id: int) -> None:
        work = await self._database.run(links.work_on, handoff_id, self._facts)
        external_id = work.external_id
        if external_id is None:
            external_id = await self._desk.open(work.case)
            await self._database.run(links.link, work.case, external_id)
        if work.entries or work.case.epoch != work.epoch_told:
            await self._desk.append(external_id, work.entries, work.delivered, work.case.epoch)
            await self._database.run(links.delivered_now, work)
        # Also when it is over: who has answered at the last moment hears that it was too late.
        acts, cursor = await self._desk.poll(external_id, work.cursor)
        for why in await self._database.run(self._carry_out, work.case, acts, work.newest):
            await self._desk.note(external_id, self._facts.say(f"elsewhere_{why}"))
        # Only now: whoever was not told why their reply was not sent is told the next time.
        await self._database.run(links.read_up_to, handoff_id, cursor)
        if acts:
            self._acted()
        work = await self._database.run(links.work_on, handoff_id, self._facts)
        if work.over:
            await self._desk.close(external_id, work.case.epoch)
            await self._database.run(links.close, handoff_id)

    def _carry_out(self, tx: Transaction, case: Case, acts: list[AgentAct], seen: int) -> list[str]:
        """Do here what was done there, each act once; gives back why replies were not sent, to be noted there.

        `seen` is the client's newest message that the agents there had before them.
        """
        refused: list[str] = []
        for act in acts:
            by = links.agent_from_elsewhere(tx, act.agent)
            who = conversations.find(tx, case.conversation_id, lock=True)
            key = f"there-{act.id}"[:64]
            if links.is_done(tx, key):
                continue
            why = _why_not(act, who, case) if act.kind == REPLY else None
            if why:
                refused.append(why)
                self._audit.append(tx, by.actor, "reply_refused", conversation_id=who.id)
                continue
            insert_if_new(tx, desk_request, {"key": key, "at": tx.now})
            if self._do(tx, who, case, by, act, seen):
                self._audit.append(tx, by.actor, act.kind, conversation_id=who.id)
        return refused

    def _do(
        self, tx: Transaction, who: Conversation, case: Case, by: Agent, act: AgentAct, seen: int
    ) -> bool:
        """Carry out one act; False when it makes no sense any more."""
        try:
            if act.kind == CLAIM and who.state == states.QUEUED and not links.is_over(who, case.handoff_id):
                self._agents.take(tx, who.id, by, who.epoch)
            elif act.kind == REPLY:
                self._agents.reply(tx, who.id, by, who.epoch, act.text)
            elif act.kind == RESOLVE and who.state in {states.ASSIGNED, states.HUMAN}:
                owner = Agent(who.agent_id or by.id, by.name, by.shown_as, by.role)
                self._agents.resolve(tx, who.id, owner, who.epoch, seen, "solved", "")
            else:
                return False
        except (NotAllowed, Unread):
            # What the client has just written is told there next, which opens the case again.
            logger.warning("an agent's %s came when it was not possible", act.kind)
            return False
        return True


def _why_not(act: AgentAct, who: Conversation, case: Case) -> str | None:
    """Why a reply from elsewhere cannot be sent, by the end of a text's name; None when it can."""
    if links.is_over(who, case.handoff_id):
        return "too_late"
    if not act.text.strip():
        return "no_text"
    if len(act.text) > MAX_TEXT_CHARACTERS:
        return "too_long"
    return "secret" if refusal(act.text) else None
