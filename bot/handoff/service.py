"""The way to a person and back, as the client's side and the bot's side of it: asking, waiting, writing, scoring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bot.handoff import notices, owner, states, tickets, waiting
from bot.handoff.context import context
from bot.handoff.notices import KEEP_WAITING, LEAVE_MESSAGE, STOP_WAITING, TO_ASSISTANT
from bot.messages import outbox
from bot.messages.conversations import Conversation
from bot.messages.inbox import Taken
from bot.settings.desk_settings import DeskSettings
from bot.storage.desk_tables import handoff
from bot.storage.transaction import Transaction
from bot.telemetry import handoff_total, satisfaction_total
from knowledge import Knowledge

# In the queue, before everybody who only asked.
URGENT = 10
# From this deadline on a queued client has been offered a ticket.
OFFERED = 3


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
        reason: str,
        priority: str,
        inbound_id: int | None,
        said: Mapping[str, Any] | None = None,
    ) -> Conversation:
        """The bot hands over: into the queue, or a call-back ticket where no person can be promised.

        Once for each asking message, and only while the bot has the conversation. `priority` is normal or urgent,
        `said` the directive's other fields. The client is told what to expect and how to take it back.
        """
        if who.state != states.ASSISTANT or (inbound_id is not None and self._asked(tx, inbound_id)):
            return who
        kept = context(self.knowledge, said or {})
        case = self._new_case(tx, who, reason, priority, inbound_id, kept)
        if not self.settings.hours.is_open(tx.now):
            return self._after_hours(tx, who, case, "closed", owner.ASSISTANT, inbound_id)
        if waiting.queue_length(tx) >= self.settings.queue_limit:
            return self._after_hours(tx, who, case, "busy", owner.ASSISTANT, inbound_id)
        who = owner.move(
            tx,
            who,
            states.QUEUED,
            event="requested",
            actor=owner.ASSISTANT,
            handoff_id=case,
        )
        if inbound_id is not None:
            outbox.carry_over(tx, inbound_id, who.epoch)
        self.tell_outlook(tx, who, "queued")
        return who

    def open_case(self, tx: Transaction, who: Conversation, reason: str) -> int:
        """A case that an agent begins by themselves; the newest open ticket's if there is one."""
        known = tickets.open_of(tx, who.id)
        if known is not None:
            tx.execute(
                update(handoff)
                .where(handoff.c.id == known)
                .values(ended_at=None, outcome=None, created_at=tx.now)
            )
            return known
        return self._new_case(tx, who, reason, "normal", None, {})

    def client_wrote(self, tx: Transaction, who: Conversation, item: Taken, payload: str | None) -> bool:
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
        """Out of the queue, or from an agent who has gone: the wish becomes a call-back ticket."""
        assert who.handoff_id is not None
        return self._after_hours(tx, who, who.handoff_id, why, actor, None)

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

    def _wrote_to_people(self, tx: Transaction, who: Conversation, item: Taken) -> None:
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

    def _after_hours(
        self, tx: Transaction, who: Conversation, case: int, why: str, actor: str, inbound_id: int | None
    ) -> Conversation:
        tickets.make(tx, who.id, case, why)
        who = owner.move(tx, who, states.AFTER_HOURS, event=f"ticket_{why}", actor=actor, handoff_id=case)
        if inbound_id is not None:
            outbox.carry_over(tx, inbound_id, who.epoch)
        opening = self.opening(who, tx.now) if why == "closed" else ""
        text = "ticket_closed_for_long" if why == "closed" and not opening else f"ticket_{why}"
        notices.say(tx, self.knowledge, who, text, TO_ASSISTANT, number=case, opening=opening)
        return who

    def _new_case(
        self,
        tx: Transaction,
        who: Conversation,
        reason: str,
        priority: str,
        inbound_id: int | None,
        kept: dict[str, Any],
    ) -> int:
        result = tx.execute(
            handoff.insert().values(
                conversation_id=who.id,
                inbound_id=inbound_id,
                reason=reason,
                priority=priority,
                rank=URGENT if priority == "urgent" else 0,
                language=who.language,
                topic=kept.get("topic"),
                context=kept,
                created_at=tx.now,
            )
        )
        handoff_total.labels(reason).inc()
        return int(result.inserted_primary_key[0])

    def _asked(self, tx: Transaction, inbound_id: int) -> bool:
        query = select(handoff.c.id).where(handoff.c.inbound_id == inbound_id)
        return tx.execute(query).first() is not None
