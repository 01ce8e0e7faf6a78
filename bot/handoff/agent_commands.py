"""Agents' commands on a conversation, in the caller's transaction. All raise StaleEpochError for an old epoch."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update

from bot.domain import (
    WORKING_ROLES,
    AgentId,
    Awaiting,
    ConversationId,
    ConversationState,
    Epoch,
    Origin,
    Outcome,
    OwnershipEvent,
)
from bot.handoff import handoff_notices, ownership, schedule, tickets
from bot.handoff.handoff_service import HandoffService
from bot.handoff.ownership import StaleEpochError
from bot.messages import conversations, inbox, outbox
from bot.messages.conversations import Conversation
from bot.storage.desk_tables import agent as agent_table
from bot.storage.desk_tables import handoff, note
from bot.storage.transaction import Transaction
from contracts.enums import HandoffReason


class NotAllowedError(Exception):
    """The conversation's state does not allow it, or another agent owns it."""


class UnseenMessagesError(Exception):
    """The client wrote something that the agent has not seen."""


@dataclass(frozen=True)
class Agent:
    """An agent: `shown_as` is the name that clients see."""

    id: AgentId
    name: str
    shown_as: str
    role: str

    @property
    def actor(self) -> str:
        """The agent's name in events and in the audit trail."""
        return f"agent:{self.id}"


class AgentCommands:
    """The agents' side of a hand-off."""

    def __init__(self, service: HandoffService) -> None:
        self._service = service
        self._knowledge = service.knowledge

    def claim(
        self, tx: Transaction, conversation_id: ConversationId, by: Agent, epoch: Epoch
    ) -> Conversation:
        """Claim the conversation: from the queue, a ticket, the assistant or another agent.

        Of several agents in one epoch, one gets it. The client is told with the first reply.
        """
        conversation = self._find(tx, conversation_id, epoch)
        if conversation.agent_id == by.id and conversation.state in {
            ConversationState.ASSIGNED,
            ConversationState.HUMAN,
        }:
            return conversation
        if conversation.state == ConversationState.BLOCKED:
            raise NotAllowedError("it is blocked")
        event = (
            OwnershipEvent.CLAIMED
            if conversation.state == ConversationState.QUEUED
            else OwnershipEvent.TAKEN_OVER
        )
        return self._assign(tx, conversation, by, event, by.actor)

    def reply(
        self, tx: Transaction, conversation_id: ConversationId, by: Agent, epoch: Epoch, text: str
    ) -> Conversation:
        """Send `text` to the client. The writer owns the conversation from then on."""
        conversation = self._find(tx, conversation_id, epoch)
        if conversation.state == ConversationState.BLOCKED:
            raise NotAllowedError("it is blocked")
        if conversation.state == ConversationState.HUMAN and conversation.agent_id == by.id:
            conversation = ownership.await_message(tx, conversation, Awaiting.CLIENT)
        else:
            conversation = self._begin_to_speak(tx, conversation, by)
        outbox.add(tx, conversation, origin=Origin.AGENT, text=text, agent_id=by.id)
        tx.execute(
            update(handoff)
            .where(handoff.c.id == conversation.handoff_id, handoff.c.answered_at.is_(None))
            .values(answered_at=tx.now)
        )
        return conversation

    def transfer(
        self,
        tx: Transaction,
        conversation_id: ConversationId,
        by: Agent,
        epoch: Epoch,
        to: Agent | None,
        reason: str,
    ) -> Conversation:
        """Transfer the conversation to another agent, or with None the queue.

        `reason` becomes a private note.
        """
        conversation = self._own(tx, conversation_id, by, epoch)
        add_note(tx, conversation.id, by.id, reason)
        self._raise_rank(tx, conversation)
        if to is None:
            conversation = ownership.transition(
                tx, conversation, ConversationState.QUEUED, event=OwnershipEvent.TRANSFERRED, actor=by.actor
            )
        else:
            conversation = self._assign(tx, conversation, to, OwnershipEvent.TRANSFERRED, by.actor)
        handoff_notices.say(tx, self._knowledge, conversation, "transferred")
        return conversation

    def resolve(
        self,
        tx: Transaction,
        conversation_id: ConversationId,
        by: Agent,
        epoch: Epoch,
        seen: int,
        outcome: Outcome,
        summary: str,
    ) -> Conversation:
        """Close the case: the client is asked for a score, then the assistant owns the conversation again.

        `seen` is the id of the newest message that the agent has seen. Raises UnseenMessagesError.

        """
        conversation = self._own(tx, conversation_id, by, epoch)
        self._all_read(tx, conversation, seen)
        case = conversation.handoff_id
        tx.execute(update(handoff).where(handoff.c.id == case).values(summary=summary or None))
        tickets.end_case(tx, case, outcome)
        tickets.close_all(tx, conversation.id, by.id)
        conversation = ownership.transition(
            tx,
            conversation,
            ConversationState.WRAPUP,
            event=OwnershipEvent.RESOLVED,
            actor=by.actor,
            agent_id=by.id,
        )
        assert case is not None
        handoff_notices.ask_for_score(tx, self._knowledge, conversation, case)
        return conversation

    def give_back(
        self, tx: Transaction, conversation_id: ConversationId, by: Agent, epoch: Epoch, seen: int
    ) -> Conversation:
        """Give the conversation back to the assistant, which goes on where it was. Raises UnseenMessagesError."""
        conversation = self._own(tx, conversation_id, by, epoch)
        self._all_read(tx, conversation, seen)
        tickets.close_all(tx, conversation.id, by.id)
        return self._service.return_to_assistant(
            tx, conversation, event=OwnershipEvent.GIVEN_BACK, actor=by.actor, outcome=Outcome.GIVEN_BACK
        )

    def block(
        self, tx: Transaction, conversation_id: ConversationId, by: Agent, epoch: Epoch
    ) -> Conversation:
        """Stop answering an abusive client, for a day."""
        conversation = self._find(tx, conversation_id, epoch)
        if conversation.state == ConversationState.BLOCKED:
            return conversation
        tickets.end_case(tx, conversation.handoff_id, Outcome.BLOCKED)
        tickets.close_all(tx, conversation.id, by.id)
        conversation = ownership.transition(
            tx, conversation, ConversationState.BLOCKED, event=OwnershipEvent.BLOCKED, actor=by.actor
        )
        handoff_notices.say(tx, self._knowledge, conversation, "blocked")
        return conversation

    def unblock(
        self, tx: Transaction, conversation_id: ConversationId, by: Agent, epoch: Epoch
    ) -> Conversation:
        """Let the assistant answer the client again."""
        conversation = self._find(tx, conversation_id, epoch)
        if conversation.state != ConversationState.BLOCKED:
            raise NotAllowedError("it is not blocked")
        return self._service.return_to_assistant(
            tx, conversation, event=OwnershipEvent.UNBLOCKED, actor=by.actor, outcome=Outcome.BLOCKED
        )

    def _find(self, tx: Transaction, conversation_id: ConversationId, epoch: Epoch) -> Conversation:
        conversation = conversations.find(tx, conversation_id, lock=True)
        ownership.require_epoch(conversation, epoch)
        return conversation

    def _own(self, tx: Transaction, conversation_id: ConversationId, by: Agent, epoch: Epoch) -> Conversation:
        conversation = self._find(tx, conversation_id, epoch)
        if (
            conversation.state not in {ConversationState.ASSIGNED, ConversationState.HUMAN}
            or conversation.agent_id != by.id
        ):
            raise NotAllowedError("it is not yours")
        return conversation

    def _all_read(self, tx: Transaction, conversation: Conversation, seen: int) -> None:
        if inbox.newest(tx, conversation.id) > seen:
            raise UnseenMessagesError

    def _begin_to_speak(self, tx: Transaction, conversation: Conversation, by: Agent) -> Conversation:
        event = OwnershipEvent.ANSWERED if conversation.agent_id == by.id else OwnershipEvent.TAKEN_OVER
        conversation = self._moved_to_agent(tx, conversation, by, ConversationState.HUMAN, event, by.actor)
        handoff_notices.say(tx, self._knowledge, conversation, "with_agent", agent=by.shown_as)
        return conversation

    def _assign(
        self, tx: Transaction, conversation: Conversation, to: Agent, event: OwnershipEvent, actor: str
    ) -> Conversation:
        return self._moved_to_agent(tx, conversation, to, ConversationState.ASSIGNED, event, actor)

    def _moved_to_agent(
        self,
        tx: Transaction,
        conversation: Conversation,
        to: Agent,
        state: ConversationState,
        event: OwnershipEvent,
        actor: str,
    ) -> Conversation:
        case = conversation.handoff_id
        if case is None or conversation.state not in schedule.IN_CASE:
            case = self._service.open_case(tx, conversation, HandoffReason.TAKEN_OVER)
        tx.execute(update(handoff).where(handoff.c.id == case).values(agent_id=to.id))
        tx.execute(
            update(handoff)
            .where(handoff.c.id == case, handoff.c.claimed_at.is_(None))
            .values(claimed_at=tx.now)
        )
        return ownership.transition(
            tx,
            conversation,
            state,
            event=event,
            actor=actor,
            handoff_id=case,
            agent_id=to.id,
            awaiting=Awaiting.CLIENT if state == ConversationState.HUMAN else None,
        )

    def _raise_rank(self, tx: Transaction, conversation: Conversation) -> None:
        tx.execute(
            update(handoff).where(handoff.c.id == conversation.handoff_id).values(rank=handoff.c.rank + 1)
        )


def add_note(tx: Transaction, conversation_id: ConversationId, agent_id: AgentId | None, text: str) -> None:
    """Add a private note, which is never sent."""
    tx.execute(insert(note).values(conversation_id=conversation_id, agent_id=agent_id, text=text, at=tx.now))


def find_agent(tx: Transaction, agent_id: AgentId) -> Agent | None:
    """Return an active agent who may own conversations; None when there is none of that id."""
    row = tx.execute(
        select(agent_table).where(
            agent_table.c.id == agent_id,
            agent_table.c.active,
            agent_table.c.role.in_(WORKING_ROLES),
        )
    ).first()
    return Agent(row.id, row.name, row.shown_as, row.role) if row else None


__all__ = [
    "Agent",
    "AgentCommands",
    "NotAllowedError",
    "StaleEpochError",
    "UnseenMessagesError",
    "add_note",
    "find_agent",
]
