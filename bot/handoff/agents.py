"""What agents do with a conversation, each step inside the caller's transaction. All raise `Moved` for an old epoch."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update

from bot.domain import Origin
from bot.handoff import notices, owner, states, tickets
from bot.handoff.owner import Moved
from bot.handoff.service import HandoffService
from bot.messages import conversations, inbox, outbox
from bot.messages.conversations import Conversation
from bot.storage.desk_tables import agent as agent_table
from bot.storage.desk_tables import handoff, note
from bot.storage.transaction import Transaction
from contracts.enums import HandoffReason

OUTCOMES = ("solved", "explained", "passed_on", "not_reached", "not_ours")


class NotAllowed(Exception):
    """The conversation is in no state for that, or is somebody else's."""


class Unread(Exception):
    """The client has written something that the agent had not seen."""


@dataclass(frozen=True)
class Agent:
    """Who acts: `shown_as` is what clients are told."""

    id: int
    name: str
    shown_as: str
    role: str

    @property
    def actor(self) -> str:
        return f"agent:{self.id}"


class Agents:
    """The agents' side of the way to a person and back."""

    def __init__(self, service: HandoffService) -> None:
        self._service = service
        self._knowledge = service.knowledge

    def take(self, tx: Transaction, conversation_id: int, by: Agent, epoch: int) -> Conversation:
        """Take the conversation: out of the queue, from a ticket, from the bot or from another agent.

        Of several who try in one epoch, one gets it. The first reply makes it theirs in the client's eyes.
        """
        who = self._find(tx, conversation_id, epoch)
        if who.agent_id == by.id and who.state in {states.ASSIGNED, states.HUMAN}:
            return who
        if who.state == states.BLOCKED:
            raise NotAllowed("it is blocked")
        event = "claimed" if who.state == states.QUEUED else "taken_over"
        return self._assign(tx, who, by, event, by.actor)

    def reply(self, tx: Transaction, conversation_id: int, by: Agent, epoch: int, text: str) -> Conversation:
        """Send `text` to the client. Whoever owned the conversation, it is the writer's from then on."""
        who = self._find(tx, conversation_id, epoch)
        if who.state == states.BLOCKED:
            raise NotAllowed("it is blocked")
        if who.state == states.HUMAN and who.agent_id == by.id:
            who = owner.wait_for(tx, who, "client")
        else:
            who = self._begin_to_speak(tx, who, by)
        outbox.add(tx, who, origin=Origin.AGENT, text=text, agent_id=by.id)
        tx.execute(
            update(handoff)
            .where(handoff.c.id == who.handoff_id, handoff.c.answered_at.is_(None))
            .values(answered_at=tx.now)
        )
        return who

    def transfer(
        self, tx: Transaction, conversation_id: int, by: Agent, epoch: int, to: Agent | None, why: str
    ) -> Conversation:
        """Pass the conversation to another agent, or with None back into the queue; `why` becomes a private note."""
        who = self._own(tx, conversation_id, by, epoch)
        add_note(tx, who.id, by.id, why)
        self._raise_rank(tx, who)
        if to is None:
            who = owner.move(tx, who, states.QUEUED, event="transferred", actor=by.actor)
        else:
            who = self._assign(tx, who, to, "transferred", by.actor)
        notices.say(tx, self._knowledge, who, "transferred")
        return who

    def resolve(
        self,
        tx: Transaction,
        conversation_id: int,
        by: Agent,
        epoch: int,
        seen: int,
        outcome: str,
        summary: str,
    ) -> Conversation:
        """The matter is settled: the client is asked for a score, and then the bot has the conversation again.

        `seen` is the id of the newest message that the agent had before them. Raises Unread.
        """
        who = self._own(tx, conversation_id, by, epoch)
        self._all_read(tx, who, seen)
        case = who.handoff_id
        tx.execute(update(handoff).where(handoff.c.id == case).values(summary=summary or None))
        tickets.end_case(tx, case, outcome)
        tickets.close_all(tx, who.id, by.id)
        who = owner.move(tx, who, states.WRAPUP, event="resolved", actor=by.actor, agent_id=by.id)
        assert case is not None
        notices.ask_for_score(tx, self._knowledge, who, case)
        return who

    def give_back(
        self, tx: Transaction, conversation_id: int, by: Agent, epoch: int, seen: int
    ) -> Conversation:
        """The bot goes on where it was. Raises Unread."""
        who = self._own(tx, conversation_id, by, epoch)
        self._all_read(tx, who, seen)
        tickets.close_all(tx, who.id, by.id)
        return self._service.back_to_bot(tx, who, event="given_back", actor=by.actor, outcome="given_back")

    def block(self, tx: Transaction, conversation_id: int, by: Agent, epoch: int) -> Conversation:
        """Answer an abusive client no more, for a day."""
        who = self._find(tx, conversation_id, epoch)
        if who.state == states.BLOCKED:
            return who
        tickets.end_case(tx, who.handoff_id, "blocked")
        tickets.close_all(tx, who.id, by.id)
        who = owner.move(tx, who, states.BLOCKED, event="blocked", actor=by.actor)
        notices.say(tx, self._knowledge, who, "blocked")
        return who

    def unblock(self, tx: Transaction, conversation_id: int, by: Agent, epoch: int) -> Conversation:
        """The bot answers the client again."""
        who = self._find(tx, conversation_id, epoch)
        if who.state != states.BLOCKED:
            raise NotAllowed("it is not blocked")
        return self._service.back_to_bot(tx, who, event="unblocked", actor=by.actor, outcome="blocked")

    def _find(self, tx: Transaction, conversation_id: int, epoch: int) -> Conversation:
        who = conversations.find(tx, conversation_id, lock=True)
        owner.must_be(who, epoch)
        return who

    def _own(self, tx: Transaction, conversation_id: int, by: Agent, epoch: int) -> Conversation:
        who = self._find(tx, conversation_id, epoch)
        if who.state not in {states.ASSIGNED, states.HUMAN} or who.agent_id != by.id:
            raise NotAllowed("it is not yours")
        return who

    def _all_read(self, tx: Transaction, who: Conversation, seen: int) -> None:
        if inbox.newest(tx, who.id) > seen:
            raise Unread

    def _begin_to_speak(self, tx: Transaction, who: Conversation, by: Agent) -> Conversation:
        event = "answered" if who.agent_id == by.id else "taken_over"
        who = self._moved_to_agent(tx, who, by, states.HUMAN, event, by.actor)
        notices.say(tx, self._knowledge, who, "with_agent", agent=by.shown_as)
        return who

    def _assign(self, tx: Transaction, who: Conversation, to: Agent, event: str, actor: str) -> Conversation:
        return self._moved_to_agent(tx, who, to, states.ASSIGNED, event, actor)

    def _moved_to_agent(
        self, tx: Transaction, who: Conversation, to: Agent, state: str, event: str, actor: str
    ) -> Conversation:
        case = who.handoff_id
        if case is None or who.state not in states.IN_CASE:
            case = self._service.open_case(tx, who, HandoffReason.TAKEN_OVER)
        tx.execute(update(handoff).where(handoff.c.id == case).values(agent_id=to.id))
        tx.execute(
            update(handoff)
            .where(handoff.c.id == case, handoff.c.claimed_at.is_(None))
            .values(claimed_at=tx.now)
        )
        return owner.move(
            tx,
            who,
            state,
            event=event,
            actor=actor,
            handoff_id=case,
            agent_id=to.id,
            awaiting="client" if state == states.HUMAN else None,
        )

    def _raise_rank(self, tx: Transaction, who: Conversation) -> None:
        tx.execute(update(handoff).where(handoff.c.id == who.handoff_id).values(rank=handoff.c.rank + 1))


def add_note(tx: Transaction, conversation_id: int, agent_id: int | None, text: str) -> None:
    """A private note: for agents' eyes, never sent."""
    tx.execute(insert(note).values(conversation_id=conversation_id, agent_id=agent_id, text=text, at=tx.now))


def find_agent(tx: Transaction, agent_id: int) -> Agent | None:
    """An active agent who may own conversations; None when there is no such."""
    row = tx.execute(
        select(agent_table).where(
            agent_table.c.id == agent_id,
            agent_table.c.active,
            agent_table.c.role.in_(("agent", "lead")),
        )
    ).first()
    return Agent(row.id, row.name, row.shown_as, row.role) if row else None


__all__ = ["OUTCOMES", "Agent", "Agents", "Moved", "NotAllowed", "Unread", "add_note", "find_agent"]
