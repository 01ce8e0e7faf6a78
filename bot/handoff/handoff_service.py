"""The client's side of a hand-off: requests, the queue, messages to agents, scores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from bot.domain import (
    ConversationState,
    HandoffId,
    InboundId,
    Outcome,
    OwnershipEvent,
    TicketReason,
)
from bot.handoff import handoff_notices, ownership, tickets, waiting_queue
from bot.handoff.context import storable_context
from bot.handoff.handoff_notices import LEAVE_MESSAGE, STOP_WAITING, TO_ASSISTANT
from bot.messages.conversations import Conversation
from bot.settings.desk_settings import DeskSettings
from bot.storage.desk_tables import handoff
from bot.storage.transaction import Transaction
from bot.telemetry import handoff_total
from contracts.codec import to_builtins
from contracts.enums import HandoffReason, Priority
from contracts.handoff import HandoffContext
from knowledge import Knowledge

NO_CONTEXT = HandoffContext()
# The rank of urgent cases in the queue.
URGENT_RANK = 10
# From this deadline on, a queued client was offered a ticket.
OFFERED = 3


@dataclass(frozen=True)
class RequestedHandoff:
    """A request for a person that was granted: the conversation after it, and what the client is still to be told."""

    conversation: Conversation
    ticket_reason: TicketReason | None
    """Why it became a ticket; None when the client is in the queue."""


class HandoffService:
    """The steps of a hand-off, each in the caller's transaction."""

    def __init__(self, knowledge: Knowledge, settings: DeskSettings) -> None:
        self.knowledge = knowledge
        self.settings = settings

    def request(
        self,
        tx: Transaction,
        conversation: Conversation,
        *,
        reason: HandoffReason,
        priority: Priority,
        inbound_id: InboundId | None,
        context: HandoffContext = NO_CONTEXT,
    ) -> RequestedHandoff | None:
        """Hand the conversation over: into the queue, or to a ticket where no agent can be promised.

        Returns None when nothing changed: one message asks once, and only the assistant hands over. The client is
        told by `announce`, after the turn's replies, which belong to the epoch that begins here.
        """
        if conversation.state != ConversationState.ASSISTANT or (
            inbound_id is not None and self._asked(tx, inbound_id)
        ):
            return None
        stored = storable_context(self.knowledge, context)
        case = self._new_case(tx, conversation, reason, priority, inbound_id, stored)
        ticket_reason = None
        if not self.settings.hours.is_open(tx.now):
            ticket_reason = TicketReason.CLOSED
        elif waiting_queue.queue_length(tx) >= self.settings.queue_limit:
            ticket_reason = TicketReason.BUSY
        if ticket_reason is not None:
            conversation = self._make_ticket(tx, conversation, case, ticket_reason, ownership.ASSISTANT)
        else:
            conversation = ownership.transition(
                tx,
                conversation,
                ConversationState.QUEUED,
                event=OwnershipEvent.REQUESTED,
                actor=ownership.ASSISTANT,
                handoff_id=case,
            )
        return RequestedHandoff(conversation, ticket_reason)

    def announce(self, tx: Transaction, requested: RequestedHandoff) -> None:
        """Tell the client what to expect of the hand-off, and how to take the request back."""
        if requested.ticket_reason is None:
            self.tell_outlook(tx, requested.conversation, "queued")
        else:
            self._announce_ticket(tx, requested.conversation, requested.ticket_reason)

    def open_case(self, tx: Transaction, conversation: Conversation, reason: HandoffReason) -> HandoffId:
        """Open a case for an agent who steps in: that of the newest open ticket, else a new one."""
        known = tickets.find_open_case(tx, conversation.id)
        if known is not None:
            tx.execute(
                update(handoff)
                .where(handoff.c.id == known)
                .values(ended_at=None, outcome=None, created_at=tx.now)
            )
            return known
        return self._new_case(tx, conversation, reason, Priority.NORMAL, None, NO_CONTEXT)

    def make_ticket(
        self, tx: Transaction, conversation: Conversation, reason: TicketReason, actor: str
    ) -> Conversation:
        """Turn the request into a ticket: out of the queue, or from an agent who has gone."""
        assert conversation.handoff_id is not None
        conversation = self._make_ticket(tx, conversation, conversation.handoff_id, reason, actor)
        self._announce_ticket(tx, conversation, reason)
        return conversation

    def tell_outlook(self, tx: Transaction, conversation: Conversation, text: str) -> None:
        """Tell the client their place in the queue and the expected wait. `text` is queued or still_waiting."""
        assert conversation.handoff_id is not None
        view = waiting_queue.outlook(tx, conversation.handoff_id)
        if view.minutes is None:
            handoff_notices.say(
                tx,
                self.knowledge,
                conversation,
                f"{text}_nobody_there",
                STOP_WAITING,
                LEAVE_MESSAGE,
                position=view.position,
                number=conversation.handoff_id,
            )
            return
        handoff_notices.say(
            tx,
            self.knowledge,
            conversation,
            text,
            STOP_WAITING,
            position=view.position,
            minutes=view.minutes,
            number=conversation.handoff_id,
        )

    def return_to_assistant(
        self,
        tx: Transaction,
        conversation: Conversation,
        *,
        event: OwnershipEvent,
        actor: str,
        outcome: Outcome,
    ) -> Conversation:
        """End the case and tell the client that the assistant answers again."""
        tickets.end_case(tx, conversation.handoff_id, outcome)
        conversation = ownership.transition(
            tx, conversation, ConversationState.ASSISTANT, event=event, actor=actor
        )
        handoff_notices.say(tx, self.knowledge, conversation, "with_assistant")
        return conversation

    def opening(self, conversation: Conversation, now: float) -> str:
        """Return when the desk opens next, in the client's words, such as "Mon 09:00 (JST)"."""
        at = self.settings.hours.opens_at(now)
        if at is None:
            return ""
        there: datetime = self.settings.hours.local(at)
        days = self.knowledge.text(handoff_notices.TOPIC, "weekdays", conversation.language).split("/")
        return self.knowledge.text(handoff_notices.TOPIC, "opening", conversation.language).format(
            day=days[there.weekday()].strip(),
            date=f"{there.month}/{there.day}",
            time=f"{there:%H:%M}",
            zone=there.tzname() or "",
        )

    def _make_ticket(
        self, tx: Transaction, conversation: Conversation, case: HandoffId, reason: TicketReason, actor: str
    ) -> Conversation:
        tickets.make(tx, conversation.id, case, reason)
        return ownership.transition(
            tx,
            conversation,
            ConversationState.AFTER_HOURS,
            event=OwnershipEvent.ticket(reason),
            actor=actor,
            handoff_id=case,
        )

    def _announce_ticket(self, tx: Transaction, conversation: Conversation, reason: TicketReason) -> None:
        is_closed = reason is TicketReason.CLOSED
        opening = self.opening(conversation, tx.now) if is_closed else ""
        text = "ticket_closed_for_long" if is_closed and not opening else f"ticket_{reason}"
        handoff_notices.say(
            tx,
            self.knowledge,
            conversation,
            text,
            TO_ASSISTANT,
            number=conversation.handoff_id,
            opening=opening,
        )

    def _new_case(
        self,
        tx: Transaction,
        conversation: Conversation,
        reason: HandoffReason,
        priority: Priority,
        inbound_id: InboundId | None,
        context: HandoffContext,
    ) -> HandoffId:
        handoff_id = tx.insert(
            handoff.insert().values(
                conversation_id=conversation.id,
                inbound_id=inbound_id,
                reason=reason,
                priority=priority,
                rank=URGENT_RANK if priority is Priority.URGENT else 0,
                language=conversation.language,
                topic=context.topic,
                context=to_builtins(context),
                created_at=tx.now,
            )
        )
        handoff_total.labels(reason).inc()
        return HandoffId(handoff_id)

    def _asked(self, tx: Transaction, inbound_id: InboundId) -> bool:
        query = select(handoff.c.id).where(handoff.c.inbound_id == inbound_id)
        return tx.execute(query).first() is not None
