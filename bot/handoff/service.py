"""The way to a person and back, as the client's side and the bot's side of it: asking, waiting, writing, scoring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from bot.handoff import notices, owner, states, tickets, waiting
from bot.handoff.notices import KEEP_WAITING, LEAVE_MESSAGE, STOP_WAITING, TO_ASSISTANT
from bot.handoff.packet import packet
from bot.messages import outbox
from bot.messages.conversations import Conversation
from bot.messages.inbox import Taken
from bot.settings.desk import DeskSettings
from bot.storage.desk_tables import handoff
from bot.telemetry import handoff_total, score_total
from knowledge import Knowledge

# In the queue, before everybody who only asked.
URGENT = 10
# From this stage on a queued client has been offered a ticket.
OFFERED = 3


class HandoffService:
    """What happens to a conversation on its way to a person, each step inside the caller's transaction."""

    def __init__(self, knowledge: Knowledge, settings: DeskSettings) -> None:
        self.knowledge = knowledge
        self.settings = settings

    def request(
        self,
        connection: Connection,
        who: Conversation,
        *,
        reason: str,
        priority: str,
        inbound_id: int | None,
        now: float,
        said: Mapping[str, Any] | None = None,
    ) -> Conversation:
        """The bot hands over: into the queue, or a call-back ticket where no person can be promised.

        Once for each asking message, and only while the bot has the conversation. `priority` is normal or urgent,
        `said` the directive's other fields. The client is told what to expect and how to take it back.
        """
        if who.state != states.BOT or (inbound_id is not None and self._asked(connection, inbound_id)):
            return who
        kept = packet(self.knowledge, said or {})
        case = self._new_case(connection, who, reason, priority, inbound_id, kept, now)
        if not self.settings.hours.is_open(now):
            return self._after_hours(connection, who, case, "closed", owner.BOT_ITSELF, now, inbound_id)
        if waiting.queue_length(connection) >= self.settings.queue_limit:
            return self._after_hours(connection, who, case, "busy", owner.BOT_ITSELF, now, inbound_id)
        who = owner.move(
            connection,
            who,
            states.QUEUED,
            event="requested",
            actor=owner.BOT_ITSELF,
            now=now,
            handoff_id=case,
        )
        if inbound_id is not None:
            outbox.carry_over(connection, inbound_id, who.epoch)
        self.tell_outlook(connection, who, "queued", now)
        return who

    def open_case(self, connection: Connection, who: Conversation, reason: str, now: float) -> int:
        """A case that an agent begins by themselves; the newest open ticket's if there is one."""
        known = tickets.open_of(connection, who.id)
        if known is not None:
            connection.execute(
                update(handoff)
                .where(handoff.c.id == known)
                .values(ended_at=None, outcome=None, created_at=now)
            )
            return known
        return self._new_case(connection, who, reason, "normal", None, {}, now)

    def client_wrote(
        self, connection: Connection, who: Conversation, item: Taken, payload: str | None, now: float
    ) -> bool:
        """Take notice of a client's message. True when it is for people, False when the bot is to answer it.

        `payload` is what stands behind the choice that the client made, if they made one.
        """
        if payload and payload.startswith(notices.PREFIX):
            self._chose(connection, who, payload, now)
            return True
        if item.consumer == "desk":
            self._wrote_to_people(connection, who, item, now)
            return True
        if who.state == states.WRAPUP:
            return self._wrote_after_resolve(connection, who, now)
        if who.state == states.CLOSED:
            owner.move(connection, who, states.BOT, event="came_back", actor=owner.CLIENT, now=now)
        return False

    def take_ticket(
        self, connection: Connection, who: Conversation, why: str, actor: str, now: float
    ) -> Conversation:
        """Out of the queue, or from an agent who has gone: the wish becomes a call-back ticket."""
        assert who.handoff_id is not None
        return self._after_hours(connection, who, who.handoff_id, why, actor, now, None)

    def tell_outlook(self, connection: Connection, who: Conversation, text: str, now: float) -> None:
        """Say which place in the queue the client has and how long it may take. `text`: queued, still_waiting."""
        assert who.handoff_id is not None
        view = waiting.outlook(connection, who.handoff_id, now)
        if view.minutes is None:
            notices.say(
                connection,
                self.knowledge,
                who,
                f"{text}_nobody_there",
                now,
                STOP_WAITING,
                LEAVE_MESSAGE,
                position=view.position,
                number=who.handoff_id,
            )
            return
        notices.say(
            connection,
            self.knowledge,
            who,
            text,
            now,
            STOP_WAITING,
            position=view.position,
            minutes=view.minutes,
            number=who.handoff_id,
        )

    def back_to_bot(
        self, connection: Connection, who: Conversation, *, event: str, actor: str, outcome: str, now: float
    ) -> Conversation:
        """The stretch with people is over; the client is told that the assistant answers again."""
        tickets.end_case(connection, who.handoff_id, outcome, now)
        who = owner.move(connection, who, states.BOT, event=event, actor=actor, now=now)
        notices.say(connection, self.knowledge, who, "with_assistant", now)
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

    def _chose(self, connection: Connection, who: Conversation, payload: str, now: float) -> None:
        score = notices.given_score(payload)
        if score is not None:
            self._score(connection, who, *score, now)
        elif payload == STOP_WAITING and who.state == states.QUEUED:
            self.back_to_bot(
                connection, who, event="cancelled", actor=owner.CLIENT, outcome="cancelled", now=now
            )
        elif payload == LEAVE_MESSAGE and who.state == states.QUEUED:
            self.take_ticket(connection, who, "asked_for", owner.CLIENT, now)
        elif payload == KEEP_WAITING and who.state == states.QUEUED:
            # The offer comes again after as long as it took to the first one.
            owner.at_stage(connection, who, OFFERED - 1, since=now)
            self.tell_outlook(connection, who, "still_waiting", now)
        elif payload == TO_ASSISTANT and who.state == states.AFTER_HOURS:
            self.back_to_bot(connection, who, event="went_on", actor=owner.CLIENT, outcome="ticket", now=now)
        else:
            notices.say(connection, self.knowledge, who, "choice_is_over", now)

    def _wrote_to_people(self, connection: Connection, who: Conversation, item: Taken, now: float) -> None:
        if who.state == states.QUEUED:
            if item.kind == "text" and notices.means_stop_waiting(self.knowledge, who, item.content):
                self._chose(connection, who, STOP_WAITING, now)
        elif who.state == states.AFTER_HOURS:
            first = who.awaiting != "client"
            owner.wait_for(connection, who, "client", now)
            if first:
                notices.say(connection, self.knowledge, who, "message_taken", now, TO_ASSISTANT)
        elif who.state == states.HUMAN and who.awaiting != "agent":
            owner.wait_for(connection, who, "agent", now)

    def _wrote_after_resolve(self, connection: Connection, who: Conversation, now: float) -> bool:
        """A quick afterthought goes back to the agent; anything later is a new matter for the bot."""
        if now - who.since > states.REOPEN_SECONDS or who.agent_id is None:
            owner.move(connection, who, states.BOT, event="came_back", actor=owner.CLIENT, now=now)
            return False
        connection.execute(
            update(handoff).where(handoff.c.id == who.handoff_id).values(ended_at=None, outcome=None)
        )
        owner.move(
            connection,
            who,
            states.HUMAN,
            event="reopened",
            actor=owner.CLIENT,
            now=now,
            agent_id=who.agent_id,
            awaiting="agent",
        )
        return True

    def _score(
        self, connection: Connection, who: Conversation, handoff_id: int, score: int, now: float
    ) -> None:
        """Keep the client's score, the first one, and go on with the bot."""
        kept = connection.execute(
            update(handoff)
            .where(
                handoff.c.id == handoff_id,
                handoff.c.conversation_id == who.id,
                handoff.c.score.is_(None),
            )
            .values(score=score)
        ).rowcount
        if kept:
            score_total.labels(str(score)).inc()
        notices.say(connection, self.knowledge, who, "score_thanks", now)
        if who.state == states.WRAPUP and who.handoff_id == handoff_id:
            owner.move(connection, who, states.BOT, event="scored", actor=owner.CLIENT, now=now)

    def _after_hours(
        self,
        connection: Connection,
        who: Conversation,
        case: int,
        why: str,
        actor: str,
        now: float,
        inbound_id: int | None,
    ) -> Conversation:
        tickets.make(connection, who.id, case, why, now)
        who = owner.move(
            connection, who, states.AFTER_HOURS, event=f"ticket_{why}", actor=actor, now=now, handoff_id=case
        )
        if inbound_id is not None:
            outbox.carry_over(connection, inbound_id, who.epoch)
        opening = self.opening(who, now) if why == "closed" else ""
        text = "ticket_closed_for_long" if why == "closed" and not opening else f"ticket_{why}"
        notices.say(connection, self.knowledge, who, text, now, TO_ASSISTANT, number=case, opening=opening)
        return who

    def _new_case(
        self,
        connection: Connection,
        who: Conversation,
        reason: str,
        priority: str,
        inbound_id: int | None,
        kept: dict[str, Any],
        now: float,
    ) -> int:
        result = connection.execute(
            handoff.insert().values(
                conversation_id=who.id,
                inbound_id=inbound_id,
                reason=reason,
                priority=priority,
                rank=URGENT if priority == "urgent" else 0,
                language=who.language,
                topic=kept.get("topic"),
                packet=kept,
                created_at=now,
            )
        )
        handoff_total.labels(reason).inc()
        return int(result.inserted_primary_key[0])

    def _asked(self, connection: Connection, inbound_id: int) -> bool:
        query = select(handoff.c.id).where(handoff.c.inbound_id == inbound_id)
        return connection.execute(query).first() is not None
