"""Clients' messages during a hand-off: choices, messages to people, afterthoughts and scores."""

from __future__ import annotations

from sqlalchemy import update

from bot.domain import Awaiting, Consumer, ConversationState, HandoffId, Outcome, OwnershipEvent, TicketReason
from bot.handoff import handoff_notices, ownership, schedule
from bot.handoff.handoff_notices import KEEP_WAITING, LEAVE_MESSAGE, STOP_WAITING, TO_ASSISTANT
from bot.handoff.handoff_service import OFFERED, HandoffService
from bot.messages.conversations import Conversation
from bot.messages.inbound_queue import ClaimedMessage
from bot.storage.desk_tables import handoff
from bot.storage.transaction import Transaction
from bot.telemetry import satisfaction_total


class ClientMessages:
    """Routes clients' messages to people or to the assistant, in the caller's transaction."""

    def __init__(self, service: HandoffService) -> None:
        self._service = service
        self._knowledge = service.knowledge

    def route(
        self, tx: Transaction, conversation: Conversation, message: ClaimedMessage, payload: str | None
    ) -> bool:
        """Process a message. Returns True when it is for people, False when the assistant must answer it.

        `payload` is that of the client's choice, if they made one.
        """
        if payload and payload.startswith(handoff_notices.PREFIX):
            self._chose(tx, conversation, payload)
            return True
        if message.consumer == Consumer.DESK:
            self._wrote_to_people(tx, conversation, message)
            return True
        if conversation.state == ConversationState.WRAPUP:
            return self._wrote_after_resolve(tx, conversation)
        if conversation.state == ConversationState.CLOSED:
            _give_to_assistant(tx, conversation, OwnershipEvent.CAME_BACK)
        return False

    def _chose(self, tx: Transaction, conversation: Conversation, payload: str) -> None:
        score = handoff_notices.given_score(payload)
        if score is not None:
            self._score(tx, conversation, *score)
        elif payload == STOP_WAITING and conversation.state == ConversationState.QUEUED:
            self._service.return_to_assistant(
                tx,
                conversation,
                event=OwnershipEvent.CANCELLED,
                actor=ownership.CLIENT,
                outcome=Outcome.CANCELLED,
            )
        elif payload == LEAVE_MESSAGE and conversation.state == ConversationState.QUEUED:
            self._service.make_ticket(tx, conversation, TicketReason.ASKED_FOR, ownership.CLIENT)
        elif payload == KEEP_WAITING and conversation.state == ConversationState.QUEUED:
            # The offer comes again after as long as it took to the first one.
            ownership.skip_to_deadline(tx, conversation, OFFERED - 1, since=tx.now)
            self._service.tell_outlook(tx, conversation, "still_waiting")
        elif payload == TO_ASSISTANT and conversation.state == ConversationState.AFTER_HOURS:
            self._service.return_to_assistant(
                tx, conversation, event=OwnershipEvent.WENT_ON, actor=ownership.CLIENT, outcome=Outcome.TICKET
            )
        else:
            handoff_notices.say(tx, self._knowledge, conversation, "choice_is_over")

    def _wrote_to_people(self, tx: Transaction, conversation: Conversation, message: ClaimedMessage) -> None:
        if conversation.state == ConversationState.QUEUED:
            if message.kind == "text" and handoff_notices.means_stop_waiting(
                self._knowledge, conversation, message.content
            ):
                self._chose(tx, conversation, STOP_WAITING)
        elif conversation.state == ConversationState.AFTER_HOURS:
            first = conversation.awaiting != Awaiting.CLIENT
            ownership.await_message(tx, conversation, Awaiting.CLIENT)
            if first:
                handoff_notices.say(tx, self._knowledge, conversation, "message_taken", TO_ASSISTANT)
        elif conversation.state == ConversationState.HUMAN and conversation.awaiting != Awaiting.AGENT:
            ownership.await_message(tx, conversation, Awaiting.AGENT)

    def _wrote_after_resolve(self, tx: Transaction, conversation: Conversation) -> bool:
        """Reopen the case for a message soon after it was resolved; give a later one to the assistant."""
        if tx.now - conversation.state_since > schedule.REOPEN_SECONDS or conversation.agent_id is None:
            _give_to_assistant(tx, conversation, OwnershipEvent.CAME_BACK)
            return False
        tx.execute(
            update(handoff).where(handoff.c.id == conversation.handoff_id).values(ended_at=None, outcome=None)
        )
        ownership.transition(
            tx,
            conversation,
            ConversationState.HUMAN,
            event=OwnershipEvent.REOPENED,
            actor=ownership.CLIENT,
            agent_id=conversation.agent_id,
            awaiting=Awaiting.AGENT,
        )
        return True

    def _score(self, tx: Transaction, conversation: Conversation, handoff_id: HandoffId, score: int) -> None:
        """Store the client's first score, and return to the assistant."""
        kept = tx.execute(
            update(handoff)
            .where(
                handoff.c.id == handoff_id,
                handoff.c.conversation_id == conversation.id,
                handoff.c.score.is_(None),
            )
            .values(score=score)
        ).rowcount
        if kept:
            satisfaction_total.labels(str(score)).inc()
        handoff_notices.say(tx, self._knowledge, conversation, "score_thanks")
        if conversation.state == ConversationState.WRAPUP and conversation.handoff_id == handoff_id:
            _give_to_assistant(tx, conversation, OwnershipEvent.SCORED)


def _give_to_assistant(tx: Transaction, conversation: Conversation, event: OwnershipEvent) -> None:
    """Let the assistant own the conversation again, by what the client did."""
    ownership.transition(tx, conversation, ConversationState.ASSISTANT, event=event, actor=ownership.CLIENT)
