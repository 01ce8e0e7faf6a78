"""What the dialogue engine asks the gateway to do besides speaking. Actions have no database; these are their hands."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.engine import Connection

from bot.conversation import timers, unclear
from bot.handoff.service import HandoffService
from bot.messages import conversations
from bot.messages.conversations import Conversation

logger = logging.getLogger(__name__)

EXPECTABLE = ("code", "phone_number")
EXPECT_SECONDS_LIMIT = 3_600


def carry_out(
    connection: Connection,
    handoffs: HandoffService,
    conversation: Conversation,
    directives: Iterable[Mapping[str, Any]],
    *,
    inbound_id: int,
    now: float,
) -> None:
    """Carry out a turn's directives, in the transaction that stores its replies.

    `expect` {what: code | phone_number | nothing, seconds}: what the next message will hold, so that a code is
    kept out of Rasa and a phone number is not taken for one. `handoff` {reason, priority}: record that a person
    is wanted. `remind`: see bot/conversation/timers.py. `unclear` {why, candidates}: keep the message for a person
    to label. An unknown or malformed directive is logged and left out.
    """
    for directive in directives:
        kind = directive.get("type")
        if kind == "expect":
            _expect(connection, conversation, directive, now)
        elif kind == "handoff":
            conversation = handoffs.request(
                connection,
                conversation,
                reason=str(directive.get("reason", "asked"))[:64],
                priority="urgent" if directive.get("priority") == "urgent" else "normal",
                inbound_id=inbound_id,
                now=now,
                said=directive,
            )
        elif kind == "remind":
            try:
                timers.set_reminder(connection, conversation, directive, inbound_id=inbound_id, now=now)
            except (AttributeError, KeyError, TypeError, ValueError):
                logger.error("a malformed reminder: %r", directive)
        elif kind == "unclear":
            unclear.record(connection, conversation, directive, inbound_id=inbound_id, now=now)
        else:
            logger.error("unknown directive %r", kind)


def _expect(
    connection: Connection, conversation: Conversation, directive: Mapping[str, Any], now: float
) -> None:
    what = directive.get("what")
    seconds = min(float(directive.get("seconds", 600)), EXPECT_SECONDS_LIMIT)
    conversations.change(
        connection,
        conversation.id,
        expecting=what if what in EXPECTABLE else None,
        expecting_until=now + seconds if what in EXPECTABLE else None,
    )
