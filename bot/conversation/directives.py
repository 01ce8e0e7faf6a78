"""Apply what the dialogue engine asks the gateway to do besides speaking; the shapes are those of contracts."""

from __future__ import annotations

from collections.abc import Iterable

from bot.conversation import clarifications, reminders
from bot.domain import InboundId
from bot.messages import conversations
from bot.messages.conversations import Conversation
from bot.storage.transaction import Transaction
from contracts.directives import (
    Directive,
    ExpectInput,
    RecordClarification,
    RequestHandoff,
    ScheduleReminder,
)

MAX_EXPECT_SECONDS = 3_600.0


def find_handoff(directives: Iterable[Directive]) -> RequestHandoff | None:
    """Return the first request for a person: a turn hands over once, before its replies are stored."""
    return next((each for each in directives if isinstance(each, RequestHandoff)), None)


def apply(
    tx: Transaction, conversation: Conversation, directives: Iterable[Directive], *, inbound_id: InboundId
) -> None:
    """Apply a turn's directives, except the hand-off, in the transaction that stores its replies."""
    for directive in directives:
        match directive:
            case ExpectInput():
                _expect_input(tx, conversation, directive)
            case ScheduleReminder():
                reminders.schedule(tx, conversation, directive, inbound_id=inbound_id)
            case RecordClarification():
                clarifications.record(tx, conversation, directive, inbound_id=inbound_id)
            case RequestHandoff():
                continue


def _expect_input(tx: Transaction, conversation: Conversation, directive: ExpectInput) -> None:
    # What people read is nothing that the assistant expects.
    if conversation.state in conversations.READ_BY_PEOPLE:
        return
    until = tx.now + min(directive.seconds, MAX_EXPECT_SECONDS) if directive.what else None
    conversations.change(tx, conversation.id, expected_input=directive.what, expected_input_until=until)
