"""What the dialogue engine asks the gateway to do besides speaking. Actions have no database; these are their hands."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from bot.conversation import clarifications, timers
from bot.handoff.service import HandoffService
from bot.messages import conversations
from bot.messages.conversations import Conversation
from bot.storage.transaction import Transaction

logger = logging.getLogger(__name__)

EXPECTABLE = ("code", "phone_number")
EXPECT_SECONDS_LIMIT = 3_600


def carry_out(
    tx: Transaction,
    handoffs: HandoffService,
    conversation: Conversation,
    directives: Iterable[Mapping[str, Any]],
    *,
    inbound_id: int,
) -> None:
    """Carry out a turn's directives, in the transaction that stores its replies.

    `expect` {what: code | phone_number | nothing, seconds}: what the next message will hold, so that a code is
    kept out of Rasa and a phone number is not taken for one. `handoff` {reason, priority}: record that a person
    is wanted. `remind`: see bot/conversation/timers.py. `clarification` {kind, candidates}: keep the
    message for a person to label. An unknown or malformed directive is logged and left out.
    """
    for directive in directives:
        kind = directive.get("type")
        if kind == "expect":
            _expect(tx, conversation, directive)
        elif kind == "handoff":
            conversation = handoffs.request(
                tx,
                conversation,
                reason=str(directive.get("reason", "asked"))[:64],
                priority="urgent" if directive.get("priority") == "urgent" else "normal",
                inbound_id=inbound_id,
                said=directive,
            )
        elif kind == "remind":
            try:
                timers.set_reminder(tx, conversation, directive, inbound_id=inbound_id)
            except (AttributeError, KeyError, TypeError, ValueError):
                logger.error("a malformed reminder: %r", directive)
        elif kind == "clarification":
            clarifications.record(tx, conversation, directive, inbound_id=inbound_id)
        else:
            logger.error("unknown directive %r", kind)


def _expect(tx: Transaction, conversation: Conversation, directive: Mapping[str, Any]) -> None:
    what = directive.get("what")
    seconds = min(float(directive.get("seconds", 600)), EXPECT_SECONDS_LIMIT)
    conversations.change(
        tx,
        conversation.id,
        expected_input=what if what in EXPECTABLE else None,
        expected_input_until=tx.now + seconds if what in EXPECTABLE else None,
    )
