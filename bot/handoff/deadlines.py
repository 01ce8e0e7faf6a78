"""The loop that carries out what is due: reminders, requeues, tickets, and in the end the way back to the bot."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import func, select, update
from sqlalchemy.engine import Connection

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

logger = logging.getLogger(__name__)

# The client has just written; that is read first.
READ_FIRST_SECONDS = 1.0


class Deadlines(Loop):
    """Carries out every conversation's next deadline when it is due, once, however many gateways there are."""

    def __init__(
        self, database: Database, service: HandoffService, clock: Clock, changed: Callable[[], None]
    ) -> None:
        super().__init__("deadlines", clock, at_once=1)
        self._database = database
        self._service = service
        self._knowledge = service.knowledge
        self._changed = changed

    async def take(self, limit: int) -> list[int]:
        return await self._database.run(self._due, limit)

    async def next_due(self) -> float | None:
        return await self._database.run(
            lambda connection: connection.execute(select(func.min(conversation.c.deadline_at))).scalar()
        )

    async def work(self, item: int) -> None:
        await self._database.run(self.carry_out, item)
        self._changed()

    def _due(self, connection: Connection, limit: int) -> list[int]:
        query = (
            select(conversation.c.id)
            .where(conversation.c.deadline_at <= self.clock())
            .order_by(conversation.c.deadline_at)
            .limit(limit)
        )
        return [int(row.id) for row in connection.execute(query)]

    def carry_out(self, connection: Connection, conversation_id: int) -> None:
        """Do what is due in one conversation now; nothing when somebody else has done it."""
        now = self.clock()
        who = conversations.find(connection, conversation_id, lock=True)
        if who.deadline_at is None or who.deadline_at > now:
            return
        if inbox.is_open(connection, who.id) and who.state in conversations.READ_BY_PEOPLE:
            owner.look_again(connection, who, now + READ_FIRST_SECONDS)
            return
        if self._lasts_too_long(connection, who, now):
            self._service.take_ticket(connection, who, "too_long", TIMER, now)
            return
        planned = states.steps(who.state, who.awaiting)
        if not planned:
            return
        step = planned[min(who.stage, len(planned) - 1)]
        getattr(self, f"_{step.what}")(connection, who, now)

    def _lasts_too_long(self, connection: Connection, who: Conversation, now: float) -> bool:
        if who.state not in states.IN_CASE:
            return False
        query = select(handoff.c.created_at).where(handoff.c.id == who.handoff_id)
        began = float(connection.execute(query).scalar_one())
        return now - began >= states.LONGEST_CASE_SECONDS

    def _remind(self, connection: Connection, who: Conversation, now: float) -> None:
        if self._closed_meanwhile(connection, who, now):
            return
        who = owner.at_stage(connection, who, who.stage + 1)
        self._service.tell_outlook(connection, who, "still_waiting", now)

    def _offer_ticket(self, connection: Connection, who: Conversation, now: float) -> None:
        if self._closed_meanwhile(connection, who, now):
            return
        who = owner.at_stage(connection, who, who.stage + 1)
        choices = (LEAVE_MESSAGE, KEEP_WAITING, STOP_WAITING)
        notices.say(connection, self._knowledge, who, "offer_ticket", now, *choices)

    def _take_ticket(self, connection: Connection, who: Conversation, now: float) -> None:
        self._service.take_ticket(connection, who, "nobody_came", TIMER, now)

    def _closed_meanwhile(self, connection: Connection, who: Conversation, now: float) -> bool:
        if self._service.settings.hours.is_open(now):
            return False
        self._service.take_ticket(connection, who, "closed", TIMER, now)
        return True

    def _look_for_agent(self, connection: Connection, who: Conversation, now: float) -> None:
        if waiting.is_there(connection, who.agent_id, now):
            owner.at_stage(connection, who, who.stage + 1)
        else:
            self._back_into_queue(connection, who, "agent_gone", now)

    def _nudge_agent(self, connection: Connection, who: Conversation, now: float) -> None:
        who = owner.at_stage(connection, who, who.stage + 1)
        owner.record(connection, who, event="nudged", actor=TIMER, now=now)

    def _requeue(self, connection: Connection, who: Conversation, now: float) -> None:
        self._back_into_queue(connection, who, "no_answer", now)

    def _back_into_queue(self, connection: Connection, who: Conversation, event: str, now: float) -> None:
        connection.execute(
            update(handoff).where(handoff.c.id == who.handoff_id).values(rank=handoff.c.rank + 1)
        )
        who = owner.move(connection, who, states.QUEUED, event=event, actor=TIMER, now=now)
        notices.say(connection, self._knowledge, who, "requeued", now, STOP_WAITING)

    def _ask_client(self, connection: Connection, who: Conversation, now: float) -> None:
        who = owner.at_stage(connection, who, who.stage + 1)
        notices.say(connection, self._knowledge, who, "still_there", now)

    def _wrap_up(self, connection: Connection, who: Conversation, now: float) -> None:
        case = who.handoff_id
        assert case is not None
        tickets.end_case(connection, case, "client_left", now)
        tickets.close_all(connection, who.id, who.agent_id, now)
        who = owner.move(
            connection, who, states.WRAPUP, event="client_left", actor=TIMER, now=now, agent_id=who.agent_id
        )
        notices.ask_for_score(connection, self._knowledge, who, case, now)

    def _to_bot(self, connection: Connection, who: Conversation, now: float) -> None:
        if who.state == states.AFTER_HOURS:
            self._service.back_to_bot(
                connection, who, event="time_over", actor=TIMER, outcome="ticket", now=now
            )
        else:
            # Without a word: after a resolve the client is elsewhere by now, and after a block nobody has asked.
            owner.move(connection, who, states.BOT, event="time_over", actor=TIMER, now=now)
