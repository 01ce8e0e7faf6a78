"""The way to a person and back, as the client's side and the bot's side of it: asking, waiting, writing, scoring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from bot.domain import OwnershipEvent, TicketReason
from bot.handoff import notices, owner, states, tickets, waiting
from bot.handoff.context import storable_context
from bot.handoff.notices import KEEP_WAITING, LEAVE_MESSAGE, STOP_WAITING, TO_ASSISTANT
from bot.messages.conversations import Conversation
from bot.messages.inbound_queue import ClaimedMessage
from bot.settings.desk_settings import DeskSettings
from bot.storage.desk_tables import handoff
from bot.storage.transaction import Transaction
from bot.telemetry import handoff_total, satisfaction_total
from contracts.codec import to_builtins
from contracts.enums import HandoffReason, Priority
from contracts.handoff import HandoffContext
from knowledge import Knowledge

NO_CONTEXT = HandoffContext()
# In the queue, before everybody who only asked.
URGENT = 10
# From this deadline on a queued client has been offered a ticket.
OFFERED = 3


@dataclass(frozen=True)
class RequestedHandoff:
    """A request for a person that was granted: the conversation after it, and what the client is still to be told."""

    conversation: Conversation
    ticket_reason: TicketReason | None
    """Why it became a ticket; None when the client is in the queue."""


class HandoffService:
    """What happens to a conversation on its way to a person, each step inside the caller's transaction."""

    def __init__(self, knowledge: Knowledge, settings: DeskSettings) -> None:
        self.knowledge = knowledge
        self.settings = settings

    def request(
        self,
        tx: Transaction,
        who: Conversation,
        *,
        reason: HandoffReason,
        priority: Priority,
        inbound_id: int | None,
        context: HandoffContext = NO_CONTEXT,
    ) -> RequestedHandoff | None:
        """Hand the conversation over: into the queue, or to a ticket where no agent can be promised.

        Returns None when nothing changed: one message asks once, and only the assistant hands over. The client is
        told by `announce`, after the turn's replies, which belong to the epoch that begins here.
        """
        if who.state != states.ASSISTANT or (inbound_id is not None and self._asked(tx, inbound_id)):
            return None
        stored = storable_context(self.knowledge, context)
        case = self._new_case(tx, who, reason, priority, inbound_id, stored)
        ticket_reason = None
        if not self.settings.hours.is_open(tx.now):
            ticket_reason = TicketReason.CLOSED
        elif waiting.queue_length(tx) >= self.settings.queue_limit:
            ticket_reason = TicketReason.BUSY
        if ticket_reason is not None:
            who = self._make_ticket(tx, who, case, ticket_reason, owner.ASSISTANT)
        else:
            who = owner.move(
                tx,
                who,
                states.QUEUED,
                event=OwnershipEvent.REQUESTED,
                actor=owner.ASSISTANT,
                handoff_id=case,
            )
        return RequestedHandoff(who, ticket_reason)

    def announce(self, tx: Transaction, requested: RequestedHandoff) -> None:
        """Tell the client what to expect of the hand-off, and how to take the request back."""
        if requested.ticket_reason is None:
            self.tell_outlook(tx, requested.conversation, "queued")
        else:
            self._announce_ticket(tx, requested.conversation, requested.ticket_reason)

    def open_case(self, tx: Transaction, who: Conversation, reason: HandoffReason) -> int:
        """A case that an agent begins by themselves; the newest open ticket's if there is one."""
        known = tickets.open_of(tx, who.id)
        if known is not None:
            tx.execute(
                update(handoff)
                .where(handoff.c.id == known)
                .values(ended_at=None, outcome=None, created_at=tx.now)
            )
            return known
        return self._new_case(tx, who, reason, Priority.NORMAL, None, NO_CONTEXT)

    def client_wrote(
        self, tx: Transaction, who: Conversation, item: ClaimedMessage, payload: str | None
    ) -> bool:
        """Take notice of a client's message. True when it is for people, False when the bot is to answer it.

        `payload` is what stands behind the choice that the client made, if they made one.
        """
        if payload and payload.startswith(notices.PREFIX):
            self._chose(tx, who, payload)
            return True
        if item.consumer == "desk":
            self._wrote_to_people(tx, who, item)
            return True
        if who.state == states.WRAPUP:
            return self._wrote_after_resolve(tx, who)
        if who.state == states.CLOSED:
            owner.move(tx, who, states.ASSISTANT, event="came_back", actor=owner.CLIENT)
        return False

    def take_ticket(self, tx: Transaction, who: Conversation, why: str, actor: str) -> Conversation:
        """Turn the request into a ticket: out of the queue, or from an agent who has gone."""
        assert who.handoff_id is not None
        reason = TicketReason(why)
        who = self._make_ticket(tx, who, who.handoff_id, reason, actor)
        self._announce_ticket(tx, who, reason)
        return who

    def tell_outlook(self, tx: Transaction, who: Conversation, text: str) -> None:
        """Say which place in the queue the client has and how long it may take. `text`: queued, still_waiting."""
        assert who.handoff_id is not None
        view = waiting.outlook(tx, who.handoff_id)
        if view.minutes is None:
            notices.say(
                tx,
                self.knowledge,
                who,
                f"{text}_nobody_there",
                STOP_WAITING,
                LEAVE_MESSAGE,
                position=view.position,
                number=who.handoff_id,
            )
            return
        notices.say(
            tx,
            self.knowledge,
            who,
            text,
            STOP_WAITING,
            position=view.position,
            minutes=view.minutes,
            number=who.handoff_id,
        )

    def back_to_bot(
        self, tx: Transaction, who: Conversation, *, event: str, actor: str, outcome: str
    ) -> Conversation:
        """The stretch with people is over; the client is told that the assistant answers again."""
        tickets.end_case(tx, who.handoff_id, outcome)
        who = owner.move(tx, who, states.ASSISTANT, event=event, actor=actor)
        notices.say(tx, self.knowledge, who, "with_assistant")
        return who

    def opening(self, who: Conversation, now: float) -> str:
        """When the desk opens next, as the client reads it, such as "Mon 09:00 (JST)"."""
        at = self.settings.hours.opens_at(now)
        if at is None:
            return ""
        there: datetime = self.settings.hours.local(at)
        days = self.knowledge.text(notices.TOPIC, "weekdays", who.language).split("/")
        return self.knowledge.text(notices.TOPIC, "opening", who.language).format(
            day=days[there.weekday()].strip(),
            date=f"{there.month}/{there.day}",
            time=f"{there:%H:%M}",
            zone=there.tzname() or "",
        )

    def _chose(self, tx: Transaction, who: Conversation, payload: str) -> None:
        score = notices.given_score(payload)
        if score is not None:
            self._score(tx, who, *score)
        elif payload == STOP_WAITING and who.state == states.QUEUED:
            self.back_to_bot(tx, who, event="cancelled", actor=owner.CLIENT, outcome="cancelled")
        elif payload == LEAVE_MESSAGE and who.state == states.QUEUED:
            self.take_ticket(tx, who, "asked_for", owner.CLIENT)
        elif payload == KEEP_WAITING and who.state == states.QUEUED:
            # The offer comes again after as long as it took to the first one.
            owner.at_deadline(tx, who, OFFERED - 1, since=tx.now)
            self.tell_outlook(tx, who, "still_waiting")
        elif payload == TO_ASSISTANT and who.state == states.AFTER_HOURS:
            self.back_to_bot(tx, who, event="went_on", actor=owner.CLIENT, outcome="ticket")
        else:
            notices.say(tx, self.knowledge, who, "choice_is_over")

    def _wrote_to_people(self, tx: Transaction, who: Conversation, item: ClaimedMessage) -> None:
        if who.state == states.QUEUED:
            if item.kind == "text" and notices.means_stop_waiting(self.knowledge, who, item.content):
                self._chose(tx, who, STOP_WAITING)
        elif who.state == states.AFTER_HOURS:
            first = who.awaiting != "client"
            owner.wait_for(tx, who, "client")
            if first:
                notices.say(tx, self.knowledge, who, "message_taken", TO_ASSISTANT)
        elif who.state == states.HUMAN and who.awaiting != "agent":
            owner.wait_for(tx, who, "agent")

    def _wrote_after_resolve(self, tx: Transaction, who: Conversation) -> bool:
        """A quick afterthought goes back to the agent; anything later is a new matter for the bot."""
        if tx.now - who.state_since > states.REOPEN_SECONDS or who.agent_id is None:
            owner.move(tx, who, states.ASSISTANT, event="came_back", actor=owner.CLIENT)
            return False
        tx.execute(update(handoff).where(handoff.c.id == who.handoff_id).values(ended_at=None, outcome=None))
        owner.move(
            tx,
            who,
            states.HUMAN,
            event="reopened",
            actor=owner.CLIENT,
            agent_id=who.agent_id,
            awaiting="agent",
        )
        return True

    def _score(self, tx: Transaction, who: Conversation, handoff_id: int, score: int) -> None:
        """Keep the client's score, the first one, and go on with the bot."""
        kept = tx.execute(
            update(handoff)
            .where(
                handoff.c.id == handoff_id,
                handoff.c.conversation_id == who.id,
                handoff.c.score.is_(None),
            )
            .values(score=score)
        ).rowcount
        if kept:
            satisfaction_total.labels(str(score)).inc()
        notices.say(tx, self.knowledge, who, "score_thanks")
        if who.state == states.WRAPUP and who.handoff_id == handoff_id:
            owner.move(tx, who, states.ASSISTANT, event="scored", actor=owner.CLIENT)

    def _make_ticket(
        self, tx: Transaction, who: Conversation, case: int, reason: TicketReason, actor: str
    ) -> Conversation:
        tickets.make(tx, who.id, case, reason)
        return owner.move(
            tx, who, states.AFTER_HOURS, event=OwnershipEvent.ticket(reason), actor=actor, handoff_id=case
        )

    def _announce_ticket(self, tx: Transaction, who: Conversation, reason: TicketReason) -> None:
        is_closed = reason is TicketReason.CLOSED
        opening = self.opening(who, tx.now) if is_closed else ""
        text = "ticket_closed_for_long" if is_closed and not opening else f"ticket_{reason}"
        notices.say(tx, self.knowledge, who, text, TO_ASSISTANT, number=who.handoff_id, opening=opening)

    def _new_case(
        self,
        tx: Transaction,
        who: Conversation,
        reason: HandoffReason,
        priority: Priority,
        inbound_id: int | None,
        context: HandoffContext,
    ) -> int:
        result = tx.execute(
            handoff.insert().values(
                conversation_id=who.id,
                inbound_id=inbound_id,
                reason=reason,
                priority=priority,
                rank=URGENT if priority is Priority.URGENT else 0,
                language=who.language,
                topic=context.topic,
                context=to_builtins(context),
                created_at=tx.now,
            )
        )
        handoff_total.labels(reason).inc()
        return int(result.inserted_primary_key[0])

    def _asked(self, tx: Transaction, inbound_id: int) -> bool:
        query = select(handoff.c.id).where(handoff.c.inbound_id == inbound_id)
        return tx.execute(query).first() is not None
