"""Synchronise an external desk: pass cases and clients' messages to it, and execute its agents' acts here.

The gateway stays the owner: an agent's reply there becomes a reply here, in the current epoch, through the outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.clock import Clock
from bot.desk.adapters import external_cases
from bot.desk.adapters.desk_adapter import (
    CLAIM,
    REPLY,
    RESOLVE,
    AgentAct,
    Case,
    DeskAdapter,
    DeskUnavailableError,
    UnknownCaseError,
)
from bot.desk.context_words import ContextWords
from bot.desk.outgoing import refusal
from bot.domain import ConversationState, HandoffId, Outcome
from bot.handoff.agent_commands import Agent, AgentCommands, NotAllowedError, UnseenMessagesError
from bot.messages import conversations
from bot.messages.conversations import Conversation
from bot.messages.loop import PeriodicTask
from bot.messages.parsing import MAX_TEXT_CHARACTERS
from bot.privacy.audit import AuditTrail
from bot.storage import Database
from bot.storage.database import insert_if_new
from bot.storage.desk_tables import desk_request
from bot.storage.transaction import Transaction

logger = logging.getLogger(__name__)

POLL_SECONDS = 20.0


class Bridge(PeriodicTask):
    """Synchronises the open cases every POLL_SECONDS, and at once when a webhook asks for it."""

    def __init__(
        self,
        database: Database,
        desk: DeskAdapter,
        agents: AgentCommands,
        facts: ContextWords,
        audit: AuditTrail,
        clock: Clock,
        acted: Callable[[], None],
    ) -> None:
        super().__init__("desk bridge", clock, POLL_SECONDS)
        self._database = database
        self._desk = desk
        self._agents = agents
        self._facts = facts
        self._audit = audit
        self._acted = acted

    async def run_once(self) -> None:
        """Synchronise all open cases."""
        await self.synchronise()

    async def synchronise(self) -> None:
        """Bring every case that is open, or was open last time, up to date on both sides."""
        for handoff_id in await self._database.run(external_cases.open_cases):
            try:
                await self._one(handoff_id)
            except UnknownCaseError as error:
                logger.warning("the desk no longer has a case: %s", error)
                await self._database.run(external_cases.forget, handoff_id)
            except DeskUnavailableError as error:
                logger.warning("the desk does not answer: %s", error)

    async def _one(self, handoff_id: HandoffId) -> None:
        work = await self._database.run(external_cases.work_on, handoff_id, self._facts)
        external_id = work.external_id
        if external_id is None:
            external_id = await self._desk.open(work.case)
            await self._database.run(external_cases.link, work.case, external_id)
        if work.entries or work.case.epoch != work.epoch_told:
            await self._desk.append(external_id, work.entries, work.delivered, work.case.epoch)
            await self._database.run(external_cases.delivered_now, work)
        # Also when it is over: who has answered at the last moment hears that it was too late.
        acts, cursor = await self._desk.poll(external_id, work.cursor)
        for why in await self._database.run(self._execute_acts, work.case, acts, work.newest):
            await self._desk.note(external_id, self._facts.say(f"elsewhere_{why}"))
        # Only now: whoever was not told why their reply was not sent is told the next time.
        await self._database.run(external_cases.read_up_to, handoff_id, cursor)
        if acts:
            self._acted()
        work = await self._database.run(external_cases.work_on, handoff_id, self._facts)
        if work.over:
            await self._desk.close(external_id, work.case.epoch)
            await self._database.run(external_cases.close, handoff_id)

    def _execute_acts(self, tx: Transaction, case: Case, acts: list[AgentAct], seen: int) -> list[str]:
        """Execute the external acts here, each once. Returns why replies were not sent, for private notes there.

        `seen` is the client's newest message that the agents there had seen.
        """
        refused: list[str] = []
        for act in acts:
            by = external_cases.agent_from_elsewhere(tx, act.agent)
            conversation = conversations.find(tx, case.conversation_id, lock=True)
            key = f"there-{act.id}"[:64]
            if external_cases.is_done(tx, key):
                continue
            why = _why_not(act, conversation, case) if act.kind == REPLY else None
            if why:
                refused.append(why)
                self._audit.append(tx, by.actor, "reply_refused", conversation_id=conversation.id)
                continue
            insert_if_new(tx, desk_request, {"key": key, "at": tx.now})
            if self._do(tx, conversation, case, by, act, seen):
                self._audit.append(tx, by.actor, act.kind, conversation_id=conversation.id)
        return refused

    def _do(
        self, tx: Transaction, conversation: Conversation, case: Case, by: Agent, act: AgentAct, seen: int
    ) -> bool:
        """Execute one act. Returns False when it no longer applies."""
        try:
            if (
                act.kind == CLAIM
                and conversation.state == ConversationState.QUEUED
                and not external_cases.is_over(conversation, case.handoff_id)
            ):
                self._agents.claim(tx, conversation.id, by, conversation.epoch)
            elif act.kind == REPLY:
                self._agents.reply(tx, conversation.id, by, conversation.epoch, act.text)
            elif act.kind == RESOLVE and conversation.state in {
                ConversationState.ASSIGNED,
                ConversationState.HUMAN,
            }:
                owner = Agent(conversation.agent_id or by.id, by.name, by.shown_as, by.role)
                self._agents.resolve(tx, conversation.id, owner, conversation.epoch, seen, Outcome.SOLVED, "")
            else:
                return False
        except (NotAllowedError, UnseenMessagesError):
            # What the client has just written is told there next, which opens the case again.
            logger.warning("an agent's %s came when it was not possible", act.kind)
            return False
        return True


def _why_not(act: AgentAct, conversation: Conversation, case: Case) -> str | None:
    """Return why an external reply cannot be sent, as the end of a text's name; None when it can."""
    if external_cases.is_over(conversation, case.handoff_id):
        return "too_late"
    if not act.text.strip():
        return "no_text"
    if len(act.text) > MAX_TEXT_CHARACTERS:
        return "too_long"
    return "secret" if refusal(act.text) else None
