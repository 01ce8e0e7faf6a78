"""The loop that executes deadlines: reminders, requeues, tickets, and at last the return to the assistant."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import func, select, update
from typing_extensions import override

from bot.clock import Clock
from bot.domain import ConversationId, ConversationState, Outcome, OwnershipEvent, TicketReason
from bot.handoff import handoff_notices, ownership, schedule, tickets, waiting_queue
from bot.handoff.handoff_notices import KEEP_WAITING, LEAVE_MESSAGE, STOP_WAITING
from bot.handoff.handoff_service import HandoffService
from bot.handoff.ownership import TIMER
from bot.handoff.schedule import DeadlineAction
from bot.messages import conversations, inbox
from bot.messages.conversations import Conversation
from bot.messages.loop import Loop
from bot.storage import Database
from bot.storage.desk_tables import handoff
from bot.storage.tables import conversation as conversation_table
from bot.storage.transaction import Transaction

logger = logging.getLogger(__name__)

# The client has just written, and the message is processed first.
PROCESS_FIRST_SECONDS = 1.0


class Deadlines(Loop[int]):
    """Executes each conversation's next deadline when it is due, once over all gateways."""

    def __init__(
        self, database: Database, service: HandoffService, clock: Clock, changed: Callable[[], None]
    ) -> None:
        super().__init__("deadlines", clock, concurrency=1)
        self._database = database
        self._service = service
        self._knowledge = service.knowledge
        self._changed = changed
        self._actions: dict[DeadlineAction, Callable[[Transaction, Conversation], None]] = {
            DeadlineAction.REMIND_CLIENT: self._remind_client,
            DeadlineAction.OFFER_TICKET: self._offer_ticket,
            DeadlineAction.MAKE_TICKET: self._make_ticket,
            DeadlineAction.CHECK_AGENT: self._check_agent,
            DeadlineAction.NUDGE_AGENT: self._nudge_agent,
            DeadlineAction.REQUEUE: self._requeue,
            DeadlineAction.ASK_CLIENT: self._ask_client,
            DeadlineAction.WRAP_UP: self._wrap_up,
            DeadlineAction.RETURN_TO_ASSISTANT: self._return_to_assistant,
        }

    @override
    async def claim(self, limit: int) -> list[int]:
        return await self._database.run(self.list_due, limit)

    @override
    async def next_due(self) -> float | None:
        return await self._database.run(
            lambda tx: tx.execute(select(func.min(conversation_table.c.deadline_at))).scalar()
        )

    @override
    async def work(self, item: int) -> None:
        await self._database.run(self.execute, item)
        self._changed()

    def list_due(self, tx: Transaction, limit: int) -> list[int]:
        """Return the conversations whose deadline has come, the most overdue first."""
        query = (
            select(conversation_table.c.id)
            .where(conversation_table.c.deadline_at <= tx.now)
            .order_by(conversation_table.c.deadline_at)
            .limit(limit)
        )
        return [int(row.id) for row in tx.execute(query)]

    def execute(self, tx: Transaction, conversation_id: ConversationId) -> None:
        """Execute the deadline of one conversation; do nothing when another gateway did it."""
        conversation = conversations.find(tx, conversation_id, lock=True)
        if conversation.deadline_at is None or conversation.deadline_at > tx.now:
            return
        if inbox.is_open(tx, conversation.id) and conversation.state in conversations.READ_BY_PEOPLE:
            ownership.postpone_deadline(tx, conversation, tx.now + PROCESS_FIRST_SECONDS)
            return
        if self._exceeds_max_duration(tx, conversation):
            self._service.make_ticket(tx, conversation, TicketReason.TOO_LONG, TIMER)
            return
        deadlines = schedule.deadlines_of(conversation.state, conversation.awaiting)
        if deadlines:
            deadline = deadlines[min(conversation.deadline_index, len(deadlines) - 1)]
            self._actions[deadline.action](tx, conversation)

    def _exceeds_max_duration(self, tx: Transaction, conversation: Conversation) -> bool:
        if conversation.state not in schedule.IN_CASE:
            return False
        query = select(handoff.c.created_at).where(handoff.c.id == conversation.handoff_id)
        began = float(tx.execute(query).scalar_one())
        return tx.now - began >= schedule.MAX_CASE_SECONDS

    def _remind_client(self, tx: Transaction, conversation: Conversation) -> None:
        if self._made_ticket_after_hours(tx, conversation):
            return
        conversation = ownership.skip_to_deadline(tx, conversation, conversation.deadline_index + 1)
        self._service.tell_outlook(tx, conversation, "still_waiting")

    def _offer_ticket(self, tx: Transaction, conversation: Conversation) -> None:
        if self._made_ticket_after_hours(tx, conversation):
            return
        conversation = ownership.skip_to_deadline(tx, conversation, conversation.deadline_index + 1)
        choices = (LEAVE_MESSAGE, KEEP_WAITING, STOP_WAITING)
        handoff_notices.say(tx, self._knowledge, conversation, "offer_ticket", *choices)

    def _make_ticket(self, tx: Transaction, conversation: Conversation) -> None:
        self._service.make_ticket(tx, conversation, TicketReason.NOBODY_CAME, TIMER)

    def _made_ticket_after_hours(self, tx: Transaction, conversation: Conversation) -> bool:
        if self._service.settings.hours.is_open(tx.now):
            return False
        self._service.make_ticket(tx, conversation, TicketReason.CLOSED, TIMER)
        return True

    def _check_agent(self, tx: Transaction, conversation: Conversation) -> None:
        if waiting_queue.is_there(tx, conversation.agent_id):
            ownership.skip_to_deadline(tx, conversation, conversation.deadline_index + 1)
        else:
            self._return_to_queue(tx, conversation, OwnershipEvent.AGENT_GONE)

    def _nudge_agent(self, tx: Transaction, conversation: Conversation) -> None:
        conversation = ownership.skip_to_deadline(tx, conversation, conversation.deadline_index + 1)
        ownership.record_event(tx, conversation, event=OwnershipEvent.NUDGED, actor=TIMER)

    def _requeue(self, tx: Transaction, conversation: Conversation) -> None:
        self._return_to_queue(tx, conversation, OwnershipEvent.NO_ANSWER)

    def _return_to_queue(self, tx: Transaction, conversation: Conversation, event: OwnershipEvent) -> None:
        tx.execute(
            update(handoff).where(handoff.c.id == conversation.handoff_id).values(rank=handoff.c.rank + 1)
        )
        conversation = ownership.transition(
            tx, conversation, ConversationState.QUEUED, event=event, actor=TIMER
        )
        handoff_notices.say(tx, self._knowledge, conversation, "requeued", STOP_WAITING)

    def _ask_client(self, tx: Transaction, conversation: Conversation) -> None:
        conversation = ownership.skip_to_deadline(tx, conversation, conversation.deadline_index + 1)
        handoff_notices.say(tx, self._knowledge, conversation, "still_there")

    def _wrap_up(self, tx: Transaction, conversation: Conversation) -> None:
        case = conversation.handoff_id
        assert case is not None
        tickets.end_case(tx, case, Outcome.CLIENT_LEFT)
        tickets.close_all(tx, conversation.id, conversation.agent_id)
        conversation = ownership.transition(
            tx,
            conversation,
            ConversationState.WRAPUP,
            event=OwnershipEvent.CLIENT_LEFT,
            actor=TIMER,
            agent_id=conversation.agent_id,
        )
        handoff_notices.ask_for_score(tx, self._knowledge, conversation, case)

    def _return_to_assistant(self, tx: Transaction, conversation: Conversation) -> None:
        if conversation.state == ConversationState.AFTER_HOURS:
            self._service.return_to_assistant(
                tx, conversation, event=OwnershipEvent.TIME_OVER, actor=TIMER, outcome=Outcome.TICKET
            )
        else:
            # Without a word: after a resolve the client is elsewhere by now, and after a block nobody has asked.
            ownership.transition(
                tx, conversation, ConversationState.ASSISTANT, event=OwnershipEvent.TIME_OVER, actor=TIMER
            )
