"""Reminders: said when their time has come, unless the client has written since."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from bot.clock import Clock
from bot.conversation import choices
from bot.messages import conversations, outbox
from bot.messages.conversations import Conversation
from bot.messages.loop import Loop
from bot.messages.outbox import Choice
from bot.storage import Database, inbound, reminder
from bot.storage.transaction import Transaction
from knowledge import Knowledge

logger = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
LONGEST_SECONDS = 86_400.0


def set_reminder(
    tx: Transaction, conversation: Conversation, directive: Mapping[str, Any], *, inbound_id: int
) -> None:
    """Store the reminder that a directive asks for, in place of any other of the conversation.

    `remind` {seconds, topic, text, choices: [{text, payload}]}: after `seconds` the text of that topic is said, with
    the choices, whose labels are texts of the topic too. Raises KeyError, TypeError or ValueError when it is malformed.
    """
    seconds = min(float(directive["seconds"]), LONGEST_SECONDS)
    offered = [{"text": str(c["text"]), "payload": str(c["payload"])} for c in directive.get("choices", ())]
    tx.execute(delete(reminder).where(reminder.c.conversation_id == conversation.id))
    tx.execute(
        insert(reminder).values(
            conversation_id=conversation.id,
            inbound_id=inbound_id,
            epoch=conversation.epoch,
            topic=str(directive["topic"])[:64],
            text=str(directive["text"])[:64],
            choices=offered,
            due_at=tx.now + seconds,
        )
    )


class Timers(Loop):
    """Says the reminders that are due. Several gateways on one database say each of them once."""

    def __init__(
        self,
        database: Database,
        knowledge: Knowledge,
        clock: Clock,
        said: Callable[[], None],
        at_once: int = 4,
    ) -> None:
        super().__init__("timers", clock, at_once)
        self._database = database
        self._knowledge = knowledge
        self._said = said

    async def take(self, limit: int) -> Sequence[Any]:
        return await self._database.run(self._take, limit)

    def _take(self, tx: Transaction, limit: int) -> Sequence[Any]:
        rows: Sequence[Any] = tx.execute(
            select(reminder.c.conversation_id, reminder.c.inbound_id)
            .where(reminder.c.due_at <= tx.now)
            .order_by(reminder.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        if rows:
            taken = reminder.c.conversation_id.in_([row.conversation_id for row in rows])
            tx.execute(update(reminder).where(taken).values(due_at=tx.now + LEASE_SECONDS))
        return rows

    async def next_due(self) -> float | None:
        return await self._database.run(lambda tx: tx.execute(select(func.min(reminder.c.due_at))).scalar())

    async def work(self, item: Any) -> None:
        if await self._database.run(self._say, item.conversation_id, item.inbound_id):
            self._said()

    def _say(self, tx: Transaction, conversation_id: int, inbound_id: int) -> bool:
        """Store what is to be said, and forget the reminder, by one transaction. False when it has become pointless."""
        # Locked first: whoever writes just now waits, and comes either before this or after it.
        conversation = conversations.find(tx, conversation_id, lock=True)
        this = (reminder.c.conversation_id == conversation_id) & (reminder.c.inbound_id == inbound_id)
        row = tx.execute(select(reminder).where(this)).first()
        if row is None:
            return False
        tx.execute(delete(reminder).where(this))
        later = select(inbound.c.id).where(
            inbound.c.conversation_id == conversation_id, inbound.c.id > inbound_id
        )
        answered = tx.execute(later.limit(1)).first() is not None
        if answered or conversation.state != "ASSISTANT" or conversation.epoch != row.epoch:
            return False
        try:
            text, offered = self._words(row, conversation)
        except KeyError as unknown:
            logger.error("a reminder names a text that is not there: %s", unknown)
            return False
        if offered:
            choices.close_menus(tx, conversation_id)
        outbox.add(tx, conversation, origin="assistant", text=text, choices=offered)
        return True

    def _words(self, row: Any, conversation: Conversation) -> tuple[str, list[Choice]]:
        language, kind = conversation.language, conversation.address.kind
        text = self._knowledge.text(row.topic, row.text, language, kind)
        offered = [
            Choice(self._knowledge.text(row.topic, choice["text"], language, kind), choice["payload"])
            for choice in row.choices
        ]
        return text, offered
