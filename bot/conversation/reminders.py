"""Reminders: said when they are due, unless the client has written since."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert

from bot.clock import Clock
from bot.conversation import choices
from bot.domain import ConversationId, ConversationState, Epoch, InboundId, Origin
from bot.messages import conversations, inbox, outbox
from bot.messages.conversations import Conversation
from bot.messages.loop import Loop
from bot.messages.outbox import Choice
from bot.messages.queue import Queue
from bot.storage import Database, reminder
from bot.storage.transaction import Transaction
from contracts.codec import convert, to_builtins
from contracts.directives import ReminderChoice, ScheduleReminder
from knowledge import Knowledge

logger = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
MAX_REMINDER_SECONDS = 86_400.0
MAX_NAME_CHARACTERS = 64
MAX_CONCURRENT_REMINDERS = 4


@dataclass(frozen=True)
class DueReminder:
    """A reminder to be said now; `text` and the choices' labels are texts of `topic`."""

    conversation_id: ConversationId
    inbound_id: InboundId
    """The message whose answer asked for it."""
    epoch: Epoch
    topic: str
    text: str
    choices: tuple[ReminderChoice, ...]


def _claimed(row: Any) -> DueReminder:
    choices = convert(row.choices, tuple[ReminderChoice, ...])
    return DueReminder(row.conversation_id, row.inbound_id, row.epoch, row.topic, row.text, choices)


QUEUE: Queue[DueReminder] = Queue(reminder, _claimed, lease_seconds=LEASE_SECONDS)


def schedule(
    tx: Transaction, conversation: Conversation, directive: ScheduleReminder, *, inbound_id: InboundId
) -> None:
    """Store the reminder that a directive asks for, in place of any other of the conversation."""
    tx.execute(delete(reminder).where(reminder.c.conversation_id == conversation.id))
    tx.execute(
        insert(reminder).values(
            conversation_id=conversation.id,
            inbound_id=inbound_id,
            epoch=conversation.epoch,
            topic=directive.topic[:MAX_NAME_CHARACTERS],
            text=directive.text[:MAX_NAME_CHARACTERS],
            choices=[to_builtins(choice) for choice in directive.choices],
            due_at=tx.now + min(directive.seconds, MAX_REMINDER_SECONDS),
        )
    )


class ReminderLoop(Loop[DueReminder]):
    """Says the reminders that are due. Several gateways on one database say each of them once."""

    def __init__(
        self,
        database: Database,
        knowledge: Knowledge,
        clock: Clock,
        on_reply_stored: Callable[[], None],
    ) -> None:
        super().__init__("reminders", clock, MAX_CONCURRENT_REMINDERS)
        self._database = database
        self._knowledge = knowledge
        self._on_reply_stored = on_reply_stored

    async def claim(self, limit: int) -> Sequence[DueReminder]:
        """Claim due reminders."""
        return await self._database.run(QUEUE.claim, limit)

    async def next_due(self) -> float | None:
        """Return when the next reminder is due."""
        return await self._database.run(QUEUE.next_due)

    async def work(self, item: DueReminder) -> None:
        """Say one reminder."""
        if await self._database.run(self._say, item):
            self._on_reply_stored()

    def _say(self, tx: Transaction, due: DueReminder) -> bool:
        """Store the text and delete the reminder in one transaction. False when it is pointless by now."""
        # Locked first: a message that comes in just now is stored either before this or after it.
        conversation = conversations.find(tx, due.conversation_id, lock=True)
        if not QUEUE.finish(tx, due.conversation_id, reminder.c.inbound_id == due.inbound_id):
            return False
        is_assistants = conversation.state is ConversationState.ASSISTANT and conversation.epoch == due.epoch
        if not is_assistants or inbox.has_later_message(tx, conversation.id, due.inbound_id):
            return False
        try:
            text, offered = self._render(due, conversation)
        except KeyError as error:
            logger.error("a reminder names a text that does not exist: %s", error)
            return False
        if offered:
            choices.close_menus(tx, conversation.id)
        outbox.add(tx, conversation, origin=Origin.ASSISTANT, text=text, choices=offered)
        return True

    def _render(self, due: DueReminder, conversation: Conversation) -> tuple[str, list[Choice]]:
        def text(name: str) -> str:
            return self._knowledge.text(due.topic, name, conversation.language, conversation.address.kind)

        return text(due.text), [Choice(text(choice.text), choice.payload) for choice in due.choices]
