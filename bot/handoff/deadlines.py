"""The loop that carries out what is due: reminders, requeues, tickets, and in the end the way back to the bot."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import func, select, update

from bot.clock import Clock
from bot.handoff import notices, owner, states, tickets, waiting
from bot.handoff.notices import KEEP_WAITING, LEAVE_MESSAGE, STOP_WAITING
from bot.handoff.owner import TIMER
from bot.handoff.service import HandoffService
from bot.messages import conversations, inbox
from bot.messages.conversations import Conversation
from bot.messages.loop import Loop
from bot.storage import Database
from bot.storage.desk_tables import handoff
from bot.storage.tables import conversation
from bot.storage.transaction import Transaction

logger = logging.getLogger(__name__)

# The client has just written; that is read first.
READ_FIRST_SECONDS = 1.0


class Deadlines(Loop[int]):
    """Carries out every conversation's next deadline when it is due, once, however many gateways there are."""

    def __init__(
        self, database: Database, service: HandoffService, clock: Clock, changed: Callable[[], None]
    ) -> None:
        super().__init__("deadlines", clock, concurrency=1)
        self._database = database
        self._service = service
        self._knowledge = service.knowledge
        self._changed = changed

    async def claim(self, limit: int) -> list[int]:
        return await self._database.run(self.list_due, limit)

    async def next_due(self) -> float | None:
        return await self._database.run(
            lambda tx: tx.execute(select(func.min(conversation.c.deadline_at))).scalar()
        )

    async def work(self, item: int) -> None:
        await self._database.run(self.carry_out, item)
        self._changed()

    def list_due(self, tx: Transaction, limit: int) -> list[int]:
        """Return the conversations whose deadline has come, the most overdue first."""
        query = (
            select(conversation.c.id)
            .where(conversation.c.deadline_at <= tx.now)
            .order_by(conversation.c.deadline_at)
            .limit(limit)
        )
        return [int(row.id) for row in tx.execute(query)]

    def carry_out(self, tx: Transaction, conversation_id: int) -> None:
        """Do what is due in one conversation now; nothing when somebody else has done it."""
        who = conversations.find(tx, conversation_id, lock=True)
        if who.deadline_at is None or who.deadline_at > tx.now:
            return
        if inbox.is_open(tx, who.id) and who.state in conversations.READ_BY_PEOPLE:
            owner.look_again(tx, who, tx.now + READ_FIRST_SECONDS)
            return
        if self._lasts_too_long(tx, who):
            self._service.take_ticket(tx, who, "too_long", TIMER)
            return
        planned = states.steps(who.state, who.awaiting)
        if not planned:
            return
        step = planned[min(who.deadline_index, len(planned) - 1)]
        getattr(self, f"_{step.what}")(tx, who)

    def _lasts_too_long(self, tx: Transaction, who: Conversation) -> bool:
        if who.state not in states.IN_CASE:
            return False
        query = select(handoff.c.created_at).where(handoff.c.id == who.handoff_id)
        began = float(tx.execute(query).scalar_one())
        return tx.now - began >= states.LONGEST_CASE_SECONDS

    def _remind(self, tx: Transaction, who: Conversation) -> None:
        if self._closed_meanwhile(tx, who):
            return
        who = owner.at_deadline(tx, who, who.deadline_index + 1)
        self._service.tell_outlook(tx, who, "still_waiting")

    def _offer_ticket(self, tx: Transaction, who: Conversation) -> None:
        if self._closed_meanwhile(tx, who):
            return
        who = owner.at_deadline(tx, who, who.deadline_index + 1)
        choices = (LEAVE_MESSAGE, KEEP_WAITING, STOP_WAITING)
        notices.say(tx, self._knowledge, who, "offer_ticket", *choices)

    def _take_ticket(self, tx: Transaction, who: Conversation) -> None:
        self._service.take_ticket(tx, who, "nobody_came", TIMER)

    def _closed_meanwhile(self, tx: Transaction, who: Conversation) -> bool:
        if self._service.settings.hours.is_open(tx.now):
            return False
        self._service.take_ticket(tx, who, "closed", TIMER)
        return True

    def _look_for_agent(self, tx: Transaction, who: Conversation) -> None:
        if waiting.is_there(tx, who.agent_id):
            owner.at_deadline(tx, who, who.deadline_index + 1)
        else:
            self._back_into_queue(tx, who, "agent_gone")

    def _nudge_agent(self, tx: Transaction, who: Conversation) -> None:
        who = owner.at_deadline(tx, who, who.deadline_index + 1)
        owner.record(tx, who, event="nudged", actor=TIMER)

    def _requeue(self, tx: Transaction, who: Conversation) -> None:
        self._back_into_queue(tx, who, "no_answer")

    def _back_into_queue(self, tx: Transaction, who: Conversation, event: str) -> None:
        tx.execute(update(handoff).where(handoff.c.id == who.handoff_id).values(rank=handoff.c.rank + 1))
        who = owner.move(tx, who, states.QUEUED, event=event, actor=TIMER)
        notices.say(tx, self._knowledge, who, "requeued", STOP_WAITING)

    def _ask_client(self, tx: Transaction, who: Conversation) -> None:
        who = owner.at_deadline(tx, who, who.deadline_index + 1)
        notices.say(tx, self._knowledge, who, "still_there")

    def _wrap_up(self, tx: Transaction, who: Conversation) -> None:
        case = who.handoff_id
        assert case is not None
        tickets.end_case(tx, case, "client_left")
        tickets.close_all(tx, who.id, who.agent_id)
        who = owner.move(tx, who, states.WRAPUP, event="client_left", actor=TIMER, agent_id=who.agent_id)
        notices.ask_for_score(tx, self._knowledge, who, case)

    def _to_bot(self, tx: Transaction, who: Conversation) -> None:
        if who.state == states.AFTER_HOURS:
            self._service.back_to_bot(tx, who, event="time_over", actor=TIMER, outcome="ticket")
        else:
            # Without a word: after a resolve the client is elsewhere by now, and after a block nobody has asked.
            owner.move(tx, who, states.ASSISTANT, event="time_over", actor=TIMER)
